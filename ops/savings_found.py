"""What is there of a question about the savings of several accounts and regions, and what is not."""

from __future__ import annotations

from dataclasses import dataclass, field

from ops.core.errors import Denied, OpsError, UnknownEndpoint
from ops.core.types import Problem
from ops.core.views_savings import SavingsView

MISSING = "Its endpoints are missing from all sums."


@dataclass(slots=True)
class Found:
    """What is there of a question, place by place."""

    views: list[SavingsView] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    awaited: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unknown: UnknownEndpoint | None = None
    own: OpsError | None = None
    """Why the console itself has no answer."""
    problems: list[Problem] = field(default_factory=list)

    def lacks(self, words: str, error: OpsError) -> None:
        """A place could not be read."""
        self.missing.append(words)
        hint = f"{error.hint} {MISSING}".strip()
        action = error.action if isinstance(error, Denied) else ""
        self.problems.append(Problem(f"savings of {words}", error.what, hint, action, error.retryable))

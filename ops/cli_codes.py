"""Exit codes of the commands that judge: 0 says that all is well, so it is not said of what could not be read."""

from __future__ import annotations

from collections.abc import Iterable

from ops.aws.endpoints import VARIANTS
from ops.core.types import Problem, Severity
from ops.core.views import FleetView

FINDING = 1
"""Something is critical. It wins: what could not be read makes it no better."""
UNREAD = 2
"""Nothing is, in what could be read; but AWS refused a call, or did not answer it, that might have shown it."""
_ASIDE = (VARIANTS, "the clock", "prices", "the history")
"""Parts of which no verdict and no finding is critical, or that were not asked for at all."""


def verdict(severities: Iterable[Severity], problems: Iterable[Problem]) -> int:
    """The code of a command that found these severities and could not read these parts."""
    if any(severity is Severity.CRITICAL for severity in severities):
        return FINDING
    return UNREAD if any(problem.part not in _ASIDE for problem in problems) else 0


def of_fleet(view: FleetView) -> int:
    """The same of a whole fleet and each endpoint of it."""
    rows = (*view.rows, *view.realtime)
    unread = (*view.problems, *(problem for row in rows for problem in row.problems))
    return verdict((row.verdict.severity for row in rows), unread)

"""What the doctor says: findings of one endpoint, each with its evidence, why it matters and what mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ops.core.fixes import Fix
from ops.core.types import Problem, Severity, Verdict
from ops.core.words import count, listed

TROUBLE = (Severity.CRITICAL, Severity.WARNING)


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is the name of the rule (docs/doctor.md). Sentences may hold marks of time (ops.core.moments)."""

    code: str
    severity: Severity
    sentence: str
    evidence: tuple[str, ...]
    why: str
    fix: Fix
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """One endpoint as the doctor sees it. `unchecked`: what could not be read, so that rules say nothing of it."""

    name: str
    verdict: Verdict
    findings: tuple[Finding, ...]
    """The worst first."""
    unchecked: tuple[Problem, ...] = ()


def summary(examined: Sequence[Examined]) -> str:
    """One sentence: how much was found, and where."""
    ill = [e for e in examined if e.findings]
    if not examined:
        return "There is no endpoint here to examine."
    if not ill:
        partly = " in what could be read" if any(e.unchecked for e in examined) else ""
        of = examined[0].name if len(examined) == 1 else count(len(examined), "endpoint")
        if any(e.verdict.severity in TROUBLE for e in examined):
            return f"No finding on {of}: none of the doctor's rules applies{partly}."
        return f"Nothing wrong was found with {of}{partly}."
    found = count(sum(len(e.findings) for e in ill), "finding")
    names = listed([e.name for e in ill]) if len(ill) <= 3 else count(len(ill), "endpoint")
    return f"{found} on {names}."

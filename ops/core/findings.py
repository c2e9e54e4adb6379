"""What the doctor says: findings of one endpoint, each with its evidence, why it matters and what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ops.core.fixes import Fix
from ops.core.types import Problem, Severity, Verdict


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

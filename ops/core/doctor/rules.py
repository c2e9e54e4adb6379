"""All rules, and the examination: every rule tried on one case."""

from __future__ import annotations

from ops.core.doctor import left, limits, lost, schedules, sleeping, telling, waking
from ops.core.doctor.case import Case
from ops.core.doctor.rule import Rule
from ops.core.findings import Examined, Finding
from ops.core.states import BROKEN
from ops.core.types import Severity

__all__ = ["CODES", "RULES", "Rule", "examine"]

RULES: tuple[Rule, ...] = (
    *waking.rules(),
    *limits.rules(),
    *lost.rules(),
    *sleeping.rules(),
    *schedules.rules(),
    *telling.rules(),
    *left.rules(),
)
"""In the order in which findings of one severity are told: what holds requests up goes before what costs money."""
CODES = (*(rule.code for rule in RULES), left.ORPHAN_ALARMS)
"""Every code that a finding can have."""
WORST_FIRST = (Severity.CRITICAL, Severity.WARNING, Severity.INFO, Severity.OK)
COMING_OR_GOING = ("Creating", "Deleting")


def examine(case: Case) -> Examined:
    """What the doctor says of one endpoint, the worst first."""
    found = [finding for rule in RULES if (finding := _tried(rule, case)) is not None]
    found.sort(key=lambda f: WORST_FIRST.index(f.severity))
    return Examined(case.name, case.verdict, tuple(found), case.unread)


def _tried(rule: Rule, case: Case) -> Finding | None:
    endpoint = case.seen.endpoint
    if not endpoint.is_async and not rule.of_broken:
        return None
    if not endpoint.described or endpoint.status in COMING_OR_GOING:
        return None
    if endpoint.status in BROKEN and not rule.of_broken:
        return None
    return None if rule.needs & case.seen.hidden else rule.look(case)

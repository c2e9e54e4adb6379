"""What an alarm is, does and says, in words. Pure."""

from __future__ import annotations

import re

from components import format as fmt
from components.theme import Mark
from ops.core.alarm_proposals import runs_scaling
from ops.core.metrics import CATALOGUE, Absence
from ops.core.types import Alarm, MetricRef

COMPARISONS = {
    "GreaterThanOrEqualToThreshold": "≥",
    "GreaterThanThreshold": ">",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
}
IN_ALARM, OK, NO_DATA = "ALARM", "OK", "INSUFFICIENT_DATA"
_ABSENCE = {(m.namespace, m.name): m.absence for m in CATALOGUE.values()}
_POLICY = re.compile(r":policyName/([^:]+)")


def state(alarm: Alarm, *, asleep: bool) -> Mark:
    """Icon, word and tone of an alarm's state. `asleep`: its endpoint has no instance."""
    if alarm.state == IN_ALARM:
        return Mark("▲", "in alarm", "waking")
    if alarm.state == OK:
        return Mark("✓", "OK", "fine")
    return Mark("?", "no data (normal while asleep)" if asleep and vanishes(alarm) else "no data", "muted")


def vanishes(alarm: Alarm) -> bool:
    """Whether the metric of an alarm may have no datapoints while its endpoint sleeps; an expression may."""
    metric = alarm.metric
    if metric is None:
        return True
    return _ABSENCE.get((metric.namespace, metric.name)) is not Absence.NOT_KNOWN


def condition(alarm: Alarm) -> str:
    """ "InvocationFailures (Sum) ≥ 5 for 1 of 1 × 5 min; missing counts as notBreaching"."""
    sign = COMPARISONS.get(alarm.comparison, alarm.comparison)
    span = f"{alarm.datapoints_to_alarm} of {alarm.evaluation_periods} × {fmt.duration(alarm.period)}"
    return (
        f"{metric(alarm.metric)} {sign} {fmt.plain(alarm.threshold)} for {span}; "
        f"missing counts as {alarm.missing}"
    )


def metric(found: MetricRef | None) -> str:
    return found.name if found is not None else "an expression"


def actions(alarm: Alarm) -> str:
    """What happens when it rings."""
    if not alarm.actions:
        return "does nothing and tells nobody"
    said = "; ".join(_action(arn) for arn in alarm.actions)
    return said if alarm.actions_enabled else f"its actions are off ({said})"


def moves_instances(alarm: Alarm) -> bool:
    """Whether an alarm is part of the scaling alone: that it rings is how instances come and go."""
    return bool(alarm.actions) and all(runs_scaling(arn) for arn in alarm.actions)


def _action(arn: str) -> str:
    if runs_scaling(arn):
        found = _POLICY.search(arn)
        return f"runs the policy {found[1]}" if found else "runs a scaling policy"
    last = arn.rsplit(":", 1)[-1]
    if ":sns:" in arn:
        return f"tells the topic {last}"
    if ":lambda:" in arn:
        return f"calls the function {last}"
    return arn

"""Alarms, policies and bounds as lines of evidence."""

from __future__ import annotations

from datetime import datetime

from ops.core.moments import mark
from ops.core.types import Alarm, Policy, ScalableTarget, StepPolicy

_SIGNS = {
    "GreaterThanOrEqualToThreshold": "≥",
    "GreaterThanThreshold": ">",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
}


def alarm_line(alarm: Alarm, now: datetime) -> str:
    """What an alarm looks at, when it fires, and its state."""
    since = f" since {mark(alarm.updated, now)}" if alarm.updated is not None else ""
    sign = _SIGNS.get(alarm.comparison, alarm.comparison)
    of, span = alarm.evaluation_periods, f"{alarm.period} s"
    held = f"for {of} × {span}"
    if alarm.datapoints_to_alarm != of:
        held = f"in {alarm.datapoints_to_alarm} of {of} × {span}"
    rule = f"{sign} {alarm.threshold:g} {held}"
    what = "an expression"
    if alarm.metric is not None:
        where = ", ".join(f"{name} = {value}" for name, value in alarm.metric.dimensions) or "no dimension"
        unit = f", unit {alarm.metric.unit}" if alarm.metric.unit else ""
        what = f"{alarm.metric.name} ({where}{unit})"
    off = "" if alarm.actions_enabled else ", actions switched off"
    return f"Alarm {alarm.name}: {what} {rule}, missing data counts as {alarm.missing}{off}; {alarm.state}{since}"


def actions_line(alarm: Alarm) -> str:
    return f"Its actions: {', '.join(alarm.actions) or 'none'}"


def bounds_line(target: ScalableTarget) -> str:
    return f"Scalable target: minimum {target.bounds.min}, maximum {target.bounds.max}"


def policies_line(policies: tuple[Policy, ...]) -> str:
    """The policies by name, and how each decides."""
    if not policies:
        return "No scaling policy"
    return "Policies: " + ", ".join(f"{p.name} ({_kind(p)})" for p in policies)


def steps_line(policy: StepPolicy) -> str:
    """The steps of a policy, relative to the threshold of its alarm."""
    spans = [f"{_bound(s.lower, '-∞')} to {_bound(s.upper, '∞')}: {s.adjustment:+d}" for s in policy.steps]
    return f"Steps of {policy.name} ({policy.adjustment_type}): {'; '.join(spans) or 'none'}"


def _bound(value: float | None, unbounded: str) -> str:
    return unbounded if value is None else f"{value:g}"


def _kind(policy: Policy) -> str:
    if isinstance(policy, StepPolicy):
        return "steps"
    if policy.predefined is not None:
        return f"tracks {policy.predefined}"
    return f"tracks {policy.metric.name}" if policy.metric is not None else "tracks an expression"

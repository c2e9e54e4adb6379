"""An endpoint's set-up as it was read, as what is replayed; what cannot be replayed is named. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.core import schedule
from ops.core.autoscaling import ADJUSTMENTS, COMPARISONS, TREATMENTS, AlarmRule
from ops.core.errors import BadInput
from ops.core.setup import Setup
from ops.core.types import (
    Alarm,
    Bounds,
    MetricRef,
    Policy,
    ScheduledAction,
    StepPolicy,
    Suspended,
    TargetTrackingPolicy,
    utc,
)
from ops.replay.put_calls import PERIOD_S, STATISTICS, WATCHED
from ops.replay.scenario import (
    HIGH_PERIODS,
    LOW_PERIODS,
    NOT_SUSPENDED,
    AlarmSpec,
    Event,
    Kind,
    Scaling,
    Stepping,
    Tracking,
    Watched,
)

BEFORE = timedelta(days=35)
"""So far back scheduled runs are looked for, to know which bounds held at the start."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """What scaling does of itself. `left_out`: what of the set-up is not replayed, and why, in sentences."""

    bounds: Bounds
    policies: tuple[Scaling, ...]
    events: tuple[Event, ...]
    suspended: Suspended = NOT_SUSPENDED
    left_out: tuple[str, ...] = ()


def of_setup(setup: Setup, start_s: float, until_s: float, instances: int | None = None) -> SetUp:
    """The set-up between two times (seconds since the epoch). `instances`: how many there are, where nothing scales
    them; the bounds are these then."""
    if setup.target is None:
        fixed = instances if instances is not None else 1
        what = "Nothing scales this endpoint: its number of instances stays as it is."
        return SetUp(Bounds(fixed, fixed), (), (), left_out=(what,))
    left: list[str] = []
    policies = tuple(
        p for p in (_policy(policy, setup.alarms, left) for policy in setup.policies) if p is not None
    )
    events, bounds = _scheduled(setup.schedules, setup.target.bounds, start_s, until_s, left)
    return SetUp(bounds, policies, events, setup.target.suspended, tuple(left))


def _policy(policy: Policy, alarms: Iterable[Alarm], left: list[str]) -> Scaling | None:
    if isinstance(policy, TargetTrackingPolicy):
        return _tracking(policy, {alarm.name: alarm for alarm in alarms}, left)
    mine = [a for a in alarms if policy.arn in a.actions or (a.name in policy.alarm_names)]
    return _stepping(policy, mine, left)


def _tracking(policy: TargetTrackingPolicy, alarms: dict[str, Alarm], left: list[str]) -> Scaling | None:
    metric = None if policy.metric is None else _watched(policy.metric)
    if metric is None:
        named = policy.predefined or (
            policy.metric.name if policy.metric is not None else "an expression of metrics"
        )
        left.append(f"The policy {policy.name} tracks {named}, which cannot be replayed.")
        return None
    if not policy.target > 0:
        left.append(
            f"The policy {policy.name} tracks a target of {policy.target:g}, which cannot be replayed."
        )
        return None
    high = next(
        (alarms[n] for n in policy.alarm_names if n in alarms and alarms[n].comparison.startswith("Gr")), None
    )
    low = next(
        (alarms[n] for n in policy.alarm_names if n in alarms and alarms[n].comparison.startswith("Le")), None
    )
    off = [word for word, alarm in (("high", high), ("low", low)) if _idle(alarm, policy, alarms)]
    if "high" in off:
        left.append(f"The policy {policy.name} is left out: its {' and '.join(off)} alarm acts on nothing.")
        return None
    if off:
        left.append(f"The policy {policy.name} does not scale in: its low alarm acts on nothing.")
    names = (
        high.name if high is not None else f"TargetTracking-{policy.name}-AlarmHigh",
        low.name if low is not None else f"TargetTracking-{policy.name}-AlarmLow",
    )
    return Tracking(
        policy.target,
        float(policy.scale_in_cooldown),
        float(policy.scale_out_cooldown),
        not policy.disable_scale_in and not off,
        high.evaluation_periods if high is not None else HIGH_PERIODS,
        low.evaluation_periods if low is not None else LOW_PERIODS,
        high.datapoints_to_alarm if high is not None else None,
        low.datapoints_to_alarm if low is not None else None,
        metric,
        policy.name,
        names,
    )


def _idle(alarm: Alarm | None, policy: TargetTrackingPolicy, alarms: Mapping[str, Alarm]) -> bool:
    """Whether an alarm of target tracking runs nothing: its actions are off, or it is gone where others were read."""
    if alarm is not None:
        return not alarm.actions_enabled
    return bool(alarms) and bool(policy.alarm_names)


def _stepping(policy: StepPolicy, alarms: Sequence[Alarm], left: list[str]) -> Scaling | None:
    if policy.adjustment_type not in ADJUSTMENTS:
        left.append(
            f"The policy {policy.name} adjusts by {policy.adjustment_type}, which cannot be replayed."
        )
        return None
    specs = tuple(spec for spec in (_alarm(alarm, policy.name, left) for alarm in alarms) if spec is not None)
    if not specs:
        if not alarms:
            left.append(f"No alarm runs the policy {policy.name}: it does nothing.")
        return None
    return Stepping(
        policy.adjustment_type,
        policy.steps,
        specs,
        float(policy.cooldown),
        policy.min_adjustment,
        policy.name,
    )


def _alarm(alarm: Alarm, policy: str, left: list[str]) -> AlarmSpec | None:
    watched = None if alarm.metric is None else _watched(alarm.metric)
    why = ""
    if not alarm.actions_enabled:
        why = "has its actions switched off"
    elif watched is None:
        why = f"watches {alarm.metric.name if alarm.metric is not None else 'an expression of metrics'}"
    elif alarm.period != PERIOD_S:
        why = f"has a period of {alarm.period} s"
    elif alarm.comparison not in COMPARISONS:
        why = f"compares by {alarm.comparison}"
    elif alarm.missing not in TREATMENTS:
        why = f"takes missing data as {alarm.missing}"
    if why or watched is None:
        left.append(f"The alarm {alarm.name} of the policy {policy} {why}, and is left out.")
        return None
    rule = AlarmRule(
        alarm.comparison, alarm.threshold, alarm.evaluation_periods, alarm.datapoints_to_alarm, alarm.missing
    )
    return AlarmSpec(alarm.name, watched, rule)


def _watched(metric: MetricRef) -> Watched | None:
    return WATCHED.get(metric.name) if metric.statistic in STATISTICS else None


def _scheduled(
    actions: Iterable[ScheduledAction], bounds: Bounds, start_s: float, until_s: float, left: list[str]
) -> tuple[tuple[Event, ...], Bounds]:
    """(runs in the span, the bounds that hold at its start). Before the first run that is known, `bounds`."""
    start, until = utc(start_s), utc(until_s)
    found: list[tuple[datetime, str, ScheduledAction]] = []
    for action in actions:
        try:
            parsed = schedule.parse(action.schedule, action.timezone, action.start, action.end)
        except BadInput as error:
            left.append(f"The scheduled action {action.name} is left out: {error.what}")
            continue
        if parsed.every is not None and parsed.start is None:
            left.append(f"The scheduled action {action.name} is left out: nobody knows when its rate began.")
            continue
        found += [(at, action.name, action) for at in schedule.runs(parsed, start - BEFORE, until)]
    found.sort(key=lambda run: run[:2])
    events: list[Event] = []
    for at, _, action in found:
        if at > start:
            events.append(Event(at.timestamp(), Kind.SCHEDULED, action.min, action.max))
            continue
        low = bounds.min if action.min is None else action.min
        high = bounds.max if action.max is None else action.max
        if low <= high:
            bounds = Bounds(low, high)
    return tuple(events), bounds

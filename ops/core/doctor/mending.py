"""What mends the way up and the way down, as typed changes. Source: facts B.3, the two-policy set-up of the guide."""

from __future__ import annotations

from dataclasses import replace

from ops.core import metrics, wake
from ops.core.doctor.case import Case
from ops.core.fixes import (
    Change,
    DeletePolicy,
    EnableAlarmActions,
    PolicyArn,
    PutAlarm,
    PutPolicy,
    RegisterTarget,
)
from ops.core.setup import put_alarm
from ops.core.types import (
    Alarm,
    EndpointRef,
    MetricRef,
    Step,
    StepPolicy,
    Suspended,
    TargetTrackingPolicy,
)
from ops.core.wake import Obstacle

WAKE_NAME = f"{metrics.NO_CAPACITY.name}-ScalingPolicy"
TRACK_NAME = "Backlog-ScalingPolicy"
TARGET = 5.0
"""Requests for each instance that target tracking aims at, as in the guide's example."""


def wake_policy(ref: EndpointRef, name: str = WAKE_NAME) -> PutPolicy:
    """The step policy that adds the first instance."""
    step = Step(0.0, None, 1)
    return PutPolicy(ref, StepPolicy(name, "", "ChangeInCapacity", (step,), cooldown=300))


def tracking_policy(ref: EndpointRef, name: str = TRACK_NAME, target: float = TARGET) -> PutPolicy:
    """Target tracking of the backlog per instance: from one instance up, and down to none."""
    metric = MetricRef(metrics.AWS, metrics.PER_INSTANCE.name, (("EndpointName", ref.name),))
    policy = TargetTrackingPolicy(name, "", target, metric, scale_out_cooldown=300, scale_in_cooldown=600)
    return PutPolicy(ref, policy)


def wake_alarm(ref: EndpointRef, actions: tuple[str | PolicyArn, ...], name: str | None = None) -> PutAlarm:
    """The alarm that fires while requests wait without an instance."""
    return PutAlarm(
        name=name or f"{metrics.NO_CAPACITY.name}-{ref.name}",
        metric=MetricRef(metrics.AWS, metrics.NO_CAPACITY.name, (("EndpointName", ref.name),)),
        threshold=1.0,
        comparison="GreaterThanOrEqualToThreshold",
        period=60,
        evaluation_periods=2,
        datapoints_to_alarm=2,
        missing="missing",
        actions=actions,
    )


def way_up(case: Case, alarm: Alarm | None = None) -> tuple[Change, ...]:
    """Everything that starts the first instance: what is there and works stays. `alarm` is put right, if given."""
    ref = case.seen.endpoint.ref
    works = [p for p in wake.starters(case.seen) if p.arn and wake.starts_at(p, 1.0)]
    made: tuple[Change, ...] = ()
    run: str | PolicyArn
    if works:
        run = works[0].arn
    else:
        name = _free_policy(case)
        made, run = (wake_policy(ref, name),), PolicyArn(name)
    if alarm is None:
        return (*made, wake_alarm(ref, (run,), _free_alarm(case)))
    right = wake_alarm(ref, (run, *(a for a in alarm.actions if not is_policy(a))))
    metric = (
        replace(right.metric, statistic=alarm.metric.statistic)
        if alarm.metric is not None and right.metric is not None
        else right.metric
    )
    kept = put_alarm(alarm, metric)
    put = replace(
        kept,
        threshold=right.threshold,
        comparison=right.comparison,
        actions=right.actions,
        actions_enabled=True,
    )
    return (*made, put)


def way_down(case: Case) -> tuple[Change, ...]:
    """Target tracking that takes instances away: policies that follow a metric without data make room for it."""
    ref = case.seen.endpoint.ref
    tracking = [p for p in case.seen.policies if isinstance(p, TargetTrackingPolicy)]
    idle = [p for p in tracking if wake.unpublished(p)]
    if len(idle) < len(tracking):
        return tuple(DeletePolicy(ref, p.name) for p in idle)
    if not idle:
        return (tracking_policy(ref),)
    more = (DeletePolicy(ref, p.name) for p in idle[1:])
    return (tracking_policy(ref, idle[0].name), *more)


def both_ways(case: Case) -> tuple[Change, ...]:
    """The guide's two policies and the wake alarm."""
    return (*way_up(case), tracking_policy(case.seen.endpoint.ref))


def bounds(case: Case, low: int | None = None, high: int | None = None) -> RegisterTarget:
    return RegisterTarget(case.seen.endpoint.ref, low, high)


def resumed(case: Case, **parts: bool) -> RegisterTarget:
    """The target with some directions of scaling resumed, the others as they are."""
    held = case.seen.target.suspended if case.seen.target is not None else Suspended()
    return RegisterTarget(case.seen.endpoint.ref, suspended=replace(held, **parts))


def unblocked(case: Case, obstacle: Obstacle) -> tuple[Change, ...]:
    """What takes one obstacle out of the way to the first instance."""
    code, alarm, policy = obstacle.code, obstacle.alarm, obstacle.policy
    if code == "no-scaling-target":
        most = max(1, case.seen.endpoint.current or 0)
        return (bounds(case, 0, most), *both_ways(case))
    if code == "maximum-zero":
        return (bounds(case, high=1),)
    if code == "scale-out-suspended":
        return (resumed(case, scale_out=False),)
    if code == "no-scaling-policy":
        return both_ways(case)
    if code == "unpublished-metric":
        return (*way_up(case), *way_down(case))
    if code == "wake-alarm-off" and alarm is not None:
        return (EnableAlarmActions(alarm.name),)
    if code.startswith("wake-step") and isinstance(policy, StepPolicy):
        right = replace(
            policy, adjustment_type="ChangeInCapacity", steps=(Step(0.0, None, 1),), min_adjustment=None
        )
        return (PutPolicy(case.seen.endpoint.ref, right),)
    return way_up(case, alarm)


def way_back(case: Case) -> tuple[Change, ...]:
    """What makes sure that it wakes again, before anything lets it sleep; nothing where it would."""
    return tuple(change for each in wake.obstacles(case.seen) for change in unblocked(case, each))


def is_policy(action: str) -> bool:
    """Whether the action of an alarm is a scaling policy of Application Auto Scaling."""
    return ":scalingPolicy:" in action


def _free_policy(case: Case) -> str:
    """A name for the wake policy that no policy of another kind has."""
    taken = {p.name for p in case.seen.policies if isinstance(p, TargetTrackingPolicy)}
    return WAKE_NAME if WAKE_NAME not in taken else f"{WAKE_NAME}-step"


def _free_alarm(case: Case) -> str:
    name = f"{metrics.NO_CAPACITY.name}-{case.name}"
    taken = {a.name for a in case.seen.alarms}
    return name if name not in taken else f"{name}-wake"

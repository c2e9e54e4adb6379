"""One story for each thing that the doctor finds, named after its finding where no other story shows it.

Each is an endpoint set up right thirty hours ago, with one thing broken and little traffic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ops.local_aws.doctor_breaks import (
    Break,
    asleep_without_policies,
    campaign,
    deaf_alarm,
    left_behind,
    loud_alarm,
    low_alarm_gone,
    low_alarm_off,
    other_policy,
    real_time_metric,
    silent_metric,
    step_down,
    suspend,
    wake_by,
    wake_step,
    whole,
    windows,
)
from ops.local_aws.story_kit import HOUR, Kit, Story
from ops.local_aws.traffic import Batch, Traffic, quiet, steady

MINUTE = 60.0
BORN_S = 30 * HOUR
WAITS_S = 34 * MINUTE
"""So long before the end of history the requests come that then wait."""
TYPE, ENOUGH = "ml.m5.xlarge", 400
EVERY_S = 8 * HOUR


def _idle(kit: Kit, name: str, end: float) -> Traffic:
    return Traffic(name, kit.seed, (8.0, 24.0), quiet)


def _waits(kit: Kit, name: str, end: float) -> Traffic:
    """Four requests that wait at the end of history, and four every eight hours from then on."""
    return Traffic(name, kit.seed, (8.0, 24.0), quiet, batches=(Batch(end - WAITS_S, EVERY_S, 4, 60.0),))


def _told(
    name: str,
    says: str,
    break_it: Break,
    traffic: Callable[[Kit, str, float], Traffic] = _idle,
    *,
    high: int = 4,
    instance_type: str = TYPE,
    **config: Any,
) -> Story:
    """An endpoint with bounds; `break_it` gives it its policies, all but one thing as it should be."""

    def tell(kit: Kit, end: float) -> None:
        def create() -> None:
            kit.config(name, f"{name}-1", instance_type, **{"concurrency": 2, **config})
            kit.endpoint(name, f"{name}-1", traffic(kit, name, end), scenario=name)
            kit.bounds(name, 0, high)
            break_it(kit, name)

        if instance_type == TYPE:
            kit.quota(TYPE, ENOUGH)
        kit.later(end - BORN_S, create)

    return Story(name, says, tell)


def _then(story: Story, before_end_s: float, act: Callable[[Kit, str], None]) -> Story:
    """The story, and something that happens so long before the end of history."""

    def tell(kit: Kit, end: float) -> None:
        story.tell(kit, end)
        kit.later(end - before_end_s, lambda: act(kit, story.name))

    return Story(story.name, story.says, tell)


def _with_topic(story: Story, topic: str, *, heard: bool) -> Story:
    def tell(kit: Kit, end: float) -> None:
        kit.topic(topic, heard=heard)
        story.tell(kit, end)

    return Story(story.name, story.says, tell)


def _long(kit: Kit, name: str, end: float) -> Traffic:
    return Traffic(
        name, kit.seed, (1700.0, 2400.0), quiet, batches=(Batch(end - 20 * HOUR, 9 * HOUR, 1, 10.0),)
    )


def _hasty(kit: Kit, name: str, end: float) -> Traffic:
    """Senders that give their requests two minutes."""
    batch = Batch(end - 50 * MINUTE - 16 * HOUR, 4 * HOUR, 5, 20.0)
    return Traffic(name, kit.seed, (8.0, 24.0), quiet, batches=(batch,), ttl_s=120.0)


def _rush(kit: Kit, name: str, end: float) -> Traffic:
    """More than two instances can do, for the last hours."""
    return Traffic(name, kit.seed, (55.0, 65.0), steady(200.0), start=end - 2.5 * HOUR)


def _flood(kit: Kit, name: str, end: float) -> Traffic:
    batch = Batch(end - 3 * HOUR, 30 * 24 * HOUR, 900, 600.0)
    return Traffic(name, kit.seed, (55.0, 65.0), quiet, batches=(batch,))


def _lazy(kit: Kit, name: str) -> None:
    kit.track(name, 900.0)
    kit.wake(name)


def _delete(kit: Kit, name: str) -> None:
    kit.call("sagemaker", "DeleteEndpoint", EndpointName=name)


def _grow(kit: Kit, name: str) -> None:
    kit.inject(name, capacity_refused=True)
    kit.bounds(name, 0, 3)


WINDOW_OPEN, WINDOW_CLOSE = ("warm-open", "45 7", 1), ("warm-close", "0 19", 0)

FOR_THE_DOCTOR = (
    _told("no-scaling-policy", "bounds without any policy; requests wait", asleep_without_policies, _waits),
    _told(
        "no-wake-policy", "target tracking alone, which does not start the first instance", Kit.track, _waits
    ),
    _told("unpublished-metric", "its only policy follows a metric of real-time endpoints", real_time_metric),
    _told(
        "wake-alarm-no-action",
        "the wake alarm has no action",
        lambda k, n: wake_by(k, n, AlarmActions=[]),
        _waits,
    ),
    _told(
        "wake-alarm-other-policy",
        "the wake alarm runs a policy that was made anew since",
        other_policy,
        _waits,
    ),
    _told(
        "wake-alarm-unit",
        "the wake alarm asks for a unit",
        lambda k, n: wake_by(k, n, Unit="Percent"),
        _waits,
    ),
    _told(
        "wake-alarm-comparison",
        "the wake alarm fires when the signal falls",
        lambda k, n: wake_by(k, n, ComparisonOperator="LessThanThreshold"),
        _waits,
    ),
    _told(
        "wake-alarm-threshold",
        "the wake alarm waits for 5",
        lambda k, n: wake_by(k, n, Threshold=5.0),
        _waits,
    ),
    _told(
        "wake-step-adds-nothing",
        "the wake policy adds 100 percent of no instance",
        wake_step({"MetricIntervalLowerBound": 0, "ScalingAdjustment": 100}, "PercentChangeInCapacity"),
        _waits,
    ),
    _told(
        "wake-step-no-match",
        "the step of the wake policy begins above what its alarm tells it",
        wake_step({"MetricIntervalLowerBound": 1, "ScalingAdjustment": 1}),
        _waits,
    ),
    _told(
        "nothing-starts",
        "the wake alarm wants an hour of the signal before it fires",
        lambda k, n: wake_by(k, n, EvaluationPeriods=60, DatapointsToAlarm=60),
        _waits,
    ),
    _then(
        _told(
            "quota-refused",
            "the account's quota of its type is used up",
            whole,
            _waits,
            instance_type="ml.g6.4xlarge",
        ),
        HOUR,
        lambda kit, name: kit.quota("ml.g6.4xlarge", 0),
    ),
    _then(
        _told("start-fails", "no new instance passes the health check", whole, _waits),
        2 * HOUR,
        lambda kit, name: kit.inject(name, fail_start=True),
    ),
    _then(
        _told("count-not-reached", "it grows, and more instances do not come", whole, _flood, high=1),
        28 * MINUTE,
        _grow,
    ),
    _told("does-not-grow", "its target is too high for it to grow", _lazy, _rush),
    _told(
        "maximum-above-quota",
        "its maximum is above the account's quota",
        whole,
        instance_type="ml.g5.16xlarge",
    ),
    _told("ttl-shorter-than-wake", "requests may wait two minutes, and a start takes longer", whole, _hasty),
    _told("long-jobs-cut", "requests run for longer than scale-in waits", whole, _long),
    _told("scale-in-suspended", "scale-in is suspended", suspend(DynamicScalingInSuspended=True)),
    _told("no-scale-in-policy", "a policy wakes it, and none lets it sleep", Kit.wake),
    _told("scale-in-step-no-match", "the step that should take instances away is never met", step_down),
    _told("scale-in-alarm-off", "the scale-in alarm has its actions switched off", low_alarm_off),
    _told("tracking-alarm-missing", "the scale-in alarm was deleted by hand", low_alarm_gone),
    _then(
        _told(
            "scheduled-scaling-suspended",
            "scheduled scaling is suspended",
            windows(WINDOW_OPEN, WINDOW_CLOSE),
        ),
        29 * HOUR,
        lambda kit, name: kit.bounds(name, 0, 4, ScheduledScalingSuspended=True),
    ),
    _told("idle-not-sleeping", "scaling follows a metric that nobody publishes", silent_metric),
    _told("schedule-unpaired", "a warm window opens, and none closes it", windows(WINDOW_OPEN)),
    _told(
        "schedule-overlap",
        "two warm windows lie over each other",
        windows(
            ("early-open", "0 7", 1),
            ("late-open", "0 13", 1),
            ("early-close", "0 15", 0),
            ("late-close", "0 21", 0),
        ),
    ),
    _told(
        "schedule-above-maximum",
        "a schedule asks for more than the maximum",
        windows(("warm-open", "45 7", 6), WINDOW_CLOSE),
    ),
    _told("schedule-expired", "a scheduled action that is over", campaign),
    _then(
        _with_topic(
            _told("topic-missing", "its error topic was deleted", whole, error_topic="scan-errors"),
            "scan-errors",
            heard=True,
        ),
        26 * HOUR,
        lambda kit, name: kit.drop_topic("scan-errors"),
    ),
    _with_topic(
        _told(
            "topic-without-subscriber",
            "nobody listens to its error topic",
            whole,
            error_topic="unheard-errors",
        ),
        "unheard-errors",
        heard=False,
    ),
    _told(
        "failures-invisible", "neither failure path nor error topic", whole, failure_path=False, topics=False
    ),
    _told("alarm-fires-asleep", "an alarm takes missing data for trouble", loud_alarm),
    _told("alarm-on-unpublished-metric", "an alarm watches a metric of real-time endpoints", deaf_alarm),
    _told("alarm-left-behind", "an alarm whose policy was deleted", left_behind),
    _then(
        _told("orphan-target", "deleted by somebody who may not deregister its target", whole),
        20 * HOUR,
        lambda kit, name: kit.vanish(name),
    ),
    _then(
        _told("orphan-alarms", "deleted, and its wake alarm stayed", whole),
        20 * HOUR,
        _delete,
    ),
)

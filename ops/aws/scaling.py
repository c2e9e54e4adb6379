"""Application Auto Scaling: targets, policies, scheduled actions and activities of SageMaker variants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from ops.aws.calls import Reading
from ops.core.fix_calls import Call
from ops.core.setup import Setup
from ops.core.types import (
    Activity,
    Alarm,
    Bounds,
    EndpointRef,
    MetricRef,
    Policy,
    ScalableTarget,
    ScheduledAction,
    Step,
    StepPolicy,
    Suspended,
    TargetTrackingPolicy,
)

Wire = Mapping[str, Any]

_SERVICE = "application-autoscaling"
_SCOPE = {"ServiceNamespace": "sagemaker"}
PAGE = 50
"""Activities that one call gives."""
_DIMENSION = "sagemaker:variant:DesiredInstanceCount"
_DESIRED = re.compile(r"desired [a-z ]*?(?:count|capacity) to (\d+)", re.IGNORECASE)


def targets(reading: Reading) -> dict[str, ScalableTarget]:
    """Every scalable target by resource id ("endpoint/<name>/variant/<variant>")."""
    pages = reading.pages(_SERVICE, "DescribeScalableTargets", "ScalableTargets", **_SCOPE)
    return {str(t["ResourceId"]): parse_target(t) for t in pages if _is_variant(t)}


def policies(reading: Reading) -> dict[str, tuple[Policy, ...]]:
    """Every policy by resource id."""
    out: dict[str, list[Policy]] = {}
    for wire in reading.pages(_SERVICE, "DescribeScalingPolicies", "ScalingPolicies", **_SCOPE):
        policy = parse_policy(wire) if _is_variant(wire) else None
        if policy is not None:
            out.setdefault(str(wire["ResourceId"]), []).append(policy)
    return {resource: tuple(found) for resource, found in out.items()}


def schedules(reading: Reading) -> dict[str, tuple[ScheduledAction, ...]]:
    """Every scheduled action by resource id."""
    out: dict[str, list[ScheduledAction]] = {}
    for wire in reading.pages(_SERVICE, "DescribeScheduledActions", "ScheduledActions", **_SCOPE):
        if _is_variant(wire):
            out.setdefault(str(wire["ResourceId"]), []).append(parse_schedule(wire))
    return {resource: tuple(found) for resource, found in out.items()}


def activities(
    reading: Reading,
    resource: str,
    *,
    since: datetime | None = None,
    most: int = PAGE,
    not_scaled: bool = False,
) -> tuple[Activity, ...]:
    """Scaling activities of one variant, newest first: up to `most`, or until a change older than `since`."""
    pages = reading.pages(
        _SERVICE,
        "DescribeScalingActivities",
        "ScalingActivities",
        **_SCOPE,
        ResourceId=resource,
        ScalableDimension=_DIMENSION,
        MaxResults=PAGE,
        IncludeNotScaledActivities=not_scaled,
    )
    found: list[Activity] = []
    for activity in map(parse_activity, islice(pages, most)):
        found.append(activity)
        if since is not None and activity.start < since and not activity.not_scaled:
            break
    return tuple(sorted(found, key=lambda a: a.start, reverse=True))


def setup_of(reading: Reading, ref: EndpointRef, alarms: Iterable[Alarm] = ()) -> Setup:
    """How one variant is set up to scale, read now; `alarms`: those that were read with it. Raises OpsError."""
    one = {**_SCOPE, "ScalableDimension": _DIMENSION}
    resource = ref.resource_id
    found = reading.pages(
        _SERVICE, "DescribeScalableTargets", "ScalableTargets", **one, ResourceIds=[resource]
    )
    target = next((parse_target(wire) for wire in found), None)
    policies = reading.pages(
        _SERVICE, "DescribeScalingPolicies", "ScalingPolicies", **one, ResourceId=resource
    )
    actions = reading.pages(
        _SERVICE, "DescribeScheduledActions", "ScheduledActions", **one, ResourceId=resource
    )
    return Setup(
        target,
        tuple(policy for wire in policies if (policy := parse_policy(wire)) is not None),
        tuple(map(parse_schedule, actions)),
        tuple(alarms),
    )


def make(reading: Reading, call: Call) -> Wire:
    """Make one call that changes something. Raises OpsError; its answer holds the request id.

    Called by the write gate alone (ops.gate).
    """
    return reading.ask(call.service, call.operation, **call.parameters)


def _is_variant(wire: Wire) -> bool:
    return bool(wire.get("ScalableDimension", _DIMENSION) == _DIMENSION)


def parse_target(wire: Wire) -> ScalableTarget:
    held: Wire = wire.get("SuspendedState") or {}
    suspended = Suspended(
        scale_in=bool(held.get("DynamicScalingInSuspended")),
        scale_out=bool(held.get("DynamicScalingOutSuspended")),
        scheduled=bool(held.get("ScheduledScalingSuspended")),
    )
    return ScalableTarget(
        Bounds(int(wire["MinCapacity"]), int(wire["MaxCapacity"])), suspended, wire.get("CreationTime")
    )


def parse_policy(wire: Wire) -> Policy | None:
    """None for a kind that SageMaker variants do not have (predictive scaling)."""
    name, arn = str(wire["PolicyName"]), str(wire.get("PolicyARN", ""))
    alarms = tuple(str(a["AlarmName"]) for a in wire.get("Alarms", ()))
    tracking: Wire | None = wire.get("TargetTrackingScalingPolicyConfiguration")
    if tracking is not None:
        predefined: Wire = tracking.get("PredefinedMetricSpecification") or {}
        custom: Wire = tracking.get("CustomizedMetricSpecification") or {}
        return TargetTrackingPolicy(
            name,
            arn,
            float(tracking["TargetValue"]),
            parse_metric(custom),
            predefined.get("PredefinedMetricType"),
            scale_out_cooldown=int(tracking.get("ScaleOutCooldown", 300)),
            scale_in_cooldown=int(tracking.get("ScaleInCooldown", 300)),
            disable_scale_in=bool(tracking.get("DisableScaleIn", False)),
            alarm_names=alarms,
            expression=dict(custom) if custom.get("Metrics") else None,
        )
    steps: Wire | None = wire.get("StepScalingPolicyConfiguration")
    if steps is None:
        return None
    return StepPolicy(
        name,
        arn,
        str(steps.get("AdjustmentType", "")),
        tuple(
            Step(
                s.get("MetricIntervalLowerBound"),
                s.get("MetricIntervalUpperBound"),
                int(s["ScalingAdjustment"]),
            )
            for s in steps.get("StepAdjustments", ())
        ),
        cooldown=int(steps.get("Cooldown", 300)),
        aggregation=str(steps.get("MetricAggregationType", "Average")),
        min_adjustment=steps.get("MinAdjustmentMagnitude"),
        alarm_names=alarms,
    )


def parse_metric(wire: Wire | None) -> MetricRef | None:
    """The metric of a customised specification or of an alarm; None for an expression over several."""
    if not wire or not wire.get("MetricName"):
        return None
    dimensions = sorted((str(d["Name"]), str(d["Value"])) for d in wire.get("Dimensions", ()))
    statistic = wire.get("Statistic") or wire.get("ExtendedStatistic") or "Average"
    return MetricRef(
        str(wire.get("Namespace", "")),
        str(wire["MetricName"]),
        tuple(dimensions),
        str(statistic),
        wire.get("Unit"),
    )


def parse_schedule(wire: Wire) -> ScheduledAction:
    action: Wire = wire.get("ScalableTargetAction") or {}
    return ScheduledAction(
        str(wire["ScheduledActionName"]),
        str(wire.get("Schedule", "")),
        str(wire.get("Timezone") or "UTC"),
        action.get("MinCapacity"),
        action.get("MaxCapacity"),
        wire.get("StartTime"),
        wire.get("EndTime"),
    )


def parse_activity(wire: Wire) -> Activity:
    description = str(wire.get("Description", ""))
    found = _DESIRED.search(description)
    return Activity(
        str(wire.get("ActivityId", "")),
        wire["StartTime"],
        wire.get("EndTime"),
        str(wire.get("StatusCode", "")),
        description,
        str(wire.get("Cause", "")),
        str(wire.get("StatusMessage", "")),
        int(found.group(1)) if found else None,
        tuple(str(r.get("Code", "")) for r in wire.get("NotScaledReasons", ())),
    )

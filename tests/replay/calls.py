"""A scenario's parts as the calls of a client set them up: the endpoint `doc` of the comparisons."""

from __future__ import annotations

from typing import Any

from ops.core.types import Suspended
from ops.local_aws.world import Assumptions
from ops.replay.scenario import AlarmSpec, Model, Scenario, Stepping, Tracking, Watched

NAME = "doc"
DIMENSIONS = [{"Name": "EndpointName", "Value": NAME}]
METRICS = {
    Watched.PER_INSTANCE: "ApproximateBacklogSizePerInstance",
    Watched.WITHOUT_CAPACITY: "HasBacklogWithoutCapacity",
    Watched.BACKLOG: "ApproximateBacklogSize",
    Watched.AGE: "ApproximateAgeOfOldestRequest",
}


def stepping(policy: Stepping) -> dict[str, Any]:
    """StepScalingPolicyConfiguration of PutScalingPolicy."""
    steps = []
    for step in policy.steps:
        bounds = {"MetricIntervalLowerBound": step.lower, "MetricIntervalUpperBound": step.upper}
        steps.append(
            {k: v for k, v in bounds.items() if v is not None} | {"ScalingAdjustment": step.adjustment}
        )
    config: dict[str, Any] = {
        "AdjustmentType": policy.adjustment,
        "Cooldown": int(policy.cooldown_s),
        "StepAdjustments": steps,
    }
    if policy.least is not None:
        config["MinAdjustmentMagnitude"] = policy.least
    return config


def switches(s: Scenario) -> Assumptions:
    m: Model = s.model
    return Assumptions(
        m.zero_metric, m.drain, m.in_flight, int(m.metric_delay_s), m.billed_from, m.busy_action
    )


def flags(suspended: Suspended) -> dict[str, bool]:
    """SuspendedState of RegisterScalableTarget."""
    return {
        "DynamicScalingInSuspended": suspended.scale_in,
        "DynamicScalingOutSuspended": suspended.scale_out,
        "ScheduledScalingSuspended": suspended.scheduled,
    }


def tracking(policy: Tracking) -> dict[str, Any]:
    """TargetTrackingScalingPolicyConfiguration of PutScalingPolicy."""
    metric = {
        "MetricName": METRICS[policy.watched],
        "Namespace": "AWS/SageMaker",
        "Dimensions": DIMENSIONS,
        "Statistic": "Average",
    }
    return {
        "TargetValue": policy.target,
        "CustomizedMetricSpecification": metric,
        "ScaleInCooldown": int(policy.in_cooldown_s),
        "ScaleOutCooldown": int(policy.out_cooldown_s),
        "DisableScaleIn": not policy.scales_in,
    }


def alarm(alarm: AlarmSpec, policy_arn: str) -> dict[str, Any]:
    """PutMetricAlarm."""
    return {
        "AlarmName": alarm.name,
        "Namespace": "AWS/SageMaker",
        "MetricName": METRICS[alarm.watched],
        "Dimensions": DIMENSIONS,
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": alarm.rule.periods,
        "DatapointsToAlarm": alarm.rule.datapoints,
        "Threshold": alarm.rule.threshold,
        "ComparisonOperator": alarm.rule.comparison,
        "TreatMissingData": alarm.rule.missing,
        "AlarmActions": [policy_arn],
    }

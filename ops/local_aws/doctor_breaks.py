"""What the doctor's stories break: one thing each, by the calls that an ordinary client would make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ops.local_aws.story_kit import HOUR, VARIANT, WAKE_METRIC, Kit

Break = Callable[[Kit, str], None]
"""Gives an endpoint its policies, all but one thing as it should be."""


def whole(kit: Kit, name: str) -> None:
    """Both policies and the wake alarm, as they should be."""
    kit.track(name)
    kit.wake(name)


def wake_by(kit: Kit, name: str, **changed: Any) -> None:
    """Tracking, and a wake alarm that is not quite right: `changed` are parameters of PutMetricAlarm."""
    whole(kit, name)
    alarm = kit.call("cloudwatch", "DescribeAlarms", AlarmNames=[f"{WAKE_METRIC}-{name}"])["MetricAlarms"][0]
    kept = (
        "AlarmName", "Namespace", "MetricName", "Dimensions", "Statistic", "Period", "EvaluationPeriods",
        "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData", "AlarmActions",
    )  # fmt: skip
    kit.call("cloudwatch", "PutMetricAlarm", **{k: alarm[k] for k in kept} | changed)


def _step_policy(
    kit: Kit, name: str, policy: str, step: dict[str, Any], kind: str = "ChangeInCapacity"
) -> str:
    answer = kit.call(
        "application-autoscaling",
        "PutScalingPolicy",
        PolicyName=policy,
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": kind,
            "MetricAggregationType": "Average",
            "Cooldown": 300,
            "StepAdjustments": [step],
        },
        **kit.resource(name),
    )
    return str(answer["PolicyARN"])


def wake_step(step: dict[str, Any], kind: str = "ChangeInCapacity") -> Break:
    """A wake policy with this step."""

    def break_it(kit: Kit, name: str) -> None:
        whole(kit, name)
        _step_policy(kit, name, f"{WAKE_METRIC}-ScalingPolicy", step, kind)

    return break_it


def other_policy(kit: Kit, name: str) -> None:
    """The wake policy was deleted and made anew: its ARN is another, and the alarm still runs the old one."""
    whole(kit, name)
    policy = f"{WAKE_METRIC}-ScalingPolicy"
    kit.call("application-autoscaling", "DeleteScalingPolicy", PolicyName=policy, **kit.resource(name))
    _step_policy(kit, name, policy, {"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1})


def _track_by(kit: Kit, name: str, **config: Any) -> None:
    kit.call(
        "application-autoscaling",
        "PutScalingPolicy",
        PolicyName="backlog-scaling",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 5.0} | config,
        **kit.resource(name),
    )


def real_time_metric(kit: Kit, name: str) -> None:
    """Tracking of a metric that asynchronous endpoints never publish."""
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    _track_by(kit, name, PredefinedMetricSpecification=metric)


def silent_metric(kit: Kit, name: str) -> None:
    """Scaling follows a metric of the team's own, which nobody publishes any more."""
    metric = {
        "Namespace": "Documents",
        "MetricName": "InFlight",
        "Dimensions": [{"Name": "EndpointName", "Value": name}],
        "Statistic": "Average",
    }
    _track_by(kit, name, CustomizedMetricSpecification=metric)
    kit.wake(name)


def asleep_without_policies(kit: Kit, name: str) -> None:
    """Bounds alone; put to sleep by hand."""
    kit.once_settled(name, 0.0, lambda: _order(kit, name, 0))


def _order(kit: Kit, name: str, count: int) -> None:
    wanted = [{"VariantName": VARIANT, "DesiredInstanceCount": count}]
    kit.call(
        "sagemaker",
        "UpdateEndpointWeightsAndCapacities",
        EndpointName=name,
        DesiredWeightsAndCapacities=wanted,
    )


def suspend(**parts: bool) -> Break:
    """Some directions of scaling suspended from the start."""

    def break_it(kit: Kit, name: str) -> None:
        whole(kit, name)
        kit.bounds(name, 0, 4, **parts)

    return break_it


def _low_alarm(kit: Kit, name: str) -> str:
    """The scale-in alarm of target tracking."""
    found = kit.call("application-autoscaling", "DescribeScalingPolicies", **kit.resource(name))
    alarms = (str(a["AlarmName"]) for p in found["ScalingPolicies"] for a in p.get("Alarms", ()))
    return next(alarm for alarm in alarms if "AlarmLow" in alarm)


def low_alarm_off(kit: Kit, name: str) -> None:
    """The scale-in alarm with its actions switched off."""
    whole(kit, name)
    kit.call("cloudwatch", "DisableAlarmActions", AlarmNames=[_low_alarm(kit, name)])


def low_alarm_gone(kit: Kit, name: str) -> None:
    """The scale-in alarm deleted by hand."""
    whole(kit, name)
    kit.call("cloudwatch", "DeleteAlarms", AlarmNames=[_low_alarm(kit, name)])


def step_down(kit: Kit, name: str) -> None:
    """Steps down from the threshold would need an upper bound of 0; this one begins there and goes up."""
    kit.wake(name)
    arn = _step_policy(kit, name, "backlog-empty", {"MetricIntervalLowerBound": 0, "ScalingAdjustment": -1})
    _alarm(
        kit, name, "backlog-empty", "ApproximateBacklogSize", 1.0, arn, ComparisonOperator="LessThanThreshold"
    )


def _alarm(
    kit: Kit, name: str, what: str, metric: str, threshold: float, action: str, **changed: Any
) -> None:
    plain: dict[str, Any] = {
        "AlarmName": f"{name}-{what}",
        "Namespace": "AWS/SageMaker",
        "MetricName": metric,
        "Dimensions": [{"Name": "EndpointName", "Value": name}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 10,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [action],
    }
    kit.call("cloudwatch", "PutMetricAlarm", **plain | changed)


def loud_alarm(kit: Kit, name: str) -> None:
    """An alarm that takes a gap for trouble, on a metric that has gaps whenever the endpoint sleeps."""
    whole(kit, name)
    topic = kit.topics["ops-alarms"]
    _alarm(
        kit,
        name,
        "per-instance",
        "ApproximateBacklogSizePerInstance",
        50.0,
        topic,
        TreatMissingData="breaching",
    )


def deaf_alarm(kit: Kit, name: str) -> None:
    """An alarm taken over from a real-time endpoint."""
    whole(kit, name)
    both = [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": VARIANT}]
    _alarm(kit, name, "traffic", "Invocations", 1000.0, kit.topics["ops-alarms"], Dimensions=both)


def left_behind(kit: Kit, name: str) -> None:
    """A step policy deleted, its alarm not."""
    whole(kit, name)
    arn = _step_policy(kit, name, "rush-hour", {"MetricIntervalLowerBound": 0, "ScalingAdjustment": 2})
    _alarm(kit, name, "rush-hour", "ApproximateBacklogSize", 500.0, arn)
    kit.call("application-autoscaling", "DeleteScalingPolicy", PolicyName="rush-hour", **kit.resource(name))


def windows(*actions: tuple[str, str, int]) -> Break:
    """Scheduled actions: name, cron fields of the time of day, minimum."""

    def break_it(kit: Kit, name: str) -> None:
        whole(kit, name)
        for action, at, low in actions:
            kit.schedule(name, action, f"cron({at} ? * MON-FRI *)", "Europe/Berlin", min=low)

    return break_it


def campaign(kit: Kit, name: str) -> None:
    """A raised maximum for some hours that are over."""
    whole(kit, name)
    kit.call(
        "application-autoscaling",
        "PutScheduledAction",
        ScheduledActionName="campaign",
        Schedule="rate(1 hour)",
        EndTime=datetime.fromtimestamp(kit.now + 4 * HOUR, UTC),
        ScalableTargetAction={"MaxCapacity": 4},
        **kit.resource(name),
    )

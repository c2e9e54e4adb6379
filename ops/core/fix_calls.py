"""A fix as the calls that it is: service, operation and parameters, as boto3 would take them.

Where a parameter is not known before the fix runs it holds a PolicyArn or a ChosenTopic; `filled` puts the
real ARN there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ops.core.fixes import (
    Await,
    Calls,
    Change,
    ChosenTopic,
    Create,
    Delete,
    DeleteAlarms,
    DeletePolicy,
    DeleteSchedule,
    DeregisterTarget,
    EnableAlarmActions,
    PolicyArn,
    PutAlarm,
    PutPolicy,
    PutSchedule,
    RegisterTarget,
)
from ops.core.resources import CONFIG, ENDPOINT, MODEL
from ops.core.types import EndpointRef, MetricRef, Step, StepPolicy, Suspended, TargetTrackingPolicy

SCALING, WATCHING, HOSTING = "application-autoscaling", "cloudwatch", "sagemaker"
IN_SERVICE, GONE = "endpoint_in_service", "endpoint_deleted"
"""The waiters of SageMaker, as boto3 names them."""
SERVING = "endpoint_serving"
"""No waiter of boto3: until an endpoint that is in service has an instance, too."""
SETTLED = "endpoint_settled"
"""No waiter of boto3: until AWS is not at work on an endpoint, whether it is in service then or has failed."""
_WORD = {MODEL: "Model", CONFIG: "EndpointConfig", ENDPOINT: "Endpoint"}
NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
STATISTICS = frozenset({"SampleCount", "Average", "Sum", "Minimum", "Maximum"})
"""Everything else, such as p90, is an extended statistic."""
Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """`operation` as AWS spells it; `makes`: the policy whose ARN the answer holds as PolicyARN.

    `waits`: the waiter to run in the place of one call; empty for a call.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any]
    makes: str = ""
    waits: str = ""


def calls(fix: Calls) -> tuple[Call, ...]:
    """The calls of a fix, in the order in which to make them."""
    return tuple(call(change) for change in fix.changes)


def call(change: Change) -> Call:
    """One change as a call."""
    match change:
        case PutAlarm():
            return Call(WATCHING, "PutMetricAlarm", _alarm(change))
        case EnableAlarmActions(name):
            return Call(WATCHING, "EnableAlarmActions", {"AlarmNames": [name]})
        case DeleteAlarms(names):
            return Call(WATCHING, "DeleteAlarms", {"AlarmNames": list(names)})
        case RegisterTarget(ref):
            return Call(SCALING, "RegisterScalableTarget", resource(ref) | _target(change))
        case DeregisterTarget(ref):
            return Call(SCALING, "DeregisterScalableTarget", resource(ref))
        case PutPolicy(ref, policy):
            return Call(SCALING, "PutScalingPolicy", _policy(ref, policy), makes=policy.name)
        case DeletePolicy(ref, name):
            return Call(SCALING, "DeleteScalingPolicy", {"PolicyName": name} | resource(ref))
        case PutSchedule(ref):
            return Call(SCALING, "PutScheduledAction", _schedule(change) | resource(ref))
        case DeleteSchedule(ref, name):
            return Call(SCALING, "DeleteScheduledAction", {"ScheduledActionName": name} | resource(ref))
        case Create(made):
            tags = [{"Key": key, "Value": value} for key, value in made.tags]
            named = {f"{_WORD[made.kind]}Name": made.name}
            return Call(
                HOSTING, f"Create{_WORD[made.kind]}", named | dict(made.parameters) | _known(Tags=tags)
            )
        case Delete(kind, name):
            return Call(HOSTING, f"Delete{_WORD[kind]}", {f"{_WORD[kind]}Name": name})
        case Await(name, gone, serving, settled):
            waiter = GONE if gone else SERVING if serving else SETTLED if settled else IN_SERVICE
            return Call(HOSTING, "DescribeEndpoint", {"EndpointName": name}, waits=waiter)


def filled(made: Call, policies: Mapping[str, str], topic: str = "") -> Call:
    """The call with ARNs for its stand-ins: of policies by name, and of the chosen topic. KeyError: not known."""

    def real(value: Any) -> Any:
        if isinstance(value, PolicyArn):
            return policies[value.policy]
        if isinstance(value, ChosenTopic):
            if not topic:
                raise KeyError("no topic is chosen")
            return topic
        return [real(v) for v in value] if isinstance(value, list) else value

    return replace(made, parameters={k: real(v) for k, v in made.parameters.items()})


def resource(ref: EndpointRef) -> Parameters:
    """What Application Auto Scaling calls one variant of an endpoint."""
    return {"ServiceNamespace": NAMESPACE, "ResourceId": ref.resource_id, "ScalableDimension": DIMENSION}


def dimensions(metric: MetricRef) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in metric.dimensions]


def _known(**values: Any) -> Parameters:
    """Without what is absent or empty."""
    return {k: v for k, v in values.items() if v is not None and v not in ("", [])}


def _watched(alarm: PutAlarm) -> Parameters:
    """What an alarm looks at. ValueError where it is an expression of which nothing is on record."""
    metric = alarm.metric
    if metric is None:
        if not alarm.expression:
            raise ValueError(f"{alarm.name} looks at an expression: it cannot be written anew")
        return dict(alarm.expression)
    usual = metric.statistic in STATISTICS
    return _known(
        Namespace=metric.namespace,
        MetricName=metric.name,
        Dimensions=dimensions(metric),
        Statistic=metric.statistic if usual else None,
        ExtendedStatistic=None if usual else metric.statistic,
        Unit=metric.unit,
        Period=alarm.period,
    )


def _alarm(alarm: PutAlarm) -> Parameters:
    watched = _watched(alarm)
    return _known(
        AlarmName=alarm.name,
        AlarmDescription=alarm.description,
        **watched,
        EvaluationPeriods=alarm.evaluation_periods,
        DatapointsToAlarm=alarm.datapoints_to_alarm,
        Threshold=None if "ThresholdMetricId" in watched else alarm.threshold,
        ComparisonOperator=alarm.comparison,
        TreatMissingData=alarm.missing,
        ActionsEnabled=alarm.actions_enabled,
        AlarmActions=list(alarm.actions),
        OKActions=list(alarm.ok_actions),
        InsufficientDataActions=list(alarm.no_data_actions),
    )


def _target(change: RegisterTarget) -> Parameters:
    return _known(
        MinCapacity=change.min,
        MaxCapacity=change.max,
        SuspendedState=None if change.suspended is None else _suspended(change.suspended),
    )


def _suspended(off: Suspended) -> dict[str, bool]:
    return {
        "DynamicScalingInSuspended": off.scale_in,
        "DynamicScalingOutSuspended": off.scale_out,
        "ScheduledScalingSuspended": off.scheduled,
    }


def _policy(ref: EndpointRef, policy: TargetTrackingPolicy | StepPolicy) -> Parameters:
    named = {"PolicyName": policy.name} | resource(ref)
    if isinstance(policy, StepPolicy):
        rule = _known(
            AdjustmentType=policy.adjustment_type,
            StepAdjustments=[_step(step) for step in policy.steps],
            MinAdjustmentMagnitude=policy.min_adjustment,
            Cooldown=policy.cooldown,
            MetricAggregationType=policy.aggregation,
        )
        return named | {"PolicyType": "StepScaling", "StepScalingPolicyConfiguration": rule}
    rule = {"TargetValue": policy.target, **_tracked(policy)} | {
        "ScaleOutCooldown": policy.scale_out_cooldown,
        "ScaleInCooldown": policy.scale_in_cooldown,
        "DisableScaleIn": policy.disable_scale_in,
    }
    return named | {
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": rule,
    }


def _tracked(policy: TargetTrackingPolicy) -> Parameters:
    """The metric that a policy tracks. ValueError where it is an expression of which nothing is on record."""
    metric = policy.metric
    if metric is not None:
        known = _known(
            MetricName=metric.name,
            Namespace=metric.namespace,
            Dimensions=dimensions(metric),
            Statistic=metric.statistic,
            Unit=metric.unit,
        )
        return {"CustomizedMetricSpecification": known}
    if policy.expression:
        return {"CustomizedMetricSpecification": dict(policy.expression)}
    if policy.predefined is None:
        raise ValueError(f"{policy.name} tracks an expression: it cannot be written anew")
    return {"PredefinedMetricSpecification": {"PredefinedMetricType": policy.predefined}}


def _step(step: Step) -> Parameters:
    return _known(
        MetricIntervalLowerBound=step.lower,
        MetricIntervalUpperBound=step.upper,
        ScalingAdjustment=step.adjustment,
    )


def _schedule(change: PutSchedule) -> Parameters:
    return _known(
        ScheduledActionName=change.name,
        Schedule=change.schedule,
        Timezone=change.timezone if not change.schedule.startswith("rate(") else None,
        StartTime=change.start,
        EndTime=change.end,
        ScalableTargetAction=_known(MinCapacity=change.min, MaxCapacity=change.max),
    )

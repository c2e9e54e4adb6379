"""PutScalingPolicy and PutMetricAlarm as JSON: what they set up, which alarm runs which policy, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ops.core.errors import BadInput
from ops.core.types import Step
from ops.replay.put_calls import policies
from ops.replay.scenario import Stepping, Tracking, Watched

ARN = "arn:aws:autoscaling:us-east-1:111122223333:scalingPolicy:1:resource/sagemaker/x:policyName/"


def step(name: str = "up", **config: Any) -> dict[str, Any]:
    body = {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [
            {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10.5, "ScalingAdjustment": 1},
            {"MetricIntervalLowerBound": 10.5, "ScalingAdjustment": 3},
        ],
        **config,
    }
    return {"PolicyName": name, "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": body}


def alarm(name: str = "many", **more: Any) -> dict[str, Any]:
    return {
        "AlarmName": name, "MetricName": "ApproximateBacklogSize", "Namespace": "AWS/SageMaker", "Period": 60,
        "Statistic": "Average", "EvaluationPeriods": 3, "DatapointsToAlarm": 2, "Threshold": 5,
        "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching", **more,
    }  # fmt: skip


def between(lower: float | None, upper: float | None) -> dict[str, Any]:
    return {"MetricIntervalLowerBound": lower, "MetricIntervalUpperBound": upper, "ScalingAdjustment": 1}


TRACK = {
    "PolicyName": "track",
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 4.0,
        "CustomizedMetricSpecification": {
            "MetricName": "ApproximateBacklogSizePerInstance",
            "Namespace": "AWS/SageMaker",
            "Statistic": "Average",
        },
        "ScaleInCooldown": 600,
        "DisableScaleIn": True,
    },
}


def test_a_step_policy_as_it_is_typed() -> None:
    (found,) = policies([step(Cooldown=120, MinAdjustmentMagnitude=2), alarm()])
    assert isinstance(found, Stepping)
    assert (found.name, found.adjustment, found.cooldown_s, found.least) == ("up", "ChangeInCapacity", 120, 2)
    assert found.steps == (Step(0, 10.5, 1), Step(10.5, None, 3))
    (spec,) = found.alarms
    rule = spec.rule
    assert (spec.name, spec.watched, rule.threshold) == ("many", Watched.BACKLOG, 5)
    assert (rule.periods, rule.datapoints, rule.missing) == (3, 2, "notBreaching")


def test_defaults_are_those_of_aws() -> None:
    short = {k: v for k, v in alarm().items() if k not in ("DatapointsToAlarm", "TreatMissingData", "Period")}
    (found,) = policies([step(), short])
    assert isinstance(found, Stepping)
    rule = found.alarms[0].rule
    assert (found.cooldown_s, found.least, rule.datapoints, rule.missing) == (300, None, 3, "missing")


def test_target_tracking() -> None:
    (found,) = policies({"PutScalingPolicy": TRACK})
    assert isinstance(found, Tracking)
    assert (found.target, found.in_cooldown_s, found.out_cooldown_s, found.scales_in) == (4, 600, 300, False)


@pytest.mark.parametrize(
    "document",
    [
        {"PutScalingPolicy": step(), "PutMetricAlarm": alarm()},
        {"put_scaling_policy": [step()], "put-metric-alarm": [alarm()]},
        {"ScalingPolicies": [step()], "MetricAlarms": [alarm()]},
        [{"PutScalingPolicy": step(), "PutMetricAlarm": alarm()}],
        [alarm(AlarmActions=["<PolicyARN from put_scaling_policy>"]), step()],
        [step(), alarm(AlarmActions=[ARN + "up"])],
        [{**step(), "PolicyARN": ARN + "up"}, alarm(AlarmActions=[ARN + "up"])],
        {"policy": step(), "alarm": alarm()},
        [
            {"Operation": "PutScalingPolicy", "Parameters": step()},
            {"Operation": "PutMetricAlarm", "Parameters": alarm()},
        ],
        [{**step(), "Alarms": [{"AlarmName": "many", "AlarmARN": "arn:many"}]}, alarm()],
    ],
)
def test_an_alarm_finds_its_policy(document: Any) -> None:
    (found,) = policies(document)
    assert [spec.name for spec in found.alarms] == ["many"]


def test_several_policies_each_with_their_own_alarms() -> None:
    by_arn = [
        step("up"), step("down"), alarm("a", AlarmActions=[ARN + "down"]), alarm("b", AlarmActions=[ARN + "up"]),
        alarm("c", AlarmActions=["arn:aws:sns:us-east-1:1:ops", ARN + "up"]),
    ]  # fmt: skip
    beside = [
        {"PutScalingPolicy": step("up"), "PutMetricAlarm": [alarm("b"), alarm("c")]},
        {"PutScalingPolicy": step("down"), "PutMetricAlarm": alarm("a")},
    ]
    after = [step("up"), alarm("b"), alarm("c"), step("down"), alarm("a", AlarmActions=["<the ARN>"])]
    for document in (by_arn, beside, after):
        found = {policy.name: [spec.name for spec in policy.alarms] for policy in policies(document)}
        assert found == {"up": ["b", "c"], "down": ["a"]}


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (3, "no calls"),
        ({}, "sets no policy and no alarm"),
        ([{"Foo": 1, "Bar": 2}], "keys Foo and Bar"),
        ([alarm()], "no PutScalingPolicy"),
        ([step()], "No alarm runs the policy up"),
        ([step("a"), step("b"), alarm()], "No alarm runs the policy a"),
        ([alarm(), step("a"), step("b")], "names no policy of the file"),
        ([step(), alarm(), alarm()], "'many' is there twice"),
        ([step(AdjustmentType="Double"), alarm()], "AdjustmentType 'Double'"),
        ([step(StepAdjustments=[]), alarm()], "has no StepAdjustments"),
        ([step(StepAdjustments=[{"MetricIntervalLowerBound": 0}]), alarm()], "has no ScalingAdjustment"),
        ([step(StepAdjustments=[{"ScalingAdjustment": 1.5}]), alarm()], "no whole number"),
        ([step(StepAdjustments=[{"ScalingAdjustment": "1"}]), alarm()], "'1' is no number"),
        ([step(StepAdjustments=[between(None, None), between(2, None)]), alarm()], "overlap"),
        ([step(StepAdjustments=[between(2, 1)]), alarm()], "nothing between"),
        ([step(Cooldown=-1), alarm()], "Cooldown cannot be negative"),
        ([step(), alarm(Period=300)], "period of 300 s"),
        ([step(), alarm(MetricName="CPUUtilization")], "watches 'CPUUtilization', which cannot be replayed"),
        ([step(), alarm(Statistic="p99")], "the statistic 'p99'"),
        ([step(), alarm(ComparisonOperator="=")], "ComparisonOperator '='"),
        ([step(), alarm(TreatMissingData="zero")], "TreatMissingData 'zero'"),
        ([step(), alarm(DatapointsToAlarm=4)], "4 of 3 datapoints"),
        ([step(), alarm(Threshold=None)], "has no Threshold"),
        ([step(), alarm(Metrics=[{"Id": "m1"}])], "an expression of metrics"),
        ([{"PolicyName": "x"}], "has no StepScalingPolicyConfiguration|No alarm runs|has no Step"),
        ([TRACK, alarm(AlarmActions=["track"])], "owns its alarms"),
        (
            [{**TRACK, "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 0}}],
            "target of 0",
        ),
        (
            [{**TRACK, "TargetTrackingScalingPolicyConfiguration": {"PredefinedMetricSpecification": {"x": 1}}}],
            "predefined metric",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_replayed_is_refused_by_name(document: Any, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        policies(document)

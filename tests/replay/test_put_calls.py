"""PutScalingPolicy and PutMetricAlarm as JSON: what they set up, which alarm runs which policy, what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ops.core.errors import BadInput
from ops.core.types import Bounds, Step
from ops.replay import engine, oracle
from ops.replay.put_calls import policies
from ops.replay.scenario import Requests, Scenario, Stepping, Tracking, Watched

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
        [step(), alarm(AlarmActions=[ARN + "up:createdBy/7c1f"])],
        [step(), alarm(AlarmActions=["policyName/up"], OKActions=["arn:aws:sns:us-east-1:1:ops"])],
        [step(), alarm(AlarmActions=["$POLICY_ARN"])],
        [step(), alarm(AlarmActions=["PolicyARN"])],
        [step(), alarm(AlarmActions=["${policy.arn}"])],
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


def test_an_alarm_whose_actions_are_disabled_runs_nothing() -> None:
    (both,) = policies([step(), alarm("off", ActionsEnabled=False), alarm("on", ActionsEnabled=True)])
    assert [spec.name for spec in both.alarms] == ["on"]
    (none,) = policies([step(), alarm(ActionsEnabled=False)])
    requests = Requests(np.zeros(40), np.full(40, 10.0))
    scenario = Scenario(Bounds(0, 3), 1, 1, (none,))
    for replay in (oracle.replay, engine.replay):
        found = replay(requests, scenario)
        assert (found.launches, found.peak_instances) == (0, 1)
    (asks,) = policies([step(), alarm()])
    assert oracle.replay(requests, replace(scenario, policies=(asks,))).launches > 0


def test_a_described_policy_names_its_alarms() -> None:
    described = [
        {**step("up"), "Alarms": [{"AlarmName": "a"}]},
        {**step("down"), "Alarms": [{"AlarmName": "b"}]},
    ]
    found = policies({"ScalingPolicies": described, "MetricAlarms": [alarm("b"), alarm("a")]})
    assert {policy.name: [spec.name for spec in policy.alarms] for policy in found} == {
        "up": ["a"],
        "down": ["b"],
    }


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
        ([step(), alarm(OKActions=[ARN + "up"])], "'many' has OKActions and no AlarmActions"),
        ([step(), alarm(AlarmActions=[], InsufficientDataActions=["x"])], "and no AlarmActions"),
        ([step(), alarm(AlarmActions=[])], "'many' has no action in AlarmActions"),
        ([step(), alarm(AlarmActions=[ARN + "down"])], "runs 'arn.*down', which is no policy of the file"),
        ([step(), alarm(AlarmActions=[ARN + "wake-up"])], "which is no policy of the file"),
        ([step(), alarm(AlarmActions=["arn:aws:sns:us-east-1:1:ops"])], "which is no policy of the file"),
        ([step(), alarm(AlarmActions=["arn:aws:...:policyName/down"])], "which is no policy of the file"),
        ([step(), alarm(AlarmActions=["down"])], "runs 'down', which is no policy of the file"),
        ([step(), alarm(ActionsEnabled="no")], "ActionsEnabled 'no' is neither"),
        ([step(StepAdjustments=["a"]), alarm()], "'a' in StepAdjustments is no step"),
        ([step(StepAdjustments="a"), alarm()], "'a' in StepAdjustments is no step"),
        ([step(StepAdjustments=[{"ScalingAdjustment": 1e300}]), alarm()], "ScalingAdjustment 1e.300 is too large"),
        ([step(StepAdjustments=[{"ScalingAdjustment": [1]}]), alarm()], r"ScalingAdjustment \[1\] is no number"),
        ([step(AdjustmentType=["x"]), alarm()], "AdjustmentType"),
        ([step(), alarm(MetricName=["x"])], "cannot be replayed"),
        ([step(), alarm(MetricName={"x": 1})], "cannot be replayed"),
        ([step(), alarm(Statistic=["Average"])], "the statistic"),
        ([step(), alarm(ComparisonOperator=["x"])], "ComparisonOperator"),
        ([step(), alarm(TreatMissingData={})], "TreatMissingData"),
        (
            [{**TRACK, "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 5, "CustomizedMetricSpecification": ["x"]}}],
            "names no metric",
        ),
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


@pytest.mark.parametrize(
    ("calls", "what"),
    [
        ([step(), alarm(Namespace="AWS/EC2")], "of the namespace 'AWS/EC2'"),
        ([step(), alarm(EvaluationPeriods=1441, DatapointsToAlarm=1)], "looks at 1,441 minutes"),
        ([step(MinAdjustmentMagnitude=-1), alarm()], "MinAdjustmentMagnitude must be at least 1"),
    ],
)
def test_what_cloudwatch_would_not_take_or_watch_is_refused(calls: list[dict[str, Any]], what: str) -> None:
    with pytest.raises(BadInput, match=what):
        policies(calls)

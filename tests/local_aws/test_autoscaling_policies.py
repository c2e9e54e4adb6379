"""Scaling policies and the alarms of target tracking, through boto3."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import refused
from tests.local_aws.scaling_hands import (
    DIMENSION,
    TRACKED,
    Hands,
    place,
    resource,
    stepping,
    tracking,
)

STEP = {"PolicyName": "p", "PolicyType": "StepScaling"}
TRACK = {"PolicyName": "p", "PolicyType": "TargetTrackingScaling"}


@pytest.fixture
def hands(aws: SteppedAws) -> Hands:
    hands = Hands(aws)
    hands.register()
    return hands


def policies(hands: Hands, **params: Any) -> list[dict[str, Any]]:
    return list(
        hands.api.describe_scaling_policies(ServiceNamespace="sagemaker", **params)["ScalingPolicies"]
    )


def alarms(hands: Hands) -> dict[str, dict[str, Any]]:
    found = hands.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return {alarm["AlarmName"]: alarm for alarm in found}


def test_target_tracking_owns_two_alarms(hands: Hands) -> None:
    answer = hands.put_tracking("backlog", 5.0, ScaleInCooldown=600, ScaleOutCooldown=300)
    arn = answer["PolicyARN"]
    assert arn.startswith("arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:")
    assert arn.endswith(":resource/sagemaker/endpoint/doc/variant/AllTraffic:policyName/backlog")
    high, low = (alarms(hands)[alarm["AlarmName"]] for alarm in answer["Alarms"])
    assert high["AlarmName"].startswith("TargetTracking-endpoint/doc/variant/AllTraffic-AlarmHigh-")
    assert low["AlarmName"].startswith("TargetTracking-endpoint/doc/variant/AllTraffic-AlarmLow-")
    for alarm in (high, low):
        assert alarm["AlarmDescription"] == f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {arn}."
        assert alarm["AlarmActions"] == [arn]
        assert alarm["MetricName"] == "ApproximateBacklogSizePerInstance"
        assert alarm["Dimensions"] == [{"Name": "EndpointName", "Value": "doc"}]
        assert (alarm["Period"], alarm["TreatMissingData"]) == (60, "missing")
    assert (high["Threshold"], high["ComparisonOperator"], high["EvaluationPeriods"]) == (
        5.0,
        "GreaterThanThreshold",
        3,
    )
    assert (low["Threshold"], low["ComparisonOperator"], low["EvaluationPeriods"]) == (
        4.5,
        "LessThanThreshold",
        15,
    )


def test_describe_gives_back_what_was_put(hands: Hands) -> None:
    answer = hands.put_tracking("backlog", 5.0, ScaleInCooldown=600)
    (policy,) = policies(hands)
    assert policy["TargetTrackingScalingPolicyConfiguration"] == tracking(5.0, ScaleInCooldown=600)
    assert policy["Alarms"] == answer["Alarms"]
    assert policy["PolicyARN"] == answer["PolicyARN"]
    assert policy["ResourceId"] == resource()
    assert policy["CreationTime"].timestamp() == hands.aws.now()


def test_without_scale_in_the_low_alarm_does_nothing(hands: Hands) -> None:
    high, low = hands.put_tracking(DisableScaleIn=True)["Alarms"]
    assert alarms(hands)[high["AlarmName"]]["AlarmActions"]
    assert alarms(hands)[low["AlarmName"]]["AlarmActions"] == []


def test_putting_again_replaces_policy_and_alarms(hands: Hands) -> None:
    first = hands.put_tracking("backlog", 5.0)
    hands.minutes(1)
    second = hands.put_tracking("backlog", 10.0)
    assert second["PolicyARN"] == first["PolicyARN"]
    assert set(alarms(hands)) == {alarm["AlarmName"] for alarm in second["Alarms"]}
    assert {alarm["Threshold"] for alarm in alarms(hands).values()} == {10.0, 9.0}
    assert len(policies(hands)) == 1
    assert policies(hands)[0]["CreationTime"].timestamp() == hands.aws.now() - 60


def test_metric_math(hands: Hands) -> None:
    metric = {"MetricName": "InFlight", "Namespace": "Mine", "Dimensions": []}
    queries = [
        {"Id": "m1", "MetricStat": {"Metric": metric, "Stat": "Maximum"}, "ReturnData": False},
        {"Id": "e1", "Expression": "FILL(m1,0)", "Label": "work"},
    ]
    config = {"TargetValue": 1.0, "CustomizedMetricSpecification": {"Metrics": queries}}
    hands.api.put_scaling_policy(**place(), **TRACK, TargetTrackingScalingPolicyConfiguration=config)
    (policy,) = policies(hands)
    assert policy["TargetTrackingScalingPolicyConfiguration"] == config
    for alarm in alarms(hands).values():
        assert [query["Id"] for query in alarm["Metrics"]] == ["m1", "e1"]
        assert alarm["Metrics"][0]["MetricStat"]["Period"] == 60


def test_predefined_metric(hands: Hands) -> None:
    config = {
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    }
    hands.api.put_scaling_policy(**place(), **TRACK, TargetTrackingScalingPolicyConfiguration=config)
    for alarm in alarms(hands).values():
        assert (alarm["MetricName"], alarm["Statistic"]) == ("InvocationsPerInstance", "Sum")
        assert {d["Name"] for d in alarm["Dimensions"]} == {"EndpointName", "VariantName"}


def test_a_step_policy_lists_the_alarms_that_name_it(hands: Hands) -> None:
    arn = hands.put_stepping("wake", 1, Cooldown=60, MetricAggregationType="Maximum")
    assert policies(hands)[0]["Alarms"] == []
    hands.put_alarm(arn, "wake-up")
    (policy,) = policies(hands, PolicyNames=["wake"])
    assert [alarm["AlarmName"] for alarm in policy["Alarms"]] == ["wake-up"]
    assert policy["StepScalingPolicyConfiguration"] == stepping(
        1, Cooldown=60, MetricAggregationType="Maximum"
    )
    assert "TargetTrackingScalingPolicyConfiguration" not in policy


def test_deleting(hands: Hands) -> None:
    hands.put_tracking("backlog")
    hands.put_alarm(hands.put_stepping("wake"), "wake-up")
    hands.api.delete_scaling_policy(**place(), PolicyName="backlog")
    assert set(alarms(hands)) == {"wake-up"}
    hands.api.delete_scaling_policy(**place(), PolicyName="wake")
    assert set(alarms(hands)) == {"wake-up"}  # left behind, as on AWS
    assert policies(hands) == []
    text = refused(hands.api.delete_scaling_policy, "ObjectNotFoundException", **place(), PolicyName="wake")
    assert text.startswith(
        "No scaling policy found for service namespace: sagemaker, resource ID: endpoint/doc/"
    )


def test_filters_and_pages(hands: Hands) -> None:
    hands.create("other")
    hands.api.register_scalable_target(**place("other"), MinCapacity=0, MaxCapacity=1)
    for i in range(4):
        hands.put_stepping(f"p{i}")
    hands.api.put_scaling_policy(
        **place("other"), PolicyName="p1", PolicyType="StepScaling", StepScalingPolicyConfiguration=stepping()
    )
    assert len(policies(hands)) == 5
    assert [p["ResourceId"] for p in policies(hands, PolicyNames=["p1"])] == [resource(), resource("other")]
    mine = policies(hands, ResourceId=resource(), ScalableDimension=DIMENSION, PolicyNames=["p1", "p2"])
    assert [p["PolicyName"] for p in mine] == ["p1", "p2"]
    pages = hands.api.get_paginator("describe_scaling_policies").paginate(
        ServiceNamespace="sagemaker", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["ScalingPolicies"]) for page in pages] == [2, 2, 1]


def test_the_target_must_be_registered(hands: Hands) -> None:
    hands.create("other")
    text = refused(
        hands.api.put_scaling_policy,
        "ObjectNotFoundException",
        **place("other"),
        **STEP,
        StepScalingPolicyConfiguration=stepping(),
    )
    assert text.startswith("No scalable target registered for service namespace: sagemaker")


def test_limits(hands: Hands) -> None:
    for i in range(50):
        hands.put_stepping(f"p{i}")
    refused(
        hands.api.put_scaling_policy,
        "LimitExceededException",
        **place(),
        **STEP,
        StepScalingPolicyConfiguration=stepping(),
    )
    hands.put_stepping("p0", 2)
    steps = [
        {"MetricIntervalLowerBound": float(i), "MetricIntervalUpperBound": i + 1.0, "ScalingAdjustment": 1}
        for i in range(21)
    ]
    config = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps}
    many = {"PolicyName": "p0", "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": config}
    refused(hands.api.put_scaling_policy, "LimitExceededException", **place(), **many)


def spec(**more: Any) -> dict[str, Any]:
    return {"TargetValue": 5.0, "CustomizedMetricSpecification": more}


def query(**more: Any) -> dict[str, Any]:
    stat = {"Metric": {"MetricName": "M", "Namespace": "N"}, "Stat": "Sum"}
    return {"Id": "m1", "MetricStat": stat} | more


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (tracking(0.0), "TargetValue"),
        (tracking(-1.0), "TargetValue"),
        (tracking(ScaleInCooldown=-1), "scaleInCooldown"),
        ({"TargetValue": 5.0}, "Exactly one of"),
        (
            tracking(
                PredefinedMetricSpecification={
                    "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                }
            ),
            "Exactly one of",
        ),
        (
            {
                "TargetValue": 5.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            },
            "is not supported for scalable dimension",
        ),
        (
            {"TargetValue": 5.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "Backlog"}},
            "enum value set",
        ),
        (
            {
                "TargetValue": 5.0,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance",
                    "ResourceLabel": "x",
                },
            },
            "ResourceLabel",
        ),
        (spec(MetricName="M", Statistic="Sum"), "Namespace must be specified"),
        (spec(Namespace="N", Statistic="Sum"), "MetricName must be specified"),
        (spec(MetricName="M", Namespace="N"), "Statistic must be specified"),
        (spec(MetricName="M", Namespace="N", Statistic="p99"), "enum value set"),
        (spec(MetricName="M", Metrics=[query()]), "cannot be combined"),
        (spec(Metrics=[query(), query()]), "unique"),
        (spec(Metrics=[query(Id="M1")]), "Invalid ID"),
        (spec(Metrics=[query(), query(Id="m2")]), "Exactly one metric data query must return data"),
        (spec(Metrics=[query(ReturnData=False)]), "Exactly one metric data query must return data"),
        (spec(Metrics=[{"Id": "e1", "Expression": "1+1"}]), "At least one"),
        (spec(Metrics=[query(Expression="1")]), "Exactly one of Expression and MetricStat"),
        (spec(Metrics=[query(MetricStat={"Metric": {"MetricName": "M"}, "Stat": "Sum"})]), "Namespace"),
    ],
)
def test_what_target_tracking_refuses(hands: Hands, config: dict[str, Any], text: str) -> None:
    params = {**place(), **TRACK, "TargetTrackingScalingPolicyConfiguration": config}
    assert text in refused(hands.api.put_scaling_policy, **params)
    assert alarms(hands) == {}


def step(low: float | None, high: float | None, adjustment: int = 1) -> dict[str, Any]:
    bounds = {"MetricIntervalLowerBound": low, "MetricIntervalUpperBound": high}
    return {k: v for k, v in bounds.items() if v is not None} | {"ScalingAdjustment": adjustment}


def steps(*given: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": list(given)} | more


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"StepAdjustments": [step(0, None)]}, "AdjustmentType must be specified"),
        (steps(step(0, None), AdjustmentType="Double"), "enum value set"),
        (steps(step(0, None), MetricAggregationType="p99"), "enum value set"),
        (steps(step(0, None), Cooldown=-1), "cooldown"),
        (
            steps(step(0, None), MinAdjustmentMagnitude=2),
            "requires the adjustment type PercentChangeInCapacity",
        ),
        (
            steps(step(0, None), MinAdjustmentMagnitude=0, AdjustmentType="PercentChangeInCapacity"),
            "minAdjustmentMagnitude",
        ),
        (steps(), "At least one StepAdjustment"),
        ({"AdjustmentType": "ChangeInCapacity"}, "At least one StepAdjustment"),
        (steps(step(0, None, -1), AdjustmentType="ExactCapacity"), "cannot be negative"),
        (steps(step(None, None)), "At least one of the metric interval bounds"),
        (steps(step(5, 5), step(5, None)), "must be less than"),
        (steps(step(0, 10), step(5, None)), "overlap"),
        (steps(step(0, None), step(0, None)), "overlap"),
        (steps(step(0, 5), step(10, None)), "gaps"),
        (steps(step(-5, 0)), "without a lower bound"),
        (steps(step(0, 5)), "without an upper bound"),
    ],
)
def test_what_step_scaling_refuses(hands: Hands, config: dict[str, Any], text: str) -> None:
    params = {**place(), **STEP, "StepScalingPolicyConfiguration": config}
    assert text in refused(hands.api.put_scaling_policy, **params)
    assert policies(hands) == []


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"PolicyName": "p"}, "PolicyType must be specified"),
        ({"PolicyName": "p", "PolicyType": "Guessing"}, "enum value set"),
        (STEP, "StepScalingPolicyConfiguration must be specified"),
        (STEP | {"TargetTrackingScalingPolicyConfiguration": tracking()}, "must be specified"),
        (
            STEP
            | {
                "StepScalingPolicyConfiguration": stepping(),
                "TargetTrackingScalingPolicyConfiguration": tracking(),
            },
            "TargetTrackingScalingPolicyConfiguration cannot be specified",
        ),
        ({"PolicyName": "p", "PolicyType": "PredictiveScaling"}, "PredictiveScaling is not supported"),
    ],
)
def test_type_and_configuration_must_agree(hands: Hands, params: dict[str, Any], text: str) -> None:
    assert text in refused(hands.api.put_scaling_policy, **place(), **params)


def test_the_type_of_a_policy_stays(hands: Hands) -> None:
    hands.put_stepping("p")
    text = refused(
        hands.api.put_scaling_policy, **place(), **TRACK, TargetTrackingScalingPolicyConfiguration=tracking()
    )
    assert "cannot be changed" in text
    hands.api.put_scaling_policy(**place(), PolicyName="p", StepScalingPolicyConfiguration=stepping(3))
    assert policies(hands)[0]["StepScalingPolicyConfiguration"] == stepping(3)


def test_the_unit_reaches_the_alarms(hands: Hands) -> None:
    config = {"TargetValue": 5.0, "CustomizedMetricSpecification": TRACKED | {"Unit": "Count"}}
    hands.api.put_scaling_policy(**place(), **TRACK, TargetTrackingScalingPolicyConfiguration=config)
    assert {alarm["Unit"] for alarm in alarms(hands).values()} == {"Count"}

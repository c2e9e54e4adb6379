"""Scalable targets and their tags, through boto3."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import Account, refused
from tests.local_aws.scaling_hands import DIMENSION, Hands, place, resource


@pytest.fixture
def hands(aws: SteppedAws) -> Hands:
    return Hands(aws)


def described(hands: Hands, **params: Any) -> list[dict[str, Any]]:
    return list(
        hands.api.describe_scalable_targets(ServiceNamespace="sagemaker", **params)["ScalableTargets"]
    )


def test_register_and_describe(hands: Hands) -> None:
    arn = hands.register(0, 8)
    (target,) = described(hands)
    assert target["ScalableTargetARN"] == arn
    assert arn.startswith("arn:aws:application-autoscaling:us-east-1:123456789012:scalable-target/")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 8)
    assert target["CreationTime"].timestamp() == hands.aws.now()
    assert target["RoleARN"].endswith("/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint")
    assert target["SuspendedState"] == {
        "DynamicScalingInSuspended": False,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }


def test_registering_again_changes_only_what_is_given(hands: Hands) -> None:
    arn = hands.register(0, 8, SuspendedState={"DynamicScalingInSuspended": True})
    assert hands.api.register_scalable_target(**place(), MaxCapacity=4)["ScalableTargetARN"] == arn
    hands.api.register_scalable_target(**place(), SuspendedState={"ScheduledScalingSuspended": True})
    (target,) = described(hands)
    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 4)
    assert target["SuspendedState"] == {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": True,
    }


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"MinCapacity": 0}, "MinCapacity and MaxCapacity must be specified"),
        ({"MaxCapacity": 4}, "MinCapacity and MaxCapacity must be specified"),
        ({"MinCapacity": 9, "MaxCapacity": 4}, "Maximum capacity cannot be less than minimum capacity"),
        ({"MinCapacity": -1, "MaxCapacity": 4}, "greater than or equal to 0"),
        ({"MinCapacity": 0, "MaxCapacity": 4, "ResourceId": resource("nowhere")}, "Could not find endpoint"),
        (
            {"MinCapacity": 0, "MaxCapacity": 4, "ResourceId": "endpoint/doc/variant/Other"},
            'Could not find variant "Other"',
        ),
        (
            {"MinCapacity": 0, "MaxCapacity": 4, "ResourceId": "service/default/web"},
            "Unsupported service namespace",
        ),
        (
            {"MinCapacity": 0, "MaxCapacity": 4, "ScalableDimension": "ecs:service:DesiredCount"},
            "Unsupported service namespace",
        ),
        (
            {"MinCapacity": 0, "MaxCapacity": 4, "ServiceNamespace": "sagemakr"},
            "Member must satisfy enum value set",
        ),
        (
            {"MinCapacity": 0, "MaxCapacity": 4, "ScalableDimension": "x"},
            "Member must satisfy enum value set",
        ),
    ],
)
def test_what_register_refuses(hands: Hands, params: dict[str, Any], text: str) -> None:
    assert text in refused(hands.api.register_scalable_target, **(place() | params))
    assert described(hands) == []


def test_a_bound_that_would_cross_the_other_changes_nothing(hands: Hands) -> None:
    hands.register(2, 4)
    refused(hands.api.register_scalable_target, **place(), MaxCapacity=1)
    refused(hands.api.register_scalable_target, **place(), MinCapacity=5)
    assert (described(hands)[0]["MinCapacity"], described(hands)[0]["MaxCapacity"]) == (2, 4)


def test_a_real_time_endpoint_keeps_at_least_one(hands: Hands) -> None:
    hands.create("live", asynchronous=False)
    text = refused(hands.api.register_scalable_target, **place("live"), MinCapacity=0, MaxCapacity=2)
    assert "real-time" in text
    hands.api.register_scalable_target(**place("live"), MinCapacity=1, MaxCapacity=2)
    refused(hands.api.register_scalable_target, **place("live"), MinCapacity=0)


def test_other_services_are_not_offered(hands: Hands) -> None:
    other = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/default/web",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    refused(hands.api.register_scalable_target, "NotImplemented", **other, MinCapacity=0, MaxCapacity=1)
    refused(hands.api.describe_scalable_targets, "NotImplemented", ServiceNamespace="ecs")
    copies = place() | {"ScalableDimension": "sagemaker:inference-component:DesiredCopyCount"}
    refused(hands.api.deregister_scalable_target, "NotImplemented", **copies)


def test_forecasts_are_not_offered(hands: Hands) -> None:
    span = {"StartTime": 0, "EndTime": 1}
    refused(hands.api.get_predictive_scaling_forecast, "NotImplemented", **place(), PolicyName="p", **span)


def test_deregister_takes_policies_alarms_and_actions_with_it(hands: Hands) -> None:
    hands.register()
    hands.put_tracking()
    hands.put_alarm(hands.put_stepping(), "mine")
    hands.api.put_scheduled_action(
        **place(), ScheduledActionName="open", Schedule="rate(1 day)", ScalableTargetAction={"MinCapacity": 1}
    )
    hands.api.deregister_scalable_target(**place())
    assert described(hands) == []
    assert hands.api.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []
    assert hands.api.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"] == []
    assert [alarm.name for alarm in hands.world.alarms.all()] == ["mine"]
    text = refused(hands.api.deregister_scalable_target, "ObjectNotFoundException", **place())
    assert text == (
        "No scalable target registered for service namespace: sagemaker, "
        f"resource ID: endpoint/doc/variant/AllTraffic, scalable dimension: {DIMENSION}"
    )


def test_deleting_the_endpoint_deregisters(aws: SteppedAws) -> None:
    account = Account(aws)
    account.endpoint("doc")
    account.scaling.register_scalable_target(**place(), MinCapacity=0, MaxCapacity=2)
    account.sagemaker.delete_endpoint(EndpointName="doc")
    aws.advance(120)
    assert account.scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_describe_by_resource_and_in_pages(hands: Hands) -> None:
    hands.world.quotas.set("ml.g5.xlarge", 100)
    names = [f"e{i:02}" for i in range(53)]
    for name in names:
        hands.create(name)
        hands.api.register_scalable_target(**place(name), MinCapacity=0, MaxCapacity=1)
    first = hands.api.describe_scalable_targets(ServiceNamespace="sagemaker")
    assert len(first["ScalableTargets"]) == 50
    pages = hands.api.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="sagemaker", PaginationConfig={"PageSize": 20}
    )
    assert [t["ResourceId"] for page in pages for t in page["ScalableTargets"]] == [
        resource(n) for n in names
    ]
    some = described(hands, ResourceIds=[resource("e07"), resource("unknown")], ScalableDimension=DIMENSION)
    assert [t["ResourceId"] for t in some] == [resource("e07")]


def test_what_describe_refuses(hands: Hands) -> None:
    describe = hands.api.describe_scalable_targets
    refused(describe, ServiceNamespace="sagemaker", MaxResults=51)
    refused(describe, ServiceNamespace="sagemaker", MaxResults=0)
    refused(describe, ServiceNamespace="sagemaker", ScalableDimension=DIMENSION)
    refused(describe, "InvalidNextTokenException", ServiceNamespace="sagemaker", NextToken="bm90aGluZw==")
    refused(describe, "InvalidNextTokenException", ServiceNamespace="sagemaker", NextToken="é~")


def test_tags(hands: Hands) -> None:
    arn = hands.register(0, 8, Tags={"team": "docs"})
    hands.api.tag_resource(ResourceARN=arn, Tags={"stage": "prod", "team": "ocr"})
    assert hands.api.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"team": "ocr", "stage": "prod"}
    hands.api.untag_resource(ResourceARN=arn, TagKeys=["team", "unknown"])
    assert hands.api.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"stage": "prod"}
    many = {f"k{i}": "v" for i in range(50)}
    refused(hands.api.tag_resource, "TooManyTagsException", ResourceARN=arn, Tags=many)
    refused(hands.api.tag_resource, ResourceARN=arn, Tags={"aws:own": "v"})
    gone = arn.rpartition("/")[0] + "/0000"
    for call, more in (
        (hands.api.tag_resource, {"Tags": {"a": "b"}}),
        (hands.api.untag_resource, {"TagKeys": ["a"]}),
        (hands.api.list_tags_for_resource, {}),
    ):
        refused(call, "ResourceNotFoundException", ResourceARN=gone, **more)

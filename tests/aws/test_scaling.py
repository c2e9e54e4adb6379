"""Parsers of scaling records and alarms, leniently; and the readers against a deployment made over the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.aws import alarms, scaling
from ops.aws.calls import Reading
from ops.aws.endpoints import EndpointReader, parse_endpoint
from ops.aws.session import AwsSession, Where
from ops.core.types import Bounds, EndpointRef, MetricRef, StepPolicy, Suspended, TargetTrackingPolicy
from tests.living import TUESDAY, answering, living

T = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "desired"),
    [
        ("Setting desired instance count to 48.", 48),
        ("Setting desired instance count to 0.", 0),
        ("Setting desired capacity to 3.", 3),
        ("setting desired count to 2", 2),
        ("Setting min capacity to 1 and max capacity to 4", None),
        ("Attempting to scale due to alarm triggered", None),
        ("", None),
    ],
)
def test_desired_count_is_read_from_the_description(text: str, desired: int | None) -> None:
    assert scaling.parse_activity({"StartTime": T, "Description": text}).desired == desired


def test_an_activity_that_did_not_scale() -> None:
    wire = {
        "ActivityId": "1",
        "StartTime": T,
        "StatusCode": "Failed",
        "NotScaledReasons": [{"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 4}],
    }
    assert scaling.parse_activity(wire).not_scaled == ("AlreadyAtMaxCapacity",)


def tracking(**more: Any) -> dict[str, Any]:
    return {
        "PolicyName": "p",
        "PolicyARN": "arn",
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 5, **more},
    }


def test_target_tracking_with_defaults() -> None:
    metric = {
        "MetricName": "ApproximateBacklogSizePerInstance",
        "Namespace": "AWS/SageMaker",
        "Dimensions": [{"Name": "EndpointName", "Value": "doc"}],
        "Statistic": "Average",
    }
    policy = scaling.parse_policy(tracking(CustomizedMetricSpecification=metric))
    assert isinstance(policy, TargetTrackingPolicy)
    assert (policy.scale_out_cooldown, policy.scale_in_cooldown, policy.disable_scale_in) == (300, 300, False)
    assert policy.metric == MetricRef(
        "AWS/SageMaker", "ApproximateBacklogSizePerInstance", (("EndpointName", "doc"),), "Average"
    )


def test_target_tracking_on_an_expression_or_a_predefined_metric() -> None:
    of_math = scaling.parse_policy(tracking(CustomizedMetricSpecification={"Metrics": [{"Id": "m1"}]}))
    predefined = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    given = scaling.parse_policy(tracking(PredefinedMetricSpecification=predefined))
    assert isinstance(of_math, TargetTrackingPolicy)
    assert of_math.metric is None
    assert isinstance(given, TargetTrackingPolicy)
    assert given.predefined == "SageMakerVariantInvocationsPerInstance"


def test_a_kind_of_policy_that_variants_do_not_have() -> None:
    assert scaling.parse_policy({"PolicyName": "p", "PredictiveScalingPolicyConfiguration": {}}) is None


def test_suspended_flags() -> None:
    wire = {"MinCapacity": 0, "MaxCapacity": 4, "SuspendedState": {"DynamicScalingOutSuspended": True}}
    target = scaling.parse_target(wire)
    assert (target.bounds, target.suspended) == (Bounds(0, 4), Suspended(scale_out=True))


def test_an_alarm_over_an_expression_has_no_single_metric() -> None:
    alarm = alarms.parse_alarm({"AlarmName": "a", "Metrics": [{"Id": "e1"}], "EvaluationPeriods": 3})
    assert alarm.metric is None
    assert (alarm.datapoints_to_alarm, alarm.missing, alarm.actions_enabled) == (3, "missing", True)


def test_alarms_of_an_endpoint() -> None:
    endpoint = parse_endpoint(
        {"EndpointName": "doc", "CreationTime": T, "LastModifiedTime": T}, {}, EndpointRef("1", "r", "doc")
    )
    plain = alarms.parse_alarm({"AlarmName": "a"})
    here = MetricRef(
        "AWS/SageMaker", "HasBacklogWithoutCapacity", (("EndpointName", "doc"), ("VariantName", "v"))
    )
    watching = replace(plain, name="watching", metric=here)
    running = replace(plain, name="running", actions=("arn:p",))
    named = replace(plain, name="named")
    other = replace(plain, name="other", metric=replace(here, dimensions=(("EndpointName", "doc2"),)))
    policy = StepPolicy("p", "arn:p", "ChangeInCapacity", (), alarm_names=("named",))
    found = alarms.AlarmIndex([watching, running, named, other]).of(endpoint, [policy])
    assert [a.name for a in found] == ["watching", "running", "named"]


def test_a_minimal_endpoint_has_unknown_counts_not_zero() -> None:
    wire = {"EndpointName": "doc", "CreationTime": T, "LastModifiedTime": T, "EndpointStatus": "Creating"}
    endpoint = parse_endpoint(wire, {}, EndpointRef("1", "r", "doc"))
    assert (endpoint.current, endpoint.desired, endpoint.instance_type) == (None, None, None)
    assert not endpoint.is_async
    assert endpoint.publish_interval == 60


def test_an_asynchronous_endpoint_with_its_configuration() -> None:
    wire = {
        "EndpointName": "doc",
        "EndpointConfigName": "doc-1",
        "CreationTime": T,
        "LastModifiedTime": T,
        "EndpointStatus": "InService",
        "ProductionVariants": [{"VariantName": "blue", "CurrentInstanceCount": 0, "DesiredInstanceCount": 1}],
        "AsyncInferenceConfig": {
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
            "OutputConfig": {"S3OutputPath": "s3://o", "NotificationConfig": {"ErrorTopic": "arn:t"}},
        },
    }
    config = {
        "CreationTime": T,
        "MetricsConfig": {"MetricPublishFrequencyInSeconds": 30},
        "ProductionVariants": [{"VariantName": "blue", "InstanceType": "ml.g6.xlarge"}],
    }
    endpoint = parse_endpoint(wire, config, EndpointRef("1", "r", "doc"))
    assert endpoint.ref.resource_id == "endpoint/doc/variant/blue"
    assert (endpoint.current, endpoint.desired, endpoint.instance_type) == (0, 1, "ml.g6.xlarge")
    assert (endpoint.publish_interval, endpoint.config_created) == (30, T)
    assert endpoint.async_config is not None
    assert endpoint.async_config.max_concurrent == 4
    assert (endpoint.async_config.failure_path, endpoint.async_config.error_topic) == (None, "arn:t")


@pytest.mark.parametrize(
    ("names", "others", "says"),
    [
        (("blue",), (), ()),
        (("blue", "green"), ("green",), ("Only the variant blue is looked at, not green.",)),
        (("a", "b", "c"), ("b", "c"), ("Only the variant a is looked at, not b and c.",)),
    ],
)
def test_of_several_variants_the_first_is_looked_at_and_that_is_said(
    names: tuple[str, ...], others: tuple[str, ...], says: tuple[str, ...]
) -> None:
    wire = {
        "EndpointName": "doc",
        "EndpointStatus": "InService",
        "CreationTime": 1.7e9,
        "LastModifiedTime": 1.7e9,
    }
    body = json.dumps(wire | {"ProductionVariants": [{"VariantName": name} for name in names]}).encode()
    with answering(lambda target, asked: (200, {"Content-Type": "application/x-amz-json-1.1"}, body)) as url:
        session = AwsSession(Where("embedded", "us-east-1", url, loopback=True))
        described = EndpointReader("1", "us-east-1").one(Reading(session), "doc")
        session.close()
    assert described is not None
    endpoint, problems = described
    assert (endpoint.ref.variant, endpoint.other_variants) == (names[0], others)
    assert tuple(p.what for p in problems) == says


@pytest.fixture(scope="module")
def reading() -> Iterator[Reading]:
    with living(days=8) as (server, _):
        session = AwsSession(Where("embedded", "us-east-1", server.url, loopback=True))
        yield Reading(session)
        session.close()


def test_readers_over_the_wire(reading: Reading) -> None:
    resource = "endpoint/doc-async/variant/AllTraffic"
    assert scaling.targets(reading)[resource].bounds == Bounds(0, 8)
    kinds = {type(p) for p in scaling.policies(reading)[resource]}
    assert kinds == {TargetTrackingPolicy, StepPolicy}
    named = {n for p in scaling.policies(reading)[resource] for n in p.alarm_names}
    found, problems = alarms.read(reading)
    assert named <= {a.name for a in found}
    assert problems == ()
    (action, *_) = scaling.schedules(reading)["endpoint/forms-berlin/variant/AllTraffic"]
    assert action.timezone == "Europe/Berlin"


def test_activities_page_until_they_are_old_enough(reading: Reading) -> None:
    resource = "endpoint/doc-async/variant/AllTraffic"
    now = datetime.fromtimestamp(TUESDAY, UTC)
    newest = scaling.activities(reading, resource)
    assert 0 < len(newest) <= 50
    assert [a.start for a in newest] == sorted((a.start for a in newest), reverse=True)
    since = now - timedelta(days=3)
    found = scaling.activities(reading, resource, since=since, most=500)
    assert sum(a.start < since for a in found) <= 1
    assert len(scaling.activities(reading, resource, most=7)) == 7

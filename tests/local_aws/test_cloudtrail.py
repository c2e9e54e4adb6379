"""CloudTrail's event history through a real client."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.local_aws.trail import AUTOSCALING_ROLE, AUTOSCALING_USER
from ops.local_aws.world import WorldOptions
from tests.local_aws.conftest import SteppedAws


def lookup(aws: SteppedAws, **attribute: str) -> list[dict[str, Any]]:
    wanted = [{"AttributeKey": key, "AttributeValue": value} for key, value in attribute.items()]
    found: list[dict[str, Any]] = aws.client("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
    return found


def make_groups(aws: SteppedAws, count: int) -> None:
    logs = aws.client("logs")
    for i in range(count):
        logs.create_log_group(logGroupName=f"/g/{i}")
        aws.clock.jump(1)


def test_a_mutating_call_is_on_record_and_a_reading_one_is_not(aws: SteppedAws) -> None:
    make_groups(aws, 1)
    aws.client("logs").describe_log_groups()
    (event,) = lookup(aws)
    assert event["EventName"] == "CreateLogGroup"
    assert event["EventSource"] == "logs.amazonaws.com"
    assert event["ReadOnly"] == "false"
    assert event["AccessKeyId"] == "AKIAEXAMPLE"
    assert event["EventTime"] == datetime.fromtimestamp(int(aws.now() - 1), UTC)
    assert event["Resources"] == [{"ResourceType": "AWS::Logs::LogGroup", "ResourceName": "/g/0"}]
    record = json.loads(event["CloudTrailEvent"])
    assert record["requestParameters"] == {"logGroupName": "/g/0"}
    assert record["responseElements"] is None
    assert record["awsRegion"] == "us-east-1"
    assert record["sourceIPAddress"] == "127.0.0.1"
    assert record["userAgent"].startswith("Boto3/")
    assert record["eventID"] == event["EventId"]
    assert record["readOnly"] is False
    identity = aws.client("sts").get_caller_identity()
    assert event["Username"] == identity["Arn"].rpartition("/")[2] == record["userIdentity"]["userName"]


def test_a_refused_call_is_on_record_with_its_error(aws: SteppedAws) -> None:
    with pytest.raises(ClientError):
        aws.client("logs").delete_log_group(logGroupName="/none")
    record = json.loads(lookup(aws)[0]["CloudTrailEvent"])
    assert record["errorCode"] == "ResourceNotFoundException"
    assert "does not exist" in record["errorMessage"]


def test_data_plane_writes_are_not_in_the_history(aws: SteppedAws) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="/g")
    logs.create_log_stream(logGroupName="/g", logStreamName="s")
    logs.put_log_events(
        logGroupName="/g",
        logStreamName="s",
        logEvents=[{"timestamp": int(aws.now() * 1000), "message": "x"}],
    )
    assert {event["EventName"] for event in lookup(aws)} == {"CreateLogGroup", "CreateLogStream"}


def test_calls_of_application_auto_scaling_carry_the_source_of_ec2_auto_scaling(aws: SteppedAws) -> None:
    with pytest.raises(ClientError):
        aws.client("application-autoscaling").deregister_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId="endpoint/none/variant/AllTraffic",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        )
    (event,) = lookup(aws, EventName="DeregisterScalableTarget")
    assert event["EventSource"] == "autoscaling.amazonaws.com"
    record = json.loads(event["CloudTrailEvent"])
    assert record["additionalEventData"] == {"service": "application-autoscaling"}
    assert record["requestParameters"]["resourceId"] == "endpoint/none/variant/AllTraffic"


def test_newest_first_in_pages_without_loss(aws: SteppedAws) -> None:
    make_groups(aws, 120)
    client = aws.client("cloudtrail")
    pages = list(client.get_paginator("lookup_events").paginate())
    assert [len(page["Events"]) for page in pages] == [50, 50, 20]
    names = [event["Resources"][0]["ResourceName"] for page in pages for event in page["Events"]]
    assert names == [f"/g/{i}" for i in reversed(range(120))]
    assert len(client.lookup_events(MaxResults=7)["Events"]) == 7


def test_a_page_token_holds_while_new_events_come_in(aws: SteppedAws) -> None:
    make_groups(aws, 6)
    client = aws.client("cloudtrail")
    first = client.lookup_events(MaxResults=3)
    aws.client("logs").create_log_group(logGroupName="/late")
    second = client.lookup_events(MaxResults=3, NextToken=first["NextToken"])
    names = [event["Resources"][0]["ResourceName"] for event in second["Events"]]
    assert names == ["/g/2", "/g/1", "/g/0"]


def test_lookup_by_each_attribute(aws: SteppedAws) -> None:
    make_groups(aws, 2)
    aws.world.trail.add(
        "UpdateEndpointWeightsAndCapacities",
        "sagemaker.amazonaws.com",
        aws.now() - 86_400,
        AUTOSCALING_ROLE,
        {"endpointName": "doc-async"},
        resources=[("AWS::SageMaker::Endpoint", "doc-async")],
    )
    scaled = lookup(aws, EventName="UpdateEndpointWeightsAndCapacities")
    assert len(scaled) == 1
    for key, value in {
        "EventSource": "sagemaker.amazonaws.com",
        "ResourceType": "AWS::SageMaker::Endpoint",
        "ResourceName": "doc-async",
        "Username": AUTOSCALING_USER,
        "EventId": scaled[0]["EventId"],
    }.items():
        assert lookup(aws, **{key: value}) == scaled
    assert len(lookup(aws, AccessKeyId="AKIAEXAMPLE")) == 2
    assert len(lookup(aws, ReadOnly="false")) == 3
    assert lookup(aws, ReadOnly="true") == []
    identity = json.loads(scaled[0]["CloudTrailEvent"])["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert AUTOSCALING_ROLE in identity["arn"]
    assert [event["EventName"] for event in lookup(aws)][-1] == "UpdateEndpointWeightsAndCapacities"


def test_a_window_of_time(aws: SteppedAws) -> None:
    start = aws.now()
    make_groups(aws, 5)
    found = aws.client("cloudtrail").lookup_events(
        StartTime=datetime.fromtimestamp(start + 1, UTC), EndTime=datetime.fromtimestamp(start + 3, UTC)
    )
    assert [event["Resources"][0]["ResourceName"] for event in found["Events"]] == ["/g/3", "/g/2", "/g/1"]


def test_history_goes_back_ninety_days(aws: SteppedAws) -> None:
    day = 86_400
    for ago in (89, 91):
        aws.world.trail.add("CreateEndpoint", "sagemaker.amazonaws.com", aws.now() - ago * day, "alice")
    assert len(lookup(aws)) == 1


def test_refusals_are_typed(aws: SteppedAws) -> None:
    client = aws.client("cloudtrail")
    two = [{"AttributeKey": key, "AttributeValue": "x"} for key in ("EventName", "Username")]
    with pytest.raises(client.exceptions.InvalidLookupAttributesException):
        client.lookup_events(LookupAttributes=two)
    with pytest.raises(client.exceptions.InvalidTimeRangeException):
        client.lookup_events(
            StartTime=datetime(2026, 9, 2, tzinfo=UTC), EndTime=datetime(2026, 9, 1, tzinfo=UTC)
        )
    with pytest.raises(ClientError, match="ValidationException"):
        client.lookup_events(MaxResults=51)
    for token in ("nonsense", "W10=", "WyJhIiwxXQ=="):
        with pytest.raises(client.exceptions.InvalidNextTokenException):
            client.lookup_events(NextToken=token)


def test_the_same_seed_gives_the_same_event_ids() -> None:
    def ids(seed: int) -> list[str]:
        stepped = SteppedAws(WorldOptions(seed=seed))
        try:
            make_groups(stepped, 3)
            return [event["EventId"] for event in lookup(stepped)]
        finally:
            stepped.server.stop()

    assert ids(1) == ids(1)
    assert set(ids(1)).isdisjoint(ids(2))

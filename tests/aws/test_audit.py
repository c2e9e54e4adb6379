"""CloudTrail's events, read leniently into changes; and the reader against the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.aws import audit
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.core.errors import Denied
from ops.core.marks import KINDS
from ops.local_aws.server import LocalAws
from ops.local_aws.trail import AUTOSCALING_ROLE
from tests.living import TUESDAY, error, gated
from tests.small_worlds import NAME, small

T = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
ALARMS = {"wake-doc": "doc", "wake-ocr": "ocr"}
USER = {"type": "IAMUser", "userName": "jane", "arn": "arn:aws:iam::123456789012:user/jane"}
RESOURCE = "endpoint/doc/variant/AllTraffic"


def event(name: str, request: Any, identity: Any = USER, **more: Any) -> dict[str, Any]:
    record = {"userIdentity": identity, "requestParameters": request, **more}
    return {
        "EventId": "e1",
        "EventName": name,
        "EventTime": T,
        "Username": "jane",
        "CloudTrailEvent": json.dumps(record),
    }


def said(wire: dict[str, Any]) -> list[tuple[str, str]]:
    return [(change.endpoint, change.what) for change in audit.parse(wire, ALARMS)]


def about(**more: Any) -> dict[str, Any]:
    return {"resourceId": RESOURCE, **more}


DIMENSIONS = [{"name": "EndpointName", "value": "doc"}]
OPEN = {"scheduledActionName": "open", "schedule": "cron(0 8 ? * MON-FRI *)", "timezone": "Europe/Berlin"}
HALF = {"dynamicScalingOutSuspended": True, "scheduledScalingSuspended": False}
COUNT, WEIGHT = {"desiredInstanceCount": 3}, {"desiredWeight": 1.0}
CASES = [
    ("UpdateEndpoint", {"endpointName": "doc", "endpointConfigName": "doc-12"}, "deploy of doc-12"),
    ("UpdateEndpoint", {"EndpointName": "doc"}, "deploy of a configuration"),
    ("CreateEndpoint", {"endpointName": "doc", "endpointConfigName": "doc-1"}, "creation with doc-1"),
    ("DeleteEndpoint", {"endpointName": "doc"}, "deletion of the endpoint"),
    ("RegisterScalableTarget", about(minCapacity=1, maxCapacity=4), "bounds to 1–4"),
    ("RegisterScalableTarget", about(minCapacity=0), "minimum to 0"),
    ("RegisterScalableTarget", about(maxCapacity="9"), "maximum to 9"),
    (
        "RegisterScalableTarget",
        about(minCapacity=0, suspendedState=HALF),
        "minimum to 0, scale-out suspended, schedules allowed again",
    ),
    ("RegisterScalableTarget", about(minCapacity=True, maxCapacity=[]), "the scaling target as it was"),
    ("DeregisterScalableTarget", about(), "scaling target removed"),
    ("PutScalingPolicy", about(policyName="wake"), "policy wake set"),
    ("DeleteScalingPolicy", about(), "a policy removed"),
    (
        "PutScheduledAction",
        about(**OPEN, scalableTargetAction={"minCapacity": 1}),
        "schedule open set: cron(0 8 ? * MON-FRI *) Europe/Berlin, minimum 1",
    ),
    ("DeleteScheduledAction", about(scheduledActionName="open"), "schedule open removed"),
    ("PutMetricAlarm", {"alarmName": "a", "dimensions": DIMENSIONS}, "alarm a set"),
    ("PutMetricAlarm", {"metrics": [{"metricStat": {"metric": {"dimensions": DIMENSIONS}}}]}, "an alarm set"),
    ("DeleteAlarms", {"alarmNames": ["wake-doc", "of another team"]}, "alarm wake-doc removed"),
    (
        "DisableAlarmActions",
        {"alarmNames": ["wake-doc"]},
        "alarm wake-doc silenced: its actions switched off",
    ),
    (
        "EnableAlarmActions",
        {"alarmNames": ["wake-doc"]},
        "alarm wake-doc acts again: its actions switched on",
    ),
    ("SetAlarmState", {"alarmName": "wake-doc", "stateValue": "OK"}, "alarm wake-doc put into OK by hand"),
    (
        "UpdateEndpointWeightsAndCapacities",
        {"endpointName": "doc", "desiredWeightsAndCapacities": [COUNT]},
        "capacity set to 3",
    ),
    (
        "UpdateEndpointWeightsAndCapacities",
        {"endpointName": "doc", "desiredWeightsAndCapacities": [WEIGHT, "?"]},
        "weights of the variants",
    ),
]


@pytest.mark.parametrize(("name", "request_", "what"), CASES)
def test_each_call_is_said_as_a_clause(name: str, request_: dict[str, Any], what: str) -> None:
    assert said(event(name, request_)) == [("doc", what)]


def test_every_name_that_is_looked_up_has_words() -> None:
    assert set(KINDS) < set(audit.NAMES)
    assert len(audit.NAMES) == 15


def test_a_call_on_alarms_of_two_endpoints_is_a_change_of_each() -> None:
    assert said(event("DeleteAlarms", {"alarmNames": ["wake-doc", "wake-ocr"]})) == [
        ("doc", "alarm wake-doc removed"),
        ("ocr", "alarm wake-ocr removed"),
    ]


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("RegisterScalableTarget", {"resourceId": "service/cluster/other", "minCapacity": 1}),
        ("RegisterScalableTarget", {"resourceId": ["endpoint/doc/variant/AllTraffic"]}),
        (
            "PutMetricAlarm",
            {"alarmName": "of another team", "dimensions": [{"name": "QueueName", "value": "doc"}]},
        ),
        (
            "PutMetricAlarm",
            {"alarmName": 7, "dimensions": "EndpointName", "metrics": [None, {"metricStat": 1}]},
        ),
        ("DeleteAlarms", {"alarmNames": "wake-doc"}),
        ("UpdateEndpoint", None),
        ("UpdateEndpoint", {"endpointName": ""}),
        ("InventedEvent", {"endpointName": "doc"}),
    ],
)
def test_what_concerns_no_endpoint_is_no_change(name: str, request_: Any) -> None:
    assert said(event(name, request_)) == []


@pytest.mark.parametrize(
    "record", ["", "null", "[]", "{", "7", '{"userIdentity": 1, "requestParameters": "x"}', None]
)
def test_a_broken_record_still_tells_what_the_answer_itself_holds(record: str | None) -> None:
    wire = {
        "EventName": "UpdateEndpoint",
        "EventTime": T,
        "Username": "jane",
        "CloudTrailEvent": record,
        "Resources": [{}, "odd", {"ResourceType": "AWS::SageMaker::Endpoint", "ResourceName": "doc"}],
    }
    (change,) = audit.parse(wire, ALARMS)
    assert (change.endpoint, change.who, change.what) == ("doc", "jane", "deploy of a configuration")
    assert not change.by_service


@pytest.mark.parametrize(
    ("identity", "who", "by_service"),
    [
        (USER, "jane", False),
        ({"type": "Root", "arn": "arn:aws:iam::123456789012:root"}, "the root user", False),
        (
            {"type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/Deploy/jane@example.com"},
            "Deploy/jane@example.com",
            False,
        ),
        (
            {"type": "AssumedRole", "arn": f"arn:aws:sts::123456789012:assumed-role/{AUTOSCALING_ROLE}/AutoScaling"},
            f"{AUTOSCALING_ROLE}/AutoScaling",
            True,
        ),
        (
            {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"userName": AUTOSCALING_ROLE}}},
            "jane",
            True,
        ),
        ({"type": "AWSService", "invokedBy": "sagemaker.amazonaws.com"}, "jane", True),
        ({"type": "IAMUser", "invokedBy": "cloudformation.amazonaws.com", "userName": "ci"}, "ci", False),
        ({}, "jane", False),
        ("nobody", "jane", False),
    ],
)  # fmt: skip
def test_who_did_it(identity: Any, who: str, by_service: bool) -> None:
    (change,) = audit.parse(event("DeleteEndpoint", {"endpointName": "doc"}, identity), ALARMS)
    assert (change.who, change.by_service) == (who, by_service)


def test_a_refused_call_carries_its_code_and_long_names_are_cut_to_one_line() -> None:
    request = {"endpointName": "doc", "endpointConfigName": "a\n\x00b" + "c" * 200}
    (change,) = audit.parse(event("UpdateEndpoint", request, errorCode="ValidationException"), ALARMS)
    assert change.error == "ValidationException"
    assert change.what.startswith("deploy of a bccc")
    assert change.what.endswith("…")
    assert len(change.what) < 100


@pytest.fixture(scope="module")
def server() -> Iterator[LocalAws]:
    with small(0.25) as (running, _):
        yield running


def read(url: str, name: str, token: str | None = None) -> audit.Page:
    now = datetime.fromtimestamp(TUESDAY, UTC)
    session = AwsSession(Where("embedded", "us-east-1", url, loopback=True))
    try:
        return audit.look_up(Reading(session), name, now - timedelta(days=90), now, {}, token)
    finally:
        session.close()


def test_events_are_found_by_name_and_page_by_page(server: LocalAws) -> None:
    trail = server.world.trail
    for number in range(audit.PAGE + 3):
        trail.add(
            "DeleteScalingPolicy",
            "autoscaling.amazonaws.com",
            TUESDAY - 3600 + number,
            "jane",
            {"resourceId": f"endpoint/{NAME}/variant/AllTraffic", "policyName": f"p{number}"},
        )
    first = read(server.url, "DeleteScalingPolicy")
    assert [len(first.changes), first.changes[0].what] == [audit.PAGE, "policy p52 removed"]
    assert first.oldest == first.changes[-1].at
    second = read(server.url, "DeleteScalingPolicy", first.token)
    assert [change.what for change in second.changes] == [f"policy p{n} removed" for n in (2, 1, 0)]
    assert second.token is None
    (bounds,) = read(server.url, "RegisterScalableTarget").changes
    assert (bounds.endpoint, bounds.what, bounds.who) == (NAME, "bounds to 0–3", "terraform")
    moves = read(server.url, "UpdateEndpointWeightsAndCapacities").changes
    assert moves
    assert all(change.by_service for change in moves)


def test_a_denied_look_up_names_its_action(server: LocalAws) -> None:
    with gated(server.url) as (url, gate):
        gate.shut["LookupEvents"] = error("AccessDeniedException")
        with pytest.raises(Denied) as denied:
            read(url, "UpdateEndpoint")
    assert denied.value.action == "cloudtrail:LookupEvents"

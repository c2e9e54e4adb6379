"""A session that assumes a role: once for all its clients, and again before its credentials end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.local_aws.server import LocalAws
from tests.living import living

ROLE = "arn:aws:iam::123456789012:role/ebb-reader"


@pytest.fixture(scope="module")
def server() -> Iterator[LocalAws]:
    with living(empty=True) as (server, _):
        yield server


def reading(server: LocalAws, role: str | None = ROLE, external_id: str | None = None) -> Reading:
    where = Where("embedded", "us-east-1", server.url, loopback=True, role_arn=role, external_id=external_id)
    return Reading(AwsSession(where))


def test_calls_are_made_as_the_role_and_without_one_as_before(server: LocalAws) -> None:
    told = reading(server).ask("sts", "GetCallerIdentity")
    assert told["Arn"] == "arn:aws:sts::123456789012:assumed-role/ebb-reader/ebb"
    before = reading(server, role=None)
    assert "assumed-role" not in before.ask("sts", "GetCallerIdentity")["Arn"]
    assert "sts:AssumeRole" not in before.session.calls()


def test_a_role_is_assumed_once_for_all_clients_and_threads(server: LocalAws) -> None:
    asked = reading(server)
    calls = [("sagemaker", "ListEndpoints"), ("cloudwatch", "DescribeAlarms"), ("sts", "GetCallerIdentity")]
    asked.each(lambda call: asked.ask(*call), calls * 10)
    assert asked.session.calls() == {
        "sts:AssumeRole": 1,
        "sagemaker:ListEndpoints": 10,
        "cloudwatch:DescribeAlarms": 10,
        "sts:GetCallerIdentity": 10,
    }


def test_nothing_is_asked_before_something_is_wanted(server: LocalAws) -> None:
    asked = reading(server)
    asked.session.client("sagemaker")
    assert asked.session.region() == "us-east-1"
    assert asked.session.calls() == {}

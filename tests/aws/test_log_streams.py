"""Log streams: the parser, leniently, and the reader against the embedded AWS over the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from ops.aws import log_streams
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.core.types import utc
from ops.local_aws.server import LocalAws
from tests.living import Answer, answering
from tests.small_worlds import NAME, small


def test_a_stream_with_and_without_events() -> None:
    wire = {"logStreamName": "AllTraffic/i-1", "creationTime": 1000, "firstEventTimestamp": 2000}
    found = log_streams.parse_stream({**wire, "lastEventTimestamp": 61_500})
    assert (found.instance, found.created, found.first, found.last) == ("i-1", utc(1), utc(2), utc(61.5))
    assert not found.is_data_log
    assert log_streams.parse_stream({"logStreamName": "v/i/data-log"}).first is None


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[LocalAws, Reading]]:
    with small(2.0, every_s=2400) as (server, _):
        session = AwsSession(Where("embedded", "us-east-1", server.url, loopback=True))
        yield server, Reading(session)
        session.close()


def test_every_instance_that_ever_served_has_left_one(aws: tuple[LocalAws, Reading]) -> None:
    server, reading = aws
    found = [s for s in log_streams.read(reading, NAME) if not s.is_data_log]
    assert len(found) > log_streams.PAGE, "more than one page"
    first = {s.first for s in found}
    for wake in server.world.fleet.wakes(NAME):
        if wake.provisioned is not None:
            assert min(abs(at.timestamp() - wake.provisioned) for at in first if at is not None) < 0.01


def test_only_the_newest(aws: tuple[LocalAws, Reading]) -> None:
    _, reading = aws
    found = log_streams.read(reading, NAME)
    middle = found[len(found) // 2].last
    some = log_streams.read(reading, NAME, since=middle)
    assert some == tuple(s for s in found if s.last >= middle)  # type: ignore[operator]
    assert log_streams.read(reading, NAME, most=3) == found[:3]


def test_a_new_stream_counts_though_its_newest_event_is_not_told_yet() -> None:
    def listed(target: str, body: bytes) -> Answer:
        streams = [
            {"logStreamName": "v/i-2", "creationTime": 90_000, "lastEventTimestamp": 95_000},
            {"logStreamName": "v/i-1", "creationTime": 10_000, "lastEventTimestamp": 20_000},
            {"logStreamName": "v/i-4", "creationTime": 91_000, "lastEventTimestamp": 15_000},
            {"logStreamName": "v/i-3", "creationTime": 92_000},
            {"logStreamName": "v/i-0", "creationTime": 5_000},
        ]
        headers = {"Content-Type": "application/x-amz-json-1.1"}
        return 200, headers, json.dumps({"logStreams": streams}).encode()

    with answering(listed) as url:
        session = AwsSession(Where("embedded", "us-east-1", url, loopback=True))
        found = log_streams.read(Reading(session), NAME, since=utc(80))
        session.close()
    assert [s.name for s in found] == ["v/i-2", "v/i-4", "v/i-3"]


def test_old_streams_are_not_gone_through_to_the_end(aws: tuple[LocalAws, Reading]) -> None:
    before = aws[1].session.calls()["logs:DescribeLogStreams"]
    assert log_streams.read(aws[1], NAME, since=utc(aws[0].world.clock.now() + 1)) == ()
    assert aws[1].session.calls()["logs:DescribeLogStreams"] == before + 1


def test_no_group_is_no_stream(aws: tuple[LocalAws, Reading]) -> None:
    assert log_streams.read(aws[1], "nobody") == ()

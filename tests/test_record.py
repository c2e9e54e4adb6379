"""The scaling record of an endpoint that has the name of an earlier one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ops.aws.calls import Reading
from ops.aws.endpoints import EndpointReader
from ops.aws.session import AwsSession
from ops.config import Settings
from ops.record import Record, extended, since_born
from ops.store.history import History, Scope
from ops.which_aws import choose
from tests.living import living

NAME = "doc-async"


def test_activities_older_than_the_endpoint_belong_to_another() -> None:
    with living(days=8) as (aws, _):
        session = AwsSession(choose(Settings(endpoint_url=aws.url)))
        history = History.open("sqlite://", Scope("aws", "1", "us-east-1"))
        reading = Reading(session)
        described = EndpointReader("1", "us-east-1").one(reading, NAME)
        assert described is not None
        endpoint, since = described[0], reading.now - timedelta(days=7)
        before = extended(reading, history, endpoint, Record(), since)
        starts = sorted(a.start for a in before.known.values())
        born = starts[len(starts) // 2]
        again = replace(endpoint, created=born)
        after = extended(reading, history, again, Record(), since)
        assert min(a.start for a in after.known.values()) == born
        assert after.tried == after.since == since.timestamp(), "there is nothing more to ask for"
        news = extended(reading, history, again, after, since)
        assert news.known.keys() == after.known.keys()
        moves = since_born(before.known.values(), born)
        assert {a.id for a in moves} == after.known.keys()
        history.close()
        session.close()

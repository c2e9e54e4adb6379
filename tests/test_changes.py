"""CloudTrail is looked up gently: every name once, then its tail; remembered, and told apart from what is unknown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from ops.aws import audit
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.changes import AGAIN_EMBEDDED_S, APART_S, MEMO, MOST_PAGES, ChangeLog
from ops.console import Console
from ops.core.marks import MarkKind
from ops.held import Held
from ops.local_aws.server import LocalAws
from ops.store.history import History, Scope
from tests.living import TUESDAY, Answer, Hand, answering, console_at, error, gated
from tests.small_worlds import NAME, small

NOW = datetime.fromtimestamp(TUESDAY, UTC)
RESOURCE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": f"endpoint/{NAME}/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
ALARMS = {f"wake-{NAME}": NAME}


@pytest.fixture(scope="module")
def server() -> Iterator[LocalAws]:
    with small(0.25) as (running, _):
        trail = running.world.trail
        trail.add(
            "DeleteAlarms", "monitoring.amazonaws.com", TUESDAY - 60, "sam", {"alarmNames": ["wake-doc", "x"]}
        )
        for number in range(audit.PAGE + 10):
            at = TUESDAY - 90_000 + number
            request = {"resourceId": RESOURCE["ResourceId"], "policyName": f"p{number}"}
            trail.add("DeleteScalingPolicy", "autoscaling.amazonaws.com", at, "jane", request)
        yield running


@pytest.fixture
def held() -> Iterator[Held]:
    history = History.open("sqlite://", Scope("aws", "1", "us-east-1"))
    yield Held(history)
    history.close()


@contextmanager
def asking(url: str) -> Iterator[AwsSession]:
    session = AwsSession(Where("embedded", "us-east-1", url, loopback=True))
    yield session
    session.close()


def drained(log: ChangeLog, session: AwsSession, now: datetime = NOW) -> int:
    """How many pages are asked for until nothing is due."""
    pages = 0
    while log.look_up(Reading(session), now, ALARMS) == 0.0:
        pages += 1
    return pages


def looked_up(session: AwsSession) -> int:
    return session.calls().get("cloudtrail:LookupEvents", 0)


def test_every_name_is_read_once_with_all_its_pages_and_later_only_its_tail(
    server: LocalAws, held: Held
) -> None:
    hand = Hand()
    with asking(server.url) as session:
        log = ChangeLog("embedded", held, hand)
        assert log.audit().since is None
        first = drained(log, session)
        assert first == looked_up(session) == len(audit.NAMES) + 1
        assert log.audit().since == NOW - timedelta(days=90)
        assert drained(log, session) == 0
        told = {change.what for change in log.of(NAME)}
        assert {"alarm wake-doc removed", "bounds to 0–3", "policy p0 removed", "policy p59 removed"} <= told
        assert not any(change.by_service for change in log.of(NAME))
        assert len(log.since(NOW - timedelta(minutes=5))) == 1
        hand.at += AGAIN_EMBEDDED_S
        server.world.trail.add(
            "DeleteEndpoint", "sagemaker.amazonaws.com", TUESDAY - 600, "late", {"endpointName": NAME}
        )
        assert drained(log, session, NOW + timedelta(minutes=1)) == len(audit.NAMES)
        assert "late" in {change.who for change in log.of(NAME)}  # ten minutes old when it came
        assert log.of("other") == ()


def test_what_is_known_outlives_the_process_and_is_not_read_again(server: LocalAws, held: Held) -> None:
    with asking(server.url) as session:
        older = ChangeLog("embedded", held, Hand())
        drained(older, session)
        younger = ChangeLog("embedded", held, Hand())
        assert set(younger.of(NAME)) == set(older.of(NAME)) != set()
        assert younger.audit() == older.audit()
        assert drained(younger, session) == len(audit.NAMES)


def test_deploys_name_their_configuration_and_a_memory_without_is_looked_up_again(
    server: LocalAws, held: Held
) -> None:
    with asking(server.url) as session:
        log = ChangeLog("embedded", held, Hand())
        assert log.known_since(audit.DEPLOYS) is None
        drained(log, session)
        created = [c for c in log.of(NAME) if c.operation == "CreateEndpoint"]
        assert [c.config for c in created] == [f"{NAME}-1"]
        assert not any(c.config for c in log.of(NAME) if c.operation not in audit.DEPLOYS)
        assert log.known_since(audit.DEPLOYS) == NOW - timedelta(days=90)
        kept = json.loads(held.memo(MEMO) or "")
        held.remember(MEMO, json.dumps({**kept, "changes": [row[:9] for row in kept["changes"]]}))
        again = ChangeLog("embedded", held, Hand())
        assert {c.operation for c in log.of(NAME)} - {c.operation for c in again.of(NAME)} == {
            "CreateEndpoint"
        }
        assert again.known_since(["CreateEndpoint"]) is None
        drained(again, session)
        assert set(again.of(NAME)) == set(log.of(NAME))
        assert again.known_since(audit.DEPLOYS) == NOW - timedelta(days=90)


@pytest.mark.parametrize(
    "memory", ["[]", "{", '{"changes": [[1]]}', '{"reach": {"UpdateEndpoint": 7}}', "null"]
)
def test_a_memory_that_cannot_be_read_is_read_anew(held: Held, memory: str) -> None:
    held.remember(MEMO, memory)
    log = ChangeLog("embedded", held, Hand())
    assert (log.of(NAME), log.audit().since) == ((), None)


class Emptied:
    """A CloudTrail whose pages end empty, with more to come."""

    def __init__(self, held: Held, events: int) -> None:
        self._log = ChangeLog("embedded", held, Hand())
        self._events = events

    def since(self) -> datetime | None:
        def answer(target: str, body: bytes) -> Answer:
            more = json.loads(body).get("NextToken")
            events = [] if more else [{"EventTime": (NOW - timedelta(days=1)).timestamp()}] * self._events
            page = json.dumps({"Events": events, "NextToken": "more"}).encode()
            return 200, {"Content-Type": "application/x-amz-json-1.1"}, page

        with answering(answer) as url, asking(url) as session:
            for _ in range(len(audit.NAMES) * MOST_PAGES):
                self._log.look_up(Reading(session), NOW, {})
        return self._log.audit().since


def test_empty_pages_are_not_the_end_of_the_record(held: Held) -> None:
    assert Emptied(held, 1).since() == NOW - timedelta(days=1)


def test_nothing_is_claimed_behind_pages_that_were_all_empty(held: Held) -> None:
    assert Emptied(held, 0).since() == NOW


def test_an_alarm_with_a_long_name_keeps_its_endpoint_when_it_is_gone(server: LocalAws, held: Held) -> None:
    long = "a" * 200
    one = {"alarmName": long, "dimensions": [{"name": "EndpointName", "value": NAME}]}
    trail = server.world.trail
    trail.add("PutMetricAlarm", "monitoring.amazonaws.com", TUESDAY - 200_000, "sam", one)
    trail.add("DeleteAlarms", "monitoring.amazonaws.com", TUESDAY - 199_000, "kim", {"alarmNames": [long]})
    with asking(server.url) as session:
        drained(ChangeLog("embedded", held, Hand()), session)
        log = ChangeLog("embedded", held, Hand())
        drained(log, session)
    assert any(c.who == "kim" and c.operation == "DeleteAlarms" for c in log.of(NAME))


def test_on_real_aws_look_ups_keep_their_distance(server: LocalAws, held: Held) -> None:
    hand = Hand()
    with asking(server.url) as session:
        log = ChangeLog("aws", held, hand)
        assert log.look_up(Reading(session), NOW, {}) == APART_S >= 0.5
        hand.at += APART_S / 4
        assert log.look_up(Reading(session), NOW, {}) == APART_S * 3 / 4
        assert looked_up(session) == 1
        hand.at += APART_S
        log.look_up(Reading(session), NOW, {})
        assert looked_up(session) == 2
        for _ in audit.NAMES:
            hand.at += APART_S
            log.look_up(Reading(session), NOW, {})
        hand.at += 200.0  # all read a short while ago
        before = looked_up(session)
        assert log.look_up(Reading(session), NOW, {}) > APART_S
        assert looked_up(session) == before
        hand.at += 200.0
        assert log.look_up(Reading(session), NOW, {}, anybody=False) > APART_S
        assert looked_up(session) == before
        assert log.look_up(Reading(session), NOW, {}) == APART_S


@pytest.mark.parametrize(
    ("code", "action"), [("AccessDeniedException", "cloudtrail:LookupEvents"), ("ThrottlingException", "")]
)
def test_a_refused_look_up_is_a_problem_and_rests(
    server: LocalAws, held: Held, code: str, action: str
) -> None:
    hand = Hand()
    with gated(server.url) as (url, gate), asking(url) as session:
        log = ChangeLog("embedded", held, hand)
        gate.shut["LookupEvents"] = error(code)
        assert log.look_up(Reading(session), NOW, {}) > 1.0
        problem = log.audit().problem
        assert problem is not None
        assert problem.action == action
        asked = looked_up(session)
        assert log.look_up(Reading(session), NOW, {}) > 1.0
        assert looked_up(session) == asked
        gate.shut.clear()
        hand.at += AGAIN_EMBEDDED_S
        drained(log, session)
        assert log.audit().problem is None
        assert log.of(NAME)


@pytest.fixture(scope="module")
def console(server: LocalAws) -> Iterator[Console]:
    with console_at(server.url) as opened:
        yield opened


def test_the_view_of_an_endpoint_holds_what_was_changed_in_its_window(console: Console) -> None:
    console.fleet()
    before = console.view(NAME, timedelta(days=1))
    assert {mark.who for mark in before.changes} == {""}  # the creation, by the endpoint's own word
    while console.look_up(anybody=True) == 0.0:
        pass
    view = console.view(NAME, timedelta(days=1))
    assert {mark.kind for mark in view.changes} >= {
        MarkKind.DEPLOY,
        MarkKind.BOUNDS,
        MarkKind.POLICY,
        MarkKind.ALARM,
    }
    created = [mark for mark in view.changes if mark.kind is MarkKind.DEPLOY and "creation" in mark.sentence]
    assert [(mark.sentence, mark.who) for mark in created] == [("creation with doc-1", "terraform")]
    assert view.audit.since is not None
    assert console.view(NAME, timedelta(hours=3)).changes[-1].said.startswith("deletion")


def test_an_incident_tells_what_was_changed_and_the_last_deploy_before(console: Console) -> None:
    found = console.incident(NAME, everything=True)
    assert found.findings is not None
    assert [mark.who for mark in found.before if mark.kind is MarkKind.DEPLOY] == ["terraform"]
    assert all(mark.at >= found.begin for mark in found.changes)

"""Notices from a reading of the fleet to where they go: SNS to SQS, a webhook, retries, restarts, one test a click."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ops import notifier
from ops.collector import Collector
from ops.config import Settings
from ops.console import Console
from ops.core.errors import BadInput, Denied, OpsError
from ops.core.notices import Notice, Rules
from ops.core.pacing import GAP_S
from ops.core.views import FleetView
from ops.local_aws.story_kit import Kit
from ops.local_aws.traffic import Batch, Traffic, quiet
from ops.notifier import Notifier, NotKnownYet, Place
from ops.pace import IDLE_S, NOTICES_S, Pace
from tests.living import Hand, error, gated
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import Account
from tests.small_worlds import small, told
from tests.test_webhook import SECRET, receiving


@pytest.fixture(scope="module")
def stepped() -> Iterator[SteppedAws]:
    found = SteppedAws()
    yield found
    found.server.stop()


@pytest.fixture(scope="module")
def account(stepped: SteppedAws) -> Account:
    return Account(stepped)


class Ear:
    """A place that keeps what it gets, or fails as often as it is told to."""

    def __init__(self, failures: int = 0, *, passes: bool = True) -> None:
        self.failures, self.passes = failures, passes
        self.heard: list[Notice] = []
        self.tries = 0
        self.done = threading.Event()

    def send(self, console: Console | None, notice: Notice) -> None:
        self.tries += 1
        if self.tries <= self.failures:
            raise OpsError("It did not work.", retryable=self.passes)
        self.heard.append(notice)
        self.done.set()


def of_ear(ear: Ear, hand: Hand | None = None) -> Notifier:
    return Notifier([Place("an ear", ear.send)], Rules(), hand or Hand())


def test_a_test_notice_is_sent_once_for_a_double_click() -> None:
    ear, hand = Ear(), Hand()
    notices = of_ear(ear, hand)
    assert notices.test()
    assert not notices.test()
    notices.deliver()
    hand.at += 11
    assert notices.test()
    notices.deliver()
    assert [n.test for n in ear.heard] == [True, True]
    assert [d.arrived for d in notices.view().deliveries] == [True, True]


@pytest.mark.parametrize(
    ("failures", "passes", "tries", "arrived"),
    [(0, True, 1, True), (2, True, 3, True), (3, True, 3, False), (1, False, 1, False)],
)
def test_what_fails_is_tried_a_few_times_and_then_said(
    failures: int, passes: bool, tries: int, arrived: bool
) -> None:
    ear, pauses = Ear(failures, passes=passes), []
    notices = of_ear(ear)
    notices.test()
    notices.deliver(pauses.append)
    (delivery,) = notices.view().deliveries
    assert (ear.tries, delivery.attempts, delivery.arrived, delivery.given_up) == (
        tries,
        tries,
        arrived,
        not arrived,
    )
    assert bool(delivery.error) is not arrived
    assert len(pauses) == (tries - 1 if passes else 0)


def test_what_nobody_can_send_yet_waits_and_is_not_given_up() -> None:
    ear, known = Ear(), threading.Event()

    def send(console: Console | None, notice: Notice) -> None:
        if not known.is_set():
            raise NotKnownYet("The place of the topic is not known.", "")
        ear.send(console, notice)

    notices = Notifier([Place("topic", send)], Rules(), Hand())
    notices.test()
    for _ in range(5):
        notices.deliver()
    (waiting,) = notices.view().deliveries
    assert (waiting.arrived, waiting.given_up, "not known" in waiting.error) == (False, False, True)
    known.set()
    notices.deliver()
    (delivery,) = notices.view().deliveries
    assert (delivery.arrived, delivery.error, len(ear.heard)) == (True, "", 1)


def test_a_place_that_fails_holds_up_no_other() -> None:
    bad, good = Ear(99), Ear()
    notices = Notifier([Place("bad", bad.send), Place("good", good.send)], Rules(), Hand())
    notices.test()
    notices.deliver()
    assert {d.place: d.arrived for d in notices.view().deliveries} == {"bad": False, "good": True}


def test_threads_send_and_end_when_told() -> None:
    ear = Ear()
    notices = of_ear(ear).start()
    notices.test()
    assert ear.done.wait(10)
    notices.stop()
    assert notices.view().deliveries[0].arrived
    assert not any(thread.name.startswith("notices") for thread in threading.enumerate())


def test_by_webhook() -> None:
    with receiving() as receiver:
        notices = notifier.of(Settings(notify_webhook=receiver.url))
        assert notices is not None
        notices.test()
        notices.deliver()
        (delivery,) = notices.view().deliveries
    assert delivery.arrived
    assert receiver.bodies[0]["title"] == "Ebb: a test notice"
    assert SECRET not in delivery.place + str(notices.view().places)


def test_no_place_is_no_notifier() -> None:
    assert notifier.of(Settings()) is None


def test_through_sns_into_a_queue(stepped: SteppedAws, account: Account) -> None:
    account.messages()
    settings = Settings(
        endpoint_url=stepped.server.url,
        notify_topic=account.error,
        url="https://ebb.example.com",
        region="us-east-1",
    )
    notices = notifier.of(settings)
    assert notices is not None
    with Console.open(settings) as console:
        notices.feed(console, console.fleet())
        notices.test()
        notices.deliver()
        (delivery,) = notices.view().deliveries
        assert delivery.arrived, delivery.error
        assert delivery.place == "SNS topic doc-error"
    bodies = raw(account)
    assert [b["Subject"] for b in bodies] == ["Ebb: a test notice"]
    assert "https://ebb.example.com" in bodies[0]["Message"]


def raw(account: Account) -> list[dict[str, Any]]:
    found = account.sqs.receive_message(QueueUrl=account.queue, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in found]


def test_a_topic_that_is_denied_or_elsewhere_is_said(stepped: SteppedAws, account: Account) -> None:
    with gated(stepped.server.url) as (url, gate), Console.open(Settings(endpoint_url=url)) as console:
        console.connection()
        with pytest.raises(BadInput, match="eu-west-1"):
            console.publish("arn:aws:sns:eu-west-1:123456789012:x", "s", "t")
        gate.shut["*"] = error("AuthorizationError")
        with pytest.raises(Denied) as caught:
            console.publish(account.error, "s", "t")
        assert caught.value.action == "sns:Publish"


def stuck(kit: Kit, born: float) -> None:
    """An endpoint that nothing wakes, with requests that wait."""
    kit.config("stuck", "stuck-1", "ml.g5.xlarge")
    batches = (Batch(born + 3600, 6 * 3600.0, 4, 60.0),)
    kit.endpoint("stuck", "stuck-1", Traffic("stuck", kit.seed, (20.0, 70.0), quiet, batches=batches))
    kit.bounds("stuck", 0, 3)
    kit.track("stuck")


def test_a_loud_endpoint_is_told_once_also_over_a_restart(tmp_path: Path) -> None:
    with told(stuck, 0.4) as (server, clock), receiving() as receiver:
        settings = Settings(
            endpoint_url=server.url,
            state_dir=tmp_path,
            notify_webhook=receiver.url,
            url="http://localhost:8501",
        )
        for _ in range(2):  # the second time is a restart
            notices = notifier.of(settings)
            assert notices is not None
            reader = Collector(
                lambda: Console.open(settings, keep=True), lambda kind: 2.0, Hand(), notices.feed
            )
            for _ in range(3):
                reader.read_once()
                clock.jump(30.0)
            notices.deliver()
            assert notices.view().trouble == ""
            assert [d.arrived for d in notices.view().deliveries] == [True]
            reader.stop()
    (body,) = receiver.bodies
    assert "stuck" in str(body["title"])
    assert "http://localhost:8501/endpoint?endpoint=stuck" in str(body["text"])
    assert SECRET not in json.dumps(body)


class Away(Console):
    """A console whose history is busy for good."""

    def recall(self, key: str) -> str | None:
        return None

    def keep(self, key: str, value: str) -> bool:
        return False


def test_a_history_that_stays_away_does_not_silence_what_is_loud() -> None:
    ear = Ear()
    notices = Notifier([Place("ear", ear.send)], Rules())
    with told(stuck, 0.4) as (server, _), Away.open(Settings(endpoint_url=server.url)) as console:
        fleet = console.fleet()
        for reading in range(notifier.VAIN):
            assert ear.heard == []
            notices.feed(console, fleet)
            assert ("told again" in notices.view().trouble) is True, reading
            notices.deliver()
    assert [len(n.turns) for n in ear.heard] == [1]


def asked_alone(tell: Callable[[Console, FleetView], None] | None) -> int:
    """Metrics asked for in half an hour in which nobody looks, with a reading each minute."""
    with small(0.3) as (server, clock):
        hand = Hand()
        opened = partial(Console.open, Settings(endpoint_url=server.url))
        reader = Collector(opened, lambda kind: 2.0, hand, tell)
        reader.read_once()
        usage = reader.snapshot().usage
        assert usage is not None
        hand.at += IDLE_S + 1
        for _ in range(30):
            clock.jump(NOTICES_S)
            hand.at += NOTICES_S
            reader.read_once()
        after = reader.snapshot().usage
        assert after is not None
        reader.stop()
        return after.metrics - usage.metrics


def test_while_notices_wait_what_a_verdict_needs_is_read_although_nobody_looks() -> None:
    heard: list[int] = []
    told = asked_alone(lambda console, fleet: heard.append(len(fleet.rows)))
    assert asked_alone(None) < told <= 120
    assert len(heard) == 31


def test_the_pace_of_notices() -> None:
    assert Pace(2.0).wait(100.0, 0.0, None) == GAP_S - 100.0
    assert Pace(2.0, NOTICES_S).wait(10.0, 0.0, None) == NOTICES_S - 10.0
    assert Pace(300.0, NOTICES_S).wait(10.0, 0.0, None) == 290.0

"""The sender under trouble: paces, leases, refusals, throttling, lost answers, and batches that are too old."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from ops.aws import requests
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.core.requests import RequestFilter, RequestState, Submission
from ops.requests_loop import RequestsLoop
from ops.sender import Sender, plan
from ops.store.history import History
from ops.store.ledger import Ledger
from tests.living import Answer, Gate, Hand, answering, error, gated
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import BUCKET, Account
from tests.store.samples import OURS

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
INPUT, OUT = f"s3://{BUCKET}/in/1.json", f"s3://{BUCKET}/out/"
S = RequestState
INVOKE = "async-invocations"


@dataclass
class Bench:
    """A ledger, and senders of it behind a gate, with clocks moved by hand."""

    account: Account
    url: str
    gate: Gate
    ledger: Ledger = field(default_factory=lambda: History.open("sqlite://", OURS).ledger())
    hand: Hand = field(default_factory=Hand)

    def sender(self, holder: str = "me") -> Sender:
        session = AwsSession(Where("embedded", "us-east-1", self.url, loopback=True))
        return Sender(
            lambda: Reading(session), self.ledger, holder=holder, monotonic=self.hand, wall=self.hand
        )

    def plan(self, count: int, per_minute: float | None = None, id: str = "b") -> None:
        asked = Submission("doc", INPUT, count=count, per_minute=per_minute)
        rows = plan(asked, id=id, at=NOW, actor="ann", via="browser", output_path=OUT, wall=self.hand())
        self.ledger.plan(*rows)

    def counts(self) -> dict[str, int]:
        return {s.value: n for s, n in self.ledger.counts(RequestFilter()).items() if n}


@pytest.fixture
def bench() -> Iterator[Bench]:
    aws = SteppedAws()
    account = Account(aws)
    account.endpoint()
    account.put_input()
    with gated(aws.server.url) as (url, gate):
        yield Bench(account, url, gate)
    aws.server.stop()


def test_a_burst_goes_a_few_at_a_time(bench: Bench) -> None:
    bench.plan(20)
    sender = bench.sender()
    left = []
    while sender.step() is not None:
        left.append(bench.counts().get("planned", 0))
    assert left == [12, 4, 0]
    assert bench.counts() == {"queued": 20}


def test_a_paced_run_keeps_its_pace_and_a_restart_does_not_hurry_it(bench: Bench) -> None:
    bench.plan(10, per_minute=6)
    sender = bench.sender()
    assert sender.step() == pytest.approx(10.0)
    assert sender.step() == pytest.approx(10.0)
    assert bench.counts()["queued"] == 1
    bench.hand.at += 25
    assert sender.step() == pytest.approx(5.0)
    assert bench.counts()["queued"] == 3
    bench.hand.at += 30  # the first process is gone for longer than its lease
    other = bench.sender("other")
    assert other.step() == pytest.approx(10.0)
    assert bench.counts()["queued"] == 4
    assert sender.step() is not None
    assert bench.counts()["queued"] == 4


def test_throttled_it_waits_longer_each_time_and_then_goes_on(bench: Bench) -> None:
    bench.plan(3)
    bench.gate.shut[INVOKE] = error("ThrottlingException", status=429)
    sender = bench.sender()
    assert sender.step() == pytest.approx(2.0)
    assert bench.counts() == {"planned": 3}
    assert "slow down" in sender.waits["b"]
    bench.hand.at += 2.1
    assert sender.step() == pytest.approx(4.0)
    bench.gate.shut.clear()
    bench.hand.at += 4.1
    while sender.step() is not None:
        pass
    assert bench.counts() == {"queued": 3}
    assert sender.waits == {}


def test_a_call_whose_answer_does_not_say_is_never_made_again(bench: Bench) -> None:
    bench.plan(2)
    bench.gate.shut[INVOKE] = error("ServiceUnavailable", status=503)
    sender = bench.sender()
    while sender.step() is not None:
        pass
    bench.gate.shut.clear()
    assert bench.sender("other").step() is None
    assert bench.counts() == {"sending": 2}
    assert all("internal problem" in row.error for row in bench.ledger.open_requests())


def test_a_refusal_ends_the_batch_and_names_the_action(bench: Bench) -> None:
    bench.plan(20)
    bench.gate.shut[INVOKE] = error("AccessDeniedException", "", status=403)
    assert bench.sender().step() == 0.0
    assert bench.counts() == {"failed": 8, "stopped": 12}
    batch = bench.ledger.batch("b")
    assert batch.stopped
    assert "sagemaker:InvokeEndpointAsync" in batch.said
    assert "sagemaker:InvokeEndpointAsync" in bench.ledger.request("b-00001").error


def test_a_batch_that_nobody_sent_for_an_hour_is_not_taken_up_again(bench: Bench) -> None:
    bench.plan(20)
    bench.sender().step()
    bench.hand.at += 3_700
    other = bench.sender("other")
    while other.step() is not None:
        pass
    assert bench.counts() == {"queued": 8, "stopped": 12}
    assert "more than an hour" in bench.ledger.batch("b").said


def test_two_senders_at_once_send_nothing_twice(bench: Bench) -> None:
    bench.account.messages()
    bench.plan(40)
    senders = [bench.sender("same"), bench.sender("same")]

    def send(sender: Sender) -> None:
        while sender.step() is not None:
            pass

    threads = [threading.Thread(target=send, args=(each,)) for each in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bench.counts() == {"queued": 40}
    bench.account.aws.advance(3_000)
    assert len(bench.account.messages()) == 40


def test_where_aws_knows_no_place_for_outputs_it_is_asked_without() -> None:
    calls: list[str] = []

    def answer(target: str, body: bytes) -> Answer:
        calls.append(target)
        return error("ValidationError", "Unknown header S3OutputPathExtension", 400)

    rows = plan(
        Submission("doc", INPUT), id="b", at=NOW, actor="ann", via="browser", output_path=OUT, wall=0.0
    )[1]
    with answering(answer) as url:
        reading = Reading(AwsSession(Where("embedded", "us-east-1", url, loopback=True)))
        found = requests.invoke(reading, rows[0], Submission("doc", INPUT), ("ebb/b", "00001.out"))
    assert isinstance(found, requests.Refused)
    assert len(calls) == 2


def test_without_a_console_the_loop_waits() -> None:
    loop = RequestsLoop(lambda: None)
    assert loop.send() > 0
    assert loop.follow() > 0
    loop.start().stop()

"""The sender under trouble: paces, leases, refusals, throttling, lost answers, and batches that are too old."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.aws import requests
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.core.errors import OpsError
from ops.core.requests import RequestFilter, RequestState, Submission
from ops.requests_loop import RequestsLoop
from ops.sender import MOST_DOUBTS, Sender, plan
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
    bench.hand.at += 15
    assert sender.step() == pytest.approx(5.0)
    assert bench.counts()["queued"] == 2
    bench.hand.at += 30  # the first process is gone for longer than its lease
    other = bench.sender("other")
    assert other.step() == pytest.approx(10.0)
    assert bench.counts()["queued"] == 3
    assert sender.step() is not None
    assert bench.counts()["queued"] == 3


@pytest.mark.parametrize("per_minute", [6, 60, 600])
def test_what_a_paced_run_missed_while_it_stood_still_is_not_made_up_for(
    bench: Bench, per_minute: int
) -> None:
    bench.plan(200, per_minute=per_minute)
    sender = bench.sender()
    sender.step()
    bench.hand.at += 60
    while sender.step() == 0.0:
        pass
    assert bench.counts()["queued"] == 2


def test_a_fast_run_keeps_its_pace_with_slow_steps(bench: Bench) -> None:
    bench.plan(40, per_minute=600)
    sender = bench.sender()
    for _ in range(5):
        sender.step()
        bench.hand.at += 0.6
    assert bench.counts()["queued"] == 1 + 4 * 6


def test_a_paced_run_starts_its_pace_anew_after_a_rest(bench: Bench) -> None:
    bench.plan(20, per_minute=60)
    bench.gate.shut[INVOKE] = error("ThrottlingException", status=429)
    sender = bench.sender()
    assert sender.step() == pytest.approx(2.0)
    bench.gate.shut.clear()
    bench.hand.at += 2.1
    assert sender.step() == pytest.approx(1.0)
    assert bench.counts()["queued"] == 1


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


def test_while_aws_does_not_say_few_requests_are_in_doubt(bench: Bench) -> None:
    bench.plan(40)
    bench.gate.shut[INVOKE] = error("ServiceUnavailable", status=503)
    sender = bench.sender()
    assert sender.step() == pytest.approx(2.0)
    assert bench.counts() == {"planned": 32, "sending": 8}
    assert "internal problem" in sender.waits["b"]
    bench.hand.at += 2.1
    assert sender.step() == pytest.approx(4.0)
    assert bench.counts() == {"planned": 31, "sending": 9}  # one is enough to see whether it has passed
    bench.gate.shut.clear()
    bench.hand.at += 4.1
    while sender.step() is not None:
        pass
    assert bench.counts() == {"sending": 9, "queued": 31}
    assert sender.waits == {}


def test_a_batch_of_which_aws_says_nothing_for_long_is_stopped(bench: Bench) -> None:
    bench.plan(40)
    bench.gate.shut[INVOKE] = error("ServiceUnavailable", status=503)
    sender = bench.sender()
    while (wait := sender.step()) is not None:
        bench.hand.at += wait
    assert bench.counts() == {"sending": 8 + MOST_DOUBTS - 1, "stopped": 32 - MOST_DOUBTS + 1}
    assert "did not say" in bench.ledger.batch("b").said
    assert sender.waits == {}


def test_a_connection_that_is_let_go_of_takes_nothing_with_it(bench: Bench) -> None:
    bench.plan(20)
    session = AwsSession(Where("embedded", "us-east-1", bench.url, loopback=True))
    session.close()
    gone = Sender(lambda: Reading(session), bench.ledger, holder="me", monotonic=bench.hand, wall=bench.hand)
    assert gone.step() == pytest.approx(2.0)
    assert bench.counts() == {"planned": 20}
    sender = bench.sender()
    while sender.step() is not None:
        pass
    assert bench.counts() == {"queued": 20}


@pytest.mark.parametrize(
    "shut", [error("ThrottlingException", status=429), error("AccessDeniedException", "", status=403)]
)
def test_what_was_not_sent_is_planned_again_once_the_ledger_can_be_written(
    bench: Bench, tmp_path: Path, shut: Answer
) -> None:
    file = tmp_path / "history.db"
    bench.ledger = History.open(f"sqlite:///{file}", OURS).ledger()
    bench.plan(8)
    bench.gate.shut[INVOKE] = shut
    refuse = "BEFORE UPDATE ON request WHEN NEW.state <> 'sending' BEGIN SELECT RAISE(ABORT, 'no'); END"
    sender = bench.sender()
    with closing(sqlite3.connect(file)) as other:
        other.execute(f"CREATE TRIGGER refuse {refuse}")
        with pytest.raises(OpsError):
            sender.step()
        assert bench.counts() == {"sending": 8}
        other.execute("DROP TRIGGER refuse")
    bench.gate.shut.clear()
    bench.hand.at += 100
    while sender.step() is not None:
        pass
    assert bench.counts() in ({"queued": 8}, {"failed": 8})


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

"""Requests from submission to their end, end to end on an embedded AWS whose time is stepped."""

from __future__ import annotations

import json
import sqlite3
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from ops.aws.session import Where
from ops.config import Settings
from ops.console import Console
from ops.core.change import Actor, Outcome
from ops.core.errors import BadInput, Denied, ReadOnly, Unconfirmed
from ops.core.requests import RequestFilter, RequestState, Submission
from tests.living import error, gated
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import BUCKET, Account

ME = Actor("ann", "operator")
INPUT = f"s3://{BUCKET}/in/1.json"


class Desk:
    """An account with one endpoint, and a console with a history in a file."""

    def __init__(self, account: Account, folder: Path) -> None:
        self.account = account
        self.file = folder / "history.db"
        self.settings = Settings(endpoint_url=account.aws.server.url, history_url=f"sqlite:///{self.file}")
        self.console = Console.open(self.settings, keep=True)

    def send(self) -> None:
        while self.console.send_step() is not None:
            pass

    def follow(self, seconds: float = 0.0) -> int:
        self.account.aws.advance(seconds)
        return self.console.follow_step(everything=True)

    def states(self, batch: str = "") -> dict[str, int]:
        counts = self.console.requests(RequestFilter(batch=batch)).counts
        return {state.value: n for state, n in counts.items() if n}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    aws = SteppedAws()
    account = Account(aws)
    account.endpoint()
    account.put_input()
    made = Desk(account, tmp_path)
    yield made
    made.console.close()
    aws.server.stop()


def scale(desk: Desk, count: int) -> None:
    desk.account.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="doc",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": count}],
    )


def test_a_request_is_followed_through_a_cold_start_to_its_result(desk: Desk) -> None:
    scale(desk, 0)
    desk.account.aws.advance(600)
    batch = desk.console.submit(Submission("doc", INPUT), ME)
    assert desk.states() == {"planned": 1}
    desk.send()
    assert desk.follow(60) == 1
    assert desk.states() == {"queued": 1}
    scale(desk, 1)
    assert desk.follow(30) == 1
    assert desk.states() == {"waking": 1}
    assert desk.follow(1800) == 0
    (row,) = desk.console.requests(RequestFilter(batch=batch.id)).rows
    assert row.state is RequestState.DONE
    assert row.output_uri == f"s3://{BUCKET}/out/ebb/{batch.id}/00001.out"
    assert row.sent is not None
    assert row.ended is not None
    assert row.waiting is not None
    result = desk.console.result(row.id)
    assert json.loads(result.text.text)["inferenceId"] == row.inference_id
    assert result.url.startswith(desk.account.aws.server.url)
    view = desk.console.request(row.id)
    assert view.timeline.total_s == (row.ended - row.sent).total_seconds()
    assert view.batch.sent == 1


def test_a_failed_request_says_why_and_can_be_sent_again(desk: Desk) -> None:
    desk.account.aws.world.fleet.inject("doc", profile=(1.0, 2.0, 1.0))
    batch = desk.console.submit(Submission("doc", INPUT, count=3), ME)
    desk.send()
    assert desk.follow(120) == 0
    rows = desk.console.requests(RequestFilter(batch=batch.id)).rows
    assert {row.state for row in rows} == {RequestState.FAILED}
    assert all("Received server error (500)" in row.text for row in rows)
    assert "500" in desk.console.result(rows[0].id).text.text
    desk.account.aws.world.fleet.inject("doc", profile=None)
    (again,) = desk.console.resubmit([rows[0].id, rows[1].id], ME)
    assert again.resubmit_of == batch.id
    assert desk.console.request(rows[0].id).resubmitted
    desk.send()
    assert desk.follow(300) == 0
    assert desk.states(again.id) == {"done": 2}
    with pytest.raises(BadInput, match="is done"):
        desk.console.resubmit([s.id for s in desk.console.requests(RequestFilter(batch=again.id)).rows], ME)


def test_a_request_that_waits_longer_than_it_may_has_expired(desk: Desk) -> None:
    scale(desk, 0)
    desk.account.aws.advance(600)
    batch = desk.console.submit(Submission("doc", INPUT, ttl_s=120, timeout_s=60), ME)
    desk.send()
    assert desk.follow(60) == 1
    assert desk.follow(120 + 60 + 300) == 0
    assert desk.states(batch.id) == {"expired": 1}


def test_messages_of_the_topics_tell_first_and_those_of_others_leave_no_trace(desk: Desk) -> None:
    status = desk.console.queue_status("doc")
    assert not status.exists
    assert set(status.topics) == {desk.account.success, desk.account.error}
    made = desk.console.make_queue("doc", ME)
    assert made.exists
    assert set(made.subscribed) == set(made.topics)
    scale(desk, 2)  # a TestNotification
    desk.account.aws.advance(1800)
    desk.account.invoke(InferenceId="of somebody else")
    batch = desk.console.submit(Submission("doc", INPUT, count=2, inference_id=""), ME)
    desk.send()
    assert desk.follow(300) == 0
    rows = desk.console.requests(RequestFilter()).rows
    assert [row.batch for row in rows] == [batch.id] * 2
    assert {row.source for row in rows} == {"a message of its topic"}
    assert desk.console.queue_status("doc").waiting == 0
    gone = desk.console.remove_queue("doc", ME)
    assert not gone.exists
    listed = desk.account.sns.list_subscriptions_by_topic(TopicArn=desk.account.success)["Subscriptions"]
    assert [s for s in listed if ":ebb-" in s["Endpoint"]] == []


def test_two_installations_have_a_queue_each_and_one_that_only_reads_takes_nothing(
    desk: Desk, tmp_path: Path
) -> None:
    url = desk.settings.endpoint_url
    other = Console.open(
        Settings(endpoint_url=url, history_url=f"sqlite:///{tmp_path / 'other.db'}"), keep=True
    )
    where = Where("embedded", "us-east-1", url, loopback=True, writable=False)
    reader = Console(where, desk.settings.history, desk.settings.history)
    try:
        mine, theirs = desk.console.make_queue("doc", ME), other.make_queue("doc", ME)
        assert mine.name != theirs.name
        assert desk.console.queue_status("doc").name == reader.queue_status("doc").name == mine.name
        other.submit(Submission("doc", INPUT), ME)
        other.send_step()
        desk.console.submit(Submission("doc", INPUT), ME)
        desk.send()
        desk.account.aws.advance(300)
        assert reader.follow_step(everything=True) == 0  # by what lies in S3
        assert desk.console.queue_status("doc").waiting == 2
        assert other.follow_step(everything=True) == 0
        (row,) = other.requests(RequestFilter()).rows
        assert row.source == "a message of its topic"
    finally:
        other.close()
        reader.close()


def test_what_is_refused_before_anything_is_sent(desk: Desk) -> None:
    with pytest.raises(ReadOnly, match="for operators"):
        desk.console.submit(Submission("doc", INPUT), Actor("eve", "viewer"))
    with pytest.raises(Unconfirmed):
        desk.console.submit(Submission("doc", INPUT, count=21), ME)
    with pytest.raises(BadInput, match="no object"):
        desk.console.submit(Submission("doc", f"s3://{BUCKET}/in/none.json"), ME)
    assert desk.states() == {}


def test_a_batch_that_is_stopped_sends_no_more(desk: Desk) -> None:
    batch = desk.console.submit(Submission("doc", INPUT, count=30), ME, confirmed=True)
    desk.console.send_step()
    stopped = desk.console.stop(batch.id, ME)
    assert (stopped.sent, stopped.stopped, stopped.open) == (8, True, False)
    desk.send()
    assert desk.follow(600) == 0
    assert desk.states(batch.id) == {"done": 8, "stopped": 22}


def deny(desk: Desk, *actions: str) -> None:
    body = json.dumps({"actions": actions}).encode()
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{desk.account.aws.server.url}/_ebb/denied", body, headers)
    ):
        pass


def test_where_s3_hides_results_that_is_said_and_nothing_is_concluded(desk: Desk) -> None:
    batch = desk.console.submit(Submission("doc", INPUT, count=2, ttl_s=60, timeout_s=60), ME)
    desk.send()
    deny(desk, "s3:GetObject", "s3:ListBucket")
    assert desk.follow(3_000) == 2
    view = desk.console.requests(RequestFilter(batch=batch.id))
    assert view.counts[RequestState.UNKNOWN] == 0
    assert [problem.action for problem in view.problems] == ["s3:GetObject"]
    deny(desk)
    assert desk.follow() == 0
    assert desk.states(batch.id) == {"done": 2}
    assert desk.console.requests(RequestFilter(batch=batch.id)).problems == ()


def test_an_uploaded_input_lies_under_a_plain_name_and_is_sent(desk: Desk) -> None:
    place = desk.console.upload("doc", "../a b/päge.json", iter([b"{}"]), ME)
    assert place.uri.startswith(f"s3://{BUCKET}/ebb-input/doc/")
    assert " " not in place.uri
    assert place.size == 2
    batch = desk.console.submit(Submission("doc", place.uri), ME)
    desk.send()
    assert desk.follow(300) == 0
    assert desk.states(batch.id) == {"done": 1}


def test_a_denied_upload_names_the_action(desk: Desk) -> None:
    deny(desk, "s3:PutObject")
    with pytest.raises(Denied) as caught:
        desk.console.upload("doc", "x.json", iter([b"{}"]), ME)
    assert caught.value.action == "s3:PutObject"


def test_a_deleted_endpoint_does_not_keep_the_others_from_being_followed(desk: Desk) -> None:
    desk.account.endpoint("other", "doc-config")
    lost = desk.console.submit(Submission("other", INPUT, count=3, ttl_s=60, timeout_s=60), ME)
    desk.send()
    desk.account.sagemaker.delete_endpoint(EndpointName="other")
    desk.account.aws.advance(120)
    desk.console.read(frozenset(), anybody=True)
    batch = desk.console.submit(Submission("doc", INPUT, count=3), ME)
    desk.send()
    assert desk.follow(900) == 0
    assert desk.states(batch.id) == {"done": 3}
    assert desk.states(lost.id) == {"unknown": 3}


@contextmanager
def no_updates(desk: Desk, table: str) -> Iterator[None]:
    """Rows of a table can be written once and not changed after that."""
    with closing(sqlite3.connect(desk.file, isolation_level=None)) as other:
        refuse = f"BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END"
        other.execute(f"CREATE TRIGGER refuse {refuse}")
        yield
        other.execute("DROP TRIGGER refuse")


def test_the_same_form_makes_one_batch_however_often_it_is_sent(desk: Desk) -> None:
    wanted = Submission("doc", INPUT, count=2)
    first = desk.console.submit(wanted, ME, key="form-1")
    assert desk.console.submit(wanted, ME, key="form-1") == first
    assert desk.states() == {"planned": 2}
    assert len(desk.console.journal()) == 1
    assert desk.console.submit(wanted, ME, key="form_1").id != first.id
    assert desk.console.submit(wanted, ME).id != desk.console.submit(wanted, ME).id
    with pytest.raises(BadInput, match=first.id):
        desk.console.submit(Submission("doc", INPUT, count=3), ME, key="form-1")
    with pytest.raises(BadInput, match="key"):
        desk.console.submit(wanted, ME, key='"')
    desk.send()
    assert desk.console.submit(wanted, ME, key="form-1").sent == 2


def test_two_at_once_of_the_same_form_make_one_batch(desk: Desk) -> None:
    wanted = Submission("doc", INPUT, count=2)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: desk.console.submit(wanted, ME, key="f").id, range(4)))
    assert len(set(found)) == 1
    assert desk.states() == {"planned": 2}


def test_what_was_planned_is_no_error_where_the_journal_cannot_be_closed(desk: Desk) -> None:
    desk.console.records()
    with no_updates(desk, "journal"):
        batch = desk.console.submit(Submission("doc", INPUT), ME)
        assert desk.states(batch.id) == {"planned": 1}
        deny(desk, "s3:PutObject")
        with pytest.raises(Denied, match="PutObject"):
            desk.console.upload("doc", "x.json", iter([b"{}"]), ME)
    assert {entry.outcome for entry in desk.console.journal()} == {Outcome.BEGUN}


def test_the_journal_tells_how_long_something_took(desk: Desk) -> None:
    def slowly() -> Iterator[bytes]:
        start = time.monotonic()
        while time.monotonic() - start < 0.2:
            yield b"."

    desk.console.upload("doc", "x.json", slowly(), ME)
    (entry,) = desk.console.journal()
    assert entry.ended is not None
    assert 0.2 <= (entry.ended - entry.at).total_seconds() < 60


def test_an_upload_that_broke_off_is_on_record_and_one_that_never_began_is_not(desk: Desk) -> None:
    for chunks, size in ((iter([]), None), (iter([b"x"]), 2**30 + 1)):
        with pytest.raises(BadInput):
            desk.console.upload("doc", "x.json", chunks, ME, size=size)
    assert desk.console.journal() == ()
    with pytest.raises(BadInput, match="ended after"):
        desk.console.upload("doc", "x.json", iter([b"{}"]), ME, size=3)
    (entry,) = desk.console.journal()
    assert entry.outcome is Outcome.FAILED
    assert "ended after 2 of 3 bytes" in entry.said

    def broken() -> Iterator[bytes]:
        yield b"x"
        raise OSError("the browser went away")

    with pytest.raises(OSError, match="went away"):
        desk.console.upload("doc", "x.json", broken(), ME)
    assert desk.console.journal()[0].outcome is Outcome.UNCLEAR


def test_why_a_batch_is_not_sent_now_is_told_of_its_endpoint(desk: Desk) -> None:
    batch = desk.console.submit(Submission("doc", INPUT, count=2), ME)
    with gated(desk.account.aws.server.url) as (url, gate):
        gate.shut["async-invocations"] = error("ThrottlingException", status=429)
        sender = Console(
            Where("embedded", "us-east-1", url, loopback=True, writable=True),
            "sqlite://",
            desk.settings.history,
        )
        try:
            sender.send_step()
            for wanted in (RequestFilter("doc", limit=1), RequestFilter(batch=batch.id)):
                (problem,) = sender.requests(wanted).problems
                assert batch.id in problem.part
                assert "slow down" in problem.what
            assert sender.requests(RequestFilter("other")).problems == ()
            (row, _) = sender.requests(RequestFilter()).rows
            assert sender.request(row.id).problems == (problem,)
        finally:
            sender.close()


def test_a_quote_says_what_the_state_of_the_endpoint_means(desk: Desk) -> None:
    awake = desk.console.quote(Submission("doc", INPUT))
    assert awake.ahead.said == ""
    scale(desk, 0)
    desk.account.aws.advance(600)
    desk.console.fleet()
    asleep = desk.console.quote(Submission("doc", INPUT, ttl_s=3600))
    assert asleep.ahead.warns
    assert asleep.ahead.said == (
        "doc cannot wake (no scaling is registered for it): the request would wait and expire after 1 h."
    )

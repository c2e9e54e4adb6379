"""The ledger: rows before calls, one sender at a time, ends that stay, and pages of what is there."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.errors import BadInput, OpsError
from ops.core.requests import Batch, RequestFilter, RequestState, Sent, Submission
from ops.store.history import History
from ops.store.ledger import Ledger
from tests.store.samples import OURS

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
S = RequestState


def opened(url: str = "sqlite://") -> Ledger:
    return History.open(url, OURS).ledger()


def plan(ledger: Ledger, id: str = "b", number: int = 5, endpoint: str = "doc", at: datetime = NOW) -> None:
    submission = Submission(endpoint, "s3://bucket/in_1%.json", count=number)
    rows = [
        Sent(f"{id}-{n:05d}", id, endpoint, f"ebb-{id}-{n:05d}", submission.input_uri, S.PLANNED, at)
        for n in range(1, number + 1)
    ]
    ledger.plan(Batch(id, endpoint, submission, number, 0, False, "ann", at), rows)


def test_what_is_planned_is_claimed_once_and_then_the_batch_is_closed() -> None:
    ledger = opened()
    plan(ledger)
    assert ledger.lease("b", "me", 0.0, 20.0)
    claimed = [ledger.claim("b", "me", 2, NOW) for _ in range(4)]
    assert [len(each) for each in claimed] == [2, 2, 1, 0]
    assert len({sent.id for each in claimed for sent in each}) == 5
    assert ledger.batch("b").sent == 5
    assert ledger.open_batches() == ()
    assert {s.state for s in ledger.open_requests()} == {S.SENDING}


def test_a_batch_is_sent_by_one_process_until_its_lease_ends() -> None:
    ledger = opened()
    plan(ledger)
    assert ledger.lease("b", "me", 0.0, 20.0)
    assert not ledger.lease("b", "other", 19.0, 39.0)
    assert ledger.claim("b", "other", 2, NOW) == ()
    assert ledger.lease("b", "me", 19.0, 39.0)
    assert ledger.lease("b", "other", 40.0, 60.0)
    assert ledger.claim("b", "me", 2, NOW) == ()


def test_several_threads_never_claim_the_same(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    ledger = opened(url)
    plan(ledger, number=60)
    assert ledger.lease("b", "me", 0.0, 20.0)
    found: list[str] = []

    def take() -> None:
        own = opened(url)
        while claimed := own.claim("b", "me", 3, NOW):
            found.extend(sent.id for sent in claimed)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found)) == 60


def test_what_did_not_reach_aws_is_planned_again_unless_it_was_stopped() -> None:
    ledger = opened()
    plan(ledger, number=2)
    ledger.lease("b", "me", 0.0, 20.0)
    claimed = ledger.claim("b", "me", 2, NOW)
    ledger.unclaim(claimed[:1])
    assert (ledger.batch("b").sent, ledger.batch("b").open) == (1, True)
    assert ledger.request(claimed[0].id).state is S.PLANNED
    ledger.stop("b", NOW)
    ledger.unclaim(claimed[1:])
    assert ledger.request(claimed[1].id).state is S.STOPPED
    assert ledger.open_requests() == ()


def test_a_stopped_batch_gives_nothing_more() -> None:
    ledger = opened()
    plan(ledger)
    ledger.lease("b", "me", 0.0, 20.0)
    ledger.claim("b", "me", 2, NOW)
    assert ledger.stop("b", NOW, "by ann").stopped
    assert ledger.claim("b", "me", 2, NOW) == ()
    assert not ledger.lease("b", "me", 1.0, 21.0)
    counts = ledger.counts(RequestFilter())
    assert (counts[S.SENDING], counts[S.STOPPED]) == (2, 3)
    assert ledger.stop("b", NOW, "again").said == "by ann"


@given(st.lists(st.sampled_from([s for s in S if s is not S.PLANNED]), min_size=1, max_size=6))
def test_an_end_stays_whatever_comes_later(news: list[RequestState]) -> None:
    ledger = opened()
    plan(ledger, number=1)
    row = ledger.request("b-00001")
    ended: RequestState | None = None
    for state in news:
        (held,) = ledger.update([replace(row, state=state)])
        assert ledger.request(row.id) == held
        if ended in (S.DONE, S.FAILED):
            assert held.state is ended
        ended = held.state if held.final else ended
        assert held.final or ended is None


def test_pages_are_newest_first_and_filtered() -> None:
    ledger = opened()
    plan(ledger, "a", 3)
    plan(ledger, "b", 4, "other", NOW + timedelta(hours=1))
    ledger.update([replace(ledger.request("a-00002"), state=S.FAILED, text="CUDA 100% used_up")])
    rows, total = ledger.page(RequestFilter(limit=2))
    assert ([r.id for r in rows], total) == (["b-00004", "b-00003"], 7)
    assert [r.id for r in ledger.page(RequestFilter(limit=9, offset=6))[0]] == ["a-00001"]
    assert ledger.page(RequestFilter("doc"))[1] == 3
    assert ledger.page(RequestFilter(states=(S.FAILED,)))[1] == 1
    assert ledger.page(RequestFilter(batch="b"))[1] == 4
    assert ledger.page(RequestFilter(since=NOW + timedelta(minutes=1)))[1] == 4
    assert [ledger.page(RequestFilter(text=t))[1] for t in ("100%", "used_up", "usedxup", "%%", "in_1%")] == [
        1,
        1,
        0,
        0,
        7,
    ]
    counts = ledger.counts(RequestFilter("doc", states=(S.DONE,)))
    assert (counts[S.PLANNED], counts[S.FAILED], counts[S.DONE]) == (2, 1, 0)


def test_who_sends_a_request_again_is_found() -> None:
    ledger = opened()
    plan(ledger, "a", 1)
    plan(ledger, "b", 1)
    assert ledger.again("a-00001") == ()
    ledger.plan(
        replace(ledger.batch("b"), id="c"),
        [replace(ledger.request("b-00001"), id="c-00001", batch="c", resubmit_of="a-00001")],
    )
    assert ledger.again("a-00001") == ("c-00001",)


def test_what_is_not_on_record() -> None:
    ledger = opened()
    for ask in (ledger.request, ledger.batch):
        with pytest.raises(BadInput, match="on record"):
            ask("x")
    assert ledger.update([]) == ()


def test_a_ledger_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    ledger = opened(f"sqlite:///{tmp_path / 'history.db'}")
    with sqlite3.connect(tmp_path / "history.db") as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OpsError, match="busy") as caught:
            plan(ledger, "a")
        other.rollback()
    other.close()
    assert caught.value.retryable
    assert ledger.page(RequestFilter()) == ((), 0)

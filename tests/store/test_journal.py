"""The journal: written once, in the order in which things happened, read back as it was."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.core.change import Actor, Entry, Made, Outcome
from ops.core.errors import OpsError
from ops.core.resources import Resource
from ops.core.setup import Setup
from ops.core.types import (
    Alarm,
    Bounds,
    EndpointRef,
    MetricRef,
    ScalableTarget,
    ScheduledAction,
    Step,
    StepPolicy,
    Suspended,
    TargetTrackingPolicy,
)
from ops.store.history import History
from ops.store.tables import BUSY_S
from tests.store.samples import OURS

AT = datetime(2026, 11, 26, 14, 2, tzinfo=UTC)
REF = EndpointRef("123456789012", "us-east-1", "doc-async")
METRIC = MetricRef("AWS/SageMaker", "HasBacklogWithoutCapacity", (("EndpointName", "doc-async"),))
WHOLE = Setup(
    ScalableTarget(Bounds(0, 8), Suspended(scale_in=True), AT),
    (
        TargetTrackingPolicy("track", "arn:t", 5.0, METRIC, alarm_names=("a",)),
        StepPolicy("wake", "arn:w", "ChangeInCapacity", (Step(0, None, 1),), min_adjustment=1),
    ),
    (ScheduledAction("open", "at(2026-12-01T08:00:00)", "Europe/Berlin", 1, None, None, AT),),
    (Alarm("a", "OK", "“why”", AT, METRIC, 1.0, ">", 60, 2, 2, "missing", ("arn:t",), True),),
)


def entry(identity: str = "one", **more: object) -> Entry:
    first = Entry(
        identity,
        AT,
        Actor("anna ☾", "operator", "command line"),
        REF,
        "bounds",
        "Set the bounds",
        "demo",
        WHOLE,
        Setup(ScalableTarget(Bounds(1, 8))),
        Outcome.BEGUN,
        (
            Made(
                "application-autoscaling",
                "RegisterScalableTarget",
                {"MinCapacity": 1, "deep": [{"a": 2.5}]},
                "id",
            ),
        ),
        process="host:1:x",
    )
    return replace(first, **more)  # type: ignore[arg-type]


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History.open(f"sqlite:///{tmp_path / 'history.db'}", OURS)


def test_an_entry_comes_back_as_it_was(history: History) -> None:
    assert history.claim(entry())
    assert history.entry("one") == entry()
    assert history.journal() == (entry(),)
    assert history.journal("doc-async", begun=True) == (entry(),)
    closed = entry(outcome=Outcome.DONE, ended=AT + timedelta(seconds=3), said="read back")
    history.write_entry(closed)
    assert history.journal() == (closed,)
    assert history.journal(begun=True) == ()
    assert history.journal("another") == ()


def test_of_many_at_once_one_claims(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    histories = [History.open(url, OURS) for _ in range(4)]
    barrier, won = threading.Barrier(4), []

    def claim(each: History) -> None:
        barrier.wait(timeout=20)
        won.append(each.claim(entry()))

    threads = [threading.Thread(target=claim, args=(each,)) for each in histories]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(won) == [False, False, False, True]


def test_an_entry_is_exchanged_where_it_stands_as_it_should(history: History) -> None:
    history.claim(entry())
    told = entry(beat=AT, said="it waits")
    assert not history.exchange_entry(entry("another"), lambda stands: True)
    assert not history.exchange_entry(told, lambda stands: stands.outcome is Outcome.DONE)
    assert history.entry("one") == entry()
    assert history.exchange_entry(told, entry().stands_still)
    assert history.entry("one") == told
    assert not history.exchange_entry(entry(), entry().stands_still)
    assert history.journal() == (told,)


def test_a_change_that_nobody_is_at_loses_its_process_to_the_next(history: History) -> None:
    history.claim(entry("request", before=Setup(), after=Setup()))
    history.claim(entry("change"))
    assert not history.claim(entry("next"), lambda other: other.id == "change")
    assert history.entry("change") == entry("change")
    assert history.claim(entry("next"), lambda other: False)
    assert history.entry("change") == entry("change", process="")
    assert history.entry("request") == entry("request", before=Setup(), after=Setup())


def test_entries_of_one_second_stay_in_their_order_also_when_they_are_closed_later(history: History) -> None:
    for name in ("c", "a", "b"):
        history.claim(entry(name))
    history.write_entry(entry("c", outcome=Outcome.DONE))
    assert [e.id for e in history.journal()] == ["b", "a", "c"]
    assert [e.id for e in history.journal(limit=1)] == ["b"]
    assert history.journal(since=AT + timedelta(hours=1)) == ()


def test_entries_of_what_sagemaker_holds_are_found_among_all(history: History) -> None:
    held = Setup(resources=(Resource("model", "m", {"Image": "i"}),))
    history.claim(entry("made", before=Setup(), after=held, outcome=Outcome.DONE))
    history.claim(entry("gone", before=held, after=Setup()))
    for number in range(9):
        history.claim(entry(f"other-{number}", why='"resources":[{', before=Setup(), after=Setup()))
    assert [e.id for e in history.journal(limit=5)] == [f"other-{n}" for n in (8, 7, 6, 5, 4)]
    assert [e.id for e in history.journal(limit=None, hosting=True)] == ["gone", "made"]
    assert [e.id for e in history.journal(limit=None, hosting=True, begun=True)] == ["gone"]
    assert len(history.journal(limit=None)) == 11


def test_an_entry_is_found_by_the_beginning_of_its_id_where_that_is_the_only_one(history: History) -> None:
    for name in ("abc1", "abd2", "abc"):
        history.claim(entry(name))
    assert history.entry("abd") == entry("abd2")
    assert history.entry("abc") == entry("abc")
    assert history.entry("ab") is None
    assert history.entry("%") is None
    assert history.entry("zzz") is None


def test_a_damaged_entry_says_so(history: History, tmp_path: Path) -> None:
    import sqlite3

    history.claim(entry())
    with sqlite3.connect(tmp_path / "history.db") as database:
        database.execute("UPDATE journal SET body = '{}'")
    with pytest.raises(OpsError, match="damaged"):
        history.journal()


def test_writers_of_one_process_wait_for_each_other_and_not_for_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    one, other = History.open(url, OURS), History.open(url, replace(OURS, region="eu-west-1"))
    one.write_entry(entry())
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()
    failed: list[OpsError] = []

    def still(known: Entry) -> bool:
        begun.set()
        return go_on.wait(30)

    def write() -> None:
        try:
            other.remember("key", "value")
        except OpsError as error:
            failed.append(error)
        done.set()

    threads = [threading.Thread(target=one.exchange_entry, args=(entry(), still))]
    threads[0].start()
    assert begun.wait(20)
    threads.append(threading.Thread(target=write))
    threads[1].start()
    assert not done.wait(BUSY_S + 1.0)
    go_on.set()
    for thread in threads:
        thread.join(timeout=20)
    assert (failed, other.memo("key")) == ([], "value")
    one.close()
    other.close()

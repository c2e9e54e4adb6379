"""Instances in service over a past that was read: the same from sums of days as from the minutes themselves."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.aws.metrics import Answer
from ops.core import metrics
from ops.core.instance_time import InstanceTime
from ops.core.types import AsyncConfig, Endpoint, EndpointRef, FloatArray, MetricSet, Series, Window, utc
from ops.instance_past import ALIVE, Asked, minutes_of, time_of, times_of
from ops.past import Past
from ops.store.history import Grid, History, Scope
from ops.store.sums import ALIVE as KEPT_ALIVE
from ops.store.sums import SAMPLES
from tests.store.samples import DAY, MIDNIGHT

NAN = math.nan
NAME = "doc"
HOSTS = metrics.CPU_SAMPLES.key


@pytest.fixture
def past() -> Iterator[Past]:
    history = History.open("sqlite://", Scope("aws", "1", "us-east-1"))
    yield Past(history)
    history.close()


def endpoint(created: int = MIDNIGHT - 900 * DAY, interval: int = 60, name: str = NAME) -> Endpoint:
    ref = EndpointRef("1", "us-east-1", name, "AllTraffic")
    quiet = AsyncConfig(None, None, None, None, None)
    return Endpoint(
        ref,
        "",
        "InService",
        "c",
        "ml.g5.xlarge",
        1,
        1,
        utc(created),
        utc(created),
        quiet,
        publish_interval=interval,
    )


def grid(start: int, hosts: FloatArray, alive: FloatArray, resolution: int = 60) -> Grid:
    return Grid(resolution, start, {HOSTS: hosts, ALIVE.key: alive})


def at(seconds: float) -> datetime:
    return utc(MIDNIGHT + seconds)


def agree(one: InstanceTime, other: InstanceTime) -> None:
    assert (one.first, one.end) == (other.first, other.end)
    np.testing.assert_allclose(one.minutes, other.minutes, rtol=1e-9, atol=1e-9)
    assert one.known.tolist() == other.known.tolist()
    mine, theirs = dict(one.levels), dict(other.levels)
    assert mine == pytest.approx(theirs, abs=1e-6)
    assert one.coarse == pytest.approx(other.coarse)


def days(past: Past, count: int = 3, hosts: float = 2.0) -> None:
    """Finished days with so many hosts in their first half and none in their second."""
    for n in range(count):
        values = np.where(np.arange(1440) < 720, hosts, NAN)
        past.history.write([(NAME, grid(MIDNIGHT + n * DAY, values, np.zeros(1440)))])


def test_the_keys_are_those_that_the_history_sums() -> None:
    assert (HOSTS, ALIVE.key) == (SAMPLES, KEPT_ALIVE)


def test_whole_days_and_days_that_an_edge_cuts(past: Past) -> None:
    days(past)
    found = time_of(past, endpoint(), at(9 * 3600), at(2 * DAY + 15 * 3600))
    assert found.known_minutes == (2 * 24 + 6) * 60
    assert found.instance_hours == 2 * (3 + 12 + 12)
    assert found.levels == ((0.0, (12 + 12 + 3) * 60.0), (2.0, (3 + 12 + 12) * 60.0))
    assert found.coverage == 1
    agree(found, minutes_of(past, endpoint(), at(9 * 3600), at(2 * DAY + 15 * 3600)))


def test_a_day_that_was_never_read_in_full_is_known_as_far_as_it_was(past: Past) -> None:
    """Hosts were read all day, the queue half of it: the sums are there, and are not used."""
    days(past, 1)
    past.history.write([(NAME, Grid(60, MIDNIGHT + DAY, {HOSTS: np.ones(1440)}))])
    past.history.write([(NAME, Grid(60, MIDNIGHT + DAY, {ALIVE.key: np.zeros(720)}))])
    assert past.day_sums([NAME], MIDNIGHT, MIDNIGHT + 2 * DAY)[NAME].days.tolist() == [
        MIDNIGHT,
        MIDNIGHT + DAY,
    ]
    found = time_of(past, endpoint(), at(0), at(2 * DAY))
    assert found.known_minutes == 1440 + 720
    assert found.minutes.sum() == 1440 + 720


def test_nothing_is_known_of_what_was_not_read(past: Past) -> None:
    assert time_of(past, endpoint(), at(0), at(DAY)).known_minutes == 0
    days(past, 1)
    found = time_of(past, endpoint(), at(-2 * DAY), at(3 * DAY))
    assert found.known_minutes == 1440
    assert found.coverage == 0.2


def test_it_begins_with_the_endpoint(past: Past) -> None:
    days(past)
    born = MIDNIGHT + DAY + 3601
    past.began(NAME, born)
    found = time_of(past, endpoint(born), at(0), at(3 * DAY))
    assert found.first == MIDNIGHT + DAY + 4500
    agree(found, minutes_of(past, endpoint(born), at(0), at(3 * DAY)))


def test_coarser_steps_where_no_minutes_were_read(past: Past) -> None:
    days(past, 2)
    hours = grid(MIDNIGHT - 2 * DAY, np.full(48, 60.0), np.zeros(48), 3600)
    steps = grid(MIDNIGHT - DAY, np.full(2 * 288, 15.0), np.zeros(2 * 288), 300)
    past.history.write([(NAME, hours), (NAME, steps)])
    found = time_of(past, endpoint(), at(-2 * DAY), at(2 * DAY))
    assert found.coverage == 1
    assert found.coarse == 2 * 1440
    assert found.instance_hours == pytest.approx(24 * 1 + 24 * 3 + 2 * 24)
    agree(found, minutes_of(past, endpoint(), at(-2 * DAY), at(2 * DAY)))


@pytest.mark.parametrize("interval", [10, 30, 60, 120, 180, 240, 300])
def test_hosts_that_publish_more_and_less_often(past: Past, interval: int) -> None:
    every = max(1, interval // 60)
    hosts = np.full(2 * 1440, NAN)
    hosts[every - 1 : 1440 : every] = 2 * max(1, 60 // interval)
    past.history.write([(NAME, grid(MIDNIGHT, hosts, np.zeros(2 * 1440)))])
    doc = endpoint(interval=interval)
    found = time_of(past, doc, at(0), at(2 * DAY))
    assert found.coverage == 1
    assert found.instance_hours == pytest.approx(48)
    assert dict(found.levels) == pytest.approx({0.0: 1440.0, 2.0: 1440.0})
    part = time_of(past, doc, at(900), at(4500))
    assert part.instance_hours == pytest.approx(2)
    agree(found, minutes_of(past, doc, at(0), at(2 * DAY)))


def test_several_endpoints_and_periods_are_read_at_once(past: Past) -> None:
    days(past)
    other = endpoint(name="other")
    past.history.write([("other", grid(MIDNIGHT + DAY, np.full(1440, 5.0), np.zeros(1440)))])
    asked = [
        Asked(endpoint(), at(0), at(2 * DAY)),
        Asked(other, at(0), at(3 * DAY)),
        Asked(endpoint(), at(DAY), at(3 * DAY - 900)),
        Asked(other, at(DAY + 900), at(DAY + 1800)),
        Asked(endpoint(name="unread"), at(0), at(2 * DAY)),
    ]
    for found, each in zip(times_of(past, asked), asked, strict=True):
        agree(found, minutes_of(past, each.endpoint, each.start, each.until))
    assert times_of(past, []) == ()


def answer(span: Window, hosts: FloatArray, incomplete: bool) -> Answer:
    given_ = {HOSTS: hosts, ALIVE.key: np.zeros(span.size)}
    found = {NAME: MetricSet(span, {key: Series(key, span, v, "Count") for key, v in given_.items()})}
    return Answer(found, (), frozenset((NAME, key) for key in given_) if incomplete else frozenset())


@pytest.mark.parametrize("incomplete", [False, True])
def test_cells_that_are_shown_and_not_kept_count_as_they_are_shown(past: Past, incomplete: bool) -> None:
    past.history.write([(NAME, grid(MIDNIGHT, np.full(1440, NAN), np.zeros(1440)))])
    begin = 1440 - 120
    span = Window(utc(MIDNIGHT + begin * 60), utc(MIDNIGHT + DAY + 1800), 60)
    past.keep(answer(span, np.full(span.size, 3.0), incomplete), span, MIDNIGHT + DAY + 1800)
    found = time_of(past, endpoint(), at(0), at(DAY + 1800))
    agree(found, minutes_of(past, endpoint(), at(0), at(DAY + 1800)))
    assert found.instance_hours == pytest.approx(3 * 2.5 if not incomplete else 3 * 2)


def test_what_waits_for_a_busy_database_counts_and_what_it_says_later_does(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    history = History.open(f"sqlite:///{path}", Scope("aws", "1", "us-east-1"))
    past = Past(history)
    days(past)
    busy = sqlite3.connect(path, isolation_level=None)
    busy.execute("BEGIN IMMEDIATE")
    past.history.write([(NAME, Grid(60, MIDNIGHT + DAY, {HOSTS: np.full(60, 9.0), ALIVE.key: np.zeros(60)}))])
    assert past.problem is not None
    found = time_of(past, endpoint(), at(0), at(3 * DAY))
    assert found.instance_hours == 2 * 36 + 7
    agree(found, minutes_of(past, endpoint(), at(0), at(3 * DAY)))
    busy.execute("ROLLBACK")
    busy.close()
    history.close()


def test_a_database_that_is_gone_leaves_the_past_unknown(tmp_path: Path) -> None:
    history = History.open(f"sqlite:///{tmp_path}/history.db", Scope("aws", "1", "us-east-1"))
    past = Past(history)
    days(past)
    with sqlite3.connect(tmp_path / "history.db") as database:
        for table in ("covered", "chunk", "day_sums", "keyset"):
            database.execute(f"DROP TABLE {table}")
    database.close()
    assert time_of(past, endpoint(), at(0), at(2 * DAY)).known_minutes == 0
    assert past.problem is not None
    history.close()


@st.composite
def pasts(draw: st.DrawFn) -> list[tuple[str, int, int, list[float], list[float]]]:
    """What is done to a history of four days: (what, first cell, cells, hosts, queue)."""
    step = st.tuples(
        st.sampled_from(["minutes", "hosts", "steps", "hours", "fold", "prune", "late"]),
        st.integers(0, 4 * 1440 - 1),
        st.sampled_from([1, 7, 59, 720, 1440, 2880, 5760]),
        st.lists(st.sampled_from([NAN, 0.0, 1.0, 2.0, 5.0]), min_size=1, max_size=40),
        st.lists(st.sampled_from([NAN, 0.0, 0.0]), min_size=1, max_size=30),
    )
    return draw(st.lists(step, min_size=1, max_size=8))


@settings(max_examples=60)
@given(
    pasts(),
    st.integers(-20, 400),
    st.integers(0, 420),
    st.sampled_from([10, 60, 120]),
    st.booleans(),
)
def test_both_ways_are_equal(
    steps: list[tuple[str, int, int, list[float], list[float]]],
    begin: int,
    length: int,
    interval: int,
    folded: bool,
) -> None:
    history = History.open("sqlite://", Scope("aws", "1", "us-east-1"))
    past = Past(history)
    for what, first, cells, hosts, queue in [*steps, *([("fold", 5760, 0, [], [])] if folded else [])]:
        if what == "fold":
            past.history.fold(MIDNIGHT + first * 60)
            continue
        if what == "prune":
            past.history.prune(MIDNIGHT + first * 60, 60)
            continue
        period = {"steps": 300, "hours": 3600}.get(what, 60)
        start = MIDNIGHT + first * 60 // period * period
        size = max(1, cells * 60 // period) if what != "late" else 1
        values = {HOSTS: np.resize(hosts, size)}
        if what != "hosts":
            values[ALIVE.key] = np.resize(queue, size)
        past.history.write([(NAME, Grid(period, start, values))])
    doc = endpoint(interval=interval)
    since, until = at(begin * 900), at((begin + length) * 900)
    agree(time_of(past, doc, since, until), minutes_of(past, doc, since, until))
    history.close()

"""The history that the collector feeds: filled at the first start, without a gap after any pause, never mixed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from ops.collector import Collector
from ops.config import Settings
from ops.console import Console
from ops.core import metrics
from ops.core.pacing import GAP_S
from ops.core.spans import Span, union
from ops.core.window import KEPT_DAYS
from ops.local_aws.clock import SimClock
from ops.local_aws.world import WorldOptions
from ops.pace import IDLE_S
from ops.past import OVERLAP_S
from ops.store.history import History, Scope
from tests.living import Hand, console_at, error, gated
from tests.small_worlds import NAME, small

HOUR, DAY = 3600, 86_400
EVERY = tuple(metrics.CATALOGUE)


def opened(url: str, folder: Path, **more: object) -> Console:
    return Console.open(
        Settings.load(endpoint_url=url, history_url=f"sqlite:///{folder / 'history.db'}", **more), keep=True
    )


def filled(console: Console) -> int:
    """One round and all gaps; how many gaps there were."""
    console.read((), anybody=True)
    closed = 0
    while console.close_gap():
        closed += 1
        assert closed < 500
    return closed


def kept(console: Console, folder: Path, resolution: int) -> Mapping[str, tuple[Span, ...]]:
    """What the file says that was read of the endpoint."""
    with_world = console.connection()
    scope = Scope(with_world.kind, with_world.account, with_world.region, with_world.world)
    history = History.open(f"sqlite:///{folder / 'history.db'}", scope)
    try:
        return history.coverage(NAME, resolution)
    finally:
        history.close()


def whole(console: Console, folder: Path, since: float, now: float) -> None:
    """Every metric was read from `since` until about now, without a gap."""
    by_resolution = [kept(console, folder, period) for period in (60, 300, 3600)]
    for key in EVERY:
        spans = union(s for found in by_resolution for s in found.get(key, ()))
        assert len(spans) == 1, (key, spans)
        assert spans[0][0] <= since
        assert spans[0][1] > now - OVERLAP_S - GAP_S - 60, key


def test_the_first_start_reads_what_aws_has_of_a_young_endpoint(tmp_path: Path) -> None:
    with small(2) as (server, clock), opened(server.url, tmp_path) as console:
        born = clock.now() - 2 * DAY
        assert console.history_progress() == (0, 0)
        assert filled(console) == 2  # what the first round read of, and the other metrics
        assert console.history_progress() == (1, 1)
        whole(console, tmp_path, born, clock.now())
        first = min(span[0] for span in kept(console, tmp_path, 60)[metrics.BACKLOG.key])
        assert born - HOUR <= first <= born
        assert not kept(console, tmp_path, 3600)


def test_the_first_start_reads_back_to_the_edges_of_each_resolution(tmp_path: Path) -> None:
    """Thirty days: fifteen in minutes, the others in five-minute steps, cut so that viewers do not wait."""
    with small(30, every_s=6 * HOUR) as (server, clock), opened(server.url, tmp_path) as console:
        now = clock.now()
        filled(console)
        whole(console, tmp_path, now - 30 * DAY, now)
        minutes = kept(console, tmp_path, 60)[metrics.CPU.key]
        assert now - KEPT_DAYS[60] * DAY <= minutes[0][0] <= now - KEPT_DAYS[60] * DAY + 3 * HOUR
        asked = console.usage()
        assert asked.metrics < 15 * len(EVERY)
        view = console.endpoint(NAME, timedelta(days=30))
        assert np.isfinite(view.metrics.get(metrics.BACKLOG.key).values).mean() > 0.99


@pytest.mark.parametrize(
    ("pause", "gaps", "asked"),
    [(40 * 60, 0, 1), (5 * HOUR, 2, 2), (20 * DAY, 11, 10)],
    ids=["40 minutes", "5 hours", "20 days"],
)
def test_a_second_start_reads_the_tail_alone_and_leaves_no_gap(
    tmp_path: Path, pause: float, gaps: int, asked: int
) -> None:
    """`asked`: metrics asked for, in whole catalogues."""
    with small(2, every_s=6 * HOUR) as (server, clock):
        born = clock.now() - 2 * DAY
        with opened(server.url, tmp_path) as console:
            filled(console)
        clock.jump(pause)
        with opened(server.url, tmp_path) as console:
            assert filled(console) <= gaps
            usage = console.usage()
            assert usage.metrics <= asked * len(EVERY)
            assert usage.calls["cloudwatch:GetMetricData"] <= gaps + 2
            whole(console, tmp_path, born, clock.now())
            assert console.close_gap() is False
            five = kept(console, tmp_path, 300).get(metrics.CPU.key, ())
        assert bool(five) is (pause > KEPT_DAYS[60] * DAY)  # too late for minutes: coarser steps


def test_a_second_start_at_once_asks_for_next_to_nothing(tmp_path: Path) -> None:
    with small(2) as (server, _):
        with opened(server.url, tmp_path) as console:
            filled(console)
        with opened(server.url, tmp_path) as console:
            assert filled(console) == 0
            assert console.usage().metrics <= len(metrics.RECENT)
            view = console.view(NAME, timedelta(days=2))
        assert np.isfinite(view.metrics.get(metrics.BACKLOG.key).values[:-20]).mean() > 0.99


def test_two_worlds_in_one_file_do_not_mix(tmp_path: Path) -> None:
    with small(1) as (server, _), opened(server.url, tmp_path) as console:
        filled(console)
        first = console.connection().world
    with small(1) as (server, _), opened(server.url, tmp_path) as console:
        console.read((), anybody=True)
        assert console.connection().world not in ("", first)
        assert console.history_progress() == (0, 1)
        assert console.close_gap()


def test_two_regions_in_one_file_do_not_mix(tmp_path: Path) -> None:
    """As on real AWS, where nothing but account and region tells them apart."""
    other = WorldOptions(region="eu-west-1")
    with small(1) as (server, _), opened(server.url, tmp_path, mode="aws") as console:
        filled(console)
        assert console.connection().world == ""
        assert kept(console, tmp_path, 60)
    with (
        small(1, options=other) as (server, _),
        opened(server.url, tmp_path, mode="aws", region=other.region) as console,
    ):
        assert console.connection().region == "eu-west-1"
        assert not kept(console, tmp_path, 60)
        filled(console)
        assert kept(console, tmp_path, 60)


def test_a_history_that_cannot_be_read_is_a_problem_and_the_app_goes_on(tmp_path: Path) -> None:
    (tmp_path / "history.db").write_bytes(b"this is no database, and longer than one page header " * 40)
    with small(1) as (server, _):
        reader = Collector(lambda: opened(server.url, tmp_path), lambda kind: 2.0, Hand())
        reader.read_once()
        assert [row.endpoint.ref.name for row in reader.fleet().rows] == [NAME]
        view = reader.endpoint(NAME, timedelta(hours=6))
        assert [p.part for p in view.problems] == ["the history"]
        assert view.problems[0].hint
        assert np.isfinite(view.metrics.get(metrics.BACKLOG.key).values).any()
        assert reader.close_gap()
        reader.stop()


def hours_alone(reader: Collector, hand: Hand, clock: SimClock, hours: int) -> int:
    """Nobody looks: the collector wakes once an hour. How many gaps it closed."""
    closed = 0
    for _ in range(hours):
        hand.at += GAP_S
        clock.jump(GAP_S)
        reader.read_once()
        while reader.close_gap():
            closed += 1
    return closed


def test_unwatched_it_closes_its_gaps_every_hour(tmp_path: Path) -> None:
    with small(1) as (server, clock):
        born = clock.now() - DAY
        hand = Hand()
        with opened(server.url, tmp_path) as console:
            reader = Collector(lambda: console, lambda kind: 2.0, hand)
            reader.read_once()
            while reader.close_gap():
                pass
            before = console.usage()
            hand.at += IDLE_S + 1
            assert hours_alone(reader, hand, clock, 6) <= 6
            after = console.usage()
            whole(console, tmp_path, born, clock.now())
        assert after.metrics - before.metrics <= 6 * (len(EVERY) + len(metrics.RECENT))
        assert after.calls["sagemaker:DescribeEndpoint"] - before.calls["sagemaker:DescribeEndpoint"] <= 6


def test_what_aws_does_not_answer_stays_a_gap_is_told_as_such_and_asked_for_again(tmp_path: Path) -> None:
    with small(1) as (server, clock), gated(server.url) as (url, gate), opened(url, tmp_path) as console:
        console.read((), anybody=True)
        gate.shut["GetMetricData"] = error("AccessDeniedException")
        tries = 0
        while console.close_gap():
            tries += 1
            assert tries < 20
        assert tries
        assert console.history_progress() == (0, 1)
        gate.shut.clear()
        assert console.close_gap() is False  # not asked over and over
        clock.jump(GAP_S + 60)
        assert filled(console) >= 1
        assert console.history_progress() == (1, 1)
        whole(console, tmp_path, clock.now() - DAY, clock.now())


def test_throttled_gaps_are_tried_again_once_aws_answers(tmp_path: Path) -> None:
    with small(1) as (server, clock), gated(server.url) as (url, gate), opened(url, tmp_path) as console:
        reader = Collector(lambda: console, lambda kind: 2.0, Hand())
        reader.read_once()
        gate.shut["GetMetricData"] = error("ThrottlingException")
        assert reader.close_gap() is False
        gate.shut.clear()
        clock.jump(GAP_S + 60)
        reader.read_once()
        while reader.close_gap():
            pass
        assert console.history_progress() == (1, 1)


def test_a_console_without_a_history_keeps_nothing(tmp_path: Path) -> None:
    with small(1) as (server, _), console_at(server.url) as console:
        filled(console)
        assert console.history_problem is None
    assert not list(tmp_path.iterdir())

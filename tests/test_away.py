"""AWS away for long, back at another address or as another AWS: viewers never wait for it and are told the true age."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from components import session
from ops import which_aws
from ops.collector import Collector
from ops.config import Settings
from ops.console import Console
from ops.core import metrics
from ops.core.errors import CredentialsProblem, OpsError, Unreachable
from ops.local_aws.build import make_world
from ops.local_aws.clock import SimClock
from ops.local_aws.server import LocalAws
from ops.local_aws.world import WorldOptions
from tests.living import TUESDAY, Gate, Hand, console_at, error, gated
from tests.small_worlds import NAME, small

NO_AWS = (200, {"Content-Type": "text/html", "x-amzn-ErrorType": ""}, b"<html>Sign in</html>")
EXPIRED = error("ExpiredTokenException")
OLD = "Older numbers"
LONGER = timedelta(hours=12)


class Door:
    """Opens consoles, counts them, and can be held shut or said to lead nowhere."""

    def __init__(self, url: str) -> None:
        self.url, self.opened = url, 0
        self.failure: OpsError | None = None
        self.knocked, self.open = threading.Event(), threading.Event()
        self.open.set()

    def __call__(self) -> Console:
        self.opened += 1
        self.knocked.set()
        self.open.wait(60)
        if self.failure is not None:
            raise self.failure
        return console_at(self.url)


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[str, SimClock]]:
    with small(1) as (server, clock):
        yield server.url, clock


@pytest.fixture
def gate(aws: tuple[str, SimClock]) -> Iterator[tuple[str, Gate]]:
    with gated(aws[0]) as found:
        yield found


def made(door: Door, hand: Hand) -> Collector:
    return Collector(door, lambda kind: 2.0, hand)


def old(problems: object) -> list[str]:
    return [p.part for p in problems if p.part == OLD]  # type: ignore[attr-defined]


def test_viewers_of_a_hanging_aws_get_what_is_known_while_it_hangs(gate: tuple[str, Gate]) -> None:
    url, closed = gate
    door, hand = Door(url), Hand()
    reader = made(door, hand).start()
    try:
        known = reader.connection()
        rows = reader.fleet().rows
        reader.endpoint(NAME)
        closed.shut["*"] = NO_AWS
        hand.at += 200
        assert old(reader.fleet().problems) == [OLD]  # waits for the reading after the pause
        door.knocked.clear()
        door.open.clear()
        hand.at += 200
        reader.snapshot()
        assert door.knocked.wait(30)  # the thread tries AWS, and that hangs
        before = door.opened

        def look(number: int) -> list[str]:
            assert reader.connection() == known
            fleet = reader.fleet()
            assert fleet.rows == rows
            view = reader.endpoint(NAME, timedelta(hours=3 + number))
            return [*old(fleet.problems), *old(view.problems)]

        with ThreadPoolExecutor(10) as pool:
            for future in [pool.submit(look, n % 3) for n in range(30)]:
                assert future.result(timeout=20) == [OLD, OLD]
        assert door.opened == before
    finally:
        door.open.set()
        reader.stop()


def test_nobody_but_the_thread_tries_an_aws_that_was_never_there() -> None:
    door, hand = Door(""), Hand()
    door.failure = Unreachable("nobody there", "")
    reader = made(door, hand).start()
    try:
        with pytest.raises(Unreachable, match="nobody"):
            reader.fleet()
        before = door.opened
        for ask in (reader.connection, reader.fleet, lambda: reader.endpoint(NAME)):
            for _ in range(3):
                with pytest.raises(Unreachable, match="nobody"):
                    ask()
        assert door.opened == before
    finally:
        reader.stop()


def test_without_a_thread_a_viewer_tries_once_an_interval() -> None:
    door, hand = Door(""), Hand()
    door.failure = Unreachable("nobody there", "")
    reader = made(door, hand)
    for _ in range(3):
        with pytest.raises(Unreachable, match="nobody"):
            reader.endpoint(NAME)
    assert door.opened == 1
    hand.at += 2
    with pytest.raises(Unreachable, match="nobody"):
        reader.endpoint(NAME)
    assert door.opened == 2


def test_the_age_of_an_outage_shows_for_every_range(gate: tuple[str, Gate]) -> None:
    url, closed = gate
    hand = Hand()
    reader = made(Door(url), hand)
    session.connect(reader)
    try:
        reader.read_once()
        view, age_s = session.endpoint(NAME, timedelta(hours=3))
        assert age_s == 0
        closed.shut["*"] = NO_AWS
        hand.at += 3600
        reader.read_once()
        for span in (timedelta(hours=3), LONGER, timedelta(days=1)):
            kept, age_s = session.endpoint(NAME, span)
            assert (kept.as_of, age_s, old(kept.problems)) == (view.as_of, 3600, [OLD])
        closed.shut.clear()
        reader.read_once()
        assert session.endpoint(NAME, LONGER)[1] == 0
    finally:
        session.connect(None)
        reader.stop()


def world_at(port: int, scenario: str, clock: SimClock) -> LocalAws:
    world = make_world(clock, WorldOptions(history_days=1), empty=True, scenarios=(scenario,))
    return LocalAws(world, port, ticking=False).start()


def test_another_embedded_aws_at_the_same_address_is_another_aws(tmp_path: Path) -> None:
    clock, hand = SimClock(TUESDAY, 1.0, lambda: 0.0), Hand()
    first = world_at(0, "slow", clock)
    settings = Settings.load(endpoint_url=first.url, history_url=f"sqlite:///{tmp_path / 'history.db'}")
    reader = Collector(lambda: Console.open(settings, keep=True), lambda kind: 2.0, hand)
    try:
        reader.read_once()
        was, (row,) = reader.connection(), reader.fleet().rows
        reader.endpoint(row.endpoint.ref.name)
    finally:
        first.stop()
    second = world_at(int(first.url.rpartition(":")[2]), "no-scale-in", clock)
    try:
        clock.jump(60)
        hand.at += 60
        kept = reader.endpoint(row.endpoint.ref.name)  # not read from the new one into the memory of the old
        assert old(kept.problems) == [OLD]
        assert "anew" in kept.problems[-1].what
        reader.read_once()
        assert reader.snapshot().error is None
        assert reader.connection().world not in ("", was.world)
        assert reader.fleet().rows[0].endpoint.ref.name != row.endpoint.ref.name
        assert reader.fleet().connection == reader.connection()
    finally:
        reader.stop()
        second.stop()


def test_the_fleet_of_another_aws_is_not_shown_while_the_new_one_cannot_be_read() -> None:
    clock = SimClock(TUESDAY, 1.0, lambda: 0.0)
    first = world_at(0, "slow", clock)
    with gated(first.url) as (url, closed):
        reader = made(Door(url), Hand())
        reader.read_once()
        assert reader.fleet().rows
        first.stop()
        second = world_at(0, "no-scale-in", clock)
        try:
            closed.behind = second.url
            closed.shut["ListEndpoints"] = error("AccessDeniedException")
            reader.read_once()
            with pytest.raises(OpsError, match="denied"):
                reader.fleet()
        finally:
            reader.stop()
            second.stop()


def test_expired_keys_keep_every_view_and_renewed_ones_are_taken_up(gate: tuple[str, Gate]) -> None:
    url, closed = gate
    door, hand = Door(url), Hand()
    reader = made(door, hand)
    reader.read_once()
    good = reader.endpoint(NAME)
    closed.shut["*"] = EXPIRED
    hand.at += 10
    for _ in range(2):
        for span in (timedelta(hours=3), LONGER):
            kept = reader.endpoint(NAME, span)
            assert old(kept.problems) == [OLD]
            assert "expired" in kept.problems[-1].what
        reader.read_once()
        assert isinstance(reader.snapshot().error, CredentialsProblem)
    assert kept.row.verdict == good.row.verdict
    before = door.opened
    closed.shut.clear()
    reader.read_once()
    assert door.opened == before + 1  # new keys are read when a console is opened
    assert old(reader.endpoint(NAME).problems) == []
    reader.stop()


def test_an_embedded_aws_that_was_stopped_keeps_every_view(gate: tuple[str, Gate], tmp_path: Path) -> None:
    url, closed = gate
    with pytest.raises(which_aws.NotRunning) as caught:
        which_aws.choose(Settings.load(state_dir=tmp_path))
    assert (caught.value.code, caught.value.retryable) == ("NotRunning", True)
    door = Door(url)
    reader = made(door, Hand())
    reader.read_once()
    closed.shut["*"] = NO_AWS
    reader.read_once()
    door.failure = caught.value
    reader.read_once()
    kept = reader.endpoint(NAME, LONGER)
    assert old(kept.problems) == [OLD]
    assert kept.problems[-1].what == "The embedded AWS is not running."
    assert old(reader.fleet().problems) == [OLD]
    reader.stop()


def test_what_is_answered_from_memory_is_answered_while_aws_is_away(gate: tuple[str, Gate]) -> None:
    url, behind = gate
    reader = Collector(lambda: console_at(url), lambda kind: 2.0, Hand())
    reader.read_once()
    asked = reader.recall("known", lambda console: console.cold_starts().as_of, 0.0)
    assert asked.error is None
    behind.shut["*"] = NO_AWS
    reader.read_once()
    again = reader.recall("known", lambda console: console.cold_starts().as_of, 0.0)
    assert again.value == asked.value
    assert isinstance(again.error, Unreachable)
    with pytest.raises(Unreachable):
        reader.ask("never asked", lambda console: console.names(), 0.0)
    reader.stop()


def test_what_was_just_read_of_an_endpoint_is_not_older_because_the_fleet_is(gate: tuple[str, Gate]) -> None:
    url, closed = gate
    hand = Hand()
    reader = made(Door(url), hand)
    reader.read_once()
    closed.shut["ListEndpoints"] = error("AccessDeniedException")
    hand.at += 10
    reader.read_once()
    assert old(reader.fleet().problems) == [OLD]
    view = reader.endpoint(NAME)
    assert old(view.problems) == []
    assert reader.endpoint(NAME) is view
    reader.stop()


def test_after_one_failure_nothing_that_is_known_is_read_again(gate: tuple[str, Gate]) -> None:
    url, closed = gate
    reader = made(Door(url), Hand())
    reader.read_once()
    while reader.close_gap():
        pass
    view, progress = reader.endpoint(NAME), reader.snapshot().history
    assert progress == (1, 1)
    closed.shut["*"] = NO_AWS
    reader.read_once()
    usage = reader.snapshot().usage
    assert usage is not None
    closed.shut.clear()
    reader.read_once()
    again = reader.endpoint(NAME)
    after = reader.snapshot().usage
    assert after is not None
    assert after.metrics == usage.metrics
    assert reader.snapshot().history == progress
    backlog = metrics.BACKLOG.key
    np.testing.assert_array_equal(again.metrics.get(backlog).values, view.metrics.get(backlog).values)
    reader.stop()

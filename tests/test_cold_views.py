"""The views of cold starts while the collector follows a fleet: found in the background, adopted, forgotten, told."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.collector import Collector
from ops.config import Settings
from ops.console import Console
from ops.core.cold_start import ColdStart
from ops.core.errors import BadInput, UnknownEndpoint, Unreachable
from ops.local_aws.story_kit import HOUR
from tests.living import Hand, console_at, error, gated
from tests.small_worlds import NAME, small


def collected(url: str, keep: Path | None = None) -> Collector:
    """A collector that has read once and then done all that it does between two readings."""
    settings = Settings(endpoint_url=url, **({"state_dir": keep} if keep is not None else {}))
    reader = Collector(lambda: Console.open(settings, keep=keep is not None), lambda kind: 2.0, Hand())
    reader.read_once()
    while reader.close_gap():
        pass
    return reader


def told(reader: Collector) -> tuple[ColdStart, ...]:
    return reader.ask("cold", lambda console: console.cold_starts(), 0.0).value.starts


def test_the_collector_finds_them_between_two_readings_and_once() -> None:
    with small(1.0) as (server, _):
        reader = collected(server.url)
        assert len(told(reader)) == len(server.world.fleet.wakes(NAME))
        assert not reader.close_gap()
        reader.stop()


def test_they_outlive_a_restart_and_the_retention_of_aws(tmp_path: Path) -> None:
    with small(2.0, every_s=12 * HOUR) as (server, clock):
        first = collected(server.url, tmp_path)
        before = told(first)
        first.stop()
        clock.jump(45 * 86_400.0)
        server.world.catch_up()
        second = collected(server.url, tmp_path)
        after = {start.id: start for start in told(second)}
        second.stop()
        old = [s for s in before if s.closed]
        assert old
        for start in old:
            assert after[start.id] == start, "AWS no longer tells of it"


def test_a_new_console_of_the_same_aws_goes_on_with_what_the_old_one_found() -> None:
    with small(0.5) as (server, _), console_at(server.url) as old:
        old.read((), anybody=True)
        while old.close_gap() or old.keep_cold_starts():
            pass
        calls = old.usage().calls["application-autoscaling:DescribeScalingActivities"]
        with console_at(server.url) as new:
            assert new.adopt(old)
            assert new.cold_starts().starts == old.cold_starts().starts
            assert not new.keep_cold_starts()
            assert new.usage().calls.get("application-autoscaling:DescribeScalingActivities", 0) == 0 < calls


def test_before_the_first_reading_there_is_nothing_to_tell() -> None:
    with small(0.2) as (server, _), console_at(server.url) as console:
        for ask in (console.cold_starts, lambda: console.waking(NAME)):
            with pytest.raises(Unreachable):
                ask()
        assert not console.keep_cold_starts()
        console.fleet()
        with pytest.raises(UnknownEndpoint):
            console.waking("nobody")
        with pytest.raises(BadInput):
            console.find_cold_starts([NAME], 0.0)


def test_throttled_they_wait_for_a_better_time() -> None:
    with small(0.5) as (server, clock), gated(server.url) as (url, gate), console_at(url) as console:
        console.read((), anybody=True)
        while console.close_gap():
            pass
        gate.shut["DescribeLogStreams"] = error("ThrottlingException", status=429)
        reader = Collector(lambda: console, lambda kind: 2.0, Hand())
        reader.read_once()
        assert not reader.close_gap(), "an error ends this turn and nothing else"
        assert not any(s.final for s in console.cold_starts().starts)
        gate.shut.clear()
        clock.jump(200)
        server.world.catch_up()
        console.read((), anybody=True)
        while console.close_gap() or console.keep_cold_starts():
            pass
        found = console.cold_starts()
        assert found.problems == ()
        assert sum(s.final for s in found.starts) >= len(found.starts) - 1 > 2

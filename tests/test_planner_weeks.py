"""Which span is replayed: whole weeks, fair to every day of them; and one span for all that is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ops import compiled
from ops.config import Settings
from ops.console import Console
from ops.core.views_planner import PlanQuery
from ops.local_aws.clock import SimClock
from ops.local_aws.server import LocalAws
from tests.small_worlds import NAME, small

WEEK = timedelta(days=7)
HOUR_S = 3600.0


@pytest.fixture(scope="module", autouse=True)
def kernels() -> None:
    compiled.warm()


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[LocalAws, SimClock]]:
    with small(9.0, every_s=6 * HOUR_S) as found:
        yield found


@pytest.fixture
def console(world: tuple[LocalAws, SimClock], tmp_path: Path) -> Iterator[Console]:
    with Console.open(Settings(endpoint_url=world[0].url, state_dir=tmp_path)) as opened:
        yield opened


def asked(days: int) -> PlanQuery:
    return PlanQuery(NAME, "p95<=15min", days=days, most=4)


def test_a_month_is_made_of_whole_weeks_and_less_than_one_is_said(console: Console) -> None:
    found = console.find_plan(asked(30))
    assert found.last - found.first == WEEK
    assert found.notes[0] == (
        "1 whole week of the 30 days that were asked for is replayed, so that each day of the week weighs the same in "
        "a month."
    )
    assert " requests of 7 days" in found.advice.sure[0]
    assert all(each.saved_month is not None for each in found.advice.savings)
    few = console.plan(asked(3))
    assert few.last - few.first == timedelta(days=3)
    assert few.notes[0].startswith("Less than a week is replayed (3 d)")
    by_name = {each.against.baseline.text: each for each in few.advice.savings}
    assert by_name["one"].saved_month is not None
    hours = by_name["hours"]
    assert (hours.saved_month, hours.ratio) == (None, None)
    assert hours.against.formula.endswith("not held against less than a week of replay")


def test_what_is_told_of_a_search_later_is_of_its_span(
    console: Console, world: tuple[LocalAws, SimClock]
) -> None:
    server, clock = world
    found = console.find_plan(asked(3))
    one = found.played[0]
    clock.jump(3 * HOUR_S)
    server.world.fleet.advance(clock.now())
    console.find_traffic(NAME, 3)
    then = console.course(found.query, one.candidate, found.as_of)
    assert then.first == found.first
    assert then.played.hours_month == one.hours_month
    assert then.played.p95_s == one.p95_s
    now = console.course(found.query, one.candidate)
    assert now.first == found.first + timedelta(hours=3)

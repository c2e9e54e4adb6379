"""Today's policy where others schedule its bounds, asked inside their window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ops import compiled
from ops.config import Settings
from ops.console import Console
from ops.core.candidate import Candidate, always_on
from ops.core.change import Actor
from ops.core.fixes import PutSchedule
from ops.core.types import ScheduledAction
from ops.core.views_planner import PlanQuery, Role
from ops.planner_posed import zone_of_schedules
from tests.core.warm_samples import plan
from tests.small_worlds import NAME, small

ADMIN = Actor("mira", "admin", "command line")
BERLIN = "Europe/Berlin"
OPEN = ("warm-open", "cron(45 7 ? * MON-FRI *)", 1, None)
CLOSE = ("warm-close", "cron(0 19 ? * MON-FRI *)", 0, None)
SMALLER = ("warm-close", "cron(0 19 ? * MON-FRI *)", 0, 2)
ALWAYS = Candidate(1, 3, 5.0, 300, 60)
QUERY = PlanQuery(NAME, "p95<=120s", "UTC", 2, 8, own=(ALWAYS,))


@pytest.fixture(scope="module", autouse=True)
def kernels() -> None:
    compiled.warm()


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    """16:00 of a Tuesday in Berlin."""
    with (
        small(2.0) as (server, _),
        Console.open(Settings(endpoint_url=server.url, state_dir=tmp_path)) as opened,
    ):
        yield opened


def scheduled(console: Console, *actions: tuple[str, str, int, int | None]) -> None:
    ref = console.reference(NAME)
    puts = [PutSchedule(ref, name, cron, BERLIN, low, high) for name, cron, low, high in actions]
    console.apply(console.plan_changes(NAME, "policy", "Theirs", tuple(puts)), ADMIN)
    console.apply(console.plan_bounds(NAME, 1, 3), ADMIN)


def test_inside_a_window_of_others_todays_policy_is_not_what_never_sleeps(console: Console) -> None:
    scheduled(console, OPEN, CLOSE)
    found = console.find_plan(QUERY)
    assert found.today is not None
    today = found.played[found.today]
    assert (today.candidate.low, today.left) == (0, ())
    assert today.candidate.warm == (plan("mon-fri 07:45-19:00"),)
    assert {plan.zone for p in found.played for plan in p.candidate.warm} == {BERLIN}
    own = next(p for p in found.played if p.role is Role.OWN)
    assert own.candidate.low == 1
    assert own.hours_month.mid > today.hours_month.mid
    assert today.whole(today.candidate)
    assert console.plan_candidate(NAME, today.candidate, found).empty
    assert not today.whole(ALWAYS)
    made = console.plan_candidate(NAME, ALWAYS, found)
    assert made.cost is not None
    assert made.cost.usd_per_month is not None
    assert made.cost.usd_per_month > 0


def test_busy_hours_are_of_the_zone_of_the_endpoints_own_schedules() -> None:
    actions = [ScheduledAction(name, cron, BERLIN, low, high) for name, cron, low, high in (OPEN, CLOSE)]
    once = ScheduledAction("once", "at(2026-12-01T00:00:00)", "Asia/Tokyo", 1, None)
    assert zone_of_schedules([*actions, once]) == BERLIN
    assert zone_of_schedules([replace(actions[0], timezone=None), once]) == ""


def test_where_something_is_left_out_it_is_named_and_nothing_is_compared_with_it(console: Console) -> None:
    scheduled(console, OPEN, SMALLER)
    found = console.find_plan(QUERY)
    assert found.today is not None
    today = found.played[found.today]
    assert today.left == ("Scheduled actions that Ebb did not make: warm-open, warm-close.",)
    assert any(today.left[0] in line for line in found.advice.evidence)
    assert next(p for p in found.played if p.role is Role.OWN).candidate.low == 1
    assert not today.whole(today.candidate)
    for candidate in (ALWAYS, today.candidate, always_on(1, today.candidate.machine)):
        cost = console.plan_candidate(NAME, candidate, found).cost
        assert cost is not None
        assert (cost.usd_per_month, cost.usd_per_day, cost.usd_once) == (None, None, None)
        assert "warm-open" in cost.basis
    alone = console.course(replace(QUERY, own=(today.candidate,)), today.candidate)
    assert alone.played.role is Role.OWN
    assert console.course(QUERY, today.candidate).played.hours_month == today.hours_month


def test_a_candidate_that_names_no_machine_can_be_todays(console: Console) -> None:
    found = console.find_plan(replace(QUERY, own=()))
    today = found.played[0]
    assert today.whole(Candidate(0, 3, 5.0, 300, 60))
    assert not today.whole(Candidate(0, 3, 4.0, 300, 60))


def test_grown_traffic_is_said_in_the_plan_and_held_against_no_past(console: Console) -> None:
    found = console.find_plan(replace(QUERY, growth=3.0))
    made = console.plan_candidate(NAME, ALWAYS, found)
    assert made.cost is not None
    assert made.cost.basis.endswith("by a replay of 2 days with 3 times their traffic at list price.")
    assert found.advice.savings == ()
    assert any("The baselines of Savings are of the traffic as it was" in line for line in found.advice.sure)
    assert console.plan(QUERY).advice.savings


def test_what_was_read_is_searched_while_aws_is_away(tmp_path: Path) -> None:
    with (
        small(1.0) as (server, _),
        Console.open(Settings(endpoint_url=server.url, state_dir=tmp_path)) as opened,
    ):
        opened.find_traffic(NAME, 2)
        opened.price("ml.g5.xlarge")
        server.stop()
        found = opened.plan(QUERY)
        assert [p.part for p in found.problems] == ["quotas"]
        assert opened.course(QUERY, ALWAYS).played.candidate.low == 1

"""Windows where requests come again and again, and what a search tries first, and on each machine."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np

from ops.core.candidate import Candidate
from ops.replay.candidates import Ground
from ops.replay.promise import parse
from ops.replay.recurring import recurring
from ops.replay.scenario import Requests
from ops.replay.search import Today, Traffic, search
from ops.replay.space import around
from tests.replay.played_samples import MACHINE
from tests.replay.test_search import DAY, GROUND, MONDAY, PROMISE, TRAFFIC


def clustered(seed: int, minutes: tuple[int, ...] = (160, 400, 640, 880, 1120, 1360)) -> Requests:
    """Four requests of half a minute within ten minutes, at the same six times of each of two weeks' days."""
    rng = np.random.default_rng(seed)
    at = [MONDAY + day * DAY + m * 60 + rng.uniform(0, 600, 4) for day in range(14) for m in minutes]
    arrival = np.sort(np.concatenate(at))
    return Requests(arrival, np.full(len(arrival), 30.0))


def test_clusters_of_the_day_become_several_windows() -> None:
    found = recurring(clustered(1), "UTC", 6)
    assert [len(plans) for plans in found] == [1, 2]  # every day alike; weekdays and weekends apart
    (plan,) = found[0]
    assert len(plan.windows) == 6
    assert all(len(window.weekdays) == 7 and window.minutes <= 15 for window in plan.windows)
    assert (plan.early, plan.floor, plan.zone) == (6, 1, "UTC")
    assert [(w.start.hour * 60 + w.start.minute) for w in plan.windows] == [160, 400, 640, 880, 1120, 1360]
    assert recurring(Requests(np.zeros(0), np.zeros(0)), "UTC", 6) == ()
    assert (
        recurring(clustered(1, tuple(range(0, 1440, 60))), "UTC", 6) == ()
    )  # more than a plan holds, or all day


def test_a_search_finds_windows_that_keep_a_promise_which_always_on_keeps_for_many_times_as_much() -> None:
    seeds = (1, 2, 3)
    traffic = Traffic(tuple(map(clustered, seeds)), seeds)
    ground = Ground(MONDAY, MONDAY + 14 * DAY, (300.0,))
    promise = parse("95% within 2 min")
    today = Candidate(0, 1, 5.0, machine=MACHINE)
    space = around(today, traffic.expansions[0], promise, ground, MACHINE, "UTC")
    found = search(traffic, ground, promise, space, today=Today(today), most=60)
    best = min((p for p in found if all(p.kept)), key=lambda p: p.hours_month.mid)
    assert len(best.candidate.warm[0].windows) == 6
    assert best.hours_month.mid < 300
    few = search(traffic, ground, promise, space, today=Today(today), most=3)
    assert len(few) == 3
    assert {bool(p.candidate.warm) for p in few} == {False, True}
    assert any(p.candidate.fixed for p in few)


def test_one_more_machine_changes_nothing_of_what_is_tried_on_todays() -> None:
    other = replace(MACHINE, instance_type="ml.g5.2xlarge", speed=1.5, usd_per_hour=Decimal("9"))
    today = Candidate(0, 2, 5.0, machine=MACHINE)
    space = around(today, TRAFFIC.expansions[0], PROMISE, GROUND, MACHINE, "UTC")
    alone = search(TRAFFIC, GROUND, PROMISE, space, today=Today(today), most=40)
    wider = replace(space, machines=(MACHINE, other))
    both = search(TRAFFIC, GROUND, PROMISE, wider, today=Today(today), most=40)
    assert {p.candidate for p in alone} == {p.candidate for p in both if p.candidate.machine == MACHINE}
    assert 0 < sum(p.candidate.machine == other for p in both) <= 40


def test_windows_open_as_early_as_is_asked_for() -> None:
    space = around(None, clustered(1), parse("95% within 2 min"), GROUND, MACHINE, "UTC", 9)
    assert {plan.early for plans in space.warms for plan in plans} == {9}

"""SimPy, written apart (bench/replay_simpy.py), and long quiet stretches, which the fuzz does not reach."""

from __future__ import annotations

import numpy as np
import pytest

from bench.replay import candidates, traffic
from bench.replay_fuzz import differences
from bench.replay_simpy import Course
from ops.core.autoscaling import AlarmRule
from ops.core.types import Bounds, Step
from ops.replay import oracle
from ops.replay.engine import prepare, replay
from ops.replay.scenario import (
    AlarmSpec,
    Event,
    Kind,
    Model,
    Requests,
    Scenario,
    Stepping,
    Tracking,
    Watched,
    wake_policy,
)

REQUESTS = traffic(2_000)


@pytest.mark.parametrize("number", range(6))
def test_waits_are_those_of_simpy(number: int) -> None:
    scenario = candidates(REQUESTS, 6)[number]
    course = Course(REQUESTS, scenario).run()
    ours = replay(REQUESTS, scenario, timeline=False)
    assert np.abs(course.started_s - ours.started_s).max() <= 1e-6
    assert (course.launches, course.cold_starts) == (ours.launches, ours.cold_starts)


def test_a_month_of_little_traffic_with_warm_mornings_equals_the_reference() -> None:
    draw = np.random.default_rng(9)
    days = np.sort(draw.choice(28, 9, replace=False))
    arrival = np.sort(np.concatenate([day * 86_400 + draw.uniform(30_000, 60_000, 40) for day in days]))
    requests = Requests(arrival, draw.exponential(40, len(arrival)))
    mornings = [
        Event(day * 86_400 + hour * 3600.0, Kind.SCHEDULED, low, 4)
        for day in range(30)
        for hour, low in ((8, 1), (18, 0))
    ]
    for delay in (300.0, 333.3):
        scenario = Scenario(
            Bounds(0, 4), 0, 2, (wake_policy(), Tracking(3.0)), tuple(mornings), provision_s=(delay, 240.0)
        )
        expected = oracle.replay(requests, scenario)
        assert differences(expected, replay(prepare(requests), scenario, timeline=False)) == []
        assert differences(expected, replay(requests, scenario)) == []


def test_policies_that_work_against_each_other_for_ever_come_to_an_end() -> None:
    """What was running is taken back before it is done, again and again."""
    idle = AlarmSpec("idle", Watched.BACKLOG, AlarmRule("LessThanOrEqualToThreshold", 0, 1, 1))
    away = Stepping("ExactCapacity", (Step(None, 0, 0),), (idle,), cooldown_s=0, name="to zero")
    scenario = Scenario(
        Bounds(0, 1), 0, 1, (wake_policy(cooldown_s=0), away),
        ttl_s=0, model=Model(drain="requeue", in_flight="waiting_only"),
    )  # fmt: skip
    requests = Requests(np.array([0.0]), np.array([3600.0]))
    expected = oracle.replay(requests, scenario)
    found = replay(requests, scenario)
    assert differences(expected, found) == []
    assert np.isnan(found.drained_s)
    assert found.cold_starts > 100

"""Queues whose mean wait is known in closed form. Fixed seeds; tolerances are three standard errors of the mean."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ops.core.types import Bounds
from ops.replay.engine import replay
from ops.replay.scenario import Requests, Scenario

RUNS, COUNT = 4, 400_000
LOAD = 0.8


def mean_wait(interval: float, slots: int, instances: int = 1, exponential: bool = True) -> float:
    """Seconds, over RUNS of COUNT requests that hold their slot for a second in the mean."""
    scenario = Scenario(Bounds(instances, instances), instances, slots // instances, ttl_s=0)
    waits = []
    for run in range(RUNS):
        arrival = np.cumsum(np.random.default_rng(200 + run).exponential(interval, COUNT))
        hold = np.random.default_rng(100 + run).exponential(1.0, COUNT) if exponential else np.ones(COUNT)
        found = replay(Requests(arrival, hold), scenario, timeline=False)
        waits.append(float((found.started_s - arrival).mean()))
    return float(np.mean(waits))


def erlang_c(servers: int, offered: float) -> float:
    """The share that waits in M/M/c."""
    terms = [offered**k / math.factorial(k) for k in range(servers)]
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return last / (sum(terms) + last)


def test_one_server_with_exponential_service() -> None:
    assert mean_wait(1 / LOAD, 1) == pytest.approx(LOAD / (1 - LOAD), rel=0.05)


def test_one_server_with_constant_service() -> None:
    assert mean_wait(1 / LOAD, 1, exponential=False) == pytest.approx(LOAD / (2 * (1 - LOAD)), rel=0.03)


@pytest.mark.parametrize(("slots", "instances"), [(4, 4), (4, 1), (12, 3)])
def test_several_servers_with_exponential_service(slots: int, instances: int) -> None:
    offered = LOAD * slots
    expected = erlang_c(slots, offered) / (slots - offered)
    assert mean_wait(1 / offered, slots, instances) == pytest.approx(expected, rel=0.05)


def test_with_room_for_all_nobody_waits() -> None:
    assert mean_wait(1.0, 64, 8) == 0.0

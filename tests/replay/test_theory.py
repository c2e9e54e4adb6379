"""Queues whose mean wait is known in closed form. Fixed seeds; tolerances are three standard errors of the mean."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from ops.core.types import Bounds, FloatArray
from ops.replay.engine import replay
from ops.replay.scenario import Requests, Scenario

RUNS, COUNT = 4, 400_000
LOAD = 0.8
WITHIN = {"M/M/1": 0.05, "M/D/1": 0.03, "M/G/1": 0.05, "M/M/c": 0.05, "G/G/1": 0.05}
SIGMA = 0.5
"""Of the logarithm of lognormal service times."""
VARIED = math.expm1(SIGMA**2)
"""The square of their coefficient of variation."""
Drawn = Callable[[np.random.Generator], FloatArray]


def exponential(rng: np.random.Generator) -> FloatArray:
    return rng.exponential(1.0, COUNT)


def constant(_: np.random.Generator) -> FloatArray:
    return np.ones(COUNT)


def lognormal(rng: np.random.Generator) -> FloatArray:
    return rng.lognormal(-(SIGMA**2) / 2, SIGMA, COUNT)


def erlang4(rng: np.random.Generator) -> FloatArray:
    """Steadier than chance: a coefficient of variation of a half."""
    return rng.gamma(4.0, 0.25, COUNT)


def mean_wait(
    interval: float, slots: int, instances: int = 1, service: Drawn = exponential, gaps: Drawn = exponential
) -> float:
    """Seconds, over RUNS of COUNT requests that hold their slot for a second in the mean."""
    scenario = Scenario(Bounds(instances, instances), instances, slots // instances, ttl_s=0)
    waits = []
    for run in range(RUNS):
        arrival = np.cumsum(interval * gaps(np.random.default_rng(200 + run)))
        hold = service(np.random.default_rng(100 + run))
        found = replay(Requests(arrival, hold), scenario, timeline=False)
        waits.append(float((found.started_s - arrival).mean()))
    return float(np.mean(waits))


def erlang_c(servers: int, offered: float) -> float:
    """The share that waits in M/M/c."""
    terms = [offered**k / math.factorial(k) for k in range(servers)]
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return last / (sum(terms) + last)


def test_one_server_with_exponential_service() -> None:
    assert mean_wait(1 / LOAD, 1) == pytest.approx(LOAD / (1 - LOAD), rel=WITHIN["M/M/1"])


def test_one_server_with_constant_service() -> None:
    found = mean_wait(1 / LOAD, 1, service=constant)
    assert found == pytest.approx(LOAD / (2 * (1 - LOAD)), rel=WITHIN["M/D/1"])


def test_one_server_with_lognormal_service() -> None:
    """Pollaczek and Khinchine: the mean wait hangs on the variance of the service alone."""
    found = mean_wait(1 / LOAD, 1, service=lognormal)
    assert found == pytest.approx(LOAD * (1 + VARIED) / (2 * (1 - LOAD)), rel=WITHIN["M/G/1"])


def test_arrivals_steadier_than_chance_stay_below_kingmans_bound_and_near_its_correction() -> None:
    """Kraemer and Langenbach-Belz corrected Kingman's approximation for arrivals that vary less than Poisson's."""
    found = mean_wait(1 / LOAD, 1, service=lognormal, gaps=erlang4)
    steady = 1 / 4
    assert found <= LOAD * (steady / LOAD**2 + VARIED) / (2 * (1 - LOAD))
    kingman = LOAD * (steady + VARIED) / (2 * (1 - LOAD))
    less = math.exp(-2 * (1 - LOAD) * (1 - steady) ** 2 / (3 * LOAD * (steady + VARIED)))
    assert found == pytest.approx(kingman * less, rel=WITHIN["G/G/1"])


@pytest.mark.parametrize(("slots", "instances"), [(4, 4), (4, 1), (12, 3)])
def test_several_servers_with_exponential_service(slots: int, instances: int) -> None:
    offered = LOAD * slots
    expected = erlang_c(slots, offered) / (slots - offered)
    assert mean_wait(1 / offered, slots, instances) == pytest.approx(expected, rel=WITHIN["M/M/c"])


def test_with_room_for_all_nobody_waits() -> None:
    assert mean_wait(1.0, 64, 8) == 0.0

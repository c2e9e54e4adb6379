"""Sweeps on threads: the same numbers as one after another, progress, a stop, several at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bench.replay_fuzz import cases
from ops import sweeping
from ops.core.types import Bounds
from ops.replay.engine import prepare
from ops.replay.numbers import numbers
from ops.replay.oracle import replay
from ops.replay.scenario import Requests, Scenario, Tracking, wake_policy
from ops.replay.sweep import Stopped, sweep

DRAW = np.random.default_rng(5)
REQUESTS = Requests(np.sort(DRAW.uniform(0, 86_400, 3000)), DRAW.exponential(20, 3000))
CLASSES = (np.arange(3000) % 3 - 1).astype(np.int8)
LIMITS = (60.0, None)
SCENARIOS = [
    Scenario(Bounds(low, high), low, 2, (Tracking(target), wake_policy()))
    for low in (0, 1)
    for high in (1, 2, 3, 4, 5)
    for target in (1.0, 2.0, 5.0)
]


def test_threads_change_nothing_and_neither_does_the_order() -> None:
    expected = sweep(REQUESTS, SCENARIOS, classes=CLASSES, limits_s=LIMITS)
    forwards = sweeping.sweep(REQUESTS, SCENARIOS, classes=CLASSES, limits_s=LIMITS, threads=3)
    assert repr(forwards) == repr(expected)  # NaN included
    backwards = sweeping.sweep(
        prepare(REQUESTS), SCENARIOS[::-1], classes=CLASSES, limits_s=LIMITS, threads=2
    )
    assert repr(backwards) == repr(expected[::-1])


def test_a_sweep_says_what_the_reference_says() -> None:
    chosen = SCENARIOS[::5]
    expected = [numbers(REQUESTS, replay(REQUESTS, one), CLASSES, LIMITS) for one in chosen]
    assert repr(sweep(REQUESTS, chosen, classes=CLASSES, limits_s=LIMITS)) == repr(expected)


def test_progress_comes_to_the_caller_and_ends_with_all() -> None:
    heard: list[tuple[int, int, str]] = []

    def tell(done: int, of: int) -> bool:
        heard.append((done, of, threading.current_thread().name))
        return True

    sweeping.sweep(REQUESTS, SCENARIOS, tell=tell, threads=2)
    assert heard[0][:2] == (0, len(SCENARIOS))
    assert heard[-1][:2] == (len(SCENARIOS), len(SCENARIOS))
    assert [one[0] for one in heard] == sorted(one[0] for one in heard)
    assert {one[2] for one in heard} == {threading.current_thread().name}


def test_a_sweep_that_is_called_off_raises() -> None:
    with pytest.raises(Stopped):
        sweeping.sweep(REQUESTS, SCENARIOS * 50, tell=lambda done, of: done == 0, threads=2)
    with pytest.raises(Stopped):
        sweeping.sweep(REQUESTS, SCENARIOS, tell=lambda done, of: False)


def test_several_viewers_sweep_at_the_same_time() -> None:
    expected = sweep(REQUESTS, SCENARIOS)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: sweeping.sweep(REQUESTS, SCENARIOS, threads=2), range(8)))
    assert all(repr(one) == repr(expected) for one in found)


def test_odd_scenarios_are_swept_too() -> None:
    for _, (requests, scenario) in cases(3, 20):
        expected = numbers(requests, replay(requests, scenario))
        assert repr(sweep(requests, [scenario])) == repr([expected])

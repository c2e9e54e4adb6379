"""Whether a course came back to its minimum: alike for the reference and the kernels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ops.core.types import Bounds
from ops.replay import engine, oracle
from ops.replay.ends import above_least
from ops.replay.scenario import Event, Kind, Requests, Scenario, Stepping, Tracking, wake_policy

WORK = Requests(np.array([0.0, 17.3, 100.5]), np.full(3, 12.7))
WAKES = Scenario(Bounds(0, 3), 0, 1, (wake_policy(),))
UP = Event(600.0, Kind.SCHEDULED, low=1)


@pytest.mark.parametrize(
    ("scenario", "above"),
    [
        (WAKES, 1),
        (replace(WAKES, policies=(wake_policy(), Tracking(5.0))), 0),
        (replace(WAKES, bounds=Bounds(1, 3), initial=1), 0),
        (replace(WAKES, initial=2), 2),
        (replace(WAKES, policies=(), initial=0), 0),
        (replace(WAKES, events=(UP,)), 0),
        (replace(WAKES, until_s=900.0), 1),
        (replace(WAKES, until_s=200.0), 0),
        (replace(WAKES, bounds=Bounds(2, 2), initial=2, policies=()), 0),
    ],
)
def test_instances_beyond_the_minimum_at_the_end(scenario: Scenario, above: int) -> None:
    for replay in (oracle.replay, engine.replay):
        assert above_least(replay(WORK, scenario), scenario) == above


def test_adding_two_leaves_two() -> None:
    wakes = wake_policy(add=2)
    assert isinstance(wakes, Stepping)
    scenario = replace(WAKES, policies=(wakes,))
    assert above_least(oracle.replay(WORK, scenario), scenario) == 2

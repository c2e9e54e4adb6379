"""The scaling rules as tables: target tracking, step scaling, cooldowns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.autoscaling import (
    clamp,
    scale_in_allowed,
    scale_out_allowed,
    step_scaling,
    target_tracking,
)
from ops.core.types import Bounds, Step

UP = (Step(0, None, 1),)
DOWN = (Step(None, 0, -1),)


@pytest.mark.parametrize(
    ("current", "metric", "target", "expected"),
    [
        (1, 10.0, 5.0, 2),
        (1, 10.1, 5.0, 3),  # rounded up
        (3, 5.1, 5.0, 4),
        (2, 50.0, 5.0, 20),
        (0, 40.0, 5.0, 8),  # at zero instances the base is one
        (0, 5.1, 5.0, 2),
        (4, 1.0, 5.0, 4),  # never down
        (10, 0.3, 0.1, 30),  # no 30.000000000000004 -> 31
    ],
)
def test_target_tracking_out(current: int, metric: float, target: float, expected: int) -> None:
    assert target_tracking(current, metric, target, scale_in=False).capacity == expected


@pytest.mark.parametrize(
    ("current", "metric", "target", "expected"),
    [
        (1, 0.0, 5.0, 0),
        (8, 0.0, 5.0, 0),
        (1, 0.5, 5.0, 1),  # one instance is still needed
        (2, 2.5, 5.0, 1),
        (2, 2.6, 5.0, 2),  # one fewer would be above the target
        (10, 4.4, 5.0, 9),
        (4, 9.0, 5.0, 4),  # never up
        (0, 3.0, 5.0, 0),
    ],
)
def test_target_tracking_in(current: int, metric: float, target: float, expected: int) -> None:
    assert target_tracking(current, metric, target, scale_in=True).capacity == expected


@given(current=st.integers(1, 200), metric=st.floats(0, 1000), target=st.floats(0.1, 100))
def test_scale_in_never_lifts_the_metric_over_its_target(current: int, metric: float, target: float) -> None:
    want = target_tracking(current, metric, target, scale_in=True).capacity
    assert 0 <= want <= current
    if want < current:
        assert current * metric <= want * target * (1 + 1e-6) + 1e-6


@given(current=st.integers(0, 200), metric=st.floats(0, 1000), target=st.floats(0.1, 100))
def test_scale_out_is_enough_and_not_one_too_many(current: int, metric: float, target: float) -> None:
    want = target_tracking(current, metric, target, scale_in=False).capacity
    load = max(1, current) * metric
    assert want >= current
    assert want * target >= load * (1 - 1e-6) - 1e-6
    if want > max(1, current):
        assert (want - 1) * target <= load * (1 + 1e-6) + 1e-6


BOTH = (Step(None, -10, -2), Step(-10, 0, -1), Step(0, 20, 1), Step(20, None, 4))


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (100.0, 6),  # at the threshold: the step from 0 upwards
        (119.9, 6),
        (120.0, 9),  # lower bounds are inclusive above the threshold
        (500.0, 9),
        (99.9, 4),
        (90.1, 4),
        (90.0, 3),  # upper bounds are inclusive below it
        (0.0, 3),
    ],
)
def test_which_step_covers_the_breach(metric: float, expected: int) -> None:
    for steps in (BOTH, BOTH[::-1]):
        decision = step_scaling(5, metric, 100.0, steps, "ChangeInCapacity")
        assert decision is not None
        assert decision.capacity == expected


@pytest.mark.parametrize(
    ("steps", "metric", "expected"),
    [
        (UP, 1.0, 1),  # HasBacklogWithoutCapacity >= 1
        (DOWN, 1.0, 0),  # <= alarm exactly at its threshold
        ((Step(-1, 0, -1),), 1.0, 0),
        (UP, 0.9, None),  # a less-than alarm whose step has a lower bound of 0 never matches
        (DOWN, 1.1, None),
        ((Step(5, 10, 1),), 3.0, None),
    ],
)
def test_at_the_threshold_and_where_no_step_covers(
    steps: tuple[Step, ...], metric: float, expected: int | None
) -> None:
    decision = step_scaling(0, metric, 1.0, steps, "ChangeInCapacity")
    assert (None if decision is None else decision.capacity) == expected


@pytest.mark.parametrize(
    ("current", "percent", "least", "expected"),
    [
        (10, 25, None, 12),  # 2.5: towards zero
        (4, 25, 2, 6),  # the guide's own example
        (10, 5, None, 11),  # between 0 and 1: one
        (10, -5, None, 9),
        (10, -67, None, 4),  # -6.7: towards zero
        (10, -10, 3, 7),
        (0, 50, None, 0),
        (0, 50, 2, 2),
        (2, -100, None, 0),
        (1, -50, 4, 0),  # never below zero
        (5, 0, 3, 5),
    ],
)
def test_percent_change(current: int, percent: int, least: int | None, expected: int) -> None:
    steps = (Step(0, None, percent),)
    decision = step_scaling(current, 2.0, 1.0, steps, "PercentChangeInCapacity", least)
    assert decision is not None
    assert decision.capacity == expected


def test_exact_capacity() -> None:
    for current in (0, 3, 9):
        decision = step_scaling(current, 2.0, 1.0, (Step(0, None, 4),), "ExactCapacity")
        assert decision is not None
        assert decision.capacity == 4


@pytest.mark.parametrize(
    ("want", "reached", "ended", "now", "allowed"),
    [
        (3, 2, None, 0.0, True),
        (2, 2, 1000.0, 1299.0, False),
        (2, 2, 1000.0, 1300.0, True),
        (3, 2, 1000.0, 1001.0, True),  # a larger one passes
        (1, 2, 1000.0, 1001.0, False),
    ],
)
def test_scale_out_cooldown(want: int, reached: int, ended: float | None, now: float, allowed: bool) -> None:
    assert scale_out_allowed(want, reached, ended, 300.0, now) is allowed


@pytest.mark.parametrize(
    ("ended", "now", "allowed"), [(None, 0.0, True), (1000.0, 1059.0, False), (1000.0, 1060.0, True)]
)
def test_scale_in_cooldown(ended: float | None, now: float, allowed: bool) -> None:
    assert scale_in_allowed(ended, 60.0, now) is allowed


@pytest.mark.parametrize(("capacity", "expected"), [(-1, 1), (0, 1), (1, 1), (3, 3), (4, 4), (9, 4)])
def test_clamp(capacity: int, expected: int) -> None:
    assert clamp(capacity, Bounds(1, 4)) == expected

"""Scheduled actions that are due while the endpoint is Updating: counted, and what becomes of them."""

from __future__ import annotations

import numpy as np
import pytest

from ops.core.types import Bounds
from ops.replay import engine, oracle
from ops.replay.numbers import numbers
from ops.replay.outcome import Replayed
from ops.replay.scenario import Event, Kind, Model, Requests, Scenario, Tracking, wake_policy
from ops.replay.sweep import sweep

HOUR = 3600.0
NIGHT = Requests(np.array([30.0]), np.array([20.0]))
"""Wakes an instance; with this set-up it is told to leave at the end of minute SCALE_IN."""


def scenario(opens_s: float, busy_action: str = "follows", closes_s: float = 10 * HOUR) -> Scenario:
    events = (
        Event(opens_s, Kind.SCHEDULED, low=1),
        Event(closes_s, Kind.SCHEDULED, low=0),
    )
    return Scenario(
        Bounds(0, 1),
        0,
        1,
        (Tracking(5.0), wake_policy()),
        events,
        start_s=0.0,
        until_s=12 * HOUR,
        model=Model(busy_action=busy_action),
    )


def leaves_s() -> float:
    """When the order to scale in is given: the edge of the first minute at whose end none is wanted any more."""
    run = oracle.replay(NIGHT, scenario(11 * HOUR, closes_s=11.5 * HOUR))
    assert run.timeline is not None
    wanted = run.timeline.desired
    return 60.0 * (int(np.flatnonzero((wanted[:-1] > 0) & (wanted[1:] == 0))[0]) + 1)


def both(opens_s: float, busy_action: str) -> Replayed:
    """The reference, once every kernel is seen to equal it."""
    wanted = scenario(opens_s, busy_action)
    slow, fast = oracle.replay(NIGHT, wanted), engine.replay(NIGHT, wanted, timeline=False)
    whole = engine.replay(NIGHT, wanted)
    told = (slow.billed_s, slow.cold_starts, slow.failed_openings, slow.failed_closings)
    for each in (fast, whole):
        assert told == (each.billed_s, each.cold_starts, each.failed_openings, each.failed_closings)
    assert sweep(NIGHT, [wanted]) == [numbers(NIGHT, slow)]
    return slow


def test_an_opening_during_a_scale_in_keeps_its_bounds_and_the_instance_comes_when_that_is_done() -> None:
    run = both(leaves_s(), "follows")
    assert (run.failed_openings, run.failed_closings) == (1, 0)
    assert run.timeline is not None
    assert run.timeline.instances[int(leaves_s() / 60) + 10] == 1


def test_assumed_to_fail_it_never_opens_and_that_is_counted() -> None:
    run = both(leaves_s(), "fails")
    assert (run.failed_openings, run.failed_closings) == (1, 0)
    assert run.timeline is not None
    assert not run.timeline.instances[int(leaves_s() / 60) + 3 :].any()


@pytest.mark.parametrize("busy_action", ["follows", "fails"])
def test_an_opening_while_nothing_moves_is_not_counted(busy_action: str) -> None:
    run = both(5 * HOUR, busy_action)
    assert (run.failed_openings, run.failed_closings) == (0, 0)


def test_an_opening_while_the_instance_that_it_wants_is_on_its_way_needs_no_move() -> None:
    assert both(240.0, "follows").failed_openings == 0
    assert both(240.0, "fails").failed_openings == 1


def test_a_closing_counts_apart() -> None:
    wanted = scenario(300.0 + 11 * HOUR, "fails", closes_s=leaves_s())
    assert oracle.replay(NIGHT, wanted).failed_closings == 1

"""A set-up as a candidate where others schedule the bounds: the same at whatever moment somebody asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from ops.core.candidate import Machine
from ops.core.candidate_setup import AsCandidate, read
from ops.core.candidate_windows import windowed
from ops.core.setup import Setup
from ops.core.types import Bounds, ScalableTarget, ScheduledAction, Suspended
from ops.planner_plan import take
from ops.replay.candidates import fitted
from tests.core.test_planning import TRACK, around
from tests.core.warm_samples import at, plan

BERLIN = "Europe/Berlin"
OPEN = ScheduledAction("warm-open", "cron(45 7 ? * MON-FRI *)", BERLIN, 1, None)
CLOSE = ScheduledAction("warm-close", "cron(0 19 ? * MON-FRI *)", BERLIN, 0, None)
PAIR = plan("mon-fri 07:45-19:00")
INSIDE, OUTSIDE = at("2026-11-18 10:00"), at("2026-11-18 18:00")


def seen(low: int, now: datetime, *actions: ScheduledAction, off: Suspended | None = None) -> AsCandidate:
    target = ScalableTarget(Bounds(low, 3), off or Suspended())
    return read(Setup(target, (TRACK,), actions), Machine(), now)


def test_a_pair_that_opens_and_closes_is_a_warm_window_inside_and_outside_of_it() -> None:
    inside, outside = seen(1, INSIDE, OPEN, CLOSE), seen(0, OUTSIDE, OPEN, CLOSE)
    assert inside == outside
    assert inside.left == ()
    assert (inside.candidate.low, inside.candidate.high, inside.candidate.warm) == (0, 3, (PAIR,))


@pytest.mark.parametrize(
    ("actions", "windows"),
    [
        ((OPEN, CLOSE), ("mon-fri 07:45-19:00",)),
        (  # a close too many changes nothing
            (OPEN, ScheduledAction("off", "cron(0 19 * * ? *)", BERLIN, 0, None)),
            ("mon-fri 07:45-19:00",),
        ),
        (
            (
                OPEN,
                CLOSE,
                ScheduledAction("sat-open", "cron(0 9 ? * SAT *)", BERLIN, 1, None),
                ScheduledAction("sat-close", "cron(0 12 ? * SAT *)", BERLIN, 0, None),
            ),
            ("mon-fri 07:45-19:00", "sat 09:00-12:00"),
        ),
        (  # over midnight, and from Sunday into Monday
            (
                ScheduledAction("on", "cron(0 22 * * ? *)", BERLIN, 1, None),
                ScheduledAction("off", "cron(0 6 * * ? *)", BERLIN, 0, None),
            ),
            ("mon-sun 22:00-06:00",),
        ),
    ],
)
def test_windows_of_others(actions: tuple[ScheduledAction, ...], windows: tuple[str, ...]) -> None:
    found = windowed(actions)
    assert found is not None
    assert set(found.plan.windows) == set(plan(*windows).windows)
    assert (found.plan.zone, found.plan.floor, found.plan.back_min) == (BERLIN, 1, 0)


@pytest.mark.parametrize(
    "actions",
    [
        (OPEN,),
        (OPEN, ScheduledAction("close", "cron(0 19 ? * MON-FRI *)", "UTC", 0, None)),
        (OPEN, ScheduledAction("close", "cron(0 19 ? * MON-FRI *)", BERLIN, 0, 2)),
        (OPEN, ScheduledAction("close", "cron(0 19 1 * ? *)", BERLIN, 0, None)),
        (OPEN, ScheduledAction("close", "rate(1 day)", None, 0, None)),
        (OPEN, ScheduledAction("close", "cron(0 19 ? * MON-FRI *)", BERLIN, 0, None, end=INSIDE)),
        (OPEN, ScheduledAction("close", "cron(45 7 ? * MON-FRI *)", BERLIN, 0, None)),
        (  # from Monday to Friday without a pause
            ScheduledAction("on", "cron(0 8 ? * MON *)", BERLIN, 1, None),
            ScheduledAction("off", "cron(0 18 ? * FRI *)", BERLIN, 0, None),
        ),
    ],
)
def test_what_else_others_schedule_is_left_out_and_named(actions: tuple[ScheduledAction, ...]) -> None:
    assert windowed(actions) is None
    for low, now in ((1, INSIDE), (0, OUTSIDE)):
        found = seen(low, now, *actions)
        assert any("Scheduled actions that Ebb did not make: " in line for line in found.left)


def test_bounds_are_the_widest_that_actions_of_others_lead_to_whenever_somebody_asks() -> None:
    others = (OPEN, ScheduledAction("close", "cron(0 19 ? * MON-FRI *)", BERLIN, 0, 2))
    for low, high, now in ((1, 3, INSIDE), (0, 2, OUTSIDE)):
        setup = Setup(ScalableTarget(Bounds(low, high), Suspended()), (TRACK,), others)
        assert read(setup, Machine(), now).candidate.low == 0
    assert seen(1, INSIDE, *others).candidate.high == 3


def test_a_minimum_that_somebody_set_for_now_is_named() -> None:
    found = seen(2, INSIDE, OPEN, CLOSE)
    assert found.candidate == seen(1, INSIDE, OPEN, CLOSE).candidate
    assert found.left == ("The minimum is 2 now, where the scheduled actions have set 1.",)
    off = seen(1, INSIDE, OPEN, CLOSE, off=Suspended(scheduled=True))
    assert any("Scheduled actions" in line for line in off.left)


def test_windows_of_others_stay_where_the_candidate_has_them() -> None:
    for low, now in ((1, INSIDE), (0, OUTSIDE)):
        setup = Setup(ScalableTarget(Bounds(low, 3), Suspended()), (TRACK,), (OPEN, CLOSE))
        candidate = fitted(read(setup, Machine(), now).candidate)
        assert take(setup, replace(around(), now=now), candidate, "").changes == ()

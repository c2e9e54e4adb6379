"""Drift: what was set elsewhere, and what scheduled actions explain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.core.drift import Baseline, drift, expected
from ops.core.setup import Setup
from ops.core.types import Bounds, EndpointRef, ScalableTarget, ScheduledAction, Suspended

REF = EndpointRef("123456789012", "eu-central-1", "doc-async")
MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
OPENS = ScheduledAction("open", "cron(0 8 ? * MON-FRI *)", "UTC", 1, None)
CLOSES = ScheduledAction("close", "cron(0 18 ? * MON-FRI *)", "UTC", 0, None)


def held(low: int, high: int, *actions: ScheduledAction, off: Suspended | None = None) -> Setup:
    return Setup(ScalableTarget(Bounds(low, high), off or Suspended()), (), actions)


@pytest.mark.parametrize(
    ("present", "hours", "parts"),
    [
        (held(0, 8, OPENS, CLOSES), 1, []),
        (held(1, 8, OPENS, CLOSES), 3, []),  # opened at 8
        (held(0, 8, OPENS, CLOSES), 13, []),  # and closed at 18
        (held(1, 8, OPENS, CLOSES), 1, ["bounds"]),  # before anything opened it
        (held(2, 8, OPENS, CLOSES), 3, ["bounds"]),
        (held(1, 8, OPENS, CLOSES), 16, ["bounds"]),  # set by hand after it had closed: paid all night
        (held(0, 8, OPENS, CLOSES), 3, ["bounds"]),  # closed by hand while it should be open
        (held(1, 4, OPENS, CLOSES), 3, ["bounds"]),
        (held(0, 8, OPENS), 1, ["schedule close"]),
        (held(0, 8, OPENS, CLOSES, off=Suspended(scale_in=True)), 1, ["suspended"]),
        (Setup(), 1, ["bounds", "schedule close", "schedule open", "suspended"]),
    ],
)
def test_what_is_drift(present: Setup, hours: int, parts: list[str]) -> None:
    baseline = Baseline(held(0, 8, OPENS, CLOSES), MONDAY)
    _, found = drift(baseline, present, REF, MONDAY + timedelta(hours=hours))
    assert [d.part for d in found] == parts


def test_a_run_of_just_now_may_still_be_on_its_way() -> None:
    baseline = Baseline(held(0, 8, OPENS, CLOSES), MONDAY)
    at_eight = MONDAY + timedelta(hours=2)
    assert expected(baseline, baseline.setup, at_eight + timedelta(minutes=1)) == (Bounds(1, 8), Bounds(0, 8))
    assert drift(baseline, held(0, 8, OPENS, CLOSES), REF, at_eight + timedelta(minutes=1))[1] == ()
    late = drift(baseline, held(0, 8, OPENS, CLOSES), REF, at_eight + timedelta(minutes=6))[1]
    assert [d.part for d in late] == ["bounds"]


def test_what_is_wanted_follows_the_schedule_not_the_hour_of_the_baseline() -> None:
    """Restored at night, bounds that were seen in the daytime do not come back."""
    baseline = Baseline(held(1, 8, OPENS, CLOSES), MONDAY + timedelta(hours=4))
    night = MONDAY + timedelta(hours=16)
    wanted, found = drift(baseline, held(0, 20, OPENS, CLOSES), REF, night)
    assert wanted.target is not None
    assert wanted.target.bounds == Bounds(0, 8)
    assert [(d.part, d.before) for d in found] == [("bounds", {"MinCapacity": 0, "MaxCapacity": 8})]


def test_an_action_that_was_added_elsewhere_explains_the_bounds_that_it_set() -> None:
    baseline = Baseline(held(0, 8), MONDAY)
    now = MONDAY + timedelta(hours=3)
    assert [d.part for d in drift(baseline, held(1, 8, OPENS), REF, now)[1]] == ["schedule open"]


def test_a_schedule_that_cannot_be_read_explains_nothing() -> None:
    odd = ScheduledAction("odd", "cron(nonsense)", "UTC", 1, None)
    baseline = Baseline(held(0, 8, odd), MONDAY)
    found = drift(baseline, held(1, 8, odd), REF, MONDAY + timedelta(hours=3))[1]
    assert [d.part for d in found] == ["bounds"]


def test_a_one_time_action_that_has_run_is_no_drift_whoever_deleted_it() -> None:
    once = ScheduledAction("once", "at(2026-11-23T14:00:00)", "UTC", 0, None)
    baseline = Baseline(held(1, 4, once), MONDAY)
    after = MONDAY + timedelta(hours=8)
    before = after - timedelta(minutes=1)
    assert [d.part for d in drift(baseline, held(1, 4), REF, before)[1]] == ["schedule once"]
    assert drift(baseline, held(0, 4), REF, after)[1] == ()  # it ran, and AWS or somebody deleted it
    assert [d.part for d in drift(baseline, held(3, 4), REF, after)[1]] == ["bounds"]
    assert drift(baseline, held(0, 4, replace(once, min=2)), REF, after)[1] == ()
    empty = Baseline(held(0, 4), MONDAY)
    assert drift(empty, held(0, 4, once), REF, after)[1] == ()  # somebody's, and over
    unread = ScheduledAction("odd", "at(x)", "UTC", 0, None)
    assert [d.part for d in drift(empty, held(0, 4, unread), REF, after)[1]] == ["schedule odd"]

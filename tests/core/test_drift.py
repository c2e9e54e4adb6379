"""Drift: what was set elsewhere, and what scheduled actions explain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ops.core.drift import Baseline, drift, explained
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
        (held(1, 4, OPENS, CLOSES), 3, ["bounds"]),
        (held(0, 8, OPENS), 1, ["schedule close"]),
        (held(0, 8, OPENS, CLOSES, off=Suspended(scale_in=True)), 1, ["suspended"]),
        (Setup(), 1, ["bounds", "schedule close", "schedule open", "suspended"]),
    ],
)
def test_what_is_drift(present: Setup, hours: int, parts: list[str]) -> None:
    baseline = Baseline(held(0, 8, OPENS, CLOSES), MONDAY)
    found = drift(baseline, present, REF, MONDAY + timedelta(hours=hours))
    assert [d.part for d in found] == parts


def test_an_action_that_was_added_elsewhere_explains_the_bounds_that_it_set() -> None:
    baseline = Baseline(held(0, 8), MONDAY)
    present = held(1, 8, OPENS)
    now = MONDAY + timedelta(hours=3)
    assert explained(baseline, present, now)
    assert [d.part for d in drift(baseline, present, REF, now)] == ["schedule open"]


def test_a_schedule_that_cannot_be_read_explains_nothing() -> None:
    odd = ScheduledAction("odd", "cron(nonsense)", "UTC", 1, None)
    baseline = Baseline(held(0, 8, odd), MONDAY)
    assert [d.part for d in drift(baseline, held(1, 8, odd), REF, MONDAY + timedelta(hours=3))] == ["bounds"]

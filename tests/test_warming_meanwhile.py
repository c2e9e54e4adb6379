"""Somebody sets the bounds while "keep warm until" runs: what that leaves, when it is extended, ended or surrounded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ops import warming, warming_until
from ops.core.fixes import PutSchedule, RegisterTarget
from ops.core.setup import Setup
from ops.core.setup_steps import after
from ops.core.types import Bounds, ScalableTarget, ScheduledAction
from ops.core.warm_keep import KeepUntil
from tests.core.warm_samples import REF, at, office
from tests.test_warming import ASLEEP, INSIDE, SATURDAY, done, lived, low, until, with_plan
from tests.test_warming_base import held, said

LATER = SATURDAY + timedelta(minutes=5)
KEPT = until(ASLEEP, "2026-11-28 12:00", SATURDAY)


def test_extended_it_keeps_what_somebody_set_and_puts_that_back() -> None:
    found = warming_until.keep_until(held(KEPT, 3), REF, KeepUntil(at("2026-11-28 15:00")), LATER)
    assert not any(isinstance(c, RegisterTarget) for c in found.changes)
    (back,) = (c for c in found.changes if isinstance(c, PutSchedule))
    assert back.min == 3
    assert "The minimum is 3 from now on" in found.effect
    assert "Somebody set the minimum to 3 since: it stays" in said(found)
    again = done(held(KEPT, 3), found)
    assert low(lived(again, LATER, at("2026-11-28 15:00"))) == 3
    # and once more, with nothing set since
    more = warming_until.keep_until(again, REF, KeepUntil(at("2026-11-28 18:00")), LATER + timedelta(hours=1))
    assert "Somebody" not in said(more)
    assert low(lived(done(again, more), LATER, at("2026-11-28 18:00"))) == 3
    most = warming_until.keep_until(held(KEPT, 3), REF, KeepUntil(at("2026-11-28 15:00"), 4), LATER)
    assert low(done(held(KEPT, 3), most)) == 4
    assert low(lived(done(held(KEPT, 3), most), LATER, at("2026-11-28 15:00"))) == 3


def test_ended_it_leaves_what_somebody_set() -> None:
    found = warming_until.end_keep(held(KEPT, 3), REF, LATER)
    assert done(held(KEPT, 3), found) == held(ASLEEP, 3)
    assert "Somebody set the minimum to 3 since: it stays" in said(found)
    assert done(held(KEPT, 3), warming.off(held(KEPT, 3), REF, LATER)) == held(ASLEEP, 3)
    usual = warming_until.end_keep(KEPT, REF, LATER)
    assert said(usual) == ""
    assert done(KEPT, usual) == ASLEEP


def test_less_than_kept_but_more_than_before_is_somebody_too() -> None:
    three = until(held(ASLEEP, 1), "2026-11-28 12:00", SATURDAY, floor=3)
    assert low(done(held(three, 2), warming_until.end_keep(held(three, 2), REF, LATER))) == 2
    assert low(done(three, warming_until.end_keep(three, REF, LATER))) == 1


def test_what_scheduled_actions_set_is_nobody() -> None:
    pair = (
        ScheduledAction("day", "cron(0 11 ? * * *)", "UTC", 2, None),
        ScheduledAction("night", "cron(0 13 ? * * *)", "UTC", 0, None),
    )
    before = replace(ASLEEP, schedules=pair)
    kept = until(before, "2026-11-28 15:00", SATURDAY)
    for moment, expected in (("10:30", 0), ("11:30", 2), ("13:30", 0)):
        now = at(f"2026-11-28 {moment}")
        there = lived(kept, SATURDAY, now)
        ended = warming_until.end_keep(there, REF, now)
        assert said(ended) == ""
        assert low(done(there, ended)) == expected


def test_a_plan_made_or_removed_meanwhile_leaves_what_somebody_set() -> None:
    before = until(lived(with_plan(), SATURDAY, INSIDE), "2026-11-30 20:00", INSIDE, floor=2)
    three = held(before, 3)
    now = INSIDE + timedelta(minutes=5)
    gone = done(three, warming.remove(three, REF, 1, now))
    assert low(gone) == 3
    assert low(lived(gone, now, at("2026-11-30 20:00"))) == 3
    plain = done(before, warming.remove(before, REF, 1, now))
    assert low(lived(plain, now, at("2026-11-30 20:00"))) == 0
    made = done(held(KEPT, 3), warming.put_plan(held(KEPT, 3), REF, office(), LATER))
    assert low(made) == 3
    assert low(lived(made, LATER, at("2026-11-28 12:00"))) == 3


def test_extended_inside_a_window_of_others_it_leaves_that_open() -> None:
    pair = (
        ScheduledAction("day", "cron(0 11 ? * * *)", "UTC", 1, None),
        ScheduledAction("night", "cron(0 16 ? * * *)", "UTC", 0, None),
    )
    kept = until(replace(ASLEEP, schedules=pair), "2026-11-28 12:00", SATURDAY)
    noon = at("2026-11-28 11:30")
    there = lived(kept, SATURDAY, noon)
    longer = until(there, "2026-11-28 13:00", noon)
    later = at("2026-11-28 12:30")
    assert low(done(longer, warming_until.end_keep(longer, REF, later))) == 1
    assert low(lived(longer, noon, at("2026-11-28 13:00"))) == 1


@pytest.mark.parametrize("bounds", [Bounds(0, 0), Bounds(0, 1), Bounds(3, 3), Bounds(5, 8)])
def test_bounds_that_changed_meanwhile_keep_nobody_from_ending_it(bounds: Bounds) -> None:
    kept = until(lived(with_plan(), SATURDAY, INSIDE), "2026-11-30 20:00", INSIDE, floor=2)
    before: Setup = replace(kept, target=ScalableTarget(bounds))
    now = INSIDE + timedelta(minutes=5)
    assert after(before, warming_until.end_keep(before, REF, now).changes).schedules
    assert after(before, warming.remove(before, REF, 1, now).changes).target is not None
    assert after(before, warming.off(before, REF, now).changes).schedules == ()

"""What a warm plan puts back when a window ends, where others set the bounds as well."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops import warming
from ops.core.errors import BadInput
from ops.core.setup import Setup
from ops.core.setup_steps import after
from ops.core.types import Bounds, ScalableTarget, ScheduledAction
from ops.warming import WarmWish
from tests.core.warm_samples import REF, at, office, window
from tests.test_warming import ASLEEP, INSIDE, SATURDAY, kinds, lived, low, wish, with_plan

TUESDAY = at("2026-11-24 12:00")
PAIR = (
    ScheduledAction("day", "cron(0 8 ? * MON-FRI *)", "UTC", 1, None),
    ScheduledAction("night", "cron(0 18 ? * MON-FRI *)", "UTC", 0, None),
)
BY_DAY = Setup(ScalableTarget(Bounds(1, 8)), schedules=PAIR)
"""At noon: somebody else's pair holds a minimum of 1."""


def utc(*windows: str, **more: object) -> WarmWish:
    return WarmWish(tuple(map(window, windows)), "UTC", **more)  # type: ignore[arg-type]


def held(setup: Setup, least: int) -> Setup:
    """With a minimum that somebody set by hand."""
    assert setup.target is not None
    return replace(setup, target=replace(setup.target, bounds=Bounds(least, setup.target.bounds.max)))


def said(found: warming.Warming) -> str:
    return " ".join(c.sentence for c in found.cautions)


def test_planned_while_others_hold_it_warm_it_sleeps_outside_the_windows() -> None:
    chosen = warming.plan_of(BY_DAY, REF, utc("mon-fri 19:00-22:00"), TUESDAY, "")
    assert chosen.back_min == 0
    found = warming.put_plan(BY_DAY, REF, chosen, TUESDAY)
    assert "outside the windows" not in said(found)
    setup = after(BY_DAY, found.changes)
    for moment, expected in (("24 18:30", 0), ("24 20:00", 1), ("24 22:00", 0), ("28 03:00", 0)):
        assert low(lived(setup, TUESDAY, at(f"2026-11-{moment}"))) == expected, moment


def test_a_window_that_ends_while_others_hold_it_warm_leaves_it_to_them() -> None:
    chosen = warming.plan_of(BY_DAY, REF, utc("mon-fri 07:00-10:00"), TUESDAY, "")
    assert chosen.back_min == 1
    found = warming.put_plan(BY_DAY, REF, chosen, TUESDAY)
    assert "outside the windows" not in said(found)
    setup = after(BY_DAY, found.changes)
    for moment, expected in (("25 06:00", 0), ("25 07:30", 1), ("25 10:00", 1), ("25 18:00", 0)):
        assert low(lived(setup, TUESDAY, at(f"2026-11-{moment}"))) == expected, moment


def test_where_others_want_now_this_now_that_it_sleeps_and_says_so() -> None:
    chosen = warming.plan_of(BY_DAY, REF, utc("daily 07:00-10:00"), TUESDAY, "")
    assert chosen.back_min == 0
    sentence = said(warming.put_plan(BY_DAY, REF, chosen, TUESDAY))
    assert "would be 1 when the window ends on Wed 25 Nov at 10:00; this plan puts it back to 0" in sentence


def test_a_ceiling_puts_back_the_maximum_of_the_hour_at_which_it_ends() -> None:
    pair = (
        ScheduledAction("big", "cron(0 8 ? * * *)", "UTC", None, 20),
        ScheduledAction("small", "cron(0 18 ? * * *)", "UTC", None, 8),
    )
    before = Setup(ScalableTarget(Bounds(0, 20)), schedules=pair)
    chosen = warming.plan_of(before, REF, utc("daily 19:00-22:00", floor=None, ceiling=2), TUESDAY, "")
    assert (chosen.back_min, chosen.back_max) == (None, 8)


def test_a_plan_for_what_never_sleeps_says_so() -> None:
    awake = held(ASLEEP, 1)
    chosen = warming.plan_of(awake, REF, wish("mon-fri 08:00-18:00"), SATURDAY, "")
    found = warming.put_plan(awake, REF, chosen, SATURDAY)
    assert "The minimum stays at 1 outside the windows too" in said(found)
    two = held(ASLEEP, 2)
    with pytest.raises(BadInput, match="a floor of 1 would lower it") as caught:
        warming.put_plan(two, REF, replace(chosen, back_min=2), SATURDAY)
    assert "floor above 2" in caught.value.hint


def test_an_edit_while_somebody_holds_more_keeps_what_the_plan_puts_back() -> None:
    before = held(lived(with_plan(), SATURDAY, INSIDE), 2)
    longer = warming.plan_of(before, REF, wish("mon-fri 08:00-19:00"), INSIDE, "", edit=1)
    assert longer.back_min == 0
    found = warming.put_plan(before, REF, longer, INSIDE)
    assert "min 1" not in kinds(found.changes)  # what somebody set holds until the window ends
    assert "would be 2 when the window ends on Mon 30 Nov at 19:00; this plan puts it back to 0" in said(
        found
    )
    ceiling = warming.plan_of(before, REF, wish("mon-fri 08:00-19:00", ceiling=3), INSIDE, "", edit=1)
    assert (ceiling.back_min, ceiling.back_max) == (0, 4)
    assert warming.plan_of(
        before, REF, wish("mon-fri 08:00-19:00", floor=None, ceiling=3), INSIDE, "", edit=1
    )


@pytest.mark.parametrize("bounds", [Bounds(0, 0), Bounds(0, 1), Bounds(3, 3), Bounds(5, 8)])
def test_bounds_that_changed_meanwhile_keep_nobody_from_ending_it(bounds: Bounds) -> None:
    before = replace(with_plan(INSIDE, office(floor=2)), target=ScalableTarget(bounds))
    assert after(before, warming.remove(before, REF, 1, INSIDE).changes).schedules == ()
    assert after(before, warming.off(before, REF, INSIDE).changes).schedules == ()
    assert warming.remove(before, REF, 1, INSIDE, pause=True).memo

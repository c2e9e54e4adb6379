"""Keep warm, from the wish to the changes: what is done in which order, and what a plan does to the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from ops import warming, warming_until
from ops.core.bounds_ahead import ahead
from ops.core.errors import BadInput
from ops.core.fixes import Change, DeleteSchedule, PutSchedule, RegisterTarget
from ops.core.moments import written
from ops.core.setup import Setup
from ops.core.setup_steps import after
from ops.core.types import Bounds, ScalableTarget, ScheduledAction, Suspended
from ops.core.warm import WarmPlan
from ops.core.warm_actions import open_at, recognised
from ops.core.warm_keep import KeepUntil
from ops.core.warm_names import WarmName, read_name
from ops.warming import WarmWish
from ops.warming_checks import Warming
from tests.core.warm_samples import REF, at, office, plan, window

SATURDAY, INSIDE = at("2026-11-28 10:00"), at("2026-11-30 10:00")
"""Monday the 30th, 11:00 in Berlin."""
ASLEEP = Setup(ScalableTarget(Bounds(0, 4)))


def wish(*windows: str, **more: object) -> WarmWish:
    return WarmWish(tuple(map(window, windows)), "Europe/Berlin", **more)  # type: ignore[arg-type]


def done(before: Setup, found: Warming) -> Setup:
    return after(before, found.changes)


def lived(before: Setup, since: datetime, until: datetime) -> Setup:
    """With the bounds that scheduled actions lead to."""
    assert before.target is not None
    bounds = ahead(before.target.bounds, before.schedules, since, until).at(until)
    return replace(before, target=replace(before.target, bounds=bounds))


def with_plan(now: datetime = SATURDAY, chosen: WarmPlan | None = None) -> Setup:
    return done(ASLEEP, warming.put_plan(ASLEEP, REF, chosen or office(), now))


def low(setup: Setup) -> int:
    assert setup.target is not None
    return setup.target.bounds.min


def kinds(changes: tuple[Change, ...]) -> list[str]:
    """In a word each: what closes, opens, or sets the bounds."""
    found = []
    for change in changes:
        if isinstance(change, RegisterTarget):
            found.append(f"min {change.min}")
        else:
            assert isinstance(change, PutSchedule | DeleteSchedule)
            name = read_name(change.name)
            what = ("opens" if name.opens else "closes") if isinstance(name, WarmName) else "keep"
            found.append(f"{'+' if isinstance(change, PutSchedule) else '-'}{what}")
    return found


def test_what_closes_is_there_before_what_opens() -> None:
    outside = warming.put_plan(ASLEEP, REF, office(), SATURDAY)
    assert kinds(outside.changes) == ["+closes", "+opens"]
    inside = warming.put_plan(ASLEEP, REF, office(), INSIDE)
    assert kinds(inside.changes) == ["+closes", "+opens", "min 1"]


def test_wherever_it_stops_the_endpoint_does_not_stay_warm() -> None:
    """After any number of calls, whatever has been opened is closed again in the evening."""
    other = plan("mon-thu 07:00-19:00")
    before = with_plan()
    for start, found in (
        (ASLEEP, warming.put_plan(ASLEEP, REF, office(), INSIDE)),
        (
            lived(before, SATURDAY, INSIDE),
            warming.put_plan(lived(before, SATURDAY, INSIDE), REF, other, INSIDE),
        ),
        (lived(before, SATURDAY, INSIDE), warming.remove(lived(before, SATURDAY, INSIDE), REF, 1, INSIDE)),
        (ASLEEP, warming_until.keep_until(ASLEEP, REF, KeepUntil(at("2026-11-30 12:00")), INSIDE)),
    ):
        for count in range(len(found.changes) + 1):
            setup = after(start, found.changes[:count])
            assert low(lived(setup, INSIDE, at("2026-11-30 22:00"))) == 0, count


def test_removed_inside_a_window() -> None:
    before = lived(with_plan(), SATURDAY, INSIDE)
    found = warming.remove(before, REF, 1, INSIDE)
    assert kinds(found.changes) == ["-opens", "min 0", "-closes"]
    assert done(before, found) == ASLEEP
    raised = replace(before, target=ScalableTarget(Bounds(2, 4)))  # somebody set it by hand since
    assert kinds(warming.remove(raised, REF, 1, INSIDE).changes) == ["-opens", "-closes"]


def test_paused_and_resumed() -> None:
    chosen = office(off=frozenset({date(2026, 12, 24)}), early=4)
    before = lived(with_plan(chosen=chosen), SATURDAY, INSIDE)
    held = warming.remove(before, REF, 1, INSIDE, pause=True)
    assert held.memo is not None
    assert warming.paused(held.memo) == {1: chosen}
    asleep = done(before, held)
    assert asleep == ASLEEP
    again = warming.resume(asleep, REF, 1, INSIDE, held.memo)
    assert [g.plan for g in recognised(done(asleep, again).schedules).plans] == [chosen]
    assert again.memo == ""
    with pytest.raises(BadInput, match="no paused warm plan 2"):
        warming.resume(asleep, REF, 2, INSIDE, held.memo)
    new = warming.plan_of(asleep, REF, wish("sat 08:00-12:00"), INSIDE, held.memo)
    assert new.id == 2


def test_changing_a_plan_touches_only_what_differs() -> None:
    before = with_plan()
    longer = warming.plan_of(before, REF, wish("mon-fri 08:00-19:00"), SATURDAY, "", edit=1)
    found = warming.put_plan(before, REF, longer, SATURDAY)
    assert kinds(found.changes) == ["+closes", "-opens", "+opens", "-closes"]
    assert [g.plan for g in recognised(done(before, found).schedules).plans] == [longer]
    same = warming.plan_of(before, REF, wish("mon-fri 08:00-18:00"), SATURDAY, "", edit=1)
    assert warming.put_plan(before, REF, same, SATURDAY).changes == ()


def test_a_window_that_overlaps_an_alike_plan_becomes_part_of_it() -> None:
    before = with_plan()
    merged = warming.plan_of(before, REF, wish("wed 17:00-22:00"), SATURDAY, "")
    assert merged == office().__class__(1, (*office().windows, window("wed 17:00-22:00")), "Europe/Berlin")
    apart = warming.plan_of(before, REF, wish("sat 08:00-12:00"), SATURDAY, "")
    assert apart.id == 2
    other = warming.plan_of(before, REF, wish("wed 17:00-22:00", floor=2), SATURDAY, "")
    with pytest.raises(BadInput, match="overlaps with warm plan 1"):
        warming.put_plan(before, REF, other, SATURDAY)


def test_holidays_without_a_last_day_last_a_year() -> None:
    found = warming.plan_of(ASLEEP, REF, wish("mon-fri 08:00-18:00", holidays="DE"), SATURDAY, "")
    assert found.until == date(2027, 11, 28)
    assert "Renew it before 28 November 2027" in warming.put_plan(ASLEEP, REF, found, SATURDAY).effect
    assert warming.renewal(found, SATURDAY) == ""
    assert "renew it" in warming.renewal(found, at("2027-11-10 10:00"))
    assert "ended on 28 November 2027" in warming.renewal(found, at("2027-12-10 10:00"))


def test_a_new_plan_inside_a_window_of_another_puts_back_what_was_outside_of_it() -> None:
    before = lived(with_plan(), SATURDAY, INSIDE)
    assert low(before) == 1
    assert warming.plan_of(before, REF, wish("sat 08:00-12:00"), INSIDE, "").back_min == 0


@pytest.mark.parametrize(
    ("before", "chosen", "what", "hint"),
    [
        (ASLEEP, office(floor=5), "A minimum of 5 is above the maximum", "Raise the maximum to 5 first"),
        (Setup(), office(), "not registered", "Set its bounds first"),
        (
            Setup(ScalableTarget(Bounds(0, 4), Suspended(scheduled=True))),
            office(),
            "Scheduled scaling of doc is suspended",
            "Resume",
        ),
        (ASLEEP, office(until=date(2026, 11, 1)), "is past", "Choose a later one"),
        (
            Setup(
                ScalableTarget(Bounds(0, 4)),
                schedules=tuple(
                    ScheduledAction(f"a{i}", "at(2027-01-01T00:00:00)", "UTC", 0, None) for i in range(199)
                ),
            ),
            office(),
            "takes 201 scheduled actions",
            "fewer windows",
        ),
    ],
)
def test_what_cannot_be(before: Setup, chosen: WarmPlan, what: str, hint: str) -> None:
    with pytest.raises(BadInput, match=what) as caught:
        warming.put_plan(before, REF, chosen, SATURDAY)
    assert hint in caught.value.hint


def test_a_ceiling_leaves_the_minimum_alone() -> None:
    chosen = warming.plan_of(
        ASLEEP, REF, wish("daily 22:00-06:00", floor=None, ceiling=1, early=5), SATURDAY, ""
    )
    assert (chosen.kind, chosen.back_min, chosen.back_max, chosen.early) == ("ceiling", None, 4, 0)
    setup = done(ASLEEP, warming.put_plan(ASLEEP, REF, chosen, SATURDAY))
    night = lived(setup, SATURDAY, at("2026-11-28 23:00"))
    assert night.target is not None
    assert night.target.bounds == Bounds(0, 1)
    morning = lived(setup, SATURDAY, at("2026-11-29 10:00"))
    assert morning.target == ASLEEP.target


# --- until ---


def until(setup: Setup, end: str, now: datetime, floor: int = 1) -> Setup:
    return done(setup, warming_until.keep_until(setup, REF, KeepUntil(at(end), floor), now))


def test_until_puts_the_action_that_ends_it_first() -> None:
    found = warming_until.keep_until(
        ASLEEP, REF, KeepUntil(at("2026-11-28 12:00:30"[:16]) + timedelta(seconds=30)), SATURDAY
    )
    back, register = found.changes
    assert isinstance(back, PutSchedule)
    assert (back.schedule, back.min, back.timezone) == ("at(2026-11-28T12:01:00)", 0, "UTC")
    assert isinstance(register, RegisterTarget)
    assert register.min == 1
    kept = done(ASLEEP, found)
    assert low(kept) == 1
    assert low(lived(kept, SATURDAY, at("2026-11-28 12:02"))) == 0


def test_a_second_until_replaces_the_first() -> None:
    first = until(ASLEEP, "2026-11-28 12:00", SATURDAY)
    second = until(first, "2026-11-28 14:00", SATURDAY + timedelta(minutes=30), floor=2)
    assert len(second.schedules) == 1
    assert low(second) == 2
    assert low(lived(second, SATURDAY, at("2026-11-28 13:00"))) == 2
    assert low(lived(second, SATURDAY, at("2026-11-28 14:00"))) == 0
    ended = done(second, warming_until.end_keep(second, REF, at("2026-11-28 11:00")))
    assert ended == ASLEEP


def test_until_outlives_the_end_of_a_window_and_ends_inside_one() -> None:
    before = with_plan()
    evening = until(lived(before, SATURDAY, INSIDE), "2026-11-30 20:00", INSIDE)
    for moment, expected in (("17:01", 1), ("19:59", 1), ("20:00", 0), ("23:00", 0)):
        assert low(lived(evening, INSIDE, at(f"2026-11-30 {moment}"))) == expected
    night = at("2026-12-01 05:00")
    morning = until(lived(before, SATURDAY, night), "2026-12-01 10:00", night)
    for moment, expected in (("06:00", 1), ("10:00", 1), ("16:59", 1), ("17:00", 0)):
        assert low(lived(morning, night, at(f"2026-12-01 {moment}"))) == expected


def test_a_plan_that_is_removed_does_not_leave_until_to_keep_it_warm_for_ever() -> None:
    """It would have put back the floor of the window; without the window it puts back what was there."""
    night = at("2026-12-01 05:00")
    before = until(lived(with_plan(), SATURDAY, night), "2026-12-01 10:00", night)
    gone = done(before, warming.remove(before, REF, 1, at("2026-12-01 06:00")))
    assert low(gone) == 1
    assert low(lived(gone, at("2026-12-01 06:00"), at("2026-12-01 10:00"))) == 0
    later = lived(before, night, at("2026-12-01 09:00"))
    gone = done(later, warming.remove(later, REF, 1, at("2026-12-01 09:00")))
    assert low(gone) == 1
    assert low(lived(gone, at("2026-12-01 09:00"), at("2026-12-01 10:00"))) == 0


def test_until_inside_a_window_and_then_no_window() -> None:
    before = until(lived(with_plan(), SATURDAY, INSIDE), "2026-11-30 20:00", INSIDE, floor=2)
    gone = done(before, warming.remove(before, REF, 1, INSIDE))
    assert low(gone) == 2
    assert low(lived(gone, INSIDE, at("2026-11-30 19:00"))) == 2
    assert low(lived(gone, INSIDE, at("2026-11-30 20:00"))) == 0
    off = done(before, warming.off(before, REF, INSIDE))
    assert off == ASLEEP


@pytest.mark.parametrize(
    ("end", "floor", "what"),
    [
        ("2026-11-28 09:00", 1, "is past"),
        ("2027-02-28 09:00", 1, "more than 31 days"),
        ("2026-11-28 12:00", 0, "at least one instance"),
        ("2026-11-28 12:00", 5, "above the maximum"),
    ],
)
def test_untils_that_cannot_be(end: str, floor: int, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        warming_until.keep_until(ASLEEP, REF, KeepUntil(at(end), floor), SATURDAY)


def test_spent_actions_are_cleaned_up() -> None:
    kept = until(ASLEEP, "2026-11-28 12:00", SATURDAY)
    assert warming.clean_up(kept, REF, at("2026-11-28 12:05")).changes == ()
    (gone,) = warming.clean_up(kept, REF, at("2026-11-28 12:30")).changes
    assert gone == DeleteSchedule(REF, kept.schedules[0].name)


def test_an_until_that_was_not_put_back_is_said() -> None:
    kept = until(ASLEEP, "2026-11-28 12:00", SATURDAY)
    late = at("2026-11-28 12:30")
    assert warming_until.not_put_back(kept, at("2026-11-28 11:00")) == ""
    assert warming_until.not_put_back(lived(kept, SATURDAY, late), late) == ""
    said = written(warming_until.not_put_back(kept, late))
    assert said.startswith("The minimum is still 1, though AWS should have put it back to 0 at 12:00 UTC")
    other = ScheduledAction("day", "cron(0 8 ? * * *)", "UTC", 1, None)
    assert warming_until.not_put_back(replace(kept, schedules=(*kept.schedules, other)), late) == ""


def test_foreign_actions_are_never_touched() -> None:
    foreign = ScheduledAction("night", "cron(0 22 ? * * *)", "UTC", 0, None)
    before = replace(ASLEEP, schedules=(foreign,))
    found = until(done(before, warming.put_plan(before, REF, office(), INSIDE)), "2026-11-30 23:00", INSIDE)
    for name in (found, done(found, warming.off(found, REF, INSIDE))):
        assert foreign in name.schedules
    assert low(lived(found, INSIDE, at("2026-11-30 22:30"))) == 1
    assert open_at(office(), INSIDE) is not None

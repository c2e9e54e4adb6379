"""Warm plans as scheduled actions: clock changes, nights, days off, overlaps, and the way back from names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.core.errors import BadInput
from ops.core.schedule import parse, runs
from ops.core.types import Bounds, ScheduledAction
from ops.core.warm import WarmPlan, WarmWindow, instant
from ops.core.warm_actions import expand, faults, open_at, recognised, spent
from ops.core.warm_overlaps import check_apart, explained
from ops.core.warm_week import check_clock_changes, spans, stretches
from tests.core.warm_samples import REF, at, kept, made, office, plan, shown

BERLIN, YORK, SANTIAGO, SYDNEY = "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Sydney"


@pytest.mark.parametrize(
    ("zone", "windows", "now", "days", "expected"),
    [
        # Berlin: 2026-03-29 02:00 becomes 03:00; 2026-10-25 03:00 becomes 02:00.
        (
            BERLIN,
            "daily 08:00-18:00",
            "2026-03-28 00:00",
            2,
            ["2026-03-28 07:00 - 17:00", "2026-03-29 06:00 - 16:00"],
        ),
        (
            BERLIN,
            "daily 08:00-18:00",
            "2026-10-24 00:00",
            2,
            ["2026-10-24 06:00 - 16:00", "2026-10-25 07:00 - 17:00"],
        ),
        (BERLIN, "sat 22:00-06:00", "2026-03-28 00:00", 2, ["2026-03-28 21:00 - 04:00"]),
        (BERLIN, "sat 22:00-06:00", "2026-10-24 00:00", 2, ["2026-10-24 20:00 - 05:00"]),
        (BERLIN, "sun 02:30-05:00", "2026-03-28 00:00", 2, ["2026-03-29 01:00 - 03:00"]),
        (BERLIN, "sun 01:00-02:30", "2026-03-28 00:00", 2, ["2026-03-29 00:00 - 01:00"]),
        (BERLIN, "sun 02:15-02:45", "2026-10-24 00:00", 2, ["2026-10-25 00:15 - 00:45"]),
        (BERLIN, "sun 02:30-04:00", "2026-10-24 00:00", 2, ["2026-10-25 00:30 - 03:00"]),
        # New York: 2026-03-08 and 2026-11-01.
        (
            YORK,
            "sat-sun 09:00-17:00",
            "2026-03-07 05:00",
            2,
            ["2026-03-07 14:00 - 22:00", "2026-03-08 13:00 - 21:00"],
        ),
        (
            YORK,
            "sat-sun 09:00-17:00",
            "2026-10-31 04:00",
            2,
            ["2026-10-31 13:00 - 21:00", "2026-11-01 14:00 - 22:00"],
        ),
        (YORK, "sat 23:00-03:30", "2026-03-07 05:00", 2, ["2026-03-08 04:00 - 07:30"]),
        (YORK, "sat 23:00-03:30", "2026-10-31 04:00", 2, ["2026-11-01 03:00 - 08:30"]),
        # Santiago: 2026-09-06 00:00 becomes 01:00; 2026-04-05 00:00 becomes 23:00 of the day before.
        (SANTIAGO, "sat 20:00-24:00", "2026-09-05 12:00", 2, ["2026-09-06 00:00 - 04:00"]),
        (SANTIAGO, "sun 00:00-04:00", "2026-09-05 12:00", 2, ["2026-09-06 04:00 - 07:00"]),
        (SANTIAGO, "sat 22:00-02:00", "2026-04-04 12:00", 2, ["2026-04-05 01:00 - 06:00"]),
        # Sydney: 2026-10-04 02:00 becomes 03:00; 2026-04-05 03:00 becomes 02:00.
        (SYDNEY, "sun 01:30-09:00", "2026-10-03 00:00", 2, ["2026-10-03 15:30 - 22:00"]),
        (SYDNEY, "sun 01:30-09:00", "2026-04-04 00:00", 2, ["2026-04-04 14:30 - 23:00"]),
    ],
)
def test_clock_changes(zone: str, windows: str, now: str, days: int, expected: list[str]) -> None:
    wish = plan(windows, zone=zone)
    found = kept(made(expand(wish, REF, at(now)).actions), at(now), at(now) + timedelta(days=days))
    assert shown(found) == expected
    assert [(s.opens, s.closes) for s in spans(wish, at(now), at(now) + timedelta(days=days))] == found


@pytest.mark.parametrize(
    ("windows", "early"),
    [
        (("sun 02:15-02:45",), 0),
        (("sun 02:30-03:00",), 5),
        (("sun 01:00-02:15", "sun 02:45-05:00"), 0),
    ],
)
def test_a_window_that_a_clock_change_swallows_is_refused(windows: tuple[str, ...], early: int) -> None:
    with pytest.raises(BadInput, match="clocks of Europe/Berlin change"):
        check_clock_changes(plan(*windows, early=early), at("2026-01-01 00:00"))


def test_a_pair_of_recurring_actions() -> None:
    found = expand(office(early=5), REF, at("2026-11-28 10:00"))
    assert [(c.schedule, c.timezone, c.min, c.max, c.start, c.end) for c in found.actions] == [
        ("cron(0 18 ? * MON-FRI *)", BERLIN, 0, None, None, None),
        ("cron(55 7 ? * MON-FRI *)", BERLIN, 1, None, None, None),
    ]
    assert [c.name.split(",")[0] for c in found.actions] == ["ebb-warm-1-close0", "ebb-warm-1-open0"]
    assert not found.inside
    assert expand(office(early=5), REF, at("2026-11-27 06:56")).inside


def test_a_holiday_never_opens_and_no_start_time_falls_on_one() -> None:
    """2026-12-25 is a Friday, 2027-01-01 too, 2027-01-06 (Epiphany in Bavaria) a Wednesday."""
    wish = office(holidays="DE-BY", until=date(2027, 11, 25), off=frozenset({date(2026, 12, 24)}))
    now = at("2026-11-26 10:00")
    found = expand(wish, REF, now)
    opened = {
        a.astimezone(ZoneInfo(BERLIN)).date()
        for a, _ in kept(made(found.actions), now, at("2027-12-31 00:00"))
    }
    closed = {date(2026, 12, 24), date(2026, 12, 25), date(2027, 1, 1), date(2027, 1, 6), date(2027, 5, 27)}
    assert not opened & closed
    assert {date(2026, 12, 23), date(2026, 12, 28), date(2027, 1, 5), date(2027, 11, 25)} <= opened
    assert max(opened) == date(2027, 11, 25)
    for change in found.opens:
        if change.start is not None:  # AWS runs it then, so it must be one of its own times
            begin = datetime.fromisoformat(change.start.replace("Z", "+00:00"))
            regular = parse(change.schedule, change.timezone)
            assert list(runs(regular, begin - timedelta(seconds=1), begin)) == [begin]
    assert len(found.actions) < 16


def test_a_first_day_that_is_off_does_not_open() -> None:
    wish = office(off=frozenset({date(2026, 11, 27), date(2026, 11, 30)}))
    now = at("2026-11-26 20:00")
    found = kept(made(expand(wish, REF, now).actions), now, at("2026-12-02 00:00"))
    assert shown(found) == ["2026-12-01 07:00 - 17:00"]


def test_windows_that_run_into_each_other_are_one_and_a_day_off_cuts_them() -> None:
    wish = plan("mon-fri 00:00-24:00", early=10, off=frozenset({date(2026, 12, 2)}))
    now = at("2026-11-28 10:00")
    found = expand(wish, REF, now)
    assert shown(kept(made(found.actions), now, at("2026-12-13 00:00"))) == [
        "2026-11-29 22:50 - 23:00",
        "2026-12-02 22:50 - 23:00",
        "2026-12-06 22:50 - 23:00",
    ]
    assert [c.schedule for c in found.actions if c.schedule.startswith("at")] == [
        "at(2026-12-01T23:00:00)",
        "at(2026-11-29T22:50:00)",
        "at(2026-12-02T22:50:00)",
    ]


def test_a_week_without_a_gap_is_refused() -> None:
    with pytest.raises(BadInput, match="never sleep"):
        stretches(plan("daily 00:00-24:00"))
    assert len(stretches(plan("daily 00:00-23:00"))) == 7
    with pytest.raises(BadInput, match="never sleep"):
        stretches(plan("daily 00:00-23:00", early=60))


WINDOWS = st.lists(
    st.builds(
        WarmWindow,
        st.frozensets(st.integers(0, 6), min_size=1),
        st.times(max_value=time(23, 59)).map(lambda t: t.replace(second=0, microsecond=0)),
        st.times(max_value=time(23, 59)).map(lambda t: t.replace(second=0, microsecond=0)),
    ),
    min_size=1,
    max_size=3,
    unique=True,
).map(tuple)
PLANS = st.builds(
    WarmPlan,
    st.integers(1, 99),
    WINDOWS,
    st.sampled_from((BERLIN, YORK, SANTIAGO, SYDNEY, "Asia/Kolkata", "UTC", "America/Port-au-Prince")),
    st.integers(1, 5),
    early=st.integers(0, 120),
    holidays=st.sampled_from(("", "DE-BY", "US", "GB-SCT")),
    off=st.frozensets(st.dates(date(2026, 9, 1), date(2027, 1, 31)), max_size=8),
    until=st.dates(date(2026, 11, 1), date(2027, 2, 1)),
)
NOWS = st.datetimes(datetime(2026, 9, 1), datetime(2026, 10, 30)).map(lambda t: t.replace(tzinfo=UTC))  # noqa: DTZ001


@given(PLANS, NOWS)
@settings(max_examples=150, deadline=None)
def test_what_runs_is_what_was_meant(wish: WarmPlan, now: datetime) -> None:
    """The minimum is up exactly within the windows that are left, wherever the plan begins."""
    try:
        stretches(wish)
        check_clock_changes(wish, at("2026-08-01 00:00"))
    except BadInput:
        return
    end = at("2027-03-01 00:00")
    found = expand(wish, REF, now)
    inside = open_at(wish, now) is not None
    assert found.inside == inside
    real = kept(made(found.actions), now, end, wish.floor if inside and wish.floor else 0)
    assert real == [(max(s.opens, now), min(s.closes, end)) for s in spans(wish, now, end)]


@given(PLANS, NOWS, st.booleans())
@settings(max_examples=100, deadline=None)
def test_names_bring_the_plan_back(wish: WarmPlan, now: datetime, endless: bool) -> None:
    """With days off, holidays and a last day, too; and each single name does."""
    chosen = replace(wish, until=None, holidays="") if endless else wish
    try:
        actions = made(expand(chosen, REF, now).actions)
    except BadInput:
        return
    found = recognised(actions)
    assert [g.plan for g in found.plans] == ([chosen] if actions else [])
    assert found.foreign == ()
    for action in actions:
        assert recognised([action]).plans[0].plan == chosen
        assert 1 <= len(action.name) <= 256
        assert not set(action.name) & set(":/|")


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001
    st.sampled_from((BERLIN, YORK, SANTIAGO, SYDNEY, "Australia/Lord_Howe")),
)
@settings(max_examples=100, deadline=None)
def test_local_times_are_those_of_scheduled_actions(local: datetime, zone: str) -> None:
    minute = local.replace(second=0, microsecond=0)
    found = instant(minute, ZoneInfo(zone))
    schedule = parse(f"cron({minute.minute} {minute.hour} {minute.day} {minute.month} ? {minute.year})", zone)
    assert next(runs(schedule, found - timedelta(hours=3), found + timedelta(hours=3))) == found


@pytest.mark.parametrize(
    ("zone", "local", "expected"),
    [
        (BERLIN, datetime(2026, 3, 29, 2, 30), "2026-03-29 01:00"),  # noqa: DTZ001
        (BERLIN, datetime(2026, 10, 25, 2, 30), "2026-10-25 00:30"),  # noqa: DTZ001
        (SANTIAGO, datetime(2026, 9, 6, 0, 0), "2026-09-06 04:00"),  # noqa: DTZ001
        ("Australia/Lord_Howe", datetime(2026, 10, 4, 2, 15), "2026-10-03 15:30"),  # noqa: DTZ001
    ],
)
def test_skipped_and_doubled_hours(zone: str, local: datetime, expected: str) -> None:
    assert instant(local, ZoneInfo(zone)) == at(expected)


def test_changes_made_elsewhere_are_found() -> None:
    now = at("2026-11-28 10:00")
    close, open_ = made(expand(office(), REF, now).actions)
    (group,) = recognised([open_, close]).plans
    assert faults(group, REF, now) == ()
    assert faults(group, REF, at("2027-06-09 10:00")) == ()
    (moved,) = recognised([replace(open_, schedule="cron(0 9 ? * MON-FRI *)"), close]).plans
    assert "no longer opens" in faults(moved, REF, now)[0]
    (alone,) = recognised([open_]).plans
    assert faults(alone, REF, now) == (
        "Changed elsewhere: it no longer closes as it should, first on Mon 30 Nov 2026 at 18:00.",
    )
    assert recognised([ScheduledAction("ebb-warm-1-open0,nonsense", "at(x)", "UTC", 1, None)]).plans == ()


def test_what_has_run_for_the_last_time_can_go() -> None:
    wish = office(off=frozenset({date(2026, 12, 2)}))
    now = at("2026-11-28 10:00")
    actions = made(expand(wish, REF, now).actions)
    foreign = ScheduledAction("once", "at(2026-01-01T00:00:00)", "UTC", 1, None)
    assert spent([*actions, foreign], now) == ()
    (gone,) = spent([*actions, foreign], at("2026-12-03 00:00"))
    assert gone.end == at("2026-12-01 07:30")
    (group,) = recognised([a for a in actions if a != gone]).plans
    assert group.plan == wish
    assert faults(group, REF, at("2026-12-03 00:00")) == ()


def test_plans_that_overlap_are_refused() -> None:
    now = at("2026-11-28 10:00")
    other = plan("fri 17:00-20:00", id=2, floor=2)
    with pytest.raises(BadInput, match="overlaps with warm plan 2, first on Fri 4 Dec at 17:00"):
        check_apart(office(), [other], now)
    check_apart(office(), [plan("sat 17:00-20:00", id=2), office()], now)


FOREIGN = ("night", "cron(0 12 ? * WED *)", BERLIN)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, None, "night sets the minimum to 0 on Wed 2 Dec at 12:00, inside a window: from then on nothing"),
        (3, None, "night sets the minimum to 3; this plan puts it back to 0 on Wed 2 Dec at 18:00."),
        (None, 0, "Inside a window, on Wed 2 Dec at 12:00, AWS would refuse to run night"),
    ],
)
def test_what_others_do_to_a_window_is_explained(low: int | None, high: int | None, expected: str) -> None:
    now = at("2026-11-28 10:00")
    actions = [*made(expand(office(), REF, now).actions), ScheduledAction(*FOREIGN, low, high)]
    (said, *_) = explained(office(), actions, Bounds(0, 8), now)
    assert said.startswith(expected)


def test_nothing_is_said_where_nothing_is_in_the_way() -> None:
    now = at("2026-11-28 10:00")
    assert explained(office(), made(expand(office(), REF, now).actions), Bounds(0, 8), now) == ()


@pytest.mark.parametrize(
    ("zone", "gap", "expected"),
    [
        ("America/New_York", "2027-03-14 02:00", "2027-03-14 07:00"),
        (BERLIN, "2026-03-29 02:00", "2026-03-29 01:00"),
        (SANTIAGO, "2026-09-06 00:00", "2026-09-06 04:00"),
    ],
)
def test_every_minute_that_a_clock_change_skips_is_the_minute_of_the_change(
    zone: str, gap: str, expected: str
) -> None:
    place, first = ZoneInfo(zone), at(gap).replace(tzinfo=None)
    minutes = [first + timedelta(minutes=n) for n in range(60)]
    assert {instant(minute, place) for minute in minutes} == {at(expected)}
    for minute in minutes[::7]:
        schedule = parse(f"cron({minute.minute} {minute.hour} {minute.day} {minute.month} ? *)", zone)
        assert next(
            runs(schedule, at(expected) - timedelta(hours=3), at(expected) + timedelta(hours=3))
        ) == at(expected)


def test_every_window_that_ends_in_the_skipped_hour_when_another_opens_is_refused() -> None:
    for minute in range(60):
        with pytest.raises(BadInput, match="14 March 2027"):
            check_clock_changes(
                plan(f"sun 00:00-02:{minute:02}", "sun 03:00-06:00", zone=YORK), at("2027-03-01 00:00")
            )

"""What people type, and what is said back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from ops.core import warm_text as typed
from ops.core.errors import BadInput
from ops.core.warm_names import spoken, warm_name
from tests.core.warm_samples import at, office, plan, window

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("2h", 120), ("90m", 90), ("1h30m", 90), ("1h 30 min", 90), ("1.5h", 90), ("1d", 1440), (" 5M ", 5)],
)
def test_durations(text: str, minutes: int) -> None:
    assert typed.duration(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("mon,wed,sat-sun", {0, 2, 5, 6}),
        ("fri-mon", {4, 5, 6, 0}),
        ("Monday, TUE", {0, 1}),
        ("daily", set(range(7))),
        ("weekend", {5, 6}),
    ],
)
def test_weekdays(text: str, days: set[int]) -> None:
    assert typed.weekdays(text) == days


@pytest.mark.parametrize(
    ("text", "clock"),
    [("08:00", time(8)), ("8:30", time(8, 30)), ("8", time(8)), ("24:00", time(0)), ("7.15", time(7, 15))],
)
def test_clocks(text: str, clock: time) -> None:
    assert typed.clock(text) == clock


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("18:00", "2026-11-27 10:00", "2026-11-27 17:00"),
        ("18:00", "2026-11-27 18:00", "2026-11-28 17:00"),
        ("00:30", "2026-11-27 23:00", "2026-11-27 23:30"),
        ("2026-11-28 08:00", "2026-11-27 10:00", "2026-11-28 07:00"),
        ("2026-11-28T08:00Z", "2026-11-27 10:00", "2026-11-28 08:00"),
        ("02:30", "2026-03-28 22:00", "2026-03-29 01:00"),
    ],
)
def test_moments(text: str, now: str, expected: str) -> None:
    assert typed.moment(text, at(now), BERLIN) == at(expected)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2026-12-24", [date(2026, 12, 24)]),
        ("2026-12-31..2027-01-01,2026-12-24", [date(2026, 12, 24), date(2026, 12, 31), date(2027, 1, 1)]),
        ("", []),
    ],
)
def test_dates(text: str, days: list[date]) -> None:
    assert sorted(typed.dates(text)) == days


@pytest.mark.parametrize(
    ("text", "code"), [("DE", "DE"), ("de-by", "DE-BY"), ("none", ""), ("DE-Augsburg", "DE-Augsburg")]
)
def test_holidays(text: str, code: str) -> None:
    assert typed.holidays(text) == code


@pytest.mark.parametrize(
    ("parse", "text", "what", "hint"),
    [
        (typed.duration, "2 hours", "'2 hours' is no length of time", "2h, 90m"),
        (typed.duration, "", "'' is no length of time", "2h, 90m"),
        (typed.duration, "0h", "makes sense", "2h"),
        (typed.duration, "1h2h", "names a unit twice", "1h30m"),
        (typed.weekdays, "mo-fr", "'mo' is no day of the week", "mon-fri"),
        (typed.weekdays, "", "is no day of the week", "mon-fri"),
        (typed.clock, "25:00", "no time of day", "00 to 23"),
        (typed.clock, "noon", "'noon' is no time of day", "08:00"),
        (typed.dates, "24.12.2026", "is no day", "2026-12-24"),
        (typed.dates, "2026-12-24..2026-12-01", "does not end within a year", "2027-01-03"),
        (typed.zone, "Berlin", "no time zone 'Berlin'", "Europe/Berlin"),
        (typed.holidays, "XX", "No holidays are known for 'XX'", "two-letter"),
        (typed.holidays, "DE-XX", "DE has no part 'XX'", "BY"),
        (
            lambda text: typed.moment(text, at("2026-11-27 10:00"), BERLIN),
            "2026-11-28",
            "has no time of day",
            "18:00",
        ),
        (lambda text: typed.moment(text, at("2026-11-27 10:00"), BERLIN), "soon", "is no time", "18:00"),
        (lambda text: typed.number(text, "ceiling"), "-1", "is no ceiling", "whole number"),
    ],
)
def test_what_cannot_be_read_says_how_to_write_it(
    parse: Callable[[str], object], text: str, what: str, hint: str
) -> None:
    with pytest.raises(BadInput, match=what) as caught:
        parse(text)
    assert hint in caught.value.hint


def test_a_plan_in_a_line() -> None:
    wish = plan(
        "mon-fri 08:00-18:00", "sat,sun 22:00-06:00", early=5, holidays="DE-BY", until=date(2027, 6, 30)
    )
    assert typed.plan_text(wish) == (
        "Mon-Fri 08:00-18:00 and Sat, Sun 22:00-06:00 (next day) Europe/Berlin: at least 1 instance, opens 5 min "
        "early, closed on public holidays of DE-BY, until 30 Jun 2027"
    )
    assert typed.window_text(window("daily 00:00-24:00")) == "every day all day"
    assert spoken(warm_name(office(), True, "0")) == "Ebb's warm plan 1"
    assert spoken("night") == "night"


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"floor": None}, "set nothing"),
        ({"ceiling": 0, "back_max": 4}, "above the ceiling"),
        ({"early": 121}, "121 minutes early"),
        ({"holidays": "DE"}, "needs a last day"),
        ({"zone": "Nowhere"}, "no time zone"),
        ({"floor": -1}, "cannot be negative"),
    ],
)
def test_plans_that_cannot_be(wrong: dict[str, object], what: str) -> None:
    given = {"back_min": None, **wrong} if wrong.get("floor", 1) is None else wrong
    with pytest.raises(BadInput, match=what):
        office(**given)


def test_more_days_off_than_a_name_holds() -> None:
    many = frozenset(date(2027, 1, 1) + timedelta(days=2 * n) for n in range(80))
    with pytest.raises(BadInput, match="256 characters"):
        warm_name(office(off=many), True, "0")

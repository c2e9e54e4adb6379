"""Days beside those of the period before: weekday on weekday, and never a whole day beside a part of one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.periods import Period, last_days, month
from ops.core.savings import SavedDay
from ops.core.savings_earlier import beside, counted_h, shift, words

NOW = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)


def days_of(period: Period) -> tuple[SavedDay, ...]:
    """A day costs as many dollars as its ordinal."""
    usd = [Decimal(day.toordinal()) for day, _, _ in period.days()]
    return tuple(
        SavedDay(day, 1.0, None, None, each, each)
        for (day, _, _), each in zip(period.days(), usd, strict=True)
    )


@given(st.integers(7, 400))
def test_rolling_periods_lie_weekday_on_weekday(length: int) -> None:
    period = last_days(length, NOW)
    now, before = days_of(period), days_of(period.previous())
    pairs = [(a.day, b.day) for a, b in zip(now, beside(now, before, period), strict=True) if b is not None]
    assert pairs
    assert {a.weekday() - b.weekday() for a, b in pairs} == {0}
    assert len({a - b for a, b in pairs}) == 1
    assert len(pairs) >= len(now) - 6, "at most some days of a week are lost"
    cut = {now[0].day, now[-1].day, before[0].day, before[-1].day}
    if length % 7:
        assert not cut & {day for pair in pairs for day in pair}, (
            "a part of a day is no match for a whole one"
        )


@pytest.mark.parametrize(
    ("days", "back", "said"),
    [
        (7, 7, "1 week earlier"),
        (30, 28, "4 weeks earlier"),
        (90, 91, "13 weeks earlier"),
        (365, 364, "52 weeks earlier"),
        (2, 2, "2 days earlier"),
        (1, 1, "1 day earlier"),
    ],
)
def test_the_shift_is_the_nearest_number_of_weeks(days: int, back: int, said: str) -> None:
    assert shift(last_days(days, NOW)) == back
    assert words(last_days(days, NOW)) == said


def test_a_month_lies_on_the_month_before_and_the_31st_on_nothing() -> None:
    period = month("2026-10", NOW)
    found = beside(days_of(period), days_of(period.previous()), period)
    assert words(period) == "the month before"
    assert found[0] is not None
    assert (found[0].day, found[30]) == (date(2026, 9, 1), None)
    now = month("2026-11", NOW)
    found = beside(days_of(now), days_of(now.previous()), now)
    assert found[-1] is not None, "both are cut at the same time of day"
    assert found[-1].day == date(2026, 10, 20)


def test_hours_are_counted_where_something_is_known() -> None:
    period = last_days(30, NOW)
    assert counted_h(days_of(period), period) == pytest.approx(720)
    assert counted_h(days_of(period)[-11:], period) == pytest.approx(10 * 24 + 13.75)


def test_without_a_period_before_there_is_nothing_to_compare() -> None:
    period = last_days(30, NOW)
    assert set(beside(days_of(period), (), period)) == {None}
    assert timedelta(days=shift(period) or 0) == timedelta(weeks=4)

"""The days of the period before, each beside the day that it is compared with. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from ops.core.periods import Period
from ops.core.savings import SavedDay

WEEK = 7
ALIKE = timedelta(hours=2)
"""Two days whose lengths in their periods differ by more are not compared: one of them is cut."""


def shift(period: Period) -> int | None:
    """By how many days the period before lies back: whole weeks, so that weekday lies on weekday.

    Of fewer days than a week so many days; None for months, whose first day lies on the first.
    """
    if period.month:
        return None
    days = round((period.end - period.start) / timedelta(days=1))
    return max(1, round(days / WEEK)) * WEEK if days >= WEEK else days


def words(period: Period) -> str:
    """ "4 weeks earlier", "2 days earlier", "the month before"."""
    days = shift(period)
    if days is None:
        return "the month before"
    number, unit = (days // WEEK, "week") if days % WEEK == 0 else (days, "day")
    return f"{number} {unit}{'' if number == 1 else 's'} earlier"


def beside(
    days: Sequence[SavedDay], before: Sequence[SavedDay], period: Period
) -> tuple[SavedDay | None, ...]:
    """For each of `days` the day that it is compared with; None where there is none, or one of the two is cut.

    `before`: the days of `period.previous()`.
    """
    old = {day.day: day for day in before}
    long, was_long = lengths(period), lengths(period.previous())
    out = []
    for day in days:
        then = _then(day.day, period)
        found = old.get(then) if then is not None else None
        alike = found is not None and abs(long[day.day] - was_long[found.day]) <= ALIKE
        out.append(found if alike else None)
    return tuple(out)


def lengths(period: Period) -> dict[date, timedelta]:
    """How much of each local day lies in the period, as far as it has been lived through."""
    return {day: end - begin for day, begin, end in period.days()}


def _then(day: date, period: Period) -> date | None:
    """The day that a day is compared with; None where its month has no such day."""
    days = shift(period)
    if days is not None:
        return day - timedelta(days=days)
    try:
        return (day.replace(day=1) - timedelta(days=1)).replace(day=day.day)
    except ValueError:
        return None


def counted_h(days: Sequence[SavedDay], period: Period) -> float:
    """Hours of a period that are counted: of several endpoints the mean of those that were there."""
    long = lengths(period)
    return sum(day.known * (long[day.day] / timedelta(hours=1)) for day in days if day.day in long)

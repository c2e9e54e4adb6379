"""Where the month ends, by its own past weeks, with a band of how far the same reckoning was off before. Pure.

A weekday costs what its like did on average in the last eight weeks. How far that was off on each of those days, looked
at without that day itself, gives the band (`forecast_band`). An endpoint with less than a week of days goes on as its
known hours did. While it is not known what an endpoint costs there is no forecast: a low number would look like one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

from ops.core.forecast_band import Off, band
from ops.core.words import count, listed

WEEKS = 8
FEWEST_DAYS = 7
"""With fewer known days there is no forecast."""
LEAST_H = 24.0
"""With fewer known hours nobody can say what an endpoint goes on to cost."""
KNOWN = 0.98
"""A day of which less is known is left out."""
CENTS = Decimal("0.0001")
_DAY_H = 24


@dataclass(frozen=True, slots=True)
class DayCost:
    """What one local day cost, cut at the time of day that it is now. `known`: the share of its minutes, 0 to 1."""

    day: date
    before: Decimal
    """Until that time of day."""
    after: Decimal
    """From then on; of today nothing yet."""
    known: float
    cut: bool = False
    """Whether the endpoint was made on this day."""
    hours: float = 24.0
    """How many hours of it are known."""

    @property
    def whole(self) -> Decimal:
        return self.before + self.after


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a month will have cost. `by_day`: running sums at the end of today and of each day to come."""

    spent: Decimal
    expected: Decimal
    low: Decimal
    high: Decimal
    basis: str
    by_day: tuple[tuple[date, Decimal, Decimal, Decimal], ...]


@dataclass(frozen=True, slots=True)
class _Own:
    """What is known of one endpoint."""

    name: str
    days: Sequence[DayCost]
    past: Sequence[DayCost]
    """Whole days of the last weeks that are known."""
    hours: float
    """Known hours of the last weeks and of today, and what they cost."""
    usd: Decimal
    lived: int
    """How many whole days of the last weeks it was there."""

    @property
    def young(self) -> bool:
        return len(self.past) < FEWEST_DAYS

    def mean(self, weekday: int, *, late: bool = False) -> Decimal:
        """Dollars of such a day, or of what of it comes after the present time of day; of the young by the hour."""
        if self.young:
            return self.usd / Decimal(self.hours) * _DAY_H if self.hours else Decimal(0)
        alike = [_part(d, late) for d in self.past if d.day.weekday() == weekday]
        return _mean(alike or [_part(d, late) for d in self.past])


def month_end(
    of: Mapping[str, Sequence[DayCost]],
    today: date,
    first: date,
    last: date,
    left_h: float,
    reading: Collection[str] = (),
) -> Ahead | str:
    """The forecast of the month from `first` to `last`, both in it, on `today`; why there is none, as a sentence.

    `of`: the days of each endpoint, oldest first, those from the day of its creation on; today among them. `left_h`:
    hours of today that are still to come. `reading`: endpoints of which not all of these days have been read.
    """
    every = [_own(name, of[name], today) for name in sorted(of)]
    why = _none(every, reading)
    if why:
        return why
    ahead = [today + timedelta(days=i) for i in range((last - today).days + 1)]
    steady, young = [Decimal(0)] * len(ahead), []
    spent, gap = Decimal(0), Decimal(0)
    off: dict[date, Off] = {}
    lacking: set[date] = set()
    for own in every:
        if own.young:
            hourly = own.mean(0) / _DAY_H
            young.append([hourly * (Decimal(left_h) if day == today else _DAY_H) for day in ahead])
        else:
            means = (own.mean(day.weekday(), late=day == today) for day in ahead)
            steady = [total + each for total, each in zip(steady, means, strict=True)]
            for day in own.past:
                seen = off.get(day.day, Off(0.0, 0.0))
                late, whole = (_off(own.past, day, late=late) for late in (True, False))
                off[day.day] = Off(seen.whole + float(whole), seen.late + float(late))
        month = [d for d in own.days if first <= d.day <= today]
        spent += sum((d.whole for d in month), Decimal(0))
        for each in month:
            if each.day < today and each.known < KNOWN and not each.cut and own.hours:
                lacking.add(each.day)
                gap += max(Decimal(0), own.mean(each.day.weekday()) - each.whole)
    expected = [sum(each, Decimal(0)) for each in zip(steady, *young, strict=True)]
    running = list(accumulate(expected, initial=spent + gap))[1:]
    low, high = band(
        float(spent + gap),
        ahead,
        [float(each) for each in steady],
        [[float(each) for each in one] for one in young],
        off,
    )
    by_day = tuple(
        (day, middle, min(middle, _dollars(below)), max(middle, _dollars(above)))
        for day, middle, below, above in zip(ahead, running, low.tolist(), high.tolist(), strict=True)
    )
    _, end, lowest, highest = by_day[-1]
    return Ahead(spent, end, lowest, highest, _basis(len(off), len(lacking), every), by_day)


def _own(name: str, days: Sequence[DayCost], today: date) -> _Own:
    back = today - timedelta(weeks=WEEKS)
    lately = [d for d in days if back <= d.day]
    before = [d for d in lately if d.day < today and not d.cut]
    return _Own(
        name,
        days,
        [d for d in before if d.known >= KNOWN],
        sum(d.hours for d in lately),
        sum((d.whole for d in lately), Decimal(0)),
        len(before),
    )


def _none(every: Sequence[_Own], reading: Collection[str]) -> str:
    """Why there is no forecast, as a sentence; empty where there is one."""
    unread = [
        own.name
        for own in every
        if own.name in reading and (not own.hours or len(own.past) < min(FEWEST_DAYS, own.lived))
    ]
    if unread:
        return (
            f"No forecast yet: the past of {_named(unread)} is not read far enough; "
            f"it takes {FEWEST_DAYS} days of each endpoint, or all of a shorter life."
        )
    most = max((len(own.past) for own in every), default=0)
    if most < FEWEST_DAYS:
        return (
            f"No forecast: {count(most, 'day')} before today {'is' if most == 1 else 'are'} known, "
            f"and it takes {FEWEST_DAYS}."
        )
    new = [own.name for own in every if own.hours < LEAST_H and own.usd]
    if new:
        return (
            f"No forecast: {_named(new)} {'costs' if len(new) == 1 else 'cost'} money, "
            f"and less than {LEAST_H:.0f} hours of {'it' if len(new) == 1 else 'them'} are known."
        )
    return ""


def _off(past: Sequence[DayCost], day: DayCost, *, late: bool) -> Decimal:
    """By how much a day cost more than the others of its weekday let expect, else than all others."""
    others = [d for d in past if d is not day]
    alike = [_part(d, late) for d in others if d.day.weekday() == day.day.weekday()]
    return _part(day, late) - _mean(alike or [_part(d, late) for d in others])


def _part(day: DayCost, late: bool) -> Decimal:
    return day.after if late else day.whole


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values)


def _dollars(value: float) -> Decimal:
    return Decimal(value).quantize(CENTS)


def _basis(known: int, lacking: int, every: Iterable[_Own]) -> str:
    said = (
        f"Every day to come costs what its weekday did on average over {count(known, 'known day')} of the last "
        f"{WEEKS} weeks; the band holds 8 of 10 courses drawn from how far that was off on those days."
    )
    if lacking:
        said += (
            f" {count(lacking, 'day')} of this month {'is' if lacking == 1 else 'are'} not wholly known and "
            "taken at such a mean, too."
        )
    blind = [own.name for own in every if not own.hours]
    young = [own.name for own in every if own.young and own.usd]
    asleep = [own.name for own in every if own.young and own.hours and not own.usd]
    if young:
        said += (
            f" Of {_named(young)} fewer than {FEWEST_DAYS} days are known: every hour to come costs what the known "
            "ones did on average, and in the band from nothing to twice that."
        )
    if asleep:
        said += f" Of {_named(asleep)} fewer than {FEWEST_DAYS} days are known, in which nothing was paid."
    if blind:
        said += f" AWS tells nothing of {_named(blind)}: not counted."
    return said


def _named(names: Sequence[str]) -> str:
    return listed([*names]) if len(names) <= 4 else listed([*names[:3], f"{len(names) - 3} more"])

"""Where the month ends, by its own past weeks, with a band of how far the same reckoning was off before. Pure.

A weekday costs what its like did on average in the last eight weeks. How far that was off on each of those days,
looked at without that day itself, gives the band: runs of seven such errors in a row are drawn, so that a good and a
bad week stay together, and how far the means themselves may be off. Deterministic: the draws are seeded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from ops.core.words import count, listed

WEEKS = 8
FEWEST_DAYS = 7
"""With fewer known days there is no forecast."""
KNOWN = 0.98
"""A day of which less is known is left out."""
DRAWS, RUN = 300, 7
LOW, HIGH = 0.1, 0.9
SEED = 11


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


def month_end(of: Mapping[str, Sequence[DayCost]], today: date, first: date, last: date) -> Ahead | str:
    """The forecast of the month from `first` to `last`, both in it, on `today`; why there is none, as a sentence.

    `of`: the days of each endpoint, oldest first, those from the day of its creation on; today among them.
    """
    back = today - timedelta(weeks=WEEKS)
    past = {
        name: [d for d in days if back <= d.day < today and d.known >= KNOWN] for name, days in of.items()
    }
    most = max((len(days) for days in past.values()), default=0)
    if most < FEWEST_DAYS:
        return (
            f"No forecast: {count(most, 'day')} before today {'is' if most == 1 else 'are'} known, "
            f"and it takes {FEWEST_DAYS}."
        )
    ahead = [today + timedelta(days=i) for i in range((last - today).days + 1)]
    expected = [Decimal(0)] * len(ahead)
    spent, gap = Decimal(0), Decimal(0)
    errors: dict[date, list[Decimal]] = {}
    lacking: set[date] = set()
    for name, days in of.items():
        own = past[name]
        mean, rest = _profile(own, whole=True), _profile(own, whole=False)
        expected = [
            total + (rest if day == today else mean)[day.weekday()]
            for total, day in zip(expected, ahead, strict=True)
        ]
        for each in own:
            found = errors.setdefault(each.day, [Decimal(0), Decimal(0)])
            found[0] += _off(own, each, whole=True)
            found[1] += _off(own, each, whole=False)
        month = [d for d in days if first <= d.day <= today]
        spent += sum((d.whole for d in month), Decimal(0))
        for each in month:
            if each.day < today and each.known < KNOWN and not each.cut:
                lacking.add(each.day)
                gap += max(Decimal(0), mean[each.day.weekday()] - each.whole)
    running = _running(spent + gap, expected)
    off = {day: (whole, late) for day, (whole, late) in errors.items()}
    drawn = _drawn(spent + gap, ahead, expected, off)
    by_day = tuple(
        (day, running[i], min(running[i], _quantile(column, LOW)), max(running[i], _quantile(column, HIGH)))
        for i, (day, column) in enumerate(zip(ahead, zip(*drawn, strict=True), strict=True))
    )
    _, end, low, high = by_day[-1]
    young = sorted(name for name, days in past.items() if len(days) < FEWEST_DAYS)
    return Ahead(spent, end, low, high, _basis(len(off), len(lacking), young), by_day)


def _profile(past: Sequence[DayCost], *, whole: bool) -> Mapping[int, Decimal]:
    """The mean by weekday; of a weekday that is not among them, that of all, and nothing without any."""
    every = _mean([_part(d, whole) for d in past])
    found = {}
    for weekday in range(7):
        own = [_part(d, whole) for d in past if d.day.weekday() == weekday]
        found[weekday] = _mean(own) if own else every
    return found


def _off(past: Sequence[DayCost], day: DayCost, *, whole: bool) -> Decimal:
    """By how much a day cost more than the others of its weekday let expect, else than all others."""
    others = [d for d in past if d is not day]
    alike = [_part(d, whole) for d in others if d.day.weekday() == day.day.weekday()]
    return _part(day, whole) - _mean(alike or [_part(d, whole) for d in others] or [_part(day, whole)])


def _drawn(
    begin: Decimal,
    ahead: Sequence[date],
    expected: Sequence[Decimal],
    errors: Mapping[date, tuple[Decimal, Decimal]],
) -> list[list[Decimal]]:
    """Running sums of as many possible courses as are drawn; no day costs less than nothing.

    `errors`: by day, of all of it and of what comes after the present time of day. Beside those, the error of the
    means themselves is drawn: all days of one weekday are off by the same.
    """
    rng = np.random.default_rng(SEED)
    known = sorted(errors)
    of = {w: [errors[d][0] for d in known if d.weekday() == w] for w in {d.weekday() for d in ahead}}
    out = []
    for _ in range(DRAWS):
        shift = {
            w: _mean([own[i] for i in rng.integers(0, len(own), len(own))]) for w, own in of.items() if own
        }
        starts = rng.integers(0, len(known), -(-len(ahead) // RUN))
        places = [int(s + i) % len(known) for s in starts for i in range(RUN)][: len(ahead)]
        days = [
            max(
                Decimal(0),
                each + errors[known[place]][i == 0] + (shift.get(day.weekday(), Decimal(0)) if i else 0),
            )
            for i, (day, each, place) in enumerate(zip(ahead, expected, places, strict=True))
        ]
        out.append(_running(begin, days))
    return out


def _running(begin: Decimal, days: Iterable[Decimal]) -> list[Decimal]:
    out = []
    for each in days:
        begin += each
        out.append(begin)
    return out


def _quantile(values: Sequence[Decimal], share: float) -> Decimal:
    return sorted(values)[round(share * (len(values) - 1))]


def _part(day: DayCost, whole: bool) -> Decimal:
    return day.whole if whole else day.after


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values) if values else Decimal(0)


def _basis(known: int, lacking: int, young: Sequence[str]) -> str:
    said = (
        f"Every day to come costs what its weekday did on average over {count(known, 'known day')} of the last "
        f"{WEEKS} weeks; the band holds 8 of 10 courses drawn from how far that was off on those days."
    )
    if lacking:
        said += (
            f" {count(lacking, 'day')} of this month {'is' if lacking == 1 else 'are'} not wholly known and "
            "taken at such a mean, too."
        )
    if young:
        said += f" Of {listed([*young])} fewer than {FEWEST_DAYS} days are known: it rests on these."
    return said

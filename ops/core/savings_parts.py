"""What a saving is made of: its hours by day and hour, and the parts that lead from the baseline to the actual. Pure.

The parts add up to the difference, but for the 28th digit of a Decimal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np

from ops.core.baselines import Kind, office_edges
from ops.core.cost import Basis
from ops.core.instance_time import MINUTES, QUARTER_S, InstanceTime
from ops.core.periods import Period
from ops.core.savings import SavedDay, Saving
from ops.core.types import FloatArray
from ops.core.views_savings import Details, SavingsView

TINY = Decimal("0.005")
"""A rest below half a cent is rounding: it goes to the largest part, and is no part of its own."""


class Step(StrEnum):
    """Why the actual differs from the baseline."""

    ASLEEP = "asleep"
    FEWER = "fewer instances"
    MORE = "more than the baseline"
    OUTSIDE = "outside business hours"
    PRICES = "other prices"
    BILL = "the bill differs"


@dataclass(frozen=True, slots=True)
class Part:
    """Dollars that one reason took off the baseline; negative where it put some on it."""

    step: Step
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Spent:
    """What the actual was paid for, as far as that is known: the three add up to it. Estimates.

    `warm` None: not known, and counted in `idle` or `work`; `idle` None: not known, and counted in `work`.
    """

    work: Decimal
    idle: Decimal | None
    warm: Decimal | None


def parts(row: Saving, period: Period) -> tuple[Part, ...]:
    """From the baseline of one endpoint to its actual; empty where its money is not known."""
    if row.saved is None or row.baseline_usd is None or row.usd is None or row.against.instances is None:
        return ()
    each = row.baseline_usd / row.baseline_hours if row.baseline_hours else _each(row)
    found = [Part(step, hours * each) for step, hours in _hours(row, period)]
    rest = row.saved - sum((p.usd for p in found), Decimal(0))
    if abs(rest) < TINY and found:
        most = max(range(len(found)), key=lambda i: abs(found[i].usd))
        found[most] = Part(found[most].step, found[most].usd + rest)
    elif rest:
        found.append(Part(Step.BILL if row.basis is Basis.BILLED else Step.PRICES, rest))
    return tuple(p for p in found if p.usd)


def together(rows: Iterable[Saving], period: Period) -> tuple[Part, ...]:
    """The parts of several endpoints, added up by reason."""
    sums: dict[Step, Decimal] = {}
    for row in rows:
        for part in parts(row, period):
            sums[part.step] = sums.get(part.step, Decimal(0)) + part.usd
    return tuple(Part(step, sums[step]) for step in Step if sums.get(step))


def spent(rows: Sequence[Saving], details: Mapping[str, Details]) -> Spent | None:
    """What of the actual was idle, and what of that for warm windows. None where no money is known."""
    known = [row for row in rows if row.usd is not None and row.baseline_usd is not None]
    if not known or any(row.basis is not Basis.ESTIMATED for row in known):
        return None  # idle money is an estimate: it is never taken off a bill
    whole = sum((row.usd for row in known if row.usd is not None), Decimal(0))
    of = [details.get(row.key, Details()) for row in known]
    idle = _sum(d.idle.usd for d in of if d.idle is not None)
    warm = _sum(d.warm.usd for d in of if d.warm is not None)
    if idle is None:
        return Spent(whole, None, None)
    idle = min(idle, whole)
    if warm is not None:
        warm = min(warm, idle)
    return Spent(whole - idle, idle - (warm or Decimal(0)), warm)


def _hours(row: Saving, period: Period) -> list[tuple[Step, Decimal]]:
    """Instance-hours that were not paid (negative: that were paid besides), by reason."""
    wanted = row.against.instances
    assert wanted is not None
    if row.against.baseline.kind is Kind.HOURS:
        return _office(row, period)
    asleep = fewer = more = Decimal(0)
    for instances, minutes in _counted(row, period).levels:
        short = (wanted - Decimal(str(instances))) * _dec(minutes) / 60
        if instances == 0:
            asleep += short
        elif short > 0:
            fewer += short
        else:
            more += short
    return [(Step.ASLEEP, asleep), (Step.FEWER, fewer), (Step.MORE, more)]


def _counted(row: Saving, period: Period) -> InstanceTime:
    """The time that the money is of: on a bill, the days that are billed, in whole UTC days as they are."""
    time = row.time
    if row.basis is not Basis.BILLED or all(day.known for day in row.days):
        return time
    told = {day.day for day in row.days if day.known}
    wanted = np.zeros(len(time.known), np.bool_)
    for day, begin, end in period.days():
        if day in told:
            a, b = ((int(at.timestamp()) - time.first) // QUARTER_S for at in (begin, end))
            wanted[max(0, a) : max(0, b)] = True
    return time.only(wanted)


def _office(row: Saving, period: Period) -> list[tuple[Step, Decimal]]:
    """Against business hours: quarter hours in them without any instance, those with fewer, and all outside."""
    time, wanted = _counted(row, period), row.against.instances
    assert wanted is not None
    based = row.baseline_hours or Decimal(0)
    inside = np.zeros(len(time.known), np.bool_)
    for opens, closes in office_edges(row.against.baseline, period):
        a, b = ((int(at.timestamp()) - time.first) // QUARTER_S for at in (opens, closes))
        inside[max(0, a) : max(0, b)] = True
    used = _dec(float(time.minutes[inside].sum())) / 60
    idle = inside & (time.minutes == 0)
    asleep = wanted * _dec(float(time.known[idle].sum())) / 60
    outside = _dec(float(time.minutes[~inside].sum())) / 60
    rest = based - used - asleep
    return [
        (Step.ASLEEP, asleep),
        (Step.FEWER if rest > 0 else Step.MORE, rest),
        (Step.OUTSIDE, -outside),
    ]


def _each(row: Saving) -> Decimal:
    """Dollars for an instance-hour, where the baseline has no hours to tell it."""
    return row.usd / row.hours if row.usd is not None and row.hours else Decimal(0)


def _dec(value: float) -> Decimal:
    return Decimal(str(round(value, 4)))


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    known = [each for each in values if each is not None]
    return sum(known, Decimal(0)) if known else None


def asleep(rows: Iterable[Saving]) -> float | None:
    """The share of the known minutes of all these endpoints without an instance; None where nothing is known."""
    shares = levels(rows)
    return None if not shares else next((share for n, share in shares if n == 0), 0.0)


def levels(rows: Iterable[Saving]) -> tuple[tuple[float, float], ...]:
    """(instances, share of the known minutes with so many in service), by instances; of all endpoints together."""
    sums: dict[float, float] = {}
    for row in rows:
        for instances, minutes in row.time.levels:
            sums[instances] = sums.get(instances, 0.0) + minutes
    whole = sum(sums.values())
    return tuple((n, sums[n] / whole) for n in sorted(sums)) if whole else ()


def known_minutes(rows: Iterable[Saving]) -> tuple[float, float, float]:
    """(known minutes, all minutes, known ones that are only means of longer steps), of all endpoints together."""
    found = tuple(rows)
    return (
        sum(row.time.known_minutes for row in found),
        sum(len(row.time.known) * MINUTES for row in found),
        sum(row.time.coarse for row in found),
    )


def shown_days(view: SavingsView) -> tuple[SavedDay, ...]:
    """The days of the total; where no money is known of any endpoint, the hours of all of them."""
    if view.total.days:
        return view.total.days
    by_day: dict[date, list[SavedDay]] = {}
    for row in view.rows:
        for day in row.days:
            by_day.setdefault(day.day, []).append(day)
    return tuple(
        SavedDay(
            day,
            sum(each.known for each in found) / len(found),
            _sum(each.hours for each in found),
            _sum(each.baseline_hours for each in found),
            None,
            None,
        )
        for day, found in sorted(by_day.items())
    )


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """Instance-hours by local hour and day, over a period and all its endpoints."""

    days: tuple[date, ...]
    hours: FloatArray
    """Shape (24, days): instance-hours in the known time; NaN: nothing of it is known, or there is no such time."""
    known: FloatArray
    """Shape (24, days): the share of the endpoints' minutes that is known; NaN: there is no such time."""

    @property
    def asleep(self) -> float:
        """The share of the known fields without any instance."""
        there = ~np.isnan(self.hours)
        return float((self.hours[there] == 0).mean()) if there.any() else 0.0


def calendar(rows: Sequence[Saving], period: Period) -> Calendar:
    """When instances ran. Hours that a clock change repeats are added to one field."""
    info = ZoneInfo(period.zone)
    first_day = period.start.astimezone(info).date()
    last_day = (period.end - timedelta(microseconds=1)).astimezone(info).date()
    days = tuple(first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1))
    begin = int(period.start.timestamp())
    count = max(0, int(period.until.timestamp()) - begin) // QUARTER_S
    fields = _fields(begin, count, info, first_day, len(days))
    size = 24 * len(days)
    minutes, known, lived = np.zeros(size), np.zeros(size), np.zeros(size)
    for row in rows:
        at = (row.time.first - begin) // QUARTER_S
        here = fields[max(0, at) : at + len(row.time.minutes)]
        skip = max(0, -at)
        values = slice(skip, skip + len(here))
        minutes += np.bincount(here, row.time.minutes[values], size)
        known += np.bincount(here, row.time.known[values], size)
        lived += np.bincount(here, minlength=size) * MINUTES
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(lived > 0, known / lived, np.nan)
    hours = np.where(known > 0, minutes / 60, np.nan)
    return Calendar(days, hours.reshape(24, -1), share.reshape(24, -1))


def _fields(begin: int, count: int, info: ZoneInfo, first: date, days: int) -> np.ndarray:
    """For each quarter hour from `begin` on: which field (hour x days + day) it lies in."""
    out = np.empty(count, np.int64)
    for i in range(count):
        local = datetime.fromtimestamp(begin + i * QUARTER_S, info)
        out[i] = local.hour * days + (local.date() - first).days
    return out

"""The next days hour by hour: what minimum and maximum hold, which scheduled actions run, what that costs. Pure.

Cost is that of the minimum alone, at list price: what is paid at least. Work costs more; and an instance leaves
some time after its minimum is gone, when the scale-in alarm agrees (facts B.6).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from ops.core import cost
from ops.core.bounds_ahead import Ahead, Run, ahead
from ops.core.cost import CostLine
from ops.core.types import Price, ScalableTarget, ScheduledAction
from ops.core.warm import DAY, instant

DAYS = 14
_HOUR = timedelta(hours=1)
_QUARTER = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of the clock, [start, end) in UTC; `hour` as the local clock shows it, `again` when it comes twice.

    `minimum`: the largest in force in the hour, for a `share` of it; None where the hour is over. Of the hour that
    runs now, only what is left counts.
    """

    start: datetime
    end: datetime
    hour: int
    again: bool
    minimum: int | None
    share: float
    maximum: int | None
    instance_hours: Decimal
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One local day. `clocks_change`: it has 23 or 25 hours. `cost`: None where there is no price."""

    day: date
    cells: tuple[Cell, ...]
    clocks_change: bool
    instance_hours: Decimal
    cost: CostLine | None

    @property
    def hours(self) -> float:
        return (self.cells[-1].end - self.cells[0].start) / _HOUR


@dataclass(frozen=True, slots=True)
class Calendar:
    """From the day of `made_at` on. `instance_hours` and `cost` count from `made_at`; an estimate, always."""

    zone: str
    made_at: datetime
    days: tuple[CalendarDay, ...]
    ahead: Ahead
    instance_hours: Decimal
    cost: CostLine | None

    @property
    def runs(self) -> tuple[Run, ...]:
        return self.ahead.runs


def calendar(
    target: ScalableTarget,
    actions: Iterable[ScheduledAction],
    zone: ZoneInfo,
    now: datetime,
    price: Price | None = None,
    days: int = DAYS,
) -> Calendar:
    """`target` as it is now, or as a draft would leave it, with all scheduled actions that there are then."""
    today = now.astimezone(zone).date()
    end = _midnight(today + days * DAY, zone)
    seen = ahead(target.bounds, actions, now, end, suspended=target.suspended.scheduled)
    found = tuple(_day(today + n * DAY, zone, now, seen, price) for n in range(days))
    total = sum((d.instance_hours for d in found), Decimal(0))
    return Calendar(zone.key, now, found, seen, total, cost.estimate(total, price))


def _day(day: date, zone: ZoneInfo, now: datetime, seen: Ahead, price: Price | None) -> CalendarDay:
    start, end = _midnight(day, zone), _midnight(day + DAY, zone)
    cells: list[Cell] = []
    while start < end:
        following = min(start + _HOUR, end)
        cells.append(_cell(start, following, zone, now, seen))
        start = following
    total = sum((c.instance_hours for c in cells), Decimal(0))
    changes = cells[-1].end - cells[0].start != DAY
    return CalendarDay(day, tuple(cells), changes, total, cost.estimate(total, price))


def _cell(start: datetime, end: datetime, zone: ZoneInfo, now: datetime, seen: Ahead) -> Cell:
    local = start.astimezone(zone)
    runs = tuple(r for r in seen.runs if start <= r.at < end)
    if end <= now:
        return Cell(start, end, local.hour, bool(local.fold), None, 0.0, None, Decimal(0), runs)
    begin = max(start, now)
    marks = [begin, *dict.fromkeys(r.at for r in runs if r.at > begin), end]
    lengths: dict[int, float] = {}
    most = 0
    for one, other in pairwise(marks):
        bounds = seen.at(one)
        lengths[bounds.min] = lengths.get(bounds.min, 0.0) + (other - one).total_seconds()
        most = max(most, bounds.max)
    hours = sum((Decimal(low) * Decimal(str(s)) for low, s in lengths.items()), Decimal(0)) / 3600
    low = max(lengths)
    share = lengths[low] / (end - start).total_seconds()
    return Cell(start, end, local.hour, bool(local.fold), low, share, most, hours.quantize(_QUARTER), runs)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return instant(datetime(day.year, day.month, day.day), zone).astimezone(UTC)  # noqa: DTZ001

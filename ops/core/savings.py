"""What an endpoint cost, what its baseline would have cost, and the difference. Decimal dollars. Pure.

Actual and baseline are counted over the same known minutes: what is not known is in neither, and `coverage` says how
much that is: of an estimate by minutes, on a bill by the days that are billed in full. Sums of billed and of estimated
money are never added to each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

import numpy as np

from ops.core.baselines import Against, Baseline, Kind, against, office_edges
from ops.core.cost import Basis, hours_of
from ops.core.instance_mix import split
from ops.core.instance_time import MINUTES, QUARTER_S, InstanceTime
from ops.core.periods import Period
from ops.core.places import Place
from ops.core.savings_lines import Line, Part, by_type_of, held_at, of_pool
from ops.core.savings_lines import TypeFrom as TypeFrom
from ops.core.savings_lines import TypeHours as TypeHours
from ops.core.types import FloatArray, Price

CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class SavedDay:
    """One local day (the first and last may be cut). None: not known, never zero."""

    day: date
    known: float
    """The share of its minutes that is known, 0 to 1."""
    hours: Decimal | None
    baseline_hours: Decimal | None
    usd: Decimal | None
    baseline_usd: Decimal | None


class Compared:
    """What a saving and a sum of savings have in common."""

    __slots__ = ()
    usd: Decimal | None
    baseline_usd: Decimal | None

    @property
    def saved(self) -> Decimal | None:
        """Baseline minus actual; negative where the endpoint cost more than its baseline."""
        if self.usd is None or self.baseline_usd is None:
            return None
        return self.baseline_usd - self.usd

    @property
    def ratio(self) -> Decimal | None:
        """The saved share of the baseline; None where the baseline is not known or costs nothing."""
        saved = self.saved
        return saved / self.baseline_usd if saved is not None and self.baseline_usd else None


@dataclass(frozen=True, slots=True)
class Saving(Compared):
    """One endpoint over one period. Money None: not known; `missing` says why."""

    name: str
    basis: Basis
    time: InstanceTime
    against: Against
    hours: Decimal | None
    baseline_hours: Decimal | None
    usd: Decimal | None
    baseline_usd: Decimal | None
    by_type: tuple[TypeHours, ...]
    days: tuple[SavedDay, ...]
    prices: tuple[Price, ...]
    missing: str = ""
    final: bool = False
    """Whether the period is over, every minute of it known, and nothing about it can change any more."""
    is_async: bool = True
    tags: Mapping[str, str] | None = None
    """None: not known."""
    days_known: int | None = None
    """On a bill: the UTC days that its sums are of, billed in full and to it by name; None for an estimate."""
    days_lived: int | None = None
    """On a bill: the UTC days of the period in which it was there."""
    free_hours: Decimal = Decimal(0)
    """On a bill: instance-hours that the free tier paid for, counted at their list price."""
    notes: tuple[str, ...] = ()
    """What this rests on that is not on record, in sentences with marked times, see `ops.core.moments`."""
    since: datetime | None = None
    """When it was created, where that lies within the period: nothing older is counted."""
    gone: datetime | None = None
    """When it was first missing, where it is not there any more."""
    unseen_hours: Decimal = Decimal(0)
    """Instance-hours of one of a pool's types of which nobody saw which: counted as the cheapest."""
    spread_usd: Decimal = Decimal(0)
    """What it had cost more, had all of these been of the dearest."""
    only: str = ""
    """Which of its variants is counted by metrics, in a sentence; empty where there is no other."""
    unseen: str = ""
    """These two in a sentence; empty where the types of all hours are known."""
    place: Place | None = None
    """Where it is, in a view of several places."""

    @property
    def key(self) -> str:
        """What tells it apart in its view: the name, of several places with account and region."""
        return self.name if self.place is None else self.place.of(self.name)

    @property
    def told(self) -> tuple[str, ...]:
        """All that this rests on and is not known for sure, and what is not in it."""
        return tuple(filter(None, (self.only, *self.notes, self.unseen)))

    @property
    def covered(self) -> float:
        """The share of its time that the sums are of, 0 to 1: on a bill of its days, else of its minutes."""
        if self.days_known is None or self.days_lived is None:
            return self.time.coverage
        return self.days_known / self.days_lived if self.days_lived else 0.0


@dataclass(frozen=True, slots=True)
class LeftOut:
    name: str
    """The `key` of its row."""
    why: str


@dataclass(frozen=True, slots=True)
class Total(Compared):
    """Several endpoints together: sums of those whose money is known; the others are named."""

    basis: Basis
    counted: tuple[str, ...]
    """The `key` of each row."""
    left_out: tuple[LeftOut, ...]
    hours: Decimal | None
    baseline_hours: Decimal | None
    usd: Decimal | None
    baseline_usd: Decimal | None
    coverage: float
    """The share of the time of all of them that is known, 0 to 1: on a bill of their days, else of their minutes."""
    days: tuple[SavedDay, ...]
    final: bool
    days_known: int | None = None
    """On a bill: the UTC days that are billed of all that are counted; None for an estimate."""
    days_lived: int | None = None
    """On a bill: the UTC days of the period in which one of them was there."""


def saving(
    name: str,
    time: InstanceTime,
    period: Period,
    baseline: Baseline,
    *,
    most: int | None,
    types: Sequence[TypeFrom],
    prices: Mapping[str, Price],
    is_async: bool = True,
    tags: Mapping[str, str] | None = None,
) -> Saving:
    """The estimate for one endpoint: instance-hours by type times list price.

    `time` covers the period from its start (or the endpoint's creation) until `period.until`. `types`: ascending; the
    first holds for all time before it, too. `prices`: by instance type; a type that is missing has no known price.
    Instance-time of a pool is of the types that were seen; what nobody saw is counted as the cheapest of the pool, and
    `spread_usd` says how much more it may be. The baseline of a pool is at the price of its first type.
    """
    on = at_first(against(baseline, time, most), types)
    begin, end = time.first, time.end
    days = [(d, a, b) for d, a, b in period.days() if b.timestamp() > begin and a.timestamp() < end]
    changes = [int(each.since.timestamp()) // QUARTER_S * QUARTER_S for each in types[1:]]
    edges = sorted(
        {begin, end}
        | {int(b.timestamp()) for _, _, b in days if begin < b.timestamp() < end}
        | {at for at in changes if begin < at < end}
    )
    minutes, known = time.between(edges)
    wanted = known if on.baseline.kind is not Kind.HOURS else _office(time, baseline, period, edges)
    lines = []
    shared = {each: split(time, each.pool, each.seen).between(edges) for each in types if each.pool}
    for i, at in enumerate(edges[:-1]):
        held = held_at(types, at)
        if held is not None and held.pool:
            by_kind, unseen = shared[held]
            parts = of_pool(held, {kind: m[i] for kind, m in by_kind.items()}, unseen[i], prices)
        else:
            kind = held.instance_type if held is not None else None
            parts = (Part(kind, prices.get(kind or ""), hours_of(float(minutes[i]))),)
        lines.append(
            Line(
                at,
                edges[i + 1],
                parts,
                first := held.kinds[0] if held is not None and held.kinds else None,
                prices.get(first or ""),
                None if on.instances is None else on.instances * hours_of(float(wanted[i])),
                float(known[i]),
            )
        )
    shown = tuple(_day(day, a, b, lines) for day, a, b in days)
    whole = _sum(lines)
    parts = tuple(part for line in lines if line.known for part in line.parts)
    if not parts and whole.hours is not None:  # a pool that slept all the time is named by its first type
        parts = tuple(Part(kind, prices.get(kind), Decimal(0)) for kind in types[-1].kinds[:1])
    lacking = {kind for part in parts if part.price is None for kind in part.unpriced(prices)}
    lacking |= {line.first or "" for line in lines if line.known and line.baseline_price is None}
    unpriced = sorted(lacking)
    not_seen = [part for part in parts if part.pool]
    unseen_hours = sum((part.hours for part in not_seen), Decimal(0))
    spread = sum((part.spread for part in not_seen), Decimal(0))
    return Saving(
        name,
        Basis.ESTIMATED,
        time,
        on,
        whole.hours,
        whole.baseline_hours,
        whole.usd,
        whole.baseline_usd,
        by_type_of(parts),
        shown,
        _prices_of(lines),
        _missing(time, on, unpriced),
        period.over and time.coverage == 1.0 and not unpriced,
        is_async,
        tags,
        unseen_hours=unseen_hours,
        spread_usd=spread,
        unseen=_unseen(not_seen, unseen_hours, whole.hours, spread),
    )


def total(found: Iterable[Saving], basis: Basis = Basis.ESTIMATED) -> Total:
    """Several endpoints together. Raises ValueError where billed and estimated ones meet."""
    rows = tuple(found)
    if any(row.basis is not basis for row in rows):
        raise ValueError("billed and estimated costs are never added to each other")
    known = [row for row in rows if row.usd is not None and row.baseline_usd is not None]
    left = tuple(LeftOut(row.key, row.missing or "not known") for row in rows if row not in known)
    by_days = bool(rows) and all(row.days_known is not None for row in rows)
    days_known, days_lived = _days_told(known or rows) if by_days else (None, None)
    by_day: dict[date, list[SavedDay]] = {}
    for row in known:
        for day in row.days:
            by_day.setdefault(day.day, []).append(day)
    return Total(
        basis,
        tuple(row.key for row in known),
        left,
        _added(row.hours for row in known),
        _added(row.baseline_hours for row in known),
        _added(row.usd for row in known),
        _added(row.baseline_usd for row in known),
        _covered(rows),
        tuple(_together(day, each) for day, each in sorted(by_day.items())),
        bool(rows) and not left and all(row.final for row in rows),
        days_known,
        days_lived,
    )


def _covered(rows: Sequence[Saving]) -> float:
    """By days where all are told by days, else by minutes."""
    known = [row.days_known for row in rows if row.days_known is not None]
    if rows and len(known) == len(rows):
        lived = sum(row.days_lived or 0 for row in rows)
        return sum(known) / lived if lived else 0.0
    minutes = sum(len(row.time.known) * MINUTES for row in rows)
    return sum(row.time.known_minutes for row in rows) / minutes if minutes else 0.0


def _days_told(rows: Sequence[Saving]) -> tuple[int, int]:
    """(days that are known of all that were there then, days on which one was)."""
    known: dict[date, bool] = {}
    for row in rows:
        for day in row.days:
            known[day.day] = known.get(day.day, True) and day.known > 0
    return sum(known.values()), len(known)


@dataclass(frozen=True, slots=True)
class _Sums:
    hours: Decimal | None
    baseline_hours: Decimal | None
    usd: Decimal | None
    baseline_usd: Decimal | None
    known: float


def _sum(lines: Sequence[Line]) -> _Sums:
    some = [line for line in lines if line.known]
    if not some:
        return _Sums(None, None, None, None, 0.0)
    hours = sum((line.hours for line in some), Decimal(0))
    based = [line.baseline_hours for line in some]
    usd, baseline_usd = Decimal(0), Decimal(0)
    priced = all(part.price is not None for line in some for part in line.parts)
    for line in some:
        usd += sum((part.usd or Decimal(0) for part in line.parts), Decimal(0))
        if line.baseline_price is not None:
            baseline_usd += (line.baseline_hours or Decimal(0)) * line.baseline_price.usd_per_hour
    unknown = any(each is None for each in based)
    based_priced = all(line.baseline_price is not None for line in some)
    return _Sums(
        hours,
        None if unknown else sum((each for each in based if each is not None), Decimal(0)),
        usd if priced else None,
        baseline_usd if based_priced and not unknown else None,
        sum(line.known for line in some),
    )


def _day(day: date, begin: datetime, end: datetime, lines: Sequence[Line]) -> SavedDay:
    first, last = int(begin.timestamp()), int(end.timestamp())
    sums = _sum([line for line in lines if line.begin < last and line.end > first])
    length = (last - first) / 60
    return SavedDay(day, sums.known / length, sums.hours, sums.baseline_hours, sums.usd, sums.baseline_usd)


def _together(day: date, found: Sequence[SavedDay]) -> SavedDay:
    return SavedDay(
        day,
        float(np.mean([each.known for each in found])),
        _added(each.hours for each in found),
        _added(each.baseline_hours for each in found),
        _added(each.usd for each in found),
        _added(each.baseline_usd for each in found),
    )


def _added(values: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what is known; None where nothing is."""
    known = [each for each in values if each is not None]
    return sum(known, Decimal(0)) if known else None


def _unseen(parts: Sequence[Part], hours: Decimal, of: Decimal | None, spread: Decimal) -> str:
    if not parts or of is None:
        return ""
    said = f"Which type of its pool ran was not seen for {hours:,.2f} of its {of:,.2f} instance-hours"
    ends = {(p.price.instance_type, p.dearest.instance_type) for p in parts if p.price and p.dearest}
    if len(ends) != 1 or any(part.price is None for part in parts):
        return f"{said}; a bill tells."
    low, high = ends.pop()
    return (
        f"{said}: they are counted as {low}, the cheapest; as {high}, the dearest, they had cost "
        f"${spread:,.2f} more. A bill tells."
    )


def _prices_of(lines: Sequence[Line]) -> tuple[Price, ...]:
    used = (p for line in lines for p in (*(part.price for part in line.parts), line.baseline_price))
    return tuple(dict.fromkeys(price for price in used if price is not None))


def at_first(on: Against, types: Sequence[TypeFrom]) -> Against:
    """A baseline that says at which type's price it counts, where there are pools."""
    firsts = list(dict.fromkeys(each.pool[0] for each in types if each.pool))
    if not firsts or on.instances is None:
        return on
    return replace(on, formula=f"{on.formula}; at the price of {' and '.join(firsts)}, the first of its pool")


def _office(time: InstanceTime, baseline: Baseline, period: Period, edges: Sequence[int]) -> FloatArray:
    """Known minutes between edges that lie in business hours."""
    inside = np.zeros(len(time.known), np.bool_)
    for opens, closes in office_edges(baseline, period):
        a, b = (int(at.timestamp() - time.first) // QUARTER_S for at in (opens, closes))
        inside[max(0, a) : max(0, b)] = True
    masked = InstanceTime(time.first, time.minutes, np.where(inside, time.known, 0.0), ())
    return masked.between(edges)[1]


def _missing(time: InstanceTime, on: Against, unpriced: Sequence[str]) -> str:
    if not time.known_minutes:
        return "nothing is known of this period yet"
    if on.instances is None:
        return on.formula
    if unpriced:
        names = ", ".join(each or "an instance type that is not known" for each in unpriced)
        return f"no price is known for {names}"
    return ""

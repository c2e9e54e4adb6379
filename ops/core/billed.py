"""Savings on the basis of a bill. Decimal dollars. Pure.

A bill is by UTC day. What was billed is never added to an estimate; the baseline, which nobody was billed for, is
counted at the rate that the bill itself shows, so that a discount is not taken for a saving. Where a bill shows hours
that cost nothing (the free tier), its own list amounts stand in, or nothing is said of their day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from ops.core.baselines import Against, Baseline, Kind, against, office_edges
from ops.core.bill import BilledDay, Charge
from ops.core.bill_days import LATE, BillDays, inside, paid, rates
from ops.core.cost import Basis
from ops.core.instance_time import InstanceTime
from ops.core.periods import Period
from ops.core.savings import SavedDay, Saving, TypeHours
from ops.core.types import Price
from ops.core.views_savings import Elsewhere
from ops.core.words import count

NO_NAMES = "the bill does not name endpoints: it has no resource ids"
NO_DAYS = "the bill does not tell days apart: its lines span several"
FOREIGN = "the bill has lines in another currency, and none for it in its own: those may be its"
FREE = "the bill shows hours that cost nothing, and no other amount for them: what they cost is not known"


def in_utc(period: Period) -> Period:
    """The same period in whole UTC days, as bills count them.

    The last days are as many whole days, up to the newest that is billed in full; a month is its own days, as far as
    they have ended.
    """
    last = until = _floor(period.until - LATE)
    first = last - timedelta(days=max(1, round((period.end - period.start) / timedelta(days=1))))
    if period.month:  # the month's own days, whatever the zone
        year, month = int(period.month[:4]), int(period.month[5:])
        first = datetime(year, month, 1, tzinfo=UTC)
        last = (first + timedelta(days=32)).replace(day=1)
        until = last if period.over else max(first, min(last, _floor(period.until)))
    return Period(first, last, max(first, until), "UTC", period.label, period.month)


def saving(
    name: str,
    told: BillDays,
    time: InstanceTime,
    period: Period,
    baseline: Baseline,
    *,
    most: int | None,
    listed: Price | None = None,
    pool: Sequence[str] = (),
    is_async: bool = True,
    tags: Mapping[str, str] | None = None,
) -> Saving:
    """What one endpoint was billed over a period in whole UTC days, against its baseline at the billed rate.

    Not known are days that may not be billed in full, those of which the bill does not say whose hours of its type
    they were, and those with hours that cost nothing at all. `listed`: the rate of the baseline where the bill shows
    none, as for one that slept all the time. `pool`: its types by priority; the baseline is at the rate of the first.
    """
    on = against(baseline, time, most)
    lines = told.of(name, period)
    lived = [d for d in period.days() if d[2].timestamp() > time.first and d[1].timestamp() < time.end]
    kinds = (
        {d.instance_type for d in lines} | {*pool} | ({listed.instance_type} if listed is not None else set())
    )
    free = {d.day for d in lines if paid(d) is None}
    days = {day for day, _, _ in lived if told.whole(day)}
    nameless, blurred = told.untold(kinds, days), told.blurred.get(name, frozenset())
    foreign = bool(told.bill.other_currencies) and name not in told.lines
    if foreign:
        days = set()
    known = days - nameless - blurred - free
    mine = [d for d in lines if d.day in known]
    shown = rates(mine)
    each: Mapping[str, Decimal] = shown or (
        {listed.instance_type: listed.usd_per_hour} if listed is not None else {}
    )
    if pool:
        each = _of_first(pool[0], shown, listed)
    wanted = _wanted(baseline, period, time, on.instances)
    own: dict[date | None, list[BilledDay]] = {}
    for d in mine:
        own.setdefault(d.day, []).append(d)
    by_day = tuple(_day(day, own.get(day, []), wanted, each, day in known, pool) for day, _, _ in lived)
    paid_free = sum((d.hours for d in mine if d.charge is Charge.FREE_TIER), Decimal(0))
    missing = FOREIGN if foreign else _missing(bool(known), days, nameless, blurred, free, bool(each), on)
    return Saving(
        name,
        Basis.BILLED,
        time,
        _said(on, shown, each, mine, paid_free, len(days & free), pool),
        sum((d.hours for d in mine), Decimal(0)) if known else None,
        _all([d.baseline_hours for d in by_day if d.known]),
        _sum(mine) if known and not (free and not each) else None,
        _all([d.baseline_usd for d in by_day if d.known]),
        tuple(_type(kind, mine) for kind in sorted({d.instance_type for d in mine})),
        by_day,
        (),
        missing,
        period.over and len(known) == len(lived) and _final(told, period),
        is_async,
        tags,
        len(known),
        len(lived),
        paid_free,
    )


def elsewhere(
    told: BillDays, rows: Iterable[Saving], there: Collection[str], period: Period
) -> tuple[Elsewhere | None, Elsewhere | None]:
    """(of endpoints that are there and have no row, of those that are not there any more); None: nothing.

    `there`: the names of those that were made before the period ended. Days before one was made are of another.
    """
    mine = {row.name: {day.day for day in row.days} for row in rows}
    others: list[BilledDay] = []
    gone: list[BilledDay] = []
    for name in told.lines:
        for line in told.of(name, period):
            if line.day is None or not told.whole(line.day) or line.day in mine.get(name, ()):
                continue
            away = name in mine or name not in there
            (gone if away and line.asynchronous is not False else others).append(line)
    return _elsewhere(others), _elsewhere(gone)


def _elsewhere(lines: Sequence[BilledDay]) -> Elsewhere | None:
    if not lines:
        return None
    names = sorted({line.endpoint for line in lines if line.endpoint is not None})
    hours = sum((line.hours for line in lines), Decimal(0))
    return Elsewhere(tuple(names), hours, _all([paid(line) for line in lines]))


def _said(
    on: Against,
    shown: Mapping[str, Decimal],
    each: Mapping[str, Decimal],
    lines: Sequence[BilledDay],
    paid_free: Decimal,
    free_days: int,
    pool: Sequence[str],
) -> Against:
    """The baseline with what a bill adds to its formula."""
    if on.instances is None:
        return on
    said = [f"{on.formula} UTC" if on.baseline.kind is Kind.HOURS else on.formula]
    if pool and each:
        source = "the rate of the bill" if pool[0] in shown else "its list price"
        said.append(f"at ${each[pool[0]]:.4f} an hour for {pool[0]}, the first of its pool, {source}")
    elif shown:
        off = any(line.charge is Charge.DISCOUNT for line in lines)
        at = " and ".join(f"at ${shown[kind]:.4f} an hour for {kind}" for kind in sorted(shown))
        said.append(f"{at}, the rate of the bill{', discounts taken off' if off else ''}")
    elif each:
        said.append("at list price, as the bill shows no rate")
    if paid_free:
        said.append(f"the free tier paid for {paid_free:,.2f} hours, counted at list price")
    if free_days:
        said.append(
            f"not counted: {count(free_days, 'day')} with hours that cost nothing and have no list price"
        )
    return replace(on, formula="; ".join(said))


def _wanted(
    baseline: Baseline, period: Period, time: InstanceTime, instances: Decimal | None
) -> Mapping[date, Decimal | None]:
    """Instance-hours of the baseline by day, as long as the endpoint was there."""
    spans = [(a, b) for _, a, b in period.days()]
    if baseline.kind is Kind.HOURS:
        spans = list(office_edges(baseline, period))
    hours: dict[date, Decimal | None] = {
        day: None if instances is None else Decimal(0) for day, _, _ in period.days()
    }
    for begin, end in spans:
        seconds = min(int(end.timestamp()), time.end) - max(int(begin.timestamp()), time.first)
        if instances is not None and seconds > 0:
            hours[begin.astimezone(UTC).date()] = instances * Decimal(seconds) / 3600
    return hours


def _day(
    day: date,
    own: Sequence[BilledDay],
    wanted: Mapping[date, Decimal | None],
    each: Mapping[str, Decimal],
    known: bool,
    pool: Sequence[str],
) -> SavedDay:
    if not known:
        return SavedDay(day, 0.0, None, None, None, None)
    based, rate = wanted[day], _rate_of(own, each, pool)
    hours = sum((line.hours for line in own), Decimal(0))
    return SavedDay(
        day, 1.0, hours, based, _sum(own), based * rate if based is not None and rate is not None else None
    )


def _of_first(kind: str, shown: Mapping[str, Decimal], listed: Price | None) -> Mapping[str, Decimal]:
    """The rate of a pool's first type: that of the bill, else the list's; empty where neither is known."""
    if kind in shown:
        return {kind: shown[kind]}
    return {kind: listed.usd_per_hour} if listed is not None and listed.instance_type == kind else {}


def _rate_of(own: Sequence[BilledDay], each: Mapping[str, Decimal], pool: Sequence[str]) -> Decimal | None:
    """The rate of a day's own type, of a pool that of its first; of a day without hours that of the period, where there
    is one type alone."""
    kinds = sorted({line.instance_type for line in own if line.hours}, key=lambda k: -_hours(own, k))
    if pool:
        return each.get(pool[0])
    if kinds:
        return each.get(kinds[0])
    return next(iter(each.values())) if len(each) == 1 else max(each.values(), default=None)


def _hours(lines: Sequence[BilledDay], kind: str) -> Decimal:
    return sum((line.hours for line in lines if line.instance_type == kind), Decimal(0))


def _type(kind: str, lines: Sequence[BilledDay]) -> TypeHours:
    return TypeHours(kind, _hours(lines, kind), None, _sum([d for d in lines if d.instance_type == kind]))


def _missing(
    known: bool,
    days: Collection[date],
    nameless: Collection[date],
    blurred: Collection[date],
    free: Collection[date | None],
    rated: bool,
    on: Against,
) -> str:
    if not known:
        for why, of in ((NO_NAMES, nameless), (NO_DAYS, blurred), (FREE, free)):
            if any(day in of for day in days):
                return why
        return "no bill of these days is out yet"
    if not rated:
        return FREE if free else "nothing was billed for it, so that no rate is known for its baseline"
    return "" if on.instances is not None else "its baseline is not known"


def _sum(lines: Iterable[BilledDay]) -> Decimal:
    """What lines cost whose cost is known."""
    return sum((cost for cost in map(paid, lines) if cost is not None), Decimal(0))


def _all(values: Sequence[Decimal | None]) -> Decimal | None:
    """The sum; None where one is not known or there is none."""
    if not values or None in values:
        return None
    return sum((v for v in values if v is not None), Decimal(0))


def _final(told: BillDays, period: Period) -> bool:
    """Whether every line of these days is."""
    bill = told.bill
    lines = [d for d in (*bill.days, *bill.free) if d.day is not None and inside(d.day, period)]
    return bool(lines) and all(line.final for line in lines)


def _floor(at: datetime) -> datetime:
    at = at.astimezone(UTC)
    return at.replace(hour=0, minute=0, second=0, microsecond=0)

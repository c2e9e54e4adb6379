"""Savings on the basis of a bill, and bill and estimate side by side. Decimal dollars. Pure.

A bill is by UTC day. What was billed is never added to an estimate; the baseline, which nobody was billed for, is
counted at the rate that the bill itself shows, so that a discount is not taken for a saving. Where a bill shows hours
that cost nothing (a savings plan, the free tier), its own effective or list amounts stand in, or nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from ops.core.baselines import Baseline, Kind, against
from ops.core.bill import Bill, BilledDay, Charge
from ops.core.cost import Basis
from ops.core.instance_time import InstanceTime
from ops.core.periods import Period
from ops.core.savings import SavedDay, Saving, TypeHours
from ops.core.savings_upper import Moving
from ops.core.types import Price
from ops.core.views_savings import Reconciled

CENT = Decimal("0.01")
SAME_H = Decimal("0.02")
"""Instance-hours a day that rounding of minutes alone may explain."""
PARTLY = "this day is not billed in full yet: bills are about a day late"
NO_NAMES = "the bill does not name endpoints: it has no resource ids"


LATE = timedelta(hours=24)
"""AWS brings bills up to date once a day: a day is taken as billed in full only so long after its end (facts E.5)."""


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
    bill: Bill,
    time: InstanceTime,
    period: Period,
    baseline: Baseline,
    *,
    most: int | None,
    at: datetime,
    listed: Price | None = None,
    is_async: bool = True,
    tags: Mapping[str, str] | None = None,
) -> Saving:
    """What one endpoint was billed over a period in whole UTC days, against its baseline at the billed rate.

    `at`: when the bill was read; days that may not be billed in full then are not known, nor those of which the bill
    does not say whose hours of its type they were. `listed`: the rate of the baseline where the bill shows none, as
    for one that slept all the time.
    """
    on = against(baseline, time, most)
    mine = [d for d in bill.days if d.endpoint == name and d.day is not None and _inside(d.day, period)]
    lived = [(day, a, b) for day, a, b in period.days() if b.timestamp() > time.first]
    kinds = {d.instance_type for d in mine} | ({listed.instance_type} if listed is not None else set())
    nameless = _nameless(bill, kinds)
    known = [each for each in lived if _in_full(bill, each[0], at) and each[0] not in nameless]
    told = {day for day, _, _ in known}
    mine = [d for d in mine if d.day in told]
    rates = _rates(mine)
    if not rates and listed is not None:
        rates, rate_words = (
            {listed.instance_type: listed.usd_per_hour},
            "at list price, as the bill shows no rate",
        )
    else:
        rate_words = " and ".join(f"at ${rates[kind]:.4f} an hour for {kind}" for kind in sorted(rates))
        rate_words += ", the rate of the bill" if rate_words else ""
    days = tuple(_day(day, a, b, mine, on.instances, baseline, rates, time, each in known) for each in lived
                 for day, a, b in (each,))  # fmt: skip
    paid = [_paid(d) for d in mine]
    usd = sum((p for p in paid if p is not None), Decimal(0)) if known and None not in paid else None
    based = [d.baseline_usd for d in days if d.known]
    hours = sum((d.hours for d in mine), Decimal(0)) if known else None
    whole_based = _all([d.baseline_hours for d in days if d.known])
    return Saving(
        name,
        Basis.BILLED,
        time,
        replace(on, formula=f"{on.formula}; {rate_words}") if on.instances is not None and rate_words else on,
        hours,
        whole_based,
        usd,
        _all(based),
        tuple(_type(kind, mine, bill.source) for kind in sorted({d.instance_type for d in mine})),
        days,
        (),
        _missing(bool(known), bool(nameless), mine, on.instances is not None, usd, rates),
        period.over and len(known) == len(lived) and _final(bill, period),
        is_async,
        tags,
    )


def reconciled(
    bill: Bill, estimates: Iterable[Saving], moving: Mapping[tuple[str, date], Moving], at: datetime
) -> tuple[Reconciled, ...]:
    """Bill and estimate of each endpoint and UTC day that the bill names, the newest first.

    `estimates`: savings by UTC day. `at`: when the bill was read. `moving`: what was between order and service, or
    leaving, by endpoint and day: nobody knows whether AWS bills these hours (facts E.3).
    """
    days = {(row.name, day.day): (row, day) for row in estimates for day in row.days}
    groups: dict[tuple[str, date], list[BilledDay]] = {}
    for line in bill.days:
        if line.endpoint is not None and line.day is not None and line.days == 1:
            groups.setdefault((line.endpoint, line.day), []).append(line)
    out = []
    for (name, day), lines in groups.items():
        found = days.get((name, day))
        hours = sum((line.hours for line in lines), Decimal(0))
        usd = sum((line.usd for line in lines), Decimal(0))
        mine = found[1] if found is not None and found[1].known else None
        extra = moving.get((name, day), Moving(Decimal(0), 0))
        why = _why(lines, hours, usd, mine, found[0].prices if found else (), extra)
        whole = _in_full(bill, day, at)
        if not whole:
            why = (PARTLY,)
        out.append(
            Reconciled(
                day, name, hours, usd, mine.hours if mine else None, mine.usd if mine else None, why,
                all(line.final for line in lines), whole,
            )
        )  # fmt: skip
    return tuple(sorted(out, key=lambda each: (-each.day.toordinal(), each.endpoint)))


@dataclass(frozen=True, slots=True)
class Agreement:
    """All reconciled days of known estimates together."""

    days: int
    billed_hours: Decimal
    estimated_hours: Decimal
    billed_usd: Decimal
    estimated_usd: Decimal

    @property
    def apart(self) -> Decimal | None:
        """(billed − estimated) / billed; None where nothing was billed."""
        return (self.billed_usd - self.estimated_usd) / self.billed_usd if self.billed_usd else None


def agreement(found: Sequence[Reconciled]) -> Agreement | None:
    """None where no day has both."""
    both = [
        (each, each.estimated_hours, each.estimated_usd)
        for each in found
        if each.complete and each.estimated_hours is not None and each.estimated_usd is not None
    ]
    if not both:
        return None
    return Agreement(
        len(both),
        sum((each.billed_hours for each, _, _ in both), Decimal(0)),
        sum((hours for _, hours, _ in both), Decimal(0)),
        sum((each.billed_usd for each, _, _ in both), Decimal(0)),
        sum((usd for _, _, usd in both), Decimal(0)),
    )


def _why(
    lines: Sequence[BilledDay],
    hours: Decimal,
    usd: Decimal,
    mine: SavedDay | None,
    prices: Sequence[Price],
    extra: Moving,
) -> tuple[str, ...]:
    out = []
    if not all(line.final for line in lines):
        out.append("the bill of this day may still change")
    if any(line.charge is Charge.COVERED for line in lines):
        covered = sum((line.hours for line in lines if line.charge is Charge.COVERED), Decimal(0))
        out.append(f"{covered:,.2f} of the hours are covered by a savings plan")
    if any(line.charge is Charge.FREE_TIER for line in lines):
        out.append("the free tier paid for a part")
    if mine is None or mine.hours is None:
        return (*out, "nothing is known of this day's instances")
    if mine.known < 0.9999:
        out.append(f"{1 - mine.known:.1%} of its minutes are not known")
    apart = hours - mine.hours
    edges = Decimal(extra.instances) / 60
    if abs(apart) > SAME_H:
        if abs(apart) <= edges + SAME_H:
            out.append(
                f"{abs(apart):,.2f} h apart: an instance's first and last minute are seen as whole ones or not at all, "
                f"and {extra.instances} came or went"
            )
        elif 0 < apart <= extra.hours + edges + SAME_H:
            out.append(
                f"{apart:,.2f} h more were billed than were seen in service: instances take up to {extra.hours:,.2f} h "
                "that day to start and to leave"
            )
        else:
            word = "more" if apart > 0 else "fewer"
            out.append(f"{abs(apart):,.2f} h {word} were billed than were seen in service: not explained")
    for price in prices:
        own = [line for line in lines if line.instance_type == price.instance_type and line.hours]
        billed = sum((line.hours for line in own), Decimal(0))
        if billed:
            rate = sum((line.usd for line in own), Decimal(0)) / billed
            if abs(rate - price.usd_per_hour) > Decimal("0.0005") and rate:
                out.append(f"billed at ${rate:.4f} an hour, listed at ${price.usd_per_hour:f}")
    if mine.usd is not None and not out and CENT / 100 < abs(usd - mine.usd) <= CENT:
        out.append("rounding")
    return tuple(out)


def _rates(lines: Sequence[BilledDay]) -> dict[str, Decimal]:
    """Dollars an hour by type as billed: effective cost where the bill has it, else what was charged; never 0."""
    out = {}
    for kind in {line.instance_type for line in lines}:
        own = [line for line in lines if line.instance_type == kind and line.hours > 0]
        hours = sum((line.hours for line in own), Decimal(0))
        paid = [_paid(line) for line in own]
        total = sum((p for p in paid if p is not None), Decimal(0))
        if hours and None not in paid and total > 0:
            out[kind] = total / hours
    return out


def _paid(line: BilledDay) -> Decimal | None:
    """What a line cost: with the savings plan's rate where it tells; hours that cost nothing at all are not known."""
    cost = line.effective if line.effective is not None else line.usd
    if cost == 0 and line.hours > 0:
        return line.listed if line.listed else None
    return cost


def _day(
    day: date,
    begin: datetime,
    end: datetime,
    lines: Sequence[BilledDay],
    instances: Decimal | None,
    baseline: Baseline,
    rates: Mapping[str, Decimal],
    time: InstanceTime,
    known: bool,
) -> SavedDay:
    if not known:
        return SavedDay(day, 0.0, None, None, None, None)
    own = [line for line in lines if line.day == day]
    paid = [_paid(line) for line in own]
    alive = max(begin.timestamp(), time.first)
    length = Decimal(str((end.timestamp() - alive) / 3600))
    if baseline.kind is Kind.HOURS:
        opened = baseline.closes - baseline.opens if day.weekday() < 5 else 0
        length = min(length, Decimal(opened))
    rate = _rate_of(own, rates)
    based = None if instances is None else instances * length
    return SavedDay(
        day,
        1.0,
        sum((line.hours for line in own), Decimal(0)),
        based,
        None if None in paid else sum((p for p in paid if p is not None), Decimal(0)),
        based * rate if based is not None and rate is not None else None,
    )


def _rate_of(own: Sequence[BilledDay], rates: Mapping[str, Decimal]) -> Decimal | None:
    """The rate of a day's own type; of a day without hours that of the period, where there is one type alone."""
    kinds = sorted({line.instance_type for line in own if line.hours}, key=lambda k: -_hours(own, k))
    if kinds:
        return rates.get(kinds[0])
    return next(iter(rates.values())) if len(rates) == 1 else max(rates.values(), default=None)


def _hours(lines: Sequence[BilledDay], kind: str) -> Decimal:
    return sum((line.hours for line in lines if line.instance_type == kind), Decimal(0))


def _type(kind: str, lines: Sequence[BilledDay], source: str) -> TypeHours:
    own = [line for line in lines if line.instance_type == kind]
    paid = [_paid(line) for line in own]
    usd = None if None in paid else sum((p for p in paid if p is not None), Decimal(0))
    return TypeHours(kind, _hours(own, kind), None, usd)


def _missing(
    known: bool,
    nameless: bool,
    mine: Sequence[BilledDay],
    based: bool,
    usd: Decimal | None,
    rates: Mapping[str, Decimal],
) -> str:
    if not known:
        return NO_NAMES if nameless else "no bill of these days is out yet"
    if usd is None:
        return "the bill shows hours that cost nothing, and no other amount for them: what they cost is not known"
    if not rates:
        return "nothing was billed for it, so that no rate is known for its baseline"
    return "" if based else "its baseline is not known"


def _in_full(bill: Bill, day: date, at: datetime) -> bool:
    """Whether a bill that was read at `at` holds all of a UTC day."""
    if bill.first is None or bill.last is None or not bill.first <= day <= bill.last:
        return False
    return datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=1) + LATE <= at


def _nameless(bill: Bill, kinds: AbstractSet[str]) -> frozenset[date]:
    """The days on which hours of these types (of any, where none is known) are billed to no endpoint by name."""
    hours: dict[date, Decimal] = {}
    for line in bill.days:
        if line.endpoint is None and (not kinds or line.instance_type in kinds):
            first = line.day or bill.first
            for n in range(line.days if first is not None else 0):
                day = first + timedelta(days=n) if first is not None else None
                if day is not None:
                    hours[day] = hours.get(day, Decimal(0)) + line.hours
    return frozenset(day for day, each in hours.items() if each > SAME_H)


def _all(values: Sequence[Decimal | None]) -> Decimal | None:
    """The sum; None where one is not known or there is none."""
    if not values or None in values:
        return None
    return sum((v for v in values if v is not None), Decimal(0))


def _final(bill: Bill, period: Period) -> bool:
    """Whether every line of these days is."""
    lines = [d for d in bill.days if d.day is not None and _inside(d.day, period)]
    return bool(lines) and all(line.final for line in lines)


def _inside(day: date, period: Period) -> bool:
    return period.start.date() <= day < period.until.date()


def _floor(at: datetime) -> datetime:
    at = at.astimezone(UTC)
    return at.replace(hour=0, minute=0, second=0, microsecond=0)

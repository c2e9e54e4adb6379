"""What the lines of a bill say of UTC days: whose hours, what they cost, and which days are billed in full. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from ops.core.bill import Bill, BilledDay, Charge
from ops.core.periods import Period

SAME_H = Decimal("0.02")
"""Instance-hours a day that rounding of minutes alone may explain."""
LATE = timedelta(hours=24)
"""AWS brings bills up to date once a day: a day is taken as billed in full only so long after its end (facts E.5)."""
_COMMITTED = (Charge.COVERED, Charge.RECURRING_FEE)
"""Only what a commitment covers costs something else than is billed for it: exports may round effective costs."""


@dataclass(frozen=True, slots=True)
class BillDays:
    """The lines of hosting of one bill, sorted once for all endpoints."""

    bill: Bill
    lines: Mapping[str, tuple[BilledDay, ...]]
    """By endpoint, each of one day: what the free tier paid among them, discounts on the days that they are of."""
    unnamed: Mapping[str, Mapping[date, Decimal]]
    """Instance-hours that are billed to no endpoint by name, by instance type and day."""
    blurred: Mapping[str, frozenset[date]]
    """By endpoint, the days of lines with hours that span several: nobody can tell these days apart."""
    first: date | None
    """The first and the last day of hosting that a line reaches."""
    last: date | None
    proof: datetime
    """When AWS had written it at the latest."""

    def whole(self, day: date) -> bool:
        """Whether the bill holds all of a day: between its lines of hosting, or asleep since; and long over then."""
        if self.first is None or self.last is None or not self.first <= day <= self.last:
            return False
        return datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=1) + LATE <= self.proof

    def of(self, name: str, period: Period) -> list[BilledDay]:
        """The lines of one endpoint in a period of whole UTC days."""
        return [
            line for line in self.lines.get(name, ()) if line.day is not None and inside(line.day, period)
        ]

    def nameless(self, kinds: AbstractSet[str]) -> frozenset[date]:
        """The days on which hours of these types (of any, where none is known) are billed to no endpoint by name."""
        hours: dict[date, Decimal] = {}
        for kind, days in self.unnamed.items():
            if not kinds or kind in kinds:
                for day, each in days.items():
                    hours[day] = hours.get(day, Decimal(0)) + each
        return frozenset(day for day, each in hours.items() if each > SAME_H)

    def untold(self, kinds: AbstractSet[str], days: AbstractSet[date]) -> frozenset[date]:
        """Those of `days` of which the bill does not say whose hours of these types they were.

        Besides the days with nameless hours these are the quiet ones between them: where no line of the types names an
        endpoint before the next nameless day, a day without hours only tells that all of them slept, and days of sleep
        alone would make whoever slept then look as if it had cost nothing.
        """
        nameless = self.nameless(kinds)
        if not nameless:
            return frozenset()
        named = {
            line.day
            for lines in self.lines.values()
            for line in lines
            if line.hours and (not kinds or line.instance_type in kinds)
        }
        out, run = set(nameless & days), set[date]()
        for day in sorted(days):
            if day in nameless:
                out |= run if not run & named else set()
                run = set()
            else:
                run.add(day)
        return frozenset(out | (run if not run & named else set()))


def bill_days(bill: Bill, at: datetime, written: datetime | None = None, live: bool = False) -> BillDays:
    """`at`: when the bill was read; `written`: when its source was written, where that is known.

    Lines of other services and of tax prove nothing of the days before the first line of hosting. Those after the
    last one are asleep where the source was written long after them and holds lines of anything that reach them;
    where nobody tells when it was written, nothing is known of them. `live`: the source is Cost Explorer, which
    answers for SageMaker alone and for all days at once: all its lines tell.
    """
    hosting = [line for line in (*bill.days, *bill.free) if line.day is not None]
    begins = [line.day for line in hosting if line.day is not None]
    ends = [days_of(line)[-1] for line in hosting]
    if live and bill.first is not None:
        begins.append(bill.first)
    if bill.last is not None and (live or (ends and written is not None)):
        ends.append(bill.last)
    lines: dict[str, list[BilledDay]] = {}
    unnamed: dict[str, dict[date, Decimal]] = {}
    blurred: dict[str, set[date]] = {}
    for line in _apart(hosting):
        if line.endpoint is None:
            days = unnamed.setdefault(line.instance_type, {})
            for day in days_of(line):
                days[day] = days.get(day, Decimal(0)) + line.hours
        elif line.days > 1 and line.hours:
            blurred.setdefault(line.endpoint, set()).update(days_of(line))
        else:
            lines.setdefault(line.endpoint, []).append(line)
    return BillDays(
        bill,
        {name: tuple(found) for name, found in lines.items()},
        unnamed,
        {name: frozenset(days) for name, days in blurred.items()},
        min(begins, default=None),
        max(ends, default=None),
        at if written is None else min(at, written),
    )


def paid(line: BilledDay) -> Decimal | None:
    """What a line cost: at the commitment's rate where it is covered; None for hours that cost nothing at all.

    Where the bill has their list price, that stands in: what the free tier pays for is no saving.
    """
    cost = line.effective if line.effective is not None and line.charge in _COMMITTED else line.usd
    if cost == 0 and line.hours > 0:
        return line.listed if line.listed else None
    return cost


def rates(lines: Iterable[BilledDay]) -> dict[str, Decimal]:
    """Dollars an hour by instance type, discounts taken off; a type of whose hours one is not known has none."""
    hours: dict[str, Decimal] = {}
    usd: dict[str, Decimal | None] = {}
    for line in lines:
        kind, cost = line.instance_type, paid(line)
        hours[kind] = hours.get(kind, Decimal(0)) + line.hours
        so_far = usd.get(kind, Decimal(0))
        usd[kind] = None if cost is None or so_far is None else so_far + cost
    found = {
        kind: total / hours[kind] for kind, total in usd.items() if total is not None and hours[kind] > 0
    }
    return {kind: rate for kind, rate in found.items() if rate > 0}


def inside(day: date, period: Period) -> bool:
    """Whether a UTC day lies in what has been lived through of a period in whole UTC days."""
    return period.start.date() <= day < period.until.date()


def days_of(line: BilledDay) -> list[date]:
    """The days that a line spans; none where it has no day."""
    return [] if line.day is None else [line.day + timedelta(days=n) for n in range(max(1, line.days))]


def _apart(lines: Sequence[BilledDay]) -> list[BilledDay]:
    """The same lines, with discounts of several days or endpoints shared out by what the hours they are of cost."""
    found = [line for line in lines if not _shared(line)]
    for line in lines:
        if not _shared(line):
            continue
        span = set(days_of(line))
        of = [
            each
            for each in found
            if each.charge is not Charge.DISCOUNT
            and each.days == 1
            and each.day in span
            and (each.account, each.instance_type) == (line.account, line.instance_type)
            and line.endpoint in (None, each.endpoint)
        ]
        whole = sum((each.usd for each in of), Decimal(0))
        if not whole:
            found.append(line)
        found += [
            replace(
                line,
                day=each.day,
                days=1,
                endpoint=each.endpoint,
                usd=line.usd * each.usd / whole,
                effective=None,
            )
            for each in of
            if whole and each.usd
        ]
    return found


def _shared(line: BilledDay) -> bool:
    return line.charge is Charge.DISCOUNT and not line.hours and (line.days > 1 or line.endpoint is None)

"""A bill and the estimate of the same days side by side, and why they differ. Never added to each other. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ops.core.bill import BilledDay, Charge
from ops.core.bill_days import SAME_H, BillDays
from ops.core.savings import SavedDay, Saving
from ops.core.savings_upper import Moving
from ops.core.types import Price
from ops.core.views_savings import Reconciled

CENT = Decimal("0.01")
PARTLY = "this day is not billed in full yet: bills are about a day late"
MAY_CHANGE = "the bill of this day may still change"
OPEN = (PARTLY, MAY_CHANGE)
"""What is said of days that are not final, and explains no difference."""
KNOWN = 0.9999
"""The share of a day's minutes from which on its estimate is one of the whole day."""
_DAY_H = Decimal(24)


def reconciled(
    told: BillDays, estimates: Iterable[Saving], moving: Mapping[tuple[str, date], Moving]
) -> tuple[Reconciled, ...]:
    """Bill and estimate of each of these endpoints and UTC days that the bill names, the newest first.

    `estimates`: savings by UTC day. `moving`: what was between order and service, or leaving, by endpoint and day:
    nobody knows whether AWS bills these hours (facts E.3).
    """
    out = []
    for row in estimates:
        days = {day.day: day for day in row.days}
        groups: dict[date, list[BilledDay]] = {}
        for line in told.lines.get(row.name, ()):
            if line.day in days:
                groups.setdefault(line.day, []).append(line)
        for day, lines in groups.items():
            out.append(_one(told, row, days[day], lines, moving.get((row.name, day), Moving(Decimal(0), 0))))
    return tuple(sorted(out, key=lambda each: (-each.day.toordinal(), each.endpoint)))


def _one(
    told: BillDays, row: Saving, mine: SavedDay, lines: Sequence[BilledDay], extra: Moving
) -> Reconciled:
    seen = mine if mine.known else None
    whole = told.whole(mine.day)
    return Reconciled(
        mine.day,
        row.name,
        sum((line.hours for line in lines), Decimal(0)),
        sum((line.usd for line in lines), Decimal(0)),
        seen.hours if seen else None,
        seen.usd if seen else None,
        _why(lines, row, seen, extra) if whole else (PARTLY,),
        all(line.final for line in lines),
        whole,
        mine.known,
        sum((line.hours for line in lines if _costs_nothing(line)), Decimal(0)),
    )


@dataclass(frozen=True, slots=True)
class Agreement:
    """All reconciled days together of which bill and estimate both know everything."""

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
    """None where no day has both. Days that the free tier paid for are no match in money, and left out."""
    both = [
        (each, each.estimated_hours, each.estimated_usd)
        for each in found
        if each.complete
        and each.known >= KNOWN
        and not each.free_hours
        and each.estimated_hours is not None
        and each.estimated_usd is not None
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


def _why(lines: Sequence[BilledDay], row: Saving, mine: SavedDay | None, extra: Moving) -> tuple[str, ...]:
    out = []
    if not all(line.final for line in lines):
        out.append(MAY_CHANGE)
    out += _charged(lines)
    if mine is None or mine.hours is None:
        return (*out, "nothing is known of this day's instances")
    if mine.known < KNOWN:
        out.append(f"{1 - mine.known:.1%} of its minutes are not known")
    out += _apart(sum((line.hours for line in lines), Decimal(0)) - mine.hours, _unseen(row, mine), extra)
    out += _priced(lines, row.prices)
    usd = sum((line.usd for line in lines), Decimal(0))
    if mine.usd is not None and not out and CENT / 100 < abs(usd - mine.usd) <= CENT:
        out.append("rounding")
    return tuple(out)


def _charged(lines: Sequence[BilledDay]) -> list[str]:
    """What kinds of charge explain: plans, the free tier, hours that cost nothing, discounts."""
    out = []
    covered = sum((line.hours for line in lines if line.charge is Charge.COVERED), Decimal(0))
    free = sum((line.hours for line in lines if line.charge is Charge.FREE_TIER), Decimal(0))
    nothing = sum((line.hours for line in lines if _costs_nothing(line)), Decimal(0)) - free
    off = -sum((line.usd for line in lines if line.charge is Charge.DISCOUNT), Decimal(0))
    if covered:
        out.append(f"{covered:,.2f} of the hours are covered by a savings plan")
    if free:
        out.append(f"the free tier paid for {free:,.2f} of the hours: they cost nothing on the bill")
    if nothing:
        out.append(f"{nothing:,.2f} of the hours cost nothing on the bill, which does not say why")
    if off:
        out.append(f"the bill takes ${off:,.2f} off as discounts")
    return out


def _apart(apart: Decimal, unseen: Decimal, extra: Moving) -> list[str]:
    """Why hours differ. `apart`: billed less seen; `unseen`: what can have run at most in minutes not known."""
    edges = Decimal(extra.instances) / 60
    if abs(apart) <= SAME_H:
        return []
    if abs(apart) <= edges + SAME_H:
        return [
            f"{abs(apart):,.2f} h apart: an instance's first and last minute are seen as whole ones or not at all, "
            f"and {extra.instances} came or went"
        ]
    if 0 < apart <= extra.hours + edges + SAME_H:
        return [
            f"{apart:,.2f} h more were billed than were seen in service: instances take up to {extra.hours:,.2f} h "
            "that day to start and to leave"
        ]
    if 0 < apart <= unseen + extra.hours + edges + SAME_H:
        return [
            f"{apart:,.2f} h more were billed than were seen in service: up to {unseen:,.2f} h can have run in the "
            "minutes that are not known"
        ]
    word = "more" if apart > 0 else "fewer"
    return [f"{abs(apart):,.2f} h {word} were billed than were seen in service: not explained"]


def _unseen(row: Saving, mine: SavedDay) -> Decimal:
    """Instance-hours of a day that can have run unseen: its unknown minutes with as many as there are at most."""
    if mine.known >= KNOWN:
        return Decimal(0)
    most = max(row.against.instances or Decimal(0), Decimal(str(row.time.quantile(1.0) or 0)))
    return Decimal(str(1 - mine.known)) * _DAY_H * most


def _priced(lines: Sequence[BilledDay], prices: Sequence[Price]) -> list[str]:
    """Rates that are not the list's, of what is charged by the hour; discounts are told apart."""
    out = []
    for price in prices:
        own = [
            d for d in lines if d.instance_type == price.instance_type and d.charge is Charge.USAGE and d.usd
        ]
        billed = sum((line.hours for line in own), Decimal(0))
        if billed:
            rate = sum((line.usd for line in own), Decimal(0)) / billed
            if abs(rate - price.usd_per_hour) > Decimal("0.0005"):
                out.append(f"billed at ${rate:.4f} an hour, listed at ${price.usd_per_hour:f}")
    return out


def _costs_nothing(line: BilledDay) -> bool:
    return line.hours > 0 and not line.usd and line.charge is not Charge.COVERED

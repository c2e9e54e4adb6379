"""What a reader of a bill has to know beside its numbers, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from ops.billing.columns import CSV
from ops.billing.sorting import FREE, HOSTING
from ops.billing.sums import Found
from ops.core.bill import ZERO, Bill, Charge
from ops.core.cost import cents
from ops.core.words import count, listed


def remarks(bill: Bill, found: Found, lines: int, file_total: Decimal, notes: Sequence[str]) -> Bill:
    """The bill with the file's own count and total, and its notes."""
    told = replace(bill, lines=lines, file_total=file_total)
    said = [
        *notes,
        *(["The export has no lines."] if not lines else []),
        *_file(told, found),
        *_cells(found),
        *_hours(told, found),
        *_money(told),
    ]
    return replace(told, notes=tuple(said))


def _file(bill: Bill, found: Found) -> list[str]:
    said = []
    if found.repeated:
        said.append(f"{count(found.repeated, 'header line')} in the middle of the file left aside.")
    if found.said:
        names = listed(list(dict.fromkeys(name for name, _ in found.said))[:4])
        said.append(
            f"{count(len(found.said), 'line')} with totals ({names}) not added to the lines they sum up."
        )
        largest = max((cost for _, cost in found.said), key=abs)
        if abs(largest - bill.file_total) >= Decimal("0.005"):
            said.append(
                f"The largest of these totals is {money(largest, bill)}; the lines add up to "
                f"{money(bill.file_total, bill)}."
            )
    if found.assumed:
        which = (
            "The export names"
            if found.assumed == bill.lines
            else f"{count(found.assumed, 'line')} of it name"
        )
        said.append(f"{which} no currency: {bill.currency} is assumed.")
    return said


def _cells(found: Found) -> list[str]:
    said = []
    no_cost = sum(row.no_cost for row in found.rows)
    rounded = sum(row.rounded for row in found.rows)
    near = sum(row.near for row in found.rows)
    if no_cost:
        said.append(f"{count(no_cost, 'line')} {_has(no_cost)} no cost: missing, and not counted as 0.")
    if rounded:
        said.append(
            f"The costs of {count(rounded, 'line')} have more than 18 decimals and were rounded there."
        )
    if near:
        name = "EffectiveCost" if found.whole.format == "focus" else "The effective cost"
        said.append(
            f"{name} of {count(near, 'line')} differs from the billed cost by a cent or less although no plan covers "
            f"{'it' if near == 1 else 'them'}: it looks rounded. The sums are made of the billed cost."
        )
    return said


def _hours(bill: Bill, found: Found) -> list[str]:
    said = []
    hosting = [row for row in found.rows if row.place in (HOSTING, FREE)]
    unknown = sum(row.no_hours for row in hosting)
    if unknown:
        said.append(
            f"{count(unknown, 'line')} of hosting {_has(unknown)} no quantity: hours not known, not 0."
        )
    below = sum(row.below for row in hosting)
    if below:
        said.append(
            f"{count(below, 'line')} of hosting {_has(below)} negative hours: corrections, subtracted."
        )
    units = sorted({u for row in hosting for u in row.units if not u.lower().startswith(("h", "instance"))})
    if units:
        said.append(f"Hosting is counted in {listed(units)}, not in hours: its hours may be wrong.")
    if bill.days and all(day.endpoint is None for day in bill.days):
        hint = "" if found.whole.format == CSV else " Include resource ids in the export to see endpoints."
        said.append(f"The export does not tell which endpoint a line is of.{hint}")
    if bill.days and all(day.day is None for day in bill.days):
        said.append("The file has no dates.")
    long = [day for day in bill.days if day.days > 1]
    if long:
        most = max(day.days for day in long)
        said.append(f"Lines of hosting span up to {count(most, 'day')}: the export is not by day.")
    return said


def _money(bill: Bill) -> list[str]:
    said = []
    covered = [day for day in bill.days if day.charge is Charge.COVERED]
    if covered:
        hours, usd = sum((d.hours for d in covered), ZERO), sum((d.usd for d in covered), ZERO)
        known = [d.effective for d in covered if d.effective is not None]
        plan = (
            f"with its rate {money(sum(known, ZERO), bill)}"
            if len(known) == len(covered)
            else "at a rate not told"
        )
        said.append(
            f"A savings plan covers {_number(hours)} of the hours: the file bills {money(usd, bill)} for them, {plan}."
        )
    if bill.free:
        hours = sum((d.hours for d in bill.free), ZERO)
        said.append(f"The free tier paid {_number(hours)} further hosting hours: left out, and no saving.")
    nothing = [d for d in bill.days if d.usd == 0 and d.hours > 0 and d.charge is not Charge.DISCOUNT]
    if nothing:
        hours = sum((d.hours for d in nothing), ZERO)
        said.append(
            f"{_number(hours)} hosting hours stand at a cost of 0 in the file. Somebody paid for them (a savings plan, "
            f"a credit, a free trial): they are no saving."
        )
    if bill.days and not all(d.final for d in bill.days):
        some = any(d.final for d in bill.days)
        said.append(
            "Some of the lines have no invoice yet: they may still change."
            if some
            else "No line has an invoice number: the costs may not be final."
        )
    if bill.other_currencies:
        names = listed(
            [f"{o.currency} {o.cost:,.2f} ({count(o.lines, 'line')})" for o in bill.other_currencies]
        )
        said.append(f"Not in {bill.currency}, and not added: {names}.")
    return said


def money(amount: Decimal, bill: Bill) -> str:
    """ "$1,204.50", "EUR 3.10", "-$0.20"."""
    sign = "-" if amount < 0 else ""
    symbol = "$" if bill.currency == "USD" else f"{bill.currency} "
    return f"{sign}{symbol}{abs(cents(amount)):,}"


def _number(hours: Decimal) -> str:
    return f"{hours.quantize(Decimal('0.01')):,}"


def _has(number: int) -> str:
    return "has" if number == 1 else "have"

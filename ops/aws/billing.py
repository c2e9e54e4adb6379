"""Cost Explorer: what AWS has billed for endpoints, by day. Every page of an answer costs $0.01, so it is asked rarely.

Source: facts E.5. By usage type for as long as asked; by endpoint for the last 14 days, and only where the account has
opted in. Amounts are text on the wire and Decimal here. `Estimated` says that a day may still change.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Any

from ops.aws.calls import Reading
from ops.aws.endpoints import problem_of
from ops.core.bill import Bill, BilledDay, Charge, LeftOut
from ops.core.errors import OpsError
from ops.core.types import Problem

SERVICE = "Amazon SageMaker"
RESOURCE_DAYS = 14
"""Cost Explorer tells resources apart for so many days."""
PART = "bills"
ROUNDING_H = Decimal("0.000001")
"""Instance-hours below which a rest is rounding."""
_METRICS = ("UnblendedCost", "AmortizedCost", "UsageQuantity")
_HOSTING = re.compile(r"(?:^|-)(AsyncInf|Host|Hosting):(ml\..+)$")
_STORAGE = re.compile(r"(?:^|-)Host(?:ing)?:VolumeUsage")
_DATA = re.compile(r"(?:^|-)Host(?:ing)?:Data-Bytes|Invoke-Endpoint")
_ENDPOINT = re.compile(r"^arn:[\w-]+:sagemaker:[^:]*:\d*:endpoint/(.+)$")
_CHARGES = {
    "Usage": Charge.USAGE,
    "SavingsPlanCoveredUsage": Charge.COVERED,
    "Savings Plan Covered Usage": Charge.COVERED,
    "SavingsPlanNegation": Charge.NEGATION,
    "Savings Plan Negation": Charge.NEGATION,
    "DiscountedUsage": Charge.COVERED,
    "Tax": Charge.TAX,
    "Credit": Charge.CREDIT,
    "Refund": Charge.REFUND,
}


@dataclass(slots=True)
class Paid:
    """Calls that AWS bills, counted while they are made, whatever comes of them."""

    calls: int = 0


@dataclass(frozen=True, slots=True)
class Billed:
    """A bill of Cost Explorer, and what could not be read."""

    bill: Bill
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Cell:
    """One group of one day."""

    day: date
    keys: tuple[str, ...]
    usd: Decimal
    amortized: Decimal
    quantity: Decimal
    currency: str
    final: bool


def read(reading: Reading, account: str, region: str, first: date, last: date, paid: Paid) -> Billed:
    """The UTC days [first, last) of one account and region. Raises Denied, OpsError; resources degrade to a Problem."""
    by_type, answered = _answered(reading, paid, "GetCostAndUsage", _by_type(account, region, first, last))
    begin = max(first, _today(reading) - timedelta(days=RESOURCE_DAYS - 1))
    records = sorted({c.keys[1] for c in by_type if c.day >= begin and _is_hosting(c)})
    named: list[_Cell] = []
    problems: tuple[Problem, ...] = ()
    if records:  # else nothing is there to be told apart
        asked = _by_endpoint(account, region, begin, last, records)
        try:
            named, _ = _answered(reading, paid, "GetCostAndUsageWithResources", asked)
        except OpsError as error:
            problems = (problem_of(PART, error),)
    return Billed(bill_of(by_type, named, account, region, answered), problems)


def bill_of(
    by_type: Sequence[_Cell], named: Sequence[_Cell], account: str, region: str, answered: Collection[date]
) -> Bill:
    """One bill of both answers: hosting by endpoint where that is told, what is left of a day by usage type alone.

    `answered`: the days that AWS answered for, whether anything was billed on them or not.
    """
    days: list[BilledDay] = []
    storage = data = Decimal(0)
    left: dict[str, list[Decimal]] = {}
    covered = {(c.day, c.keys[0]) for c in by_type if _CHARGES.get(c.keys[1]) is Charge.COVERED}
    by_day: dict[tuple[date, str], list[_Cell]] = {}
    for cell in named:
        if _HOSTING.search(cell.keys[1]):
            by_day.setdefault((cell.day, cell.keys[1]), []).append(cell)
    for cell in by_type:
        usage, record = cell.keys
        charge = _CHARGES.get(record, Charge.OTHER)
        if _is_hosting(cell):
            several = (cell.day, usage) in covered
            parts = [] if several else by_day.get((cell.day, usage), [])
            for part in parts:
                found = _ENDPOINT.match(part.keys[0])
                days.append(_billed(part, usage, charge, found[1] if found else None, account, region))
            rest = _less(cell, parts)
            if rest.usd or abs(rest.quantity) > ROUNDING_H:
                days.append(_billed(rest, usage, charge, None, account, region))
        elif charge is Charge.USAGE and _STORAGE.search(usage):
            storage += cell.usd
        elif charge is Charge.USAGE and _DATA.search(usage):
            data += cell.usd
        else:
            why = charge.value if charge is not Charge.USAGE else f"other SageMaker usage ({_family(usage)})"
            left.setdefault(why, []).append(cell.usd)
    currencies = {cell.currency for cell in (*by_type, *named)} or {"USD"}
    if len(currencies) > 1:
        raise OpsError(f"Cost Explorer answers in several currencies ({', '.join(sorted(currencies))}).")
    hosting_usd = sum((day.usd for day in days), Decimal(0))
    excluded = tuple(LeftOut(why, len(each), sum(each, Decimal(0))) for why, each in sorted(left.items()))
    return Bill(
        "Cost Explorer",
        "Cost Explorer",
        currencies.pop(),
        len(days) + sum(e.lines for e in excluded),
        hosting_usd + storage + data + sum((e.cost for e in excluded), Decimal(0)),
        tuple(sorted(days, key=lambda d: (str(d.day), d.endpoint or "", d.usage_type))),
        storage,
        data,
        hosting_lines=len(days),
        left_out=excluded,
        first=min(answered, default=None),
        last=max(answered, default=None),
    )


def _by_type(account: str, region: str, first: date, last: date) -> dict[str, Any]:
    return _asked(account, region, first, last, "USAGE_TYPE", "RECORD_TYPE")


def _by_endpoint(
    account: str, region: str, first: date, last: date, records: Sequence[str]
) -> dict[str, Any]:
    """`records`: the RECORD_TYPEs of usage, as the account shows them: credits and refunds name resources, too."""
    return _asked(account, region, first, last, "RESOURCE_ID", "USAGE_TYPE", records=records)


def _asked(
    account: str, region: str, first: date, last: date, *groups: str, records: Sequence[str] = ()
) -> dict[str, Any]:
    only: dict[str, Sequence[str]] = {"SERVICE": [SERVICE], "LINKED_ACCOUNT": [account], "REGION": [region]}
    if records:
        only["RECORD_TYPE"] = records
    return {
        "TimePeriod": {"Start": first.isoformat(), "End": last.isoformat()},
        "Granularity": "DAILY",
        "Metrics": list(_METRICS),
        "GroupBy": [{"Type": "DIMENSION", "Key": key} for key in groups],
        "Filter": {
            "And": [{"Dimensions": {"Key": key, "Values": list(values)}} for key, values in only.items()]
        },
    }


def _answered(
    reading: Reading, paid: Paid, operation: str, asked: dict[str, Any]
) -> tuple[list[_Cell], set[date]]:
    """All groups of all days, page by page, and the days that were answered for."""
    cells: list[_Cell] = []
    days: set[date] = set()
    more: dict[str, str] = {}
    while True:
        paid.calls += 1
        answer = reading.ask("ce", operation, **asked, **more)
        cells += parse(answer)
        days |= days_of(answer)
        token = answer.get("NextPageToken")
        if not token:
            return cells, days
        more = {"NextPageToken": token}


def days_of(answer: dict[str, Any]) -> set[date]:
    """The days that one page tells of."""
    return {date.fromisoformat(p["TimePeriod"]["Start"][:10]) for p in answer.get("ResultsByTime", ())}


def parse(answer: dict[str, Any]) -> Iterator[_Cell]:
    """The groups of one page that hold anything."""
    for period in answer.get("ResultsByTime", ()):
        day = date.fromisoformat(period["TimePeriod"]["Start"][:10])
        for group in period.get("Groups", ()):
            usd, amortized, quantity = (group["Metrics"].get(name, {}) for name in _METRICS)
            cell = _Cell(
                day,
                tuple(group["Keys"]),
                Decimal(usd.get("Amount", "0")),
                Decimal(amortized.get("Amount", usd.get("Amount", "0"))),
                Decimal(quantity.get("Amount", "0")),
                usd.get("Unit", "USD"),
                not period.get("Estimated", False),
            )
            if cell.usd or cell.quantity:
                yield cell


def _is_hosting(cell: _Cell) -> bool:
    """Whether a group by usage type and record type is usage of an endpoint's instances."""
    usage, record = cell.keys
    return _CHARGES.get(record) in (Charge.USAGE, Charge.COVERED) and _HOSTING.search(usage) is not None


def _less(cell: _Cell, parts: Sequence[_Cell]) -> _Cell:
    """What is left of a group when its parts are taken out."""
    return replace(
        cell,
        usd=cell.usd - sum((p.usd for p in parts), Decimal(0)),
        amortized=cell.amortized - sum((p.amortized for p in parts), Decimal(0)),
        quantity=cell.quantity - sum((p.quantity for p in parts), Decimal(0)),
    )


def _billed(
    cell: _Cell, usage: str, charge: Charge, endpoint: str | None, account: str, region: str
) -> BilledDay:
    found = _HOSTING.search(usage)
    assert found is not None
    return BilledDay(
        cell.day, account, region, endpoint, usage, found[2], found[1] == "AsyncInf", charge, cell.quantity, cell.usd,
        cell.amortized, None, cell.final,
    )  # fmt: skip


def _family(usage: str) -> str:
    """ "Train" of "USE1-Train:ml.g5.2xlarge"."""
    return usage.partition(":")[0].rpartition("-")[2]


def _today(reading: Reading) -> date:
    try:
        return reading.now.astimezone(UTC).date()
    except OpsError:
        reading.ask("sts", "GetCallerIdentity")
        return reading.now.astimezone(UTC).date()

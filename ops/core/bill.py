"""A bill as read from an export: what endpoints cost by day, what was left out and why. Decimal throughout.

Pure types, with JSON to and from, so that the process that reads exports can hand a bill to the one that serves.
Every line of an export is in exactly one place: a day of hosting, storage, data, something left out, or another
currency. `check_difference` is what is missing to the file's own total; it is 0 unless Ebb has a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

_Key = TypeVar("_Key")
ZERO = Decimal(0)


class Charge(StrEnum):
    """What kind of charge a line is, whatever the export calls it."""

    USAGE = "usage"
    COVERED = "savings plan covered"
    NEGATION = "savings plan negation"
    RECURRING_FEE = "recurring fee"
    FEE = "one-time fee"
    TAX = "tax"
    CREDIT = "credit"
    REFUND = "refund"
    DISCOUNT = "discount"
    FREE_TIER = "free tier"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class BilledDay:
    """Hosting hours of one endpoint on one UTC day, of one usage type and one kind of charge.

    `day` is None where the file has no dates. `days` is how many days the lines span: 1, or more where the export
    is by month (then `day` is the first of them). `endpoint` is None where the export has no resource ids,
    `asynchronous` where it does not tell. `usd` is what was billed (unblended cost, BilledCost), in the currency
    of the bill. `effective` (with the savings plan's rate) and `listed` (public on-demand price) are None where a
    line lacks them. `final`: the invoice is out; False also where the export does not say.
    """

    day: date | None
    account: str
    region: str
    endpoint: str | None
    usage_type: str
    instance_type: str
    asynchronous: bool | None
    charge: Charge
    hours: Decimal
    usd: Decimal
    effective: Decimal | None
    listed: Decimal | None
    final: bool
    days: int = 1


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Lines that are no cost of an endpoint, and why."""

    reason: str
    lines: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class OtherCurrency:
    """Lines in another currency than the bill's: counted apart, never added."""

    currency: str
    lines: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class TypeTotal:
    """Hours and cost of one instance type."""

    instance_type: str
    hours: Decimal
    cost: Decimal
    effective: Decimal | None


@dataclass(frozen=True, slots=True)
class EndpointTotal:
    """Hours and cost of one endpoint; `endpoint` None: the export has no resource ids."""

    endpoint: str | None
    account: str
    region: str
    hours: Decimal
    cost: Decimal
    effective: Decimal | None


@dataclass(frozen=True, slots=True)
class Bill:
    """One reading of an export.

    `lines` and `file_total` are of the whole export, counted apart from the sorting: the total of the main
    `currency`, the count of all lines. `free` tells by day which hosting hours the free tier paid; their lines are
    among `left_out`. `first` and `last` are the first and last UTC day that a line covers. `scanned` is what Athena
    says it read, in bytes; None for files.
    """

    source: str
    format: str
    currency: str
    lines: int
    file_total: Decimal
    days: tuple[BilledDay, ...] = ()
    storage: Decimal = ZERO
    data: Decimal = ZERO
    storage_lines: int = 0
    data_lines: int = 0
    hosting_lines: int = 0
    left_out: tuple[LeftOut, ...] = ()
    other_currencies: tuple[OtherCurrency, ...] = ()
    free: tuple[BilledDay, ...] = ()
    first: date | None = None
    last: date | None = None
    notes: tuple[str, ...] = ()
    scanned: int | None = None

    @property
    def hosting_hours(self) -> Decimal:
        """Instance-hours of endpoints, those covered by a savings plan included, the free tier's not."""
        return sum((day.hours for day in self.days), ZERO)

    @property
    def hosting_cost(self) -> Decimal:
        """What was billed for them. Hours under a savings plan stand at the price that the export bills them at."""
        return sum((day.usd for day in self.days), ZERO)

    @property
    def effective_cost(self) -> Decimal | None:
        """The same with the savings plan's rate for what it covers; None where the export lacks it."""
        return total(day.effective for day in self.days)

    @property
    def excluded_cost(self) -> Decimal:
        return sum((each.cost for each in self.left_out), ZERO)

    @property
    def check_difference(self) -> Decimal:
        """The file's total less all that was sorted. Not 0: Ebb has a fault."""
        sorted_cost = self.hosting_cost + self.storage + self.data + self.excluded_cost
        return self.file_total - sorted_cost

    @property
    def lines_difference(self) -> int:
        """The same for the count of lines."""
        apart = sum(each.lines for each in self.left_out) + sum(each.lines for each in self.other_currencies)
        return self.lines - self.hosting_lines - self.storage_lines - self.data_lines - apart

    @property
    def by_type(self) -> tuple[TypeTotal, ...]:
        """Instance types, the dearest first."""
        found = [
            TypeTotal(kind, *_sums(days)) for kind, days in _grouped(self.days, lambda d: d.instance_type)
        ]
        return tuple(sorted(found, key=lambda t: (-t.cost, t.instance_type)))

    @property
    def by_endpoint(self) -> tuple[EndpointTotal, ...]:
        """Endpoints, the dearest first."""
        grouped = _grouped(self.days, lambda d: (d.endpoint, d.account, d.region))
        found = [EndpointTotal(name, at, region, *_sums(days)) for (name, at, region), days in grouped]
        return tuple(sorted(found, key=lambda e: (-e.cost, e.endpoint or "", e.account, e.region)))

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON: Decimals as text, days ISO 8601."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            **{
                name: _text(getattr(self, name))
                for name in ("file_total", "storage", "data", "first", "last")
            },
            **{name: [_row(each) for each in getattr(self, name)] for name in _ROWS},
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Bill:
        """The bill that `to_json` wrote. Raises KeyError, ValueError or decimal.InvalidOperation for anything else."""
        plain: dict[str, Any] = {name: said[name] for name in _PLAIN}
        amounts: dict[str, Any] = {name: Decimal(said[name]) for name in ("file_total", "storage", "data")}
        return cls(
            **plain,
            **amounts,
            first=_day(said["first"]),
            last=_day(said["last"]),
            days=tuple(_billed_day(each) for each in said["days"]),
            free=tuple(_billed_day(each) for each in said["free"]),
            left_out=tuple(LeftOut(r["reason"], r["lines"], Decimal(r["cost"])) for r in said["left_out"]),
            other_currencies=tuple(
                OtherCurrency(r["currency"], r["lines"], Decimal(r["cost"])) for r in said["other_currencies"]
            ),
            notes=tuple(said["notes"]),
        )


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum; None where one of them is not known."""
    known = list(amounts)
    return None if any(each is None for each in known) else sum((each or ZERO for each in known), ZERO)


_PLAIN = (
    "source", "format", "currency", "lines", "hosting_lines", "storage_lines", "data_lines", "scanned",
)  # fmt: skip
_ROWS = ("days", "free", "left_out", "other_currencies")


def _row(value: Any) -> dict[str, Any]:
    return {name: _text(getattr(value, name)) for name in value.__slots__}


def _text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Charge):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def _day(said: str | None) -> date | None:
    return None if said is None else date.fromisoformat(said)


def _billed_day(said: Mapping[str, Any]) -> BilledDay:
    typed: dict[str, Any] = {
        "day": _day(said["day"]),
        "charge": Charge(said["charge"]),
        "hours": Decimal(said["hours"]),
        "usd": Decimal(said["usd"]),
        "effective": None if said["effective"] is None else Decimal(said["effective"]),
        "listed": None if said["listed"] is None else Decimal(said["listed"]),
    }
    return BilledDay(**{**{name: said[name] for name in BilledDay.__slots__}, **typed})


def _grouped(
    days: Iterable[BilledDay], key: Callable[[BilledDay], _Key]
) -> list[tuple[_Key, list[BilledDay]]]:
    found: dict[_Key, list[BilledDay]] = {}
    for day in days:
        found.setdefault(key(day), []).append(day)
    return list(found.items())


def _sums(days: list[BilledDay]) -> tuple[Decimal, Decimal, Decimal | None]:
    hours, usd = sum((d.hours for d in days), ZERO), sum((d.usd for d in days), ZERO)
    return hours, usd, total(d.effective for d in days)

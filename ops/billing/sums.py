"""Rows of sums as the engine wrote them, as text, back into numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ops.billing.columns import Layout
from ops.core.bill import ZERO

Row = dict[str, str | None]


def number(said: str | None) -> Decimal | None:
    """The decimal without the zeros that its type put at the end; None for null."""
    if said is None:
        return None
    value = Decimal(said).normalize()
    return value if value else ZERO


def whole(said: str | None) -> int:
    return int(said) if said else 0


def day_of(said: str | None) -> date | None:
    return date.fromisoformat(said[:10]) if said else None


@dataclass(frozen=True, slots=True)
class Sum:
    """Sums of the lines of one place and key. `effective` and `listed` are None where one line lacks them."""

    place: str
    currency: str
    key: Row
    lines: int
    hours: Decimal
    billed: Decimal
    effective: Decimal | None
    listed: Decimal | None
    no_hours: int
    no_cost: int
    below: int
    near: int
    rounded: int
    bad_costs: int
    bad_cost: str
    bad_hours: int
    bad_quantity: str
    units: tuple[str, ...]
    first: date | None
    last: date | None

    @classmethod
    def of(cls, row: Row) -> Sum:
        def maybe(name: str) -> Decimal | None:
            return None if whole(row[f"no_{name}"]) else number(row[name])

        return cls(
            place=row["place"] or "",
            currency=row["currency"] or "",
            key=row,
            lines=whole(row["lines"]),
            hours=number(row["quantity"]) or ZERO,
            billed=number(row["billed"]) or ZERO,
            effective=maybe("effective"),
            listed=maybe("listed"),
            no_hours=whole(row["no_quantity"]),
            no_cost=whole(row["no_billed"]),
            below=whole(row["below"]),
            near=whole(row["near"]),
            rounded=whole(row["rounded"]),
            bad_costs=whole(row["bad_costs"]),
            bad_cost=row["bad_cost"] or "",
            bad_hours=whole(row["bad_quantities"]),
            bad_quantity=row["bad_quantity"] or "",
            units=tuple(sorted({u for u in (row["unit"], row["least_unit"]) if u})),
            first=day_of(row["first"]),
            last=day_of(row["last"]),
        )

    def order(self) -> tuple[str, ...]:
        names = ("day", "account", "region", "endpoint", "usage_type", "charge", "final", "days")
        return tuple(self.key[name] or "" for name in names)


@dataclass(frozen=True, slots=True)
class Found:
    """What a reading came upon besides sums: header lines in the middle, the file's own totals.

    `assumed`: how many lines name no currency.
    """

    rows: list[Sum]
    repeated: int
    said: list[tuple[str, Decimal]]
    assumed: int
    whole: Layout

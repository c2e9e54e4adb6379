"""Bill lines, what they share, and the calendar of bills.

Quantities are whole numbers of 10⁻¹⁰ units, so that any sums of lines agree to the last digit.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from ops.core.types import FloatArray

HOUR_S = 3600
DIGITS = 10
STORAGE_USD = Decimal("0.14")
"""A GB-month of storage of an endpoint or a notebook."""

Ticks = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of the bill."""

    start: int
    end: int
    """Epoch seconds: an hour; of tax and credit the month."""
    line_type: str
    """"Usage", "Tax" or "Credit"."""
    product_code: str
    usage_type: str
    operation: str
    resource_id: str
    quantity: Decimal
    unit: str
    cost: Decimal
    rate: Decimal | None
    description: str
    region: str
    instance_type: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """What all lines of one kind share."""

    product_code: str
    usage_type: str
    operation: str
    resource_id: str
    unit: str
    rate: Decimal
    description: str
    region: str
    instance_type: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Charge:
    """The usage of one item, hour by hour: `ticks[i]` is its quantity in epoch hour `first + i`, in 10⁻¹⁰ units."""

    item: Item
    first: int
    ticks: Ticks


def quantity(ticks: int) -> Decimal:
    return Decimal(int(ticks)).scaleb(-DIGITS)


def in_ticks(amounts: FloatArray) -> Ticks:
    return np.rint(amounts * 10.0**DIGITS).astype(np.int64)


def month_of(hour: int) -> tuple[int, int]:
    """The epoch hours [first, last) of the UTC month that holds an hour."""
    moment = datetime.fromtimestamp(hour * HOUR_S, UTC)
    first = datetime(moment.year, moment.month, 1, tzinfo=UTC)
    days = calendar.monthrange(moment.year, moment.month)[1]
    start = int(first.timestamp()) // HOUR_S
    return start, start + days * 24


def months(first_hour: int, last_hour: int) -> Iterator[int]:
    """The first hours of the months that begin in [first, last)."""
    start, stop = month_of(first_hour)
    at = start if start == first_hour else stop
    while at < last_hour:
        yield at
        at = month_of(at)[1]


def hours_of_month(first: int, n: int) -> FloatArray:
    """How many hours the month of each epoch hour has, shape (n,)."""
    out = np.empty(n)
    at = first
    while at < first + n:
        start, stop = month_of(at)
        out[at - first : stop - first] = stop - start
        at = stop
    return out

"""Instance time, periods, prices and steps to test money with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from ops.core.instance_time import InstanceTime, Piece, instance_time
from ops.core.periods import Period
from ops.core.savings import TypeFrom
from ops.core.types import FloatArray, Price
from ops.core.worked import Steps

DAY = datetime(2026, 11, 2, tzinfo=UTC)
"""A Monday."""
BORN = datetime(2026, 1, 1, tzinfo=UTC)
G5, G6 = "ml.g5.xlarge", "ml.g6.xlarge"


def price(instance_type: str = G5, usd: str = "1.50") -> Price:
    return Price(instance_type, "eu-central-1", Decimal(usd), "a list", datetime(2026, 11, 1, tzinfo=UTC))


def prices(**usd: str) -> dict[str, Price]:
    """prices(g5="1.5", g6="2")"""
    return {f"ml.{name}.xlarge": price(f"ml.{name}.xlarge", amount) for name, amount in usd.items()}


def types(*found: tuple[str | None, datetime]) -> tuple[TypeFrom, ...]:
    return tuple(TypeFrom(since, name) for name, since in found) or (TypeFrom(BORN, G5),)


def days(count: float, start: datetime = DAY, zone: str = "UTC", *, whole: bool = True) -> Period:
    end = start + timedelta(days=count)
    return Period(start, end if whole else end + timedelta(days=1), end, zone, f"in {count:g} days")


def time_of(values: FloatArray, period: int = 60, start: datetime = DAY) -> InstanceTime:
    """Instance time of cells from `start` on; NaN: not known."""
    first = int(start.timestamp())
    piece = Piece(first, period, np.asarray(values, np.float64))
    return instance_time([piece], first, piece.end)


def level(instances: float, hours: float, period: int = 60) -> FloatArray:
    """So many in service for so long."""
    return np.full(round(hours * 3600 / period), instances)


def steps(
    instances: FloatArray,
    *,
    backlog: FloatArray | float = 0.0,
    succeeded: FloatArray | float = 0.0,
    failed: FloatArray | float = 0.0,
    expired: FloatArray | float = 0.0,
    load: FloatArray | float = 0.0,
    took_s: FloatArray | float = np.nan,
    period: int = 60,
    start: datetime = DAY,
) -> Steps:
    size = len(instances)

    def full(value: FloatArray | float) -> FloatArray:
        return np.broadcast_to(np.asarray(value, np.float64), (size,)).copy()

    return Steps(
        int(start.timestamp()),
        period,
        np.asarray(instances, np.float64),
        full(backlog),
        full(succeeded),
        full(failed),
        full(expired),
        full(load),
        full(took_s),
    )


def only(size: int, **at: float) -> FloatArray:
    """Zeros but for some cells: only(60, c5=2.0) is 2 in cell 5."""
    out = np.zeros(size)
    for cell, value in at.items():
        out[int(cell[1:])] = value
    return out

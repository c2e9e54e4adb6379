"""A period beside the one before: by the hour that is known, for months are not of one length. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ops.core.periods import Period
from ops.core.savings import Total

A_DAY = 24.0


@dataclass(frozen=True, slots=True)
class Compared:
    """How much more a period cost than the one before. Hours are those of the periods, not of instances."""

    hours: float
    """Lived through of this period, and of the one before."""
    hours_before: float
    change: Decimal
    """By which share a known hour cost more than one of the period before; negative where it cost less."""

    @property
    def alike(self) -> bool:
        """Whether both are about as long; where they are not, it has to be said that the change is by the hour."""
        return abs(self.hours - self.hours_before) < A_DAY


def compared(total: Total, before: Total | None, period: Period) -> Compared | None:
    """`total` of `period` beside `before` of the one before it; None where one of them is not known, or cost nothing.

    What is known of each stands for all of it. Raises ValueError where billed and estimated money would meet.
    """
    if before is None or total.usd is None or not before.usd:
        return None
    if total.basis is not before.basis:
        raise ValueError("billed and estimated costs are never compared as if they were one")
    earlier = period.previous()
    known, known_before = period.hours * total.coverage, earlier.hours * before.coverage
    if not known or not known_before:
        return None
    now, then = total.usd / Decimal(known), before.usd / Decimal(known_before)
    return Compared(period.hours, earlier.hours, now / then - 1)

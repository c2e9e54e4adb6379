"""A budget for Ebb's own asking: how much slower metrics are read, so that a month's spending stays under it.

The rate that full pace would cost is measured: what a stretch of time cost, times how much it was slowed then. It is
compared with what may still be spent an hour until the month ends. What cannot be slowed only makes the rest slower,
and the comparison is made anew at every reading, so an error of one is mended by the next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

SHARE = Decimal("0.95")
"""The part of the budget that is aimed at; the rest is for what cannot be foreseen."""
MOST = 60.0
"""No slower than this: the most frequent reading, once a minute, is then made once an hour like all the others."""
SPAN_H = 2.0
"""What was spent counts for a third after so many hours."""
ENOUGH_H = 0.25
"""A rate measured for less time is none."""
_LAST_H = 1.0 / 60.0


class Why(StrEnum):
    """What a decision rests on."""

    NO_BUDGET = "no budget is set"
    MEASURING = "the rate is not known yet"
    INSIDE = "full pace stays under the budget"
    SLOWED = "full pace would exceed the budget"
    NOT_ENOUGH = "the budget is less than the slowest reading costs"
    SPENT = "the budget is spent"


@dataclass(frozen=True, slots=True)
class Rate:
    """Dollars an hour of the last hours, the newest counting most. Sums with weights; `hours` is theirs."""

    usd: float = 0.0
    full: float = 0.0
    """What it would have been at full pace."""
    hours: float = 0.0

    def noted(self, usd: float, hours: float, stretch: float) -> Rate:
        """With `usd` more spent in `hours` (above 0) in which intervals were `stretch` times as long."""
        if hours <= 0:
            return self
        keep = math.exp(-hours / SPAN_H)
        weight = SPAN_H * (1 - keep) / hours
        return Rate(
            self.usd * keep + usd * weight,
            self.full * keep + usd * stretch * weight,
            self.hours * keep + hours * weight,
        )

    @property
    def per_hour(self) -> float | None:
        """Dollars an hour as it is; None: not known yet."""
        return self.usd / self.hours if self.hours >= ENOUGH_H else None

    @property
    def at_full_pace(self) -> float | None:
        """Dollars an hour if nothing were slowed, at most; None: not known yet."""
        return self.full / self.hours if self.hours >= ENOUGH_H else None


@dataclass(frozen=True, slots=True)
class Slowing:
    """How many times as long the intervals between readings of metrics are, and why."""

    stretch: float = 1.0
    why: Why = Why.NO_BUDGET


def decide(
    budget: Decimal | None, spent: Decimal, rate: Rate, hours_left: float, before: float = 1.0
) -> Slowing:
    """How slow to be. `spent`: this month, in dollars; `hours_left`: of it; `before`: the stretch until now."""
    if budget is None:
        return Slowing()
    left = float(budget * SHARE - spent)
    if left <= 0:
        return Slowing(MOST, Why.SPENT)
    full = rate.at_full_pace
    if full is None:
        return Slowing(before, Why.MEASURING)
    stretch = full * max(hours_left, _LAST_H) / left
    if stretch <= 1:
        return Slowing(1.0, Why.INSIDE)
    return Slowing(stretch, Why.SLOWED) if stretch < MOST else Slowing(MOST, Why.NOT_ENOUGH)

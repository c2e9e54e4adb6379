"""Time that was paid while nothing was in work, and what 1,000 successful requests cost. Decimal dollars. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import numpy as np

from ops.core import worked
from ops.core.awake import BUSY_CPU, BUSY_GPU
from ops.core.types import Price
from ops.core.views_savings import Idle, PerThousand
from ops.core.worked import Steps

FEWEST = 100
"""With fewer successful requests no cost of 1,000 is told."""
LEAST_KNOWN_H = 24.0
"""With less known time nobody says that an endpoint never sleeps."""
RULE = (
    "Idle is a minute with an instance in service and an empty queue, in which nothing finished, no request was in the "
    f"container that finished later, and GPU and CPU stayed below {BUSY_GPU:.0f} and {BUSY_CPU:.0f} % of one device. "
    "Where five-minute steps are all that is known, a step with any work counts as work; an hour with any work is "
    "counted as neither."
)

PriceAt = Callable[[int], Price | None]
"""The price of an instance-hour at an epoch second; None: not known."""


def idle_of(pieces: Sequence[Steps], edges: Sequence[int], price_at: PriceAt) -> Idle:
    """Idle time of [edges[0], edges[-1]). `edges`: where the price may change, ascending, with begin and end."""
    hours, usd, unknown, paid = Decimal(0), Decimal(0), Decimal(0), Decimal(0)
    priced = True
    known_h = 0.0
    asleep = False
    for begin, steps in worked.sliced(pieces, edges):
        calm, dark = worked.idle(steps)
        here = worked.hours(steps.instances, steps.period, calm)
        unknown += worked.hours(steps.instances, steps.period, dark)
        hours += here
        price = price_at(begin)
        if price is not None:
            usd += here * price.usd_per_hour
        elif here:
            priced = False
        there = ~np.isnan(steps.instances)
        paid += worked.hours(steps.instances, steps.period, there)
        known_h += float(there.sum()) * steps.period / 3600
        asleep = asleep or bool((steps.instances[there] == 0).any())
    if not known_h:
        return Idle(None, None, rule=RULE)
    awake = list(worked.stretches(pieces))
    longest = max((end - begin for begin, end in awake), default=0.0)
    upto = max(steps.end for steps in pieces)
    lasting = next((end - begin for begin, end in awake if end == upto), 0.0)
    never = not asleep if asleep or known_h >= LEAST_KNOWN_H else None
    if 2 * unknown > paid:
        return Idle(None, None, longest / 3600, lasting / 3600, never, unknown, RULE)
    return Idle(hours, usd if priced else None, longest / 3600, lasting / 3600, never, unknown, RULE)


def per_thousand(pieces: Sequence[Steps], edges: Sequence[int], price_at: PriceAt) -> PerThousand:
    """Cost and successful requests of the same known time."""
    usd, requests = Decimal(0), 0.0
    priced, known = True, False
    for begin, steps in worked.sliced(pieces, edges):
        there = ~np.isnan(steps.instances) & ~np.isnan(steps.succeeded)
        known = known or bool(there.any())
        requests += float(steps.succeeded[there].sum())
        here = worked.hours(steps.instances, steps.period, there)
        price = price_at(begin)
        if price is not None:
            usd += here * price.usd_per_hour
        elif here:
            priced = False
    if not known:
        return PerThousand(None, None)
    count = round(requests)
    if count < FEWEST:
        return PerThousand(None, count, few=True)
    return PerThousand(usd * 1000 / count if priced else None, count)

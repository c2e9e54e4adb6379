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
    asleep = coarse = False
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
        short = worked.slept(steps)
        asleep = asleep or bool(short.any())
        coarse = coarse or bool((there & ~short & ~worked.awake(steps)).any())
    if not known_h:
        return Idle(None, None, rule=RULE)
    longest, lasting = _awake(pieces)
    never = False if asleep else None if coarse or known_h < LEAST_KNOWN_H else True
    if 2 * unknown > paid:
        return Idle(None, None, longest, lasting, never, unknown, RULE)
    return Idle(hours, usd if priced else None, longest, lasting, never, unknown, RULE)


def _awake(pieces: Sequence[Steps]) -> tuple[float | None, float | None]:
    """(hours of the longest stretch without sleep, of the one that lasts until the end of what is known).

    None where longer steps than minutes alone tell of instances: whether these slept in between, they do not tell.
    """
    seen = sorted((s for s in pieces if not np.isnan(s.instances).all()), key=lambda each: each.start)
    if not seen:
        return None, None
    found = list(worked.stretches(pieces))
    some = any(np.nanmax(s.instances) > 0 for s in seen)
    longest = max((end - begin for begin, end in found), default=None if some else 0.0)
    last = seen[-1]
    place = int(np.flatnonzero(~np.isnan(last.instances))[-1])
    upto = last.start + (place + 1) * last.period
    hidden = last.period > worked.FINE_S and last.instances[place] > 0
    lasting = None if hidden else next((end - begin for begin, end in found if end == upto), 0.0)
    return _hours(longest), _hours(lasting)


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / 3600


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

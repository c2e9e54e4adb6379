"""What was planned: changes of bounds and other events at a minute's edge. Parts of both kernels."""

from __future__ import annotations

import math

from ops.replay.decisions import move
from ops.replay.instances import bill, current, note_full, order, under_way
from ops.replay.jit import Record, part
from ops.replay.layout import MANUAL, NONE, SCHEDULED, SHORTAGE, SUSPEND, UPDATE, Setup
from ops.replay.state import RENEWED

RETRY_S = 60.0
"""A change of bounds that could not move the capacity is tried again after this."""


@part
def planned(p: Setup, u: Record, s: Record, now: float) -> None:
    """Changes of bounds that had to wait, then every event that is due."""
    if s.clamp_at <= now:
        fit(p, u, s, now)
    while s.event < len(p.events) and p.events[s.event].at <= now:
        s.event += 1
        happen(p, u, s, p.events[s.event - 1], now)


@part
def happen(p: Setup, u: Record, s: Record, event: Record, now: float) -> None:
    s.changed = max(s.changed, now)
    if event.kind == SUSPEND:
        s.no_in, s.no_out, s.no_scheduled = event.no_in, event.no_out, event.no_scheduled
        fit(p, u, s, now)  # RegisterScalableTarget, too
    elif event.kind == SHORTAGE:
        s.short_until = now + event.lasts
    elif event.kind == MANUAL:
        if event.low != NONE:
            order(u, s, p.provision, event.low, now, False)
    elif event.kind == UPDATE:
        if not s.updating:
            count = current(s) if event.low == NONE else event.low
            bill(s, now)
            s.on_order = count if u.from_order else 0
            under_way(s, RENEWED, count, now + event.lasts, False)
    elif event.kind != SCHEDULED or not s.no_scheduled:
        low = s.low if event.low == NONE else event.low
        high = s.high if event.high == NONE else event.high
        if low <= high and not (event.kind == SCHEDULED and s.updating and fails(u, s, low, high)):
            s.low, s.high = low, high
            fit(p, u, s, now)
            note_full(s, now)


@part
def fails(u: Record, s: Record, low: int, high: int) -> bool:
    """Whether a scheduled action changes nothing while Updating; one that cannot move the capacity is counted."""
    if u.busy_fails or max(low, min(high, s.desired)) != s.desired:
        if low > s.low:
            s.failed_openings += 1
        else:
            s.failed_closings += 1
    return bool(u.busy_fails)


@part
def fit(p: Setup, u: Record, s: Record, now: float) -> None:
    """Move the capacity inside the bounds, or try again later."""
    s.clamp_at = math.inf
    capacity = max(s.low, min(s.high, s.desired))
    if capacity == s.desired:
        if s.updating and s.scaling:
            s.clamp_at = now + RETRY_S  # it may fall back to where it was
        return
    if not s.updating and move(p, u, s, capacity, now):
        return
    s.clamp_at = now + RETRY_S

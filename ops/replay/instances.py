"""Instances: ordered, in service, leaving, billed. Parts of both kernels."""

from __future__ import annotations

import math

from ops.core.types import FloatArray
from ops.replay.jit import Record, part
from ops.replay.state import IN, OUT, REFUSED


@part
def current(s: Record) -> int:
    return s.staying + s.leaving_busy + s.leaving_idle


@part
def bill(s: Record, now: float) -> None:
    """Count what was there until `now`; called before every change of the number."""
    s.billed += (current(s) + s.on_order) * (now - s.billed_at)
    s.billed_at = now


@part
def note_full(s: Record, now: float) -> None:
    if math.isnan(s.full) and current(s) >= s.high:
        s.full = now


@part
def under_way(s: Record, what: int, count: int, due: float, scaling: bool) -> None:
    s.what, s.before, s.count = what, s.desired, count
    s.desired, s.due = count, due
    s.updating, s.scaling = 1, 1 if scaling else 0


@part
def order(u: Record, s: Record, provision: FloatArray, count: int, now: float, scaling: bool) -> bool:
    """Order another number of instances; False where AWS refuses at once. Who leaves is settled by `leave_to`."""
    if s.updating:
        return False
    there = current(s)
    if count == there:
        s.desired = count
        return True
    if count < there:
        s.leave_to = count
        under_way(s, IN, count, now + u.removal, scaling)
        return True
    if count > u.quota:
        return False
    if now < s.short_until:
        under_way(s, REFUSED, count, now + u.refused_after, scaling)
        return True
    wait = provision[s.orders % len(provision)]
    s.orders += 1
    bill(s, now)
    s.on_order = count - there if u.from_order else 0
    under_way(s, OUT, count, now + wait, scaling)
    return True


@part
def due(s: Record, now: float) -> None:
    """What was under way is due: instances come, or those without work go."""
    bill(s, now)
    if s.what == IN:
        gone(s, now)
        return
    s.due, s.updating, s.on_order = math.inf, 0, 0
    was = current(s)
    if s.what == REFUSED:
        s.desired = was
        finished(s, now, True)
        return
    s.staying = s.count
    s.launches += max(0, s.count - was)
    if was == 0 and s.count > 0:
        s.cold_starts += 1
    s.peak_instances = max(s.peak_instances, current(s))
    note_full(s, now)
    finished(s, now, False)


@part
def gone(s: Record, now: float) -> None:
    """Instances that were told to leave and have no work are gone; the last one ends the activity."""
    bill(s, now)
    s.leaving_idle = 0
    s.due = math.inf
    if s.leaving_busy == 0:
        s.updating = 0
        finished(s, now, False)


@part
def finished(s: Record, now: float, failed: bool) -> None:
    """An activity ends; cooldowns begin, unless it failed."""
    if s.scaling:
        if not failed:
            if s.count > s.before:
                s.out_ended, s.out_base, s.out_reached = now, s.before, s.count
            else:
                s.in_ended = now
        if s.clamp_at < math.inf:
            s.clamp_at = now
    s.scaling = 0

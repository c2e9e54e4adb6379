"""Instances: ordered, in service, leaving, billed. Parts of the general kernel."""

from __future__ import annotations

import math

from ops.core.types import FloatArray
from ops.replay.jit import Record, part
from ops.replay.state import (
    IN,
    OUT,
    REFUSED,
    RENEWED,
    REPLACED,
    STAYS,
    Course,
    push,
    start_waiting,
)


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
def order(
    u: Record, s: Record, c: Course, provision: FloatArray, count: int, now: float, scaling: bool
) -> bool:
    """Order another number of instances; False where AWS refuses at once."""
    if s.updating:
        return False
    there = current(s)
    if count == there:
        s.desired = count
        return True
    if count > there:
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
    leave(u, s, c, count)
    under_way(s, IN, count, now + u.removal, scaling)
    start_waiting(u, s, c, now)
    return True


@part
def precedes(c: Course, one: int, other: int) -> bool:
    """Whether the request in slot `one` started before that in slot `other`; on a tie the lower number did."""
    i, j = c.slots[one].request, c.slots[other].request
    return c.started[i] < c.started[j] or (c.started[i] == c.started[j] and i < j)


@part
def by_start(s: Record, c: Course) -> int:
    """Put the slots of the staying requests in work into `order`, by start; how many they are. A Shell sort."""
    count = 0
    for at in range(s.running):
        if c.slots[at].place == STAYS:
            c.slots[count].order = at
            count += 1
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(gap, count):
            at, back = c.slots[k].order, k
            while back >= gap and precedes(c, at, c.slots[back - gap].order):
                c.slots[back].order = c.slots[back - gap].order
                back -= gap
            c.slots[back].order = at
        gap //= 3
    return count


@part
def leave(u: Record, s: Record, c: Course, count: int) -> None:
    """Requests in work, in the order of their starts, lie evenly on the instances; the last instances leave."""
    work, total = by_start(s, c), s.staying
    s.leaving_busy, s.leaving_idle, s.staying = 0, total - count, count
    for instance in range(count, min(total, work)):
        c.slots[instance].work = 0
    back = 0
    for place in range(work):
        instance, at = place % total, c.slots[place].order
        if instance < count:
            continue
        s.held -= 1
        if u.requeue:
            c.started[c.slots[at].request] = math.nan
            back += 1
            continue
        c.slots[at].place = instance
        if c.slots[instance].work == 0:
            s.leaving_busy += 1
            s.leaving_idle -= 1
        c.slots[instance].work += 1
    if back:
        take_back(s, c)


@part
def take_back(s: Record, c: Course) -> None:
    """Requests in work without a start go back to the head of the queue, the lowest number foremost."""
    kept, bottom = s.running, s.stacked
    s.running = 0
    for at in range(kept):  # pushing overwrites only what was read already
        request = c.slots[at].request
        if not math.isnan(c.started[request]):
            push(s, c, c.slots[at].end, request, c.slots[at].place)
            continue
        place = s.stacked
        s.stacked += 1
        while place > bottom and c.slots[place - 1].stack < request:
            c.slots[place].stack = c.slots[place - 1].stack
            place -= 1
        c.slots[place].stack = request


@part
def due(u: Record, s: Record, c: Course, now: float) -> None:
    """What was under way is due."""
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
    if s.what == RENEWED:
        for at in range(s.running):
            c.slots[at].place = REPLACED
        s.held = 0
    s.staying = s.count
    s.launches += max(0, s.count - was)
    if was == 0 and s.count > 0:
        s.cold_starts += 1
    s.peak_instances = max(s.peak_instances, current(s))
    note_full(s, now)
    start_waiting(u, s, c, now)
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

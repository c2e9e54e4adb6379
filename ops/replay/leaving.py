"""Which requests are touched when instances leave or are replaced. Parts of the general kernel."""

from __future__ import annotations

import math

from ops.replay.jit import Record, part
from ops.replay.layout import NONE
from ops.replay.state import REPLACED, STAYS, Course, push, start_waiting


@part
def replace(s: Record, c: Course) -> None:
    """All that runs now runs on instances that take no more."""
    for at in range(s.running):
        c.slots[at].place = REPLACED
    s.held = 0


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
def leave(u: Record, s: Record, c: Course, now: float) -> None:
    """Requests in work, in the order of their starts, lie evenly on the instances; the last instances leave."""
    work, total, count = by_start(s, c), s.staying, s.leave_to
    s.leave_to = NONE
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
        start_waiting(u, s, c, now)


@part
def take_back(s: Record, c: Course) -> None:
    """Requests in work without a start go back to the queue, to their place by number."""
    kept = s.running
    s.running = 0
    for at in range(kept):  # pushing overwrites only what was read already
        request = c.slots[at].request
        if not math.isnan(c.started[request]):
            push(s, c, c.slots[at].end, request, c.slots[at].place)
            continue
        place = s.stacked
        s.stacked += 1
        while place > 0 and c.slots[place - 1].stack < request:
            c.slots[place].stack = c.slots[place - 1].stack
            place -= 1
        c.slots[place].stack = request

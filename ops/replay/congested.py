"""Requests that may have to wait, one by one: each takes the slot that is free first. Parts of the leap kernel."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ops.core.types import FloatArray
from ops.replay.jit import Record, inlined, maker, part
from ops.replay.layout import NONE, Ints, layout
from ops.replay.tree import Slots, build, leaves_for

LEAP = layout(
    "late_end",
    "free slots root left gone_before present here away gone next_gone",
)
"""What the leap kernel knows besides STATE.

`free`: every request in work started on arrival. `late_end`: when the last that did not ends. `slots`: how many,
`root` the one that is free first. `left`: requests noted in Waited; of these `gone_before` left the queue before
the present arrival, `present` came before it. `away`: requests on leaving instances; `gone`: leaving instances with
work, the next of which to go is `next_gone`.
"""


class Waited(NamedTuple):
    """Requests that did not start on arrival, in order: number (~number: expired), and when they left the queue."""

    request: Ints
    left: FloatArray


class Away(NamedTuple):
    """Requests on leaving instances in order, with their ends; the last end of each such instance, in order."""

    request: Ints
    end: FloatArray
    gone_at: FloatArray


@maker
def new_away(room: int, instances: int) -> Away:
    return Away(np.empty(room, np.int64), np.empty(room, np.float64), np.empty(instances, np.float64))


@part
def away_after(f: Record, away: Away, now: float) -> int:
    """Requests on leaving instances that end after `now`."""
    count = 0
    for k in range(f.away):
        if away.end[k] > now:
            count += 1
    return count


@inlined
def enter(
    f: Record, s: Record, arrival: FloatArray, hold: FloatArray, t: Slots, away: Away, oldest: int, now: float
) -> None:
    """From free flow to single requests: what is in work at the minute's edge `now` takes its slots."""
    used = a = 0
    if not s.updating:
        f.away = 0
    for i in range(oldest, s.next):
        end = arrival[i] + hold[i]
        if end < now:
            continue
        while a < f.away and away.request[a] < i:
            a += 1
        if a < f.away and away.request[a] == i:
            continue
        t.end[used], t.request[used] = end, i
        used += 1
    for j in range(used, f.slots):
        t.end[j], t.request[j] = -math.inf, NONE
    f.root = build(t, f.slots)
    f.free = 0


@part
def add_slots(f: Record, t: Slots, count: int, now: float) -> None:
    """From now on there are `count` slots, the new ones free."""
    for j in range(f.slots, count):
        t.end[j], t.request[j] = now, NONE
    f.slots = count
    f.root = build(t, count)


@inlined
def serve(
    f: Record, s: Record, arrival: FloatArray, hold: FloatArray, t: Slots, w: Waited, away: Away,
    ttl: float, until: float, upto: int,
) -> None:  # fmt: skip
    """Everything strictly before `until`; `upto` requests have arrived by then. `ttl`: inf = never expires."""
    came, queued = s.next, s.next - s.head
    s.next = upto
    if f.slots:
        if f.slots + f.away > s.peak_backlog:
            count_in_work(f, s, arrival, hold, t, w, away, ttl, until, upto)
        else:
            start_all(f, s, arrival, hold, t, w, ttl, until, upto)
    while s.head < upto and arrival[s.head] + ttl < until:
        expire(f, s, arrival, hold, w, ttl)
    if f.slots + f.away + queued + upto - came > s.peak_backlog:
        note_peak(f, s, arrival, w, away, came, upto)


@part
def expire(f: Record, s: Record, arrival: FloatArray, hold: FloatArray, w: Waited, ttl: float) -> None:
    """The first in the queue has waited too long."""
    i = s.head
    w.request[f.left], w.left[f.left] = ~i, arrival[i] + ttl
    f.left += 1
    f.late_end = max(f.late_end, arrival[i] + hold[i])
    s.expired += 1
    s.head += 1


@inlined
def start_all(
    f: Record, s: Record, arrival: FloatArray, hold: FloatArray, t: Slots, w: Waited,
    ttl: float, until: float, upto: int,
) -> None:  # fmt: skip
    """Starts before `until`, in order, and what expires between them."""
    i, left, root, late = s.head, f.left, f.root, f.late_end
    leaves = leaves_for(f.slots)
    free_at = t.end[root]
    while i < upto:
        a = arrival[i]
        start = max(a, free_at)
        if start >= until:
            break
        if start > a + ttl:
            s.head, f.left, f.late_end = i, left, late
            expire(f, s, arrival, hold, w, ttl)
            left, late = f.left, f.late_end
            i += 1
            continue
        end = start + hold[i]
        w.request[left], w.left[left] = i, start
        waits = start > a
        left += waits
        late = max(late, end if waits else late)
        t.end[root], t.request[root] = end, i
        node = (root + leaves) >> 1
        free_at = end
        while node > 0:
            other, other_at = t.slot[node], t.key[node]
            earlier = other_at < free_at
            t.slot[node] = root if earlier else other
            t.key[node] = free_at if earlier else other_at
            root = other if earlier else root
            free_at = other_at if earlier else free_at
            node >>= 1
        i += 1
    s.head, f.left, f.root, f.late_end = i, left, root, late


@part
def count_in_work(
    f: Record, s: Record, arrival: FloatArray, hold: FloatArray, t: Slots, w: Waited, away: Away,
    ttl: float, until: float, upto: int,
) -> None:  # fmt: skip
    """The same, where a request that starts at once may bring more into the system than ever before."""
    while s.head < upto:
        i, left = s.head, f.left
        start_all(f, s, arrival, hold, t, w, ttl, until, i + 1)
        if s.head == i:
            return
        now = arrival[i]
        if f.left == left:
            busy = away_after(f, away, now)
            for j in range(f.slots):
                if t.end[j] > now or t.request[j] == i:
                    busy += 1
            s.peak_backlog = max(s.peak_backlog, busy)


@part
def note_peak(f: Record, s: Record, arrival: FloatArray, w: Waited, away: Away, came: int, upto: int) -> None:
    """The requests in the system at those arrivals from `came` to `upto` that had to wait: then no slot is free."""
    gone, present = f.gone_before, f.present
    for i in range(came, upto):
        now = arrival[i]
        while gone < f.left and w.left[gone] <= now:
            gone += 1
        while present < f.left and (w.request[present] ^ (w.request[present] >> 63)) <= i:
            present += 1
        queued = present - gone + max(0, i + 1 - s.head)
        if queued > 0:
            s.peak_backlog = max(s.peak_backlog, queued + f.slots + away_after(f, away, now))
    f.gone_before, f.present = gone, present


@inlined
def in_work(f: Record, t: Slots, away: Away, now: float) -> int:
    """Requests in work at the minute's end `now`: those that do not end before it."""
    count = 0
    for j in range(f.slots):
        if t.end[j] >= now:
            count += 1
    for k in range(f.away):
        if away.end[k] >= now:
            count += 1
    return count


@part
def by_request(f: Record, t: Slots, now: float) -> int:
    """Put the slots in work into `scratch`, in the order of their starts; how many they are. A Shell sort."""
    count = 0
    for j in range(f.slots):
        if t.end[j] >= now:
            t.scratch[count] = j
            count += 1
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(gap, count):
            j, back = t.scratch[k], k
            while back >= gap and t.request[t.scratch[back - gap]] > t.request[j]:
                t.scratch[back] = t.scratch[back - gap]
                back -= gap
            t.scratch[back] = j
        gap //= 3
    return count


@part
def leave_slots(f: Record, s: Record, t: Slots, away: Away, concurrency: int, now: float) -> None:
    """The scale-in rule of the reference: in the order of their starts, evenly; the last instances leave."""
    count = by_request(f, t, now)
    kept = 0
    begin_leaving(f, s, away)
    for place in range(count):
        j = t.scratch[place]
        if not goes(f, s, away, place, t.request[j], t.end[j]):
            t.spare[kept], t.slot[kept] = t.end[j], t.request[j]
            kept += 1
    settle_leaving(f, s, away)
    f.slots = s.staying * concurrency
    for j in range(f.slots):
        t.end[j] = t.spare[j] if j < kept else -math.inf
        t.request[j] = t.slot[j] if j < kept else NONE
    f.root = build(t, f.slots)


@inlined
def leave_flow(
    f: Record, s: Record, arrival: FloatArray, hold: FloatArray, away: Away, oldest: int, concurrency: int,
    now: float,
) -> None:  # fmt: skip
    """The same in free flow, from the arrivals."""
    place = 0
    begin_leaving(f, s, away)
    for i in range(oldest, s.next):
        end = arrival[i] + hold[i]
        if end >= now:
            goes(f, s, away, place, i, end)
            place += 1
    settle_leaving(f, s, away)
    f.slots = s.staying * concurrency


@part
def begin_leaving(f: Record, s: Record, away: Away) -> None:
    f.away = 0
    for instance in range(s.staying - s.leave_to):
        away.gone_at[instance] = -math.inf


@part
def goes(f: Record, s: Record, away: Away, place: int, request: int, end: float) -> bool:
    """Whether the request in this place is on an instance that leaves."""
    instance = place % s.staying - s.leave_to
    if instance < 0:
        return False
    away.request[f.away], away.end[f.away] = request, end
    f.away += 1
    away.gone_at[instance] = max(away.gone_at[instance], end)
    return True


@part
def settle_leaving(f: Record, s: Record, away: Away) -> None:
    total = s.staying - s.leave_to
    f.gone = f.next_gone = 0
    for instance in range(total):
        at = away.gone_at[instance]
        if at == -math.inf:
            continue
        back = f.gone
        while back > 0 and away.gone_at[back - 1] > at:
            away.gone_at[back] = away.gone_at[back - 1]
            back -= 1
        away.gone_at[back] = at
        f.gone += 1
    s.leaving_busy, s.leaving_idle = f.gone, total - f.gone
    s.staying, s.leave_to = s.leave_to, NONE

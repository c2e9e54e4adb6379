"""Where a course stands, the queue, and the requests in work: the arrays that the kernels work on."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ops.core.types import FloatArray
from ops.replay.jit import Record, maker, part
from ops.replay.layout import NONE, Records, layout

STATE = layout(
    "due out_ended in_ended clamp_at short_until billed billed_at full changed drained progress",
    "next head stacked running held staying leaving_busy leaving_idle leave_to desired low high no_in no_out"
    " no_scheduled updating scaling what before count orders out_base out_reached event on_order expired"
    " cold_starts launches peak_instances peak_backlog done failed_openings failed_closings",
)
"""A course at one instant. The queue is `stacked` requests taken back, then all from `head` to `next`."""
NO_ACTIVITY, OUT, IN, REFUSED, RENEWED = range(5)
"""What is under way."""
STAYS, REPLACED = -2, -1
"""Where a running request is, if not on a leaving instance."""


SLOT = layout("end", "request place order stack work")
"""Requests in work: a heap of (end, request, place), `place` being STAYS, REPLACED, or the leaving instance.

Beside it, each with its own count: the order in which they started, requests taken back, requests by instance.
"""


class Course(NamedTuple):
    """The arrays of a course: one value a request, and the slots (one more than requests)."""

    arrival: FloatArray
    hold: FloatArray
    started: FloatArray
    slots: Records


@maker
def new_course(arrival: FloatArray, hold: FloatArray) -> Course:
    started = np.empty_like(arrival)
    started[:] = math.nan
    return Course(arrival, hold, started, np.empty(len(arrival) + 1, SLOT))


@part
def begin(u: Record, s: Record) -> None:
    """The course at its start: nothing waits, nothing runs. `s` comes zeroed."""
    s.due = s.clamp_at = math.inf
    s.out_ended = s.in_ended = s.short_until = -math.inf
    s.full = math.nan
    s.leave_to = NONE
    s.billed_at = s.changed = s.drained = s.progress = u.start
    s.staying = s.desired = s.peak_instances = u.initial
    s.low, s.high = u.low, u.high
    s.no_in, s.no_out, s.no_scheduled = u.no_in, u.no_out, u.no_scheduled


@part
def waiting(s: Record) -> int:
    return s.stacked + s.next - s.head


@part
def first_waiting(s: Record, c: Course) -> int:
    return c.slots[s.stacked - 1].stack if s.stacked else s.head


@part
def take_first(s: Record, c: Course) -> int:
    if s.stacked:
        s.stacked -= 1
        return c.slots[s.stacked].stack
    s.head += 1
    return s.head - 1


@part
def comes_first(c: Course, end: float, request: int, at: int) -> bool:
    other = c.slots[at]
    return end < other.end or (end == other.end and request < other.request)


@part
def put(c: Course, at: int, end: float, request: int, place: int) -> None:
    slot = c.slots[at]
    slot.end, slot.request, slot.place = end, request, place


@part
def push(s: Record, c: Course, end: float, request: int, place: int) -> None:
    """Put a request among those in work, a heap by end, then by request."""
    at = s.running
    s.running += 1
    while at > 0:
        up = (at - 1) >> 1
        if not comes_first(c, end, request, up):
            break
        put(c, at, c.slots[up].end, c.slots[up].request, c.slots[up].place)
        at = up
    put(c, at, end, request, place)


@part
def pop(s: Record, c: Course) -> None:
    """Take away the request that ends first."""
    s.running -= 1
    count = s.running
    last = c.slots[count]
    at = 0
    while True:
        down = 2 * at + 1
        if down >= count:
            break
        if down + 1 < count and comes_first(c, c.slots[down + 1].end, c.slots[down + 1].request, down):
            down += 1
        if comes_first(c, last.end, last.request, down):
            break
        put(c, at, c.slots[down].end, c.slots[down].request, c.slots[down].place)
        at = down
    put(c, at, last.end, last.request, last.place)


@part
def start_waiting(u: Record, s: Record, c: Course, now: float) -> None:
    """Requests take the free slots, the first first."""
    slots = s.staying * u.concurrency
    while s.held < slots and waiting(s) > 0:
        i = take_first(s, c)
        c.started[i] = now
        s.held += 1
        push(s, c, now + c.hold[i], i, STAYS)

"""What is worked out of the requests once, for all scenarios over them.

While every request in work started when it arrived ("free flow"), how many are in work depends on the requests
alone. So minutes in which no request can have to wait need no look at the requests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ops.core.types import FloatArray
from ops.replay.jit import kernel, part
from ops.replay.scenario import Requests

LONGEST_MINUTES = 4_000_000
"""Requests that span more minutes than this are replayed without free flow."""


Minutes = NDArray[np.int32]


class Flow(NamedTuple):
    """Free flow, one value a minute: minute m ends at (first_minute + m + 1) * 60 s. int32."""

    upto: Minutes
    """Arrivals before the minute's end."""
    flight: Minutes
    """Requests in work at the minute's end."""
    peak: Minutes
    """Most requests in work at the arrival of one; 0 where none arrives."""
    oldest: Minutes
    """The first request still in work at the minute's end, or the next one to come."""
    next_busy: Minutes
    """The first minute from this one on in which a request arrives or is in work."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Requests, ready to be replayed through many scenarios. Threads may share one."""

    requests: Requests
    first_minute: int
    flow: Flow | None
    """None: too long, or no requests."""
    last: int
    """The request that ends last in free flow."""
    last_s: float
    """When it ends, in seconds."""
    hold_s: float
    """The holding times of all together."""
    longest_s: float
    """The longest one."""


def prepare(requests: Requests) -> Prepared:
    """Takes some 0.1 s a million requests."""
    arrival, hold = requests.arrival_s, requests.hold_s
    if not len(arrival):
        return Prepared(requests, 0, None, 0, math.nan, 0.0, 0.0)
    last = int((arrival + hold).argmax())
    first, last_s = math.floor(arrival[0] / 60), float(arrival[last] + hold[last])
    minutes = math.floor(last_s / 60) - first + 2
    flow = free_flow(arrival, hold, first, minutes) if minutes <= LONGEST_MINUTES else None
    return Prepared(requests, first, flow, last, last_s, float(hold.sum()), float(hold.max()))


@part
def sink(heap: FloatArray, count: int, value: float) -> None:
    """Put `value` in the place of the least of `count` values."""
    at = 0
    while True:
        down = 2 * at + 1
        if down >= count:
            break
        if down + 1 < count and heap[down + 1] < heap[down]:
            down += 1
        if value <= heap[down]:
            break
        heap[at] = heap[down]
        at = down
    heap[at] = value


@part
def rise(heap: FloatArray, count: int, value: float) -> None:
    """One more value beside `count` others."""
    at = count
    while at > 0 and heap[(at - 1) >> 1] > value:
        heap[at] = heap[(at - 1) >> 1]
        at = (at - 1) >> 1
    heap[at] = value


@kernel
def free_flow(arrival: FloatArray, hold: FloatArray, first: int, minutes: int) -> Flow:
    """All requests as if there were a free slot for each."""
    n = len(arrival)
    upto, flight = np.empty(minutes, np.int32), np.empty(minutes, np.int32)
    peak, oldest = np.zeros(minutes, np.int32), np.empty(minutes, np.int32)
    next_busy = np.empty(minutes, np.int32)
    ends = np.empty(n, np.float64)
    count = i = still = 0
    for m in range(minutes):
        boundary = (first + m + 1) * 60.0
        while i < n and arrival[i] < boundary:
            now = arrival[i]
            while count > 0 and ends[0] <= now:
                count -= 1
                sink(ends, count, ends[count])
            rise(ends, count, now + hold[i])
            count += 1
            peak[m] = max(peak[m], count)
            i += 1
        while count > 0 and ends[0] < boundary:
            count -= 1
            sink(ends, count, ends[count])
        while still < i and arrival[still] + hold[still] < boundary:
            still += 1
        upto[m], flight[m], oldest[m] = i, count, still
    following = minutes
    for m in range(minutes - 1, -1, -1):
        if peak[m] > 0 or flight[m] > 0:
            following = m
        next_busy[m] = following
    return Flow(upto, flight, peak, oldest, next_busy)

"""The numbers of a course straight from what the leap kernel noted, without one value for each request."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ops.core.types import FloatArray
from ops.replay.numbers import Classes, Numbers, Waits, numbers, processing_s, waits_from
from ops.replay.prepared import Prepared
from ops.replay.shapes import Leapt, billed_s, end_s, replayed


class Classed:
    """The classes of the requests, counted once for all scenarios. `limits_s`: see `numbers`."""

    def __init__(self, requests: int, classes: Classes | None, limits_s: tuple[float | None, ...]) -> None:
        self.classes, self.limits_s = classes, limits_s
        self.sizes = [
            requests if classes is None else int((classes == number).sum()) for number in range(len(limits_s))
        ]


def summed(prepared: Prepared, found: Leapt, classed: Classed) -> Numbers:
    """Equal to `numbers` of the whole course, field by field, to the bit."""
    requests, s = prepared.requests, found.state
    n, expired = len(requests), found.expired
    late, left = found.request, found.left_s
    gone = ~late[expired]
    if len(gone):
        late, left = late[~expired], left[~expired]
    cut = _cut(prepared, found, late, left)
    last = _last_s(prepared, found, late, left, gone, cut)
    if last is None:
        return numbers(requests, replayed(prepared, found), classed.classes, classed.limits_s)
    waiting = requests.arrival_s[late]
    np.subtract(left, waiting, out=waiting)
    started = found.head - len(gone)
    unfinished = np.concatenate((np.sort(np.concatenate((gone, cut))), np.arange(found.head, n)))
    never = np.concatenate((gone, np.arange(found.head, n)))
    first, end = float(requests.arrival_s[0]), end_s(prepared, found, last)
    drained = found.head == n and not len(cut)
    by_class = tuple(_of_class(k, classed, late, waiting, never) for k in range(len(classed.limits_s)))
    return Numbers(
        n,
        started - len(cut),
        len(gone),
        waits_from(waiting, started, n),
        by_class,
        processing_s(prepared.hold_s, requests.hold_s[unfinished], started - len(cut)),
        int(s["cold_starts"]),
        int(s["launches"]),
        int(s["peak_instances"]),
        int(s["peak_backlog"]),
        billed_s(s, end),
        float(s["full"]) - first,
        (last if drained else math.nan) - first,
        end - first,
        int(s["failed_openings"]),
        int(s["failed_closings"]),
    )


def _of_class(
    number: int, classed: Classed, late: NDArray[np.int64], waiting: FloatArray, never: NDArray[np.int64]
) -> Waits:
    size, classes, limit = classed.sizes[number], classed.classes, classed.limits_s[number]
    if classes is None:
        return waits_from(waiting.copy(), size - len(never), size, limit)
    mine = waiting[classes[late] == number]
    return waits_from(mine, size - int((classes[never] == number).sum()), size, limit)


def _cut(prepared: Prepared, found: Leapt, late: NDArray[np.int64], left: FloatArray) -> NDArray[np.int64]:
    """Requests that were still in work where the course was cut."""
    if found.until_s == math.inf or prepared.flow is None:
        return np.empty(0, np.int64)
    requests = prepared.requests
    minute = math.floor(found.until_s / 60) - prepared.first_minute - 2
    oldest = prepared.flow.oldest
    first = 0 if minute < 0 else int(oldest[min(minute, len(oldest) - 1)])
    at_once = np.arange(min(first, found.head), found.head)
    at_once = at_once[requests.arrival_s[at_once] + requests.hold_s[at_once] >= found.until_s]
    others = found.request[max(0, len(found.request) - (found.head - first)) :]
    at_once = np.setdiff1d(at_once, np.where(others < 0, ~others, others))
    if found.late_end_s < found.until_s:
        return at_once
    return np.concatenate((at_once, late[left + requests.hold_s[late] >= found.until_s]))


def _last_s(
    prepared: Prepared,
    found: Leapt,
    late: NDArray[np.int64],
    left: FloatArray,
    gone: NDArray[np.int64],
    cut: NDArray[np.int64],
) -> float | None:
    """When the last request was done or expired; None where it takes a look at all of them."""
    if found.head < len(prepared.requests):
        return found.until_s if found.until_s < math.inf else None
    if len(cut):
        return found.until_s
    if not len(gone):
        return max(prepared.last_s, found.late_end_s)
    if (gone == prepared.last).any():
        return None
    ends = left + prepared.requests.hold_s[late]
    return max(prepared.last_s, float(ends.max(initial=-math.inf)), float(found.left_s[found.expired].max()))

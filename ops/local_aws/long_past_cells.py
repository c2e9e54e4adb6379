"""A coarse course as CloudWatch keeps it: five-minute cells for 64 days, hours before; and the metrics made of them.

Every metric is four numbers a cell (samples, sum, smallest, largest), worked out from a few base columns when read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ops.local_aws.endpoint_metrics import HOST
from ops.local_aws.long_past_run import Course, Physics
from ops.local_aws.physics import DOWNLOAD_S, UPLOAD_S

FIVE, HOUR = 5, 60
Column = NDArray[np.float32]
Minutes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Four:
    """Of each cell: how many samples, their sum, the smallest and the largest; no samples: no datapoint."""

    count: Column
    total: Column
    low: Column
    high: Column


@dataclass(frozen=True, slots=True)
class Cells:
    """Base columns, shape (cells,). Cells are in the order of time, hours before five-minute steps."""

    start: Minutes
    """Epoch minute at which a cell begins."""
    fine_from: int
    """Cells from this index on are five minutes long, those before an hour."""
    awake: Column
    """Instance-minutes, by the number of instances at each minute's end."""
    up: Column
    """Minutes with an instance."""
    published: Column
    """Minutes since the endpoint was created."""
    backlog: Four
    without: Column
    """Minutes with a backlog and without an instance."""
    each: Four
    """Backlog per instance."""
    done: Column
    failed: Column
    expired: Column
    waited: Four
    """Seconds in the queue of the requests that left it for an instance."""
    per_instance: Column
    """Requests done, each divided by the instances of its minute."""


def cells(
    course: Course,
    physics: Physics,
    arrivals: NDArray[np.int32],
    share: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    first: int,
    fine_from: int,
    rng: np.random.Generator,
) -> Cells:
    """`first`: epoch minute of the course's beginning, a full hour, as is `fine_from`, where cells become finer.

    `share` tells for epoch minutes which part of the requests fails.
    """
    size = len(arrivals)
    n = _spread(course.minutes, course.instances, size)
    backlog = _spread(course.minutes, course.backlog, size)
    done = np.zeros(size, np.float32)
    np.add.at(done, course.done_at, course.done)
    expired = np.zeros(size, np.float32)
    np.add.at(expired, course.expired_at, course.expired)
    busy = np.flatnonzero(done)
    failing = share(first + busy.astype(np.int64))
    failed = np.zeros(size, np.float32)
    failed[busy] = rng.binomial(done[busy].astype(np.int64), failing)
    wait = _waits(arrivals, done, expired, busy, n, backlog, physics)
    cut = (fine_from - first) // HOUR * HOUR
    starts = np.concatenate([np.arange(0, cut, HOUR), np.arange(cut, size, FIVE)]).astype(np.int32)

    def total(column: NDArray[np.float32]) -> Column:
        return np.add.reduceat(column, starts, dtype=np.float32) if size else column

    def four(column: NDArray[np.float32], weight: NDArray[np.float32]) -> Four:
        there = weight > 0
        return Four(
            total(weight),
            total(np.where(there, column * weight, np.float32(0))),
            np.minimum.reduceat(np.where(there, column, np.float32(np.inf)), starts),
            np.maximum.reduceat(np.where(there, column, np.float32(-np.inf)), starts),
        )

    born = int(course.minutes[course.instances > 0][0]) if course.instances.any() else size
    published = (np.arange(size) >= born).astype(np.float32)
    each_there = published * ((n > 0) | ((backlog > 0) & physics.zero_backlog))
    one = np.maximum(n, 1).astype(np.float32)
    return Cells(
        start=first + starts,
        fine_from=int(np.searchsorted(starts, cut)),
        awake=total(n.astype(np.float32)),
        up=total((n > 0).astype(np.float32)),
        published=total(published),
        backlog=four(backlog, published),
        without=total(published * ((backlog > 0) & (n == 0))),
        each=four(backlog / one, each_there.astype(np.float32)),
        done=total(done),
        failed=total(failed),
        expired=total(expired),
        waited=four(wait, done),
        per_instance=total(done / one),
    )


def metrics(
    cells: Cells, physics: Physics, service_s: tuple[float, float], *, asynchronous: bool, samples: float
) -> Mapping[tuple[str, str], Callable[[], Four]]:
    """By (namespace, metric): what makes its columns. `samples`: host samples of an instance in a minute."""
    mean = (service_s[0] + service_s[1]) / 2
    slots = np.maximum(cells.awake * physics.concurrency * 60.0, 1e-9)
    busy = np.minimum(cells.done * physics.busy_s / slots, 1.0).astype(np.float32)
    some = cells.done > 0
    zero = np.zeros_like(cells.awake)

    def host(idle: float, work: float) -> Four:
        count = np.rint(cells.awake * samples).astype(np.float32)
        most = np.where(some, idle + work, idle).astype(np.float32)
        return Four(count, count * (idle + work * busy), np.full_like(count, idle), most)

    def constant(count: Column, value: float) -> Four:
        low = np.full_like(count, value)
        return Four(count, count * np.float32(value), low, low)

    def ranged(count: Column, low: float, average: float, high: float) -> Four:
        return Four(count, count * np.float32(average), np.full_like(count, low), np.full_like(count, high))

    def flags(count: Column, hits: Column) -> Four:
        return Four(count, hits, (hits >= count).astype(np.float32), (hits > 0).astype(np.float32))

    def scaled(four: Four, by: float, more: float = 0.0) -> Four:
        b, m = np.float32(by), np.float32(more)
        return Four(four.count, four.total * b + four.count * m, four.low * b + m, four.high * b + m)

    def spread(count: Column, total: Column) -> Four:
        mean = (total / np.maximum(count, 1)).astype(np.float32)
        return Four(count, total, mean, mean)

    aws = "AWS/SageMaker"
    found: dict[tuple[str, str], Callable[[], Four]] = {
        (HOST, "CPUUtilization"): lambda: host(5.0, 120.0),
        (HOST, "MemoryUtilization"): lambda: host(42.5, 0.0),
        (HOST, "DiskUtilization"): lambda: host(22.5, 0.0),
        (HOST, "GPUUtilization"): lambda: host(0.0, 80.0),
        (HOST, "GPUMemoryUtilization"): lambda: host(74.0, 0.0),
        (aws, "ModelLatency"): lambda: ranged(cells.done, service_s[0] * 1e6, mean * 1e6, service_s[1] * 1e6),
        (aws, "Invocation4XXErrors"): lambda: Four(cells.done, zero, zero, zero),
        (aws, "Invocation5XXErrors"): lambda: flags(cells.done, cells.failed),
    }
    if not asynchronous:
        found |= {
            (aws, "Invocations"): lambda: constant(cells.done, 1.0),
            (aws, "InvocationsPerInstance"): lambda: spread(cells.done, cells.per_instance),
            (aws, "OverheadLatency"): lambda: constant(cells.done, 20_000.0),
        }
        return found
    found |= {
        (aws, "ApproximateBacklogSize"): lambda: cells.backlog,
        (aws, "ApproximateBacklogSizePerInstance"): lambda: cells.each,
        (aws, "HasBacklogWithoutCapacity"): lambda: flags(cells.published, cells.without),
        (aws, "InvocationsProcessed"): lambda: constant(cells.done - cells.failed, 1.0),
        (aws, "InvocationFailures"): lambda: constant(cells.failed, 1.0),
        (aws, "ExpiredRequests"): lambda: constant(cells.expired, 1.0),
        (aws, "TimeInBacklog"): lambda: scaled(cells.waited, 1e3),
        (aws, "TotalProcessingTime"): lambda: scaled(cells.waited, 1e3, physics.busy_s * 1e3),
        (aws, "RequestDownloadLatency"): lambda: constant(cells.done, DOWNLOAD_S * 1e6),
        (aws, "ResponseUploadLatency"): lambda: constant(cells.done - cells.failed, UPLOAD_S * 1e6),
    }
    return found


def _spread(minutes: Minutes, values: NDArray[np.int32] | Column, size: int) -> Column:
    """The value of every minute, from changes; 0 before the first."""
    if not len(minutes):
        return np.zeros(size, np.float32)
    lengths = np.diff(minutes, append=size)
    return np.concatenate([np.zeros(minutes[0], np.float32), np.repeat(values, lengths).astype(np.float32)])


def _waits(
    arrivals: NDArray[np.int32],
    done: Column,
    expired: Column,
    busy: NDArray[np.int64],
    n: Column,
    backlog: Column,
    physics: Physics,
) -> Column:
    """Seconds that the requests finished in each minute had waited: first come, first served."""
    left = np.cumsum(done + expired, dtype=np.float64)
    came = np.cumsum(arrivals, dtype=np.float64)
    out = np.zeros(len(arrivals), np.float32)
    middle = left[busy] - done[busy] / 2  # the middle one of those
    arrived = np.searchsorted(came, middle)
    before = np.maximum(busy - 1, 0)
    at_once = (busy - arrived <= 1) & (backlog[before] <= n[before] * physics.concurrency)
    out[busy] = np.where(at_once, 0.0, np.maximum((busy - arrived) * 60.0 - physics.busy_s, 0.0))
    return out

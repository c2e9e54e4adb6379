"""Where in their minute requests came: what the queue at its end tells of it. Pure.

Requests that come in bursts make longer queues than the same number spread over a minute. In a minute that begins with
an empty queue and keeps its instances, the queue at its end depends on that alone. So it is simulated, first for all
such minutes with windows of several widths: that width is taken whose queues are as uneven as the real ones. Then
for each, with several placements: that one is taken whose queue comes closest to the real one.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ops.core.types import FloatArray
from ops.replay.draws import TRAFFIC, Times, generator

MINUTE_S = 60.0
WIDTHS_S = (60.0, 45.0, 30.0, 20.0, 10.0, 5.0, 1.0)
CLASSES = (2, 5, 10)
"""A width of its own for minutes with at least so many requests."""
ENOUGH = 20
"""With fewer minutes of a class nothing is told of it."""
MOST = 600
"""Minutes of a class that are looked at."""
OFTEN = 4
"""Times that each is simulated."""
TRIES = 8
"""Placements that are tried for a minute whose queue is known."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """(at least so many requests in a minute, seconds within which they come), ascending; evenly over it before."""

    widths: tuple[tuple[int, float], ...] = ()

    def of(self, counts: NDArray[np.int64]) -> FloatArray:
        """The width for minutes with so many requests, seconds."""
        out = np.full(len(counts), MINUTE_S)
        for least, width in self.widths:
            out[counts >= least] = width
        return out


EVEN = Clusters()


@dataclass(frozen=True, slots=True, eq=False)
class Placing:
    """By cell of arrivals: `slots` that served it from an empty queue on, 0 where that is not known, and how many
    requests were `left` at its end. Shape (n,)."""

    clusters: Clusters
    slots: NDArray[np.int64]
    left: FloatArray

    def offsets(
        self, counts: NDArray[np.int64], service: Times, rng: np.random.Generator
    ) -> list[FloatArray]:
        """Seconds into its minute of each request, by cell with some; ascending."""
        widths = self.clusters.of(counts)
        found = []
        for cell in np.flatnonzero(counts).tolist():
            size, slots, width = int(counts[cell]), int(self.slots[cell]), float(widths[cell])
            best, nearest = _within(size, width, rng), np.inf
            for _ in range(TRIES if slots else 0):
                at = _within(size, width, rng)
                off = abs(left(at.tolist(), service.draw(size, rng).tolist(), slots) - self.left[cell])
                if off < nearest:
                    best, nearest = at, off
                if off == 0:
                    break
            found.append(best)
        return found


def placing(
    counts: FloatArray,
    instances: FloatArray,
    backlog: FloatArray,
    concurrency: int,
    service: Times,
    seed: int = 0,
) -> Placing:
    """Of cells of arrivals in a row: how many, instances and backlog at the end. NaN: not known, or no minute.

    Of the first cell after a gap nobody knows how many arrived.
    """
    usable = np.zeros(len(counts), np.bool_)
    usable[1:] = (
        (backlog[:-1] == 0) & (instances[1:] > 0) & (instances[1:] == instances[:-1]) & ~np.isnan(backlog[1:])
    )
    usable &= ~np.isnan(counts)
    slots = np.where(usable, np.nan_to_num(instances) * concurrency, 0).astype(np.int64)
    return Placing(_clusters(counts, slots, backlog, service, seed), slots, backlog)


def _clusters(
    counts: FloatArray, slots: NDArray[np.int64], backlog: FloatArray, service: Times, seed: int
) -> Clusters:
    rng = generator(seed, TRAFFIC)
    found: list[tuple[int, float]] = []
    for least, below in zip(CLASSES, (*CLASSES[1:], np.inf), strict=True):
        at = np.flatnonzero((slots > 0) & (counts >= least) & (counts < below))
        if len(at) < ENOUGH:
            continue
        if len(at) > MOST:
            at = np.sort(rng.choice(at, MOST, replace=False))
        real = float((backlog[at] ** 2).sum())
        sizes = counts[at].astype(np.int64).tolist()
        found.append((least, _width(real, sizes, slots[at].tolist(), service, rng)))
    return Clusters(tuple(found))


def _within(size: int, width: float, rng: np.random.Generator) -> FloatArray:
    """So many seconds within a window of that width, which lies anywhere in the minute; ascending."""
    begin = rng.random() * (MINUTE_S - width)
    return np.sort(begin + rng.random(size) * width)


def _width(
    real: float, sizes: Sequence[int], slots: Sequence[int], service: Times, rng: np.random.Generator
) -> float:
    """The width whose queues have the sum of squares of the real ones; between two widths, by a straight line."""
    before = -np.inf
    wider = WIDTHS_S[0]
    for width in WIDTHS_S:
        made = _squares(width, sizes, slots, service, rng)
        if made >= real:
            if width == WIDTHS_S[0]:
                return width
            share = (real - before) / (made - before)
            return wider + (width - wider) * share
        before, wider = max(before, made), width
    return WIDTHS_S[-1]


def _squares(
    width: float, sizes: Sequence[int], slots: Sequence[int], service: Times, rng: np.random.Generator
) -> float:
    total = 0.0
    for size, servers in zip(sizes, slots, strict=True):
        for _ in range(OFTEN):
            arrivals = _within(size, width, rng).tolist()
            total += left(arrivals, service.draw(size, rng).tolist(), servers) ** 2
    return total / OFTEN


def left(arrivals: Sequence[float], holds: Sequence[float], slots: int, end: float = MINUTE_S) -> int:
    """How many of these are in the system at `end`: first come, first served by so many slots, from empty."""
    busy: list[float] = []
    unfinished = 0
    for arrival, hold in zip(arrivals, holds, strict=True):
        start = arrival if len(busy) < slots else max(arrival, heapq.heappop(busy))
        heapq.heappush(busy, start + hold)
        unfinished += start + hold >= end
    return unfinished

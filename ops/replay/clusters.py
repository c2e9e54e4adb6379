"""How closely requests of one minute come together: what the queue at the minute's end tells of it. Pure.

Requests that come in bursts make longer queues than the same number spread over a minute. In a minute that begins with
an empty queue and keeps its instances, the queue at its end depends on that alone: it is simulated for windows of
several widths, and the width is taken whose queues are as uneven as the real ones.
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


def clusters(
    counts: FloatArray,
    instances: FloatArray,
    backlog: FloatArray,
    concurrency: int,
    service: Times,
    seed: int = 0,
) -> Clusters:
    """Of consecutive minutes: requests that arrived, instances and backlog at the end. NaN: not known."""
    usable = np.zeros(len(counts), np.bool_)
    usable[1:] = (
        (backlog[:-1] == 0) & (instances[1:] > 0) & (instances[1:] == instances[:-1]) & ~np.isnan(backlog[1:])
    )
    usable &= ~np.isnan(counts)
    rng = generator(seed, TRAFFIC)
    found: list[tuple[int, float]] = []
    for least, below in zip(CLASSES, (*CLASSES[1:], np.inf), strict=True):
        at = np.flatnonzero(usable & (counts >= least) & (counts < below))
        if len(at) < ENOUGH:
            if found:
                found.append((least, found[-1][1]))
            continue
        if len(at) > MOST:
            at = np.sort(rng.choice(at, MOST, replace=False))
        slots = (instances[at] * concurrency).astype(np.int64).tolist()
        sizes = counts[at].astype(np.int64).tolist()
        real = float((backlog[at] ** 2).sum())
        found.append((least, _width(real, sizes, slots, service, rng)))
    return Clusters(tuple(found))


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
            begin = rng.random() * (MINUTE_S - width)
            arrivals = np.sort(begin + rng.random(size) * width).tolist()
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

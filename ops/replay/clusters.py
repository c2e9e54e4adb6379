"""Where in their minute requests came: what the queue at its end tells of it. Pure.

Requests that come in bursts make longer queues than the same number spread over a minute. In a minute that begins with
an empty queue and keeps its instances, the queue at its end depends on that alone. So it is simulated, first for all
such minutes with windows of several widths: that width is taken whose queues are as uneven as the real ones. Then
for each, with several placements: that one is taken whose queue comes closest to the real one.
"""

from __future__ import annotations

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
    counts: FloatArray
    """How many requests this is about: with more or fewer in a cell its queue says nothing."""
    slots: NDArray[np.int64]
    left: FloatArray

    def at(self, cells: NDArray[np.int64]) -> Placing:
        """The same for some of the cells, in their order; -1 is a cell of which nothing is known."""
        known = cells >= 0
        return Placing(
            self.clusters,
            np.where(known, self.counts[cells], np.nan),
            np.where(known, self.slots[cells], 0),
            np.where(known, self.left[cells], np.nan),
        )

    def offsets(self, counts: NDArray[np.int64], service: Times, rng: np.random.Generator) -> FloatArray:
        """Seconds into its minute of every request, ascending within each cell, cell after cell."""
        widths = self.clusters.of(counts)
        found = _within(counts, widths, rng)
        first = np.cumsum(counts) - counts
        open_ = np.flatnonzero((counts > 0) & (self.slots > 0) & (counts == self.counts))
        nearest = np.full(len(counts), np.inf)
        for _ in range(TRIES):
            sizes = counts[open_]
            at = _within(sizes, widths[open_], rng)
            queued = left(at, service.draw(len(at), rng), sizes, self.slots[open_])
            off = np.abs(queued - self.left[open_])
            better = off < nearest[open_]
            cells = open_[better]
            nearest[cells] = off[better]
            found[_places(first[cells], counts[cells])] = at[np.repeat(better, sizes)]
            open_ = open_[nearest[open_] > 0]
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
    return Placing(_clusters(counts, slots, backlog, service, seed), counts, slots, backlog)


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
        found.append((least, _width(real, counts[at].astype(np.int64), slots[at], service, rng)))
    return Clusters(tuple(found))


def _within(sizes: NDArray[np.int64], widths: FloatArray, rng: np.random.Generator) -> FloatArray:
    """For each minute so many seconds within a window of that width, which lies anywhere in it; ascending."""
    begins = rng.random(len(sizes)) * (MINUTE_S - widths)
    at = np.repeat(begins, sizes) + rng.random(int(sizes.sum())) * np.repeat(widths, sizes)
    apart = np.repeat(2 * MINUTE_S * np.arange(len(sizes)), sizes)
    found: FloatArray = at[np.argsort(at + apart, kind="stable")]
    return found


def _places(first: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """first, first + 1, ... so many of each, one after the other."""
    into = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.repeat(first, sizes) + into


def _width(
    real: float,
    sizes: NDArray[np.int64],
    slots: NDArray[np.int64],
    service: Times,
    rng: np.random.Generator,
) -> float:
    """The width whose queues have the sum of squares of the real ones; between two widths, by a straight line."""
    before = -np.inf
    wider = WIDTHS_S[0]
    sizes, slots = np.tile(sizes, OFTEN), np.tile(slots, OFTEN)
    for width in WIDTHS_S:
        at = _within(sizes, np.full(len(sizes), width), rng)
        made = float((left(at, service.draw(len(at), rng), sizes, slots) ** 2.0).sum()) / OFTEN
        if made >= real:
            if width == WIDTHS_S[0]:
                return width
            share = (real - before) / (made - before)
            return wider + (width - wider) * share
        before, wider = max(before, made), width
    return WIDTHS_S[-1]


def left(
    arrivals: FloatArray, holds: FloatArray, sizes: NDArray[np.int64], slots: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many requests each minute leaves at its end: first come, first served by so many slots, from empty.

    `arrivals`: seconds into the minute, ascending, so many `sizes` for each minute, one minute after the other.
    """
    out = np.zeros(len(sizes), np.int64)
    if not len(arrivals):
        return out
    order = np.argsort(
        -sizes, kind="stable"
    )  # the k-th requests of all minutes at once, those with most in front
    first = (np.cumsum(sizes) - sizes)[order]
    many, servers = sizes[order], slots[order]
    free = np.where(np.arange(int(servers.max())) < servers[:, None], 0.0, np.inf)
    unfinished = np.zeros(len(sizes), np.int64)
    for k in range(int(many[0])):
        rows = int(np.searchsorted(-many, -k, side="left"))
        at = first[:rows] + k
        slot = free[:rows].argmin(axis=1)
        ends = np.maximum(arrivals[at], free[np.arange(rows), slot]) + holds[at]
        free[np.arange(rows), slot] = ends
        unfinished[:rows] += ends >= MINUTE_S
    out[order] = unfinished
    return out

"""How long how many instances were in service: what every sum of savings is made of. Pure.

Source: facts A.3 (SampleCount of a host metric counts instances), A.5 (at zero instances host metrics are missing
while the queue's metrics go on). A minute without a host sample counts as asleep only where the queue's own metric
was published in it; otherwise nothing is known of it, and it is counted as unknown, never as zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ops.core.types import FloatArray

QUARTER_S = 900
"""All zones of the world lie a multiple of a quarter of an hour from UTC: so does every edge of a day or month."""
MINUTES = 15.0


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Mean instances in service in cells of `period` seconds from the epoch second `start` on; NaN: not known."""

    start: int
    period: int
    instances: FloatArray

    @property
    def end(self) -> int:
        return self.start + len(self.instances) * self.period


def counted(samples: FloatArray, alive: NDArray[np.bool_], period: int, publish_interval: int) -> FloatArray:
    """Mean instances in each cell, NaN where not known.

    `samples`: SampleCount of a host metric, NaN = no datapoint; `alive`: where another metric of the endpoint that
    is published at any count has a datapoint. Hosts that publish less often than once a cell are counted over as
    many cells as hold one of their intervals.
    """
    values = samples * (publish_interval / period)
    wide = -(-publish_interval // period)
    if wide > 1:
        whole = len(values) // wide * wide
        groups = values[:whole].reshape(-1, wide)
        there = ~np.isnan(groups).all(axis=1)
        means = np.where(there, np.nansum(groups, axis=1) / wide, np.nan)
        values = np.concatenate([np.repeat(means, wide), np.full(len(values) - whole, np.nan)])
    return np.where(np.isnan(values) & alive, 0.0, values)


@dataclass(frozen=True, slots=True, eq=False)
class InstanceTime:
    """Instance-minutes by the quarter of an hour, from the epoch second `first` (a multiple of 900) on."""

    first: int
    minutes: FloatArray
    """Shape (n,): instance-minutes of the known time in each quarter hour."""
    known: FloatArray
    """Shape (n,): how many of its 15 minutes are known."""
    levels: tuple[tuple[float, float], ...]
    """(instances, minutes with so many in service), by instances: over all known minutes."""
    coarse: float = 0.0
    """Known minutes that are only known as means of five minutes or an hour: a short peak in them shows too low."""

    @property
    def end(self) -> int:
        return self.first + len(self.minutes) * QUARTER_S

    @property
    def known_minutes(self) -> float:
        return float(self.known.sum())

    @property
    def instance_hours(self) -> float:
        return float(self.minutes.sum()) / 60

    @property
    def coverage(self) -> float:
        """The share of the time that is known, 0 to 1; 0 for no time at all."""
        return self.known_minutes / (len(self.known) * MINUTES) if len(self.known) else 0.0

    @property
    def asleep(self) -> float | None:
        """The share of the known minutes without an instance; None where nothing is known."""
        known = self.known_minutes
        return sum(m for n, m in self.levels if n == 0) / known if known else None

    def quantile(self, share: float) -> float | None:
        """The least number of instances that was not passed in that share of the known minutes; None without any."""
        known = sum(m for _, m in self.levels)
        reached = 0.0
        for instances, minutes in self.levels:
            reached += minutes
            if reached >= share * known - 1e-9:
                return instances
        return None

    def between(self, edges: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """(instance-minutes, known minutes), each of shape (len(edges) - 1,), between ascending epoch seconds.

        Edges lie on quarter hours, as those of days and months in every zone do.
        """
        at = np.clip((np.asarray(edges, np.int64) - self.first) // QUARTER_S, 0, len(self.minutes))
        return np.diff(_running(self.minutes)[at]), np.diff(_running(self.known)[at])


def instance_time(pieces: Iterable[Piece], first: int, last: int) -> InstanceTime:
    """What the pieces say of [first, last), epoch seconds on quarter hours; of each quarter hour the finest counts."""
    n = max(0, (last - first) // QUARTER_S)
    minutes, known = np.zeros(n), np.zeros(n)
    taken = np.zeros(n, np.bool_)
    levels: dict[float, float] = {}
    coarse = 0.0
    for piece in sorted(pieces, key=lambda each: each.period):
        begin, cells = _quarters(piece, first, last)
        if not len(cells):
            continue
        at = slice((begin - first) // QUARTER_S, (begin - first) // QUARTER_S + len(cells))
        there = ~np.isnan(cells)
        fresh = there.any(axis=1) & ~taken[at]
        width = MINUTES / cells.shape[1]
        minutes[at] += np.where(fresh, np.nansum(np.where(there, cells, 0.0), axis=1) * width, 0.0)
        known[at] += np.where(fresh, there.sum(axis=1) * width, 0.0)
        taken[at] |= fresh
        used = cells[fresh]
        _tally(levels, used[~np.isnan(used)], width)
        if piece.period > 60:
            coarse += float((~np.isnan(used)).sum()) * width
    return InstanceTime(first, minutes, known, tuple(sorted(levels.items())), coarse)


def _quarters(piece: Piece, first: int, last: int) -> tuple[int, FloatArray]:
    """(epoch second, values of shape (quarters, cells in a quarter)) of the part of a piece within [first, last)."""
    values, period = piece.instances, piece.period
    if period > QUARTER_S:
        values, period = np.repeat(values, period // QUARTER_S), QUARTER_S
    begin = max(first, -(-piece.start // QUARTER_S) * QUARTER_S)
    end = min(last, piece.end // QUARTER_S * QUARTER_S)
    if end <= begin:
        return begin, np.empty((0, 1))
    cells = values[(begin - piece.start) // period : (end - piece.start) // period]
    return begin, cells.reshape(-1, QUARTER_S // period)


def _tally(levels: dict[float, float], values: FloatArray, width: float) -> None:
    """Add minutes by count; a mean between two whole numbers is some of each, so that the sum stays."""
    below = np.floor(values + 1e-9)
    part = np.clip(values - below, 0.0, 1.0)
    for number, weights in ((below, 1 - part), (below + 1, part)):
        found, where = np.unique(number, return_inverse=True)
        sums = np.bincount(where, weights=weights * width, minlength=len(found))
        for instances, minutes in zip(found.tolist(), sums.tolist(), strict=True):
            if minutes > 1e-9:
                levels[instances] = levels.get(instances, 0.0) + minutes


def _running(values: FloatArray) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(values)])

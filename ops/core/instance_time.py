"""How long how many instances were in service: what every sum of savings is made of. Pure.

Source: facts A.3 (SampleCount of a host metric counts instances), A.5 (at zero instances host metrics are missing
while the queue's metrics go on). A minute without a host sample counts as asleep only where the queue's own metric
was published in it; otherwise nothing is known of it, and it is counted as unknown, never as zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

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


def wide_of(period: int, publish_interval: int) -> int:
    """How many cells of `period` seconds hold one interval of hosts that publish every `publish_interval` seconds."""
    return -(-publish_interval // period)


def counted(samples: FloatArray, alive: NDArray[np.bool_], period: int, publish_interval: int) -> FloatArray:
    """Mean instances in each cell, NaN where not known.

    `samples`: SampleCount of a host metric, NaN = no datapoint; `alive`: where another metric of the endpoint that
    is published at any count has a datapoint. Hosts that publish less often than once a cell are counted over as
    many cells as hold one of their intervals, from the first cell on; of an interval without a sample nothing is
    known unless it is alive throughout, and what is left at the end of one that is cut off is not known.
    """
    values = samples * (publish_interval / period)
    wide = wide_of(period, publish_interval)
    if wide == 1:
        return np.where(np.isnan(values) & alive, 0.0, values)
    whole = len(values) // wide * wide
    groups = values[:whole].reshape(-1, wide)
    there = ~np.isnan(groups)
    means = np.where(there, groups, 0.0).sum(axis=1) / wide
    told = there.any(axis=1) | alive[:whole].reshape(-1, wide).all(axis=1)
    return np.concatenate(
        [np.repeat(np.where(told, means, np.nan), wide), np.full(len(values) - whole, np.nan)]
    )


@dataclass(frozen=True, slots=True, eq=False)
class InstanceTime:
    """Instance-minutes by the quarter of an hour, from the epoch second `first` (a multiple of 900) on."""

    first: int
    minutes: NDArray[Any]
    """Shape (n,): instance-minutes of the known time in each quarter hour; any form of number, see `compact`."""
    known: NDArray[Any]
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
        return float(self.known.sum(dtype=np.float64))

    @property
    def instance_hours(self) -> float:
        return float(self.minutes.sum(dtype=np.float64)) / 60

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

    def only(self, wanted: NDArray[np.bool_]) -> InstanceTime:
        """The same, with nothing known but in the quarter hours wanted; its levels are those of their means."""
        known = np.where(wanted, self.known, 0.0)
        minutes = np.where(known > 0, self.minutes, 0.0)
        there = known > 0
        levels: dict[float, float] = {}
        _tally(levels, minutes[there] / known[there], known[there])
        return InstanceTime(self.first, minutes, known, tuple(sorted(levels.items())))


def of_quarters(
    first: int, samples: FloatArray, known: FloatArray, levels: tuple[FloatArray, FloatArray], each: float
) -> InstanceTime:
    """The same from sums of minutes that were made before.

    `samples`: the sum of SampleCount in each quarter hour, `known`: its known minutes, both from the epoch second
    `first` on; `levels`: (samples in a minute, such minutes); `each`: how many instances one sample a minute is.
    """
    tally: dict[float, float] = {}
    _tally(tally, levels[0] * each, levels[1])
    return InstanceTime(first, samples * each, known, tuple(sorted(tally.items())))


def compact(time: InstanceTime) -> InstanceTime:
    """The same in a fraction of the room: whole numbers in one or two bytes, others in four."""
    return replace(time, minutes=_small(time.minutes), known=_small(time.known))


def _small(values: NDArray[Any]) -> NDArray[Any]:
    for kind in (np.uint8, np.uint16):
        if not len(values) or 0 <= values.min() <= values.max() <= np.iinfo(kind).max:
            small = values.astype(kind)
            if (small == values).all():
                return small
    return values.astype(np.float32)


def instance_time(
    pieces: Iterable[Piece], first: int, last: int, summed: Iterable[InstanceTime] = ()
) -> InstanceTime:
    """What the pieces say of [first, last), epoch seconds on quarter hours; of each quarter hour the finest counts.

    Pieces may begin and end within a quarter hour, and come in any order. `summed`: parts of this time that were
    counted before, which are taken first.
    """
    n = max(0, (last - first) // QUARTER_S)
    minutes, known = np.zeros(n), np.zeros(n)
    taken = np.zeros(n, np.bool_)
    levels: dict[float, float] = {}
    coarse = 0.0
    for part in summed:
        at = slice((part.first - first) // QUARTER_S, (part.end - first) // QUARTER_S)
        minutes[at] += part.minutes
        known[at] += part.known
        taken[at] |= part.known > 0
        coarse += part.coarse
        for instances, m in part.levels:
            levels[instances] = levels.get(instances, 0.0) + m
    for period, at, cells in _joined(pieces, first, last):
        there = ~np.isnan(cells)
        fresh = there.any(axis=1) & ~taken[at]
        width = MINUTES / cells.shape[1]
        minutes[at] += np.where(fresh, np.where(there, cells, 0.0).sum(axis=1) * width, 0.0)
        known[at] += np.where(fresh, there.sum(axis=1) * width, 0.0)
        taken[at] |= fresh
        used = cells[fresh]
        used = used[~np.isnan(used)]
        _tally(levels, used, np.full(len(used), width))
        if period > 60:
            coarse += len(used) * width
    return InstanceTime(first, minutes, known, tuple(sorted(levels.items())), coarse)


def _joined(pieces: Iterable[Piece], first: int, last: int) -> Iterator[tuple[int, slice, FloatArray]]:
    """(period, which quarter hours, their cells [quarters, cells in one]), the finest first.

    Pieces of one period that share a quarter hour are put together, so that each of its minutes counts.
    """
    run: list[tuple[int, FloatArray]] = []
    before, reaches = 0, 0
    for piece in sorted(pieces, key=lambda each: (each.period, each.start)):
        values, period, start = piece.instances, piece.period, piece.start
        if period > QUARTER_S:
            values, period = np.repeat(values, period // QUARTER_S), QUARTER_S
        begin, end = max(first, start), min(last, piece.end)
        if end <= begin:
            continue
        values = values[(begin - start) // period : (end - start) // period]
        if run and (piece.period != before or begin // QUARTER_S * QUARTER_S >= reaches):
            yield (before, *_cells(run, min(before, QUARTER_S), first))
            run, reaches = [], 0
        run.append((begin, values))
        before, reaches = piece.period, max(reaches, end)
    if run:
        yield (before, *_cells(run, min(before, QUARTER_S), first))


def _cells(run: Sequence[tuple[int, FloatArray]], period: int, first: int) -> tuple[slice, FloatArray]:
    low = run[0][0] // QUARTER_S * QUARTER_S
    high = -(-max(begin + len(values) * period for begin, values in run) // QUARTER_S) * QUARTER_S
    cells = np.full((high - low) // period, np.nan)
    for begin, values in run:
        at = slice((begin - low) // period, (begin - low) // period + len(values))
        cells[at] = np.where(np.isnan(cells[at]), values, cells[at])
    quarters = slice((low - first) // QUARTER_S, (high - first) // QUARTER_S)
    return quarters, cells.reshape(-1, QUARTER_S // period)


def _tally(levels: dict[float, float], values: FloatArray, minutes: FloatArray) -> None:
    """Add minutes by count; a mean between two whole numbers is some of each, so that the sum stays."""
    below = np.floor(values + 1e-9)
    part = np.clip(values - below, 0.0, 1.0)
    for number, weights in ((below, 1 - part), (below + 1, part)):
        found, where = np.unique(number, return_inverse=True)
        sums = np.bincount(where, weights=weights * minutes, minlength=len(found))
        for instances, spent in zip(found.tolist(), sums.tolist(), strict=True):
            if spent > 1e-9:
                levels[instances] = levels.get(instances, 0.0) + spent


def _running(values: NDArray[Any]) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])

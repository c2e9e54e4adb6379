"""Steps longer than a minute, cut into minutes: as uneven as steps with about as many requests whose minutes are known.

Evenly spread, requests of five minutes or an hour would lose their bursts, and waits would look too short. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ops.core.types import FloatArray

MINUTE_S = 60
ALIKE = 20
"""Of so many known steps with the most similar number of requests one is taken at random."""
FEW = 20
"""With fewer known steps with requests, requests are spread evenly."""


@dataclass(frozen=True, slots=True, eq=False)
class Minutes:
    """Cells of a minute, ascending. `cell`: from which cell each comes, -1 where that was cut. Shape (n,)."""

    start_s: FloatArray
    count: NDArray[np.int64]
    cell: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """Known steps of one length, by their number of requests, ascending. `counts`: by the minute, (steps, minutes)."""

    totals: NDArray[np.int64]
    counts: NDArray[np.int64]

    def like(self, totals: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """So many requests for each step on its minutes: as in a known step with as many, or by the shares of one."""
        size = len(self.totals)
        width = min(ALIKE, size)
        low = np.clip(np.searchsorted(self.totals, totals) - width // 2, 0, size - width)
        found = self.counts[low + rng.integers(0, width, len(totals))]
        sums = found.sum(axis=1)
        other = sums != totals
        drawn = rng.multinomial(totals[other], found[other] / sums[other, None])
        found[other] = drawn
        return found


def patterns(start_s: FloatArray, length_s: FloatArray, count: FloatArray, step_s: int) -> Patterns | None:
    """Of the minutes that are known, whole steps of `step_s` with requests; None where there are too few."""
    fine = (length_s == MINUTE_S) & ~np.isnan(count)
    size = step_s // MINUTE_S
    minute = (start_s[fine] // MINUTE_S).astype(np.int64)
    if not len(minute):
        return None
    first, last = int(minute[0]) // size, int(minute[-1]) // size
    table = np.full((last - first + 1) * size, np.nan)
    table[minute - first * size] = count[fine]
    rows = table.reshape(-1, size)
    rows = rows[~np.isnan(rows).any(axis=1)]
    rows = np.floor(rows[rows.sum(axis=1) >= 1] + 0.5).astype(np.int64)
    if len(rows) < FEW:
        return None
    totals = rows.sum(axis=1)
    order = np.argsort(totals, kind="stable")
    return Patterns(totals[order], rows[order])


def refined(
    start_s: FloatArray, length_s: FloatArray, count: FloatArray, rng: np.random.Generator
) -> Minutes:
    """All cells as minutes, those that are not known without requests. No request is lost or leaves its cell."""
    whole = np.floor(np.nan_to_num(count) + 0.5).astype(np.int64)
    fine = np.flatnonzero(length_s == MINUTE_S)
    starts, counts, cells = [start_s[fine]], [whole[fine]], [fine]
    for step in np.unique(length_s[length_s > MINUTE_S]).astype(np.int64).tolist():
        at = np.flatnonzero(length_s == step)
        size = step // MINUTE_S
        known = patterns(start_s, length_s, count, step)
        if known is None:
            drawn = rng.multinomial(whole[at], np.full(size, 1 / size))
        else:
            drawn = np.zeros((len(at), size), np.int64)
            some = whole[at] > 0
            drawn[some] = known.like(whole[at][some], rng)
        starts.append((start_s[at][:, None] + MINUTE_S * np.arange(size)).ravel())
        counts.append(drawn.ravel())
        cells.append(np.full(len(at) * size, -1, np.int64))
    order = np.argsort(np.concatenate(starts), kind="stable")
    return Minutes(np.concatenate(starts)[order], np.concatenate(counts)[order], np.concatenate(cells)[order])

"""Statistics over periods: plain ones and percentiles, of raw values and of summaries."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
PLAIN = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")


def percentile_of(statistic: str) -> float | None:
    """The percentile that a statistic like "p99.9" names, in percent; None for any other."""
    if statistic[:1] != "p":
        return None
    try:
        rank = float(statistic[1:])
    except ValueError:
        return None
    return rank if 0 <= rank <= 100 else None


def grouped(out: Floats, bucket: npt.NDArray[Any], values: npt.NDArray[Any], statistic: str) -> Floats:
    """`out` with the statistic of each bucket that has values. `bucket` ascends."""
    starts = np.flatnonzero(np.diff(bucket, prepend=-1))
    counts = np.diff(starts, append=len(bucket))
    rank = percentile_of(statistic)
    if statistic == "SampleCount":
        result = counts.astype(np.float64)
    elif statistic == "Minimum":
        result = np.minimum.reduceat(values, starts).astype(np.float64)
    elif statistic == "Maximum":
        result = np.maximum.reduceat(values, starts).astype(np.float64)
    elif rank is not None:
        ordered = _ordered(bucket, values)
        at = rank / 100 * (counts - 1)
        below = np.floor(at).astype(np.int64)
        above = np.minimum(below + 1, counts - 1)
        low, high = ordered[starts + below], ordered[starts + above]
        result = low + (high - low) * (at - below)
    else:
        result = np.add.reduceat(values, starts, dtype=np.float64)
        if statistic == "Average":
            result = result / counts
    out[bucket[starts]] = result
    return out


def _ordered(bucket: npt.NDArray[Any], values: npt.NDArray[Any]) -> Floats:
    """The values, ascending within each bucket."""
    if values.dtype != np.float32 or np.signbit(values).any():
        return values[np.lexsort((values, bucket))].astype(np.float64)
    # The bits of floats that are not negative sort like the floats: one sort of whole numbers does it.
    key = bucket.astype(np.uint64) << 32 | values.view(np.uint32)
    key.sort()
    return key.astype(np.uint32).view(np.float32).astype(np.float64)


def reduced(cells: Floats, statistic: str) -> Floats:
    if statistic == "Minimum":
        return np.asarray(np.fmin.reduce(cells, axis=1))
    if statistic == "Maximum":
        return np.asarray(np.fmax.reduce(cells, axis=1))
    known = ~np.isnan(cells)
    counts = known.sum(axis=1)
    rank = percentile_of(statistic)
    if rank is not None:
        rows, _ = np.nonzero(known)
        out = np.full(len(cells), np.nan)
        return grouped(out, rows, cells[known], statistic) if len(rows) else out
    if statistic == "SampleCount":
        return np.where(counts > 0, counts, np.nan)
    total = np.where(known, cells, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(counts > 0, total if statistic == "Sum" else total / counts, np.nan)


def of_parts(count: Floats, total: Floats, low: Floats, high: Floats, statistic: str) -> Floats:
    """A statistic of periods of which only count, sum, min and max are kept, shape (n,) each; NaN without samples."""
    rank = percentile_of(statistic)
    if rank is not None:
        return spread(count[:, None], total[:, None], low[:, None], high[:, None], rank)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {
            "SampleCount": count,
            "Sum": total,
            "Minimum": low,
            "Maximum": high,
            "Average": np.clip(total / count, low, high),
        }[statistic]
    return np.where(count > 0, found, np.nan)


def spread(count: Floats, total: Floats, low: Floats, high: Floats, rank: float) -> Floats:
    """Percentiles of samples of which only count, sum, min and max are kept: exact for up to three a minute.

    Of four or more, those between the smallest and the largest are taken to be equal.
    """
    n = len(count)
    rows, cols = np.nonzero(count > 0)
    counts = count[rows, cols].astype(np.int64)
    if not len(rows):
        return np.full(n, np.nan)
    lows, highs, totals = low[rows, cols], high[rows, cols], total[rows, cols]
    middle = np.where(counts > 2, (totals - lows - highs) / np.maximum(counts - 2, 1), lows)
    bucket = np.repeat(rows, counts)
    first = np.cumsum(counts) - counts
    values = np.repeat(np.clip(middle, lows, highs), counts)
    values[first] = lows
    last = first + counts - 1
    values[last[counts > 1]] = highs[counts > 1]
    return grouped(np.full(n, np.nan), bucket, values, f"p{rank}")

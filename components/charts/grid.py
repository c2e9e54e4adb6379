"""From a Series to what a chart draws: thinned out, gaps kept, times as wall-clock milliseconds. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LIMIT = 2000
"""Most points of a trace."""


def wall_ms(epochs: Floats, zone: tzinfo = UTC) -> Floats:
    """Epoch seconds → the wall clock of `zone` as milliseconds (as if it were UTC).

    A browser draws such a number without knowing the zone. Offsets are looked up once a day, and
    every quarter of an hour on a day on which they change.
    """
    epochs = np.asarray(epochs, dtype=np.float64)
    if epochs.size == 0:
        return epochs
    offsets = np.empty_like(epochs)
    days = np.floor(epochs / 86400.0)
    for day in np.unique(days):
        here = days == day
        first, last = _offset(day * 86400, zone), _offset((day + 1) * 86400, zone)
        if first == last:
            offsets[here] = first
        else:
            quarters = np.floor(epochs[here] / 900.0)
            known = {q: _offset(q * 900, zone) for q in np.unique(quarters)}
            offsets[here] = [known[q] for q in quarters]
    shifted: Floats = (epochs + offsets) * 1000.0
    return shifted


def wall(moment: datetime, zone: tzinfo = UTC) -> float:
    """One moment as wall-clock milliseconds of `zone`."""
    return float(wall_ms(np.array([moment.timestamp()]), zone)[0])


def _offset(epoch: float, zone: tzinfo) -> float:
    offset = datetime.fromtimestamp(epoch, zone).utcoffset()
    return offset.total_seconds() if offset is not None else 0.0


def thin(epochs: Floats, values: Floats, limit: int = LIMIT) -> tuple[Floats, Floats]:
    """At most `limit` points: of each bucket the least, the greatest and the first missing, in time order."""
    size = len(values)
    if size <= limit:
        return epochs, values
    buckets = max(1, limit // 3)
    edges = np.linspace(0, size, buckets + 1).astype(int)
    starts = edges[:-1]
    missing = np.isnan(values)
    owner = np.repeat(np.arange(buckets), np.diff(edges))
    position = np.arange(size)

    def first_where(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        found = np.minimum.reduceat(np.where(mask, position, size), starts)
        return found[found < size]

    low = np.minimum.reduceat(np.where(missing, np.inf, values), starts)
    high = np.maximum.reduceat(np.where(missing, -np.inf, values), starts)
    keep = np.unique(
        np.concatenate(
            [first_where(values == low[owner]), first_where(values == high[owner]), first_where(missing)]
        )
    )
    return epochs[keep], values[keep]


def summed(epochs: Floats, values: Floats, limit: int = LIMIT) -> tuple[Floats, Floats]:
    """Counts added up into at most `limit` equal buckets; a bucket without any datapoint stays NaN."""
    size = len(values)
    if size <= limit:
        return epochs, values
    per = -(-size // limit)
    starts = np.arange(0, size, per)
    missing = np.isnan(values)
    total = np.add.reduceat(np.where(missing, 0.0, values), starts)
    known = np.add.reduceat((~missing).astype(np.int64), starts)
    return epochs[starts], np.where(known > 0, total, np.nan)


def lonely(values: Floats) -> NDArray[np.bool_]:
    """Datapoints with a gap on both sides: a line does not show them, a marker must."""
    missing = np.isnan(values)
    before = np.concatenate([[True], missing[:-1]])
    after = np.concatenate([missing[1:], [True]])
    alone: NDArray[np.bool_] = ~missing & before & after
    return alone


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open index spans in which `mask` holds."""
    edges = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))

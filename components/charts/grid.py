"""From a Series to what a chart draws: thinned out, gaps kept, times as wall-clock milliseconds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LIMIT = 1440
"""Most points of a line: a day of minutes is drawn whole."""
BUCKETS = 362
"""Most steps into which bars and the words on hover are gathered: 360, and two that the window cuts off."""
STEPS = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
"""Steps that a reader can name, in seconds."""


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


def step_of(span: float, period: float, most: int) -> float:
    """The finest step (seconds, a whole number of periods) that cuts `span` seconds into at most `most` parts."""
    for step in STEPS:
        if step >= period and step % period == 0 and span / step <= most:
            return float(step)
    return float(-(-span // (most * period)) * period)


def _owners(epochs: Floats, most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The bucket of each point, and where each bucket begins. Buckets lie on the clock, not on the window:
    the picture of a minute does not change while a live range moves on."""
    period = epochs[1] - epochs[0] if len(epochs) > 1 else 60.0
    step = step_of(period * len(epochs), period, most)
    owner = np.floor(epochs / step).astype(np.int64)
    if most == 1:
        owner[:] = 0
    starts = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]]))
    return np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(epochs)))), starts


def thin(epochs: Floats, values: Floats, limit: int = LIMIT) -> tuple[Floats, Floats]:
    """At most `limit` points, in time order: of each bucket the least and the greatest value and both ends
    of what is missing, so that no line crosses a gap which is wider than a bucket."""
    size = len(values)
    if size <= limit:
        return epochs, values
    owner, starts = _owners(epochs, max(1, limit // 4 - 1))
    missing = np.isnan(values)
    position = np.arange(size)

    def first(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        found = np.minimum.reduceat(np.where(mask, position, size), starts)
        return found[found < size]

    low = np.minimum.reduceat(np.where(missing, np.inf, values), starts)
    high = np.maximum.reduceat(np.where(missing, -np.inf, values), starts)
    last = np.maximum.reduceat(np.where(missing, position, -1), starts)
    chosen = [first(values == low[owner]), first(values == high[owner]), first(missing), last[last >= 0]]
    keep = np.unique(np.concatenate(chosen))
    return epochs[keep], values[keep]


def plain(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The same line with fewer points: nothing inside a flat stretch or a gap is needed to draw it."""
    if len(y) < 3:
        return x, y
    same = (y[1:] == y[:-1]) | (np.isnan(y[1:]) & np.isnan(y[:-1]))
    keep = np.ones(len(y), dtype=bool)
    keep[1:-1] = ~(same[:-1] & same[1:])
    return x[keep], y[keep]


def stairs(epochs: Floats, values: Floats, period: float) -> tuple[Floats, Floats]:
    """Corners of a staircase: each datapoint holds for its whole period, also the last one before a gap."""
    x: list[float] = []
    y: list[float] = []
    for start, stop in runs(~np.isnan(values)):
        part = values[start:stop]
        corners = np.flatnonzero(np.concatenate([[True], part[1:] != part[:-1]]))
        end = min(float(epochs[stop - 1]) + period, float(epochs[stop]) if stop < len(epochs) else np.inf)
        x += [*epochs[start + corners].tolist(), end, end]
        y += [*part[corners].tolist(), float(part[-1]), np.nan]
    return np.array(x[:-1]), np.array(y[:-1])


def summed(epochs: Floats, values: Floats, limit: int = LIMIT) -> tuple[Floats, Floats]:
    """Counts added up into at most `limit` buckets of one step; a bucket without any datapoint stays NaN.

    The first and the last bucket may be cut off by the window.
    """
    if len(values) <= limit:
        return epochs, values
    _, starts = _owners(epochs, max(1, limit - 2))
    missing = np.isnan(values)
    total = np.add.reduceat(np.where(missing, 0.0, values), starts)
    known = np.add.reduceat((~missing).astype(np.int64), starts)
    return epochs[starts], np.where(known > 0, total, np.nan)


@dataclass(frozen=True, slots=True)
class Spread:
    """The least and the greatest datapoint of each bucket (NaN: none), and when each bucket begins."""

    at: Floats
    step: float
    """Seconds."""
    low: Floats
    high: Floats


def spread(epochs: Floats, values: Floats, period: float, most: int = BUCKETS) -> Spread:
    """`values` in buckets of the one step that everything on a chart of this window uses."""
    step = step_of(period * len(epochs), period, most - 2)
    _, starts = _owners(epochs, most - 2)
    missing = np.isnan(values)
    low = np.minimum.reduceat(np.where(missing, np.inf, values), starts)
    high = np.maximum.reduceat(np.where(missing, -np.inf, values), starts)
    none = np.isinf(low)
    return Spread(epochs[starts], step, np.where(none, np.nan, low), np.where(none, np.nan, high))


def lonely(values: Floats, most: int = 1) -> NDArray[np.bool_]:
    """Datapoints in runs of at most `most` between gaps: a line hardly shows them, a marker must."""
    alone = np.zeros(len(values), dtype=bool)
    for start, stop in runs(~np.isnan(values)):
        alone[start:stop] = stop - start <= most
    return alone


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open index spans in which `mask` holds."""
    edges = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))

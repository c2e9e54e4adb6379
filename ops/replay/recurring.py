"""Several windows a day from when requests come again and again: clusters of the day, by class of weekday. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time

import numpy as np
from numpy.typing import NDArray

from ops.core.errors import BadInput
from ops.core.warm import MOST_WINDOWS, WarmPlan, WarmWindow
from ops.core.warm_week import stretches
from ops.replay.promise import minutes_of_week
from ops.replay.scenario import Requests

BIN = 5
"""Minutes. Windows begin and end on these."""
DAY = 1440
GAPS = (30, 90, 180)
"""Clusters that are no further apart than so many minutes are one window."""
CALM = 0.02
"""Of a class's requests so many at most may lie outside its windows."""
WIDEST = 16 * 60
"""Windows that hold more minutes of a day than this are no windows."""
FEWEST = 3
"""Of a cluster with fewer requests nobody knows whether it comes again."""
_EVERY = tuple(range(7))
_CLASSES: tuple[tuple[tuple[int, ...], ...], ...] = ((_EVERY,), ((0, 1, 2, 3, 4), (5, 6)))
"""Every day alike, or weekdays and weekends apart."""


def recurring(requests: Requests, zone: str, early: int) -> tuple[tuple[WarmPlan, ...], ...]:
    """A handful of ways to be warm when requests usually come: by gap and by class of weekday, the tightest first.

    `zone`: IANA name, of the windows. `early`: minutes that each opens before its first requests.
    """
    if not len(requests):
        return ()
    minute = minutes_of_week(requests.arrival_s, zone)
    found: list[tuple[WarmPlan, ...]] = []
    for gap in GAPS:
        for split in _CLASSES:
            plans = _plans(minute, split, gap, zone, early)
            if plans and plans not in found:
                found.append(plans)
    return tuple(found)


def _plans(
    minute: NDArray[np.int64], split: Sequence[Sequence[int]], gap: int, zone: str, early: int
) -> tuple[WarmPlan, ...]:
    """One plan for each class; none where a class has no clusters, or too many."""
    plans: list[WarmPlan] = []
    for days in split:
        mine = minute[np.isin(minute // DAY, days)] % DAY
        if len(mine) < CALM * len(minute):
            continue
        hours = clusters(mine, gap)
        if not 1 <= len(hours) <= MOST_WINDOWS or sum(last - first for first, last in hours) > WIDEST:
            return ()
        windows = tuple(WarmWindow(frozenset(days), _clock(first), _clock(last)) for first, last in hours)
        plan = WarmPlan(len(plans) + 1, windows, zone, 1, early=early)
        try:
            stretches(plan)
        except BadInput:  # they leave no time out
            return ()
        plans.append(plan)
    return tuple(plans)


def clusters(minute: NDArray[np.int64], gap: int) -> list[tuple[int, int]]:
    """[first, last) minutes of the day that hold all but CALM of the requests, which come at `minute` of it."""
    counts = np.bincount(minute // BIN, minlength=DAY // BIN)
    left = int(CALM * len(minute))
    used = np.flatnonzero(counts)
    for at in used[np.argsort(counts[used], kind="stable")]:
        if counts[at] > left or _has_neighbour(counts, int(at)):
            continue
        left -= int(counts[at])
        counts[at] = 0
    found: list[list[int]] = []
    for at in np.flatnonzero(counts).tolist():
        if found and (at - found[-1][1]) * BIN <= gap:
            found[-1][1] = at + 1
        else:
            found.append([at, at + 1])
    return [(a * BIN, b * BIN) for a, b in found if counts[a:b].sum() >= FEWEST]


def _has_neighbour(counts: NDArray[np.int64], at: int) -> bool:
    """Whether requests come just before or after, too: the edge of a cluster is part of it."""
    return bool(counts[max(0, at - 1) : at].any() or counts[at + 1 : at + 2].any())


def _clock(minute: int) -> time:
    return time(minute % DAY // 60, minute % 60)

"""How instance-time of a variant with instance pools is shared out to its types, by what was seen of the mix. Pure.

Source: DescribeEndpoint tells how many instances of each type there are (`InstancePools` of the variant), host metrics
count them all together. What the mix was while nobody looked is not known: that time is of no type, and a sum over it
has a lower and an upper end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from ops.core.instance_time import MINUTES, QUARTER_S, InstanceTime
from ops.core.types import FloatArray

LOOKS_S = 1200
"""Two looks at most so far apart leave no time unseen: the earlier mix holds until the later one. Nothing starts, works
and stops in between."""
MOST_SEEN = 5_000
"""Mixes that are remembered of one endpoint, the newest."""
_WHOLE = 0.999


@dataclass(frozen=True, slots=True)
class MixSeen:
    """What descriptions said of [at, until]: (type, instances), those of the pools that have none, too."""

    at: datetime
    until: datetime
    counts: tuple[tuple[str, int], ...]


def seen_more(seen: tuple[MixSeen, ...], present: MixSeen) -> tuple[MixSeen, ...]:
    """With one more look. What it says of a time before the last look is not news: that was seen as it was then."""
    last = seen[-1] if seen else None
    if last is None:
        return (present,)
    if present.until <= last.until:
        return seen
    begin = max(present.at, last.until)
    if last.counts == present.counts and (begin - last.until).total_seconds() <= LOOKS_S:
        return (*seen[:-1], replace(last, until=present.until))
    return (*seen, replace(present, at=begin))[-MOST_SEEN:]


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Instance-minutes by the quarter of an hour from the epoch second `first` on, each array of shape (n,).

    The types' and `unseen`, which is of one of the pool's types and nobody knows of which, add up to all.
    """

    first: int
    kinds: tuple[str, ...]
    minutes: tuple[FloatArray, ...]
    """One array for each of `kinds`."""
    unseen: FloatArray

    def between(self, edges: Sequence[int]) -> tuple[dict[str, FloatArray], FloatArray]:
        """(by type, unseen) between ascending epoch seconds on quarter hours, each of shape (len(edges) - 1,)."""
        at = np.clip((np.asarray(edges, np.int64) - self.first) // QUARTER_S, 0, len(self.unseen))
        sums = [np.diff(_running(each)[at]) for each in (*self.minutes, self.unseen)]
        return dict(zip(self.kinds, sums, strict=False)), sums[-1]


def split(time: InstanceTime, pool: Sequence[str], seen: Sequence[MixSeen]) -> Split:
    """Share out instance-time to the types of a pool, quarter hour by quarter hour.

    Of a quarter that was looked at throughout all goes to the types in the proportion in which they were there; one
    in which nothing was seen running (it came or left within half a minute of its edge) follows its neighbour. Of
    one that was looked at in part no more than was seen does.
    """
    minutes = time.minutes.astype(np.float64)
    n = len(minutes)
    running, looked = watched(pool, seen, time.first, n)
    kinds = tuple(running)
    stacked = np.array([running[kind] for kind in kinds]).reshape(len(kinds), n)
    total = stacked.sum(axis=0)
    whole = looked >= MINUTES * _WHOLE
    shares = np.divide(stacked, total, out=np.zeros_like(stacked), where=total > 0)
    for step in (1, -1):  # the quarter before, then the one after
        near = np.roll(shares, step, axis=1)
        near[:, 0 if step == 1 else -1] = 0.0
        empty = whole & (shares.sum(axis=0) == 0)
        shares = np.where(empty, near, shares)
    told = np.where(whole, np.where(shares.sum(axis=0) > 0, minutes, 0.0), np.minimum(minutes, total))
    parts = tuple(shares[i] * told for i in range(len(kinds)))
    unseen = np.maximum(minutes - told, 0.0)
    return Split(time.first, kinds, parts, unseen)


def watched(
    pool: Sequence[str], seen: Sequence[MixSeen], first: int, n: int
) -> tuple[dict[str, FloatArray], FloatArray]:
    """(instance-minutes seen of each type, minutes looked at) in each of `n` quarter hours from `first` on."""
    kinds = tuple(dict.fromkeys([*pool, *(kind for each in seen for kind, _ in each.counts)]))
    edges = first + QUARTER_S * np.arange(n + 1, dtype=np.float64)
    begins = np.array([each.at.timestamp() for each in seen])
    ends = np.array([each.until.timestamp() for each in seen])
    if len(seen) > 1:
        close = begins[1:] - ends[:-1] <= LOOKS_S
        ends[:-1] = np.where(close, begins[1:], ends[:-1])
    running = {kind: np.zeros(n) for kind in kinds}
    looked = np.zeros(n)
    if not len(seen):
        return running, looked
    corners = np.column_stack([begins, ends]).ravel()

    def within(values: FloatArray) -> FloatArray:
        """The integral of values that hold from each begin to its end, in minutes by quarter."""
        steps = np.column_stack([values * (ends - begins), np.zeros(len(values))]).ravel()
        passed = np.concatenate([[0.0], np.cumsum(steps)])[: len(corners)]
        found: FloatArray = np.diff(np.interp(edges, corners, passed)) / 60
        return found

    for kind in kinds:
        running[kind] = within(np.array([float(dict(each.counts).get(kind, 0)) for each in seen]))
    return running, within(np.ones(len(seen)))


def _running(values: FloatArray) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])

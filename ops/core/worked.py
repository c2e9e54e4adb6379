"""What an endpoint did, step by step, in the finest steps that are known: the ground of idle time and its money. Pure.

Source: facts A.5 (what a missing datapoint means), 0.1.6 and B.9: the queue alone does not tell whether a request is
in work, so that utilisation and the time that finished requests took are asked as further witnesses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ops.core.cost import hours_of
from ops.core.types import FloatArray

BoolArray = NDArray[np.bool_]
HOUR_S = 3600
FINE_S = 60
"""In steps of this length nobody sleeps and wakes unseen."""
ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Cells of `period` seconds from the epoch second `start` on, all arrays of one length; NaN: not known."""

    start: int
    period: int
    instances: FloatArray
    """Mean in service."""
    backlog: FloatArray
    """The longest queue; of a real-time endpoint 0."""
    succeeded: FloatArray
    """Requests that ended well; 0 where none did."""
    failed: FloatArray
    expired: FloatArray
    load: FloatArray
    """Utilisation of the busiest kind of device, as a share of what counts as working."""
    took_s: FloatArray
    """Mean seconds in the container of the requests that finished; NaN also where none did."""

    @property
    def end(self) -> int:
        return self.start + len(self.instances) * self.period

    @property
    def at(self) -> FloatArray:
        """The epoch second at which each cell begins."""
        return self.start + self.period * np.arange(len(self.instances), dtype=np.float64)

    @property
    def finished(self) -> FloatArray:
        return np.nan_to_num(self.succeeded) + np.nan_to_num(self.failed)


def asked(steps: Steps) -> BoolArray:
    """Cells in which a request waited, was in the container, or finished.

    One that finished was in the container before, for as long as those of its step took on average.
    """
    done = steps.finished > 0
    found: BoolArray = (np.nan_to_num(steps.backlog) > 0) | done
    back = np.ceil(np.nan_to_num(steps.took_s) / steps.period).astype(np.int64)
    for i in np.flatnonzero((back > 1) & done):
        found[max(0, i - int(back[i]) + 1) : i + 1] = True
    return found


def in_work(steps: Steps) -> BoolArray:
    """Cells in which something was in work by any witness: a request, or a device under load."""
    return asked(steps) | (np.nan_to_num(steps.load) >= 1.0)


def idle(steps: Steps) -> tuple[BoolArray, BoolArray]:
    """(idle, cannot be told): cells with an instance, and nothing in work by any witness, or too few of these.

    An hour with some work in it is none of both: how much of it was idle, nobody can tell, so it cannot be told.
    """
    there = np.nan_to_num(steps.instances) > 0
    work = in_work(steps)
    witnessed = ~np.isnan(steps.backlog) & ~np.isnan(steps.load)
    calm: BoolArray = there & ~work & witnessed
    dark: BoolArray = there & ~work & ~witnessed
    if steps.period >= HOUR_S:
        dark |= there & work
    return calm, dark


def slept(steps: Steps) -> BoolArray:
    """Cells in which it slept for some time: minutes without an instance, longer steps with less than one on average.

    A longer step with one or more on average may hold sleep all the same, beside more instances.
    """
    few = steps.instances < 1 - ROUNDING if steps.period > FINE_S else steps.instances == 0
    return few & ~np.isnan(steps.instances)


def awake(steps: Steps) -> BoolArray:
    """Cells in which it was awake without a break, as far as can be told: minutes with an instance."""
    if steps.period > FINE_S:
        return np.zeros(len(steps.instances), np.bool_)
    there: BoolArray = np.nan_to_num(steps.instances) > 0
    return there


def rest_s(work: BoolArray, period: int, blind: BoolArray | None = None) -> tuple[FloatArray, BoolArray]:
    """(seconds of rest before each cell, whether that is all of it): from the end of the last cell in work on.

    Before the first one, and after a cell that is `blind` to work, rest began nobody knows when: it lasted for as long
    as is known, at least.
    """
    at = np.arange(len(work))
    stirred = work if blind is None else work | blind
    last = np.maximum.accumulate(np.where(stirred, at, -1))
    before = np.concatenate([[-1], last[:-1]]) if len(work) else last
    whole: BoolArray = np.zeros(len(work), np.bool_)
    whole[before >= 0] = work[before[before >= 0]]
    return (at - before - 1) * float(period), whole


def stretches(pieces: Iterable[Steps]) -> Iterator[tuple[float, float]]:
    """[begin, end) of each stretch that was awake without a break, epoch seconds, oldest first."""
    begin: float | None = None
    upto = 0.0
    for steps in sorted(pieces, key=lambda each: each.start):
        if begin is not None and steps.start != upto:
            yield begin, upto
            begin = None
        there = awake(steps)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(np.int8)))
        if begin is not None and (not len(there) or not there[0]):
            yield begin, upto
            begin = None
        for a, b in edges.reshape(-1, 2):
            first = begin if begin is not None and a == 0 else float(steps.start + a * steps.period)
            begin = None
            if b == len(there):
                begin = first
            else:
                yield first, float(steps.start + b * steps.period)
        upto = float(steps.end)
    if begin is not None:
        yield begin, upto


def hours(instances: FloatArray, period: int, where: BoolArray) -> Decimal:
    """Instance-hours of the cells chosen."""
    return hours_of(float(np.nansum(np.where(where, instances, 0.0))) * period / 60)


def cut(steps: Steps, first: int, last: int) -> Steps | None:
    """The whole cells of a piece within [first, last); None where there is none."""
    a = max(0, -(-(first - steps.start) // steps.period))
    b = min(len(steps.instances), (last - steps.start) // steps.period)
    if b <= a:
        return None
    part = slice(a, b)
    return Steps(
        steps.start + a * steps.period,
        steps.period,
        steps.instances[part],
        steps.backlog[part],
        steps.succeeded[part],
        steps.failed[part],
        steps.expired[part],
        steps.load[part],
        steps.took_s[part],
    )


def sliced(pieces: Sequence[Steps], edges: Sequence[int]) -> Iterator[tuple[int, Steps]]:
    """(begin of the span, what lies in it) for each span between ascending edges; a cell belongs where it begins."""
    for first, last in pairwise(edges):
        for steps in pieces:
            a = max(0, -(-(first - steps.start) // steps.period))
            b = min(len(steps.instances), -(-(last - steps.start) // steps.period))
            found = cut(steps, steps.start + a * steps.period, steps.start + b * steps.period)
            if found is not None:
                yield first, found

"""What the queue's and the hosts' datapoints say around one wake: which cells hold its moments. Pure.

A datapoint describes its whole period; when within it the sample was taken is not documented.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ops.core import metrics
from ops.core.cold_starts import SEEN, Outcome, Wake
from ops.core.metrics import Metric
from ops.core.types import FloatArray, MetricSet, utc

ASLEEP_S = 600.0
"""Without a host metric for at least so long, while the queue's were published, there was no instance."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The metrics of one stretch of time. Times are epoch seconds, places are indexes of its grid."""

    read: MetricSet
    until: float
    """Cells that end after this may still change."""

    @property
    def period(self) -> int:
        return self.read.window.period

    def values(self, metric: Metric) -> FloatArray:
        return self.read.get(metric.key).values

    def start(self, place: int) -> float:
        return self.read.window.start.timestamp() + place * self.period

    def end(self, place: int) -> float:
        return self.start(place) + self.period

    def place(self, at: float) -> int:
        """The cell that holds a moment, moved inside the grid."""
        place = int((at - self.read.window.start.timestamp()) // self.period)
        return min(max(place, 0), self.read.window.size - 1)

    def knows(self, metric: Metric, begin: float, end: float) -> bool:
        """Whether there is any datapoint in [begin, end]."""
        return bool((~np.isnan(self.values(metric)[self.place(begin) : self.place(end) + 1])).any())

    @property
    def waiting(self) -> NDArray[np.bool_]:
        """Cells in which something waited."""
        backlog = np.nan_to_num(self.values(metrics.BACKLOG)) >= 1
        return backlog | (np.nan_to_num(self.values(metrics.NO_CAPACITY)) >= 1)

    @property
    def empty(self) -> NDArray[np.bool_]:
        """Cells whose queue was seen empty."""
        return np.nan_to_num(self.values(metrics.BACKLOG), nan=1.0) < 1

    def queue_before(self, order: float, service: float, longest_s: float) -> int | None:
        """Where the queue that the first instance found begins; None where nothing was seen to wait.

        Goes back over gaps, at most `longest_s` before the order: nothing waits longer.
        """
        waiting, empty = self.waiting, self.empty
        at, last = self.place(order), self.place(service)
        if last > at and not np.nan_to_num(self.values(metrics.NO_CAPACITY)[last]) >= 1:
            last -= 1  # what came in that cell may have come to an instance that served
        seen = np.flatnonzero(waiting[: last + 1])
        first_allowed = self.place(order - longest_s)
        seen = seen[seen >= first_allowed]
        if not seen.size:
            return None
        before = seen[seen <= at]
        if not before.size:
            return int(seen[0])  # requests came while it was on its way
        place = int(before[-1])
        if empty[place + 1 : at + 1].any():  # that queue was gone when the order came
            later = seen[seen > at]
            return int(later[0]) if later.size else None
        while place > first_allowed and not empty[place - 1]:
            place -= 1
        while not waiting[place]:
            place += 1
        return place

    def first(self, metric: Metric, begin: int, end: int, least: float = 1.0) -> int | None:
        """The first cell of [begin, end] with a value of at least `least`."""
        found = np.flatnonzero(np.nan_to_num(self.values(metric)[begin : end + 1]) >= least)
        return begin + int(found[0]) if found.size else None

    def newest(self, metric: Metric, begin: int, end: int) -> int | None:
        """The last cell of [begin, end] with a datapoint."""
        found = np.flatnonzero(~np.isnan(self.values(metric)[begin : end + 1]))
        return begin + int(found[-1]) if found.size else None

    def greatest(self, metric: Metric, begin: int, end: int) -> float | None:
        """The greatest value of the cells [begin, end]; None where there is none."""
        values = self.values(metric)[begin : end + 1]
        known = values[~np.isnan(values)]
        return float(known.max()) if known.size else None

    def total(self, metric: Metric, begin: int, end: int) -> float:
        return float(np.nansum(self.values(metric)[begin : end + 1]))


def first_served(read: MetricSet, publish_interval: int) -> tuple[int, ...]:
    """The cells in which hosts began to publish after a time in which there was certainly no instance.

    A gap of the hosts alone is no proof: the queue's metrics must have been published meanwhile. The beginning
    of `read` proves nothing either: what was before it is not known.
    """
    period = read.window.period
    hosts = ~np.isnan(read.get(metrics.CPU_SAMPLES.key).values)
    queue = ~np.isnan(read.get(metrics.BACKLOG.key).values)
    certain = np.nan_to_num(read.get(metrics.NO_CAPACITY.key).values) >= 1
    least = max(2, -(-int(max(ASLEEP_S, 2 * publish_interval)) // period))
    found = []
    for place in np.flatnonzero(hosts):
        if place == 0 or hosts[place - 1]:
            continue
        run = _gap_before(hosts, int(place))
        told = queue[place - run : place]
        if (run >= least and told.mean() >= 0.8) or certain[place - run : place].any():
            found.append(int(place))
    return tuple(found)


def unordered(read: MetricSet, publish_interval: int, known: Iterable[Wake]) -> tuple[Wake, ...]:
    """Wakes that metrics alone tell of: ordered by hand, by a deploy, or before the scaling record begins."""
    period, start = read.window.period, read.window.start.timestamp()
    wakes, found = tuple(known), []
    for place in first_served(read, publish_interval):
        began = start + place * period
        if not any(_explains(w, began, period) for w in wakes):
            low, high = utc(began - max(publish_interval, period)), utc(began + period)
            gone = last_served(read, began, publish_interval)
            found.append(
                Wake(
                    id=f"{SEEN}{int(began)}",
                    first=low,
                    ordered=None,
                    service=high,
                    ended=None,
                    outcome=Outcome.SERVED,
                    slept=utc(gone) if gone is not None else None,
                    service_from=low,
                )
            )
    return tuple(found)


def _explains(wake: Wake, began: float, period: int) -> bool:
    """Whether the instance that began to publish at `began` is the one of `wake`."""
    first, room = wake.first.timestamp(), 2 * period + ASLEEP_S
    service = wake.service.timestamp() if wake.service is not None else None
    if service is None:
        return wake.outcome is Outcome.RUNNING and first - room <= began
    return first - room <= began <= service + room


def last_served(read: MetricSet, begin: float, publish_interval: int) -> float | None:
    """The end of the last cell in which hosts published before a certain time without any, after `begin`."""
    period = read.window.period
    hosts = ~np.isnan(read.get(metrics.CPU_SAMPLES.key).values)
    queue = ~np.isnan(read.get(metrics.BACKLOG.key).values)
    least = max(2, -(-int(max(ASLEEP_S, 2 * publish_interval)) // period))
    first = max(0, int((begin - read.window.start.timestamp()) // period))
    served: Sequence[int] = np.flatnonzero(hosts[first:]).tolist()
    for at, following in pairwise([*served, len(hosts) - first]):
        gap = slice(first + at + 1, first + following)
        if following - at - 1 >= least and queue[gap].mean() >= 0.8:
            return float(read.window.start.timestamp() + (first + at + 1) * period)
    return None


def _gap_before(hosts: NDArray[np.bool_], place: int) -> int:
    run = 0
    while run < place and not hosts[place - 1 - run]:
        run += 1
    return run if run < place else 0

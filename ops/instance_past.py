"""Instances in service over any past, put together from what was read: minutes, five-minute steps and hours.

Of whole days the history keeps sums by the quarter hour, and these are read for many endpoints at once; the minutes
themselves are read of the days that an edge cuts, of those that were not read in full, and where hosts publish
less often than once a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ops.core import metrics, spans
from ops.core.instance_time import (
    QUARTER_S,
    InstanceTime,
    Piece,
    compact,
    counted,
    instance_time,
    of_quarters,
    wide_of,
)
from ops.core.instance_types import IntervalFrom, stretches
from ops.core.metrics import Metric
from ops.core.spans import Span
from ops.core.types import Endpoint, Window, utc
from ops.past import Past
from ops.store.sums import DAY_S, MINUTE, QUARTERS, DaySums

ALIVE = metrics.BACKLOG
"""Published every minute at any number of instances: where it is, and no host metric, nothing was in service."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One endpoint over [start, until)."""

    endpoint: Endpoint
    start: datetime
    until: datetime
    intervals: tuple[IntervalFrom, ...] = ()
    """How often its hosts published; where that is not known it is taken to be as now."""
    earlier: bool = False
    """Whether it is gone, and another one may have its name: `until` is when it was at the latest."""

    @property
    def span(self) -> Span:
        """From the endpoint's creation on, where that is later; epoch seconds on quarter hours."""
        born = -(-int(self.endpoint.created.timestamp()) // QUARTER_S) * QUARTER_S
        last = int(self.until.timestamp())
        return min(max(int(self.start.timestamp()), born), last), last

    @property
    def stretches(self) -> tuple[tuple[int, int, int], ...]:
        """(publish interval, begin, end)."""
        return stretches(self.intervals, self.endpoint.publish_interval, *self.span)


def wanted(endpoint: Endpoint) -> tuple[Metric, ...]:
    """The metrics that tell how many instances were in service."""
    return (metrics.CPU_SAMPLES, ALIVE) if endpoint.is_async else (metrics.CPU_SAMPLES,)


def time_of(
    past: Past, endpoint: Endpoint, start: datetime, until: datetime, intervals: Sequence[IntervalFrom] = ()
) -> InstanceTime:
    """What is known of [start, until), or since the endpoint was created, where that is later."""
    return times_of(past, [Asked(endpoint, start, until, tuple(intervals))])[0]


def times_of(past: Past, asked: Iterable[Asked]) -> tuple[InstanceTime, ...]:
    """The same for many endpoints and periods, in their order; what is kept of whole days is read at once."""
    every = tuple(asked)
    found: dict[tuple[str, bool], DaySums] = {}
    for earlier in (False, True):
        quick = [each for each in every if each.earlier is earlier and _by_day(each)]
        if quick:
            begin, end = min(each.span[0] for each in quick), max(each.span[1] for each in quick)
            names = {each.endpoint.ref.name for each in quick}
            sums = past.day_sums(names, begin, end, earlier=earlier)
            found |= {(name, earlier): each for name, each in sums.items()}
    with past.history.together():
        return tuple(_time(past, each, found.get((each.endpoint.ref.name, each.earlier))) for each in every)


def minutes_of(
    past: Past, endpoint: Endpoint, start: datetime, until: datetime, intervals: Sequence[IntervalFrom] = ()
) -> InstanceTime:
    """The same as `time_of`, all of it from the cells themselves: exact, and slow over months."""
    return _time(past, Asked(endpoint, start, until, tuple(intervals)), None)


def _by_day(asked: Asked) -> bool:
    """Whether there is a whole day of which a sum of samples says how many instances there were.

    It does where one interval lies within a minute.
    """
    return any(seconds <= MINUTE and end - begin >= DAY_S for seconds, begin, end in asked.stretches)


def _time(past: Past, asked: Asked, sums: DaySums | None) -> InstanceTime:
    endpoint, (first, last) = asked.endpoint, asked.span
    keys = [metric.key for metric in wanted(endpoint)]
    read = past.read_in(endpoint.ref.name, keys, MINUTE)
    parts, pieces = list[InstanceTime](), list[Piece]()
    for seconds, begin, end in asked.stretches:
        done = list[Span]()
        if sums is not None and seconds <= MINUTE:
            use = _whole(sums.days, spans.both(read, [(begin, end)]))
            if use.any():
                chosen = sums.only(use)
                parts.append(_summed(chosen, seconds))
                done = _runs(chosen.days)
                if done == [(first, last)]:
                    return compact(parts[0])
        pieces += _pieces(past, asked, keys, seconds, (begin, end), done)
    return compact(instance_time(pieces, first, last, parts))


def _whole(days: NDArray[np.int64], read: Sequence[Span]) -> NDArray[np.bool_]:
    """Which days lie wholly in one of the spans."""
    use = np.zeros(len(days), np.bool_)
    for begin, end in read:
        use |= (days >= begin) & (days + DAY_S <= end)
    return use


def _runs(days: NDArray[np.int64]) -> list[Span]:
    """Ascending days as spans."""
    parts = np.split(days, np.flatnonzero(np.diff(days) > DAY_S) + 1)
    return [(int(part[0]), int(part[-1]) + DAY_S) for part in parts]


def _summed(sums: DaySums, publish_interval: int) -> InstanceTime:
    """Days, of which some between may be missing, as one stretch of quarter hours; nothing is known of those."""
    first = int(sums.days[0])
    at = (sums.days - first) // DAY_S
    samples, known = sums.samples, sums.known.astype(np.float64)
    if at[-1] + 1 > len(at):
        whole = np.zeros((int(at[-1]) + 1, QUARTERS))
        samples, known = whole.copy(), whole
        samples[at], known[at] = sums.samples, sums.known
    levels = (sums.level_samples, sums.level_minutes)
    return of_quarters(first, samples.ravel(), known.ravel(), levels, publish_interval / MINUTE)


def _pieces(
    past: Past, asked: Asked, keys: Sequence[str], seconds: int, span: Span, taken: Sequence[Span]
) -> Iterator[Piece]:
    """The cells of what is not `taken`, each time in the finest steps that it was read in.

    Hosts published every `seconds` in `span`; of a step in which that changed nothing is known.
    """
    name, wanted_ = asked.endpoint.ref.name, wanted(asked.endpoint)
    done = spans.union(taken)
    first, last = asked.span
    for period in spans.RESOLUTIONS:
        holes = spans.without(span, done)
        if not holes:
            return
        read = past.read_in(name, keys, period)
        step = period * wide_of(period, seconds)
        low = -(-span[0] // step) * step if span[0] > first else first // step * step
        high = span[1] // step * step if span[1] < last else -(-last // step) * step
        for hole in holes:
            for begin, end in spans.both(read, [hole]):
                a, b = max(low, begin // step * step), min(high, -(-end // step) * step)
                if b <= a:
                    continue
                found = past.read(name, wanted_, Window(utc(a), utc(b), period), earlier=asked.earlier)
                samples = found.get(metrics.CPU_SAMPLES.key).values
                alive = ~np.isnan(found.get(ALIVE.key).values)
                yield Piece(a, period, counted(samples, alive, period, seconds))
        done = spans.union([*done, *read])

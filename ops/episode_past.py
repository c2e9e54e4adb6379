"""What Ebb's own history tells of the wakes of one endpoint: no call to AWS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from ops.core import metrics
from ops.core.cold_start_cells import last_served, unordered
from ops.core.cold_start_phases import LAG_S, TTL_S
from ops.core.cold_starts import Hints, Wake, wakes
from ops.core.metrics import Metric
from ops.core.types import Activity, Endpoint, MetricSet, Window, utc
from ops.core.window import KEPT_DAYS
from ops.known import Known
from ops.past import Past

AFTER_S = 12 * 3600.0
"""So long after an instance came the emptying of its queue is looked for."""
OF_WAKES = (
    metrics.BACKLOG,
    metrics.NO_CAPACITY,
    metrics.OLDEST,
    metrics.PROCESSED,
    metrics.FAILURES,
    metrics.EXPIRED,
    metrics.TIME_IN_BACKLOG_MAX,
)
"""What one wake is told by, beside the hosts."""
_HOSTS = (metrics.CPU_SAMPLES, metrics.BACKLOG, metrics.NO_CAPACITY)


@dataclass(frozen=True, slots=True)
class Read:
    """What the history of metrics tells of one wake; see `Around` and `ColdStart`."""

    metrics: MetricSet | None
    to: datetime
    warm_until: datetime | None
    warm_hours: float | None


def all_wakes(
    past: Past,
    endpoint: Endpoint,
    activities: Sequence[Activity],
    since: datetime,
    now: datetime,
    hints: Hints,
) -> tuple[Wake, ...]:
    """All wakes since then, oldest first: those on record, and those that metrics alone tell of."""
    name, begin = endpoint.ref.name, max(since, endpoint.created)
    window = Window(utc(begin.timestamp() // 300 * 300), utc(-(-now.timestamp() // 300) * 300), 300)
    hosts = _hosts(past, name, window)

    def nothing_served(when: datetime) -> bool:
        place = int((when - window.start).total_seconds() // 300)
        samples = hosts.get(metrics.CPU_SAMPLES.key).values[max(0, place - 2) : place]
        queue = hosts.get(metrics.BACKLOG.key).values[max(0, place - 2) : place]
        return bool(len(queue) and np.isnan(samples).all() and not np.isnan(queue).any())

    ordered = wakes(activities, now, nothing_served=nothing_served, hints=hints)
    ordered = tuple(w for w in ordered if w.first >= begin)
    seen = unordered(hosts, endpoint.publish_interval, ordered)
    return tuple(sorted((*ordered, *seen), key=lambda w: w.first))


def read_of(past: Past, known: Known, wake: Wake, following: datetime | None, now: datetime) -> Read:
    """What the history tells of one wake and of the warm period after it."""
    return Read(*_around(past, known, wake, now), *_warm(past, known, wake, following, now))


def _around(past: Past, known: Known, wake: Wake, now: datetime) -> tuple[MetricSet | None, datetime]:
    """The metrics around a wake in the finest steps that were read, and until when they are whole."""
    name, first = known.endpoint.ref.name, wake.first
    if known.denied & {metrics.BACKLOG.key, metrics.NO_CAPACITY.key}:
        return None, now
    wanted = [m for m in OF_WAKES if m.key not in known.denied]
    done = wake.service or wake.ended or now
    for period in (60, 300):
        read_to = min(_covered_to(past, name, m, first, period) for m in wanted)
        if read_to > first or now - first < timedelta(days=1):
            last = min(now, done + timedelta(seconds=AFTER_S), max(wake.slept or now, done))
            window = _window(first - timedelta(seconds=TTL_S + 1800), last + timedelta(seconds=600), period)
            return past.read(name, wanted, window), min(read_to, now)
    gone = now - first > timedelta(days=KEPT_DAYS[300]) - timedelta(hours=3)
    return None, now if gone else first


def _covered_to(past: Past, name: str, metric: Metric, first: datetime, period: int) -> datetime:
    """Until when a metric was read without a gap from a little before `first` on; `first` where it was not."""
    at = first.timestamp() - LAG_S
    for begin, end in past.covered(name, metric.key, period):
        if begin <= at < end:
            return utc(max(end, first.timestamp()))
    return first


def _warm(
    past: Past, known: Known, wake: Wake, following: datetime | None, now: datetime
) -> tuple[datetime | None, float | None]:
    """Until when an instance was there after a wake, and the instance-hours of that time."""
    endpoint, service = known.endpoint, wake.service
    if service is None or metrics.CPU_SAMPLES.key in known.denied:
        return wake.slept, None
    end = min(t for t in (wake.slept, following, now) if t is not None)
    if end <= service:
        return wake.slept or following, None
    period = (
        60 if end - service <= timedelta(days=2) else 300 if end - service <= timedelta(days=30) else 3600
    )
    period = max(period, metrics.counting_period(60, endpoint.publish_interval))
    hosts = _hosts(past, endpoint.ref.name, _window(service, end, period))
    until = wake.slept
    if until is None:
        gone = last_served(hosts, service.timestamp(), endpoint.publish_interval)
        until = utc(gone) if gone is not None else following
    samples = hosts.get(metrics.CPU_SAMPLES.key)
    begins = samples.window.epochs()
    inside = samples.values[(begins + period > service.timestamp()) & (begins < end.timestamp())]
    if np.isnan(inside).all():
        return until, None
    return until, round(float(np.nansum(inside)) * endpoint.publish_interval / 3600, 4)


def _hosts(past: Past, name: str, window: Window) -> MetricSet:
    """Hosts and queue; the queue's datapoints prove nothing where the hosts' were not read, and are left out there."""
    read = past.read(name, _HOSTS, window)
    begins = window.epochs()
    told = np.zeros(window.size, dtype=np.bool_)
    for begin, end in past.covered(name, metrics.CPU_SAMPLES.key, window.period):
        told |= (begins >= begin) & (begins + window.period <= end)
    series = dict(read.series)
    for metric in (metrics.BACKLOG, metrics.NO_CAPACITY):
        own = read.get(metric.key)
        series[metric.key] = replace(own, values=np.where(told, own.values, np.nan))
    return MetricSet(window, series)


def _window(start: datetime, end: datetime, period: int) -> Window:
    begin = start.timestamp() // period * period
    return Window(utc(begin), utc(max(begin + period, -(-end.timestamp() // period) * period)), period)

"""What an endpoint did over any past, put together from what was read: minutes, five-minute steps and hours."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import numpy as np

from ops.core import metrics, spans
from ops.core.awake import BUSY_CPU, BUSY_GPU
from ops.core.instance_time import counted
from ops.core.instance_types import IntervalFrom, stretches
from ops.core.metrics import Metric
from ops.core.types import Endpoint, FloatArray, MetricSet, Window, utc
from ops.core.worked import Steps
from ops.past import Past

_QUEUED = (metrics.CPU_SAMPLES, metrics.BACKLOG, metrics.PROCESSED, metrics.FAILURES, metrics.EXPIRED)
_DIRECT = (metrics.CPU_SAMPLES, metrics.INVOCATIONS)
_WITNESSES = (metrics.CPU, metrics.GPU, metrics.MODEL_LATENCY)
_OF_HOSTS = (metrics.CPU, metrics.MODEL_LATENCY)


def wanted(endpoint: Endpoint) -> tuple[Metric, ...]:
    """The metrics that tell what an endpoint did."""
    if not endpoint.is_async:
        return (*_DIRECT, *_OF_HOSTS)
    return metrics.wanted((*_QUEUED, *_WITNESSES), endpoint)


def steps_of(
    past: Past,
    endpoint: Endpoint,
    first: int,
    last: int,
    denied: Collection[str] = (),
    intervals: Sequence[IntervalFrom] = (),
) -> tuple[Steps, ...]:
    """Pieces that do not overlap, oldest first, of [first, last), in each span the finest steps that were read.

    `denied`: keys of metrics that AWS does not let us read: what rests on them is not known. `intervals`: how often
    hosts published; of a step in which that changed nothing is told.
    """
    parts = stretches(intervals, endpoint.publish_interval, first, last)
    every = [m for m in wanted(endpoint) if m.key not in denied]
    needed = [m.key for m in every if m not in _WITNESSES]
    name = endpoint.ref.name
    out: list[Steps] = []
    taken: tuple[spans.Span, ...] = ()
    for period in spans.RESOLUTIONS:
        read = past.read_in(name, needed, period)
        holes = spans.without((first, last), taken)
        for seconds, low, high in parts:
            for begin, end in spans.both(spans.both(read, holes), [(low, high)]):
                a, b = -(-begin // period) * period, end // period * period
                if b > a:
                    found = past.read(name, every, Window(utc(a), utc(b), period))
                    out.append(_steps(endpoint, found, denied, seconds))
        taken = spans.union([*taken, *read])
    return tuple(sorted(out, key=lambda steps: steps.start))


def _steps(endpoint: Endpoint, found: MetricSet, denied: Collection[str], seconds: int) -> Steps:
    window = found.window
    samples = found.get(metrics.CPU_SAMPLES.key).values
    nothing = np.full(window.size, np.nan)
    if endpoint.is_async:
        backlog = found.get(metrics.BACKLOG.key).values
        alive = ~np.isnan(backlog)
        good, bad, late = (
            nothing if m.key in denied else np.nan_to_num(found.get(m.key).values)
            for m in (metrics.PROCESSED, metrics.FAILURES, metrics.EXPIRED)
        )
    else:
        backlog, alive = np.zeros(window.size), np.zeros(window.size, np.bool_)
        good = (
            nothing
            if metrics.INVOCATIONS.key in denied
            else np.nan_to_num(found.get(metrics.INVOCATIONS.key).values)
        )
        bad = late = np.zeros(window.size)
    return Steps(
        int(window.start.timestamp()),
        window.period,
        counted(samples, alive, window.period, seconds),
        backlog,
        good,
        bad,
        late,
        _load(found, seconds),
        found.get(metrics.MODEL_LATENCY.key).values / 1e6,
    )


def _load(found: MetricSet, publish_interval: int) -> FloatArray:
    """The busier of GPU and CPU, as a share of what counts as working; NaN without either.

    Hosts that publish less often than once a cell speak for all the cells of one of their intervals.
    """
    gpu = found.get(metrics.GPU.key).values / BUSY_GPU
    cpu = found.get(metrics.CPU.key).values / BUSY_CPU
    load = np.fmax(gpu, cpu)
    wide = -(-publish_interval // found.window.period)
    if wide == 1:
        return load
    whole = len(load) // wide * wide
    groups = np.fmax.reduce(load[:whole].reshape(-1, wide), axis=1)
    return np.concatenate([np.repeat(groups, wide), np.full(len(load) - whole, np.nan)])


def from_to(start: datetime, until: datetime, endpoint: Endpoint) -> tuple[int, int]:
    """The part of [start, until) in which the endpoint lived, in epoch seconds on quarter hours."""
    born = -(-int(endpoint.created.timestamp()) // 900) * 900
    return max(int(start.timestamp()), born), int(until.timestamp())

"""Instances in service over any past, put together from what was read: minutes, five-minute steps and hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from ops.core import metrics, spans
from ops.core.instance_time import QUARTER_S, InstanceTime, Piece, counted, instance_time, wide_of
from ops.core.metrics import Metric
from ops.core.types import Endpoint, Window, utc
from ops.past import Past

ALIVE = metrics.BACKLOG
"""Published every minute at any number of instances: where it is, and no host metric, nothing was in service."""


def wanted(endpoint: Endpoint) -> tuple[Metric, ...]:
    """The metrics that tell how many instances were in service."""
    return (metrics.CPU_SAMPLES, ALIVE) if endpoint.is_async else (metrics.CPU_SAMPLES,)


def time_of(past: Past, endpoint: Endpoint, start: datetime, until: datetime) -> InstanceTime:
    """What is known of [start, until), or since the endpoint was created, where that is later."""
    born = -(-int(endpoint.created.timestamp()) // QUARTER_S) * QUARTER_S
    first, last = max(int(start.timestamp()), born), int(until.timestamp())
    return instance_time(_pieces(past, endpoint, first, last), first, last)


def _pieces(past: Past, endpoint: Endpoint, first: int, last: int) -> Iterator[Piece]:
    asked = wanted(endpoint)
    keys = [metric.key for metric in asked]
    done: tuple[spans.Span, ...] = ()
    for period in spans.RESOLUTIONS:
        read = past.read_in(endpoint.ref.name, keys, period)
        for hole in spans.without((first, last), done):
            for begin, end in spans.both(read, [hole]):
                step = period * wide_of(period, endpoint.publish_interval)
                a, b = begin // step * step, -(-end // step) * step
                window = Window(utc(a), utc(b), period)
                found = past.read(endpoint.ref.name, asked, window)
                samples = found.get(metrics.CPU_SAMPLES.key).values
                alive = ~np.isnan(found.get(ALIVE.key).values)
                yield Piece(a, period, counted(samples, alive, period, endpoint.publish_interval))
        done = spans.union([*done, *read])

"""How often which metric of which endpoint is worth its price.

AWS bills GetMetricData by the metric asked for, and describing an endpoint is free. So state comes from the
free calls every time; metrics follow the interest in them: often while somebody looks at the endpoint, less
often while it works unwatched, rarely while it sleeps. Nothing is lost by asking late: the whole tail is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from ops.core import metrics
from ops.core.metrics import Metric
from ops.core.types import Alarm, Endpoint


class Interest(StrEnum):
    """How closely one endpoint is watched."""

    WATCHED = "somebody looks at this endpoint"
    AWAKE = "it has instances, requests, or a change under way"
    ASLEEP = "no instance, an empty queue"
    NOBODY = "nobody looks at Ebb: gaps are closed once an hour"


SETTLED_S = 900.0
"""An endpoint that changed less long ago is not treated as asleep: its last minutes may still come in."""
GAP_S = 3600.0
"""A hole at the end of the history older than this is closed, watched or not."""
DESCRIBE_S: Mapping[Interest, float] = {
    Interest.WATCHED: 0.0,
    Interest.AWAKE: 60.0,
    Interest.ASLEEP: 300.0,
    Interest.NOBODY: GAP_S,
}
"""Seconds after which an endpoint is described again although ListEndpoints shows no change."""

_PULSE = (metrics.BACKLOG, metrics.OLDEST, metrics.PROCESSED, metrics.FAILURES)
_SIGNALS = (metrics.BACKLOG, metrics.NO_CAPACITY)
_VERDICT_S = {Interest.WATCHED: 60.0, Interest.AWAKE: 600.0, Interest.ASLEEP: GAP_S, Interest.NOBODY: GAP_S}
_PULSE_S, _SIGNALS_S, _REST_S = 120.0, 300.0, 300.0
FULL_PACE = 3
"""So many endpoints are watched at full pace; more share what these cost, each a little slower."""


def interest(
    endpoint: Endpoint,
    *,
    now: float,
    looked_at: bool,
    backlog: float | None,
    anybody: bool,
    alarmed: bool = False,
) -> Interest:
    """How closely to watch. An unknown count is treated as awake: it may be. `now`: AWS's epoch seconds.

    `alarmed`: an alarm that watches the queue has gone off; asking for its state is free.
    """
    if not anybody:
        return Interest.NOBODY
    if looked_at:
        return Interest.WATCHED
    quiet = endpoint.current == 0 and not endpoint.desired and endpoint.status == "InService"
    settled = now - endpoint.modified.timestamp() > SETTLED_S
    return Interest.ASLEEP if quiet and settled and not backlog and not alarmed else Interest.AWAKE


def alarmed(alarms: Iterable[Alarm]) -> bool:
    """Whether one of an endpoint's alarms says that something waits."""
    queue = (metrics.BACKLOG.name, metrics.NO_CAPACITY.name, metrics.OLDEST.name)
    return any(
        a.state == "ALARM"
        and a.metric is not None
        and a.metric.name in queue
        and a.comparison.startswith("GreaterThan")
        for a in alarms
    )


def woke(before: Endpoint, after: Endpoint) -> bool:
    """Whether an endpoint began or ceased to have, or to want, instances: its metrics are due at once."""
    return [bool(n) for n in (before.current, before.desired)] != [
        bool(n) for n in (after.current, after.desired)
    ]


def chosen(
    endpoint: Endpoint, how: Interest, watched: int = 1, stretch: float = 1.0
) -> Mapping[Metric, float]:
    """The metrics to read at this interest, each with the age in seconds at which it is due again.

    `watched`: how many endpoints somebody looks at now. Those left out are read by the hourly closing of gaps.
    `stretch` (from 1 on): how many times as old they may be, but never older than that hour.
    """
    ages = _shared(endpoint, how, watched)
    return ages if stretch <= 1 else {metric: min(age * stretch, GAP_S) for metric, age in ages.items()}


def _shared(endpoint: Endpoint, how: Interest, watched: int) -> Mapping[Metric, float]:
    ages = _ages(endpoint, how)
    if how is not Interest.WATCHED or watched <= FULL_PACE:
        return ages
    unwatched = _ages(endpoint, Interest.AWAKE)  # nobody reads more slowly for looking
    slower = watched / FULL_PACE
    return {metric: min(age * slower, unwatched.get(metric, GAP_S)) for metric, age in ages.items()}


def _ages(endpoint: Endpoint, how: Interest) -> dict[Metric, float]:
    if not endpoint.is_async:
        return dict.fromkeys(metrics.SERVING, _VERDICT_S[how])
    verdict = metrics.wanted(metrics.RECENT, endpoint)
    if how is Interest.WATCHED:
        rest = dict.fromkeys(metrics.wanted(metrics.CATALOGUE.values(), endpoint), _REST_S)
        return {**rest, **dict.fromkeys((*verdict, metrics.CPU_SAMPLES), _VERDICT_S[how])}
    ages = dict.fromkeys(verdict, _VERDICT_S[how])
    if how is Interest.AWAKE:
        ages |= dict.fromkeys(_PULSE, _PULSE_S)
    elif how is Interest.ASLEEP:
        ages |= dict.fromkeys(_SIGNALS, _SIGNALS_S)
    return ages


def due(ages: Mapping[Metric, float], read_at: Mapping[str, float], now: float) -> tuple[Metric, ...]:
    """Those of `ages` that were read longer ago than they may be. All times in AWS's epoch seconds."""
    return tuple(m for m, age in ages.items() if now - read_at.get(m.key, float("-inf")) >= age)


def every(endpoint: Endpoint) -> Iterable[Metric]:
    """All metrics of one endpoint that its history holds."""
    if not endpoint.is_async:
        return (*metrics.SERVING, metrics.MODEL_LATENCY)
    return metrics.wanted(metrics.CATALOGUE.values(), endpoint)

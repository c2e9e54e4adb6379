"""What is known of one endpoint at one moment, and what its queue metrics and activities say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from statistics import median

import numpy as np

from ops.core import metrics
from ops.core.types import (
    Activity,
    Alarm,
    Endpoint,
    MetricSet,
    Policy,
    ScalableTarget,
    ScheduledAction,
    Series,
    utc,
)

FRESH_S = 900
"""A queue metric older than this says nothing about now."""
RUNNING = ("InProgress", "Pending")
_QUOTA = re.compile(r"service limit '([^']+)' is (\d+)(?:.*?current utilization of (\d+))?", re.DOTALL)
_NO_CAPACITY = re.compile(r"InsufficientInstanceCapacity|Unable to provision requested ML compute capacity")


@dataclass(frozen=True, slots=True)
class Seen:
    """One endpoint at `now` (AWS's time). `hidden` names the parts that could not be read:
    "metrics", "scaling", "alarms", "activities". `recent` is by the minute, `day` in five-minute steps.
    """

    endpoint: Endpoint
    target: ScalableTarget | None
    policies: tuple[Policy, ...]
    alarms: tuple[Alarm, ...]
    schedules: tuple[ScheduledAction, ...]
    activities: tuple[Activity, ...]
    recent: MetricSet
    day: MetricSet
    now: datetime
    hidden: frozenset[str] = field(default=frozenset())
    more_activities: bool = False
    """Whether there are older activities that were not read."""

    def latest(self, metric: metrics.Metric) -> float | None:
        """The newest datapoint of the last 15 minutes."""
        return fresh(self.recent.get(metric.key), self.now.timestamp() - FRESH_S)

    def hour(self, metric: metrics.Metric, minutes: int = 60) -> float:
        """The sum over the last `minutes`; nothing published is none happened."""
        return metrics.total(self.recent.get(metric.key), self.now.timestamp() - minutes * 60) or 0.0

    @property
    def moves(self) -> tuple[Activity, ...]:
        """Activities that tried to change the capacity, newest first."""
        return tuple(a for a in self.activities if not a.not_scaled)

    @property
    def running(self) -> Activity | None:
        return next((a for a in self.moves if a.status in RUNNING), None)

    @property
    def failed(self) -> tuple[Activity, ...]:
        """The attempts that failed since the last success, newest first."""
        ended = (a for a in self.moves if a.status not in RUNNING)
        return tuple(takewhile(lambda a: a.status == "Failed", ended))

    def usual_start(self) -> float | None:
        """The median time of successful scale-outs, seconds."""
        times = []
        older: int | None = None
        for move in reversed(self.moves):
            if move.status == "Successful" and move.end is not None and move.desired:
                took = (move.end - move.start).total_seconds()
                if older is not None and move.desired > older and took > 30:
                    times.append(took)
            older = move.desired if move.status == "Successful" else older
        return median(times) if times else None


def fresh(series: Series, since: float) -> float | None:
    """The newest datapoint at or after `since` (epoch seconds)."""
    known = np.flatnonzero(~np.isnan(series.values) & (series.window.epochs() >= since))
    return float(series.values[known[-1]]) if known.size else None


def waiting_since(seen: Seen) -> tuple[datetime | None, bool]:
    """Since when requests wait without an instance, and whether it may be longer than can be seen."""
    recent = seen.recent.get(metrics.NO_CAPACITY.key)
    begin, open_end = _run(recent)
    if begin is None or not open_end:
        return begin, False
    day = seen.day.get(metrics.NO_CAPACITY.key)
    before = day.window.epochs() < recent.window.start.timestamp()
    longer, still_open = _run(Series(day.name, day.window, np.where(before, day.values, np.nan), day.unit))
    return (longer, still_open) if longer is not None else (begin, False)


def _run(series: Series) -> tuple[datetime | None, bool]:
    """The start of the run of ones that reaches the newest datapoint; whether it fills all there is."""
    known = np.flatnonzero(~np.isnan(series.values))
    if not known.size or series.values[known[-1]] < 1:
        return None, False
    zeros = np.flatnonzero(series.values[known] < 1)
    first = known[zeros[-1] + 1] if zeros.size else known[0]
    return utc(float(series.window.epochs()[first])), not zeros.size


def last_at_work(seen: Seen) -> datetime | None:
    """When something last waited or finished: the end of that five-minute step, at most now."""
    latest = None
    for series in (seen.recent, seen.day):
        for metric in (metrics.BACKLOG, metrics.PROCESSED, metrics.FAILURES):
            values = series.get(metric.key)
            busy = np.flatnonzero(np.nan_to_num(values.values) > 0)
            if busy.size:
                end = float(values.window.epochs()[busy[-1]]) + values.window.period
                latest = end if latest is None else max(latest, end)
    return None if latest is None else min(utc(latest), seen.now)


def over_quota(activity: Activity) -> bool:
    """Whether the account's quota stood in the way."""
    return _QUOTA.search(activity.message) is not None


def why_failed(activity: Activity, instance_type: str | None) -> str:
    """The reason in a failed or endless activity, as a clause."""
    quota = _QUOTA.search(activity.message)
    if quota:
        used = f", and {quota.group(3)} of it is in use" if quota.group(3) else ""
        return f"the account's quota “{quota.group(1)}” is {quota.group(2)}{used}"
    if _NO_CAPACITY.search(activity.message):
        return f"AWS has no capacity for {instance_type or 'this instance type'} right now"
    said = activity.message.partition("Reason:")[2] or activity.message
    said = " ".join(said.split()).removesuffix(".")
    return said if len(said) <= 160 else f"{said[:157]}…"

"""Hand-made timelines of one wake: minutes of metrics, orders, alarm changes and log streams. Minute 0 is noon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from ops.core import metrics
from ops.core.cold_start import ColdStart
from ops.core.cold_start_phases import Around, cold_start
from ops.core.cold_starts import Wake, wakes
from ops.core.records import AlarmChange, LogStream
from ops.core.types import Activity, MetricSet, Series, Window

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NAN = float("nan")
ALARM = "HasBacklogWithoutCapacity-doc"
BY_ALARM = f"monitor alarm {ALARM} in state ALARM triggered policy wake"
BACKLOG, SIGNAL, OLDEST = metrics.BACKLOG.key, metrics.NO_CAPACITY.key, metrics.OLDEST.key
DONE, FAILED, EXPIRED = metrics.PROCESSED.key, metrics.FAILURES.key, metrics.EXPIRED.key
WAIT, HOSTS = metrics.TIME_IN_BACKLOG_MAX.key, metrics.CPU_SAMPLES.key


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def order(
    start: float,
    end: float | None,
    desired: int | None,
    status: str = "Successful",
    *,
    cause: str = BY_ALARM,
    message: str = "",
    description: str = "",
    not_scaled: tuple[str, ...] = (),
) -> Activity:
    said = description or f"Setting desired instance count to {desired}."
    return Activity(
        f"a{start:g}",
        at(start),
        None if end is None else at(end),
        status,
        said,
        cause,
        message,
        desired=desired,
        not_scaled=not_scaled,
    )


ASLEEP = order(-60, -59, 0, cause="monitor alarm low in state ALARM triggered policy track")


def grid(
    first: int,
    last: int,
    values: Mapping[str, Mapping[int, float]],
    *,
    fill: Mapping[str, float],
    step: int = 1,
) -> MetricSet:
    """Steps of `step` minutes from `first` to before `last`: `fill` by key, and single minutes over it."""
    window = Window(at(first), at(last), 60 * step)
    keys = fill.keys() | values.keys()
    made = {}
    for key in keys:
        row = np.full(window.size, fill.get(key, NAN))
        for minute, value in values.get(key, {}).items():
            if first <= minute < last:
                row[(minute - first) // step] = value
        made[key] = Series(key, window, row)
    return MetricSet(window, made)


def woken(first: int = -420, last: int = 40, **changes: Mapping[int, float]) -> MetricSet:
    """The usual wake: a request at 0:30, seen in minute 0, an instance at 7:20, a result at 8:10, empty in minute 10.

    `changes` replace minutes of the rows backlog, signal, oldest, done, failed, expired and wait.
    """
    rows: dict[str, dict[int, float]] = {
        BACKLOG: {0: 1, 1: 3, **dict.fromkeys(range(2, 8), 4.0), 8: 3, 9: 1},
        SIGNAL: dict.fromkeys(range(7), 1.0),
        OLDEST: {minute: 60.0 * minute + 30 for minute in range(7)},
        DONE: {8: 2, 9: 2},
        WAIT: {8: 410_000.0, 9: 380_000.0},
    }
    names = {
        "backlog": BACKLOG,
        "signal": SIGNAL,
        "oldest": OLDEST,
        "done": DONE,
        "failed": FAILED,
        "expired": EXPIRED,
        "wait": WAIT,
    }
    for name, change in changes.items():
        rows[names[name]] = {**rows.get(names[name], {}), **change}
    return grid(first, last, rows, fill={BACKLOG: 0.0, SIGNAL: 0.0})


RANG = AlarmChange(ALARM, at(2.9), "StateUpdate", "", "OK", "ALARM")
STREAM = LogStream("AllTraffic/i-1", at(7), at(7), at(20))
SERVED = (ASLEEP, order(3, 7 + 1 / 3, 1))


def one(activities: Sequence[Activity], now: float = 60) -> Wake:
    """The only wake of a record."""
    (found,) = wakes(activities, at(now))
    return found


def made(
    activities: Sequence[Activity] = SERVED,
    read: MetricSet | None = None,
    *,
    now: float = 60,
    read_to: float | None = None,
    changes: Sequence[AlarmChange] | None = (RANG,),
    streams: Sequence[LogStream] | None = (STREAM,),
) -> ColdStart:
    """The cold start of the only wake of a record."""
    around = Around(
        "doc", "ml.g5.xlarge", at(now), 60, read, at(now if read_to is None else read_to), changes, streams
    )
    return cold_start(one(activities, now), around)

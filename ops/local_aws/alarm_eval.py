"""The evaluation range of an alarm, read from the store: for math, percentiles, and any period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.local_aws.metric_series import Grid

if TYPE_CHECKING:
    from ops.local_aws.alarms import Alarm
    from ops.local_aws.metrics_store import MetricStore


def evaluation_range(
    store: MetricStore, alarm: Alarm, now: float, newest: int | None = None
) -> tuple[list[float | None], int]:
    """One value a period, oldest first, None where there is no datapoint; and the minute that it ends with.

    The window slides each minute: its last period ends with the newest visible minute, or with `newest`.
    """
    period, n = alarm.period, alarm.machine.rule.range
    params = alarm.params
    last = store.visible_minute(now) if newest is None else newest
    if "Metrics" in params:
        return [None] * n, last
    series = store.find(params["Namespace"], params["MetricName"], alarm.dimensions)
    if series is None:
        return [None] * n, last
    if series.immediate and newest is None:
        last = int(now // 60) - 1
    grid = Grid((last + 1) * 60 - period * n, period, n)
    values = series.buckets(grid, alarm.statistic, last + 1, alarm.unit)
    return [None if v != v else v for v in values.tolist()], last

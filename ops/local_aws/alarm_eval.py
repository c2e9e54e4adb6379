"""The evaluation range of an alarm, read from the store: for math, percentiles, and any period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ops.local_aws.metric_query import Query, Run, parse
from ops.local_aws.metric_series import Grid

if TYPE_CHECKING:
    from ops.local_aws.alarms import Alarm
    from ops.local_aws.metrics_store import MetricStore


def queries_of(alarm: Alarm, account: str) -> list[Query]:
    """The alarm's metric, or metrics and expressions, as queries."""
    params = alarm.params
    if "Metrics" in params:
        return parse(params["Metrics"], account)
    dims = tuple(sorted(alarm.dimensions.items()))
    names = params["Namespace"], params["MetricName"]
    return [Query("m", "", True, "", *names, dims, alarm.statistic, alarm.unit, alarm.period)]


def evaluation_range(store: MetricStore, alarm: Alarm, now: float) -> tuple[list[float | None], int]:
    """One value a period, oldest first, None where there is no datapoint; and the minute that it ends with.

    The window slides each minute: its last period ends with the newest minute visible at `now`.
    """
    period, n = alarm.period, alarm.machine.rule.range
    found = [store.find(q.namespace, q.metric, dict(q.dims)) for q in alarm.queries if not q.expression]
    fresh = all(s is not None and s.immediate for s in found)
    last = int(now // 60) - 1 if fresh else store.visible_minute(now)
    if not any(found):
        return [None] * n, last
    grid = Grid((last + 1) * 60 - period * n, period, n)
    results = Run(store, alarm.queries, grid.start, grid.end, now, grid).results()
    values = results[0].values if results else np.full(n, np.nan)
    return [None if v != v else v for v in values.tolist()], last

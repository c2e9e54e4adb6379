"""Queries of GetMetricData and of math alarms: checked, then answered from the store on a grid of periods."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ops.local_aws.errors import NotOffered
from ops.local_aws.metric_math import Evaluator, Track, Tracks, invalid, names_in, uses_metrics
from ops.local_aws.metric_reduce import PLAIN, Floats, percentile_of
from ops.local_aws.metric_series import Grid
from ops.local_aws.metrics_store import MetricStore

MOST_QUERIES = 500
HOUR, DAY = 3600, 86400
_ID = re.compile(r"[a-z][a-zA-Z0-9_]*\Z")
_EXTENDED = re.compile(r"(?i)(tm|tc|ts|wm|pr|iqr|iqm)[\d.(%:)]*\Z")


def tier(period: int) -> int:
    """How many seconds back CloudWatch keeps data for periods of this length."""
    if period < 60:
        return 3 * HOUR
    if period % 3600 == 0:
        return 455 * DAY
    return 63 * DAY if period % 300 == 0 else 15 * DAY


def check_period(period: int) -> None:
    if period not in (1, 5, 10, 20, 30) and period % 60:
        raise invalid(
            f"The period {period} is not valid: it must be 1, 5, 10, 20, 30 or a multiple of 60 seconds."
        )


def check_statistic(name: str) -> None:
    """Raises AwsError: ValidationError for a statistic that does not exist, 501 for one that is not offered."""
    if name in PLAIN or percentile_of(name) is not None:
        return
    if _EXTENDED.match(name):
        raise NotOffered(f"the statistic {name}; of these, only percentiles")
    raise invalid(f"The value {name} for parameter Stat is not supported.")


def dimensions(given: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Dimensions as a mapping. Raises AwsError ValidationError where a name comes twice."""
    found = {d["Name"]: d["Value"] for d in given}
    if len(found) != len(given):
        raise invalid("A dimension name must not be given more than once.")
    return found


@dataclass(frozen=True, slots=True)
class Query:
    """One MetricDataQuery: a metric, or an expression over others."""

    id: str
    label: str
    shown: bool
    expression: str = ""
    namespace: str = ""
    metric: str = ""
    dims: tuple[tuple[str, str], ...] = ()
    statistic: str = ""
    unit: str | None = None
    period: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a query gives: one value a period of `grid`, NaN where there is no datapoint."""

    query: Query
    label: str
    grid: Grid
    values: Floats


def parse(given: Sequence[Mapping[str, Any]], account: str) -> list[Query]:
    """Raises AwsError ValidationError for what AWS refuses."""
    if not given:
        raise invalid("The parameter MetricDataQueries must not be empty.")
    if len(given) > MOST_QUERIES:
        raise invalid(f"The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}.")
    queries = [_query(item, n, account) for n, item in enumerate(given, 1)]
    ids = {q.id: q for q in queries}
    if len(ids) != len(queries):
        raise invalid("The values for parameter id in MetricDataQueries are not unique.")
    for query in queries:
        if query.expression:
            names_in(query.expression)
    return queries


def _query(item: Mapping[str, Any], n: int, account: str) -> Query:
    where = f"MetricDataQueries.member.{n}"
    id = item["Id"]
    if not _ID.match(id):
        raise invalid(
            f"The value {id} for parameter {where}.Id is not matching the expected pattern "
            "^[a-z][a-zA-Z0-9_]*$."
        )
    stat, expression = item.get("MetricStat"), item.get("Expression")
    if (stat is None) == (expression is None):
        raise invalid(f"The parameter {where} must have either Expression or MetricStat.")
    if item.get("AccountId", account) != account:
        raise NotOffered("metrics of another account")
    label, shown, period = item.get("Label", ""), item.get("ReturnData", True), item.get("Period")
    if stat is None:
        if period is not None:
            check_period(period)
        return Query(id, label, shown, str(expression), period=period)
    if period is not None:
        raise invalid(f"The parameter {where}.Period must not be given together with MetricStat.")
    metric = stat["Metric"]
    if not metric.get("Namespace") or not metric.get("MetricName"):
        raise invalid(f"The parameter {where}.MetricStat.Metric needs a Namespace and a MetricName.")
    check_period(stat["Period"])
    check_statistic(stat["Stat"])
    dims = tuple(sorted(dimensions(metric.get("Dimensions", ())).items()))
    names = metric["Namespace"], metric["MetricName"]
    return Query(id, label, shown, "", *names, dims, stat["Stat"], stat.get("Unit"), stat["Period"])


class Run:
    """One answer: all queries over one range [start, end), seen at `now`. All in epoch seconds.

    `grid` stands for the range where its periods need not be aligned (alarms).
    """

    def __init__(
        self,
        store: MetricStore,
        queries: Sequence[Query],
        start: float,
        end: float,
        now: float,
        grid: Grid | None = None,
    ) -> None:
        self._fixed = grid
        self._store = store
        self._queries = {q.id: q for q in queries}
        self._start, self._end, self._now = start, end, now
        self._results: dict[str, list[Result]] = {}
        self._open: set[str] = set()
        self._metrics = [q.id for q in queries if not q.expression]

    def results(self) -> list[Result]:
        """Of every query that returns data, in their order. Raises AwsError ValidationError."""
        return [result for q in self._queries.values() if q.shown for result in self._of(q.id)]

    def grid(self, period: int) -> Grid:
        """The periods that start in [start, end), the first one aligned down; none where data is too old."""
        if self._fixed is not None:
            return self._fixed
        if self._start < self._now - tier(period) - HOUR:
            return Grid(0, period, 0)
        first = math.floor(self._start / period) * period
        last = min(self._end, self._now + period)
        return Grid(first, period, max(0, math.ceil((last - first) / period)))

    def _of(self, id: str) -> list[Result]:
        if id in self._results:
            return self._results[id]
        if id in self._open:
            raise invalid(f"The expression '{id}' refers to itself.")
        self._open.add(id)
        query = self._queries[id]
        found = self._expression(query) if query.expression else [self._metric(query)]
        self._open.discard(id)
        self._results[id] = found
        return found

    def _metric(self, query: Query) -> Result:
        assert query.period is not None
        grid = self.grid(query.period)
        series = self._store.find(query.namespace, query.metric, dict(query.dims))
        if series is None or not grid.n:
            values = np.full(grid.n, np.nan)
        else:
            values = series.buckets(grid, query.statistic, self._store.until(series, self._now), query.unit)
        return Result(query, query.label or query.metric, grid, values)

    def _expression(self, query: Query) -> list[Result]:
        period = self._period_of(query.id, set())
        grid = self.grid(period)
        periods = {id: q.period for id, q in self._queries.items() if q.period is not None}
        value = Evaluator(grid, self._lookup, self._metrics, periods).run(query.id, query.expression)
        tracks = value.items if isinstance(value, Tracks) else (value,)
        many = isinstance(value, Tracks)
        found = []
        for track in tracks:
            label = query.label or (track.label if many and track.label else query.id)
            found.append(Result(query, label, grid, track.values))
        return found

    def _lookup(self, id: str) -> Track | Tracks:
        if id not in self._queries:
            raise invalid(f"The expression refers to '{id}', which is not an id of the request.")
        tracks = tuple(Track(id, r.label, r.values) for r in self._of(id))
        return tracks[0] if len(tracks) == 1 else Tracks(tracks)

    def _period_of(self, id: str, seen: set[str]) -> int:
        """The one period that an expression's metrics share."""
        query = self._queries[id]
        if not query.expression:
            assert query.period is not None
            return query.period
        if id in seen:
            raise invalid(f"The expression '{id}' refers to itself.")
        used = [name for name in names_in(query.expression) if name in self._queries]
        if uses_metrics(query.expression):
            used += self._metrics
        periods = {self._period_of(name, seen | {id}) for name in used}
        if len(periods) > 1:
            raise invalid(f"The metrics of the expression '{id}' must all have the same period.")
        period = periods.pop() if periods else query.period or 300
        if query.period is not None and query.period != period:
            raise invalid(f"The period of the expression '{id}' must be that of its metrics, {period}.")
        return period

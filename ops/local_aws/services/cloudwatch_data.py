"""GetMetricData and GetMetricStatistics."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from typing import Any

import numpy as np

from ops.local_aws.errors import AwsError
from ops.local_aws.metric_labels import expand, zone
from ops.local_aws.metric_math import invalid
from ops.local_aws.metric_query import (
    Result,
    Run,
    check_period,
    check_statistic,
    dimensions,
    parse,
)
from ops.local_aws.metric_reduce import percentile_of
from ops.local_aws.services.cloudwatch_base import Base, bad_token, seconds, token, untoken

MOST_DATAPOINTS = 100_800
MOST_STATISTICS = 1440


class Data(Base):
    def get_metric_data(self, params: dict[str, Any]) -> dict[str, Any]:
        start, end = _range(params)
        most = params.get("MaxDatapoints", MOST_DATAPOINTS)
        if not 1 <= most <= MOST_DATAPOINTS:
            raise invalid(f"The value {most} for parameter MaxDatapoints must lie in 1 to {MOST_DATAPOINTS}.")
        where = (
            zone(params["LabelOptions"]["Timezone"])
            if params.get("LabelOptions", {}).get("Timezone")
            else UTC
        )
        queries = parse(params["MetricDataQueries"], self._world.account)
        if not any(query.shown for query in queries):
            raise invalid("At least one of the MetricDataQueries must have ReturnData true.")
        skip, now, digest = 0, self._world.now(), _digest(params)
        if "NextToken" in params:
            given = untoken(params["NextToken"], "at", "now", "of")
            skip, now = given["at"], given["now"]
            if given["of"] != digest or not isinstance(skip, int) or not isinstance(now, int | float):
                bad_token()
        results = Run(self._world.metrics, queries, start, end, now).results()
        newest_first = params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
        answer: list[dict[str, Any]] = []
        left, seen, first = most, 0, "NextToken" not in params
        for result in results:
            times, values = _points(result, newest_first)
            lo = min(max(0, skip - seen), len(values))
            hi = min(len(values), lo + left)
            seen += len(values)
            if lo == hi and len(values) > lo:
                continue  # the page is full
            if lo == len(values) and not (first and not len(values)):
                continue  # told on an earlier page
            left -= hi - lo
            answer.append(
                {
                    "Id": result.query.id,
                    "Label": expand(result, self._world.account, self._world.region, where),
                    "Timestamps": times[lo:hi],
                    "Values": values[lo:hi],
                    "StatusCode": "Complete" if hi == len(values) else "PartialData",
                }
            )
        reached = skip + most - left
        more = {"NextToken": token(at=reached, now=now, of=digest)} if reached < seen else {}
        return {"MetricDataResults": answer, "Messages": [], **more}

    def get_metric_statistics(self, params: dict[str, Any]) -> dict[str, Any]:
        start, end = _range(params, "InvalidParameterCombination")
        plain, extended = params.get("Statistics", []), params.get("ExtendedStatistics", [])
        if not plain and not extended:
            raise AwsError("MissingParameter", "Must specify either Statistics or ExtendedStatistics")
        period = params["Period"]
        try:
            check_period(period)
            for statistic in (*plain, *extended):
                check_statistic(statistic)
            dims = dimensions(params.get("Dimensions", ()))
        except AwsError as error:
            raise AwsError("InvalidParameterValue", error.message) from error
        if any(percentile_of(statistic) is None for statistic in extended):
            raise AwsError("InvalidParameterValue", "ExtendedStatistics holds percentiles only.")
        if (end - start) / period > MOST_STATISTICS:
            raise AwsError(
                "InvalidParameterCombination",
                f"You have requested up to {int((end - start) / period):,} datapoints, which exceeds the "
                f"limit of {MOST_STATISTICS:,}. You may reduce the datapoints requested by increasing Period, "
                "or decreasing the time range.",
            )
        name, unit, now = params["MetricName"], params.get("Unit"), self._world.now()
        store = self._world.metrics
        series = store.find(params["Namespace"], name, dims)
        grid = Run(store, [], start, end, now).grid(period)
        points: dict[tuple[int, str], dict[str, Any]] = {}
        if series is not None and grid.n:
            until = store.until(series, now)
            for of in [unit] if unit else series.units():
                for statistic in (*plain, *extended):
                    values = series.buckets(grid, statistic, until, of)
                    for i in np.flatnonzero(~np.isnan(values)).tolist():
                        at = grid.start + i * period
                        point = points.setdefault((at, of), {"Timestamp": float(at), "Unit": of})
                        value = float(values[i])
                        if statistic in extended:
                            point.setdefault("ExtendedStatistics", {})[statistic] = value
                        else:
                            point[statistic] = value
        return {"Label": name, "Datapoints": list(points.values())}


def _range(params: dict[str, Any], code: str = "ValidationError") -> tuple[float, float]:
    start, end = seconds(params["StartTime"]), seconds(params["EndTime"])
    if start >= end:
        raise AwsError(code, "The parameter StartTime must be less than the parameter EndTime.")
    return start, end


def _points(result: Result, newest_first: bool) -> tuple[Any, Any]:
    """(timestamps, values) of the datapoints that exist, in the order asked for."""
    known = np.flatnonzero(~np.isnan(result.values))
    if newest_first:
        known = known[::-1]
    return result.grid.start + known * result.grid.period, result.values[known]


def _digest(params: dict[str, Any]) -> str:
    """What must be the same on every page."""
    same = {k: v for k, v in params.items() if k not in ("NextToken", "MaxDatapoints")}
    return hashlib.sha256(json.dumps(same, sort_keys=True, default=str).encode()).hexdigest()[:16]

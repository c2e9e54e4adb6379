"""ListMetrics and PutMetricData."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ops.local_aws.alarms import PUBLISHED
from ops.local_aws.errors import AwsError
from ops.local_aws.metric_series import Series
from ops.local_aws.services.cloudwatch_base import Base, page, seconds

PAGE = 500
LISTED_S = 14 * 86400
ACTIVE_S = 3 * 3600
MOST_DATA = 1000
MOST_VALUES = 150
LARGEST = 2.0**360
PAST_S, FUTURE_S = 14 * 86400, 2 * 3600


class Metrics(Base):
    def list_metrics(self, params: dict[str, Any]) -> dict[str, Any]:
        store, now = self._world.metrics, self._world.now()
        oldest = now - (ACTIVE_S if params.get("RecentlyActive") else LISTED_S)
        found = []
        if params.get("OwningAccount", self._world.account) == self._world.account:
            for series in store.all():
                if not _matches(series, params):
                    continue
                newest = series.newest(store.until(series, now))
                if newest is not None and newest * 60 >= oldest:
                    found.append(_metric(series))
        items, more = page(found, params.get("NextToken"), PAGE)
        answer: dict[str, Any] = {"Metrics": items}
        if params.get("IncludeLinkedAccounts"):
            answer["OwningAccounts"] = [self._world.account] * len(items)
        return answer | ({"NextToken": more} if more else {})

    def put_metric_data(self, params: dict[str, Any]) -> None:
        namespace = params["Namespace"]
        if namespace.startswith("AWS/") or namespace in PUBLISHED:
            raise _value(f"The value {namespace} for parameter Namespace is reserved for AWS's own metrics.")
        if namespace.startswith(":"):
            raise _value("The parameter Namespace must not start with a colon.")
        data = list(params.get("MetricData", ()))
        for entity in params.get("EntityMetricData", ()):
            data += entity.get("MetricData", ())
        if not data:
            raise AwsError("MissingParameter", "The parameter MetricData is required.")
        if len(data) > MOST_DATA:
            raise _value(f"The collection MetricData must not have a size greater than {MOST_DATA}.")
        now = self._world.now()
        samples = [self._read(datum, f"MetricData.member.{i}", now) for i, datum in enumerate(data, 1)]
        for datum, (dims, at, groups) in zip(data, samples, strict=True):
            unit = datum.get("Unit", "None")
            series = self._world.metrics.custom(namespace, datum["MetricName"], dims, unit)
            for group in groups:
                series.add(at, unit, *group, fine=datum.get("StorageResolution") == 1)

    def _read(
        self, datum: Mapping[str, Any], where: str, now: float
    ) -> tuple[dict[str, str], float, list[tuple[float, float, float, float]]]:
        """(dimensions, instant, groups of (count, sum, min, max)) of one MetricDatum, checked."""
        dims = {d["Name"]: d["Value"] for d in datum.get("Dimensions", ())}
        if len(dims) != len(datum.get("Dimensions", ())):
            raise _value(f"A dimension of {where} is given more than once.")
        if any(not text.strip() or text.startswith(":") for text in dims):
            raise _value(f"A dimension name of {where} is blank, or starts with a colon.")
        if datum.get("StorageResolution", 60) not in (1, 60):
            raise _value(f"The parameter {where}.StorageResolution must be 1 or 60.")
        at = seconds(datum["Timestamp"]) if "Timestamp" in datum else now
        if not now - PAST_S <= at <= now + FUTURE_S:
            raise _value(
                f"The parameter {where}.Timestamp must specify a time no more than two weeks in the past "
                "and no more than two hours in the future."
            )
        given = [name for name in ("Value", "Values", "StatisticValues") if datum.get(name) is not None]
        if not given:
            raise AwsError("MissingParameter", f"The parameter {where}.Value is required.")
        if len(given) > 1:
            raise _combination(f"The parameters {where}.{given[0]} and {given[1]} exclude each other.")
        if "Counts" in datum and given != ["Values"]:
            raise _combination(f"The parameter {where}.Counts needs {where}.Values.")
        return dims, at, _groups(datum, where)


def _groups(datum: Mapping[str, Any], where: str) -> list[tuple[float, float, float, float]]:
    if "StatisticValues" in datum:
        sums = datum["StatisticValues"]
        group = tuple(_finite(sums[k], where) for k in ("SampleCount", "Sum", "Minimum", "Maximum"))
        count, total, low, high = group
        if count <= 0 or low > high:
            raise _value(f"{where}.StatisticValues needs a SampleCount above 0 and Minimum <= Maximum.")
        return [(count, total, low, high)]
    if "Value" in datum:
        value = _finite(datum["Value"], where)
        return [(1.0, value, value, value)]
    values = [_finite(v, where) for v in datum["Values"]]
    counts = [_finite(c, where) for c in datum.get("Counts", [1.0] * len(values))]
    if not values or len(values) > MOST_VALUES:
        raise _value(f"The collection {where}.Values must hold 1 to {MOST_VALUES} values.")
    if len(counts) != len(values):
        raise _value(f"The parameters {where}.Values and {where}.Counts must be of the same length.")
    if any(c < 0 for c in counts):
        raise _value(f"The parameter {where}.Counts must not hold negative numbers.")
    return [(c, c * v, v, v) for v, c in zip(values, counts, strict=True) if c]


def _finite(value: float, where: str) -> float:
    value = float(value)
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise _value(f"A value of {where} is not a number, or lies outside -2^360 to 2^360.")
    return value


def _matches(series: Series, params: Mapping[str, Any]) -> bool:
    if params.get("Namespace", series.namespace) != series.namespace:
        return False
    if params.get("MetricName", series.name) != series.name:
        return False
    dims = dict(series.dims)
    return all(
        f["Name"] in dims and f.get("Value", dims[f["Name"]]) == dims[f["Name"]]
        for f in params.get("Dimensions", ())
    )


def _metric(series: Series) -> dict[str, Any]:
    return {
        "Namespace": series.namespace,
        "MetricName": series.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in series.dims],
    }


def _value(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message)


def _combination(message: str) -> AwsError:
    return AwsError("InvalidParameterCombination", message)

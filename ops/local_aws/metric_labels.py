"""Dynamic labels of GetMetricData: ${MAX}, ${LAST}, ${PROP('Dim.EndpointName')} and the like."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import numpy as np

from ops.local_aws.metric_math import invalid
from ops.local_aws.metric_query import Result
from ops.local_aws.metric_reduce import Floats

_PLACE = re.compile(r"\$\{([^}]*)\}")
_PROP = re.compile(r"""PROP\(\s*['"]([^'"]+)['"]\s*\)\Z""")
_ZONE = re.compile(r"([+-])(\d{2})(\d{2})\Z")
_OF: dict[str, Callable[[Floats], float]] = {
    "AVG": lambda x: float(x.mean()),
    "FIRST": lambda x: float(x[0]),
    "LAST": lambda x: float(x[-1]),
    "MAX": lambda x: float(x.max()),
    "MIN": lambda x: float(x.min()),
    "SUM": lambda x: float(x.sum()),
}
_WHEN: dict[str, Callable[[Floats], int]] = {
    "FIRST_TIME": lambda x: 0,
    "LAST_TIME": lambda x: len(x) - 1,
    "MAX_TIME": lambda x: int(x.argmax()),
    "MIN_TIME": lambda x: int(x.argmin()),
}


def zone(text: str) -> timezone:
    """LabelOptions.Timezone, such as +0130. Raises AwsError ValidationError."""
    found = _ZONE.match(text)
    if found is None or int(found[2]) > 23 or int(found[3]) > 59:
        raise invalid(f"The value {text} for parameter LabelOptions.Timezone must look like +0130.")
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-offset if found[1] == "-" else offset)


def expand(result: Result, account: str, region: str, where: timezone) -> str:
    """The label of a result with its ${…} filled in; unknown ones stay as they are."""
    label = result.label
    if "${" not in label:
        return label
    known = np.flatnonzero(~np.isnan(result.values))
    values = result.values[known]

    def fill(found: re.Match[str]) -> str:
        name = found[1].strip()
        prop = _PROP.match(name)
        if prop:
            return _prop(result, prop[1], account, region)
        if name == "LABEL":
            return result.query.metric or result.query.id
        if name == "DATAPOINT_COUNT":
            return str(len(values))
        if name not in _OF and name not in _WHEN and name != "FIRST_LAST_RANGE":
            return found[0]
        if not len(values):
            return "--"
        if name == "FIRST_LAST_RANGE":
            return _number(float(values[-1] - values[0]))
        if name in _OF:
            return _number(_OF[name](values))
        at = result.grid.start + int(known[_WHEN[name](values)]) * result.grid.period
        return f"{datetime.fromtimestamp(at, UTC).astimezone(where):%H:%M}"

    return _PLACE.sub(fill, label)


def _prop(result: Result, name: str, account: str, region: str) -> str:
    query = result.query
    if name.startswith("Dim."):
        return dict(query.dims).get(name[4:], "")
    known = {
        "AccountId": account,
        "MetricName": query.metric,
        "Namespace": query.namespace,
        "Period": str(result.grid.period),
        "Region": region,
        "Stat": query.statistic,
    }
    return known.get(name, "")


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")

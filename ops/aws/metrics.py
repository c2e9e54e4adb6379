"""GetMetricData: a pure builder of batches, a loop over pages, a pure parser onto the grid of the window."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ops.aws.calls import Reading
from ops.core.metrics import HOST, Metric, counting_period
from ops.core.types import Endpoint, FloatArray, MetricSet, Problem, Series, Window, utc

BATCH = 500
"""Queries that one call may carry."""

FORBIDDEN = "Forbidden"
_SAID = {
    FORBIDDEN: "AWS denies this metric.",
    "InternalError": "CloudWatch had an internal problem with this metric; its line may be incomplete.",
    "PartialData": "CloudWatch sent only a part of this metric.",
}


@dataclass(frozen=True, slots=True)
class Query:
    """One statistic of one endpoint. `period` (seconds) is the window's, or a multiple of it."""

    endpoint: Endpoint
    metric: Metric
    period: int

    @property
    def dimensions(self) -> dict[str, str]:
        """The exact set under which AWS publishes: any other finds nothing, without an error."""
        ref = self.endpoint.ref
        found = {"EndpointName": ref.name}
        if self.metric.per_variant:
            found["VariantName"] = ref.variant
        return found


Found = tuple[dict[str, MetricSet], tuple[Problem, ...]]


@dataclass(frozen=True, slots=True)
class Answer:
    """The series by endpoint name, what was wrong, and which (endpoint, key) AWS did not answer in full."""

    found: Mapping[str, MetricSet]
    problems: tuple[Problem, ...] = ()
    incomplete: frozenset[tuple[str, str]] = frozenset()
    status: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What CloudWatch said of each of those, for example Forbidden."""


def queries(endpoint: Endpoint, metrics: Iterable[Metric], window: Window) -> list[Query]:
    """Host metrics that are published more rarely than once a minute get a period of whole intervals."""
    out = []
    for metric in metrics:
        host = metric.namespace == HOST
        period = counting_period(window.period, endpoint.publish_interval) if host else window.period
        out.append(Query(endpoint, metric, period))
    return out


def read(reading: Reading, asked: Sequence[Query], window: Window) -> Answer:
    """The series of every query by endpoint name. Raises OpsError when a whole call fails."""
    parser = Parser(asked, window)
    batches = [(first, build(asked[first : first + BATCH], window)) for first in range(0, len(asked), BATCH)]

    def fetch(batch: tuple[int, dict[str, Any]]) -> None:
        for page in _pages(reading, batch[1]):
            parser.add(batch[0], page)

    reading.each(fetch, batches)
    found, _ = parser.result()
    return Answer(found, parser.messages(), parser.incomplete(), parser.status())


def build(asked: Sequence[Query], window: Window) -> dict[str, Any]:
    """The parameters of one call; the Id of a query is its place."""
    together = math.lcm(window.period, *(q.period for q in asked))
    start = utc(window.start.timestamp() // together * together)
    return {
        "StartTime": start,
        "EndTime": window.end,
        "ScanBy": "TimestampAscending",
        "MetricDataQueries": [
            {
                "Id": f"q{i}",
                "ReturnData": True,
                "MetricStat": {
                    "Metric": {
                        "Namespace": q.metric.namespace,
                        "MetricName": q.metric.name,
                        "Dimensions": [{"Name": n, "Value": v} for n, v in q.dimensions.items()],
                    },
                    "Period": q.period,
                    "Stat": q.metric.statistic,
                },
            }
            for i, q in enumerate(asked)
        ],
    }


def _pages(reading: Reading, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    token: str | None = None
    while True:
        reading.session.asked_metrics(len(params["MetricDataQueries"]))
        page = reading.ask("cloudwatch", "GetMetricData", **params, **({"NextToken": token} if token else {}))
        yield page
        token = page.get("NextToken")
        if not token:
            return


class Parser:
    """Puts the pages of any number of calls, in any order, onto the grid of one window.

    A SampleCount of a period longer than the grid's is spread evenly over the cells that it covers.
    """

    def __init__(self, asked: Sequence[Query], window: Window) -> None:
        self._asked = asked
        self._window = window
        self._values: list[FloatArray | None] = [None] * len(asked)
        self._status: list[str] = ["Complete"] * len(asked)
        self._messages: set[str] = set()

    def add(self, first: int, page: Mapping[str, Any]) -> None:
        """One page of the call whose q0 is number `first`. Datapoints may be unsorted and come twice."""
        for result in page.get("MetricDataResults", ()):
            number = first + int(str(result["Id"])[1:])
            self._status[number] = str(result.get("StatusCode", "Complete"))
            stamps, values = result.get("Timestamps", ()), result.get("Values", ())
            if stamps:
                query = self._asked[number]
                if query.metric.statistic == "SampleCount" and query.period > self._window.period:
                    share = self._window.period / query.period
                    values = [value * share for value in values]
                place(self._grid(number), self._window, query.period, stamps, values)
        for message in page.get("Messages", ()):
            self._messages.add(f"{message.get('Code', '')}: {message.get('Value', '')}".strip(": "))

    def result(self) -> Found:
        """Series by endpoint name and key. A query without an answer is all NaN."""
        sets: dict[str, dict[str, Series]] = {}
        for number, query in enumerate(self._asked):
            metric = query.metric
            series = Series(metric.key, self._window, self._grid(number), metric.unit)
            sets.setdefault(query.endpoint.ref.name, {})[metric.key] = series
        found = {name: MetricSet(self._window, series) for name, series in sets.items()}
        return found, self._problems()

    def incomplete(self) -> frozenset[tuple[str, str]]:
        """(endpoint, key) of the queries that AWS answered in part or not at all."""
        pairs = zip(self._asked, self._status, strict=True)
        return frozenset((q.endpoint.ref.name, q.metric.key) for q, status in pairs if status != "Complete")

    def _grid(self, number: int) -> FloatArray:
        grid = self._values[number]
        if grid is None:
            grid = self._values[number] = np.full(self._window.size, np.nan)
        return grid

    def status(self) -> dict[tuple[str, str], str]:
        """What CloudWatch said of the queries that it did not answer in full."""
        pairs = zip(self._asked, self._status, strict=True)
        return {(q.endpoint.ref.name, q.metric.key): status for q, status in pairs if status != "Complete"}

    def messages(self) -> tuple[Problem, ...]:
        """What CloudWatch said of the call as a whole."""
        return tuple(Problem("metrics", f"CloudWatch says: {text}") for text in sorted(self._messages))

    def _problems(self) -> tuple[Problem, ...]:
        return (
            *refusals({f"{key} of {name}": s for (name, key), s in self.status().items()}),
            *self.messages(),
        )


def refusals(status: Mapping[str, str]) -> tuple[Problem, ...]:
    """Problems of metrics by what CloudWatch said of them; those of one kind in one."""
    bad: dict[str, list[str]] = {}
    for which, said in status.items():
        bad.setdefault(said, []).append(which)
    out = []
    for said, parts in bad.items():
        action = "cloudwatch:GetMetricData" if said == FORBIDDEN else ""
        what = _SAID.get(said, f"CloudWatch answered {said}.")
        part = parts[0] if len(parts) == 1 else f"{parts[0]} and {len(parts) - 1} more"
        out.append(Problem(part, what, action=action, retryable=said != FORBIDDEN))
    return tuple(out)


def place(
    grid: FloatArray, window: Window, period: int, stamps: Sequence[Any], values: Sequence[float]
) -> None:
    """Write datapoints into the grid; one of a longer period fills all the cells that it covers."""
    begin = window.start.timestamp()
    times = np.fromiter((t.timestamp() for t in stamps), np.float64, len(stamps))
    given = np.asarray(values, np.float64)
    cells = np.floor((times - begin) / window.period).astype(np.int64)
    for offset in range(max(1, period // window.period)):
        at = cells + offset
        inside = (at >= 0) & (at < len(grid))
        grid[at[inside]] = given[inside]

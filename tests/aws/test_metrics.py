"""GetMetricData: exact dimension sets, batches, and a parser for whatever order AWS answers in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import numpy as np
import pytest

from ops.aws import metrics as reader
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where, as_utc
from ops.core import metrics
from ops.core.types import AsyncConfig, Endpoint, EndpointRef, Window
from tests.living import TUESDAY, living

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
HOUR = Window(NOW - timedelta(hours=1), NOW, 60)
DOC = Endpoint(
    EndpointRef("1", "us-east-1", "doc", "blue"),
    "arn",
    "InService",
    "c",
    "ml.g5.xlarge",
    1,
    1,
    NOW,
    NOW,
    AsyncConfig(None, None, None, None, None),
)


def result(number: int, points: list[tuple[int, float]], status: str = "Complete") -> dict[str, Any]:
    return {
        "Id": f"q{number}",
        "StatusCode": status,
        "Timestamps": [NOW - timedelta(minutes=m) for m, _ in points],
        "Values": [v for _, v in points],
    }


def parsed(queries: list[reader.Query], *pages: dict[str, Any], window: Window = HOUR) -> reader.Found:
    parser = reader.Parser(queries, window)
    for page in pages:
        parser.add(0, page)
    return parser.result()


def test_dimension_sets_are_exact() -> None:
    built = reader.build(reader.queries(DOC, (metrics.BACKLOG, metrics.PROCESSED), HOUR), HOUR)
    sets = [
        {d["Name"]: d["Value"] for d in q["MetricStat"]["Metric"]["Dimensions"]}
        for q in built["MetricDataQueries"]
    ]
    assert sets == [{"EndpointName": "doc"}, {"EndpointName": "doc", "VariantName": "blue"}]
    assert built["EndTime"] == HOUR.end


def test_answers_may_be_unsorted_partial_and_in_pages() -> None:
    queries = reader.queries(DOC, (metrics.BACKLOG, metrics.OLDEST), HOUR)
    first = {"MetricDataResults": [result(0, [(1, 9.0), (60, 1.0)], "PartialData"), result(1, [(30, 5.0)])]}
    second = {"MetricDataResults": [result(0, [(30, 4.0), (2, 8.0)])]}
    found, problems = parsed(queries, first, second)
    values = found["doc"].get("ApproximateBacklogSize").values
    assert {int(i): float(values[i]) for i in np.flatnonzero(~np.isnan(values))} == {
        0: 1.0,
        30: 4.0,
        58: 8.0,
        59: 9.0,
    }
    assert found["doc"].get("ApproximateAgeOfOldestRequest").unit == "Seconds"
    assert problems == ()


def test_points_outside_the_window_are_dropped() -> None:
    page = {"MetricDataResults": [result(0, [(61, 1.0), (0, 2.0), (-5, 3.0)])]}
    found, _ = parsed(reader.queries(DOC, (metrics.BACKLOG,), HOUR), page)
    assert np.isnan(found["doc"].get("ApproximateBacklogSize").values).all()


@pytest.mark.parametrize(
    ("status", "action", "retryable"),
    [
        ("Forbidden", "cloudwatch:GetMetricData", False),
        ("InternalError", "", True),
        ("PartialData", "", True),
    ],
)
def test_a_status_other_than_complete_is_a_problem(status: str, action: str, retryable: bool) -> None:
    queries = reader.queries(DOC, (metrics.BACKLOG, metrics.OLDEST), HOUR)
    page = {"MetricDataResults": [result(0, [], status), result(1, [(5, 1.0)])]}
    found, problems = parsed(queries, page)
    assert len(problems) == 1
    assert (problems[0].action, problems[0].retryable) == (action, retryable)
    assert "ApproximateBacklogSize of doc" in problems[0].part
    assert found["doc"].get("ApproximateAgeOfOldestRequest").last() == 1.0


def test_messages_are_told() -> None:
    page = {"MetricDataResults": [], "Messages": [{"Code": "MaxMetricsExceeded", "Value": "too many"}]}
    _, problems = parsed(reader.queries(DOC, (metrics.BACKLOG,), HOUR), page)
    assert "too many" in problems[0].what


def test_rarer_host_metrics_fill_the_minutes_they_cover() -> None:
    slow = replace(DOC, publish_interval=300)
    (query,) = reader.queries(slow, (metrics.CPU_SAMPLES,), HOUR)
    assert query.period == 300
    found, _ = parsed([query], {"MetricDataResults": [result(0, [(60, 2.0), (5, 1.0)])]})
    samples = found["doc"].get(metrics.CPU_SAMPLES.key)
    assert samples.values[:6].tolist()[:5] == [0.4] * 5  # two samples in five minutes, spread evenly
    assert np.isnan(samples.values[5:55]).all()
    assert metrics.instances(samples, 300).values[55:].tolist() == [1.0] * 5
    assert reader.queries(slow, (metrics.BACKLOG,), HOUR)[0].period == 60


def test_six_hundred_queries_go_in_two_calls() -> None:
    with living(empty=True) as (server, _):
        session = AwsSession(Where("embedded", "us-east-1", server.url, loopback=True))
        endpoints = [replace(DOC, ref=replace(DOC.ref, name=f"e{i}")) for i in range(600)]
        window = Window.last(timedelta(hours=1), datetime.fromtimestamp(TUESDAY, UTC), 60)
        queries = [q for e in endpoints for q in reader.queries(e, (metrics.BACKLOG,), window)]
        answer = reader.read(Reading(session), queries, window)
        assert (len(answer.found), answer.problems, answer.incomplete) == (600, (), frozenset())
        assert session.metrics() == 600
        assert session.calls()["cloudwatch:GetMetricData"] == 2
        session.close()


@pytest.fixture(scope="module")
def fleet() -> Iterator[str]:
    with living() as (server, _):
        yield server.url


def test_same_numbers_as_plain_boto3_whatever_the_pages(fleet: str) -> None:
    """The whole catalogue over 24 h, against boto3's own paginator and timestamps."""
    session = AwsSession(Where("embedded", "us-east-1", fleet, loopback=True))
    window = Window.last(timedelta(hours=24), datetime.fromtimestamp(TUESDAY, UTC), 60)
    archive = replace(DOC, ref=EndpointRef("1", "us-east-1", "archive-reocr"))
    queries = reader.queries(archive, metrics.CATALOGUE.values(), window)
    found = reader.read(Reading(session), queries, window).found
    session.close()
    plain = boto3.client(
        "cloudwatch",
        region_name="us-east-1",
        endpoint_url=fleet,
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    pages = plain.get_paginator("get_metric_data").paginate(**reader.build(queries, window))
    seen = 0
    for page in pages:
        for one in page["MetricDataResults"]:
            mine = found["archive-reocr"].get(queries[int(one["Id"][1:])].metric.key).values
            for stamp, value in zip(one["Timestamps"], one["Values"], strict=True):
                cell = int((stamp - window.start).total_seconds()) // 60
                assert mine[cell] == pytest.approx(value)
                seen += 1
    assert seen == sum(int((~np.isnan(s.values)).sum()) for s in found["archive-reocr"].series.values())
    assert seen > 1000


@pytest.mark.parametrize(
    "given",
    [1_790_000_000, 1_790_000_000.0, "2026-09-21T14:13:20Z", "2026-09-21T16:13:20+02:00", "1790000000"],
)
def test_timestamps_of_every_protocol(given: float | str) -> None:
    assert as_utc(given) == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
    assert as_utc(given).utcoffset() == timedelta(0)

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
from ops.core import metrics, rollup
from ops.core.types import AsyncConfig, Endpoint, EndpointRef, FloatArray, MetricSet, Series, Window, utc
from tests.living import TUESDAY, living
from tests.small_worlds import NAME, small

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
    with living(days=3) as (server, _):
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


@pytest.fixture(scope="module")
def course() -> Iterator[tuple[str, Window]]:
    """One endpoint that wakes and sleeps, and a day of its past in whole hours."""
    with small(2) as (server, _):
        yield server.url, Window(utc(TUESDAY - 26 * 3600), utc(TUESDAY - 2 * 3600), 60)


def asked_of(url: str, window: Window, endpoint: Endpoint | None = None) -> MetricSet:
    session = AwsSession(Where("embedded", "us-east-1", url, loopback=True))
    whom = endpoint or replace(DOC, ref=EndpointRef("1", "us-east-1", NAME))
    try:
        queries = reader.queries(whom, metrics.CATALOGUE.values(), window)
        answer = reader.read(Reading(session), queries, window)
        assert (answer.problems, answer.incomplete) == ((), frozenset())
        return answer.found[whom.ref.name]
    finally:
        session.close()


@pytest.mark.parametrize("period", [300, 3600])
def test_minutes_add_up_to_what_cloudwatch_itself_answers(course: tuple[str, Window], period: int) -> None:
    """Sums, counts and maxima exactly; averages within 1 %, percentiles between the least and the most minute."""
    url, window = course
    minutes = asked_of(url, window)
    steps = asked_of(url, Window(window.start, window.end, period))
    fine = {key: series.values for key, series in minutes.series.items()}
    for metric in metrics.CATALOGUE.values():
        made = rollup.rolled(metric, fine, period // 60)
        theirs = steps.get(metric.key).values
        np.testing.assert_array_equal(np.isnan(made), np.isnan(theirs), err_msg=metric.key)
        if metric.statistic in ("Sum", "SampleCount", "Maximum"):
            np.testing.assert_allclose(made, theirs, err_msg=metric.key)
        elif metric.statistic == "Average":
            np.testing.assert_allclose(made, theirs, rtol=0.01, err_msg=metric.key)
        else:
            parts = fine[metric.key].reshape(-1, period // 60)[~np.isnan(theirs)]
            assert (made[~np.isnan(made)] <= np.nanmax(parts, axis=1) + 1e-6).all()
            assert (made[~np.isnan(made)] >= np.nanmin(parts, axis=1) - 1e-6).all()
    assert np.nansum(steps.get(metrics.PROCESSED.key).values) > 50


def test_missing_and_zero_as_aws_publishes_them(course: tuple[str, Window]) -> None:
    """Facts A.5: the queue speaks each minute, counts when something happened, hosts while there is an instance."""
    found = asked_of(*course)

    def values(metric: metrics.Metric) -> FloatArray:
        return found.get(metric.key).values

    asleep = np.isnan(values(metrics.CPU_SAMPLES))
    assert 0.1 < asleep.mean() < 0.9
    assert not np.isnan(values(metrics.BACKLOG)).any()
    assert not np.isnan(values(metrics.NO_CAPACITY)).any()
    for metric in (metrics.CPU, metrics.MEMORY, metrics.GPU):
        assert np.isnan(values(metric)).tolist() == asleep.tolist()
    for metric in (metrics.PROCESSED, metrics.MODEL_LATENCY):
        assert np.isnan(values(metric)[asleep]).all()
    idle = ~asleep & (values(metrics.BACKLOG) == 0)
    assert idle.any()
    assert np.isnan(values(metrics.PROCESSED)).any()
    assert (values(metrics.PROCESSED)[~np.isnan(values(metrics.PROCESSED))] > 0).all()
    assert set(np.unique(values(metrics.NO_CAPACITY))) == {0.0, 1.0}
    waiting = values(metrics.NO_CAPACITY) == 1
    assert (values(metrics.BACKLOG)[waiting] >= 1).all()
    assert not np.isnan(values(metrics.OLDEST)[waiting]).any()


def test_another_variant_finds_nothing_and_no_error(course: tuple[str, Window]) -> None:
    url, window = course
    found = asked_of(url, window, replace(DOC, ref=EndpointRef("1", "us-east-1", NAME, "blue")))
    there = {m.per_variant: [] for m in metrics.CATALOGUE.values()}
    for key, series in found.series.items():
        there[metrics.CATALOGUE[key].per_variant].append(bool((~np.isnan(series.values)).any()))
    assert not any(there[True])
    assert all(there[False])


def awake_hours(found: MetricSet, interval: int) -> float:
    series = metrics.instances(found.get(metrics.CPU_SAMPLES.key), interval)
    return float(np.nansum(series.values)) * series.window.period / 3600


@pytest.mark.parametrize("interval", [10, 30, 120, 180, 300])
def test_instances_are_right_at_every_publish_interval(course: tuple[str, Window], interval: int) -> None:
    """Instance-hours of the same day in the same life, at every period, asked for or made of minutes."""
    truth = awake_hours(asked_of(*course), 60)
    whom = replace(DOC, ref=EndpointRef("1", "us-east-1", NAME), publish_interval=interval)
    with small(2, publish_interval=interval) as (server, _):
        minutes = asked_of(server.url, course[1], whom)
        steps = [asked_of(server.url, Window(course[1].start, course[1].end, p), whom) for p in (300, 3600)]
    off = 0.0 if interval <= 60 else 0.05
    for found in (minutes, *steps):
        assert awake_hours(found, interval) == pytest.approx(truth, rel=off + 1e-9)
    fine = {key: series.values for key, series in minutes.series.items()}
    for period in (300, 3600):
        window = Window(course[1].start, course[1].end, period)
        made = Series("s", window, rollup.rolled(metrics.CPU_SAMPLES, fine, period // 60))
        rolled = MetricSet(window, {metrics.CPU_SAMPLES.key: made})
        assert awake_hours(rolled, interval) == pytest.approx(truth, rel=off + 1e-9)
    level = metrics.instances(minutes.get(metrics.CPU_SAMPLES.key), interval).values
    assert set(np.unique(level[~np.isnan(level)].round(9))) <= {
        1.0,
        2.0,
        3.0,
    }  # whole instances in every minute


@pytest.mark.parametrize("intervals", [(60,), (60, 120), (120, 300), (120, 180, 300)])
def test_one_call_starts_where_every_interval_starts(intervals: tuple[int, ...]) -> None:
    odd = Window(NOW - timedelta(minutes=55), NOW, 60)
    asked = [
        query
        for i, interval in enumerate(intervals)
        for query in reader.queries(
            replace(DOC, ref=replace(DOC.ref, name=f"e{i}"), publish_interval=interval),
            (metrics.CPU_SAMPLES,),
            odd,
        )
    ]
    start = int(reader.build(asked, odd)["StartTime"].timestamp())
    assert start <= odd.start.timestamp()
    assert [start % query.period for query in asked] == [0] * len(asked)


def test_what_was_answered_in_part_is_named_and_what_came_is_there() -> None:
    wanted = (metrics.BACKLOG, metrics.OLDEST, metrics.NO_CAPACITY, metrics.PER_INSTANCE)
    queries = reader.queries(DOC, wanted, HOUR)
    parser = reader.Parser(queries, HOUR)
    results = [
        result(0, [(5, 1.0)], "PartialData"),
        result(1, [], "InternalError"),
        result(2, [], "Forbidden"),
    ]
    parser.add(0, {"MetricDataResults": [*results, result(3, [(5, 2.0)])]})
    assert parser.incomplete() == {("doc", m.key) for m in wanted[:3]}
    found, problems = parser.result()
    assert found["doc"].get(metrics.BACKLOG.key).last() == 1.0
    assert found["doc"].get(metrics.PER_INSTANCE.key).last() == 2.0
    assert len(problems) == 3


def test_a_metric_completed_on_a_later_page_is_complete() -> None:
    parser = reader.Parser(reader.queries(DOC, (metrics.BACKLOG,), HOUR), HOUR)
    parser.add(0, {"MetricDataResults": [result(0, [(5, 1.0)], "PartialData")]})
    parser.add(0, {"MetricDataResults": [result(0, [(4, 2.0)], "Complete")]})
    assert parser.incomplete() == frozenset()

"""The catalogue against facts section A, and instances from SampleCount: absent is not zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ops.core import metrics
from ops.core.types import Activity, AsyncConfig, Endpoint, EndpointRef, Series, Window
from ops.past import OVERLAP_S

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
HOUR = Window(NOW - timedelta(hours=1), NOW, 60)
PLAIN = Endpoint(
    EndpointRef("1", "us-east-1", "doc"),
    "arn",
    "InService",
    "c",
    "ml.g5.xlarge",
    0,
    0,
    NOW - timedelta(days=9),
    NOW - timedelta(days=8),
    AsyncConfig(None, None, None, None, None),
)


def test_queue_metrics_carry_the_endpoint_alone_and_the_others_the_variant_too() -> None:
    queue = {m.name for m in metrics.CATALOGUE.values() if not m.per_variant}
    assert queue == {
        "ApproximateBacklogSize",
        "ApproximateBacklogSizePerInstance",
        "ApproximateAgeOfOldestRequest",
        "HasBacklogWithoutCapacity",
    }


def test_nothing_that_async_endpoints_never_publish() -> None:
    names = {m.name for m in metrics.CATALOGUE.values()}
    assert not names & {"Invocations", "InvocationsPerInstance", "OverheadLatency", "InvocationsProcesssed"}


@pytest.mark.parametrize(
    ("key", "unit"),
    [
        ("TimeInBacklog", "Milliseconds"),
        ("TotalProcessingTime", "Milliseconds"),
        ("ModelLatency", "Microseconds"),
        ("ApproximateAgeOfOldestRequest", "Seconds"),
        ("CPUUtilization", "Percent"),
        ("Invocation5XXErrors", "None"),
    ],
)
def test_units(key: str, unit: str) -> None:
    assert metrics.CATALOGUE[key].unit == unit


@pytest.mark.parametrize(
    ("kind", "gpu"), [("ml.g5.xlarge", True), ("ml.p4d.24xlarge", True), ("ml.c6i.large", False)]
)
def test_gpu_metrics_only_where_there_is_a_gpu(kind: str, gpu: bool) -> None:
    wanted = metrics.wanted(metrics.HOSTS, replace(PLAIN, instance_type=kind))
    assert any(m.name == "GPUUtilization" for m in wanted) is gpu


@pytest.mark.parametrize(
    ("interval", "period", "samples", "expected"),
    [
        (60, 60, 3, 3),
        (10, 60, 6, 1),
        (30, 60, 4, 2),
        (120, 60, 2, 2),
        (300, 60, 1, 1),
        (60, 300, 10, 2),
        (180, 300, 10, 2),
        (60, 3600, 30, 0.5),
    ],
)
def test_instances_from_sample_count(interval: int, period: int, samples: float, expected: float) -> None:
    """`samples` is the SampleCount over one counting period; a grid holds it spread over its cells."""
    window = Window(NOW - timedelta(hours=3), NOW, period)
    spread = samples * period / metrics.counting_period(period, interval)
    series = Series("s", window, np.full(window.size, float(spread)))
    assert metrics.instances(series, interval).values == pytest.approx(np.full(window.size, expected))


@pytest.mark.parametrize(("interval", "period", "expected"), [(60, 60, 60), (10, 60, 60), (120, 60, 120)])
def test_counting_period_holds_whole_intervals(interval: int, period: int, expected: int) -> None:
    assert metrics.counting_period(period, interval) == expected
    assert metrics.counting_period(300, 180) == 900


def move(start: float, end: float | None, desired: int, status: str = "Successful") -> Activity:
    begin = NOW - timedelta(minutes=start)
    finish = None if end is None else NOW - timedelta(minutes=end)
    return Activity("a", begin, finish, status, "", "", "", desired)


def zeros(endpoint: Endpoint, *moves: Activity) -> np.ndarray:
    return metrics.confirmed_zero(HOUR, endpoint, moves, NOW.timestamp())


AWAKE = replace(PLAIN, current=1, desired=1)
RECENTLY = replace(PLAIN, modified=NOW - timedelta(minutes=10))


def test_zero_between_the_end_of_a_scale_in_and_the_next_start() -> None:
    found = zeros(AWAKE, move(41, 40, 0), move(20, 15, 1))
    assert np.flatnonzero(found).tolist() == list(range(20, 40))


def test_a_failed_scale_in_confirms_nothing() -> None:
    assert not zeros(AWAKE, move(41, 40, 0, "Failed"), move(20, 15, 1)).any()


def test_the_last_scale_in_counts_until_now_only_where_the_endpoint_says_zero() -> None:
    assert not zeros(AWAKE, move(41, 40, 0)).any()
    assert zeros(RECENTLY, move(41, 40, 0)).sum() == 40


def test_without_a_record_zero_holds_since_the_last_modification() -> None:
    assert zeros(RECENTLY).sum() == 10
    assert not zeros(replace(RECENTLY, desired=1)).any()


def test_a_queue_without_capacity_proves_that_there_is_no_instance() -> None:
    """Whatever the record says: attempts that failed, a window older than the last modification."""
    signal = np.full(60, np.nan)
    signal[:10], signal[10:30] = 0.0, 1.0
    failed = (move(50, 49, 1, "Failed"), move(40, 39, 1, "Failed"))
    found = metrics.confirmed_zero(HOUR, AWAKE, failed, NOW.timestamp(), Series("s", HOUR, signal))
    assert np.flatnonzero(found).tolist() == list(range(10, 30))


def test_gaps_stay_gaps_but_where_zero_is_confirmed() -> None:
    values = np.full(60, np.nan)
    values[:5] = 2.0
    values[30] = 1.0  # measured: stronger than any record
    confirmed = np.zeros(60)
    confirmed[20:40] = 1.0
    found = metrics.instances(Series("s", HOUR, values), 60, confirmed).values
    assert found[:5].tolist() == [2.0] * 5
    assert np.isnan(found[5:20]).all()
    assert found[30] == 1.0
    assert (found[20:30] == 0).all()
    assert np.isnan(found[40:]).all()


def test_total_knows_the_difference_between_none_and_zero() -> None:
    values = np.full(60, np.nan)
    assert metrics.total(Series("s", HOUR, values), 0) is None
    values[59] = 0.0
    assert metrics.total(Series("s", HOUR, values), 0) == 0.0
    assert metrics.total(Series("s", HOUR, values), NOW.timestamp()) is None


@pytest.mark.parametrize("metric", metrics.CATALOGUE.values(), ids=lambda m: m.key)
def test_absence_has_its_meaning_by_what_is_measured(metric: metrics.Metric) -> None:
    """Facts A.5, column by column."""
    if metric.namespace == metrics.HOST or metric is metrics.PER_INSTANCE:
        assert metric.absence is metrics.Absence.NO_INSTANCE
    elif metric in (metrics.BACKLOG, metrics.NO_CAPACITY):
        assert metric.absence is metrics.Absence.NOT_KNOWN
    elif metric is metrics.OLDEST:
        assert metric.absence is metrics.Absence.NOTHING_WAITED
    else:
        assert metric.absence is metrics.Absence.NOTHING_HAPPENED


def test_the_newest_minutes_are_younger_than_any_kept_cell() -> None:
    assert metrics.SETTLE_S < OVERLAP_S


@pytest.mark.parametrize("interval", [10, 30, 60, 120, 180, 240, 300])
@pytest.mark.parametrize("period", [60, 300, 3600])
def test_a_counting_period_holds_whole_periods_and_whole_intervals(period: int, interval: int) -> None:
    found = metrics.counting_period(period, interval)
    assert found % period == 0
    assert found % interval == 0
    assert found <= period * 5

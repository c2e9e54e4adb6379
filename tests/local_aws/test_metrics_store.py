"""Series against a plain list of samples, day borders, and what is visible when."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.local_aws.metric_series import Grid
from ops.local_aws.metrics_store import EventSeries, GaugeSeries, MetricStore, StatsSeries

STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum", "p0", "p50", "p99", "p99.9", "p100")
FAR = 10**9
DAY = 1440


def store() -> MetricStore:
    return MetricStore(0, 60)


def gauge(of: MetricStore | None = None) -> GaugeSeries:
    return (of or store()).gauge("N", "gauge", {"EndpointName": "e"}, "Count")


def naive(samples: list[float], statistic: str) -> float:
    if not samples:
        return math.nan
    if statistic.startswith("p"):
        return float(np.percentile(samples, float(statistic[1:])))
    return {
        "SampleCount": len(samples),
        "Sum": math.fsum(samples),
        "Average": math.fsum(samples) / len(samples),
        "Minimum": min(samples),
        "Maximum": max(samples),
    }[statistic]


minutes = st.integers(DAY - 20, DAY + 20)
whole = st.integers(0, 1000).map(float)


@given(st.dictionaries(minutes, whole, max_size=25), st.sampled_from(STATISTICS), st.sampled_from([1, 5, 7]))
def test_a_gauge_over_periods(points: dict[int, float], statistic: str, step: int) -> None:
    series = gauge()
    for minute, value in points.items():
        series.put(minute, value)
    grid = Grid((DAY - 21) * 60, step * 60, 42 // step)
    expected = [
        naive([points[m] for m in range(first, first + step) if m in points], statistic)
        for first in range(DAY - 21, DAY - 21 + 42 // step * step, step)
    ]
    np.testing.assert_allclose(series.buckets(grid, statistic, FAR), expected)


@given(
    st.lists(st.tuples(minutes, whole), max_size=40),
    st.sampled_from(STATISTICS),
    st.sampled_from([1, 5, 7]),
    st.integers(DAY - 25, DAY + 25),
)
def test_events_over_periods_in_any_order(
    points: list[tuple[int, float]], statistic: str, step: int, until: int
) -> None:
    series = store().events("N", "events", {}, "Milliseconds")
    for minute, value in points:
        series.add(minute, value)
    grid = Grid((DAY - 21) * 60, step * 60, 42 // step)
    expected = [
        naive([v for m, v in points if first <= m < min(until, first + step)], statistic)
        for first in range(DAY - 21, DAY - 21 + 42 // step * step, step)
    ]
    np.testing.assert_allclose(series.buckets(grid, statistic, until), expected)


@given(
    st.dictionaries(minutes, st.lists(whole, min_size=1, max_size=3), max_size=20),
    st.sampled_from(STATISTICS),
    st.sampled_from([1, 5]),
)
def test_up_to_three_samples_a_minute_are_exact(
    points: dict[int, list[float]], statistic: str, step: int
) -> None:
    series = store().stats("N", "stats", {}, "Percent")
    for minute, samples in points.items():
        series.put(minute, len(samples), sum(samples), min(samples), max(samples))
    grid = Grid((DAY - 20) * 60, step * 60, 40 // step)
    expected = [
        naive([v for m in range(first, first + step) for v in points.get(m, [])], statistic)
        for first in range(DAY - 20, DAY + 20, step)
    ]
    np.testing.assert_allclose(series.buckets(grid, statistic, FAR), expected, rtol=1e-5)


@given(st.lists(st.tuples(minutes, whole), max_size=30), st.sampled_from(STATISTICS), minutes)
def test_the_value_of_one_minute_is_that_of_a_period_of_one_minute(
    points: list[tuple[int, float]], statistic: str, minute: int
) -> None:
    of = store()
    events, single = of.events("N", "e", {}, "Count"), of.gauge("N", "g", {}, "Count")
    for at, value in points:
        events.add(at, value)
        single.put(at, value)
    for series in (events, single):
        expected = float(series.buckets(Grid(minute * 60, 60, 1), statistic, FAR)[0])
        for value in (series.stat(minute, statistic), series.reader(statistic)(minute)):
            assert value == (None if math.isnan(expected) else pytest.approx(expected))


@given(minutes, st.integers(0, 3000), whole, st.floats(0, 5))
def test_fill_and_ramp_are_many_puts(first: int, n: int, value: float, step: float) -> None:
    filled, ramped, put, climbed = (gauge() for _ in range(4))
    filled.fill(first, first + n, value)
    ramped.ramp(first, first + n, value, step)
    for i in range(n):
        put.put(first + i, value)
        climbed.put(first + i, value + step * i)
    grid = Grid((first - 5) * 60, 60, n + 10)
    np.testing.assert_array_equal(filled.buckets(grid, "Average", FAR), put.buckets(grid, "Average", FAR))
    np.testing.assert_allclose(ramped.buckets(grid, "Sum", FAR), climbed.buckets(grid, "Sum", FAR))


def test_stats_fill_crosses_days() -> None:
    series = store().stats("N", "cpu", {}, "Percent")
    series.fill(DAY - 2, 2 * DAY + 2, 3, 60.0, 10.0, 30.0)
    counts = series.buckets(Grid((DAY - 4) * 60, 60, DAY + 8), "SampleCount", FAR)
    assert np.isnan(counts[[0, 1, -1, -2]]).all()
    assert (counts[2:-2] == 3).all()
    assert series.stat(2 * DAY, "Average") == 20.0
    assert series.stat(2 * DAY + 2, "Average") is None


def test_no_sample_is_no_datapoint_rather_than_zero() -> None:
    series = store().stats("N", "cpu", {}, "Percent")
    series.put(10, 0, 0.0, 0.0, 0.0)
    assert series.stat(10, "Average") is None
    assert series.stat(10, "SampleCount") is None


def test_many_samples_take_the_middle_for_percentiles() -> None:
    series = store().stats("N", "cpu", {}, "Percent")
    series.put(10, 10, 500.0, 10.0, 90.0)
    assert series.stat(10, "p0") == 10.0
    assert series.stat(10, "p100") == 90.0
    assert series.stat(10, "p50") == 50.0


def test_a_series_is_known_by_exactly_its_dimensions() -> None:
    of = store()
    series = of.gauge("N", "m", {"EndpointName": "e", "VariantName": "v"}, "Count")
    assert of.find("N", "m", {"VariantName": "v", "EndpointName": "e"}) is series
    assert of.gauge("N", "m", {"VariantName": "v", "EndpointName": "e"}, "Count") is series
    assert of.find("N", "m", {"EndpointName": "e"}) is None
    assert of.find("N", "m", {}) is None
    assert of.find("other", "m", {"VariantName": "v", "EndpointName": "e"}) is None


def test_percentiles_of_events_below_zero() -> None:
    series = store().events("N", "e", {}, "None")
    for value in (-3.0, 5.0, -0.0, -7.5, 2.0):
        series.add(10, value)
    assert [series.stat(10, f"p{rank}") for rank in (0, 25, 50, 75, 100)] == [-7.5, -3.0, 0.0, 2.0, 5.0]


def test_one_metric_is_not_kept_in_two_ways() -> None:
    of = store()
    of.gauge("N", "m", {}, "Count")
    with pytest.raises(TypeError, match="kept as GaugeSeries"):
        of.events("N", "m", {}, "Count")


@pytest.mark.parametrize(
    ("delay", "now", "minute"), [(0, 600.0, 9), (60, 600.0, 8), (60, 659.9, 8), (90, 689.9, 8)]
)
def test_a_minute_is_visible_once_it_is_over_and_the_delay_too(delay: int, now: float, minute: int) -> None:
    of = MetricStore(0, delay)
    assert of.visible_minute(now) == minute
    assert (minute + 1) * 60 + delay <= now < (minute + 2) * 60 + delay


def test_only_minutes_before_the_limit_count() -> None:
    series = gauge()
    series.fill(0, 20, 1.0)
    assert series.buckets(Grid(0, 600, 2), "Sum", 13).tolist() == [10.0, 3.0]


def test_other_units_and_high_resolution_have_no_datapoints() -> None:
    series = gauge()
    series.fill(0, 10, 1.0)
    assert np.isnan(series.buckets(Grid(0, 60, 10), "Sum", FAR, "Seconds")).all()
    assert np.isnan(series.buckets(Grid(0, 10, 60), "Sum", FAR)).all()
    assert series.buckets(Grid(0, 60, 10), "Sum", FAR, "Count").sum() == 10


def test_the_newest_datapoint() -> None:
    of = store()
    single, events = gauge(of), of.events("N", "e", {}, "Count")
    stats = of.stats("N", "s", {}, "Percent")
    assert [series.newest(FAR) for series in (single, events, stats)] == [None, None, None]
    for minute in (5, DAY + 7):
        single.put(minute, 1.0)
        events.add(minute, 1.0)
        stats.put(minute, 1, 1.0, 1.0, 1.0)
    for series in (single, events, stats):
        assert series.newest(FAR) == DAY + 7
        assert series.newest(DAY + 7) == 5
        assert series.newest(5) is None


def test_thirty_days_of_a_sleeping_endpoint_cost_little() -> None:
    of = store()
    host = of.stats("N", "cpu", {}, "Percent")
    host.fill(0, 60, 1, 5.0, 5.0, 5.0)
    host.fill(29 * DAY, 29 * DAY + 60, 1, 5.0, 5.0, 5.0)
    assert isinstance(host, StatsSeries)
    counts = host.buckets(Grid(0, 86400, 30), "SampleCount", FAR)
    assert np.flatnonzero(~np.isnan(counts)).tolist() == [0, 29]
    assert isinstance(of.events("N", "e", {}, "Count"), EventSeries)

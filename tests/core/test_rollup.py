"""Minutes into longer steps: laws, and by hand where weights matter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ops.core import metrics, rollup
from ops.core.types import FloatArray

nan = float("nan")
cells = st.lists(st.one_of(st.just(nan), st.floats(0, 1e6)), min_size=12, max_size=12)
LATENCY, CPU = metrics.MODEL_LATENCY, metrics.CPU


def rolled(metric: metrics.Metric, factor: int = 3, **known: list[float]) -> list[float]:
    named = {"own": metric.key, "done": metrics.PROCESSED.key, "failed": metrics.FAILURES.key}
    named["samples"] = metrics.CPU_SAMPLES.key
    values = {named[name]: np.array(given, np.float64) for name, given in known.items()}
    return rollup.rolled(metric, values, factor).tolist()


@pytest.mark.parametrize("metric", metrics.CATALOGUE.values(), ids=lambda m: m.key)
@given(cells)
@settings(max_examples=15, deadline=None)
def test_nothing_only_where_nothing_was_published(metric: metrics.Metric, own: list[float]) -> None:
    found = rollup.rolled(metric, {metric.key: np.array(own)}, 4)
    expected = np.isnan(np.array(own).reshape(-1, 4)).all(axis=1)
    assert np.isnan(found).tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("metric", "by_hand"),
    [(metrics.PROCESSED, np.nansum), (metrics.CPU_SAMPLES, np.nansum), (metrics.BACKLOG, np.nanmax)],
    ids=["Sum", "SampleCount", "Maximum"],
)
@given(cells)
@settings(max_examples=40, deadline=None)
def test_sums_counts_and_maxima_are_exact(metric: metrics.Metric, by_hand: object, own: list[float]) -> None:
    values = np.array(own)
    found = rollup.rolled(metric, {metric.key: values}, 4)
    for step, part in zip(found, values.reshape(-1, 4), strict=True):
        if not np.isnan(part).all():
            assert callable(by_hand)
            assert step == pytest.approx(by_hand(part))


@given(cells, cells)
@example([math.nan, 1.5, math.nan, math.nan], [math.nan, 5e-324, math.nan, math.nan])
@settings(max_examples=60, deadline=None)
def test_an_average_lies_between_its_minutes(own: list[float], done: list[float]) -> None:
    values = np.array(own)
    found = rollup.rolled(LATENCY, {LATENCY.key: values, metrics.PROCESSED.key: np.array(done)}, 4)
    for step, part in zip(found, values.reshape(-1, 4), strict=True):
        if not np.isnan(part).all():
            slack = 1e-9 * (1 + np.nanmax(part))
            assert np.nanmin(part) - slack <= step <= np.nanmax(part) + slack


@given(cells)
@settings(max_examples=40, deadline=None)
def test_twice_in_a_row_is_once_with_both_factors(own: list[float]) -> None:
    """For what is exact: a month of hours may be made of five-minute steps or of minutes."""
    for metric in (metrics.PROCESSED, metrics.BACKLOG):
        values = np.array(own)
        once = rollup.rolled(metric, {metric.key: values}, 12)
        twice = rollup.rolled(metric, {metric.key: rollup.rolled(metric, {metric.key: values}, 3)}, 4)
        np.testing.assert_allclose(once, twice)


def test_latencies_weigh_by_finished_requests_and_hosts_by_samples() -> None:
    assert rolled(LATENCY, own=[10, 40, nan], done=[3, nan, nan], failed=[nan, 1, nan]) == [17.5]
    assert rolled(CPU, own=[10, 40, nan], samples=[3, 1, nan]) == [17.5]
    assert rolled(metrics.MODEL_LATENCY_P90, own=[10, 40, nan], done=[1, 1, nan]) == [25.0]


def test_without_weights_every_minute_counts_alike() -> None:
    assert rolled(LATENCY, own=[10, 40, nan]) == [25.0]
    assert rolled(LATENCY, own=[10, 40, nan], done=[0, nan, 7]) == [25.0]


@pytest.mark.parametrize("metric", metrics.CATALOGUE.values(), ids=lambda m: m.key)
def test_weights_are_in_the_catalogue_too(metric: metrics.Metric) -> None:
    assert all(w.key in metrics.CATALOGUE for w in rollup.weights_of(metric))


def test_merged() -> None:
    def array(*values: float) -> FloatArray:
        return np.array(values, np.float64)

    whole = np.array([True, False, False, False, True])
    some = np.array([True, True, True, False, True])
    found = rollup.merged(array(9, 9, nan, 9, 9), array(1, 2, 3, nan, nan), whole, some)
    assert found.tolist()[:4] == [1.0, 9.0, 3.0, 9.0]
    assert np.isnan(found[4])  # all of its minutes were read, and nothing was published in them

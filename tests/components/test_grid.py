"""Thinning keeps what matters, gaps stay gaps, and times are plain milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from components.charts import grid

BERLIN = ZoneInfo("Europe/Berlin")
series = hnp.arrays(
    np.float64,
    st.integers(1, 400),
    elements=st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6, allow_nan=False)),
)


@given(series, st.integers(9, 60))
def test_thinning_keeps_extremes_order_and_gaps(values, limit):
    epochs = np.arange(len(values), dtype=np.float64) * 60
    x, y = grid.thin(epochs, values, limit)
    assert len(x) == len(y) <= max(limit, 9)
    assert np.all(np.diff(x) > 0)
    assert np.array_equal(y, values[(x / 60).astype(int)], equal_nan=True)
    assert np.isnan(y).any() == np.isnan(values).any()
    if not np.isnan(values).all():
        assert np.nanmax(y) == np.nanmax(values)
        assert np.nanmin(y) == np.nanmin(values)


def test_a_month_of_minutes_fits_a_trace_and_a_hole_stays_a_hole():
    values = np.sin(np.arange(43_200) / 500)
    values[20_000:20_400] = np.nan
    x, y = grid.thin(np.arange(43_200) * 60.0, values)
    assert len(x) <= grid.LIMIT
    holes = x[np.isnan(y)]
    assert holes.min() == 20_000 * 60
    assert not np.any((x > 20_000 * 60) & (x < 20_400 * 60) & ~np.isnan(y))


@given(series, st.integers(1, 60))
def test_sums_lose_no_count_and_invent_none(values, limit):
    x, y = grid.summed(np.arange(len(values)) * 60.0, values, limit)
    assert len(x) == len(y) <= max(limit, 1)
    assert np.nansum(y) == pytest.approx(np.nansum(values), rel=1e-9, abs=1e-6)
    assert np.isnan(y).all() == np.isnan(values).all()


def test_a_datapoint_between_gaps_is_lonely():
    nan = float("nan")
    assert grid.lonely(np.array([1.0, nan, 2.0, nan, 3.0, 4.0])).tolist() == [
        True, False, True, False, False, False,
    ]  # fmt: skip


def test_runs_are_half_open_spans():
    assert grid.runs(np.array([True, True, False, True])) == [(0, 2), (3, 4)]
    assert grid.runs(np.array([False])) == []


def test_utc_is_just_milliseconds():
    assert grid.wall_ms(np.array([0.0, 60.0])).tolist() == [0.0, 60_000.0]
    assert grid.wall_ms(np.array([])).size == 0


@pytest.mark.parametrize(
    "day",
    [datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)],
)
def test_wall_clock_is_right_in_every_minute_of_a_day_also_when_clocks_change(day):
    epochs = day.timestamp() + np.arange(-720, 2160) * 60.0
    shown = grid.wall_ms(epochs, BERLIN)
    expected = [
        datetime.fromtimestamp(e, BERLIN).replace(tzinfo=UTC).timestamp() * 1000.0 for e in epochs.tolist()
    ]
    assert shown.tolist() == expected


@given(series)
def test_a_plain_line_has_the_same_corners(values):
    epochs = np.arange(len(values), dtype=np.float64) * 60
    x, _ = grid.plain(epochs, values)
    assert (x[0], x[-1]) == (epochs[0], epochs[-1])
    kept = np.isin(epochs, x)
    for i in np.flatnonzero(~kept):
        before, after = np.flatnonzero(kept[:i])[-1], i + np.flatnonzero(kept[i:])[0]
        assert np.array_equal(values[[before, after]], values[[i, i]], equal_nan=True)


def test_stairs_hold_each_value_to_the_end_of_its_period_and_stop_at_a_gap():
    nan = float("nan")
    x, y = grid.stairs(np.arange(6) * 60.0, np.array([nan, 2.0, 2.0, 3.0, nan, 1.0]), 60.0)
    assert x.tolist() == [60.0, 180.0, 240.0, 240.0, 300.0, 360.0]
    assert np.array_equal(y, [2.0, 3.0, 3.0, nan, 1.0, 1.0], equal_nan=True)
    assert grid.stairs(np.array([0.0]), np.array([nan]), 60.0)[0].size == 0


@pytest.mark.parametrize(
    ("span", "period", "step"),
    [(3600, 60, 60), (86_400, 60, 300), (2_592_000, 300, 7200), (39_312_000, 3600, 172_800), (1e10, 3600, 27_781_200)],
)  # fmt: skip
def test_a_step_can_be_named(span, period, step):
    assert grid.step_of(span, period, 360) == step


def test_buckets_stand_still_while_a_live_range_moves_on():
    values = np.random.default_rng(1).random(3000)
    epochs = 1_000_000_020 + np.arange(3000) * 60.0
    x, y = grid.summed(epochs[:-7], values[:-7], 362)
    later, z = grid.summed(epochs[7:], values[7:], 362)
    shared = np.intersect1d(x[1:-1], later[1:-1])
    assert len(shared) > 290
    assert np.array_equal(y[np.isin(x, shared)], z[np.isin(later, shared)])


def test_no_line_crosses_a_gap_that_ends_a_bucket():
    values = np.ones(5000)
    values[1000:1030] = np.nan
    x, y = grid.plain(*grid.thin(np.arange(5000) * 60.0, values))
    hole = np.flatnonzero(np.isnan(y))
    assert hole.size
    assert np.all(x[hole] >= 1000 * 60)
    assert x[hole[-1] + 1] >= 1030 * 60
    assert x[hole[0] - 1] < 1000 * 60


@given(series)
def test_a_spread_holds_every_datapoint(values):
    found = grid.spread(np.arange(len(values)) * 60.0, values, 60.0, 40)
    assert len(found.at) <= 40
    if np.isnan(values).all():
        assert np.isnan(found.low).all()
    else:
        assert np.nanmin(found.low) == np.nanmin(values)
        assert np.nanmax(found.high) == np.nanmax(values)

"""Instance-minutes by the quarter of an hour, against plain sums of the minutes."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ops.core.instance_time import (
    QUARTER_S,
    InstanceTime,
    Piece,
    compact,
    counted,
    instance_time,
    of_quarters,
    wide_of,
)
from ops.core.types import FloatArray

T0 = 1_790_035_200
NAN = math.nan
cell = st.one_of(st.just(NAN), st.integers(0, 4).map(float))
grids = st.lists(cell, min_size=1, max_size=100).map(lambda values: np.array(values))


def row(*values: float) -> FloatArray:
    return np.array(values, np.float64)


def mask(*values: int) -> NDArray[np.bool_]:
    return np.array(values, np.bool_)


def of(values: FloatArray, start: int = T0, period: int = 60) -> InstanceTime:
    piece = Piece(start, period, values)
    first = start // QUARTER_S * QUARTER_S
    return instance_time([piece], first, -(-piece.end // QUARTER_S) * QUARTER_S)


@pytest.mark.parametrize(
    ("samples", "alive", "interval", "wanted"),
    [
        pytest.param([2, NAN, NAN], [1, 1, 0], 60, [2, 0, NAN], id="awake, asleep, unknown"),
        pytest.param([6, 12, 5], [1, 1, 1], 10, [1, 2, 5 / 6], id="six samples a minute are one instance"),
        pytest.param([2, 3, NAN], [1, 1, 1], 30, [1, 1.5, 0], id="two samples a minute"),
        pytest.param([NAN, 1, 2, NAN], [1] * 4, 120, [1, 1, 2, 2], id="one in two minutes"),
        pytest.param([NAN, NAN, 1, 1], [1] * 4, 120, [0, 0, 2, 2], id="asleep, then one and a late one"),
        pytest.param([NAN, NAN, NAN, 1], [1, 0, 0, 0], 120, [NAN, NAN, 1, 1], id="half an interval unknown"),
        pytest.param([NAN, NAN, NAN], [1] * 3, 120, [0, 0, NAN], id="an interval that is cut off"),
        pytest.param([NAN, NAN, 3, NAN, NAN], [1] * 5, 300, [3] * 5, id="one in five minutes"),
        pytest.param([0, NAN], [0, 0], 60, [0, NAN], id="a count of zero is a count"),
    ],
)
def test_counted(samples: list[float], alive: list[int], interval: int, wanted: list[float]) -> None:
    found = counted(row(*samples), mask(*alive), 60, interval)
    np.testing.assert_allclose(found, wanted, equal_nan=True)


@pytest.mark.parametrize(
    ("period", "interval", "sample", "wanted"),
    [(300, 60, 10, 2), (300, 10, 60, 2), (300, 300, 2, 2), (3600, 60, 90, 1.5), (3600, 300, 12, 1)],
)
def test_counted_in_longer_cells(period: int, interval: int, sample: float, wanted: float) -> None:
    assert counted(row(sample), mask(1), period, interval).tolist() == pytest.approx([wanted])


@given(
    st.sampled_from([10, 30, 60, 120, 180, 240, 300]), st.lists(st.integers(0, 3), min_size=1, max_size=12)
)
def test_whatever_the_interval_the_instances_are_found(interval: int, instances: list[int]) -> None:
    """Hosts that publish every `interval` seconds, constant for an hour each: facts A.3."""
    awake = np.repeat(instances, 60).astype(float)
    every = max(1, interval // 60)
    samples = np.where(awake > 0, awake * max(1, 60 // interval), np.nan)
    samples[np.arange(len(samples)) % every != every - 1] = np.nan
    values = counted(samples, np.ones(len(samples), np.bool_), 60, interval)
    assert values.tolist() == pytest.approx(awake.tolist())
    assert len(values) % wide_of(60, interval) == 0


@given(grids, st.integers(0, 40))
def test_sums_are_those_of_the_minutes(values: FloatArray, shift: int) -> None:
    time = of(values, T0 + 60 * shift)
    there = values[~np.isnan(values)]
    assert time.minutes.sum() == pytest.approx(there.sum())
    assert time.known.sum() == len(there) == time.known_minutes
    assert sum(minutes for _, minutes in time.levels) == pytest.approx(len(there))
    assert sum(n * minutes for n, minutes in time.levels) == pytest.approx(there.sum())
    assert time.instance_hours == pytest.approx(there.sum() / 60)
    assert time.coarse == 0


@given(grids, st.integers(0, 40), st.floats(0, 1))
def test_quantile_is_the_inverted_distribution_of_the_minutes(
    values: FloatArray, shift: int, share: float
) -> None:
    found = of(values, T0 + 60 * shift).quantile(share)
    there = values[~np.isnan(values)]
    if not len(there):
        assert found is None
    else:
        at = np.quantile(there, [max(0.0, share - 1e-9), share], method="inverted_cdf")
        assert found in at.tolist()


@given(
    grids,
    st.lists(st.integers(0, 100), max_size=4),
    st.integers(0, 40),
    st.randoms(use_true_random=False),
)
def test_pieces_in_any_order_are_the_whole(
    values: FloatArray, cuts: list[int], shift: int, order: object
) -> None:
    start = T0 + 60 * shift
    edges = sorted({0, len(values), *(cut for cut in cuts if cut < len(values))})
    pieces = [Piece(start + 60 * a, 60, values[a:b]) for a, b in pairwise(edges)]
    order.shuffle(pieces)  # type: ignore[attr-defined]
    whole = of(values, start)
    again = instance_time(pieces, whole.first, whole.end)
    assert again.minutes.tolist() == whole.minutes.tolist()
    assert again.known.tolist() == whole.known.tolist()
    assert again.levels == whole.levels


@given(grids, st.integers(0, 12), st.integers(0, 12))
def test_what_lies_outside_is_left_out(values: FloatArray, begin: int, size: int) -> None:
    first, last = T0 + begin * QUARTER_S, T0 + (begin + size) * QUARTER_S
    time = instance_time([Piece(T0, 60, values)], first, last)
    inside = values[begin * 15 : (begin + size) * 15]
    assert len(time.minutes) == size
    assert time.minutes.sum() == pytest.approx(np.nansum(inside))
    assert time.known.sum() == (~np.isnan(inside)).sum()


@given(st.lists(cell, min_size=60, max_size=120), st.lists(st.integers(0, 8), min_size=1, max_size=5))
def test_between_adds_up(values: list[float], at: list[int]) -> None:
    time = of(np.array(values))
    edges = sorted(T0 + each * QUARTER_S for each in {*at, 0, 8})
    minutes, known = time.between(edges)
    assert minutes.sum() == pytest.approx(np.nansum(values))
    assert known.sum() == time.known_minutes
    for i, edge in enumerate(edges[:-1]):
        part = np.array(values)[(edge - T0) // 60 : (edges[i + 1] - T0) // 60]
        assert minutes[i] == pytest.approx(np.nansum(part))


def test_between_edges_outside_nothing_is_known() -> None:
    time = of(np.ones(30))
    minutes, known = time.between([T0 - 9000, T0 - 900, T0, T0 + 900, T0 + 90_000])
    assert minutes.tolist() == known.tolist() == [0, 0, 15, 15]


def test_the_finest_counts_and_a_coarser_one_fills_the_rest() -> None:
    fine = Piece(T0 + 900, 60, np.full(15, 2.0))
    steps = Piece(T0, 300, row(1, 1, 1, 9, 9, 9, 1, 1, NAN))
    hours = Piece(T0, 3600, row(0.25))
    time = instance_time([hours, fine, steps], T0, T0 + 3600)
    assert time.minutes.tolist() == [15, 30, 10, 0.25 * 15]
    assert time.known.tolist() == [15, 15, 10, 15]
    assert time.coarse == 40
    assert time.coverage == 55 / 60
    assert dict(time.levels) == pytest.approx({0: 11.25, 1: 15 + 10 + 3.75, 2: 15})


@given(
    st.lists(st.one_of(st.just(NAN), st.floats(0, 9)), min_size=1, max_size=12), st.sampled_from([300, 3600])
)
def test_a_mean_is_a_mixture_that_keeps_the_sum(values: list[float], period: int) -> None:
    time = of(np.array(values), T0, period)
    there = [each for each in values if not math.isnan(each)]
    assert time.minutes.sum() == pytest.approx(sum(there) * period / 60, abs=1e-6)
    assert sum(n * minutes for n, minutes in time.levels) == pytest.approx(sum(there) * period / 60, abs=1e-5)
    assert sum(minutes for _, minutes in time.levels) == pytest.approx(len(there) * period / 60, abs=1e-5)
    assert all(n == int(n) for n, _ in time.levels)
    assert time.coarse == len(there) * period / 60


def test_nothing_known_is_unknown_and_not_zero() -> None:
    for time in (instance_time([], T0, T0 + 3600), of(np.full(60, NAN))):
        assert time.known_minutes == 0
        assert time.coverage == 0
        assert time.asleep is None
        assert time.quantile(0.99) is None
        assert time.levels == ()
    assert instance_time([], T0, T0).coverage == 0
    assert len(instance_time([], T0 + 900, T0).minutes) == 0


def test_asleep_is_a_share_of_what_is_known() -> None:
    time = of(np.concatenate([np.zeros(30), np.ones(10), np.full(20, NAN)]))
    assert time.asleep == 0.75


@given(
    st.lists(cell, min_size=45, max_size=45),
    st.sampled_from([10, 30, 60]),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_sums_made_before_are_as_good_as_minutes(
    values: list[float], interval: int, one: int, other: int
) -> None:
    """The middle of three stretches summed beforehand, the others from minutes."""
    a, b = sorted((one * 15, other * 15))
    samples = np.array(values)
    alive = np.ones(45, np.bool_)
    instances = np.where(np.isnan(samples), np.nan, counted(samples, alive, 60, interval))
    whole = instance_time([Piece(T0, 60, instances)], T0, T0 + 2700)
    there = ~np.isnan(samples[a:b])
    levels, minutes = np.unique(samples[a:b][there], return_counts=True)
    middle = of_quarters(
        T0 + a * 60,
        np.where(there, samples[a:b], 0.0).reshape(-1, 15).sum(axis=1),
        there.reshape(-1, 15).sum(axis=1).astype(float),
        (levels, minutes.astype(float)),
        interval / 60,
    )
    sides = [Piece(T0, 60, instances[:a]), Piece(T0 + b * 60, 60, instances[b:])]
    found = instance_time(sides, T0, T0 + 2700, [middle])
    np.testing.assert_allclose(found.minutes, whole.minutes, rtol=1e-12)
    assert found.known.tolist() == whole.known.tolist()
    assert dict(found.levels) == pytest.approx(dict(whole.levels))


@given(st.lists(st.sampled_from([0.0, 1.0, 15.0, 200.0, 300.0, 0.1, 70_000.0]), min_size=0, max_size=20))
def test_compact_says_the_same(values: list[float]) -> None:
    minutes, known = np.array(values, float), np.full(len(values), 15.0)
    time = InstanceTime(0, minutes, known, ())
    small = compact(time)
    assert small.instance_hours == pytest.approx(time.instance_hours, rel=1e-6)
    assert small.known_minutes == time.known_minutes
    assert small.known.itemsize == 1
    assert small.minutes.itemsize <= 4
    edges = [0, 900 * (len(values) // 2), 900 * len(values)]
    for mine, theirs in zip(small.between(edges), time.between(edges), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)

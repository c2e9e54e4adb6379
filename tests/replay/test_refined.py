"""Long steps cut into minutes: nothing is lost, and they are as uneven as steps whose minutes are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.replay.refined import refined

START = 1_795_000_200.0 // 3600 * 3600


def cells(counts: list[float], step: int, start: float = START) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return start + step * np.arange(len(counts)), np.full(len(counts), float(step)), np.array(counts, float)


def joined(*parts: tuple[np.ndarray, np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    start, length, count = (np.concatenate(column) for column in zip(*parts, strict=True))
    return start, length, count


@given(
    st.lists(st.integers(0, 50) | st.just(math.nan), min_size=1, max_size=12),
    st.lists(st.integers(0, 5) | st.just(math.nan), max_size=200),
    st.sampled_from([300, 3600]),
    st.integers(0, 1000),
)
def test_no_request_is_lost_or_leaves_its_step(
    coarse: list[float], fine: list[float], step: int, seed: int
) -> None:
    start, length, count = joined(cells(coarse, step), cells(fine, 60, START + step * len(coarse)))
    found = refined(start, length, count, np.random.default_rng(seed))
    assert (np.diff(found.start_s) == 60).all()
    assert len(found.start_s) == length.sum() / 60
    where = np.searchsorted(start, found.start_s, side="right") - 1
    sums = np.bincount(where, weights=found.count, minlength=len(start))
    np.testing.assert_array_equal(sums, np.nan_to_num(count))
    own = found.cell >= 0
    np.testing.assert_array_equal(found.cell[own], where[own])
    assert (length[where[~own]] == step).all()


def test_bursts_stay_bursts() -> None:
    # Known: every five minutes ten requests in one of the minutes; before that, only their sums.
    known = [0.0] * 500
    known[2::5] = [10.0] * 100
    start, length, count = joined(cells([10.0] * 100, 300), cells(known, 60, START + 30_000))
    found = refined(start, length, count, np.random.default_rng(1))
    assert sorted(set(found.count.tolist())) == [0, 10]


def test_other_numbers_follow_the_shares_of_the_most_similar_steps() -> None:
    known = [0.0] * 1000
    known[2::5] = [10.0] * 200
    start, length, count = joined(cells([14.0, 7.0], 300), cells(known, 60, START + 600))
    found = refined(start, length, count, np.random.default_rng(1))
    assert found.count[:10].tolist() == [0, 0, 14, 0, 0, 0, 0, 7, 0, 0]


def test_without_known_minutes_they_lie_evenly() -> None:
    found = refined(*cells([6000.0] * 10, 3600), np.random.default_rng(1))
    assert found.count.mean() == 100
    assert found.count.std() == pytest.approx(10, rel=0.15)


def test_the_same_seed_cuts_the_same() -> None:
    one, again = (refined(*cells([50.0] * 20, 300), np.random.default_rng(4)) for _ in range(2))
    assert one.count.tobytes() == again.count.tobytes()

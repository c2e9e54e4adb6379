"""Synthetic traffic: rates by the local clock, bursts, growth; the same seed gives the same bytes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.errors import BadInput
from ops.replay.draws import Times
from ops.replay.scenario import Requests
from ops.replay.synthetic import Bursts, Shape, flat, grown, multiplied, office, shape_of, synthetic
from ops.replay.traffic import Arrivals

START = datetime(2026, 10, 19, tzinfo=UTC)  # a Monday; clocks go back in Berlin on Sunday, 25 October
TIMES = Times(20, 0.3)


def test_the_same_seed_gives_the_same_bytes_and_another_number_others() -> None:
    shape = flat(20, bursts=(Bursts(2, 30, 60),))
    one, again, other = (synthetic(shape, START, 7, TIMES, 5, number) for number in (0, 0, 1))
    assert one.arrival_s.tobytes() == again.arrival_s.tobytes()
    assert one.hold_s.tobytes() == again.hold_s.tobytes()
    assert one.arrival_s.tobytes() != other.arrival_s.tobytes()


def test_office_hours_follow_the_local_clock() -> None:
    found = synthetic(office(60, "Europe/Berlin"), START, 14, TIMES, 1)
    local = [datetime.fromtimestamp(s, ZoneInfo("Europe/Berlin")) for s in found.arrival_s.tolist()]
    assert {moment.weekday() for moment in local} == set(range(5))
    assert {moment.hour for moment in local} == set(range(8, 18))
    assert len(local) == pytest.approx(60 * 10 * 10, rel=0.05)


def test_growth_and_bursts_come_to_their_means() -> None:
    shape = flat(10, bursts=(Bursts(4, 25, 120),))
    assert shape.per_week == 7 * (240 + 100)
    for growth in (1.0, 2.0):
        found = synthetic(shape, START, 200, TIMES, 3, growth=growth)
        assert len(found) == pytest.approx(200 * 340 * growth, rel=0.05)


def test_a_shape_is_learnt_from_what_was_seen() -> None:
    truth = office(120, "Europe/Berlin", else_=6)
    made = synthetic(truth, START, 70, TIMES, 9).arrival_s
    first = START.timestamp()
    count = np.bincount(((made - first) // 60).astype(int), minlength=70 * 1440).astype(float)
    count[100:200] = np.nan
    start = first + 60.0 * np.arange(len(count))
    arrivals = Arrivals(start, np.full(len(count), 60.0), count, first, first + 70 * 86400)
    found = shape_of(arrivals, "Europe/Berlin")
    assert found.per_week == pytest.approx(truth.per_week, rel=0.02)
    assert found.per_hour[1][9] == pytest.approx(120, rel=0.1)
    assert found.per_hour[6][9] == pytest.approx(6, rel=0.5)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=80), st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0]))
def test_more_of_the_same(counts: list[int], factor: float) -> None:
    size = len(counts)
    count = np.array([*counts, np.nan])
    arrivals = Arrivals(60.0 * np.arange(size + 1), np.full(size + 1, 60.0), count, 0.0, 60.0 * (size + 1))
    found = grown(arrivals, factor, 1)
    exact = np.array(counts) * factor
    assert (np.abs(found.count[:-1] - exact) < 1).all()
    assert np.isnan(found.count[-1])
    if factor == int(factor):
        assert found.total == exact.sum()


@given(st.lists(st.floats(0, 1e5), max_size=50), st.integers(1, 4))
def test_single_requests_multiplied_stay_and_get_company_in_their_minute(
    at: list[float], factor: int
) -> None:
    arrivals = np.sort(np.array(at, float))
    requests = Requests(arrivals, np.arange(len(at), dtype=float))
    found = multiplied(requests, float(factor), 2)
    assert len(found) == factor * len(at)
    minutes = np.sort(np.repeat(arrivals // 60, factor))
    np.testing.assert_array_equal(np.sort(found.arrival_s // 60), minutes)
    pairs = set(zip(found.arrival_s.tolist(), found.hold_s.tolist(), strict=True))
    assert set(zip(arrivals.tolist(), requests.hold_s.tolist(), strict=True)) <= pairs
    assert set(found.hold_s.tolist()) <= set(requests.hold_s.tolist())


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: Shape(((1.0,) * 24,) * 6), "7 days of 24 hours"),
        (lambda: flat(-1), "-1 is no rate"),
        (lambda: flat(1, "Mars"), "no time zone 'Mars'"),
        (lambda: Bursts(1, float("nan"), 1), "size of a burst"),
        (lambda: synthetic(flat(1), START, 0, TIMES, 1), "0 days hold no traffic"),
        (lambda: synthetic(flat(1e6), START, 365, TIMES, 1), "more than five million"),
        (lambda: synthetic(flat(1), START, 1, TIMES, 1, growth=0), "grow by 0"),
    ],
)
def test_what_makes_no_traffic_is_refused(make: object, what: str) -> None:
    assert callable(make)
    with pytest.raises(BadInput, match=what):
        make()


def test_a_shape_with_other_bursts() -> None:
    quiet = replace(flat(0), bursts=(Bursts(1, 10, 5),))
    found = synthetic(quiet, START, 50, TIMES, 4)
    gaps = np.diff(found.arrival_s)
    assert (gaps < 5).mean() > 0.8

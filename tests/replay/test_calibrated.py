"""What requests take, how many slots an instance has, how long a start takes: known truths found again."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ops.replay.calibrated import ASSUMED_PROVISION_S, provision_of, service_of, slots_of
from ops.replay.draws import Times


def test_the_spread_of_single_requests_is_found_behind_means_of_several() -> None:
    rng = np.random.default_rng(3)
    counts = rng.integers(1, 12, 4000).astype(float)
    truth = Times(30, 0.4)
    means = np.array([truth.draw(int(n), rng).mean() for n in counts])
    found = service_of(means, counts, "x")
    assert found.times is not None
    assert found.times.median_s == pytest.approx(30, rel=0.02)
    assert found.times.sigma == pytest.approx(0.4, rel=0.05)
    assert found.spread.mean_s == pytest.approx(truth.mean_s, abs=3 * found.spread.error_s)
    assert found.requests == counts.sum()
    assert found.spread.p10_s < found.spread.p50_s < found.spread.p90_s


def test_constant_times_stay_constant_and_little_is_told_of_few() -> None:
    same = service_of(np.full(50, 12.0), np.full(50, 3.0), "x")
    assert same.times == Times(12.0, 0.0)
    few = service_of(np.array([10.0, 30.0, math.nan]), np.array([1.0, 3.0, 5.0]), "x")
    assert few.times == Times(25.0, 0.0)
    assert math.isnan(few.spread.error_s)
    none = service_of(np.array([math.nan, 4.0]), np.array([2.0, 0.0]), "x")
    assert (none.times, none.requests) == (None, 0)


def test_slots_of_a_busy_queue() -> None:
    # 2 instances with 3 slots each and 20 s a request: 18 a minute.
    instances, finished = np.full(30, 2.0), np.full(30, 18.0)
    waiting = np.ones(30, bool)
    found = slots_of(None, instances, finished, waiting, 20.0)
    assert (found.concurrency, found.measured, found.minutes) == (3, 3.0, 28)
    assert slots_of(8, instances, finished, waiting, 20.0).concurrency == 8
    instances[::2] = 1  # never the same three minutes in a row: nothing is told
    told = slots_of(None, instances, finished, waiting, 20.0)
    assert (told.concurrency, told.measured) == (4, None)
    assert told.source.startswith("assumed")


def test_provisioning_comes_from_the_endpoints_own_starts() -> None:
    seen = [200.0, 300.0, 260.0, 280.0, 240.0]
    found = provision_of(seen, "5 cold starts of x")
    assert set(found.draws(1)) == set(seen)
    assert found.draws(1) == found.draws(1)
    assert found.draws(1) != found.draws(1, 1)
    assert found.spread.p50_s == 260
    assert provision_of(seen[:3], "3").draws(1) == (260.0,)
    none = provision_of([math.nan], "none")
    assert (none.draws(4), none.spread.count) == ((ASSUMED_PROVISION_S,), 0)
    assert none.source.startswith("assumed")

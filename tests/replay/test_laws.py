"""What must hold for any traffic: nothing is lost, the first comes first, more capacity makes nobody wait longer."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.replay_fuzz import case
from ops.core.types import Bounds
from ops.replay.engine import prepare, replay
from ops.replay.numbers import QUANTILES, numbers, quantiles_of
from ops.replay.scenario import Requests, Scenario

SEEDS = st.integers(0, 10**9)
STEPS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.0, 1.0, 7.5, 30.0, 60.0, 400.0]), st.sampled_from([0.0, 1.0, 20.0, 60.0, 95.5])),
    min_size=1,
    max_size=60,
)  # fmt: skip


def requests_of(steps: list[tuple[float, float]]) -> Requests:
    return Requests(np.cumsum([gap for gap, _ in steps]), np.array([hold for _, hold in steps]))


def fixed(instances: int, concurrency: int = 1) -> Scenario:
    return Scenario(Bounds(instances, instances), instances, concurrency, ttl_s=0)


@settings(max_examples=100)
@given(SEEDS, st.booleans())
def test_nothing_is_lost_and_nothing_comes_twice(seed: int, timeline: bool) -> None:
    requests, scenario = case(seed)
    found = replay(requests, scenario, timeline)
    started, ended = ~np.isnan(found.started_s), ~np.isnan(found.ended_s)
    assert not (ended & ~started).any()
    assert int(started.sum()) + found.expired <= len(requests)
    assert (found.started_s[started] >= requests.arrival_s[started]).all()
    assert (found.ended_s[ended] == found.started_s[ended] + requests.hold_s[ended]).all()
    if not np.isnan(found.drained_s):
        late = requests.arrival_s < found.start_s
        assert int(ended.sum()) + found.expired + int(late.sum()) == len(requests)
    told = numbers(requests, found)
    assert told.completed + told.expired + told.unfinished == len(requests)
    if found.timeline is not None and scenario.until_s is None and not np.isnan(found.drained_s):
        assert found.timeline.processed.sum() == ended.sum()


@settings(max_examples=80)
@given(SEEDS)
def test_the_first_comes_first(seed: int) -> None:
    requests, scenario = case(seed)
    if scenario.model.drain != "finish":
        return
    found = replay(requests, scenario, timeline=False)
    started = found.started_s[~np.isnan(found.started_s)]
    assert (np.diff(started) >= 0).all()


@settings(max_examples=80)
@given(STEPS, st.integers(1, 5), st.integers(1, 3))
def test_more_instances_never_make_anybody_wait_longer(
    steps: list[tuple[float, float]], instances: int, concurrency: int
) -> None:
    requests = requests_of(steps)
    few = replay(requests, fixed(instances, concurrency), timeline=False)
    more = replay(requests, fixed(instances + 1, concurrency), timeline=False)
    assert (more.started_s <= few.started_s).all()
    assert more.peak_backlog <= few.peak_backlog


@settings(max_examples=50)
@given(SEEDS)
def test_the_same_question_gets_the_same_bytes(seed: int) -> None:
    requests, scenario = case(seed)
    one = replay(prepare(requests), scenario, timeline=False)
    other = replay(requests, scenario, timeline=False)
    assert one.started_s.tobytes() == other.started_s.tobytes()
    assert one.ended_s.tobytes() == other.ended_s.tobytes()
    assert repr((one.billed_s, one.end_s)) == repr((other.billed_s, other.end_s))


@settings(max_examples=200)
@given(st.lists(st.floats(0, 1e6), max_size=80), st.integers(0, 40))
def test_percentiles_are_those_of_numpy_to_the_bit(waits: list[float], zeros: int) -> None:
    every = np.array(waits + [0.0] * zeros)
    if not len(every):
        return
    expected = [float(v) for v in np.quantile(every, QUANTILES)]
    assert quantiles_of(every[every > 0], len(every)) == expected

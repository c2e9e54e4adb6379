"""Arrivals from metrics: conservation, gaps, contradictions, coarse steps; and requests made of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.worked import Steps
from ops.replay.draws import Times
from ops.replay.traffic import Arrivals, expanded, expansions, of_invocations, of_queue

NAN = math.nan
START = 1_795_000_020 // 60 * 60


def steps(
    backlog: list[float],
    done: list[float],
    start: int = START,
    period: int = 60,
    expired: list[float] | None = None,
) -> Steps:
    size = len(backlog)
    zero = np.zeros(size)
    late = zero if expired is None else np.array(expired)
    return Steps(start, period, zero, np.array(backlog), np.array(done), zero, late, zero, zero)


def reconstructed(*pieces: Steps) -> Arrivals:
    return of_queue(pieces, float(pieces[0].start), float(pieces[-1].end))


@pytest.mark.parametrize(
    ("backlog", "done", "expected"),
    [
        ([0, 3, 3, 0], [0, 0, 2, 3], [NAN, 3, 2, 0]),
        ([5, 0], [0, 5], [NAN, 0]),
        # One arrives less than none in the third minute: it was counted too early, and comes off the next one.
        ([0, 2, 0, 4], [0, 0, 1, 0], [NAN, 2, 0, 3]),
        # At the very end there is no later one to take it from.
        ([0, 2, 0], [0, 0, 1], [NAN, 1, 0]),
        # A gap in the backlog: four in all arrived over three minutes.
        ([0, NAN, NAN, 2, 2], [0, 1, 0, 1, 1], [NAN, 1, 2, 1, 1]),
        # Too long a gap stays unknown, and so does the first minute after it.
        ([0, *[NAN] * 6, 0, 1], [0] * 9, [*[NAN] * 8, 1]),
        ([NAN, NAN], [0, 1], [NAN, NAN]),
        # What was finished is not known: nothing is.
        ([0, 0, 1], [0, NAN, 1], [NAN, NAN, 2]),
    ],
)
def test_what_arrived_is_what_was_finished_and_what_the_queue_grew_by(
    backlog: list[float], done: list[float], expected: list[float]
) -> None:
    found = reconstructed(steps(backlog, done))
    np.testing.assert_array_equal(found.count, np.array(expected, float))
    assert found.unknown_s == 60 * sum(math.isnan(e) for e in expected)
    assert found.unplaced == 0


def test_contradictions_are_counted_not_hidden() -> None:
    found = reconstructed(steps([0, 2, 0, 4], [0, 0, 1, 0]))
    assert (found.carried, found.unplaced, found.total) == (1, 0, 5)
    found = reconstructed(steps([3, 0, 0], [0, 1, 0]))
    assert (found.carried, found.unplaced, found.total) == (2, 2, 0)
    assert found.known_share == pytest.approx(2 / 3)


minutes = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 9), st.integers(0, 9), st.integers(0, 3)),
    min_size=2,
    max_size=120,
)


@given(minutes, st.data())
def test_conservation(cells: list[tuple[int, int, int, int]], data: st.DataObject) -> None:
    """In all: processed + failed + expired + the last backlog - the first one, whatever is contradictory in between."""
    backlog, good, bad, late = (np.array(column, float) for column in zip(*cells, strict=True))
    gaps = data.draw(st.lists(st.integers(1, len(cells) - 2), max_size=2)) if len(cells) > 6 else []
    holed = backlog.copy()
    holed[gaps] = NAN
    nothing = np.zeros(len(cells))
    cut = data.draw(st.integers(0, len(cells)))
    whole = Steps(START, 60, nothing, holed, good, bad, late, nothing, nothing)
    pieces = [
        Steps(
            START + a * 60,
            60,
            nothing[a:b],
            holed[a:b],
            good[a:b],
            bad[a:b],
            late[a:b],
            nothing[a:b],
            nothing[a:b],
        )
        for a, b in ((0, cut), (cut, len(cells)))
        if b > a
    ]
    found, parted = reconstructed(whole), reconstructed(*pieces)
    expected = (good + bad + late)[1:].sum() + backlog[-1] - backlog[0]
    assert found.total - found.unplaced == expected
    assert not (found.count < 0).any()
    if not gaps:
        np.testing.assert_array_equal(found.count, parted.count)


@given(st.lists(st.integers(0, 5), min_size=12, max_size=60), st.integers(1, 40))
def test_steps_of_five_minutes_lose_nothing(arriving: list[int], speed: int) -> None:
    """A queue that takes `speed` a minute, seen in steps of five minutes, then by the minute."""
    size = len(arriving) // 5 * 5
    backlog, done, queue = [], [], 0
    for n in arriving[:size]:
        took = min(queue, speed)
        queue += n - took
        backlog.append(float(queue))
        done.append(float(took))
    coarse = steps(
        [max(backlog[i : i + 5]) for i in range(0, size, 5)],
        [sum(done[i : i + 5]) for i in range(0, size, 5)],
        period=300,
    )
    tail = steps([float(queue), 0.0], [0.0, float(queue)], start=coarse.end)
    found = of_queue([coarse, tail], float(coarse.start), float(tail.end))
    first = min(coarse.backlog[0], coarse.backlog[1] if size > 5 else tail.backlog[0])
    assert found.total - found.unplaced == sum(done[5:]) + queue - first
    assert found.coarse_s == (size // 5 - 1) * 300


def test_a_hole_between_pieces_begins_anew() -> None:
    found = reconstructed(steps([0, 4], [0, 0]), steps([9, 9], [0, 5], start=START + 600))
    np.testing.assert_array_equal(found.count, [NAN, 4, NAN, 5])
    assert found.unknown_s == 720 - 120


def test_of_what_was_never_read_nothing_is_known() -> None:
    found = of_queue((), float(START), START + 600.0)
    assert (found.total, found.unknown_s, found.known_share) == (0, 600, 0)


def test_invocations_arrive_as_they_are() -> None:
    piece = steps([0, 0, 0], [2, 0, 7])
    found = of_invocations([piece], float(START), float(piece.end))
    assert (found.total, found.unknown_s, found.count.tolist()) == (9, 0, [2, 0, 7])


@given(st.lists(st.integers(0, 9), min_size=1, max_size=50), st.integers(0, 2**32))
def test_every_request_is_placed_in_its_own_cell(counts: list[int], seed: int) -> None:
    piece = steps([0.0] * len(counts), [float(c) for c in counts])
    found = of_invocations([piece], float(START), float(piece.end))
    at = expanded(found, Times(20), seed).arrival_s
    assert (np.diff(at) >= 0).all()
    got = np.bincount(((at - START) // 60).astype(int), minlength=len(counts))
    assert got.tolist() == counts


def test_expansions_share_their_seeds_and_differ_from_each_other() -> None:
    piece = steps([0.0] * 100, [3.0] * 100)
    found = of_invocations([piece], float(START), float(piece.end))
    one, again = (expansions(found, Times(20, 0.5), 7) for _ in range(2))
    assert len(one) == 5
    for a, b in zip(one, again, strict=True):
        assert a.arrival_s.tobytes() == b.arrival_s.tobytes()
        assert a.hold_s.tobytes() == b.hold_s.tobytes()
    assert len({r.arrival_s.tobytes() for r in one}) == 5
    assert len({r.hold_s.tobytes() for r in one}) == 5
    assert {len(r) for r in one} == {300}
    assert expanded(found, Times(20), 7).arrival_s.tobytes() == one[0].arrival_s.tobytes()
    assert one[0].arrival_s.mean() - START == pytest.approx(3000, abs=200)


def test_where_nothing_was_read_yet_everything_is_unknown() -> None:
    for found in (of_queue((), 0.0, 3600.0), of_invocations((), 0.0, 3600.0)):
        assert found.known_share == 0.0
        assert found.unknown_s == 3600.0

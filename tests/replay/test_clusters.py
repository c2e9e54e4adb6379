"""Where in their minute requests came: widths of bursts found again, and placements that leave the queue that was."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ops.replay.clusters import Clusters, left, placing
from ops.replay.draws import Times
from ops.replay.traffic import Arrivals, expanded

SERVICE = Times(26.0, 0.3)
SLOTS = 4


def one(arrivals: np.ndarray, holds: np.ndarray, slots: int) -> int:
    return int(left(arrivals, holds, np.array([len(arrivals)]), np.array([slots]))[0])


def minutes(width: float, size: int, count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """(requests, backlog at the end) of minutes that alternate: one with a burst, one in which all is worked off."""
    rng = np.random.default_rng(5)
    counts, backlog = np.zeros(2 * count), np.zeros(2 * count)
    for i in range(count):
        begin = rng.random() * (60 - width)
        at = np.sort(begin + rng.random(size) * width)
        counts[2 * i + 1] = size
        backlog[2 * i + 1] = one(at, SERVICE.draw(size, rng), SLOTS)
    return counts, backlog


@pytest.mark.parametrize("width", [5.0, 20.0, 40.0])
def test_the_width_of_bursts_is_found(width: float) -> None:
    counts, backlog = minutes(width, 12)
    found = placing(counts, np.full(len(counts), 2.0), backlog, 2, SERVICE)
    ((least, seen),) = found.clusters.widths
    assert least == 10
    assert seen == pytest.approx(width, abs=6)
    assert (found.slots[counts > 0] == SLOTS).all()


def test_requests_that_come_evenly_stay_even() -> None:
    counts, backlog = minutes(60.0, 7)
    ((least, seen),) = placing(counts, np.full(len(counts), 4.0), backlog, 1, SERVICE).clusters.widths
    assert least == 5
    assert seen > 40


def test_little_is_told_of_few_minutes_and_nothing_of_those_that_begin_with_a_queue() -> None:
    counts, backlog = minutes(5.0, 12, count=10)
    assert placing(counts, np.full(20, 2.0), backlog, 2, SERVICE).clusters.widths == ()
    counts, backlog = minutes(5.0, 12)
    backlog[::2] = 1.0
    found = placing(counts, np.full(800, 2.0), backlog, 2, SERVICE)
    assert found.clusters.widths == ()
    assert not found.slots[counts > 0].any()
    moving = np.arange(800) % 2 + 1.0
    assert not placing(counts, moving, np.zeros(800), 2, SERVICE).slots.any()
    assert not placing(counts, np.full(800, math.nan), np.zeros(800), 2, SERVICE).slots.any()


def test_widths_hold_from_their_number_on() -> None:
    widths = Clusters(((2, 30.0), (10, 5.0))).of(np.array([0, 1, 2, 9, 10, 50]))
    assert widths.tolist() == [60, 60, 30, 30, 5, 5]


def test_placements_leave_the_queue_that_was() -> None:
    counts, backlog = minutes(10.0, 8)
    size = len(counts)
    start = 1_795_000_020.0 // 60 * 60 + 60.0 * np.arange(size)
    arrivals = Arrivals(start, np.full(size, 60.0), counts, start[0], start[-1] + 60)
    found = placing(counts, np.full(size, 2.0), backlog, 2, SERVICE)

    def off(with_placing: bool) -> float:
        requests = expanded(arrivals, SERVICE, 3, placing=found if with_placing else None)
        assert len(requests) == counts.sum()
        cells = ((requests.arrival_s - start[0]) // 60).astype(int)
        np.testing.assert_array_equal(np.bincount(cells, minlength=size), counts)
        wrong = []
        for cell in np.flatnonzero(counts):
            mine = cells == cell
            into = requests.arrival_s[mine] - start[cell]
            wrong.append(abs(one(into, requests.hold_s[mine], SLOTS) - backlog[cell]))
        return float(np.mean(wrong))

    assert off(True) < 0.5 * off(False)


@pytest.mark.parametrize(
    ("arrivals", "holds", "slots", "expected"),
    [
        ([], [], 1, 0),
        ([0, 0, 0], [20, 20, 20], 1, 1),
        ([0, 0, 0], [20, 20, 20], 3, 0),
        ([50], [10], 1, 1),
        ([50], [9], 1, 0),
    ],
)
def test_what_is_left_at_the_end_of_a_minute(
    arrivals: list[float], holds: list[float], slots: int, expected: int
) -> None:
    assert one(np.array(arrivals, float), np.array(holds, float), slots) == expected


def test_minutes_side_by_side_are_what_each_is_alone() -> None:
    rng = np.random.default_rng(8)
    sizes, slots = rng.integers(0, 30, 300), rng.integers(1, 9, 300)
    parts = [np.sort(rng.random(size) * 60) for size in sizes]
    holds = [SERVICE.draw(int(size), rng) for size in sizes]
    alone = [one(a, h, int(s)) for a, h, s in zip(parts, holds, slots, strict=True)]
    assert left(np.concatenate(parts), np.concatenate(holds), sizes, slots).tolist() == alone

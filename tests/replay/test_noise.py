"""Ties within the noise, and the laws of the front."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.replay.noise import compare, front

NAN = math.nan
POINTS = st.lists(
    st.tuples(st.sampled_from([1.0, 2.0, 2.5, 3.0, 7.0, NAN]), st.sampled_from([0.0, 1.0, 4.0, 9.0, NAN])),
    max_size=14,
)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((10, 11, 12, 13, 14), (10, 11, 12, 13, 14), 0),
        # The expansions differ a lot, the candidates by 1 in each: that is no noise.
        ((10, 20, 30, 40, 50), (11, 21, 31, 41, 51), -1),
        ((11, 21, 31, 41, 51), (10, 20, 30, 40, 50), 1),
        # As large on average, now up, now down.
        ((10, 20, 30, 40, 50), (14, 17, 33, 38, 53), 0),
        # Four differences of 1 and one of -1: 0.6 on average, within 2.776 x 0.894 / 5 ** 0.5 = 1.11.
        ((10, 10, 10, 10, 10), (11, 11, 11, 11, 9), 0),
        # Less than half a percent is the same to anybody, however sure it is.
        ((1000, 1000, 1000), (1004, 1004, 1004), 0),
        ((1000, 1000, 1000), (1006, 1006, 1006), -1),
        # One expansion knows no noise.
        ((10,), (11,), -1),
        ((0, 0, 0), (0, 0, 0), 0),
        ((NAN, 10, 10), (5, 11, 11), -1),
        ((NAN,), (1,), 0),
        ((), (), 0),
    ],
)
def test_what_can_be_told_apart(one: tuple[float, ...], other: tuple[float, ...], expected: int) -> None:
    assert compare(one, other) == expected
    assert compare(other, one) == -expected


def test_many_expansions_use_the_normal_point() -> None:
    one = [float(k % 2) * 4 + 10 for k in range(60)]
    assert compare(one, [v + 0.6 - (k // 2 % 2) for k, v in enumerate(one)]) == 0
    assert compare(one, [v + 0.8 - (k // 2 % 2) for k, v in enumerate(one)]) == -1


@given(POINTS)
def test_nothing_on_the_front_is_beaten_and_whatever_is_not_beaten_is_on_it(
    points: list[tuple[float, float]],
) -> None:
    found = front([c for c, _ in points], [w for _, w in points])

    def beaten(i: int) -> bool:
        cost, weight = points[i]
        return any(c <= cost and w <= weight and (c < cost or w < weight) for c, w in points)

    known = [i for i, (c, w) in enumerate(points) if c == c and w == w]
    assert set(found) == {i for i in known if not beaten(i)}
    assert [points[i][0] for i in found] == sorted(points[i][0] for i in found)


@given(POINTS, st.randoms(use_true_random=False))
def test_the_front_does_not_depend_on_the_order(points: list[tuple[float, float]], order: object) -> None:
    mixed = list(points)
    order.shuffle(mixed)  # type: ignore[attr-defined]

    def on(given: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [given[i] for i in front([c for c, _ in given], [w for _, w in given])]

    assert on(mixed) == on(points)

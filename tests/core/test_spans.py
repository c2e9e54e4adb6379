"""Spans against sets of seconds."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ops.core.spans import Span, both, pieces, union, without

span = st.tuples(st.integers(0, 40), st.integers(0, 40))
some = st.lists(span, max_size=6)


def seconds(spans: object) -> set[int]:
    assert isinstance(spans, list | tuple)
    return {second for begin, end in spans for second in range(begin, end)}


@given(some)
def test_union_is_the_same_time_sorted_and_apart(given_: list[Span]) -> None:
    found = union(given_)
    assert seconds(found) == seconds(given_)
    assert all(begin < end for begin, end in found)
    assert all(a[1] < b[0] for a, b in pairwise(found))
    assert union(found) == found


@given(span, some)
def test_without_takes_out_exactly_that(whole: Span, taken: list[Span]) -> None:
    found = without(whole, taken)
    assert seconds(found) == seconds([whole]) - seconds(taken)
    assert union(found) == found
    assert without(whole, [*taken, *found]) == ()


@given(span, st.integers(1, 50))
def test_pieces_cover_it_newest_first(whole: Span, longest: int) -> None:
    found = pieces(whole, longest)
    assert seconds(found) == seconds([whole])
    assert all(0 < end - begin <= longest for begin, end in found)
    assert list(found) == sorted(found, reverse=True)
    assert sum(end - begin for begin, end in found) == max(0, whole[1] - whole[0])


@given(some, some)
def test_both_is_the_time_that_lies_in_both(one: list[Span], other: list[Span]) -> None:
    found = both(one, other)
    assert seconds(found) == seconds(one) & seconds(other)
    assert union(found) == found == both(other, one)
    assert both(one, one) == union(one)

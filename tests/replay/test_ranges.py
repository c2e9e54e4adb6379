"""A search inside ranges: which values it starts with, and what it may come to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.core.candidate import Candidate, Machine, SearchSpace, always_on
from ops.core.errors import BadInput
from ops.core.search_ranges import Ranges, ranges
from ops.replay.ranges import allows, narrowed
from ops.replay.warm_events import warm_plan

WARM = (warm_plan("mon-fri 08:00-18:00 UTC", 1),)
SPACE = SearchSpace((0, 1), (5, 2), (5.0, 2.0), (300,), (60,), (2, 1), ((), WARM), (Machine(),), (1, 2, 4, 8))


def asked(**typed: str) -> Ranges:
    found = ranges({key.rstrip("_"): text for key, text in typed.items()})
    assert found is not None
    return found


def test_values_around_today_come_first_then_those_of_the_ranges() -> None:
    found = narrowed(
        SPACE, asked(min="0-1", max="1-4", target="1-10", in_="60-600", wake="either", warm="yes")
    )
    assert found.lows == (0, 1)
    assert found.highs == (2, 1, 3, 4)
    assert found.targets[:4] == (5.0, 2.0, 1.0, 10.0)
    assert all(t is not None and 1 <= t <= 10 for t in found.targets)
    assert found.in_cooldowns_s[:3] == (300, 60, 600)
    assert found.out_cooldowns_s == (60,)
    assert found.wakes == (2, 1, None)
    assert found.warms == (WARM,)
    assert found.fixed == ()


def test_always_on_is_looked_at_inside_the_bounds_alone() -> None:
    assert narrowed(SPACE, asked(max="1-4")).fixed == (1, 2, 4)
    assert narrowed(SPACE, asked(min="0")).fixed == ()


def test_a_list_is_its_values_alone() -> None:
    found = narrowed(SPACE, asked(target="1, 5, none", max="3, 8", wake="no"), quota=7)
    assert found.targets == (5.0, 1.0, None)
    assert found.highs == (3,)
    assert found.wakes == (None,)


def test_where_nothing_is_left_it_says_why() -> None:
    with pytest.raises(BadInput, match="quota of 2"):
        narrowed(SPACE, asked(max="3-8"), quota=2)
    with pytest.raises(BadInput, match="tells hours"):
        narrowed(replace(SPACE, warms=((),)), asked(warm="yes"))


@pytest.mark.parametrize(
    ("typed", "inside", "outside"),
    [
        ({"max": "1-4, 8"}, Candidate(0, 8), Candidate(0, 6)),
        ({"min": "0"}, Candidate(0, 3), Candidate(1, 3)),
        ({"target": "1, 2"}, Candidate(0, 3, 2.0), Candidate(0, 3, 1.5)),
        ({"target": "none"}, Candidate(0, 3, None), Candidate(0, 3, 5.0)),
        ({"target": "1-9"}, Candidate(0, 3, 5.0), Candidate(0, 3, None)),
        ({"in": "60"}, Candidate(0, 3, in_cooldown_s=60), Candidate(0, 3)),
        ({"wake": "yes"}, Candidate(0, 3, wake=1), Candidate(0, 3, wake=None)),
        ({"wake": "no"}, Candidate(0, 3, wake=None), Candidate(0, 3)),
        ({"warm": "no"}, Candidate(0, 3), Candidate(0, 3, warm=WARM)),
        ({"warm": "yes"}, Candidate(0, 3, warm=WARM), always_on(1, Machine())),
        ({"max": "1-2", "target": "1"}, always_on(2, Machine()), always_on(3, Machine())),
    ],
)
def test_what_lies_inside(typed: dict[str, str], inside: Candidate, outside: Candidate) -> None:
    found = ranges(typed)
    assert found is not None
    assert allows(found, inside)
    assert not allows(found, outside)

"""Ranges of a search as people type them."""

from __future__ import annotations

import pytest

from ops.core.errors import BadInput
from ops.core.search_ranges import Ranges, ranges


def test_ranges_lists_and_choices_are_read() -> None:
    typed = {
        "min": "0",
        "max": "1-4, 8",
        "target": "0.5, 2\u20135, none",
        "in": "60-600",
        "wake": "Either",
        "warm": "",
    }
    assert ranges(typed) == Ranges(
        ((0, 0),),
        ((1, 4), (8, 8)),
        ((0.5, 0.5), (2, 5)),
        (),
        ((60, 600),),
        untracked=True,
        wake="either",
    )


def test_nothing_said_is_around_todays_policy() -> None:
    assert ranges({}) is None
    assert ranges({"max": "  "}) is None


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("max", "many", "Maximum: 'many' is no number and no range. Write whole numbers"),
        ("max", "8-1", "Maximum: '8-1' runs backwards. Write 1-8."),
        ("max", "0", "Maximum: '0' cannot be. It lies from 1 to 10,000."),
        ("min", "1.5", "Minimum: '1.5' is not whole."),
        ("min", ",", "Minimum: ',' holds no number."),
        ("target", "0", "Target: '0' cannot be tracked."),
        ("in", "1-100000", "Cooldown in: '1-100000' cannot be. It lies from 0 to 86,400."),
        ("out", "none", "Cooldown out: 'none' is no number and no range. Write seconds"),
        ("wake", "maybe", "Wake policy: 'maybe' is not offered. Use yes, no or either."),
        ("warm", "either", "Warm windows: 'either' is not offered. Use yes or no."),
    ],
)
def test_what_makes_no_sense_says_what_to_write(key: str, text: str, said: str) -> None:
    with pytest.raises(BadInput) as error:
        ranges({key: text})
    assert f"{error.value.what} {error.value.hint}".startswith(said)


def test_bounds_that_cannot_meet_are_refused() -> None:
    with pytest.raises(BadInput, match="lies above every maximum"):
        ranges({"min": "5-8", "max": "1-4"})

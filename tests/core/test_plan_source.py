"""Traffic that is given, in a link and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.plan_source import (
    FILE_KEYS,
    GIVEN_KEYS,
    KEYS,
    SYNTHETIC_KEYS,
    FileTraffic,
    Given,
    Source,
    SyntheticTraffic,
    as_link,
    source_of,
)

words = st.text(st.characters(codec="ascii", categories=("L", "N", "P")), max_size=12).map(str.strip)
parts = st.builds(Given, words, st.none() | st.integers(1, 1000), words, words, words)
files = st.builds(
    FileTraffic, st.text("0123456789abcdef", min_size=32, max_size=32), words, words, words, words, parts
)
bursts = st.lists(words.filter(lambda text: bool(text) and ";" not in text), max_size=3).map(tuple)
rates = st.builds(
    SyntheticTraffic,
    words.filter(bool),
    bursts,
    st.integers(1, 400).map(float) | st.just(0.5),
    st.integers(0, 2**31 - 1),
    parts,
)


@given(files | rates)
def test_a_link_says_all_of_it(source: Source) -> None:
    link = as_link(source)
    assert set(link) <= set(KEYS)
    assert source_of(link) == (source, [])


@given(files | rates)
def test_parts_of_another_kind_play_no_part(source: Source) -> None:
    more = dict.fromkeys(SYNTHETIC_KEYS if isinstance(source, FileTraffic) else FILE_KEYS, "1")
    assert source_of({**more, **as_link(source)}) == (source, [])


def test_without_a_kind_it_is_the_endpoints_own_and_half_of_one_is_none() -> None:
    assert source_of({"rates": "5/h"}) == (None, [])
    assert source_of({"traffic": "file"}) == (None, [])
    assert source_of({"traffic": "synthetic", "bursts": "1,2,3"}) == (None, [])
    assert as_link(None) == {}


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("traffic", "dice"),
        ("file", "../../etc/passwd"),
        ("slots", "0"),
        ("slots", "2.5"),
        ("slots", "9" * 40),
        ("long", "0"),
        ("long", "inf"),
        ("long", "nan"),
        ("long", "a week"),
        ("seed", "-1"),
        ("seed", "²"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_key(key: str, text: str) -> None:
    kind = "file" if key == "file" else "synthetic"
    found, wrong = source_of({"traffic": kind, "rates": "5/h", key: text})
    assert found is None
    assert [name for name, _ in wrong] == [key]
    assert wrong[0][1].hint


def test_every_key_is_one_of_its_kind() -> None:
    assert len(set(KEYS)) == len(KEYS) == 1 + len(FILE_KEYS) + len(SYNTHETIC_KEYS) + len(GIVEN_KEYS)


def test_names_of_files_are_made_of_the_name() -> None:
    assert FileTraffic("0" * 32, "../my week (2).csv").stem == "..-my-week-2-"
    assert FileTraffic("0" * 32).stem == "arrivals"
    assert SyntheticTraffic("5/h").stem == "synthetic"

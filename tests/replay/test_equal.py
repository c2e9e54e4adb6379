"""The compiled replay against the reference, to the bit, on scenarios made to go wrong (bench/replay_fuzz.py)."""

from __future__ import annotations

import pytest

from bench.replay_fuzz import compare


@pytest.mark.parametrize("first", range(7_000_000, 7_001_000, 250))
def test_the_kernels_equal_the_reference(first: int) -> None:
    assert compare(range(first, first + 250)) == []

"""A candidate in a link: what is usual is left out, and nothing is guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.candidate import Candidate, Machine, always_on
from ops.core.candidate_text import from_query, machine_from_query, to_query
from ops.core.errors import BadInput
from tests.core.warm_samples import office, plan

MACHINE = Machine("ml.g5.2xlarge", Decimal("1.515"), 1.25, 4)
LAST = date(2027, 1, 5)
CANDIDATES = [
    (Candidate(0, 4, 2.0), "min=0&max=4&target=2"),
    (Candidate(0, 4, 2.5, 600, 0, 1), "min=0&max=4&target=2.5&in=600&out=0&wake=1"),
    (Candidate(1, 4, None, wake=None), "min=1&max=4&target=none&wake=none"),
    (always_on(3, MACHINE), "fixed=3&type=ml.g5.2xlarge&usd=1.515&speed=1.25&slots=4"),
    (
        Candidate(0, 4, 2.0, warm=(office(early=8),)),
        "min=0&max=4&target=2&warm=12345.0800.1800,zEurope~Berlin,e8,f1,b0",
    ),
    (
        Candidate(
            0,
            4,
            warm=(
                plan("mon-fri 08:00-18:00", "sat 10:00-14:00", zone="Etc/GMT+5", floor=2, holidays="DE-BY", until=LAST),
                plan("sun 22:00-06:00", id=2, zone="America/New_York"),
            ),
        ),
        "min=0&max=4&target=5&warm=12345.0800.1800!6.1000.1400,zEtc~GMT!5,e0,f2,b0,hDE.BY,u1z5;"
        "7.2200.0600,zAmerica~New_York,e0,f1,b0",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("candidate", "text"), CANDIDATES)
def test_written_and_read_back(candidate: Candidate, text: str) -> None:
    assert to_query(candidate) == text
    assert from_query(text) == candidate
    assert from_query(f"?{text}") == candidate


@given(
    st.integers(0, 20),
    st.integers(0, 20),
    st.one_of(st.none(), st.floats(0.01, 500, allow_subnormal=False).map(lambda v: float(f"{v:.6g}"))),
    st.integers(0, 86_400),
    st.integers(0, 86_400),
    st.one_of(st.none(), st.integers(1, 60)),
    st.integers(1, 64),
)
def test_any_candidate_comes_back(
    low: int, more: int, target: float | None, into: int, out: int, wake: int | None, slots: int
) -> None:
    candidate = Candidate(low, low + more, target, into, out, wake, (), Machine(concurrency=slots))
    if candidate.fixed is not None:
        candidate = always_on(low, candidate.machine)
    assert from_query(to_query(candidate)) == candidate


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "'' is no part of it"),
        ("min=0&max=4", "needs target"),
        ("max=4&target=2", "needs min"),
        ("min=0&max=4&target=2&colour=blue", "'colour=blue' is no part of it"),
        ("min=0&max=4&target=2&min=1", "min is given twice"),
        ("min=0&max=4&target=", "'target=' is no part of it"),
        ("min=0&max=4&target=two", "'two' is no number"),
        ("min=0&max=4&target=nan", "'nan' is no number"),
        ("min=0&max=4&target=1_0", "'1_0' is no number"),
        ("min=0&max=4&target=0", "cannot be tracked"),
        ("min=-1&max=4&target=2", "'-1' is no whole number"),
        ("min=1.0&max=4&target=2", "'1.0' is no whole number"),
        ("min=5&max=4&target=2", "Bounds of 5-4"),
        ("min=0&max=4&target=2&wake=0", "1 to 60 minutes"),
        ("min=0&max=4&target=2&warm=mon-fri", "'mon-fri' is no warm window"),
        ("min=0&max=4&target=2&warm=12345.0800.1800,zEurope~Berlin,e8,f1,b0,k3", "is no warm window"),
        ("min=0&max=4&target=2&usd=free", "'free' is no price"),
        ("min=0&max=4&target=2&usd=-1", "'-1' is no price"),
        ("min=0&max=4&target=2&slots=0", "1 to 1,000 requests"),
        ("fixed=2&min=0", "has no min"),
    ],
)
def test_what_is_wrong_is_named(text: str, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        from_query(text)
    assert says in caught.value.what


def test_a_machine_alone() -> None:
    assert machine_from_query("type=ml.g5.2xlarge&speed=1.25&slots=4&usd=1.515") == MACHINE
    for text, says in (("speed=2", "names no instance type"), ("type=a&min=0", "'min=0' is no part")):
        with pytest.raises(BadInput) as caught:
            machine_from_query(text)
        assert says in caught.value.what


def test_what_never_runs_is_not_called_always_on() -> None:
    assert from_query("fixed=0").words == "off: never an instance"


@pytest.mark.parametrize("query", ["fixed=-1", "fixed=1&usd=1000000000", "fixed=1&usd=1e400"])
def test_what_no_endpoint_can_be_is_refused(query: str) -> None:
    with pytest.raises(BadInput):
        from_query(query)

"""Rates and bursts as people type them."""

from __future__ import annotations

import pytest

from ops.core.errors import BadInput
from ops.replay.shape_text import burst, shape
from ops.replay.synthetic import Bursts, flat, office


@pytest.mark.parametrize("text", ["120/h", "2/min", "2 / min", "2880/day", "daily 120/h", "00-24 120/h"])
def test_one_rate_all_week(text: str) -> None:
    assert shape(text).per_week == pytest.approx(flat(120).per_week)


@pytest.mark.parametrize(
    "text",
    [
        "mon-fri 08-18 120/h; else 5/h Europe/Berlin",
        "Mon-Fri 08:00-18:00 2/min Europe/Berlin; 5/h",
        "weekdays 8-18 120/h; weekend 5/h; otherwise 5/h Europe/Berlin",
    ],
)
def test_office_hours(text: str) -> None:
    assert shape(text) == office(120, "Europe/Berlin", else_=5)


def test_nights_go_on_into_the_next_day_and_what_no_clause_names_is_still() -> None:
    found = shape("fri 22-2 60/h").per_hour
    busy = {(day, hour) for day, row in enumerate(found) for hour, rate in enumerate(row) if rate}
    assert busy == {(4, 22), (4, 23), (5, 0), (5, 1)}


def test_the_first_clause_that_holds_counts() -> None:
    found = shape("mon 10-11 0/h; mon 8-12 60/h").per_hour[0]
    assert found[8:13] == (60, 60, 0, 60, 0)


def test_bursts() -> None:
    assert burst("4,25,120") == Bursts(4, 25, 120)
    assert shape("1/h", (Bursts(4, 25, 120),)).bursts == (Bursts(4, 25, 120),)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "no rate"),
        ("mon-fri 08-18", "has no rate"),
        ("mon 5/h 6/h", "more than one rate"),
        ("moonday 5/h", "'moonday 5/h' is not understood"),
        ("mon 08:30-18 5/h", "whole hours"),
        ("mon 8-25 5/h", "no time of day"),
        ("5/h Mars/Phobos", "no time zone"),
        ("5/h UTC; mon 6/h Europe/Berlin", "two time zones"),
        ("-5/h", "not understood"),
    ],
)
def test_what_is_not_understood_is_named(text: str, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        shape(text)


@pytest.mark.parametrize("text", ["", "4", "4,25", "4,25,x", "4,-25,9", "nan,1,1"])
def test_no_burst(text: str) -> None:
    with pytest.raises(BadInput, match="is no burst"):
        burst(text)

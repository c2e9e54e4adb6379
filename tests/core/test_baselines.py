"""What a saving is counted against: read, named, and with its formula."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.baselines import Baseline, Kind, against, office_edges, parse
from ops.core.errors import BadInput
from ops.core.periods import Period, month
from tests.core.money_samples import DAY, level, time_of


@pytest.mark.parametrize(
    ("text", "kind", "again"),
    [
        ("peak", Kind.PEAK, "peak"),
        (" Peak ", Kind.PEAK, "peak"),
        ("one", Kind.ONE, "one"),
        ("max", Kind.MAX, "max"),
        ("hours", Kind.HOURS, "hours"),
        ("hours:8-18", Kind.HOURS, "hours"),
        ("hours:7-20", Kind.HOURS, "hours:7-20"),
        ("hours:0-24", Kind.HOURS, "hours:0-24"),
        ("3", Kind.NUMBER, "3"),
        ("2.50", Kind.NUMBER, "2.5"),
        ("0", Kind.NUMBER, "0"),
        ("0.000", Kind.NUMBER, "0"),
        ("10000", Kind.NUMBER, "10000"),
        ("1e2", Kind.NUMBER, "100"),
    ],
)
def test_they_are_read_and_written(text: str, kind: Kind, again: str) -> None:
    found = parse(text)
    assert (found.kind, found.text) == (kind, again)
    assert parse(found.text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "most",
        "-1",
        "10001",
        "nan",
        "inf",
        "1,5",
        "hours:18-8",
        "hours:8-8",
        "hours:8-25",
        "hours:8",
        "٣x",
    ],
)
def test_what_is_none_is_refused_with_what_would_do(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(text)
    assert repr(text) in caught.value.what
    assert "hours:7-20" in caught.value.hint


@given(st.decimals(0, 10_000, places=3))
def test_any_number_comes_back_as_it_was(number: Decimal) -> None:
    found = parse(str(number))
    assert found.number == number
    assert parse(found.text) == found


def test_their_names_go_into_a_sentence() -> None:
    assert [parse(t).words for t in ("peak", "one", "max", "1", "2.5", "hours:7-20")] == [
        "always on at its peak",
        "always on at one instance",
        "always on at its maximum",
        "always on at 1 instance",
        "always on at 2.5 instances",
        "on at its peak from 07:00 to 20:00 on weekdays only",
    ]


def test_the_peak_is_the_99th_percentile_of_the_known_minutes_and_at_least_one() -> None:
    values = np.concatenate([level(0, 20), level(4, 3.9), level(9, 0.1)])
    found = against(Baseline(), time_of(values), None)
    assert (found.instances, found.formula) == (4, "p99 of 1,440 known minutes (asleep = 0) = 4 instances")
    asleep = against(Baseline(), time_of(level(0, 24)), None)
    assert asleep.instances == 1
    assert asleep.formula.endswith("= 0 instances; what is always on has at least one")


def test_a_peak_between_two_is_the_upper_one() -> None:
    found = against(Baseline(), time_of(np.full(96, 2.3), 900), None)
    assert found.instances == 3


def test_unknown_minutes_do_not_make_a_peak_smaller() -> None:
    values = np.concatenate([level(np.nan, 20), level(3, 4)])
    found = against(Baseline(), time_of(values), None)
    assert (found.instances, found.formula) == (3, "p99 of 240 known minutes (asleep = 0) = 3 instances")


@pytest.mark.parametrize("text", ["peak", "hours"])
def test_without_anything_known_there_is_no_peak(text: str) -> None:
    assert against(parse(text), time_of(level(np.nan, 24)), 4).instances is None


@pytest.mark.parametrize(
    ("text", "most", "instances", "formula"),
    [
        ("one", None, 1, "one instance in every known minute"),
        ("max", 8, 8, "the present maximum of 8 instances in every known minute"),
        ("max", 1, 1, "the present maximum of 1 instance in every known minute"),
        ("max", 0, 0, "the present maximum of 0 instances in every known minute"),
        ("max", None, None, "no maximum capacity is known: it has no scalable target"),
        ("2.75", None, Decimal("2.75"), "2.75 instances in every known minute"),
    ],
)
def test_the_others_say_how_they_are_counted(
    text: str, most: int | None, instances: Decimal | None, formula: str
) -> None:
    found = against(parse(text), time_of(level(1, 24)), most)
    assert (found.instances, found.formula) == (instances, formula)


def test_office_hours_are_cut_at_the_edges_of_a_period() -> None:
    start = DAY + timedelta(hours=10)
    period = Period(start, start + timedelta(days=1), start + timedelta(days=1), "UTC", "in a day")
    found = office_edges(parse("hours"), period)
    assert [(a.hour, b.hour) for a, b in found] == [(10, 18), (8, 10)]


def test_office_hours_are_as_long_on_both_sides_of_a_change_of_the_clocks() -> None:
    period = month("2026-03", datetime(2026, 5, 1, tzinfo=UTC), "Asia/Beirut")
    found = office_edges(parse("hours"), period)
    assert {closes - opens for opens, closes in found} == {timedelta(hours=10)}
    assert {opens.hour for opens, _ in found} == {6, 5}

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.core.errors import BadInput
from ops.core.types import Window, utc
from ops.core.window import KEPT_DAYS, choose, span_of_hours

NOW = datetime(2026, 11, 20, 14, 2, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("span", "period", "size", "noted"),
    [
        (timedelta(hours=1), 60, 60, ""),
        (DAY, 60, 1440, ""),
        (3 * DAY, 60, 4320, ""),
        (3 * DAY + timedelta(minutes=1), 300, 864, "longer than 3 days"),
        (7 * DAY, 300, 2016, "longer than 3 days"),
        (15 * DAY, 300, 4320, "15 days"),
        (30 * DAY, 300, 8640, "15 days"),
        (32 * DAY, 3600, 768, "longer than 31 days"),
        (63 * DAY, 3600, 1512, "63 days"),
        (455 * DAY, 3600, 10920, "63 days"),
    ],
)
def test_steps_follow_length_and_age(span: timedelta, period: int, size: int, noted: str) -> None:
    window, notes = choose(span, NOW)
    assert (window.period, window.size) == (period, size)
    assert window.end - timedelta(seconds=period) <= NOW < window.end
    assert noted in " ".join(notes)
    assert bool(notes) == bool(noted)


@pytest.mark.parametrize(
    ("age_days", "period"),
    [(14.9, 60), (15.1, 300), (62.9, 300), (63.1, 3600), (400, 3600)],
)
def test_a_short_range_long_ago_comes_in_the_steps_that_aws_still_keeps(age_days: float, period: int) -> None:
    start = (NOW - timedelta(days=age_days)).replace(second=0)
    window, notes = choose(Window(start, start + timedelta(hours=2)), NOW)
    assert window.period == period
    assert window.start <= start
    assert window.end >= start + timedelta(hours=2)
    assert ("AWS keeps" in " ".join(notes)) == (period > 60)


def test_a_window_that_reaches_into_the_future_ends_now() -> None:
    start = NOW.replace(second=0) - timedelta(hours=1)
    window, _ = choose(Window(start, start + DAY), NOW)
    assert window.end == NOW.replace(second=0) + timedelta(minutes=1)


def test_a_window_in_the_future_is_refused() -> None:
    start = NOW.replace(second=0) + DAY
    with pytest.raises(BadInput, match="future"):
        choose(Window(start, start + DAY), NOW)


def test_older_than_aws_keeps_is_refused() -> None:
    start = (NOW - timedelta(days=500)).replace(second=0)
    with pytest.raises(BadInput, match="455 days"):
        choose(Window(start, start + DAY), NOW)


@pytest.mark.parametrize("hours", [0, -1, float("nan"), float("inf"), 1e9, 455 * 24 + 1])
def test_impossible_hours(hours: float) -> None:
    with pytest.raises(BadInput) as caught:
        span_of_hours(hours)
    assert caught.value.hint


def test_possible_hours() -> None:
    assert span_of_hours(0.5) == timedelta(minutes=30)
    assert span_of_hours(455 * 24) == timedelta(days=455)


EDGE = timedelta(minutes=2)
"""How near to its own edge AWS is no longer asked for finer steps."""
MINUTE = timedelta(minutes=1)
SHARP = NOW.replace(second=0)


@pytest.mark.parametrize(
    ("age", "period"),
    [
        (15 * DAY - EDGE - MINUTE, 60),
        (15 * DAY - EDGE, 60),
        (15 * DAY - EDGE + MINUTE, 300),
        (15 * DAY, 300),
        (15 * DAY + MINUTE, 300),
        (63 * DAY - EDGE, 300),
        (63 * DAY - EDGE + MINUTE, 3600),
        (63 * DAY, 3600),
        (63 * DAY + MINUTE, 3600),
        (455 * DAY - MINUTE, 3600),
        (455 * DAY, 3600),
    ],
)
def test_edges_of_what_aws_keeps(age: timedelta, period: int) -> None:
    start = SHARP - age
    window, _ = choose(Window(start, start + timedelta(hours=1)), SHARP)
    assert window.period == period
    assert window.start <= start < start + timedelta(hours=1) <= window.end


def test_just_outside_the_last_edge_is_refused_and_the_hint_is_possible() -> None:
    start = SHARP - 455 * DAY - timedelta(hours=1, minutes=1)
    with pytest.raises(BadInput) as caught:
        choose(Window(start, start + DAY), SHARP)
    assert f"{SHARP - 455 * DAY:%d %b %Y}" in caught.value.hint


@given(
    st.integers(0, 455 * 1440),
    st.integers(1, 40 * 1440),
    st.sampled_from([60, 300, 3600]),
    st.integers(0, 3599),
)
@settings(max_examples=200, deadline=None)
def test_a_window_holds_what_was_asked_for_and_aws_keeps_its_steps(
    age: int, minutes: int, period: int, second: int
) -> None:
    now = SHARP + timedelta(seconds=second)
    start = utc((now - age * MINUTE).timestamp() // period * period)
    asked = Window(start, start + max(1, minutes * 60 // period) * timedelta(seconds=period), period)
    if start >= now:
        return
    window, notes = choose(asked, now)
    assert window.start <= start
    assert window.end >= min(asked.end, now)
    assert window.period >= period
    assert window.period == 3600 or now - start <= timedelta(days=KEPT_DAYS[window.period])
    assert window.size <= 455 * 24 + 2
    assert bool(notes) == (window.period > 60)

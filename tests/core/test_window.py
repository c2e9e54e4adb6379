from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ops.core.errors import BadInput
from ops.core.types import Window
from ops.core.window import choose, span_of_hours

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

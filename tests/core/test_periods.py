"""Months and days of a zone as UTC instants, over clock changes and at their edges."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.errors import BadInput
from ops.core.instance_time import QUARTER_S
from ops.core.periods import KEPT_DAYS, SETTLED_S, Period, last_days, midnight, month, month_of, months
from ops.core.types import utc

NOW = datetime(2026, 11, 26, 13, 7, 30, tzinfo=UTC)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "America/St_Johns",
    "Pacific/Chatham",
    "America/Havana",
)
moments = st.integers(1_735_689_600, 1_830_297_600).map(utc)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "text", "start", "end", "hours"),
    [
        ("UTC", "2026-10", "2026-10-01T00:00", "2026-11-01T00:00", 744),
        ("Europe/Berlin", "2026-10", "2026-09-30T22:00", "2026-10-31T23:00", 745),
        ("Europe/Berlin", "2026-03", "2026-02-28T23:00", "2026-03-31T22:00", 743),
        ("America/New_York", "2026-03", "2026-03-01T05:00", "2026-04-01T04:00", 743),
        ("America/New_York", "2025-11", "2025-11-01T04:00", "2025-12-01T05:00", 721),
        ("America/Santiago", "2026-09", "2026-09-01T04:00", "2026-10-01T03:00", 719),
        ("America/Santiago", "2026-04", "2026-04-01T03:00", "2026-05-01T04:00", 721),
        ("Australia/Lord_Howe", "2026-10", "2026-09-30T13:30", "2026-10-31T13:00", 743.5),
        ("Australia/Lord_Howe", "2026-04", "2026-03-31T13:00", "2026-04-30T13:30", 720.5),
        ("Asia/Kathmandu", "2026-10", "2026-09-30T18:15", "2026-10-31T18:15", 744),
        ("Asia/Kolkata", "2026-02", "2026-01-31T18:30", "2026-02-28T18:30", 672),
        ("America/St_Johns", "2026-11", "2026-11-01T02:30", "2026-12-01T03:30", 721),
    ],
)
def test_a_month_of_a_zone(zone: str, text: str, start: str, end: str, hours: float) -> None:
    found = month(text, at("2026-12-24T12:00"), zone)
    assert (found.start, found.end, found.until) == (at(start), at(end), at(end))
    assert found.over
    assert found.hours == hours
    assert found.month == text


@pytest.mark.parametrize(
    ("zone", "text", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03", date(2026, 3, 29), 23),
        ("Europe/Berlin", "2026-10", date(2026, 10, 25), 25),
        ("America/New_York", "2026-11", date(2026, 11, 1), 25),
        ("America/Santiago", "2026-09", date(2026, 9, 6), 23),  # its midnight is skipped
        ("America/Santiago", "2026-04", date(2026, 4, 4), 25),  # its last hour comes twice
        ("Australia/Lord_Howe", "2026-10", date(2026, 10, 4), 23.5),
        ("America/Havana", "2026-11", date(2026, 11, 1), 25),  # its midnight comes twice
    ],
)
def test_a_day_on_which_clocks_change(zone: str, text: str, day: date, hours: float) -> None:
    days = month(text, at("2026-12-24T12:00"), zone).days()
    lengths = {each: (end - begin) / timedelta(hours=1) for each, begin, end in days}
    assert lengths.pop(day) == hours
    assert set(lengths.values()) == {24}


@given(
    st.sampled_from(ZONES),
    moments,
    st.integers(0, 13),
)
def test_the_days_of_a_month_fill_it(zone: str, now: datetime, back: int) -> None:
    offered = months(now, now - timedelta(days=1000), zone)
    text = offered[min(back, len(offered) - 1)]
    found = month(text, now, zone)
    days = found.days()
    assert found.start < found.until <= min(found.end, now)
    assert days[0][1] == found.start
    assert days[-1][2] == found.until
    assert all(a[2] == b[1] and a[0] + timedelta(days=1) == b[0] for a, b in pairwise(days))
    assert {month_of(day) for day, _, _ in days} == {text}
    assert all(int(begin.timestamp()) % QUARTER_S == 0 for _, begin, _ in days)
    info = ZoneInfo(zone)
    assert all((begin - timedelta(seconds=1)).astimezone(info).date() < day for day, begin, _ in days)
    assert [day for day, begin, _ in days] == [begin.astimezone(info).date() for _, begin, _ in days]


@given(st.sampled_from(ZONES), moments)
def test_months_offered_follow_each_other_and_can_all_be_chosen(zone: str, now: datetime) -> None:
    offered = months(now, now - timedelta(days=1000), zone)
    assert list(offered) == sorted(offered, reverse=True)
    assert 14 <= len(offered) <= 16
    chosen = [month(text, now, zone) for text in offered]
    assert all(newer.start == older.end for newer, older in pairwise(chosen))


def test_a_month_under_way_ends_where_minutes_settle() -> None:
    found = month("2026-11", NOW, "Europe/Berlin")
    assert found.until == at("2026-11-26T12:45")
    assert not found.over
    assert found.days()[-1] == (date(2026, 11, 26), at("2026-11-25T23:00"), at("2026-11-26T12:45"))


def test_in_its_first_quarter_of_an_hour_a_month_is_not_offered_yet() -> None:
    new = at("2026-12-01T00:20")
    assert months(new, new - timedelta(days=40))[:2] == ("2026-11", "2026-10")
    with pytest.raises(BadInput, match="has not begun"):
        month("2026-12", new)
    later = at("2026-12-01T00:30")
    assert months(later, later)[0] == "2026-12"
    assert month("2026-12", later).hours == 0.25


@pytest.mark.parametrize(
    ("text", "now", "zone", "start", "until", "of"),
    [
        ("2026-11", NOW, "Europe/Berlin", "2026-09-30T22:00", "2026-10-26T12:45", "2026-10"),
        ("2026-11", NOW, "UTC", "2026-10-01T00:00", "2026-10-26T12:45", "2026-10"),
        ("2026-03", at("2026-03-31T12:20"), "UTC", "2026-02-01T00:00", "2026-03-01T00:00", "2026-02"),
        ("2026-03", at("2026-03-29T00:20"), "UTC", "2026-02-01T00:00", "2026-03-01T00:00", "2026-02"),
        ("2026-03", at("2026-03-28T12:20"), "UTC", "2026-02-01T00:00", "2026-02-28T12:00", "2026-02"),
        (
            "2026-03",
            at("2026-03-30T10:20"),
            "Europe/Berlin",
            "2026-01-31T23:00",
            "2026-02-28T23:00",
            "2026-02",
        ),
        ("2026-05", at("2026-05-31T23:30"), "UTC", "2026-04-01T00:00", "2026-05-01T00:00", "2026-04"),
        (
            "2026-11",
            at("2026-11-01T09:20"),
            "Europe/Berlin",
            "2026-09-30T22:00",
            "2026-10-01T08:00",
            "2026-10",
        ),
        ("2026-10", NOW, "UTC", "2026-09-01T00:00", "2026-10-01T00:00", "2026-09"),
        ("2026-01", at("2026-01-10T00:15"), "UTC", "2025-12-01T00:00", "2025-12-10T00:00", "2025-12"),
    ],
)
def test_the_month_before_is_as_far_in(
    text: str, now: datetime, zone: str, start: str, until: str, of: str
) -> None:
    found = month(text, now, zone).previous()
    assert (found.start, found.until, found.month) == (at(start), at(until), of)


@given(st.sampled_from(ZONES), moments)
def test_the_period_before_ends_where_this_one_begins(zone: str, now: datetime) -> None:
    for period in (last_days(30, now, zone), month(months(now, now, zone)[0], now, zone)):
        before = period.previous()
        assert before.end == period.start
        assert before.start < before.until <= before.end
        assert int(before.until.timestamp()) % QUARTER_S == 0


def test_the_last_days() -> None:
    found = last_days(7, NOW, "Asia/Kathmandu")
    assert (found.start, found.end, found.until) == (
        at("2026-11-19T12:45"),
        at("2026-11-26T12:45"),
        at("2026-11-26T12:45"),
    )
    assert found.hours == 168
    assert found.label == "in the last 7 days"
    days = found.days()
    assert [day for day, _, _ in days] == [date(2026, 11, 19) + timedelta(days=n) for n in range(8)]
    before = found.previous()
    assert (before.start, before.until) == (at("2026-11-12T12:45"), at("2026-11-19T12:45"))
    assert before.label == "in the 7 days before"
    assert last_days(1, NOW).label == "in the last day"


@pytest.mark.parametrize("days", [0, -3, KEPT_DAYS, 10_000])
def test_days_that_are_not_possible(days: int) -> None:
    with pytest.raises(BadInput, match="not possible"):
        last_days(days, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-13",
        "2026-00",
        "26-11",
        "2026-1",
        "2026-11-01",
        " 2026-11",
        "2026-11\n",
        "1999-12",
        "２０２６-11",
    ],
)
def test_what_is_no_month(text: str) -> None:
    with pytest.raises(BadInput, match="is not a month") as said:
        month(text, NOW)
    assert "2026-11" in said.value.hint


@pytest.mark.parametrize("text", ["2026-12", "2027-01", "9999-12"])
def test_a_month_ahead(text: str) -> None:
    with pytest.raises(BadInput, match="has not begun") as said:
        month(text, NOW)
    assert "2026-11" in said.value.hint


def test_a_month_that_aws_forgot() -> None:
    with pytest.raises(BadInput, match="longer ago"):
        month("2025-07", NOW)
    assert month("2025-08", NOW).over


@pytest.mark.parametrize("zone", ["", "Nowhere/City", "../etc", "/etc/passwd"])
def test_what_is_no_zone(zone: str) -> None:
    with pytest.raises(BadInput, match="no time zone"):
        month("2026-11", NOW, zone)
    with pytest.raises(BadInput, match="no time zone"):
        last_days(3, NOW, zone)
    with pytest.raises(BadInput, match="no time zone"):
        months(NOW, NOW, zone)


def test_midnight_that_is_skipped_is_the_moment_after_the_change() -> None:
    info = ZoneInfo("America/Santiago")
    assert midnight(date(2026, 9, 6), info) == at("2026-09-06T04:00")
    assert midnight(date(2026, 9, 6), info).astimezone(info).hour == 1


def test_settled_time_is_what_reading_keeps_clear_of() -> None:
    """A period never holds minutes that may still come in."""
    assert NOW - last_days(1, NOW).end >= timedelta(seconds=SETTLED_S)
    assert isinstance(last_days(1, NOW), Period)

"""Schedule expressions: AWS's dialect, time zones, clock changes, month ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.errors import BadInput
from ops.core.schedule import next_run, parse, runs

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    """A UTC instant from "2026-11-22 17:30"."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def following(text: str, after: str, count: int, zone: str | None = None) -> list[str]:
    until = at(after) + timedelta(days=3000)
    found = islice(runs(parse(text, zone), at(after), until), count)
    return [moment.strftime("%Y-%m-%d %H:%M") for moment in found]


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("cron(45 7 ? * MON-FRI *)", "2026-11-20 07:45", ["2026-11-23 07:45", "2026-11-24 07:45"]),
        ("cron(0 18 ? * 2-6 *)", "2026-11-20 18:00", ["2026-11-23 18:00", "2026-11-24 18:00"]),
        ("cron(0 9 ? * 1 *)", "2026-11-20 00:00", ["2026-11-22 09:00", "2026-11-29 09:00"]),
        ("cron(0 9 ? * 7,SUN *)", "2026-11-20 00:00", ["2026-11-21 09:00", "2026-11-22 09:00"]),
        ("cron(0 9 ? * SAT-SUN *)", "2026-11-20 00:00", ["2026-11-21 09:00", "2026-11-22 09:00"]),
        ("cron(0 9 ? * 6-2 *)", "2026-11-22 10:00", ["2026-11-23 09:00", "2026-11-27 09:00"]),
        ("cron(0 9 ? * MON/2 *)", "2026-11-22 10:00", ["2026-11-23 09:00", "2026-11-25 09:00"]),
        ("cron(0 9 ? * */3 *)", "2026-11-22 10:00", ["2026-11-25 09:00", "2026-11-28 09:00"]),
        ("cron(0 9 ? * L *)", "2026-11-20 00:00", ["2026-11-21 09:00", "2026-11-28 09:00"]),
        ("cron(0/15 * * * ? *)", "2026-11-22 23:40", ["2026-11-22 23:45", "2026-11-23 00:00"]),
        ("cron(5,35 8-9 * * ? *)", "2026-11-22 08:35", ["2026-11-22 09:05", "2026-11-22 09:35"]),
        ("cron(0 0 1 JAN,JUL ? *)", "2026-02-01 00:00", ["2026-07-01 00:00", "2027-01-01 00:00"]),
        ("cron(0 0 L * ? *)", "2027-01-31 00:00", ["2027-02-28 00:00", "2027-03-31 00:00"]),
        ("cron(0 0 LW * ? *)", "2026-12-31 00:00", ["2027-01-29 00:00", "2027-02-26 00:00"]),
        ("cron(0 0 31 * ? *)", "2026-01-31 00:00", ["2026-03-31 00:00", "2026-05-31 00:00"]),
        ("cron(0 0 29 2 ? *)", "2026-01-01 00:00", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("cron(0 0 15W * ? *)", "2026-08-01 00:00", ["2026-08-14 00:00", "2026-09-15 00:00"]),
        ("cron(0 0 1W * ? *)", "2026-07-15 00:00", ["2026-08-03 00:00", "2026-09-01 00:00"]),
        ("cron(0 0 31W * ? *)", "2027-01-01 00:00", ["2027-01-29 00:00", "2027-03-31 00:00"]),
        ("cron(0 0 ? * MON#1 *)", "2026-11-22 00:00", ["2026-12-07 00:00", "2027-01-04 00:00"]),
        ("cron(0 0 ? * 6L *)", "2026-11-22 00:00", ["2026-11-27 00:00", "2026-12-25 00:00"]),
        ("cron(0 0 ? * FRIL *)", "2026-11-22 00:00", ["2026-11-27 00:00", "2026-12-25 00:00"]),
        ("cron(0 0 1 1 ? 2027-2029/2)", "2026-11-22 00:00", ["2027-01-01 00:00", "2029-01-01 00:00"]),
        ("cron(0 0 29 2 ? 2027,2028,2032)", "2026-11-22 00:00", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("cron(0 12 * * ? 2025)", "2026-11-22 00:00", []),
        ("at(2026-11-23T08:00:00)", "2026-11-22 00:00", ["2026-11-23 08:00"]),
        ("at(2026-11-21T08:00:00)", "2026-11-22 00:00", []),
    ],
)
def test_runs_in_utc(text: str, after: str, expected: list[str]) -> None:
    assert following(text, after, 2) == expected


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        # Winter to summer on 2026-03-29: 02:00 becomes 03:00 (01:00 UTC).
        ("cron(45 7 ? * * *)", "2026-03-28 00:00", ["2026-03-28 06:45", "2026-03-29 05:45"]),
        (
            "cron(30 2 * * ? *)",
            "2026-03-28 00:00",
            ["2026-03-28 01:30", "2026-03-29 01:00", "2026-03-30 00:30"],
        ),
        (
            "cron(0/30 * * * ? *)",
            "2026-03-29 00:00",
            ["2026-03-29 00:30", "2026-03-29 01:00", "2026-03-29 01:30"],
        ),
        ("at(2026-03-29T02:30:00)", "2026-03-28 00:00", ["2026-03-29 01:30"]),
        # Summer to winter on 2026-10-25: 03:00 becomes 02:00 (01:00 UTC), so 02:30 comes twice.
        ("cron(45 7 ? * * *)", "2026-10-24 00:00", ["2026-10-24 05:45", "2026-10-25 06:45"]),
        ("cron(30 2 * * ? *)", "2026-10-24 12:00", ["2026-10-25 00:30", "2026-10-26 01:30"]),
        (
            "cron(0/30 * * * ? *)",
            "2026-10-25 00:00",
            ["2026-10-25 00:30", "2026-10-25 01:00", "2026-10-25 01:30"],
        ),
        ("at(2026-10-25T02:30:00)", "2026-10-24 00:00", ["2026-10-25 00:30"]),
        ("at(2026-07-01T12:00:00)", "2026-06-01 00:00", ["2026-07-01 10:00"]),
    ],
)
def test_runs_in_berlin(text: str, after: str, expected: list[str]) -> None:
    assert following(text, after, len(expected), BERLIN) == expected


def test_a_local_time_that_comes_twice_runs_once() -> None:
    schedule = parse("cron(30 2 * * ? *)", BERLIN)
    between = at("2026-10-25 00:45")  # after the first 02:30, before the second
    assert next_run(schedule, between) == at("2026-10-26 01:30")


def test_half_hour_zones() -> None:
    assert following("cron(0 9 * * ? *)", "2026-11-22 00:00", 1, "Asia/Kolkata") == ["2026-11-22 03:30"]


def test_rate_counts_from_where_it_was_made() -> None:
    schedule, made = parse("rate(5 minutes)"), at("2026-11-22 10:02")
    assert next_run(schedule, made, made) == at("2026-11-22 10:07")
    assert next_run(schedule, at("2026-11-22 10:08"), made) == at("2026-11-22 10:12")
    assert next_run(schedule, at("2026-11-22 10:07"), made) == at("2026-11-22 10:12")


@pytest.mark.parametrize(
    ("text", "seconds"), [("rate(1 minute)", 60), ("rate(2 hours)", 7200), ("rate(1 day)", 86400)]
)
def test_rate_units(text: str, seconds: int) -> None:
    assert parse(text).every == timedelta(seconds=seconds)


def test_with_a_start_time_it_also_runs_then() -> None:
    start = at("2026-11-23 10:10")
    schedule = parse("cron(0 12 * * ? *)", start=start)
    assert next_run(schedule, at("2026-11-22 00:00")) == start
    assert next_run(schedule, start) == at("2026-11-23 12:00")
    rate = parse("rate(1 hour)", start=start)
    assert next_run(rate, start, at("2026-11-22 00:00")) == at("2026-11-23 11:10")


def test_after_its_end_time_it_stops() -> None:
    schedule = parse("cron(0 12 * * ? *)", end=at("2026-11-24 12:00"))
    found = list(runs(schedule, at("2026-11-22 18:00"), at("2026-12-24 00:00")))
    assert found == [at("2026-11-23 12:00"), at("2026-11-24 12:00")]


def test_start_and_end_are_utc_whatever_the_zone() -> None:
    schedule = parse("cron(0 12 * * ? *)", BERLIN, start=at("2026-11-23 11:30"), end=at("2026-11-25 10:59"))
    found = list(runs(schedule, at("2026-11-22 00:00"), at("2026-12-01 00:00")))
    assert found == [at("2026-11-23 11:30"), at("2026-11-24 11:00")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cron",
        "every day",
        "cron(banana)",
        "cron(0 9 * * *)",
        "cron(0 9 * * * *)",
        "cron(0 9 ? * ? *)",
        "cron(60 9 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 9 32 * ? *)",
        "cron(0 9 0 * ? *)",
        "cron(0 9 32W * ? *)",
        "cron(0 9 0W * ? *)",
        "cron(0 9 30 2 ? *)",
        "cron(0 9 * 13 ? *)",
        "cron(0 9 ? * 0 *)",
        "cron(0 9 ? * 8 *)",
        "cron(0 9 ? * MON#6 *)",
        "cron(0 9 ? * MON/0 *)",
        "cron(0 9 ? * FUNDAY *)",
        "cron(? 9 * * ? *)",
        "cron(0 9 * * ? 1969)",
        "cron(0 9 * * ? 2200)",
        "cron(0 9 * * ? 2030-2026)",
        "cron(0 9 * * ? ?)",
        "cron(0/0 9 * * ? *)",
        "cron(0,,5 9 * * ? *)",
        "at(2026-02-30T10:00:00)",
        "at(2026-11-22 10:00)",
        "at(tomorrow)",
        "rate(0 minutes)",
        "rate(5 minute)",
        "rate(1 minutes)",
        "rate(5 weeks)",
        "rate(minutes)",
        "rate(-5 minutes)",
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(text)
    assert caught.value.what.endswith(".")
    assert text in caught.value.what or text == ""


@pytest.mark.parametrize("zone", ["Mars/Phobos", "../etc/passwd", "Europe", "/UTC", "Europe/Berlin\0"])
def test_unknown_zone(zone: str) -> None:
    with pytest.raises(BadInput, match="no time zone"):
        parse("cron(0 9 * * ? *)", zone)


def test_end_before_start() -> None:
    with pytest.raises(BadInput, match="end time"):
        parse("rate(1 hour)", start=at("2026-11-23 00:00"), end=at("2026-11-22 00:00"))


@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    weekday=st.integers(1, 7),
    after=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_a_weekly_run_is_on_its_day_and_within_a_week(
    minute: int, hour: int, weekday: int, after: datetime
) -> None:
    found = next_run(parse(f"cron({minute} {hour} ? * {weekday} *)"), after)
    assert found is not None
    assert after < found <= after + timedelta(days=7)
    assert (found.minute, found.hour, found.isoweekday() % 7 + 1) == (minute, hour, weekday)


@given(text=st.text(max_size=40))
def test_nonsense_is_refused_or_read_never_worse(text: str) -> None:
    for form in (text, f"cron({text})", f"cron(0 9 {text})", f"rate({text})", f"at({text})"):
        try:
            next_run(parse(form), at("2026-11-22 00:00"))
        except BadInput as error:
            assert error.what  # noqa: PT017

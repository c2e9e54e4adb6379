"""Numbers and times as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from components import format as fmt

NAN = float("nan")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 14, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "write", [fmt.count, fmt.duration, fmt.age, fmt.about, fmt.percent, fmt.plain, fmt.money]
)
def test_not_known_is_a_dash_and_never_zero(write):
    assert write(None) == fmt.DASH
    assert write(NAN) == fmt.DASH


@pytest.mark.parametrize(
    ("seconds", "exact", "rough"),
    [
        (0, "0 s", "0 s"),
        (59.4, "59 s", "59 s"),
        (60, "1 min", "1 min"),
        (252, "4 min 12 s", "4 min"),
        (3599, "59 min 59 s", "59 min"),
        (3900, "1 h 5 min", "1 h 5 min"),
        (7200, "2 h", "2 h"),
        (183_600, "2 d 3 h", "2 d 3 h"),
    ],
)
def test_spans(seconds, exact, rough):
    assert fmt.duration(seconds) == exact
    assert fmt.age(seconds) == rough


def test_counts_have_no_decimals_and_money_has_two():
    assert fmt.count(1234.4) == "1,234"
    assert fmt.money(Decimal("12.4")) == "$12.40"
    assert fmt.money(-1031.0) == "-$1,031.00"


def test_estimates_keep_two_digits():
    assert fmt.about(295) == "about 5 min"
    assert fmt.about(3 * 3600 + 700) == "about 3.2 h"


@pytest.mark.parametrize(("share", "text"), [(0.61, "61 %"), (0.004, "0.4 %"), (0, "0 %"), (1, "100 %")])
def test_shares(share, text):
    assert fmt.percent(share) == text


def test_settings_are_written_as_typed():
    assert [fmt.plain(v) for v in (5.0, 0.9, 1500)] == ["5", "0.9", "1,500"]


@pytest.mark.parametrize(("n", "text"), [(1, "1 request"), (0, "0 requests"), (1200, "1,200 requests")])
def test_plurals(n, text):
    assert fmt.plural(n, "request") == text


def test_a_clock_names_its_zone():
    assert fmt.clock(NOW) == "14:02 UTC"
    assert fmt.clock(NOW, BERLIN, seconds=True) == "15:02:10 CET"


@pytest.mark.parametrize(
    ("back", "text"),
    [
        (timedelta(0), "today 15:02"),
        (timedelta(hours=15, minutes=30), "yesterday 23:32"),
        (timedelta(days=2), "Wed 15:02"),
        (timedelta(days=30), "21 Oct 16:02"),
        (timedelta(days=365), "20 Nov 2025 15:02"),
    ],
)
def test_moments_are_said_as_one_would_in_that_zone(back, text):
    assert fmt.moment(NOW - back, BERLIN, NOW) == text


def test_zone_names_show_the_offset_of_that_day():
    assert fmt.zone_name(UTC, NOW) == "UTC"
    assert fmt.zone_name(BERLIN, NOW) == "Europe/Berlin (UTC+1)"
    assert fmt.zone_name(BERLIN, datetime(2026, 7, 1, tzinfo=UTC)) == "Europe/Berlin (UTC+2)"
    assert fmt.zone_name(ZoneInfo("Asia/Kolkata"), NOW) == "Asia/Kolkata (UTC+5:30)"


def test_instances_show_where_they_are_going():
    assert fmt.instances(0, 2) == "0 → 2"
    assert fmt.instances(2, 2) == "2"
    assert fmt.instances(None, 2) == fmt.DASH


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (NAN, "–"), (0.0, "0 s"), (0.085, "85 ms"), (1.24, "1.2 s"), (45, "45 s"), (252, "4 min 12 s")],
)  # fmt: skip
def test_a_measured_time_keeps_what_counts(seconds, text):
    assert fmt.wait(seconds) == text


def test_units_of_time():
    assert [fmt.time_unit(s)[0] for s in (0.5, 2.0, 179.0, 180.0, 10_800.0)] == ["ms", "s", "s", "min", "h"]
    assert [fmt.in_seconds(u) for u in ("Seconds", "Milliseconds", "Microseconds", "Count")] == [
        1.0,
        1e-3,
        1e-6,
        None,
    ]


@pytest.mark.parametrize(
    ("zone", "days", "words"),
    [
        (ZoneInfo("Europe/Berlin"), 30, "Europe/Berlin, CEST/CET"),
        (ZoneInfo("Europe/Berlin"), 7, "Europe/Berlin (UTC+1)"),
        (ZoneInfo("America/Santiago"), 90, "America/Santiago, UTC-04/UTC-03"),
        (UTC, 30, "UTC"),
    ],
)
def test_a_range_over_a_change_of_clocks_claims_no_single_offset(zone, days, words):
    end = datetime(2026, 11, 20, tzinfo=UTC)
    assert fmt.zone_between(zone, end - timedelta(days=days), end) == words

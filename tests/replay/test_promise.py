"""Promises as people type them, and which clause holds for which request: also where the clocks change."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.errors import BadInput
from ops.core.promise import MEAN, Clause
from ops.replay.promise import classes, judged, layers, parse

BERLIN = "Europe/Berlin"
OFFICE = "p95<=120s mon-fri 08:00-18:00 Europe/Berlin; p95<=900s"


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("p95<=120s mon-fri 08-18; p95<=900s", OFFICE),
        ("p95 wait ≤ 2 min on weekdays 8–18, else ≤ 15 min", OFFICE),
        ("P95 <= 2min Mon-Fri 08:00-18:00 Europe/Berlin\np95<=15m", OFFICE),
        ("95% within 2 minutes between 8am and 6pm on weekdays otherwise 95 percent within 0.25 h", OFFICE),
        ("p95: 2 min from 8 to 18 monday-friday; 15min", OFFICE),
        ("max<=10min", "max<=600s"),
        ("all requests start within 10 minutes", "max<=600s"),
        ("every request waits at most 10 min", "max<=600s"),
        ("p100 < 600 s", "max<=600s"),
        ("99% within 5 min", "p99<=300s"),
        ("99.9 % of requests start within 1h30m", "p99.9<=5400s"),
        ("median no longer than 2 min 30 s", "p50<=150s"),
        ("mean<=90s sat,sun UTC; max<=1h", "mean<=90s sat,sun 00:00-24:00 UTC; max<=3600s"),
        ("average under 1.5 min weekends", "mean<=90s sat,sun 00:00-24:00 Europe/Berlin"),
        ("p95<=2min fri 22-06", "p95<=120s fri 22:00-06:00 Europe/Berlin"),
        ("p95<=0s daily 22:30-6", "p95<=0s daily 22:30-06:00 Europe/Berlin"),
        (
            "p95<=1min mon,wed 9-12, 13-17 and sat 10:30-14; p90<=1h",
            "p95<=60s mon,wed 09:00-12:00 and mon,wed 13:00-17:00 and sat 10:30-14:00 Europe/Berlin; p90<=3600s",
        ),
        (
            "p95<=1min mon-fri 9-17 Asia/Tokyo; p95<=5min mon-fri 17-20",
            "p95<=60s mon-fri 09:00-17:00 Asia/Tokyo; p95<=300s mon-fri 17:00-20:00 Asia/Tokyo",
        ),
        ("p95<=2min; p99<=10min", "p95<=120s; p99<=600s"),
        ("p95 ≤ 2 min and max ≤ 10 min", "p95<=120s; max<=600s"),
        ("95% within 2 min, and 99% within 5 min", "p95<=120s; p99<=300s"),
        (
            "p95<=2min mon-fri 8-18 and max<=10min; mean<=15min",
            "p95<=120s mon-fri 08:00-18:00 Europe/Berlin; max<=600s mon-fri 08:00-18:00 Europe/Berlin; mean<=900s",
        ),
        (
            "p95<=2min and max<=10min sat and every day 8-9 UTC",
            "p95<=120s daily 08:00-09:00 UTC; max<=600s daily 08:00-09:00 UTC",
        ),
    ],
)
def test_what_is_typed_is_written_one_way_and_read_back_alike(typed: str, text: str) -> None:
    found = parse(typed, BERLIN)
    assert found.text == text
    assert parse(found.text, "Asia/Tokyo") == found


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "no promise"),
        (" ; ", "promises nothing"),
        ("hello", "'hello' was not understood in 'hello'"),
        ("p95<=120 mon-fri 08-18", "120 of what"),
        ("p95 mon-fri", "has no limit"),
        ("<= 2 min", "does not say of how many"),
        ("p95>=2min", "how long at least"),
        ("p95<=2min p99<=5min", "measures twice"),
        ("p95<=2min <=5min", "two limits"),
        ("p0<=2min", "0 % of requests"),
        ("p101<=2min", "101 % of requests"),
        ("p95<=2min mon-fri 08-30", "no hours of a day"),
        ("p95<=2min 13pm-4pm", "no hours of a day"),
        ("p95<=2min on blursday", "'blursday' was not understood"),
        ("p95<=2min mon 8-9 Mars/Olympus", "no time zone"),
        ("p95<=2min mon 8-9 Asia/Tokyo Europe/Paris", "two time zones"),
        ("p95<=2min; max<=1h tue 9-10", "never holds"),
        ("p95<=2min; p95<=1h", "a second limit at the same times"),
        ("p95<=2min mon and max<=1h and p95<=5min", "a second limit at the same times"),
        (
            "p95<=2min mon-fri 8-18; p95<=3min tue 9-10; p95<=1h",
            "'p95<=180s tue 09:00-10:00 UTC' never holds",
        ),
        ("p95<=40d", "no promise"),
        ("; ".join(f"p95<=2min mon {h}-{h + 1}" for h in range(13)), "13 clauses"),
    ],
)
def test_what_was_not_understood_is_named_with_a_way_out(typed: str, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(typed)
    assert says in caught.value.what
    assert caught.value.hint


def test_a_promise_in_words() -> None:
    assert parse(OFFICE).words == (
        "95 % of requests start within 2 min Mon-Fri 08:00-18:00 (Europe/Berlin); "
        "95 % of requests start within 15 min at other times"
    )
    assert parse("p95<=2min; max<=10min").words == (
        "95 % of requests start within 2 min, and every request starts within 10 min"
    )
    assert parse("p95<=2min and max<=10min mon UTC; p95<=1h").words == (
        "95 % of requests start within 2 min, and every request starts within 10 min Mon (UTC); "
        "95 % of requests start within 1 h at other times"
    )
    assert parse("max<=90s").words == "every request starts within 1 min 30 s"
    assert parse("mean<=1h").clauses[0] == Clause(3600.0, 1.0, MEAN)
    assert parse("max<=0s").words == "every request starts at once"


def at(*moments: str) -> np.ndarray:
    return np.array([datetime.fromisoformat(m).timestamp() for m in moments])


@pytest.mark.parametrize(
    ("promise", "moments"),
    [
        # 08:00 to before 18:00 of Berlin: 07:00-17:00 UTC in winter, 06:00-16:00 in summer.
        (
            OFFICE,
            {
                "2026-01-05T06:59:59Z": 1,
                "2026-01-05T07:00:00Z": 0,
                "2026-01-05T16:59:59.999Z": 0,
                "2026-01-05T17:00:00Z": 1,
                "2026-01-10T10:00:00Z": 1,
                "2026-07-06T06:00:00Z": 0,
                "2026-07-06T16:00:00Z": 1,
                "2026-10-23T06:00:00Z": 0,
                "2026-10-26T06:59:59Z": 1,
                "2026-10-26T07:00:00Z": 0,
            },
        ),
        # 25 October 2026: 02:00-03:00 comes twice in Berlin, and both are inside.
        (
            "p95<=1min sun 02-03 Europe/Berlin",
            {
                "2026-10-24T23:59:59Z": -1,
                "2026-10-25T00:00:00Z": 0,
                "2026-10-25T01:30:00Z": 0,
                "2026-10-25T02:00:00Z": -1,
                # 29 March 2026: 02:00-03:00 is skipped.
                "2026-03-29T00:59:59Z": -1,
                "2026-03-29T01:00:00Z": -1,
            },
        ),
        # Over midnight, from Sunday into Monday; and the first of two clauses.
        (
            "p95<=1min sun 22-06 UTC; p95<=2min mon UTC; max<=1h",
            {
                "2026-11-01T21:59:00Z": 2,
                "2026-11-01T22:00:00Z": 0,
                "2026-11-02T05:59:59Z": 0,
                "2026-11-02T06:00:00Z": 1,
                "2026-11-03T00:00:00Z": 2,
            },
        ),
        # A zone with half an hour, and one far ahead.
        ("p95<=1min mon 0-1 Asia/Kolkata", {"2026-11-01T18:30:00Z": 0, "2026-11-01T19:30:00Z": -1}),
        (
            "p95<=1min mon 00-12 Pacific/Auckland; p95<=2min sun 12-24 UTC",
            {"2026-11-01T11:30:00Z": 0, "2026-11-01T12:30:00Z": 0, "2026-11-01T23:30:00Z": 1},
        ),
    ],
)
def test_which_clause_holds(promise: str, moments: dict[str, int]) -> None:
    assert classes(parse(promise), at(*moments)).tolist() == list(moments.values())


@given(
    st.lists(st.floats(1.76e9, 1.80e9), min_size=1, max_size=30).map(sorted),
    st.sampled_from(
        [OFFICE, "p95<=1min sat 23-05 America/New_York; max<=1h mon-wed 10:30-14:15 Asia/Kathmandu"]
    ),
)
def test_classes_are_those_of_the_wall_clock(moments: list[float], promise: str) -> None:
    """Against the slow way: one request after the other by the calendar, with nothing of ours."""
    read = parse(promise)

    def slow(moment: float) -> int:
        for number, clause in enumerate(read.clauses):
            local = datetime.fromtimestamp(moment, ZoneInfo(clause.zone))
            now = local.hour * 60 + local.minute
            for window in clause.windows:
                first = window.start.hour * 60 + window.start.minute
                for back in (0, 1):
                    begins = first - back * 1440
                    day = (local.weekday() - back) % 7
                    if day in window.weekdays and begins <= now < begins + window.minutes:
                        return number
            if not clause.windows:
                return number
        return -1

    assert classes(read, np.array(moments)).tolist() == [slow(m) for m in moments]


def test_who_came_too_late_to_be_judged_does_not_count() -> None:
    read = parse("max<=60s mon UTC; max<=10min")
    arrivals = at(
        "2026-11-02T23:58:00Z", "2026-11-02T23:59:30Z", "2026-11-03T00:00:10Z", "2026-11-03T00:00:30Z"
    )
    until = at("2026-11-03T00:10:10Z")[0]
    held = classes(read, arrivals)
    assert held.tolist() == [0, 0, 1, 1]
    assert judged(read, held, arrivals, float(until)).tolist() == [0, 0, 1, -1]


def test_several_measures_of_the_same_hours_hold_for_the_same_requests() -> None:
    read = parse("p95<=60s and max<=2min mon UTC; p95<=10min; mean<=1min; max<=1h")
    assert layers(read) == 3
    arrivals = at("2026-11-02T12:00:00Z", "2026-11-03T12:00:00Z")
    assert [classes(read, arrivals, layer).tolist() for layer in range(3)] == [[0, 2], [1, 3], [-1, 4]]
    assert layers(parse(OFFICE)) == 1


def test_no_requests_have_no_classes() -> None:
    assert classes(parse(OFFICE), np.zeros(0)).shape == (0,)


def test_hours_that_are_none_or_all_are_refused() -> None:
    with pytest.raises(BadInput, match="8-8"):
        parse("p95<=2min mon 8-8; p95<=15min", BERLIN)


def test_a_later_clause_says_that_the_earlier_one_comes_first() -> None:
    said = parse("p95<=2min 8-18; p99<=10min 17-19; max<=1h", BERLIN).words
    assert "every day 17:00-19:00 (Europe/Berlin), where nothing before it holds" in said
    apart = parse("p95<=2min 8-18; p99<=10min 18-19; max<=1h", BERLIN).words
    assert "nothing before" not in apart

"""Arrivals from files: the forms of time, which columns are meant, what is refused, and that no row is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.errors import BadInput
from ops.replay.arrivals_file import Columns, FileArrivals, read_arrivals

DAY = datetime(2026, 11, 26, 14, 30, tzinfo=UTC).timestamp()


def read(text: str, **columns: str | bool) -> FileArrivals:
    return read_arrivals(text.encode(), Columns(**columns))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("2026-11-26 14:30:05.9799600", 5.97996),
        ("2026-11-26T14:30:05Z", 5.0),
        ("2026-11-26T15:30:05+01:00", 5.0),
        ("2026-11-26T09:30:05.25-0500", 5.25),
        ("2026-11-26 20:00:05+05:30", 5.0),
        ("2026-11-26 16:30:05+02", 5.0),
        ("2026-11-26 14:30:05 UTC", 5.0),
        ("2026-11-26 14:30", 0.0),
        ("2026/11/26 14:30:05", 5.0),
        ("26.11.2026 14:30:05,5", 5.5),
        ("11/26/2026 2:30:05 PM", 5.0),
        ("26/11/2026 14:30:05", 5.0),
        ("[26/Nov/2026:14:30:05 +0000]", 5.0),
        ("26/Nov/2026:15:30:05 +0100", 5.0),
        ("Thu, 26 Nov 2026 14:30:05 GMT", 5.0),
        ("20261126T143005Z", 5.0),
        ("20261126T143005.125Z", 5.125),
        (f"{DAY + 5:.0f}", 5.0),
        (f"{DAY + 5:.0f}.123456", 5.123456),
        (f"{(DAY + 5) * 1000:.0f}", 5.0),
        (f"{(DAY + 5):.0f}123.5", 5.1235),
        (f"{(DAY + 5):.0f}123456", 5.123456),
        (f"{(DAY + 5):.0f}123456789", 5.123456789),
        (f"{(DAY + 5.25) / 1e9:.11f}e9", 5.25),
    ],
)
def test_times_in_every_common_form(written: str, seconds: float) -> None:
    found = read(f"at\n{written!r}\n".replace("'", '"'))
    assert found.zero_s is not None
    assert found.zero_s % 60 == 0
    assert (found.zero_s - DAY, found.arrival_s.tolist()) == (0, [seconds])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0\n0.07949090003967285\n57.15786004066467", [0.0, 0.07949090003967285, 57.15786004066467]),
        ("arrival_s\n3\n4.5\n", [3.0, 4.5]),
        ("arrival_ms,n\n3\n4500\n", None),
        ("arrival_ms,n\n3,1\n4500,2\n", [0.003, 4.5]),
        ("arrivalMs;n\n3;1\n4500;2\n", [0.003, 4.5]),
        ("t (us)\n3\n4500000\n", [0.000003, 4.5]),
        ("-5\n0\n5\n", [-5.0, 0.0, 5.0]),
        ("time;service\n0,5;1,25\n7;2\n", [0.5, 7.0]),
    ],
)
def test_plain_seconds_keep_their_own_zero(text: str, expected: list[float] | None) -> None:
    if expected is None:
        with pytest.raises(BadInput, match=r"2 of 2 rows cannot be read: line 2 has 1 column; line 3 has"):
            read(text)
        return
    found = read(text)
    assert (found.zero_s, found.arrival_s.tolist()) == (None, expected)


def test_large_numbers_are_milliseconds_from_zero_where_the_header_says_so() -> None:
    assert read("arrival_ms\n0\n1700000000\n").arrival_s.tolist() == [0.0, 1_700_000.0]


@given(
    st.lists(st.integers(0, 10**15), min_size=1, max_size=30),
    st.sampled_from([6, 3, 0]),
)
def test_microseconds_of_the_epoch_are_exact_to_the_last_bit(offsets: list[int], digits: int) -> None:
    micros = sorted(1_700_000_000_000_000 + offset for offset in offsets)
    rows = [str(m // 10**digits) + (f".{m % 10**digits:0{digits}d}" if digits else "") for m in micros]
    found = read("\n".join(rows))
    assert found.zero_s == micros[0] // 60_000_000 * 60
    exact = [float(Fraction(m - found.zero_s * 10**6, 10**6)) for m in micros]
    assert found.arrival_s.tolist() == exact
    edges = [m // 60_000_000 * 60 - found.zero_s for m in micros]
    assert np.floor(found.arrival_s / 60).tolist() == [edge / 60 for edge in edges]


def test_a_date_and_a_time_of_day_in_two_columns() -> None:
    text = "date,time,x\n2026-11-26,14:30:05,1\n2026-11-26,14:31:05,1\n"
    assert read(text).arrival_s.tolist() == [5.0, 65.0]
    text = "tag,uhr\n2026-11-26,14:30:05\n"
    assert read(text, time="tag+uhr").arrival_s.tolist() == [5.0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_delimiters_line_ends_marks(delimiter: str, end: str, last: bool, mark: bytes) -> None:
    rows = ["timestamp,duration,who", '1,2.5,"a,b;c\td|e"', '"3",0,"say ""hi"""']
    text = end.join(row.replace(",", delimiter, 2) for row in rows) + (end if last else "")
    found = read_arrivals(mark + text.encode())
    assert found.arrival_s.tolist() == [1.0, 3.0]
    assert found.service_s is not None
    assert found.service_s.tolist() == [2.5, 0.0]


def test_other_encodings() -> None:
    text = "Zeit;Größe\n1;2\n3;4\n"
    for body in (text.encode("utf-16"), text.encode("latin-1"), text.encode("utf-8-sig")):
        assert read_arrivals(body, Columns("Zeit", "Größe")).arrival_s.tolist() == [1.0, 3.0]


def test_a_quoted_field_may_hold_line_ends_and_bad_rows_keep_their_line_numbers() -> None:
    text = 'timestamp,note\n1,"two\nlines"\nx,ok\n'
    with pytest.raises(BadInput, match=r"1 of 2 rows cannot be read: line 4: 'x' is no time\."):
        read(text)


def test_columns_are_guessed_and_said() -> None:
    found = read("id,created_at,latency_ms\n7,2026-11-26 14:30:00Z,1500\n")
    assert found.service_s is not None
    assert found.service_s.tolist() == [1.5]
    assert found.notes == (
        "Arrivals are from column 'created_at'.",
        "Processing times are from column 'latency_ms'.",
        "Times of column 'latency_ms' are taken as ms.",
    )
    assert read("id,created_at,latency_ms\n7,2026-11-26 14:30:00Z,x\n", takes_service=False).service_s is None
    assert read("2026-11-26 14:30:00,7\n").arrival_s.tolist() == [0.0]
    assert read("a,b\nx,2026-11-26 14:30:00\n").arrival_s.tolist() == [0.0]


def test_columns_by_name_by_number_or_loosely() -> None:
    text = "When,How Long (s)\n5,1\n"
    for time, service in (("When", "How Long (s)"), ("when", "how_long"), ("1", "2")):
        found = read(text, time=time, service=service)
        assert found.service_s is not None
        assert (found.arrival_s.tolist(), found.service_s.tolist()) == ([5.0], [1.0])
    assert read("5,1\n6,2\n", time="2").arrival_s.tolist() == [1.0, 2.0]


def test_an_end_less_its_duration_is_the_arrival() -> None:
    text = "app,end_timestamp,duration\na,0.07949,0.078\nb,57.5,57.25\nc,57.0,57.0\n"
    for columns in ({}, {"end": "end_timestamp", "service": "duration"}, {"end": "end_timestamp"}):
        found = read(text, **columns)  # type: ignore[arg-type]
        assert found.arrival_s.tolist() == [0.0, 0.07949 - 0.078, 0.25]
        assert found.service_s is not None
        assert found.service_s.tolist() == [57.0, 0.078, 57.25]
        assert any("sorted" in note for note in found.notes)
    dated = read("end,duration\n2026-11-26 14:30:05.5,7\n")
    assert (dated.zero_s, dated.arrival_s.tolist()) == (DAY, [-1.5])


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 99)), min_size=1, max_size=200))
def test_no_row_is_lost_and_ties_keep_the_order_of_the_file(rows: list[tuple[int, int]]) -> None:
    found = read("at,service_s\n" + "\n".join(f"{at},{held}" for at, held in rows), time="at")
    assert found.service_s is not None
    expected = sorted(rows, key=lambda row: row[0])
    assert list(zip(found.arrival_s.tolist(), found.service_s.tolist(), strict=True)) == expected
    assert any("sorted" in note for note in found.notes) == (expected != rows)


def test_a_first_line_that_may_be_a_header_is_told() -> None:
    assert read("when\n1\n2\n").notes == ("Line 1 is taken as a header: when",)
    assert read("\nx;y\n1;2\n", time="1").notes[0] == "Line 2 is taken as a header: x;y"
    assert read("when\n1\n2\n", time="when").notes == ()
    assert read("timestamp\n1\n").notes == ()
    assert read(",timestamp\n0,5\n1,6\n").arrival_s.tolist() == [5, 6]


def test_ends_alone_are_kept_where_something_else_says_how_long_a_request_takes() -> None:
    for columns in ({"end": "end"}, {}):
        found = read("end,who\n30,a\n20,b\n", takes_service=False, **columns)  # type: ignore[arg-type]
        assert (found.ends, found.arrival_s.tolist(), found.service_s) == (True, [20.0, 30.0], None)
        assert "Arrivals are column 'end' less what a request takes." in found.notes
    assert not read("end,duration\n30,5\n", takes_service=False).ends


def test_empty_lines_are_no_rows() -> None:
    assert len(read("timestamp\n\n1\n  \n2\n\n\n")) == 2


@pytest.mark.parametrize(
    ("text", "columns", "what", "hint"),
    [
        ("", {}, "no row in it", "row for each request"),
        ("timestamp\n", {}, "no row below the header", ""),
        ("a,b\nx,y\n", {}, "No column looks like the time", "--column. The columns are a and b."),
        ("a,b\n1,2\n", {"time": "c"}, "There is no column 'c'", "The columns are a and b."),
        ("a,b\n1,2\n", {"service": "c", "time": "a"}, "There is no column 'c'", "The columns are a and b."),
        ("a,b\n1,2\n", {"end": "c"}, "There is no column 'c'", "The columns are a and b."),
        (
            "1,2\n1,2\n",
            {"time": "when"},
            "There is no column 'when'",
            "no header; columns are numbered from 1 to 2",
        ),
        ("a,a\n1,2\n", {"time": "a"}, "Several columns are named 'a'", "by its number"),
        ("a,b\n1,2\n", {"time": "a", "end": "b"}, "one for its end", "--column or --end-column"),
        ("a,end\n1,2\n", {"end": "end"}, "needs a duration", "--service-column"),
        (
            "timestamp\n1\nx\n\n",
            {},
            "1 of 2 rows cannot be read: line 3: 'x' is no time.",
            "no row is left out",
        ),
        ('timestamp\n1\n""\n', {}, "line 3: the time is missing", ""),
        ("timestamp\n1\nnan\ninf\n", {}, "line 3: 'nan' is no time; line 4: 'inf' is no time", ""),
        (
            "timestamp\n" + "1\n" + "x\n" * 6,
            {},
            "6 of 7 rows cannot be read: line 3: .*; line 5: .*; and 3 more",
            "",
        ),
        (
            "timestamp,duration\n1,-2\n2,\n",
            {},
            "line 2: '-2' is below zero; line 3: the number is missing",
            "",
        ),
        (
            "timestamp,x\n1,2,3\n1\n",
            {},
            "line 2 has 3 columns; line 3 has 1 column",
            "first line has 2 columns",
        ),
        ("timestamp\n2026-02-30 10:00:00\n", {}, "'2026-02-30 10:00:00' is no time", ""),
        ("timestamp\n2026-02-20 25:00:00\n", {}, "is no time", ""),
        ("timestamp\n1\n2026-02-20 10:00:00\n", {}, "line 3: '2026-02-20 10:00:00' is no time", ""),
        ("timestamp\n1700000000\n5\n", {}, "line 3: '5' is no time since 1970 in s, as others are", ""),
        ("timestamp\n02/03/2026 10:00:00\n", {}, "tell the day from the month", "like 2026-11-26 14:30:00"),
        (
            'timestamp,n\n1,"a\n2,b\n',
            {},
            "cannot be read: unexpected end of data",
            "quote that is not closed",
        ),
        ("a\x00b\n", {}, "no text file", ""),
        ("nan\n0\n1\n", {}, "1 of 3 rows cannot be read: line 1: 'nan' is no time", "no row is left out"),
        ("n/a\n100\n200\n", {}, "line 1: 'n/a' is no time", ""),
        ('""\n100\n200\n', {}, "line 1: '' is no time", ""),
        ("2026-11-26\n2026-11-27\n", {}, "2 of 2 .* line 1: '2026-11-26' is a day without a time of day", ""),
        ("timestamp\n26.11.2026\n", {}, "'26.11.2026' is a day without a time of day", ""),
        ("at,n\n26/Nov/2026,1\n", {}, "'26/Nov/2026' is a day without a time of day", ""),
        ("2026-11-26 14:30:05 CET\n", {}, "line 1: .* has the zone CET, which is not clear", ""),
        ("t\n11/26/2026 2:30 PM EST\n", {}, "has the zone EST, which is not clear", ""),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(
    text: str, columns: dict[str, str], what: str, hint: str
) -> None:
    with pytest.raises(BadInput, match=what) as refused:
        read(text, **columns)
    assert hint in refused.value.hint


def test_digits_alone_may_be_a_moment_of_the_calendar() -> None:
    found = read_arrivals(b"at\n20261024100000\n20261024100130\n")
    assert found.arrival_s.tolist() == [0.0, 90.0]
    assert found.zero_s == 1_792_836_000


def test_most_of_the_rows_say_what_a_column_holds() -> None:
    with pytest.raises(BadInput) as refused:
        read_arrivals(b"timestamp\nnan\n0\n")
    assert refused.value.what == "1 of 2 rows cannot be read: line 2: 'nan' is no time."


def test_dates_of_a_dashboard_name_the_month() -> None:
    found = read_arrivals(b'"Nov 02, 2026 @ 00:00:31.000"\n"Nov 02, 2026 @ 00:01:00.500"\n')
    assert np.diff(found.arrival_s).tolist() == [29.5]


def test_what_was_guessed_is_told() -> None:
    notes = read_arrivals(b"timestamp,latency\n46000.001,1500\n46000.002,1500\n").notes
    assert any("taken as seconds: its name tells no unit" in note for note in notes)
    assert any("day numbers of a spreadsheet" in note for note in notes)

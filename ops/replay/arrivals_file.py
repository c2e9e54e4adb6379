"""Arrivals from a table in a text file: a time for each request, and how long it took where the file says so.

Every row is a request. A row that cannot be read is an error that names its line; none is left out. Pure: bytes in.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ops.core.errors import BadInput
from ops.core.plain_text import one_line
from ops.core.types import FloatArray
from ops.core.words import count, listed
from ops.replay.stamps import Stamps, Unclear, is_date, is_number, looks_dated, read_seconds, read_stamps

DELIMITERS = (",", ";", "\t", "|")
NAMED_ROWS = 3
"""Bad rows that an error names."""
_LOOKED_AT = 50
_UNIT = re.compile(
    r"[\s_(\[-]*\b(s|sec|secs|seconds?|ms|msec|millis|milliseconds?|us|µs|micros|microseconds?|ns|nanos|nanoseconds?)[)\]]?$"
)
_COMMA = re.compile(r"\s*[+-]?\d*,\d+\s*")
_TIMES = (
    "timestamp", "arrival", "arrival_time", "arrival_timestamp", "arrivals", "start", "start_time", "start_timestamp",
    "started", "started_at", "time", "datetime", "date_time", "ts", "submitted", "submitted_at", "created",
    "created_at", "creation_time", "requested_at", "request_time", "received_at", "event_time",
    "invocation_time", "t",
)  # fmt: skip
_ENDS = (
    "end", "end_time", "end_timestamp", "ended", "ended_at", "finish", "finish_time", "finished", "finished_at",
    "completed", "completed_at", "completion_time",
)  # fmt: skip
_SERVICES = (
    "service", "service_time", "duration", "processing_time", "processing", "hold", "hold_time", "execution_time",
    "run_time", "runtime", "elapsed", "model_latency", "latency",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns are meant, by name or by number from 1; None: guessed. `takes_service`: whether a column with
    processing times is looked for where none is named. `day_first`: whether 01/02/2026 is in February; None: told from
    the dates themselves."""

    time: str | None = None
    service: str | None = None
    end: str | None = None
    takes_service: bool = True
    day_first: bool | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FileArrivals:
    """Requests of a file, by time; ties in the order of the file. Shape (n,), float64, seconds.

    `zero_s`: where the axis begins, a whole minute in seconds since the epoch; None where the file counts from
    somewhere itself. `notes`: what was guessed or done, in sentences.
    """

    arrival_s: FloatArray
    service_s: FloatArray | None
    zero_s: int | None
    notes: tuple[str, ...] = ()
    ends: bool = False
    """`arrival_s` are the ends of requests: how long they take is not in the file."""

    def __len__(self) -> int:
        return len(self.arrival_s)


@dataclass(frozen=True, slots=True)
class _Table:
    names: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    """The number of the line on which each row ends."""
    headed: bool
    delimiter: str
    head_line: int
    """Where the header ends."""

    def column(self, place: int) -> list[str]:
        return [row[place] for row in self.rows]

    def place(self, name: str) -> int:
        """Where a column is that somebody names. Raises BadInput with all columns."""
        for same in (lambda one: one == name, lambda one: _plain(one) == _plain(name)):
            found = [i for i, each in enumerate(self.names) if same(each)]
            if len(found) == 1:
                return found[0]
            if found:
                raise BadInput(f"Several columns are named {name!r}.", "Choose one by its number, from 1.")
        if name.strip().isdigit() and 1 <= int(name) <= len(self.names):
            return int(name) - 1
        raise BadInput(f"There is no column {name!r}.", self.choices())

    def choices(self) -> str:
        shown = listed([one_line(n, 40) for n in self.names])
        if self.headed:
            return f"The columns are {shown}."
        return f"There is no header; columns are numbered from 1 to {len(self.names)}."


def read_arrivals(body: bytes, columns: Columns = Columns()) -> FileArrivals:
    """Raises BadInput: with the columns where one is unknown, with the lines where rows cannot be read."""
    table = _table(_text(body))
    notes: list[str] = []
    time, service, end = _chosen(table, columns, notes)
    _check_head(table, columns, [i for i in (*time, service) if i is not None], notes)
    bad: dict[int, str] = {}
    texts = _moments(table, time)
    head = table.names[end if end is not None else time[0]]
    try:
        stamps = read_stamps(texts, _unit(head), columns.day_first)
    except Unclear as error:
        raise BadInput(
            f"{error}.", "Say it (--day-first or --month-first), or write times like 2026-11-26 14:30:00."
        ) from error
    bad |= stamps.bad
    if stamps.unit != "s":
        notes.append(f"Times of column {head!r} are taken as {stamps.unit}.")
    if _like_serial_days(stamps):
        notes.append(
            f"Times of column {head!r} are taken as seconds. If they are day numbers of a spreadsheet, format them "
            "as dates with times there, and export again."
        )
    if not stamps.zoned:
        notes.append(f"Times of column {head!r} have no zone and are taken as UTC.")
    seconds: FloatArray | None = None
    if service is not None:
        unit = _unit(table.names[service]) or "s"
        seconds, wrong = read_seconds(_decimals(table.column(service), table), unit)
        bad = wrong | bad
        named = _unit(table.names[service])
        if named is None:
            notes.append(
                f"Times of column {table.names[service]!r} are taken as seconds: its name tells no unit."
            )
        elif unit != "s":
            notes.append(f"Times of column {table.names[service]!r} are taken as {unit}.")
    if bad:
        raise _unreadable(table, bad)
    arrival = stamps.seconds
    if end is not None and seconds is not None:
        arrival = arrival - seconds
    if (np.diff(arrival) < 0).any():
        order = np.argsort(arrival, kind="stable")
        arrival, seconds = arrival[order], None if seconds is None else seconds[order]
        notes.append(
            "The rows are not in order of arrival; they were sorted, equal times in the order of the file."
        )
    return FileArrivals(arrival, seconds, stamps.zero_s, tuple(notes), end is not None and seconds is None)


def _like_serial_days(stamps: Stamps) -> bool:
    """Whether plain numbers could be days since 1900, of 2000 to 2099, with a time of day behind the point."""
    found = stamps.seconds[~np.isnan(stamps.seconds)]
    if stamps.zero_s is not None or not found.size:
        return False
    return bool(found.min() >= 36_526 and found.max() < 73_051 and (found % 1 != 0).any())


def column_names(body: bytes) -> tuple[str, ...]:
    """The names of the columns, or their numbers from 1 where there is no header. Raises BadInput.

    `body`: the whole file, or its first lines.
    """
    return _table(_text(body)).names


def _text(body: bytes) -> str:
    marks = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    name = next((name for mark, name in marks if body.startswith(mark)), "utf-8")
    try:
        text = body.decode(name)
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    if "\x00" in text:
        raise BadInput("This is no text file.", "Give a CSV file with a row for each request.")
    return text if "\n" in text else text.replace("\r", "\n")


def _table(text: str) -> _Table:
    delimiter = _delimiter(text)
    rows: list[list[str]] = []
    lines: list[int] = []
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if row and not (len(row) == 1 and row[0].isspace()):
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise BadInput(
            f"Line {reader.line_num} cannot be read: {error}.", "Look for a quote that is not closed."
        ) from error
    if not rows:
        raise BadInput("There is no row in it.", "Give a CSV file with a row for each request.")
    headed = not any(is_number(cell) or looks_dated(cell) or is_date(cell) for cell in rows[0])
    head_line = lines[0]
    if headed:
        names = tuple(name.strip() for name in rows.pop(0))
        lines.pop(0)
    else:
        names = tuple(str(i + 1) for i in range(len(rows[0])))
    if not rows:
        raise BadInput("There is no row below the header.", "Give a CSV file with a row for each request.")
    return _Table(names, _even(rows, lines, len(names)), lines, headed, delimiter, head_line)


def _even(rows: list[list[str]], lines: Sequence[int], width: int) -> list[list[str]]:
    """Rows of one width; empty cells too many at the end are nothing. Raises BadInput."""
    wrong: list[str] = []
    for row, line in zip(rows, lines, strict=True):
        if len(row) > width and not any(cell.strip() for cell in row[width:]):
            del row[width:]
        if len(row) != width:
            wrong.append(f"line {line} has {count(len(row), 'column')}")
    if wrong:
        raise _rows(wrong, len(rows), f"The first line has {count(width, 'column')}.")
    return rows


def _lines(text: str) -> Iterator[str]:
    return (f"{line}\n" for line in text.split("\n"))


def _delimiter(text: str) -> str:
    """What parts the columns: that which makes most of them, as many in each of the first rows as in the header."""
    best, most = ",", 1
    head = [line for line in text.split("\n", _LOOKED_AT + 1)[:_LOOKED_AT] if line.strip()]
    for delimiter in DELIMITERS:
        try:
            widths = [
                len(row) for row in csv.reader([f"{line}\n" for line in head], delimiter=delimiter) if row
            ]
        except csv.Error:
            continue
        usual = widths[0] if widths else 1
        if usual > most and sum(width == usual for width in widths) * 2 > len(widths):
            best, most = delimiter, usual
    return best


def _chosen(
    table: _Table, columns: Columns, notes: list[str]
) -> tuple[tuple[int, ...], int | None, int | None]:
    """(places of the time, of the service time, of the end). With an end, the time is read from it."""
    if columns.time is not None and columns.end is not None:
        raise BadInput(
            "A request has a column for its arrival or one for its end.", "Give --column or --end-column."
        )
    service = None if columns.service is None else table.place(columns.service)
    if service is None and (columns.takes_service or columns.end is not None):
        service = _guessed(table, _SERVICES)
    end = None if columns.end is None else table.place(columns.end)
    time: tuple[int, ...] = ()
    if columns.time is not None:
        time = tuple(table.place(part) for part in _parts(table, columns.time))
    elif end is None:
        time = _time(table)
        if not time:
            end = _guessed(table, _ENDS)
            if end is not None and service is None:
                service = _guessed(table, _SERVICES)
            if end is None or (service is None and columns.takes_service):
                raise BadInput(
                    "No column looks like the time of an arrival.",
                    f"Choose one with --column. {table.choices()}",
                )
            if service is not None:
                notes.append(
                    f"Arrivals are column {table.names[end]!r} less column {table.names[service]!r}."
                )
        elif len(table.names) > 1:
            notes.append(f"Arrivals are from column {' and '.join(repr(table.names[i]) for i in time)}.")
    if end is not None and service is None:
        if columns.takes_service:
            raise BadInput(
                "An end needs a duration to tell the arrival.",
                f"Choose its column with --service-column, or give --service-s. {table.choices()}",
            )
        notes.append(f"Arrivals are column {table.names[end]!r} less what a request takes.")
    if columns.service is None and service is not None and columns.end is None and time:
        notes.append(f"Processing times are from column {table.names[service]!r}.")
    return (end,) if end is not None else time, service, end


_NO_NAMES = ("", "nan", "n/a", "na", "nat", "null", "none", "nil", "-", "--", "?", "inf", "-inf", "#n/a")


def _check_head(table: _Table, columns: Columns, used: Sequence[int], notes: list[str]) -> None:
    """Nobody loses a row that was taken for a header. Raises BadInput where its cells are values that lack."""
    if not table.headed:
        return
    lacking = [table.names[i] for i in used if table.names[i].lower() in _NO_NAMES]
    if lacking:
        raise _rows(
            [f"line {table.head_line}: {lacking[0]!r} is no time and no name of a column"],
            len(table.rows) + 1,
            "",
        )
    chosen = columns.time or columns.end
    named = chosen is not None and chosen not in (str(i + 1) for i in range(len(table.names)))
    if not named and not any(_plain(table.names[i]) in (*_TIMES, *_ENDS, "date") for i in used):
        head = one_line(table.delimiter.join(table.names), 60)
        notes.append(f"Line {table.head_line} is taken as a header: {head}")


def _parts(table: _Table, name: str) -> list[str]:
    """ "date+time" names two columns, unless one has that very name."""
    return [name] if name in table.names or "+" not in name else name.split("+")


def _time(table: _Table) -> tuple[int, ...]:
    """The column of arrivals, or a date and a time of day; empty where none looks like it."""
    plain = [_plain(name) for name in table.names]
    if "date" in plain and "time" in plain:
        pair = (plain.index("date"), plain.index("time"))
        if is_date(" ".join(table.rows[0][i].strip() for i in pair)):
            return pair
    place = _guessed(table, _TIMES)
    if place is not None:
        return (place,)
    if len(table.names) == 1:
        return (0,)
    if _guessed(table, _ENDS) is not None:
        return ()
    if not table.headed and is_number(table.rows[0][0]):
        return (0,)
    first = table.rows[0]
    dated = [i for i in range(len(first)) if is_date(first[i])] or [
        i for i in range(len(first)) if looks_dated(first[i])
    ]
    return (dated[0],) if dated else ()


def _guessed(table: _Table, names: Sequence[str]) -> int | None:
    plain = [_plain(name) for name in table.names]
    return next((plain.index(name) for name in names if name in plain), None)


def _plain(name: str) -> str:
    """A column's name without its unit, as far as names differ."""
    lower = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip()).lower()
    return re.sub(r"[^a-z0-9]+", "_", _UNIT.sub("", lower.replace("_", " "))).strip("_")


def _unit(name: str) -> str | None:
    """The unit that a column's name ends with."""
    found = _UNIT.search(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip()).lower().replace("_", " "))
    if found is None:
        return None
    return (
        {"s": "s", "m": "ms", "u": "us", "µ": "us", "n": "ns"}[found[1][0]]
        if "micro" not in found[1]
        else "us"
    )


def _moments(table: _Table, places: Sequence[int]) -> list[str]:
    if len(places) > 1:
        return [" ".join(row[i].strip() for i in places) for row in table.rows]
    return _decimals(table.column(places[0]), table)


def _decimals(texts: list[str], table: _Table) -> list[str]:
    """Numbers with a decimal comma get a point; where commas part the columns, nobody knows what one means."""
    if table.delimiter == "," or not any("," in text for text in texts):
        return texts
    return [text.replace(",", ".") if _COMMA.fullmatch(text) else text for text in texts]


def _unreadable(table: _Table, bad: dict[int, str]) -> BadInput:
    return _rows([f"line {table.lines[i]}: {one_line(bad[i], 80)}" for i in sorted(bad)], len(table.rows), "")


def _rows(wrong: Sequence[str], of: int, hint: str) -> BadInput:
    more = f"; and {len(wrong) - NAMED_ROWS:,} more" if len(wrong) > NAMED_ROWS else ""
    what = f"{len(wrong):,} of {count(of, 'row')} cannot be read: {'; '.join(wrong[:NAMED_ROWS])}{more}."
    return BadInput(what, f"{hint} Mend or remove them: no row is left out silently.".strip())

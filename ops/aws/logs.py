"""CloudWatch Logs: FilterLogEvents backwards in time, in slices that grow while little is found.

The API answers oldest first and cannot sort, a page may be empty although more follow, and times are milliseconds.
Source: facts A.7 and F.7.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ops import clock
from ops.aws.calls import Reading
from ops.core.errors import OpsError
from ops.core.log_lines import is_data_log, pattern
from ops.core.names import log_group
from ops.core.records import LogLine
from ops.core.types import utc
from ops.core.views_failures import LogSearch, Streams

FIRST_SLICE = timedelta(minutes=5)
LEAST_SLICE = timedelta(seconds=10)
GROWTH = 4
"""How much longer the next slice is after one that took a single page."""
HEAVY_PAGES = 4
"""A slice that takes more pages than this is followed by a shorter one."""
LONGEST = 8_192
"""Letters of one line that are kept: a container may log whole documents, and an answer holds hundreds of lines."""
_MISSING = "ResourceNotFoundException"


@dataclass(frozen=True, slots=True)
class Budget:
    """How far one search may go: pages asked for, and seconds of this machine's clock."""

    pages: int = 40
    seconds: float = 8.0


def search(
    reading: Reading,
    name: str,
    start: datetime,
    end: datetime,
    *,
    text: str = "",
    streams: Streams = Streams.ALL,
    prefix: str = "",
    most: int = 200,
    budget: Budget | None = None,
    monotonic: Callable[[], float] = clock.monotonic,
) -> LogSearch:
    """The newest `most` lines of an endpoint in [start, end) that hold `text`, newest first.

    `prefix`: of the names of the streams. Raises OpsError where AWS refuses or cannot be asked, BadInput for a text
    that is too long; a missing log group and what was not searched are part of the answer.
    """
    hunt = _Hunt(reading, name, pattern(text), streams, prefix, most, budget or Budget(), monotonic)
    try:
        return hunt.backwards(start, end)
    except OpsError as error:
        if error.code != _MISSING:
            raise
        return LogSearch(start, end, missing=True, pages=hunt.pages)


class _Hunt:
    """One search: what it wants, and what it has used of its budget."""

    def __init__(
        self,
        reading: Reading,
        name: str,
        wanted: str,
        streams: Streams,
        prefix: str,
        most: int,
        budget: Budget,
        monotonic: Callable[[], float],
    ) -> None:
        self._reading = reading
        self._fixed: dict[str, Any] = {"logGroupName": log_group(name)}
        if wanted:
            self._fixed["filterPattern"] = wanted
        if prefix:
            self._fixed["logStreamNamePrefix"] = prefix
        self._streams = streams
        self._most = most
        self._budget = budget
        self._monotonic = monotonic
        self._until = monotonic() + budget.seconds
        self.pages = 0

    def backwards(self, start: datetime, end: datetime) -> LogSearch:
        found: list[LogLine] = []
        unsearched: list[tuple[datetime, datetime]] = []
        length, upper, why = FIRST_SLICE, end, ""
        while upper > start:
            why = self._why_stop(found)
            if why:
                unsearched.append((start, upper))
                break
            lower = max(start, upper - length)
            before = self.pages
            lines, whole = self._slice(lower, upper, self._most - len(found))
            found += lines
            if not whole:
                unsearched.append((lower, upper))
            taken = self.pages - before
            if taken > HEAVY_PAGES:
                length = max(LEAST_SLICE, length / GROWTH)
            elif taken == 1:
                length *= GROWTH
            upper = lower
        why = why or (self._why_stop(found) if unsearched else "")
        return LogSearch(start, end, tuple(found), _joined(unsearched), why, pages=self.pages)

    def _why_stop(self, found: list[LogLine]) -> str:
        if len(found) >= self._most:
            return f"the newest {self._most:,} lines are shown"
        if self.pages >= self._budget.pages:
            return f"AWS was asked {self.pages} times"
        if self._monotonic() >= self._until:
            return f"{self._budget.seconds:.0f} s had passed"
        return ""

    def _slice(self, lower: datetime, upper: datetime, most: int) -> tuple[list[LogLine], bool]:
        """The newest lines of one slice, newest first, and whether all of it was searched."""
        kept: deque[LogLine] = deque(maxlen=most)
        asked = self._fixed | {
            "startTime": _ms(lower),
            "endTime": _ms(upper) - 1,
        }  # both ends belong to the answer
        token: str | None = None
        while True:
            more = {"nextToken": token} if token else {}
            answer = self._reading.ask("logs", "FilterLogEvents", **asked, **more)
            self.pages += 1
            kept.extend(line for line in map(parse_line, answer.get("events", ())) if self._wants(line))
            token = answer.get("nextToken")
            if not token:
                return _newest_first(kept), True
            if self.pages >= self._budget.pages or self._monotonic() >= self._until:
                return _newest_first(kept), False

    def _wants(self, line: LogLine) -> bool:
        if self._streams is Streams.ALL:
            return True
        return is_data_log(line.stream) is (self._streams is Streams.DATA_LOG)


def parse_line(wire: Mapping[str, Any]) -> LogLine:
    """One event; `timestamp` is in milliseconds."""
    return LogLine(
        at=utc(float(wire.get("timestamp", 0)) / 1000.0),
        stream=str(wire.get("logStreamName", "")),
        message=_cut(str(wire.get("message", ""))),
        id=str(wire.get("eventId", "")),
    )


def _cut(message: str) -> str:
    """A line that is not too long, and says so where it was."""
    if len(message) <= LONGEST:
        return message
    return f"{message[:LONGEST]}… (cut here: {len(message):,} characters in all)"


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _newest_first(lines: deque[LogLine]) -> list[LogLine]:
    return sorted(lines, key=lambda line: (line.at, line.id), reverse=True)


def _joined(spans: list[tuple[datetime, datetime]]) -> tuple[tuple[datetime, datetime], ...]:
    """Spans given newest first, those that touch as one."""
    out: list[tuple[datetime, datetime]] = []
    for begin, end in spans:
        if out and out[-1][0] == end:
            out[-1] = (begin, out[-1][1])
        else:
            out.append((begin, end))
    return tuple(out)

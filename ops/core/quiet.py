"""Quiet hours: a span of the day on the clock of one zone, also over midnight."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, tzinfo

from ops.core.errors import BadInput

_WRITTEN = re.compile(r"\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` until `end` each day, read off the clock on the wall of `zone`; over midnight where end < begin."""

    begin: time
    end: time
    zone: tzinfo

    def holds(self, now: datetime) -> bool:
        """Whether `now` lies within. The wall clock decides: an hour that comes twice is quiet twice."""
        wall = now.astimezone(self.zone).time()
        if self.begin < self.end:
            return self.begin <= wall < self.end
        return wall >= self.begin or wall < self.end

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}–{self.end:%H:%M} {self.zone}"


def parse(text: str, zone: tzinfo) -> QuietHours:
    """Quiet hours as written: "22:00-07:00". Raises BadInput."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise BadInput(f"{text!r} are no quiet hours.", "Write them like 22:00-07:00.")
    try:
        begin, end = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    except ValueError:
        raise BadInput(
            f"{text!r} holds a time that does not exist.", "Write them like 22:00-07:00."
        ) from None
    if begin == end:
        raise BadInput("Quiet hours that end when they begin are none.", "Write them like 22:00-07:00.")
    return QuietHours(begin, end, zone)

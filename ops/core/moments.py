"""Times inside sentences: marked where the sentence is made, written out in the zone of whoever reads it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from ops.core.types import Verdict, utc

_MARK = re.compile(r"⟦(-?\d+)\|(-?\d+)⟧")


def mark(when: datetime, now: datetime) -> str:
    """A place in a sentence where `when` will stand, as seen from `now`."""
    return f"⟦{int(when.timestamp())}|{int(now.timestamp())}⟧"


def written(text: str, zone: tzinfo = UTC) -> str:
    """`text` with its marks written out, for example "14:02 UTC" or "Fri 15:02 CET"."""
    return _MARK.sub(lambda found: moment(utc(int(found[1])), utc(int(found[2])), zone), text)


def twice(text: str, zone: tzinfo) -> str:
    """The same in UTC, with the time in `zone` beside it where that differs: "14:02 UTC (15:02 CET)"."""

    def both(found: re.Match[str]) -> str:
        when, now = utc(int(found[1])), utc(int(found[2]))
        here = moment(when, now)
        same = when.astimezone(zone).utcoffset() == timedelta(0)
        return here if same else f"{here} ({moment(when, now, zone)})"

    return _MARK.sub(both, text)


def moment(when: datetime, now: datetime, zone: tzinfo = UTC) -> str:
    """ "14:02 UTC" today, "Fri 14:02 UTC" within six days, else "2 Nov 14:02 UTC"; the year where it is another."""
    local, today = when.astimezone(zone), now.astimezone(zone)
    clock = f"{local:%H:%M} {short_name(local)}"
    if local.date() == today.date():
        return clock
    if abs((now - when).total_seconds()) < 6 * 86400:
        return f"{local:%a} {clock}"
    year = f" {local.year}" if local.year != today.year else ""
    return f"{local.day} {local:%b}{year} {clock}"


def sentence(verdict: Verdict, zone: tzinfo = UTC) -> str:
    """The verdict's sentence with its times in `zone`."""
    return written(verdict.marked or verdict.sentence, zone)


def evidence(verdict: Verdict, zone: tzinfo = UTC) -> tuple[str, ...]:
    """The verdict's evidence with its times in `zone`."""
    return tuple(written(text, zone) for text in verdict.marked_evidence or verdict.evidence)


def short_name(local: datetime) -> str:
    """The zone of a local time: CET, EST; zones without letters of their own are named by their offset: UTC+5:30."""
    name = local.tzname() or ""
    if name[:1].isalpha():
        return name
    offset = local.utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset is not None else 0
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02d}' if rest else ''}"

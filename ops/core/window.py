"""Ranges of time: what may be asked for, and in which steps AWS still keeps it.

Source: facts F.1 and F.3: one-minute values for 15 days, five-minute values for 63 days, hours for 455 days.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from ops.core.errors import BadInput
from ops.core.types import Window, utc

KEPT_DAYS = {60: 15, 300: 63, 3600: 455}
"""Days that AWS keeps values of each period (seconds)."""
LONGEST = {60: timedelta(days=3), 300: timedelta(days=31), 3600: timedelta(days=455)}
"""The longest range drawn in each period: more points than this say nothing more on a screen."""
_STEPS = {60: "one minute", 300: "five minutes", 3600: "one hour"}
_NOTHING_KEPT: Mapping[int, datetime] = MappingProxyType({})
_MARGIN_S = 120
"""Kept clear of AWS's own edges, where an answer is empty rather than an error."""


def span_of_hours(hours: float) -> timedelta:
    """A range in hours, as typed. Raises BadInput when it makes no sense or AWS keeps nothing so old."""
    if not math.isfinite(hours) or hours <= 0:
        raise BadInput(
            f"A range of {hours:g} hours is not possible.", "Give a number of hours above 0, such as 3."
        )
    if hours > KEPT_DAYS[3600] * 24:
        raise BadInput(
            f"A range of {hours:g} hours reaches back further than AWS keeps metrics.",
            f"The longest is {KEPT_DAYS[3600]} days ({KEPT_DAYS[3600] * 24} hours).",
        )
    return timedelta(hours=hours)


def choose(
    span: timedelta | Window, now: datetime, kept: Mapping[int, datetime] = _NOTHING_KEPT
) -> tuple[Window, tuple[str, ...]]:
    """The window to read, in steps that AWS or Ebb's own history still has, and a sentence for every coarsening.

    `now` is AWS's own time; `kept` says from when on the history holds steps of a period (seconds).
    Raises BadInput for a range that is empty, in the future, or older than 455 days.
    """
    if isinstance(span, Window):
        start, end = span.start, min(span.end, _ceil(now, 60))
        if start >= end:
            raise BadInput("The range lies in the future.", "Choose a start before now.")
        least = span.period
    else:
        span_of_hours(span.total_seconds() / 3600)
        end = now
        start = now - span
        least = 60
    if (now - start).total_seconds() > KEPT_DAYS[3600] * 86400 + 3600:
        raise BadInput(
            f"The range starts on {start:%d %b %Y}, and AWS keeps metrics for {KEPT_DAYS[3600]} days.",
            f"Choose a start after {now - timedelta(days=KEPT_DAYS[3600]):%d %b %Y}.",
        )
    period, notes = _period(end - start, now - start, least, {p for p, at in kept.items() if at <= start})
    if isinstance(span, Window):
        window = Window(_floor(start, period), _ceil(end, period), period)
    else:
        window = Window.last(span, now, period)
    return window, notes


def _period(
    length: timedelta, age: timedelta, least: int, kept: Collection[int]
) -> tuple[int, tuple[str, ...]]:
    for period, days in KEPT_DAYS.items():
        if period < least:
            continue
        if length > LONGEST[period]:
            continue
        gone = age.total_seconds() > days * 86400 - _MARGIN_S
        if gone and period not in kept and period != 3600:
            continue
        return period, _notes(period, length, age)
    return 3600, _notes(3600, length, age)


def _notes(period: int, length: timedelta, age: timedelta) -> tuple[str, ...]:
    if period == 60:
        return ()
    finer = 60 if period == 300 else 300
    if age.total_seconds() > KEPT_DAYS[finer] * 86400 - _MARGIN_S:
        return (f"In steps of {_STEPS[period]}: AWS keeps finer values for {KEPT_DAYS[finer]} days only.",)
    return (f"In steps of {_STEPS[period]}, because the range is longer than {LONGEST[finer].days} days.",)


def _floor(when: datetime, period: int) -> datetime:
    return utc(int(when.timestamp()) // period * period)


def _ceil(when: datetime, period: int) -> datetime:
    return utc(-(-int(when.timestamp()) // period) * period)

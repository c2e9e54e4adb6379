"""Who asked for capacity, as the words of the scaling record tell it. Pure.

The words for a scheduled action are not documented (facts B.8, I): any that mention a schedule count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.core import schedule
from ops.core.errors import BadInput
from ops.core.records import Change
from ops.core.types import ScheduledAction

NEAR = timedelta(minutes=2)
"""An order follows the run of the scheduled action that caused it within this."""
TOGETHER = timedelta(minutes=15)
"""A change of bounds moves the capacity within this: later where the order had to wait."""
EARLY = timedelta(seconds=10)
"""Two clocks of AWS may differ by so much."""
_ALARM = re.compile(r"\s*monitor alarm\b", re.IGNORECASE)
_SCHEDULE = re.compile(r"\bschedul(?:e|ed|es|er|ing)\b", re.IGNORECASE)
_NAMED = re.compile(
    r"scheduled[ -]?action (?:named? )?['\"]?(\S+?)['\"]? (?:was|is|has been) triggered", re.IGNORECASE
)
_BOUND = re.compile(r"\b(min|max)(?:imum)? capacity (?:was |has been )?(?:set )?to (\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound that was set: "minimum" or "maximum", and to what."""

    which: str
    to: int


def bounds(text: str) -> tuple[Bound, ...]:
    """The bounds that a cause or a description says were set."""
    return tuple(
        Bound("minimum" if which.lower() == "min" else "maximum", int(to))
        for which, to in _BOUND.findall(text)
    )


def scheduled(cause: str, names: Iterable[str] = ()) -> str | None:
    """The scheduled action that a cause names; empty: one without a name; None: it speaks of no schedule.

    `names`: scheduled actions that are known, looked for where the wording is a new one.
    """
    if _ALARM.match(cause):
        return None
    named = _NAMED.search(cause)
    if named:
        return named[1]
    if not _SCHEDULE.search(cause):
        return None
    words = set(re.split(r"[\s'\",;()]+", cause.rstrip(".")))
    return next((name for name in sorted(names) if name in words), "")


def due(schedules: Iterable[ScheduledAction], bound: Bound, at: datetime) -> str | None:
    """The scheduled action that was due just before `at` with that bound; None where none was.

    A rate without a start counts from when it was made, which AWS does not tell here: it is never due.
    """
    for action in schedules:
        if (action.min if bound.which == "minimum" else action.max) != bound.to:
            continue
        try:
            parsed = schedule.parse(action.schedule, action.timezone, action.start, action.end)
        except BadInput:
            continue
        if parsed.every is not None and parsed.start is None:
            continue
        run = schedule.next_run(parsed, at - NEAR)
        if run is not None and run <= at + EARLY:
            return action.name
    return None


def by_hand(changes: Iterable[Change], at: datetime) -> bool:
    """Whether CloudTrail names somebody who set bounds just before `at`. `changes` of one endpoint."""
    return any(
        c.operation == "RegisterScalableTarget"
        and not c.error
        and not c.by_service
        and -EARLY <= at - c.at <= TOGETHER
        for c in changes
    )

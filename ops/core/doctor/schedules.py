"""Rules on scheduled actions. Source: facts B.6, B.7, H.1 (10).

A run overwrites the bounds until something else does, so that a warm window needs two actions: one that opens it
(minimum 1 or more), one that closes it (minimum 0).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.core.awake import next_of
from ops.core.doctor import mending
from ops.core.doctor.case import Case
from ops.core.doctor.rule import Rule, needs
from ops.core.doctor.words import bounds_line
from ops.core.errors import BadInput
from ops.core.findings import Finding
from ops.core.fixes import Calls, DeleteSchedule, HumanStep, PutSchedule
from ops.core.moments import mark
from ops.core.schedule import parse, runs
from ops.core.types import ScheduledAction, Severity
from ops.core.warm_actions import recognised
from ops.core.warm_names import KeepName, read_name
from ops.core.words import listed

WARM_HOURS = 11
"""Hours after an opening at which a missing close is proposed: a working day."""
AHEAD = timedelta(days=8)
"""How far overlaps are looked for: a week of weekday patterns, and a day."""
_DAILY = re.compile(r"^cron\((\d{1,2}) (\d{1,2}) (\S+ \S+ \S+ \S+)\)$")


def rules() -> tuple[Rule, ...]:
    parts = needs("scaling", "schedules")
    return (
        Rule("schedule-above-maximum", parts, above_maximum),
        Rule("schedule-unpaired", parts, unpaired),
        Rule("schedule-overlap", parts, overlap),
        Rule("schedule-expired", parts, expired),
    )


def unpaired(case: Case) -> Finding | None:
    """A window opens again and again, and nothing that still runs closes it."""
    opens, closes = _foreign(_running(case, 1)), _running(case, 0)
    if case.seen.target is None or not opens or closes:
        return None
    first, ref = opens[0], case.seen.endpoint.ref
    close = _closing(first)
    fix: Calls | HumanStep = HumanStep(
        "Add a scheduled action that sets the minimum to 0 when the warm hours end."
    )
    if close is not None:
        schedule, at = close
        put = PutSchedule(ref, f"{first.name}-close", schedule, first.timezone, min=0)
        effect = f"The minimum goes back to 0 at {at} ({first.timezone}): set the hour at which your warm hours end."
        fix = Calls((put,), effect)
    when = next_of(first, case.seen.now)
    assert when is not None
    return Finding(
        "schedule-unpaired",
        Severity.WARNING,
        f"{first.name} opens a warm window, and no scheduled action closes it.",
        (_line(first), f"Its next run: {mark(when, case.seen.now)}", bounds_line(case.seen.target)),
        "A scheduled action changes the bounds for good: without a second one the endpoint never sleeps again.",
        fix,
    )


def expired(case: Case) -> Finding | None:
    """Actions that never run again."""
    over = [
        s
        for s in case.seen.schedules
        if _readable(s) and not _spent_keep(s) and next_of(s, case.seen.now) is None
    ]
    if not over:
        return None
    names = listed([s.name for s in over])
    ref = case.seen.endpoint.ref
    return Finding(
        "schedule-expired",
        Severity.INFO,
        f"{names} never {'runs' if len(over) == 1 else 'run'} again.",
        tuple(
            _line(s) + (f", ended {mark(s.end, case.seen.now)}" if s.end is not None else "") for s in over
        ),
        "It looks like a schedule that works, and is none; the bounds stay as its last run left them.",
        Calls(tuple(DeleteSchedule(ref, s.name) for s in over), "Only scheduled actions that run are left."),
    )


def above_maximum(case: Case) -> Finding | None:
    """A run that asks for more than the maximum."""
    target = case.seen.target
    if target is None:
        return None
    for action in _running(case, 1):
        most = action.max if action.max is not None else target.bounds.max
        if action.min is not None and action.min > most:
            return Finding(
                "schedule-above-maximum",
                Severity.WARNING,
                f"{action.name} asks for a minimum of {action.min}, and the maximum is {most}.",
                (_line(action), bounds_line(target)),
                "A minimum cannot stand above the maximum: the warm window does not open as it is meant to.",
                Calls(
                    (mending.bounds(case, high=action.min),),
                    f"Up to {action.min} may run, as the schedule asks.",
                )
                if action.max is None
                else HumanStep(f"Give {action.name} a maximum that is not below its minimum."),
            )
    return None


def overlap(case: Case) -> Finding | None:
    """Two windows that lie over each other: the close of one ends the other early."""
    target = case.seen.target
    if target is None:
        return None
    cut = _cut(_edges(case), case.seen.now)
    if cut is None:
        return None
    return Finding(
        "schedule-overlap",
        Severity.WARNING,
        f"{cut.close} ends the warm window of {cut.opened} early: it runs before {cut.later}.",
        (
            f"{cut.opened} opens at {mark(cut.opened_at, case.seen.now)}",
            f"{cut.close} closes at {mark(cut.close_at, case.seen.now)}",
            f"{cut.later} would close at {mark(cut.later_at, case.seen.now)}",
        ),
        "The bounds have no memory of who set them: the first close lets the endpoint sleep for both windows.",
        HumanStep(
            f"Decide which hours are meant, and move or delete {cut.close}: one opening and one close for each day."
        ),
    )


@dataclass(frozen=True, slots=True)
class _Cut:
    """A window opened by `opened`, ended by `close`, although `later` would have ended it."""

    opened: str
    opened_at: datetime
    close: str
    close_at: datetime
    later: str
    later_at: datetime


Edge = tuple[datetime, bool, str]
"""When, whether it opens, and the name of the action."""


def _cut(edges: list[Edge], now: datetime) -> _Cut | None:
    """Two openings in a row, then two closes in a row: the first close cut a window short."""
    open_by: list[Edge] = []
    closed: Edge | None = None
    for edge in edges:
        when, opens, name = edge
        if opens:
            open_by = [*open_by, edge] if closed is None else [edge]
            closed = None
        elif closed is None:
            closed = edge
        elif len({n for _, _, n in open_by}) > 1 and name != closed[2]:
            last = open_by[-1]
            return _Cut(last[2], last[0], closed[2], closed[0], name, when)
    return None


def _edges(case: Case) -> list[Edge]:
    """The openings and closes to come, in their order; of one instant the close first."""
    now = case.seen.now
    found: list[Edge] = []
    for action in case.seen.schedules:
        if action.min is None or not _readable(action):
            continue
        schedule = parse(action.schedule, action.timezone, action.start, action.end)
        if schedule.every is None:
            found += [(when, action.min > 0, action.name) for when in runs(schedule, now, now + AHEAD)]
    return sorted(found)


def _spent_keep(action: ScheduledAction) -> bool:
    """Whether it is the end of a keep-warm of Ebb's, which deletes it itself within an hour or so."""
    return isinstance(read_name(action.name), KeepName)


def _foreign(actions: Iterable[ScheduledAction]) -> list[ScheduledAction]:
    """Without those of Ebb's warm plans, which close what they open."""
    return list(recognised(actions).foreign)


def _running(case: Case, least: int) -> list[ScheduledAction]:
    """Actions that run again and set the minimum: to 1 or more (`least` 1), or to 0."""
    return [
        s
        for s in case.seen.schedules
        if s.min is not None and (s.min >= 1) == (least >= 1) and next_of(s, case.seen.now) is not None
    ]


def _closing(action: ScheduledAction) -> tuple[str, str] | None:
    """The same days some hours later, where the opening runs at one time of day; and that time."""
    found = _DAILY.match(action.schedule)
    if found is None:
        return None
    minute, hour = int(found[1]), int(found[2]) + WARM_HOURS
    return (f"cron({minute} {hour} {found[3]})", f"{hour:02d}:{minute:02d}") if hour < 24 else None


def _readable(action: ScheduledAction) -> bool:
    try:
        parse(action.schedule, action.timezone, action.start, action.end)
    except BadInput:
        return False
    return True


def _line(action: ScheduledAction) -> str:
    low = "" if action.min is None else f", minimum {action.min}"
    high = "" if action.max is None else f", maximum {action.max}"
    return f"{action.name}: {action.schedule} {action.timezone}{low}{high}"

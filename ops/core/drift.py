"""Drift: what somebody set elsewhere. The set-up that was last set or accepted through Ebb, against what holds now.

Scheduled actions overwrite the bounds (facts B.6): bounds that they explain are no drift. One that was to run once
and is past makes no difference any more, and is nothing to restore.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ops.core.errors import BadInput
from ops.core.schedule import parse, runs
from ops.core.setup import BOUNDS, Difference, Setup, differences
from ops.core.types import Bounds, EndpointRef, ScheduledAction, utc


@dataclass(frozen=True, slots=True)
class Baseline:
    """A set-up without its alarms, since when it counts, and who set it: "" for what Ebb found when it came."""

    setup: Setup
    at: datetime
    """When the set-up was like this: schedules count from then on."""
    by: str = ""
    since: datetime | None = None
    """From when on others may have changed what is not accepted yet, where that is before `at`."""

    @property
    def begin(self) -> datetime:
        """From when on others may have changed it."""
        return self.since or self.at


@dataclass(frozen=True, slots=True)
class Drift:
    """Parts that differ from what is wanted. `who`: in a sentence, empty while it is not known.

    `wanted`: the baseline's set-up with the bounds to which scheduled actions have led since.
    """

    baseline: Baseline
    wanted: Setup
    differences: tuple[Difference, ...]
    who: str = ""


JUST_RAN = timedelta(minutes=5)
"""So long after a run the bounds before it are no drift: it may lag, or still be on its way."""
MOST_DAYS = 120


def drift(
    baseline: Baseline, present: Setup, ref: EndpointRef, now: datetime
) -> tuple[Setup, tuple[Difference, ...]]:
    """(what is wanted now, where what holds differs from it).

    Alarms do not count, nor do one-time actions whose time has passed, whoever deleted or left them.
    """
    target = baseline.setup.target
    led, before = expected(baseline, present, now)
    wanted = _lasting(baseline.setup, now)
    if target is not None and led is not None:
        wanted = replace(wanted, target=replace(target, bounds=led))
    found = differences(wanted, _lasting(present, now), ref)
    late = present.target is not None and before is not None and present.target.bounds == before
    return wanted, tuple(d for d in found if d.part != BOUNDS or not late)


def expected(baseline: Baseline, present: Setup, now: datetime) -> tuple[Bounds | None, Bounds | None]:
    """(the bounds to which scheduled actions have led since the baseline, those before a run of just now or None)."""
    if baseline.setup.target is None:
        return None, None
    bounds, before = baseline.setup.target.bounds, None
    for at, action in sorted(_ran(baseline, present, now), key=lambda run: run[0]):
        low = bounds.min if action.min is None else action.min
        high = bounds.max if action.max is None else action.max
        if low <= high and Bounds(low, high) != bounds:
            before = bounds if now - at < JUST_RAN else None
            bounds = Bounds(low, high)
    return bounds, before


def _lasting(setup: Setup, now: datetime) -> Setup:
    return replace(setup, alarms=(), schedules=tuple(s for s in setup.schedules if not _over(s, now)))


def _over(action: ScheduledAction, now: datetime) -> bool:
    """Whether it was to run once, and that time has passed."""
    try:
        once = parse(action.schedule, action.timezone, action.start, action.end).once
    except BadInput:
        return False
    return once is not None and once <= now


def _ran(baseline: Baseline, present: Setup, now: datetime) -> list[tuple[datetime, ScheduledAction]]:
    """(when, action) of every run since the baseline, of actions that are or were there."""
    found = []
    begin = utc(max(baseline.at.timestamp(), now.timestamp() - MOST_DAYS * 86_400))
    for action in dict.fromkeys((*baseline.setup.schedules, *present.schedules)):
        try:
            schedule = parse(action.schedule, action.timezone, action.start, action.end)
        except BadInput:
            continue
        found += [(moment, action) for moment in runs(schedule, begin, now, baseline.at)]
    return found

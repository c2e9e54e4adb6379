"""Drift: what somebody set elsewhere. The set-up that was last set or accepted through Ebb, against what holds now.

Scheduled actions overwrite the bounds (facts B.6): bounds that they explain are no drift. One that was to run once
and is past makes no difference any more, and is nothing to restore.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from ops.core.errors import BadInput
from ops.core.schedule import parse, runs
from ops.core.setup import BOUNDS, Difference, Setup, differences
from ops.core.types import Bounds, EndpointRef, ScheduledAction, utc


@dataclass(frozen=True, slots=True)
class Baseline:
    """A set-up without its alarms, since when it counts, and who set it: "" for what Ebb found when it came."""

    setup: Setup
    at: datetime
    by: str = ""


@dataclass(frozen=True, slots=True)
class Drift:
    """Parts that differ from the baseline. `who`: in a sentence, empty while it is not known."""

    baseline: Baseline
    differences: tuple[Difference, ...]
    who: str = ""


def drift(baseline: Baseline, present: Setup, ref: EndpointRef, now: datetime) -> tuple[Difference, ...]:
    """What was changed since the baseline, without what scheduled actions explain.

    Alarms do not count, nor do one-time actions whose time has passed, whoever deleted or left them.
    """
    found = differences(_lasting(baseline.setup, now), _lasting(present, now), ref)
    return tuple(d for d in found if d.part != BOUNDS or not explained(baseline, present, now))


def explained(baseline: Baseline, present: Setup, now: datetime) -> bool:
    """Whether runs of scheduled actions since the baseline lead to the bounds that hold now."""
    old, new = baseline.setup.target, present.target
    if old is None or new is None:
        return False
    reached = {old.bounds}
    bounds = old.bounds
    for _, action in sorted(_ran(baseline, present, now), key=lambda run: run[0]):
        low = bounds.min if action.min is None else action.min
        high = bounds.max if action.max is None else action.max
        if low <= high:
            bounds = Bounds(low, high)
            reached.add(bounds)
    return new.bounds in reached


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
    begin = utc(max(baseline.at.timestamp(), now.timestamp() - 14 * 86_400))
    for action in dict.fromkeys((*baseline.setup.schedules, *present.schedules)):
        try:
            schedule = parse(action.schedule, action.timezone, action.start, action.end)
        except BadInput:
            continue
        found += [(moment, action) for moment in runs(schedule, begin, now, baseline.at)]
    return found

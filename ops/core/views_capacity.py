"""What the Capacity page asks for: how an endpoint is set up now, and what a change of it has to know besides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.core.errors import BadInput
from ops.core.plan_effects import Around
from ops.core.schedule import next_run, parse
from ops.core.setup import Setup
from ops.core.types import Connection, ScheduledAction

AHEAD = timedelta(days=14)
"""So far ahead the next run of a scheduled action is worth telling."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """The next run of one scheduled action."""

    at: datetime
    action: ScheduledAction


@dataclass(frozen=True, slots=True)
class CapacityView:
    """Read from AWS for this view, not from memory: forms start with what holds."""

    connection: Connection
    setup: Setup
    around: Around
    suspended_since: datetime | None = None
    """Since when something is suspended; None where that is not known, or nothing is."""
    suspended_by: str = ""

    @property
    def ahead(self) -> tuple[Ahead, ...]:
        return ahead(self.setup.schedules, self.around.now)


def ahead(schedules: Iterable[ScheduledAction], now: datetime) -> tuple[Ahead, ...]:
    """The next run of each scheduled action within two weeks, soonest first; none of those that make no sense."""
    found = []
    for action in schedules:
        try:
            at = next_run(parse(action.schedule, action.timezone, action.start, action.end), now)
        except BadInput:
            continue
        if at is not None and at - now <= AHEAD:
            found.append(Ahead(at, action))
    return tuple(sorted(found, key=lambda each: each.at))

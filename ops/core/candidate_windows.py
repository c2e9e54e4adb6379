"""Warm windows in scheduled actions that Ebb did not make, and what all such actions leave of the bounds. Pure.

Source: facts B.6: a run overwrites the bounds until the next one does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from ops.core.bounds_ahead import ahead
from ops.core.errors import BadInput
from ops.core.schedule import parse, runs
from ops.core.types import Bounds, ScheduledAction
from ops.core.warm import MOST_WINDOWS, WarmPlan, WarmWindow, zone_of
from ops.core.warm_base import LOOKED_AHEAD

WEEK = 7 * 1440
_WEEKLY = re.compile(r"\s*cron\(\s*\d+\s+\d+\s+[?*]\s+\*\s+\S+(?:\s+\*)?\s*\)\s*")
_MONDAY = datetime(2024, 1, 8, tzinfo=UTC)
"""Of a week in which no clock of the world changes."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Windowed:
    """`high`: the maximum that all of the actions set; None: they leave it alone."""

    plan: WarmPlan
    high: int | None


def windowed(actions: Iterable[ScheduledAction]) -> Windowed | None:
    """Actions that repeat every week and only open and close windows, as a warm plan; None where they do else."""
    given = tuple(actions)
    lows = {a.min for a in given}
    highs = {a.max for a in given}
    zones = {a.timezone or "UTC" for a in given}
    if len(lows) != 2 or None in lows or len(highs) != 1 or len(zones) != 1:
        return None
    back, floor = sorted(low for low in lows if low is not None)
    high, zone = highs.pop(), zones.pop()
    if high is not None and high < floor:
        return None
    week = _week(given, zone)
    windows = None if week is None else _windows(week, floor)
    if windows is None:
        return None
    return Windowed(WarmPlan(1, windows, zone, floor, back_min=back), high)


def reached(
    bounds: Bounds, actions: Iterable[ScheduledAction], now: datetime, *, suspended: bool = False
) -> Bounds:
    """The least minimum and the largest maximum that actions lead to within 14 days, `bounds` among them."""
    seen = ahead(bounds, actions, now, now + LOOKED_AHEAD, suspended=suspended)
    found = [bounds, *(run.after for run in seen.runs)]
    return Bounds(min(b.min for b in found), max(b.max for b in found))


def _week(actions: Iterable[ScheduledAction], zone: str) -> dict[int, int] | None:
    """The minimum that is set at each minute of the local week; None where one does not run by the week."""
    found: dict[int, int] = {}
    first = _MONDAY.replace(tzinfo=zone_of(zone))
    for action in actions:
        if action.start is not None or action.end is not None or not _WEEKLY.fullmatch(action.schedule):
            return None
        try:
            read = parse(action.schedule, zone)
        except BadInput:
            return None
        for at in runs(read, first - timedelta(minutes=1), first + 7 * _DAY - timedelta(minutes=1)):
            local = at.astimezone(first.tzinfo)
            minute = local.weekday() * 1440 + local.hour * 60 + local.minute
            if minute in found or action.min is None:  # nobody knows which of two runs first
                return None
            found[minute] = action.min
    return found


def _windows(week: dict[int, int], floor: int) -> tuple[WarmWindow, ...] | None:
    """None where one lasts for more than a day."""
    minutes = sorted(week)
    days: dict[tuple[time, time], set[int]] = {}
    for i, minute in enumerate(minutes):
        if week[minute] != floor or week[minutes[i - 1]] == floor:
            continue
        later = (minutes[(i + k) % len(minutes)] for k in range(1, len(minutes)))
        closes = next((m for m in later if week[m] != floor), None)
        if closes is None or (closes - minute) % WEEK > 1440:
            return None
        days.setdefault((_clock(minute), _clock(closes)), set()).add(minute // 1440)
    if not 1 <= len(days) <= MOST_WINDOWS:
        return None
    return tuple(WarmWindow(frozenset(on), *hours) for hours, on in days.items())


def _clock(minute: int) -> time:
    return time(minute % 1440 // 60, minute % 60)

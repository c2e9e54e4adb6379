"""Warm plans to test with, and what their scheduled actions make of the minimum."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from ops.core.bounds_ahead import ahead
from ops.core.fixes import PutSchedule
from ops.core.types import Bounds, EndpointRef, ScheduledAction
from ops.core.warm import WarmPlan, WarmWindow
from ops.core.warm_actions import as_action
from ops.core.warm_text import clock, weekdays

REF = EndpointRef("123456789012", "eu-central-1", "doc")


def at(text: str) -> datetime:
    """A UTC instant from "2026-11-22 17:30"."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def window(text: str) -> WarmWindow:
    """ "mon-fri 08:00-18:00"."""
    days, hours = text.split()
    begin, _, end = hours.partition("-")
    return WarmWindow(weekdays(days), clock(begin), clock(end))


def plan(*windows: str, zone: str = "Europe/Berlin", **more: object) -> WarmPlan:
    return WarmPlan(more.pop("id", 1), tuple(map(window, windows)), zone, **more)  # type: ignore[arg-type]


def office(**more: object) -> WarmPlan:
    return plan("mon-fri 08:00-18:00", **more)


def made(changes: Iterable[PutSchedule]) -> tuple[ScheduledAction, ...]:
    return tuple(as_action(change) for change in changes)


def kept(
    actions: Iterable[ScheduledAction], start: datetime, end: datetime, low: int = 0
) -> list[tuple[datetime, datetime]]:
    """When the minimum is above `low`, by the runs of scheduled actions."""
    found: list[tuple[datetime, datetime]] = []
    since: datetime | None = start if low else None
    for run in ahead(Bounds(low, 9), actions, start, end).runs:
        if run.after.min and since is None:
            since = run.at
        if not run.after.min and since is not None:
            found.append((since, run.at))
            since = None
    return [*found, *([(since, end)] if since is not None else [])]


def shown(spans: Iterable[tuple[datetime, datetime]]) -> list[str]:
    """ "2026-03-28 06:55 - 17:00" in UTC."""
    return [f"{a:%Y-%m-%d %H:%M} - {b:%H:%M}" for a, b in spans]

"""What the scaling record adds to the metrics: waking times and events. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from components.charts.grid import Floats
from ops.core.types import Activity
from ops.core.views import EndpointView

_ORDERED = ("Successful", "InProgress", "Pending", "Overridden")
_SCHEDULED = re.compile(r"scheduled action name (\S+) was triggered")
_SETS = re.compile(r"\b(min|max)(?:imum)? capacity to (\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Waking:
    """From the order of the first instance until it served, or until now where it has not."""

    start: datetime
    end: datetime
    done: bool
    cause: str

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


def _in_order(activities: tuple[Activity, ...]) -> list[Activity]:
    return sorted((a for a in activities if a.desired is not None), key=lambda a: a.start)


def events(view: EndpointView) -> list[tuple[Activity, int | None]]:
    """The capacity changes inside the window, oldest first, with the capacity before (None = not known)."""
    found = []
    before: int | None = None
    for activity in _in_order(view.activities):
        if activity.not_scaled:
            continue
        if view.window.start <= activity.start < view.window.end:
            found.append((activity, before))
        if activity.status in _ORDERED:
            before = activity.desired
    return found


def wakings(view: EndpointView) -> list[Waking]:
    """Each time the endpoint went from no instance to some, within the window."""
    window, values = view.window, view.instances.values
    serving = np.flatnonzero(np.nan_to_num(values) >= 1)
    found: list[Waking] = []
    for activity, before in events(view):
        if not activity.desired or activity.status == "Failed" or (found and activity.start < found[-1].end):
            continue
        index = int((activity.start - window.start).total_seconds() // window.period)
        here = values[max(0, index - 1) : index + 1]
        asleep = before == 0 or (before is None and not np.any(np.nan_to_num(here) >= 1))
        if not asleep:
            continue
        later = serving[serving >= index]
        moments = [activity.end] if activity.end is not None else []
        if activity.end is None and later.size:
            moments.append(datetime.fromtimestamp(float(window.epochs()[later[0]]), window.start.tzinfo))
        end = max(activity.start, moments[0] if moments else view.as_of)
        found.append(Waking(activity.start, end, bool(moments), activity.cause))
    return found


@dataclass(frozen=True, slots=True)
class Edge:
    """One run of a scheduled action that the scaling record tells."""

    at: datetime
    name: str
    sets: str
    """min 1, or max 4."""


def edges(view: EndpointView) -> list[Edge]:
    """The scheduled actions that ran inside the window, oldest first: only what is on record."""
    found = []
    for activity in view.activities:
        named, said = _SCHEDULED.search(activity.cause), _SETS.search(activity.description)
        if named and said and view.window.start <= activity.start < view.window.end:
            found.append(Edge(activity.start, named[1], f"{said[1].lower()} {said[2]}"))
    return sorted(found, key=lambda e: e.at)


def desired(view: EndpointView) -> list[tuple[datetime, int]]:
    """When the desired capacity changed and to what, oldest first; begins where the record begins."""
    found: list[tuple[datetime, int]] = []
    for activity in _in_order(view.activities):
        if activity.desired is None or activity.not_scaled or activity.status not in _ORDERED:
            continue
        if activity.start < view.window.start:
            found = [(view.window.start, activity.desired)]
        elif activity.start < view.window.end:
            found.append((activity.start, activity.desired))
    return found


def in_service(view: EndpointView) -> Floats:
    """Instances in service; NaN in a long period that is not final: its samples would say too few."""
    values, window = view.instances.values, view.window
    if window.period <= 60:
        return values
    return np.where(window.epochs() + window.period > view.provisional_from.timestamp(), np.nan, values)


def record_from(view: EndpointView) -> datetime | None:
    """When the scaling record begins, where instances served in the window before it; None where it covers all."""
    first = min((a.start for a in view.activities), default=None)
    if first is None or first <= view.window.start:
        return None
    epochs, values = view.window.epochs(), np.nan_to_num(view.instances.values)
    starts = np.flatnonzero((values[1:] >= 1) & (values[:-1] < 1)) + 1
    earlier = starts[epochs[starts] < first.timestamp() - view.window.period]
    return first if earlier.size else None


def top_of(*values: Floats | float | None, least: float = 1.0, room: float = 1.12) -> float:
    """The top of an axis: a little above the greatest known value."""
    greatest = least
    for value in values:
        if value is None:
            continue
        known = np.asarray(value, dtype=np.float64)
        known = known[~np.isnan(known)]
        if known.size:
            greatest = max(greatest, float(known.max()))
    return greatest * room

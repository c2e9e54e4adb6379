"""What the scaling record adds to the metrics: waking times and events. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from components.charts.grid import Floats
from ops.core.types import Activity
from ops.core.views import EndpointView


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
        if activity.status in ("Successful", "InProgress", "Pending", "Overridden"):
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


def top_of(*values: Floats | float | None, least: float = 1.0) -> float:
    """The top of an axis: a little above the greatest known value."""
    greatest = least
    for value in values:
        if value is None:
            continue
        known = np.asarray(value, dtype=np.float64)
        known = known[~np.isnan(known)]
        if known.size:
            greatest = max(greatest, float(known.max()))
    return greatest * 1.12

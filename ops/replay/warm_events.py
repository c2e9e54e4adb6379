"""Warm windows and scheduled actions as events of a replay. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC

from ops.core import warm_text
from ops.core.errors import BadInput
from ops.core.types import Bounds, utc
from ops.core.warm import DAY, WarmPlan, WarmWindow
from ops.core.warm_week import spans
from ops.replay.scenario import Event, Kind

_TYPED = re.compile(
    r"^\s*(?P<days>.*?)\s+(?P<first>[\d:.]+)\s*-\s*(?P<last>[\d:.]+)(?:\s+(?P<zone>\S+))?\s*$"
)
_FORM = 'Write it like "mon-fri 08:00-18:00 Europe/Berlin".'


@dataclass(frozen=True, slots=True)
class Planned:
    """`bounds` as they are at the start, and what changes them later."""

    bounds: Bounds
    events: tuple[Event, ...]


def warm_plan(text: str, floor: int = 1) -> WarmPlan:
    """ "mon-fri 08:00-18:00 Europe/Berlin"; without a zone, UTC. Raises BadInput."""
    found = _TYPED.match(text)
    if found is None:
        raise BadInput(f"{text!r} is no warm window.", _FORM)
    begin, end = warm_text.clock(found["first"]), warm_text.clock(found["last"])
    if begin == end and not (begin.hour == begin.minute == 0):
        raise BadInput(
            f"{text!r} begins and ends at the same time of day: nothing, or a whole day?",
            'A whole day is "fri 00:00-24:00"; a night goes over midnight, as in "fri 20:00-08:00".',
        )
    window = WarmWindow(warm_text.weekdays(found["days"]), begin, end)
    return WarmPlan(1, (window,), str(warm_text.zone(found["zone"] or "UTC")), floor=floor)


def warm_events(
    plans: Sequence[WarmPlan], bounds: Bounds, zero_s: float, start_s: float, until_s: float
) -> Planned:
    """The windows between two times (seconds from `zero_s`, which are seconds since the epoch).

    Where several plans overlap, the floor is the highest that holds: one closing window never shuts another.
    Raises BadInput where a floor is above the maximum.
    """
    highest = max((plan.floor or 0 for plan in plans), default=0)
    if highest > bounds.max:
        raise BadInput(
            f"A warm window keeps {highest} in service, and the maximum is {bounds.max}.", "Raise --max."
        )
    begin, end = utc(zero_s + start_s), utc(zero_s + until_s)
    found = {plan: spans(plan, begin, end + DAY) for plan in plans}
    moments = sorted({m for there in found.values() for span in there for m in (span.opens, span.closes)})

    def low(moment_s: float) -> int:
        moment = utc(moment_s).astimezone(UTC)
        floors = [plan.floor or 0 for plan, there in found.items() if any(s.holds(moment) for s in there)]
        return max([bounds.min, *floors])

    first = low(zero_s + start_s)
    events: list[Event] = []
    now = first
    for moment in moments:
        if moment <= begin or moment > end:
            continue
        wanted = low(moment.timestamp())
        if wanted != now:
            events.append(Event(moment.timestamp() - zero_s, Kind.SCHEDULED, low=wanted))
            now = wanted
    return Planned(replace(bounds, min=first), tuple(events))

"""What warm windows would have bought in the past: cold starts met, waiting saved, and what they would have cost. Pure.

Nothing here is a promise: the past is looked at as if the windows had been there, and what is not known is said.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np

from ops.core import cost
from ops.core.cold_start import ColdStart, Counted, served
from ops.core.cold_starts import WokenBy
from ops.core.cost import CostLine
from ops.core.types import Price, Series
from ops.core.warm import MOST_EARLY, Span, WarmPlan
from ops.core.warm_overlaps import covering
from ops.core.warm_week import spans
from ops.core.words import count, took

LOOKED_BACK = timedelta(days=30)
_FAR = date(2140, 1, 1)
NOT_MEASURED = 10
"""Minutes to open early where no cold start has been measured."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Minutes that a window should open early, and what that comes from."""

    minutes: int
    basis: str


@dataclass(frozen=True, slots=True)
class Bought:
    """Of the cold starts that requests caused in [first, last).

    `met`: an instance would have been in service. `late`: the window had opened, but a first instance would still have
    been on its way: a shorter wait. `missed`: outside the windows.
    """

    first: datetime
    last: datetime
    met: tuple[ColdStart, ...]
    late: tuple[ColdStart, ...]
    missed: tuple[ColdStart, ...]
    requests: int | None
    """Requests that waited for those that are met, at least; None where no number is known."""
    waited_s: float | None
    """From the first waiting request to its result, those that are met put together; None where not known."""
    longest_s: float | None
    extra_hours: float
    """Instance-hours within the windows in which fewer than the floor were in service, as far as is known."""
    unknown_hours: float
    """Instance-hours within the windows of whose time nothing is known: up to so many more."""
    cost: CostLine | None
    """Of the extra hours, at list price; None where there is no price, or nothing at all is known."""

    @property
    def starts(self) -> int:
        return len(self.met) + len(self.late) + len(self.missed)


def bought(
    plan: WarmPlan,
    starts: Iterable[ColdStart],
    instances: Series,
    now: datetime,
    price: Price | None = None,
    back: timedelta = LOOKED_BACK,
) -> Bought:
    """What a plan would have bought in the time before `now`.

    `instances`: instances in service on any grid; NaN: not known. A last day of the plan does not count here, its
    days off do.
    """
    first = now - back
    inside = spans(_endless(plan), first, now) if plan.floor else ()
    met: list[ColdStart] = []
    late: list[ColdStart] = []
    missed: list[ColdStart] = []
    for start in served(starts):
        if start.woken_by is not WokenBy.REQUEST or not first <= start.ordered < now:
            continue
        span = covering(inside, start.began)
        if span is None:
            missed.append(start)
        elif start.began >= span.opens + timedelta(seconds=start.start_s or 0.0):
            met.append(start)
        else:
            late.append(start)
    waits = [s.total_s for s in met if s.counted is Counted.WAIT and s.total_s is not None]
    numbers = [s.waited for s in met if s.waited is not None]
    longest = [s.longest_wait_s for s in met if s.longest_wait_s is not None]
    extra, unknown, known = _hours(inside, instances, plan.floor or 0, first, now)
    return Bought(
        first,
        now,
        tuple(met),
        tuple(late),
        tuple(missed),
        sum(numbers) if numbers else None,
        sum(waits) if waits else None,
        max(longest, default=None),
        extra,
        unknown,
        cost.estimate(round(extra, 4), price) if known or not inside else None,
    )


def lead_of(starts: Iterable[ColdStart]) -> Lead:
    """How early to open: as long as nine of ten starts took from the order to in service, and a minute."""
    lengths = [s.start_s for s in served(starts) if s.start_s is not None]
    if not lengths:
        text = f"no cold start has been measured yet, so {NOT_MEASURED} minutes are assumed"
        return Lead(NOT_MEASURED, text)
    return lead_by(float(np.percentile(lengths, 90)), len(lengths))


def lead_by(most_s: float, starts: int) -> Lead:
    """The same of what is known already: nine of ten of so many starts took up to `most_s`."""
    minutes = min(MOST_EARLY, math.ceil(most_s / 60) + 1)
    of = count(starts, "measured cold start")
    return Lead(minutes, f"9 of 10 starts were in service within {took(most_s)} ({of}), and a minute more")


def sentences(found: Bought) -> tuple[str, ...]:
    """In plain words, without a promise."""
    days = round((found.last - found.first) / timedelta(days=1))
    if not found.starts:
        said = [f"No cold start that a request caused is known of the last {days} days."]
    else:
        of = count(found.starts, "cold start")
        said = [f"Would have met {len(found.met)} of {of} in the last {days} days."]
        if found.late:
            n = len(found.late)
            said.append(
                f"{n} more came while the window was opening: {'its' if n == 1 else 'their'} wait would have been "
                "shorter."
            )
    if found.met:
        parts = []
        if found.requests:
            parts.append(f"At least {count(found.requests, 'request')} waited for those")
        if found.waited_s is not None:
            parts.append(f"{'their' if parts else 'Their'} first results took {took(found.waited_s)} in all")
        if parts:
            said.append(", and ".join(parts) + ".")
    said.append(_extra(found))
    return tuple(said)


def _extra(found: Bought) -> str:
    if found.cost is None and not found.extra_hours and found.unknown_hours:
        hours = _hours_text(found.unknown_hours)
        return f"What the windows would have cost more is not known: {hours} are without data."
    text = f"It would have taken {_hours_text(found.extra_hours)} more"
    if found.cost is not None:
        text += f", about ${cost.cents(found.cost.usd):,}, estimate at list price"
    if found.unknown_hours:
        text += f"; up to {_hours_text(found.unknown_hours)} besides are not known"
    return text + "."


def _hours_text(hours: float) -> str:
    return f"{hours:,.1f} instance-hours" if hours < 10 else f"{hours:,.0f} instance-hours"


def _endless(plan: WarmPlan) -> WarmPlan:
    """Without its last day, which lies in the future."""
    return plan if plan.until is None else replace(plan, until=_FAR)


def _hours(
    inside: Sequence[Span], instances: Series, floor: int, first: datetime, last: datetime
) -> tuple[float, float, bool]:
    """(instance-hours that were lacking, instance-hours of which nothing is known, whether anything is)."""
    begins = instances.window.epochs()
    ends = begins + instances.window.period
    extra = unknown = seen = 0.0
    for span in inside:
        start, end = max(span.opens, first).timestamp(), min(span.closes, last).timestamp()
        if end <= start:
            continue
        overlap = np.clip(np.minimum(ends, end) - np.maximum(begins, start), 0.0, None)
        known = ~np.isnan(instances.values)
        lacking = np.clip(floor - instances.values[known], 0.0, None)
        extra += float((overlap[known] * lacking).sum())
        covered = float(overlap[known].sum())
        seen += covered
        unknown += floor * (end - start - covered)
    return extra / 3600, unknown / 3600, seen > 0

"""What warm windows of schedules cost beyond what requests needed, and which cold starts they avoided. Pure.

Looked at in the past as far as it is known. Source: facts B.6 (a run of a scheduled action overwrites the bounds until
something else does), B.8 (the scaling record tells of bounds that were set).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice, pairwise

import numpy as np

from ops.core import cold_start_causes as causes
from ops.core import schedule, worked
from ops.core.bounds_ahead import MOST_RUNS
from ops.core.errors import BadInput
from ops.core.savings_idle import PriceAt
from ops.core.types import Activity, FloatArray, ScheduledAction
from ops.core.views_savings import WarmAccount
from ops.core.words import duration
from ops.core.worked import Steps

A_WEEK = timedelta(days=8)
"""Looked back before the period: what a weekly schedule left there holds when it begins."""
OPENING_S = 1200.0
"""So long after a window opened its instance may still be on its way."""
HELD = 0.8
"""A window in less of whose known time an instance was in service was none then, whatever the schedule says now."""


@dataclass(frozen=True, slots=True)
class Held:
    """A span with a minimum of at least 1. Epoch seconds."""

    opens: float
    closes: float
    floor: int


@dataclass(frozen=True, slots=True)
class _Set:
    """A minimum that was set."""

    at: float
    floor: int
    by_schedule: bool


def windows(
    activities: Iterable[Activity], actions: Sequence[ScheduledAction], start: datetime, until: datetime
) -> tuple[Held, ...]:
    """The spans of [start, until) with a minimum of at least 1 that a schedule began or ended, oldest first.

    A minimum that somebody raised and nobody takes back is none: it is idle time. By the scaling record, and by when
    the scheduled actions of now would have run where that tells nothing.
    """
    begin = start - A_WEEK
    told = _on_record(activities, actions, begin, until)
    near = causes.TOGETHER.total_seconds()
    due = [
        each
        for each in _by_schedule(actions, begin, until)
        if not any(abs(other.at - each.at) <= near and other.floor == each.floor for other in told)
    ]
    out: list[Held] = []
    opened: _Set | None = None
    for each in sorted((*told, *due), key=lambda found: (found.at, found.floor)):
        if opened is not None and each.floor == opened.floor:
            continue
        if opened is not None and (opened.by_schedule or each.by_schedule):
            out.append(Held(opened.at, each.at, opened.floor))
        opened = each if each.floor >= 1 else None
    if opened is not None and opened.by_schedule:
        out.append(Held(opened.at, until.timestamp(), opened.floor))
    first, last = start.timestamp(), until.timestamp()
    return tuple(
        Held(max(w.opens, first), min(w.closes, last), w.floor)
        for w in out
        if w.opens < last and w.closes > first
    )


def account(
    held: Sequence[Held],
    pieces: Sequence[Steps],
    edges: Sequence[int],
    price_at: PriceAt,
    hold_s: float,
) -> WarmAccount | None:
    """What windows cost beyond need; None where there was no window.

    `hold_s`: so long after its last request an endpoint without windows would have stayed awake anyway. `edges`: where
    the price may change, ascending, with begin and end of the period.
    """
    kept = [window for window in held if _was_held(window, pieces)]
    if not kept:
        return None
    hours, usd, unknown, inside = Decimal(0), Decimal(0), Decimal(0), Decimal(0)
    priced, avoided = True, 0
    for steps in pieces:
        floor = _floor(steps, kept)
        calm, dark = worked.idle(steps)
        rest, whole = _rest(steps)
        late = rest >= hold_s
        paid = np.minimum(np.nan_to_num(steps.instances), floor)
        inside += worked.hours(paid, steps.period, floor > 0)
        for begin, end in pairwise(edges):
            here = (steps.at >= begin) & (steps.at < end)
            extra = worked.hours(paid, steps.period, here & calm & late)
            unknown += worked.hours(paid, steps.period, here & (dark | (calm & ~late & ~whole)))
            hours += extra
            price = price_at(begin)
            if price is not None:
                usd += extra * price.usd_per_hour
            elif extra:
                priced = False
        if steps.period < worked.HOUR_S:
            avoided += _avoided(steps, floor, hold_s)
    told = inside > 0 and 2 * unknown <= inside
    fine = any(p.period < worked.HOUR_S and not np.isnan(p.backlog).all() for p in pieces)
    return WarmAccount(
        hours if told else None,
        usd if told and priced else None,
        avoided if fine else None,
        len(kept),
        unknown,
        (
            "The windows are those that the scaling record tells of; where it does not reach, those of the scheduled "
            "actions as they are now, as far as an instance was in service in them.",
            f"Without a window an endpoint is taken to sleep {duration(hold_s)} after its last request: instances that "
            "were in service without work for longer than that, up to the minimum of the window, are its cost.",
            "A request after so long a rest inside a window is a cold start avoided.",
        ),
    )


def _on_record(
    activities: Iterable[Activity], actions: Sequence[ScheduledAction], start: datetime, until: datetime
) -> list[_Set]:
    names = [action.name for action in actions]
    out: list[_Set] = []
    for each in sorted(activities, key=lambda found: found.start):
        if each.status in ("Failed", "Unfulfilled") or not start <= each.start < until:
            continue
        found = next((b.to for b in causes.bounds(each.description) if b.which == "minimum"), None)
        scheduled = causes.scheduled(each.cause, names) is not None
        if found is None:
            found = next((b.to for b in causes.bounds(each.cause) if b.which == "minimum"), None)
            last = out[-1] if out else None
            echo = last is not None and last.floor == found
            if found is None or echo:
                continue
        out.append(_Set(each.start.timestamp(), found, scheduled))
    return out


def _by_schedule(actions: Sequence[ScheduledAction], start: datetime, until: datetime) -> list[_Set]:
    out: list[_Set] = []
    for action in actions:
        if action.min is None:
            continue
        try:
            parsed = schedule.parse(action.schedule, action.timezone, action.start, action.end)
        except BadInput:
            continue
        if parsed.every is not None and parsed.start is None:
            continue
        found = islice(schedule.runs(parsed, start, until), MOST_RUNS)
        out += [_Set(at.timestamp(), action.min, True) for at in found]
    return out


def _was_held(window: Held, pieces: Sequence[Steps]) -> bool:
    """Whether an instance was in service for most of its known time; nothing known of it: no."""
    known = there = 0.0
    for steps in pieces:
        at = steps.at
        inside = (at >= min(window.opens + OPENING_S, window.closes)) & (at + steps.period <= window.closes)
        seen = inside & ~np.isnan(steps.instances)
        known += float(seen.sum()) * steps.period
        there += float((seen & (np.nan_to_num(steps.instances) > 0)).sum()) * steps.period
    return known > 0 and there >= HELD * known


def _floor(steps: Steps, held: Sequence[Held]) -> FloatArray:
    floor = np.zeros(len(steps.instances))
    for window in held:
        a = max(0, int((window.opens - steps.start) // steps.period))
        b = max(0, int(-(-(window.closes - steps.start) // steps.period)))
        floor[a:b] = np.maximum(floor[a:b], window.floor)
    return floor


def _rest(steps: Steps) -> tuple[FloatArray, worked.BoolArray]:
    """As `worked.rest_s`; where the queue is not known, somebody may have come."""
    return worked.rest_s(worked.in_work(steps), steps.period, np.isnan(steps.backlog))


def _avoided(steps: Steps, floor: FloatArray, hold_s: float) -> int:
    """Requests that came in a window, to an instance in service, after so long a rest that it would have slept."""
    asked = worked.asked(steps)
    rest, _ = _rest(steps)
    there = np.nan_to_num(steps.instances) > 0
    before = np.concatenate([[False], there[:-1]])
    return int((asked & there & before & (floor > 0) & (rest > hold_s)).sum())

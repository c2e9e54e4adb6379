"""Keep warm until a moment: the minimum is raised now, and one scheduled action puts it back. Pure.

AWS runs that action whether Ebb is there or not. Other scheduled actions may lower the minimum before: a minute
after each it is set again, by one more one-time action; theirs are never touched. What is put back in the end is
what the others alone would have led to: inside a warm window its floor, else the minimum that there was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ops.core.bounds_ahead import ahead
from ops.core.errors import BadInput
from ops.core.fixes import PutSchedule
from ops.core.types import Bounds, EndpointRef, ScheduledAction
from ops.core.warm_actions import KeepGroup, open_at, recognised
from ops.core.warm_names import KeepName, keep_name, minutes_of

LONGEST = timedelta(days=31)
MOST_AGAIN = 60
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class KeepUntil:
    """At least `floor` instances until `until`."""

    until: datetime
    floor: int = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """The actions of a "keep warm until". `back`: the minimum that it leaves; `again`: how often it is set again."""

    puts: tuple[PutSchedule, ...]
    back: int
    again: int
    refused: tuple[str, ...]
    """Names of other actions whose runs AWS would refuse meanwhile: their maximum is below the floor."""


def checked(wish: KeepUntil, now: datetime) -> KeepUntil:
    """With the end on a whole minute. Raises BadInput for an end that is past or far away, or a floor below 1."""
    if wish.floor < 1:
        raise BadInput("To keep it warm takes at least one instance.", "Give a floor of 1 or more.")
    until = wish.until.astimezone(UTC)
    if until.second or until.microsecond:
        until = until.replace(second=0, microsecond=0) + _MINUTE
    if until < now + 2 * _MINUTE:
        raise BadInput(
            "The time until which to keep it warm is past, or less than two minutes away.",
            "Give a later one.",
        )
    if until > now + LONGEST:
        raise BadInput(
            f"That is more than {LONGEST.days} days away.", "Set the minimum itself, or make a weekly window."
        )
    return KeepUntil(until, wish.floor)


def kept(
    ref: EndpointRef,
    name: KeepName,
    until: datetime,
    others: Iterable[ScheduledAction],
    without: Bounds,
    now: datetime,
) -> Kept:
    """`others`: all scheduled actions but those of "keep until"; `without`: the bounds now, were it not kept warm."""
    given = tuple(others)
    alone = ahead(without, given, now, until)
    back = alone.at(until).min
    lowered = sorted(
        {
            run.at + _MINUTE
            for run in alone.runs
            if run.action.min is not None and run.action.min < name.floor and run.at + _MINUTE < until
        }
    )
    if len(lowered) > MOST_AGAIN:
        raise BadInput(
            f"Other scheduled actions lower the minimum {len(lowered)} times before then.",
            "Choose an earlier end, or see to those actions first.",
        )
    raised = Bounds(max(name.floor, without.min), max(without.max, name.floor))
    held = ahead(raised, given, now, until)
    refused = tuple(dict.fromkeys(run.action.name for run in held.runs if run.failed))
    puts = [_put(ref, KeepName(name.id, name.floor, name.base, name.made, True), until, back)]
    for moment in lowered:
        again = KeepName(name.id, name.floor, name.base, name.made, False, minutes_of(moment))
        puts.append(_put(ref, again, moment, name.floor))
    return Kept(tuple(puts), back, len(lowered), refused)


def active(actions: Iterable[ScheduledAction], now: datetime) -> KeepGroup | None:
    """The "keep until" that is not over yet."""
    found = [k for k in recognised(actions).keeps if k.until is not None and k.until > now]
    return max(found, key=lambda k: k.name.made, default=None)


def others(actions: Iterable[ScheduledAction]) -> tuple[ScheduledAction, ...]:
    """All but those of "keep until"."""
    given = tuple(actions)
    ours = {a.name for k in recognised(given).keeps for a in k.actions}
    return tuple(a for a in given if a.name not in ours)


def base_now(bounds: Bounds, actions: Iterable[ScheduledAction], now: datetime) -> int:
    """The minimum outside of all that Ebb keeps warm at this moment."""
    given = tuple(actions)
    held = active(given, now)
    if held is not None:
        return held.name.base
    for group in recognised(given).plans:
        if group.plan.back_min is not None and group.plan.floor == bounds.min and open_at(group.plan, now):
            return group.plan.back_min
    return bounds.min


def without_keep(bounds: Bounds, actions: Iterable[ScheduledAction], now: datetime) -> Bounds:
    """The bounds as they would be now, had nobody asked to keep it warm until some moment."""
    given = tuple(actions)
    held = active(given, now)
    if held is None:
        return bounds
    rest, made = others(given), held.name.made
    low = held.name.base
    for group in recognised(rest).plans:
        if group.plan.floor is not None and open_at(group.plan, made) is not None:
            low = max(low, group.plan.floor)
    found = ahead(Bounds(min(low, bounds.max), bounds.max), rest, made, now).at(now).min
    return Bounds(min(found, bounds.max), bounds.max)


def _put(ref: EndpointRef, name: KeepName, at: datetime, low: int) -> PutSchedule:
    return PutSchedule(ref, keep_name(name), f"at({at.astimezone(UTC):%Y-%m-%dT%H:%M:%S})", "UTC", low)

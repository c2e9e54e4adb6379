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
from ops.core.warm_names import KeepName, keep_name, minutes_of, read_name

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


def outside_now(bounds: Bounds, actions: Iterable[ScheduledAction], now: datetime) -> Bounds:
    """The bounds outside of all that Ebb keeps warm, or small, at this moment."""
    given = tuple(actions)
    found = without_keep(bounds, given, now)
    low, high = found.min, found.max
    for plan in (group.plan for group in recognised(given).plans):
        if open_at(plan, now) is None:
            continue
        if plan.back_min is not None and plan.floor == found.min:
            low = plan.back_min
        if plan.back_max is not None and plan.ceiling == found.max:
            high = plan.back_max
    return Bounds(min(low, high), high)


def without_keep(bounds: Bounds, actions: Iterable[ScheduledAction], now: datetime) -> Bounds:
    """The bounds as they would be now, had nobody asked to keep it warm until some moment.

    A minimum that somebody set since counts: it is theirs, and stays.
    """
    given = tuple(actions)
    return bounds if set_since(bounds, given, now) else unkept(bounds, given, now)


def unkept(bounds: Bounds, actions: Iterable[ScheduledAction], now: datetime) -> Bounds:
    """The same by scheduled actions alone, whatever somebody set since."""
    given = tuple(actions)
    held = active(given, now)
    if held is None:
        return bounds
    low = _began(held, given)
    found = ahead(Bounds(min(low, bounds.max), bounds.max), others(given), held.name.made, now).at(now).min
    return Bounds(min(found, bounds.max), bounds.max)


def set_since(bounds: Bounds, actions: Iterable[ScheduledAction], now: datetime) -> bool:
    """Whether somebody has set a higher minimum, since it is kept warm, than all scheduled actions explain."""
    given = tuple(actions)
    held = active(given, now)
    if held is None or bounds.min <= unkept(bounds, given, now).min:
        return False
    low = max(held.name.floor, _began(held, given))
    again = [a for a in held.actions if not puts_back(a.name)]
    seen = ahead(Bounds(low, max(low, bounds.max)), [*others(given), *again], held.name.made, now)
    return bounds.min != min(seen.at(now).min, bounds.max)


def _began(held: KeepGroup, actions: Iterable[ScheduledAction]) -> int:
    """The minimum that there would have been when it was made."""
    low, made = held.name.base, held.name.made
    for group in recognised(actions).plans:
        if group.plan.floor is not None and open_at(group.plan, made) is not None:
            low = max(low, group.plan.floor)
    return low


def puts_back(name: str) -> bool:
    """Whether a scheduled action is the one that ends it."""
    known = read_name(name)
    return isinstance(known, KeepName) and known.back


def _put(ref: EndpointRef, name: KeepName, at: datetime, low: int) -> PutSchedule:
    return PutSchedule(ref, keep_name(name), f"at({at.astimezone(UTC):%Y-%m-%dT%H:%M:%S})", "UTC", low)

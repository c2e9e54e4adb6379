"""Which instance type an endpoint had when, and how often its hosts published metrics: from the calls that deployed
it, and from what was seen of it. Pure.

Source: facts A.6 (a configuration never changes, so its name stands for a type), F.7 (CloudTrail, 90 days). A type is
counted from the call that ordered it: the minutes until the update is done are few, and nothing tells when in
them the instances were changed. Of several variants the first is meant, as everywhere in Ebb; a variant with instance
pools has their types by priority, and which of them ran when is another matter (`ops.core.instance_mix`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ops.core.moments import mark
from ops.core.savings import TypeFrom
from ops.core.types import by_priority

SLACK = timedelta(minutes=1)
"""Clocks of two services may be so far apart."""
UPDATING = timedelta(hours=1)
"""An update is done within that, or when it was done is not known."""


@dataclass(frozen=True, slots=True)
class Deploy:
    """A call that gave the endpoint a configuration and was not refused. `first`: it created the endpoint."""

    at: datetime
    config: str
    first: bool = False


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a description said, from the first one (`at`) until the newest (`until`) that said so.

    `made`: when the configuration was made, where AWS told.
    """

    at: datetime
    until: datetime
    config: str
    instance_type: str | None
    made: datetime | None = None
    interval: int | None = None
    """Seconds between two host-metric samples of one instance; None: not on record."""
    pool: tuple[str, ...] = ()
    """The types of its instance pools, by priority; its single type is None then."""


@dataclass(frozen=True, slots=True)
class Configured:
    """A configuration that was looked up. `instance_type` None: it is gone, or has a `pool` of types by priority."""

    instance_type: str | None
    made: datetime | None = None
    interval: int | None = None
    pool: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IntervalFrom:
    """Seconds between two host-metric samples of one instance from an instant on; None: not known."""

    since: datetime
    seconds: int | None
    sure: datetime | None = None
    """Until then the hosts from before may have served still; None: nobody doubts `since`."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """What was ordered at `since`; `served`: when the endpoint was first seen settled on it, where that was soon."""

    since: datetime
    served: datetime | None
    instance_type: str | None
    interval: int | None
    pool: tuple[str, ...] = ()


def types_from(
    created: datetime,
    seen: Sequence[Sighting],
    deploys: Sequence[Deploy],
    configs: Mapping[str, Configured],
    complete: datetime | None = None,
) -> tuple[TypeFrom, ...]:
    """The types of an endpoint, ascending; before the first of them nothing is known, and it is taken to hold.

    `seen`: oldest first, the last one being how the endpoint is now; `deploys` from any time; a configuration that is
    not in `configs` was not looked up yet, and its deploy is left out. `complete`: from when on all deploys are given.
    """
    out: list[TypeFrom] = []
    for each in _marks(created, seen, deploys, configs, complete):
        if out and out[-1].since == each.since:
            out.pop()  # of two at once the later one holds
        if not out or (out[-1].instance_type, out[-1].pool) != (each.instance_type, each.pool):
            out.append(TypeFrom(each.since, each.instance_type, each.pool))
    return tuple(out)


def intervals_from(
    created: datetime,
    seen: Sequence[Sighting],
    deploys: Sequence[Deploy],
    configs: Mapping[str, Configured],
    complete: datetime | None = None,
) -> tuple[IntervalFrom, ...]:
    """How often hosts published, from the same as `types_from`, ascending; the first holds before its time, too.

    Samples come from the instances that serve, so a change counts from when the endpoint was first seen settled on
    the new configuration, where that was soon after the call; where it was not, an hour is in doubt.
    """
    out: list[IntervalFrom] = []
    marks = _marks(created, seen, deploys, configs, complete)
    for each in sorted(marks, key=lambda m: m.served or m.since):
        since, sure = each.served or each.since, each.since + UPDATING if each.served is None else None
        if out and out[-1].since == since:
            out.pop()
        if not out:
            out.append(IntervalFrom(since, each.interval))
        elif out[-1].seconds != each.interval:
            out.append(IntervalFrom(since, each.interval, sure))
    return tuple(out)


def stretches(
    intervals: Sequence[IntervalFrom], present: int, first: int, last: int
) -> tuple[tuple[int, int, int], ...]:
    """[first, last) by publish interval: (seconds, begin, end), on whole minutes; `present` where it is not known.

    Time in which either of two may have held is in none of them.
    """
    out: list[tuple[int, int, int]] = []
    for number, each in enumerate(intervals):
        begin = first if not number else _minute(each.sure or each.since)
        end = _minute(intervals[number + 1].since) if number + 1 < len(intervals) else last
        begin, end, seconds = max(first, begin), min(last, end), each.seconds or present
        if out and out[-1][0] == seconds and out[-1][2] >= _minute(each.since):
            begin = out.pop()[1]  # the one that is not known is taken to be the same
        if end > begin:
            out.append((seconds, begin, end))
    if not intervals and last > first:
        return ((present, first, last),)
    return tuple(out)


def _minute(at: datetime) -> int:
    """The next whole minute, in epoch seconds."""
    return -(-int(at.timestamp()) // 60) * 60


def assumed_interval(
    intervals: Sequence[IntervalFrom], present: int, begin: datetime, end: datetime, now: datetime
) -> str:
    """Said beside what is counted of [begin, end), where the publish interval of some of it is not on record.

    The time in it is marked, see `ops.core.moments`.
    """
    first = intervals[0].since if intervals else now
    unknown = [(begin, first, intervals[0].seconds or present if intervals else present)]
    for number, each in enumerate(intervals):
        until = intervals[number + 1].since if number + 1 < len(intervals) else now
        if each.seconds is None:
            unknown.append((each.since, until, present))
    found = [(until, s) for since, until, s in unknown if max(since, begin) < min(until, end)]
    if not found:
        return ""
    until, seconds = found[-1]
    return (
        f"How often its hosts published metrics before {mark(until, now)} is not on record; "
        f"every {seconds} seconds is taken."
    )


def _marks(
    created: datetime,
    seen: Sequence[Sighting],
    deploys: Sequence[Deploy],
    configs: Mapping[str, Configured],
    complete: datetime | None,
) -> list[_Mark]:
    """What held from when on, by when it was ordered."""
    if not seen:
        return []
    present = seen[-1].config
    mine = sorted((d for d in deploys if d.at >= created - SLACK), key=lambda d: d.at)
    while mine and mine[-1].config != present:
        mine.pop()  # it is under way, failed, or was rolled back
    known = [(d, *_found_out(d, seen, configs)) for d in mine]
    marks = [
        _Mark(
            at := max(d.at, created),
            _served(at, d.config, seen),
            found.instance_type,
            found.interval,
            found.pool,
        )
        for d, looked_up, found in known
        if looked_up
    ]
    whole = complete is not None and all(looked_up for _, looked_up, _ in known)
    for number, each in enumerate(seen):
        before = seen[number - 1] if number else None
        begin = before.until - SLACK if before is not None else created - SLACK
        ordered = any(
            (d.config, found.instance_type, found.pool) == (each.config, each.instance_type, each.pool)
            and begin < d.at <= each.at + SLACK
            for d, _, found in known
        )
        if not ordered:
            since = _since(each, before)
            served = _served(since, each.config, seen)
            marks.append(_Mark(since, served, each.instance_type, each.interval, each.pool))
    marks.sort(key=lambda m: m.since)
    ordered_before = any(not d.first and max(d.at, created) <= marks[0].since for d in mine)
    since = marks[0].since
    if whole and complete is not None and not ordered_before:
        since = min(since, max(complete, created))
    marks[0] = replace(marks[0], since=since, served=since)
    return marks


def assumed(types: Sequence[TypeFrom], begin: datetime, now: datetime) -> str:
    """Said beside what is counted from `begin` on, where the first type is only taken to hold then; else empty.

    The time in it is marked, see `ops.core.moments`.
    """
    if not types or not types[0].kinds or types[0].since <= begin:
        return ""
    since, words = mark(types[0].since, now), by_priority(types[0].kinds)
    return f"Which instance type it had before {since} is not on record; it is counted as {words}."


def _since(each: Sighting, before: Sighting | None) -> datetime:
    """From when on a type counts that no call is known to have ordered: not before another one was last seen."""
    if before is None:
        return each.at
    made = each.made if each.made is not None and each.made <= each.at else each.at
    return max(before.until, made)


def _served(since: datetime, config: str, seen: Sequence[Sighting]) -> datetime | None:
    """When an endpoint was first seen settled on a configuration after a call, where that was soon."""
    soon = (s.at for s in seen if s.config == config and since <= s.at <= since + UPDATING)
    return min(soon, default=None)


def _found_out(
    deploy: Deploy, seen: Sequence[Sighting], configs: Mapping[str, Configured]
) -> tuple[bool, Configured]:
    """(whether that was looked up, what). One made anew under an old name after the deploy says nothing of it."""
    known = [s for s in seen if s.config == deploy.config and (s.made is None or s.made <= deploy.at + SLACK)]
    if known:
        nearest = min(known, key=lambda s: abs(s.at - deploy.at))
        return True, Configured(nearest.instance_type, nearest.made, nearest.interval, nearest.pool)
    found = configs.get(deploy.config)
    if found is None:
        return False, Configured(None)
    later = found.made is not None and found.made > deploy.at + SLACK
    return True, Configured(None) if later else found

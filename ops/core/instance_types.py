"""Which instance type an endpoint had when: from the calls that deployed it, and from what was seen of it. Pure.

Source: facts A.6 (a configuration never changes, so its name stands for a type), F.7 (CloudTrail, 90 days). A type is
counted from the call that ordered it: the minutes until the update is done are few, and nothing tells when in
them the instances were changed. Of several variants the first is meant, as everywhere in Ebb; a variant that
mixes types has no single one, and its type is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.core.moments import mark
from ops.core.savings import TypeFrom

SLACK = timedelta(minutes=1)
"""Clocks of two services may be so far apart."""


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
    instance_type: str
    made: datetime | None = None


@dataclass(frozen=True, slots=True)
class Configured:
    """A configuration that was looked up. `instance_type` None: it is gone, or names no single type."""

    instance_type: str | None
    made: datetime | None = None


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
    if not seen:
        return ()
    present = seen[-1].config
    mine = sorted((d for d in deploys if d.at >= created - SLACK), key=lambda d: d.at)
    while mine and mine[-1].config != present:
        mine.pop()  # it is under way, failed, or was rolled back
    known = [(d, *_type_of(d, seen, configs)) for d in mine]
    marks = [TypeFrom(max(d.at, created), kind) for d, looked_up, kind in known if looked_up]
    whole = complete is not None and all(looked_up for _, looked_up, _ in known)
    for number, each in enumerate(seen):
        before = seen[number - 1] if number else None
        begin = before.until - SLACK if before is not None else created - SLACK
        ordered = any(
            (d.config, kind) == (each.config, each.instance_type) and begin < d.at <= each.at + SLACK
            for d, _, kind in known
        )
        if not ordered:
            marks.append(TypeFrom(_since(each, before), each.instance_type))
    marks.sort(key=lambda m: m.since)
    ordered_before = any(not d.first and max(d.at, created) <= marks[0].since for d in mine)
    if whole and complete is not None and not ordered_before:
        marks[0] = TypeFrom(min(marks[0].since, max(complete, created)), marks[0].instance_type)
    out: list[TypeFrom] = []
    for next_one in marks:
        if out and out[-1].since == next_one.since:
            out.pop()  # of two at once the later one holds
        if not out or out[-1].instance_type != next_one.instance_type:
            out.append(next_one)
    return tuple(out)


def assumed(types: Sequence[TypeFrom], begin: datetime, now: datetime) -> str:
    """Said beside what is counted from `begin` on, where the first type is only taken to hold then; else empty.

    The time in it is marked, see `ops.core.moments`.
    """
    if not types or types[0].instance_type is None or types[0].since <= begin:
        return ""
    since = mark(types[0].since, now)
    return f"Which instance type it had before {since} is not on record; it is counted as {types[0].instance_type}."


def _since(each: Sighting, before: Sighting | None) -> datetime:
    """From when on a type counts that no call is known to have ordered: not before another one was last seen."""
    if before is None:
        return each.at
    made = each.made if each.made is not None and each.made <= each.at else each.at
    return max(before.until, made)


def _type_of(
    deploy: Deploy, seen: Sequence[Sighting], configs: Mapping[str, Configured]
) -> tuple[bool, str | None]:
    """(whether that was found out, the type). One made anew under an old name after the deploy says nothing of it."""
    known = [s for s in seen if s.config == deploy.config and (s.made is None or s.made <= deploy.at + SLACK)]
    if known:
        return True, min(known, key=lambda s: abs(s.at - deploy.at)).instance_type
    found = configs.get(deploy.config)
    if found is None:
        return False, None
    later = found.made is not None and found.made > deploy.at + SLACK
    return True, None if later else found.instance_type

"""What of a deployment Ebb itself made, by its journal, and what others use of it: nothing else is taken back. Pure.

A part counts as made by an attempt where AWS took the call for it and it is not younger than that; or where the answer
to the call is not known, and what is there was made meanwhile and is as it was to be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ops.core.change import Entry, Made
from ops.core.change_words import label, step
from ops.core.fixes import Create
from ops.core.resources import CONFIG, ENDPOINT, MODEL
from ops.core.setup import Setup, differences
from ops.core.words import listed

SLACK = timedelta(seconds=2)
"""AWS's time, as its answers tell it, has no parts of a second."""
_MAKES = {
    "CreateModel": (MODEL, "ModelName"),
    "CreateEndpointConfig": (CONFIG, "EndpointConfigName"),
    "CreateEndpoint": (ENDPOINT, "EndpointName"),
    "PutMetricAlarm": ("alarm", "AlarmName"),
}
_TAKES = {
    "DeleteModel": (MODEL, "ModelName"),
    "DeleteEndpointConfig": (CONFIG, "EndpointConfigName"),
    "DeleteEndpoint": (ENDPOINT, "EndpointName"),
    "DeleteAlarms": ("alarm", "AlarmNames"),
}


@dataclass(frozen=True, slots=True)
class Using:
    """Who uses what in an account: endpoints by configuration, configurations by model. `whole` False: not all could
    be looked at.
    """

    endpoints: Mapping[str, tuple[str, ...]]
    configs: Mapping[str, tuple[str, ...]]
    whole: bool = True


def made_by(attempts: Iterable[Entry], present: Setup) -> frozenset[str]:
    """The parts that are there and that one of these attempts made: resources and alarms."""
    made: dict[str, datetime | None] = {}
    perhaps: set[str] = set()
    born = {r.key: r.created for r in present.resources} | {
        f"alarm {a.name}": a.configured for a in present.alarms
    }
    for entry in sorted(attempts, key=lambda e: e.at):
        for each in entry.made:
            if each.error:
                continue
            made |= dict.fromkeys(_parts(each, _MAKES), each.at)
            for key in _parts(each, _TAKES):
                made.pop(key, None)
                perhaps.discard(key)
        key = _untold(entry)
        if key in born and _meanwhile(born[key], entry) and _as_wanted(key, entry, present):
            perhaps.add(key)
    return frozenset(
        key for key in born if key in perhaps or (key in made and _not_younger(key, born[key], made[key]))
    )


def foreign(root: Entry, present: Setup, mine: Collection[str]) -> frozenset[str]:
    """The parts that a deployment was to make, and that somebody else did: they stand under its names."""
    held = {r.key for r in root.before.resources} | {f"alarm {a.name}" for a in root.before.alarms}
    asked = {r.key for r in root.after.resources} | {f"alarm {a.name}" for a in root.after.alarms}
    there = {r.key for r in present.resources} | {f"alarm {a.name}" for a in present.alarms}
    found = (asked - held) & there - set(mine)
    if f"{ENDPOINT} {root.ref.name}" in found:  # its scaling hangs on it
        changed = {d.part for d in differences(root.before, root.after, root.ref)}
        found |= {key for key in changed if key.partition(" ")[0] not in (MODEL, CONFIG, ENDPOINT, "alarm")}
    return frozenset(found)


def in_use(going: Collection[str], using: Using) -> dict[str, str]:
    """What of these parts has to stay, with why: an endpoint or a configuration that stays uses it."""
    kept: dict[str, str] = {}
    for key in sorted(going, key=lambda k: not k.startswith(f"{CONFIG} ")):
        kind, _, name = key.partition(" ")
        if kind == CONFIG:
            others = [n for n in using.endpoints.get(name, ()) if f"{ENDPOINT} {n}" not in going]
            if others:
                kept[key] = f"the endpoint {listed(others)} runs it"
        elif kind == MODEL:
            others = [
                n
                for n in using.configs.get(name, ())
                if f"{CONFIG} {n}" not in going or f"{CONFIG} {n}" in kept
            ]
            if others:
                kept[key] = f"the endpoint configuration {listed(others)} names it"
            elif not using.whole:
                kept[key] = "whether others use it is not known, as not every configuration could be read"
    return kept


def names(keys: Iterable[str]) -> str:
    """Parts in a sentence: "the model doc and the alarm wake"."""
    return listed([f"the {label(key)[:1].lower()}{label(key)[1:]}" for key in keys])


def _parts(made: Made, table: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    if made.operation in table:
        kind, parameter = table[made.operation]
        told = made.parameters.get(parameter, ())
        for name in [told] if isinstance(told, str) else told:
            yield f"{kind} {name}"


def _untold(entry: Entry) -> str:
    """The part that an attempt was at when it ended, without a word of AWS about it; empty where there is none."""
    if entry.made and entry.made[-1].error:
        return next(_parts(entry.made[-1], _MAKES), "")
    if len(entry.made) >= len(entry.planned):
        return ""
    now = entry.planned[len(entry.made)]
    for resource in entry.after.resources:
        if step(Create(resource)) == now:
            return resource.key
    return next((f"alarm {a.name}" for a in entry.after.alarms if now == f"Put the alarm {a.name}"), "")


def _meanwhile(born: datetime | None, entry: Entry) -> bool:
    ended = entry.ended or born
    return born is not None and ended is not None and entry.at - SLACK <= born <= ended + SLACK


def _as_wanted(key: str, entry: Entry, present: Setup) -> bool:
    """An endpoint that has failed since is still the one that was asked for."""
    asked = replace(present, resources=tuple(replace(r, status="") for r in present.resources))
    return all(d.part != key for d in differences(entry.after, asked, entry.ref))


def _not_younger(key: str, born: datetime | None, made: datetime | None) -> bool:
    """An alarm that was only changed since keeps its maker: AWS tells of it when it was last changed."""
    return born is None or made is None or key.startswith("alarm ") or born <= made + SLACK

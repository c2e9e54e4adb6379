"""How far a change that takes minutes has come, by its journal entry; and which deployments are unfinished. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ops.core.change import Entry, Outcome
from ops.core.resources import KINDS
from ops.core.setup import Setup, differences, parts

STOPPED = "It was stopped"
"""Begins what is said of a step at which somebody stopped a change."""
DEPLOY, CLEANUP = "deploy", "cleanup"
UNFINISHED = frozenset({Outcome.PARTLY, Outcome.UNCLEAR, Outcome.FAILED})
_RANK = {
    kind: rank for rank, kind in enumerate((*KINDS, "bounds", "suspended", "policy", "schedule", "alarm"))
}
NEVER_BEGUN = frozenset({Outcome.REFUSED, Outcome.STALE})


class At(StrEnum):
    """Where a step stands."""

    DONE = "done"
    UNDER_WAY = "under way"
    FAILED = "failed"
    STOPPED = "stopped"
    NOT_DONE = "not done"
    """It was to come when the change ended."""
    TO_COME = "to come"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `said`: what it waits for, or why it failed; `since`: when it began, or was done (AWS's time)."""

    words: str
    at: At
    said: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A deployment that ended on the way: its first entry, the newest attempt at it, and what exists of it now.

    `there`, `missing`: which parts are as they were to be, and which are not. `foreign`: parts that it was to make and
    that somebody else made; they are not among what is left of it.
    """

    root: Entry
    last: Entry
    left: Setup
    there: tuple[str, ...]
    missing: tuple[str, ...]
    foreign: tuple[str, ...] = ()

    @property
    def exist(self) -> tuple[str, ...]:
        """The parts that exist now, also where they are not as wanted; alarms of target tracking go with it."""
        found = parts(self.left, self.root.ref)
        keys = [d.part for d in differences(self.root.before, self.root.after, self.root.ref)]
        return ordered(key for key in keys if found.get(key) is not None)

    @property
    def cleans(self) -> bool:
        """Whether it was being cleaned up when it ended."""
        return self.last.kind == CLEANUP


def steps(entry: Entry) -> tuple[Step, ...]:
    """Every step of an entry, in order. One from before steps were on record tells only what was made."""
    planned = entry.planned or tuple(f"{made.service} {made.operation}" for made in entry.made)
    under_way = entry.outcome is Outcome.BEGUN
    found: list[Step] = []
    for number, words in enumerate(planned):
        made = entry.made[number] if number < len(entry.made) else None
        if made is not None:
            at = At.DONE if not made.error else At.STOPPED if made.error.startswith(STOPPED) else At.FAILED
            found.append(Step(words, at, made.error, made.at))
        elif under_way and number == len(entry.made):
            since = entry.made[-1].at if entry.made else entry.at
            found.append(Step(words, At.UNDER_WAY, entry.said, since))
        else:
            found.append(Step(words, At.TO_COME if under_way else At.NOT_DONE))
    return tuple(found)


def root_of(entry: Entry) -> str:
    """The id of the entry that an attempt to finish or clean up belongs to; its own where it is the first."""
    if entry.continues:
        return entry.continues
    return entry.undo_of if entry.kind == CLEANUP and entry.undo_of else entry.id


def open_ends(journal: Iterable[Entry]) -> tuple[tuple[Entry, Entry], ...]:
    """(first entry, newest attempt) of each deployment whose newest attempt did not come to its end, newest first.

    Of one endpoint only the newest deployment counts: an older one was overtaken by it. What is under way is none.
    """
    begun = [e for e in journal if e.outcome not in NEVER_BEGUN and (e.before.resources or e.after.resources)]
    ordered = sorted(begun, key=lambda e: e.at, reverse=True)
    by_id = {e.id: e for e in ordered}
    found: list[tuple[Entry, Entry]] = []
    seen: set[str] = set()
    for last in ordered:
        if last.ref.name in seen:
            continue
        seen.add(last.ref.name)
        root = by_id.get(root_of(last), last)
        if last.outcome in UNFINISHED:
            found.append((root, last))
    return tuple(found)


def under_way(journal: Iterable[Entry]) -> tuple[Entry, ...]:
    """Changes of what SageMaker holds that are being made now, newest first."""
    found = [e for e in journal if e.outcome is Outcome.BEGUN and (e.before.resources or e.after.resources)]
    return tuple(sorted(found, key=lambda e: e.at, reverse=True))


def compared(root: Entry, last: Entry, present: Setup, foreign: Collection[str] = ()) -> Unfinished | None:
    """What exists of an unfinished deployment; None where nothing does, or all is as it was wanted.

    `foreign`: what of its names belongs to somebody else (`ops.core.deploy_owned`).
    """
    wanted = root.before if last.kind == CLEANUP else root.after
    keys = [d.part for d in differences(root.before, root.after, root.ref)]
    missing = {d.part for d in differences(wanted, present, root.ref)}
    left = present.only(key for key in keys if key not in foreign)
    if "bounds" in foreign:
        left = replace(left, target=None)
    exists = bool(left.resources or left.policies or left.alarms or (left.target and "bounds" in keys))
    creates = not root.before.resources
    if not missing & set(keys) or (creates and not exists):
        return None
    there = ordered(key for key in keys if key not in missing and key not in foreign)
    return Unfinished(
        root, last, left, there, ordered(missing & set(keys)), ordered(set(keys) & set(foreign))
    )


def ordered(keys: Iterable[str]) -> tuple[str, ...]:
    """Parts of a set-up in the order in which they are made."""
    return tuple(sorted(keys, key=lambda key: (_RANK.get(key.partition(" ")[0], len(_RANK)), key)))

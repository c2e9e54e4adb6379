"""One time line of three sources: what was changed through Ebb, what CloudTrail tells, what scaling did. Pure.

A call that Ebb made is in CloudTrail, too: that echo is joined to the journal entry and not told twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from types import MappingProxyType

from ops.core import cold_start_causes as causes
from ops.core import marks
from ops.core.change import Entry, Made, Outcome
from ops.core.change_words import line
from ops.core.marks import MarkKind
from ops.core.records import Change
from ops.core.setup import differences
from ops.core.types import Activity, Connection, Problem
from ops.core.words import count

EARLY, LATE = timedelta(seconds=10), timedelta(minutes=2)
"""A call that Ebb made is in CloudTrail within this much of its entry: clocks differ, and calls are tried again."""


class Source(StrEnum):
    EBB = "Ebb"
    CLOUDTRAIL = "CloudTrail"
    SCALING = "scaling record"


class Kind(StrEnum):
    DEPLOY = "deploy"
    BOUNDS = "bounds"
    POLICY = "policy"
    SCHEDULE = "schedule"
    ALARM = "alarm"
    CAPACITY = "capacity"
    SUSPEND = "suspend"
    WARM = "keep warm"
    FIX = "fix"
    RESTORE = "restore"
    UNDO = "undo"
    ACCEPT = "accept"
    REQUESTS = "requests"
    SCALING = "scaling"
    OTHER = "other"


class Ended(StrEnum):
    """What became of something."""

    DONE = "done"
    UNDER_WAY = "under way"
    PARTLY = "done in part"
    FAILED = "failed"
    REFUSED = "refused"
    STALE = "not tried"
    UNCLEAR = "unclear"
    NOTHING = "nothing changed"


_OUTCOMES: Mapping[Outcome, Ended] = MappingProxyType(
    {
        Outcome.BEGUN: Ended.UNDER_WAY,
        Outcome.DONE: Ended.DONE,
        Outcome.PARTLY: Ended.PARTLY,
        Outcome.FAILED: Ended.FAILED,
        Outcome.REFUSED: Ended.REFUSED,
        Outcome.STALE: Ended.STALE,
        Outcome.UNCLEAR: Ended.UNCLEAR,
    }
)
_STATUSES: Mapping[str, Ended] = MappingProxyType(
    {
        "Successful": Ended.DONE,
        "InProgress": Ended.UNDER_WAY,
        "Pending": Ended.UNDER_WAY,
        "Failed": Ended.FAILED,
        "Unfulfilled": Ended.FAILED,
        "Overridden": Ended.NOTHING,
    }
)
_KINDS: Mapping[str, Kind] = MappingProxyType(
    {"warm": Kind.WARM, "submit": Kind.REQUESTS, "upload": Kind.REQUESTS, "queue": Kind.REQUESTS}
    | {"cleanup": Kind.DEPLOY}
    | {kind.value: kind for kind in Kind if kind is not Kind.WARM}
)
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "AlreadyAtMaxCapacity": "already at the upper bound",
        "AlreadyAtMinCapacity": "already at the lower bound",
        "AlreadyAtDesiredCapacity": "already as wanted",
        "NotScaledOutBecauseOfScaleInCooldown": "within a pause after the last change",
        "AutoScalingAnticipatedFlapping": "would have gone straight back",
    }
)
"""Why scaling changed nothing, in words."""
MOST_PARTS = 3
"""Of one change that are told; a warm plan with holidays has a dozen."""
SCALER = "auto scaling"
_AFTER = (Source.EBB, Source.CLOUDTRAIL, Source.SCALING)
"""Of the same time, what comes of what: a later one may be caused by an earlier one."""
_ALARM = re.compile(r"monitor alarm (\S+) in state ALARM triggered policy (\S+?)\.?", re.IGNORECASE)
_TRACKING = re.compile(r"^TargetTracking-.*-Alarm(High|Low)-")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the time line. `what` is a clause; `said`: why, or what went wrong."""

    at: datetime
    endpoint: str
    kind: Kind
    source: Source
    who: str
    what: str
    ended: Ended
    said: str = ""
    request_ids: tuple[str, ...] = ()
    entry: str = ""
    """The id of the journal entry, where it is one."""
    undoable: bool = False
    echoes: int = 0
    """CloudTrail's records of the same change, joined to it."""
    as_who: str = ""
    """As whom AWS knows the one who did it, where CloudTrail tells."""
    times: int = 1
    since: datetime | None = None
    """Scaling that did the same again and again: how often, and since when."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back one source tells all. `since` None and no problem: as far as there is anything."""

    source: Source
    since: datetime | None = None
    problem: Problem | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened in [start, end), newest first; of one endpoint, or of all (`name` None)."""

    connection: Connection
    as_of: datetime
    name: str | None
    start: datetime
    end: datetime
    events: tuple[Event, ...]
    reaches: tuple[Reach, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be seen of a time line; empty: everything. `text` is looked for in all that a line says."""

    kind: str = ""
    who: str = ""
    text: str = ""

    def holds(self, event: Event) -> bool:
        if self.kind and event.kind != self.kind:
            return False
        if self.who and self.who not in (event.who, event.as_who):
            return False
        whole = " ".join(
            (
                event.endpoint,
                event.kind,
                event.who,
                event.as_who,
                event.what,
                event.said,
                event.ended,
                event.entry,
            )
        ).casefold()
        return all(word in whole for word in self.text.casefold().split())


@dataclass(slots=True)
class _Echo:
    """A record of CloudTrail that a journal entry may claim."""

    change: Change
    taken: bool = field(default=False)


def merged(
    journal: Iterable[Entry],
    changes: Iterable[Change],
    activities: Mapping[str, Iterable[Activity]],
    start: datetime,
    end: datetime,
) -> tuple[Event, ...]:
    """All that happened in [start, end), newest first. `journal`: as it is kept, newest first. `activities`: by the
    name of their endpoint.

    Of the same time, what scaling did stands above the calls that CloudTrail tells of, and these above the journal,
    whose entries keep their order: AWS's time has no parts of a second.
    """
    records = [_Echo(c) for c in changes if not c.by_service]
    entries = _in_order(journal)
    found = [_of_entry(entry, _claimed(entry, records)) for entry in entries]
    found += [_of_change(each.change) for each in records if not each.taken]
    for name, moves in activities.items():
        found += _scaling(name, moves, start, end)
    inside = [e for e in found if start <= e.at < end]
    place = {entry.id: n for n, entry in enumerate(entries)}
    return tuple(
        sorted(
            inside,
            key=lambda e: (e.at, _AFTER.index(e.source), place.get(e.entry, 0), e.endpoint, e.what),
            reverse=True,
        )
    )


def _in_order(journal: Iterable[Entry]) -> list[Entry]:
    """The oldest first; of the same time in the order of the journal, an undo after what it undoes."""
    oldest_first = list(journal)[::-1]
    entries = sorted(oldest_first, key=lambda e: e.at)
    place = {entry.id: n for n, entry in enumerate(entries)}

    def key(entry: Entry) -> tuple[datetime, int, bool]:
        own, undone = place[entry.id], place.get(entry.undo_of, -1)
        return entry.at, max(own, undone), undone > own

    return sorted(entries, key=key)


def actors(events: Iterable[Event]) -> tuple[str, ...]:
    """Everybody who did something, sorted."""
    return tuple(sorted({who for e in events for who in (e.who, e.as_who) if who}, key=str.casefold))


def _claimed(entry: Entry, records: Sequence[_Echo]) -> list[Change]:
    """The records of the calls that an entry made: one each, the same request or else the nearest in time."""
    claimed = []
    for made in entry.made:
        fits = [each for each in records if not each.taken and _same(entry, made, each.change)]
        if fits:
            best = min(fits, key=lambda each: (each.change.request_id == "", abs(each.change.at - entry.at)))
            best.taken = True
            claimed.append(best.change)
    return claimed


def _same(entry: Entry, made: Made, change: Change) -> bool:
    if (change.endpoint, change.operation) != (entry.ref.name, made.operation):
        return False
    if change.request_id and made.request_id:
        return change.request_id == made.request_id
    if bool(change.error) != bool(made.error):
        return False
    return entry.at - EARLY <= change.at <= (entry.ended or entry.at) + LATE


def _of_entry(entry: Entry, echoes: Sequence[Change]) -> Event:
    told = [line(d) for d in differences(entry.before, entry.after, entry.ref)]
    if len(told) > MOST_PARTS:
        told = [*told[: MOST_PARTS - 1], f"and {len(told) - MOST_PARTS + 1} parts more"]
    said = ". ".join(part.rstrip(".") for part in ("; ".join(told), entry.why, entry.said) if part)
    return Event(
        at=entry.at,
        endpoint=entry.ref.name,
        kind=_KINDS.get(entry.kind, Kind.OTHER),
        source=Source.EBB,
        who=entry.actor.name,
        what=entry.title,
        ended=_OUTCOMES[entry.outcome],
        said=said,
        request_ids=tuple(made.request_id for made in entry.made if made.request_id),
        entry=entry.id,
        undoable=_can_be_undone(entry),
        echoes=len(echoes),
        as_who=next((c.who for c in echoes if c.who != entry.actor.name), ""),
    )


def _can_be_undone(entry: Entry) -> bool:
    """Whether there is something to put back; of requests, uploads and queues there is not."""
    done = entry.outcome in (Outcome.DONE, Outcome.PARTLY, Outcome.UNCLEAR)
    return done and not entry.undone_by and entry.before != entry.after


def _of_change(change: Change) -> Event:
    return Event(
        at=change.at,
        endpoint=change.endpoint,
        kind=Kind(marks.KINDS.get(change.operation, MarkKind.ALARM).value),
        source=Source.CLOUDTRAIL,
        who=change.who,
        what=change.what,
        ended=Ended.REFUSED if change.error else Ended.DONE,
        said=change.error,
        request_ids=(change.request_id,) if change.request_id else (),
    )


def _scaling(name: str, activities: Iterable[Activity], start: datetime, end: datetime) -> Iterator[Event]:
    """What scaling did; what only repeats is one line, at its newest time."""
    inside = sorted((a for a in activities if start <= a.start < end), key=lambda a: a.start, reverse=True)
    for _, group in groupby(inside, key=_alike):
        same = list(group)
        event = _of_activity(name, same[0], [a.cause for a in same])
        yield replace(event, times=len(same), since=same[-1].start) if len(same) > 1 else event


def _alike(activity: Activity) -> tuple[object, ...]:
    """What is the same of activities that are told as one: not the cause, for two policies may ask in turn."""
    by = causes.scheduled(activity.cause)
    other = activity.description if activity.desired is None and not activity.not_scaled else ""
    return activity.status, activity.desired, activity.message, activity.not_scaled, by, other


def _of_activity(name: str, activity: Activity, all_causes: Sequence[str]) -> Event:
    """`all_causes`: its own and those of the activities that are told with it."""
    schedule = causes.scheduled(activity.cause)
    bounds = causes.bounds(activity.description)
    if activity.not_scaled:
        what, ended = "looked, and left the instances as they were", Ended.NOTHING
        said = "; ".join(REASONS.get(reason, reason) for reason in activity.not_scaled)
        said = said[:1].upper() + said[1:]
    else:
        if bounds:
            what = " and ".join(f"{bound.which} set to {bound.to}" for bound in bounds)
        elif activity.desired is not None:
            what = f"asked for {count(activity.desired, 'instance')}"
        else:
            what = activity.description
        ended = _STATUSES.get(activity.status, Ended.UNCLEAR)
        said = activity.message if ended is not Ended.DONE else ""
    who = SCALER if schedule is None else f"schedule {schedule}" if schedule else "a schedule"
    kind = Kind.SCHEDULE if schedule is not None and bounds else Kind.SCALING
    return Event(
        activity.start,
        name,
        kind,
        Source.SCALING,
        who,
        what,
        ended,
        ". ".join(part.rstrip(".") for part in (said, _whys(all_causes)) if part),
    )


def _whys(all_causes: Sequence[str]) -> str:
    """Every cause once, in the order of the newest; of many some."""
    found = [why.rstrip(".") for why in dict.fromkeys(map(_why, all_causes)) if why]
    if len(found) > MOST_PARTS:
        found = [*found[: MOST_PARTS - 1], f"and {len(found) - MOST_PARTS + 1} more causes"]
    return "; ".join(found)


def _why(cause: str) -> str:
    """The cause as the scaling record words it, shorter where its wording is the usual one."""
    found = _ALARM.fullmatch(cause.strip())
    if found is None:
        return cause
    alarm, policy = found[1], found[2]
    tracked = _TRACKING.search(alarm)
    if tracked is not None:
        side = "above" if tracked[1] == "High" else "below"
        return f"Policy {policy}: {side} its target"
    return f"Policy {policy}, when the alarm {alarm} rang"

"""Cold starts: every time an endpoint went from no instance to some, as the scaling record tells it. Pure.

Here the record is cut into wakes: an order of a first instance with the attempts that failed before it.
`ops.core.cold_start_phases` adds what metrics, alarm history and log streams say, and makes a `ColdStart` of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ops.core import cold_start_causes as causes
from ops.core.records import Change
from ops.core.types import Activity, ScheduledAction
from ops.core.views import LastColdStart

NothingServed = Callable[[datetime], bool]
STILL_TRYING = timedelta(minutes=30)
"""Attempts that follow each other this closely belong to one wake; without a further one it has failed."""
SEEN = "seen-"
"""Begins the id of a wake that no order on record tells of."""
NOT_KNOWN = "; by whom is not known"
"""Follows the cause of a wake by bounds of which neither a schedule nor CloudTrail tells who set them."""
_RUNNING = ("InProgress", "Pending")
_FAILED = ("Failed", "Unfulfilled")
"""Such an order leaves the capacity as it was (facts B.8)."""
_ALARM = re.compile(r"monitor alarm (.+) in state \w+ triggered policy (.+)")


class Outcome(StrEnum):
    """What came of a wake."""

    SERVED = "served"
    NOTHING = "came to nothing"
    FAILED = "failed"
    RUNNING = "still running"


class WokenBy(StrEnum):
    REQUEST = "request"
    SCHEDULE = "schedule"
    OPERATOR = "operator"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Wake:
    """One 0 → 1. `ordered` is the first order that did not fail; None where only metrics tell of the wake."""

    id: str
    first: datetime
    """The first attempt, a failed one included."""
    ordered: datetime | None
    service: datetime | None
    """The end of the first order that was carried out."""
    ended: datetime | None
    """When it failed or was called back."""
    outcome: Outcome
    woken_by: WokenBy = WokenBy.UNKNOWN
    who: str = ""
    """The alarm, the scheduled action (empty: one without a name), the cause in AWS's words, or what is not known."""
    failed: int = 0
    """Attempts that failed before, or at all."""
    why_failed: str = ""
    """What AWS said to the last of them."""
    slept: datetime | None = None
    """The end of the next order that took the last instance away."""
    service_from: datetime | None = None
    """Where only metrics tell: it was in service between this and `service`."""

    @property
    def alarm(self) -> str:
        """The alarm that asked for the instance; empty where none did."""
        return self.who if self.woken_by is WokenBy.REQUEST else ""


@dataclass(frozen=True, slots=True)
class Hints:
    """What tells who changed bounds, beside the scaling record, of one endpoint."""

    schedules: Sequence[ScheduledAction] = ()
    changes: Sequence[Change] = ()
    """What CloudTrail tells, as far as it is known by now."""


_NO_HINTS = Hints()


def wakes(
    activities: Iterable[Activity],
    now: datetime,
    *,
    nothing_served: NothingServed | None = None,
    hints: Hints = _NO_HINTS,
) -> tuple[Wake, ...]:
    """Every wake on record, oldest first. `activities` of one variant in any order; later ones than `now` do not count.

    Where the record does not tell the capacity before an order, `nothing_served` says whether no instance served
    at that time; without it such an order is not taken for a cold start. The initial instance of an endpoint
    is ordered by nobody here, and no cold start.
    """
    known = sorted((a for a in activities if not a.not_scaled and a.start <= now), key=lambda a: a.start)
    found: list[Wake] = []
    group: list[Activity] = []
    capacity: int | None = None
    for move in known:
        if move.desired is None:
            if not causes.bounds(move.description):
                found += _closed(group, known, now, None, hints)
                group, capacity = [], None
            continue
        if move.desired == 0:
            if move.status in _FAILED:
                continue
            if move.status == "Overridden":
                capacity = None if not group else capacity
                continue
            found += _closed(group, known, now, move, hints)
            group, capacity = [], 0
        elif group:
            if _given_up(group, move.start):
                found += _closed(group, known, now, None, hints)
                group = []
            group.append(move)
        elif capacity == 0 or (
            capacity is None and nothing_served is not None and nothing_served(move.start)
        ):
            group = [move]
        elif move.status not in _FAILED:
            capacity = move.desired
    found += _closed(group, known, now, None, hints)
    return tuple(found)


def last(
    activities: Iterable[Activity],
    now: datetime,
    *,
    nothing_served: NothingServed | None = None,
) -> LastColdStart | None:
    """The newest order of a first instance that was carried out or still runs; None where none is on record.

    An order that was overridden on its way counts until the one that replaced it is done: the first instance
    came with that one. For the rest see `wakes`.
    """
    for wake in reversed(wakes(activities, now, nothing_served=nothing_served)):
        if wake.ordered is None:
            continue
        if wake.service is not None:
            return LastColdStart(wake.ordered, max(0.0, (wake.service - wake.ordered).total_seconds()))
        if wake.outcome is Outcome.RUNNING:
            return LastColdStart(wake.ordered, None)
    return None


def later(one: LastColdStart | None, other: LastColdStart | None) -> LastColdStart | None:
    """The newer of two; of the same time `one`."""
    return max((each for each in (one, other) if each is not None), key=lambda each: each.at, default=None)


def _given_up(group: Sequence[Activity], at: datetime) -> bool:
    """Whether all attempts failed, and the last one long before `at`."""
    if any(a.status not in _FAILED for a in group):
        return False
    return at - max(a.end or a.start for a in group) > STILL_TRYING


def _closed(
    group: Sequence[Activity],
    known: Sequence[Activity],
    now: datetime,
    asleep: Activity | None,
    hints: Hints,
) -> list[Wake]:
    """The wake of the attempts in `group`; `asleep`: the order to no instance that ended it, if any."""
    if not group:
        return []
    failed = [a for a in group if a.status in _FAILED]
    live = [a for a in group if a.status not in _FAILED]
    ends = [a.end for a in live if a.status == "Successful" and a.end is not None]
    service = min(ends, default=None)
    if service is not None:
        failed = [a for a in failed if a.start < service]
    asked = live[0] if live else group[0]
    by, who = _woken_by(asked, known, hints)
    wake = Wake(
        id=group[0].id,
        first=group[0].start,
        ordered=asked.start if live else None,
        service=service,
        ended=None,
        outcome=Outcome.SERVED,
        woken_by=by,
        who=who,
        failed=len(failed),
        why_failed=failed[-1].message if failed else "",
    )
    if service is not None:
        done = asleep is not None and asleep.status == "Successful"
        return [replace(wake, slept=asleep.end if asleep is not None and done else None)]
    last_end = max(a.end or a.start for a in group)
    if asleep is not None:
        return [replace(wake, outcome=Outcome.NOTHING, ended=asleep.start)]
    if any(a.status in _RUNNING for a in live) or (not live and now - last_end <= STILL_TRYING):
        return [replace(wake, outcome=Outcome.RUNNING)]
    return [replace(wake, outcome=Outcome.NOTHING if live else Outcome.FAILED, ended=last_end)]


def _woken_by(order: Activity, known: Sequence[Activity], hints: Hints) -> tuple[WokenBy, str]:
    """Who asked for the first instance, as far as the record and the hints tell (facts B.8)."""
    alarm = _ALARM.search(order.cause)
    if alarm:
        return WokenBy.REQUEST, alarm[1]
    names = [action.name for action in hints.schedules]
    named = causes.scheduled(order.cause, names)
    if named is not None:
        return WokenBy.SCHEDULE, named
    bound = next(iter(causes.bounds(order.cause)), None)
    if bound is None:
        return WokenBy.UNKNOWN, order.cause
    for other in reversed(known):
        named = causes.scheduled(other.cause, names)
        if named is None or other.status in _FAILED:
            continue
        sets = causes.bounds(other.description)
        within = causes.TOGETHER if sets else causes.NEAR
        if (not sets or bound in sets) and timedelta() <= order.start - other.start <= within:
            return WokenBy.SCHEDULE, named
    return who_set(order.cause, order.start, hints)


def who_set(cause: str, at: datetime, hints: Hints) -> tuple[WokenBy, str]:
    """Who set the bounds that moved the capacity at `at`, as far as the hints tell."""
    for bound in causes.bounds(cause):
        named = causes.due(hints.schedules, bound, at)
        if named is not None:
            return WokenBy.SCHEDULE, named
    if causes.by_hand(hints.changes, at):
        return WokenBy.OPERATOR, cause
    return WokenBy.UNKNOWN, f"{cause}{NOT_KNOWN}"

"""What was changed on an endpoint and when its schedules ran, as marks on a time axis. Pure.

Three sources tell: CloudTrail (with who), the scaling activities, and what the endpoint and its schedules themselves
say (without). What Application Auto Scaling does on its own is no mark: the charts show it as scaling.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice

from ops.core import cold_start_causes as causes
from ops.core import schedule
from ops.core.errors import BadInput
from ops.core.records import Change
from ops.core.types import Activity, Endpoint, Problem, ScheduledAction, Window


class MarkKind(StrEnum):
    DEPLOY = "deploy"
    BOUNDS = "bounds"
    SCHEDULE = "schedule"
    POLICY = "policy"
    ALARM = "alarm"
    CAPACITY = "capacity"


@dataclass(frozen=True, slots=True)
class Mark:
    """One change, or one run of a schedule. `sentence` has no time and no full stop."""

    at: datetime
    kind: MarkKind
    sentence: str
    who: str = ""
    """Empty: not known, or nobody but the clock (a schedule)."""
    refused: str = ""
    """AWS's error code where it refused the change: then nothing changed."""

    @property
    def said(self) -> str:
        """The sentence with who did it, where that is known."""
        told = f"{self.sentence} by {self.who}" if self.who else self.sentence
        return f"refused ({self.refused}): {told}" if self.refused else told


@dataclass(frozen=True, slots=True)
class Audit:
    """How far the record of who changed what reaches back; None: not all of it was read yet."""

    since: datetime | None = None
    capacity_since: datetime | None = None
    """The same for capacity set by hand: such calls hide among those of scaling itself."""
    problem: Problem | None = None


KINDS = {
    "CreateEndpoint": MarkKind.DEPLOY,
    "UpdateEndpoint": MarkKind.DEPLOY,
    "DeleteEndpoint": MarkKind.DEPLOY,
    "UpdateEndpointWeightsAndCapacities": MarkKind.CAPACITY,
    "RegisterScalableTarget": MarkKind.BOUNDS,
    "DeregisterScalableTarget": MarkKind.BOUNDS,
    "PutScalingPolicy": MarkKind.POLICY,
    "DeleteScalingPolicy": MarkKind.POLICY,
    "PutScheduledAction": MarkKind.SCHEDULE,
    "DeleteScheduledAction": MarkKind.SCHEDULE,
}
"""The kind of each recorded call; what is not named here is about an alarm."""
MOST_RUNS = 400
"""Runs of one schedule that are worked out for a window."""
SAME = timedelta(minutes=10)
"""Two sources that tell of the same change differ by less than this."""


def marks(
    endpoint: Endpoint,
    changes: Iterable[Change],
    schedules: Sequence[ScheduledAction],
    activities: Sequence[Activity],
    window: Window,
    now: datetime,
) -> tuple[Mark, ...]:
    """All marks of one endpoint inside `window` and not after `now`, oldest first; refused calls among them."""
    told = [c for c in changes if c.endpoint == endpoint.ref.name and not c.by_service]
    known = [Mark(c.at, KINDS.get(c.operation, MarkKind.ALARM), c.what, c.who, c.error) for c in told]
    made = {m.at for m in known if not m.refused}
    runs = [*_recorded_runs(activities, schedules)]
    due = [*_due_runs(schedules, runs, told, window, now)]
    found = [
        *known,
        *_untold_deploys(endpoint, told),
        *(mark for _, mark in runs),
        *due,
        *_untold_bounds(activities, schedules, [*made, *(mark.at for mark in (*(m for _, m in runs), *due))]),
    ]
    inside = [m for m in found if window.start <= m.at < window.end and m.at <= now]
    return tuple(sorted(inside, key=lambda m: (m.at, m.kind, m.sentence)))


def newest(found: Iterable[Mark], kinds: Sequence[MarkKind]) -> tuple[Mark, ...]:
    """The newest mark of each kind that was not refused, oldest first."""
    last = {mark.kind: mark for mark in found if mark.kind in kinds and not mark.refused}
    return tuple(sorted(last.values(), key=lambda m: m.at))


def _untold_deploys(endpoint: Endpoint, told: Sequence[Change]) -> Iterator[Mark]:
    """The creation and the newest deploy, by the times that the endpoint itself tells, where CloudTrail does not."""
    deploys = [c.at for c in told if c.operation in ("CreateEndpoint", "UpdateEndpoint") and not c.error]
    made = endpoint.config_created
    if made is not None and made > endpoint.created and not any(made - SAME <= at for at in deploys):
        yield Mark(made, MarkKind.DEPLOY, f"configuration {endpoint.config_name} made, the one in use now")
    if not any(abs(at - endpoint.created) <= SAME for at in deploys):
        yield Mark(endpoint.created, MarkKind.DEPLOY, "creation of the endpoint")


def _recorded_runs(
    activities: Sequence[Activity], schedules: Sequence[ScheduledAction]
) -> Iterator[tuple[str, Mark]]:
    """The runs of scheduled actions that the scaling record tells, with the action's name; empty: it is not named."""
    names = [action.name for action in schedules]
    for activity in activities:
        named, sets = (
            causes.scheduled(activity.cause, names),
            causes.bounds(activity.description) or causes.bounds(activity.cause),
        )
        if named is not None and sets:
            ended = "" if activity.status != "Failed" else ", which failed"
            who = f"schedule {named}" if named else "a schedule"
            sentence = f"{who}: {sets[0].which} {sets[0].to}{ended}"
            yield named, Mark(activity.start, MarkKind.SCHEDULE, sentence)


def _due_runs(
    schedules: Sequence[ScheduledAction],
    runs: Sequence[tuple[str, Mark]],
    told: Sequence[Change],
    window: Window,
    now: datetime,
) -> Iterator[Mark]:
    """Runs that were due and are not on record: AWS keeps six weeks of it, and may deny it.

    A schedule counts from when it is known to have existed: its first recorded run, or the call that set it.
    """
    for action in schedules:
        on_record = [mark.at for name, mark in runs if name == action.name]
        put = [
            c.at
            for c in told
            if c.operation == "PutScheduledAction"
            and c.what.startswith(f"schedule {action.name} set")
            and not c.error
        ]
        since = max(put, default=None) or min(on_record, default=None)
        if since is None:
            continue
        try:
            parsed = schedule.parse(action.schedule, action.timezone, action.start, action.end)
        except BadInput:
            continue
        begin = max(window.start - timedelta(seconds=1), since)
        for at in islice(schedule.runs(parsed, begin, min(window.end, now), created=since), MOST_RUNS):
            if not any(abs(at - mark.at) <= SAME for name, mark in runs if name in (action.name, "")):
                yield Mark(at, MarkKind.SCHEDULE, f"schedule {action.name} was due: {_sets(action)}")


def _sets(action: ScheduledAction) -> str:
    parts = [f"{word} {n}" for word, n in (("minimum", action.min), ("maximum", action.max)) if n is not None]
    return ", ".join(parts) or "no bound"


def _untold_bounds(
    activities: Sequence[Activity], schedules: Sequence[ScheduledAction], explained: Iterable[datetime]
) -> Iterator[Mark]:
    """Bounds whose setting moved the capacity, where neither CloudTrail nor a schedule on record explains them.

    Where a scheduled action was due just then, it is taken for its run.
    """
    times = tuple(explained)
    for activity in activities:
        bound = next(iter(causes.bounds(activity.cause)), None)
        if bound is None or any(timedelta(0) <= activity.start - at <= SAME for at in times):
            continue
        name = causes.due(schedules, bound, activity.start)
        if name is not None:
            sentence = f"schedule {name} was due: {bound.which} {bound.to}"
            yield Mark(activity.start, MarkKind.SCHEDULE, sentence)
        else:
            yield Mark(activity.start, MarkKind.BOUNDS, f"{bound.which} set to {bound.to}")

"""What scheduled actions will make of the bounds: every run to come, and what holds between them. Pure.

Source: facts B.6: a run overwrites the bounds until something else does; one that would cross them fails.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from ops.core.errors import BadInput
from ops.core.schedule import next_run, parse, runs
from ops.core.types import Bounds, ScheduledAction

MOST_RUNS = 3000
"""Of one action; a rate of a minute has so many in two days."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a scheduled action. `failed`: why AWS would refuse it; the bounds stay as they were then."""

    at: datetime
    action: ScheduledAction
    before: Bounds
    after: Bounds
    failed: str = ""
    tied: bool = False
    """Another action that sets something else runs in the same minute, and nobody knows which is first."""

    @property
    def changes(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Ahead:
    """`runs` in order; `unread`: what cannot be foreseen, in sentences."""

    bounds: Bounds
    runs: tuple[Run, ...]
    unread: tuple[str, ...] = ()

    def at(self, moment: datetime) -> Bounds:
        """The bounds in force at a moment, its own runs included."""
        found = self.bounds
        for run in self.runs:
            if run.at > moment:
                break
            found = run.after
        return found


def ahead(
    bounds: Bounds,
    actions: Iterable[ScheduledAction],
    after: datetime,
    until: datetime,
    *,
    suspended: bool = False,
) -> Ahead:
    """Every run in (after, until], from the bounds that hold at `after`.

    `suspended`: scheduled scaling is, so that nothing runs. A rate without a start time counts from when it was
    made, which AWS does not tell: it is counted from `after`, and said to be.
    """
    given, unread = tuple(actions), []
    due: list[tuple[datetime, ScheduledAction]] = []
    if suspended:
        if given:
            unread.append("Scheduled scaling is suspended: no scheduled action runs until it is resumed.")
        return Ahead(bounds, (), tuple(unread))
    for action in given:
        try:
            schedule = parse(action.schedule, action.timezone, action.start, action.end)
        except BadInput as error:
            unread.append(f"When {action.name} runs cannot be told: {error.what}")
            continue
        if schedule.every is not None and schedule.start is None:
            unread.append(f"{action.name} runs {action.schedule}, counted from when it was made: about here.")
        found_runs = list(islice(runs(schedule, after, until), MOST_RUNS + 1))
        if len(found_runs) > MOST_RUNS:
            unread.append(f"{action.name} runs very often: only its first {MOST_RUNS} runs are looked at.")
        due += [(moment, action) for moment in found_runs[:MOST_RUNS]]
    due.sort(key=lambda pair: (pair[0], pair[1].name))
    found: list[Run] = []
    now = bounds
    for i, (moment, action) in enumerate(due):
        low = now.min if action.min is None else action.min
        high = now.max if action.max is None else action.max
        why = "" if low <= high else f"its minimum ({low}) would be above the maximum ({high})"
        before, now = now, now if why else Bounds(low, high)
        beside = [due[j][1] for j in (i - 1, i + 1) if 0 <= j < len(due) and due[j][0] == moment]
        found.append(Run(moment, action, before, now, why, any(_differ(action, other) for other in beside)))
    return Ahead(bounds, tuple(found), tuple(unread))


def following(action: ScheduledAction, after: datetime) -> datetime | None:
    """The next run; None where there is none, or it cannot be told."""
    try:
        return next_run(parse(action.schedule, action.timezone, action.start, action.end), after)
    except BadInput:
        return None


def _differ(one: ScheduledAction, other: ScheduledAction) -> bool:
    lows = {one.min, other.min} - {None}
    highs = {one.max, other.max} - {None}
    return len(lows) > 1 or len(highs) > 1

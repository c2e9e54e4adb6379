"""A warm plan as scheduled actions, and back. Pure.

A window is a pair of recurring actions, one that opens and one that closes it. Days off are left out of the opening
one alone: its recurrence is cut into pieces with a start and an end time. AWS also runs an action at its start time
(facts B.6), so each piece starts at a moment at which it would have run anyway: a day off never opens. The closing
action goes on: closing what is closed already changes nothing. Where windows run into each other and a day off
cuts them, what remains is opened and closed by one-time actions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from ops.core.bounds_ahead import following
from ops.core.errors import BadInput
from ops.core.fixes import PutSchedule
from ops.core.schedule import parse, runs
from ops.core.types import EndpointRef, ScheduledAction
from ops.core.warm import DAY, Span, WarmPlan, zone_of
from ops.core.warm_names import KeepName, WarmName, minutes_of, read_name, warm_name
from ops.core.warm_week import Stretch, days_off, mondays, remaining, spans, stretches, wall, whole

PAST_THE_LAST = timedelta(minutes=30)
"""An end time lies so long after the last run that is meant: a late run is still made, the next one is not."""
DONE_FOR = timedelta(minutes=15)
"""A one-time action counts as run for good only so long after its time."""
_COMPARED = timedelta(days=400)
_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


@dataclass(frozen=True, slots=True)
class Expansion:
    """`closes` are put before `opens`. `inside`: a window is open now, so the bounds must be set at once."""

    closes: tuple[PutSchedule, ...]
    opens: tuple[PutSchedule, ...]
    inside: bool

    @property
    def actions(self) -> tuple[PutSchedule, ...]:
        return (*self.closes, *self.opens)


@dataclass(frozen=True, slots=True)
class WarmGroup:
    """A plan that was found in scheduled actions."""

    plan: WarmPlan
    actions: tuple[ScheduledAction, ...]

    def named(self, *, opens: bool) -> tuple[ScheduledAction, ...]:
        """Those that open, or those that close."""
        names = ((a, read_name(a.name)) for a in self.actions)
        return tuple(a for a, n in names if isinstance(n, WarmName) and n.opens is opens)


@dataclass(frozen=True, slots=True)
class KeepGroup:
    """One "keep warm until" that was found in scheduled actions. `until` None: nothing puts the minimum back."""

    name: KeepName
    until: datetime | None
    actions: tuple[ScheduledAction, ...]


@dataclass(frozen=True, slots=True)
class Recognised:
    plans: tuple[WarmGroup, ...]
    keeps: tuple[KeepGroup, ...]
    foreign: tuple[ScheduledAction, ...]


def expand(plan: WarmPlan, ref: EndpointRef, now: datetime) -> Expansion:
    """The scheduled actions of a plan from `now` on. Raises BadInput."""
    zone = zone_of(plan.zone)
    today = now.astimezone(zone).date()
    horizon = max([plan.until or today, today, *plan.off]) + 15 * DAY
    begin = today - 9 * DAY
    off = days_off(plan, begin, horizon + 15 * DAY)
    closes: list[PutSchedule] = []
    opens: list[PutSchedule] = []

    def put(opening: bool, part: str, schedule: str, start: datetime | None, end: datetime | None) -> None:
        low, high = (plan.floor, plan.ceiling) if opening else (plan.back_min, plan.back_max)
        timezone = plan.zone if schedule.startswith("cron") else "UTC"
        change = PutSchedule(
            ref, warm_name(plan, opening, part), schedule, timezone, low, high, _iso(start), _iso(end)
        )
        (opens if opening else closes).append(change)

    week = sorted(stretches(plan), key=lambda s: (s.opens % 1440, s.closes - s.opens, s.opens))
    for number, (_, alike) in enumerate(groupby(week, lambda s: (s.opens % 1440, s.closes - s.opens))):
        group = tuple(alike)
        there = [(m, s) for m in mondays(begin, horizon) for s in group]
        future = sorted(
            ((s.span(m, zone), whole(plan, s, m, off)) for m, s in there), key=lambda pair: pair[0].opens
        )
        kept = [span for span, intact in future if intact and span.closes > now]
        last_close = kept[-1].closes + PAST_THE_LAST if plan.until is not None and kept else None
        for start, end in _pieces([pair for pair in future if pair[0].opens > now]):
            part = f"{number}" + (f"x{minutes_of(start)}" if start is not None else "")
            put(True, part, _cron(group, closing=False), start, end)
        if kept:
            put(False, f"{number}", _cron(group, closing=True), None, last_close)
        for monday, stretch in there:
            if whole(plan, stretch, monday, off):
                continue
            regular = stretch.span(monday, zone).closes
            for span in remaining(plan, stretch, monday, off, zone):
                if span.closes <= now:
                    continue
                if span.opens > now:
                    put(True, f"{number}o{minutes_of(span.opens)}", _once(span.opens), None, None)
                closed = (
                    bool(kept) and span.closes == regular and (last_close is None or regular < last_close)
                )
                if not closed:
                    put(False, f"{number}o{minutes_of(span.closes)}", _once(span.closes), None, None)
    return Expansion(tuple(closes), tuple(opens), open_at(plan, now) is not None)


def open_at(plan: WarmPlan, moment: datetime) -> Span | None:
    """The stretch of time that is open then, opened early or not."""
    return next((s for s in spans(plan, moment, moment + DAY) if s.holds(moment)), None)


def recognised(actions: Iterable[ScheduledAction]) -> Recognised:
    """Ebb's own among scheduled actions, read back from their names; all others are foreign.

    Two plans of one number are an edit that stopped half-way: both are there.
    """
    plans: dict[WarmPlan, list[ScheduledAction]] = {}
    keeps: dict[int, list[tuple[KeepName, ScheduledAction]]] = {}
    foreign: list[ScheduledAction] = []
    for action in actions:
        match read_name(action.name):
            case WarmName(plan=plan):
                plans.setdefault(plan, []).append(action)
            case KeepName() as name:
                keeps.setdefault(name.id, []).append((name, action))
            case None:
                foreign.append(action)
    groups = [WarmGroup(plan, tuple(found)) for plan, found in plans.items()]
    return Recognised(
        tuple(sorted(groups, key=lambda g: g.plan.id)),
        tuple(_keep(found) for _, found in sorted(keeps.items())),
        tuple(foreign),
    )


def faults(group: WarmGroup, ref: EndpointRef, now: datetime) -> tuple[str, ...]:
    """Where what AWS would run is not what the plan says: somebody changed or deleted actions of it elsewhere.

    The runs of the next 13 months are compared, so that it does not matter how the actions are cut.
    """
    plan = group.plan
    wanted = expand(plan, ref, now + DONE_FOR)
    found = []
    for opening, name in ((True, "opens"), (False, "closes")):
        meant = _runs([as_action(c) for c in (wanted.opens if opening else wanted.closes)], now + DONE_FOR)
        try:
            real = _runs(group.named(opens=opening), now + DONE_FOR)
        except BadInput as error:
            found.append(f"Changed elsewhere: {error.what}")
            continue
        if meant != real:
            first = min(run[0] for run in meant ^ real).astimezone(zone_of(plan.zone))
            lost = f"it no longer {name} as it should" if meant - real else f"it {name} when it should not"
            found.append(f"Changed elsewhere: {lost}, first on {first:%a %d %b %Y at %H:%M}.")
    return tuple(found)


def spent(actions: Iterable[ScheduledAction], now: datetime) -> tuple[ScheduledAction, ...]:
    """Ebb's own actions that have run for the last time: nothing is lost when they are deleted."""
    return tuple(a for a in actions if read_name(a.name) is not None and following(a, now - DONE_FOR) is None)


def _pieces(future: Sequence[tuple[Span, bool]]) -> list[tuple[datetime | None, datetime | None]]:
    """(start, end) of each run of stretches that are intact; None is from now on, and for ever."""
    found: list[tuple[datetime | None, datetime | None]] = []
    for intact, alike in groupby(enumerate(future), lambda pair: pair[1][1]):
        members = [(i, span) for i, (span, _) in alike]
        if not intact:
            continue
        (first, begin), (last, end) = members[0], members[-1]
        start = None if first == 0 else begin.opens
        found.append((start, None if last == len(future) - 1 else end.opens + PAST_THE_LAST))
    return found


def _cron(group: Sequence[Stretch], *, closing: bool) -> str:
    """Stretches of one time of day as a recurrence."""
    monday = date(2024, 1, 1)
    times = [wall(monday, s.closes if closing else s.opens) for s in group]
    days = sorted({t.weekday() for t in times})
    run = days == list(range(days[0], days[-1] + 1)) and len(days) > 2
    named = f"{_DAYS[days[0]]}-{_DAYS[days[-1]]}" if run else ",".join(_DAYS[d] for d in days)
    return f"cron({times[0].minute} {times[0].hour} ? * {named} *)"


def _once(moment: datetime) -> str:
    return f"at({moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S})"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _keep(found: Sequence[tuple[KeepName, ScheduledAction]]) -> KeepGroup:
    backs = [(name, action) for name, action in found if name.back]
    name = backs[0][0] if backs else found[0][0]
    until = following(backs[0][1], name.made - timedelta(minutes=1)) if backs else None
    return KeepGroup(name, until, tuple(action for _, action in found))


def as_action(change: PutSchedule) -> ScheduledAction:
    """What AWS will hold of it."""
    start, end = (
        None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00"))
        for text in (change.start, change.end)
    )
    return ScheduledAction(change.name, change.schedule, change.timezone, change.min, change.max, start, end)


def _runs(
    actions: Iterable[ScheduledAction], after: datetime
) -> set[tuple[datetime, int | None, int | None]]:
    return {
        (moment, a.min, a.max)
        for a in actions
        for moment in runs(parse(a.schedule, a.timezone, a.start, a.end), after, after + _COMPARED)
    }

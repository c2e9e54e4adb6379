"""Cold starts kept: found in what was read already, finished with what is asked once for each, and remembered.

Metrics come from the history of Ebb itself, activities are free. The history of alarms and the log streams are
asked for when a cold start has settled. What AWS denies leaves its phase bounded, is a Problem here, and is asked
for again now and then.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from ops import episode_reach
from ops.aws import alarm_history, log_streams
from ops.aws.calls import Reading
from ops.changes import ChangeLog
from ops.core import cold_start_causes as causes
from ops.core.cold_start import ColdStart, Step, newest
from ops.core.cold_start_phases import TTL_S, Around, cold_start, retold, to_ask
from ops.core.cold_starts import NOT_KNOWN, Hints, Wake, WokenBy, who_set
from ops.core.records import AlarmChange, Change, LogStream
from ops.core.types import Activity, Endpoint, Problem
from ops.episode_past import Read, all_wakes, read_of
from ops.gather import Gatherer
from ops.known import Known, Parts, State
from ops.record import Record, extended

DEPTH = timedelta(days=42)
"""How far AWS keeps scaling activities."""
SEEN_DEPTH = timedelta(days=63)
"""How far it keeps five-minute steps, in which a wake without an order can be seen."""
BACK = timedelta(days=1)
AGAIN_S, CALM_S = 120.0, 900.0
"""AWS's seconds after which an endpoint is looked at again: while a cold start is open, and without news."""
KEPT = timedelta(days=alarm_history.KEPT_DAYS)
AGAIN = timedelta(hours=1)
"""What could not be read is asked for again so often, while AWS keeps it; an error that passes holds up so long."""
BATCH = 25
"""Cold starts that one step works out at most, so that the next reading does not wait."""
ALARMS, STREAMS = "the history of alarms", "log streams"
"""The parts that are asked for beside activities, as a Problem names them."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked of AWS for the cold starts of one step; None: not asked, or denied."""

    changes: Sequence[AlarmChange] | None = None
    streams: Sequence[LogStream] | None = None
    passing: bool = False
    """Whether some of it failed in a way that may pass."""


class Episodes:
    """Finds and keeps the cold starts of every asynchronous endpoint. Used by one thread, read by all."""

    def __init__(self, gatherer: Gatherer) -> None:
        self._gatherer = gatherer
        self._due: dict[str, float] = {}
        self._moves: dict[str, tuple[Activity, ...]] = {}
        self._whole: dict[str, datetime] = {}
        """Endpoints whose past was gone through once, with when they were created."""
        self._deep: set[str] = set()
        """Those of them whose activities could be read as far as AWS keeps them."""
        self._records: dict[str, Record] = {}
        """Of each endpoint the activities of the last day: of what is known only the news is asked for."""
        self._backlog: dict[str, _Asked] = {}
        """What was asked for all of an endpoint's past, while that is gone through."""
        self._again_at: dict[str, float] = {}
        """When what could not be read of kept ones may be asked for again, by endpoint."""
        self._turn = 0
        self._problems: Mapping[str, tuple[Problem, ...]] = {}

    def problems(self, names: Collection[str]) -> tuple[Problem, ...]:
        """What could not be read about cold starts of these endpoints, each problem once."""
        found = self._problems
        return tuple(dict.fromkeys(p for name in sorted(names) for p in found.get(name, ())))

    def whole(self, names: Collection[str]) -> int:
        """Of how many of these endpoints all of the past that is kept was gone through."""
        return sum(name in self._whole for name in names)

    def gone_through(self, endpoint: Endpoint) -> bool:
        """Whether all of the past of an endpoint was gone through, as far as it can be read."""
        return self._whole.get(endpoint.ref.name) == endpoint.created

    def reach(self, endpoint: Endpoint, now: datetime) -> datetime | None:
        """From when on all cold starts of an endpoint, and who woke it, are kept; None while that is gone through."""
        if not self.gone_through(endpoint) or endpoint.ref.name not in self._deep:
            return None
        return episode_reach.of(self._gatherer.past.history, endpoint, now - DEPTH)

    def step(
        self, reading: Reading, first: Collection[str] = (), only: Collection[str] | None = None
    ) -> bool:
        """Work on one endpoint that is due, those of `first` before others; False when none is. Raises OpsError.

        `only`: leave all others alone.
        """
        if self._gatherer.now is None:
            return False
        state = self._gatherer.state()
        now = state.now.timestamp()
        for name in sorted(state.known, key=lambda name: (name not in first, name)):
            known = state.known[name]
            if not known.endpoint.is_async or not known.endpoint.described:
                continue
            if only is not None and name not in only:
                continue
            if self._whole.get(name) not in (None, known.endpoint.created):
                del self._whole[name]  # another one has its name
                self._deep.discard(name)
                self._records.pop(name, None)
            news = self._moves.get(name) != known.moves
            if now < self._due.get(name, float("-inf")) and not news:
                continue
            self._due[name] = now + AGAIN_S
            self._moves[name] = known.moves
            if self._one(reading, state, known):
                self._due[name] = now
            return True
        return False

    def _one(self, reading: Reading, state: State, known: Known) -> bool:
        """One step for one endpoint; whether there is more to do at once."""
        endpoint, history = known.endpoint, state.past.history
        name, now = endpoint.ref.name, state.now
        fresh = name not in self._deep
        kept = history.episodes(name, max(endpoint.created, now - SEEN_DEPTH))
        since = endpoint.created if fresh else min([now, *(e.ordered for e in kept if not e.closed)]) - BACK
        since = max(since, endpoint.created, now - SEEN_DEPTH)
        parts = Parts()
        kept, again = self._again(reading, state, name, kept, parts)
        activities = self._activities(reading, state, endpoint, since, parts)
        hints = _hints(state, endpoint, activities, kept)
        named = {e.id: _named(e, hints) for e in kept}
        history.keep_episodes(name, [named[e.id] for e in kept if named[e.id] != e])
        kept = tuple(named.values())
        found = all_wakes(state.past, endpoint, activities, since, now, hints)
        closed = {e.id for e in kept if e.closed}
        older = {e.id: e for e in kept}
        waiting = [w for w in found if w.id not in closed]
        new = [w for w in waiting if w.id not in older]
        chosen = new[:BATCH] if new else self._some(waiting)
        following = {w.id: later.first for w, later in pairwise(found)}
        read = {w.id: read_of(state.past, known, w, following.get(w.id), now) for w in chosen}
        drafts = {w.id: _drafted(state, known, w, read[w.id], older.get(w.id), _Asked()) for w in chosen}
        settled = [w for w in chosen if drafts[w.id].final and not _was_final(older.get(w.id))]
        details = self._backlog.get(name)
        if details is None and settled:
            details = _ask(reading, name, _of_wakes(waiting if fresh else settled, now), parts)
        asked = details or _Asked()
        for wake in settled:
            draft = _drafted(state, known, wake, read[wake.id], None, asked)
            young = now - (wake.service or wake.ended or now) < AGAIN
            drafts[wake.id] = replace(draft, final=not (asked.passing and young))
        history.keep_episodes(name, [d for d in drafts.values() if d != older.get(d.id)])
        self._note(name, parts, asked_now=again or (bool(settled) and name not in self._backlog))
        if len(new) > BATCH:
            if details is not None and fresh:
                self._backlog[name] = details
            return True
        self._backlog.pop(name, None)
        self._whole[name] = endpoint.created
        if name in self._records:
            self._deep.add(name)
            episode_reach.note(history, endpoint, now - DEPTH, now)
        kept_now = ({e.id: e for e in kept} | drafts).values()
        self._gatherer.note_woken(endpoint, newest(kept_now), whole=name in self._deep)
        if not any(not d.final for d in drafts.values()):
            self._due[name] = now.timestamp() + CALM_S
        return False

    def _again(
        self, reading: Reading, state: State, name: str, kept: tuple[ColdStart, ...], parts: Parts
    ) -> tuple[tuple[ColdStart, ...], bool]:
        """`kept` with what could not be read of them and is asked for again, and whether it was."""
        now = state.now
        lacking = [e for e in kept if e.final and e.ordered > now - KEPT and to_ask(e, now)]
        due = now.timestamp() >= self._again_at.get(name, float("-inf"))
        if not lacking or not due or name in self._backlog:
            return kept, False
        self._again_at[name] = now.timestamp() + AGAIN.total_seconds()
        asked = _ask(reading, name, _of_kept(lacking, now), parts)
        told = {e.id: retold(e, now, asked.changes, asked.streams) for e in lacking}
        state.past.history.keep_episodes(name, [told[e.id] for e in lacking if told[e.id] != e])
        return tuple(told.get(e.id, e) for e in kept), True

    def _activities(
        self, reading: Reading, state: State, endpoint: Endpoint, since: datetime, parts: Parts
    ) -> tuple[Activity, ...]:
        """Those since then: read as deep as AWS keeps them at first, then their news; older ones from the history."""
        name, history, now = endpoint.ref.name, state.past.history, state.now
        known = self._records.get(name)
        asked = max(since, now - (DEPTH if known is None else BACK))
        record = parts.attempt(
            lambda: extended(reading, history, endpoint, known or Record(), asked),
            "scaling activities",
            "activities",
            None,
        )
        if record is not None:
            recent = {a.id: a for a in record.known.values() if a.start >= now - BACK}
            self._records[name] = known = replace(record, known=recent)
        found = {a.id: a for a in history.activities(name, since)}
        return tuple((found | dict(known.known if known is not None else {})).values())

    def _note(self, name: str, parts: Parts, *, asked_now: bool) -> None:
        """What was denied stays said until it is asked for again."""
        before = () if asked_now else (p for p in self._problems.get(name, ()) if p.part in (ALARMS, STREAMS))
        self._problems = {**self._problems, name: tuple(dict.fromkeys((*parts.problems, *before)))}

    def _some(self, waiting: Sequence[Wake]) -> Sequence[Wake]:
        """The newest one, and as many of the others as a step takes, in turn."""
        if len(waiting) <= BATCH:
            return waiting
        begin = self._turn % (len(waiting) - 1)
        self._turn += BATCH - 1
        others = [*waiting[begin:-1], *waiting[:begin]]
        return [*others[: BATCH - 1], waiting[-1]]


def _hints(
    state: State, endpoint: Endpoint, activities: Sequence[Activity], kept: Sequence[ColdStart]
) -> Hints:
    """Who may have changed bounds; what CloudTrail told is looked for where bounds moved the capacity."""
    changes: Sequence[Change] = ()
    if any(causes.bounds(a.cause) for a in activities) or any(e.who.endswith(NOT_KNOWN) for e in kept):
        changes = ChangeLog(state.connection.kind, state.past.history).of(endpoint.ref.name)
    return Hints(state.scaling.schedules.get(endpoint.ref.resource_id, ()), changes)


def _named(start: ColdStart, hints: Hints) -> ColdStart:
    """A cold start with who woke it, where that is told only now: CloudTrail may be read later, and is late itself."""
    if not start.final or start.woken_by is not WokenBy.UNKNOWN or not start.who.endswith(NOT_KNOWN):
        return start
    by, who = who_set(start.who.removesuffix(NOT_KNOWN), start.ordered, hints)
    return replace(start, woken_by=by, who=who)


def _was_final(before: ColdStart | None) -> bool:
    return before is not None and before.final


def _drafted(
    state: State, known: Known, wake: Wake, read: Read, before: ColdStart | None, asked: _Asked
) -> ColdStart:
    """The cold start as far as it is known now; of one that was final before, only what came after is new."""
    endpoint = known.endpoint
    around = Around(
        endpoint.ref.name,
        endpoint.instance_type,
        state.now,
        endpoint.publish_interval,
        read.metrics,
        read.to,
        asked.changes,
        asked.streams,
    )
    fresh = cold_start(wake, around)
    if before is not None and before.final:
        emptied = fresh.phase(Step.EMPTY) or before.phase(Step.EMPTY)
        phases = tuple(p for p in before.phases if p.step is not Step.EMPTY)
        fresh = replace(before, phases=(*phases, emptied) if emptied is not None else phases)
    return replace(fresh, warm_until=read.warm_until, warm_hours=read.warm_hours)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What to ask for: when each alarm asked for an instance, and when instances were ordered that came."""

    alarms: Mapping[str, Sequence[datetime]]
    begun: Sequence[datetime]


def _of_wakes(settled: Sequence[Wake], now: datetime) -> _Wanted:
    alarms: dict[str, list[datetime]] = {}
    for wake in settled:
        if wake.alarm and wake.first > now - KEPT:
            alarms.setdefault(wake.alarm, []).append(wake.first)
    return _Wanted(alarms, [w.ordered or w.first for w in settled if w.service is not None])


def _of_kept(lacking: Sequence[ColdStart], now: datetime) -> _Wanted:
    """What is worth asking for again of those that are kept."""
    alarms: dict[str, list[datetime]] = {}
    begun: list[datetime] = []
    for start in lacking:
        steps = to_ask(start, now)
        alarm, up = start.phase(Step.ALARM), start.phase(Step.UP)
        if Step.ALARM in steps and alarm is not None and alarm.latest is not None:
            alarms.setdefault(start.who, []).append(alarm.latest)
        if Step.UP in steps and up is not None and up.earliest is not None:
            begun.append(up.earliest)
    return _Wanted(alarms, begun)


def _ask(reading: Reading, name: str, wanted: _Wanted, parts: Parts) -> _Asked:
    """The history of alarms and the log streams, once for all cold starts together."""
    changes: list[AlarmChange] | None = []
    for alarm, times in wanted.alarms.items():
        begin, end = min(times) - timedelta(seconds=TTL_S), max(times) + timedelta(seconds=60)
        found = parts.attempt(
            lambda alarm=alarm, begin=begin, end=end: alarm_history.read(reading, alarm, begin, end),  # type: ignore[misc]
            ALARMS,
            "alarm history",
            None,
        )
        changes = None if found is None or changes is None else [*changes, *found]
    streams: Sequence[LogStream] | None = None
    if wanted.begun:
        since = min(wanted.begun)
        streams = parts.attempt(
            lambda: log_streams.read(reading, name, since=since), STREAMS, "log streams", None
        )
    passing = any(p.retryable and p.part in (ALARMS, STREAMS) for p in parts.problems)
    return _Asked(changes, streams, passing)

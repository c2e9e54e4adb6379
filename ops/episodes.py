"""Cold starts kept: found in what was read already, finished with what is asked once for each, and remembered.

Metrics come from the history of Ebb itself, activities are free. The history of alarms and the log streams are
asked for once, when a cold start has settled. What AWS denies leaves its phase bounded and is a Problem here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from ops.aws import alarm_history, log_streams
from ops.aws.calls import Reading
from ops.core import metrics
from ops.core.cold_start import ColdStart, Step
from ops.core.cold_start_cells import last_served, unordered
from ops.core.cold_start_phases import LAG_S, TTL_S, Around, cold_start
from ops.core.cold_starts import Wake, wakes
from ops.core.metrics import Metric
from ops.core.records import AlarmChange, LogStream
from ops.core.types import Activity, Endpoint, MetricSet, Problem, Window, utc
from ops.core.window import KEPT_DAYS
from ops.gather import Gatherer
from ops.known import Known, Parts, State
from ops.past import Past
from ops.record import Record, extended

DEPTH = timedelta(days=42)
"""How far AWS keeps scaling activities."""
SEEN_DEPTH = timedelta(days=63)
"""How far it keeps five-minute steps, in which a wake without an order can be seen."""
BACK = timedelta(days=1)
AGAIN_S, CALM_S = 120.0, 900.0
"""AWS's seconds after which an endpoint is looked at again: while a cold start is open, and without news."""
BATCH = 25
"""Cold starts that one step works out at most, so that the next reading does not wait."""
AFTER_S = 12 * 3600.0
"""So long after an instance came the emptying of its queue is looked for."""
ALARMS, STREAMS = "the history of alarms", "log streams"
"""The parts that are asked for once for each cold start, as a Problem names them."""
_NEEDED = (
    metrics.BACKLOG,
    metrics.NO_CAPACITY,
    metrics.OLDEST,
    metrics.PROCESSED,
    metrics.FAILURES,
    metrics.EXPIRED,
    metrics.TIME_IN_BACKLOG_MAX,
)
_HOSTS = (metrics.CPU_SAMPLES, metrics.BACKLOG, metrics.NO_CAPACITY)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked of AWS for the cold starts of one step; None: not asked, or denied."""

    changes: Sequence[AlarmChange] | None = None
    streams: Sequence[LogStream] | None = None


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
        self._turn = 0
        self._problems: Mapping[str, tuple[Problem, ...]] = {}

    def problems(self, names: Collection[str]) -> tuple[Problem, ...]:
        """What could not be read about cold starts of these endpoints, each problem once."""
        found = self._problems
        return tuple(dict.fromkeys(p for name in sorted(names) for p in found.get(name, ())))

    def whole(self, names: Collection[str]) -> int:
        """Of how many of these endpoints all of the past that is kept was gone through."""
        return sum(name in self._whole for name in names)

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
        activities = self._activities(reading, state, endpoint, since, parts)
        found = _wakes(state.past, endpoint, activities, since, now)
        closed = {e.id for e in kept if e.closed}
        older = {e.id: e for e in kept}
        waiting = [w for w in found if w.id not in closed]
        new = [w for w in waiting if w.id not in older]
        chosen = new[:BATCH] if new else self._some(waiting)
        following = {w.id: later.first for w, later in pairwise(found)}
        drafts = {
            w.id: _drafted(state, known, w, following.get(w.id), older.get(w.id), _Asked()) for w in chosen
        }
        settled = [w for w in chosen if drafts[w.id].final and not _was_final(older.get(w.id))]
        details = self._backlog.get(name) or _ask(
            reading, name, now, waiting if fresh and settled else settled, parts
        )
        for wake in settled:
            drafts[wake.id] = _drafted(state, known, wake, following.get(wake.id), None, details)
        history.keep_episodes(name, [d for d in drafts.values() if d != older.get(d.id)])
        self._note(name, parts, asked_now=bool(settled) and name not in self._backlog)
        if len(new) > BATCH:
            self._backlog[name] = details
            return True
        self._backlog.pop(name, None)
        self._whole[name] = endpoint.created
        if name in self._records:
            self._deep.add(name)
        if not any(not d.final for d in drafts.values()):
            self._due[name] = now.timestamp() + CALM_S
        return False

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


def _was_final(before: ColdStart | None) -> bool:
    return before is not None and before.final


def _wakes(
    past: Past, endpoint: Endpoint, activities: Sequence[Activity], since: datetime, now: datetime
) -> tuple[Wake, ...]:
    """All wakes since then, oldest first: those on record, and those that metrics alone tell of."""
    name, begin = endpoint.ref.name, max(since, endpoint.created)
    window = Window(utc(begin.timestamp() // 300 * 300), utc(-(-now.timestamp() // 300) * 300), 300)
    hosts = _hosts(past, name, window)

    def nothing_served(when: datetime) -> bool:
        place = int((when - window.start).total_seconds() // 300)
        samples = hosts.get(metrics.CPU_SAMPLES.key).values[max(0, place - 2) : place]
        queue = hosts.get(metrics.BACKLOG.key).values[max(0, place - 2) : place]
        return bool(len(queue) and np.isnan(samples).all() and not np.isnan(queue).any())

    ordered = wakes(activities, now, nothing_served=nothing_served)
    ordered = tuple(w for w in ordered if w.first >= begin)
    seen = unordered(hosts, endpoint.publish_interval, ordered)
    return tuple(sorted((*ordered, *seen), key=lambda w: w.first))


def _drafted(
    state: State,
    known: Known,
    wake: Wake,
    following: datetime | None,
    before: ColdStart | None,
    asked: _Asked,
) -> ColdStart:
    """The cold start as far as it is known now; of one that was final before, only what came after is new."""
    endpoint, past, now = known.endpoint, state.past, state.now
    read, read_to = _around(past, known, wake, now)
    around = Around(
        endpoint.ref.name,
        endpoint.instance_type,
        now,
        endpoint.publish_interval,
        read,
        read_to,
        asked.changes,
        asked.streams,
    )
    fresh = cold_start(wake, around)
    until, hours = _warm(past, known, wake, following, now)
    if before is not None and before.final:
        emptied = fresh.phase(Step.EMPTY) or before.phase(Step.EMPTY)
        phases = tuple(p for p in before.phases if p.step is not Step.EMPTY)
        fresh = replace(before, phases=(*phases, emptied) if emptied is not None else phases)
    return replace(fresh, warm_until=until, warm_hours=hours)


def _around(past: Past, known: Known, wake: Wake, now: datetime) -> tuple[MetricSet | None, datetime]:
    """The metrics around a wake in the finest steps that were read, and until when they are whole."""
    name, first = known.endpoint.ref.name, wake.first
    if known.denied & {metrics.BACKLOG.key, metrics.NO_CAPACITY.key}:
        return None, now
    wanted = [m for m in _NEEDED if m.key not in known.denied]
    done = wake.service or wake.ended or now
    for period in (60, 300):
        read_to = min(_covered_to(past, name, m, first, period) for m in wanted)
        if read_to > first or now - first < timedelta(days=1):
            last = min(now, done + timedelta(seconds=AFTER_S), max(wake.slept or now, done))
            window = _window(first - timedelta(seconds=TTL_S + 1800), last + timedelta(seconds=600), period)
            return past.read(name, wanted, window), min(read_to, now)
    gone = now - first > timedelta(days=KEPT_DAYS[300]) - timedelta(hours=3)
    return None, now if gone else first


def _covered_to(past: Past, name: str, metric: Metric, first: datetime, period: int) -> datetime:
    """Until when a metric was read without a gap from a little before `first` on; `first` where it was not."""
    at = first.timestamp() - LAG_S
    for begin, end in past.covered(name, metric.key, period):
        if begin <= at < end:
            return utc(max(end, first.timestamp()))
    return first


def _warm(
    past: Past, known: Known, wake: Wake, following: datetime | None, now: datetime
) -> tuple[datetime | None, float | None]:
    """Until when an instance was there after a wake, and the instance-hours of that time."""
    endpoint, service = known.endpoint, wake.service
    if service is None or metrics.CPU_SAMPLES.key in known.denied:
        return wake.slept, None
    end = min(t for t in (wake.slept, following, now) if t is not None)
    if end <= service:
        return wake.slept or following, None
    period = (
        60 if end - service <= timedelta(days=2) else 300 if end - service <= timedelta(days=30) else 3600
    )
    period = max(period, metrics.counting_period(60, endpoint.publish_interval))
    hosts = _hosts(past, endpoint.ref.name, _window(service, end, period))
    until = wake.slept
    if until is None:
        gone = last_served(hosts, service.timestamp(), endpoint.publish_interval)
        until = utc(gone) if gone is not None else following
    samples = hosts.get(metrics.CPU_SAMPLES.key)
    begins = samples.window.epochs()
    inside = samples.values[(begins + period > service.timestamp()) & (begins < end.timestamp())]
    if np.isnan(inside).all():
        return until, None
    return until, round(float(np.nansum(inside)) * endpoint.publish_interval / 3600, 4)


def _hosts(past: Past, name: str, window: Window) -> MetricSet:
    """Hosts and queue; the queue's datapoints prove nothing where the hosts' were not read, and are left out there."""
    read = past.read(name, _HOSTS, window)
    begins = window.epochs()
    told = np.zeros(window.size, dtype=np.bool_)
    for begin, end in past.covered(name, metrics.CPU_SAMPLES.key, window.period):
        told |= (begins >= begin) & (begins + window.period <= end)
    series = dict(read.series)
    for metric in (metrics.BACKLOG, metrics.NO_CAPACITY):
        own = read.get(metric.key)
        series[metric.key] = replace(own, values=np.where(told, own.values, np.nan))
    return MetricSet(window, series)


def _window(start: datetime, end: datetime, period: int) -> Window:
    begin = start.timestamp() // period * period
    return Window(utc(begin), utc(max(begin + period, -(-end.timestamp() // period) * period)), period)


def _ask(reading: Reading, name: str, now: datetime, settled: Sequence[Wake], parts: Parts) -> _Asked:
    """The history of their alarms and the log streams, once for all cold starts that have just settled."""
    if not settled:
        return _Asked()
    kept_from = now - timedelta(days=alarm_history.KEPT_DAYS)
    alarms: dict[str, list[datetime]] = {}
    for wake in settled:
        if wake.alarm and wake.first > kept_from:
            alarms.setdefault(wake.alarm, []).append(wake.first)
    changes: list[AlarmChange] | None = []
    for alarm, times in alarms.items():
        begin, end = min(times) - timedelta(seconds=TTL_S), max(times) + timedelta(seconds=60)
        found = parts.attempt(
            lambda alarm=alarm, begin=begin, end=end: alarm_history.read(reading, alarm, begin, end),  # type: ignore[misc]
            ALARMS,
            "alarm history",
            None,
        )
        changes = None if found is None or changes is None else [*changes, *found]
    begun = [w.ordered or w.first for w in settled if w.service is not None]
    streams: Sequence[LogStream] | None = None
    if begun:
        streams = parts.attempt(
            lambda: log_streams.read(reading, name, since=min(begun)), STREAMS, "log streams", None
        )
    return _Asked(changes, streams)

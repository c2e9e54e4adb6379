"""Reading AWS: the whole fleet in rounds, one endpoint on demand, and the history's gaps in between.

What was read stays in memory and in the history, and views are made from there. Parts that AWS denies become
Problems; credentials, network and throttling end the round, and what was known before stays.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ops.asking import ask_metrics, submit_scaling, take_scaling
from ops.aws import metrics as aws_metrics
from ops.aws import scaling as aws_scaling
from ops.aws.calls import Reading
from ops.aws.endpoints import Described, EndpointReader, Summary
from ops.core import metrics, pacing
from ops.core import window as ranges
from ops.core.errors import UnknownEndpoint, Unreachable
from ops.core.names import nearest
from ops.core.types import Activity, Connection, Endpoint, Window, utc
from ops.core.views import LastColdStart
from ops.judging import Scaling
from ops.known import DAY, RECENT, Known, Parts, State, kept_of, since_of
from ops.past import OVERLAP_S, Hole, Past
from ops.record import extended, newest, since_born
from ops.store.history import History
from ops.type_memory import Gone
from ops.type_past import TypeLog

REFUSED_S = 300.0
"""Seconds before AWS is asked again for a metric that it did not answer in full."""
ACTIVITIES_S = {pacing.Interest.AWAKE: 60.0, pacing.Interest.ASLEEP: 300.0}
_NAME = re.compile(r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$")


class Gatherer:
    """Collects from one account and region. Thread-safe; `wall` is this machine's own clock."""

    def __init__(self, connection: Connection, wall: Callable[[], datetime], history: History) -> None:
        self._connection = connection
        self._wall = wall
        self._endpoints = EndpointReader(connection.account, connection.region)
        self._past = Past(history)
        self.types = TypeLog(self._past.history)
        self._lock = threading.Lock()
        self._known: dict[str, Known] = {}
        self._scaling = Scaling()
        self._metric_trouble = Parts()
        self._now: datetime | None = None
        self._round = 0
        self._stretch = 1.0
        self._at_once: frozenset[str] = frozenset()

    def slow(self, stretch: float, but: frozenset[str]) -> None:
        """From now on metrics may be `stretch` times as old, those of the endpoints in `but` as ever."""
        with self._lock:
            self._stretch, self._at_once = stretch, but

    @property
    def past(self) -> Past:
        return self._past

    def names(self, reading: Reading) -> tuple[str, ...]:
        """The names of all endpoints as AWS lists them now."""
        return self._endpoints.names(reading)

    def read(
        self,
        reading: Reading,
        looked_at: Collection[str] = (),
        *,
        anybody: bool = True,
        everything: bool = False,
    ) -> None:
        """One round: free calls first, then the metrics that are due. `everything`: due or not. OpsError."""
        summaries = self._endpoints.summaries(reading)
        now = reading.now.timestamp()
        stale = [s for s in summaries if everything or self._must_describe(s, looked_at, anybody, now)]
        described = self._endpoints.some(reading, stale)
        with self._lock:
            listed = {s.name for s in summaries}
            for name in [n for n in self._known if n not in listed]:
                del self._known[name]
                self._past.forget(name)
            for summary in stale:
                self._note(summary.name, described.get(summary.name), summary, now)
            known = [self._known[s.name] for s in summaries if s.name in self._known]
        submitted = submit_scaling(reading)
        interests = {k.endpoint.ref.name: self._interest(k, looked_at, anybody, now) for k in known}
        self._read_activities(reading, known, interests, now, everything)
        scaling = take_scaling(submitted, self._before())
        self._read_metrics(reading, known, interests, now, everything)
        with self._lock:
            self._scaling = scaling
            self._now = max(reading.now, self._now or reading.now)
            self._round += 1
            for each in known:
                if interests[each.endpoint.ref.name] is pacing.Interest.WATCHED:
                    each.looked = self._round
        fresh = {s.name: s for s in summaries}
        still = (each.endpoint for each in known if each.summary == fresh[each.endpoint.ref.name])
        self.types.note(still, reading.now, listed)

    def look(self, reading: Reading, name: str, *, everything: bool = False) -> None:
        """Read one endpoint as closely as a view of it needs, unless the last round did. OpsError."""
        if not _NAME.match(name):
            raise UnknownEndpoint(name, nearest(name, self._listed(reading)))
        with self._lock:
            known = self._known.get(name)
            fresh = known is not None and known.looked == self._round and self._round > 0
        if fresh and not everything:
            return
        described = self._endpoints.one(reading, name)
        if described is None:
            with self._lock:
                self._known.pop(name, None)
            raise UnknownEndpoint(name, nearest(name, self._listed(reading)))
        now = reading.now.timestamp()
        with self._lock:
            self._note(name, described, known.summary if known else None, now)
            known = self._known[name]
            first = self._round == 0
        submitted = submit_scaling(reading) if first or everything else None
        self._read_activities(reading, [known], {name: pacing.Interest.WATCHED}, now, True)
        scaling = take_scaling(submitted, self._before()) if submitted is not None else None
        self._read_metrics(reading, [known], {name: pacing.Interest.WATCHED}, now, everything)
        with self._lock:
            if scaling is not None:
                self._scaling = scaling
            self._now = max(reading.now, self._now or reading.now)
            known.looked = self._round

    def complete(self, reading: Reading, name: str, span: timedelta | Window) -> None:
        """Read what a view over `span` still lacks. Raises BadInput, OpsError; does nothing when all is there."""
        with self._lock:
            known = self._known.get(name)
            now = self._now
        if known is None or now is None or not known.endpoint.described:
            return
        window, _ = ranges.choose(span, now, kept_of(self._past, known.endpoint, now))
        since = since_of(window, now)
        if known.endpoint.is_async and since.timestamp() < known.record.tried:
            self._read_record(reading, known, since)
        wanted = _answered(known, pacing.every(known.endpoint), now.timestamp())
        end = min(
            int(window.end.timestamp()), int(now.timestamp()) - 2 * OVERLAP_S
        )  # what is newer, look() read
        kept = int(now.timestamp()) - ranges.KEPT_DAYS[window.period] * 86400 + 120
        begin = max(int(window.start.timestamp()), int(known.endpoint.created.timestamp()), kept)
        span_s = (begin, end)
        holes = self._past.holes(name, wanted, span_s, window.period) if end > span_s[0] else ()
        for hole in holes:
            if hole.span[1] == end < window.end.timestamp() and end - hole.span[0] < pacing.GAP_S:
                continue  # the tail of what is not due yet
            self.fill(reading, known.endpoint, hole, window.period)

    def read_record(self, reading: Reading, name: str, since: datetime) -> None:
        """Read the scaling activities of an endpoint that is known, back to `since`, where that was not done yet."""
        with self._lock:
            known = self._known.get(name)
        if known is not None and known.endpoint.is_async and since.timestamp() < known.record.tried:
            self._read_record(reading, known, since)

    def state(self) -> State:
        """All that is known now; views are made of it. Raises Unreachable before the first reading."""
        with self._lock:
            if self._now is None:
                raise Unreachable("AWS has not answered yet.", "Ebb keeps trying; look again in a moment.")
            skew = (self._wall() - self._now).total_seconds()
            known = {name: replace(k) for name, k in self._known.items()}
            return State(
                self._connection, known, self._scaling, self._metric_trouble, self._now, self._past, skew
            )

    def note_woken(self, endpoint: Endpoint, woken: LastColdStart | None, *, whole: bool) -> None:
        """The newest cold start that is kept of an endpoint; `whole`: all of its past was gone through."""
        with self._lock:
            known = self._known.get(endpoint.ref.name)
            if known is not None and known.endpoint.created == endpoint.created:
                known.woken, known.gone_through = woken or known.woken, whole

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every endpoint that could be described, by name."""
        with self._lock:
            return tuple(k.endpoint for _, k in sorted(self._known.items()) if k.endpoint.described)

    def gone(self) -> tuple[Gone, ...]:
        """Endpoints that are not there any more, as far as they are remembered."""
        with self._lock:
            present, now = {name: k.endpoint for name, k in self._known.items()}, self._now
        return self.types.gone(present, now) if now is not None else ()

    def knows(self, name: str) -> bool:
        """Whether anything is known of an endpoint."""
        with self._lock:
            return name in self._known and self._now is not None

    @property
    def begun(self) -> bool:
        """Whether a whole round was read."""
        return self._round > 0

    @property
    def now(self) -> datetime | None:
        """AWS's time at the newest reading; None before the first."""
        return self._now

    # ---- reading

    def _before(self) -> Scaling | None:
        """What is known of scaling; None before the first round."""
        return self._scaling if self._now is not None else None

    def _must_describe(self, summary: Summary, looked_at: Collection[str], anybody: bool, now: float) -> bool:
        with self._lock:
            known = self._known.get(summary.name)
        if known is None or known.summary != summary or summary.status not in ("InService", "Failed"):
            return True
        how = self._interest(known, looked_at, anybody, now)
        return now - known.described_at >= pacing.DESCRIBE_S[how]

    def _note(self, name: str, described: Described | None, summary: Summary | None, now: float) -> None:
        """Put a description into memory; None: it vanished. The caller holds the lock."""
        if described is None:
            self._known.pop(name, None)
            return
        endpoint, problems = described
        known = self._known.get(name)
        if known is None or known.endpoint.created != endpoint.created:
            self._known[name] = Known(endpoint, problems, summary, now)
            self._past.began(name, endpoint.created.timestamp())
            return
        if not endpoint.described and all(p.retryable for p in problems):
            known.problems = problems  # it may pass: what is known stays, and it is asked again
            return
        known.changed = known.changed or known.endpoint != endpoint
        known.woke = known.woke or pacing.woke(known.endpoint, endpoint)
        known.endpoint, known.problems, known.described_at = endpoint, problems, now
        known.summary = summary

    def _interest(
        self, known: Known, looked_at: Collection[str], anybody: bool, now: float
    ) -> pacing.Interest:
        return pacing.interest(
            known.endpoint,
            now=now,
            looked_at=known.endpoint.ref.name in looked_at,
            backlog=known.backlog,
            anybody=anybody,
            alarmed=self._alarmed(known),
        )

    def _stretch_of(self, known: Known) -> float:
        """How slow the budget makes the reading of one endpoint: not at all while it is in trouble."""
        return 1.0 if known.endpoint.ref.name in self._at_once or self._alarmed(known) else self._stretch

    def _alarmed(self, known: Known) -> bool:
        scaling = self._scaling
        policies = scaling.policies.get(known.endpoint.ref.resource_id, ())
        return pacing.alarmed(scaling.alarms.of(known.endpoint, policies))

    def _read_activities(
        self,
        reading: Reading,
        known: Sequence[Known],
        interests: dict[str, pacing.Interest],
        now: float,
        everything: bool,
    ) -> None:
        asked = []
        for each in known:
            how = interests[each.endpoint.ref.name]
            age = now - each.moves_at
            late = age >= ACTIVITIES_S.get(how, 0.0 if how is pacing.Interest.WATCHED else pacing.GAP_S)
            if each.endpoint.is_async and each.endpoint.described and (everything or each.changed or late):
                asked.append((each, how))

        def one(item: tuple[Known, pacing.Interest]) -> None:
            each, how = item
            if how is pacing.Interest.WATCHED and each.moves and not everything:
                self._read_record(reading, each, utc(now) - DAY)
                with self._lock:
                    each.took(newest(each.moves, each.record), now)
                    each.changed = bool(each.trouble)
                return
            parts = Parts()
            resource = each.endpoint.ref.resource_id
            nothing: tuple[Activity, ...] = ()
            found = parts.attempt(
                lambda: aws_scaling.activities(reading, resource),
                "scaling activities",
                "activities",
                nothing,
                each.moves,
            )
            with self._lock:
                each.trouble = tuple(parts.problems)
                each.took(since_born(found, each.endpoint.created), now)
                each.changed = bool(parts.problems)
            if how is pacing.Interest.WATCHED and not parts.problems:
                self._read_record(reading, each, utc(now) - DAY)

        reading.each(one, asked)

    def _read_record(self, reading: Reading, known: Known, since: datetime) -> None:
        """Activities of all kinds back to `since`; of what is known already only the news."""
        parts = Parts()
        record = parts.attempt(
            lambda: extended(reading, self._past.history, known.endpoint, known.record, since),
            "scaling activities",
            "activities",
            known.record,
        )
        with self._lock:
            known.trouble, known.record = tuple(parts.problems), record

    def _read_metrics(
        self,
        reading: Reading,
        known: Iterable[Known],
        interests: dict[str, pacing.Interest],
        now: float,
        everything: bool,
    ) -> None:
        at = utc(now)
        recent = Window.last(RECENT, at, 60)
        asked: list[aws_metrics.Query] = []
        begins = [recent.end.timestamp() - 60]
        described = [k for k in known if k.endpoint.described]
        watched = sum(how is pacing.Interest.WATCHED for how in interests.values())
        for each in described:
            how = interests[each.endpoint.ref.name]
            ages = pacing.chosen(each.endpoint, how, watched, self._stretch_of(each))
            due = tuple(ages) if everything or each.woke else pacing.due(ages, each.read_at, now)
            for metric in due if everything else _answered(each, due, now):
                asked += aws_metrics.queries(each.endpoint, (metric,), recent)
                last = each.read_at.get(metric.key, self._covered_to(each.endpoint, metric))
                begins.append(last - OVERLAP_S)
        start = max(recent.start.timestamp(), min(begins)) // 300 * 300
        window = Window(utc(start), recent.end, 60)
        parts = Parts()
        answer = ask_metrics(reading, parts, asked, window, known=self._now is not None)
        if answer is not None:
            self._past.keep(answer, window, now)
        self._read_day(reading, parts, described, at)
        with self._lock:
            if asked:
                self._metric_trouble = parts
            if answer is not None:
                for each in described:
                    self._note_metrics(each, asked, answer, now)

    def _note_metrics(
        self, known: Known, asked: Sequence[aws_metrics.Query], answer: aws_metrics.Answer, now: float
    ) -> None:
        """What a reading of metrics says of one endpoint. The caller holds the lock."""
        name = known.endpoint.ref.name
        keys = {q.metric.key for q in asked if q.endpoint.ref.name == name}
        bad = {key: said for (who, key), said in answer.status.items() if who == name}
        done = keys - bad.keys()
        known.read_at = {**known.read_at, **dict.fromkeys(done, now)}
        known.refused = {key: s for key, s in known.refused.items() if key not in keys} | bad
        known.refused_at = {**known.refused_at, **dict.fromkeys(bad, now)}
        known.woke = False
        if metrics.BACKLOG.key in done:
            known.backlog = answer.found[name].get(metrics.BACKLOG.key).last()

    def _read_day(self, reading: Reading, parts: Parts, known: Iterable[Known], now: datetime) -> None:
        """The last day in five-minute steps, for those of whom it is not known from minutes."""
        window = Window.last(DAY, now, 300)
        begin, end = int(window.start.timestamp()), int((now - RECENT).timestamp())
        asked: list[aws_metrics.Query] = []
        for each in known:
            if not each.endpoint.is_async:
                continue
            born = max(begin, int(each.endpoint.created.timestamp()))
            wanted = _answered(each, metrics.DAY, now.timestamp())
            if born < end and self._past.holes(each.endpoint.ref.name, wanted, (born, end), 300):
                asked += aws_metrics.queries(each.endpoint, wanted, window)
        answer = ask_metrics(reading, parts, asked, window, known=self._now is not None)
        if answer is None or not asked:
            return
        self._past.keep(answer, window, now.timestamp())
        with self._lock:
            for each in known:
                self._note_refused(each, answer, now.timestamp())

    def fill(self, reading: Reading, endpoint: Endpoint, hole: Hole, period: int) -> None:
        """Read one hole of the history in steps of `period`; what AWS denies stays a hole. OpsError."""
        begin, end = hole.span
        window = Window(utc(begin // period * period), utc(-(-end // period) * period), period)
        queries = aws_metrics.queries(endpoint, hole.metrics, window)
        answer = ask_metrics(reading, Parts(), queries, window, known=True)
        if self._now is None:
            return
        now = self._now.timestamp()
        if answer is not None:
            self._past.keep(answer, window, now)
        with self._lock:
            known = self._known.get(endpoint.ref.name)
            if known is not None and answer is not None:
                self._note_refused(known, answer, now)
            elif known is not None:
                known.refused_at = {**known.refused_at, **dict.fromkeys((m.key for m in hole.metrics), now)}

    def _note_refused(self, known: Known, answer: aws_metrics.Answer, now: float) -> None:
        """Metrics that AWS did not answer in full are left alone for a while. The caller holds the lock."""
        bad = {key: said for (who, key), said in answer.status.items() if who == known.endpoint.ref.name}
        if bad:
            known.refused = {**known.refused, **bad}
            known.refused_at = {**known.refused_at, **dict.fromkeys(bad, now)}

    def _covered_to(self, endpoint: Endpoint, metric: metrics.Metric) -> float:
        covered = self._past.covered(endpoint.ref.name, metric.key, 60)
        return float(covered[-1][1]) if covered else float("-inf")

    def _listed(self, reading: Reading) -> tuple[str, ...]:
        with self._lock:
            known = tuple(sorted(self._known))
        return known or self.names(reading)


def _answered(known: Known, wanted: Iterable[metrics.Metric], now: float) -> tuple[metrics.Metric, ...]:
    """Those that AWS did not just refuse: these are asked for again after a while."""
    return tuple(m for m in wanted if now - known.refused_at.get(m.key, float("-inf")) >= REFUSED_S)

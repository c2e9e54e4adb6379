"""What is in memory of an account and region: each endpoint with what was last read of it, and the views made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from ops.aws import metrics as aws_metrics
from ops.aws import scaling as aws_scaling
from ops.aws.endpoints import Summary, problem_of
from ops.core import cold_starts, metrics, pacing
from ops.core import window as ranges
from ops.core.errors import CredentialsProblem, OpsError, Throttled, UnknownEndpoint, Unreachable
from ops.core.moments import moment
from ops.core.names import nearest
from ops.core.seen import Seen
from ops.core.types import Activity, Connection, Endpoint, MetricSet, Problem, Verdict, Window, utc
from ops.core.views import EndpointView, FleetRow, FleetView, LastColdStart
from ops.core.words import count
from ops.judging import Scaling, headline, row_of, seen_of, trouble_first, verdict_of
from ops.past import Past
from ops.record import MOST, Record, back_to

T = TypeVar("T")

RECENT, DAY = timedelta(minutes=90), timedelta(hours=24)
"""The two spans that a verdict looks at: by the minute, and in five-minute steps."""
_VERDICT = {m.key for m in (metrics.BACKLOG, metrics.PROCESSED, metrics.FAILURES, *metrics.SERVING)}
"""Without one of these no verdict says what an endpoint does."""
_FATAL = (CredentialsProblem, Unreachable, Throttled)


@dataclass(slots=True)
class Parts:
    """The pieces of one collection that may fail one by one."""

    problems: list[Problem] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)

    def attempt(self, work: Callable[[], T], part: str, hides: str, instead: T, last: T | None = None) -> T:
        """The value of `work`; where AWS refuses, `instead` and a Problem. An error that may pass leaves `last`."""
        try:
            return work()
        except _FATAL:
            raise
        except OpsError as error:
            problem = problem_of(part, error)
            if problem not in self.problems:
                self.problems.append(problem)
            if error.retryable and last is not None:
                return last
            self.hidden.add(hides)
            return instead


@dataclass(slots=True)
class Known:
    """What is known of one endpoint. Replaced piece by piece, under the gatherer's lock."""

    endpoint: Endpoint
    problems: tuple[Problem, ...]
    summary: Summary | None
    described_at: float
    """AWS's epoch seconds, as all times here."""
    moves: tuple[Activity, ...] = ()
    """The newest changes of capacity, newest first."""
    moves_at: float = float("-inf")
    woken: LastColdStart | None = None
    """The newest cold start that is over, also where newer activities have pushed it out of `moves`."""
    gone_through: bool = False
    """Whether all of its past that AWS keeps was gone through for cold starts."""
    record: Record = field(default_factory=Record)
    """Activities of all kinds, read when somebody looks at the endpoint."""
    trouble: tuple[Problem, ...] = ()
    """Why the activities could not be read."""
    read_at: Mapping[str, float] = field(default_factory=dict)
    """When each metric was last read."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Metrics that CloudWatch last did not answer in full, by key, and what it said."""
    refused_at: Mapping[str, float] = field(default_factory=dict)
    """When that was."""
    looked: int = -1
    """The last round that read all that a view of this endpoint shows."""
    changed: bool = True
    """Something about it changed since its activities were last read."""
    woke: bool = True
    """It began or ceased to have instances since its metrics were last read."""
    backlog: float | None = None
    """The newest value that was read."""

    def took(self, moves: tuple[Activity, ...], now: float) -> None:
        """Take what was read of its changes of capacity. The caller holds the gatherer's lock."""
        self.moves, self.moves_at = moves, now
        last = cold_starts.last(moves, utc(now))
        if last is not None and last.took_s is not None:
            self.woken = cold_starts.later(last, self.woken)

    @property
    def denied(self) -> frozenset[str]:
        """The keys of the metrics that AWS does not let us read: their absence says nothing."""
        return frozenset(key for key, said in self.refused.items() if said == aws_metrics.FORBIDDEN)


@dataclass(frozen=True, slots=True)
class State:
    """All that is known at `now` (AWS's time), and the views made of it. `skew_s`: this machine's clock minus AWS's."""

    connection: Connection
    known: Mapping[str, Known]
    scaling: Scaling
    trouble: Parts
    now: datetime
    past: Past
    skew_s: float

    def fleet(self) -> FleetView:
        """Every endpoint, trouble first."""
        rows = []
        for each in self.known.values():
            seen = self._seen(each, each.moves, aws_scaling.PAGE)
            own = (*each.problems, *each.trouble, *aws_metrics.refusals(each.refused))
            rows.append(_row(each, seen, own))
        rows.sort(key=trouble_first)
        queued = tuple(r for r in rows if r.endpoint.is_async or not r.endpoint.described)
        direct = tuple(r for r in rows if not r.endpoint.is_async and r.endpoint.described)
        problems = (*self.scaling.problems, *self.trouble.problems, *self._skew(), *self._history())
        return FleetView(self.connection, self.now, queued, direct, headline(queued, direct), problems)

    def endpoint(self, name: str, span: timedelta | Window) -> EndpointView:
        """One endpoint over a range. Raises UnknownEndpoint, BadInput."""
        known = self.known.get(name)
        if known is None:
            raise UnknownEndpoint(name, nearest(name, tuple(sorted(self.known))))
        record = tuple(known.record.known.values()) or known.moves
        endpoint, now = known.endpoint, self.now
        window, notes = ranges.choose(span, now, kept_of(self.past, endpoint, now))
        since = since_of(window, now).timestamp()
        activities = back_to(utc(since), record)
        if known.record.tried <= since < known.record.since:
            begin = moment(utc(known.record.since), now)
            notes = (*notes, f"Scaling activities are shown from {begin} on; older ones were not read.")
        seen = self._seen(known, activities, MOST)
        settled = {m.key: _settled(known, m, now) for m in pacing.every(endpoint)}
        every = tuple(pacing.every(endpoint))
        wide = self.past.read(name, every, window)
        zeros = metrics.confirmed_zero(
            window, endpoint, activities, now.timestamp(), wide.get(metrics.NO_CAPACITY.key)
        )
        refused = aws_metrics.refusals(known.refused)
        own = (*known.problems, *self.scaling.problems, *known.trouble, *self.trouble.problems, *refused)
        return EndpointView(
            connection=self.connection,
            as_of=now,
            row=_row(known, seen, own),
            target=seen.target,
            policies=seen.policies,
            alarms=seen.alarms,
            schedules=seen.schedules,
            activities=activities,
            metrics=wide,
            instances=metrics.instances(wide.get(metrics.CPU_SAMPLES.key), endpoint.publish_interval, zeros),
            provisional_from=min(settled[m.key] for m in _recent_of(endpoint)),
            window=window,
            problems=(*own, *self._skew(), *self._history()),
            notes=notes,
            settled=settled,
            unread=known.denied,
        )

    def judged(self, name: str) -> tuple[Seen, Verdict, tuple[Problem, ...]]:
        """One endpoint as the fleet sees it: what was seen, the verdict on it, and what could not be read of it.

        Raises UnknownEndpoint.
        """
        known = self.known.get(name)
        if known is None:
            raise UnknownEndpoint(name, nearest(name, tuple(sorted(self.known))))
        seen = self._seen(known, known.moves, aws_scaling.PAGE)
        own = (*known.problems, *known.trouble, *aws_metrics.refusals(known.refused))
        return seen, verdict_of(seen, own), own

    def _seen(self, known: Known, activities: tuple[Activity, ...], most: int) -> Seen:
        now, hidden = self.now, set(self.scaling.hidden) | self.trouble.hidden
        if any(not p.retryable for p in known.trouble) or (known.trouble and not known.moves):
            hidden.add("activities")
        if known.denied & _VERDICT:
            hidden.add("metrics")
        name = known.endpoint.ref.name
        recent, day = Window.last(RECENT, now, 60), Window.last(DAY, now, 300)
        blind = "metrics" in hidden
        asked = metrics.DAY if known.endpoint.is_async else ()
        return seen_of(
            known.endpoint,
            self.scaling,
            activities,
            MetricSet(recent) if blind else self.past.hot.recent(name, _recent_of(known.endpoint), recent),
            MetricSet(day) if blind or not asked else self.past.hot.day(name, asked, day),
            now,
            hidden,
            len(activities) >= most,
        )

    def _history(self) -> tuple[Problem, ...]:
        """Why the history cannot be used at the moment, where it cannot."""
        problem = self.past.problem
        return (problem,) if problem is not None else ()

    def _skew(self) -> tuple[Problem, ...]:
        """A remark where this machine's clock is off; the embedded AWS has a time of its own."""
        off = self.skew_s
        if self.connection.kind != "aws" or abs(off) <= 300:
            return ()
        way = "ahead of" if off > 0 else "behind"
        what = f"This machine's clock is {count(abs(off) / 60, 'minute')} {way} AWS's; Ebb shows AWS's time."
        return (
            Problem("the clock", what, "Set the clock (NTP): AWS refuses requests that are too far off."),
        )


def kept_of(past: Past, endpoint: Endpoint, now: datetime) -> Mapping[int, datetime]:
    """From when on the history of an endpoint holds minutes and five-minute steps."""
    return past.kept(endpoint.ref.name, [m.key for m in pacing.every(endpoint)], now)


def since_of(window: Window, now: datetime) -> datetime:
    """From when on a view over `window` needs the scaling activities."""
    return min(window.start, now - DAY)


def _row(known: Known, seen: Seen, problems: tuple[Problem, ...]) -> FleetRow:
    return row_of(seen, problems, _read_at(known), known.woken, gone_through=known.gone_through)


def _read_at(known: Known) -> datetime | None:
    """When the endpoint's queue was last read."""
    at = known.read_at.get(metrics.BACKLOG.key if known.endpoint.is_async else metrics.CPU.key)
    return None if at is None else utc(at)


def _settled(known: Known, metric: metrics.Metric, now: datetime) -> datetime:
    """From when on the datapoints of a metric may still change, or were not read yet: whole minutes."""
    read = min(known.read_at.get(metric.key, now.timestamp()), now.timestamp())
    return utc((read - metrics.SETTLE_S) // 60 * 60)


def _recent_of(endpoint: Endpoint) -> tuple[metrics.Metric, ...]:
    return metrics.wanted(metrics.RECENT if endpoint.is_async else metrics.SERVING, endpoint)

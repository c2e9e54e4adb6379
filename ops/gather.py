"""One collection: what AWS says about the fleet or about one endpoint, judged and put into a view.

Parts that AWS denies become Problems; credentials, network and throttling end the collection
(nothing of it is shown half-true), and the caller keeps the last good one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from ops.aws import alarms as aws_alarms
from ops.aws import metrics as aws_metrics
from ops.aws import scaling as aws_scaling
from ops.aws.calls import Reading
from ops.aws.endpoints import UNDESCRIBED, EndpointReader, problem_of
from ops.core import metrics, states
from ops.core import window as ranges
from ops.core.errors import CredentialsProblem, OpsError, Throttled, UnknownEndpoint, Unreachable
from ops.core.names import nearest
from ops.core.seen import Seen
from ops.core.types import (
    Activity,
    Alarm,
    Connection,
    Endpoint,
    EndpointState,
    MetricSet,
    Policy,
    Problem,
    ScalableTarget,
    ScheduledAction,
    Severity,
    Verdict,
    Window,
    utc,
)
from ops.core.views import EndpointView, FleetRow, FleetView
from ops.core.words import count, listed, moment

T = TypeVar("T")

TTL_S = 21600.0
"""How long a request may wait unless it names a shorter time itself (facts C.1)."""
RECENT, DAY = timedelta(minutes=90), timedelta(hours=24)
MOST_ACTIVITIES = 500
_NAME = re.compile(r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$")
_ORDER = (Severity.CRITICAL, Severity.WARNING, Severity.INFO, Severity.OK)
_FATAL = (CredentialsProblem, Unreachable, Throttled)


@dataclass(slots=True)
class Parts:
    """The pieces of one collection that may fail one by one."""

    problems: list[Problem] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)

    def take(self, future: Future[T], part: str, hides: str, instead: T) -> T:
        """The value of `future`; where AWS refuses, `instead` and a Problem."""
        return self.attempt(future.result, part, hides, instead)

    def attempt(self, work: Callable[[], T], part: str, hides: str, instead: T) -> T:
        try:
            return work()
        except _FATAL:
            raise
        except OpsError as error:
            self.hidden.add(hides)
            problem = problem_of(part, error)
            if problem not in self.problems:
                self.problems.append(problem)
            return instead


@dataclass(frozen=True, slots=True)
class Scaling:
    """What Application Auto Scaling and CloudWatch hold about every variant, by resource id."""

    targets: Mapping[str, ScalableTarget]
    policies: Mapping[str, tuple[Policy, ...]]
    schedules: Mapping[str, tuple[ScheduledAction, ...]]
    alarms: tuple[Alarm, ...]


class Gatherer:
    """Collects from one account and region. Thread-safe; `wall` is this machine's own clock."""

    def __init__(self, connection: Connection, wall: Callable[[], datetime]) -> None:
        self._connection = connection
        self._wall = wall
        self._endpoints = EndpointReader(connection.account, connection.region)

    def names(self, reading: Reading) -> tuple[str, ...]:
        return self._endpoints.names(reading)

    def fleet(self, reading: Reading) -> FleetView:
        """Every endpoint, trouble first."""
        described = self._endpoints.all(reading)
        now = reading.now
        parts = Parts()
        known = [e for e, _ in described if e.described]
        submitted = _submit_scaling(reading)
        moves = _submit_activities(reading, [e for e in known if e.is_async])
        recent_window, day_window = Window.last(RECENT, now, 60), Window.last(DAY, now, 300)
        wanted_recent = [q for e in known for q in aws_metrics.queries(e, _recent_of(e), recent_window)]
        wanted_day = [q for e in known if e.is_async for q in aws_metrics.queries(e, metrics.DAY, day_window)]
        recent = _metrics(reading, parts, wanted_recent, recent_window)
        day = _metrics(reading, parts, wanted_day, day_window)
        scaling = _take_scaling(parts, submitted)
        rows = []
        for endpoint, problems in described:
            name = endpoint.ref.name
            own = Parts(list(problems), set(parts.hidden))
            found = moves.get(name)
            activities = own.take(found, "scaling activities", "activities", ()) if found is not None else ()
            seen = _seen(
                endpoint,
                scaling,
                activities,
                recent.get(name, MetricSet(recent_window)),
                day.get(name, MetricSet(day_window)),
                now,
                own.hidden,
                len(activities) >= aws_scaling.PAGE,
            )
            rows.append(_row(seen, tuple(own.problems)))
        rows.sort(key=_trouble_first)
        queued = tuple(r for r in rows if r.endpoint.is_async or not r.endpoint.described)
        direct = tuple(r for r in rows if not r.endpoint.is_async and r.endpoint.described)
        problems_all = (*parts.problems, *self._skew(now))
        return FleetView(
            self._connection, reading.now, queued, direct, headline(queued, direct), problems_all
        )

    def endpoint(self, reading: Reading, name: str, span: timedelta | Window) -> EndpointView:
        """Everything about one endpoint. Raises UnknownEndpoint, BadInput, OpsError."""
        described = self._endpoints.one(reading, name) if _NAME.match(name) else None
        if described is None:
            raise UnknownEndpoint(name, nearest(name, self.names(reading)))
        endpoint, problems = described
        now = reading.now
        window, notes = ranges.choose(span, now)
        parts = Parts(list(problems))
        submitted = _submit_scaling(reading)
        resource = endpoint.ref.resource_id
        moves = reading.session.pool.submit(
            aws_scaling.activities,
            reading,
            resource,
            since=min(window.start, now - DAY),
            most=MOST_ACTIVITIES,
            not_scaled=True,
        )
        wide, recent, day = self._metrics_of(reading, parts, endpoint, window, now)
        scaling = _take_scaling(parts, submitted)
        activities = parts.take(moves, "scaling activities", "activities", ())
        if len(activities) >= MOST_ACTIVITIES and activities[-1].start > window.start:
            oldest = moment(activities[-1].start, now)
            notes = (*notes, f"Scaling activities are shown from {oldest} on; older ones were not read.")
        more = len(activities) >= MOST_ACTIVITIES
        seen = _seen(endpoint, scaling, activities, recent, day, now, parts.hidden, more)
        samples = wide.get(metrics.CPU_SAMPLES.key)
        signal = wide.get(metrics.NO_CAPACITY.key)
        zeros = metrics.confirmed_zero(window, endpoint, activities, now.timestamp(), signal)
        return EndpointView(
            connection=self._connection,
            as_of=reading.now,
            row=_row(seen, tuple(parts.problems)),
            target=seen.target,
            policies=seen.policies,
            alarms=seen.alarms,
            schedules=seen.schedules,
            activities=activities,
            metrics=wide,
            instances=metrics.instances(samples, endpoint.publish_interval, zeros),
            provisional_from=utc((now.timestamp() - metrics.SETTLE_S) // 60 * 60),
            window=window,
            problems=(*parts.problems, *self._skew(now)),
            notes=notes,
        )

    def _metrics_of(
        self, reading: Reading, parts: Parts, endpoint: Endpoint, window: Window, now: datetime
    ) -> tuple[MetricSet, MetricSet, MetricSet]:
        """All metrics on the window, and those of the verdict on its own two windows."""
        every = metrics.wanted(metrics.CATALOGUE.values(), endpoint) if endpoint.is_async else metrics.SERVING
        found = []
        for part, chosen in (
            (every, window),
            (_recent_of(endpoint), Window.last(RECENT, now, 60)),
            (metrics.DAY if endpoint.is_async else (), Window.last(DAY, now, 300)),
        ):
            asked = aws_metrics.queries(endpoint, part, chosen)
            sets = _metrics(reading, parts, asked, chosen)
            found.append(sets.get(endpoint.ref.name, MetricSet(chosen)))
        return found[0], found[1], found[2]

    def _skew(self, now: datetime) -> tuple[Problem, ...]:
        """A remark where this machine's clock is off; the embedded AWS has a time of its own."""
        off = (self._wall() - now).total_seconds()
        if self._connection.kind != "aws" or abs(off) <= 300:
            return ()
        way = "ahead of" if off > 0 else "behind"
        what = f"This machine's clock is {count(abs(off) / 60, 'minute')} {way} AWS's; Ebb shows AWS's time."
        return (
            Problem("the clock", what, "Set the clock (NTP): AWS refuses requests that are too far off."),
        )


def headline(rows: Sequence[FleetRow], realtime: Sequence[FleetRow]) -> str:
    """One sentence: whether anything needs attention."""
    if not rows and not realtime:
        return "There are no endpoints in this account and region yet."
    if not rows:
        return f"There is no asynchronous endpoint here; {count(len(realtime), 'real-time endpoint')}."
    everyone = [*rows, *realtime]
    bad = [r for r in everyone if r.verdict.severity in (Severity.CRITICAL, Severity.WARNING)]
    asleep = sum(r.verdict.state is EndpointState.ASLEEP for r in everyone if r not in bad)
    fine = len(everyone) - len(bad)
    rest = f"{fine} {'is' if fine == 1 else 'are'} fine" + (f", {asleep} of them asleep" if asleep else "")
    if not bad:
        return f"Nothing needs you: {count(fine, 'endpoint')}" + (f", {asleep} asleep." if asleep else ".")
    names = [r.endpoint.ref.name for r in bad]
    who = listed(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"
    verb = "needs" if len(bad) == 1 else "need"
    return f"{who} {verb} you; {rest}." if fine else f"{who} {verb} you."


def _recent_of(endpoint: Endpoint) -> tuple[metrics.Metric, ...]:
    return metrics.wanted(metrics.RECENT if endpoint.is_async else metrics.SERVING, endpoint)


def _submit_scaling(reading: Reading) -> tuple[Future[Any], ...]:
    pool = reading.session.pool
    reads = (aws_scaling.targets, aws_scaling.policies, aws_scaling.schedules, aws_alarms.read)
    return tuple(pool.submit(read, reading) for read in reads)


def _submit_activities(
    reading: Reading, endpoints: Sequence[Endpoint]
) -> dict[str, Future[tuple[Activity, ...]]]:
    pool = reading.session.pool
    return {e.ref.name: pool.submit(aws_scaling.activities, reading, e.ref.resource_id) for e in endpoints}


def _take_scaling(parts: Parts, submitted: tuple[Future[Any], ...]) -> Scaling:
    targets, policies, schedules, alarms = submitted
    found, problems = parts.take(alarms, "alarms", "alarms", ((), ()))
    parts.problems.extend(problems)
    return Scaling(
        parts.take(targets, "scalable targets", "scaling", {}),
        parts.take(policies, "scaling policies", "scaling", {}),
        parts.take(schedules, "scheduled actions", "schedules", {}),
        found,
    )


def _metrics(
    reading: Reading, parts: Parts, asked: Sequence[aws_metrics.Query], window: Window
) -> dict[str, MetricSet]:
    if not asked:
        return {}
    nothing: aws_metrics.Found = ({}, ())
    found, problems = parts.attempt(
        lambda: aws_metrics.read(reading, asked, window), "metrics", "metrics", nothing
    )
    parts.problems.extend(problems)
    return found


def _seen(
    endpoint: Endpoint,
    scaling: Scaling,
    activities: tuple[Activity, ...],
    recent: MetricSet,
    day: MetricSet,
    now: datetime,
    hidden: set[str],
    more_activities: bool,
) -> Seen:
    resource = endpoint.ref.resource_id
    policies = scaling.policies.get(resource, ())
    return Seen(
        endpoint,
        scaling.targets.get(resource),
        policies,
        aws_alarms.of_endpoint(endpoint, policies, scaling.alarms),
        scaling.schedules.get(resource, ()),
        activities,
        recent,
        day,
        now,
        frozenset(hidden),
        more_activities,
    )


def _row(seen: Seen, problems: tuple[Problem, ...]) -> FleetRow:
    backlog = seen.latest(metrics.BACKLOG)
    blind = "metrics" in seen.hidden or not seen.endpoint.described
    failures = metrics.FAILURES if seen.endpoint.is_async else metrics.ERRORS_5XX
    return FleetRow(
        endpoint=seen.endpoint,
        verdict=_verdict(seen, problems),
        backlog=backlog,
        oldest_s=seen.latest(metrics.OLDEST) if backlog else None,
        ttl_s=TTL_S,
        bounds=seen.target.bounds if seen.target is not None else None,
        failures_1h=None if blind else seen.hour(failures),
        spark=seen.day.get(metrics.BACKLOG.key),
        problems=problems,
        expired_1h=None if blind or not seen.endpoint.is_async else seen.hour(metrics.EXPIRED),
    )


def _verdict(seen: Seen, problems: tuple[Problem, ...]) -> Verdict:
    if not seen.endpoint.described:
        return states.undescribed(next(p for p in problems if p.part == UNDESCRIBED))
    return states.judge(seen) if seen.endpoint.is_async else states.judge_realtime(seen)


def _trouble_first(row: FleetRow) -> tuple[int, str]:
    return _ORDER.index(row.verdict.severity), row.endpoint.ref.name

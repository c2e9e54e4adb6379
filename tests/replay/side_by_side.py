"""The same endpoint in the embedded AWS, stepped in process, and what to compare with its replay.

A case is a scenario as the replay takes it. The world is set up from it by the same calls as a client's, and tells
what the replay has to be given: the provisioning times that were drawn, and the names of the owned alarms.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np

from ops.core.errors import BadInput
from ops.core.schedule import next_run, parse
from ops.core.types import Bounds, FloatArray
from ops.local_aws.clock import SimClock
from ops.local_aws.errors import AwsError
from ops.local_aws.fleet import Fleet
from ops.local_aws.physics import DOWNLOAD_S, UPLOAD_S, EndpointSpec, Job
from ops.local_aws.traffic import Traffic
from ops.local_aws.world import World, WorldOptions
from ops.replay.outcome import Replayed
from ops.replay.scenario import (
    FAILS,
    Event,
    Kind,
    Requests,
    Scaling,
    Scenario,
    Tracking,
    Watched,
)
from tests.replay import calls
from tests.replay.calls import NAME

START = 1_790_000_000.0 // 86_400 * 86_400
SETTLED_S = 1800.0
"""The first instances are there by then, whatever is drawn."""
VARIANT, TYPE = "AllTraffic", "ml.g5.xlarge"
RESOURCE = f"endpoint/{NAME}/variant/{VARIANT}"
UNFINISHED_S = 1e5
"""For an order that was under way when the comparison ended."""
JUST_BEFORE_S = 1e-3


@dataclass(frozen=True, slots=True)
class Listed(Traffic):
    """Arrivals as they are listed: (epoch seconds, container seconds, whether it fails), in order."""

    listed: tuple[tuple[float, float, bool], ...] = ()

    def day(self, day: int) -> tuple[list[float], list[float], list[bool]]:
        mine = [each for each in self.listed if day * 86_400 <= each[0] < (day + 1) * 86_400]
        return [at for at, _, _ in mine], [s for _, s, _ in mine], [bad for _, _, bad in mine]


@dataclass(frozen=True, slots=True)
class Planned:
    """A scheduled action."""

    expression: str
    zone: str | None = None
    low: int | None = None
    high: int | None = None

    def events(self, first: float, until: float) -> list[Event]:
        """Its runs in [first, until)."""
        schedule, found = parse(self.expression, self.zone), []
        since = _moment(first)
        at = next_run(schedule, since, since)
        while at is not None and at.timestamp() < until:
            found.append(Event(at.timestamp(), Kind.SCHEDULED, self.low, self.high))
            at = next_run(schedule, at, since)
        return found


@dataclass(frozen=True, slots=True)
class Case:
    scenario: Scenario
    """Without scheduled actions, provisioning times and `until_s`; its events lie on minutes' edges."""
    arrivals: tuple[tuple[float, float, bool], ...]
    """As in `Listed`."""
    lasts_s: float
    """How long to look, from `START` on."""
    planned: tuple[Planned, ...] = ()
    seed: int = 3
    start: float = START


@dataclass(slots=True)
class Lived:
    """What happened in the embedded AWS, and the same as a task for the replay."""

    scenario: Scenario
    requests: Requests
    started_s: FloatArray
    ended_s: FloatArray
    expired: int
    cold_starts: int
    billed_s: float
    moves: list[tuple[float, int]]
    """(instant, capacity) of every activity that set the desired count, also of those that failed."""
    failed: list[str]
    """What the failed activities say."""
    minutes: list[tuple[float, ...]] = field(default_factory=list)
    """(backlog, per instance, in service, desired before the alarms act), from the first minute in service on."""


class _Watching(Fleet):
    """A fleet that keeps what every request went through."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.seen: dict[int, tuple[float, float]] = {}

    def hand_over(self, spec: EndpointSpec, job: Job, now: float) -> tuple[bool, bool]:
        self.seen[job.seq] = job.started, now
        return super().hand_over(spec, job, now)


@dataclass(slots=True)
class _Order:
    at: float
    before: int
    wanted: int
    refused: bool
    update: bool
    ended: float | None = None

    @property
    def took_s(self) -> float:
        return UNFINISHED_S if self.ended is None else self.ended - self.at


class _Course:
    """Steps the world from one minute's edge to the next and notes every order."""

    def __init__(self, case: Case) -> None:
        self.case, s = case, case.scenario
        self.clock = SimClock(case.start, 1.0, lambda: 0.0)
        days = math.ceil(case.lasts_s / 86_400) + 1
        self.world = World(
            self.clock, WorldOptions(case.seed, history_days=days, assumptions=calls.switches(s))
        )
        self.fleet = self.world.fleet = _Watching(self.world)
        self.fleet.deliver_from = math.inf
        if s.quota is not None:
            self.world.quotas.set(TYPE, s.quota)
        ttl = s.ttl_s or 1e9
        self.fleet.expect_traffic(NAME, Listed(NAME, 1, (1.0, 1.0), ttl_s=ttl, listed=case.arrivals))
        self.orders: list[_Order] = []
        self.short_until = -math.inf
        self.born = math.nan
        self._create(s)
        self.scenario = replace(s, policies=tuple(self._policy(policy) for policy in s.policies))
        for number, action in enumerate(case.planned):
            self.world.scaling.put_action(
                RESOURCE,
                f"action-{number}",
                parse(action.expression, action.zone),
                case.start,
                min_capacity=action.low,
                max_capacity=action.high,
                timezone=action.zone,
            )

    def _create(self, s: Scenario) -> None:
        world, now = self.world, self.case.start
        image = {"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/doc:1"}
        world.registry.add_model({"ModelName": NAME, "PrimaryContainer": image}, now)
        self._config(s.initial)
        config = world.registry.config(f"{NAME}-{s.initial}")
        world.registry.add_endpoint(NAME, world.registry.deployment(config, now, None, {}), now)
        world.scaling.register(
            RESOURCE,
            now,
            min_capacity=s.bounds.min,
            max_capacity=s.bounds.max,
            suspended=calls.flags(s.suspended),
        )

    def _config(self, count: int) -> None:
        variant = {
            "VariantName": VARIANT,
            "ModelName": NAME,
            "InstanceType": TYPE,
            "InitialInstanceCount": count,
            "InitialVariantWeight": 1.0,
        }
        wanted = {
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": self.case.scenario.concurrency},
            "OutputConfig": {"S3OutputPath": "s3://none/out/"},
        }
        params = {
            "EndpointConfigName": f"{NAME}-{count}",
            "ProductionVariants": [variant],
            "AsyncInferenceConfig": wanted,
        }
        self.world.registry.add_config(params, self.case.start)

    # -- policies --------------------------------------------------------------------------------------

    def _policy(self, policy: Scaling) -> Scaling:
        """Put it, with its alarms; answers it with the names that its owned alarms got."""
        put, now = self.world.scaling.put_policy, self.case.start
        if isinstance(policy, Tracking):
            made = put(RESOURCE, policy.name, "TargetTrackingScaling", calls.tracking(policy), now)
            return replace(policy, alarm_names=(made.high, made.low))
        made = put(RESOURCE, policy.name, "StepScaling", calls.stepping(policy), now)
        for alarm in policy.alarms:
            self.world.alarms.put(calls.alarm(alarm, made.arn), now)
        return policy

    # -- time ------------------------------------------------------------------------------------------

    def run(self) -> Lived:
        case = self.case
        minutes: list[tuple[float, ...]] = []
        edges = int(case.lasts_s // 60)
        events = sorted(case.scenario.events, key=lambda event: event.at_s)
        for minute in range(edges):
            edge = case.start + (minute + 1) * 60.0
            self._advance(edge - JUST_BEFORE_S)
            desired = self.fleet.capacity(RESOURCE)[1]
            if self.short_until <= edge:
                self.fleet.inject(NAME, capacity_refused=False)
            self._advance(edge)
            if self.born == self.born:
                minutes.append((*self._published(int(edge // 60) - 1), float(desired)))
            while events and events[0].at_s <= edge:
                event = events.pop(0)
                self._happen(event, edge)
                self._look(edge)
        return self._lived(case.start + edges * 60.0, minutes)

    def _advance(self, now: float) -> None:
        self.clock.set_now(now)
        self.fleet.advance(now)
        self._look(now)

    def _look(self, now: float) -> None:
        """Whether an order has ended, or a new one begun at this instant."""
        status = self.fleet.describe(NAME)
        assert status is not None
        if status.status == "Creating":
            return
        if self.born != self.born:
            self.born = status.modified
        present = self.orders[-1] if self.orders and self.orders[-1].ended is None else None
        if status.status == "InService":
            if present is not None:
                present.ended = status.modified
            return
        if present is None or (status.modified == now and present.at != now):
            if present is not None:
                raise AssertionError("an order ended unseen, within the last millisecond of a minute")
            current, desired, _ = self.fleet.capacity(RESOURCE)
            self.orders.append(_Order(now, current, desired, now < self.short_until, False))

    def _happen(self, event: Event, now: float) -> None:
        scaling = self.world.scaling
        try:
            match event.kind:
                case Kind.SUSPEND:
                    scaling.register(RESOURCE, now, suspended=calls.flags(event.suspended))
                case Kind.SHORTAGE:
                    self.short_until = now + event.lasts_s
                    self.fleet.inject(NAME, capacity_refused=self.short_until > now)
                case Kind.MANUAL:
                    assert event.low is not None
                    self.fleet.set_desired(RESOURCE, event.low, now, None)
                case Kind.UPDATE:
                    self._update(event.low, now)
                case Kind.BOUNDS:
                    scaling.register(RESOURCE, now, min_capacity=event.low, max_capacity=event.high)
                case _:
                    raise AssertionError(f"{event.kind} is set up beforehand")
        except (AwsError, BadInput):
            pass  # refused while Updating, by the quota, or as it makes no sense: nothing happens

    def _update(self, count: int | None, now: float) -> None:
        registry = self.world.registry
        held = f"{NAME}-{count}"
        if count is not None and held not in [config.name for config in registry.configs()]:
            self._config(count)
        config = registry.endpoint(NAME).config if count is None else registry.config(held)
        self.fleet.update(registry.spec(NAME, config), count is None, now)
        current, desired, _ = self.fleet.capacity(RESOURCE)
        self.orders.append(_Order(now, current, desired, False, True))

    # -- what came of it -------------------------------------------------------------------------------

    def _published(self, minute: int) -> tuple[float, float, float]:
        found = []
        for metric in (calls.METRICS[Watched.BACKLOG], calls.METRICS[Watched.PER_INSTANCE]):
            series = self.world.metrics.find("AWS/SageMaker", metric, {"EndpointName": NAME})
            assert series is not None
            value = series.stat(minute, "Average")
            found.append(math.nan if value is None else value)
        return found[0], found[1], float(self.fleet.capacity(RESOURCE)[0])

    def _lived(self, until: float, minutes: list[tuple[float, ...]]) -> Lived:
        case, s = self.case, self.scenario
        arrivals = [each for each in case.arrivals if each[0] < until]
        started, ended = np.full(len(arrivals), np.nan), np.full(len(arrivals), np.nan)
        for seq, (begin, end) in self.fleet.seen.items():
            started[seq - 1], ended[seq - 1] = begin, end
        holds = [DOWNLOAD_S + service + (0.0 if bad else UPLOAD_S) for _, service, bad in arrivals]
        updates = {order.at: order.took_s for order in self.orders if order.update}
        runs = [run for action in case.planned for run in action.events(case.start, until)]
        events = [run for run in runs if math.ceil(run.at_s / 60) * 60 > self.born]
        born = self._bounds_at_birth(run for run in runs if run not in events)
        if born != s.bounds:  # its capacity follows at the next minute
            events.insert(0, Event(math.ceil(self.born / 60) * 60.0, Kind.BOUNDS, born.min, born.max))
        for event in s.events:
            if event.kind is Kind.UPDATE:
                event = replace(event, lasts_s=updates.get(event.at_s, 0.0))
            events.append(event)
        growing = [o for o in self.orders if not o.update and not o.refused and o.wanted > o.before]
        scenario = replace(
            s,
            bounds=born,
            events=tuple(sorted(events, key=lambda event: event.at_s)),
            provision_s=tuple(o.took_s for o in growing) or (1.0,),
            start_s=self.born,
            until_s=until,
        )
        hours = self.world.ledger.between(np.array([self.born, until]))
        activities = self.world.scaling.activities.list(until, RESOURCE)
        gone = self.world.metrics.find(
            "AWS/SageMaker", "ExpiredRequests", {"EndpointName": NAME, "VariantName": VARIANT}
        )
        assert gone is not None
        counts = [gone.stat(m, "Sum") or 0.0 for m in range(int(case.start // 60), int(until // 60))]
        return Lived(
            scenario,
            Requests(np.array([at for at, _, _ in arrivals]), np.array(holds)),
            started,
            ended,
            int(sum(counts)),
            self._cold_starts(),
            sum(float(each.sum()) for each in hours.values()) * 3600,
            [(a.start, a.capacity) for a in reversed(activities) if a.capacity is not None],
            [a.message for a in reversed(activities) if a.status == "Failed" and not a.not_scaled],
            minutes,
        )

    def _bounds_at_birth(self, runs: Iterable[Event]) -> Bounds:
        """What scheduled actions that ran while the endpoint was created made of its bounds; they fail where such
        actions do."""
        found = self.scenario.bounds
        if self.scenario.model.busy_action == FAILS:
            return found
        for run in sorted(runs, key=lambda each: each.at_s):
            low = found.min if run.low is None else run.low
            high = found.max if run.high is None else run.high
            found = Bounds(low, high) if low <= high else found
        return found

    def _cold_starts(self) -> int:
        """Wakes by scaling or by hand, and updates of an endpoint that was at zero."""
        woken = sum(1 for wake in self.fleet.wakes(NAME) if wake.in_service is not None)
        return woken + sum(1 for o in self.orders if o.update and o.ended and not o.before and o.wanted)


def live(case: Case) -> Lived:
    """Live through the case in the embedded AWS."""
    return _Course(case).run()


def differences(lived: Lived, replayed: Replayed) -> list[str]:
    """In words, what is not the same; seconds of waits to 1e-6, of instance-time to 1e-3."""
    found = []
    done = ~np.isnan(lived.ended_s)
    for what, theirs, ours in (
        ("start", lived.started_s[done], replayed.started_s[done]),
        ("end", lived.ended_s, replayed.ended_s),
    ):
        off = ~np.isclose(theirs, ours, rtol=0, atol=1e-6, equal_nan=True)
        if off.any():
            first = int(np.flatnonzero(off)[0])
            found.append(
                f"{off.sum()} requests {what} at other times, the first {theirs[first]} and {ours[first]}"
            )
    timeline = replayed.timeline
    assert timeline is not None
    columns = [timeline.backlog, timeline.per_instance, timeline.instances, timeline.desired]
    whole = int(replayed.end_s // 60) - timeline.first_minute  # one that is cut short has nothing beside it
    ours = np.column_stack(columns)[: max(whole, len(lived.minutes))]
    theirs = np.array(lived.minutes).reshape(-1, 4)
    if theirs.shape != ours.shape:
        found.append(f"{len(theirs)} and {len(ours)} minutes")
    else:
        for column, what in enumerate(("backlog", "backlog per instance", "instances", "desired")):
            off = ~np.isclose(theirs[:, column], ours[:, column], rtol=0, atol=1e-9, equal_nan=True)
            if off.any():
                first = int(np.flatnonzero(off)[0])
                values = theirs[first, column], ours[first, column]
                found.append(f"{what} differs in {off.sum()} minutes, first in minute {first}: {values}")
    for what, one, other, within in (
        ("expired", lived.expired, replayed.expired, 0),
        ("cold starts", lived.cold_starts, replayed.cold_starts, 0),
        ("instance-seconds", lived.billed_s, replayed.billed_s, 1e-3),
    ):
        if abs(one - other) > within:
            found.append(f"{what}: {one} and {other}")
    return found


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

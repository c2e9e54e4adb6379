"""One endpoint, request by request: arrivals, queue, slots, instances, expiry, and the minute's datapoints.

Events happen in time order; at one instant: completion, capacity, expiry, arrival. A minute's datapoints are
taken at its end, from events strictly before it. docs/model.md names what AWS does not document.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ops.local_aws import pools
from ops.local_aws.arrivals import Arrivals
from ops.local_aws.endpoint_metrics import EndpointMetrics
from ops.local_aws.errors import validation
from ops.local_aws.ledger import Meter
from ops.local_aws.physics import (
    LOADING_S,
    NO_CAPACITY,
    PROVISION_RANGE_S,
    PROVISION_SIGMA,
    REFUSED_AFTER_S,
    REMOVAL_S,
    EndpointSpec,
    EndpointStatus,
    Instance,
    Job,
    Request,
    provision_median,
)
from ops.local_aws.wakes import WakeBook
from ops.local_aws.work import Work

if TYPE_CHECKING:
    from ops.local_aws.traffic import Traffic
    from ops.local_aws.world import World

INF = math.inf
MODEL_ERROR = (
    "ClientError: Received server error (500) from model. "
    "See the SageMaker Endpoint logs in your account for more information."
)
MISSING_INPUT = "ClientError: Unable to download the input object: it does not exist or access is denied."
TIMED_OUT = "ClientError: The model did not answer within the invocation timeout."


class EndpointSim:
    """The life of one endpoint with its one variant. Times are epoch seconds."""

    def __init__(self, world: World, spec: EndpointSpec, now: float, traffic: Traffic | None = None) -> None:
        self._world = world
        self.spec = spec
        self.traffic = traffic
        self.status = "Creating"
        self.created = self.modified = now
        self.failure_reason = ""
        self.desired = spec.initial_count
        self.instances: list[Instance] = []
        self.minute = int(now // 60)
        self.profile: tuple[float, float, float] | None = None
        self.refused: frozenset[str] = frozenset()
        """Types of which AWS has none to give."""
        self._coming = spec.types[0]
        self.fail_deploy = False
        self.fail_start = False
        self.wakes = WakeBook()
        self._rng = np.random.default_rng([world.options.seed, zlib.crc32(spec.name.encode()), 1])
        self._work = Work(world.delivery.input_exists)
        self._seq = 0
        self._due = INF
        self._on_due: Callable[[float], None] | None = None
        self._activity: Any = None
        self._phase_since = now
        self._arrivals = Arrivals(traffic, now)
        self._quiet_for = 0
        self._signature: tuple[int, int, int] = (-1, -1, -1)
        self._quiet_enough = 2 + -(-world.options.assumptions.publish_delay_s // 60)
        """Minutes without news after which alarms have seen the last of it."""
        self.metrics = EndpointMetrics(world, spec)
        self._requeues = world.options.assumptions.drain == "requeue"
        self._counts_running = world.options.assumptions.in_flight == "counted"
        self._meter = Meter(world, spec, now)
        self._begin(now + self._provision_s(self._coming), self._created)

    # -- what others see -------------------------------------------------------------------------------

    @property
    def updating(self) -> bool:
        return self.status != "InService"

    @property
    def current(self) -> int:
        return len(self.instances)

    @property
    def waiting(self) -> int:
        return len(self._work.queue)

    @property
    def in_flight(self) -> int:
        return len(self._work.running)

    def describe(self) -> EndpointStatus:
        phase = {"Creating": "Creating", "Updating": "Updating", "Deleting": "Deleting"}.get(self.status)
        return EndpointStatus(
            self.spec.name,
            self.spec,
            self.status,
            self.current,
            self.desired,
            self.created,
            self.modified,
            self.failure_reason,
            [(phase, "", self._phase_since)] if phase else [],
            pools.mix(self.instances, self.spec.types),
        )

    def in_use(self, instance_type: str) -> int:
        """Instances of a type, those on order too."""
        here = sum(1 for i in self.instances if i.type == instance_type)
        coming = max(0, self.desired - self.current) if self._coming == instance_type else 0
        return here + coming

    def next_time(self) -> float:
        """When the next event is due."""
        work = self._work
        return min(
            self._arrivals.next_s,
            work.running[0][0] if work.running else INF,
            self._due,
            work.expiries[0][0] if work.expiries else INF,
        )

    # -- orders ----------------------------------------------------------------------------------------

    def invoke(self, request: Request, now: float) -> None:
        job = Job(now, request.service_s, self._next_seq(), now + request.ttl_s)
        job.request = request
        job.outcome = request.outcome
        self._work.enter(job, now)

    def set_desired(self, count: int, now: float, activity: Any) -> None:
        """Order another number of instances. Raises AwsError where AWS refuses the order itself."""
        if self.updating:
            raise validation(f'Cannot update in-progress endpoint "{self.spec.name}".')
        self.modified = now
        if count == self.current:
            self.desired = count
            self._finish_activity(activity, now, True, "")
            return
        if count > self.current:
            found = pools.given(self.spec.types, self.refused)
            coming, lost_s = found or (self.spec.types[0], 0.0)
            self._world.fleet.check_quota(coming, count - self.current)
            if self.current == 0:
                self.wakes.ordered(now)
            self.desired = count
            self._coming = coming
            self._activity = activity
            if found is None:
                self._begin(now + REFUSED_AFTER_S, self._no_capacity, now)
            else:
                self._meter.ordered(self.spec, coming, count - self.current, now)
                self._begin(now + lost_s + self._provision_s(coming), self._scaled_out, now)
            return
        self.desired = count
        self._activity = activity
        leaving = self.current - count
        self.instances = pools.by_priority(self.instances, self.spec.types)
        self._work.leave(self.instances, leaving, self.spec.concurrency, requeue=self._requeues)
        self._work.start_waiting(now)
        self._begin(now + REMOVAL_S, self._scaled_in, now)

    def update(self, spec: EndpointSpec, retain: bool, now: float) -> None:
        if self.status not in ("InService", "Failed"):
            raise validation(f'Cannot update in-progress endpoint "{self.spec.name}".')
        count = self.current if retain else spec.initial_count
        self.modified = now
        self.desired = count
        fresh = replace(spec, initial_count=count)
        coming, lost_s = pools.given(spec.types, self.refused) or (spec.types[0], 0.0)
        self._meter.ordered(fresh, coming, count, now)
        due = now + lost_s + self._provision_s(coming) + REMOVAL_S
        self._begin(due, lambda at: self._updated(fresh, coming, at), now)

    def delete(self, now: float) -> None:
        if self.status in ("Creating", "Updating"):
            raise validation(f'Cannot update in-progress endpoint "{self.spec.name}".')
        self.status = "Deleting"
        self._work.clear()
        self._arrivals, self.traffic = Arrivals(None, now), None
        self._due, self._on_due = now + 15.0, self._deleted
        self._phase_since = self.modified = now

    # -- capacity --------------------------------------------------------------------------------------

    def _begin(self, due: float, then: Callable[[float], None], now: float | None = None) -> None:
        if now is not None:
            self.status = "Updating"
            self._phase_since = now
        self._due, self._on_due = due, then

    def _provision_s(self, instance_type: str) -> float:
        median = provision_median(instance_type)
        drawn = float(self._rng.lognormal(math.log(median), PROVISION_SIGMA))
        return min(max(drawn, PROVISION_RANGE_S[0]), PROVISION_RANGE_S[1])

    def _launch(self, count: int, now: float) -> None:
        queue = self._work.queue
        oldest = queue[0].received if queue else None
        self.wakes.served(now, now - LOADING_S, len(queue), oldest)
        for _ in range(count):
            number = self._rng.integers(0, 1 << 63)
            instance = Instance(f"i-0{int(number):016x}", now, float(number % 97) / 97, self._coming)
            self.instances.append(instance)
            group, stream = self.metrics.log_group, f"{self.spec.variant}/{instance.id}"
            self._world.logs.put(group, stream, now - LOADING_S, "Starting the model server")
            self._world.logs.put(group, stream, now - 3.0, "Model loaded; answering /ping")
        self._bill(now)
        self._work.slots += count * self.spec.concurrency
        self._work.start_waiting(now)

    def _settle(self, now: float) -> None:
        self.status = "InService"
        self.modified = now
        self._due, self._on_due = INF, None
        self._meter.arrived()
        self._bill(now)

    def _bill(self, now: float) -> None:
        self._meter.counted(self.spec, pools.mix(self.instances, self.spec.types), now)

    def _created(self, now: float) -> None:
        if self.fail_deploy:
            self.status, self.failure_reason = "Failed", "The container did not pass the ping health check."
            self.desired = 0
            self._due, self._on_due = INF, None
            self.modified = now
            self._meter.arrived()
            self._bill(now)
            return
        self._settle(now)
        self._launch(self.desired, now)

    def _scaled_out(self, now: float) -> None:
        self._settle(now)
        if self.fail_start:
            self.desired = self.current
            self._finish_activity(
                self._activity, now, False, "The container did not pass the ping health check."
            )
            return
        self._launch(self.desired - self.current, now)
        self._finish_activity(self._activity, now, True, "")

    def _no_capacity(self, now: float) -> None:
        self._settle(now)
        self.wakes.refused(now)
        self.desired = self.current
        self._finish_activity(self._activity, now, False, NO_CAPACITY)

    def _scaled_in(self, now: float) -> None:
        """Idle instances leave; those at work leave with their last request."""
        self.instances = [i for i in self.instances if not (i.draining and i.busy == 0)]
        self._bill(now)
        if any(i.draining for i in self.instances):
            self._due = INF  # the last completion on a draining instance ends it
            return
        self._settle(now)
        self._finish_activity(self._activity, now, True, "")

    def _updated(self, spec: EndpointSpec, coming: str, now: float) -> None:
        if self.fail_deploy:
            self.fail_deploy = False
            self.desired = self.current
            self._settle(now)
            self.failure_reason = (
                "The new container did not pass the ping health check; the update was rolled back."
            )
            return
        self.failure_reason = ""
        self._work.leave(self.instances, self.current, self.spec.concurrency, requeue=False)
        self.instances = []
        if spec.variant != self.spec.variant or spec.publish_interval != self.spec.publish_interval:
            self.metrics.flush()
            self.metrics = EndpointMetrics(self._world, spec)
        self.spec, self._coming = spec, coming
        self._settle(now)
        self._launch(spec.initial_count, now)
        self._world.fleet.updated(spec, now)

    def _deleted(self, now: float) -> None:
        self._due, self._on_due = INF, None
        self.instances = []
        self._bill(now)
        self._world.fleet.gone(self.spec.name, now)

    def _finish_activity(self, activity: Any, now: float, ok: bool, message: str) -> None:
        self._activity = None
        if activity is not None:
            self._world.scaling.activity_finished(activity, now, ok, message)

    # -- requests --------------------------------------------------------------------------------------

    def run_until(self, end: float) -> None:
        """Everything that happens strictly before `end`."""
        running, expiries = self._work.running, self._work.expiries
        while True:
            completion = running[0][0] if running else INF
            expiry = expiries[0][0] if expiries else INF
            due, arrival = self._due, self._arrivals.next_s
            at = min(completion, due, expiry, arrival)
            if at >= end:
                return
            if completion == at:
                self._complete(at)
            elif due == at:
                assert self._on_due is not None
                self._on_due(at)
            elif expiry == at:
                if self._work.expire():
                    self.metrics.expired(at)
            else:
                self._arrive(at)

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def _arrive(self, now: float) -> None:
        assert self.traffic is not None
        service_s, fails = self._arrivals.take()
        job = Job(now, service_s, self._next_seq(), now + self.traffic.ttl_s)
        if fails:
            job.outcome = "model_error"
        self._work.enter(job, now)

    def _complete(self, now: float) -> None:
        work = self._work
        job = work.complete(self.instances, now)
        left = job.instance
        emptied = left is not None and left.draining and left.busy == 0
        if emptied and self.status == "Updating" and self._due == INF:
            self._scaled_in(now)
        self.metrics.finished(job, now)
        self.wakes.finished(now, len(work.queue) + len(work.running))

    # -- minutes ---------------------------------------------------------------------------------------

    def publish(self) -> None:
        """Datapoints of the minute `self.minute`, at its end; then on to the next minute."""
        minute = self.minute
        self.minute = minute + 1
        if self.status in ("Creating", "Failed"):
            return
        work = self._work
        current, waiting, running = len(self.instances), len(work.queue), len(work.running)
        backlog = waiting + running if self._counts_running else waiting
        age = (minute + 1) * 60.0 - work.queue[0].received if waiting else None
        work.spread(self.instances)
        self.metrics.minute(minute, current, backlog, age, self.instances)
        signature = (current, waiting, running)
        if signature == self._signature and running == 0 and not self.updating:
            self._quiet_for += 1
        else:
            self._quiet_for = 0
            self._signature = signature

    def quiet_until(self, limit: int) -> int:
        """The minute up to which nothing changes here, at most `limit`; `self.minute` where something may."""
        if self._quiet_for < self._quiet_enough:
            return self.minute
        return max(self.minute, min(limit, int(min(self.next_time(), limit * 60.0) // 60)))

    def leap(self, until: int) -> None:
        """Publish the minutes up to `until` at once: nothing happens in them."""
        queue = self._work.queue
        age = self.minute * 60.0 + 60.0 - queue[0].received if queue else None
        self.metrics.span(self.minute, until, self.current, len(queue), age)
        self.minute = until

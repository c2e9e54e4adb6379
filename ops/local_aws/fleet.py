"""All endpoints in step: one seeded minute-by-minute course for the back-fill and for live time."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ops.core.autoscaling import Outcome
from ops.local_aws.endpoint_metrics import HOST
from ops.local_aws.endpoint_sim import MISSING_INPUT, MODEL_ERROR, TIMED_OUT, EndpointSim
from ops.local_aws.errors import AwsError, validation
from ops.local_aws.physics import EndpointSpec, EndpointStatus, Job, Request
from ops.local_aws.traffic import Traffic
from ops.local_aws.wakes import WakeTruth

if TYPE_CHECKING:
    from ops.local_aws.world import World

INF = math.inf
REASONS = {"model_error": MODEL_ERROR, "input_missing": MISSING_INPUT, "timed_out": TIMED_OUT}

CONTAINER_ERROR = (
    "ERROR    decode: a request failed",
    'Traceback (most recent call last):\n  File "/opt/ml/code/decode.py", line 88, in page\n'
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.20 GiB",
)
"""What the container itself writes of a model error: it does not know the inference id."""


class Fleet:
    """The endpoints of the world. `deliver_from` is when the fleet's own traffic starts to leave objects in S3."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sims: dict[str, EndpointSim] = {}
        self._expected: dict[str, Traffic] = {}
        self._minute = int(world.clock.now() // 60)
        self._script: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = itertools.count()
        self.now = world.clock.now()
        """How far things have happened: the clock, or the middle of the back-fill."""
        self.deliver_from = -INF
        self.live = True

    # -- what the services ask -------------------------------------------------------------------------

    def names(self) -> list[str]:
        return list(self._sims)

    def describe(self, name: str) -> EndpointStatus | None:
        sim = self._sims.get(name)
        return sim.describe() if sim else None

    def traffic(self, name: str) -> Traffic | None:
        """The life of its own that an endpoint has, if it has one."""
        sim = self._sims.get(name)
        return sim.traffic if sim else None

    def capacity(self, resource: str) -> tuple[int, int, bool]:
        """(current, desired, updating) of a resource id; KeyError where there is none."""
        sim = self._by_resource(resource)
        return sim.current, sim.desired, sim.updating

    def profile(self, name: str) -> tuple[float, float, float] | None:
        """(least seconds, most seconds, error rate) of the endpoint's model, where the control path set one."""
        sim = self._sims.get(name)
        return sim.profile if sim else None

    def wakes(self, name: str) -> tuple[WakeTruth, ...]:
        """Every 0 → 1 of the endpoint as it really was, oldest first. KeyError where there is none."""
        return self._sims[name].wakes.list()

    def in_use(self, instance_type: str) -> int:
        """Instances of a type that count against the account's quota."""
        return sum(sim.in_use(instance_type) for sim in self._sims.values())

    def check_quota(self, instance_type: str, more: int) -> None:
        """Raise ResourceLimitExceeded where `more` instances of the type would pass the account's quota."""
        limit, used = self._world.quotas.limit(instance_type), self.in_use(instance_type)
        if used + more > limit:
            raise AwsError(
                "ResourceLimitExceeded",
                f"The account-level service limit '{instance_type} for endpoint usage' is {limit} Instances, "
                f"with current utilization of {used} Instances and a request delta of {more} Instances. "
                "Please use AWS Service Quotas to request an increase for this quota.",
            )

    # -- orders ----------------------------------------------------------------------------------------

    def expect_traffic(self, name: str, traffic: Traffic | None) -> None:
        """Give the endpoint that will be created under this name a life of its own."""
        if traffic is not None:
            self._expected[name] = traffic

    def create(self, spec: EndpointSpec, now: float) -> None:
        if spec.name in self._sims:
            raise validation(f'Cannot create already existing endpoint "{self._arn(spec.name)}".')
        self.check_quota(spec.types[0], spec.initial_count)
        self._sims[spec.name] = EndpointSim(self._world, spec, now, self._expected.pop(spec.name, None))
        self._world.delivery.test_notification(spec, now)

    def update(self, spec: EndpointSpec, retain: bool, now: float) -> None:
        self._sim(spec.name).update(spec, retain, now)
        self._world.delivery.test_notification(spec, now)

    def delete(self, name: str, now: float) -> None:
        self._sim(name).delete(now)

    def invoke(self, name: str, request: Request, now: float) -> None:
        self._sim(name).invoke(request, now)

    def set_desired(self, resource: str, count: int, now: float, activity: Any) -> None:
        """Order a number of instances; `activity` None is a manual order. Raises AwsError where AWS refuses."""
        sim = self._by_resource(resource)
        sim.set_desired(count, now, activity)
        self._world.delivery.test_notification(sim.spec, now)

    def inject(self, name: str, **fields: Any) -> None:
        """Trouble on demand (control path): capacity_refused (of all types, or a list of them), fail_deploy,
        profile=(low, high, error rate), quota; and fail_start, for stories: no new instance passes the health check.
        """
        sim = self._sims[name]
        if "capacity_refused" in fields:
            refused = fields["capacity_refused"]
            if isinstance(refused, bool):
                refused = sim.spec.types if refused else ()
            sim.refused = frozenset(refused)
        if "fail_deploy" in fields:
            sim.fail_deploy = bool(fields["fail_deploy"])
        if "fail_start" in fields:
            sim.fail_start = bool(fields["fail_start"])
        if "profile" in fields:
            sim.profile = fields["profile"]
        if "quota" in fields:
            self._world.quotas.set(sim.spec.instance_type, int(fields["quota"]))

    def backdate(self, at: float) -> None:
        """The endpoints that there are were created at `at`; their course goes on as it is."""
        for sim in self._sims.values():
            sim.created = at

    def at(self, when: float, act: Callable[[float], None]) -> None:
        """Have `act(now)` happen at the first minute boundary from `when` on."""
        heapq.heappush(self._script, (when, next(self._order), act))

    # -- called by an endpoint -------------------------------------------------------------------------

    def gone(self, name: str, now: float) -> None:
        del self._sims[name]
        self._world.registry.endpoint_gone(name)

    def updated(self, spec: EndpointSpec, now: float) -> None:
        self._world.registry.endpoint_updated(spec.name, spec.config_name, now)

    def hand_over(self, spec: EndpointSpec, job: Job, now: float) -> tuple[bool, bool]:
        """Result or failure of a request to S3, SNS and the log; (uploaded, notified)."""
        request = job.request
        ok = job.outcome == "ok"
        if request is None:
            if now < self.deliver_from:
                return True, True
            request = self._world.delivery.story_request(spec, job, self._world.options.seed)
        reason = REASONS.get(job.outcome, "")
        if not ok and job.instance is not None:
            stream = f"{spec.variant}/{job.instance.id}"
            line = f"[sagemaker logs] [{request.id}] {_log_line(job.outcome)}"
            group = f"/aws/sagemaker/Endpoints/{spec.name}"
            if job.outcome == "model_error":
                for line_of_container in CONTAINER_ERROR:
                    self._world.logs.put(group, stream, now - 0.2, line_of_container)
            self._world.logs.put(group, f"{stream}/data-log", now, line)
        answered = {"ok": 200, "model_error": 500}.get(job.outcome, 0)
        sent = self._world.delivery.deliver(spec, request, now, ok, reason, answered)
        return sent.uploaded, sent.notified

    # -- time ------------------------------------------------------------------------------------------

    def start_at(self, when: float) -> None:
        """Begin the course at an earlier instant (the back-fill of an empty world)."""
        self._minute = int(when // 60)
        self.now = when

    def advance(self, now: float) -> None:
        """Let everything happen that is due by `now`."""
        target = int(now // 60)
        if target > self._minute:
            self._minutes(target)
        for sim in list(self._sims.values()):
            if sim.next_time() < now:
                sim.run_until(now)
        self.now = max(self.now, now)

    def _minutes(self, target: int) -> None:
        """Whole minutes up to `target`, endpoints interleaved so that what they share (quotas) holds at any time."""
        world = self._world
        while self._minute < target:
            barrier = self._barrier(target)
            self._interleave(barrier)
            self._minute = barrier
            world.minute = barrier
            boundary = barrier * 60.0
            self.now = max(self.now, boundary)
            while self._script and self._script[0][0] <= boundary:
                heapq.heappop(self._script)[2](boundary)
            due = world.scaling.due(boundary)
            if due is not None and due <= boundary:
                world.scaling.run_due(boundary)
            if self.live:
                world.alarms.step_others(barrier - 1, boundary)

    def _barrier(self, target: int) -> int:
        """The minute up to which endpoints may run alone: a script, a scheduled action, or the end."""
        times = [target * 60.0]
        if self._script:
            times.append(self._script[0][0])
        due = self._world.scaling.due(self._minute * 60.0)
        if due is not None:
            times.append(due)
        if self.live and self._world.alarms.has_others():
            times.append(self._minute * 60.0 + 60)
        return min(target, max(self._minute + 1, math.ceil(min(times) / 60)))

    def _interleave(self, barrier: int) -> None:
        book = self._world.alarms
        for sim in self._sims.values():
            sim.metrics.eager = any(
                alarm.params.get("Namespace") == HOST for alarm in book.watching(sim.spec.name)
            )
        heap = [(sim.minute, i, sim) for i, sim in enumerate(self._sims.values()) if sim.minute < barrier]
        heapq.heapify(heap)
        while heap:
            minute, i, sim = heap[0]
            self.now = (minute + 1) * 60.0
            if self._step(sim, barrier) < barrier and sim.spec.name in self._sims:
                heapq.heapreplace(heap, (sim.minute, i, sim))
            else:
                heapq.heappop(heap)
        for sim in self._sims.values():
            sim.metrics.flush()

    def _step(self, sim: EndpointSim, barrier: int) -> int:
        """One minute of one endpoint: events, datapoints, alarms, policies; then on past minutes without news."""
        boundary = (sim.minute + 1) * 60.0
        sim.run_until(boundary)
        sim.publish()
        blocked = False
        book, scaling = self._world.alarms, self._world.scaling
        watching = book.watching(sim.spec.name)
        visible = self._world.metrics.visible_minute(boundary)
        for alarm in watching:
            for arn in book.step(alarm, visible, boundary):
                blocked |= scaling.on_alarm(arn, alarm, boundary) is not Outcome.NOTHING
        until = sim.quiet_until(barrier)
        if until - sim.minute >= 2 and not blocked and all(alarm.machine.settled for alarm in watching):
            sim.leap(until)
        return sim.minute

    def _sim(self, name: str) -> EndpointSim:
        sim = self._sims.get(name)
        if sim is None:
            raise validation(f'Could not find endpoint "{self._arn(name)}".')
        return sim

    def _by_resource(self, resource: str) -> EndpointSim:
        _, name, _, variant = resource.split("/")
        sim = self._sims[name]
        if sim.spec.variant != variant:
            raise KeyError(resource)
        return sim

    def _arn(self, name: str) -> str:
        return self._world.arn("sagemaker", f"endpoint/{name}")


def _log_line(outcome: str) -> str:
    if outcome == "model_error":
        return (
            'Received server error (500) from primary with message "CUDA out of memory while decoding page"'
        )
    if outcome == "timed_out":
        return "The model did not answer within the invocation timeout"
    return "Could not download the input object"

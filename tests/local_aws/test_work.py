"""Requests in work lie evenly on the instances, and the last instances leave."""

from __future__ import annotations

import math

from ops.local_aws.clock import SimClock
from ops.local_aws.physics import AsyncSettings, EndpointSpec, Instance, Job
from ops.local_aws.work import Work
from ops.local_aws.world import Assumptions, World, WorldOptions
from tests.replay.side_by_side import Listed

START = 1_790_000_000.0 // 86_400 * 86_400
BOTH = {"EndpointName": "queue", "VariantName": "AllTraffic"}


def instances(count: int) -> list[Instance]:
    return [Instance(f"i-{k}", 0.0, 0.5, "ml.g5.xlarge") for k in range(count)]


def at_work(slots: int, seconds: list[float]) -> tuple[Work, list[Job]]:
    """One request a second from instant 1 on; the number of slots is fixed."""
    work = Work(lambda _: True)
    work.slots = slots
    jobs = [Job(1.0 + k, service, k, math.inf) for k, service in enumerate(seconds)]
    for job in jobs:
        work.enter(job, job.received)
    return work, jobs


def test_requests_in_work_lie_evenly_in_the_order_of_their_starts() -> None:
    hosts = instances(3)
    work, _ = at_work(6, [100.0] * 5)
    work.spread(hosts)
    assert [host.busy for host in hosts] == [2, 2, 1]


def test_the_last_instances_leave_with_what_lies_on_them() -> None:
    hosts = instances(3)
    work, jobs = at_work(6, [100.0] * 5)
    work.leave(hosts, 2, 2, requeue=False)
    assert [host.draining for host in hosts] == [False, True, True]
    assert [job.instance.id if job.instance else None for job in jobs] == [None, "i-1", "i-2", None, "i-1"]
    assert (work.slots, work.held) == (2, 2)
    assert [host.busy for host in hosts[1:]] == [2, 1]


def test_a_slot_that_leaves_takes_no_further_request() -> None:
    hosts = instances(2)
    work, jobs = at_work(2, [10.0, 20.0, 30.0])
    work.leave(hosts, 1, 1, requeue=False)
    assert work.complete(hosts, 11.35) is jobs[0]
    assert jobs[2].started == 11.35
    assert work.complete(hosts, 22.35) is jobs[1]
    assert (len(work.queue), hosts[1].busy, work.held) == (0, 0, 1)


def test_those_sent_back_stand_in_the_queue_by_arrival() -> None:
    hosts = instances(2)
    work, jobs = at_work(4, [100.0] * 6)
    work.leave(hosts, 1, 2, requeue=True)
    assert list(work.queue) == [jobs[1], *jobs[3:]]
    hosts.pop()
    work.leave(hosts, 1, 2, requeue=True)
    assert list(work.queue) == jobs
    assert (work.running, work.held) == ([], 0)
    work.slots = 2
    work.start_waiting(50.0)
    assert [job.started for job in jobs[:3]] == [50.0, 50.0, 0.0]


def test_a_failed_request_is_told_the_instance_that_it_lay_on() -> None:
    hosts = instances(2)
    work = Work(lambda _: True)
    work.slots = 4
    for k, outcome in enumerate(("ok", "model_error", "ok")):
        job = Job(float(k), 10.0 + k, k, math.inf)
        job.outcome = outcome
        work.enter(job, float(k))
    assert work.complete(hosts, 10.35).instance is None
    assert work.complete(hosts, 12.2).instance is hosts[0]  # the oldest of two by then


def living(drain: str, arrivals: list[tuple[float, float]], *, count: int, concurrency: int) -> World:
    """An endpoint in service for half an hour; arrivals as (seconds from then on, container seconds)."""
    world = World(SimClock(START, 1.0, lambda: 0.0), WorldOptions(3, assumptions=Assumptions(drain=drain)))
    world.fleet.deliver_from = math.inf
    listed = tuple((START + 1800 + at, service, False) for at, service in arrivals)
    world.fleet.expect_traffic("queue", Listed("queue", 1, (1.0, 1.0), ttl_s=600.0, listed=listed))
    settings = AsyncSettings("s3://none/out/")
    spec = EndpointSpec("queue", "queue-1", "AllTraffic", "ml.g5.xlarge", count, concurrency, settings)
    world.fleet.create(spec, START)
    world.fleet.advance(START + 1800)
    return world


def test_a_request_that_was_sent_back_expires_once() -> None:
    """It waited before its start, too, so that its time to live was noted twice."""
    world = living("requeue", [(0.0, 60.0)] * 3, count=1, concurrency=1)
    world.fleet.advance(START + 1870)
    world.fleet.set_desired("endpoint/queue/variant/AllTraffic", 0, START + 1870, None)
    world.fleet.advance(START + 3600)
    expired = world.metrics.find("AWS/SageMaker", "ExpiredRequests", BOTH)
    assert expired is not None
    assert expired.stat(int(START // 60) + 40, "Sum") == 2.0


def test_hosts_show_the_even_spread() -> None:
    """Every other request is done soon: the rest lies on both hosts, wherever it began."""
    world = living("finish", [(0.0, 20.0), (0.1, 300.0), (0.2, 20.0), (0.3, 300.0)], count=2, concurrency=4)
    world.fleet.advance(START + 1980)
    gpu = world.metrics.find("/aws/sagemaker/Endpoints", "GPUUtilization", BOTH)
    assert gpu is not None
    assert (gpu.stat(int(START // 60) + 31, "Minimum") or 0.0) > 60.0

"""The event queue of an endpoint: against queueing theory, and the laws that hold for any traffic."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops.local_aws.clock import SimClock
from ops.local_aws.physics import DOWNLOAD_S, UPLOAD_S, AsyncSettings, EndpointSpec, Request
from ops.local_aws.traffic import Batch, Traffic, steady
from ops.local_aws.world import Assumptions, World, WorldOptions

START = 1_790_000_000.0 // 86_400 * 86_400
BOTH = {"EndpointName": "queue", "VariantName": "AllTraffic"}
NAME = {"EndpointName": "queue"}
WITHIN = {"M/D/1": 0.08, "M/D/4": 0.1}


def world_at(start: float = START, **assumptions: str) -> World:
    clock = SimClock(start, 1.0, lambda: 0.0)
    return World(clock, WorldOptions(seed=3, assumptions=Assumptions(**assumptions)))


def spec(instances: int = 1, concurrency: int = 1) -> EndpointSpec:
    return EndpointSpec(
        "queue",
        "queue-1",
        "AllTraffic",
        "ml.g5.xlarge",
        instances,
        concurrency,
        AsyncSettings("s3://none/out/"),
    )


def living(traffic: Traffic | None, days: float, *, instances: int = 1, concurrency: int = 1) -> World:
    """An endpoint with a fixed number of instances that has lived for `days`. Results go nowhere."""
    world = world_at()
    world.fleet.deliver_from = math.inf
    if traffic is not None:
        world.fleet.expect_traffic("queue", traffic)
    world.fleet.create(spec(instances, concurrency), START)
    world.fleet.advance(START + days * 86_400)
    return world


def values(world: World, name: str, days: float) -> np.ndarray:
    series = world.metrics.find("AWS/SageMaker", name, BOTH)
    assert series is not None
    first = int(START // 60)
    found = [series.stat(m, "Sum") or 0.0 for m in range(first, first + int(days * 1440))]
    return np.array(found)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_one_slot_and_constant_work_waits_as_m_d_1(load: float) -> None:
    work = 10.0
    busy = work + DOWNLOAD_S + UPLOAD_S
    rate = load / busy * 3600
    days = 40.0
    begin = START + 3600
    traffic = Traffic("queue", 3, (work, work), singles=steady(rate), start=begin)
    world = living(traffic, days)
    served = values(world, "InvocationsProcessed", days).sum()
    waited = values(world, "TimeInBacklog", days).sum() / 1000 / served
    theory = load * busy / (2 * (1 - load))  # Pollaczek-Khinchine without variance
    assert waited == pytest.approx(theory, rel=WITHIN["M/D/1"])


def test_several_slots_wait_less_than_one_and_as_the_load_says() -> None:
    """M/D/c by Cosmetatos' approximation, which is good to a few per cent."""
    work, slots, load = 20.0, 4, 0.8
    busy = work + DOWNLOAD_S + UPLOAD_S
    days = 40.0
    traffic = Traffic(
        "queue", 3, (work, work), singles=steady(slots * load / busy * 3600), start=START + 3600
    )
    world = living(traffic, days, instances=2, concurrency=2)
    served = values(world, "InvocationsProcessed", days).sum()
    waited = values(world, "TimeInBacklog", days).sum() / 1000 / served
    offered = slots * load
    tail = offered**slots / math.factorial(slots) / (1 - load)
    erlang_c = tail / (sum(offered**k / math.factorial(k) for k in range(slots)) + tail)
    m_m_c = erlang_c * busy / (slots * (1 - load))
    correction = 1 + (1 - load) * (slots - 1) * (math.sqrt(4 + 5 * slots) - 2) / (16 * load * slots)
    assert waited == pytest.approx(m_m_c * correction / 2, rel=WITHIN["M/D/4"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rate=st.floats(0.0, 400.0),
    low=st.floats(0.1, 30.0),
    spread=st.floats(0.0, 60.0),
    slots=st.integers(1, 4),
    burst=st.integers(0, 60),
    seed=st.integers(0, 10_000),
)
def test_every_request_ends_in_exactly_one_count_or_is_still_there(
    rate: float, low: float, spread: float, slots: int, burst: int, seed: int
) -> None:
    days = 0.6
    batches = (Batch(START + 4000, 3600.0, burst),) if burst else ()
    traffic = Traffic(
        "queue",
        seed,
        (low, low + spread),
        singles=steady(rate),
        batches=batches,
        background_error_rate=0.2,
        start=START,
    )
    world = living(traffic, days, concurrency=slots)
    arrived = sum(1 for at in traffic.day(int(START // 86_400))[0] if at < START + days * 86_400)
    ends = sum(
        values(world, n, days).sum()
        for n in ("InvocationsProcessed", "InvocationFailures", "ExpiredRequests")
    )
    backlog = world.metrics.find("AWS/SageMaker", "ApproximateBacklogSize", NAME)
    assert backlog is not None
    left = backlog.stat(int(START // 60) + int(days * 1440) - 1, "Average") or 0.0
    assert ends + left == arrived


@pytest.mark.parametrize("cut", [lambda k: k * 60.0, lambda k: k * 37.3, lambda k: k * 3601.0])
def test_time_may_pass_in_any_steps(cut: Callable[[int], float]) -> None:
    """Stepping by the second, the minute or the hour lives the same life."""
    traffic = Traffic(
        "queue", 3, (5.0, 20.0), singles=steady(120.0), batches=(Batch(START + 900, 7200.0, 40),)
    )
    end = START + 0.25 * 86_400
    whole = living(traffic, 0.25)
    stepped = world_at()
    stepped.fleet.deliver_from = math.inf
    stepped.fleet.expect_traffic("queue", traffic)
    stepped.fleet.create(spec(), START)
    k = 1
    while START + cut(k) < end:
        stepped.fleet.advance(START + cut(k))
        k += 1
    stepped.fleet.advance(end)
    for name in ("InvocationsProcessed", "TimeInBacklog", "TotalProcessingTime", "ModelLatency"):
        assert np.array_equal(values(whole, name, 0.25), values(stepped, name, 0.25))


def test_an_endpoint_starts_awake_and_counts_its_instances_by_samples() -> None:
    world = living(None, 0.05, instances=3)
    cpu = world.metrics.find("/aws/sagemaker/Endpoints", "CPUUtilization", BOTH)
    assert cpu is not None
    first = int(START // 60)
    assert cpu.stat(first, "SampleCount") is None
    assert cpu.stat(first + 60, "SampleCount") == 3


def test_at_zero_instances_hosts_fall_silent_and_the_queue_still_speaks() -> None:
    world = world_at()
    world.fleet.create(spec(), START)
    world.fleet.advance(START + 1800)
    world.fleet.set_desired("endpoint/queue/variant/AllTraffic", 0, START + 1800, None)
    world.fleet.advance(START + 7200)
    minute = int(START // 60) + 100
    find = world.metrics.find
    cpu, backlog = (
        find("/aws/sagemaker/Endpoints", "CPUUtilization", BOTH),
        find("AWS/SageMaker", "ApproximateBacklogSize", NAME),
    )
    per_instance = find("AWS/SageMaker", "ApproximateBacklogSizePerInstance", NAME)
    assert cpu is not None
    assert backlog is not None
    assert per_instance is not None
    assert cpu.stat(minute, "SampleCount") is None
    assert backlog.stat(minute, "Average") == 0.0
    assert per_instance.stat(minute, "Average") is None


@pytest.mark.parametrize(("assumption", "published"), [("backlog", 2.0), ("missing", None)])
def test_backlog_per_instance_at_zero_follows_the_switch(assumption: str, published: float | None) -> None:
    world = world_at(zero_metric=assumption)
    world.fleet.create(spec(), START)
    world.fleet.advance(START + 1800)
    world.fleet.set_desired("endpoint/queue/variant/AllTraffic", 0, START + 1800, None)
    world.fleet.advance(START + 3600)
    for i in range(2):
        world.fleet.invoke("queue", Request(f"r{i}", START + 3600, 5.0), START + 3600)
    world.fleet.advance(START + 3900)
    minute = int(START // 60) + 62
    per_instance = world.metrics.find("AWS/SageMaker", "ApproximateBacklogSizePerInstance", NAME)
    wake = world.metrics.find("AWS/SageMaker", "HasBacklogWithoutCapacity", NAME)
    assert per_instance is not None
    assert wake is not None
    assert per_instance.stat(minute, "Average") == published
    assert wake.stat(minute, "Maximum") == 1.0


def test_a_request_leaves_the_queue_when_its_time_to_live_is_over() -> None:
    world = world_at()
    world.fleet.create(spec(), START)
    world.fleet.advance(START + 1800)
    world.fleet.set_desired("endpoint/queue/variant/AllTraffic", 0, START + 1800, None)
    world.fleet.advance(START + 3600)
    world.fleet.invoke("queue", Request("short", START + 3600, 5.0, ttl_s=60.0), START + 3600)
    world.fleet.invoke("queue", Request("long", START + 3600, 5.0, ttl_s=21_600.0), START + 3600)
    world.fleet.advance(START + 3720)
    expired = values(world, "ExpiredRequests", 0.1)
    assert expired.sum() == 1
    assert np.flatnonzero(expired) == [61]


@pytest.mark.parametrize(("drain", "alone"), [("finish", True), ("requeue", False)])
def test_a_request_at_work_during_scale_in_follows_the_switch(drain: str, alone: bool) -> None:
    world = world_at(drain=drain)
    world.fleet.deliver_from = math.inf
    traffic = Traffic("queue", 3, (300.0, 300.0), batches=(Batch(START + 1790, 1e9, 1, 0.0),))
    world.fleet.expect_traffic("queue", traffic)
    world.fleet.create(spec(), START)
    world.fleet.advance(START + 1800)
    world.fleet.set_desired("endpoint/queue/variant/AllTraffic", 0, START + 1800, None)
    world.fleet.advance(START + 3600)
    assert bool(values(world, "InvocationsProcessed", 0.1).sum() == 1) is alone
    assert world.fleet.capacity("endpoint/queue/variant/AllTraffic") == (0, 0, False)

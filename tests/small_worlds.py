"""An embedded AWS with one endpoint, or few, and a short past: quick to make, and days pass in it at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from ops.local_aws.clock import SimClock
from ops.local_aws.server import LocalAws
from ops.local_aws.story_kit import DAY, HOUR, VARIANT, Kit
from ops.local_aws.traffic import Batch, Traffic, quiet
from ops.local_aws.world import World, WorldOptions
from tests.living import TUESDAY

NAME = "doc"
BORN_S = 600.0
"""So long after the first minute of history the endpoint is created."""


@contextmanager
def small(
    days: float = 2.0,
    *,
    every_s: float = 5400.0,
    size: int = 12,
    publish_interval: int = 60,
    instance_type: str = "ml.g5.xlarge",
    options: WorldOptions | None = None,
    start: float = TUESDAY,
) -> Iterator[tuple[LocalAws, SimClock]]:
    """One endpoint, born `days` ago, that wakes for `size` requests every `every_s` seconds and sleeps between."""
    with told(
        lambda kit, born: _tell(kit, born, every_s, size, publish_interval, instance_type),
        days,
        options,
        start,
    ) as found:
        yield found


@contextmanager
def told(
    tell: Callable[[Kit, float], None],
    days: float,
    options: WorldOptions | None = None,
    start: float = TUESDAY,
) -> Iterator[tuple[LocalAws, SimClock]]:
    """What `tell` makes `days` ago, lived through until `start`."""
    for backends in (s3_backends, sns_backends, sqs_backends):
        backends.reset()  # moto's are the process's own
    clock = SimClock(start, 1.0, lambda: 0.0)
    chosen = options or WorldOptions(history_days=math.ceil(days) + 1)
    world = World(clock, chosen)
    fleet = world.fleet
    fleet.live = False
    fleet.deliver_from = math.inf  # no objects in S3: only the numbers count here
    born = start - days * DAY
    fleet.start_at(born)
    kit = Kit(world)
    kit.account()
    tell(kit, born)
    fleet.advance(start // 60 * 60.0)
    fleet.live = True
    fleet.advance(start)
    server = LocalAws(world, ticking=False).start()
    try:
        yield server, clock
    finally:
        server.stop()


def _tell(
    kit: Kit, born: float, every_s: float, size: int, publish_interval: int, instance_type: str
) -> None:
    kit.quota(instance_type, 8)
    kit.config(NAME, f"{NAME}-1", instance_type, concurrency=2)
    config = f"{NAME}-1"
    if publish_interval != 60:
        config = _with_interval(kit, publish_interval, instance_type)
    batches = (Batch(born + HOUR, every_s, size, 240.0),)
    kit.endpoint(NAME, config, Traffic(NAME, kit.seed, (20.0, 70.0), quiet, batches=batches))
    kit.bounds(NAME, 0, 3)
    kit.track(NAME)
    kit.wake(NAME)


def _with_interval(kit: Kit, seconds: int, instance_type: str) -> str:
    variant: dict[str, Any] = {
        "VariantName": VARIANT,
        "ModelName": f"{NAME}-1",
        "InstanceType": instance_type,
        "InitialInstanceCount": 1,
    }
    name = f"{NAME}-every-{seconds}"
    kit.call(
        "sagemaker",
        "CreateEndpointConfig",
        EndpointConfigName=name,
        ProductionVariants=[variant],
        AsyncInferenceConfig={
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 2},
            "OutputConfig": {"S3OutputPath": "s3://ebb-documents/doc/out/"},
        },
        MetricsConfig={"MetricPublishFrequencyInSeconds": seconds, "EnableEnhancedMetrics": True},
    )
    return name

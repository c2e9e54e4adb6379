"""An embedded AWS in this process whose time is stepped by the test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from ops.local_aws.clock import SimClock
from ops.local_aws.server import LocalAws
from ops.local_aws.world import World, WorldOptions

START = 1_790_000_000.0 // 60 * 60


class SteppedAws:
    """A running embedded AWS and the hands on its clock."""

    def __init__(self, options: WorldOptions | None = None, start: float = START) -> None:
        for backends in (iam_backends, s3_backends, sns_backends, sqs_backends):
            backends.reset()  # moto's are the process's own
        self.clock = SimClock(start, 1.0, lambda: 0.0)
        self.world = World(self.clock, options or WorldOptions(check_shapes=True))
        self.server = LocalAws(self.world, ticking=False).start()

    def client(self, service: str, region: str = "us-east-1") -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.server.url,
            aws_access_key_id="AKIAEXAMPLE",
            aws_secret_access_key="secret",
            config=Config(retries={"max_attempts": 0}),
        )

    def advance(self, seconds: float) -> None:
        """Let simulated time pass, and everything in it happen."""
        self.clock.jump(seconds)
        with self.world.lock:
            self.world.catch_up()

    def now(self) -> float:
        return self.clock.now()


@pytest.fixture
def aws() -> Iterator[SteppedAws]:
    stepped = SteppedAws()
    yield stepped
    stepped.server.stop()

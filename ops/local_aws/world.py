"""The world behind the wire: one lock, one clock, and the books of every service."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ops.local_aws.alarms import AlarmBook
from ops.local_aws.athena_runs import Runs
from ops.local_aws.delivery import Delivery
from ops.local_aws.exports import Exports
from ops.local_aws.fleet import Fleet
from ops.local_aws.ledger import Ledger
from ops.local_aws.log_book import LogBook
from ops.local_aws.long_past import LongPast
from ops.local_aws.metrics_store import MetricStore
from ops.local_aws.quota_book import QuotaBook
from ops.local_aws.registry import Registry
from ops.local_aws.role_sessions import Sessions
from ops.local_aws.scaling import ScalingEngine
from ops.local_aws.trail import Trail

if TYPE_CHECKING:
    from ops.local_aws.clock import SimClock
    from ops.local_aws.wire import Call

ACCOUNT = "123456789012"
REGION = "us-east-1"
HISTORY_DAYS = 30


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What AWS does not document, as switches. docs/model.md names each with its evidence."""

    zero_metric: str = "backlog"
    """Backlog per instance at zero instances with a non-empty queue: "backlog" or "missing"."""
    drain: str = "finish"
    """An instance leaving at scale-in lets its requests "finish", or they are "requeue"d."""
    in_flight: str = "counted"
    """Whether the backlog counts requests being processed: "counted" or "waiting_only"."""
    publish_delay_s: int = 60
    """From the end of a minute until its datapoints are visible."""
    billed_from: str = "in_service"
    """An instance is billed from when it is "in_service", or from when it was "ordered"."""
    busy_action: str = "follows"
    """A scheduled action due while Updating sets its bounds and the capacity "follows", or it "fails" altogether."""


@dataclass(frozen=True, slots=True)
class WorldOptions:
    seed: int = 7
    region: str = REGION
    account: str = ACCOUNT
    history_days: int = HISTORY_DAYS
    """Lived through minute by minute."""
    past_days: int = 0
    """How long the default fleet exists, where that is longer: what lies before is lived when it is asked for."""
    assumptions: Assumptions = field(default_factory=Assumptions)
    identity: str = ""
    """Tells this world from every other one; empty: drawn at random."""
    check_shapes: bool = False
    """Check every answer's keys against botocore's output shape (tests)."""


class World:
    """All state of the embedded AWS. Whoever reads or writes it holds `lock`."""

    def __init__(self, clock: SimClock, options: WorldOptions | None = None) -> None:
        self.clock = clock
        self.options = options or WorldOptions()
        self.region = self.options.region
        self.account = self.options.account
        self.identity = self.options.identity or secrets.token_hex(8)
        """What STS gives as UserId. No run continues another one, so each has its own, also with the same seed."""
        self.lock = threading.RLock()
        now = clock.now()
        self.first_minute = int(now // 60) - self.options.history_days * 1440
        """The first minute of history, minutes since the epoch."""
        days = max(self.options.past_days, self.options.history_days)
        self.born_minute = int(now // 60) - days * 1440
        """The first minute of the account's life."""
        self.minute = int(now // 60)
        """Minutes before this one are simulated and done."""
        self.metrics = MetricStore(self.first_minute, self.options.assumptions.publish_delay_s)
        self.ledger = Ledger(self)
        self.alarms = AlarmBook(self)
        self.logs = LogBook(self)
        self.trail = Trail(self)
        self.sessions = Sessions(self)
        self.quotas = QuotaBook(self)
        self.delivery = Delivery(self)
        self.registry = Registry(self)
        self.scaling = ScalingEngine(self)
        self.fleet = Fleet(self)
        self.long_past = LongPast(self)
        self.athena = Runs(self)
        self.exports = Exports(self)

    def arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{rest}"

    def now(self) -> float:
        """The clock; during the back-fill the moment in the past that is being lived through."""
        return self.clock.now() if self.fleet.live else self.fleet.now

    def catch_up(self) -> None:
        """Let everything happen that is due by now. The caller holds the lock."""
        self.fleet.advance(self.clock.now())

    def check_shape(self, call: Call, answer: Mapping[str, Any] | None) -> None:
        if self.options.check_shapes:
            from ops.local_aws.shapes import check_answer

            check_answer(call, answer)

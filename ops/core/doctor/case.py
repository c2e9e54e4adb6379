"""What the doctor looks at: one endpoint at one moment, with what surrounds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.core import metrics
from ops.core.awake import TTL_S
from ops.core.moments import mark
from ops.core.seen import Seen, waiting_since
from ops.core.types import (
    Activity,
    Alarm,
    EndpointRef,
    Policy,
    Problem,
    ScalableTarget,
    Severity,
    Verdict,
)
from ops.core.words import count


@dataclass(frozen=True, slots=True)
class Topic:
    """An SNS topic that an endpoint tells of its results. Counts are subscriptions."""

    arn: str
    confirmed: int
    pending: int
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Quota:
    """How many instances of one type all endpoints together may run (facts E.7).

    `held`: what others of this type keep whatever happens (real-time endpoints, minimums), by endpoint.
    `wanted`: the sum of what all endpoints of this type could ask for, this one included.
    """

    instance_type: str
    limit: int
    held: tuple[tuple[str, int], ...] = ()
    wanted: int = 0

    @property
    def name(self) -> str:
        return f"{self.instance_type} for endpoint usage"

    @property
    def left(self) -> int:
        """What the others leave for this endpoint at best."""
        return max(0, self.limit - sum(count for _, count in self.held))


@dataclass(frozen=True, slots=True)
class Leftover:
    """Of an endpoint that AWS no longer lists, or of variants that a living one no longer has: `targets` (by variant)
    and `policies` are still registered, `alarms` watch it."""

    name: str
    targets: tuple[tuple[EndpointRef, ScalableTarget], ...] = ()
    policies: tuple[Policy, ...] = ()
    alarms: tuple[Alarm, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """`seen.hidden` names what could not be read, as for verdicts, and besides "schedules", "topics", "quotas",
    "refusals": rules that need such a part say nothing. `unread` says it in words.
    """

    seen: Seen
    verdict: Verdict
    topics: Mapping[str, Topic] = field(default_factory=dict)
    """By ARN: those that the endpoint's configuration names."""
    quota: Quota | None = None
    refusals: tuple[Activity, ...] = ()
    """Activities that did not scale, newest first, with their reasons."""
    policy_arns: frozenset[str] = frozenset()
    """Every policy that exists in this region, of any endpoint."""
    usual_wake_s: float | None = None
    """From the order of an instance until it is in service, usually; None where that is not known."""
    longest_job_s: float | None = None
    """The longest that the container took for one request, of what was seen."""
    ttl_s: float = TTL_S
    left: Leftover | None = None
    """Of variants that this endpoint no longer has."""
    unread: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        return self.seen.endpoint.ref.name

    @property
    def at_zero(self) -> bool:
        """No instance, and none is ordered."""
        return self.seen.endpoint.current == 0 and not self.seen.endpoint.desired

    @property
    def waiting(self) -> float | None:
        """Requests in the queue; None where that is not known."""
        return self.seen.latest(metrics.BACKLOG)

    def urgency(self) -> Severity:
        """How bad it is that the first instance cannot start: none is there now, or some are still in service."""
        return Severity.CRITICAL if self.at_zero else Severity.WARNING

    def harm(self) -> tuple[str, ...]:
        """What waits without an instance at the moment, as a line of evidence."""
        since, longer = waiting_since(self.seen)
        if since is None:
            return ()
        number = count(self.waiting, "request") if self.waiting else "Requests"
        verb = "waits" if self.waiting is not None and round(self.waiting) == 1 else "wait"
        begun = f"since {'before ' if longer else ''}{mark(since, self.seen.now)}"
        return (f"{number} {verb} without an instance {begun}",)

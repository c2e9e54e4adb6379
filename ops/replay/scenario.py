"""What is replayed: requests, the set-up of an endpoint, and what happens to it. Times are seconds on one axis.

The axis may be epoch seconds or begin anywhere: only the minutes' edges (multiples of 60) matter.
Sources: docs/model.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np

from ops.core.autoscaling import ADJUSTMENTS, AlarmRule
from ops.core.errors import BadInput
from ops.core.types import Bounds, FloatArray, Step, Suspended

HIGH_PERIODS, LOW_PERIODS = 3, 15
LOW_SHARE = 0.9
"""Scale-in is considered below this share of the target."""
COOLDOWN_S = 300.0
REMOVAL_S = 60.0
REFUSED_AFTER_S = 2040.0
METRIC_DELAY_S = 60.0
TTL_S = 21_600.0
NEVER_EXPIRES = 0.0
FOLLOWS, FAILS = "follows", "fails"
NOT_SUSPENDED = Suspended()


class Watched(IntEnum):
    """What an alarm looks at: one datapoint a minute, taken at the minute's end."""

    PER_INSTANCE = 0
    """ApproximateBacklogSizePerInstance; nothing at zero instances with an empty queue."""
    WITHOUT_CAPACITY = 1
    """HasBacklogWithoutCapacity: 1 or 0."""
    BACKLOG = 2
    """ApproximateBacklogSize."""
    AGE = 3
    """ApproximateAgeOfOldestRequest: seconds; nothing where no request waits."""


@dataclass(frozen=True, slots=True, eq=False)
class Requests:
    """Arrivals and how long each holds its slot, in seconds. Shape (n,), float64; arrivals never go back."""

    arrival_s: FloatArray
    hold_s: FloatArray

    def __post_init__(self) -> None:
        if self.arrival_s.shape != self.hold_s.shape or self.arrival_s.ndim != 1:
            raise ValueError("arrivals and holding times need the same length")
        if not (np.isfinite(self.arrival_s).all() and np.isfinite(self.hold_s).all()):
            raise BadInput("A request without a time, or with an endless one, cannot be replayed.")
        if (self.arrival_s[1:] < self.arrival_s[:-1]).any():
            raise ValueError("arrivals must be in order of time")
        if (self.hold_s < 0).any():
            raise BadInput("A processing time below zero cannot be replayed.")

    def __len__(self) -> int:
        return len(self.arrival_s)


@dataclass(frozen=True, slots=True)
class AlarmSpec:
    """An alarm that runs a step policy. Alarms are looked at in the order of their names."""

    name: str
    watched: Watched
    rule: AlarmRule


@dataclass(frozen=True, slots=True)
class Tracking:
    """Target tracking with the two alarms that it owns."""

    target: float
    in_cooldown_s: float = COOLDOWN_S
    out_cooldown_s: float = COOLDOWN_S
    scales_in: bool = True
    high_periods: int = HIGH_PERIODS
    low_periods: int = LOW_PERIODS
    high_datapoints: int | None = None
    low_datapoints: int | None = None
    watched: Watched = Watched.PER_INSTANCE
    name: str = "target-tracking"
    alarm_names: tuple[str, str] = ("TargetTracking-AlarmHigh", "TargetTracking-AlarmLow")

    def __post_init__(self) -> None:
        if not (self.target > 0 and math.isfinite(self.target)):
            raise BadInput(f"A target of {self.target:g} cannot be tracked.", "Use a number above zero.")

    @property
    def alarms(self) -> tuple[AlarmSpec, AlarmSpec]:
        """High and low."""
        high = AlarmRule(
            "GreaterThanThreshold",
            self.target,
            self.high_periods,
            self.high_datapoints or self.high_periods,
        )
        low = AlarmRule(
            "LessThanThreshold",
            round(LOW_SHARE * self.target, 9),
            self.low_periods,
            self.low_datapoints or self.low_periods,
        )
        names = self.alarm_names
        return AlarmSpec(names[0], self.watched, high), AlarmSpec(names[1], self.watched, low)


@dataclass(frozen=True, slots=True)
class Stepping:
    """Step scaling with the alarms that run it."""

    adjustment: str
    steps: tuple[Step, ...]
    alarms: tuple[AlarmSpec, ...]
    cooldown_s: float = COOLDOWN_S
    least: int | None = None
    name: str = "step"

    def __post_init__(self) -> None:
        if self.adjustment not in ADJUSTMENTS:
            raise BadInput(
                f"{self.adjustment} is no adjustment type.", f"Use one of {', '.join(ADJUSTMENTS)}."
            )

    @property
    def direction(self) -> int:
        """1 only adds, -1 only removes, 0 both or exact."""
        signs = {1 if step.adjustment > 0 else -1 for step in self.steps if step.adjustment}
        return signs.pop() if len(signs) == 1 and self.adjustment != "ExactCapacity" else 0


Scaling = Tracking | Stepping


def wake_policy(periods: int = 2, cooldown_s: float = COOLDOWN_S, add: int = 1) -> Stepping:
    """The step policy of the developer guide that wakes an endpoint from zero."""
    rule = AlarmRule("GreaterThanOrEqualToThreshold", 1.0, periods, periods)
    alarm = AlarmSpec("HasBacklogWithoutCapacity", Watched.WITHOUT_CAPACITY, rule)
    return Stepping("ChangeInCapacity", (Step(0, None, add),), (alarm,), cooldown_s, name="wake")


class Kind(StrEnum):
    SCHEDULED = "scheduled"
    """A scheduled action: overwrites the bounds (`low`, `high`; None leaves one). While Updating see
    `Model.busy_action`."""
    BOUNDS = "bounds"
    """RegisterScalableTarget: the bounds at once, the capacity when it can be moved."""
    SUSPEND = "suspend"
    """What is suspended from then on (`suspended`)."""
    SHORTAGE = "shortage"
    """No capacity to be had for the next `lasts_s` seconds."""
    UPDATE = "update"
    """UpdateEndpoint, done after `lasts_s`; the new instances (`low`, None = as many) replace the old ones."""
    MANUAL = "manual"
    """UpdateEndpointWeightsAndCapacities by hand, to `low` instances; refused while Updating."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at the first minute's edge from `at_s` on, after that minute's alarms."""

    at_s: float
    kind: Kind
    low: int | None = None
    high: int | None = None
    suspended: Suspended = NOT_SUSPENDED
    lasts_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Model:
    """What AWS does not document, as switches, and times that nobody sets. docs/model.md has the evidence."""

    zero_metric: str = "backlog"
    """Backlog per instance at zero instances with a non-empty queue: "backlog" or "missing"."""
    drain: str = "finish"
    """Instances that leave let their requests "finish", or these are "requeue"d, to their place by arrival."""
    in_flight: str = "counted"
    """Whether the backlog counts requests being processed: "counted" or "waiting_only"."""
    metric_delay_s: float = METRIC_DELAY_S
    """From the end of a minute until its datapoints are visible."""
    removal_s: float = REMOVAL_S
    """From the order to scale in until an instance without work is gone."""
    refused_after_s: float = REFUSED_AFTER_S
    """How long an order without capacity stays in progress before it fails."""
    billed_from: str = "ordered"
    """An instance is billed from when it was "ordered", or from when it is "in_service"."""
    busy_action: str = FOLLOWS
    """A scheduled action due while the endpoint is Updating sets its bounds and the capacity "follows" when that is
    done, or it "fails" altogether: nobody documents which."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One endpoint's set-up, from `start_s` on with `initial` instances in service.

    `provision_s`: seconds from an order to in service, in the order of the orders, again from the first when
    used up. `until_s`: where the course is cut; None: when all is drained and the capacity is back at its minimum.
    `ttl_s`: how long a request may wait, 0 = for ever. `quota`: most instances that AWS gives, None = any.
    """

    bounds: Bounds
    initial: int
    concurrency: int
    policies: tuple[Scaling, ...] = ()
    events: tuple[Event, ...] = ()
    suspended: Suspended = NOT_SUSPENDED
    provision_s: tuple[float, ...] = (300.0,)
    ttl_s: float = TTL_S
    quota: int | None = None
    start_s: float | None = None
    """None: the first arrival."""
    until_s: float | None = None
    model: Model = field(default_factory=Model)

    def __post_init__(self) -> None:
        if self.concurrency < 1:
            raise BadInput("An instance needs a concurrency of at least 1.")
        if self.initial < 0:
            raise BadInput("The initial number of instances cannot be negative.")
        if not self.provision_s or any(not (s >= 0 and math.isfinite(s)) for s in self.provision_s):
            raise BadInput("Provisioning times must be numbers of seconds from 0 up.")
        if self.ttl_s < 0:
            raise BadInput("A time to live cannot be negative.", "0 means that requests never expire.")

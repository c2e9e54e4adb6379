"""The types that flow between the rooms: frozen, slotted, validated when they are made.

Times are aware UTC datetimes. A `Series` covers the full grid of its window and holds NaN where AWS has no
datapoint: absent is not zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ops.core.errors import BadInput

FloatArray = NDArray[np.float64]


def utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True, slots=True, order=True)
class EndpointRef:
    """One production variant of one endpoint."""

    account: str
    region: str
    name: str
    variant: str = "AllTraffic"

    @property
    def resource_id(self) -> str:
        """The ResourceId of Application Auto Scaling."""
        return f"endpoint/{self.name}/variant/{self.variant}"


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span [start, end) in UTC, aligned to its period (seconds)."""

    start: datetime
    end: datetime
    period: int = 60

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise BadInput("A window needs times with a zone.", "Use UTC.")
        if self.period <= 0:
            raise BadInput("A window's period must be positive.")
        if self.end <= self.start:
            raise BadInput("The range ends before it starts.", "Choose an end after the start.")
        if self.start.timestamp() % self.period or self.end.timestamp() % self.period:
            raise BadInput(f"The range is not aligned to {self.period} s.")

    @classmethod
    def last(cls, span: timedelta, now: datetime, period: int = 60) -> Window:
        """The window of length `span` that ends with the period in which `now` lies."""
        end = (int(now.timestamp()) // period + 1) * period
        length = max(1, round(span.total_seconds() / period)) * period
        return cls(utc(end - length), utc(end), period)

    @property
    def size(self) -> int:
        return int((self.end - self.start).total_seconds()) // self.period

    def epochs(self) -> FloatArray:
        """The start of each period, seconds since the epoch."""
        first = self.start.timestamp()
        return first + self.period * np.arange(self.size, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One statistic of one metric on the grid of `window`; NaN = no datapoint."""

    name: str
    window: Window
    values: FloatArray
    unit: str = "Count"

    def __post_init__(self) -> None:
        if len(self.values) != self.window.size:
            raise ValueError(f"{self.name}: {len(self.values)} values for a grid of {self.window.size}")

    @classmethod
    def absent(cls, name: str, window: Window, unit: str = "Count") -> Series:
        return cls(name, window, np.full(window.size, np.nan), unit)

    def last(self) -> float | None:
        """The newest datapoint, or None where there is none in the window."""
        known = np.flatnonzero(~np.isnan(self.values))
        return float(self.values[known[-1]]) if known.size else None


@dataclass(frozen=True, slots=True)
class Bounds:
    """Least and most instances that scaling may set."""

    min: int
    max: int

    def __post_init__(self) -> None:
        if self.min < 0 or self.max < 0:
            raise BadInput("Bounds cannot be negative.")
        if self.min > self.max:
            raise BadInput(f"The minimum ({self.min}) is above the maximum ({self.max}).")


@dataclass(frozen=True, slots=True)
class MetricRef:
    """The metric that a policy or an alarm looks at. Dimensions are (name, value), sorted by name."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str = "Average"
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class TargetTrackingPolicy:
    name: str
    arn: str
    target: float
    metric: MetricRef | None
    predefined: str | None = None
    scale_out_cooldown: int = 300
    scale_in_cooldown: int = 300
    disable_scale_in: bool = False
    alarm_names: tuple[str, ...] = ()
    expression: Mapping[str, Any] | None = field(default=None, hash=False)
    """The CustomizedMetricSpecification as AWS tells it, where that is an expression over several metrics."""


@dataclass(frozen=True, slots=True)
class Step:
    """Bounds are relative to the alarm's threshold; None is unbounded."""

    lower: float | None
    upper: float | None
    adjustment: int


@dataclass(frozen=True, slots=True)
class StepPolicy:
    name: str
    arn: str
    adjustment_type: str
    steps: tuple[Step, ...]
    cooldown: int = 300
    aggregation: str = "Average"
    min_adjustment: int | None = None
    alarm_names: tuple[str, ...] = ()


Policy = TargetTrackingPolicy | StepPolicy


@dataclass(frozen=True, slots=True)
class Suspended:
    scale_in: bool = False
    scale_out: bool = False
    scheduled: bool = False

    def any(self) -> bool:
        return self.scale_in or self.scale_out or self.scheduled


@dataclass(frozen=True, slots=True)
class ScalableTarget:
    bounds: Bounds
    suspended: Suspended = Suspended()
    created: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScheduledAction:
    name: str
    schedule: str
    timezone: str
    min: int | None
    max: int | None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """One record of DescribeScalingActivities. `desired` is parsed from the description, leniently."""

    id: str
    start: datetime
    end: datetime | None
    status: str
    description: str
    cause: str
    message: str = ""
    desired: int | None = None
    not_scaled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alarm:
    name: str
    state: str
    reason: str
    updated: datetime | None
    metric: MetricRef | None
    threshold: float
    comparison: str
    period: int
    evaluation_periods: int
    datapoints_to_alarm: int
    missing: str
    actions: tuple[str, ...]
    actions_enabled: bool
    ok_actions: tuple[str, ...] = ()
    no_data_actions: tuple[str, ...] = ()
    description: str = ""
    configured: datetime | None = None
    """When its definition, or whether its actions are on, was last changed."""
    expression: Mapping[str, Any] | None = field(default=None, hash=False)
    """Without a `metric`: its Metrics and ThresholdMetricId as AWS tells them."""


@dataclass(frozen=True, slots=True)
class AsyncConfig:
    output_path: str | None
    failure_path: str | None
    success_topic: str | None
    error_topic: str | None
    max_concurrent: int | None


def by_priority(kinds: Sequence[str]) -> str:
    """Instance types of which the first with capacity is taken: "ml.g5.xlarge, else ml.g4dn.xlarge"."""
    return ", else ".join(kinds)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What DescribeEndpoint and DescribeEndpointConfig say. `async_config` None = a real-time endpoint."""

    ref: EndpointRef
    arn: str
    status: str
    config_name: str
    instance_type: str | None
    current: int | None
    desired: int | None
    created: datetime
    modified: datetime
    async_config: AsyncConfig | None
    failure_reason: str = ""
    publish_interval: int = 60
    """Seconds between two host-metric samples of one instance."""
    config_created: datetime | None = None
    """When the configuration in use was made: in practice, the last deploy."""
    described: bool = True
    """False where only ListEndpoints could be read: counts and kind are unknown then."""
    other_variants: tuple[str, ...] = ()
    """Production variants besides the one that is looked at."""
    pools: tuple[str, ...] = ()
    """The types of its instance pools, by priority; `instance_type` is None then."""
    mix: tuple[tuple[str, int], ...] = ()
    """(type, instances in service now) of its pools, where AWS told; empty without pools."""

    @property
    def is_async(self) -> bool:
        return self.async_config is not None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Its instance types, by priority; empty where they are not known."""
        return (self.instance_type,) if self.instance_type is not None else self.pools

    @property
    def type_words(self) -> str:
        """ "ml.g5.xlarge", of pools "ml.g5.xlarge, else ml.g4dn.xlarge"; empty where that is not known."""
        return by_priority(self.kinds)

    @property
    def any_type(self) -> str | None:
        """ "ml.g5.xlarge", of pools "ml.g5.xlarge or ml.g4dn.xlarge"; None where that is not known."""
        return " or ".join(self.kinds) or None

    @property
    def mix_words(self) -> str:
        """Of pools what runs: "1 × ml.g5.xlarge, 2 × ml.g4dn.xlarge"; empty without pools, or where nothing does."""
        return ", ".join(f"{count} × {kind}" for kind, count in self.mix if count)


class EndpointState(StrEnum):
    ASLEEP = "asleep"
    QUEUED = "queued"
    WAKING = "waking"
    WAKE_STUCK = "wake_stuck"
    WAKE_FAILING = "wake_failing"
    BUSY = "busy"
    SLOW = "slow"
    FAILING = "failing"
    WARM = "warm"
    IDLE_PAID = "idle_paid"
    UPDATING = "updating"
    BROKEN = "broken"
    MISSING = "missing"
    """The endpoint is gone, and something of it is left: only the doctor says so."""
    UNKNOWN = "unknown"


class Severity(StrEnum):
    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of one endpoint: a word, how bad it is, one plain sentence, since when, and the evidence."""

    state: EndpointState
    severity: Severity
    sentence: str
    since: datetime | None = None
    evidence: tuple[str, ...] = ()
    marked: str = ""
    """The sentence with its times as marks (ops.core.moments), for readers in other zones."""
    marked_evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A part that could not be read, and what that hides. `action` is the IAM action that would mend it."""

    part: str
    what: str
    hint: str = ""
    action: str = ""
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for one instance-hour. Never without its source and the day it was true."""

    instance_type: str
    region: str
    usd_per_hour: Decimal
    source: str
    as_of: datetime
    component: str = "AsyncInf"
    note: str = ""

    def __post_init__(self) -> None:
        if self.usd_per_hour < 0:
            raise ValueError("a price cannot be negative")
        if not self.source:
            raise ValueError("a price needs its source")


@dataclass(frozen=True, slots=True)
class Connection:
    """Which AWS this is. `kind` is "embedded" or "aws"; `writable` says whether changes are possible."""

    kind: str
    account: str
    region: str
    caller: str
    endpoint_url: str | None
    writable: bool
    why_read_only: str = ""
    world: str = ""
    """Tells one embedded AWS from another, so that their histories never mix; empty on real AWS."""


@dataclass(frozen=True, slots=True)
class MetricSet:
    """Series by metric name, all on one window."""

    window: Window
    series: Mapping[str, Series] = field(default_factory=dict)

    def get(self, name: str) -> Series:
        found = self.series.get(name)
        return found if found is not None else Series.absent(name, self.window)

"""What the façade hands to pages and to the command line: one type per question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from ops.core.findings import Examined
from ops.core.marks import Audit, Mark
from ops.core.types import (
    Activity,
    Alarm,
    Bounds,
    Connection,
    Endpoint,
    MetricSet,
    Policy,
    Problem,
    ScalableTarget,
    ScheduledAction,
    Series,
    Verdict,
    Window,
)


@dataclass(frozen=True, slots=True)
class LastColdStart:
    """The newest time that an endpoint went from no instance to some."""

    at: datetime
    """When the first instance was ordered."""
    took_s: float | None
    """Seconds from the order until the instance was in service; None while that lasts, and where nobody can tell."""
    over: bool = False
    """Whether it is over although nobody can tell how long it took: metrics alone tell of it."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What Ebb itself has asked of AWS since it started. The money is an estimate at list prices."""

    since: datetime
    """This machine's clock when counting began."""
    calls: Mapping[str, int]
    """Requests sent, repeats included, by "service:Operation"."""
    metrics: int
    """Metrics asked for with GetMetricData, which AWS bills one by one."""
    usd: Decimal


@dataclass(frozen=True, slots=True)
class FleetRow:
    """One endpoint in a line. None means *not known*, never zero."""

    endpoint: Endpoint
    verdict: Verdict
    backlog: float | None
    oldest_s: float | None
    ttl_s: float
    bounds: Bounds | None
    failures_1h: float | None
    spark: Series
    """Backlog of the last 24 hours in 5-minute maxima."""
    problems: tuple[Problem, ...] = ()
    expired_1h: float | None = None
    """Requests whose time to live ran out in the last hour: lost to their sender as failures are."""
    last_cold_start: LastColdStart | None = None
    """None: none is known in what was read."""
    read_at: datetime | None = None
    """When the metrics of this row were read (AWS's clock); a sleeping endpoint is asked more rarely."""
    ringing: tuple[str, ...] = ()
    """Its alarms that are in ALARM and do not just move instances, by name."""
    cold_starts_unread: bool = False
    """No cold start is known, and older scaling activities, where one may be, were not read yet."""


@dataclass(frozen=True, slots=True)
class FleetView:
    connection: Connection
    as_of: datetime
    rows: tuple[FleetRow, ...]
    """Asynchronous endpoints, trouble first."""
    realtime: tuple[FleetRow, ...]
    headline: str
    """One sentence that says whether anything needs attention."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class EndpointView:
    """Everything the Endpoint page shows. Metrics: see ops.core.metrics for names, units and absence."""

    connection: Connection
    as_of: datetime
    row: FleetRow
    target: ScalableTarget | None
    policies: tuple[Policy, ...]
    alarms: tuple[Alarm, ...]
    schedules: tuple[ScheduledAction, ...]
    activities: tuple[Activity, ...]
    metrics: MetricSet
    instances: Series
    """In service, from SampleCount of the host metrics; NaN where nothing was published."""
    provisional_from: datetime
    """Datapoints from here on may still change."""
    window: Window
    problems: tuple[Problem, ...] = ()
    settled: Mapping[str, datetime] = field(default_factory=dict)
    """By metric key: from when on its datapoints may still change or were not read yet."""
    unread: frozenset[str] = frozenset()
    """Keys of metrics that AWS does not let Ebb read: their absence says nothing."""
    notes: tuple[str, ...] = field(default=())
    """Plain sentences on the view itself, e.g. that a range was coarsened to what AWS still keeps."""
    changes: tuple[Mark, ...] = ()
    """What was changed in the window and when schedules ran, oldest first."""
    audit: Audit = field(default_factory=Audit)
    """How far it is known who changed what."""


@dataclass(frozen=True, slots=True)
class DoctorView:
    """What the doctor says of one endpoint, or of all and of what is left of those that are gone."""

    connection: Connection
    as_of: datetime
    examined: tuple[Examined, ...]
    """Trouble first."""
    problems: tuple[Problem, ...] = ()
    """What could not be read of the account: rules that need it say nothing of any endpoint."""

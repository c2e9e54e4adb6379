"""What the façade hands to pages and to the command line: one type per question."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

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
    notes: tuple[str, ...] = field(default=())
    """Plain sentences on the view itself, e.g. that a range was coarsened to what AWS still keeps."""

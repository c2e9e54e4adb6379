"""Sample views for tests of pages and charts: plain values, no AWS."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar, cast

import numpy as np

from ops.answers import Told
from ops.console import Console
from ops.core.errors import OpsError, UnknownEndpoint, Unreachable
from ops.core.findings import Examined, Finding
from ops.core.own_spending import Spending
from ops.core.types import (
    Activity,
    Alarm,
    AsyncConfig,
    Bounds,
    Connection,
    Endpoint,
    EndpointRef,
    EndpointState,
    MetricRef,
    MetricSet,
    Problem,
    ScalableTarget,
    ScheduledAction,
    Series,
    Severity,
    Step,
    StepPolicy,
    Suspended,
    TargetTrackingPolicy,
    Verdict,
    Window,
)
from ops.core.views import DoctorView, EndpointView, FleetRow, FleetView, Usage
from ops.pace import Snapshot

T = TypeVar("T")

NOW = datetime(2026, 11, 20, 14, 2, 10, tzinfo=UTC)
ACCOUNT, REGION = "123456789012", "us-east-1"
EMBEDDED = Connection("embedded", ACCOUNT, REGION, "root", "http://127.0.0.1:5000", True)
USAGE = Usage(
    NOW - timedelta(hours=2),
    {"cloudwatch:GetMetricData": 900, "sagemaker:DescribeEndpoint": 304},
    312,
    Decimal("0.00312"),
)
REAL = Connection("aws", ACCOUNT, "eu-central-1", "ops", None, False, "EBB_WRITE is not set")

STORIES: tuple[tuple[str, EndpointState, Severity, str, float, float | None, int, int, int, int], ...] = (
    (
        "ocr-legacy",
        EndpointState.WAKE_STUCK,
        Severity.CRITICAL,
        "Cannot wake: 3 requests wait since 13:41, no policy starts the first instance.",
        3,
        1260,
        0,
        0,
        0,
        4,
    ),
    (
        "invoice-parse",
        EndpointState.FAILING,
        Severity.CRITICAL,
        "Fails since the deploy at 09:12: 38 % of requests, model error 500.",
        6,
        190,
        2,
        2,
        0,
        4,
    ),
    (
        "doc-async",
        EndpointState.WAKING,
        Severity.INFO,
        "Woken at 14:00 by 43 requests; the first result is expected about 14:06.",
        43,
        130,
        0,
        2,
        0,
        8,
    ),
    (
        "night-batch",
        EndpointState.BUSY,
        Severity.OK,
        "Works through its queue, 2 of 2 in service.",
        318,
        2400,
        2,
        2,
        0,
        2,
    ),
    (
        "old-extract",
        EndpointState.ASLEEP,
        Severity.OK,
        "Asleep with nothing to do since yesterday.",
        0,
        None,
        0,
        0,
        0,
        2,
    ),
)


def row(
    name: str,
    state: EndpointState,
    severity: Severity,
    sentence: str,
    backlog: float | None,
    oldest: float | None,
    current: int | None,
    desired: int | None,
    least: int,
    most: int,
    *,
    is_async: bool = True,
) -> FleetRow:
    window = Window.last(timedelta(hours=24), NOW, 300)
    wave = np.maximum(0, np.round(20 * np.sin(np.linspace(0, 9, window.size)) + (backlog or 0) / 4))
    wave[40:60] = np.nan
    config = AsyncConfig(f"s3://{name}-out/", f"s3://{name}-failed/", None, None, 4) if is_async else None
    endpoint = Endpoint(
        EndpointRef(ACCOUNT, REGION, name),
        f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/{name}",
        "InService",
        f"{name}-config",
        "ml.g5.xlarge",
        current,
        desired,
        NOW - timedelta(days=40),
        NOW - timedelta(days=3),
        config,
    )
    return FleetRow(
        endpoint,
        Verdict(state, severity, sentence, NOW - timedelta(minutes=21), ("HasBacklogWithoutCapacity is 1",)),
        backlog,
        oldest,
        21_600.0,
        Bounds(least, most),
        0.0,
        Series("ApproximateBacklogSize", window, wave),
    )


def fleet(connection: Connection = EMBEDDED, problems: tuple[Problem, ...] = ()) -> FleetView:
    rows = tuple(row(*story) for story in STORIES)
    realtime = (
        row(
            "chat-live",
            EndpointState.WARM,
            Severity.OK,
            "Real-time endpoint, 1 instance.",
            None,
            None,
            1,
            1,
            1,
            1,
            is_async=False,
        ),
    )
    return FleetView(connection, NOW, rows, realtime, "2 of 5 endpoints need you.", problems)


def empty_fleet() -> FleetView:
    return FleetView(EMBEDDED, NOW, (), (), "No endpoints in this account and region yet.")


def metric(name: str, variant: bool = False) -> MetricRef:
    dimensions = (("EndpointName", "doc-async"),) + ((("VariantName", "AllTraffic"),) if variant else ())
    return MetricRef("AWS/SageMaker", name, dimensions)


def endpoint_view(
    name: str = "doc-async",
    span: timedelta | Window = timedelta(hours=3),
    *,
    period: int = 60,
    connection: Connection = EMBEDDED,
    problems: tuple[Problem, ...] = (),
) -> EndpointView:
    """A queue that filled and drained once, an hour of sleep with gaps, and a wake-up under way."""
    window = span if isinstance(span, Window) else Window.last(span, NOW, period)
    size = window.size
    phase = np.linspace(0.0, 1.0, size)
    backlog = np.round(np.where(phase < 0.45, 60 * np.sin(phase / 0.45 * np.pi), 0.0))
    backlog[phase > 0.96] = 43.0
    instances = np.where((phase > 0.06) & (phase < 0.52), 2.0, np.nan)
    instances[(phase > 0.12) & (phase < 0.3)] = 4.0
    failures = np.where(np.isnan(instances), np.nan, 0.0)
    failures[(phase > 0.2) & (phase < 0.22)] = 3.0
    oldest = np.where(backlog > 0, backlog * 8.0, np.nan)
    backlog[size // 2 + size // 20 : size // 2 + size // 12] = np.nan
    start, length = window.start, window.end - window.start

    def at(share: float) -> datetime:
        return start + length * share

    def moved(
        number: int, share: float, end: float | None, desired: int, status: str = "Successful"
    ) -> Activity:
        return Activity(
            f"a{number}",
            at(share),
            None if end is None else at(end),
            status,
            f"Setting desired instance count to {desired}.",
            f"monitor alarm wake-{name} in state ALARM triggered policy wake",
            desired=desired,
        )

    chosen = next((s for s in STORIES if s[0] == name), None)
    found = row(*chosen) if chosen else fleet().realtime[0]
    series: Mapping[str, Series] = {
        key: Series(key, window, values)
        for key, values in {
            "ApproximateBacklogSize": backlog,
            "InvocationFailures": failures,
            "ApproximateAgeOfOldestRequest": oldest,
        }.items()
    }
    arn = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:1:policyName/wake"
    return EndpointView(
        connection,
        NOW,
        found,
        ScalableTarget(Bounds(0, 8), Suspended()),
        (
            TargetTrackingPolicy(
                "backlog-scaling", arn, 5.0, metric("ApproximateBacklogSizePerInstance"), scale_in_cooldown=60
            ),
            StepPolicy(
                "wake", arn, "ChangeInCapacity", (Step(0.0, None, 1),), 300, alarm_names=("wake-doc-async",)
            ),
        ),
        (
            Alarm(
                "wake-doc-async",
                "ALARM",
                "Threshold Crossed: 1 datapoint",
                NOW - timedelta(minutes=2),
                metric("HasBacklogWithoutCapacity"),
                1.0,
                "GreaterThanOrEqualToThreshold",
                60,
                2,
                2,
                "missing",
                (arn,),
                True,
            ),
            Alarm(
                "TargetTracking-low",
                "INSUFFICIENT_DATA",
                "no datapoints",
                None,
                metric("ApproximateBacklogSizePerInstance"),
                4.5,
                "LessThanThreshold",
                60,
                15,
                15,
                "missing",
                (arn,),
                True,
            ),
        ),
        (ScheduledAction("office", "cron(0 8 ? * MON-FRI *)", "Europe/Berlin", 1, None),),
        (
            moved(5, 0.97, None, 2, "InProgress"),
            moved(4, 0.5, 0.52, 0),
            moved(3, 0.3, 0.3, 2),
            moved(2, 0.09, 0.12, 4),
            moved(1, 0.02, 0.06, 2),
        ),
        MetricSet(window, series),
        Series("instances", window, instances),
        NOW - timedelta(minutes=3),
        window,
        problems,
    )


UNITS = {"TimeInBacklog": "Milliseconds", "ModelLatency": "Microseconds", "ApproximateAge": "Seconds"}


def busy_view(
    span: timedelta = timedelta(hours=3),
    *,
    period: int = 60,
    units: Mapping[str, str] = UNITS,
    least: float = 0.0,
) -> EndpointView:
    """An endpoint that serves in three of four quarters of the range, with every metric; noisy, seeded.

    The wait is 90 s on average and the model takes 12 s, whatever `units` CloudWatch gives them in;
    `least` is the least age of the oldest request, in seconds.
    """
    view = endpoint_view(span=span, period=period)
    window = view.window
    rng = np.random.default_rng(7)
    phase = np.linspace(0.0, 4.0, window.size, endpoint=False)
    on = phase % 1 < 0.75
    scale = {"Seconds": 1.0, "Milliseconds": 1e3, "Microseconds": 1e6}

    def series(key: str, values: np.ndarray, unit: str = "Count") -> Series:
        times = next((u for name, u in units.items() if key.startswith(name)), unit)
        return Series(key, window, np.where(on, values, np.nan) * scale.get(times, 1.0), times)

    noise = rng.random(window.size)
    failed = np.where(noise > 0.9, np.ceil(noise * 3), np.nan)
    found = (
        series("ApproximateBacklogSize", np.round(400 * noise)),
        series("ApproximateAgeOfOldestRequest", least + 300 * noise),
        series("InvocationsProcessed", np.round(20 * noise)),
        series("InvocationFailures", failed),
        series("ExpiredRequests", np.where(noise > 0.97, 1.0, np.nan)),
        series("TimeInBacklog", 60 + 60 * noise),
        series("TimeInBacklog Maximum", 120 + 120 * noise),
        series("ModelLatency", 10 + 4 * noise),
        series("ModelLatency p90", 14 + 4 * noise),
        series("CPUUtilization", 380 * noise, "Percent"),
        series("MemoryUtilization", 40 + 5 * noise, "Percent"),
        series("GPUUtilization", 90 * noise, "Percent"),
        series("GPUMemoryUtilization", np.full(window.size, 70.0), "Percent"),
    )
    served = Series("instances", window, np.where(on, np.ceil(noise * 8), np.nan))
    return replace(view, metrics=MetricSet(window, {s.name: s for s in found}), instances=served)


def doctor_view(
    *rows: FleetRow, view: FleetView | None = None, findings: tuple[Finding, ...] = ()
) -> DoctorView:
    """What the doctor says of these endpoints: of each the same findings."""
    connection = view.connection if view is not None else EMBEDDED
    return DoctorView(
        connection, NOW, tuple(Examined(r.endpoint.ref.name, r.verdict, findings) for r in rows)
    )


class SampleSource:
    """The façade's answers from the values above; `failure` is raised instead when it is set."""

    def __init__(self, view: FleetView | None = None, failure: OpsError | None = None) -> None:
        self.view = view if view is not None else fleet()
        self.failure = failure
        self.spending: Spending | None = None
        self.answers: dict[Hashable, object] = {
            ("doctor", r.endpoint.ref.name): doctor_view(r, view=self.view)
            for r in (*self.view.rows, *self.view.realtime)
        }

    def snapshot(self) -> Snapshot:
        fleet = None if self.failure else self.view
        return Snapshot(fleet, self.failure, 1, 3.0, 2.0, USAGE, spending=self.spending)

    def glance(self) -> Snapshot:
        return self.snapshot()

    def connection(self) -> Connection:
        return self.view.connection

    def fleet(self) -> FleetView:
        if self.failure is not None:
            raise self.failure
        return self.view

    def endpoint(self, name: str, span: timedelta | Window) -> EndpointView:
        if self.failure is not None:
            raise self.failure
        known = [r.endpoint.ref.name for r in (*self.view.rows, *self.view.realtime)]
        if name not in known:
            raise UnknownEndpoint(name, ("doc-async",) if known else ())
        return replace(
            endpoint_view(name, span), connection=self.view.connection, problems=self.view.problems
        )

    def age_s(self, view: EndpointView) -> float:
        return 0.0

    def recall(self, key: Hashable, work: Callable[[Console], T], keep_s: float) -> Told[T]:
        return self.ask(key, work, keep_s)

    def ask(self, key: Hashable, work: Callable[[Console], T], keep_s: float) -> Told[T]:
        """What `answers` hold under the key; there is no console to ask."""
        if self.failure is not None:
            raise self.failure
        if key not in self.answers:
            raise Unreachable("The sample has no answer to this.", "Put one into `answers`.")
        return Told(cast(T, self.answers[key]), 0.0)

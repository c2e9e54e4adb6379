"""The catalogue of metrics of an asynchronous endpoint, and how many instances they prove.

Source: facts A.1 and A.2 (names, dimension sets, units), A.3 (instances), A.5 (missing against zero).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ops.core.types import Activity, Endpoint, FloatArray, Series, Window

AWS = "AWS/SageMaker"
HOST = "/aws/sagemaker/Endpoints"
SETTLE_S = 180
"""Datapoints younger than this may still change or be missing (facts F.3: two to three minutes)."""


class Absence(StrEnum):
    """What it means when a minute has no datapoint."""

    NOT_KNOWN = "published each minute at any count: a gap is a delay, not a zero"
    NOTHING_WAITED = "published while something waits: a gap means that nothing waited"
    NO_INSTANCE = "published while an instance is in service: a gap means that none was"
    NOTHING_HAPPENED = "published in minutes in which it happened: a gap is neither a zero nor idleness"


@dataclass(frozen=True, slots=True)
class Metric:
    """One statistic of one CloudWatch metric. `per_variant`: the dimension set also names the variant."""

    name: str
    statistic: str
    unit: str
    absence: Absence
    namespace: str = AWS
    per_variant: bool = True
    suffix: str = ""
    """Tells apart several statistics of one metric in a MetricSet."""

    @property
    def key(self) -> str:
        """The key in a MetricSet: the metric's name, with the statistic where that is not the usual one."""
        return f"{self.name} {self.suffix}" if self.suffix else self.name


def _queue(name: str, unit: str, absence: Absence, statistic: str = "Maximum") -> Metric:
    return Metric(name, statistic, unit, absence, per_variant=False)


def _count(name: str, unit: str = "Count") -> Metric:
    return Metric(name, "Sum", unit, Absence.NOTHING_HAPPENED)


def _latency(name: str, unit: str, statistic: str = "Average", suffix: str = "") -> Metric:
    return Metric(name, statistic, unit, Absence.NOTHING_HAPPENED, suffix=suffix)


def _host(name: str, statistic: str = "Average", unit: str = "Percent", suffix: str = "") -> Metric:
    return Metric(name, statistic, unit, Absence.NO_INSTANCE, HOST, suffix=suffix)


BACKLOG = _queue("ApproximateBacklogSize", "Count", Absence.NOT_KNOWN)
PER_INSTANCE = _queue("ApproximateBacklogSizePerInstance", "Count", Absence.NO_INSTANCE)
OLDEST = _queue("ApproximateAgeOfOldestRequest", "Seconds", Absence.NOTHING_WAITED)
NO_CAPACITY = _queue("HasBacklogWithoutCapacity", "Count", Absence.NOT_KNOWN)

PROCESSED = _count("InvocationsProcessed")
FAILURES = _count("InvocationFailures")
EXPIRED = _count("ExpiredRequests")
DOWNLOAD_FAILURES = _count("RequestDownloadFailures")
UPLOAD_FAILURES = _count("ResponseUploadFailures")
NOTIFICATION_FAILURES = _count("NotificationFailures")
ERRORS_4XX = _count("Invocation4XXErrors", "None")
ERRORS_5XX = _count("Invocation5XXErrors", "None")

TIME_IN_BACKLOG = _latency("TimeInBacklog", "Milliseconds")
TIME_IN_BACKLOG_MAX = _latency("TimeInBacklog", "Milliseconds", "Maximum", "Maximum")
TOTAL_TIME = _latency("TotalProcessingTime", "Milliseconds")
MODEL_LATENCY = _latency("ModelLatency", "Microseconds")
MODEL_LATENCY_P90 = _latency("ModelLatency", "Microseconds", "p90", "p90")
MODEL_LATENCY_MAX = _latency("ModelLatency", "Microseconds", "Maximum", "Maximum")
"""For the doctor alone: the longest request of an hour."""
DOWNLOAD_LATENCY = _latency("RequestDownloadLatency", "Microseconds")
UPLOAD_LATENCY = _latency("ResponseUploadLatency", "Microseconds")

CPU = _host("CPUUtilization")
MEMORY = _host("MemoryUtilization")
DISK = _host("DiskUtilization")
GPU = _host("GPUUtilization")
GPU_MEMORY = _host("GPUMemoryUtilization")
CPU_SAMPLES = _host("CPUUtilization", "SampleCount", "Count", "SampleCount")

QUEUE = (BACKLOG, OLDEST, NO_CAPACITY, PER_INSTANCE)
COUNTS = (
    PROCESSED,
    FAILURES,
    EXPIRED,
    DOWNLOAD_FAILURES,
    UPLOAD_FAILURES,
    NOTIFICATION_FAILURES,
    ERRORS_4XX,
    ERRORS_5XX,
)
LATENCIES = (
    TIME_IN_BACKLOG,
    TIME_IN_BACKLOG_MAX,
    TOTAL_TIME,
    MODEL_LATENCY,
    MODEL_LATENCY_P90,
    DOWNLOAD_LATENCY,
    UPLOAD_LATENCY,
)
HOSTS = (CPU, MEMORY, DISK, GPU, GPU_MEMORY, CPU_SAMPLES)
CATALOGUE: dict[str, Metric] = {m.key: m for m in (*QUEUE, *COUNTS, *LATENCIES, *HOSTS)}

RECENT = (BACKLOG, OLDEST, NO_CAPACITY, PROCESSED, FAILURES, EXPIRED, ERRORS_5XX, CPU, GPU)
"""What a verdict needs of the last hours, minute by minute."""
DAY = (BACKLOG, NO_CAPACITY, PROCESSED, FAILURES)
"""What a verdict needs of the last day, in five-minute steps."""
INVOCATIONS = _count("Invocations", "None")
SERVING = (INVOCATIONS, ERRORS_5XX, CPU, CPU_SAMPLES)
"""What a real-time endpoint publishes of interest here (an asynchronous one never does)."""


def has_gpu(instance_type: str | None) -> bool:
    """Whether hosts of this type publish GPU metrics; an unknown type may."""
    family = (instance_type or "ml.g").removeprefix("ml.")
    return family.startswith(("g", "p"))


def wanted(metrics: Iterable[Metric], endpoint: Endpoint) -> tuple[Metric, ...]:
    """Those of `metrics` that this endpoint can publish."""
    gpu = any(map(has_gpu, endpoint.kinds or (None,)))
    return tuple(m for m in metrics if gpu or not m.name.startswith("GPU"))


def counting_period(period: int, publish_interval: int) -> int:
    """The shortest multiple of `period` that holds whole publish intervals (all in seconds)."""
    return math.lcm(period, -(-publish_interval // 60) * 60)


def total(series: Series, since: float) -> float | None:
    """The sum of the datapoints at or after `since` (epoch seconds); None where there is none."""
    values = series.values[series.window.epochs() >= since]
    known = values[~np.isnan(values)]
    return float(known.sum()) if known.size else None


def instances(samples: Series, publish_interval: int, zeros: FloatArray | None = None) -> Series:
    """Instances in service, from SampleCount of a host metric: SampleCount x publish interval / period.

    A count over several periods (hosts that publish rarely) stands in `samples` evenly spread over them.
    A gap stays NaN (none was in service, or the answer is late) except where `zeros` is above 0: there the
    scaling record or DescribeEndpoint confirms that the count was zero (see `confirmed_zero`).
    """
    window = samples.window
    values = samples.values * publish_interval / window.period
    if zeros is not None:
        values = np.where(np.isnan(values) & (zeros > 0), 0.0, values)
    return Series("instances", window, values, "Count")


def confirmed_zero(
    window: Window,
    endpoint: Endpoint,
    activities: Iterable[Activity],
    now: float,
    signal: Series | None = None,
) -> FloatArray:
    """1.0 for each period of the window in which there was no instance for certain, else 0.0.

    `signal` is HasBacklogWithoutCapacity on the same window: where it is 1 there was no instance (facts A.1).
    Otherwise such a span runs from the end of a Successful activity to zero until the start of the next activity; the
    last one until `now` only when DescribeEndpoint says zero, which then holds since the last modification.
    """
    out = np.zeros(window.size)
    if signal is not None:
        out[np.nan_to_num(signal.values) >= 1] = 1.0
    begins = window.epochs()
    ends = begins + window.period
    moves = sorted((a for a in activities if a.desired is not None), key=lambda a: a.start)
    sleeping = endpoint.current == 0 and endpoint.desired == 0
    for i, move in enumerate(moves):
        if move.desired != 0 or move.status != "Successful" or move.end is None:
            continue
        later = next((m for m in moves[i + 1 :] if m.desired and m.start >= move.start), None)
        if later is None and not sleeping:
            continue
        until = later.start.timestamp() if later is not None else now
        out[(begins >= move.end.timestamp()) & (ends <= until)] = 1.0
    if sleeping and endpoint.status == "InService":
        out[(begins >= endpoint.modified.timestamp()) & (ends <= now)] = 1.0
    return out

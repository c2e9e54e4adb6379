"""One endpoint at one moment, made for the tables of states: what was seen, and what the verdict must say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from ops.core import metrics
from ops.core.seen import Seen
from ops.core.states import judge
from ops.core.types import (
    Activity,
    Alarm,
    AsyncConfig,
    Bounds,
    Endpoint,
    EndpointRef,
    MetricRef,
    MetricSet,
    Policy,
    ScalableTarget,
    ScheduledAction,
    Series,
    Step,
    StepPolicy,
    TargetTrackingPolicy,
    Verdict,
    Window,
)

NOW = datetime(2026, 11, 20, 14, 2, 30, tzinfo=UTC)  # a Friday
RECENT, DAY = Window.last(timedelta(hours=3), NOW, 60), Window.last(timedelta(hours=24), NOW, 300)
WAKE_ARN, TRACK_ARN = "arn:policy/wake", "arn:policy/track"
HAS, PER, BACKLOG, OLDEST = (
    metrics.NO_CAPACITY.name,
    metrics.PER_INSTANCE.name,
    metrics.BACKLOG.name,
    metrics.OLDEST.name,
)
DONE, FAILED, EXPIRED, E5 = (
    "InvocationsProcessed",
    "InvocationFailures",
    "ExpiredRequests",
    "Invocation5XXErrors",
)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def endpoint(**changes: Any) -> Endpoint:
    plain = Endpoint(
        EndpointRef("123456789012", "us-east-1", "doc-async"),
        "arn",
        "InService",
        "doc-7",
        "ml.g5.xlarge",
        0,
        0,
        ago(60 * 24 * 40),
        ago(600),
        AsyncConfig("s3://b/out", None, None, None, 4),
        config_created=ago(60 * 24 * 20),
    )
    return replace(plain, **changes)


def ref(name: str, *dimensions: tuple[str, str], unit: str | None = None) -> MetricRef:
    return MetricRef("AWS/SageMaker", name, dimensions or (("EndpointName", "doc-async"),), unit=unit)


def alarm(name: str = "wake", metric: MetricRef | None = None, **changes: Any) -> Alarm:
    plain = Alarm(
        name,
        "OK",
        "",
        ago(300),
        metric or ref(HAS),
        1.0,
        "GreaterThanOrEqualToThreshold",
        60,
        2,
        2,
        "missing",
        (WAKE_ARN,),
        True,
    )
    return replace(plain, **changes)


LOW = alarm(
    "low",
    ref(PER),
    comparison="LessThanThreshold",
    actions=(TRACK_ARN,),
    evaluation_periods=15,
    threshold=4.5,
)
HIGH = alarm("high", ref(PER), comparison="GreaterThanThreshold", actions=(TRACK_ARN,), threshold=5.0)
WAKE = StepPolicy("wake-policy", WAKE_ARN, "ChangeInCapacity", (Step(0.0, None, 1),))
TRACK = TargetTrackingPolicy("track", TRACK_ARN, 5.0, ref(PER), scale_in_cooldown=300)
BOTH: tuple[Policy, ...] = (WAKE, TRACK)
GOOD = (alarm(), LOW, HIGH)
ZERO_TO_EIGHT = ScalableTarget(Bounds(0, 8))
OPEN = ScheduledAction("warm-open", "cron(45 7 ? * MON-FRI *)", "Europe/Berlin", 1, None)
CLOSE = ScheduledAction("warm-close", "cron(0 19 ? * MON-FRI *)", "Europe/Berlin", 0, None)


def activity(
    status: str, start: float, end: float | None, desired: int | None, message: str = ""
) -> Activity:
    text = f"Setting desired instance count to {desired}."
    finish = None if end is None else ago(end)
    return Activity(f"a{start}", ago(start), finish, status, text, "monitor alarm", message, desired)


QUOTA = (
    "Failed to set desired instance count to 1. Reason: The account-level service limit "
    "'ml.g5.xlarge for endpoint usage' is 0 Instances. (ResourceLimitExceeded)"
)
CAPACITY = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."
WOKE = (activity("Successful", 200, 195, 1), activity("Successful", 400, 399, 0))

Run = tuple[float, float, float]
"""(from, until, value): minutes ago."""


def series(name: str, window: Window, runs: tuple[Run, ...]) -> Series:
    values = np.full(window.size, np.nan)
    age = (NOW.timestamp() - window.epochs()) / 60
    for first, until, value in runs:
        inside = (age <= first) & (age > until)
        values[inside] = value if value >= 0 else age[inside]  # a negative value: as old as the run itself
    return Series(name, window, values)


@dataclass(frozen=True)
class Case:
    """One endpoint at one moment. `runs` are the metrics, newest datapoint two minutes old unless said."""

    word: str
    severity: str
    says: tuple[str, ...]
    runs: Mapping[str, tuple[Run, ...]] = field(default_factory=dict)
    at: Endpoint = field(default_factory=endpoint)
    target: ScalableTarget | None = ZERO_TO_EIGHT
    policies: tuple[Policy, ...] = BOTH
    alarms: tuple[Alarm, ...] = GOOD
    schedules: tuple[ScheduledAction, ...] = ()
    activities: tuple[Activity, ...] = ()
    hidden: frozenset[str] = frozenset()
    more_activities: bool = False
    shows: tuple[str, ...] = ()
    """What the evidence must hold."""
    never: tuple[str, ...] = ()
    """What neither sentence nor evidence may say."""


def look(case: Case) -> Seen:
    names = {name: tuple(runs) for name, runs in case.runs.items()}
    recent = MetricSet(RECENT, {n: series(n, RECENT, r) for n, r in names.items()})
    day = MetricSet(DAY, {n: series(n, DAY, r) for n, r in names.items()})
    return Seen(
        case.at,
        case.target,
        case.policies,
        case.alarms,
        case.schedules,
        case.activities,
        recent,
        day,
        NOW,
        case.hidden,
        case.more_activities,
    )


EMPTY = {HAS: ((1500, 1, 0.0),), BACKLOG: ((1500, 1, 0.0),)}
WAITING = {
    HAS: ((1500, 20, 0.0), (20, 1, 1.0)),
    BACKLOG: ((1500, 20, 0.0), (20, 1, 3.0)),
    OLDEST: ((20, 1, 600.0),),
}
JUST = {HAS: ((1500, 3, 0.0), (3, 1, 1.0)), BACKLOG: ((1500, 3, 0.0), (3, 1, 3.0))}
ONE = endpoint(current=1, desired=1)
FOUR_ONE = ScalableTarget(Bounds(1, 4))
BAD_HOUR = {DONE: ((1500, 200, 6.0), (50, 5, 1.0)), FAILED: ((50, 5, 1.0),), E5: ((50, 5, 1.0),)}


def check(case: Case) -> Verdict:
    """Judges the case and holds the verdict against it."""
    verdict = judge(look(case))
    assert (verdict.state.value, verdict.severity.value) == (case.word, case.severity), verdict.sentence
    for words in case.says:
        assert words in verdict.sentence
    for words in case.shows:
        assert any(words in e for e in verdict.evidence), verdict.evidence
    for words in case.never:
        assert words not in " ".join((verdict.sentence, *verdict.evidence))
    well_said(verdict)
    return verdict


def well_said(verdict: Verdict) -> None:
    """Plain words: a sentence that ends, starts with a capital or a number, no raw floats, no exclamation marks."""
    text = verdict.sentence
    assert text.endswith(".")
    assert "!" not in text
    assert "  " not in text
    assert "nan" not in text.lower()
    assert text[0].isupper() or text[0].isdigit()
    assert verdict.since is None or verdict.since <= NOW

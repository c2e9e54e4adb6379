"""Every state by table: what was seen -> the word, how bad it is, and what the sentence names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ops.core import metrics
from ops.core.moments import sentence
from ops.core.seen import Seen
from ops.core.states import judge, judge_realtime, undescribed
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
    Problem,
    ScalableTarget,
    ScheduledAction,
    Series,
    Step,
    StepPolicy,
    Suspended,
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

CASES: dict[str, Case] = {
    "asleep": Case(
        "asleep",
        "ok",
        ("Asleep since 07:22 UTC", "nothing waits"),
        EMPTY,
        activities=(activity("Successful", 401, 400, 0),),
    ),
    "asleep without a queue metric at all": Case("asleep", "ok", ("nothing waits",)),
    "asleep and nothing would wake it": Case(
        "asleep",
        "warning",
        ("would not wake it", "no policy starts the first instance"),
        EMPTY,
        policies=(TRACK,),
        alarms=(LOW, HIGH),
    ),
    "asleep, held by its maximum": Case(
        "asleep", "warning", ("its maximum is 0",), EMPTY, target=ScalableTarget(Bounds(0, 0))
    ),
    "queue unseen": Case("unknown", "warning", ("not known", "metrics"), hidden=frozenset({"metrics"})),
    "queued": Case("queued", "info", ("3 requests wait since 14:00 UTC", "about to be asked for"), JUST),
    "queued, and nothing will start": Case(
        "queued",
        "warning",
        ("no policy starts the first instance",),
        JUST,
        policies=(TRACK,),
        alarms=(LOW, HIGH),
    ),
    "queued, the alarm fired a minute ago": Case(
        "queued",
        "info",
        ("3 requests wait since 13:43 UTC",),
        WAITING,
        alarms=(alarm(state="ALARM", updated=ago(1)), LOW, HIGH),
    ),
    "stuck: target tracking alone": Case(
        "wake_stuck",
        "critical",
        ("Cannot wake: 3 requests wait since 13:43 UTC, no policy starts the first instance",),
        WAITING,
        policies=(TRACK,),
        alarms=(LOW, HIGH),
    ),
    "stuck: no policy at all": Case(
        "wake_stuck", "critical", ("no scaling policy",), WAITING, policies=(), alarms=()
    ),
    "stuck: not registered": Case(
        "wake_stuck", "critical", ("no scaling is registered",), WAITING, target=None, policies=(), alarms=()
    ),
    "stuck: suspended": Case(
        "wake_stuck",
        "critical",
        ("scaling out is suspended",),
        WAITING,
        target=ScalableTarget(Bounds(0, 8), Suspended(scale_out=True)),
    ),
    "stuck: maximum 0": Case(
        "wake_stuck", "critical", ("its maximum is 0",), WAITING, target=ScalableTarget(Bounds(0, 0))
    ),
    "stuck: alarm without action": Case(
        "wake_stuck", "critical", ("the alarm wake has no action",), WAITING, alarms=(alarm(actions=()), LOW)
    ),
    "stuck: actions off": Case(
        "wake_stuck",
        "critical",
        ("the actions of the alarm wake are switched off",),
        WAITING,
        alarms=(alarm(actions_enabled=False), LOW),
    ),
    "stuck: another endpoint's policy": Case(
        "wake_stuck",
        "critical",
        ("the alarm wake runs no policy of this endpoint",),
        WAITING,
        alarms=(alarm(actions=("arn:other",)), LOW),
    ),
    "stuck: wrong dimensions": Case(
        "wake_stuck",
        "critical",
        ("wrong dimensions (EndpointName, VariantName)",),
        WAITING,
        alarms=(
            alarm(metric=ref(HAS, ("EndpointName", "doc-async"), ("VariantName", "AllTraffic"))),
            LOW,
        ),
    ),
    "stuck: wrong unit": Case(
        "wake_stuck",
        "critical",
        ("the unit Percent",),
        WAITING,
        alarms=(alarm(metric=ref(HAS, unit="Percent")),),
    ),
    "stuck: predefined metric": Case(
        "wake_stuck",
        "critical",
        ("never publish",),
        WAITING,
        policies=(replace(TRACK, metric=None, predefined="SageMakerVariantInvocationsPerInstance"),),
        alarms=(),
    ),
    "stuck: the path looks whole": Case(
        "wake_stuck", "critical", ("the alarm wake is OK and has not",), WAITING
    ),
    "stuck: cause hidden": Case(
        "wake_stuck",
        "critical",
        ("Cannot wake", "could not be read"),
        WAITING,
        target=None,
        policies=(),
        alarms=(),
        hidden=frozenset({"scaling"}),
    ),
    "stuck for days": Case(
        "wake_stuck",
        "critical",
        ("1 request waits for more than 24 h",),
        {HAS: ((1500, 1, 1.0),), BACKLOG: ((1500, 1, 1.0),)},
        policies=(TRACK,),
        alarms=(),
    ),
    "stuck for days, and the first requests are gone": Case(
        "wake_stuck",
        "critical",
        (
            "Cannot wake: 3 requests wait, the oldest for 40 min, no policy starts the first instance; "
            "the queue has not been empty for more than 24 h.",
        ),
        {HAS: ((1500, 1, 1.0),), BACKLOG: ((1500, 1, 3.0),), OLDEST: ((1500, 1, 2400.0),)},
        policies=(TRACK,),
        alarms=(),
    ),
    "wakes again after a failed attempt": Case(
        "waking",
        "info",
        ("Woken at 14:00 UTC by 3 waiting requests",),
        WAITING,
        endpoint(desired=1, status="Updating"),
        activities=(activity("InProgress", 2, None, 1), activity("Failed", 15, 3, 1, CAPACITY), *WOKE),
    ),
    "wakes again after a failed attempt, and not in time": Case(
        "wake_failing",
        "critical",
        ("Cannot start its first instance", "the attempt at 13:44 UTC failed"),
        WAITING,
        endpoint(desired=1, status="Updating"),
        activities=(activity("InProgress", 7, None, 1), activity("Failed", 18, 8, 1, CAPACITY), *WOKE),
    ),
    "wake fails for longer than the record was read": Case(
        "wake_failing",
        "critical",
        ("every attempt since 13:43 UTC failed, the last at 14:01 UTC; 3 requests wait",),
        WAITING,
        activities=tuple(activity("Failed", m, m, 1, QUOTA) for m in (1, 2, 3)),
        more_activities=True,
    ),
    "waking": Case(
        "waking",
        "info",
        ("Woken at 14:00 UTC by 3 waiting requests", "expected about 14:05 UTC", "usually 5 min"),
        WAITING,
        endpoint(desired=1, status="Updating"),
        activities=(activity("InProgress", 2, None, 1), *WOKE),
    ),
    "waking for the first time": Case(
        "waking",
        "info",
        ("1 starting, 0 in service yet",),
        WAITING,
        endpoint(desired=1),
        activities=(activity("InProgress", 2, None, 1),),
    ),
    "waking, later than usual": Case(
        "waking",
        "info",
        ("takes 8 min already, usually 5 min",),
        WAITING,
        endpoint(desired=1),
        activities=(activity("InProgress", 8, None, 1), *WOKE),
    ),
    "wake fails: quota": Case(
        "wake_failing",
        "critical",
        (
            "the account's quota “ml.g5.xlarge for endpoint usage” is 0",
            "3 attempts since 13:52 UTC",
            "3 requests wait",
        ),
        WAITING,
        activities=tuple(activity("Failed", m, m, 1, QUOTA) for m in (1, 5, 10)) + WOKE,
    ),
    "wake fails: no capacity": Case(
        "wake_failing",
        "critical",
        ("AWS has no capacity for ml.g5.xlarge", "the attempt at 13:59 UTC failed"),
        WAITING,
        activities=(activity("Failed", 3, 3, 1, CAPACITY), *WOKE),
    ),
    "wake fails: far longer than usual": Case(
        "wake_failing",
        "critical",
        ("Starting its first instance for 34 min already", "usually 5 min"),
        WAITING,
        endpoint(desired=1),
        activities=(activity("InProgress", 34, None, 1), *WOKE),
    ),
    "an old failure is no cause": Case(
        "wake_stuck",
        "critical",
        ("Cannot wake",),
        WAITING,
        activities=(activity("Failed", 90, 90, 1, QUOTA),),
    ),
    "busy": Case(
        "busy",
        "ok",
        ("40 requests in the queue", "the oldest 10 min old", "empty in about 15 min"),
        {BACKLOG: ((60, 12, 80.0), (12, 1, 40.0)), OLDEST: ((60, 1, 600.0),), DONE: ((60, 2, 3.0),)},
        endpoint(current=2, desired=2),
    ),
    "busy, growing": Case(
        "busy", "ok", ("growing to 4",), {BACKLOG: ((3, 1, 40.0),)}, endpoint(current=1, desired=4)
    ),
    "busy: finished a moment ago": Case(
        "busy",
        "ok",
        ("1 request finished in the last 15 min",),
        {BACKLOG: ((90, 1, 0.0),), DONE: ((6, 5, 1.0),)},
        ONE,
    ),
    "busy: a long request": Case(
        "busy",
        "ok",
        ("its instances work (GPU 80 %)",),
        {BACKLOG: ((170, 1, 0.0),), "GPUUtilization": ((60, 1, 80.0),)},
        ONE,
    ),
    "about to sleep": Case(
        "busy",
        "ok",
        ("Nothing to do since 13:4", "sleeps when the scale-in alarm agrees"),
        {BACKLOG: ((170, 1, 0.0),), DONE: ((20, 19, 1.0),)},
        ONE,
    ),
    "busy, refused to grow": Case(
        "busy",
        "warning",
        ("It cannot grow: the account's quota",),
        {BACKLOG: ((5, 1, 40.0),)},
        ONE,
        activities=(activity("Failed", 3, 3, 4, QUOTA), *WOKE),
    ),
    "slow": Case(
        "slow",
        "warning",
        ("Does not keep up", "90 requests", "+40", "maximum of 1"),
        {BACKLOG: ((60, 12, 50.0), (12, 1, 90.0)), OLDEST: ((60, 12, 400.0), (12, 1, 1100.0))},
        ONE,
        ScalableTarget(Bounds(0, 1)),
    ),
    "slow, help on the way": Case(
        "slow",
        "info",
        ("3 more on the way",),
        {BACKLOG: ((60, 12, 50.0), (12, 1, 90.0)), OLDEST: ((60, 12, 400.0), (12, 1, 1100.0))},
        endpoint(current=1, desired=4),
    ),
    "slow, near expiry": Case(
        "slow",
        "critical",
        ("5 h 3",),
        {BACKLOG: ((60, 1, 50.0),), OLDEST: ((60, 12, 19000.0), (12, 1, 20000.0))},
        ONE,
    ),
    "failing": Case(
        "failing",
        "critical",
        ("Fails since 13:1", "50 % of the requests", "(45 of 90)", "5xx"),
        BAD_HOUR,
        ONE,
    ),
    "failing since a deploy": Case(
        "failing",
        "critical",
        ("Fails since the deploy at 13:02 UTC",),
        BAD_HOUR,
        endpoint(current=1, desired=1, config_created=ago(60)),
    ),
    "failing a little": Case(
        "failing", "warning", ("14 %",), {DONE: ((50, 2, 1.0),), FAILED: ((20, 12, 1.0),)}, ONE
    ),
    "failing shows while asleep": Case("failing", "critical", ("Fails",), {**EMPTY, **BAD_HOUR}),
    "a single failure is not failing": Case(
        "busy", "ok", ("finished",), {DONE: ((12, 2, 1.0),), FAILED: ((9, 8, 1.0),)}, ONE
    ),
    "a few good results in a row are chance": Case(
        "failing",
        "critical",
        ("43 % of the requests",),
        {FAILED: ((60, 45, 1.0),), DONE: ((60, 40, 1.0),)},
        ONE,
    ),
    "it went well again": Case(
        "busy", "ok", ("finished",), {FAILED: ((50, 40, 1.0),), DONE: ((50, 2, 1.0),)}, ONE
    ),
    "warm": Case(
        "warm",
        "ok",
        ("Kept warm by the schedule warm-open until 18:00 UTC",),
        {BACKLOG: ((170, 1, 0.0),)},
        ONE,
        FOUR_ONE,
        schedules=(OPEN, CLOSE),
    ),
    "warm without an end": Case(
        "warm", "warning", ("no schedule lets it sleep again",), {}, ONE, FOUR_ONE, schedules=(OPEN,)
    ),
    "idle: minimum": Case(
        "idle_paid",
        "warning",
        ("Paid for while idle", "its minimum is 1, and no schedule"),
        {},
        ONE,
        FOUR_ONE,
    ),
    "idle: not registered": Case(
        "idle_paid", "warning", ("no scaling is registered",), {}, ONE, None, (), ()
    ),
    "idle: scale-in suspended": Case(
        "idle_paid",
        "warning",
        ("scaling in is suspended",),
        {},
        ONE,
        ScalableTarget(Bounds(0, 4), Suspended(scale_in=True)),
    ),
    "idle: no policy takes away": Case(
        "idle_paid",
        "warning",
        ("no policy takes instances away",),
        {},
        ONE,
        policies=(WAKE,),
        alarms=(alarm(),),
    ),
    "idle: scale-in off": Case(
        "idle_paid",
        "warning",
        ("switched off in the policy track",),
        {},
        ONE,
        policies=(WAKE, replace(TRACK, disable_scale_in=True)),
    ),
    "idle: alarm switched off": Case(
        "idle_paid",
        "warning",
        ("the actions of the alarm low are switched off",),
        {},
        ONE,
        alarms=(alarm(), replace(LOW, actions_enabled=False), HIGH),
    ),
    "idle: cause not found": Case("idle_paid", "warning", ("have passed",), {}, ONE),
    "idle or not cannot be told": Case(
        "unknown", "warning", ("not known",), {}, ONE, hidden=frozenset({"metrics"})
    ),
    "suspended is told in any state": Case(
        "asleep",
        "warning",
        ("Scaling by schedule is suspended",),
        EMPTY,
        target=ScalableTarget(Bounds(0, 8), Suspended(scheduled=True)),
    ),
    "expiry is told in any state": Case(
        "asleep", "warning", ("2 requests expired in the last hour",), {**EMPTY, EXPIRED: ((30, 28, 1.0),)}
    ),
    "being created": Case(
        "updating", "info", ("Being created",), {}, endpoint(status="Creating", current=None, desired=None)
    ),
    "being updated": Case(
        "updating", "info", ("Being updated since",), {}, endpoint(status="Updating", current=1, desired=1)
    ),
    "rolling back": Case(
        "updating", "warning", ("Going back",), {}, endpoint(status="RollingBack", current=1)
    ),
    "broken": Case(
        "broken",
        "critical",
        ("AWS reports Failed", "image not found", "can only be deleted"),
        {},
        endpoint(status="Failed", failure_reason="image not found"),
    ),
    "out of service": Case("broken", "critical", ("OutOfService",), {}, endpoint(status="OutOfService")),
    "no counts": Case(
        "unknown", "warning", ("no instance counts",), {}, endpoint(current=None, desired=None)
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_state(name: str) -> None:
    case = CASES[name]
    verdict = judge(look(case))
    assert (verdict.state.value, verdict.severity.value) == (case.word, case.severity), verdict.sentence
    for words in case.says:
        assert words in verdict.sentence
    well_said(verdict)


def well_said(verdict: Verdict) -> None:
    """Plain words: a sentence that ends, starts with a capital or a number, no raw floats, no exclamation marks."""
    text = verdict.sentence
    assert text.endswith(".")
    assert "!" not in text
    assert "  " not in text
    assert "nan" not in text.lower()
    assert text[0].isupper() or text[0].isdigit()
    assert verdict.since is None or verdict.since <= NOW


def test_what_is_not_settled_is_said_to_be_so() -> None:
    verdict = judge(look(CASES["stuck: target tracking alone"]))
    assert any("not settled" in e for e in verdict.evidence)
    assert any(e.startswith("Next: ") for e in verdict.evidence)


def test_the_newest_minutes_may_be_missing() -> None:
    """A gap of a few minutes (late delivery) does not make a stuck endpoint look asleep."""
    late = {HAS: ((1500, 20, 0.0), (20, 8, 1.0)), BACKLOG: ((1500, 20, 0.0), (20, 8, 3.0))}
    verdict = judge(look(replace(CASES["stuck: target tracking alone"], runs=late)))
    assert verdict.state.value == "wake_stuck"


def test_stale_queue_metrics_say_nothing_about_now() -> None:
    old = {HAS: ((100, 40, 1.0),), BACKLOG: ((100, 40, 3.0),)}
    assert judge(look(replace(CASES["asleep"], runs=old))).state.value == "asleep"


@pytest.mark.parametrize(
    ("at", "state", "words"),
    [
        (endpoint(current=1, async_config=None), "warm", "1 instance in service"),
        (endpoint(current=None, async_config=None), "warm", "without instances of its own"),
        (endpoint(status="Failed", async_config=None), "broken", "AWS reports Failed"),
        (endpoint(status="Creating", async_config=None), "updating", "Being created"),
    ],
)
def test_realtime(at: Endpoint, state: str, words: str) -> None:
    verdict = judge_realtime(look(Case("", "", (), at=at)))
    assert verdict.state.value == state
    assert words in verdict.sentence


def test_undescribed_names_the_action() -> None:
    problem = Problem(
        "it", "AWS denied sagemaker:DescribeEndpoint.", "Allow the IAM action sagemaker:DescribeEndpoint."
    )
    verdict = undescribed(problem)
    assert verdict.state.value == "unknown"
    assert "sagemaker:DescribeEndpoint" in verdict.sentence


def test_times_of_a_verdict_follow_the_reader() -> None:
    """The sentence says UTC; its marks let a page say the same moment in the reader's zone."""
    told = 0
    for case in CASES.values():
        verdict = judge(look(case))
        abroad = sentence(verdict, ZoneInfo("Asia/Tokyo"))
        assert "⟦" not in "".join((verdict.sentence, *verdict.evidence, abroad))
        assert verdict.sentence == sentence(verdict)
        if " UTC" in verdict.sentence:
            told += 1
            assert " JST" in abroad
            assert " UTC" not in abroad
    assert told > 10

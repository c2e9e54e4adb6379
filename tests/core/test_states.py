"""Every state without an instance in service, and of the endpoint as a whole: what was seen -> the verdict."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from components.format import age
from ops.core.moments import sentence
from ops.core.states import judge, judge_realtime, undescribed
from ops.core.types import (
    Bounds,
    Endpoint,
    Problem,
    ScalableTarget,
    Step,
    Suspended,
)
from ops.core.words import duration
from tests.core.observed import (
    BACKLOG,
    CAPACITY,
    EMPTY,
    EXPIRED,
    HAS,
    HIGH,
    JUST,
    LOW,
    OLDEST,
    QUOTA,
    TRACK,
    WAITING,
    WAKE,
    WOKE,
    Case,
    activity,
    ago,
    alarm,
    check,
    endpoint,
    look,
    ref,
)
from tests.core.test_states_awake import AWAKE

CASES: dict[str, Case] = {
    "asleep": Case(
        "asleep",
        "ok",
        ("Asleep since 07:22 UTC", "nothing waits"),
        EMPTY,
        activities=(activity("Successful", 401, 400, 0),),
        shows=(
            "0 instances in service, 0 wanted; the last was taken away at 07:22 UTC",
            "ApproximateBacklogSize 0 at 14:0",
            "the alarm wake runs wake-policy",
        ),
        never=("0 of 0",),
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
    "asleep, its activities unread": Case(
        "asleep",
        "ok",
        ("Asleep; nothing waits.",),
        EMPTY,
        hidden=frozenset({"activities"}),
        never=("since",),
    ),
    "asleep, its alarms unread": Case(
        "asleep",
        "ok",
        ("nothing waits",),
        EMPTY,
        hidden=frozenset({"alarms"}),
        shows=("Whether a request would wake it is not known: alarms could not be read",),
    ),
    "queue unseen": Case(
        "unknown",
        "warning",
        ("not known", "metrics"),
        hidden=frozenset({"metrics"}),
        shows=("0 instances in service", "Metrics could not be read"),
        never=("nothing waits", "Backlog"),
    ),
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
    "stuck: another endpoint's alarm": Case(
        "wake_stuck",
        "critical",
        ("the alarm wake watches the endpoint other",),
        WAITING,
        alarms=(alarm(metric=ref(HAS, ("EndpointName", "other"))), LOW),
    ),
    "stuck: fires when it falls": Case(
        "wake_stuck",
        "critical",
        ("fires when the signal falls",),
        WAITING,
        alarms=(alarm(comparison="LessThanThreshold"), LOW),
    ),
    "stuck: its policy adds nothing": Case(
        "wake_stuck",
        "critical",
        ("the policy of the alarm wake adds no instance",),
        WAITING,
        policies=(replace(WAKE, steps=(Step(0.0, None, 0),)), TRACK),
    ),
    "stuck: the alarm fired long ago": Case(
        "wake_stuck",
        "critical",
        ("in ALARM, and its policy has not acted",),
        WAITING,
        alarms=(alarm(state="ALARM"), LOW),
    ),
    "stuck: what the policy did is hidden": Case(
        "wake_stuck",
        "critical",
        ("in ALARM; what its policy did is not known",),
        WAITING,
        alarms=(alarm(state="ALARM"), LOW),
        hidden=frozenset({"activities"}),
        never=("has not acted",),
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
        "warning",
        (
            "Woken at 14:00 UTC by 3 waiting requests",
            "The attempt at 13:47 UTC failed: AWS has no capacity for ml.g5.xlarge right now.",
        ),
        WAITING,
        endpoint(desired=1, status="Updating"),
        activities=(activity("InProgress", 2, None, 1), activity("Failed", 15, 3, 1, CAPACITY), *WOKE),
    ),
    "an attempt that failed after half an hour is no better for the next one": Case(
        "wake_failing",
        "critical",
        ("Cannot start its first instance: AWS has no capacity", "the attempt at 13:26 UTC failed"),
        {HAS: ((1500, 40, 0.0), (40, 1, 1.0)), BACKLOG: ((1500, 40, 0.0), (40, 1, 3.0))},
        endpoint(desired=1, status="Updating"),
        activities=(activity("InProgress", 2, None, 1), activity("Failed", 36, 3, 1, CAPACITY), *WOKE),
    ),
    "wakes again after a failed attempt, and promises nothing": Case(
        "waking",
        "warning",
        ("a start usually takes 5 min, and whether this one succeeds is open",),
        WAITING,
        endpoint(desired=1, status="Updating"),
        activities=(activity("InProgress", 2, None, 1), activity("Failed", 15, 3, 1, CAPACITY), *WOKE),
        never=("is expected about",),
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
    "wake fails, every attempt of a long record": Case(
        "wake_failing",
        "critical",
        ("every attempt since 13:43 UTC failed, the last at 14:01 UTC; 3 requests wait",),
        WAITING,
        activities=tuple(activity("Failed", m / 2, m / 2, 1, QUOTA) for m in range(2, 30)) + WOKE,
    ),
    "wake fails, three attempts of a record that was cut after them": Case(
        "wake_failing",
        "critical",
        ("3 attempts since 13:59 UTC, the last at 14:01 UTC failed",),
        WAITING,
        activities=tuple(activity("Failed", m, m, 1, QUOTA) for m in (1, 2, 3)) + WOKE,
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
        shows=("Next: ask for a higher quota",),
    ),
    "wake fails: no capacity": Case(
        "wake_failing",
        "critical",
        ("AWS has no capacity for ml.g5.xlarge", "the attempt at 13:59 UTC failed"),
        WAITING,
        activities=(activity("Failed", 3, 3, 1, CAPACITY), *WOKE),
        shows=("Next: wait, or deploy a configuration with another instance type",),
    ),
    "wake takes long, and AWS says why": Case(
        "wake_failing",
        "critical",
        ("AWS has no capacity for ml.g5.xlarge right now; 3 requests wait",),
        WAITING,
        endpoint(desired=1),
        activities=(activity("InProgress", 34, None, 1, CAPACITY), *WOKE),
        never=("possibly",),
    ),
    "wake fails for another reason": Case(
        "wake_failing",
        "critical",
        ("The container did not pass",),
        WAITING,
        activities=(activity("Failed", 3, 3, 1, "The container did not pass the ping health check."), *WOKE),
        shows=("Next: mend what the activity names", "log group /aws/sagemaker/Endpoints/doc-async"),
    ),
    "wake fails: far longer than usual": Case(
        "wake_failing",
        "critical",
        ("Starting its first instance for 34 min already; usually 5 min; AWS gives no instance, possibly",),
        WAITING,
        endpoint(desired=1),
        activities=(activity("InProgress", 34, None, 1), *WOKE),
        shows=("Next: wait, or deploy a configuration with another instance type",),
    ),
    "an old failure is no cause": Case(
        "wake_stuck",
        "critical",
        ("Cannot wake",),
        WAITING,
        activities=(activity("Failed", 90, 90, 1, QUOTA),),
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
        shows=(
            "Next: mend what AWS names as the reason",
            "log group /aws/sagemaker/Endpoints/doc-async",
        ),
    ),
    "out of service": Case(
        "broken",
        "critical",
        ("OutOfService",),
        {},
        endpoint(status="OutOfService"),
        shows=("Next: look at the reason",),
    ),
    "no counts": Case(
        "unknown", "warning", ("no instance counts",), {}, endpoint(current=None, desired=None)
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_state(name: str) -> None:
    check(CASES[name])


WAKE_POLICY = (
    "Next: add a step policy that adds 1 instance, run by an alarm on HasBacklogWithoutCapacity ≥ 1 "
    "(dimension EndpointName only)."
)
BY_HAND = " At once: set the minimum to 1, and back to 0 when it is awake."
STEPS = {
    "stuck: not registered": "Next: register the variant as a scalable target with a minimum of 0, "
    "and give it a wake policy.",
    "stuck: maximum 0": "Next: raise the maximum to 1 or more.",
    "stuck: suspended": "Next: resume scaling out.",
    "stuck: no policy at all": WAKE_POLICY + BY_HAND,
    "stuck: target tracking alone": WAKE_POLICY + BY_HAND,
    "stuck: predefined metric": WAKE_POLICY + BY_HAND,
    "stuck: alarm without action": "Next: let the alarm wake run the policy wake-policy." + BY_HAND,
    "stuck: another endpoint's policy": "Next: let the alarm wake run the policy wake-policy." + BY_HAND,
    "stuck: actions off": "Next: switch the actions of the alarm wake on." + BY_HAND,
    "stuck: wrong dimensions": "Next: give the alarm wake one dimension alone: EndpointName = doc-async."
    + BY_HAND,
    "stuck: another endpoint's alarm": "Next: give the alarm wake one dimension alone: EndpointName = doc-async."
    + BY_HAND,
    "stuck: wrong unit": "Next: remove the unit from the alarm wake, or make it Count." + BY_HAND,
    "stuck: fires when it falls": "Next: let the alarm wake fire at HasBacklogWithoutCapacity ≥ 1." + BY_HAND,
    "stuck: its policy adds nothing": "Next: let the policy wake-policy add 1 instance." + BY_HAND,
    "stuck: the path looks whole": "Next: look at the alarm wake in CloudWatch: "
    "its history, threshold and datapoints." + BY_HAND,
    "stuck: the alarm fired long ago": "Next: look at the history of the alarm wake in CloudWatch." + BY_HAND,
    "stuck: what the policy did is hidden": "Next: allow application-autoscaling:DescribeScalingActivities."
    + BY_HAND,
    "stuck: cause hidden": "Next: allow Ebb to read that part, or look at it in the AWS console.",
    "asleep and nothing would wake it": WAKE_POLICY,
    "asleep, held by its maximum": "Next: raise the maximum to 1 or more.",
    "queued, and nothing will start": WAKE_POLICY,
}


@pytest.mark.parametrize("name", STEPS)
def test_the_next_step_fits_the_cause(name: str) -> None:
    assert judge(look(CASES[name])).evidence[-1] == STEPS[name]


def test_every_stuck_wake_up_has_a_next_step() -> None:
    assert {n for n in CASES if n.startswith("stuck: ")} <= set(STEPS)


def test_what_is_not_settled_is_said_to_be_so() -> None:
    verdict = judge(look(CASES["stuck: target tracking alone"]))
    assert any("not settled" in e for e in verdict.evidence)
    assert any(e.startswith("Next: ") for e in verdict.evidence)


def test_the_newest_minutes_may_be_missing() -> None:
    """A gap of a few minutes (late delivery) does not make a stuck endpoint look asleep."""
    late = {HAS: ((1500, 20, 0.0), (20, 8, 1.0)), BACKLOG: ((1500, 20, 0.0), (20, 8, 3.0))}
    verdict = judge(look(replace(CASES["stuck: target tracking alone"], runs=late)))
    assert verdict.state.value == "wake_stuck"


@pytest.mark.parametrize("seconds", [-3, 0, 59.6, 60, 95, 2519, 3599, 3600, 4620, 7080, 86340, 86400, 270000])
def test_a_sentence_says_a_span_as_the_card_beside_it_does(seconds: float) -> None:
    assert duration(seconds) == age(seconds)


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
    for case in (*CASES.values(), *AWAKE.values()):
        verdict = judge(look(case))
        abroad = sentence(verdict, ZoneInfo("Asia/Tokyo"))
        assert "⟦" not in "".join((verdict.sentence, *verdict.evidence, abroad))
        assert verdict.sentence == sentence(verdict)
        if " UTC" in verdict.sentence:
            told += 1
            assert " JST" in abroad
            assert " UTC" not in abroad
    assert told > 10

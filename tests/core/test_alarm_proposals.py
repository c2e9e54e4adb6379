"""Which alarms are missing: those that nobody is told by, on the very series that AWS publishes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.core.alarm_proposals import proposals
from ops.core.fix_calls import calls, filled
from ops.core.fixes import ChosenTopic
from ops.core.types import Alarm, EndpointRef, MetricRef

REF = EndpointRef("123456789012", "us-east-1", "doc")
TTL_S = 21_600.0
TOPIC = "arn:aws:sns:us-east-1:123456789012:ops-alarms"
POLICY = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1:resource/sagemaker/x:policyName/wake"
ENDPOINT, BOTH = (("EndpointName", "doc"),), (("EndpointName", "doc"), ("VariantName", "AllTraffic"))
ALL = ["Wake stuck", "Oldest request", "Failures", "Expired requests"]


def alarm(name: str = "mine", metric: str = "InvocationFailures", **changes: object) -> Alarm:
    queue = metric in ("HasBacklogWithoutCapacity", "ApproximateAgeOfOldestRequest")
    fresh = Alarm(
        name,
        "OK",
        "",
        None,
        MetricRef("AWS/SageMaker", metric, ENDPOINT if queue else BOTH, "Average" if queue else "Sum"),
        1.0,
        "GreaterThanOrEqualToThreshold",
        60,
        5,
        5,
        "notBreaching",
        (TOPIC,),
        True,
    )
    return replace(fresh, **changes)  # type: ignore[arg-type]


def missing(*alarms: Alarm) -> list[str]:
    return [p.title for p in proposals(REF, alarms, TTL_S).missing]


def test_without_alarms_all_four_are_proposed_on_the_series_that_aws_publishes() -> None:
    found = {p.title: p.alarm for p in proposals(REF, (), TTL_S).missing}
    assert list(found) == ALL
    assert {t: (a.metric.name, a.metric.dimensions, a.metric.statistic) for t, a in found.items()} == {
        "Wake stuck": ("HasBacklogWithoutCapacity", ENDPOINT, "Maximum"),
        "Oldest request": ("ApproximateAgeOfOldestRequest", ENDPOINT, "Maximum"),
        "Failures": ("InvocationFailures", BOTH, "Sum"),
        "Expired requests": ("ExpiredRequests", BOTH, "Sum"),
    }
    assert {a.missing for a in found.values()} == {"notBreaching"}
    assert {a.metric.unit for a in found.values()} == {None}
    assert found["Wake stuck"].evaluation_periods * found["Wake stuck"].period == 16 * 60


SAME: list[tuple[str, Alarm, bool]] = [
    ("the same", alarm(), True),
    ("another threshold", alarm(threshold=20.0), True),
    ("above instead of at least", alarm(comparison="GreaterThanThreshold"), True),
    ("its actions are off", alarm(actions_enabled=False), False),
    ("no action", alarm(actions=()), False),
    ("only moves instances", alarm(actions=(POLICY,)), False),
    ("moves instances and tells", alarm(actions=(POLICY, TOPIC)), True),
    ("tells something else than a topic", alarm(actions=("arn:aws:lambda:us-east-1:1:function:page",)), True),
    ("the other way round", alarm(comparison="LessThanThreshold"), False),
]


@pytest.mark.parametrize(("says", "existing", "covers"), SAME, ids=[s for s, _, _ in SAME])
def test_what_counts_as_the_same(says: str, existing: Alarm, covers: bool) -> None:
    assert ("Failures" not in missing(existing)) is covers


@pytest.mark.parametrize(
    "metric",
    [
        MetricRef("AWS/SageMaker", "InvocationFailures", ENDPOINT, "Sum"),
        MetricRef("AWS/SageMaker", "InvocationFailures", BOTH, "Sum", "Seconds"),
        MetricRef("AWS/SageMaker", "InvocationFailures", BOTH, "SampleCount"),
        MetricRef("AWS/SageMaker", "InvocationsFailed", BOTH, "Sum"),
        MetricRef("aws/sagemaker", "InvocationFailures", BOTH, "Sum"),
        None,
    ],
)
def test_another_series_is_not_the_same(metric: MetricRef | None) -> None:
    assert "Failures" in missing(replace(alarm(), metric=metric))


@pytest.mark.parametrize(
    ("metric", "changes", "covers"),
    [
        ("HasBacklogWithoutCapacity", {}, True),
        ("HasBacklogWithoutCapacity", {"threshold": 0.0, "comparison": "GreaterThanThreshold"}, True),
        ("HasBacklogWithoutCapacity", {"threshold": 0.0}, False),
        ("HasBacklogWithoutCapacity", {"threshold": 2.0}, False),
        ("HasBacklogWithoutCapacity", {"datapoints_to_alarm": 90}, False),
        ("ApproximateAgeOfOldestRequest", {"threshold": 900.0}, True),
        ("ApproximateAgeOfOldestRequest", {"threshold": TTL_S}, False),
        ("ApproximateAgeOfOldestRequest", {"threshold": 0.0}, False),
    ],
)
def test_a_condition_that_can_ring_in_time(metric: str, changes: dict[str, object], covers: bool) -> None:
    titles = {"HasBacklogWithoutCapacity": "Wake stuck", "ApproximateAgeOfOldestRequest": "Oldest request"}
    existing = alarm("watcher", metric, **changes)
    found = proposals(REF, (existing,), TTL_S)
    assert ([c.alarm for c in found.covered] == ["watcher"]) is covers
    assert (titles[metric] not in [p.title for p in found.missing]) is covers


def test_the_topic_of_another_alarm_is_taken_and_else_asked_for() -> None:
    with_topic = proposals(REF, (alarm(),), TTL_S).missing
    assert {p.alarm.actions for p in with_topic} == {(TOPIC,)}
    assert all(p.topic_known for p in with_topic)
    without = proposals(REF, (alarm(actions=(POLICY,)),), TTL_S).missing
    assert {p.alarm.actions for p in without} == {(ChosenTopic(),)}
    assert not any(p.topic_known for p in without)


def test_an_alarm_that_tells_nobody_is_named_and_not_overwritten() -> None:
    found = proposals(REF, (alarm("doc-failures", actions=()),), TTL_S).missing
    failures = next(p for p in found if p.title == "Failures")
    assert failures.silent == ("doc-failures",)
    assert failures.alarm.name == "doc-failures-2"


def test_the_wake_alarm_of_scaling_is_no_silent_one() -> None:
    waking = alarm("wake", "HasBacklogWithoutCapacity", actions=(POLICY,))
    stuck = proposals(REF, (waking,), TTL_S).missing[0]
    assert (stuck.title, stuck.silent) == ("Wake stuck", ())


@pytest.mark.parametrize(("start_s", "minutes"), [(None, 16), (30.0, 6), (400.0, 12), (9000.0, 155)])
def test_a_usual_start_does_not_ring(start_s: float | None, minutes: int) -> None:
    stuck = proposals(REF, (), TTL_S, start_s).missing[0]
    assert stuck.alarm.evaluation_periods == stuck.alarm.datapoints_to_alarm == minutes
    assert f"{minutes} min" in stuck.why


@pytest.mark.parametrize(
    ("wake_minutes", "start_s", "minutes"),
    [(1, None, 15), (2, None, 16), (10, None, 24), (10, 400.0, 20), (60, None, 74), (60, 30.0, 64)],
)
def test_it_rings_later_than_the_wake_alarm_and_a_start_after_it(
    wake_minutes: int, start_s: float | None, minutes: int
) -> None:
    """People saw starts of up to 11 min; that, what the wake alarm waits, and 3 min until its datapoints are there."""
    stuck = proposals(REF, (), TTL_S, start_s, wake_minutes).missing[0]
    assert stuck.alarm.evaluation_periods == stuck.alarm.datapoints_to_alarm == minutes
    assert f"for {minutes} min with no instance" in stuck.why


def test_what_the_wake_alarm_that_exists_waits_for_is_taken_from_it() -> None:
    waking = alarm(
        "wake", "HasBacklogWithoutCapacity", actions=(POLICY,), evaluation_periods=10, datapoints_to_alarm=10
    )
    assert proposals(REF, (waking,), TTL_S).missing[0].alarm.evaluation_periods == 24
    assert proposals(REF, (waking,), TTL_S, 400.0).missing[0].alarm.evaluation_periods == 20


def test_what_becomes_of_an_expired_request_is_not_claimed() -> None:
    """Whether a failure object or a message comes is not documented."""
    expired = next(p for p in proposals(REF, (), TTL_S).missing if p.title == "Expired requests")
    assert "unanswered" not in expired.why
    assert "only the metric ExpiredRequests tells for certain" in expired.why


@pytest.mark.parametrize(("ttl_s", "old"), [(21_600.0, 1800.0), (3000.0, 1500.0), (90.0, 45.0)])
def test_old_is_well_before_expired(ttl_s: float, old: float) -> None:
    assert proposals(REF, (), ttl_s).missing[1].alarm.threshold == old


@pytest.mark.parametrize(("start_s", "wake_minutes"), [(400.0, 2), (None, 2), (None, 60), (9000.0, 10)])
def test_once_made_they_are_not_proposed_again(start_s: float | None, wake_minutes: int) -> None:
    """What the text makes is recognised as what was missing."""
    made = []
    for proposal in proposals(REF, (), TTL_S, start_s, wake_minutes).missing:
        (put,) = calls(proposal.fix)
        actions = tuple(filled(put, {}, TOPIC).parameters["AlarmActions"])
        p = proposal.alarm
        made.append(
            Alarm(
                p.name,
                "OK",
                "",
                None,
                p.metric,
                p.threshold,
                p.comparison,
                p.period,
                p.evaluation_periods,
                p.datapoints_to_alarm,
                p.missing,
                actions,
                p.actions_enabled,
            )
        )
    found = proposals(REF, made, TTL_S, start_s, wake_minutes)
    assert found.missing == ()
    assert [c.title for c in found.covered] == ALL

"""The rules on who hears of trouble."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ops.core import metrics
from ops.core.doctor import Topic
from ops.core.fixes import DeleteAlarms, PutAlarm
from ops.core.types import Alarm, MetricRef, Severity
from tests.core.doctor.cases import (
    ASLEEP,
    CONFIG,
    ERROR,
    HEARD,
    POLICY_ARN,
    SNS,
    SUCCESS,
    calls,
    case,
    said,
    shows,
    step,
    target,
)
from tests.core.observed import BACKLOG, EMPTY, GOOD, HAS, OLDEST, PER, TRACK, WAKE, WAKE_ARN, alarm, ref

GONE = POLICY_ARN.format("doc-async/variant/AllTraffic")
CPU = MetricRef(
    metrics.HOST, "CPUUtilization", (("EndpointName", "doc-async"), ("VariantName", "AllTraffic"))
)


def beside(**changes: Any) -> Alarm:
    return replace(alarm("beside", ref(BACKLOG), actions=(SNS,), missing="notBreaching"), **changes)


@pytest.mark.parametrize(
    ("config", "fires"),
    [
        (replace(CONFIG, failure_path=None, error_topic=None), True),
        (replace(CONFIG, failure_path=None), False),
        (replace(CONFIG, error_topic=None), False),
    ],
)
def test_failures_that_nobody_sees(config: Any, fires: bool) -> None:
    found = said(case(EMPTY, at=replace(ASLEEP, async_config=config)))
    assert found.keys() == ({"failures-invisible"} if fires else set())
    if fires:
        assert found["failures-invisible"].severity is Severity.INFO
        assert "S3FailurePath" in step(found["failures-invisible"])


@pytest.mark.parametrize(
    ("arn", "topic", "code", "severity", "says"),
    [
        (
            ERROR,
            Topic(ERROR, 0, 0, exists=False),
            "topic-missing",
            "warning",
            "Its error topic does not exist.",
        ),
        (
            ERROR,
            Topic(ERROR, 0, 0),
            "topic-without-subscriber",
            "warning",
            "the error topic has no subscription",
        ),
        (ERROR, Topic(ERROR, 0, 2), "topic-without-subscriber", "warning", "has no confirmed subscription"),
        (
            SUCCESS,
            Topic(SUCCESS, 0, 0),
            "topic-without-subscriber",
            "info",
            "the success topic has no subscription",
        ),
    ],
)
def test_topics(arn: str, topic: Topic, code: str, severity: str, says: str) -> None:
    found = said(case(EMPTY, topics=HEARD | {arn: topic}))
    assert found.keys() == {code}
    assert found[code].severity.value == severity
    assert says in found[code].sentence
    assert shows(found[code], arn)
    assert step(found[code])
    assert not said(case(EMPTY, topics=HEARD | {arn: topic}, hidden=frozenset({"topics"})))


def test_a_topic_that_could_not_be_read_is_not_judged() -> None:
    assert not said(case(EMPTY, topics={}))


@pytest.mark.parametrize("metric", [CPU, ref(PER), ref(OLDEST), ref("InvocationsProcessed")])
def test_an_alarm_that_takes_sleep_for_trouble(metric: MetricRef) -> None:
    loud = beside(metric=metric, missing="breaching", ok_actions=(SNS,))
    found = said(case(EMPTY, alarms=(*GOOD, loud)))
    assert found.keys() == {"alarm-fires-asleep"}
    assert shows(found["alarm-fires-asleep"], "missing data breaching")
    (put,) = calls(found["alarm-fires-asleep"])
    assert isinstance(put, PutAlarm)
    assert (put.name, put.missing, put.metric, put.ok_actions) == ("beside", "notBreaching", metric, (SNS,))


@pytest.mark.parametrize(
    "changes",
    [
        {"metric": CPU},
        {"metric": CPU, "missing": "ignore"},
        {"metric": ref(HAS), "missing": "breaching"},
        {"metric": ref(BACKLOG), "missing": "breaching"},
        {"metric": replace(CPU, namespace="Documents"), "missing": "breaching"},
        {"metric": CPU, "missing": "breaching", "actions": (WAKE_ARN,), "actions_enabled": False},
        {"metric": CPU, "missing": "breaching", "actions": ()},
    ],
)
def test_alarms_that_are_fine(changes: dict[str, Any]) -> None:
    assert not said(case(EMPTY, alarms=(*GOOD, beside(**changes))))


def test_an_endpoint_that_never_sleeps_may_take_a_gap_for_trouble() -> None:
    loud = beside(metric=CPU, missing="breaching")
    assert "alarm-fires-asleep" not in said(case(EMPTY, target=target(1, 4), alarms=(*GOOD, loud)))


def test_an_alarm_of_a_policy_that_is_gone() -> None:
    found = said(case(EMPTY, alarms=(*GOOD, beside(actions=(GONE,)))))
    assert found.keys() == {"alarm-left-behind"}
    assert found["alarm-left-behind"].severity is Severity.INFO
    assert calls(found["alarm-left-behind"]) == (DeleteAlarms(("beside",)),)
    also = said(case(EMPTY, alarms=(*GOOD, beside(actions=(GONE, SNS)))))["alarm-left-behind"]
    (put,) = calls(also)
    assert isinstance(put, PutAlarm)
    assert put.actions == (SNS,)
    assert not said(case(EMPTY, alarms=(*GOOD, beside(actions=(GONE,))), policy_arns=frozenset({GONE})))


def test_policies_of_other_services_are_none_of_ours() -> None:
    other = (
        "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:0c:resource/ecs/service/web:policyName/p"
    )
    assert not said(case(EMPTY, alarms=(*GOOD, beside(actions=(other,)))))


@pytest.mark.parametrize("name", ["Invocations", "InvocationsPerInstance", "OverheadLatency"])
def test_an_alarm_on_a_metric_of_real_time_endpoints(name: str) -> None:
    blind = beside(metric=replace(CPU, namespace=metrics.AWS, name=name))
    found = said(case(EMPTY, alarms=(*GOOD, blind)))
    assert found.keys() == {"alarm-on-unpublished-metric"}
    assert "InvocationsProcessed" in step(found["alarm-on-unpublished-metric"])
    owned = replace(TRACK, alarm_names=("low", "high", "beside"))
    assert not said(case(EMPTY, policies=(WAKE, owned), alarms=(*GOOD, blind)))


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        (("missing",), "beside-0 can never fire: asynchronous endpoints do not publish what it watches."),
        (
            ("breaching",),
            "beside-0 is in ALARM for ever: asynchronous endpoints do not publish what it watches.",
        ),
        (("breaching",) * 2, "beside-0 and beside-1 are in ALARM for ever: "),
        (
            ("breaching", "notBreaching"),
            "beside-1 can never fire, beside-0 is in ALARM for ever: asynchronous endpoints do not publish what they "
            "watch.",
        ),
    ],
)
def test_without_datapoints_an_alarm_is_silent_or_fires_for_ever(missing: tuple[str, ...], says: str) -> None:
    metric = replace(CPU, namespace=metrics.AWS, name="Invocations")
    blind = [beside(name=f"beside-{n}", metric=metric, missing=m) for n, m in enumerate(missing)]
    found = said(case(EMPTY, alarms=(*GOOD, *blind)))
    assert found.keys() == {
        "alarm-on-unpublished-metric"
    }  # a gap that counts as good would only make it blind
    assert found["alarm-on-unpublished-metric"].sentence.startswith(says)


@pytest.mark.parametrize("part", ["scaling", "alarms"])
def test_alarms_are_not_judged_in_the_dark(part: str) -> None:
    every = (*GOOD, beside(actions=(GONE,)), beside(name="b", metric=CPU, missing="breaching"))
    assert not said(case(EMPTY, alarms=every, hidden=frozenset({part})))

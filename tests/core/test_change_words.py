"""A change in words: whom an alarm tells and what it runs, and what a step does."""

from __future__ import annotations

import pytest

from ops.core.change_words import shown, step
from ops.core.fixes import (
    Await,
    Create,
    Delete,
    DeleteAlarms,
    DeletePolicy,
    DeleteSchedule,
    DeregisterTarget,
    EnableAlarmActions,
    PutAlarm,
    PutPolicy,
    PutSchedule,
    RegisterTarget,
)
from ops.core.resources import Resource
from ops.core.types import EndpointRef, MetricRef, Step, StepPolicy, Suspended

RUNS = (
    "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:0a1b:resource/sagemaker/"
    "endpoint/doc/variant/AllTraffic:policyName/wake"
)


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ((), "no action"),
        (("arn:aws:sns:us-east-1:123456789012:on-call",), "tells on-call"),
        ((RUNS, "arn:aws:sns:us-east-1:123456789012:on-call"), "runs policy wake and tells on-call"),
        ((f"{RUNS}:createdBy/0a1b",), "runs policy wake"),
        (("policy wake",), "runs policy wake"),
        (("arn:aws:lambda:us-east-1:123456789012:function:page-us",), "calls page-us"),
    ],
)
def test_an_alarm_names_whom_it_tells(actions: tuple[str, ...], words: str) -> None:
    alarm = {
        "MetricName": "InvocationFailures", "ComparisonOperator": "GreaterThanOrEqualToThreshold", "Threshold": 1.0,
        "DatapointsToAlarm": 1, "EvaluationPeriods": 2, "Period": 60, "AlarmActions": list(actions),
    }  # fmt: skip
    assert shown("alarm a", alarm) == f"InvocationFailures ≥ 1, 1 of 2 × 60 s, {words}"


def test_a_step_says_what_it_does() -> None:
    ref = EndpointRef("1", "us-east-1", "doc")
    metric = MetricRef("AWS/SageMaker", "X", ())
    alarm = PutAlarm("old", metric, 1.0, "GreaterThanThreshold", 60, 1, 1, "missing", ())
    step_policy = StepPolicy("wake", "", "ChangeInCapacity", (Step(0.0, None, 1),))
    said = [
        (Create(Resource("model", "m", {})), "Create the model m"),
        (Create(Resource("endpoint-config", "c", {})), "Create the endpoint configuration c"),
        (Delete("endpoint", "doc"), "Delete the endpoint doc"),
        (Await("doc"), "Wait until doc is in service"),
        (Await("doc", gone=True), "Wait until doc is gone"),
        (Await("doc", settled=True), "Wait until doc is not being changed"),
        (Await("doc", serving=True), "Wait until doc is in service with an instance"),
        (RegisterTarget(ref, 0, 3), "Let it scale from 0 to 3 instances"),
        (RegisterTarget(ref, max=3), "Set the maximum to 3"),
        (RegisterTarget(ref, suspended=Suspended()), "Set what is suspended"),
        (DeregisterTarget(ref), "Take doc out of auto scaling"),
        (PutPolicy(ref, step_policy), "Put the policy wake"),
        (DeletePolicy(ref, "wake"), "Remove the policy wake"),
        (PutSchedule(ref, "open", "cron(0 8 * * ? *)", "UTC", 1), "Put the scheduled action open"),
        (DeleteSchedule(ref, "open"), "Remove the scheduled action open"),
        (alarm, "Put the alarm old"),
        (EnableAlarmActions("old"), "Switch the actions of the alarm old on"),
        (DeleteAlarms(("a",)), "Delete the alarm a"),
        (DeleteAlarms(("a", "b")), "Delete the alarms a and b"),
    ]
    assert [step(change) for change, _ in said] == [words for _, words in said]

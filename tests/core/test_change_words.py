"""An alarm before and after a change names whom it tells and what it runs."""

from __future__ import annotations

import pytest

from ops.core.change_words import shown

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

"""The rules on waking: each fires on its fault alone, with its evidence and what mends it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ops.core.fixes import DeletePolicy, EnableAlarmActions, PolicyArn, PutAlarm, PutPolicy, RegisterTarget
from ops.core.types import Severity, Step, StepPolicy, Suspended, TargetTrackingPolicy
from tests.core.doctor.cases import (
    AT_WORK,
    AWAKE,
    POLICY_ARN,
    REF,
    SNS,
    calls,
    case,
    said,
    shows,
    step,
    target,
    wake_alarm,
)
from tests.core.observed import EMPTY, GOOD, HAS, HIGH, LOW, PER, TRACK, WAITING, WAKE, WAKE_ARN, ago, ref

CRITICAL, WARNING = Severity.CRITICAL, Severity.WARNING
OTHER = POLICY_ARN.format("other")
INVOCATIONS = TargetTrackingPolicy(
    "calls", "arn:policy/calls", 5.0, None, "SageMakerVariantInvocationsPerInstance"
)
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no-scaling-target": ({"target": None, "policies": (), "alarms": ()}, "No scalable target"),
    "maximum-zero": ({"target": target(0, 0)}, "minimum 0, maximum 0"),
    "scale-out-suspended": ({"target": target(scale_out=True)}, "DynamicScalingOutSuspended is true"),
    "no-scaling-policy": ({"policies": ()}, "No scaling policy"),
    "no-wake-policy": (
        {"policies": (TRACK,), "alarms": (LOW, HIGH)},
        "what it does at zero instances is not settled",
    ),
    "unpublished-metric": (
        {"policies": (INVOCATIONS,), "alarms": ()},
        "SageMakerVariantInvocationsPerInstance",
    ),
    "wake-alarm-no-action": ({"alarms": wake_alarm(actions=())}, "Its actions: none"),
    "wake-alarm-off": ({"alarms": wake_alarm(actions_enabled=False)}, "actions switched off"),
    "wake-alarm-other-policy": ({"alarms": wake_alarm(actions=(OTHER,))}, "does not exist"),
    "wake-alarm-dimensions": (
        {"alarms": wake_alarm(metric=ref(HAS, ("EndpointName", "doc-async"), ("VariantName", "AllTraffic")))},
        "EndpointName = doc-async, VariantName = AllTraffic",
    ),
    "wake-alarm-unit": ({"alarms": wake_alarm(metric=ref(HAS, unit="Percent"))}, "unit Percent"),
    "wake-alarm-comparison": ({"alarms": wake_alarm(comparison="LessThanThreshold")}, "< 1 for 2 × 60 s"),
    "wake-alarm-threshold": ({"alarms": wake_alarm(threshold=5.0)}, "≥ 5"),
    "wake-step-adds-nothing": (
        {"policies": (replace(WAKE, steps=(Step(0.0, None, -1),)), TRACK)},
        "0 to ∞: -1",
    ),
    "wake-step-no-match": ({"policies": (replace(WAKE, steps=(Step(1.0, None, 1),)), TRACK)}, "1 to ∞: +1"),
}


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_is_found_alone_and_is_critical_while_requests_wait(code: str) -> None:
    fault, evidence = FAULTS[code]
    found = said(case(WAITING, **fault))
    assert found.keys() == {code}
    finding = found[code]
    assert finding.severity is CRITICAL
    assert shows(finding, evidence), finding.evidence
    assert shows(finding, "3 requests wait without an instance since")
    assert finding.sentence.startswith(("It cannot wake", "The policy calls"))


@pytest.mark.parametrize("code", FAULTS)
def test_asleep_and_calm_it_is_found_too(code: str) -> None:
    finding = said(case(EMPTY, **FAULTS[code][0]))[code]
    assert finding.severity is (WARNING if code == "no-wake-policy" else CRITICAL)
    assert not shows(finding, "wait without an instance")


@pytest.mark.parametrize("code", FAULTS)
def test_with_an_instance_in_service_it_can_wait(code: str) -> None:
    found = said(case(AT_WORK, at=AWAKE, **FAULTS[code][0]))
    assert found.keys() == {code}
    assert found[code].severity is WARNING


ALWAYS = {"maximum-zero", "scale-out-suspended", "no-scaling-target", "unpublished-metric"}


@pytest.mark.parametrize("code", sorted(FAULTS.keys() - ALWAYS))
def test_what_never_sleeps_need_not_wake(code: str) -> None:
    found = said(case(AT_WORK, at=AWAKE, **{**FAULTS[code][0], "target": target(1, 4)}))
    assert code not in found


@pytest.mark.parametrize("part", ["scaling", "alarms"])
@pytest.mark.parametrize("code", FAULTS)
def test_what_is_hidden_is_not_judged(code: str, part: str) -> None:
    found = said(case(WAITING, **FAULTS[code][0], hidden=frozenset({part})))
    heard_without_alarms = ("no-scaling-target", "maximum-zero", "scale-out-suspended", "no-scaling-policy")
    assert found.keys() <= ({code} if part == "alarms" and code in heard_without_alarms else set())


def fix(code: str, **more: Any) -> tuple[Any, ...]:
    return calls(said(case(WAITING, **{**FAULTS[code][0], **more}))[code])


def test_bounds_and_suspension_are_put_back_alone() -> None:
    assert fix("maximum-zero") == (RegisterTarget(REF, None, 1),)
    held = target(scale_out=True, scheduled=True)
    expected = (RegisterTarget(REF, suspended=Suspended(scheduled=True)),)
    assert calls(said(case(WAITING, target=held))["scale-out-suspended"]) == expected


def test_a_missing_target_gets_bounds_both_policies_and_the_alarm() -> None:
    register, wake, alarm, track = fix("no-scaling-target")
    assert register == RegisterTarget(REF, 0, 1)
    assert isinstance(wake, PutPolicy)
    assert isinstance(wake.policy, StepPolicy)
    assert wake.policy.steps == (Step(0.0, None, 1),)
    assert isinstance(alarm, PutAlarm)
    assert alarm.actions == (PolicyArn(wake.policy.name),)
    assert alarm.metric.dimensions == (("EndpointName", REF.name),)
    assert (alarm.threshold, alarm.comparison) == (1.0, "GreaterThanOrEqualToThreshold")
    assert isinstance(track.policy, TargetTrackingPolicy)
    assert track.policy.metric == ref(PER)


def test_the_wake_policy_that_is_there_is_used() -> None:
    (alarm,) = fix("no-wake-policy", policies=(TRACK, WAKE), alarms=(LOW, HIGH))
    assert alarm.actions == (WAKE_ARN,)
    wake, alarm = fix("no-wake-policy")
    assert alarm.actions == (PolicyArn(wake.policy.name),)


def test_actions_are_switched_on_and_nothing_else() -> None:
    assert fix("wake-alarm-off") == (EnableAlarmActions("wake"),)


def test_an_alarm_is_put_right_and_keeps_what_else_it_has() -> None:
    broken = replace(
        GOOD[0],
        threshold=5.0,
        evaluation_periods=1,
        actions=(OTHER, SNS),
        ok_actions=(SNS,),
        description="ours",
    )
    (alarm,) = fix("wake-alarm-threshold", alarms=(replace(broken, actions=(WAKE_ARN, SNS)), LOW, HIGH))
    assert (alarm.name, alarm.threshold, alarm.evaluation_periods) == ("wake", 1.0, 1)
    assert (alarm.ok_actions, alarm.description) == ((SNS,), "ours")
    assert SNS in alarm.actions
    (alarm,) = calls(said(case(WAITING, alarms=(broken, LOW, HIGH)))["wake-alarm-other-policy"])
    assert alarm.actions == (WAKE_ARN, SNS)


@pytest.mark.parametrize("code", ["wake-step-adds-nothing", "wake-step-no-match"])
def test_a_step_is_put_right_under_the_same_name(code: str) -> None:
    assert fix(code) == (PutPolicy(REF, replace(WAKE, steps=(Step(0.0, None, 1),))),)


@pytest.mark.parametrize("code", ["wake-alarm-dimensions", "wake-alarm-unit", "wake-alarm-comparison"])
def test_an_alarm_on_the_wrong_series_gets_the_right_one(code: str) -> None:
    (alarm,) = fix(code)
    assert alarm.metric == ref(HAS)
    assert alarm.comparison == "GreaterThanOrEqualToThreshold"


def test_a_policy_on_a_metric_of_real_time_endpoints_follows_the_backlog_instead() -> None:
    wake, alarm, track = fix("unpublished-metric")
    assert alarm.actions == (PolicyArn(wake.policy.name),)
    assert (track.policy.name, track.policy.metric, track.policy.predefined) == ("calls", ref(PER), None)
    beside = said(case(EMPTY, policies=(WAKE, TRACK, INVOCATIONS)))["unpublished-metric"]
    assert beside.severity is WARNING
    assert beside.sentence.endswith("it never acts.")
    assert calls(beside) == (DeletePolicy(REF, "calls"),)


def test_the_policy_of_another_endpoint_is_told_from_one_that_is_gone() -> None:
    found = said(case(WAITING, alarms=wake_alarm(actions=(OTHER,)), policy_arns=frozenset({OTHER})))
    assert shows(found["wake-alarm-other-policy"], "belongs to another endpoint")


def test_an_alarm_that_only_tells_people_is_no_wake_alarm() -> None:
    told = replace(GOOD[0], name="stuck", actions=(SNS,))
    assert said(case(WAITING, policies=(TRACK,), alarms=(told, LOW, HIGH))).keys() == {"no-wake-policy"}
    assert not said(case(EMPTY, alarms=(*GOOD, told)))


def test_nothing_starts_although_the_path_looks_whole() -> None:
    found = said(case(WAITING))
    assert found.keys() == {"nothing-starts"}
    assert "is OK and has not fired" in found["nothing-starts"].sentence
    assert "set the minimum to 1" in step(found["nothing-starts"])


@pytest.mark.parametrize(("minutes", "told"), [(2, False), (5, False), (7, True)])
def test_an_alarm_that_was_set_up_a_moment_ago_may_still_fire(minutes: float, told: bool) -> None:
    found = said(case(WAITING, alarms=wake_alarm(configured=ago(minutes), evaluation_periods=2)))
    assert ("nothing-starts" in found) is told


def test_several_faults_are_all_told() -> None:
    found = said(case(WAITING, target=target(0, 0, scale_out=True), alarms=wake_alarm(actions_enabled=False)))
    assert found.keys() == {"maximum-zero", "scale-out-suspended", "wake-alarm-off"}


def test_a_healthy_endpoint_has_no_finding() -> None:
    assert not said(case(EMPTY))
    assert not said(case(AT_WORK, at=AWAKE))

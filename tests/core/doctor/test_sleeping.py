"""The rules on sleeping: each fires on its fault alone, with its evidence and what mends it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ops.core.fixes import EnableAlarmActions, PutAlarm, PutPolicy, RegisterTarget
from ops.core.types import Severity, Step, StepPolicy, Suspended, TargetTrackingPolicy
from tests.core.doctor.cases import AT_WORK, AWAKE, REF, calls, case, said, shows, step, target
from tests.core.observed import (
    BACKLOG,
    CLOSE,
    EMPTY,
    GOOD,
    HIGH,
    LOW,
    OPEN,
    PER,
    TRACK,
    WAKE,
    activity,
    ago,
    alarm,
    ref,
)

OWNED = replace(TRACK, alarm_names=("low", "high"))
DOWN = StepPolicy("down", "arn:policy/down", "ChangeInCapacity", (Step(0.0, None, -1),))
FALLS = alarm("empty", ref(BACKLOG), comparison="LessThanThreshold", actions=("arn:policy/down",))
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "minimum-above-zero": ({"target": target(1, 4)}, "No scheduled action sets the minimum"),
    "scale-in-suspended": ({"target": target(scale_in=True)}, "DynamicScalingInSuspended is true"),
    "scale-in-disabled": (
        {"policies": (WAKE, replace(TRACK, disable_scale_in=True))},
        "minimum 0, maximum 8",
    ),
    "no-scale-in-policy": ({"policies": (WAKE,), "alarms": (GOOD[0],)}, "wake-policy (steps)"),
    "scale-in-step-no-match": ({"policies": (WAKE, DOWN), "alarms": (GOOD[0], FALLS)}, "0 to ∞: -1"),
    "scale-in-alarm-off": (
        {"alarms": (GOOD[0], replace(LOW, actions_enabled=False), HIGH)},
        "actions switched off",
    ),
    "tracking-alarm-missing": ({"policies": (WAKE, OWNED), "alarms": (GOOD[0], HIGH)}, "Alarms of track"),
}


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_is_found_alone_and_costs_money(code: str) -> None:
    fault, evidence = FAULTS[code]
    found = said(case(EMPTY, at=AWAKE, **fault))
    assert found.keys() == {code}
    assert found[code].severity is Severity.WARNING
    assert shows(found[code], evidence), found[code].evidence


@pytest.mark.parametrize("part", ["scaling", "alarms", "schedules"])
@pytest.mark.parametrize("code", FAULTS)
def test_what_is_hidden_is_not_judged(code: str, part: str) -> None:
    found = said(case(EMPTY, at=AWAKE, **FAULTS[code][0], hidden=frozenset({part})))
    needs = {"minimum-above-zero": {"scaling", "schedules"}}.get(code, {"scaling", "alarms"})
    assert found.keys() == (set() if part in needs else {code})


def fix(code: str) -> tuple[Any, ...]:
    return calls(said(case(EMPTY, at=AWAKE, **FAULTS[code][0]))[code])


def test_what_mends_it() -> None:
    assert fix("minimum-above-zero") == (RegisterTarget(REF, 0),)
    assert fix("scale-in-suspended") == (RegisterTarget(REF, suspended=Suspended()),)
    assert fix("scale-in-disabled") == (PutPolicy(REF, TRACK),)
    assert fix("scale-in-alarm-off") == (EnableAlarmActions("low"),)
    assert fix("tracking-alarm-missing") == (PutPolicy(REF, OWNED),)
    assert fix("scale-in-step-no-match") == (PutPolicy(REF, replace(DOWN, steps=(Step(None, 0.0, -1),))),)
    (track,) = fix("no-scale-in-policy")
    assert track.policy.metric == ref(PER)


def test_its_way_to_wake_is_mended_before_it_may_sleep() -> None:
    found = said(case(EMPTY, at=AWAKE, target=target(1, 4), policies=(TRACK,), alarms=(LOW, HIGH)))
    assert found.keys() == {"minimum-above-zero"}
    wake, put, low = calls(found["minimum-above-zero"])
    assert isinstance(wake, PutPolicy)
    assert isinstance(put, PutAlarm)
    assert low == RegisterTarget(REF, 0)


def test_an_expression_cannot_be_put_anew() -> None:
    expression = TargetTrackingPolicy("maths", "arn:policy/track", 1.0, None, disable_scale_in=True)
    found = said(case(EMPTY, at=AWAKE, policies=(WAKE, expression)))
    assert "follows an expression" in step(found["scale-in-disabled"])


def test_who_raised_the_minimum_is_shown_where_it_is_on_record() -> None:
    raised = replace(activity("Successful", 600, 596, 1), cause="minimum capacity was set to 1")
    found = said(case(EMPTY, at=AWAKE, target=target(1, 4), activities=(raised,)))["minimum-above-zero"]
    assert found.since == ago(600)
    assert shows(found, "minimum capacity was set to 1")


@pytest.mark.parametrize("low", [1, 0])
def test_a_warm_window_is_no_forgotten_minimum(low: int) -> None:
    assert not said(case(AT_WORK, at=AWAKE, target=target(low, 4), schedules=(OPEN, CLOSE)))


def test_a_schedule_that_is_over_leaves_its_minimum_behind() -> None:
    over = replace(OPEN, end=ago(600))
    found = said(case(EMPTY, at=AWAKE, target=target(1, 4), schedules=(over,)))
    assert found.keys() == {"minimum-above-zero", "schedule-expired"}
    assert shows(found["minimum-above-zero"], "warm-open")


def test_suspended_schedules() -> None:
    held = target(scheduled=True)
    found = said(case(EMPTY, target=held, schedules=(OPEN, CLOSE)))["scheduled-scaling-suspended"]
    assert (found.severity, "warm-open and warm-close do not run" in found.sentence) == (
        Severity.WARNING,
        True,
    )
    assert calls(found) == (RegisterTarget(REF, suspended=Suspended()),)
    assert said(case(EMPTY, target=held))["scheduled-scaling-suspended"].severity is Severity.INFO
    assert not said(case(EMPTY, target=held, hidden=frozenset({"schedules"})))


def test_idle_for_long_without_a_reason_in_sight() -> None:
    own = replace(TRACK, metric=replace(ref("InFlight"), namespace="Documents"))
    low = replace(LOW, metric=own.metric, state="INSUFFICIENT_DATA")
    around: dict[str, Any] = {"policies": (WAKE, own), "alarms": (GOOD[0], low)}
    found = said(case(EMPTY, at=AWAKE, **around))
    assert found.keys() == {"idle-not-sleeping"}
    assert shows(found["idle-not-sleeping"], "INSUFFICIENT_DATA")
    assert "the alarm low" in step(found["idle-not-sleeping"])
    assert not said(case(EMPTY, at=AWAKE, **around, hidden=frozenset({"metrics"})))


def test_a_step_down_that_is_met_is_fine() -> None:
    met = replace(DOWN, steps=(Step(None, 0.0, -1),))
    assert not said(case(AT_WORK, at=AWAKE, policies=(WAKE, met), alarms=(GOOD[0], FALLS)))

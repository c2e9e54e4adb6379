"""The rules on scheduled actions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ops.core.fixes import DeleteSchedule, PutSchedule, RegisterTarget
from ops.core.types import Bounds, ScheduledAction, Severity
from ops.core.warm_actions import expand
from ops.core.warm_keep import kept
from ops.core.warm_names import KeepName
from tests.core.doctor.cases import AT_WORK, AWAKE, REF, calls, case, said, shows, step, target
from tests.core.observed import CLOSE, EMPTY, OPEN, ago
from tests.core.warm_samples import made, office


def opens(name: str, hour: int, low: int = 1, days: str = "MON-FRI") -> ScheduledAction:
    return ScheduledAction(name, f"cron(0 {hour} ? * {days} *)", "Europe/Berlin", low, None)


EARLY, LATE = opens("early-open", 7), opens("late-open", 13)
EARLY_OFF, LATE_OFF = opens("early-close", 15, 0), opens("late-close", 21, 0)
OVER = replace(CLOSE, end=ago(600))


def test_an_opening_without_a_close() -> None:
    found = said(case(EMPTY, schedules=(OPEN,)))
    assert found.keys() == {"schedule-unpaired"}
    finding = found["schedule-unpaired"]
    assert finding.severity is Severity.WARNING
    assert shows(finding, "cron(45 7 ? * MON-FRI *) Europe/Berlin, minimum 1")
    assert shows(finding, "Its next run")
    put = PutSchedule(REF, "warm-open-close", "cron(45 18 ? * MON-FRI *)", "Europe/Berlin", min=0)
    assert calls(finding) == (put,)
    assert "18:45" in getattr(finding.fix, "effect", "")


@pytest.mark.parametrize(
    "schedule",
    ["rate(1 day)", "cron(0/15 7 ? * MON-FRI *)", "cron(0 18 ? * MON-FRI *)", "at(2026-12-01T07:00:00)"],
)
def test_where_no_close_can_be_derived_a_person_has_to_choose(schedule: str) -> None:
    found = said(case(EMPTY, schedules=(replace(OPEN, schedule=schedule),)))
    assert "sets the minimum to 0" in step(found["schedule-unpaired"])


def test_a_close_that_is_over_closes_nothing() -> None:
    assert said(case(EMPTY, schedules=(OPEN, OVER))).keys() == {"schedule-unpaired", "schedule-expired"}


def test_ebbs_own_plans_close_what_they_open_and_its_spent_ends_are_deleted_by_itself() -> None:
    own = made(expand(office(back_min=1), REF, ago(0)).actions)
    assert said(case(EMPTY, schedules=own)) == {}
    over = made(kept(REF, KeepName(1, 1, 0, ago(7200), True), ago(60), (), Bounds(0, 4), ago(7200)).puts)
    assert over
    assert said(case(EMPTY, schedules=over)) == {}


def test_actions_that_never_run_again() -> None:
    past = replace(OPEN, name="once", schedule="at(2026-01-05T07:00:00)")
    found = said(case(EMPTY, schedules=(OPEN, CLOSE, OVER, past)))
    finding = found["schedule-expired"]
    assert found.keys() == {"schedule-expired"}
    assert finding.severity is Severity.INFO
    assert "warm-close and once never run again" in finding.sentence
    assert calls(finding) == (DeleteSchedule(REF, "warm-close"), DeleteSchedule(REF, "once"))


def test_more_than_the_maximum() -> None:
    finding = said(case(EMPTY, schedules=(replace(OPEN, min=12), CLOSE)))["schedule-above-maximum"]
    assert (finding.severity, shows(finding, "maximum 8")) == (Severity.WARNING, True)
    assert calls(finding) == (RegisterTarget(REF, None, 12),)
    own = said(case(EMPTY, schedules=(replace(OPEN, min=3, max=2), CLOSE)))["schedule-above-maximum"]
    assert "warm-open a maximum" in step(own)


def test_two_windows_over_each_other() -> None:
    found = said(case(EMPTY, schedules=(EARLY, LATE, EARLY_OFF, LATE_OFF)))
    assert found.keys() == {"schedule-overlap"}
    finding = found["schedule-overlap"]
    assert finding.sentence.startswith("early-close ends the warm window of late-open early")
    assert "early-close" in step(finding)
    assert len(finding.evidence) == 3


@pytest.mark.parametrize(
    "schedules",
    [
        (OPEN, CLOSE),
        (EARLY, EARLY_OFF, opens("evening", 18), opens("night", 22, 0)),
        (
            opens("week", 7),
            opens("weekend", 9, days="SAT,SUN"),
            CLOSE,
            opens("weekend-close", 14, 0, "SAT,SUN"),
        ),
        (EARLY, LATE, LATE_OFF),
        (replace(OPEN, schedule="nonsense"), CLOSE),
        (ScheduledAction("more", "cron(0 12 * * ? *)", "UTC", None, 8),),
    ],
)
def test_windows_that_are_fine(schedules: tuple[ScheduledAction, ...]) -> None:
    assert not said(case(EMPTY, schedules=schedules))


FAULTS: tuple[dict[str, Any], ...] = (
    {"schedules": (OPEN,)},
    {"schedules": (OVER,)},
    {"schedules": (replace(OPEN, min=12), CLOSE)},
    {"schedules": (EARLY, LATE, EARLY_OFF, LATE_OFF)},
)


@pytest.mark.parametrize("part", ["scaling", "schedules"])
@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_hidden_is_not_judged(fault: dict[str, Any], part: str) -> None:
    assert not said(case(AT_WORK, at=AWAKE, target=target(), **fault, hidden=frozenset({part})))

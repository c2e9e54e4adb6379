"""The rules on requests that fail, expire or may be lost, and on what is broken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ops.core.types import Endpoint, Severity
from tests.core.doctor.cases import ASLEEP, AT_WORK, AWAKE, case, said, shows, step, target
from tests.core.observed import (
    BACKLOG,
    BAD_HOUR,
    EMPTY,
    EXPIRED,
    GOOD,
    HIGH,
    LOW,
    OLDEST,
    TRACK,
    WAITING,
    WAKE,
)

LOST = EMPTY | {EXPIRED: ((30, 20, 1.0),)}
NEARLY_6_H = {OLDEST: ((80, 30, 21500.0),)}
SHORT = {OLDEST: ((80, 30, 110.0),)}


def test_failing() -> None:
    found = said(case(EMPTY | BAD_HOUR, at=AWAKE))
    assert found.keys() == {"requests-failing"}
    finding = found["requests-failing"]
    assert finding.severity is Severity.CRITICAL
    assert shows(finding, "InvocationFailures")
    assert "/aws/sagemaker/Endpoints/doc-async" in step(finding)
    assert not any(line.startswith("Next") for line in finding.evidence)
    assert not said(case(EMPTY | BAD_HOUR, at=AWAKE, hidden=frozenset({"metrics"})))


@pytest.mark.parametrize("status", ["Failed", "UpdateRollbackFailed", "OutOfService"])
def test_broken(status: str) -> None:
    at = replace(ASLEEP, status=status, failure_reason="No ping.")
    found = said(case(EMPTY, at=at, target=None, policies=(), alarms=()))
    assert found.keys() == {"broken"}
    assert found["broken"].severity is Severity.CRITICAL
    assert shows(found["broken"], "No ping.")
    assert "log group" in step(found["broken"])


def test_expired_near_the_default_time_to_live() -> None:
    found = said(case(LOST | NEARLY_6_H, usual_wake_s=300.0))
    assert found.keys() == {"requests-expired"}
    finding = found["requests-expired"]
    assert finding.severity is Severity.CRITICAL
    assert finding.sentence.startswith("10 requests expired in the last hour")
    assert shows(finding, "5 h 58 min old")
    assert shows(
        finding,
        "time to live of their own (RequestTTLSeconds), which cannot be seen from here; the default is 6 h",
    )
    assert "send again" in step(finding)


@pytest.mark.parametrize(
    ("at", "waiting", "severity"),
    [
        (AWAKE, 0.0, Severity.WARNING),
        (AWAKE, 2.0, Severity.CRITICAL),
        (AWAKE, None, Severity.CRITICAL),
        (ASLEEP, 0.0, Severity.CRITICAL),
    ],
)
def test_expired_is_past_where_nothing_waits_and_an_instance_serves(
    at: Endpoint, waiting: float | None, severity: Severity
) -> None:
    queue = {BACKLOG: ((1500, 1, waiting),)} if waiting is not None else {BACKLOG: ()}
    assert said(case(AT_WORK | LOST | NEARLY_6_H | queue, at=at))["requests-expired"].severity is severity


@pytest.mark.parametrize(
    ("runs", "around"),
    [
        (LOST, {"usual_wake_s": 300.0}),  # how old they were is not known
        (LOST | SHORT, {"usual_wake_s": None}),  # nor how long a start takes
        (LOST | {OLDEST: ((80, 30, 3000.0),)}, {"usual_wake_s": 300.0}),  # not the start was too slow
        (LOST | SHORT, {"usual_wake_s": 300.0, "target": target(0, 0)}),  # it cannot wake at all
    ],
)
def test_expired_without_a_sign_of_a_short_time_to_live(runs: Any, around: dict[str, Any]) -> None:
    found = said(case(runs, **around))
    assert "requests-expired" in found
    assert "ttl-shorter-than-wake" not in found


def test_expired_because_they_may_not_wait_for_a_start() -> None:
    found = said(case(LOST | SHORT, usual_wake_s=300.0))
    assert found.keys() == {"ttl-shorter-than-wake"}
    finding = found["ttl-shorter-than-wake"]
    assert finding.severity is Severity.CRITICAL
    assert finding.sentence == (
        "Requests expire after about 2 min, and a start usually takes 7 min: they name a shorter time to live "
        "than the default of 6 h."
    )
    assert shows(finding, "which cannot be seen from here")
    assert "RequestTTLSeconds" in step(finding)


def test_a_start_that_takes_longer_than_any_request_may_wait() -> None:
    found = said(case(EMPTY, usual_wake_s=3600.0, ttl_s=1800.0))
    assert found.keys() == {"ttl-shorter-than-wake"}
    assert found["ttl-shorter-than-wake"].severity is Severity.WARNING
    assert not said(case(EMPTY, usual_wake_s=3600.0))


@pytest.mark.parametrize("part", ["metrics", "activities"])
def test_expiry_is_not_judged_in_the_dark(part: str) -> None:
    found = said(case(LOST | SHORT, usual_wake_s=300.0, hidden=frozenset({part})))
    assert "ttl-shorter-than-wake" not in found


@pytest.mark.parametrize(("longest", "fires"), [(1100.0, False), (1300.0, True), (None, False)])
def test_a_job_longer_than_scale_in_waits(longest: float | None, fires: bool) -> None:
    found = said(case(AT_WORK, at=AWAKE, longest_job_s=longest))
    assert found.keys() == ({"long-jobs-cut"} if fires else set())
    if fires:
        finding = found["long-jobs-cut"]
        assert finding.severity is Severity.WARNING
        assert "21 min, and scale-in waits for 20 min" in finding.sentence
        assert "not known" in finding.why
        assert shows(finding, "Alarm low")
        assert "suspend scaling in" in step(finding)


@pytest.mark.parametrize(
    "around",
    [
        {"hidden": frozenset({"jobs"})},
        {"hidden": frozenset({"alarms"})},
        {"hidden": frozenset({"scaling"})},
        {"alarms": (GOOD[0], HIGH)},
        {"target": target(scale_in=True)},
        {"policies": (WAKE, replace(TRACK, scale_in_cooldown=7200))},
    ],
)
def test_a_long_job_is_safe_or_not_judged(around: dict[str, Any]) -> None:
    assert "long-jobs-cut" not in said(case(AT_WORK, at=AWAKE, longest_job_s=3000.0, **around))


def test_waiting_alone_loses_nothing() -> None:
    assert "requests-expired" not in said(case(WAITING, alarms=(replace(GOOD[0], actions=()), LOW, HIGH)))

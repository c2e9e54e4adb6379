"""The rules on growth: quotas, capacity, late starts, limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ops.core.doctor import Quota
from ops.core.fixes import RegisterTarget
from ops.core.types import EndpointState, Severity
from tests.core.doctor.cases import ASLEEP, AWAKE, REF, calls, case, said, shows, step, target
from tests.core.observed import (
    BACKLOG,
    CAPACITY,
    CLOSE,
    EMPTY,
    HAS,
    OLDEST,
    OPEN,
    QUOTA,
    TRACK,
    WAITING,
    WAKE,
    WOKE,
    activity,
    ago,
)

STARTING = replace(ASLEEP, desired=1)
PING = "Failed to set desired instance count to 1. Reason: The container did not pass the ping health check."
SLOW = {
    HAS: ((1500, 1, 0.0),),
    BACKLOG: ((1500, 100, 0.0), (100, 20, 50.0), (20, 1, 60.0)),
    OLDEST: ((100, 20, 1000.0), (20, 1, 2400.0)),
}
TIGHT = Quota("ml.g5.xlarge", 4, (("layout", 2),), 12)
AMPLE = Quota("ml.g5.xlarge", 64, (), 12)


def test_the_quota_refuses() -> None:
    tries = (activity("Failed", 2, 2, 1, QUOTA), activity("Failed", 10, 10, 1, QUOTA), *WOKE)
    found = said(case(WAITING, activities=tries, quota=Quota("ml.g5.xlarge", 0)))
    assert found.keys() == {"quota-refused"}
    finding = found["quota-refused"]
    assert finding.severity is Severity.CRITICAL
    assert shows(finding, "ResourceLimitExceeded")
    assert shows(finding, "2 attempts failed since the last success")
    assert shows(finding, "3 requests wait")
    assert "Service Quotas" in step(finding)


def test_a_refused_growth_is_no_emergency() -> None:
    grows = {**EMPTY, BACKLOG: ((1500, 30, 0.0), (30, 1, 9.0))}
    found = said(case(grows, at=AWAKE, activities=(activity("Failed", 2, 2, 3, QUOTA), *WOKE)))
    assert found["quota-refused"].severity is Severity.WARNING
    assert found["quota-refused"].sentence.startswith("It cannot grow")
    assert not said(
        case(EMPTY | {HAS: ((1500, 1, 0.0),)}, activities=(activity("Failed", 2, 2, 1, QUOTA), *WOKE))
    )


@pytest.mark.parametrize(
    ("moves", "says"),
    [
        ((activity("Failed", 3, 2, 1, CAPACITY), *WOKE), "AWS has no capacity for ml.g5.xlarge right now"),
        ((activity("InProgress", 40, None, 1), *WOKE), "for 40 min already"),
    ],
)
def test_no_capacity(moves: Any, says: str) -> None:
    found = said(
        case(WAITING, at=STARTING if "already" in says else ASLEEP, activities=moves, usual_wake_s=300.0)
    )
    assert found.keys() == {"no-capacity"}
    finding = found["no-capacity"]
    assert finding.severity is Severity.CRITICAL
    assert says in finding.sentence
    assert shows(finding, "A start usually takes 5 min")
    assert "InstancePools" in step(finding)


def test_a_container_that_does_not_start() -> None:
    tries = (activity("Failed", 2, 1, 1, PING), activity("Failed", 8, 4, 1, PING), *WOKE)
    found = said(case(WAITING, activities=tries))
    assert found.keys() == {"start-fails"}
    assert "did not pass the ping health check" in found["start-fails"].sentence
    assert "/aws/sagemaker/Endpoints/doc-async" in step(found["start-fails"])


@pytest.mark.parametrize(
    ("took", "usual", "late"),
    [(5.0, 300.0, False), (12.0, 300.0, True), (12.0, None, False), (25.0, None, True)],
)
def test_a_count_that_is_not_reached(took: float, usual: float | None, late: bool) -> None:
    growing = replace(AWAKE, desired=3, modified=ago(took))
    found = said(
        case(EMPTY, at=growing, activities=(activity("InProgress", took, None, 3),), usual_wake_s=usual)
    )
    assert found.keys() == ({"count-not-reached"} if late else set())
    if late:
        finding = found["count-not-reached"]
        assert finding.severity is Severity.WARNING
        assert finding.since == ago(took)
        assert "1 instance instead of 3" in finding.sentence


def test_instances_that_linger_may_be_at_work() -> None:
    leaving = replace(AWAKE, current=2, desired=0, modified=ago(25))
    finding = said(case(EMPTY, at=leaving))["count-not-reached"]
    assert "2 instances instead of 0" in finding.sentence
    assert "whether AWS waits" in finding.why


def test_at_the_maximum_while_the_queue_grows() -> None:
    def finding(**more: Any) -> Any:
        return said(case(SLOW, at=AWAKE, target=target(0, 1), **more))["at-maximum"]

    assert finding().severity is Severity.WARNING
    assert shows(finding(), "60 requests in the queue, the oldest 40 min old")
    assert "as far as the account's quota" in step(finding())
    assert calls(finding(quota=AMPLE)) == (RegisterTarget(REF, None, 2),)
    assert calls(finding(quota=replace(TIGHT, held=()))) == (RegisterTarget(REF, None, 2),)
    assert "Ask for a higher quota" in step(finding(quota=Quota("ml.g5.xlarge", 1)))
    refused = replace(activity("Failed", 5, 5, None), not_scaled=("AlreadyAtMaxCapacity",))
    assert shows(finding(refusals=(refused,)), "AlreadyAtMaxCapacity")


def test_it_could_grow_and_does_not() -> None:
    found = said(case(SLOW, at=AWAKE, policies=(WAKE, replace(TRACK, target=500.0))))
    assert found.keys() == {"does-not-grow"}
    assert "aims at 500 for each instance" in step(found["does-not-grow"])
    held = said(case(SLOW, at=AWAKE, target=target(scale_out=True)))
    assert held.keys() == {"scale-out-suspended"}
    growing = replace(AWAKE, desired=2)
    assert not said(case(SLOW, at=growing, activities=(activity("InProgress", 2, None, 2),)))


@pytest.mark.parametrize(
    ("quota", "severity", "says"),
    [
        (
            TIGHT,
            Severity.WARNING,
            "It can never have its maximum of 8: the quota is 4, and others keep 2 of it.",
        ),
        (Quota("ml.g5.xlarge", 7), Severity.WARNING, "It can never have its maximum of 8: the quota is 7."),
        (
            Quota("ml.g5.xlarge", 2, (("layout", 2),)),
            Severity.CRITICAL,
            "It cannot wake: the quota of its type is 2, and others keep 2 of it.",
        ),
    ],
)
def test_a_maximum_above_the_quota(quota: Quota, severity: Severity, says: str) -> None:
    found = said(case(EMPTY, quota=quota))
    assert found.keys() == {"maximum-above-quota"}
    finding = found["maximum-above-quota"]
    assert (finding.severity, finding.sentence) == (severity, says)
    if quota.left:
        assert calls(finding) == (RegisterTarget(REF, None, quota.left),)
    else:
        assert "“ml.g5.xlarge for endpoint usage”" in step(finding)


@pytest.mark.parametrize(
    "kept",
    [
        {"target": target(3, 8)},
        {"schedules": (replace(OPEN, min=3), CLOSE)},
        {"at": replace(AWAKE, current=3, desired=3)},
    ],
    ids=["minimum", "schedule", "running"],
)
def test_a_maximum_is_not_lowered_below_what_runs_or_is_to_run(kept: dict[str, Any]) -> None:
    assert "lower the maximum to 2" in step(said(case(EMPTY, quota=TIGHT, **kept))["maximum-above-quota"])


def test_a_quota_with_room_says_nothing_nor_does_one_that_is_hidden() -> None:
    assert not said(case(EMPTY, quota=AMPLE))
    assert not said(case(EMPTY, quota=TIGHT, hidden=frozenset({"quotas"})))
    assert not said(case(EMPTY, quota=None))


@pytest.mark.parametrize("part", ["scaling", "activities", "metrics"])
def test_what_is_hidden_is_not_judged(part: str) -> None:
    hidden = frozenset({part})
    assert "at-maximum" not in said(case(SLOW, at=AWAKE, target=target(0, 1), hidden=hidden))
    assert "does-not-grow" not in said(case(SLOW, at=AWAKE, hidden=hidden))
    if part != "metrics":
        tries = (activity("Failed", 2, 2, 1, QUOTA),)
        assert "quota-refused" not in said(case(WAITING, activities=tries, hidden=hidden))


def test_the_cases_are_what_they_seem() -> None:
    assert case(SLOW, at=AWAKE).verdict.state is EndpointState.SLOW

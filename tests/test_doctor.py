"""The doctor on the embedded AWS: of each story exactly its finding, of healthy endpoints none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ops.console import Console
from ops.core.doctor import CODES
from ops.core.errors import UnknownEndpoint
from ops.core.findings import Examined
from ops.core.fixes import Calls, DeregisterTarget
from ops.core.types import EndpointState, Severity
from ops.core.views import DoctorView
from ops.local_aws.clock import SimClock
from ops.local_aws.doctor_stories import FOR_THE_DOCTOR
from tests.living import Gate, console_at, error, gated, living

STORIES: dict[str, tuple[str, ...]] = {story.name: (story.name,) for story in FOR_THE_DOCTOR} | {
    "ocr-legacy": ("no-wake-policy", "requests-expired", "failures-invisible"),
    "receipt-scan": ("minimum-above-zero",),
    "invoice-parse": ("requests-failing",),
    "suspended": ("scale-out-suspended",),
    "wrong-dimensions": ("wake-alarm-dimensions",),
    "actions-off": ("wake-alarm-off",),
    "max-zero": ("maximum-zero",),
    "no-capacity": ("no-capacity",),
    "no-scale-in": ("scale-in-disabled",),
    "always-on": ("no-scaling-target",),
    "slow": ("at-maximum",),
    "expiring": ("no-wake-policy", "requests-expired"),
    "failed-deploy": ("broken",),
}
"""The findings of each story, the worst first."""
HEALTHY = ("doc-async", "forms-berlin", "archive-reocr", "layout-detect")
A_PERSON = {
    *("nothing-starts", "quota-refused", "no-capacity", "start-fails", "count-not-reached", "does-not-grow"),
    *("broken", "requests-failing", "requests-expired", "ttl-shorter-than-wake"),
    *("long-jobs-cut", "idle-not-sleeping", "schedule-overlap", "failures-invisible", "topic-missing"),
    *("topic-without-subscriber", "alarm-on-unpublished-metric"),
}
"""What no call of Ebb's can mend."""
WITHOUT_TOPICS = ("ocr-legacy", "failures-invisible", "layout-detect")
DENIED = error("AccessDeniedException")


@dataclass(frozen=True, slots=True)
class World:
    """All stories behind a gate, and what the doctor said of them."""

    url: str
    gate: Gate
    clock: SimClock
    console: Console
    view: DoctorView

    def said(self, name: str) -> Examined:
        return next(e for e in self.view.examined if e.name == name)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    names = (*STORIES, *HEALTHY)
    with (
        living(empty=True, scenarios=names) as (server, clock),
        gated(server.url) as (url, gate),
        console_at(url) as console,
    ):
        yield World(url, gate, clock, console, console.doctor())


@pytest.mark.parametrize("name", STORIES)
def test_of_each_story_exactly_its_findings(world: World, name: str) -> None:
    said = world.said(name)
    assert tuple(f.code for f in said.findings) == STORIES[name]
    assert not said.unchecked
    for finding in said.findings:
        assert finding.evidence
        assert isinstance(finding.fix, Calls) is (finding.code not in A_PERSON)


@pytest.mark.parametrize("name", HEALTHY)
def test_of_healthy_endpoints_none(world: World, name: str) -> None:
    said = world.said(name)
    assert not said.findings
    assert said.verdict.severity is Severity.OK


def test_every_finding_has_a_story() -> None:
    assert {code for codes in STORIES.values() for code in codes} == set(CODES)


def test_trouble_comes_first_and_nothing_was_denied(world: World) -> None:
    order = [s.value for s in (Severity.CRITICAL, Severity.WARNING, Severity.INFO, Severity.OK)]
    worst = [
        min(order.index(s.value) for s in (e.verdict.severity, *(f.severity for f in e.findings)))
        for e in world.view.examined
    ]
    assert worst == sorted(worst)
    assert not world.view.problems


def test_what_is_left_of_deleted_endpoints_has_entries_of_its_own(world: World) -> None:
    missing = {e.name for e in world.view.examined if e.verdict.state is EndpointState.MISSING}
    assert missing == {"orphan-target", "orphan-alarms"}
    assert missing.isdisjoint(world.console.names())


def test_targets_of_variants_that_are_gone_are_found_one_and_all(world: World) -> None:
    """Of a living endpoint among its findings, of one that is gone in one entry."""
    there = (
        "doc-async/variant/AllTraffic",
        "doc-async/variant/green",
        "gone/variant/blue",
        "gone/variant/green",
    )
    targets = [
        {"ResourceId": f"endpoint/{name}", "MinCapacity": 0, "MaxCapacity": 4, "CreationTime": 1.7e9}
        for name in there
    ]
    body = json.dumps({"ScalableTargets": targets}).encode()
    world.gate.shut["DescribeScalableTargets"] = (200, {"Content-Type": "application/x-amz-json-1.1"}, body)
    try:
        with console_at(world.url) as console:
            every, alone = console.doctor(), console.doctor("gone", read=False)
    finally:
        world.gate.shut.clear()
    orphans = {e.name: [f for f in e.findings if f.code == "orphan-target"] for e in every.examined}
    assert [name for name, found in orphans.items() if found] == ["doc-async", "gone"]
    for name, variants in (("doc-async", ["green"]), ("gone", ["blue", "green"])):
        (finding,) = orphans[name]
        assert isinstance(finding.fix, Calls)
        assert [c.ref.variant for c in finding.fix.changes if isinstance(c, DeregisterTarget)] == variants
    assert [e for e in every.examined if e.name == "gone"] == list(alone.examined)


def test_one_endpoint_alone_is_said_the_same(world: World) -> None:
    for name in ("suspended", "maximum-above-quota", "orphan-target"):
        (alone,) = world.console.doctor(name, read=False).examined
        assert alone == world.said(name)


def test_how_long_a_start_takes_is_known_from_kept_cold_starts_where_no_activity_tells_it(
    world: World,
) -> None:
    body = json.dumps({"ScalingActivities": []}).encode()
    silent = (200, {"Content-Type": "application/x-amz-json-1.1"}, body)
    name, usually = "ttl-shorter-than-wake", "From the order to the first instance in service: usually 3 min"
    with console_at(world.url) as console:
        console.find_cold_starts([name], 30.0)
        world.gate.shut["DescribeScalingActivities"] = silent
        try:
            (kept,) = console.doctor(name).examined
            with console_at(world.url) as other:
                (unknown,) = other.doctor(name).examined
        finally:
            world.gate.shut.clear()
    assert [f.code for f in kept.findings] == [name]
    assert usually in kept.findings[0].evidence
    assert [f.code for f in unknown.findings] == ["requests-expired"]


def test_a_wrong_name_is_told(world: World) -> None:
    with pytest.raises(UnknownEndpoint) as raised:
        world.console.doctor("suspendet", read=False)
    assert "suspended" in raised.value.nearest


def test_what_the_rounds_hold_is_not_read_again(world: World) -> None:
    before = dict(world.console.usage().calls)
    world.console.doctor(read=False)
    more = {call for call, number in world.console.usage().calls.items() if number > before.get(call, 0)}
    assert more <= {
        "application-autoscaling:DescribeScalingActivities"
    }  # what did not scale, of those in trouble


@pytest.mark.parametrize(
    ("operation", "action", "silent"),
    [
        (
            "ListSubscriptionsByTopic",
            "sns:ListSubscriptionsByTopic",
            ("topic-missing", "topic-without-subscriber"),
        ),
        ("ListServiceQuotas", "servicequotas:ListServiceQuotas", ("maximum-above-quota",)),
    ],
)
def test_what_aws_denies_hides_its_own_rules_alone(
    world: World, operation: str, action: str, silent: tuple[str, ...]
) -> None:
    world.gate.shut[operation] = DENIED
    try:
        with console_at(world.url) as console:
            view = console.doctor()
    finally:
        world.gate.shut.clear()
    assert [p.action for p in view.problems] == [action]
    for each in view.examined:
        expected = tuple(code for code in STORIES.get(each.name, ()) if code not in silent)
        assert tuple(f.code for f in each.findings) == expected
        concerned = each.verdict.state is not EndpointState.MISSING
        if operation == "ListSubscriptionsByTopic":
            concerned = concerned and each.name not in WITHOUT_TOPICS
        assert [p.action for p in each.unchecked] == ([action] if concerned else [])


def test_refused_activities_that_are_denied_hide_nothing_else(world: World) -> None:
    world.gate.shut["DescribeScalingActivities"] = DENIED
    try:
        with console_at(world.url) as console:
            found = {e.name: e for e in console.doctor().examined}
    finally:
        world.gate.shut.clear()
    assert [f.code for f in found["suspended"].findings] == ["scale-out-suspended"]
    assert [f.code for f in found["quota-refused"].findings] == [
        "maximum-above-quota"
    ]  # the quota itself tells
    assert not found["start-fails"].findings
    assert {p.action for p in found["start-fails"].unchecked} == {
        "application-autoscaling:DescribeScalingActivities"
    }


@pytest.mark.parametrize("operation", ["GetMetricData", "DescribeAlarms", "DescribeScalingPolicies"])
def test_what_is_denied_never_makes_a_finding(world: World, operation: str) -> None:
    world.gate.shut[operation] = DENIED
    try:
        with console_at(world.url) as console:
            view = console.doctor()
    finally:
        world.gate.shut.clear()
    for each in view.examined:
        told = {f.code for f in each.findings}
        if each.name == "quota-refused":
            told -= {"maximum-above-quota"}  # the same cause, told from the quota itself
        assert told <= set(STORIES.get(each.name, ()))
        assert each.unchecked or each.verdict.state is EndpointState.MISSING
    assert any(operation in problem.action for problem in view.problems)

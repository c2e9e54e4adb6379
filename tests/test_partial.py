"""One call denied, throttled or broken: what is hidden, what stays, and what would mend it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ops.config import Settings
from ops.console import Console
from ops.core.errors import CredentialsProblem, Throttled
from ops.core.types import EndpointState
from ops.core.views import FleetRow
from tests.living import Gate, console_at, error, gated, living

ACCESS = error("AccessDeniedException")


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with living(days=3) as (server, _):
        yield server.url


@pytest.fixture(scope="module")
def opened(aws: str) -> Iterator[tuple[Console, Gate]]:
    with gated(aws) as (url, gate), console_at(url) as console:
        yield console, gate


@pytest.fixture
def gate(opened: tuple[Console, Gate]) -> tuple[Console, Gate]:
    opened[1].shut.clear()
    opened[0].connection()
    return opened


def rows(console: Console) -> dict[str, FleetRow]:
    view = console.fleet()
    return {r.endpoint.ref.name: r for r in (*view.rows, *view.realtime)}


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("GetMetricData", "cloudwatch:GetMetricData"),
        ("DescribeAlarms", "cloudwatch:DescribeAlarms"),
        ("DescribeScalableTargets", "application-autoscaling:DescribeScalableTargets"),
        ("DescribeScalingPolicies", "application-autoscaling:DescribeScalingPolicies"),
        ("DescribeScheduledActions", "application-autoscaling:DescribeScheduledActions"),
    ],
)
def test_a_denied_part_is_one_problem_and_the_rest_stays(
    gate: tuple[Console, Gate], operation: str, action: str
) -> None:
    console, hand = gate
    hand.shut[operation] = ACCESS
    view = console.fleet()
    assert [p.action for p in view.problems] == [action]
    assert len(view.rows) == 7
    one = console.endpoint("archive-reocr")
    assert {p.action for p in one.problems} == {action}
    assert one.row.endpoint.current is not None


def test_without_metrics_nothing_is_called_calm_or_zero(gate: tuple[Console, Gate]) -> None:
    console, hand = gate
    hand.shut["GetMetricData"] = ACCESS
    found = rows(console)
    assert found["ocr-legacy"].verdict.state is EndpointState.UNKNOWN
    assert found["ocr-legacy"].backlog is None
    assert found["ocr-legacy"].failures_1h is None


def test_without_scaling_a_stuck_endpoint_is_still_stuck_but_no_cause_is_claimed(
    gate: tuple[Console, Gate],
) -> None:
    console, hand = gate
    for name in ("DescribeScalableTargets", "DescribeScalingPolicies"):
        hand.shut[name] = ACCESS
    verdict = rows(console)["ocr-legacy"].verdict
    assert verdict.state is EndpointState.WAKE_STUCK
    assert "could not be read" in verdict.sentence
    assert "no policy" not in verdict.sentence


def test_denied_activities_are_a_problem_of_the_rows(gate: tuple[Console, Gate]) -> None:
    console, hand = gate
    hand.shut["DescribeScalingActivities"] = ACCESS
    row = rows(console)["ocr-legacy"]
    assert [p.action for p in row.problems] == ["application-autoscaling:DescribeScalingActivities"]
    assert row.verdict.state is EndpointState.WAKE_STUCK


def test_an_endpoint_that_cannot_be_described_is_unknown_not_missing(gate: tuple[Console, Gate]) -> None:
    console, hand = gate
    hand.shut["DescribeEndpoint"] = ACCESS
    found = rows(console)
    assert len(found) == 8
    assert {r.verdict.state for r in found.values()} == {EndpointState.UNKNOWN}
    assert "sagemaker:DescribeEndpoint" in found["doc-async"].verdict.sentence
    assert found["doc-async"].endpoint.current is None


def test_without_the_configuration_the_type_is_unknown_and_the_rest_stays(gate: tuple[Console, Gate]) -> None:
    console, hand = gate
    hand.shut["DescribeEndpointConfig"] = ACCESS
    with console_at(str(console.connection().endpoint_url)) as fresh:  # configurations are kept once read
        row = rows(fresh)["ocr-legacy"]
    assert row.endpoint.instance_type is None
    assert row.verdict.state is EndpointState.WAKE_STUCK
    assert [p.action for p in row.problems] == ["sagemaker:DescribeEndpointConfig"]


@pytest.mark.parametrize(
    "operation", ["ListEndpoints", "DescribeEndpoint", "GetMetricData", "DescribeAlarms"]
)
def test_throttling_ends_the_collection(gate: tuple[Console, Gate], operation: str) -> None:
    console, hand = gate
    hand.shut[operation] = error("ThrottlingException")
    with pytest.raises(Throttled, match=operation):
        console.fleet()


def test_expired_credentials_end_the_collection(gate: tuple[Console, Gate]) -> None:
    console, hand = gate
    hand.shut["*"] = error("ExpiredTokenException")
    with pytest.raises(CredentialsProblem):
        console.fleet()
    hand.shut.clear()
    assert len(rows(console)) == 8


def test_a_clock_far_off_is_told_on_real_aws_only(aws: str) -> None:
    """The embedded AWS stands still in 2026-10; a console told that it is the real one says so."""
    with Console.open(Settings(endpoint_url=aws, mode="aws")) as console:
        assert not console.connection().writable
        problems = console.fleet().problems
    assert [p.part for p in problems] == ["the clock"]
    assert "AWS's" in problems[0].what

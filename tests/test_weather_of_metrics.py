"""A metric that is refused, and errors that pass: nothing unknown is called calm or zero, nothing known is lost."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from ops import clock
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.console import Console
from ops.core import metrics
from ops.core.types import EndpointState
from ops.core.views import FleetRow
from ops.gather import Gatherer
from ops.store.history import History, Scope
from tests.living import Gate, console_at, error, gated, living


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with living() as (server, _):
        yield server.url


@pytest.fixture
def gate(aws: str) -> Iterator[tuple[Console, Gate]]:
    with gated(aws) as (url, gate), console_at(url) as console:
        yield console, gate


def rows(console: Console) -> dict[str, FleetRow]:
    view = console.fleet()
    return {r.endpoint.ref.name: r for r in (*view.rows, *view.realtime)}


@pytest.mark.parametrize(
    "operation",
    [
        "GetMetricData",
        "DescribeEndpoint",
        "DescribeScalableTargets",
        "DescribeScalingPolicies",
        "DescribeScheduledActions",
        "DescribeScalingActivities",
        "DescribeAlarms",
    ],
)
def test_an_error_that_passes_takes_nothing_away(gate: tuple[Console, Gate], operation: str) -> None:
    console, hand = gate
    good, one = rows(console), console.endpoint("archive-reocr")
    hand.shut[operation] = error("InternalFailure", status=500)
    view = console.fleet()
    assert {r.endpoint.ref.name: r.verdict for r in (*view.rows, *view.realtime)} == {
        name: row.verdict for name, row in good.items()
    }
    told = [*view.problems, *(p for r in (*view.rows, *view.realtime) for p in r.problems)]
    assert told
    assert all(p.retryable for p in told)
    if operation != "DescribeEndpoint":
        kept = console.endpoint("archive-reocr")
        backlog = metrics.BACKLOG.key
        np.testing.assert_array_equal(kept.metrics.get(backlog).values, one.metrics.get(backlog).values)
        assert kept.row.verdict == one.row.verdict
        assert kept.policies == one.policies
        assert kept.activities == one.activities
    hand.shut.clear()
    again = console.fleet()
    assert again.problems == ()
    assert {p for r in again.rows for p in r.problems} == set()


class Refusing(Reading):
    """CloudWatch's own answers, but some metrics of one endpoint are Forbidden."""

    name = "doc-async"
    refused: Collection[str] = ()

    def ask(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        answer = super().ask(service, operation, **params)
        if operation == "GetMetricData":
            bad = {q["Id"] for q in params["MetricDataQueries"] if self.hits(q["MetricStat"]["Metric"])}
            for result in answer["MetricDataResults"]:
                if result["Id"] in bad:
                    result.update(StatusCode="Forbidden", Timestamps=[], Values=[])
        return answer

    def hits(self, metric: dict[str, Any]) -> bool:
        mine = any(d["Value"] == self.name for d in metric["Dimensions"])
        return mine and (not self.refused or metric["MetricName"] in self.refused)


@pytest.mark.parametrize("refused", [(), ("InvocationsProcessed", "CPUUtilization", "ModelLatency")])
def test_refused_metrics_make_a_verdict_unknown_and_are_nobody_elses_problem(
    aws: str, refused: tuple[str, ...]
) -> None:
    with console_at(aws) as console:
        connection = console.connection()
    session = AwsSession(Where("embedded", "us-east-1", aws, loopback=True))
    history = History.open("sqlite://", Scope("embedded", "1", "us-east-1"))
    gatherer = Gatherer(connection, clock.now, history)
    for _ in range(2):
        reading = Refusing(session)
        reading.refused = refused
        asked = session.metrics()
        gatherer.read(reading)
    assert session.metrics() == asked  # not asked again at once
    gatherer.look(reading, "doc-async")
    gatherer.look(reading, "receipt-scan")
    fleet = {r.endpoint.ref.name: r for r in gatherer.state().fleet().rows}
    mine, other = fleet["doc-async"], fleet["receipt-scan"]
    assert mine.verdict.state is EndpointState.UNKNOWN
    assert mine.failures_1h is None
    assert [p.action for p in mine.problems] == ["cloudwatch:GetMetricData"]
    assert (other.problems, gatherer.state().fleet().problems) == ((), ())
    view = gatherer.state().endpoint("doc-async", timedelta(hours=3))
    assert metrics.PROCESSED.key in view.unread
    assert gatherer.state().endpoint("receipt-scan", timedelta(hours=3)).problems == ()
    session.close()
    history.close()


def test_looking_far_back_asks_for_nothing_that_aws_no_longer_keeps(aws: str) -> None:
    with console_at(aws) as console:
        view = console.endpoint("archive-reocr", timedelta(days=30))
        before = console.usage().metrics
        console.look("archive-reocr", timedelta(days=30))
        assert console.usage().metrics == before
        assert view.row.verdict.state is EndpointState.BUSY

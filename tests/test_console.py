"""The façade on the embedded AWS, over the wire: every story tells its state; parts may fail one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from ops.console import Console
from ops.core import metrics
from ops.core.errors import BadInput, UnknownEndpoint
from ops.core.types import EndpointState, Severity, Window
from ops.core.views import FleetRow
from tests.living import TUESDAY, console_at, living
from tests.small_worlds import NAME, small

NOW = datetime.fromtimestamp(TUESDAY, UTC)


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    with living() as (server, _), console_at(server.url) as opened:
        yield opened


@pytest.fixture(scope="module")
def rows(console: Console) -> dict[str, FleetRow]:
    view = console.fleet()
    return {r.endpoint.ref.name: r for r in (*view.rows, *view.realtime)}


@pytest.mark.parametrize(
    ("name", "state", "severity", "words"),
    [
        ("ocr-legacy", "wake_stuck", "critical", ["Cannot wake", "3 requests wait", "no policy starts"]),
        (
            "contract-extract",
            "wake_failing",
            "critical",
            ["quota", "ml.g6e.xlarge", "1 of it is in use", "every attempt since"],
        ),
        ("invoice-parse", "failing", "critical", ["Fails since the deploy at", "% of the requests", "5xx"]),
        ("receipt-scan", "idle_paid", "warning", ["its minimum is 1", "no schedule lowers it"]),
        ("archive-reocr", "busy", "ok", ["requests in the queue", "at this pace empty in about"]),
        ("layout-detect", "warm", "ok", ["real-time"]),
    ],
)
def test_every_story_tells_its_state(
    rows: dict[str, FleetRow], name: str, state: str, severity: str, words: list[str]
) -> None:
    verdict = rows[name].verdict
    assert (verdict.state.value, verdict.severity.value) == (state, severity), verdict.sentence
    for word in words:
        assert word in verdict.sentence


@pytest.mark.parametrize(
    ("scenario", "states", "words"),
    [
        ("suspended", {"wake_stuck"}, ["Cannot wake", "scaling out is suspended"]),
        ("wrong-dimensions", {"wake_stuck"}, ["Cannot wake", "wrong dimensions"]),
        ("actions-off", {"wake_stuck"}, ["Cannot wake", "switched off"]),
        ("max-zero", {"wake_stuck"}, ["Cannot wake", "its maximum is 0"]),
        ("no-capacity", {"wake_failing"}, ["first instance for", "already; usually"]),
        ("no-scale-in", {"idle_paid", "busy"}, ["scaling in is switched off"]),
        ("always-on", {"idle_paid", "busy"}, ["no scaling is registered"]),
        ("slow", {"slow", "busy"}, ["Does not keep up"]),
        ("expiring", {"wake_stuck"}, ["Cannot wake"]),
        ("failed-deploy", {"broken"}, ["AWS reports Failed"]),
    ],
)
def test_every_scenario_tells_its_cause(scenario: str, states: set[str], words: list[str]) -> None:
    with living(empty=True, scenarios=(scenario,)) as (server, _), console_at(server.url) as console:
        row = console.fleet().rows[0]
        again = console.endpoint(row.endpoint.ref.name).row.verdict
    assert row.verdict.state.value in states, row.verdict.sentence
    assert (again.state, again.severity) == (row.verdict.state, row.verdict.severity)
    if row.verdict.state is not EndpointState.BUSY:
        for word in words:
            assert word in row.verdict.sentence


def test_trouble_comes_first(console: Console) -> None:
    view = console.fleet()
    order = [Severity.CRITICAL, Severity.WARNING, Severity.INFO, Severity.OK]
    ranks = [order.index(r.verdict.severity) for r in view.rows]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0
    assert "need you" in view.headline
    assert [r.endpoint.ref.name for r in view.realtime] == ["layout-detect"]
    assert view.problems == ()
    assert view.as_of == NOW


def test_a_fleet_costs_few_calls(console: Console) -> None:
    console.fleet()
    before = console.usage()
    view = console.fleet()
    after = console.usage()
    spent = {k: v - before.calls.get(k, 0) for k, v in after.calls.items() if v > before.calls.get(k, 0)}
    number = len(view.rows) + len(view.realtime)
    assert spent.pop("sagemaker:DescribeEndpoint") == number
    assert spent["cloudwatch:GetMetricData"] == 1
    assert after.metrics - before.metrics <= 10 * number
    assert after.usd - before.usd == (after.metrics - before.metrics) * Decimal("0.00001")
    assert "sagemaker:DescribeEndpointConfig" not in spent
    assert spent.pop("application-autoscaling:DescribeScalingActivities") <= 2 * number
    assert sum(spent.values()) <= 10


def test_endpoint_over_three_hours(console: Console) -> None:
    view = console.endpoint("archive-reocr")
    assert view.window == Window.last(timedelta(hours=3), NOW)
    assert view.window.period == 60
    assert view.provisional_from == NOW - timedelta(minutes=3)
    assert view.metrics.get("InvocationsProcessed").last() is not None
    assert view.metrics.get("ApproximateBacklogSize").unit == "Count"
    assert view.row.endpoint.instance_type == "ml.g5.xlarge"
    assert {type(p).__name__ for p in view.policies} == {"StepPolicy", "TargetTrackingPolicy"}
    assert len(view.alarms) == 3
    assert any(a.desired for a in view.activities)
    assert view.row.verdict.state is EndpointState.BUSY
    in_service = view.instances.values[~np.isnan(view.instances.values)]
    assert in_service.max() == view.row.endpoint.current


def test_zero_instances_only_where_the_record_says_so(console: Console) -> None:
    view = console.endpoint("doc-async", timedelta(days=2))
    values = view.instances.values
    assert (values == 0).any()
    samples = view.metrics.get(metrics.CPU_SAMPLES.key).values
    assert np.isnan(samples[values == 0]).all()
    assert (values[~np.isnan(samples)] >= 1).all()


@pytest.mark.parametrize(
    ("days", "period", "noted"),
    [(0.5, 60, ""), (2, 60, ""), (7, 300, "longer than 3 days"), (30, 300, "15 days")],
)
def test_ranges_and_their_steps(console: Console, days: float, period: int, noted: str) -> None:
    view = console.endpoint("doc-async", timedelta(days=days))
    assert view.window.period == period
    assert noted in " ".join(view.notes)
    assert bool(view.notes) == bool(noted)
    assert len(view.instances.values) == view.window.size
    assert view.metrics.get("ApproximateBacklogSize").last() is not None


def test_unknown_endpoint_offers_the_nearest(console: Console) -> None:
    with pytest.raises(UnknownEndpoint) as caught:
        console.endpoint("doc-asnyc")
    assert caught.value.nearest == ("doc-async",)


@pytest.mark.parametrize("name", ["", "a b", "x" * 64, "-x", "über"])
def test_impossible_names_are_unknown_not_an_error_of_aws(console: Console, name: str) -> None:
    with pytest.raises(UnknownEndpoint):
        console.endpoint(name)


def test_too_old_a_range(console: Console) -> None:
    with pytest.raises(BadInput, match="further"):
        console.endpoint("doc-async", timedelta(days=500))


def test_empty_account() -> None:
    with living(empty=True) as (server, _), console_at(server.url) as console:
        view = console.fleet()
        assert view.rows == view.realtime == ()
        assert view.headline == "There are no endpoints in this account and region yet."
        assert view.as_of == NOW
        assert console.names() == ()
        connection = console.connection()
        assert (connection.kind, connection.account, connection.region) == (
            "embedded",
            "123456789012",
            "us-east-1",
        )
        assert connection.writable
        with pytest.raises(UnknownEndpoint) as caught:
            console.endpoint("doc-async")
        assert caught.value.nearest == ()


def test_time_is_awss_own() -> None:
    """The console follows simulated time without knowing of it."""
    with living(empty=True) as (server, clock), console_at(server.url) as console:
        first = console.fleet().as_of
        clock.jump(3600)
        assert console.fleet().as_of - first == timedelta(hours=1)


def test_a_real_time_endpoint_has_instances_and_no_backlog(console: Console) -> None:
    view = console.endpoint("layout-detect", timedelta(hours=1))
    assert not view.row.endpoint.is_async
    assert np.nanmax(view.instances.values) == 1
    assert np.isnan(view.metrics.get("ApproximateBacklogSize").values).all()


def test_the_history_keeps_minutes_longer_than_aws() -> None:
    """Two days that began 16 days ago: in minutes where Ebb read them in time, else in AWS's coarser steps."""
    with small(16.0) as (server, clock), console_at(server.url) as faithful, console_at(server.url) as late:
        for hours in (0, 30):
            clock.jump(hours * 3600)
            faithful.read((), anybody=True)
            while faithful.close_gap():
                pass
        now = datetime.fromtimestamp(clock.now(), UTC)
        window = Window(now - timedelta(days=16), now - timedelta(days=14), 60)
        old, coarse = faithful.endpoint(NAME, window), late.endpoint(NAME, window)
        assert (old.window.period, old.notes) == (60, ())
        assert (coarse.window.period, len(coarse.notes)) == (300, 1)
        backlog = old.metrics.get("ApproximateBacklogSize").values
        steps = coarse.metrics.get("ApproximateBacklogSize").values
        np.testing.assert_array_equal(np.nanmax(backlog.reshape(-1, 5), axis=1), steps)


def test_a_sleep_of_more_than_a_day_is_zero_up_to_the_waking() -> None:
    """What confirms the zero is the scale-in before the range; it must not be cut off with the older record."""
    with small(2.0, every_s=1.9 * 86400) as (server, _), console_at(server.url) as console:
        for read in (console.endpoint, console.endpoint):  # the first reading, and one that knows the record
            view = read(NAME)
            values = view.instances.values
            assert np.nanmax(values) >= 1
            first = int(np.flatnonzero(values >= 1)[0])
            assert first > 30
            assert (values[: first - 5] == 0).all()

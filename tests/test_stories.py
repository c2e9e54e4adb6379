"""The façade on every story of the embedded AWS, in every kind of weather: it never breaks, and recovers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from ops.collector import Collector
from ops.core.errors import CredentialsProblem, Denied, OpsError, Throttled, Unreachable
from ops.core.types import EndpointState, Severity
from ops.core.views import EndpointView, FleetRow, FleetView
from ops.local_aws.build import STORIES
from ops.local_aws.clock import SimClock
from ops.local_aws.doctor_stories import FOR_THE_DOCTOR
from ops.local_aws.more_stories import crowd
from tests.living import Answer, Gate, Hand, console_at, error, gated, living
from tests.small_worlds import told

STATES = {
    "doc-async": {"asleep", "queued", "waking", "busy", "warm"},
    "ocr-legacy": {"wake_stuck"},
    "forms-berlin": {"warm", "busy"},
    "receipt-scan": {"idle_paid"},
    "invoice-parse": {"failing"},
    "layout-detect": {"warm"},
    "contract-extract": {"wake_failing"},
    "archive-reocr": {"busy"},
    "suspended": {"wake_stuck"},
    "wrong-dimensions": {"wake_stuck"},
    "actions-off": {"wake_stuck"},
    "max-zero": {"wake_stuck"},
    "no-capacity": {"wake_failing"},
    "pooled": {"busy", "slow"},
    "no-scale-in": {"idle_paid", "busy"},
    "always-on": {"idle_paid", "busy"},
    "slow": {"slow", "busy"},
    "expiring": {"wake_stuck"},
    "failed-deploy": {"broken"},
}
LASTING = {
    *("ocr-legacy", "receipt-scan", "suspended", "wrong-dimensions"),
    *("actions-off", "max-zero", "expiring", "failed-deploy"),
}
"""Those that are in their state for hours; the others move on while the tests let time pass."""
SEVERE = {
    "wake_stuck": Severity.CRITICAL,
    "wake_failing": Severity.CRITICAL,
    "failing": Severity.CRITICAL,
    "broken": Severity.CRITICAL,
    "idle_paid": Severity.WARNING,
}
LOOKED_AT = ("ocr-legacy", "archive-reocr", "layout-detect")
SETTLE_S = 330.0
"""Longer than any endpoint of a watched fleet goes without being described again."""
DENIED = error("AccessDeniedException")


@dataclass(frozen=True, slots=True)
class Sky:
    """All stories behind a gate, and the hands on their clock."""

    url: str
    gate: Gate
    clock: SimClock


@pytest.fixture(scope="module")
def world() -> Iterator[Sky]:
    scenarios = tuple(name for name in STATES if name in STORIES)
    with living(scenarios=scenarios, days=3) as (server, clock), gated(server.url) as (url, gate):
        yield Sky(url, gate, clock)


@pytest.fixture
def sky(world: Sky) -> Iterator[Sky]:
    yield world
    world.gate.shut.clear()


class Viewer:
    """A collector of its own and somebody who looks at it."""

    def __init__(self, sky: Sky) -> None:
        self._sky = sky
        self._hand = Hand()
        self.reader = Collector(lambda: console_at(sky.url), lambda kind: 2.0, self._hand)

    def after(self, seconds: float) -> Viewer:
        """Time passes here and at AWS, and the collector reads once."""
        self.reader.snapshot()
        self._sky.clock.jump(seconds)
        self._hand.at += min(seconds, 30.0)
        self.reader.read_once()
        self.reader.close_gap()
        return self

    def looks(self, *names: str) -> tuple[FleetView | OpsError, dict[str, EndpointView | OpsError]]:
        """What the pages get: a view, or an OpsError, and nothing else."""
        seen: dict[str, EndpointView | OpsError] = {}
        fleet: FleetView | OpsError
        try:
            fleet = self.reader.fleet()
        except OpsError as problem:
            fleet = problem
        for name in names:
            try:
                seen[name] = self.reader.endpoint(name, timedelta(hours=3))
            except OpsError as problem:
                seen[name] = problem
        return fleet, seen


def rows(fleet: FleetView | OpsError) -> dict[str, FleetRow]:
    assert isinstance(fleet, FleetView), fleet
    return {row.endpoint.ref.name: row for row in (*fleet.rows, *fleet.realtime)}


def as_expected(
    fleet: FleetView | OpsError, seen: dict[str, EndpointView | OpsError], names: Collection[str] = LASTING
) -> None:
    """Every one of `names` in its state, all by a sentence, without a problem anywhere."""
    found = rows(fleet)
    assert isinstance(fleet, FleetView)
    assert found.keys() == STATES.keys()
    for name, row in found.items():
        verdict = row.verdict
        assert name not in names or verdict.state.value in STATES[name], (name, verdict.sentence)
        assert verdict.severity is SEVERE.get(verdict.state.value, verdict.severity), name
        assert verdict.sentence.endswith("."), verdict.sentence
        assert row.problems == (), name
    assert fleet.problems == ()
    for name, view in seen.items():
        assert isinstance(view, EndpointView), (name, view)
        assert view.problems == (), name
        assert view.row.verdict.state is found[name].verdict.state, name


def test_every_story_has_its_line_here() -> None:
    doctors = {story.name for story in FOR_THE_DOCTOR}  # theirs are in tests/test_doctor.py
    assert STATES.keys() | doctors | {"crowd"} == STORIES.keys()


def test_fair_weather(sky: Sky) -> None:
    viewer = Viewer(sky).after(0)
    fleet, seen = viewer.looks(*STATES)
    as_expected(fleet, seen, STATES)
    for view in seen.values():
        assert isinstance(view, EndpointView)
        assert view.window.size == 180
    assert "need you" in fleet.headline if isinstance(fleet, FleetView) else False
    viewer.reader.stop()


@pytest.mark.parametrize(
    "operation",
    [
        "DescribeEndpoint",
        "DescribeEndpointConfig",
        "DescribeScalableTargets",
        "DescribeScalingPolicies",
        "DescribeScheduledActions",
        "DescribeScalingActivities",
        "DescribeAlarms",
        "GetMetricData",
    ],
)
def test_one_call_denied_hides_its_part_and_comes_back(sky: Sky, operation: str) -> None:
    sky.gate.shut[operation] = DENIED
    viewer = Viewer(sky).after(0)
    fleet, seen = viewer.looks(*LOOKED_AT)
    found = rows(fleet)
    assert found.keys() == STATES.keys()
    assert isinstance(fleet, FleetView)
    told = {
        p.action.partition(":")[2]
        for p in (*fleet.problems, *(p for r in found.values() for p in r.problems))
    }
    assert told == {operation}
    for name in ("ocr-legacy", "suspended", "contract-extract"):
        assert found[name].verdict.state is not EndpointState.ASLEEP, found[name].verdict.sentence
    for view in seen.values():
        if isinstance(view, EndpointView):
            assert {p.action.partition(":")[2] for p in view.problems} <= {operation}
        else:
            assert isinstance(view, Denied)
    sky.gate.shut.clear()
    as_expected(*viewer.after(SETTLE_S).looks(*LOOKED_AT))
    viewer.reader.stop()


@pytest.mark.parametrize("operation", ["ListEndpoints", ""], ids=["ListEndpoints", "GetCallerIdentity"])
def test_without_the_first_calls_there_is_an_error_and_then_a_fleet(sky: Sky, operation: str) -> None:
    sky.gate.shut[operation] = DENIED
    viewer = Viewer(sky).after(0)
    fleet, _ = viewer.looks("doc-async")
    assert isinstance(fleet, Denied)
    sky.gate.shut.clear()
    as_expected(*viewer.after(5).looks(*LOOKED_AT))
    viewer.reader.stop()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error("ThrottlingException"), Throttled),
        (error("ExpiredTokenException"), CredentialsProblem),
        (error("InternalFailure", status=500), OpsError),
        (
            (
                200,
                {"Content-Type": "text/html", "Date": "Tue, 20 Oct 2026 14:30:00 GMT"},
                b"<html>Sign in</html>",
            ),
            Unreachable,
        ),
    ],
    ids=["throttled", "expired", "internal", "a sign-in page"],
)
def test_foul_weather_keeps_the_last_good_numbers(sky: Sky, answer: Answer, kind: type[OpsError]) -> None:
    viewer = Viewer(sky).after(0)
    good, _ = viewer.looks(*LOOKED_AT)
    sky.gate.shut["*"] = (answer[0], {"x-amzn-ErrorType": "", **answer[1]}, answer[2])
    fleet, seen = viewer.after(130).looks(*LOOKED_AT)
    assert isinstance(viewer.reader.snapshot().error, kind)
    assert rows(fleet) == rows(good)
    assert isinstance(fleet, FleetView)
    assert [p.part for p in fleet.problems] == ["Older numbers"]
    for view in seen.values():
        assert isinstance(view, EndpointView | kind)
    assert any(isinstance(view, EndpointView) for view in seen.values()) or kind is CredentialsProblem
    sky.gate.shut.clear()
    as_expected(*viewer.after(130).looks(*LOOKED_AT))
    viewer.reader.stop()


def test_away_and_back(sky: Sky) -> None:
    viewer = Viewer(sky).after(0)
    good, _ = viewer.looks(*LOOKED_AT)
    behind, sky.gate.behind = sky.gate.behind, "http://127.0.0.1:1"
    try:
        fleet, seen = viewer.after(130).looks(*LOOKED_AT)
        assert rows(fleet).keys() == rows(good).keys()
        assert isinstance(fleet, FleetView)
        assert fleet.problems
        for view in seen.values():
            assert isinstance(view, EndpointView), view
            assert view.problems
    finally:
        sky.gate.behind = behind
    as_expected(*viewer.after(130).looks(*LOOKED_AT))
    viewer.reader.stop()


@pytest.mark.parametrize("operation", ["ListEndpoints", "GetMetricData", "DescribeScalingActivities"])
def test_throttled_in_the_middle_of_a_round(sky: Sky, operation: str) -> None:
    viewer = Viewer(sky).after(0)
    sky.gate.shut[operation] = error("ThrottlingException")
    fleet, _ = viewer.after(130).looks(*LOOKED_AT)
    assert rows(fleet).keys() == STATES.keys()
    assert isinstance(viewer.reader.snapshot().error, Throttled)
    sky.gate.shut.clear()
    as_expected(*viewer.after(130).looks(*LOOKED_AT))
    viewer.reader.stop()


def test_an_empty_account_in_any_weather() -> None:
    with living(empty=True) as (server, clock), gated(server.url) as (url, gate):
        sky = Sky(url, gate, clock)
        viewer = Viewer(sky).after(0)
        fleet, seen = viewer.looks("doc-async")
        assert rows(fleet) == {}
        assert isinstance(seen["doc-async"], OpsError)
        for operation in ("DescribeAlarms", "GetMetricData", "DescribeScalableTargets"):
            gate.shut[operation] = DENIED
            fleet, _ = viewer.after(130).looks()
            assert rows(fleet) == {}
            gate.shut.clear()
        gate.shut["*"] = error("ThrottlingException")
        viewer.after(130)
        gate.shut.clear()
        fleet, _ = viewer.after(130).looks()
        assert isinstance(fleet, FleetView)
        assert (fleet.rows, fleet.problems) == ((), ())
        viewer.reader.stop()


def test_two_hundred_endpoints() -> None:
    with told(crowd(200), 1.0) as (server, clock):
        viewer = Viewer(Sky(server.url, Gate(""), clock)).after(0)
        fleet, seen = viewer.looks("crowd-000", "crowd-199")
        found = rows(fleet)
        assert len(found) == 200
        assert isinstance(fleet, FleetView)
        assert fleet.problems == ()
        calm = {"asleep", "queued", "waking", "busy", "warm"}
        assert {row.verdict.state.value for row in found.values()} <= calm
        assert all(isinstance(view, EndpointView) for view in seen.values())
        before = viewer.reader.snapshot().usage
        again, _ = viewer.after(60).looks()
        after = viewer.reader.snapshot().usage
        assert (len(rows(again)), again.problems if isinstance(again, FleetView) else again) == (200, ())
        assert before is not None
        assert after is not None
        assert after.metrics - before.metrics < 200  # a minute later next to nothing is due
        assert sum(after.calls.values()) - sum(before.calls.values()) < 400  # those awake are described again
        viewer.reader.stop()

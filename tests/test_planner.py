"""Traffic, calibration and back-test on an embedded AWS whose truth is known, and `replay --endpoint` over it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ops.__main__ import main
from ops.config import Settings
from ops.console import Console
from ops.core.change import Actor
from ops.core.errors import BadInput, UnknownEndpoint
from ops.core.types import Bounds
from ops.local_aws.server import LocalAws
from ops.local_aws.story_kit import DAY, HOUR, Kit
from ops.local_aws.traffic import Batch, Traffic, office, quiet
from ops.local_aws.world import Assumptions, WorldOptions
from ops.planner import player
from ops.replay import oracle
from ops.replay.backtest import Trust
from ops.replay.scenario import Requests, Scenario
from ops.traffic_past import EndpointTraffic
from tests.living import TUESDAY, console_at, error, gated
from tests.small_worlds import NAME, small, told

DAYS = 4.0
SLEEPER, WARM, DIRECT, FIXED, CHANGED, IDLE = "sleeper", "warm", "direct", "fixed", "changed", "idle"
RETARGETED = "retargeted"
IN_SLOT_S = 0.35
"""Download and upload, beside the container's time (docs/model.md)."""
TRAFFIC = {
    SLEEPER: Traffic(
        SLEEPER, 1, (20.0, 40.0), quiet, batches=(Batch(TUESDAY - DAYS * DAY + HOUR, 3 * HOUR, 15, 200.0),)
    ),
    WARM: Traffic(WARM, 1, (10.0, 90.0), office(2, 60, 7, 17, weekend=2)),
    DIRECT: Traffic(
        DIRECT, 1, (15.0, 25.0), quiet, batches=(Batch(TUESDAY - DAYS * DAY + HOUR, 4 * HOUR, 9, 60.0),)
    ),
    CHANGED: Traffic(
        CHANGED, 1, (10.0, 20.0), quiet, batches=(Batch(TUESDAY - DAYS * DAY + HOUR, 2 * HOUR, 4, 60.0),)
    ),
    RETARGETED: Traffic(
        RETARGETED, 1, (10.0, 20.0), quiet, batches=(Batch(TUESDAY - DAYS * DAY + HOUR, 2 * HOUR, 4, 60.0),)
    ),
    IDLE: Traffic(IDLE, 1, (10.0, 20.0), quiet),
    FIXED: Traffic(
        FIXED, 1, (10.0, 20.0), quiet, batches=(Batch(TUESDAY - DAYS * DAY + HOUR, HOUR, 20, 60.0),)
    ),
}


def tell(kit: Kit, born: float) -> None:
    """One that sleeps, one with warm windows, a real-time one, one whose minimum is raised, one that nothing scales."""
    kit.quota("ml.g5.xlarge", 20)
    for name, traffic in TRAFFIC.items():
        kit.config(name, f"{name}-1", "ml.g5.xlarge", concurrency=None if name == DIRECT else 2)
        kit.endpoint(name, f"{name}-1", traffic)
    for name in (SLEEPER, WARM, CHANGED, IDLE, RETARGETED):
        kit.bounds(name, 0, 3)
        kit.track(name)
        kit.wake(name)
    kit.later(born + 2 * DAY, lambda: kit.bounds(CHANGED, 1, 2))
    kit.later(born + 3 * DAY, lambda: kit.track(RETARGETED, target=1.0))
    kit.schedule(WARM, "open", "cron(0 6 * * ? *)", "UTC", min=1)
    kit.schedule(WARM, "close", "cron(0 18 * * ? *)", "UTC", min=0)


@pytest.fixture(scope="module")
def server() -> Iterator[LocalAws]:
    options = WorldOptions(history_days=5, assumptions=Assumptions(zero_metric="missing"))
    with told(tell, DAYS, options) as (found, _):
        yield found


@pytest.fixture(scope="module")
def console(server: LocalAws) -> Iterator[Console]:
    with Console.open(Settings(endpoint_url=server.url)) as found:
        yield found


@pytest.fixture(scope="module")
def sleeper(console: Console) -> EndpointTraffic:
    return console.find_traffic(SLEEPER)


@pytest.fixture
def at(server: LocalAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("EBB_MODE", raising=False)
    return tmp_path


def came(name: str, first_s: float, until_s: float) -> np.ndarray:
    """When requests really came."""
    days = range(int(first_s // DAY), int(until_s // DAY) + 1)
    every = np.concatenate([TRAFFIC[name].day(day)[0] for day in days])
    return every[(every >= first_s) & (every < until_s)]


@pytest.mark.parametrize("name", [SLEEPER, WARM, DIRECT, FIXED])
def test_every_minute_has_the_requests_that_came_in_it(console: Console, name: str) -> None:
    found = console.find_traffic(name).arrivals
    assert found.known_share > 0.99
    known = found.known
    true = np.histogram(came(name, found.first_s, found.until_s), np.append(found.start_s, found.until_s))[0]
    settled = np.arange(len(found)) < len(found) - 30  # of the last ones some are still in work
    both = known & settled
    if name == DIRECT:  # a real-time endpoint counts a request in the minute in which it was answered
        assert abs(found.count[both].sum() - true[both].sum()) <= 9
        return
    np.testing.assert_array_equal(found.count[both], true[both])
    assert (found.carried, found.unplaced) == (0, 0)


def test_what_a_request_takes(sleeper: EndpointTraffic) -> None:
    service = sleeper.service
    assert service.times is not None
    assert service.times.mean_s == pytest.approx(30 + IN_SLOT_S, abs=4 * service.spread.error_s)
    variance = service.times.mean_s**2 * (np.exp(service.times.sigma**2) - 1)
    assert np.sqrt(variance) == pytest.approx(20 / np.sqrt(12), rel=0.15)
    assert service.requests == pytest.approx(sleeper.arrivals.total, abs=2)


def test_how_many_at_once(sleeper: EndpointTraffic) -> None:
    assert sleeper.slots.concurrency == 2
    assert sleeper.slots.measured == pytest.approx(2, rel=0.1)


def test_provisioning_times_are_those_of_its_own_starts(server: LocalAws, sleeper: EndpointTraffic) -> None:
    true = [w.in_service - w.ordered for w in server.world.fleet.wakes(SLEEPER) if w.in_service is not None]
    assert len(sleeper.provision.seen_s) == len(true)
    np.testing.assert_allclose(sleeper.provision.seen_s, true, atol=1.0)


def test_the_metrics_show_what_is_published_at_zero(sleeper: EndpointTraffic) -> None:
    assert sleeper.model.zero_metric == "missing"


@pytest.mark.parametrize("name", [SLEEPER, WARM])
def test_the_actual_policy_replayed_is_what_happened(console: Console, name: str) -> None:
    found = console.backtest(console.traffic(name) if name == SLEEPER else console.find_traffic(name))
    assert found.trust is Trust.GOOD, found.sentences
    assert found.same.mid > 0.85
    assert found.seeds == 5
    hours, starts = found.figure("instance-hours"), found.figure("cold starts")
    assert hours.replayed.low <= hours.replayed.mid <= hours.replayed.high
    assert starts.trust is Trust.GOOD
    assert "The replay can be trusted" in found.sentences[0]
    assert len(found.instances) == len(found.actual.instances)


def test_what_happened_is_compared_from_the_last_change_of_scaling_on(console: Console) -> None:
    found = console.find_traffic(CHANGED)
    changed = TUESDAY - (DAYS - 2) * DAY
    assert changed + 1800 <= found.actual.first_s <= changed + 3600
    assert found.arrivals.first_s < changed - DAY
    assert "Scaling was changed on the way" in found.notes[-1]
    tested = console.backtest(found)
    assert tested.trust is Trust.GOOD, tested.sentences
    hours = (found.actual.until_s - found.actual.first_s) / 3600
    assert tested.figure("instance-hours").actual == pytest.approx(hours, abs=0.6)
    assert found.arrivals.until_s % 3600 == 0, "who asks again within the hour gets the same answer"
    assert 46 < hours <= 47.5


def test_a_policy_that_was_changed_yesterday_is_not_compared_with_the_past_of_another(
    server: LocalAws,
) -> None:
    """A target is set by PutScalingPolicy alone: no bound moves, and nothing but CloudTrail tells."""
    with gated(server.url) as (url, gate), console_at(url) as console:
        found = console.find_traffic(RETARGETED, 3)
        changed = TUESDAY - DAY
        assert changed + 1800 <= found.actual.first_s <= changed + 2 * 3600
        assert "Scaling was changed on the way" in found.notes[-1]
        gate.shut["LookupEvents"] = error("AccessDeniedException")
    with gated(server.url) as (url, gate), console_at(url) as console:
        gate.shut["LookupEvents"] = error("AccessDeniedException")
        denied = console.find_traffic(RETARGETED, 3)
        assert denied.actual.first_s < changed
        assert denied.notes[-1].startswith("Nobody told whether its scaling was changed in this time")
        assert "cloudtrail:LookupEvents" in denied.notes[-1]


def test_a_policy_that_was_just_changed_is_not_compared_with_the_past_of_another(tmp_path: Path) -> None:
    """CloudTrail tells of it late; Ebb's own journal does not."""
    with (
        small(2.0) as (server, _),
        Console.open(Settings(endpoint_url=server.url, state_dir=tmp_path)) as console,
    ):
        before = console.find_traffic(NAME, 2)
        assert len(before.actual.instances)
        low = 0 if before.setup is None else before.setup.bounds.min
        console.apply(console.plan_bounds(NAME, low, 7), Actor("anna", "operator"))
        found = console.find_traffic(NAME, 2)
        assert (
            f"Scaling was changed just now (Set the bounds of {NAME} to {low}–7 by anna)" in found.notes[-1]
        )
        assert found.untested == found.notes[-1]
        assert console.backtest(found).trust is Trust.UNKNOWN
        assert len(found.past.instances) == len(before.past.instances)


def test_an_endpoint_that_nothing_scales(console: Console) -> None:
    found = console.find_traffic(FIXED)
    assert found.setup is not None
    assert (found.setup.bounds.min, found.setup.bounds.max, found.setup.policies) == (1, 1, ())
    tested = console.backtest(found)
    assert tested.figure("instance-hours").trust is Trust.GOOD
    assert tested.same.mid == 1
    assert "Nothing scales this endpoint" in tested.sentences[-1]


def test_a_real_time_endpoint_has_traffic_and_no_policy(console: Console) -> None:
    found = console.find_traffic(DIRECT)
    assert found.service.times is not None
    assert found.service.times.mean_s == pytest.approx(20, rel=0.05)
    assert found.provision.source.endswith("of this account's asynchronous endpoints")
    with pytest.raises(BadInput, match="direct is a real-time endpoint: there is no policy to compare with"):
        console.backtest(found)
    given = console.replay_inputs(found, seed=3)
    assert (len(given.requests), given.scenarios) == (5, ())


@pytest.mark.parametrize(
    ("operation", "lost"),
    [("DescribeScalingPolicies", True), ("DescribeAlarms", True), ("DescribeScalingActivities", False)],
)
def test_what_aws_does_not_let_us_read_is_no_policy_of_nothing(
    server: LocalAws, operation: str, lost: bool
) -> None:
    with gated(server.url) as (url, gate), console_at(url) as console:
        gate.shut[operation] = error("AccessDeniedException")
        found = console.find_traffic(SLEEPER, 2)
        assert found.arrivals.known_share > 0.99
        assert (found.setup is None) == lost
        if lost:
            with pytest.raises(BadInput, match="AWS does not let Ebb read how sleeper scales"):
                console.backtest(found)


def test_inputs_are_the_same_for_the_same_seed(console: Console, sleeper: EndpointTraffic) -> None:
    one, again, other = (console.replay_inputs(sleeper, seed=seed) for seed in (4, 4, 5))
    assert [r.arrival_s.tobytes() for r in one.requests] == [r.arrival_s.tobytes() for r in again.requests]
    assert one.provision_s == again.provision_s
    assert one.requests[0].arrival_s.tobytes() != other.requests[0].arrival_s.tobytes()


def test_what_is_not_there_is_refused(console: Console) -> None:
    with pytest.raises(UnknownEndpoint):
        console.find_traffic("sleepr")
    with pytest.raises(BadInput, match="0 days cannot be replayed"):
        console.find_traffic(SLEEPER, 0)


def test_the_command_replays_an_endpoint(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--endpoint", SLEEPER, "--days", "2", "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert f"Reading 2 days of {SLEEPER}." in err
    assert (found["cold_starts"], found["expansions"]) == (16, 5)
    low, high = found["range"]["p95_wait_s"]
    assert low <= found["p95_wait_s"] <= high
    assert found["backtest"]["trust"] in ("good", "fair")
    assert {f["name"]: f["trust"] for f in found["backtest"]["figures"]}["cold starts"] == "good"
    assert found["traffic"]["service"]["spread"]["count"] == found["requests"]
    assert found["cost_usd"] == pytest.approx(found["instance_hours"] * 1.4084, abs=1e-5)
    assert main(["replay", "--endpoint", SLEEPER, "--days", "2", "--fixed-instances", "1", "--json"]) == 0
    fixed = json.loads(capsys.readouterr().out)
    assert (fixed["cold_starts"], fixed["first_full_s"]) == (0, 0)
    assert fixed["instance_hours"] == pytest.approx(48, abs=0.5)
    assert fixed["p95_wait_s"] < found["p95_wait_s"]


def test_the_command_replays_twice_the_traffic(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--endpoint", SLEEPER, "--days", "2", "--json"]) == 0
    once = json.loads(capsys.readouterr().out)["requests"]
    assert main(["replay", "--endpoint", SLEEPER, "--days", "2", "--growth", "2", "--json"]) == 0
    twice = json.loads(capsys.readouterr().out)["requests"]
    assert twice == 2 * once > 0


def test_the_command_says_what_it_rests_on(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--endpoint", WARM, "--max", "1", "--warm", "daily 05:00-19:00"]) == 0
    out = capsys.readouterr().out
    assert "instances    at most 1" in out
    assert "new instance" in out
    assert "The replay can be trusted" in out
    assert main(["replay", "--endpoint", DIRECT, "--concurrency", "4"]) == 0
    out, err = capsys.readouterr()
    assert "A real-time endpoint drops what it cannot take" in err
    assert "cold start" in out


def test_an_endpoint_without_traffic_is_replayed_all_the_same(
    at: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "--endpoint", IDLE, "--days", "1", "--min", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["requests"], found["p95_wait_s"], found["drained_s"]) == (0, None, 0)
    assert found["instance_hours"] == pytest.approx(24, abs=0.1)
    assert found["backtest"] is None
    assert main(["replay", "--endpoint", IDLE, "--days", "1"]) == 0
    assert capsys.readouterr().out.startswith("No request came: 0 cold starts and 0.00 instance-hours")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--endpoint", "sleepr"], "Did you mean sleeper"),
        (["--endpoint", SLEEPER, "--arrivals", "x.csv"], "--arrivals and --endpoint are 2 kinds of traffic"),
        (["--endpoint", SLEEPER, "--days", "0"], "0 days cannot be replayed"),
        (["--endpoint", SLEEPER, "--column", "x"], "--column is of a file"),
    ],
)
def test_refusals(at: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str) -> None:
    assert main(["replay", *options]) == 2
    assert said in capsys.readouterr().err


def test_minutes_that_aws_has_forgotten_are_taken_from_the_history(tmp_path: Path) -> None:
    history = f"sqlite:///{tmp_path / 'history.db'}"
    with small(1.0, every_s=6 * HOUR) as (server, clock):
        with Console.open(Settings(endpoint_url=server.url, history_url=history), keep=True) as console:
            seen = console.find_traffic(NAME).arrivals
        clock.jump(20 * DAY)
        server.world.fleet.advance(clock.now())
        with Console.open(Settings(endpoint_url=server.url, history_url=history), keep=True) as console:
            later = console.find_traffic(NAME)
        with Console.open(Settings(endpoint_url=server.url)) as console:
            without = console.find_traffic(NAME).arrivals
    assert seen.coarse_s == 0
    fine = (later.arrivals.length_s == 60) & (later.arrivals.start_s < seen.until_s)
    assert fine.sum() == pytest.approx(len(seen), abs=10)
    np.testing.assert_array_equal(later.arrivals.count[fine][: len(seen)], seen.count[: fine.sum()])
    assert later.arrivals.coarse_s < 6 * DAY < without.coarse_s + DAY
    assert "days are known in steps longer than a minute alone" in " ".join(later.notes)
    # Whatever the steps, all that came is there: twelve every six hours.
    for found in (later.arrivals, without):
        assert found.total + found.unplaced == pytest.approx(12 * (21 * 4), abs=24)


def test_what_replays_is_chosen_by_the_work_as_well() -> None:
    """Hours of work that one slot does one after the other are minutes of a replay, like hours of arrivals."""
    usual = Scenario(Bounds(0, 1), 1, 1)
    few = Requests(np.zeros(10), np.full(10, 10.0))
    long = Requests(np.zeros(10), np.full(10, 1e7))
    assert player([few], [usual]) is oracle.replay
    assert player([long], [usual]) is not oracle.replay
    assert player([long], [replace(usual, until_s=6000.0)]) is oracle.replay
    with pytest.raises(BadInput, match="years, minute by minute, most of them for the span of the arrivals"):
        player([Requests(np.array([0.0, 1e9]), np.ones(2))], [usual])

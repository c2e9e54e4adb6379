"""The replay and the embedded AWS live the same life: stepped in process, equal to the last request.

Compared each time: when every request started and ended, backlog, instances and the desired count of every minute
(with it the instants and capacities of all activities), expired requests, cold starts, instance-seconds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from ops.core.autoscaling import AlarmRule
from ops.core.types import Bounds, Step, Suspended
from ops.replay.oracle import replay
from ops.replay.scenario import (
    AlarmSpec,
    Event,
    Kind,
    Model,
    Scaling,
    Scenario,
    Stepping,
    Tracking,
    Watched,
    wake_policy,
)
from tests.replay.random_cases import draw_case
from tests.replay.side_by_side import SETTLED_S, START, Case, Lived, Planned, differences, live

Arrivals = tuple[tuple[float, float, bool], ...]
BEGIN = START + SETTLED_S
HOUR = 3600.0
CANONICAL: tuple[Scaling, ...] = (Tracking(5.0, 300.0, 60.0), wake_policy())


def arrivals(
    *bursts: tuple[float, int], spread_s: float = 120.0, service: tuple[float, float] = (5, 60)
) -> Arrivals:
    """Bursts of (minutes after `BEGIN`, requests), each over `spread_s`; one in twenty fails."""
    rng = np.random.default_rng(11)
    times = np.sort(np.concatenate([BEGIN + 60 * at + rng.uniform(0, spread_s, n) for at, n in bursts]))
    return tuple((float(at), float(rng.uniform(*service)), bool(rng.random() < 0.05)) for at in times)


def agreed(case: Case) -> Lived:
    """Both lived the case; fails with what differs."""
    lived = live(case)
    assert differences(lived, replay(lived.requests, lived.scenario)) == []
    return lived


def alarm(
    name: str, watched: Watched, threshold: float, *, periods: int = 2, below: bool = False
) -> AlarmSpec:
    comparison = "LessThanThreshold" if below else "GreaterThanOrEqualToThreshold"
    return AlarmSpec(name, watched, AlarmRule(comparison, threshold, periods, periods))


def capacities(lived: Lived) -> list[int]:
    return [capacity for _, capacity in lived.moves]


@pytest.mark.parametrize("billed_from", ["ordered", "in_service"])
@pytest.mark.parametrize("zero_metric", ["backlog", "missing"])
@pytest.mark.parametrize("in_flight", ["counted", "waiting_only"])
def test_the_canonical_pair_of_policies(billed_from: str, zero_metric: str, in_flight: str) -> None:
    model = Model(zero_metric, "finish", in_flight, billed_from=billed_from)
    scenario = Scenario(Bounds(0, 4), 1, 2, CANONICAL, model=model)
    lived = agreed(Case(scenario, arrivals((30, 1), (90, 60), (200, 300)), 8 * HOUR))
    assert lived.cold_starts == 3
    assert 4 in capacities(lived)
    assert capacities(lived)[-1] == 0


@pytest.mark.parametrize(("zero_metric", "wakes"), [("backlog", 1), ("missing", 0)])
def test_target_tracking_alone_wakes_by_the_rule_of_the_embedded_aws(zero_metric: str, wakes: int) -> None:
    scenario = Scenario(Bounds(0, 3), 0, 2, (Tracking(5.0),), model=Model(zero_metric))
    lived = agreed(Case(scenario, arrivals((30, 3), (60, 20)), 5 * HOUR))
    assert lived.cold_starts == wakes


@pytest.mark.parametrize("drain", ["finish", "requeue"])
def test_long_requests_at_a_scale_in(drain: str) -> None:
    """The step that removes comes while all are at work, some of them for long after the minute it takes."""
    down = Stepping(
        "ChangeInCapacity",
        (Step(None, 0, -2),),
        (alarm("fewer", Watched.BACKLOG, 12, below=True),),
        60,
        name="down",
    )
    scenario = Scenario(Bounds(1, 5), 5, 2, (down,), model=Model(drain=drain))
    lived = agreed(Case(scenario, arrivals((1, 30), (40, 11), service=(30, 900)), 4 * HOUR))
    assert capacities(lived)[:2] == [3, 1]


def test_step_policies_of_every_adjustment_with_several_steps() -> None:
    exact = Stepping(
        "ExactCapacity",
        (Step(0, 10, 1), Step(10, 60, 3), Step(60, None, 6)),
        (alarm("a-backlog", Watched.BACKLOG, 1),),
        0,
        name="exact",
    )
    percent = Stepping(
        "PercentChangeInCapacity",
        (Step(0, 5, 40), Step(5, None, 120)),
        (alarm("b-per-instance", Watched.PER_INSTANCE, 10, periods=3),),
        120,
        2,
        "percent",
    )
    change = Stepping(
        "ChangeInCapacity",
        (Step(-2, 0, -1), Step(None, -2, -2)),
        (alarm("c-quiet", Watched.PER_INSTANCE, 4, periods=5, below=True),),
        300,
        name="change",
    )
    age = Stepping(
        "ChangeInCapacity", (Step(0, None, 1),), (alarm("d-old", Watched.AGE, 300),), 600, name="age"
    )
    scenario = Scenario(Bounds(0, 9), 1, 2, (exact, percent, change, age))
    lived = agreed(Case(scenario, arrivals((5, 8), (60, 70), (150, 400), spread_s=600), 8 * HOUR))
    assert {0, 1, 3, 6, 9} <= set(capacities(lived))


def test_two_policies_at_once_the_largest_wins_and_scale_in_needs_both() -> None:
    policies = (Tracking(5.0, name="loose"), Tracking(1.5, 600, 0, name="tight"), wake_policy())
    lived = agreed(Case(Scenario(Bounds(0, 6), 0, 1, policies), arrivals((10, 4), (90, 30)), 6 * HOUR))
    assert max(capacities(lived)) == 6
    assert capacities(lived)[-1] == 0


def test_a_policy_that_may_not_scale_in_has_no_say_in_it() -> None:
    policies = (
        Tracking(4.0, name="shrinks"),
        Tracking(2.0, scales_in=False, name="stays", watched=Watched.BACKLOG),
    )
    events = (Event(BEGIN + 30 * 60, Kind.SUSPEND, suspended=Suspended()),)
    scenario = Scenario(Bounds(0, 4), 4, 2, policies, events, Suspended(scale_in=True))
    lived = agreed(Case(scenario, ((BEGIN + 60, 9000.0, False),), 5 * HOUR))
    assert capacities(lived) == [1, 0]  # not 2, which the other one's low alarm would keep


@pytest.mark.parametrize(
    ("day", "first", "second"),
    [("2026-10-24", 6 * HOUR, 31 * HOUR), ("2027-03-27", 7 * HOUR, 30 * HOUR)],
)
def test_scheduled_actions_follow_the_clock_of_their_zone(day: str, first: float, second: float) -> None:
    """At eight in Berlin, on the day before the clocks change and on the day after they did: 06:00 and 07:00 UTC."""
    start = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    planned = (
        Planned("cron(0 8 * * ? *)", "Europe/Berlin", 2, 4),
        Planned("cron(30 18 * * ? *)", "Europe/Berlin", 0, 4),
    )
    rng = np.random.default_rng(5)
    times = np.sort(start + SETTLED_S + rng.uniform(0, 38 * HOUR, 200))
    listed = tuple((float(at), 20.0, False) for at in times)
    lived = agreed(Case(Scenario(Bounds(0, 4), 0, 2, CANONICAL), listed, 40 * HOUR, planned, start=start))
    runs = [event.at_s - start for event in lived.scenario.events if event.low == 2]
    assert runs == [first, second]
    assert lived.scenario.start_s is not None
    assert lived.minutes[int((start + second - lived.scenario.start_s) // 60) + 1][3] >= 2


def test_bounds_changed_while_updating_are_followed_when_it_has_ended() -> None:
    wave = arrivals((10, 40), (100, 90))
    plain = Case(Scenario(Bounds(0, 2), 0, 2, CANONICAL), wave, 6 * HOUR)
    ordered = agreed(plain).moves[0][0]
    events = (
        Event(ordered + 60, Kind.BOUNDS, 3, 5),
        Event(ordered + 3 * HOUR, Kind.BOUNDS, 0, 5),
        Event(ordered + 3 * HOUR + 120, Kind.BOUNDS, 0, 1),
    )
    lived = agreed(replace(plain, scenario=replace(plain.scenario, events=events)))
    assert 3 in capacities(lived)


def test_suspended_scaling_waits_and_a_scheduled_run_is_not_made_up_for() -> None:
    events = (
        Event(BEGIN, Kind.SUSPEND, suspended=Suspended(scale_out=True, scheduled=True)),
        Event(BEGIN + 2 * HOUR, Kind.SUSPEND, suspended=Suspended(scale_in=True)),
        Event(BEGIN + 5 * HOUR, Kind.SUSPEND, suspended=Suspended()),
    )
    scenario = Scenario(Bounds(0, 3), 0, 2, CANONICAL, events)
    planned = (Planned("cron(30 1 * * ? *)", "UTC", 2, 3),)
    lived = agreed(Case(scenario, arrivals((30, 20), (200, 5)), 7 * HOUR, planned))
    assert lived.moves[0][0] > BEGIN + 2 * HOUR
    assert lived.moves[-1] == (BEGIN + 5 * HOUR + 60, 0)


def test_a_suspension_sets_the_capacity_inside_the_bounds_as_every_registration_does() -> None:
    events = (
        Event(BEGIN, Kind.MANUAL, 1),
        Event(BEGIN + HOUR, Kind.SUSPEND, suspended=Suspended(scale_in=True)),
    )
    lived = agreed(Case(Scenario(Bounds(2, 4), 2, 1, (), events), (), 3 * HOUR))
    assert lived.moves == [(BEGIN + HOUR, 2)]


def test_a_region_without_capacity() -> None:
    events = (Event(BEGIN + 1500, Kind.SHORTAGE, lasts_s=HOUR),)
    scenario = Scenario(Bounds(0, 4), 0, 2, CANONICAL, events)
    lived = agreed(Case(scenario, arrivals((30, 20), (50, 30)), 6 * HOUR))
    assert any("InsufficientInstanceCapacity" in message for message in lived.failed)
    assert lived.cold_starts == 1


def test_a_quota_refuses_each_minute_and_starts_no_cooldown() -> None:
    scenario = Scenario(Bounds(0, 6), 0, 2, CANONICAL, quota=2)
    lived = agreed(Case(scenario, arrivals((10, 200), spread_s=900), 5 * HOUR))
    assert len(lived.failed) > 20
    assert max(instances for _, _, instances, _ in lived.minutes) == 2


@pytest.mark.parametrize("busy_action", ["follows", "fails"])
def test_a_model_update_in_progress_keeps_scaling_and_scheduled_actions_waiting(busy_action: str) -> None:
    events = (
        Event(BEGIN + 1680, Kind.UPDATE),
        Event(BEGIN + 3 * HOUR, Kind.UPDATE, 3),
        Event(BEGIN + 5 * HOUR, Kind.UPDATE, 2),
    )
    scenario = Scenario(Bounds(0, 4), 1, 2, CANONICAL, events, model=Model(busy_action=busy_action))
    planned = (Planned("cron(59 0 * * ? *)", "UTC", 4, 4),)
    wave = arrivals((27, 60), (178, 20), service=(30, 600))
    lived = agreed(Case(scenario, wave, 8 * HOUR, planned))
    refused = any("Cannot update in-progress endpoint" in message for message in lived.failed)
    assert refused is (busy_action == "fails")


@pytest.mark.parametrize("ttl_s", [600.0, 0.0])
@pytest.mark.parametrize("drain", ["finish", "requeue"])
def test_requests_expire_in_the_queue(ttl_s: float, drain: str) -> None:
    scenario = Scenario(Bounds(0, 1), 1, 1, CANONICAL, ttl_s=ttl_s, model=Model(drain=drain))
    lived = agreed(Case(scenario, arrivals((10, 50), (130, 40)), 6 * HOUR))
    assert (lived.expired > 0) is (ttl_s > 0)


def test_requests_that_were_sent_back_expire_by_their_arrival() -> None:
    """The second scale-in sends back the second and fifth request while the third still waits again."""
    events = (Event(BEGIN + 1200, Kind.MANUAL, 2), Event(BEGIN + 1380, Kind.MANUAL, 1))
    scenario = Scenario(Bounds(0, 4), 3, 2, (), events, ttl_s=1500.0, model=Model(drain="requeue"))
    listed = tuple((BEGIN + 200.0 * k, 5000.0, False) for k in range(6))
    lived = agreed(Case(scenario, listed, 3 * HOUR))
    assert lived.expired == 4
    waiting = [backlog - 2 for backlog, *_ in lived.minutes[-int(2.5 * 60) + 24 :]]
    assert waiting[:16] == [4] * 4 + [3] * 3 + [2] * 7 + [1] * 2


@pytest.mark.parametrize("delay_s", [0.0, 120.0, 180.0])
def test_metrics_that_come_sooner_or_later(delay_s: float) -> None:
    scenario = Scenario(Bounds(0, 4), 1, 2, CANONICAL, model=Model(metric_delay_s=delay_s))
    assert agreed(Case(scenario, arrivals((30, 1), (90, 60)), 6 * HOUR)).cold_starts == 2


@pytest.mark.parametrize("part", range(4))
def test_random_cases(part: int) -> None:
    """More of them: `python -m bench.agreement`."""
    found = {}
    for seed in range(10 * part, 10 * part + 10):
        lived = live(draw_case(seed))
        if off := differences(lived, replay(lived.requests, lived.scenario)):
            found[seed] = off
    assert found == {}

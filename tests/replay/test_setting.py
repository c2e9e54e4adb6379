"""What is wished of a set-up, and set-ups as they are read: the scenario that comes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from ops.core.errors import BadInput
from ops.core.setup import Setup
from ops.core.types import (
    Alarm,
    Bounds,
    MetricRef,
    ScalableTarget,
    ScheduledAction,
    Step,
    StepPolicy,
    Suspended,
    TargetTrackingPolicy,
)
from ops.replay.of_setup import of_setup
from ops.replay.oracle import replay
from ops.replay.scenario import Requests, Scenario, Stepping, Tracking, Watched, wake_policy
from ops.replay.setting import USUAL, Span, Wish, scenario
from ops.replay.warm_events import warm_plan

MONDAY = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
WEEK = 7 * 86400.0
SOME = Requests(np.array([MONDAY, MONDAY + WEEK]), np.array([1.0, 1.0]))
METRIC = MetricRef("AWS/SageMaker", "ApproximateBacklogSizePerInstance", (("EndpointName", "x"),))
TRACKS = TargetTrackingPolicy("track", "arn:track", 5.0, METRIC, None, 60, 600, alarm_names=("H", "L"))
WAKES = StepPolicy("wake", "arn:wake", "ChangeInCapacity", (Step(0, None, 1),), 300)


def alarm(name: str, metric: MetricRef | None, comparison: str, periods: int, *actions: str) -> Alarm:
    return Alarm(
        name, "OK", "", None, metric, 1.0, comparison, 60, periods, periods, "missing", actions, True
    )


SIGNAL = alarm(
    "signal",
    replace(METRIC, name="HasBacklogWithoutCapacity"),
    "GreaterThanOrEqualToThreshold",
    2,
    "arn:wake",
)
OWNED = (
    alarm("H", METRIC, "GreaterThanThreshold", 4, "arn:track"),
    alarm("L", METRIC, "LessThanThreshold", 11, "arn:track"),
)
SETUP = Setup(ScalableTarget(Bounds(0, 4)), (TRACKS, WAKES), (), (SIGNAL, *OWNED))


def made(wish: Wish, span: Span | None = None) -> Scenario:
    return scenario(USUAL, wish, SOME, 2, (300.0,), span or Span(0.0))


def test_what_is_not_wished_stays() -> None:
    found = made(Wish())
    assert (found.bounds, found.policies, found.initial, found.concurrency) == (
        Bounds(0, 5),
        USUAL.policies,
        0,
        2,
    )
    tuned = made(Wish(most=3, target=2, in_cooldown_s=60, low_periods=5))
    assert (tuned.bounds, tuned.policies[1:]) == (Bounds(0, 3), USUAL.policies[1:])
    tracking = tuned.policies[0]
    assert isinstance(tracking, Tracking)
    assert (tracking.target, tracking.in_cooldown_s, tracking.out_cooldown_s) == (2, 60, 300)
    assert (tracking.high_periods, tracking.low_periods) == (3, 5)


def test_policies_come_and_go() -> None:
    assert made(Wish(tracks=False)).policies == (wake_policy(),)
    assert made(Wish(wakes=False)).policies == (Tracking(5.0),)
    own = Tracking(9.0, name="own")
    assert made(Wish(more=(own,))).policies == (wake_policy(), own)
    other = replace(wake_policy(cooldown_s=1))
    assert made(Wish(more=(other,))).policies == (Tracking(5.0), other)
    bare = replace(USUAL, policies=())
    assert scenario(bare, Wish(target=3, wakes=True), SOME, 1, (1.0,), Span()).policies == (
        Tracking(3.0),
        wake_policy(),
    )
    with pytest.raises(BadInput, match="Two alarms are named 'HasBacklogWithoutCapacity'"):
        made(Wish(more=(replace(wake_policy(), name="other"),)))


def test_fixed_instances_have_no_policy() -> None:
    found = made(Wish(fixed=3))
    assert (found.bounds, found.initial, found.policies, found.events) == (Bounds(3, 3), 3, (), ())


def test_warm_windows_over_a_change_of_clocks() -> None:
    # Clocks go back in Berlin on Sunday, 25 October 2026.
    start = datetime(2026, 10, 23, tzinfo=UTC).timestamp()
    requests = Requests(np.array([0.0]), np.array([1.0]))
    plan = warm_plan("fri,mon 08:00-18:00 Europe/Berlin")
    found = scenario(USUAL, Wish(warm=(plan,)), requests, 1, (1.0,), Span(start, 0.0, 4 * 86400.0))
    hours = [(event.at_s / 3600, event.low) for event in found.events]
    assert hours == [(6, 1), (16, 0), (72 + 7, 1), (72 + 17, 0)]
    inside = scenario(USUAL, Wish(warm=(plan,)), requests, 1, (1.0,), Span(start + 7 * 3600, 0.0, 86400.0))
    assert (inside.bounds, inside.initial, inside.events[0].low) == (Bounds(1, 5), 1, 0)


def test_windows_that_overlap_keep_the_higher_floor() -> None:
    plans = (warm_plan("daily 08:00-12:00"), warm_plan("daily 10:00-14:00", floor=2))
    found = made(Wish(warm=plans), Span(0.0, MONDAY, MONDAY + 86400))
    assert [((e.at_s - MONDAY) / 3600, e.low) for e in found.events] == [(8, 1), (10, 2), (14, 0)]
    with pytest.raises(BadInput, match="keeps 2 in service, and the maximum is 1"):
        made(Wish(warm=plans, most=1), Span(0.0, MONDAY, MONDAY + 86400))


def test_a_set_up_as_it_is_read() -> None:
    found = of_setup(SETUP, MONDAY, MONDAY + WEEK)
    tracking, step = found.policies
    assert isinstance(tracking, Tracking)
    assert (tracking.out_cooldown_s, tracking.in_cooldown_s, tracking.high_periods, tracking.low_periods) == (
        60,
        600,
        4,
        11,
    )
    assert tracking.alarm_names == ("H", "L")
    assert isinstance(step, Stepping)
    assert [(s.name, s.watched, s.rule.periods) for s in step.alarms] == [
        ("signal", Watched.WITHOUT_CAPACITY, 2)
    ]
    assert (found.bounds, found.left_out, found.events) == (Bounds(0, 4), (), ())
    assert replay(SOME, Scenario(found.bounds, 0, 1, found.policies)).cold_starts == 2


def test_scheduled_actions_run_in_their_zone_and_set_the_first_bounds() -> None:
    actions = (
        ScheduledAction("close", "cron(0 19 ? * MON-FRI *)", "Europe/Berlin", 0, None),
        ScheduledAction("open", "cron(45 7 ? * MON-FRI *)", "Europe/Berlin", 1, 6),
    )
    found = of_setup(replace(SETUP, schedules=actions), MONDAY + 12 * 3600, MONDAY + 86400 * 1.5)
    assert found.bounds == Bounds(1, 6)  # opened at 06:45 UTC
    assert [((e.at_s - MONDAY) / 3600, e.low, e.high) for e in found.events] == [(18, 0, None), (30.75, 1, 6)]


def test_what_cannot_be_replayed_is_named() -> None:
    odd = replace(METRIC, name="InflightInvocations", namespace="Own")
    setup = Setup(
        ScalableTarget(Bounds(0, 4), Suspended(scale_in=True)),
        (replace(TRACKS, metric=odd), WAKES, replace(WAKES, name="idle", arn="arn:idle")),
        (
            ScheduledAction("bad", "cron(nonsense)", "UTC", 0, 1),
            ScheduledAction("every", "rate(2 hours)", "UTC", 0, 1),
        ),
        (
            SIGNAL,
            replace(SIGNAL, name="slow", period=300),
            replace(SIGNAL, name="off", actions_enabled=False),
        ),
    )
    found = of_setup(setup, MONDAY, MONDAY + WEEK)
    assert [policy.name for policy in found.policies] == ["wake"]
    assert found.suspended.scale_in
    said = " ".join(found.left_out)
    for part in (
        "track tracks InflightInvocations, which cannot be replayed",
        "slow of the policy wake has a period of 300 s",
        "off of the policy wake has its actions switched off",
        "No alarm runs the policy idle",
        "bad is left out",
        "every is left out: nobody knows when its rate began",
    ):
        assert part in said
    fixed = of_setup(Setup(), MONDAY, MONDAY + WEEK, 3)
    assert (fixed.bounds, fixed.policies) == (Bounds(3, 3), ())
    assert "Nothing scales this endpoint" in fixed.left_out[0]


def test_target_tracking_whose_alarms_act_on_nothing_is_named() -> None:
    def of(*alarms: Alarm) -> tuple[list[Tracking], str]:
        found = of_setup(replace(SETUP, alarms=alarms), MONDAY, MONDAY + WEEK)
        tracking = [policy for policy in found.policies if isinstance(policy, Tracking)]
        return tracking, " ".join(found.left_out)

    high, low = OWNED
    off = replace(low, actions_enabled=False)
    tracking, left = of(SIGNAL, high, off)
    assert [policy.scales_in for policy in tracking] == [False]
    assert "does not scale in: its low alarm acts on nothing" in left
    tracking, left = of(SIGNAL, replace(high, actions_enabled=False), low)
    assert tracking == []
    assert "its high alarm acts on nothing" in left
    assert of(SIGNAL)[0] == []
    assert [policy.scales_in for policy in of(SIGNAL, high, low)[0]] == [True]

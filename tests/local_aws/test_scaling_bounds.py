"""Suspended flags, and what new bounds do to the capacity."""

from __future__ import annotations

import pytest

from tests.local_aws.conftest import SteppedAws
from tests.local_aws.scaling_hands import Hands, place, resource


@pytest.fixture
def hands(aws: SteppedAws) -> Hands:
    return Hands(aws)


def test_suspended_scale_out_then_resumed(hands: Hands) -> None:
    hands.register(1, 8, SuspendedState={"DynamicScalingOutSuspended": True})
    alarm = hands.put_alarm(hands.put_stepping())
    hands.pull(alarm, 1.0)
    assert hands.capacity == (1, 1)
    hands.api.register_scalable_target(**place(), SuspendedState={"DynamicScalingOutSuspended": False})
    hands.pull(alarm, 1.0)
    assert hands.capacity == (1, 2)


def test_suspended_scale_in_resumes_by_itself_within_two_minutes(hands: Hands) -> None:
    hands.register(0, 8, SuspendedState={"DynamicScalingInSuspended": True})
    hands.put_tracking()
    hands.minutes(30)
    assert hands.capacity == (1, 1)
    hands.api.register_scalable_target(**place(), SuspendedState={"DynamicScalingInSuspended": False})
    hands.minutes(2)
    assert hands.capacity[1] == 0


def test_new_bounds_move_the_capacity_at_once_and_ignore_cooldowns(hands: Hands) -> None:
    hands.register(1, 8)
    hands.register(2, 8)
    assert hands.capacity == (1, 2)
    assert hands.causes()[0] == "minimum capacity was set to 2"
    hands.settle()
    hands.register(3, 8)
    assert hands.capacity == (2, 3)
    hands.settle()
    hands.register(0, 1)
    assert hands.capacity == (3, 1)
    assert hands.causes()[0] == "maximum capacity was set to 1"


def test_bounds_set_while_updating_take_effect_when_that_is_done(hands: Hands) -> None:
    hands.register(1, 8)
    hands.register(3, 8)
    hands.minutes(1)
    hands.register(0, 2)
    assert hands.capacity[1] == 3
    hands.settle()
    hands.minutes(2)
    assert hands.capacity[1] == 2
    assert hands.causes() == ["maximum capacity was set to 2", "minimum capacity was set to 3"]


def test_bounds_set_during_a_manual_change_take_effect_too(hands: Hands) -> None:
    hands.register(1, 8)
    hands.world.fleet.set_desired(resource(), 5, hands.aws.now(), None)
    hands.register(1, 2)
    hands.settle()
    hands.minutes(2)
    assert hands.capacity[1] == 2


def test_a_minimum_that_the_quota_forbids_is_tried_again(hands: Hands) -> None:
    hands.world.quotas.set("ml.g5.xlarge", 1)
    hands.register(2, 8)
    hands.minutes(2)
    failed = hands.activities()
    assert {a["StatusCode"] for a in failed} == {"Failed"}
    assert len(failed) == 3
    hands.world.quotas.set("ml.g5.xlarge", 8)
    hands.minutes(1)
    assert hands.capacity == (1, 2)


def test_a_manual_count_outside_the_bounds_stays_until_something_acts(hands: Hands) -> None:
    hands.register(0, 2)
    hands.world.fleet.set_desired(resource(), 4, hands.aws.now(), None)
    hands.settle()
    hands.minutes(3)
    assert hands.capacity == (4, 4)
    hands.api.register_scalable_target(**place())
    assert hands.capacity == (4, 2)

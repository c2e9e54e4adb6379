"""Scheduled actions and scaling activities, through boto3."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.local_aws.world import WorldOptions
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import refused
from tests.local_aws.scaling_hands import DIMENSION, Hands, place, resource

MONDAY = datetime(2026, 11, 23, 5, 40, tzinfo=UTC)
"""06:40 in Berlin; the hands take twenty minutes to get the endpoint into service."""


@pytest.fixture
def hands() -> Iterator[Hands]:
    stepped = SteppedAws(WorldOptions(check_shapes=True), MONDAY.timestamp())
    hands = Hands(stepped)
    hands.register(0, 8)
    yield hands
    stepped.server.stop()


def put(hands: Hands, name: str = "open", schedule: str = "cron(45 7 ? * MON-FRI *)", **params: Any) -> None:
    params.setdefault("ScalableTargetAction", {"MinCapacity": 2})
    hands.api.put_scheduled_action(**place(), ScheduledActionName=name, Schedule=schedule, **params)


def actions(hands: Hands, **params: Any) -> list[dict[str, Any]]:
    answer = hands.api.describe_scheduled_actions(ServiceNamespace="sagemaker", **params)
    return list(answer["ScheduledActions"])


def bounds(hands: Hands) -> tuple[int, int]:
    (target,) = hands.api.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    return target["MinCapacity"], target["MaxCapacity"]


def test_put_and_describe(hands: Hands) -> None:
    start, end = MONDAY + timedelta(days=1), MONDAY + timedelta(days=30)
    change = {"MinCapacity": 1, "MaxCapacity": 4}
    put(hands, Timezone="Europe/Berlin", StartTime=start, EndTime=end, ScalableTargetAction=change)
    (action,) = actions(hands)
    assert action["ScheduledActionARN"].startswith(
        "arn:aws:autoscaling:us-east-1:123456789012:scheduledAction:"
    )
    assert action["ScheduledActionARN"].endswith(":scheduledActionName/open")
    assert (action["Schedule"], action["Timezone"]) == ("cron(45 7 ? * MON-FRI *)", "Europe/Berlin")
    assert (action["StartTime"], action["EndTime"]) == (start, end)
    assert action["ScalableTargetAction"] == change
    assert action["CreationTime"].timestamp() == hands.aws.now()
    assert action["ResourceId"] == resource()


def test_putting_again_keeps_what_is_left_out_but_start_and_end(hands: Hands) -> None:
    put(hands, Timezone="Europe/Berlin", StartTime=MONDAY + timedelta(days=1))
    (before,) = actions(hands)
    hands.minutes(1)
    hands.api.put_scheduled_action(
        **place(), ScheduledActionName="open", ScalableTargetAction={"MaxCapacity": 4}
    )
    (action,) = actions(hands)
    assert (action["Schedule"], action["Timezone"]) == ("cron(45 7 ? * MON-FRI *)", "Europe/Berlin")
    assert "StartTime" not in action
    assert action["ScalableTargetAction"] == {"MaxCapacity": 4}
    assert action["ScheduledActionARN"] == before["ScheduledActionARN"]
    assert action["CreationTime"] == before["CreationTime"]


def test_a_warm_window_opens_and_closes_in_local_time(hands: Hands) -> None:
    put(hands, Timezone="Europe/Berlin")
    put(
        hands,
        "close",
        "cron(0 19 ? * MON-FRI *)",
        Timezone="Europe/Berlin",
        ScalableTargetAction={"MinCapacity": 0},
    )
    hands.minutes(44)
    assert bounds(hands) == (0, 8)
    hands.minutes(2)
    assert bounds(hands) == (2, 8)
    assert hands.capacity == (1, 2)
    moved, opened = hands.activities()[:2]
    assert opened["StartTime"] == datetime(2026, 11, 23, 6, 45, tzinfo=UTC)
    assert opened["Description"] == "Setting min capacity to 2"
    assert opened["Cause"] == "scheduled action name open was triggered"
    assert (opened["StatusCode"], opened["StatusMessage"]) == (
        "Successful",
        "Successfully set min capacity to 2",
    )
    assert moved["Cause"] == "minimum capacity was set to 2"
    hands.aws.advance(12 * 3600)
    assert bounds(hands) == (0, 8)
    assert hands.capacity == (2, 2)  # nothing asks for fewer


def test_what_it_overwrites_stays_after_its_end(hands: Hands) -> None:
    put(hands, schedule="rate(10 minutes)", EndTime=MONDAY + timedelta(minutes=35))
    hands.minutes(12)
    assert bounds(hands) == (2, 8)
    hands.api.register_scalable_target(**place(), MinCapacity=1)
    hands.minutes(60)
    assert bounds(hands) == (1, 8)


def test_at_its_start_time_it_runs_too(hands: Hands) -> None:
    put(hands, StartTime=MONDAY + timedelta(minutes=25))
    hands.minutes(5)
    assert bounds(hands) == (2, 8)


def test_once(hands: Hands) -> None:
    put(hands, schedule="at(2026-11-23T07:05:00)", Timezone="Europe/Berlin")
    hands.minutes(5)
    assert bounds(hands) == (2, 8)


def test_both_bounds_at_once(hands: Hands) -> None:
    put(hands, schedule="rate(2 minutes)", ScalableTargetAction={"MinCapacity": 3, "MaxCapacity": 4})
    hands.minutes(2)
    assert bounds(hands) == (3, 4)
    assert hands.activities()[1]["Description"] == "Setting min capacity to 3 and max capacity to 4"


def test_a_run_that_would_cross_the_bounds_fails(hands: Hands) -> None:
    hands.register(0, 1)
    put(hands, schedule="rate(5 minutes)")
    hands.minutes(5)
    assert bounds(hands) == (0, 1)
    failed = hands.activities()[0]
    assert failed["StatusCode"] == "Failed"
    assert "cannot be less than minimum" in failed["StatusMessage"]


def test_suspended_runs_are_not_made_up_for(hands: Hands) -> None:
    hands.register(0, 8, SuspendedState={"ScheduledScalingSuspended": True})
    put(hands, Timezone="Europe/Berlin")
    hands.minutes(50)
    hands.api.register_scalable_target(**place(), SuspendedState={"ScheduledScalingSuspended": False})
    hands.minutes(10)
    assert bounds(hands) == (0, 8)
    assert hands.activities() == []


def test_while_the_endpoint_is_updating_a_run_sets_the_bounds_and_the_capacity_follows(hands: Hands) -> None:
    put(hands, schedule="rate(1 hour)", ScalableTargetAction={"MinCapacity": 6})
    hands.minutes(59)
    hands.world.fleet.set_desired(resource(), 5, hands.aws.now(), None)
    hands.minutes(1)
    assert bounds(hands) == (6, 8)
    assert hands.capacity[1] == 5
    hands.settle()
    hands.minutes(2)
    assert hands.capacity[1] == 6


def test_assumed_otherwise_a_run_fails_while_the_endpoint_is_updating_and_is_not_repeated(
    hands: Hands,
) -> None:
    options = hands.world.options
    hands.world.options = replace(options, assumptions=replace(options.assumptions, busy_action="fails"))
    put(hands, schedule="rate(1 hour)")
    hands.minutes(59)
    hands.world.fleet.set_desired(resource(), 5, hands.aws.now(), None)
    hands.minutes(1)
    (failed,) = hands.activities()
    assert failed["StatusCode"] == "Failed"
    assert failed["StatusMessage"].startswith(
        "Failed to set min capacity to 2. Reason: Cannot update in-progress endpoint"
    )
    hands.settle()
    hands.minutes(20)
    assert bounds(hands) == (0, 8)


def test_it_ignores_cooldowns(hands: Hands) -> None:
    alarm = hands.put_alarm(hands.put_stepping(Cooldown=36000))
    hands.pull(alarm, 1.0)
    hands.settle()
    put(hands, schedule="rate(5 minutes)", ScalableTargetAction={"MinCapacity": 4})
    hands.minutes(5)
    assert hands.capacity == (2, 4)


def test_deleted_it_does_not_run(hands: Hands) -> None:
    put(hands, schedule="rate(5 minutes)")
    hands.api.delete_scheduled_action(**place(), ScheduledActionName="open")
    hands.minutes(10)
    assert bounds(hands) == (0, 8)
    text = refused(
        hands.api.delete_scheduled_action, "ObjectNotFoundException", **place(), ScheduledActionName="open"
    )
    assert text.startswith("No scheduled action found for service namespace: sagemaker")


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"Schedule": "cron(banana)"}, "six"),
        ({"Schedule": "cron(0 9 * * * *)"}, "exactly one"),
        ({"Schedule": "every monday"}, "not a schedule expression"),
        ({"Timezone": "Mars/Phobos"}, "no time zone"),
        ({"Schedule": "rate(1 hour)", "Timezone": "Europe/Berlin"}, "not supported for rate"),
        ({"Schedule": "at(2020-01-01T00:00:00)"}, "no run in the future"),
        ({"EndTime": MONDAY}, "no run in the future"),
        ({"StartTime": MONDAY + timedelta(days=2), "EndTime": MONDAY + timedelta(days=1)}, "end time"),
        ({"ScalableTargetAction": {}}, "MinCapacity, MaxCapacity, or both"),
        ({"ScalableTargetAction": {"MinCapacity": 5, "MaxCapacity": 4}}, "cannot be less than minimum"),
        ({"ScalableTargetAction": {"MinCapacity": -1}}, "greater than or equal to 0"),
        ({"ScheduledActionName": "a/b"}, "scheduledActionName"),
        ({"ScheduledActionName": " a"}, "scheduledActionName"),
        ({"ScheduledActionName": "a|b"}, "scheduledActionName"),
    ],
)
def test_what_put_refuses(hands: Hands, params: dict[str, Any], text: str) -> None:
    good = {
        "ScheduledActionName": "open",
        "Schedule": "cron(45 7 ? * MON-FRI *)",
        "ScalableTargetAction": {"MinCapacity": 1},
    }
    assert text in refused(hands.api.put_scheduled_action, **place(), **(good | params))
    assert actions(hands) == []


def test_a_new_action_needs_schedule_target_and_change(hands: Hands) -> None:
    call, change = hands.api.put_scheduled_action, {"MinCapacity": 1}
    assert "Schedule must" in refused(call, **place(), ScheduledActionName="a", ScalableTargetAction=change)
    assert "ScalableTargetAction must" in refused(
        call, **place(), ScheduledActionName="a", Schedule="rate(1 hour)"
    )
    hands.create("live", asynchronous=False)
    more = {"ScheduledActionName": "a", "Schedule": "rate(1 hour)"}
    refused(call, "ObjectNotFoundException", **place("live"), **more, ScalableTargetAction=change)
    hands.api.register_scalable_target(**place("live"), MinCapacity=1, MaxCapacity=2)
    text = refused(call, **place("live"), **more, ScalableTargetAction={"MinCapacity": 0})
    assert "real-time" in text


def test_two_hundred_actions_and_their_pages(hands: Hands) -> None:
    for i in range(200):
        put(hands, f"a{i:03}")
    refused(
        hands.api.put_scheduled_action,
        "LimitExceededException",
        **place(),
        ScheduledActionName="one-more",
        Schedule="rate(1 hour)",
        ScalableTargetAction={"MinCapacity": 1},
    )
    put(hands, "a000", "rate(1 day)")
    pages = hands.api.get_paginator("describe_scheduled_actions").paginate(ServiceNamespace="sagemaker")
    names = [action["ScheduledActionName"] for page in pages for action in page["ScheduledActions"]]
    assert names == [f"a{i:03}" for i in range(200)]
    some = actions(hands, ScheduledActionNames=["a007"], ResourceId=resource(), ScalableDimension=DIMENSION)
    assert [action["ScheduledActionName"] for action in some] == ["a007"]


def test_activities_newest_first_in_pages_and_by_resource(hands: Hands) -> None:
    for count in (2, 3, 2, 3):
        hands.register(count, count)
        hands.settle()
    hands.create("other")
    hands.minutes(20)
    hands.api.register_scalable_target(**place("other"), MinCapacity=2, MaxCapacity=2)
    everything = hands.activities()
    assert [a["Description"][-2:-1] for a in everything] == ["2", "3", "2", "3", "2"]
    assert everything[0]["ResourceId"] == resource("other")
    pages = hands.api.get_paginator("describe_scaling_activities").paginate(
        ServiceNamespace="sagemaker", PaginationConfig={"PageSize": 2}
    )
    assert [a for page in pages for a in page["ScalingActivities"]] == everything
    assert hands.activities(ResourceId=resource(), ScalableDimension=DIMENSION) == everything[1:]
    assert hands.activities(ResourceId=resource("unknown")) == []
    refused(hands.api.describe_scaling_activities, ServiceNamespace="sagemaker", MaxResults=51)
    refused(hands.api.describe_scaling_activities, ServiceNamespace="sagemaker", ScalableDimension=DIMENSION)


def test_activities_are_kept_six_weeks_and_outlive_the_target(hands: Hands) -> None:
    hands.register(2, 8)
    hands.settle()
    hands.api.deregister_scalable_target(**place())
    hands.aws.advance(41 * 86400)
    assert len(hands.activities()) == 1
    hands.aws.advance(86400)
    assert hands.activities() == []

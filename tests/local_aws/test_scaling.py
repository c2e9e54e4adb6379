"""How Application Auto Scaling acts: alarms, cooldowns, several policies, bounds, suspended flags."""

from __future__ import annotations

import timeit

import pytest

from ops.core.autoscaling import Outcome
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.scaling_hands import Hands, place


@pytest.fixture
def hands(aws: SteppedAws) -> Hands:
    return Hands(aws)


def test_target_tracking_wakes_scales_out_and_lets_sleep(hands: Hands) -> None:
    hands.register(0, 4)
    high, low = (alarm["AlarmName"] for alarm in hands.put_tracking()["Alarms"])
    hands.minutes(20)
    assert hands.capacity == (0, 0)
    hands.work(3)
    hands.minutes(10)
    assert hands.capacity == (0, 0)  # three waiting are below the target of five
    hands.work(37, 60.0)
    hands.minutes(6)
    hands.settle()
    assert hands.capacity[0] == 4
    newest = [a for a in hands.activities() if a["Description"] == "Setting desired instance count to 4."]
    assert newest[0]["Cause"] == f"monitor alarm {high} in state ALARM triggered policy backlog"
    hands.minutes(60)
    assert hands.capacity == (0, 0)
    last = hands.activities()[0]
    assert last["Cause"] == f"monitor alarm {low} in state ALARM triggered policy backlog"
    assert last["StatusMessage"] == (
        "Successfully set desired instance count to 0. Change successfully fulfilled by sagemaker."
    )
    assert last["StatusCode"] == "Successful"
    assert last["EndTime"] > last["StartTime"]


def test_one_request_wakes_through_the_step_policy(hands: Hands) -> None:
    hands.register(0, 4)
    hands.put_tracking()
    wake = hands.put_stepping()
    hands.world.alarms.put(
        {
            "AlarmName": "HasBacklogWithoutCapacity-doc",
            "MetricName": "HasBacklogWithoutCapacity",
            "Namespace": "AWS/SageMaker",
            "Statistic": "Average",
            "Dimensions": [{"Name": "EndpointName", "Value": "doc"}],
            "Period": 60,
            "EvaluationPeriods": 2,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "AlarmActions": [wake],
        }
    )
    hands.minutes(20)
    assert hands.capacity == (0, 0)
    hands.work(1)
    hands.minutes(5)
    assert hands.capacity[1] == 1
    hands.settle()
    assert hands.capacity == (1, 1)
    assert (
        hands.causes()[0]
        == "monitor alarm HasBacklogWithoutCapacity-doc in state ALARM triggered policy wake"
    )


def test_target_tracking_on_metric_math(hands: Hands) -> None:
    hands.register(1, 8)
    metric = {"MetricName": "InFlight", "Namespace": "Mine", "Dimensions": []}
    queries = [
        {"Id": "m1", "MetricStat": {"Metric": metric, "Stat": "Maximum"}, "ReturnData": False},
        {"Id": "e1", "Expression": "FILL(m1,0) * 2"},
    ]
    config = {"TargetValue": 5.0, "CustomizedMetricSpecification": {"Metrics": queries}}
    hands.api.put_scaling_policy(
        **place(),
        PolicyName="work",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=config,
    )
    for _ in range(6):
        hands.publish("InFlight", 6.0)
        hands.minutes(1)
    assert hands.capacity == (1, 3)
    assert hands.causes()[0].endswith("in state ALARM triggered policy work")


def test_in_progress_then_fulfilled(hands: Hands) -> None:
    hands.register(1, 4)
    hands.pull(hands.put_alarm(hands.put_stepping()), 1.0)
    (running,) = hands.activities()
    assert running["StatusCode"] == "InProgress"
    assert "EndTime" not in running
    assert running["StatusMessage"].endswith("Waiting for change to be fulfilled by sagemaker.")
    hands.settle()
    assert hands.activities()[0]["StatusCode"] == "Successful"


def test_one_activity_at_a_time(hands: Hands) -> None:
    hands.register(1, 4)
    alarm = hands.put_alarm(hands.put_stepping())
    hands.pull(alarm, 1.0)
    hands.pull(alarm, 1.0)
    assert hands.capacity[1] == 2
    assert len(hands.activities()) == 1


def test_scale_out_cooldown_starts_when_the_activity_completes(hands: Hands) -> None:
    hands.register(1, 8)
    alarm = hands.put_alarm(hands.put_stepping(Cooldown=300))
    hands.pull(alarm, 1.0)
    hands.settle()
    hands.pull(alarm, 1.0)
    assert hands.capacity == (2, 2)
    hands.minutes(6)
    hands.pull(alarm, 1.0)
    assert hands.capacity == (2, 3)


def test_a_larger_step_passes_the_cooldown_less_what_was_just_added(hands: Hands) -> None:
    hands.register(1, 8)
    small = hands.put_alarm(hands.put_stepping("small", 2), "small")
    large = hands.put_alarm(hands.put_stepping("large", 3), "large")
    hands.pull(small, 1.0)
    hands.settle()
    assert hands.capacity == (3, 3)
    hands.world.alarms.set_state(hands.world.alarms.get("small"), "OK", "done", None, hands.aws.now())
    hands.pull(large, 1.0)
    assert hands.capacity == (3, 4)


def test_a_smaller_step_in_the_cooldown_is_no_scale_in_and_no_refusal(hands: Hands) -> None:
    hands.register(1, 8)
    large = hands.put_alarm(hands.put_stepping("large", 3), "large")
    small = hands.put_alarm(hands.put_stepping("small", 1), "small")
    hands.pull(large, 1.0)
    hands.settle()
    hands.pull(small, 1.0)
    hands.pull(large, 1.0)
    assert hands.capacity == (4, 4)
    assert hands.reasons() == []


def test_a_step_that_removes_counts_from_what_is_there(hands: Hands) -> None:
    hands.register(1, 8)
    grow = hands.put_alarm(hands.put_stepping("grow", 3), "grow")
    shrink = hands.put_alarm(hands.put_stepping("shrink", -1), "shrink")
    hands.pull(grow, 1.0)
    hands.settle()
    hands.world.alarms.set_state(hands.world.alarms.get("grow"), "OK", "done", None, hands.aws.now())
    hands.pull(shrink, 1.0)
    assert hands.capacity == (4, 3)


def test_scale_in_cooldown_holds_scale_in_and_a_scale_out_clears_it(hands: Hands) -> None:
    hands.register(0, 8)
    shrink = hands.put_alarm(hands.put_stepping("shrink", -1, Cooldown=3600), "shrink")
    grow = hands.put_alarm(hands.put_stepping("grow", 1, Cooldown=0), "grow")
    hands.pull(grow, 1.0)
    hands.settle()
    ok = hands.world.alarms.get("grow")
    hands.world.alarms.set_state(ok, "OK", "done", None, hands.aws.now())
    hands.pull(shrink, 1.0)
    hands.settle()
    hands.pull(shrink, 1.0)
    assert hands.capacity == (1, 1)
    hands.world.alarms.set_state(hands.world.alarms.get("shrink"), "OK", "done", None, hands.aws.now())
    hands.pull(grow, 1.0)
    hands.settle()
    assert hands.capacity == (2, 2)
    hands.world.alarms.set_state(ok, "OK", "done", None, hands.aws.now())
    hands.pull(shrink, 1.0)
    assert hands.capacity == (2, 1)


def test_a_failed_change_starts_no_cooldown_and_says_why(hands: Hands) -> None:
    hands.register(1, 8)
    hands.world.quotas.set("ml.g5.xlarge", 1)
    alarm = hands.put_alarm(hands.put_stepping())
    hands.pull(alarm, 1.0)
    failed = hands.activities()[0]
    assert failed["StatusCode"] == "Failed"
    assert failed["StatusMessage"].startswith("Failed to set desired instance count to 2. Reason: ")
    assert "'ml.g5.xlarge for endpoint usage' is 1 Instances" in failed["StatusMessage"]
    assert hands.capacity == (1, 1)
    hands.world.quotas.set("ml.g5.xlarge", 4)
    hands.pull(alarm, 1.0)
    assert hands.capacity == (1, 2)


def test_no_capacity_in_the_region_fails_after_a_while(hands: Hands) -> None:
    hands.register(1, 8)
    hands.world.fleet.inject("doc", capacity_refused=True)
    hands.pull(hands.put_alarm(hands.put_stepping()), 1.0)
    assert hands.activities()[0]["StatusCode"] == "InProgress"
    hands.minutes(60)
    assert "InsufficientInstanceCapacity" in hands.activities()[-1]["StatusMessage"]


def test_of_several_policies_the_largest_capacity_wins(hands: Hands) -> None:
    paused = {"DynamicScalingInSuspended": True, "DynamicScalingOutSuspended": True}
    hands.register(0, 8, SuspendedState=paused)
    for name, adjustment in (("a-shrink", -1), ("b-grow", 1), ("c-grow-more", 3)):
        hands.put_alarm(hands.put_stepping(name, adjustment), name)
        hands.publish(name, 1.0)
    hands.minutes(2)
    assert hands.capacity == (1, 1)
    hands.api.register_scalable_target(**place(), SuspendedState=dict.fromkeys(paused, False))
    hands.minutes(1)
    assert hands.capacity == (1, 4)
    assert hands.causes() == ["monitor alarm c-grow-more in state ALARM triggered policy c-grow-more"]


def test_target_tracking_scales_in_only_if_all_agree(hands: Hands) -> None:
    hands.register(0, 8)
    low = hands.put_tracking("first")["Alarms"][1]["AlarmName"]
    other = hands.put_tracking("second", 0.5)["Alarms"][1]["AlarmName"]
    hands.pull(low, 0.0)
    assert hands.capacity == (1, 1)
    hands.pull(other, 0.0)
    assert hands.capacity == (1, 0)


def test_a_policy_that_may_not_scale_in_has_no_say_in_it(hands: Hands) -> None:
    hands.register(0, 8)
    low = hands.put_tracking("first")["Alarms"][1]["AlarmName"]
    hands.put_tracking("second", DisableScaleIn=True)
    hands.pull(low, 0.0)
    assert hands.capacity == (1, 0)


def test_step_scale_in_is_not_held_by_target_tracking(hands: Hands) -> None:
    hands.register(0, 8)
    hands.put_tracking()
    hands.pull(hands.put_alarm(hands.put_stepping("shrink", -1)), 1.0)
    assert hands.capacity == (1, 0)


def test_scale_in_looks_at_the_largest_value_of_the_range(hands: Hands) -> None:
    hands.register(0, 8)
    low = hands.put_tracking()["Alarms"][1]["AlarmName"]
    hands.pull(low, 4.0, 0.0)
    assert hands.capacity == (1, 1)
    assert hands.reasons() == ["AutoScalingAnticipatedFlapping"]


def test_a_scale_in_step_written_for_the_wrong_side_never_matches(hands: Hands) -> None:
    hands.register(0, 8)
    alarm = hands.put_alarm(hands.put_stepping("shrink", -1), comparison="LessThanThreshold")
    hands.pull(alarm, 0.0)
    assert hands.capacity == (1, 1)


@pytest.mark.parametrize(
    ("low", "high", "adjustment", "code"),
    [(1, 8, -1, "AlreadyAtMinCapacity"), (1, 1, 1, "AlreadyAtMaxCapacity")],
)
def test_at_a_bound_it_says_so_once_per_transition(
    hands: Hands, low: int, high: int, adjustment: int, code: str
) -> None:
    hands.register(low, high)
    arn = hands.put_stepping("step", adjustment)
    name = hands.put_alarm(arn)
    hands.pull(name, 1.0)
    alarm = hands.world.alarms.get(name)
    assert alarm is not None
    for _ in range(5):
        assert hands.world.scaling.on_alarm(arn, alarm, hands.aws.now()) is Outcome.NOTHING
    assert hands.reasons() == [code]
    assert hands.activities() == []
    hands.world.alarms.set_state(alarm, "OK", "done", None, hands.aws.now())
    hands.minutes(1)
    hands.pull(name, 1.0)
    assert hands.reasons() == [code, code]
    noted = hands.activities(IncludeNotScaledActivities=True)[0]
    assert noted["NotScaledReasons"][0]["CurrentCapacity"] == 1
    assert noted["Description"] == "Attempting to scale due to alarm triggered"


def test_its_own_calls_are_on_record(hands: Hands) -> None:
    hands.register(2, 8)
    found = hands.aws.client("cloudtrail").lookup_events(
        LookupAttributes=[
            {"AttributeKey": "EventName", "AttributeValue": "UpdateEndpointWeightsAndCapacities"}
        ]
    )["Events"]
    assert found[0]["Username"] == "AutoScaling-UpdateDesiredCapacity"
    event = found[0]["CloudTrailEvent"]
    assert "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint" in event
    assert '"desiredInstanceCount": 2' in event.replace('":2', '": 2')


def test_a_deregistered_target_is_left_alone(hands: Hands) -> None:
    hands.register(0, 8)
    hands.put_tracking()
    hands.api.deregister_scalable_target(**place())
    hands.minutes(30)
    assert hands.capacity == (1, 1)


def test_the_same_seed_gives_the_same_ids() -> None:
    def ids() -> list[str]:
        stepped = SteppedAws()
        hands = Hands(stepped)
        found = [
            hands.register(2, 8),
            hands.put_stepping(),
            *(a["AlarmARN"] for a in hands.put_tracking()["Alarms"]),
        ]
        found += [a["ActivityId"] for a in hands.activities()]
        stepped.server.stop()
        return found

    first = ids()
    assert first == ids()
    assert len(set(first)) == len(first)


def test_asking_again_at_the_minimum_costs_little(hands: Hands) -> None:
    hands.register(1, 8)
    answer = hands.put_tracking()
    alarm = hands.world.alarms.get(answer["Alarms"][1]["AlarmName"])
    assert alarm is not None
    hands.pull(alarm.name, 0.0)
    now, act = hands.aws.now(), hands.world.scaling.on_alarm
    best = min(timeit.repeat(lambda: act(answer["PolicyARN"], alarm, now), number=2000, repeat=7)) / 2000
    assert best < 20e-6

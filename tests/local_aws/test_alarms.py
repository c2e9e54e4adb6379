"""Alarms at work: stepped by the fleet or evaluated aside, what a transition sets off, the history."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ops.core.autoscaling import ALARM, INSUFFICIENT, OK
from ops.local_aws.alarms import Alarm
from ops.local_aws.clock import SimClock
from ops.local_aws.world import World
from tests.local_aws.conftest import START, SteppedAws
from tests.local_aws.test_cloudwatch_alarms import POLICY, wake, without
from tests.local_aws.test_cloudwatch_data import metric

DIMS = {"EndpointName": "doc-async"}
AWS = "AWS/SageMaker"


@pytest.fixture
def world() -> World:
    return World(SimClock(START, 1.0, lambda: 0.0))


def flag(world: World) -> Any:
    return world.metrics.gauge(AWS, "HasBacklogWithoutCapacity", DIMS, "Count")


def step(world: World, alarm: Alarm, minutes: range) -> list[tuple[str, tuple[str, ...]]]:
    """State and policies to run after each minute, each seen when it is published."""
    told = []
    for minute in minutes:
        run = world.alarms.step(alarm, minute, minute * 60.0 + 120)
        told.append((alarm.machine.state, tuple(run)))
    return told


def test_a_policy_runs_each_minute_for_as_long_as_the_alarm_lasts(world: World) -> None:
    first = world.first_minute
    flag(world).fill(first, first + 10, 0.0)
    flag(world).fill(first + 3, first + 7, 1.0)
    alarm = world.alarms.put(wake(AlarmActions=[POLICY]), first * 60.0)
    told = step(world, alarm, range(first, first + 9))
    assert [state for state, _ in told] == [OK, OK, OK, OK, ALARM, ALARM, ALARM, OK, OK]
    assert [len(run) for _, run in told] == [0, 0, 0, 0, 1, 1, 1, 0, 0]
    assert told[4][1] == (POLICY,)


def test_disabled_actions_run_nothing_but_the_state_goes_on(world: World) -> None:
    first = world.first_minute
    flag(world).fill(first, first + 5, 1.0)
    alarm = world.alarms.put(wake(AlarmActions=[POLICY], ActionsEnabled=False), first * 60.0)
    assert step(world, alarm, range(first, first + 3))[-1] == (ALARM, ())
    world.alarms.enable("wake", True, first * 60.0)
    assert step(world, alarm, range(first + 3, first + 4)) == [(ALARM, (POLICY,))]


def test_an_alarm_may_be_put_before_its_metric_exists(world: World) -> None:
    first = world.first_minute
    alarm = world.alarms.put(wake(EvaluationPeriods=1, DatapointsToAlarm=1), first * 60.0)
    assert step(world, alarm, range(first, first + 1)) == [(INSUFFICIENT, ())]
    flag(world).put(first + 1, 0.0)
    assert step(world, alarm, range(first + 1, first + 2)) == [(OK, ())]


def test_an_alarm_of_another_unit_never_has_data(world: World) -> None:
    first = world.first_minute
    flag(world).fill(first, first + 5, 1.0)
    alarm = world.alarms.put(wake(Unit="Seconds"), first * 60.0)
    assert step(world, alarm, range(first, first + 5))[-1] == (INSUFFICIENT, ())


def test_a_new_alarm_looks_at_what_was_already_published(world: World) -> None:
    now = world.minute
    flag(world).fill(now - 10, now, 1.0)
    alarm = world.alarms.put(wake())
    assert alarm.machine.state == INSUFFICIENT
    visible = world.metrics.visible_minute(world.now())
    assert step(world, alarm, range(visible, visible + 1))[0][0] == ALARM


def test_latest_and_recent_are_the_datapoints_that_decide(world: World) -> None:
    first = world.first_minute
    series = flag(world)
    alarm = world.alarms.put(wake(EvaluationPeriods=3, DatapointsToAlarm=3), first * 60.0)
    assert (alarm.latest, alarm.recent()) == (None, [])
    for i, value in enumerate((1.0, 2.0, 3.0, 4.0)):
        series.put(first + i, value)
    step(world, alarm, range(first, first + 5))
    assert alarm.recent() == [2.0, 3.0, 4.0]
    assert alarm.latest == 4.0


def test_watching_follows_what_is_put_and_deleted(world: World) -> None:
    book = world.alarms
    assert book.watching("doc-async") == []
    book.put(wake("one"))
    book.put(wake("five minutes", Period=300))
    book.put(without(wake("p99"), "Statistic") | {"ExtendedStatistic": "p99"})
    book.put(wake("own", Namespace="Jobs"))
    book.put(wake("elsewhere", Dimensions=[{"Name": "EndpointName", "Value": "other"}]))
    assert [a.name for a in book.watching("doc-async")] == ["one"]
    assert [a.name for a in book.watching("other")] == ["elsewhere"]
    assert book.watching("doc-async") is book.watching("doc-async")
    book.delete(["one"])
    assert book.watching("doc-async") == []


def test_quiet_means_that_more_of_the_same_changes_nothing(world: World) -> None:
    first = world.first_minute
    flag(world).fill(first, first + 30, 0.0)
    alarm = world.alarms.put(wake(AlarmActions=[POLICY]), first * 60.0)
    step(world, alarm, range(first, first + 2))
    assert not alarm.quiet
    step(world, alarm, range(first + 2, first + 10))
    assert alarm.quiet
    flag(world).fill(first + 10, first + 20, 1.0)
    step(world, alarm, range(first + 10, first + 20))
    assert alarm.machine.settled
    assert not alarm.quiet  # its policy runs each minute


def test_history_tells_both_states_and_the_datapoints(world: World) -> None:
    first = world.first_minute
    flag(world).fill(first, first + 3, 0.0)
    flag(world).fill(first + 3, first + 6, 1.0)
    alarm = world.alarms.put(wake(AlarmActions=[POLICY]), first * 60.0)
    step(world, alarm, range(first, first + 6))
    kinds = [(item.kind, item.summary) for item in world.alarms.history]
    assert kinds == [
        ("ConfigurationUpdate", 'Alarm "wake" created'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to OK"),
        ("StateUpdate", "Alarm updated from OK to ALARM"),
        ("Action", f"Successfully executed action {POLICY}"),
    ]
    change = list(world.alarms.history)[2]
    data = json.loads(change.json())
    assert data["oldState"]["stateValue"] == "OK"
    new = data["newState"]
    assert new["stateValue"] == "ALARM"
    assert new["stateReason"].startswith("Threshold Crossed: 2 out of the last 2 datapoints [1.0 (")
    assert (
        "were greater than or equal to the threshold (1.0) (minimum 2 datapoints for OK -> ALARM"
        in new["stateReason"]
    )
    assert new["stateReasonData"]["recentDatapoints"] == [1.0, 1.0]
    assert new["stateReasonData"]["threshold"] == 1.0
    newest = new["stateReasonData"]["evaluatedDatapoints"][0]
    assert newest["value"] == 1.0
    assert change.at == (first + 4) * 60 + 120
    assert alarm.reason == new["stateReason"]


def test_a_long_range_stays_within_the_limits_of_aws(world: World) -> None:
    first = world.first_minute
    flag(world).fill(first, first + 400, 1.0 / 3)
    alarm = world.alarms.put(wake(EvaluationPeriods=300, DatapointsToAlarm=300, Threshold=0.1), first * 60.0)
    step(world, alarm, range(first, first + 300))
    assert alarm.machine.state == ALARM
    assert len(alarm.reason) <= 1023
    assert "300 datapoints were" in alarm.reason
    assert all(len(item.json()) <= 4095 for item in world.alarms.history)


@pytest.mark.parametrize(
    ("missing", "state", "says"),
    [
        (
            "breaching",
            ALARM,
            "no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching]",
        ),
        ("notBreaching", OK, "2 missing datapoints were treated as [NonBreaching]"),
    ],
)
def test_reasons_name_missing_data(world: World, missing: str, state: str, says: str) -> None:
    first = world.first_minute
    alarm = world.alarms.put(wake(TreatMissingData=missing), first * 60.0)
    step(world, alarm, range(first, first + 3))
    assert alarm.machine.state == state
    assert says in alarm.reason


def test_history_keeps_two_weeks(world: World) -> None:
    first = world.first_minute
    series = flag(world)
    alarm = world.alarms.put(wake(EvaluationPeriods=1, DatapointsToAlarm=1), first * 60.0)
    for day in range(30):
        minute = first + day * 1440
        series.put(minute, 1.0)
        series.put(minute + 1, 0.0)
        step(world, alarm, range(minute, minute + 2))
    newest = max(item.at for item in world.alarms.history)
    assert 28 <= len(world.alarms.history) <= 30
    assert all(item.at >= newest - 15 * 86400 for item in world.alarms.history)


def test_the_newest_state_goes_to_the_topic(aws: SteppedAws) -> None:
    topic = aws.client("sns").create_topic(Name="alarms")["TopicArn"]
    queue = aws.client("sqs").create_queue(QueueName="alarms")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:alarms"
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    aws.client("cloudwatch").put_metric_alarm(
        **wake(AlarmActions=[topic], Namespace="Jobs", TreatMissingData="breaching")
    )
    aws.advance(180)
    (message,) = aws.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    envelope = json.loads(message["Body"])
    assert envelope["Subject"] == 'ALARM: "wake" in US East (N. Virginia)'
    told = json.loads(envelope["Message"])
    assert (told["OldStateValue"], told["NewStateValue"]) == ("INSUFFICIENT_DATA", "ALARM")
    assert told["Trigger"]["MetricName"] == "HasBacklogWithoutCapacity"
    assert told["Trigger"]["Dimensions"] == [{"value": "doc-async", "name": "EndpointName"}]
    history = aws.client("cloudwatch").describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert [h["HistorySummary"] for h in history] == [f"Successfully executed action {topic}"]


def test_messages_of_the_back_fill_are_not_sent(world: World) -> None:
    first = world.first_minute
    flag(world).fill(first, first + 5, 1.0)
    topic = "arn:aws:sns:us-east-1:123456789012:none"
    alarm = world.alarms.put(wake(AlarmActions=[topic]), first * 60.0)
    step(world, alarm, range(first, first + 4))
    assert alarm.machine.state == ALARM
    assert [item.kind for item in world.alarms.history if item.kind == "Action"] == []


def aside(**changes: Any) -> dict[str, Any]:
    return wake("aside", Namespace="Jobs", MetricName="Waiting", Dimensions=[], **changes)


@pytest.mark.parametrize(
    "alarm",
    [
        aside(Statistic="Maximum"),
        aside(Statistic="Sum", Period=300, EvaluationPeriods=1, DatapointsToAlarm=1),
        without(aside(), "Statistic") | {"ExtendedStatistic": "p90"},
    ],
)
def test_alarms_on_own_metrics(aws: SteppedAws, alarm: dict[str, Any]) -> None:
    client = aws.client("cloudwatch")
    client.put_metric_alarm(**alarm)

    def state_after(value: float, minutes: int) -> str:
        for _ in range(minutes):
            client.put_metric_data(Namespace="Jobs", MetricData=[{"MetricName": "Waiting", "Value": value}])
            aws.advance(60)
        return str(client.describe_alarms()["MetricAlarms"][0]["StateValue"])

    assert state_after(0.0, 6) == OK
    assert state_after(5.0, 3) == ALARM
    assert state_after(0.0, 6) == OK


def test_a_math_alarm_is_evaluated(aws: SteppedAws) -> None:
    client = aws.client("cloudwatch")
    own = {"Metric": {"Namespace": "Jobs", "MetricName": "Waiting"}, "Period": 60, "Stat": "Maximum"}
    queries = [
        {"Id": "w", "MetricStat": own, "ReturnData": False},
        metric("m", ReturnData=False),
        {"Id": "e", "Expression": "FILL(w, 0) * 2 + FILL(m, 0)", "ReturnData": True},
    ]
    base = without(wake("math"), "Namespace", "MetricName", "Dimensions", "Statistic", "Period")
    client.put_metric_alarm(**base, Metrics=queries)
    aws.advance(300)
    assert client.describe_alarms()["MetricAlarms"][0]["StateValue"] == INSUFFICIENT
    for _ in range(5):
        client.put_metric_data(Namespace="Jobs", MetricData=[{"MetricName": "Waiting", "Value": 0.5}])
        aws.advance(60)
    alarm = client.describe_alarms()["MetricAlarms"][0]
    assert alarm["StateValue"] == ALARM
    assert json.loads(alarm["StateReasonData"])["recentDatapoints"] == [1.0, 1.0]


def test_setting_a_state_is_undone_by_the_next_evaluation(aws: SteppedAws) -> None:
    client = aws.client("cloudwatch")
    client.put_metric_alarm(**aside(TreatMissingData="notBreaching"))
    aws.advance(60)
    client.set_alarm_state(AlarmName="aside", StateValue="ALARM", StateReason="test")
    assert client.describe_alarms()["MetricAlarms"][0]["StateValue"] == ALARM
    aws.advance(60)
    assert client.describe_alarms()["MetricAlarms"][0]["StateValue"] == OK


@pytest.mark.parametrize(
    ("data", "summary"),
    [
        (None, "Failed to execute action"),
        ({"recentDatapoints": [1.0]}, "Successfully executed action"),
    ],
)
def test_a_policy_needs_the_reason_data_of_a_state_set_by_hand(
    aws: SteppedAws, data: dict[str, Any] | None, summary: str
) -> None:
    client = aws.client("cloudwatch")
    client.put_metric_alarm(**wake(AlarmActions=[POLICY]))
    extra = {"StateReasonData": json.dumps(data)} if data else {}
    client.set_alarm_state(AlarmName="wake", StateValue="ALARM", StateReason="test", **extra)
    (item,) = client.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert item["HistorySummary"] == f"{summary} {POLICY}"

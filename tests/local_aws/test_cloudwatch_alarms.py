"""Alarm operations through boto3."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.conftest import SteppedAws
from tests.local_aws.test_cloudwatch_data import metric

POLICY = (
    "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:x:resource/sagemaker/endpoint/e:policyName/p"
)


def wake(name: str = "wake", **changes: Any) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "Namespace": "AWS/SageMaker",
        "MetricName": "HasBacklogWithoutCapacity",
        "Dimensions": [{"Name": "EndpointName", "Value": "doc-async"}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 2,
        "DatapointsToAlarm": 2,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "missing",
    } | changes


def without(alarm: dict[str, Any], *names: str) -> dict[str, Any]:
    return {k: v for k, v in alarm.items() if k not in names}


def test_a_new_alarm_comes_back_as_it_was_put(aws: SteppedAws) -> None:
    client = aws.client("cloudwatch")
    given = wake(AlarmActions=[POLICY], AlarmDescription="wakes", Unit="Count")
    client.put_metric_alarm(**given)
    (alarm,) = client.describe_alarms()["MetricAlarms"]
    assert {k: alarm[k] for k in given} == given
    assert alarm["StateValue"] == "INSUFFICIENT_DATA"
    assert alarm["AlarmArn"] == "arn:aws:cloudwatch:us-east-1:123456789012:alarm:wake"
    assert alarm["ActionsEnabled"] is True
    assert alarm["StateUpdatedTimestamp"].timestamp() == aws.now()


def test_an_update_replaces_the_definition_and_keeps_the_state(aws: SteppedAws) -> None:
    client = aws.client("cloudwatch")
    client.put_metric_alarm(**wake(AlarmDescription="old"))
    client.set_alarm_state(AlarmName="wake", StateValue="OK", StateReason="by hand")
    client.put_metric_alarm(**without(wake(Threshold=2.0), "TreatMissingData"))
    (alarm,) = client.describe_alarms()["MetricAlarms"]
    assert (alarm["StateValue"], alarm["Threshold"]) == ("OK", 2.0)
    assert "AlarmDescription" not in alarm
    assert "TreatMissingData" not in alarm


def test_an_alarm_on_metric_math(aws: SteppedAws) -> None:
    client = aws.client("cloudwatch")
    queries = [metric("m", ReturnData=False), {"Id": "e", "Expression": "FILL(m, 0) / 2", "ReturnData": True}]
    base = without(wake(), "Namespace", "MetricName", "Dimensions", "Statistic", "Period")
    client.put_metric_alarm(**base, Metrics=queries)
    assert client.describe_alarms()["MetricAlarms"][0]["Metrics"] == queries


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Period": 7}, "ValidationError"),
        ({"Period": 90}, "ValidationError"),
        ({"DatapointsToAlarm": 3}, "ValidationError"),
        ({"EvaluationPeriods": 1441}, "ValidationError"),
        ({"Period": 3600, "EvaluationPeriods": 169}, "ValidationError"),
        ({"TreatMissingData": "guess"}, "ValidationError"),
        ({"ComparisonOperator": "About"}, "ValidationError"),
        ({"Statistic": "Mean"}, "ValidationError"),
        ({"AlarmActions": ["call me"]}, "ValidationError"),
        ({"AlarmActions": [POLICY] * 6}, "ValidationError"),
        ({"AlarmName": "x" * 256}, "ValidationError"),
        ({"ExtendedStatistic": "p99"}, "InvalidParameterCombination"),
        ({"Metrics": [metric()]}, "InvalidParameterCombination"),
        ({"Tags": [{"Key": "aws:own", "Value": ""}]}, "InvalidParameterValue"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "NotImplemented"),
        ({"Threshold": None}, "MissingParameter"),
        ({"EvaluationPeriods": None}, "MissingParameter"),
        ({"Namespace": None}, "MissingParameter"),
        ({"Period": None}, "MissingParameter"),
        ({"Statistic": None}, "InvalidParameterCombination"),
        ({"Statistic": None, "ExtendedStatistic": "p200"}, "ValidationError"),
    ],
)
def test_alarms_that_aws_refuses(aws: SteppedAws, changes: dict[str, Any], code: str) -> None:
    client = aws.client("cloudwatch")
    with pytest.raises(ClientError) as caught:
        client.put_metric_alarm(**{k: v for k, v in wake(**changes).items() if v is not None})
    assert caught.value.response["Error"]["Code"] == code
    assert client.describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize(
    ("queries", "says"),
    [
        ([metric("a"), metric("b")], "Exactly one"),
        ([metric("a", ReturnData=False), metric("b", period=300)], "same period"),
        ([metric("a", ReturnData=False), {"Id": "e", "Expression": "a +"}], "syntax"),
        ([metric("a", ReturnData=False), {"Id": "e", "Expression": "AVG(a)"}], "time series"),
        ([{"Id": "e", "Expression": "TIME_SERIES(1)"}], "at least one metric"),
        ([metric(f"m{i}", ReturnData=i == 0) for i in range(11)], "at most 10"),
    ],
)
def test_math_that_aws_refuses(aws: SteppedAws, queries: list[Any], says: str) -> None:
    base = without(wake(), "Namespace", "MetricName", "Dimensions", "Statistic", "Period")
    with pytest.raises(ClientError, match=says):
        aws.client("cloudwatch").put_metric_alarm(**base, Metrics=queries)


def test_filters_and_pages_of_describe_alarms(aws: SteppedAws) -> None:
    client = aws.client("cloudwatch")
    for i in range(7):
        client.put_metric_alarm(**wake(f"a{i}", AlarmActions=[POLICY] if i % 2 else []))
    client.put_metric_alarm(**wake("b"))
    client.set_alarm_state(AlarmName="b", StateValue="OK", StateReason="")

    def names(**asked: Any) -> list[str]:
        pages = client.get_paginator("describe_alarms").paginate(**asked)
        return [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]

    assert names(PaginationConfig={"PageSize": 3}) == [f"a{i}" for i in range(7)] + ["b"]
    assert len(client.describe_alarms(MaxRecords=3)["MetricAlarms"]) == 3
    assert names(AlarmNamePrefix="a") == [f"a{i}" for i in range(7)]
    assert names(AlarmNames=["b", "a3", "none"]) == ["a3", "b"]
    assert names(StateValue="OK") == ["b"]
    assert names(ActionPrefix="arn:aws:autoscaling") == ["a1", "a3", "a5"]
    assert names(AlarmTypes=["CompositeAlarm"]) == []
    with pytest.raises(ClientError):
        client.describe_alarms(AlarmNames=["b"], AlarmNamePrefix="a")
    with pytest.raises(client.exceptions.InvalidNextToken):
        client.describe_alarms(NextToken="rubbish")


def test_alarms_for_a_metric(aws: SteppedAws) -> None:
    client = aws.client("cloudwatch")
    client.put_metric_alarm(**wake())
    client.put_metric_alarm(**wake("other", MetricName="ApproximateAgeOfOldestRequest"))
    asked = {k: wake()[k] for k in ("Namespace", "MetricName", "Dimensions")}
    assert [a["AlarmName"] for a in client.describe_alarms_for_metric(**asked)["MetricAlarms"]] == ["wake"]
    assert client.describe_alarms_for_metric(**asked | {"Dimensions": []})["MetricAlarms"] == []
    assert client.describe_alarms_for_metric(**asked, Statistic="Sum")["MetricAlarms"] == []


def test_deleting_is_all_or_nothing(aws: SteppedAws) -> None:
    client = aws.client("cloudwatch")
    for name in ("one", "two"):
        client.put_metric_alarm(**wake(name))
    with pytest.raises(client.exceptions.ResourceNotFound, match="three"):
        client.delete_alarms(AlarmNames=["one", "three"])
    assert len(client.describe_alarms()["MetricAlarms"]) == 2
    client.delete_alarms(AlarmNames=["one", "two"])
    assert client.describe_alarms()["MetricAlarms"] == []


def test_history_of_configuration_and_state(aws: SteppedAws) -> None:
    client = aws.client("cloudwatch")
    client.put_metric_alarm(**wake(TreatMissingData="ignore"))
    aws.clock.jump(60)
    client.set_alarm_state(AlarmName="wake", StateValue="OK", StateReason="by hand")
    aws.clock.jump(60)
    client.put_metric_alarm(**wake(Threshold=3.0, TreatMissingData="ignore"))
    aws.clock.jump(60)
    client.delete_alarms(AlarmNames=["wake"])

    def told(**asked: Any) -> list[tuple[str, str]]:
        pages = client.get_paginator("describe_alarm_history").paginate(**asked)
        return [(i["HistoryItemType"], i["HistorySummary"]) for p in pages for i in p["AlarmHistoryItems"]]

    whole = [
        ("ConfigurationUpdate", 'Alarm "wake" deleted'),
        ("ConfigurationUpdate", 'Alarm "wake" updated'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to OK"),
        ("ConfigurationUpdate", 'Alarm "wake" created'),
    ]
    assert told() == whole
    assert (
        told(AlarmName="wake", ScanBy="TimestampAscending", PaginationConfig={"PageSize": 1}) == whole[::-1]
    )
    assert told(HistoryItemType="StateUpdate") == [whole[2]]
    assert told(StartDate=aws.now() - 60) == whole[:2]
    assert told(EndDate=aws.now() - 180) == whole[3:]
    assert told(AlarmName="other") == []
    item = client.describe_alarm_history(HistoryItemType="StateUpdate")["AlarmHistoryItems"][0]
    data = json.loads(item["HistoryData"])
    assert data["oldState"]["stateValue"] == "INSUFFICIENT_DATA"
    assert data["newState"] == {"stateValue": "OK", "stateReason": "by hand"}


def test_switching_actions_off_and_on(aws: SteppedAws) -> None:
    client = aws.client("cloudwatch")
    client.put_metric_alarm(**wake())
    client.disable_alarm_actions(AlarmNames=["wake", "unknown"])
    assert client.describe_alarms()["MetricAlarms"][0]["ActionsEnabled"] is False
    client.enable_alarm_actions(AlarmNames=["wake"])
    assert client.describe_alarms()["MetricAlarms"][0]["ActionsEnabled"] is True


def test_setting_a_state_by_hand(aws: SteppedAws) -> None:
    client = aws.client("cloudwatch")
    client.put_metric_alarm(**wake())
    client.set_alarm_state(
        AlarmName="wake", StateValue="ALARM", StateReason="test", StateReasonData='{"a": 1}'
    )
    (alarm,) = client.describe_alarms()["MetricAlarms"]
    assert (alarm["StateValue"], alarm["StateReason"], alarm["StateReasonData"]) == (
        "ALARM",
        "test",
        '{"a": 1}',
    )
    with pytest.raises(client.exceptions.ResourceNotFound):
        client.set_alarm_state(AlarmName="none", StateValue="OK", StateReason="")
    with pytest.raises(client.exceptions.InvalidFormatFault):
        client.set_alarm_state(AlarmName="wake", StateValue="OK", StateReason="", StateReasonData="{")
    with pytest.raises(ClientError, match="enum value set"):
        client.set_alarm_state(AlarmName="wake", StateValue="FINE", StateReason="")


def test_tags(aws: SteppedAws) -> None:
    client = aws.client("cloudwatch")
    client.put_metric_alarm(**wake(Tags=[{"Key": "team", "Value": "docs"}]))
    arn = client.describe_alarms()["MetricAlarms"][0]["AlarmArn"]
    client.tag_resource(
        ResourceARN=arn, Tags=[{"Key": "stage", "Value": "prod"}, {"Key": "team", "Value": "ml"}]
    )
    tags = {t["Key"]: t["Value"] for t in client.list_tags_for_resource(ResourceARN=arn)["Tags"]}
    assert tags == {"team": "ml", "stage": "prod"}
    client.untag_resource(ResourceARN=arn, TagKeys=["team", "none"])
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "stage", "Value": "prod"}]
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.list_tags_for_resource(ResourceARN=arn + "x")


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("put_composite_alarm", {"AlarmName": "c", "AlarmRule": "TRUE"}),
        ("put_dashboard", {"DashboardName": "d", "DashboardBody": "{}"}),
        ("get_metric_widget_image", {"MetricWidget": "{}"}),
        ("describe_anomaly_detectors", {}),
    ],
)
def test_what_is_not_offered(aws: SteppedAws, operation: str, params: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(aws.client("cloudwatch"), operation)(**params)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501

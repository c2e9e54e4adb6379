"""ListMetrics and PutMetricData through boto3."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.conftest import SteppedAws
from tests.local_aws.test_cloudwatch_data import AWS, BACKLOG, DIMS, minute, store

BOTH = DIMS | {"VariantName": "AllTraffic"}
DAY = 1440


def names(answer: dict[str, Any]) -> list[tuple[str, int]]:
    return sorted((m["MetricName"], len(m["Dimensions"])) for m in answer["Metrics"])


def put(aws: SteppedAws, *data: dict[str, Any], namespace: str = "Jobs") -> None:
    aws.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=list(data))


def read(aws: SteppedAws, stat: str, period: int = 60, back: float = 3600, **metric: Any) -> list[float]:
    stat_of = {"Metric": {"Namespace": "Jobs", "MetricName": "Done"} | metric, "Period": period, "Stat": stat}
    answer = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=[{"Id": "m", "MetricStat": stat_of}],
        StartTime=aws.now() - back,
        EndTime=aws.now() + 60,
        ScanBy="TimestampAscending",
    )
    return list(answer["MetricDataResults"][0]["Values"])


def at(aws: SteppedAws, seconds_ago: float) -> datetime:
    return datetime.fromtimestamp(aws.now() - seconds_ago, UTC)


def test_only_series_with_data_of_two_weeks_are_listed(aws: SteppedAws) -> None:
    of = store(aws)
    of.gauge(AWS, BACKLOG, DIMS, "Count").put(minute(aws) - 5, 1.0)
    of.gauge(AWS, "Asleep", DIMS, "Count").put(minute(aws) - 15 * DAY, 1.0)
    of.gauge(AWS, "Yesterday", DIMS, "Count").put(minute(aws) - DAY, 1.0)
    of.gauge(AWS, "Unpublished", DIMS, "Count").put(minute(aws), 1.0)
    of.events(AWS, "Never", BOTH, "Count")
    client = aws.client("cloudwatch")
    assert names(client.list_metrics()) == [(BACKLOG, 1), ("Yesterday", 1)]
    assert names(client.list_metrics(RecentlyActive="PT3H")) == [(BACKLOG, 1)]


def test_filters_of_list_metrics(aws: SteppedAws) -> None:
    now = minute(aws) - 5
    store(aws).gauge(AWS, BACKLOG, DIMS, "Count").put(now, 1.0)
    store(aws).gauge(AWS, BACKLOG, {"EndpointName": "other"}, "Count").put(now, 1.0)
    store(aws).stats("/aws/sagemaker/Endpoints", "CPUUtilization", BOTH, "Percent").put(now, 1, 5, 5, 5)
    client = aws.client("cloudwatch")
    assert len(client.list_metrics()["Metrics"]) == 3
    assert names(client.list_metrics(Namespace="/aws/sagemaker/Endpoints")) == [("CPUUtilization", 2)]
    assert names(client.list_metrics(MetricName=BACKLOG)) == [(BACKLOG, 1)] * 2
    by_value = [{"Name": "EndpointName", "Value": "doc-async"}]
    assert names(client.list_metrics(Dimensions=by_value)) == [(BACKLOG, 1), ("CPUUtilization", 2)]
    assert names(client.list_metrics(Dimensions=[{"Name": "VariantName"}])) == [("CPUUtilization", 2)]
    assert client.list_metrics(OwningAccount="999999999999")["Metrics"] == []
    assert client.list_metrics(IncludeLinkedAccounts=True)["OwningAccounts"] == [aws.world.account] * 3


def test_list_metrics_gives_500_a_page(aws: SteppedAws) -> None:
    for i in range(1100):
        store(aws).gauge("Many", f"m{i}", {}, "Count").put(minute(aws) - 5, 1.0)
    client = aws.client("cloudwatch")
    pages = list(client.get_paginator("list_metrics").paginate())
    assert [len(p["Metrics"]) for p in pages] == [500, 500, 100]
    assert len({m["MetricName"] for p in pages for m in p["Metrics"]}) == 1100
    with pytest.raises(ClientError):
        client.list_metrics(NextToken="rubbish")


def test_what_a_client_puts_is_visible_at_once(aws: SteppedAws) -> None:
    put(aws, {"MetricName": "Done", "Value": 3.0}, {"MetricName": "Done", "Value": 5.0})
    assert read(aws, "Sum") == [8.0]
    assert read(aws, "SampleCount") == [2.0]
    assert names(aws.client("cloudwatch").list_metrics(Namespace="Jobs")) == [("Done", 0)]


def test_values_with_counts_have_percentiles(aws: SteppedAws) -> None:
    put(aws, {"MetricName": "Done", "Values": [1.0, 10.0], "Counts": [9.0, 1.0], "Timestamp": at(aws, 600)})
    assert read(aws, "p50") == [1.0]
    assert read(aws, "Maximum") == [10.0]
    assert read(aws, "Average") == [1.9]


def test_statistic_sets_have_none_but_plain_statistics(aws: SteppedAws) -> None:
    summed = {"SampleCount": 4.0, "Sum": 20.0, "Minimum": 1.0, "Maximum": 9.0}
    put(aws, {"MetricName": "Done", "StatisticValues": summed})
    assert read(aws, "Average") == [5.0]
    assert read(aws, "Minimum") == [1.0]
    assert read(aws, "p50") == []


def test_units_are_kept_apart(aws: SteppedAws) -> None:
    put(
        aws,
        {"MetricName": "Done", "Value": 1.0, "Unit": "Count"},
        {"MetricName": "Done", "Value": 5.0, "Unit": "Bytes"},
    )
    client = aws.client("cloudwatch")
    asked = {"Namespace": "Jobs", "MetricName": "Done", "Period": 60, "Statistics": ["Sum"]}
    asked |= {"StartTime": aws.now() - 600, "EndTime": aws.now() + 60}
    points = client.get_metric_statistics(**asked)["Datapoints"]
    assert {(p["Unit"], p["Sum"]) for p in points} == {("Count", 1.0), ("Bytes", 5.0)}
    assert [p["Sum"] for p in client.get_metric_statistics(**asked, Unit="Bytes")["Datapoints"]] == [5.0]
    assert read(aws, "Sum") == [6.0]


def test_high_resolution(aws: SteppedAws) -> None:
    for seconds_ago, value in ((35, 1.0), (25, 2.0), (24, 3.0)):
        put(
            aws,
            {"MetricName": "Done", "Value": value, "StorageResolution": 1, "Timestamp": at(aws, seconds_ago)},
        )
    assert read(aws, "Sum", period=10, back=60) == [1.0, 5.0]
    assert read(aws, "Sum") == [6.0]


def test_a_thousand_metrics_and_long_bodies_which_boto_compresses(aws: SteppedAws) -> None:
    put(aws, *({"MetricName": f"m{i}", "Value": 1.0} for i in range(1000)))
    assert len(list(store(aws).all())) == 1000


GOOD = {"MetricName": "Done", "Value": 1.0}


@pytest.mark.parametrize("namespace", ["AWS/SageMaker", "AWS/Own", "/aws/sagemaker/Endpoints"])
def test_namespaces_of_aws_are_refused(aws: SteppedAws, namespace: str) -> None:
    with pytest.raises(aws.client("cloudwatch").exceptions.InvalidParameterValueException, match="reserved"):
        put(aws, GOOD, namespace=namespace)
    assert list(store(aws).all()) == []


@pytest.mark.parametrize(
    ("datum", "error"),
    [
        ({"MetricName": "Done"}, "MissingRequiredParameterException"),
        (GOOD | {"Values": [1.0]}, "InvalidParameterCombinationException"),
        (GOOD | {"Counts": [1.0]}, "InvalidParameterCombinationException"),
        ({"MetricName": "Done", "Values": [1.0, 2.0], "Counts": [1.0]}, "InvalidParameterValueException"),
        ({"MetricName": "Done", "Values": [1.0] * 151}, "InvalidParameterValueException"),
        (GOOD | {"StorageResolution": 5}, "InvalidParameterValueException"),
        (GOOD | {"Timestamp": 1_700_000_000}, "InvalidParameterValueException"),
        (GOOD | {"Timestamp": 1_795_000_000}, "InvalidParameterValueException"),
        (GOOD | {"Value": 1e300}, "InvalidParameterValueException"),
        (GOOD | {"Dimensions": [{"Name": "a", "Value": "1"}] * 2}, "InvalidParameterValueException"),
        (GOOD | {"Dimensions": [{"Name": f"d{i}", "Value": "1"} for i in range(31)]}, "ValidationException"),
        (GOOD | {"Unit": "Bananas"}, "ValidationException"),
    ],
)
def test_data_that_aws_refuses(aws: SteppedAws, datum: dict[str, Any], error: str) -> None:
    with pytest.raises(getattr(aws.client("cloudwatch").exceptions, error)):
        put(aws, GOOD, datum)
    assert list(store(aws).all()) == []


def test_more_than_a_thousand_metrics_are_refused(aws: SteppedAws) -> None:
    client = aws.client("cloudwatch")
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="1000"):
        put(aws, *[GOOD] * 1001)
    with pytest.raises(client.exceptions.MissingRequiredParameterException):
        put(aws)

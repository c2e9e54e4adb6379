"""GetMetricData and GetMetricStatistics through boto3."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.local_aws.metrics_store import MetricStore
from tests.local_aws.conftest import SteppedAws

AWS = "AWS/SageMaker"
BACKLOG = "ApproximateBacklogSize"
DIMS = {"EndpointName": "doc-async"}
DAY = 1440


def metric(
    id: str = "m",
    name: str = BACKLOG,
    dims: dict[str, str] = DIMS,
    period: int = 60,
    stat: str = "Average",
    unit: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    named = [{"Name": k, "Value": v} for k, v in dims.items()]
    query = {
        "Metric": {"Namespace": AWS, "MetricName": name, "Dimensions": named},
        "Period": period,
        "Stat": stat,
    }
    return {"Id": id, "MetricStat": query | ({"Unit": unit} if unit else {}), **more}


def minute(aws: SteppedAws) -> int:
    return int(aws.now() // 60)


def store(aws: SteppedAws) -> MetricStore:
    return aws.world.metrics


def get(
    aws: SteppedAws, *queries: dict[str, Any], back: float = 600, until: float = 0, **more: Any
) -> list[Any]:
    more.setdefault("ScanBy", "TimestampAscending")
    answer = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=list(queries), StartTime=aws.now() - back, EndTime=aws.now() - until, **more
    )
    return list(answer["MetricDataResults"])


def values(aws: SteppedAws, *queries: dict[str, Any], **more: Any) -> list[float]:
    return list(get(aws, *queries, **more)[-1]["Values"])


def refused(
    aws: SteppedAws, *queries: dict[str, Any], status: int = 400, code: str = "ValidationError", **more: Any
) -> str:
    with pytest.raises(ClientError) as caught:
        get(aws, *queries, **more)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    return str(caught.value.response["Error"]["Message"])


def not_offered(aws: SteppedAws, *queries: dict[str, Any]) -> str:
    """The message of a 501: AWS has it, the embedded AWS does not."""
    return refused(aws, *queries, status=501, code="NotImplemented")


@pytest.fixture
def filled(aws: SteppedAws) -> SteppedAws:
    """Backlog 0, 1, 2, … up to the present minute; the newest ten minutes hold 90 to 99."""
    now = minute(aws)
    store(aws).gauge(AWS, BACKLOG, DIMS, "Count").ramp(now - 100, now, 0.0, 1.0)
    return aws


def test_newest_first_unless_asked_otherwise(filled: SteppedAws) -> None:
    oldest_first = get(filled, metric(), back=300)[0]
    newest_first = get(filled, metric(), back=300, ScanBy="TimestampDescending")[0]
    default = filled.client("cloudwatch").get_metric_data(
        MetricDataQueries=[metric()], StartTime=filled.now() - 300, EndTime=filled.now()
    )["MetricDataResults"][0]
    assert oldest_first["Values"] == [95.0, 96.0, 97.0, 98.0]
    assert newest_first["Values"] == default["Values"] == oldest_first["Values"][::-1]
    assert newest_first["Timestamps"] == oldest_first["Timestamps"][::-1]
    assert oldest_first["StatusCode"] == "Complete"


def test_the_newest_minute_comes_after_the_publish_delay(filled: SteppedAws) -> None:
    assert values(filled, metric())[-1] == 98.0
    filled.clock.jump(60)
    assert values(filled, metric())[-1] == 99.0


def test_the_end_is_exclusive_and_the_start_aligned_down(filled: SteppedAws) -> None:
    result = get(filled, metric(), back=310, until=120)[0]
    stamps = [int(t.timestamp()) - int(filled.now()) for t in result["Timestamps"]]
    assert stamps == [-360, -300, -240, -180]


FIVE = [("Sum", 485.0), ("Average", 97.0), ("Minimum", 95.0), ("Maximum", 99.0), ("SampleCount", 5.0)]
PERCENTILES = [("p50", 97.0), ("p0", 95.0), ("p99.9", 98.996)]


@pytest.mark.parametrize(("stat", "expected"), [*FIVE, *PERCENTILES])
def test_statistics_of_five_minutes(aws: SteppedAws, stat: str, expected: float) -> None:
    first = minute(aws) // 5 * 5 - 10
    store(aws).gauge(AWS, BACKLOG, DIMS, "Count").ramp(first, first + 5, 95.0, 1.0)
    result = get(aws, metric(period=300, stat=stat), back=3600)[0]
    assert result["Values"] == [pytest.approx(expected)]
    assert result["Timestamps"][0].timestamp() == first * 60


def test_a_wrong_dimension_set_gives_nothing_and_no_error(filled: SteppedAws) -> None:
    for dims in ({}, DIMS | {"VariantName": "AllTraffic"}, {"EndpointName": "other"}):
        result = get(filled, metric(dims=dims))[0]
        assert (result["Values"], result["Timestamps"], result["StatusCode"]) == ([], [], "Complete")


def test_a_wrong_unit_gives_nothing(filled: SteppedAws) -> None:
    assert values(filled, metric(unit="Seconds")) == []
    assert len(values(filled, metric(unit="Count"))) == 9


def test_absent_is_not_zero(aws: SteppedAws) -> None:
    series = store(aws).events(AWS, "InvocationsProcessed", DIMS, "Count")
    series.add(minute(aws) - 5, 1.0)
    series.add(minute(aws) - 5, 1.0)
    result = get(aws, metric(name="InvocationsProcessed", stat="Sum"), back=3600)[0]
    assert result["Values"] == [2.0]


SHORT = [(60, 14, True), (60, 16, False), (120, 16, False)]
LONG = [(300, 16, True), (300, 64, False), (900, 16, True), (3600, 64, True), (3600, 460, False)]


@pytest.mark.parametrize(("period", "days", "answers"), [*SHORT, *LONG])
def test_retention(aws: SteppedAws, period: int, days: int, answers: bool) -> None:
    series = store(aws).gauge(AWS, BACKLOG, DIMS, "Count")
    series.put(minute(aws) - days * DAY + 30, 1.0)
    series.put(minute(aws) - 60, 1.0)
    got = values(aws, metric(period=period, stat="Sum"), back=days * 86400)
    assert got == ([1.0, 1.0] if answers else [])


def test_sub_minute_periods_have_no_standard_data(filled: SteppedAws) -> None:
    assert values(filled, metric(period=10)) == []


def test_return_data_and_labels(filled: SteppedAws) -> None:
    results = get(
        filled,
        metric("a", ReturnData=False),
        metric(
            "b", Label="${PROP('MetricName')} of ${PROP('Dim.EndpointName')}: ${LAST}, ${DATAPOINT_COUNT}"
        ),
        {"Id": "e", "Expression": "a + b", "Label": "both"},
        {"Id": "f", "Expression": "a"},
    )
    assert [(r["Id"], r["Label"]) for r in results] == [
        ("b", "ApproximateBacklogSize of doc-async: 98, 9"),
        ("e", "both"),
        ("f", "f"),
    ]


def test_label_times_in_a_zone(filled: SteppedAws) -> None:
    query = metric(Label="${MAX} at ${MAX_TIME} ${UNKNOWN}")
    assert get(filled, query)[0]["Label"] == "98 at 14:11 ${UNKNOWN}"
    assert get(filled, query, LabelOptions={"Timezone": "+0230"})[0]["Label"] == "98 at 16:41 ${UNKNOWN}"
    assert "Timezone" in refused(filled, query, LabelOptions={"Timezone": "Berlin"})


def test_paging_gives_every_datapoint_once(filled: SteppedAws) -> None:
    queries = [
        metric("a"),
        metric("empty", name="Nothing"),
        metric("b", stat="SampleCount"),
        metric("c", period=300),
    ]
    client = filled.client("cloudwatch")
    asked = {"MetricDataQueries": queries, "StartTime": filled.now() - 3600, "EndTime": filled.now()}
    whole = {r["Id"]: list(zip(r["Timestamps"], r["Values"], strict=True)) for r in get_all(client, asked)}
    pages = list(client.get_paginator("get_metric_data").paginate(**asked, PaginationConfig={"PageSize": 25}))
    parts: dict[str, list[Any]] = {}
    for page in pages:
        assert sum(len(r["Values"]) for r in page["MetricDataResults"]) <= 25
        for r in page["MetricDataResults"]:
            parts.setdefault(r["Id"], []).extend(zip(r["Timestamps"], r["Values"], strict=True))
    assert len(pages) == 6
    assert parts == whole
    told = {r["Id"]: r["StatusCode"] for r in pages[0]["MetricDataResults"]}
    assert told == {"a": "PartialData", "empty": "Complete"}


def get_all(client: Any, asked: dict[str, Any]) -> list[Any]:
    answer = client.get_metric_data(**asked)
    assert "NextToken" not in answer
    return list(answer["MetricDataResults"])


def test_a_page_token_belongs_to_its_request(filled: SteppedAws) -> None:
    client = filled.client("cloudwatch")
    asked = {"StartTime": filled.now() - 3600, "EndTime": filled.now(), "MaxDatapoints": 5}
    token = client.get_metric_data(MetricDataQueries=[metric()], **asked)["NextToken"]
    with pytest.raises(client.exceptions.InvalidNextToken):
        client.get_metric_data(MetricDataQueries=[metric(stat="Sum")], NextToken=token, **asked)
    with pytest.raises(client.exceptions.InvalidNextToken):
        client.get_metric_data(MetricDataQueries=[metric()], NextToken="rubbish", **asked)


def test_five_hundred_queries_are_answered_and_one_more_is_not(filled: SteppedAws) -> None:
    assert len(get(filled, *(metric(f"m{i}") for i in range(500)))) == 500
    assert "500" in refused(filled, *(metric(f"m{i}") for i in range(501)))


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (metric("Upper"), "expected pattern"),
        (metric("has space"), "expected pattern"),
        (metric(period=7), "period 7"),
        (metric(period=90), "period 90"),
        (metric(stat="Mean"), "Mean"),
        (metric(stat="p101"), "p101"),
        (metric(unit="Bananas"), "enum value set"),
        (metric(Expression="m1"), "either Expression or MetricStat"),
        ({"Id": "m"}, "either Expression or MetricStat"),
        (metric(ReturnData=False), "ReturnData"),
    ],
)
def test_queries_that_aws_refuses(filled: SteppedAws, query: dict[str, Any], says: str) -> None:
    assert says in refused(filled, query)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (metric(stat="tm90"), "tm90"),
        (metric(stat="TM(10%:90%)"), "TM(10%:90%)"),
        (metric(stat="IQM"), "IQM"),
        (metric(AccountId="999999999999"), "another account"),
    ],
)
def test_what_aws_has_and_is_not_offered_here(filled: SteppedAws, query: dict[str, Any], says: str) -> None:
    assert says in not_offered(filled, query)


def test_ranges_and_ids_that_aws_refuses(filled: SteppedAws) -> None:
    assert "not unique" in refused(filled, metric("a"), metric("a"))
    assert "StartTime" in refused(filled, metric(), back=60, until=60)
    assert "MaxDatapoints" in refused(filled, metric(), MaxDatapoints=100_801)


def test_statistics_tell_the_unit_of_each_datapoint(filled: SteppedAws) -> None:
    answer = filled.client("cloudwatch").get_metric_statistics(
        Namespace=AWS,
        MetricName=BACKLOG,
        Dimensions=[{"Name": "EndpointName", "Value": "doc-async"}],
        StartTime=filled.now() - 300,
        EndTime=filled.now(),
        Period=60,
        Statistics=["Average", "SampleCount"],
        ExtendedStatistics=["p50"],
    )
    points = sorted(answer["Datapoints"], key=lambda p: p["Timestamp"])
    assert answer["Label"] == BACKLOG
    assert [p["Average"] for p in points] == [95.0, 96.0, 97.0, 98.0]
    assert {p["Unit"] for p in points} == {"Count"}
    assert points[0]["SampleCount"] == 1.0
    assert points[0]["ExtendedStatistics"] == {"p50": 95.0}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"Period": 60, "StartTime": -86400 * 2}, "InvalidParameterCombinationException"),
        ({"StartTime": 60}, "InvalidParameterCombinationException"),
        ({"Period": 45}, "InvalidParameterValueException"),
        ({"Statistics": []}, "MissingRequiredParameterException"),
        ({"ExtendedStatistics": ["Sum"]}, "InvalidParameterValueException"),
    ],
)
def test_statistics_that_aws_refuses(filled: SteppedAws, change: dict[str, Any], error: str) -> None:
    client = filled.client("cloudwatch")
    asked: dict[str, Any] = {"Period": 60, "StartTime": -600, "Statistics": ["Sum"], "ExtendedStatistics": []}
    asked |= change
    given = {k: v for k, v in asked.items() if v != []} | {"StartTime": filled.now() + asked["StartTime"]}
    with pytest.raises(getattr(client.exceptions, error)):
        client.get_metric_statistics(Namespace=AWS, MetricName=BACKLOG, EndTime=filled.now(), **given)

"""Cost Explorer through a real client: the bill's own numbers, grouped, filtered, paged, late and refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.local_aws import cost_periods
from ops.local_aws.bill_book import BillLine, lines, monthly
from ops.local_aws.server import LocalAws
from ops.local_aws.services import ce as ce_service
from ops.local_aws.world import WorldOptions
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.test_bill_book import DAYS, LAST, _tell
from tests.small_worlds import told

TODAY = date(2026, 10, 20)
KNOWN_UNTIL = LAST - 1 - 24
"""The epoch hour before which usage is known: a day ago."""
SEPTEMBER = {"Start": "2026-09-01", "End": "2026-10-01"}
BOTH = {"Start": "2026-09-01", "End": "2026-10-21"}
LATELY = {"Start": "2026-10-13", "End": "2026-10-21"}
ZERO = Decimal(0)


@pytest.fixture(scope="module")
def server() -> Iterator[LocalAws]:
    options = WorldOptions(history_days=4, past_days=DAYS, check_shapes=True)
    with told(_tell, 3.0, options) as (found, _):
        yield found


@pytest.fixture(scope="module")
def ce(server: LocalAws) -> Any:
    aws = object.__new__(SteppedAws)
    aws.server = server
    return aws.client("ce")


@pytest.fixture(scope="module")
def bill(server: LocalAws) -> list[BillLine]:
    """What is known of it a day later."""
    world = server.world
    used = [x for x in lines(world, 0, KNOWN_UNTIL) if x.line_type == "Usage"]
    return used + monthly(world, 0, LAST, KNOWN_UNTIL)


def ask(ce: Any, period: dict[str, str], granularity: str = "DAILY", **more: Any) -> list[dict[str, Any]]:
    """All pages of GetCostAndUsage."""
    params = {"TimePeriod": period, "Granularity": granularity, "Metrics": ["UnblendedCost"], **more}
    found: list[dict[str, Any]] = []
    while True:
        answer = ce.get_cost_and_usage(**params)
        found += answer["ResultsByTime"]
        if "NextPageToken" not in answer:
            return found
        params["NextPageToken"] = answer["NextPageToken"]


def by(*keys: str) -> list[dict[str, str]]:
    return [{"Type": "DIMENSION", "Key": key} for key in keys]


def cost(metrics: dict[str, Any], name: str = "UnblendedCost") -> Decimal:
    return Decimal(metrics[name]["Amount"])


def total(results: list[dict[str, Any]]) -> Decimal:
    return sum((cost(r["Total"]) for r in results), ZERO)


def grouped(results: list[dict[str, Any]]) -> dict[tuple[str, ...], Decimal]:
    sums: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for result in results:
        assert result["Total"] == {}
        for group in result["Groups"]:
            sums[tuple(group["Keys"])] += cost(group["Metrics"])
    return dict(sums)


def spent(bill: list[BillLine], **same: str) -> Decimal:
    return sum((x.cost for x in bill if all(getattr(x, k) == v for k, v in same.items())), ZERO)


# -- laws -----------------------------------------------------------------------------------------------


def test_the_days_are_those_of_the_bill(ce: Any, bill: list[BillLine]) -> None:
    days: dict[str, Decimal] = defaultdict(Decimal)
    for line in bill:
        days[datetime.fromtimestamp(line.start, UTC).date().isoformat()] += line.cost
    results = ask(ce, BOTH)
    assert len(results) == 50
    assert {r["TimePeriod"]["Start"]: cost(r["Total"]) for r in results if cost(r["Total"])} == dict(days)
    for result in results:
        start, end = (date.fromisoformat(result["TimePeriod"][k]) for k in ("Start", "End"))
        assert end - start == timedelta(days=1)


def test_days_and_hours_sum_to_months(ce: Any) -> None:
    months = ask(ce, BOTH, "MONTHLY")
    assert [r["TimePeriod"] for r in months] == [
        {"Start": "2026-09-01", "End": "2026-10-01"},
        {"Start": "2026-10-01", "End": "2026-10-21"},
    ]
    assert total(months) == total(ask(ce, BOTH))
    assert cost(months[0]["Total"]) == total(ask(ce, SEPTEMBER))
    hours = ask(ce, {"Start": "2026-10-13T00:00:00Z", "End": "2026-10-20T00:00:00Z"}, "HOURLY")
    assert len(hours) == 7 * 24
    assert hours[0]["TimePeriod"] == {"Start": "2026-10-13T00:00:00Z", "End": "2026-10-13T01:00:00Z"}
    assert total(hours) == total(ask(ce, {"Start": "2026-10-13", "End": "2026-10-20"}))


@pytest.mark.parametrize(
    "keys",
    [
        ("SERVICE",),
        ("USAGE_TYPE",),
        ("RECORD_TYPE", "SERVICE"),
        ("USAGE_TYPE", "OPERATION"),
        ("REGION", "LINKED_ACCOUNT"),
        ("INSTANCE_TYPE",),
    ],
)
@pytest.mark.parametrize("granularity", ["DAILY", "MONTHLY"])
def test_groups_sum_to_the_total(ce: Any, keys: tuple[str, ...], granularity: str) -> None:
    groups = grouped(ask(ce, BOTH, granularity, GroupBy=by(*keys)))
    assert sum(groups.values(), ZERO) == total(ask(ce, BOTH, granularity))
    assert all(len(key) == len(keys) for key in groups)


def test_groups_are_named_as_on_the_bill(ce: Any, bill: list[BillLine]) -> None:
    services = grouped(ask(ce, BOTH, GroupBy=by("SERVICE")))
    assert set(services) == {
        ("Amazon SageMaker",),
        ("Amazon Simple Storage Service",),
        ("AmazonCloudWatch",),
        ("Tax",),
    }
    records = grouped(ask(ce, BOTH, GroupBy=by("RECORD_TYPE")))
    for record in ("Usage", "Tax", "Credit"):
        assert records[record,] == spent(bill, line_type=record)
    usages = grouped(ask(ce, BOTH, GroupBy=by("USAGE_TYPE")))
    for usage in ("USE1-AsyncInf:ml.g5.xlarge", "USE1-Host:ml.g6.xlarge", "USE1-Train:ml.g5.2xlarge"):
        assert usages[usage,] == spent(bill, usage_type=usage) > 0
    assert usages["NoUsageType",] == records["Tax",] + records["Credit",]


def test_tags_group_and_the_untagged_have_an_empty_value(ce: Any) -> None:
    teams = grouped(ask(ce, BOTH, GroupBy=[{"Type": "TAG", "Key": "team"}]))
    assert {("team$team-doc",), ("team$research",), ("team$",)} <= set(teams)
    assert sum(teams.values(), ZERO) == total(ask(ce, BOTH))
    of_tag = {"Tags": {"Key": "team", "Values": ["team-doc"]}}
    assert total(ask(ce, BOTH, Filter=of_tag)) == teams["team$team-doc",]
    absent = {"Tags": {"Key": "team", "MatchOptions": ["ABSENT"]}}
    assert total(ask(ce, BOTH, Filter=absent)) == teams["team$",]


def dimension(key: str, *values: str) -> dict[str, Any]:
    return {"Dimensions": {"Key": key, "Values": list(values)}}


def test_filters_combine(ce: Any) -> None:
    sage, used = dimension("SERVICE", "Amazon SageMaker"), dimension("RECORD_TYPE", "Usage")
    async_ = dimension("USAGE_TYPE", "USE1-AsyncInf:ml.g5.xlarge", "USE1-AsyncInf:ml.m5.xlarge")
    groups = grouped(ask(ce, BOTH, GroupBy=by("SERVICE", "RECORD_TYPE")))
    usages = grouped(ask(ce, BOTH, GroupBy=by("USAGE_TYPE")))

    def of(expression: dict[str, Any]) -> Decimal:
        return total(ask(ce, BOTH, Filter=expression))

    assert of({"And": [sage, used]}) == groups["Amazon SageMaker", "Usage"]
    assert of({"Not": sage}) == sum((v for k, v in groups.items() if k[0] != "Amazon SageMaker"), ZERO)
    assert of({"Or": [dimension("SERVICE", "Tax"), sage]}) == sum(
        (v for k, v in groups.items() if k[0] in ("Amazon SageMaker", "Tax")), ZERO
    )
    assert of(async_) == usages["USE1-AsyncInf:ml.g5.xlarge",] + usages["USE1-AsyncInf:ml.m5.xlarge",]
    assert of({"And": [async_, {"Not": used}]}) == 0
    assert of(dimension("SERVICE", "Amazon EC2")) == 0


def test_metrics_are_strings_with_units(ce: Any, bill: list[BillLine]) -> None:
    names = list(ce_service.METRICS)
    usage = "USE1-AsyncInf:ml.g5.xlarge"
    (month,) = ask(ce, SEPTEMBER, "MONTHLY", Metrics=names, Filter=dimension("USAGE_TYPE", usage))
    assert set(month["Total"]) == set(names)
    assert month["Total"]["NormalizedUsageAmount"] == {"Amount": "0", "Unit": "N/A"}
    results = ask(ce, BOTH, "MONTHLY", Metrics=names, GroupBy=by("USAGE_TYPE"))
    (found,) = (g["Metrics"] for g in results[1]["Groups"] if g["Keys"] == [usage])
    hours = sum(x.quantity for x in bill if x.usage_type == usage)
    assert (Decimal(found["UsageQuantity"]["Amount"]), found["UsageQuantity"]["Unit"]) == (hours, "Hrs")
    assert {cost(found, name) for name in ce_service.COSTS} == {hours * Decimal("1.4084")}
    assert all("E" not in found[name]["Amount"] for name in names)
    mixed = ask(ce, BOTH, "MONTHLY", Metrics=["UsageQuantity"])
    assert mixed[0]["Total"]["UsageQuantity"]["Unit"] == "N/A"


# -- time -----------------------------------------------------------------------------------------------


def test_numbers_come_a_day_late_and_are_estimated_until_the_month_is_closed(ce: Any) -> None:
    results = {r["TimePeriod"]["Start"]: r for r in ask(ce, BOTH)}
    assert cost(results["2026-10-20"]["Total"]) == 0
    assert 0 < cost(results["2026-10-19"]["Total"]) < cost(results["2026-10-18"]["Total"])
    assert not results["2026-09-30"]["Estimated"]
    assert results["2026-10-01"]["Estimated"]
    assert results["2026-10-19"]["Estimated"]


def test_a_month_stays_estimated_for_some_days() -> None:
    end = datetime(2026, 10, 1, tzinfo=UTC).timestamp()
    periods = cost_periods.read(SEPTEMBER, "MONTHLY", end + 86_400)
    assert periods.estimated(0, end + 86_400)
    assert not periods.estimated(0, end + 6 * 86_400)


def test_pages_hold_whole_periods_and_lose_nothing(ce: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ask(ce, BOTH, GroupBy=by("USAGE_TYPE"))
    monkeypatch.setattr(ce_service, "PAGE_GROUPS", 30)
    params: dict[str, Any] = {
        "TimePeriod": BOTH,
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
        "GroupBy": by("USAGE_TYPE"),
    }
    pages = [ce.get_cost_and_usage(**params)]
    assert pages[0]["GroupDefinitions"] == by("USAGE_TYPE")
    while "NextPageToken" in pages[-1]:
        pages.append(ce.get_cost_and_usage(**params, NextPageToken=pages[-1]["NextPageToken"]))
    assert len(pages) > 5
    assert [r for page in pages for r in page["ResultsByTime"]] == whole
    token = pages[0]["NextPageToken"]
    with pytest.raises(ce.exceptions.RequestChangedException):
        ce.get_cost_and_usage(**{**params, "Granularity": "MONTHLY"}, NextPageToken=token)
    with pytest.raises(ce.exceptions.InvalidNextTokenException):
        ce.get_cost_and_usage(**params, NextPageToken="nonsense")


# -- per resource ---------------------------------------------------------------------------------------


def test_resources_of_the_last_fourteen_days(ce: Any, bill: list[BillLine]) -> None:
    sage = dimension("SERVICE", "Amazon SageMaker")
    found = ce.get_cost_and_usage_with_resources(
        TimePeriod=LATELY,
        Granularity="DAILY",
        Metrics=["UnblendedCost", "UsageQuantity"],
        Filter=sage,
        GroupBy=by("RESOURCE_ID", "USAGE_TYPE"),
    )["ResultsByTime"]
    groups = grouped(found)
    since = datetime(2026, 10, 13, tzinfo=UTC).timestamp()
    lately = [x for x in bill if x.start >= since]
    arn = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/doc"
    assert groups[arn, "USE1-AsyncInf:ml.g5.xlarge"] == spent(lately, resource_id=arn) > 0
    assert sum(groups.values(), ZERO) == total(ask(ce, LATELY, Filter=sage))
    one = ce.get_cost_and_usage_with_resources(
        TimePeriod=LATELY, Granularity="MONTHLY", Filter=dimension("RESOURCE_ID", arn)
    )["ResultsByTime"]
    assert total(one) == spent(lately, resource_id=arn)
    kinds = {
        kind: ce.get_cost_and_usage_with_resources(
            TimePeriod=LATELY,
            Granularity="DAILY",
            Filter={"And": [sage, dimension("RECORD_TYPE", *kinds)]},
            GroupBy=by("RESOURCE_ID", "USAGE_TYPE"),
        )["ResultsByTime"]
        for kind, kinds in {"used": ["Usage", "DiscountedUsage"], "credited": ["Credit"]}.items()
    }
    assert grouped(kinds["used"])[arn, "USE1-AsyncInf:ml.g5.xlarge"] == spent(lately, resource_id=arn)
    assert all(cost <= 0 for cost in grouped(kinds["credited"]).values())


def test_refusals_of_resources(ce: Any) -> None:
    sage = dimension("SERVICE", "Amazon SageMaker")
    asked = {"TimePeriod": LATELY, "Granularity": "DAILY", "Metrics": ["UnblendedCost"]}
    with pytest.raises(ClientError, match="RESOURCE_ID"):
        ce.get_cost_and_usage_with_resources(**asked, Filter=sage)
    with pytest.raises(ce.exceptions.DataUnavailableException):
        ce.get_cost_and_usage_with_resources(
            **{**asked, "TimePeriod": SEPTEMBER}, Filter=sage, GroupBy=by("RESOURCE_ID")
        )
    with pytest.raises(ClientError, match="RESOURCE_ID"):
        ask(ce, LATELY, GroupBy=by("RESOURCE_ID"))
    with pytest.raises(ClientError, match="RESOURCE_ID"):
        ask(ce, LATELY, Filter={"Not": dimension("RESOURCE_ID", "x")})
    hours = {"Start": "2026-10-13T00:00:00Z", "End": "2026-10-14T00:00:00Z"}
    with pytest.raises(ClientError, match="EC2 only"):
        ce.get_cost_and_usage_with_resources(
            TimePeriod=hours, Granularity="HOURLY", Filter=sage, GroupBy=by("RESOURCE_ID")
        )


# -- values ---------------------------------------------------------------------------------------------


def test_values_of_dimensions(ce: Any) -> None:
    def values(name: str, period: dict[str, str] = BOTH, **more: Any) -> list[str]:
        answer = ce.get_dimension_values(TimePeriod=period, Dimension=name, **more)
        assert answer["ReturnSize"] == len(answer["DimensionValues"])
        return [each["Value"] for each in answer["DimensionValues"]]

    assert values("SERVICE") == [
        "Amazon SageMaker",
        "Amazon Simple Storage Service",
        "AmazonCloudWatch",
        "Tax",
    ]
    assert values("REGION") == ["us-east-1"]
    assert values("LINKED_ACCOUNT") == ["123456789012"]
    assert values("RECORD_TYPE") == ["Credit", "Tax", "Usage"]
    assert values("USAGE_TYPE", SearchString="asyncinf:ML.G5") == ["USE1-AsyncInf:ml.g5.xlarge"]
    assert values("OPERATION", Filter=dimension("SERVICE", "Amazon SageMaker", "Tax")) == [
        "CreateVolume-Gp2",
        "NoOperation",
        "RunInstance",
    ]
    assert any(value.endswith("endpoint/doc") for value in values("RESOURCE_ID", LATELY))
    first = ce.get_dimension_values(TimePeriod=BOTH, Dimension="SERVICE", MaxResults=3)
    rest = ce.get_dimension_values(
        TimePeriod=BOTH, Dimension="SERVICE", MaxResults=3, NextPageToken=first["NextPageToken"]
    )
    assert (first["TotalSize"], rest["ReturnSize"]) == (4, 1)
    assert "NextPageToken" not in rest


def test_tags_and_their_values(ce: Any) -> None:
    assert ce.get_tags(TimePeriod=BOTH)["Tags"] == ["team"]
    found = ce.get_tags(TimePeriod=BOTH, TagKey="team")["Tags"]
    assert found == ["", "research", "team-doc", "team-old", "team-plain", "team-real"]
    assert ce.get_tags(TimePeriod=BOTH, TagKey="team", SearchString="doc")["Tags"] == ["team-doc"]


# -- refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"TimePeriod": {"Start": "2026-10-02", "End": "2026-10-02"}}, "before end date"),
        ({"TimePeriod": {"Start": "yesterday", "End": "2026-10-02"}}, "timePeriod.start"),
        ({"TimePeriod": {"Start": "2026-09-31", "End": "2026-10-02"}}, "yyyy-MM-dd"),
        ({"TimePeriod": {"Start": "2025-07-01", "End": "2026-10-02"}}, "14 months"),
        ({"TimePeriod": {"Start": "2026-10-01", "End": "2027-01-01"}}, "next month"),
        ({"Granularity": "HOURLY"}, "yyyy-MM-ddThh"),
        ({"Granularity": "WEEKLY"}, "enum"),
        ({"Metrics": ["Cost"]}, "UnblendedCost"),
        ({"GroupBy": by("SERVICE", "REGION", "OPERATION")}, "at most 2"),
        ({"GroupBy": [{"Type": "DIMENSION"}]}, "Key"),
        ({"Filter": {**dimension("SERVICE", "x"), "Tags": {"Key": "a", "Values": ["b"]}}}, "exactly one"),
        ({"Filter": {"And": [dimension("SERVICE", "x")]}}, "at least two"),
        ({"Filter": {"Dimensions": {"Key": "SERVICE"}}}, "Values"),
        ({"Filter": {"Tags": {"Key": "team"}}}, "Values"),
        (
            {"Filter": {"Dimensions": {"Key": "SERVICE", "Values": ["x"], "MatchOptions": ["CONTAINS"]}}},
            "CONT",
        ),
    ],
)
def test_what_is_wrong_is_refused(ce: Any, changed: dict[str, Any], says: str) -> None:
    asked = {"TimePeriod": SEPTEMBER, "Granularity": "DAILY", "Metrics": ["UnblendedCost"]}
    with pytest.raises(ClientError, match=says) as refused:
        ce.get_cost_and_usage(**{**asked, **changed})
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_hourly_data_is_kept_for_fourteen_days(ce: Any) -> None:
    old = {"Start": "2026-10-01T00:00:00Z", "End": "2026-10-02T00:00:00Z"}
    with pytest.raises(ce.exceptions.DataUnavailableException):
        ask(ce, old, "HOURLY")


@pytest.mark.parametrize(
    "changed",
    [
        {"GroupBy": [{"Type": "COST_CATEGORY", "Key": "team"}]},
        {"GroupBy": by("TENANCY")},
        {"Filter": dimension("PLATFORM", "x")},
        {"Filter": {"CostCategories": {"Key": "team", "Values": ["x"]}}},
        {"BillingViewArn": "arn:aws:billing::123456789012:billingview/primary"},
    ],
)
def test_what_is_not_offered_says_so(ce: Any, changed: dict[str, Any]) -> None:
    asked = {"TimePeriod": SEPTEMBER, "Granularity": "DAILY", "Metrics": ["UnblendedCost"]}
    with pytest.raises(ClientError) as refused:
        ce.get_cost_and_usage(**{**asked, **changed})
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_other_operations_are_not_offered(ce: Any) -> None:
    with pytest.raises(ClientError) as refused:
        ce.get_cost_forecast(TimePeriod=LATELY, Metric="UNBLENDED_COST", Granularity="DAILY")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    with pytest.raises(ClientError) as refused:
        ce.get_dimension_values(TimePeriod=BOTH, Dimension="SERVICE", Context="RESERVATIONS")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501

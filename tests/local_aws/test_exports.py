"""The bill export in the embedded S3: against the ledger and the bill book, by day, through Athena, found by itself."""

from __future__ import annotations

import io
import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import boto3
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.config import Config
from moto.s3.models import s3_backends

from ops.core.types import FloatArray
from ops.local_aws.bill_book import lines, monthly
from ops.local_aws.clock import SimClock
from ops.local_aws.exports import BUCKET
from ops.local_aws.exports_schema import COLUMNS
from ops.local_aws.server import LocalAws
from ops.local_aws.world import WorldOptions
from tests.local_aws.asking_athena import Asker
from tests.small_worlds import NAME, small

DAY, HOUR = 86_400, 3_600
SEPTEMBER, OCTOBER = "2026-09", "2026-10"
ARN = f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{NAME}"


class Account:
    """26 days of one endpoint: 24 September to 20 October 2026, 14:00 UTC."""

    def __init__(self, server: LocalAws, clock: SimClock) -> None:
        self.server, self.clock, self.world = server, clock, server.world
        self.s3 = self.client("s3")

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.server.url,
            aws_access_key_id="AKIAEXAMPLE",
            aws_secret_access_key="secret",
            config=Config(retries={"max_attempts": 0}),
        )

    def keys(self) -> dict[str, dict[str, Any]]:
        return {found["Key"]: found for found in self.s3.list_objects_v2(Bucket=BUCKET)["Contents"]}

    def table(self, period: str) -> pa.Table:
        body = self.s3.get_object(Bucket=BUCKET, Key=key(period))["Body"].read()
        return pq.read_table(io.BytesIO(body))


def key(period: str) -> str:
    return f"cur2/ebb/data/BILLING_PERIOD={period}/ebb-00001.snappy.parquet"


def epoch_hour(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) // HOUR


def rows(table: pa.Table, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))


def by_the_second(account: Account, first: int, last: int) -> FloatArray:
    """The ledger's instance-hours of the endpoint; the bill counts whole seconds of each hour."""
    with account.world.lock:
        (billed,) = account.world.ledger.hourly(first, last)
    assert billed.endpoint == NAME
    return np.rint(billed.hours * HOUR) / HOUR


def newest(table: pa.Table) -> datetime:
    """The end of the last hour in a file; tax and credit have their month's."""
    named = rows(table, "line_item_line_item_type", "line_item_usage_end_date")
    return max(end for kind, end in named if kind == "Usage")


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with small(26, every_s=6 * 3600.0, size=4, options=WorldOptions(history_days=27, check_shapes=True)) as (
        server,
        clock,
    ):
        yield Account(server, clock)


def test_nothing_is_made_before_somebody_looks(account: Account) -> None:
    assert BUCKET not in s3_backends["123456789012"]["aws"].buckets
    assert BUCKET in [bucket["Name"] for bucket in account.s3.list_buckets()["Buckets"]]
    assert list(s3_backends["123456789012"]["aws"].buckets[BUCKET].keys) == []
    assert list(account.keys()) == [key(SEPTEMBER), key(OCTOBER)]


def test_the_columns_are_those_that_aws_lists(account: Account) -> None:
    table = account.table(OCTOBER)
    assert table.column_names == [name for name, _ in COLUMNS]
    kinds = {field.name: field.type for field in table.schema}
    assert kinds["line_item_usage_start_date"] == pa.timestamp("ms")
    assert kinds["line_item_unblended_cost"] == kinds["line_item_usage_amount"] == pa.float64()
    assert kinds["line_item_unblended_rate"] == pa.string()
    assert isinstance(kinds["resource_tags"], pa.MapType)
    assert isinstance(kinds["product"], pa.MapType)
    assert len(set(table["identity_line_item_id"].to_pylist())) == table.num_rows
    assert set(table["bill_payer_account_id"].to_pylist()) == {"123456789012"}
    assert set(table["savings_plan_savings_plan_effective_cost"].to_pylist()) == {None}


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (SEPTEMBER, epoch_hour(2026, 9, 1), epoch_hour(2026, 10, 1)),
        (OCTOBER, epoch_hour(2026, 10, 1), epoch_hour(2026, 10, 20)),
    ],
)
def test_hosting_hours_are_the_ledgers(account: Account, period: str, first: int, last: int) -> None:
    hours = by_the_second(account, first, last)
    found: dict[int, float] = defaultdict(float)
    for arn, usage, start, amount in rows(
        account.table(period),
        "line_item_resource_id",
        "line_item_usage_type",
        "line_item_usage_start_date",
        "line_item_usage_amount",
    ):
        if usage == "USE1-AsyncInf:ml.g5.xlarge":
            assert arn == ARN
            found[int(start.replace(tzinfo=UTC).timestamp()) // HOUR - first] += amount
    assert found
    assert math.isclose(math.fsum(found.values()), hours.sum(), rel_tol=1e-6)
    assert all(math.isclose(hours[hour], amount, rel_tol=1e-6) for hour, amount in found.items())


@pytest.mark.parametrize("period", [SEPTEMBER, OCTOBER])
def test_costs_are_the_bill_books_to_the_cent(account: Account, period: str) -> None:
    first, last = (epoch_hour(2026, 9, 1), epoch_hour(2026, 10, 1)) if period == SEPTEMBER else (
        epoch_hour(2026, 10, 1), epoch_hour(2026, 10, 20))  # fmt: skip
    wanted: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    with account.world.lock:
        usage = [line for line in lines(account.world, first, last) if line.line_type == "Usage"]
        for line in (*usage, *monthly(account.world, first, first + 1, last)):
            wanted[line.line_type, line.usage_type] += line.cost
    found: dict[tuple[str, str], float] = defaultdict(float)
    for kind, usage_type, cost in rows(
        account.table(period), "line_item_line_item_type", "line_item_usage_type", "line_item_unblended_cost"
    ):
        found[kind, usage_type] += cost
    assert found.keys() == wanted.keys()
    assert {kind for kind, _ in found} >= {"Usage", "Tax"}
    for each, cost in wanted.items():
        assert abs(found[each] - float(cost)) < 0.005, each


def test_hours_without_usage_have_no_line(account: Account) -> None:
    table = account.table(OCTOBER)
    assert all(amount > 0 for amount in table["line_item_usage_amount"].to_pylist())
    hours = {
        start
        for arn, start in rows(table, "line_item_resource_id", "line_item_usage_start_date")
        if arn == ARN
    }
    assert 19 * 4 <= len(hours) < 19 * 24


def test_athena_reads_the_same_and_scans_only_the_month(account: Account) -> None:
    asker = Asker(account)  # type: ignore[arg-type]
    place: dict[str, Any] = {"WorkGroup": "billing", "ResultConfiguration": {}}

    def asked(sql: str) -> list[list[str | None]]:
        return asker.rows(sql, "ebb_billing", **place)

    by_month = {
        period: float(cost or "nan")
        for period, cost in asked(
            "SELECT billing_period, sum(line_item_unblended_cost) FROM cur2 GROUP BY 1 ORDER BY 1"
        )[1:]
    }
    for period in (SEPTEMBER, OCTOBER):
        file = math.fsum(account.table(period)["line_item_unblended_cost"].to_pylist())
        assert math.isclose(by_month[period], file, rel_tol=1e-12)
    hours = asked(
        "SELECT sum(line_item_usage_amount) FROM cur2 WHERE bill_billing_period_start_date = "
        "TIMESTAMP '2026-10-01 00:00:00' AND line_item_product_code = 'AmazonSageMaker' "
        "AND regexp_like(line_item_usage_type, '(^|-)(AsyncInf|Host|Hosting):ml\\.')"
    )
    ledger = by_the_second(account, epoch_hour(2026, 10, 1), epoch_hour(2026, 10, 20)).sum()
    assert math.isclose(float(hours[1][0] or "nan"), ledger, rel_tol=1e-6)

    def scanned(where: str) -> int:
        sql = f"SELECT sum(line_item_unblended_cost) FROM cur2 {where}"
        return int(asker.run(sql, "ebb_billing", **place)["Statistics"]["DataScannedInBytes"])

    months = [scanned(f"WHERE billing_period = '{period}'") for period in (SEPTEMBER, OCTOBER)]
    assert 0 < months[0] < months[1] < scanned("") == sum(months)


def test_data_exports_tells_where_it_lies(account: Account) -> None:
    exports = account.client("bcm-data-exports")
    (found,) = exports.list_exports()["Exports"]
    assert found["ExportStatus"]["StatusCode"] == "HEALTHY"
    assert found["ExportStatus"]["LastRefreshedAt"] == datetime(2026, 10, 20, 6, tzinfo=UTC)
    export = exports.get_export(ExportArn=found["ExportArn"])["Export"]
    target = export["DestinationConfigurations"]["S3Destination"]
    assert (target["S3Bucket"], target["S3Prefix"], export["Name"]) == (BUCKET, "cur2", "ebb")
    assert key(OCTOBER).startswith(f"{target['S3Prefix']}/{export['Name']}/data/")
    selected = (
        export["DataQuery"]["QueryStatement"].removeprefix("SELECT ").partition(" FROM ")[0].split(", ")
    )
    assert selected == [name for name, _ in COLUMNS]
    periods = [
        each["ExecutionId"][:7]
        for each in exports.list_executions(ExportArn=found["ExportArn"])["Executions"]
    ]
    assert periods == [OCTOBER, SEPTEMBER]
    (table,) = exports.list_tables()["Tables"]
    schema = exports.get_table(TableName=table["TableName"])["Schema"]
    assert {"Name": "resource_tags", "Type": "map<string,string>"} in schema
    with pytest.raises(exports.exceptions.ResourceNotFoundException):
        exports.get_export(ExportArn=found["ExportArn"] + "x")
    with pytest.raises(exports.exceptions.ValidationException):
        exports.get_table(TableName="FOCUS_1_2_AWS")


def test_a_day_later_there_is_a_day_more_and_what_is_final_stays(account: Account) -> None:
    """Moves the clock: last of this file."""
    before = account.keys()
    assert newest(account.table(OCTOBER)) == datetime.fromisoformat("2026-10-20T00:00")
    assert set(account.table(SEPTEMBER)["bill_invoice_id"].to_pylist()).isdisjoint({""})
    assert set(account.table(OCTOBER)["bill_invoice_id"].to_pylist()) == {""}
    account.clock.jump(15 * HOUR)  # 05:00: not delivered yet
    assert account.keys() == before
    account.clock.jump(HOUR)
    after = account.keys()
    assert after[key(SEPTEMBER)] == before[key(SEPTEMBER)]
    assert after[key(OCTOBER)]["LastModified"] == datetime(2026, 10, 21, 6, tzinfo=UTC)
    assert newest(account.table(OCTOBER)) == datetime.fromisoformat("2026-10-21T00:00")
    account.clock.jump(16 * DAY)  # 6 November, 06:00
    assert list(account.keys()) == [key(SEPTEMBER), key(OCTOBER), key("2026-11")]
    final = account.table(OCTOBER)
    assert set(final["bill_invoice_id"].to_pylist()).isdisjoint({""})
    assert newest(final) == datetime.fromisoformat("2026-11-01T00:00")

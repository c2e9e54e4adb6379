"""DuckDB on files and Athena on a lake give equal bills of the same export: one set of expressions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import ibis
import pyarrow.parquet as pq
import pytest
import sqlglot

from ops.billing import door
from ops.billing.columns import layout
from ops.billing.gathering import Part
from ops.billing.lake import Lake
from ops.billing.reading import contents, pruned, read_bill, read_lake, sums
from ops.core.bill import Bill
from ops.core.errors import BadInput, Denied, OpsError, Unreachable
from tests.billing import exports
from tests.billing.exports import DAY, Line, account_bill
from tests.living import error, gated
from tests.local_aws.asking_athena import Asker
from tests.local_aws.conftest import SteppedAws

HIVE = {"string": "string", "double": "double", "timestamp[ms]": "timestamp"}
MAP = "map<string,string>"
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))
RESULTS, DATA = "results", "exports"


@dataclass
class Stocked:
    """An embedded AWS with exports as tables, and the files they were made of."""

    asker: Asker
    files: dict[str, Path]

    def lake(self, table: str) -> Lake:
        return Lake("lake", table, "us-east-1", output=f"s3://{RESULTS}/q/")


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    aws = SteppedAws()
    asker, folder = Asker(aws), tmp_path_factory.mktemp("exports")
    for bucket in (RESULTS, DATA):
        asker.s3.create_bucket(Bucket=bucket)
    asker.rows("CREATE DATABASE IF NOT EXISTS lake", "default")
    hard = [*account_bill(), *_hard()]
    files = {
        "cur2": exports.cur2_parquet(folder / "cur2.parquet", hard),
        "legacy": exports.legacy_parquet(folder / "legacy.parquet", hard),
        "focus": exports.focus_parquet(folder / "focus.parquet", hard),
    }
    october = [replace(line, start=line.start - timedelta(days=31)) for line in account_bill()]
    before = exports.cur2_parquet(folder / "october.parquet", october)
    for name, path in files.items():
        periods = {"2026-11": path} | ({"2026-10": before} if name == "cur2" else {})
        for period, file in periods.items():
            key = f"{name}/BILLING_PERIOD={period}/part-00001.snappy.parquet"
            asker.s3.put_object(Bucket=DATA, Key=key, Body=file.read_bytes())
        columns = ", ".join(f"`{f.name.lower()}` {HIVE.get(str(f.type), MAP)}" for f in pq.read_schema(path))
        asker.rows(
            f"CREATE EXTERNAL TABLE lake.{name} ({columns}) PARTITIONED BY (billing_period string) "
            f"STORED AS PARQUET LOCATION 's3://{DATA}/{name}/'"
        )
        asker.rows(f"MSCK REPAIR TABLE lake.{name}")
    yield Stocked(asker, files)
    aws.server.stop()


def _hard() -> list[Line]:
    """What the engines might read differently: tiny and huge doubles, odd decimals, missing cells, other currencies."""
    return [
        replace(Line(), cost=exports.D("0.30000000000000004"), quantity=exports.D("0.1")),
        replace(Line(), cost=exports.D("0.0000000001")),
        replace(Line(), cost=exports.D("1234567890.1234")),
        replace(Line(), cost=exports.D("-0.0000012345")),
        replace(Line(), cost=None, effective=None, listed=None),
        replace(Line(), quantity=None, hours=24),
        replace(Line(), resource="NULL", description="", start=DAY + timedelta(hours=23)),
        replace(Line(), currency="EUR"),
        replace(Line(), usage_type="", description="$0.23 per Hosting ml.m5.xlarge hour", operation="null"),
    ]


@pytest.fixture(autouse=True)
def _at(stocked: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", stocked.asker.aws.server.url)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def same(bill: Bill) -> Bill:
    """A bill without what tells where it was read from."""
    return replace(bill, source="", scanned=None)


@pytest.mark.parametrize("name", ["cur2", "legacy", "focus"])
def test_both_engines_are_equal(name: str, stocked: Stocked) -> None:
    by_file = read_bill([stocked.files[name]])
    by_lake = read_lake(stocked.lake(name), *NOVEMBER)
    assert same(by_lake) == same(by_file)
    assert by_lake.check_difference == 0
    assert by_lake.lines_difference == 0
    assert by_lake.source == f"lake.{name}"
    assert by_lake.scanned is not None
    assert by_lake.scanned > 0


def test_a_range_reads_its_months_and_days_alone(stocked: Stocked) -> None:
    both = read_lake(stocked.lake("cur2"), date(2026, 10, 1), date(2026, 11, 30))
    one_day = read_lake(stocked.lake("cur2"), date(2026, 11, 4), date(2026, 11, 4))
    october = read_lake(stocked.lake("cur2"), date(2026, 10, 1), date(2026, 10, 31))
    assert same(replace(october, days=())).file_total == exports.TOTAL
    assert {day.day for day in one_day.days} == {date(2026, 11, 4)}
    assert both.lines == october.lines + read_bill([stocked.files["cur2"]]).lines
    assert both.scanned is not None
    assert october.scanned is not None
    assert october.scanned < both.scanned


def test_the_door_reads_the_lake_too(stocked: Stocked) -> None:
    assert same(door.read_lake(stocked.lake("focus"), *NOVEMBER)) == same(read_bill([stocked.files["focus"]]))


def test_a_table_that_is_not_there_and_a_range_upside_down(stocked: Stocked) -> None:
    with pytest.raises(BadInput, match=r"does not find lake\.nothing"):
        read_lake(stocked.lake("nothing"), *NOVEMBER)
    with pytest.raises(BadInput, match=r"ends .* before it starts"):
        read_lake(stocked.lake("cur2"), date(2026, 11, 2), date(2026, 11, 1))
    with pytest.raises(OpsError, match="Athena"):
        read_lake(replace(stocked.lake("cur2"), workgroup="nobody"), *NOVEMBER)


def test_what_athena_refuses_has_its_type(stocked: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with gated(stocked.asker.aws.server.url) as (url, gate):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        gate.shut["StartQueryExecution"] = error("AccessDeniedException")
        with pytest.raises(Denied) as caught:
            door.read_lake(stocked.lake("cur2"), *NOVEMBER)
        assert caught.value.action == "athena:StartQueryExecution"
    with pytest.raises(Unreachable, match="Athena in us-east-1 gives no answer"):
        read_lake(stocked.lake("cur2"), *NOVEMBER)


def test_partitions_are_named_in_the_statement() -> None:
    columns = [*exports.cur(Line()), "billing_period"]
    table = ibis.table(dict.fromkeys(columns, "string"), name="cur")
    said = str(ibis.to_sql(pruned(table, date(2026, 10, 31), date(2026, 12, 1)), dialect="athena"))
    assert all(f"'2026-{month}'" in said for month in (10, 11, 12))
    old = ibis.table({"year": "string", "month": "string"}, name="cur")
    said = str(ibis.to_sql(pruned(old, date(2026, 1, 31), date(2026, 1, 31)), dialect="athena"))
    assert "'2026'" in said
    assert "'1'" in said
    assert "'01'" in said


@pytest.mark.parametrize("rows", [exports.cur(Line()), exports.focus([Line()])[0]])
def test_statements_for_athena_are_trinos_and_short_enough(rows: dict[str, object]) -> None:
    table = ibis.table(dict.fromkeys(rows, "string"), name="cur")
    part = Part(table, layout(list(rows)))
    for question in (contents([part]), sums([part], "USD")):
        said = str(ibis.to_sql(question, dialect="athena"))
        assert len(said.encode()) < 262_144  # the longest statement that Athena takes
        functions = {
            f.sql_name().lower() for f in sqlglot.parse_one(said, read="trino").find_all(sqlglot.exp.Func)
        }
        assert not {"list_extract", "strptime", "regexp_matches"} & functions

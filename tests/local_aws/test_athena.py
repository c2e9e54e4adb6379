"""Athena through a real client: states, result files, pages, types, statements that fail."""

from __future__ import annotations

import csv
import io
import os
import signal
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.local_aws import athena_runs
from ops.local_aws.athena_process import TookTooLong, WorkerProcess
from tests.local_aws.asking_athena import RESULTS, Asker, stocked
from tests.local_aws.conftest import SteppedAws

ENDLESS = """SELECT count(*) FROM UNNEST(sequence(1, 300000)) a (x)
    CROSS JOIN UNNEST(sequence(1, 300000)) b (y) WHERE x * y % 7 = 1"""


@pytest.fixture(scope="module")
def lake() -> Iterator[Asker]:
    aws = SteppedAws()
    yield stocked(aws)
    aws.server.stop()


def test_a_statement_is_answered_and_its_result_lies_in_s3(lake: Asker) -> None:
    execution = lake.run("SELECT id, name, cost FROM cur WHERE billing_period = '2026-11' ORDER BY id")
    assert execution["Status"]["State"] == "SUCCEEDED"
    assert execution["StatementType"] == "DML"
    assert execution["SubstatementType"] == "SELECT"
    assert execution["WorkGroup"] == "primary"
    assert execution["Status"]["CompletionDateTime"] >= execution["Status"]["SubmissionDateTime"]
    key = execution["QueryExecutionId"]
    assert execution["ResultConfiguration"]["OutputLocation"] == f"s3://{RESULTS}/q/{key}.csv"
    assert lake.object(f"s3://{RESULTS}/q/{key}.csv").decode() == (
        '"id","name","cost"\n"1","a ""quoted"", word","1.5"\n"2","two\nlines","1.25E7"\n"3",,\n'
    )


def test_types_and_texts_are_athenas(lake: Asker) -> None:
    execution = lake.run(
        "SELECT id, cost, exact, name, at, tags, parts, place, absent, DATE '2026-11-01' d, id > 1 b, "
        "CAST(1 AS smallint) s, CAST(1.5 AS real) r FROM cur WHERE billing_period = '2026-10' AND id = 1"
    )
    answer = lake.athena.get_query_results(QueryExecutionId=execution["QueryExecutionId"])["ResultSet"]
    told = [
        (c["Name"], c["Type"], c["Precision"], c["Scale"]) for c in answer["ResultSetMetadata"]["ColumnInfo"]
    ]
    assert told == [
        ("id", "bigint", 19, 0), ("cost", "double", 17, 0), ("exact", "decimal", 38, 10),
        ("name", "varchar", 2_147_483_647, 0), ("at", "timestamp", 3, 0), ("tags", "map", 0, 0),
        ("parts", "array", 0, 0), ("place", "row", 0, 0), ("absent", "varchar", 2_147_483_647, 0),
        ("d", "date", 0, 0), ("b", "boolean", 0, 0), ("s", "smallint", 5, 0), ("r", "float", 17, 0),
    ]  # fmt: skip
    header, row = answer["Rows"]
    assert [cell["VarCharValue"] for cell in header["Data"]] == [name for name, *_ in told]
    assert [cell.get("VarCharValue") for cell in row["Data"]] == [
        "1", "1.5", "0.0000000001", 'a "quoted", word', "2026-11-01 05:00:00.000", "{user:team=x, user:env=}",
        "[1, null]", "{zone=a, rack=7}", None, "2026-11-01", "false", "1", "1.5",
    ]  # fmt: skip


def test_results_come_in_pages_with_the_header_once(lake: Asker) -> None:
    execution = lake.run("SELECT x FROM UNNEST(sequence(1, 2500)) AS t (x) ORDER BY x")
    pages = []
    token: dict[str, str] = {}
    while True:
        answer = lake.athena.get_query_results(QueryExecutionId=execution["QueryExecutionId"], **token)
        pages.append([row["Data"][0]["VarCharValue"] for row in answer["ResultSet"]["Rows"]])
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert [len(page) for page in pages] == [1000, 1000, 501]
    assert [*pages[0], *pages[1], *pages[2]] == ["x", *map(str, range(1, 2501))]
    with pytest.raises(ClientError, match="NextToken"):
        lake.athena.get_query_results(QueryExecutionId=execution["QueryExecutionId"], NextToken="nonsense")


def test_bytes_scanned_shrink_with_columns_and_months(lake: Asker) -> None:
    def scanned(sql: str) -> int:
        return int(lake.run(sql)["Statistics"]["DataScannedInBytes"])

    everything = scanned("SELECT * FROM cur")
    one_column = scanned("SELECT id FROM cur")
    one_month = scanned("SELECT id FROM cur WHERE billing_period = '2026-11'")
    assert everything > one_column == 2 * one_month > 0
    assert scanned("SELECT id FROM cur WHERE billing_period IN ('2025-01', '2026-10')") == one_month
    assert (
        scanned("SELECT a.id FROM cur a JOIN cur b ON a.id = b.id WHERE b.billing_period = '2026-10'")
        == 3 * one_month
    )
    assert scanned("SELECT 1") == 0


def test_unload_writes_parquet_with_exact_types(lake: Asker) -> None:
    query = "SELECT id, exact, tags, sum(id) AS total FROM cur GROUP BY 1, 2, 3"
    sql = f"UNLOAD ({query}) TO 's3://{RESULTS}/u/1/' WITH (format = 'PARQUET', compression = 'SNAPPY')"
    execution = lake.run(sql)
    assert execution["SubstatementType"] == "UNLOAD"
    manifest = lake.object(execution["Statistics"]["DataManifestLocation"]).decode().split()
    (uri,) = manifest
    table = pq.read_table(io.BytesIO(lake.object(uri)))
    kinds = {field.name: str(field.type) for field in table.schema}
    assert (kinds["id"], kinds["exact"], kinds["total"]) == ("int64", "decimal128(38, 10)", "int64")
    assert kinds["tags"].startswith("map<string, string")
    assert sorted(table["total"].to_pylist()) == [2, 4, 6]
    assert Decimal("0.0000000001") in table["exact"].to_pylist()
    assert "already exists" in lake.refusal(sql)
    empty = lake.run(
        f"UNLOAD (SELECT id FROM cur WHERE id > 9) TO 's3://{RESULTS}/u/2/' WITH (format = 'PARQUET')"
    )
    assert lake.object(empty["Statistics"]["DataManifestLocation"]) == b""


def test_a_statement_can_be_stopped(lake: Asker) -> None:
    key = lake.start(ENDLESS)
    _until_running(lake, key)
    with pytest.raises(ClientError, match="not yet finished"):
        lake.athena.get_query_results(QueryExecutionId=key)
    lake.athena.stop_query_execution(QueryExecutionId=key)
    assert lake.ended(key)["Status"]["StateChangeReason"] == "Query cancelled by user"
    lake.athena.stop_query_execution(QueryExecutionId=key)
    with pytest.raises(ClientError, match="CANCELLED"):
        lake.athena.get_query_results(QueryExecutionId=key)
    assert lake.rows("SELECT 1")[1] == ["1"]


def test_a_worker_that_dies_fails_its_statement_only(lake: Asker) -> None:
    key = lake.start(ENDLESS)
    _until_running(lake, key)
    turn = threading.Event()
    while not (pids := lake.aws.world.athena.worker_pids()):
        turn.wait(0.01)
    os.kill(pids[0], signal.SIGKILL)
    execution = lake.ended(key)
    assert execution["Status"]["State"] == "FAILED"
    assert execution["Status"]["AthenaError"]["ErrorCategory"] == 1
    assert lake.rows("SELECT 1")[1] == ["1"]


def test_a_statement_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    worker = WorkerProcess(tmp_path, most_s=2.0)
    asked = {
        "sql": ENDLESS,
        "parameters": [],
        "database": "default",
        "catalog": {"default": {}},
        "now": 0.0,
        "out": str(tmp_path),
    }
    with pytest.raises(TookTooLong):
        worker.run(asked, lambda question: question)
    worker.end()


def test_where_results_go_must_be_known_and_there(lake: Asker) -> None:
    athena = lake.athena
    invalid = athena.exceptions.InvalidRequestException
    with pytest.raises(invalid, match="No output location provided"):
        athena.start_query_execution(QueryString="SELECT 1")
    with pytest.raises(invalid, match="Unable to verify/create output bucket nowhere"):
        lake.start("SELECT 1", ResultConfiguration={"OutputLocation": "s3://nowhere/"})
    with pytest.raises(invalid, match="not a valid S3 path"):
        lake.start("SELECT 1", ResultConfiguration={"OutputLocation": "/tmp"})
    with pytest.raises(invalid, match="WorkGroup is not found"):
        lake.start("SELECT 1", WorkGroup="other")
    with pytest.raises(invalid, match="was not found"):
        athena.get_query_execution(QueryExecutionId="nonsense")
    with pytest.raises(ClientError, match="NotImplemented"):
        athena.create_named_query(Name="a", Database="lake", QueryString="SELECT 1")


def test_a_token_starts_a_statement_once(lake: Asker) -> None:
    token = "t" * 32
    first = lake.start("SELECT 1", ClientRequestToken=token)
    assert lake.start("SELECT 1", ClientRequestToken=token) == first
    with pytest.raises(ClientError, match="Idempotent"):
        lake.start("SELECT 2", ClientRequestToken=token)


def test_executions_are_listed_newest_first(lake: Asker) -> None:
    keys = [lake.start(f"SELECT {n}") for n in range(3)]
    assert lake.athena.list_query_executions(MaxResults=3)["QueryExecutionIds"] == keys[::-1]
    answer = lake.athena.batch_get_query_execution(QueryExecutionIds=[*keys, "nonsense"])
    assert [each["QueryExecutionId"] for each in answer["QueryExecutions"]] == keys
    assert answer["UnprocessedQueryExecutionIds"][0]["ErrorCode"] == "INVALID_INPUT"
    for key in keys:
        lake.ended(key)


def test_workgroups_say_where_results_go(lake: Asker) -> None:
    names = [group["Name"] for group in lake.athena.list_work_groups()["WorkGroups"]]
    assert names == ["billing", "primary"]
    group = lake.athena.get_work_group(WorkGroup="billing")["WorkGroup"]
    assert group["Configuration"]["ResultConfiguration"] == {"OutputLocation": "s3://ebb-athena-results/"}
    execution = lake.run("SELECT 1", WorkGroup="billing", ResultConfiguration={})
    assert execution["ResultConfiguration"]["OutputLocation"].startswith("s3://ebb-athena-results/")
    assert lake.object(execution["ResultConfiguration"]["OutputLocation"]) == b'"_col0"\n"1"\n'


decimals = st.integers(1, 38).flatmap(
    lambda precision: st.integers(0, precision).flatmap(
        lambda scale: st.integers(-(10**precision) + 1, 10**precision - 1).map(
            lambda units: (_scaled(units, scale), precision, scale)
        )
    )
)


def _scaled(units: int, scale: int) -> Decimal:
    sign, digits, _ = Decimal(units).as_tuple()
    return Decimal((sign, digits, -scale))


@settings(max_examples=20, deadline=None)
@given(st.lists(decimals, min_size=1, max_size=8))
def test_decimals_come_back_exactly(lake: Asker, given_ones: list[tuple[Decimal, int, int]]) -> None:
    selected = ", ".join(
        f"CAST('{value:f}' AS DECIMAL({precision}, {scale})) AS c{n}"
        for n, (value, precision, scale) in enumerate(given_ones)
    )
    execution = lake.run(f"SELECT {selected}")
    answer = lake.athena.get_query_results(QueryExecutionId=execution["QueryExecutionId"])["ResultSet"]
    told = [(c["Type"], c["Precision"], c["Scale"]) for c in answer["ResultSetMetadata"]["ColumnInfo"]]
    assert told == [("decimal", precision, scale) for _, precision, scale in given_ones]
    texts = [cell["VarCharValue"] for cell in answer["Rows"][1]["Data"]]
    assert [Decimal(text) for text in texts] == [value for value, _, _ in given_ones]
    file = lake.object(execution["ResultConfiguration"]["OutputLocation"]).decode()
    assert list(csv.reader(io.StringIO(file)))[1] == texts


def _until_running(lake: Asker, key: str) -> None:
    turn = threading.Event()
    while (
        lake.athena.get_query_execution(QueryExecutionId=key)["QueryExecution"]["Status"]["State"] == "QUEUED"
    ):
        turn.wait(0.01)


def test_a_forgotten_statements_token_is_forgotten_too(lake: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    token = "f" * 32
    first = lake.start("SELECT 1", ClientRequestToken=token)
    lake.ended(first)
    monkeypatch.setattr(athena_runs, "KEPT", 1)
    lake.run("SELECT 2")
    again = lake.start("SELECT 1", ClientRequestToken=token)
    assert again != first
    assert lake.ended(again)["Status"]["State"] == "SUCCEEDED"


def test_a_disk_that_refuses_fails_the_statement_and_no_later_one(lake: Asker) -> None:
    home = lake.aws.world.athena.home()
    away = home.rename(home.with_name(f"{home.name}-away"))
    try:
        assert "GENERIC_INTERNAL_ERROR" in lake.refusal("SELECT 1")
    finally:
        away.rename(home)
    assert lake.rows("SELECT 1 AS x") == [["x"], ["1"]]

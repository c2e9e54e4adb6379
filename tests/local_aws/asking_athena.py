"""A table of Parquet files in the embedded S3, and a way to send Athena a statement and wait for its end."""

from __future__ import annotations

import io
import threading
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.local_aws.conftest import SteppedAws

DATA, RESULTS = "bills", "results"
COLUMNS = """id bigint, cost double, exact decimal(38,10), name string, at timestamp, tags map<string,string>,
    parts array<int>, place struct<zone:string,rack:int>, absent string"""
PERIODS = ("2026-10", "2026-11")


class Asker:
    """`run` gives the finished QueryExecution."""

    def __init__(self, aws: SteppedAws) -> None:
        self.aws = aws
        self.athena = aws.client("athena")
        self.s3 = aws.client("s3")

    def start(self, sql: str, database: str = "lake", **more: Any) -> str:
        context = {"Database": database, "Catalog": "AwsDataCatalog"}
        place = {"OutputLocation": f"s3://{RESULTS}/q/"}
        wanted: dict[str, Any] = {"QueryExecutionContext": context, "ResultConfiguration": place} | more
        return str(self.athena.start_query_execution(QueryString=sql, **wanted)["QueryExecutionId"])

    def ended(self, key: str) -> dict[str, Any]:
        turn = threading.Event()
        while True:
            found = self.athena.get_query_execution(QueryExecutionId=key)["QueryExecution"]
            if found["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return dict(found)
            turn.wait(0.01)

    def run(self, sql: str, database: str = "lake", **more: Any) -> dict[str, Any]:
        return self.ended(self.start(sql, database, **more))

    def rows(self, sql: str, database: str = "lake", **more: Any) -> list[list[str | None]]:
        """All rows, the header first where there is one."""
        execution = self.run(sql, database, **more)
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        pages = self.athena.get_paginator("get_query_results").paginate(
            QueryExecutionId=execution["QueryExecutionId"]
        )
        return [
            [cell.get("VarCharValue") for cell in row["Data"]]
            for page in pages
            for row in page["ResultSet"]["Rows"]
        ]

    def refusal(self, sql: str, **more: Any) -> str:
        """Why a statement fails."""
        execution = self.run(sql, **more)
        assert execution["Status"]["State"] == "FAILED", sql
        assert execution["Status"]["AthenaError"]["ErrorMessage"] == execution["Status"]["StateChangeReason"]
        return str(execution["Status"]["StateChangeReason"])

    def object(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return bytes(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def stocked(aws: SteppedAws) -> Asker:
    """Two months of three lines each in `lake.cur`, partitioned by billing_period."""
    asker = Asker(aws)
    for bucket in (DATA, RESULTS):
        asker.s3.create_bucket(Bucket=bucket)
    for period in PERIODS:
        key = f"cur/BILLING_PERIOD={period}/part-00001.snappy.parquet"
        asker.s3.put_object(Bucket=DATA, Key=key, Body=parquet())
    asker.s3.put_object(Bucket=DATA, Key="cur/_SUCCESS", Body=b"")
    asker.rows("CREATE DATABASE IF NOT EXISTS lake", "default")
    asker.rows(
        f"CREATE EXTERNAL TABLE lake.cur ({COLUMNS}) PARTITIONED BY (billing_period string) STORED AS PARQUET "
        f"LOCATION 's3://{DATA}/cur/' TBLPROPERTIES ('classification'='parquet')"
    )
    asker.rows("MSCK REPAIR TABLE lake.cur")
    return asker


def parquet() -> bytes:
    at = datetime.fromisoformat("2026-11-01T05:00")
    table = pa.table(
        {
            "id": pa.array([1, 2, 3], pa.int64()),
            "cost": [1.5, 12_500_000.0, None],
            "exact": pa.array([Decimal("0.0000000001"), Decimal("9" * 27), None], pa.decimal128(38, 10)),
            "name": ['a "quoted", word', "two\nlines", None],
            "at": pa.array([at, at, None], pa.timestamp("ms")),
            "tags": pa.array(
                [[("user:team", "x"), ("user:env", "")], [], None], pa.map_(pa.string(), pa.string())
            ),
            "parts": pa.array([[1, None], [], None], pa.list_(pa.int32())),
            "place": pa.array([{"zone": "a", "rack": 7}, None, None]),
        }
    )
    file = io.BytesIO()
    pq.write_table(table, file, compression="snappy")
    return file.getvalue()

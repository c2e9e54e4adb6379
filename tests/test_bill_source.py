"""Where bills are read: files and objects of S3, what is kept, and what is fetched, through a living embedded AWS."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.bill_source import BillPlaces, BillSource, ReadBill
from ops.core.types import Connection
from tests.billing import exports
from tests.living import living

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 8)
HERE = Connection("embedded", exports.ACCOUNT, "us-east-1", "", None, False)


@pytest.fixture(scope="module")
def reading() -> Iterator[Reading]:
    with living(empty=True) as (server, _):
        session = AwsSession(Where("embedded", "us-east-1", server.url, loopback=True))
        yield Reading(session)
        session.close()


@pytest.fixture(scope="module")
def bucket(reading: Reading) -> str:
    reading.session.client("s3").create_bucket(Bucket="bills")
    return "bills"


def put(reading: Reading, bucket: str, key: str, file: Path) -> datetime:
    """When AWS says that it was written."""
    reading.session.client("s3").put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
    written: datetime = reading.ask("s3", "HeadObject", Bucket=bucket, Key=key)["LastModified"]
    return written


def read(reading: Reading, export: str | Path, folder: Path) -> ReadBill:
    return BillSource(BillPlaces(export=str(export), folder=folder)).read(reading, HERE, FIRST, LAST)


def test_a_bill_says_when_its_files_were_written(reading: Reading, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    for number, at in enumerate((1_700_000_000, 1_600_000_000)):
        path = exports.cur2_parquet(folder / f"{number}.parquet", [exports.Line(hours=number + 1)])
        os.utime(path, (at, at))
    (folder / "notes.md").write_text("younger, and no export", encoding="utf-8")
    found = read(reading, folder, tmp_path)
    assert found.written == datetime.fromtimestamp(1_700_000_000, UTC)
    assert found.at > found.written


def test_a_bill_says_when_its_objects_were_written(reading: Reading, bucket: str, tmp_path: Path) -> None:
    path = exports.cur2_parquet(tmp_path / "one.parquet", exports.account_bill())
    written = put(reading, bucket, "plain/BILLING_PERIOD=2026-11/one.parquet", path)
    put(reading, bucket, "plain/BILLING_PERIOD=2026-12/two.parquet", path)
    assert read(reading, f"s3://{bucket}/plain", tmp_path / "kept").written == written

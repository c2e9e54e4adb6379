"""Where bills are read: files and objects of S3, what is kept, and what is fetched, through a living embedded AWS."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest

from ops import bill_exports
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.bill_source import BillPlaces, BillSource, ReadBill
from ops.collector import Collector
from ops.core import baselines, periods
from ops.core.billed import in_utc
from ops.core.cost import Basis
from ops.core.errors import BadInput, Denied, OpsError, Unreachable
from ops.core.places import Place
from ops.core.types import Connection
from ops.core.views_savings import SavingsQuery
from tests.billing import exports
from tests.living import TUESDAY, Answer, answering, console_at, error, gated, living

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
    somebody(reading).create_bucket(Bucket="bills")
    return "bills"


def somebody(reading: Reading) -> Any:
    """S3 for whoever fills the bucket: Ebb itself makes none."""
    url, keys = reading.session.where.endpoint_url, {"aws_access_key_id": "x", "aws_secret_access_key": "y"}
    return boto3.client("s3", "us-east-1", endpoint_url=url, **keys)


def put(reading: Reading, bucket: str, key: str, file: Path) -> datetime:
    """When AWS says that it was written."""
    somebody(reading).put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
    written: datetime = reading.ask("s3", "HeadObject", Bucket=bucket, Key=key)["LastModified"]
    return written


def read(reading: Reading, export: str | Path, folder: Path) -> ReadBill:
    return BillSource(BillPlaces(export=str(export), folder=folder)).read(reading, HERE, FIRST, LAST)


def test_one_export_serves_every_account_with_its_own_lines_and_says_where_the_others_are(
    reading: Reading, tmp_path: Path
) -> None:
    path = exports.cur2_parquet(tmp_path / "one.parquet", exports.account_bill())
    source = BillSource(BillPlaces(export=str(path), folder=tmp_path))
    mine = source.read(reading, HERE, FIRST, LAST)
    path.unlink()  # what is read now is what was read
    other = replace(HERE, account="222222222222", region="eu-west-1")
    found = source.read(reading, HERE, FIRST, LAST, other)
    assert found.bill.days == ()
    assert mine.bill.days
    assert dict(found.elsewhere)[Place(HERE.account, HERE.region)] == len(mine.bill.days)
    assert found.bill.file_total == mine.bill.file_total
    assert "other accounts or regions and not looked at here" in found.bill.notes[-1]
    assert source.at_hand(FIRST, LAST, other) == found


def test_a_bill_says_when_its_files_were_written(reading: Reading, tmp_path: Path) -> None:
    for number, at in enumerate((1_700_000_000, 1_600_000_000)):
        path = tmp_path / f"{number}.csv"
        path.write_text("no matter", encoding="utf-8")
        os.utime(path, (at, at))
    (tmp_path / "notes.md").write_text("younger, and no export", encoding="utf-8")
    found = bill_exports.files(reading, str(tmp_path), None, FIRST, LAST)
    assert found.written == datetime.fromtimestamp(1_700_000_000, UTC)


def test_a_bill_says_when_its_objects_were_written(reading: Reading, bucket: str, tmp_path: Path) -> None:
    path = exports.cur2_parquet(tmp_path / "one.parquet", exports.account_bill())
    written = put(reading, bucket, "plain/BILLING_PERIOD=2026-11/one.parquet", path)
    put(reading, bucket, "plain/BILLING_PERIOD=2026-12/two.parquet", path)
    assert read(reading, f"s3://{bucket}/plain", tmp_path / "kept").written == written


def test_an_address_is_a_folders_unless_it_names_a_file(
    reading: Reading, bucket: str, tmp_path: Path
) -> None:
    """What only begins alike, another month of a legacy report, and what is hidden are not taken in."""
    path = exports.cur2_parquet(tmp_path / "one.parquet", exports.account_bill())
    for key in (
        "cur2/ebb/20261101-20261201/c0ffee/ebb-1.parquet",
        "cur2/ebb/20261001-20261101/abcdef/ebb-1.parquet",
        "cur2/ebb/_temporary/ebb-1.parquet",
        "cur2/ebb-old/ebb-1.parquet",
    ):
        put(reading, bucket, key, path)
    for address in ("cur2/ebb", "cur2/ebb/", "cur2/ebb-old/ebb-1.parquet"):
        found = bill_exports.files(reading, f"s3://{bucket}/{address}", tmp_path / "kept", FIRST, LAST)
        assert [Path(path).read_bytes() for path in found.paths] == [path.read_bytes()]
    with pytest.raises(BadInput, match="no bill export of these days under s3://bills/cur2/eb"):
        bill_exports.files(reading, f"s3://{bucket}/cur2/eb", tmp_path / "kept", FIRST, LAST)


def test_of_versions_in_s3_the_delivered_one_is_read(reading: Reading, bucket: str, tmp_path: Path) -> None:
    whole = exports.cur2_parquet(tmp_path / "whole.parquet", exports.account_bill())
    begun = exports.cur2_parquet(tmp_path / "begun.parquet", exports.account_bill()[:3])
    month = "new/20261101-20261201"
    put(reading, bucket, f"{month}/c0ffee/ebb-1.parquet", whole)
    put(reading, bucket, f"{month}/abcdef/ebb-1.parquet", begun)
    manifest = exports.plain(tmp_path / "manifest", '{"assemblyId": "c0ffee", "columns": []}')
    put(reading, bucket, f"{month}/ebb-Manifest.json", manifest)
    found = read(reading, f"s3://{bucket}/new", tmp_path / "kept").bill
    assert found.file_total == exports.TOTAL
    assert "The export keeps 2 versions of 2026-11: the newest (c0ffee) counts alone." in found.notes
    assert len([p for p in (tmp_path / "kept").rglob("*") if p.is_file()]) == 1


def test_two_at_once_fetch_once(reading: Reading, bucket: str, tmp_path: Path) -> None:
    put(reading, bucket, "both/a.parquet", exports.cur2_parquet(tmp_path / "a.parquet", [exports.Line()]))
    fetched: list[str] = []

    def note(**told: Any) -> None:
        fetched.append(told["model"].name)

    client = reading.session.client("s3")
    client.meta.events.register("before-call.s3.GetObject", note)
    start = threading.Barrier(2)

    def go(address: str) -> bill_exports.Files:
        start.wait(5)
        return bill_exports.files(reading, address, tmp_path / "kept", FIRST, LAST)

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(go, [f"s3://{bucket}/both", f"s3://{bucket}/both/"])
    client.meta.events.unregister("before-call.s3.GetObject", note)
    assert one == other
    assert fetched == ["GetObject"]
    assert [str(p) for p in (tmp_path / "kept").rglob("*") if p.is_file()] == list(one.paths)


def test_only_what_is_ebbs_own_is_removed(reading: Reading, bucket: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    path = exports.cur2_parquet(tmp_path / "a.parquet", [exports.Line()])
    put(reading, bucket, "own/a.parquet", path)
    put(reading, bucket, "other/b.parquet", path)
    (old,) = bill_exports.files(reading, f"s3://{bucket}/own", kept, FIRST, LAST).paths
    (other,) = bill_exports.files(reading, f"s3://{bucket}/other", kept, FIRST, LAST).paths
    mine = Path(old).with_name("notes.txt")
    begun, left = (Path(f"{old}.{n}.part") for n in ("young", "old"))
    for each in (mine, begun, left):
        each.write_text("x", encoding="utf-8")
    os.utime(left, (1_700_000_000, 1_700_000_000))
    put(reading, bucket, "own/a.parquet", exports.cur2_parquet(path, exports.account_bill()))
    (new,) = bill_exports.files(reading, f"s3://{bucket}/own", kept, FIRST, LAST).paths
    assert new != old
    assert {p.name for p in mine.parent.iterdir()} == {Path(new).name, mine.name, begun.name}
    assert Path(other).exists()


def test_a_folder_that_cannot_be_written_says_what_to_do(
    reading: Reading, bucket: str, tmp_path: Path
) -> None:
    put(reading, bucket, "full/a.parquet", exports.cur2_parquet(tmp_path / "a.parquet", [exports.Line()]))
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(OpsError, match="cannot be kept in") as caught:
        read(reading, f"s3://{bucket}/full", tmp_path / "taken")
    assert "EBB_STATE_DIR" in caught.value.hint
    with pytest.raises(BadInput, match="no folder to keep"):
        bill_exports.files(reading, f"s3://{bucket}/full", None, FIRST, LAST)


# --- what is kept ---


class Hand:
    """A clock moved by the test."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


def cells(*groups: tuple[str, str, str]) -> list[dict[str, Any]]:
    """(first key, second key, hours) of one day; an hour is a dollar."""
    return [
        {
            "Keys": [one, two],
            "Metrics": {
                "UnblendedCost": {"Amount": hours, "Unit": "USD"},
                "UsageQuantity": {"Amount": hours, "Unit": "N/A"},
            },
        }
        for one, two, hours in groups
    ]


ASYNC = "USE1-AsyncInf:ml.g5.xlarge"
ARN = f"arn:aws:sagemaker:us-east-1:{exports.ACCOUNT}:endpoint/doc"


class Explorer:
    """Cost Explorer of an account with usage on the first day of each range, and a credit for it. Counts its calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.shut: dict[str, Answer] = {}

    def __call__(self, target: str, body: bytes) -> Answer:
        named = target.rpartition(".")[2]
        self.calls.append(named)
        if named in self.shut:
            return self.shut[named]
        asked = json.loads(body)
        begin, end = (date.fromisoformat(asked["TimePeriod"][key]) for key in ("Start", "End"))
        days = [begin + timedelta(days=n) for n in range((end - begin).days)]
        only = {f["Dimensions"]["Key"]: f["Dimensions"]["Values"] for f in asked["Filter"]["And"]}
        usage = [("Usage", "10"), ("Credit", "-4")]
        if named == "GetCostAndUsage":
            groups = cells(*((ASYNC, kind, hours) for kind, hours in usage))
        else:
            kept = [Decimal(hours) for kind, hours in usage if kind in only.get("RECORD_TYPE", [kind])]
            groups = cells((ARN, ASYNC, str(sum(kept, Decimal(0)))))
        results = [
            {
                "TimePeriod": {"Start": f"{day}", "End": f"{day + timedelta(days=1)}"},
                "Groups": groups if day == days[0] else [],
                "Estimated": False,
            }
            for day in days
        ]
        headers = {"Content-Type": "application/x-amz-json-1.1", "Date": "Tue, 10 Nov 2026 12:00:00 GMT"}
        return 200, headers, json.dumps({"ResultsByTime": results}).encode()


@pytest.fixture
def explorer() -> Iterator[tuple[Explorer, Reading]]:
    found = Explorer()
    with answering(found) as url:
        session = AwsSession(Where("embedded", "us-east-1", url, loopback=True))
        yield found, Reading(session)
        session.close()


def test_credits_are_not_taken_for_usage_of_an_endpoint(explorer: tuple[Explorer, Reading]) -> None:
    """And days without usage are days of the bill."""
    found = BillSource(BillPlaces()).read(explorer[1], HERE, FIRST, LAST)
    assert [(d.endpoint, d.hours, d.usd) for d in found.bill.days] == [("doc", Decimal(10), Decimal(10))]
    assert (found.bill.first, found.bill.last) == (FIRST, LAST - timedelta(days=1))
    assert (found.calls, found.written) == (2, None)


def test_what_failed_is_not_asked_again_for_longer_each_time(explorer: tuple[Explorer, Reading]) -> None:
    aws, reading = explorer
    aws.shut["GetCostAndUsage"] = error("AccessDeniedException")
    hand = Hand()
    source = BillSource(BillPlaces(), hand)
    for number, wait in enumerate((900.0, 1800.0, 3600.0, 7200.0, 14_400.0, 14_400.0), 1):
        for begin in (FIRST, FIRST + timedelta(days=1)):  # another range is no other source
            with pytest.raises(Denied) as caught:
                source.read(reading, HERE, begin, LAST)
        assert len(aws.calls) == number
        assert f"Ebb tries again in {wait / 60:.0f} minutes." in caught.value.hint
        hand.at += wait - 1
        with pytest.raises(Denied, match="denied") as caught:
            source.read(reading, HERE, FIRST, LAST)
        assert caught.value.hint.endswith(
            "Allow the IAM action ce:GetCostAndUsage. Ebb tries again in 1 minute."
        )
        assert len(aws.calls) == number
        hand.at += 1
    aws.shut.clear()
    assert source.read(reading, HERE, FIRST, LAST).calls == 8  # six in vain, which were paid, too
    hand.at += 6 * 3600
    assert source.read(reading, HERE, FIRST, LAST).calls == 2


@pytest.mark.parametrize(
    "why", [error("AccessDeniedException"), (200, {"Content-Type": "text/html"}, b"<html>")]
)
def test_without_its_second_answer_the_first_is_kept_for_a_while(
    explorer: tuple[Explorer, Reading], why: Answer
) -> None:
    aws, reading = explorer
    aws.shut["GetCostAndUsageWithResources"] = why
    hand = Hand()
    source = BillSource(BillPlaces(), hand)
    found = source.read(reading, HERE, FIRST, LAST)
    assert [(d.endpoint, d.hours) for d in found.bill.days] == [(None, Decimal(10))]
    assert [p.part for p in found.problems] == ["bills"]
    aws.shut.clear()
    hand.at += 3599
    assert source.read(reading, HERE, FIRST, LAST) is found
    hand.at += 1
    assert source.at_hand(FIRST, LAST) is None
    assert not source.read(reading, HERE, FIRST, LAST).problems


def test_the_widest_bill_serves_all_who_ask_at_once(explorer: tuple[Explorer, Reading]) -> None:
    aws, reading = explorer
    source = BillSource(BillPlaces())
    start = threading.Barrier(4)

    def go(_: int) -> ReadBill:
        start.wait(5)
        return source.read(reading, HERE, FIRST, LAST)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(go, range(4)))
    assert {id(each) for each in found} == {id(found[0])}
    assert source.read(reading, HERE, FIRST + timedelta(days=2), LAST) is found[0]
    assert aws.calls == ["GetCostAndUsage", "GetCostAndUsageWithResources"]


def test_a_file_that_somebody_mends_is_read_a_minute_later(reading: Reading, tmp_path: Path) -> None:
    hand, path = Hand(), tmp_path / "bill.csv"
    source = BillSource(BillPlaces(export=str(path)), hand)
    with pytest.raises(BadInput, match="no bill export at"):
        source.read(reading, HERE, FIRST, LAST)
    exports.cur2_parquet(path, [exports.Line()])
    hand.at += 59
    with pytest.raises(BadInput):
        source.read(reading, HERE, FIRST, LAST)
    hand.at += 1
    assert source.read(reading, HERE, FIRST, LAST).bill.lines == 1


def test_a_bill_that_is_away_is_not_aws_being_away(reading: Reading) -> None:
    """The pages of all others go on, and the bill is not asked for again by the next refresh."""
    with gated(reading.session.where.endpoint_url or "") as (front, gate):
        collector = Collector(lambda: console_at(front), lambda kind: 2.0, Hand())
        collector.read_once()
        gate.shut["GetCostAndUsage"] = (200, {"Content-Type": "text/html"}, b"<html>")
        now = collector.ask("now", lambda console: console.savings(query(Basis.ESTIMATED)).as_of, 0).value
        for _ in range(2):
            with pytest.raises(Unreachable, match="not like AWS"):
                collector.ask("bill", lambda console: console.find_savings(query(Basis.BILLED)), 0)
            again = collector.ask("again", lambda console: console.savings(query(Basis.ESTIMATED)).as_of, 0)
            assert (again.value, again.error) == (now, None)
        console = collector.console
        assert console is not None
        assert console.usage().calls["ce:GetCostAndUsage"] == 1
        collector.stop()


def query(basis: Basis) -> SavingsQuery:
    now = datetime.fromtimestamp(TUESDAY, UTC)
    return SavingsQuery(in_utc(periods.last_days(3, now)), baselines.parse("peak"), basis)

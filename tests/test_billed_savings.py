"""Billed figures of a living embedded AWS, by every way to a bill, and beside the estimate and its own ledger."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.bill_source import BillPlaces, BillSource
from ops.config import Settings
from ops.console import Console
from ops.core import baselines, periods
from ops.core.billed import in_utc
from ops.core.cost import Basis
from ops.core.errors import BadInput, Denied
from ops.core.reconcile import agreement
from ops.core.types import Connection
from ops.core.views_savings import SavingsQuery, SavingsView
from ops.local_aws.story_kit import HOUR
from tests.billing import exports
from tests.living import error, gated
from tests.roles import make, trusting
from tests.small_worlds import NAME, small

DAYS = 3
BUCKET = "s3://ebb-cost-exports"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with small(6.0, every_s=12 * HOUR, size=400) as (server, _):
        yield server.url


def asked(url: str, basis: Basis = Basis.BILLED, **settings: Any) -> SavingsView:
    with Console.open(Settings(endpoint_url=url, **settings)) as console:
        return console.find_savings(query(console, basis))


def query(console: Console, basis: Basis) -> SavingsQuery:
    return SavingsQuery(
        in_utc(periods.last_days(DAYS, console.fleet().as_of)), baselines.parse("peak"), basis
    )


def ledger(url: str, view: SavingsView) -> Decimal:
    """Instance-hours as they really were."""
    period = view.query.period
    asked = f"first={period.start:%Y-%m-%dT%H:%M:%SZ}&last={period.until:%Y-%m-%dT%H:%M:%SZ}"
    with urllib.request.urlopen(f"{url}/_ebb/ledger?{asked}") as answer:
        rows = json.load(answer)["lines"]
    return sum((Decimal(str(row["instance_hours"])) for row in rows if row["endpoint"] == NAME), Decimal(0))


def figures(view: SavingsView) -> tuple[object, ...]:
    (row,) = view.rows
    assert row.usd is not None
    assert row.baseline_usd is not None
    return (
        row.basis, round(row.hours or 0, 6), round(row.usd, 6), round(row.baseline_usd, 6),
        [(d.day, round(d.hours or 0, 6)) for d in row.days],
    )  # fmt: skip


@pytest.fixture(scope="module")
def by_explorer(url: str) -> SavingsView:
    return asked(url)


def test_an_estimate_is_the_ledger_within_one_per_cent(url: str) -> None:
    view = asked(url, Basis.ESTIMATED)
    (row,) = view.rows
    assert row.time.coverage == 1
    assert float(row.hours or 0) == pytest.approx(float(ledger(url, view)), rel=0.01)
    assert view.bill is None
    assert view.reconciled == ()
    assert view.bill_source == "Cost Explorer"


def test_cost_explorer_bills_what_the_ledger_holds(url: str, by_explorer: SavingsView) -> None:
    (row,) = by_explorer.rows
    assert row.basis is Basis.BILLED
    assert not row.missing
    assert float(row.hours or 0) == pytest.approx(float(ledger(url, by_explorer)), abs=1e-4)
    assert row.usd == pytest.approx((row.hours or Decimal(0)) * Decimal("1.4084"), abs=Decimal("0.01"))
    assert by_explorer.total.usd == row.usd
    assert by_explorer.paid_calls == 2


def test_bill_and_estimate_agree_and_what_is_left_is_explained(by_explorer: SavingsView) -> None:
    whole = agreement(by_explorer.reconciled)
    assert whole is not None
    assert whole.days == DAYS
    assert abs(whole.apart or 1) < Decimal("0.01")
    assert not [why for day in by_explorer.reconciled for why in day.why if "not explained" in why]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def by_export(url: str, kept: Path) -> SavingsView:
    return asked(url, bill_export=f"{BUCKET}/cur2/", state_dir=kept)


@pytest.fixture(scope="module")
def by_table(url: str) -> SavingsView:
    return asked(url, bill_table="ebb_billing.cur2", athena_output=f"{BUCKET}/athena/")


def test_the_export_in_s3_says_the_same(by_export: SavingsView, by_explorer: SavingsView, kept: Path) -> None:
    assert figures(by_export) == figures(by_explorer)
    assert by_export.paid_calls == 0
    assert by_export.bill is not None
    assert by_export.bill.check_difference == 0
    assert list((kept / "bills").rglob("*.parquet"))


def test_athena_says_the_same(by_table: SavingsView, by_explorer: SavingsView) -> None:
    assert figures(by_table) == figures(by_explorer)
    assert by_table.bill is not None
    assert by_table.bill.scanned


def test_athena_is_asked_as_the_role_that_the_console_reads_as(url: str) -> None:
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y"}
    own = boto3.Session(region_name="us-east-1", **keys)
    role = make(own.client("iam", endpoint_url=url), trusting("123456789012", "e-1"), "bill-reader")
    where = Where("embedded", "us-east-1", url, loopback=True, role_arn=role, external_id="e-1")
    session = AwsSession(where)
    places = BillPlaces(table="ebb_billing.cur2", output=f"{BUCKET}/athena/")
    here = Connection("embedded", "123456789012", "us-east-1", "", url, False)
    today = session.client("sts").get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]["date"]
    last = parsedate_to_datetime(today).date()
    found = BillSource(places).read(Reading(session), here, last - timedelta(days=2), last)
    session.close()
    assert found.bill.days
    trail = own.client("cloudtrail", endpoint_url=url)
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "StartQueryExecution"}]
    event = trail.lookup_events(LookupAttributes=wanted, MaxResults=1)["Events"][0]
    identity = json.loads(event["CloudTrailEvent"])["userIdentity"]
    assert identity["arn"] == "arn:aws:sts::123456789012:assumed-role/bill-reader/ebb"


def test_an_export_or_a_table_tells_of_the_period_before_too(
    url: str, by_explorer: SavingsView, by_export: SavingsView, by_table: SavingsView
) -> None:
    """Cost Explorer would be paid once more for it."""
    assert by_explorer.before is None
    for view in (by_export, by_table):
        before = view.before
        assert before is not None
        assert before.basis is Basis.BILLED
        assert (before.days_known, before.days_lived) == (1, 1)  # it was made on the last of these days
        earlier = replace(view, query=replace(view.query, period=view.query.period.previous()))
        assert float(before.hours or 0) == pytest.approx(float(ledger(url, earlier)), abs=1e-4)
        assert before.usd == pytest.approx(
            (before.hours or Decimal(0)) * Decimal("1.4084"), abs=Decimal("0.01")
        )


def test_a_bill_is_read_once_for_hours(url: str) -> None:
    with Console.open(Settings(endpoint_url=url)) as console:
        wanted = query(console, Basis.BILLED)
        console.find_savings(wanted)
        before = console.usage().calls
        console.savings(wanted)
        beside = console.savings(replace(wanted, basis=Basis.ESTIMATED))
        assert {k: n for k, n in console.usage().calls.items() if k.startswith("ce:")} == {
            k: n for k, n in before.items() if k.startswith("ce:")
        }
    assert beside.reconciled
    assert beside.total.basis is Basis.ESTIMATED


def test_what_is_denied_names_the_action(url: str) -> None:
    with gated(url) as (front, gate):
        gate.shut["GetCostAndUsage"] = error("AccessDeniedException")
        with pytest.raises(Denied) as denied:
            asked(front)
        assert denied.value.action == "ce:GetCostAndUsage"


def test_without_resources_no_endpoint_is_told_apart(url: str) -> None:
    with gated(url) as (front, gate):
        gate.shut["GetCostAndUsageWithResources"] = error("AccessDeniedException")
        view = asked(front)
    (row,) = view.rows
    assert row.saved is None
    assert "does not name endpoints" in row.missing
    assert [p.action for p in view.problems] == ["ce:GetCostAndUsageWithResources"]
    assert view.bill is not None
    assert view.bill.hosting_hours > 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"cost_explorer": False}, "Cost Explorer may not be asked"),
        ({"bill_export": "/nowhere/bill.csv"}, "no bill export at /nowhere/bill.csv"),
        ({"bill_export": f"{BUCKET}/empty/"}, "no bill export of these days"),
    ],
)
def test_without_a_bill_it_says_what_to_set(url: str, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        asked(url, **settings)


def test_a_bill_in_another_currency_is_no_saving_in_dollars(url: str, tmp_path: Path) -> None:
    bill = tmp_path / "bill.csv"
    bill.write_text(
        "usage type,quantity,cost,currency\nEU-AsyncInf:ml.g5.xlarge,10,13.00,EUR\n", encoding="utf-8"
    )
    with pytest.raises(BadInput, match="EUR"):
        asked(url, bill_export=str(bill))


@pytest.fixture(scope="module")
def account(url: str) -> str:
    with Console.open(Settings(endpoint_url=url)) as console:
        return console.connection().account


def exported(path: Path, lines: list[exports.Line], written: datetime) -> Path:
    exports.cur2_parquet(path, lines)
    os.utime(path, (written.timestamp(), written.timestamp()))
    return path


def hosted(account: str, name: str, at: datetime, **more: Any) -> exports.Line:
    """An hour a day of one endpoint."""
    arn = f"arn:aws:sagemaker:us-east-1:{account}:endpoint/{name}"
    return exports.Line(resource=arn, account=account, start=at, **more)


def test_money_that_is_in_no_row_is_told(
    url: str, account: str, by_explorer: SavingsView, tmp_path: Path
) -> None:
    period = by_explorer.query.period
    days = [period.start + timedelta(days=n) for n in range(DAYS)]
    lines = [hosted(account, NAME, day) for day in days]
    lines += [hosted(account, "deleted-since", day) for day in days]
    lines += [hosted(account, "chat", days[0], usage_type="USE1-Host:ml.g5.xlarge")]
    lines += [hosted("999999999999", "of-another-account", days[0], cost=Decimal(0), description="free tier")]
    file = exported(tmp_path / "bill.parquet", lines, period.until + timedelta(days=2))
    view = asked(url, bill_export=str(file))
    assert view.total.usd == DAYS * exports.PRICE
    assert view.bill_gone is not None
    assert (view.bill_gone.names, view.bill_gone.usd) == (("deleted-since",), DAYS * exports.PRICE)
    assert view.bill_others is not None
    assert (view.bill_others.names, view.bill_others.hours) == (("chat",), Decimal(1))
    assert {each.endpoint for each in view.reconciled} == {NAME}


def test_an_export_that_was_written_early_tells_no_late_days(
    url: str, account: str, by_explorer: SavingsView, tmp_path: Path
) -> None:
    period = by_explorer.query.period
    days = [period.start + timedelta(days=n) for n in range(DAYS)]
    lines = [hosted(account, NAME, day) for day in days]
    file = exported(tmp_path / "bill.parquet", lines, period.start + timedelta(days=2, hours=1))
    view = asked(url, bill_export=str(file))
    (row,) = view.rows
    assert [d.hours for d in row.days] == [Decimal(1), None, None]
    assert (view.total.days_known, view.total.days_lived) == (1, DAYS)
    assert view.total.coverage == pytest.approx(1 / DAYS)


def test_an_endpoint_that_is_gone_is_billed_while_it_was_there(tmp_path: Path) -> None:
    """In the period and in the one before; nothing of it is told twice."""
    with (
        small(4.0, every_s=12 * HOUR, size=400) as (server, clock),
        Console.open(
            Settings(endpoint_url=server.url, bill_export=f"{BUCKET}/cur2/", state_dir=tmp_path)
        ) as console,
    ):
        asked = replace(
            query(console, Basis.BILLED), period=in_utc(periods.last_days(1, console.fleet().as_of))
        )
        there = console.find_savings(asked)
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        boto3.client("sagemaker", endpoint_url=server.url, **keys).delete_endpoint(EndpointName=NAME)
        clock.jump(1200.0)
        console.read((), anybody=True)
        gone = console.savings(asked)
    (before,), (after,) = there.rows, gone.rows
    assert before.usd
    assert after.gone is not None
    assert (after.usd, after.hours, after.days_known) == (before.usd, before.hours, 1)
    assert there.before is not None
    assert gone.before is not None
    assert (gone.before.usd, gone.before.days_known) == (there.before.usd, 1)
    assert there.bill_gone is None
    assert gone.bill_gone is None

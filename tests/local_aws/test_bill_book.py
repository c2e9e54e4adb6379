"""The bill book: lines agree with the ledger and with their sums, whatever the cut."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from ops.local_aws.bill_book import BillLine, charges, lines, monthly, quantity
from ops.local_aws.bill_lines import HOUR_S, hours_of_month, month_of, months
from ops.local_aws.price_book import price
from ops.local_aws.story_kit import DAY, Kit
from ops.local_aws.traffic import Batch, Traffic
from ops.local_aws.world import World, WorldOptions
from tests.living import TUESDAY
from tests.small_worlds import told

DAYS = 40
LAST = int(TUESDAY // HOUR_S) + 1
FIRST = LAST - DAYS * 24


def _tell(kit: Kit, born: float) -> None:
    for name, kind, concurrency in (
        ("doc", "ml.g5.xlarge", 2),
        ("old", "ml.g4dn.xlarge", 1),
        ("plain", "ml.m5.xlarge", 1),
        ("real", "ml.g6.xlarge", None),
    ):
        kit.config(name, f"{name}-1", kind, concurrency=concurrency)
        batch = Batch(born + 3600.0, 6 * 3600.0, 9, 60.0)
        kit.endpoint(
            name, f"{name}-1", Traffic(name, kit.seed, (20.0, 40.0), batches=(batch,)), team=f"team-{name}"
        )
        if concurrency is not None:
            kit.bounds(name, 0, 2)
            kit.track(name)
            kit.wake(name)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with told(_tell, 3.0, WorldOptions(history_days=4, past_days=DAYS)) as (server, _):
        yield server.world


@pytest.fixture(scope="module")
def book(world: World) -> list[BillLine]:
    return list(lines(world, 0, LAST))


def of(book: list[BillLine], usage: str) -> list[BillLine]:
    found = [line for line in book if line.usage_type == f"USE1-{usage}"]
    assert found, usage
    return found


@pytest.mark.parametrize(
    ("endpoint", "usage", "usd"),
    [
        ("doc", "AsyncInf:ml.g5.xlarge", "1.4084"),
        ("old", "AsyncInf:ml.g4dn.xlarge", "0.7364"),
        ("plain", "AsyncInf:ml.m5.xlarge", "0.23"),
        ("real", "Host:ml.g6.xlarge", "1.1267"),
    ],
)
def test_hosting_hours_are_those_of_the_ledger(
    world: World, book: list[BillLine], endpoint: str, usage: str, usd: str
) -> None:
    found = of(book, usage)
    (billed,) = (b for b in world.ledger.hourly(FIRST, LAST) if b.endpoint == endpoint)
    for line in found:
        hours = billed.hours[line.start // HOUR_S - FIRST]
        assert float(line.quantity) == pytest.approx(hours, abs=0.51 / HOUR_S)
        assert (line.rate, line.cost) == (Decimal(usd), line.quantity * Decimal(usd))
        assert (line.end - line.start, line.unit, line.operation) == (HOUR_S, "Hrs", "RunInstance")
        assert line.resource_id == world.registry.arn("endpoint", endpoint)
        assert line.tags["team"] == f"team-{endpoint}"
    assert len(found) == np.count_nonzero(np.rint(billed.hours * HOUR_S))
    assert all(isinstance(line.quantity, Decimal) and isinstance(line.cost, Decimal) for line in found)


def test_storage_is_billed_where_the_type_has_no_disk_of_its_own(book: list[BillLine]) -> None:
    stored = of(book, "AsyncInf:VolumeUsage.gp2")
    assert {line.resource_id.rpartition("/")[2] for line in stored} == {"plain"}
    hours = sum(line.quantity for line in of(book, "AsyncInf:ml.m5.xlarge"))
    gb_months = sum(line.quantity for line in stored)
    assert float(gb_months) == pytest.approx(float(hours) * 30 / (31 * 24))
    assert not any(line.usage_type.endswith("Host:VolumeUsage.gp2") for line in book)


def test_the_account_has_another_life(book: list[BillLine]) -> None:
    kinds = {(line.line_type, line.product_code) for line in book}
    assert kinds == {
        *(("Usage", code) for code in ("AmazonSageMaker", "AmazonS3", "AmazonCloudWatch")),
        *(("Tax", code) for code in ("AmazonSageMaker", "AmazonS3", "AmazonCloudWatch")),
        ("Credit", "AmazonSageMaker"),
    }
    trained = of(book, "Train:ml.g5.2xlarge")
    days = {datetime.fromtimestamp(line.start, UTC).date() for line in trained}
    assert {day.weekday() for day in days} == {1}
    assert len({line.resource_id for line in trained}) == len(days) == pytest.approx(DAYS / 7, abs=1)
    weekdays = {datetime.fromtimestamp(x.start, UTC).weekday() for x in of(book, "Notebk:ml.t3.medium")}
    assert weekdays <= {0, 1, 2, 3, 4}


def test_charges_and_lines_have_the_same_sums(world: World, book: list[BillLine]) -> None:
    totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for charge in charges(world, 0, LAST):
        item = charge.item
        totals[item.usage_type, item.resource_id] += quantity(charge.ticks.sum()) * item.rate
    listed: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in book:
        if line.line_type == "Usage":
            listed[line.usage_type, line.resource_id] += line.cost
    assert dict(totals) == dict(listed)


def test_lines_do_not_depend_on_the_cut(world: World, book: list[BillLine]) -> None:
    cuts = [0, *range(FIRST - 50, LAST, 101), LAST]
    parts = [line for a, b in itertools.pairwise(cuts) for line in lines(world, a, b)]
    assert len(parts) == len(book)
    assert set(map(repr, parts)) == set(map(repr, book))


def test_tax_and_credit_are_a_months(world: World, book: list[BillLine]) -> None:
    for line in book:
        if line.line_type == "Usage":
            continue
        start, stop = month_of(line.start // HOUR_S)
        assert (line.start, line.end) == (start * HOUR_S, stop * HOUR_S)
        if line.line_type == "Tax":
            spent = sum(
                other.cost
                for other in book
                if other.line_type == "Usage"
                and other.product_code == line.product_code
                and line.start <= other.start < line.end
            )
            assert line.cost == pytest.approx(spent * Decimal("0.07"), abs=Decimal("0.005"))
        else:
            assert line.cost < 0
    early = monthly(world, 0, LAST, LAST - 5 * 24)
    assert sum(x.cost for x in early if x.line_type == "Tax") < sum(
        x.cost for x in book if x.line_type == "Tax"
    )


def test_the_book_begins_with_the_account_and_ends_now(world: World, book: list[BillLine]) -> None:
    used = [line for line in book if line.line_type == "Usage"]
    assert min(line.start for line in used) == int(TUESDAY - DAYS * DAY) // HOUR_S * HOUR_S
    assert max(line.start for line in used) <= TUESDAY
    assert not list(lines(world, LAST, LAST + 1000))
    assert not charges(world, 0, FIRST - 24)


def test_the_calendar_of_bills() -> None:
    begin = int(datetime(2026, 1, 31, 5, tzinfo=UTC).timestamp()) // HOUR_S
    end = int(datetime(2026, 4, 1, tzinfo=UTC).timestamp()) // HOUR_S
    starts = [datetime.fromtimestamp(hour * HOUR_S, UTC).date().isoformat() for hour in months(begin, end)]
    assert starts == ["2026-02-01", "2026-03-01"]
    assert next(months(end, end + 1)) == end
    lengths = hours_of_month(begin, end - begin)
    assert (lengths[0], lengths[19], lengths[-1]) == (744, 672, 744)


def test_prices_fall_back_to_hosting_and_never_to_nothing() -> None:
    assert price("us-east-1", "ml.g4dn.xlarge", "AsyncInf") == Decimal("0.7364")
    assert price("us-east-1", "ml.g6e.2xlarge", "AsyncInf") == Decimal("2.8026")
    assert price("us-east-1", "ml.p6.48xlarge", "AsyncInf") is None
    assert price("sa-east-1", "ml.g5.xlarge", "Host") is None

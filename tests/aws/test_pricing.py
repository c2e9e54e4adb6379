"""List prices from the embedded AWS: the choice, the cache, single flight, and what failure looks like."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ops.aws.pricing import KEEP_FAILURE_S, KEEP_S, PriceList, parse_prices
from ops.core.cost import ASYNC, FALLBACK_SOURCE, HOST, HOST_NOTE
from ops.core.errors import Unreachable
from ops.core.own_prices import OwnPrices
from tests.local_aws.conftest import SteppedAws


class Counted:
    """A real client that counts its requests, and a timer that a test moves."""

    def __init__(self, aws: SteppedAws) -> None:
        self.client = aws.client("pricing")
        self.requests = 0
        self.seconds = 0.0
        self._lock = threading.Lock()
        self.client.meta.events.register("before-send", self._count)

    def _count(self, **_: Any) -> None:
        with self._lock:
            self.requests += 1

    def prices(self) -> PriceList:
        return PriceList(lambda: self.client, lambda: self.seconds)


@pytest.fixture
def aws() -> Iterator[SteppedAws]:
    stepped = SteppedAws()
    yield stepped
    stepped.server.stop()


def test_an_asynchronous_endpoint_gets_its_own_price_with_source_and_day(aws: SteppedAws) -> None:
    price = Counted(aws).prices().price("us-east-1", "ml.g5.xlarge")
    assert price is not None
    assert price.usd_per_hour == Decimal("1.4084")
    assert price.component == ASYNC
    assert price.source == "AWS Price List (USE1-AsyncInf:ml.g5.xlarge)"
    assert price.as_of == datetime(2026, 9, 28, tzinfo=UTC)
    assert price.note == ""


def test_a_type_listed_for_hosting_only_is_flagged(aws: SteppedAws) -> None:
    prices = Counted(aws).prices()
    price = prices.price("us-east-1", "ml.g4dn.xlarge")
    assert price is not None
    assert (price.component, price.note) == (HOST, HOST_NOTE)
    real_time = prices.price("us-east-1", "ml.g4dn.xlarge", asynchronous=False)
    assert real_time is not None
    assert (real_time.component, real_time.note) == (HOST, "")


def test_regions_differ_and_what_is_not_listed_is_unknown(aws: SteppedAws) -> None:
    prices = Counted(aws).prices()
    paris = prices.price("eu-west-3", "ml.g6.xlarge")
    assert paris is not None
    assert paris.usd_per_hour == Decimal("1.4302")
    assert prices.price("sa-east-1", "ml.g5.xlarge") is None
    assert prices.quote("sa-east-1", "ml.g5.xlarge") == (None, None)


def test_a_price_is_kept_for_a_day(aws: SteppedAws) -> None:
    counted = Counted(aws)
    prices = counted.prices()
    for _ in range(3):
        prices.price("us-east-1", "ml.g5.xlarge")
        prices.price("sa-east-1", "ml.g5.xlarge")
    assert counted.requests == 2
    counted.seconds = KEEP_S + 1
    prices.price("us-east-1", "ml.g5.xlarge")
    assert counted.requests == 3


def test_concurrent_questions_ask_once(aws: SteppedAws) -> None:
    counted = Counted(aws)
    prices = counted.prices()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: prices.price("us-east-1", "ml.g5.xlarge"), range(16)))
    assert counted.requests == 1
    assert len(set(found)) == 1


def test_without_an_answer_the_built_in_table_stands_in_and_says_so(aws: SteppedAws) -> None:
    counted = Counted(aws)
    prices = counted.prices()
    aws.server.stop()
    with pytest.raises(Unreachable):
        prices.price("us-east-1", "ml.g5.xlarge")
    asked = counted.requests
    price, problem = prices.quote("us-east-1", "ml.g5.xlarge")
    assert price is not None
    assert price.source == FALLBACK_SOURCE
    assert problem is not None
    assert (problem.part, problem.retryable) == ("prices", True)
    assert counted.requests == asked
    counted.seconds = KEEP_FAILURE_S + 1
    assert prices.quote("eu-west-1", "ml.g5.xlarge")[0] is None
    prices.quote("us-east-1", "ml.g5.xlarge")
    assert counted.requests > asked


def item(usage: str, usd: str = "1.5", unit: str = "Hrs", term: str = "OnDemand", begin: str = "0") -> str:
    rate = {"unit": unit, "beginRange": begin, "pricePerUnit": {"USD": usd}}
    return json.dumps(
        {
            "product": {
                "attributes": {"usagetype": usage, "instanceName": "ml.g5.xlarge", "regionCode": "us-east-1"}
            },
            "terms": {term: {"a": {"effectiveDate": "2026-09-01T00:00:00Z", "priceDimensions": {"b": rate}}}},
            "publicationDate": "2026-09-28T00:00:00Z",
        }
    )


@pytest.mark.parametrize(
    ("usage", "component"),
    [
        ("USE1-AsyncInf:ml.g5.xlarge", ASYNC),
        ("AsyncInf:ml.g5.xlarge", ASYNC),
        ("EU-Host:ml.g5.xlarge", HOST),
        ("EUW3-Hosting:ml.g5.xlarge", HOST),
    ],
)
def test_the_usage_type_tells_the_component(usage: str, component: str) -> None:
    (price,) = parse_prices([item(usage)])
    assert (price.component, price.usd_per_hour) == (component, Decimal("1.5"))


@pytest.mark.parametrize(
    "text",
    [
        item("USE1-Train:ml.g5.xlarge"),
        item("USE1-Notebk:ml.g5.xlarge"),
        item("USE1-Host:VolumeUsage.gp2"),
        item("USE1-Host:ml.g5.xlarge", usd="0.0000000000"),
        item("USE1-Host:ml.g5.xlarge", usd=""),
        item("USE1-Host:ml.g5.xlarge", usd="NaN"),
        item("USE1-Host:ml.g5.xlarge", unit="GB-Mo"),
        item("USE1-Host:ml.g5.xlarge", begin="1000"),
        item("USE1-Host:ml.g5.xlarge", term="Reserved"),
        "{}",
    ],
)
def test_other_rows_are_no_price(text: str) -> None:
    assert list(parse_prices([text])) == []


def test_a_discount_is_taken_off_every_list_price_and_named(aws: SteppedAws) -> None:
    counted = Counted(aws)
    prices = PriceList(lambda: counted.client, own=OwnPrices(Decimal("0.12")))
    price = prices.price("us-east-1", "ml.g5.xlarge")
    assert price is not None
    assert price.usd_per_hour == Decimal("1.4084") * Decimal("0.88")
    assert price.source == "AWS Price List (USE1-AsyncInf:ml.g5.xlarge) less 12 %"
    assert prices.price("us-east-1", "ml.nothing.xlarge") is None


def test_an_own_rate_asks_aws_for_nothing(aws: SteppedAws) -> None:
    counted, since = Counted(aws), datetime(2026, 11, 20, tzinfo=UTC)
    own = OwnPrices(Decimal("0.12"), {"ml.g5.xlarge": Decimal("1.10")}, since)
    prices = PriceList(lambda: counted.client, own=own)
    price, problem = prices.quote("us-east-1", "ml.g5.xlarge", asynchronous=False)
    assert price is not None
    assert (price.usd_per_hour, price.source, price.as_of) == (Decimal("1.10"), "own rate", since)
    assert price.component == HOST
    assert problem is None
    assert counted.requests == 0
    assert prices.price("us-east-1", "ml.g5.2xlarge") is not None
    assert counted.requests == 1


def test_the_built_in_table_is_discounted_too() -> None:
    def none() -> Any:
        raise Unreachable("nobody there", "")

    prices = PriceList(none, own=OwnPrices(Decimal("0.5")))
    price, problem = prices.quote("us-east-1", "ml.g5.xlarge")
    assert problem is not None
    assert price is not None
    assert price.usd_per_hour == Decimal("0.7042")
    assert price.source == f"{FALLBACK_SOURCE} less 50 %"

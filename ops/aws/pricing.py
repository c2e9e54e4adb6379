"""List prices from the AWS Price List API, kept for a day. The API is free of charge.

It is served in a few regions only (`PRICING_REGION` will do for all), whatever region the endpoint is in.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from botocore import exceptions as boto
from cachetools import TTLCache

from ops import clock
from ops.aws.calls import failed, refused
from ops.core.cost import ASYNC, HOST, choose_price, fallback_price
from ops.core.errors import Denied, OpsError
from ops.core.own_prices import OwnPrices
from ops.core.types import Price, Problem

PRICING_REGION = "us-east-1"
KEEP_S = 86_400.0
KEEP_FAILURE_S = 300.0
_USAGE = re.compile(r"(?:^|-)(AsyncInf|Host|Hosting):(ml\..+)$")
_COMPONENT = {"AsyncInf": ASYNC, "Host": HOST, "Hosting": HOST}


class PriceList:
    """Prices by region and instance type. Thread-safe; concurrent questions for one price ask AWS once.

    `client` gives a boto3 client of `pricing`; `timer` counts seconds and is replaced in tests.
    """

    def __init__(
        self,
        client: Callable[[], Any],
        timer: Callable[[], float] = clock.monotonic,
        own: OwnPrices | None = None,
    ) -> None:
        """`own`: what the account pays other than the list price; None: nothing."""
        self._client = client
        self._own = own or OwnPrices()
        self._lock = threading.Lock()
        self._prices: TTLCache[tuple[str, str], tuple[Price, ...]] = TTLCache(1_000, KEEP_S, timer)
        self._failures: TTLCache[tuple[str, str], OpsError] = TTLCache(1_000, KEEP_FAILURE_S, timer)
        self._flights: dict[tuple[str, str], threading.Lock] = {}

    def price(self, region: str, instance_type: str, *, asynchronous: bool = True) -> Price | None:
        """What an hour of that type costs: the account's own rate, else what AWS lists, less its discount.

        None where AWS lists none. Raises OpsError.
        """
        rate = self._rate(region, instance_type, asynchronous)
        if rate is not None:
            return rate
        listed = self._listed(region, instance_type)
        return self._own.less(choose_price(listed, instance_type, region, asynchronous=asynchronous))

    def quote(
        self, region: str, instance_type: str, *, asynchronous: bool = True
    ) -> tuple[Price | None, Problem | None]:
        """The same for a page: where AWS cannot be asked, the built-in table's price and what went wrong."""
        try:
            return self.price(region, instance_type, asynchronous=asynchronous), None
        except OpsError as error:
            problem = Problem(
                part="prices",
                what=error.what,
                hint=error.hint,
                action=error.action if isinstance(error, Denied) else "",
                retryable=error.retryable,
            )
            instead = fallback_price(instance_type, region, asynchronous=asynchronous)
            return self._own.less(instead), problem

    def _rate(self, region: str, instance_type: str, asynchronous: bool) -> Price | None:
        return self._own.rate(instance_type, region, ASYNC if asynchronous else HOST)

    def _listed(self, region: str, instance_type: str) -> tuple[Price, ...]:
        key = region, instance_type
        with self._lock:
            flight = self._flights.setdefault(key, threading.Lock())
        with flight:
            with self._lock:
                found, failure = self._prices.get(key), self._failures.get(key)
            if found is not None:
                return found
            if failure is not None:
                raise failure.with_traceback(None)
            try:
                found = tuple(parse_prices(self._items(region, instance_type)))
            except OpsError as error:
                with self._lock:
                    self._failures[key] = error
                raise
            with self._lock:
                self._prices[key] = found
            return found

    def _items(self, region: str, instance_type: str) -> Iterator[str]:
        """The PriceList items (JSON text), page by page. No filter on `component`: its text for asynchronous
        inference is not documented; the usage type tells."""
        token: str | None = None
        filters = [
            {"Type": "TERM_MATCH", "Field": field, "Value": value}
            for field, value in (("regionCode", region), ("instanceName", instance_type))
        ]
        while True:
            more = {"NextToken": token} if token else {}
            try:
                page = self._client().get_products(ServiceCode="AmazonSageMaker", Filters=filters, **more)
            except boto.ClientError as error:
                raise refused(error, "pricing", "GetProducts") from error
            except boto.BotoCoreError as error:
                raise failed(error, "pricing", "GetProducts", None) from error
            yield from page["PriceList"]
            token = page.get("NextToken")
            if not token:
                return


def parse_prices(items: Iterable[str]) -> Iterator[Price]:
    """Prices of PriceList items (JSON text): hosting and asynchronous inference only, by the usage type.

    Rows without an hourly on-demand price above zero are left out: free and reserved rows are no list price.
    """
    for text in items:
        item = json.loads(text)
        attributes = item.get("product", {}).get("attributes", {})
        usage = attributes.get("usagetype", "")
        found = _USAGE.search(usage)
        if found is None:
            continue
        for offer in item.get("terms", {}).get("OnDemand", {}).values():
            as_of = _day(item.get("publicationDate") or offer.get("effectiveDate"))
            for rate in offer.get("priceDimensions", {}).values():
                usd = _dollars(rate)
                if usd is None or as_of is None:
                    continue
                yield Price(
                    instance_type=attributes.get("instanceName", found.group(2)),
                    region=attributes.get("regionCode", ""),
                    usd_per_hour=usd,
                    source=f"AWS Price List ({usage})",
                    as_of=as_of,
                    component=_COMPONENT[found.group(1)],
                )


def _dollars(rate: dict[str, Any]) -> Decimal | None:
    if str(rate.get("unit", "")).lower() not in ("hrs", "hours") or rate.get("beginRange", "0") != "0":
        return None
    try:
        usd = Decimal(rate.get("pricePerUnit", {}).get("USD", ""))
    except InvalidOperation:
        return None
    return usd if usd.is_finite() and usd > 0 else None


def _day(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "").astimezone(UTC)
    except ValueError:
        return None

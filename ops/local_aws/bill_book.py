"""The account's bill lines, made of the ledger and the price book: the one source of Cost Explorer and of exports.

`charges` for who adds up (an array of hours each), `lines` for who wants every line. docs/model.md names what is
assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import numpy as np

from ops.local_aws.account_life import others
from ops.local_aws.bill_lines import (
    HOUR_S,
    STORAGE_USD,
    BillLine,
    Charge,
    Item,
    hours_of_month,
    in_ticks,
    month_of,
    months,
    quantity,
)
from ops.local_aws.price_book import SERVICE, location, price, usage_prefix

if TYPE_CHECKING:
    from ops.local_aws.ledger import Billed
    from ops.local_aws.world import World

VOLUME_GB = 30.0
"""Where the configuration names no size."""
TAX_RATE = Decimal("0.07")
CREDIT_USD = Decimal("-25.00")
_LOCAL_NVME = ("ml.g4dn.", "ml.g5.", "ml.g6.", "ml.g6e.", "ml.p4d.", "ml.p5.", "ml.trn1.")

__all__ = ["BillLine", "Charge", "Item", "charges", "lines", "monthly", "quantity"]


def charges(world: World, first_hour: int, last_hour: int) -> tuple[Charge, ...]:
    """All usage of the epoch hours [first, last), up to now. The caller holds the lock, and time has caught up."""
    first, last = max(first_hour, begin_hour(world)), min(last_hour, int(world.now() // HOUR_S) + 1)
    if first >= last:
        return ()
    found: list[Charge] = []
    for billed in world.ledger.hourly(first, last):
        found += _hosting(world, billed)
    return (*found, *others(world, first, last))


def begin_hour(world: World) -> int:
    """The first epoch hour of the account's life."""
    return world.born_minute // 60


def monthly(world: World, first_hour: int, last_hour: int, until_hour: int | None = None) -> list[BillLine]:
    """Tax and credit of the months that begin in [first, last), by usage before `until_hour` (now)."""
    end = int(world.now() // HOUR_S) + 1 if until_hour is None else until_hour
    found: list[BillLine] = []
    for start in months(max(first_hour, month_of(begin_hour(world))[0]), min(last_hour, end)):
        stop = month_of(start)[1]
        costs: dict[str, Decimal] = {}
        for charge in charges(world, start, min(stop, end)):
            code = charge.item.product_code
            costs[code] = costs.get(code, Decimal(0)) + quantity(charge.ticks.sum()) * charge.item.rate
        for code, cost in sorted(costs.items()):
            tax = (cost * TAX_RATE).quantize(Decimal("0.01"), ROUND_HALF_UP)
            if tax:
                text = f"Tax for product code {code}"
                found.append(_whole_month(world, start, stop, "Tax", code, text, tax))
        if costs.get(SERVICE, Decimal(0)) > -CREDIT_USD:
            text = "Promotional credit of the training programme"
            found.append(_whole_month(world, start, stop, "Credit", SERVICE, text, CREDIT_USD))
    return found


def lines(world: World, first_hour: int, last_hour: int) -> Iterator[BillLine]:
    """Every line of the epoch hours [first, last), by item and hour; tax and credit where a month begins."""
    for charge in charges(world, first_hour, last_hour):
        item = charge.item
        for i in np.flatnonzero(charge.ticks).tolist():
            start, amount = (charge.first + i) * HOUR_S, quantity(charge.ticks[i])
            yield BillLine(
                start,
                start + HOUR_S,
                "Usage",
                item.product_code,
                item.usage_type,
                item.operation,
                item.resource_id,
                amount,
                item.unit,
                amount * item.rate,
                item.rate,
                item.description,
                item.region,
                item.instance_type,
                item.tags,
            )
    yield from monthly(world, first_hour, last_hour)


def _hosting(world: World, billed: Billed) -> Sequence[Charge]:
    family = "AsyncInf" if billed.asynchronous else "Host"
    hours = np.rint(billed.hours * HOUR_S) / HOUR_S  # by the second
    region, name = world.region, billed.instance_type
    rate = price(region, name, family)
    arn = world.registry.arn("endpoint", billed.endpoint)
    tags = world.registry.tags(arn)
    prefix = usage_prefix(region)
    found = []
    if rate is not None:
        words = "AsyncInf" if billed.asynchronous else "Hosting"
        item = Item(
            SERVICE,
            f"{prefix}-{family}:{name}",
            "RunInstance",
            arn,
            "Hrs",
            rate,
            f"${rate} per {words} {name} hour in {location(region)}",
            region,
            name,
            tags,
        )
        found.append(Charge(item, billed.first, in_ticks(hours)))
    if not name.startswith(_LOCAL_NVME):
        size = _volume_gb(world, billed.endpoint)
        item = Item(
            SERVICE,
            f"{prefix}-{family}:VolumeUsage.gp2",
            "CreateVolume-Gp2",
            arn,
            "GB-Mo",
            STORAGE_USD,
            f"${STORAGE_USD} per GB-Mo of Endpoint ML storage",
            region,
            "",
            tags,
        )
        months_long = hours_of_month(billed.first, len(billed.hours))
        found.append(Charge(item, billed.first, in_ticks(hours * size / months_long)))
    return found


def _volume_gb(world: World, endpoint: str) -> float:
    for known in world.registry.endpoints():
        if known.name == endpoint:
            return float(known.config.variant.get("VolumeSizeInGB", VOLUME_GB))
    return VOLUME_GB


def _whole_month(
    world: World, start: int, stop: int, line_type: str, code: str, text: str, cost: Decimal
) -> BillLine:
    return BillLine(
        start * HOUR_S,
        stop * HOUR_S,
        line_type,
        code,
        "",
        "",
        "",
        Decimal(1),
        "",
        cost,
        None,
        text,
        world.region,
        "",
        {},
    )

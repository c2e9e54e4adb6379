"""Money: which price holds for an instance, and what instance-hours cost. Decimal dollars, never floats.

Billed and estimated sums are never added to each other, and what is not known is None, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from ops.core.types import Price

ASYNC, HOST = "AsyncInf", "Host"
"""The usage families of a bill: asynchronous inference, and hosting (real-time)."""
HOURS_PER_MONTH = Decimal(730)
_GRAIN = Decimal("1E-9")
HOST_NOTE = "AWS lists no price for asynchronous inference of this type; this is its price for hosting."
SEVERAL_NOTE = "AWS lists several prices for this type; this is the highest."

# Prices that were seen in AWS's list or in a published table agreeing with it. Only for when the Price List
# cannot be asked; always shown with this day.
FALLBACK_SOURCE = "Ebb's built-in table"
FALLBACK_DAY = datetime(2026, 9, 28, tzinfo=UTC)
FALLBACK_REGION = "us-east-1"
_FALLBACK = {
    "ml.m5.xlarge": "0.23",
    "ml.m5.2xlarge": "0.461",
    "ml.g4dn.12xlarge": "4.89",
    "ml.g5.xlarge": "1.4084",
    "ml.g5.2xlarge": "1.515",
    "ml.g5.12xlarge": "7.09",
    "ml.g5.24xlarge": "10.18",
    "ml.g5.48xlarge": "20.36",
    "ml.g6.2xlarge": "1.222",
    "ml.g6.12xlarge": "5.752",
    "ml.g6e.2xlarge": "2.8026",
    "ml.inf2.xlarge": "0.99",
    "ml.inf2.8xlarge": "2.36",
}


class Basis(StrEnum):
    BILLED = "billed"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class CostLine:
    """Dollars of one kind. `price` is what an estimate was made with."""

    usd: Decimal
    basis: Basis
    instance_hours: Decimal | None = None
    price: Price | None = None
    note: str = ""


def choose_price(
    candidates: Iterable[Price], instance_type: str, region: str, *, asynchronous: bool = True
) -> Price | None:
    """The price that holds for an endpoint of that type, or None where AWS lists none.

    An asynchronous endpoint pays AsyncInf; where only Host is listed, that, flagged in `note`. A real-time
    one pays Host. Other components (training, notebooks) are never taken. Of several prices of one component
    the newest is taken, then the highest.
    """
    fitting = [each for each in candidates if each.instance_type == instance_type and each.region == region]
    for component in (ASYNC, HOST) if asynchronous else (HOST,):
        of_kind = [each for each in fitting if each.component == component]
        if not of_kind:
            continue
        newest = max(each.as_of for each in of_kind)
        current = [each for each in of_kind if each.as_of == newest]
        chosen = max(current, key=lambda each: each.usd_per_hour)
        notes = [chosen.note] if chosen.note else []
        if asynchronous and component == HOST:
            notes.append(HOST_NOTE)
        if len({each.usd_per_hour for each in current}) > 1:
            notes.append(SEVERAL_NOTE)
        return replace(chosen, note=" ".join(notes))
    return None


def fallback_price(instance_type: str, region: str, *, asynchronous: bool = True) -> Price | None:
    """A price of the built-in table, labelled as such; None for what it does not hold."""
    usd = _FALLBACK.get(instance_type) if region == FALLBACK_REGION else None
    if usd is None:
        return None
    return Price(
        instance_type=instance_type,
        region=region,
        usd_per_hour=Decimal(usd),
        source=FALLBACK_SOURCE,
        as_of=FALLBACK_DAY,
        component=ASYNC if asynchronous else HOST,
        note=f"AWS's Price List could not be asked; this is the price of {FALLBACK_DAY:%d %B %Y}.",
    )


def estimate(instance_hours: float | Decimal, price: Price | None) -> CostLine | None:
    """Instance-hours at a list price; None where the price or the hours (NaN) are not known.

    Raises ValueError for negative or infinite hours.
    """
    hours = Decimal(str(instance_hours))
    if price is None or hours.is_nan():
        return None
    if hours < 0 or not hours.is_finite():
        raise ValueError(f"instance-hours must be a finite number from 0 on, not {instance_hours}")
    return CostLine(hours * price.usd_per_hour, Basis.ESTIMATED, hours, price, price.note)


def per_hour(instances: int, price: Price | None) -> CostLine | None:
    """What so many instances cost while they run for an hour, by the list price."""
    return estimate(instances, price)


def per_month(instances: int, price: Price | None) -> CostLine | None:
    """What so many instances cost in a month of 730 hours without sleep, by the list price."""
    return estimate(instances * HOURS_PER_MONTH, price)


def total(lines: Iterable[CostLine | None]) -> CostLine | None:
    """The sum of lines of one basis; None where there is no line or one of them is not known.

    Raises ValueError where billed and estimated lines meet.
    """
    known: list[CostLine] = []
    for line in lines:
        if line is None:
            return None
        known.append(line)
    if not known:
        return None
    basis = known[0].basis
    if any(line.basis is not basis for line in known):
        raise ValueError("billed and estimated costs are never added to each other")
    hours = [line.instance_hours for line in known if line.instance_hours is not None]
    notes = dict.fromkeys(line.note for line in known if line.note)
    prices = {line.price for line in known}
    return CostLine(
        usd=sum((line.usd for line in known), Decimal(0)),
        basis=basis,
        instance_hours=sum(hours, Decimal(0)) if len(hours) == len(known) else None,
        price=prices.pop() if len(prices) == 1 else None,
        note=" ".join(notes),
    )


def hours_of(minutes: float) -> Decimal:
    """Instance-hours of instance-minutes, to a few microseconds: sums of them, and of their money, are exact then.

    Minutes count to four decimals; beyond lies only the rounding of samples.
    """
    return (Decimal(str(round(minutes, 4))) / 60).quantize(_GRAIN)


def cents(usd: Decimal) -> Decimal:
    """Rounded to cents, half to even, for showing."""
    return usd.quantize(Decimal("0.01"))


METRIC_USD = Decimal("0.01") / 1000
"""List price of one metric asked for with GetMetricData (facts F.2); no free tier."""
REQUEST_USD = Decimal("0.01") / 1000
FREE_REQUESTS = 1_000_000
"""CloudWatch requests of other kinds that a month holds for free."""
COST_EXPLORER_USD = Decimal("0.01")


def of_asking(calls: Mapping[str, int], metrics: int) -> Decimal:
    """Dollars at list price that Ebb's own calls cost; `calls` by "service:Operation". An estimate.

    The month's free CloudWatch requests count as Ebb's own: another tool may have used them up.
    """
    other = sum(n for name, n in calls.items() if name.startswith("cloudwatch:") and name != _DATA)
    paid = max(0, other - FREE_REQUESTS) * REQUEST_USD
    explorer = sum(n for name, n in calls.items() if name.startswith("ce:")) * COST_EXPLORER_USD
    return metrics * METRIC_USD + paid + explorer


_DATA = "cloudwatch:GetMetricData"

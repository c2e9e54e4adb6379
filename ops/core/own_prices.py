"""What an account pays other than the list price: a discount in per cent, and negotiated rates by type. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation

from ops.core.errors import BadInput
from ops.core.types import Price

OWN_RATE, AS_TYPED = "own rate", "as typed"
_PER_CENT = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*%?\s*$")
_TYPE = re.compile(r"^ml\.[a-z0-9-]+\.[a-z0-9-]+$")
_RATE_FORM = "Write rates like ml.g5.xlarge=1.10, ml.g5.2xlarge=1.2: dollars an hour."


@dataclass(frozen=True, slots=True)
class OwnPrices:
    """`discount`: the share that is taken off every list price, 0 to below 1. `rates`: dollars an hour, by type."""

    discount: Decimal = Decimal(0)
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    since: datetime | None = None
    """When these were read: what own rates are dated."""

    def rate(self, instance_type: str, region: str, component: str) -> Price | None:
        """The negotiated rate of a type; None where there is none. A discount does not come on top."""
        usd = self.rates.get(instance_type)
        if usd is None or self.since is None:
            return None
        return Price(instance_type, region, usd, OWN_RATE, self.since, component)

    def less(self, price: Price | None) -> Price | None:
        """A list price less the discount."""
        if price is None or not self.discount:
            return price
        per_cent = (self.discount * 100).normalize()
        return replace(
            price,
            usd_per_hour=price.usd_per_hour * (1 - self.discount),
            source=f"{price.source} less {per_cent:f} %",
        )


def rate_words(price: Price) -> str:
    """At what a sum is estimated: "list price less 12 %", "the account's own rate", "the price as typed"."""
    if price.source == OWN_RATE:
        return "the account's own rate"
    if price.source == AS_TYPED:
        return "the price as typed"
    _, less, share = price.source.partition(" less ")
    return f"list price{less}{share}"


def discount(text: str) -> Decimal:
    """ "12%", "12.5 %" or "12" as a share. Raises BadInput for what is none, or takes off everything."""
    found = _PER_CENT.match(text)
    share = Decimal(found[1]) / 100 if found is not None else None
    if share is None or not 0 <= share < 1:
        raise BadInput(f"{text!r} is not a discount.", "Write per cent from 0 to below 100, like 12%.")
    return share


def rates(text: str) -> Mapping[str, Decimal]:
    """ "ml.g5.xlarge=1.10, ml.g5.2xlarge=1.2" by type. Raises BadInput, naming what cannot be read."""
    found: dict[str, Decimal] = {}
    for part in text.split(","):
        if not part.strip():
            continue
        name, equals, amount = (each.strip() for each in part.partition("="))
        if not equals or not _TYPE.match(name):
            raise BadInput(f"{part.strip()!r} is not a type with its rate.", _RATE_FORM)
        try:
            usd = Decimal(amount.removeprefix("$"))
        except InvalidOperation as error:
            raise BadInput(f"{amount!r}, the rate of {name}, is not a number.", _RATE_FORM) from error
        if not usd.is_finite() or not 0 < usd < 10_000:
            raise BadInput(f"A rate of {amount} for {name} cannot be.", _RATE_FORM)
        if name in found:
            raise BadInput(f"{name} has two rates.", "Give one for each type.")
        found[name] = usd
    if not found:
        raise BadInput("There is no rate in it.", _RATE_FORM)
    return found

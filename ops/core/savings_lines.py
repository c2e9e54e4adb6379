"""Instance-hours by type within one stretch of time: what a saving is added up from. Pure.

Of a pool of types each is counted as far as it was seen; what nobody saw is of one of them, at the cheapest price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import numpy as np

from ops.core.cost import hours_of
from ops.core.instance_mix import MixSeen, watched
from ops.core.instance_time import MINUTES, QUARTER_S
from ops.core.types import Price, by_priority


@dataclass(frozen=True, slots=True)
class TypeFrom:
    """The instance type of an endpoint from an instant on; None: not known, or a pool of several."""

    since: datetime
    instance_type: str | None
    pool: tuple[str, ...] = ()
    """The types of its instance pools, by priority."""
    seen: tuple[MixSeen, ...] = ()
    """What was seen of the mix of these, oldest first."""

    @property
    def kinds(self) -> tuple[str, ...]:
        return (self.instance_type,) if self.instance_type is not None else self.pool


@dataclass(frozen=True, slots=True)
class TypeHours:
    """Instance-hours of one type. `usd` None: no price is known."""

    instance_type: str
    hours: Decimal
    price: Price | None
    usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Part:
    """Instance-hours of one type; those that may be of any of a `pool` stand at its cheapest price."""

    instance_type: str | None
    price: Price | None
    hours: Decimal
    pool: tuple[str, ...] = ()
    dearest: Price | None = None

    @property
    def name(self) -> str:
        if self.pool:
            return f"not seen: {' or '.join(self.pool)}"
        return self.instance_type or "unknown type"

    @property
    def usd(self) -> Decimal | None:
        return None if self.price is None else self.hours * self.price.usd_per_hour

    @property
    def spread(self) -> Decimal:
        if self.price is None or self.dearest is None:
            return Decimal(0)
        return self.hours * (self.dearest.usd_per_hour - self.price.usd_per_hour)

    def unpriced(self, prices: Mapping[str, Price]) -> tuple[str, ...]:
        return tuple(kind for kind in self.pool or (self.instance_type or "",) if kind not in prices)


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of one type, or of one pool, within one day."""

    begin: int
    end: int
    parts: tuple[Part, ...]
    first: str | None
    """The type that the baseline is counted as: of a pool its first."""
    baseline_price: Price | None
    baseline_hours: Decimal | None
    known: float

    @property
    def hours(self) -> Decimal:
        return sum((part.hours for part in self.parts), Decimal(0))


def by_type_of(parts: Iterable[Part]) -> tuple[TypeHours, ...]:
    """Instance-hours and money of each type, by name; what is of an unseen type of a pool stands for itself."""
    out: dict[str, TypeHours] = {}
    for part in parts:
        old = out.get(part.name)
        hours = part.hours + (old.hours if old else Decimal(0))
        usd = hours * part.price.usd_per_hour if part.price is not None else None
        out[part.name] = TypeHours(part.name, hours, part.price, usd)
    return tuple(out[key] for key in sorted(out))


def of_pool(
    held: TypeFrom, minutes: Mapping[str, float], unseen: float, prices: Mapping[str, Price]
) -> tuple[Part, ...]:
    """A stretch of a pool by type, as far as they ran, and what nobody saw.

    What is lost in rounding is of whoever ran longest, so that the parts are the hours of the whole stretch.
    """
    hours = {kind: hours_of(spent) for kind, spent in minutes.items()}
    hours[""] = hours_of(unseen)
    longest = max(hours, key=lambda kind: hours[kind])
    hours[longest] += hours_of(sum(minutes.values()) + unseen) - sum(hours.values(), Decimal(0))
    left = hours.pop("")
    found = [Part(kind, prices.get(kind), each) for kind, each in hours.items() if each]
    if left:
        low, high = ends(held.pool, prices)
        found.append(Part(None, low, left, held.pool, high))
    return tuple(found)


def ends(pool: Sequence[str], prices: Mapping[str, Price]) -> tuple[Price | None, Price | None]:
    """(the cheapest, the dearest) price of a pool's types; None where one of them is not known."""
    known = [price for kind in pool if (price := prices.get(kind)) is not None]
    if len(known) < len(pool) or not known:
        return None, None
    return min(known, key=lambda p: p.usd_per_hour), max(known, key=lambda p: p.usd_per_hour)


def held_at(types: Sequence[TypeFrom], at: int) -> TypeFrom | None:
    """What holds at an epoch second; a change counts from the quarter hour on in which it lies."""
    found = types[0] if types else None
    for each in types[1:]:
        if each.since.timestamp() // QUARTER_S * QUARTER_S <= at:
            found = each
    return found


def price_at(types: Sequence[TypeFrom], prices: Mapping[str, Price]) -> Callable[[int], Price | None]:
    """The price of an instance-hour at an epoch second; None: not known.

    Of a pool the mean of the types that were seen in that quarter hour, by how many there were of each; of what
    nobody saw the cheapest.
    """
    mixed = {each: _mixed(each, prices) for each in types if each.pool}

    def at(moment: int) -> Price | None:
        held = held_at(types, moment)
        if held is None:
            return None
        return mixed[held](moment) if held.pool else prices.get(held.instance_type or "")

    return at


def edges_of(first: int, last: int, types: Sequence[TypeFrom], more: Iterable[int] = ()) -> tuple[int, ...]:
    """[first, last], the quarter hours between at which the types or their mix change, and `more` edges between."""
    moments = [each.since for each in types[1:]]
    moments += [at for each in types for seen in each.seen for at in (seen.at, seen.until)]
    changes = {int(at.timestamp()) // QUARTER_S * QUARTER_S for at in moments}
    if any(each.seen for each in types):
        changes |= {
            at + QUARTER_S for at in changes
        }  # a quarter hour in which the mix changed stands for itself
    return tuple(sorted({first, last, *(at for at in (*changes, *more) if first < at < last)}))


def _mixed(held: TypeFrom, prices: Mapping[str, Price]) -> Callable[[int], Price | None]:
    if not held.seen:
        return lambda moment: ends(held.pool, prices)[0]
    first = int(held.seen[0].at.timestamp()) // QUARTER_S * QUARTER_S
    n = int(held.seen[-1].until.timestamp() - first) // QUARTER_S + 1
    running, looked = watched(held.pool, held.seen, first, n)
    total = np.sum(list(running.values()), axis=0)

    def at(moment: int) -> Price | None:
        place = (moment - first) // QUARTER_S
        if not 0 <= place < n or not total[place] or looked[place] < MINUTES / 2:
            return ends(held.pool, prices)[0]
        there = {kind: values[place] / total[place] for kind, values in running.items() if values[place]}
        known = {kind: price for kind in there if (price := prices.get(kind)) is not None}
        if len(known) < len(there):
            return None
        if len(known) == 1:
            return next(iter(known.values()))
        usd = sum(
            (known[kind].usd_per_hour * Decimal(str(round(share, 6))) for kind, share in there.items()),
            Decimal(0),
        )
        return replace(next(iter(known.values())), instance_type=by_priority(held.pool), usd_per_hour=usd)

    return at

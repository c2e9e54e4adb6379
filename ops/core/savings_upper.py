"""The estimate with provisioning and removal counted as billed: the upper end of what nobody can tell. Pure.

Source: facts E.3: whether AWS bills the time from an order until an instance is in service, and that of its removal,
is not documented. Instance-minutes from metrics are the lower end, the windows of scaling activities the upper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ops.core.cost import hours_of
from ops.core.savings_idle import PriceAt
from ops.core.types import Activity

_COUNTED = ("Successful", "InProgress", "Pending", "Overridden")


def unseen_usd(
    activities: Iterable[Activity], start: datetime, until: datetime, price_at: PriceAt
) -> Decimal | None:
    """Dollars of instances on their way in or out in [start, until); None where a price is not known.

    `activities`: those that had not ended by `start`, and the change before them, which tells how many there were.
    """
    total = Decimal(0)
    for begin, hours, _ in _moves(activities, start, until):
        price = price_at(int(begin.timestamp()))
        if price is None:
            return None
        total += hours * price.usd_per_hour
    return total


@dataclass(frozen=True, slots=True)
class Moving:
    """Instances on their way in or out: their instance-hours, and how many came or went."""

    hours: Decimal
    instances: int


def moving(activities: Iterable[Activity], start: datetime, until: datetime) -> Moving:
    """What was on its way in [start, until)."""
    moves = list(_moves(activities, start, until))
    return Moving(sum((hours for _, hours, _ in moves), Decimal(0)), sum(n for _, _, n in moves))


def _moves(
    activities: Iterable[Activity], start: datetime, until: datetime
) -> Iterator[tuple[datetime, Decimal, int]]:
    """(begin, instance-hours, instances) of each move of instances."""
    count: int | None = None
    for each in sorted(activities, key=lambda found: found.start):
        if each.desired is None or each.not_scaled or each.status not in _COUNTED:
            continue
        moved = abs(each.desired - count) if count is not None else each.desired
        if each.status != "Overridden":
            count = each.desired
        begin, end = max(each.start, start), min(each.end or until, until)
        if end > begin and moved:
            yield begin, moved * hours_of((end - begin).total_seconds() / 60), moved

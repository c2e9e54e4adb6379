"""The estimate with provisioning and removal counted as billed: the upper end of what nobody can tell. Pure.

Source: facts E.3: whether AWS bills the time from an order until an instance is in service, and that of its removal,
is not documented. Instance-minutes from metrics are the lower end, the windows of scaling activities the upper.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

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
    count: int | None = None
    for each in sorted(activities, key=lambda found: found.start):
        if each.desired is None or each.not_scaled or each.status not in _COUNTED:
            continue
        moved = abs(each.desired - count) if count is not None else each.desired
        if each.status != "Overridden":
            count = each.desired
        begin, end = max(each.start, start), min(each.end or until, until)
        if end <= begin or not moved:
            continue
        price = price_at(int(begin.timestamp()))
        if price is None:
            return None
        seconds = Decimal(str(round((end - begin).total_seconds(), 3)))
        total += moved * seconds / 3600 * price.usd_per_hour
    return total

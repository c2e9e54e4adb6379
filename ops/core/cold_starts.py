"""The newest cold start that the scaling record tells of. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from ops.core.types import Activity
from ops.core.views import LastColdStart

_RUNNING = ("InProgress", "Pending")
_CHANGED = ("Successful", "Overridden", *_RUNNING)
"""A failed or unfulfilled order leaves the capacity as it was (facts B.8)."""


def last(
    activities: Iterable[Activity],
    now: datetime,
    *,
    nothing_served: Callable[[datetime], bool] | None = None,
) -> LastColdStart | None:
    """The newest order of a first instance that was carried out or still runs; None where none is on record.

    `activities` of one variant in any order; what starts after `now` does not count. Where the record does
    not tell the capacity before an order, `nothing_served` says whether no instance served at that time;
    without it such an order is not taken for a cold start. An order that was overridden on its way counts
    until the one that replaced it is done: the first instance came with that one.
    """
    orders = sorted(
        (a for a in activities if not a.not_scaled and a.status in _CHANGED and a.start <= now),
        key=lambda a: a.start,
    )
    for index in range(len(orders) - 1, -1, -1):
        order = orders[index]
        if not order.desired or not _from_none(orders, index, nothing_served):
            continue
        found = _cold_start(order, orders[index + 1 :])
        if found is not None:
            return found
    return None


def _from_none(
    orders: Sequence[Activity], index: int, nothing_served: Callable[[datetime], bool] | None
) -> bool:
    before = orders[index - 1].desired if index else None
    if before is None and nothing_served is not None:
        return nothing_served(orders[index].start)
    return before == 0


def _cold_start(order: Activity, later: Sequence[Activity]) -> LastColdStart | None:
    """`later`: the orders after it, oldest first. None where the order came to nothing."""
    waiting = order.status in _RUNNING
    for each in (order, *later):
        if each.desired == 0:
            return None
        if each.status == "Successful" and each.end is not None:
            return LastColdStart(order.start, max(0.0, (each.end - order.start).total_seconds()))
        waiting = waiting or each.status in _RUNNING
    return LastColdStart(order.start, None) if waiting else None

"""What a saving cost and what was wasted, endpoint by endpoint: from what was read, without a call to AWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.core.cold_start import ColdStart, without_doubles
from ops.core.instance_types import IntervalFrom
from ops.core.periods import Period
from ops.core.savings import Saving, TypeFrom
from ops.core.savings_idle import idle_of, per_thousand
from ops.core.savings_lines import edges_of, price_at
from ops.core.savings_upper import unseen_usd
from ops.core.savings_waits import heard, waits_of
from ops.core.savings_warm import A_WEEK, account, windows
from ops.core.sleep import sleep_after
from ops.core.types import Activity, Endpoint, Price
from ops.core.views_savings import Details, Heard, Waits
from ops.known import State
from ops.record import back_to, since_born
from ops.savings_memo import Memo, read_so_far
from ops.worked_past import steps_of, wanted

BEFORE = timedelta(days=3)
"""Activities are read from so long before a period: the change before it tells how many instances there were."""
TTL = timedelta(hours=6)
"""A request that waited for a cold start may have come so long before the order (facts C.1)."""
SLEEPLESS_H = 168.0
Reach = Callable[[Endpoint], datetime | None]


@dataclass(frozen=True, slots=True)
class Detailed:
    """The details of one endpoint, and what its waits are made of, for those of all together."""

    details: Details
    heard: Heard
    starts: tuple[ColdStart, ...]
    """All that are kept of the period, of any cause."""


def details_of(
    state: State,
    endpoint: Endpoint,
    row: Saving,
    period: Period,
    types: Sequence[TypeFrom],
    prices: Mapping[str, Price],
    reach: Reach,
    memo: Memo,
    intervals: tuple[IntervalFrom, ...] = (),
) -> Detailed:
    """Waits, idle time, warm windows, cost of requests and the upper end of the estimate of one endpoint."""
    known = state.known[endpoint.ref.name]
    first, last = row.time.first, row.time.end
    since = reach(endpoint)
    read = read_so_far(state.past, endpoint.ref.name, wanted(endpoint), first, last)
    used = tuple(prices.get(kind) for each in types for kind in each.kinds)
    seen = (read, known.denied, known.moves, since, state.past.history.episode_news(endpoint.ref.name))
    key = ("details", endpoint, tuple(types), intervals, used, period, seen)
    return memo.get(key, lambda: _details_of(state, endpoint, row, period, types, prices, since, intervals))


def _details_of(
    state: State,
    endpoint: Endpoint,
    row: Saving,
    period: Period,
    types: Sequence[TypeFrom],
    prices: Mapping[str, Price],
    since: datetime | None,
    intervals: Sequence[IntervalFrom],
) -> Detailed:
    known = state.known[endpoint.ref.name]
    first, last = row.time.first, row.time.end
    pieces = steps_of(state.past, endpoint, first, last, known.denied, intervals) if last > first else ()
    at_price = price_at(types, prices)
    edges = edges_of(first, last, types)
    activities = activities_of(state, endpoint, period)
    starts = _starts(state, endpoint, period)
    told = heard(starts, pieces, _whole(since, endpoint, period), period)
    seen, _, _ = state.judged(endpoint.ref.name)
    held = windows(
        activities,
        state.scaling.schedules.get(endpoint.ref.resource_id, ()),
        max(period.start, endpoint.created),
        period.until,
    )
    upper = None
    if since is not None and since <= max(period.start, endpoint.created) and row.usd is not None:
        begin = max(period.start, endpoint.created)
        extra = unseen_usd(back_to(begin, activities), begin, period.until, at_price)
        upper = row.usd + row.spread_usd + extra if extra is not None else None
    return Detailed(
        Details(
            waits_of((told,), period),
            idle_of(pieces, edges, at_price),
            account(held, pieces, edges, at_price, sleep_after(seen)),
            per_thousand(pieces, edges, at_price),
            upper,
        ),
        told,
        starts,
    )


def all_waits(found: Sequence[Detailed], period: Period) -> Waits | None:
    """The waits of all endpoints together; None where there is none."""
    return waits_of((each.heard for each in found), period) if found else None


def never_slept(found: Mapping[str, Details]) -> tuple[str, ...]:
    """Endpoints without sleep in the last seven days of the known time, or all of it, by what idleness cost them."""
    names = [
        name
        for name, each in found.items()
        if each.idle is not None and (each.idle.never_slept or (each.idle.awake_h or 0.0) >= SLEEPLESS_H)
    ]

    def cost(name: str) -> tuple[bool, object, str]:
        idle = found[name].idle
        usd = idle.usd if idle is not None else None
        return usd is None, -usd if usd is not None else 0, name

    return tuple(sorted(names, key=cost))


def _whole(since: datetime | None, endpoint: Endpoint, period: Period) -> datetime | None:
    """From when on cold starts are known; an endpoint that was made later has none before."""
    if since is not None and since <= endpoint.created:
        return min(since, period.start)
    return since


def activities_of(state: State, endpoint: Endpoint, period: Period) -> tuple[Activity, ...]:
    """What scaling did in a period and shortly before, as far as it is on record."""
    name = endpoint.ref.name
    known = state.known[name]
    begin = max(endpoint.created, period.start - max(BEFORE, A_WEEK))
    kept = {a.id: a for a in state.past.history.activities(name, begin)}
    kept |= {a.id: a for a in (*known.record.known.values(), *known.moves)}
    return since_born(kept.values(), endpoint.created)


def _starts(state: State, endpoint: Endpoint, period: Period) -> tuple[ColdStart, ...]:
    begin = max(endpoint.created, period.start - TTL)
    return without_doubles(state.past.history.episodes(endpoint.ref.name, begin))

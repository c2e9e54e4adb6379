"""The month's end: what each day of the last weeks cost, endpoint by endpoint, and the forecast made of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, chain, pairwise
from zoneinfo import ZoneInfo

import numpy as np

from ops.core import forecast, spans
from ops.core.cost import hours_of
from ops.core.forecast import DayCost
from ops.core.instance_time import QUARTER_S, InstanceTime
from ops.core.periods import SETTLED_S, midnight, month_of
from ops.core.savings import TypeFrom
from ops.core.savings_lines import edges_of, price_at
from ops.core.types import FloatArray, Price, utc
from ops.core.views_savings import Forecast
from ops.core.words import listed

HOUR_S = 3600
NO_BUDGET = "The budget is for all endpoints together: this choice of them is not compared with it."


def span(now: datetime, zone: str) -> tuple[datetime, datetime]:
    """The time that a forecast looks at: eight weeks before today, or the month so far, until the newest settled."""
    info = ZoneInfo(zone)
    today = _until(now).astimezone(info).date()
    first = min(today - timedelta(weeks=forecast.WEEKS), today.replace(day=1))
    return midnight(first, info), _until(now)


def days_of(
    time: InstanceTime, born: datetime, zone: str, types: Sequence[TypeFrom], prices: Mapping[str, Price]
) -> tuple[DayCost, ...] | None:
    """What each local day cost, until the present time of day and after it; None where a price is not known.

    `time`: until now; `born`: when the endpoint was made.
    """
    info = ZoneInfo(zone)
    local_born = born.astimezone(info).date()
    begin, end = utc(time.first), utc(time.end)
    local = end.astimezone(info)
    since_midnight = end - midnight(local.date(), info)
    lived: list[tuple[date, int, int, int]] = []
    day = begin.astimezone(info).date()
    while day <= local.date():
        first, last = midnight(day, info), midnight(day + timedelta(days=1), info)
        at = min(first + since_midnight, last)
        lived.append((day, int(first.timestamp()), int(at.timestamp()), int(last.timestamp())))
        day += timedelta(days=1)
    if not lived:
        return ()
    edges = edges_of(
        lived[0][1],
        lived[-1][3],
        types,
        (at for _, first, middle, last in lived for at in (first, middle, last)),
    )
    minutes, known = time.between(edges)
    parts = _priced(edges, minutes, types, prices)
    if parts is None:
        return None
    usd = [Decimal(0), *accumulate(parts)]
    seen = np.concatenate([[0.0], np.cumsum(known)])
    place = {at: i for i, at in enumerate(edges)}
    out = []
    for day, first_s, middle_s, last_s in lived:
        a, m, b = place[first_s], place[middle_s], place[last_s]
        cut = day == local_born
        length = (min(last_s, time.end) - max(first_s, time.first)) / 60
        share = float(seen[b] - seen[a]) / length if length > 0 and first_s >= time.first else 0.0
        if length > 0:
            hours = float(seen[b] - seen[a]) / 60
            out.append(DayCost(day, usd[m] - usd[a], usd[b] - usd[m], 0.0 if cut else share, cut, hours))
    return tuple(out)


def unread(read: Iterable[Sequence[spans.Span]], born: datetime, start: datetime, until: datetime) -> bool:
    """Whether more than an hour of [start, until) since the endpoint was made has not been read in any step."""
    lived = max(int(start.timestamp()), int(born.timestamp())), int(until.timestamp())
    return sum(end - begin for begin, end in spans.without(lived, chain.from_iterable(read))) > HOUR_S


def ahead(
    of: Mapping[str, tuple[DayCost, ...] | None],
    now: datetime,
    zone: str,
    budget: Decimal | None,
    *,
    whole: bool = True,
    reading: Collection[str] = (),
) -> Forecast:
    """The forecast of the present month. `of`: the days of each endpoint; None: its price is not known.

    `whole`: whether these are all endpoints; a choice of them is not compared with the budget. `reading`: those whose
    days have not all been read.
    """
    info = ZoneInfo(zone)
    until = _until(now)
    today = until.astimezone(info).date()
    first = today.replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    left = (midnight(last + timedelta(days=1), info) - until) / timedelta(days=1)
    apart = ""
    if budget is not None and not whole:
        budget, apart = None, f" {NO_BUDGET}"

    def none(why: str, spent: Decimal | None = None) -> Forecast:
        return Forecast(month_of(today), spent, None, None, None, budget, left, why + apart, part=not whole)

    days = {name: each for name, each in of.items() if each is not None}
    if len(days) < len(of):
        return none(f"No forecast: no price of {listed(sorted(of.keys() - days.keys()))}.")
    if not days:
        return none("No forecast: there is no endpoint to count.")
    left_h = (midnight(today + timedelta(days=1), info) - until) / timedelta(hours=1)
    found = forecast.month_end(days, today, first, last, left_h, reading)
    if isinstance(found, str):
        own = [d for each in days.values() for d in each if first <= d.day <= today and d.hours]
        told = own and not reading  # what was read so far would pass for all of it
        return none(found, sum((d.whole for d in own), Decimal(0)) if told else None)
    return Forecast(
        month_of(today),
        found.spent,
        found.expected,
        found.low,
        found.high,
        budget,
        left,
        found.basis + apart,
        found.by_day,
        not whole,
    )


def _priced(
    edges: Sequence[int], minutes: FloatArray, types: Sequence[TypeFrom], prices: Mapping[str, Price]
) -> list[Decimal] | None:
    """Dollars of the known time between edges; None where there is some at a price that is not known."""
    at_price = price_at(types, prices)
    out = []
    for (at, _), spent in zip(pairwise(edges), minutes.tolist(), strict=True):
        price = at_price(at)
        if price is None and spent:
            return None
        out.append(hours_of(spent) * price.usd_per_hour if price is not None else Decimal(0))
    return out


def _until(now: datetime) -> datetime:
    return utc(int(now.timestamp() - SETTLED_S) // QUARTER_S * QUARTER_S)

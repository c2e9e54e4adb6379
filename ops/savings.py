"""What scale-to-zero saved: views made of what was read, and of list prices, which are free and kept for a day."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ops import savings_ahead
from ops.aws.calls import Reading
from ops.aws.pricing import PriceList
from ops.core import spans
from ops.core.errors import UnknownEndpoint
from ops.core.names import nearest
from ops.core.periods import Period, months
from ops.core.savings import Saving, TypeFrom, saving, total
from ops.core.types import Endpoint, Price, Problem
from ops.core.views_savings import Forecast, SavingsQuery, SavingsView
from ops.core.window import KEPT_DAYS
from ops.gather import Gatherer
from ops.instance_past import time_of, wanted
from ops.known import State
from ops.savings_details import Reach, all_waits, details_of, never_slept

LONGEST_S = {60: 3 * 86_400, 300: 15 * 86_400, 3600: 180 * 86_400}
"""How much one call reads at most."""
MARGIN_S = 7200
"""Kept clear of AWS's own edges, where an answer is empty rather than an error."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What a view of savings needs beside what was read of AWS."""

    prices: PriceList
    history: tuple[int, int]
    """How many endpoints have all of their history, of how many."""
    reach: Reach
    """From when on the cold starts of an endpoint are kept."""
    budget: Decimal | None = None
    """Dollars a month."""


def savings(state: State, beside: Beside, query: SavingsQuery) -> SavingsView:
    """The savings of the endpoints asked for. Raises UnknownEndpoint."""
    chosen = _chosen(state, query.names)
    listed, problems = _prices(state, beside.prices, chosen)
    rows = tuple(_row(state, endpoint, query, listed, query.period) for endpoint in chosen)
    earlier = query.period.previous()
    before = total(_row(state, endpoint, query, listed, earlier) for endpoint in chosen)
    found = {
        e.ref.name: details_of(state, e, row, query.period, _types(e), listed, beside.reach)
        for e, row in zip(chosen, rows, strict=True)
    }
    details = {name: each.details for name, each in found.items()}
    ordered = sorted(rows, key=lambda row: (row.saved is None, -(row.saved or 0), row.name))
    oldest = min((e.created for e in chosen), default=state.now)
    kept = (state.past.problem,) if state.past.problem is not None else ()
    return SavingsView(
        state.connection,
        state.now,
        query,
        tuple(ordered),
        total(rows),
        before if before.coverage else None,
        details,
        all_waits(tuple(found.values()), query.period),
        prices=tuple(listed[key] for key in sorted(listed)),
        months=months(state.now, oldest, query.period.zone),
        forecast=_ahead(state, chosen, query.period.zone, listed, beside.budget),
        history=beside.history,
        never_slept=never_slept(details),
        problems=(*problems, *kept),
    )


def read_lacking(gatherer: Gatherer, reading: Reading, names: Collection[str] | None, period: Period) -> None:
    """Read what a saving over `period` and the one before still lacks, in the finest steps that AWS keeps. OpsError."""
    begin, last = int(period.previous().start.timestamp()), int(period.until.timestamp())
    now = reading.now.timestamp()
    for endpoint in gatherer.endpoints():
        if not endpoint.is_async or (names is not None and endpoint.ref.name not in names):
            continue
        upper = last
        for step, days in KEPT_DAYS.items():
            oldest = -(-(int(now) - days * 86_400 + MARGIN_S) // 3600) * 3600
            lower = max(begin, oldest, int(endpoint.created.timestamp()) // 3600 * 3600)
            if lower < upper:
                holes = gatherer.past.holes(endpoint.ref.name, wanted(endpoint), (lower, upper), step)
                for hole in holes:
                    for piece in spans.pieces(hole.span, LONGEST_S[step]):
                        gatherer.fill(reading, endpoint, replace(hole, span=piece), step)
            upper = min(upper, oldest)


def _chosen(state: State, names: Sequence[str] | None) -> list[Endpoint]:
    """Asynchronous endpoints, by name. Raises UnknownEndpoint for one that is asked for and not there."""
    known = {name: k.endpoint for name, k in state.known.items() if k.endpoint.described}
    for name in names or ():
        if name not in known:
            raise UnknownEndpoint(name, nearest(name, tuple(sorted(known))))
    return [known[n] for n in sorted(known) if known[n].is_async and (names is None or n in names)]


def _row(
    state: State, endpoint: Endpoint, query: SavingsQuery, listed: Mapping[str, Price], period: Period
) -> Saving:
    target = state.scaling.targets.get(endpoint.ref.resource_id)
    return saving(
        endpoint.ref.name,
        time_of(state.past, endpoint, period.start, period.until),
        period,
        query.baseline,
        most=target.bounds.max if target is not None else None,
        types=_types(endpoint),
        prices=listed,
    )


def _ahead(
    state: State, chosen: Sequence[Endpoint], zone: str, listed: Mapping[str, Price], budget: Decimal | None
) -> Forecast:
    """Where the present month ends, of the endpoints chosen."""
    start, until = savings_ahead.span(state.now, zone)
    days = {
        e.ref.name: savings_ahead.days_of(
            time_of(state.past, e, start, until), e.created, zone, _types(e), listed
        )
        for e in chosen
        if e.created < until
    }
    return savings_ahead.ahead(days, state.now, zone, budget)


def _types(endpoint: Endpoint) -> tuple[TypeFrom, ...]:
    return (TypeFrom(endpoint.created, endpoint.instance_type),)


def _prices(
    state: State, prices: PriceList, chosen: Sequence[Endpoint]
) -> tuple[dict[str, Price], tuple[Problem, ...]]:
    found: dict[str, Price] = {}
    problems: dict[Problem, None] = {}
    for kind in sorted({e.instance_type for e in chosen if e.instance_type}):
        price, problem = prices.quote(state.connection.region, kind)
        if price is not None:
            found[kind] = price
        if problem is not None:
            problems[problem] = None
    return found, tuple(problems)

"""What scale-to-zero saved: views made of what was read, and of list prices, which are free and kept for a day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from ops import savings_ahead, worked_past
from ops.aws.calls import Reading
from ops.aws.pricing import PriceList
from ops.aws.tags import TagReader
from ops.core import spans
from ops.core.errors import UnknownEndpoint
from ops.core.instance_types import IntervalFrom, assumed, assumed_interval
from ops.core.metrics import Metric
from ops.core.moments import written
from ops.core.names import nearest
from ops.core.periods import Period, months
from ops.core.savings import Saving, TypeFrom, saving, total
from ops.core.types import Endpoint, Price, Problem
from ops.core.views_savings import Candidate, Fit, Forecast, SavingsQuery, SavingsView
from ops.core.window import KEPT_DAYS
from ops.core.words import listed as in_words
from ops.episode_past import OF_WAKES
from ops.gather import Gatherer
from ops.instance_past import Asked, wanted
from ops.known import State
from ops.savings_details import Detailed, Reach, all_waits, details_of, never_slept
from ops.savings_direct import candidate_of, usual_start
from ops.savings_gone import kinds, lost, with_lost
from ops.savings_memo import Memo, read_so_far, shared_times
from ops.type_past import recalled

LONGEST_S = {60: 3 * 86_400, 300: 15 * 86_400, 3600: 180 * 86_400}
"""How much one call reads at most."""
Tell = Callable[[str, int, int], None]
Types = Mapping[str, tuple[TypeFrom, ...]]
"""The instance types of each endpoint."""
Intervals = Mapping[str, tuple[IntervalFrom, ...]]
"""How often the hosts of each published."""
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
    tags: TagReader
    memo: Memo
    budget: Decimal | None = None
    """Dollars a month."""


def savings(state: State, beside: Beside, query: SavingsQuery) -> SavingsView:
    """The savings of the endpoints asked for. Raises UnknownEndpoint."""
    memory = recalled(state)
    gone = tuple(memory.gone({name: k.endpoint for name, k in state.known.items()}, state.now))
    every = _chosen(state, query.names, [g.endpoint.ref.name for g in gone])
    tags = {e.ref.name: beside.tags.of(e.arn) for e in every}
    asked = [e for e in every if e.is_async and _has(tags[e.ref.name], query.tags)]
    chosen = _lived(asked, query.period) if query.names is None else asked
    direct = [e for e in every if not e.is_async and _has(tags[e.ref.name], query.tags)]
    types = {e.ref.name: memory.of(e, state.now) for e in every}
    often = {e.ref.name: memory.intervals(e, state.now) for e in every}
    listed, problems = _prices(state, beside.prices, sorted({*_kinds(chosen, types), *kinds(gone)}))
    rows = _rows(state, beside.memo, chosen, query, query.period, listed, types, often, tags)
    left = lost(state, beside.memo, query, query.period, gone, listed)
    earlier = query.period.previous()
    own = _rows(state, beside.memo, _lived(chosen, earlier), query, earlier, listed, types, often, tags)
    left_earlier = lost(state, beside.memo, query, earlier, gone, listed)
    earlier_rows = (*own, *left_earlier.rows)
    before = with_lost(total(earlier_rows), left_earlier)
    with state.past.history.together():  # hundreds of small readings, in one transaction
        found = {
            e.ref.name: details_of(
                state,
                e,
                row,
                query.period,
                types[e.ref.name],
                listed,
                beside.reach,
                beside.memo,
                often[e.ref.name],
            )
            for e, row in zip(chosen, rows, strict=True)
        }
    rows = (*rows, *left.rows)
    details = {name: each.details for name, each in found.items()}
    ordered = sorted(rows, key=lambda row: (row.saved is None, -(row.saved or 0), row.name))
    candidates, more = _candidates(state, beside.prices, direct, query.period, types, often, found.values())
    oldest = min((e.created for e in (*chosen, *(g.endpoint for g in gone))), default=state.now)
    trouble = (p for p in (state.past.problem, beside.tags.problem) if p is not None)
    return SavingsView(
        state.connection,
        state.now,
        query,
        tuple(ordered),
        with_lost(total(rows), left),
        before if before.coverage or before.left_out else None,
        details,
        all_waits(tuple(found.values()), query.period),
        prices=tuple(listed[key] for key in sorted(listed)),
        first=min((e.created for e in asked), default=None),
        months=months(state.now, oldest, query.period.zone),
        candidates=candidates,
        forecast=_ahead(state, asked, query.period.zone, types, often, beside),
        history=beside.history,
        never_slept=never_slept(details),
        tag_values=_values(tags.values()),
        problems=tuple(dict.fromkeys((*problems, *more, *trouble))),
        heard=tuple(each.heard for each in found.values()),
        before_rows=earlier_rows,
    )


def read_lacking(
    gatherer: Gatherer,
    reading: Reading,
    query: SavingsQuery,
    tell: Tell = lambda name, done, of: None,
) -> None:
    """Read what savings over a period, the one before and the month's end still lack, in the finest steps that AWS
    keeps. OpsError.

    `tell` hears of each endpoint before it is read, with how many of how many are done.
    """
    names, period = query.names, query.period
    spans_of = (period.previous().start, period.until), savings_ahead.span(reading.now, period.zone)
    chosen = [e for e in gatherer.endpoints() if names is None or e.ref.name in names]
    for done, endpoint in enumerate(chosen):
        tell(endpoint.ref.name, done, len(chosen))
        if endpoint.is_async:
            for start, until in spans_of:
                read_missing(gatherer, reading, endpoint, wanted(endpoint), start, until)
        read_missing(gatherer, reading, endpoint, _of_details(endpoint), period.start, period.until)
    state = gatherer.state()
    for gone in recalled(state).gone({name: k.endpoint for name, k in state.known.items()}, state.now):
        if names is None or gone.endpoint.ref.name in names:
            for start, until in spans_of:
                read_missing(
                    gatherer, reading, gone.endpoint, wanted(gone.endpoint), start, min(until, gone.until)
                )


def _of_details(endpoint: Endpoint) -> tuple[Metric, ...]:
    """What idle time, waits and cold starts are made of."""
    return tuple(dict.fromkeys((*worked_past.wanted(endpoint), *(OF_WAKES if endpoint.is_async else ()))))


def read_missing(
    gatherer: Gatherer,
    reading: Reading,
    endpoint: Endpoint,
    asked: Sequence[Metric],
    start: datetime,
    until: datetime,
) -> None:
    """What is missing of [start, until), each part in the finest steps that AWS still keeps."""
    begin, upper, now = int(start.timestamp()), int(until.timestamp()), int(reading.now.timestamp())
    for step, days in KEPT_DAYS.items():
        oldest = -(-(now - days * 86_400 + MARGIN_S) // 3600) * 3600
        lower = max(begin, oldest, int(endpoint.created.timestamp()) // 3600 * 3600)
        if lower < upper:
            for hole in gatherer.past.holes(endpoint.ref.name, asked, (lower, upper), step):
                for piece in spans.pieces(hole.span, LONGEST_S[step]):
                    gatherer.fill(reading, endpoint, replace(hole, span=piece), step)
        upper = min(upper, oldest)


def _chosen(state: State, names: Sequence[str] | None, gone: Sequence[str]) -> list[Endpoint]:
    """Endpoints that could be described, by name. Raises UnknownEndpoint for one that is asked for and never was."""
    known = {name: k.endpoint for name, k in state.known.items() if k.endpoint.described}
    for name in names or ():
        if name not in known and name not in gone:
            raise UnknownEndpoint(name, nearest(name, tuple(sorted(known))))
    return [known[n] for n in sorted(known) if names is None or n in names]


def _has(tags: Mapping[str, str] | None, wanted: Iterable[tuple[str, str]]) -> bool:
    """Whether an endpoint has one of the values asked for of each key; where its tags are not known it has none."""
    by_key: dict[str, set[str]] = {}
    for key, value in wanted:
        by_key.setdefault(key, set()).add(value)
    return all((tags or {}).get(key) in values for key, values in by_key.items())


def _values(found: Iterable[Mapping[str, str] | None]) -> dict[str, tuple[str, ...]]:
    """All values of each key."""
    out: dict[str, set[str]] = {}
    for tags in found:
        for key, value in (tags or {}).items():
            out.setdefault(key, set()).add(value)
    return {key: tuple(sorted(out[key])) for key in sorted(out)}


def _candidates(
    state: State,
    prices: PriceList,
    direct: Sequence[Endpoint],
    period: Period,
    types: Types,
    often: Intervals,
    asynchronous: Iterable[Detailed],
) -> tuple[tuple[Candidate, ...], tuple[Problem, ...]]:
    """Real-time endpoints, by what they would save, the most first; those that fit poorly behind the others."""
    kinds = _kinds(direct, types)
    hosting, problems = _prices(state, prices, kinds, asynchronous=False)
    would, more = _prices(state, prices, kinds)
    start = usual_start([s for each in asynchronous for s in each.starts])
    found = []
    for e in _lived(direct, period):
        own, intervals = types[e.ref.name], often[e.ref.name]
        each = candidate_of(state, e, period, own, hosting, would, start, intervals)
        notes = _notes(e, own, intervals, period, state.now) if each.usd is not None else ()
        found.append(replace(each, why=(*each.why, *notes)))
    found.sort(key=lambda c: (c.fit is Fit.POOR, c.saved is None, -(c.saved or 0), c.name))
    return tuple(found), (*problems, *more)


def _lived(endpoints: Iterable[Endpoint], period: Period) -> list[Endpoint]:
    """Those that were there before a period ended: of the others there is nothing to know."""
    return [e for e in endpoints if e.created < period.until]


def _rows(
    state: State,
    memo: Memo,
    endpoints: Sequence[Endpoint],
    query: SavingsQuery,
    period: Period,
    listed: Mapping[str, Price],
    types: Types,
    often: Intervals,
    tags: Mapping[str, Mapping[str, str] | None],
) -> tuple[Saving, ...]:
    """The saving of each endpoint over a period."""
    asked = [Asked(e, period.start, period.until, often[e.ref.name]) for e in endpoints]
    times = shared_times(state.past, memo, asked)
    bounds = {
        e.ref.name: target.bounds.max
        for e in endpoints
        if (target := state.scaling.targets.get(e.ref.resource_id)) is not None
    }
    out = []
    for e, time in zip(endpoints, times, strict=True):
        row = saving(
            e.ref.name,
            time,
            period,
            query.baseline,
            most=bounds.get(e.ref.name),
            types=types[e.ref.name],
            prices=listed,
            tags=tags[e.ref.name],
        )
        notes = _notes(e, types[e.ref.name], often[e.ref.name], period, state.now)
        since = e.created if e.created > period.start else None
        out.append(replace(row, notes=notes, since=since, only=_only(e)))
    return tuple(out)


def _only(endpoint: Endpoint) -> str:
    """Said where an endpoint has more variants than the one that is counted."""
    if not endpoint.other_variants:
        return ""
    return (
        f"Only its variant {endpoint.ref.variant} is counted by metrics; "
        f"what {in_words([*endpoint.other_variants])} ran is in no estimate."
    )


def _notes(
    endpoint: Endpoint,
    types: Sequence[TypeFrom],
    intervals: Sequence[IntervalFrom],
    period: Period,
    now: datetime,
) -> tuple[str, ...]:
    """What is only taken to hold of an endpoint in a period, in sentences; times in the period's zone."""
    begin = max(period.start, endpoint.created)
    found = (
        assumed(types, begin, now),
        assumed_interval(intervals, endpoint.publish_interval, begin, period.until, now),
    )
    return tuple(written(each, ZoneInfo(period.zone)) for each in found if each)


def _ahead(
    state: State,
    chosen: Sequence[Endpoint],
    zone: str,
    types: Types,
    often: Intervals,
    beside: Beside,
) -> Forecast:
    """Where the present month ends, of the endpoints chosen, whatever the period is."""
    start, until = savings_ahead.span(state.now, zone)
    listed, _ = _prices(state, beside.prices, _kinds(chosen, types))

    lived = [e for e in chosen if e.created < until]
    asked = [Asked(e, start, until, often[e.ref.name]) for e in lived]
    found, reading = {}, set()
    for e, time in zip(lived, shared_times(state.past, beside.memo, asked), strict=True):
        own = types[e.ref.name]
        used = tuple(listed.get(kind) for each in own for kind in each.kinds)
        days = partial(savings_ahead.days_of, time, e.created, zone, own, listed)
        found[e.ref.name] = beside.memo.get(("days", e, own, used, zone, time), days)
        span = int(start.timestamp()), int(until.timestamp())
        if savings_ahead.unread(
            read_so_far(state.past, e.ref.name, wanted(e), *span), e.created, start, until
        ):
            reading.add(e.ref.name)
    every = {e.ref.name for e in _chosen(state, None, ()) if e.is_async}
    whole = every <= {e.ref.name for e in chosen}
    return savings_ahead.ahead(found, state.now, zone, beside.budget, whole=whole, reading=reading)


def _kinds(endpoints: Iterable[Endpoint], types: Types) -> list[str]:
    """All instance types that these endpoints had."""
    return sorted({kind for e in endpoints for each in types[e.ref.name] for kind in each.kinds})


def _prices(
    state: State, prices: PriceList, kinds: Iterable[str], *, asynchronous: bool = True
) -> tuple[dict[str, Price], tuple[Problem, ...]]:
    found: dict[str, Price] = {}
    problems: dict[Problem, None] = {}
    for kind in kinds:
        price, problem = prices.quote(state.connection.region, kind, asynchronous=asynchronous)
        if price is not None:
            found[kind] = price
        if problem is not None:
            problems[problem] = None
    return found, tuple(problems)

"""Endpoints that are gone: what they cost while they were there, as far as that is known; the others are named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from zoneinfo import ZoneInfo

from ops.core.instance_time import QUARTER_S, InstanceTime
from ops.core.periods import Period
from ops.core.savings import LeftOut, Saving, Total, saving
from ops.core.types import AsyncConfig, Endpoint, EndpointRef, Price, utc
from ops.core.views_savings import SavingsQuery
from ops.instance_past import ALIVE, Asked
from ops.known import State
from ops.savings_memo import Memo, shared_times
from ops.type_memory import PUBLISHED_S, Gone


@dataclass(frozen=True, slots=True)
class Lost:
    """What a period holds of endpoints that are gone."""

    rows: tuple[Saving, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def lost(
    state: State,
    memo: Memo,
    query: SavingsQuery,
    period: Period,
    gone: Sequence[Gone],
    prices: Mapping[str, Price],
) -> Lost:
    """Of the endpoints asked for; none where tags are, for nobody knows those of one that is gone."""
    if query.tags:
        return Lost()
    wanted = [g for g in gone if query.names is None or g.endpoint.ref.name in query.names]
    lived = [(g, each) for g in wanted if (each := _asked(g, period)) is not None]
    unknown = list(_unknown(state, query, period, gone))
    times = shared_times(state.past, memo, [*(each for _, each in lived), *unknown])
    rows, left = list[Saving](), list[LeftOut]()
    for (g, each), time in zip(lived, times[: len(lived)], strict=True):
        why = _why_not(g, each, time, period)
        if why is None:
            rows.append(_row(g, time, query, period, prices))
        elif why:
            left.append(LeftOut(g.endpoint.ref.name, why))
    for each, time in zip(unknown, times[len(lived) :], strict=True):
        if time.instance_hours > 0:
            name = each.endpoint.ref.name
            present = "an earlier endpoint of this name" if name in state.known else "it is gone, and"
            told = f"{present} had {_hours(time)}, at one sample of each host a minute; of what type is not on record"
            left.append(LeftOut(name, told))
    return Lost(tuple(rows), tuple(left))


def with_lost(found: Total, more: Lost) -> Total:
    """A total that names what could not be counted of endpoints that are gone, too."""
    if not more.left_out:
        return found
    return replace(found, left_out=(*found.left_out, *more.left_out), final=False)


def kinds(gone: Iterable[Gone]) -> set[str]:
    """Their instance types."""
    return {kind for g in gone for each in g.types for kind in each.kinds}


def _asked(gone: Gone, period: Period) -> Asked | None:
    """What lies in a period; None where it did not live then. Never a minute of the next one of its name."""
    at = int(gone.until.timestamp())
    end = utc(at // QUARTER_S * QUARTER_S if gone.anew else -(-at // QUARTER_S) * QUARTER_S)
    until = min(end, period.until)
    if gone.endpoint.created >= until or until <= period.start:
        return None
    return Asked(gone.endpoint, period.start, until, gone.intervals, earlier=True)


def _why_not(gone: Gone, asked: Asked, time: InstanceTime, period: Period) -> str | None:
    """Why it has no row of its own; empty: there is nothing to count. None: it has one."""
    begin = max(asked.start, gone.endpoint.created)
    if gone.anew:
        if not time.instance_hours:
            return ""
        return (
            f"an earlier endpoint of this name had {_hours(time)} until {_day(gone.until, period)}; "
            "only the newest one of a name is counted"
        )
    if not time.known_minutes:
        return f"it was deleted by {_day(gone.until, period)}, and nothing is known of it in this period"
    if not gone.types or not gone.intervals or any(each.seconds is None for each in gone.intervals):
        what = "how often its hosts published metrics is not on record"
    elif gone.types[0].since > begin and gone.intervals[0].since > begin and len(gone.types) > 1:
        what = "which instance type it had at first is not on record"
    else:
        return None
    return f"it was deleted by {_day(gone.until, period)}, and {what}: {_hours(time)}, as far as is known"


def _row(
    gone: Gone, time: InstanceTime, query: SavingsQuery, period: Period, prices: Mapping[str, Price]
) -> Saving:
    day = _day(gone.until, period)
    found = saving(
        gone.endpoint.ref.name,
        time,
        period,
        query.baseline,
        most=None,
        types=gone.types,
        prices=prices,
    )
    note = f"It is gone: counted until {day}, when it was first missing."
    born = gone.endpoint.created
    return replace(found, gone=gone.until, since=born if born > period.start else None, notes=(note,))


def _unknown(state: State, query: SavingsQuery, period: Period, gone: Sequence[Gone]) -> Iterable[Asked]:
    """What the history holds and no memory tells of: names that are gone, and time before an endpoint was made."""
    remembered = {g.endpoint.ref.name for g in gone}
    there = (
        (name, period.until)
        for name in state.past.history.endpoints()
        if name not in state.known and name not in remembered
    )
    before = (
        (name, utc(int(known.endpoint.created.timestamp()) // QUARTER_S * QUARTER_S))
        for name, known in state.known.items()
        if name not in remembered and known.endpoint.is_async and known.endpoint.created > period.start
    )
    for name, until in chain(there, before):
        asked_for = query.names is None or name in query.names
        if asked_for and until > period.start and state.past.covered(name, ALIVE.key):
            yield Asked(_somebody(name), period.start, min(until, period.until), earlier=True)


def _somebody(name: str) -> Endpoint:
    """An asynchronous endpoint of which nothing but its name is known."""
    nothing = AsyncConfig(None, None, None, None, None)
    born = utc(0)
    return Endpoint(
        EndpointRef("", "", name),
        "",
        "Deleted",
        "",
        None,
        0,
        0,
        born,
        born,
        nothing,
        publish_interval=PUBLISHED_S,
    )


def _day(at: datetime, period: Period) -> str:
    local = at.astimezone(ZoneInfo(period.zone))
    return f"{local.day} {local:%B %Y}"


def _hours(time: InstanceTime) -> str:
    return f"{time.instance_hours:,.1f} instance-hours"

"""The words of the advice: costs, waits and what a promise misses, each with its numbers. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from ops.core.promise import MEAN, exactly, when
from ops.core.views_planner import ClausePlayed, Played, Spread
from ops.core.words import count, percent, took
from ops.replay.search import NEVER


def dollars(usd: Decimal | float) -> str:
    """Three digits: "$4.31", "$305", "$1,030"."""
    value = float(usd)
    if value == 0:
        return "$0"
    digits = 2 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    return f"${rounded:,.0f}" if abs(rounded) >= 100 else f"${rounded:,.2f}"


def costs(one: Played) -> str:
    """ "about $305 a month"; in instance-hours where no price is known."""
    if one.usd_month is None:
        return f"about {one.hours_month.mid:,.0f} instance-hours a month (no price is known)"
    return f"about {dollars(one.usd_month.mid)} a month"


def cost_range(one: Played) -> str:
    """ "cost $301-312 a month"."""
    if one.usd_month is None:
        low, high = f"{one.hours_month.low:,.0f}", f"{one.hours_month.high:,.0f}"
        return f"{_range(low, high)} instance-hours a month"
    low, high = dollars(one.usd_month.low), dollars(one.usd_month.high)
    return f"cost {_range(low, high)} a month"


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low}-{high.lstrip('$')}"


def difference(less: Played, more: Played) -> str:
    """What `less` saves: "about $120 a month (28 %)"; "some instance-hours" where no price is known."""
    here, there = less.usd_month, more.usd_month
    if here is None or there is None:
        saved = more.hours_month.mid - less.hours_month.mid
        return f"about {saved:,.0f} instance-hours a month"
    saved_usd = there.mid - here.mid
    share = f" ({percent(float(saved_usd / there.mid))})" if there.mid else ""
    return f"about {dollars(saved_usd)} a month{share}"


def waits_range(name: str, waits: Spread) -> str:
    """ "p95 wait 1.4-1.7 min" of seconds; empty where none is known."""
    low, high = waits.low, waits.high
    if low != low:
        return ""
    first, last = took(low), took(high)
    if first == last:
        return f"{name} {first}"
    if first.split(" ")[1:] == last.split(" ")[1:] and first.count(" ") == 1:
        first = first.split(" ")[0]
        return f"{name} {first}-{last}"
    return f"{name} {first} to {last}"


def lost(one: Played) -> str:
    """ "50 % of requests expire or never start"; empty where next to none do."""
    return f"{percent(one.never.mid)} of requests expire or never start" if one.never.high >= 0.0005 else ""


def tells(one: Played) -> bool:
    """Whether so many requests start that the waits of those that do say something."""
    return not one.never.mid > NEVER


def waits_line(one: Played) -> str:
    """How long requests wait with it, by clause where there are several; and how many never start."""
    known: dict[tuple[object, ...], list[ClausePlayed]] = {}
    for part in one.clauses:
        if part.requests:
            known.setdefault(part.clause.held, []).append(part)
    groups = list(known.values())
    if len(groups) > 1:
        said = [
            f"{held(mine[0], one)} "
            + (f"{_wait('p95', mine[0].p95_s) or 'nothing started'}, " if tells(one) else "")
            + _in_time(mine)
            for mine in groups
        ]
    elif tells(one):
        waits = groups[0][0] if groups else one
        found = ", ".join(filter(None, (_wait("p95 wait", waits.p95_s), _wait("longest", waits.max_s))))
        said = [found or "no wait is known"]
    else:
        said = []
    return "; ".join([*said, *filter(None, [lost(one)])])


def _in_time(mine: Sequence[ClausePlayed]) -> str:
    if len(mine) == 1:
        return f"{percent(mine[0].within.mid)} in time"
    return ", ".join(f"{percent(part.within.mid)} within {exactly(part.clause.limit_s)}" for part in mine)


def starts(one: Played) -> str:
    """ "12-15 cold starts a month"."""
    low, high = round(one.cold_starts_month.low), round(one.cold_starts_month.high)
    said = count(low, "cold start") if low == high else f"{low:,}-{high:,} cold starts"
    return f"{said} a month"


def unopened(one: Played) -> str:
    """ "At 4 of 22 openings of its windows the endpoint was being updated: ..."; empty where at none."""
    if not one.openings or not one.failed_openings.high:
        return ""
    low, high = round(one.failed_openings.low), round(one.failed_openings.high)
    some = f"{low}" if low == high else f"{low} to {high}"
    return (
        f"At {some} of {count(one.openings, 'opening')} of its windows the endpoint was being updated. The replay lets "
        "the capacity follow when that is done; whether AWS does, or the window stays shut, is not known."
    )


def held(part: ClausePlayed, one: Played) -> str:
    """When the clause holds, beside the others of the promise: "at other times" for what is left of the week."""
    return when(part.clause, [each.clause for each in one.clauses])


def beside(part: ClausePlayed, one: Played) -> str:
    """The same behind a blank; nothing where it holds at all times."""
    said = held(part, one)
    return "" if said == part.clause.when and not part.clause.windows else f" {said}"


def kept_in(one: Played) -> str:
    """ "5 of 5 expansions, and in 20 of 20 fresh ones that the search had not seen"."""
    said = f"{sum(one.kept)} of {len(one.kept)} expansions"
    if not one.fresh:
        return said
    return f"{said}, and in {sum(one.fresh)} of {len(one.fresh)} fresh ones that the search had not seen"


def missed(part: ClausePlayed, one: Played) -> str:
    """ "8.2 % of requests wait longer than 2 min Mon-Fri 08:00-18:00 (UTC), where 5 % may; p95 is 4.1 min"."""
    clause = part.clause
    at = beside(part, one)
    if clause.measure == MEAN:
        mean = part.mean_s.mid
        if mean == mean and not tells(one):
            return f"too few requests start for an average to say something{at}"
        said = "no request starts" if mean != mean else f"requests wait {took(mean)} on average"
        return f"{said}{at}, where {exactly(clause.limit_s)} is promised"
    late = 1 - part.within.mid
    most = late if late > clause.allowed else 1 - part.within.low  # of some expansions alone
    allowed = "none may" if clause.share == 1 else f"{clause.allowed * 100:.3g} % may"
    more = _wait("the longest wait is", part.max_s) if clause.share == 1 else _wait("p95 is", part.p95_s)
    more = more if tells(one) else ""
    shown = ("" if most == late else "up to ") + (
        f"{most * 100:.1f} %" if 0.0005 <= most < 0.1 else percent(most)
    )
    longer = "wait" if clause.limit_s == 0 else f"wait longer than {exactly(clause.limit_s)}"
    return f"{shown} of requests {longer}{at}, where {allowed}" + (f"; {more}" if more else "")


def _wait(name: str, waits: Spread) -> str:
    return "" if waits.mid != waits.mid else f"{name} {took(waits.mid)}"

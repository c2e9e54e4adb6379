"""The candidates of a search as a table: sorted, and with the way to compare each with today. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

from components import format as fmt
from components.charts.plan_front import MANY, cost_words, keeps, waits_words, weighed
from components.markup import Html, html
from components.tables import cell, line, table
from ops.core import savings_words as words
from ops.core.candidate import Candidate
from ops.core.cost import Basis
from ops.core.views_planner import PlanView, Played, Role, Spread, Weighed

PAGE = 12
ORDERS = (
    "today's and the advised first",
    "the cheapest first",
    "the shortest p95 wait",
    "the shortest longest wait",
    "the fewest late",
    "the fewest cold starts",
)
FRONT, KEEPS, ALL = "worth a look", "keeps the promise", "all"
SHOWS = (FRONT, KEEPS, ALL)
"""`FRONT`: those that no other beats, today's, the advised one, and hand-made ones."""
_HEADS = (
    ("policy", ""),
    ("cost a month", "num"),
    ("p95 wait", "num"),
    ("longest wait", "num"),
    ("late", "num"),
    ("cold starts a month", "num"),
    ("promise", ""),
)


def chosen(view: PlanView, order: str, shows: str, by: Weighed) -> list[Played]:
    """Those that the table lists, in order; what is not known stands last."""
    special = {n for n in (view.today, view.advice.chosen, view.advice.cheaper) if n is not None}
    front = set(view.fronts.get(by.value, ())) | special
    if shows == FRONT:
        found = [p for p in view.played if p.number in front or p.role is Role.OWN]
    elif shows == KEEPS:
        found = [p for p in view.played if keeps(p, view.query.sure)]
    else:
        found = list(view.played)
    value = _VALUES.get(order, _cost)

    def rank(played: Played) -> tuple[float, ...]:
        first = _place(view, played) if order == ORDERS[0] else ()
        return (*first, math.isnan(value(played)), value(played), _cost(played), played.number)

    return sorted(found, key=rank)


def _place(view: PlanView, played: Played) -> tuple[float, float]:
    """Today's, the advised one, hand-made ones, then those that keep the promise, then the others by how nearly."""
    if played.number == view.today:
        return 0, 0
    if played.number == view.advice.chosen:
        return 1, 0
    if played.role is Role.OWN:
        return 2, 0
    if played.keeps(view.query.sure):
        return 3, 0
    late = played.over.mid
    return 4, math.inf if math.isnan(late) else late


def _cost(played: Played) -> float:
    return float(played.usd_month.mid) if played.usd_month is not None else played.hours_month.mid


_VALUES: Mapping[str, Callable[[Played], float]] = {
    ORDERS[1]: _cost,
    ORDERS[2]: lambda p: weighed(p, Weighed.P95).mid,
    ORDERS[3]: lambda p: weighed(p, Weighed.MAX).mid,
    ORDERS[4]: lambda p: p.over.mid,
    ORDERS[5]: lambda p: p.cold_starts_month.mid,
}


def candidates(
    view: PlanView,
    rows: Sequence[Played],
    selected: int | None,
    link: Mapping[str, object],
    text: Callable[[Candidate], str],
) -> Html:
    """`link`: the query of a link to this page; `text`: how it names a candidate."""
    lines = (_row(view, each, selected, link, text) for each in rows)
    return table(_HEADS, lines, "Candidates")


def called(view: PlanView, played: Played) -> list[str]:
    """What a candidate is besides its numbers: today, advised, yours, the next cheaper one."""
    found = []
    if played.number == view.today:
        found.append("today")
    if played.number == view.advice.chosen:
        found.append("advised")
    if played.role is Role.OWN:
        found.append("yours")
    if played.number == view.advice.cheaper:
        found.append("next cheaper")
    if played.number in view.advice.tied:
        found.append("as good within the noise")
    return found


def _row(
    view: PlanView,
    played: Played,
    selected: int | None,
    link: Mapping[str, object],
    text: Callable[[Candidate], str],
) -> Html:
    query = urlencode({**link, "pick": text(played.candidate)}, doseq=True)
    here = played.number == selected
    machine = played.candidate.machine
    speed = f", {machine.speed:g} × as fast" if machine.speed != 1 else ""
    if played.role is Role.OWN and machine.usd_per_hour is not None:
        speed += f", ${machine.usd_per_hour.normalize():f} an hour"
    if len({each.candidate.machine.concurrency for each in view.played}) > 1:
        speed += f", {fmt.count(machine.concurrency)} at once"
    name = html(
        '<a class="go" href="./planner?{query}" data-focus="pick:{n}"{current}>{words}</a>'
        '<div class="small muted">{type}{speed}</div><div class="small">{marks}</div>',
        query=query,
        n=played.number,
        current=Html(' aria-current="true"') if here else Html(""),
        words=played.candidate.words,
        type=machine.instance_type,
        speed=speed,
        marks=" · ".join([*(["compared"] if here else []), *called(view, played)]),
    )
    return line(
        cell(name, "", "name wide"),
        cell(_ranged(cost_words(played), _dollars(played)), "cost a month", "num"),
        cell(_waited(played, played.p95_s), "p95 wait", "num"),
        cell(_waited(played, played.max_s), "longest wait", "num"),
        cell(_ranged(fmt.percent(played.over.mid), _span(played.over, fmt.percent)), "late", "num"),
        cell(
            _ranged(fmt.count(played.cold_starts_month.mid), _span(played.cold_starts_month, fmt.count)),
            "cold starts a month",
            "num",
        ),
        cell(kept(played), "promise"),
    )


def kept(played: Played) -> Html:
    """Whether it keeps the promise, in words."""
    tried = played.fresh if all(played.kept) and played.fresh else played.kept
    good, of = sum(tried), len(tried)
    if not of:
        return html('<span class="none">not known</span>')
    if good == of:
        said = f"✓ kept, {good} of {of} fresh" if played.fresh else "✓ kept"
        return html('<span class="fine nowrap">{said}</span>', said=said)
    fresh = " fresh" if tried is played.fresh else ""
    said = "✕ broken" if not good else f"▲ kept in {good} of {of}{fresh}"
    return html(
        '<span class="{tone} nowrap">{said}</span>', tone="stuck" if not good else "waking", said=said
    )


def _waited(played: Played, seconds: Spread) -> Html:
    span = "" if played.never.mid > MANY else _span(seconds, fmt.wait)
    return _ranged(waits_words(played, seconds), span)


def _ranged(value: str, span: str) -> Html:
    return html('{value}<div class="small muted">{span}</div>', value=value, span=span)


def _span(spread: Spread, said: Callable[[float], str]) -> str:
    low, high = said(spread.low), said(spread.high)
    return "" if low == high else f"{low} – {high}"


def _dollars(played: Played) -> str:
    usd = played.usd_month
    if usd is None:
        return "no price"
    low, high = words.usd(usd.low, Basis.ESTIMATED), words.usd(usd.high, Basis.ESTIMATED)
    return "" if low == high else f"{low} – {high}"

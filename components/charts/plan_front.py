"""Cost against waiting: every candidate as a point, those that no other beats as a line. Pure."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from components import format as fmt
from components.charts import plan_axes, still
from components.charts.panels import trace
from components.charts.plan_axes import Scale
from components.theme import NOTHING, colour, tint
from ops.core import savings_words as words
from ops.core.cost import Basis
from ops.core.promise import MEAN, Promise
from ops.core.views_planner import PlanView, Played, Role, Spread, Weighed

HEIGHT = 430
MANY = 0.05
"""As the search has it."""
LEAST_PX, MORE_PX = 6.0, 10.0
_AWAY = (26, 38)
"""Pixels from a point to its name."""
_LINE = 46
WEIGHED_WORDS = {
    Weighed.P95: "wait that 95 of 100 requests stay under",
    Weighed.MAX: "longest wait",
    Weighed.OVER: "share of requests over the promise",
}


@dataclass(frozen=True, slots=True)
class Point:
    """One candidate where it can be drawn."""

    played: Played
    x: float
    y: float


def weighed(played: Played, by: Weighed) -> Spread:
    """What cost is weighed against; NaN where so many never start that waits of the others mean nothing."""
    if by is not Weighed.OVER and played.never.mid > MANY:
        return Spread(tuple(float("nan") for _ in played.kept))
    return {Weighed.P95: played.p95_s, Weighed.MAX: played.max_s, Weighed.OVER: played.over}[by]


def keeps(played: Played, sure: float) -> bool:
    """Whether it keeps the promise in the share of the replays that is asked for."""
    return played.keeps(sure)


def priced(view: PlanView) -> bool:
    """Whether every candidate has a price; without, paid hours stand in."""
    return all(each.usd_month is not None for each in view.played)


def points(view: PlanView, by: Weighed) -> list[Point]:
    """Those with a cost and a wait; what is not known is not drawn."""
    money = priced(view)
    found = []
    for each in view.played:
        x = float(each.usd_month.mid) if money and each.usd_month is not None else each.hours_month.mid
        y = weighed(each, by).mid
        if not (math.isnan(x) or math.isnan(y)):
            found.append(Point(each, x, y))
    return found


def front_chart(view: PlanView, by: Weighed, selected: int | None = None) -> go.Figure:
    """A point's size is its cold starts, filled: it keeps the promise in enough replays. `selected`: a number."""
    money, drawn = priced(view), points(view, by)
    now = _paid_now(view, money)
    across, up = _scales(view, by, drawn, money, now)
    most = max((p.played.cold_starts_month.mid for p in drawn), default=0.0)
    line = [n for n in view.fronts.get(by.value, ()) if any(p.played.number == n for p in drawn)]
    marked = [n for n in (view.today, view.advice.chosen, selected) if n is not None]
    by_number = {p.played.number: p for p in drawn}
    traces: list[dict[str, Any]] = []
    on = [by_number[n] for n in line]
    traces.append(
        trace(
            "scatter",
            x=[across.at(p.x) for p in on],
            y=[up.at(p.y) for p in on],
            mode="lines",
            line={"color": tint("backlog", 0.60), "width": 2},
            hoverinfo="skip",
            name="front",
        )
    )
    for number in dict.fromkeys(marked):
        if number in by_number:
            traces.append(_ranges(by_number[number], by, across, up, money))
    groups = (
        ("beaten", [p for p in drawn if p.played.number not in line]),
        ("on the front", on),
    )
    for name, group in groups:
        traces.append(_markers(name, group, across, up, most, view.query.sure))
    rings, names = _labels(view, selected, by_number, across, up, most)
    traces += rings
    if now is not None:
        traces.append(_as_realtime(now, across, up))
        names.append(_named("today, real-time", across.at(now), up.at(0.0)))
    shapes, notes = plan_axes.limit_lines(up, limits(view.promise, by))
    notes.append(plan_axes.headed(up.title))
    notes += names
    x = across.axis() | {"title": still.title(across.title)}
    layout = plan_axes.frame(
        HEIGHT,
        x,
        up.axis(),
        shapes=shapes,
        annotations=notes,
        clickmode="event",
    )
    return go.Figure({"data": traces, "layout": layout})


def limits(promise: Promise, by: Weighed) -> list[tuple[float, str]]:
    """(value, words) of the lines that the promise draws: none where it is not of what is weighed."""
    if by is Weighed.OVER:
        allowed = {c.allowed for c in promise.clauses if c.measure != MEAN}
        return [(a, f"promised: at most {fmt.percent(a)}") for a in allowed] if len(allowed) == 1 else []
    found = []
    for clause in promise.clauses:
        if clause.measure != MEAN and (by is Weighed.P95) == (clause.share < 1):
            found.append((clause.limit_s, plan_axes.promised(clause)))
    return found


def described(view: PlanView, by: Weighed) -> str:
    """The front in words, for those who do not see it."""
    numbers = view.fronts.get(by.value, ())
    found = [view.played[n] for n in numbers]
    if not found:
        return "No candidate has both a cost and a wait to show."
    said = "; ".join(
        f"{cost_words(p)} a month, {value_words(weighed(p, by), by)}: {p.candidate.words}" for p in found[:8]
    )
    more = f" and {len(found) - 8} more" if len(found) > 8 else ""
    return f"Cost a month against the {WEIGHED_WORDS[by]}; not beaten by any other, the cheapest first: {said}{more}."


def cost_words(played: Played) -> str:
    """$312, or 220 instance-hours where no price is known."""
    if played.usd_month is not None:
        return words.usd(played.usd_month.mid, Basis.ESTIMATED)
    return f"{fmt.count(played.hours_month.mid)} instance-hours"


def waits_words(played: Played, seconds: Spread) -> str:
    """A wait of those that start; where too many never do, that instead."""
    if played.never.mid > MANY:
        return f"{fmt.percent(played.never.mid)} never start"
    return fmt.wait(seconds.mid)


def value_words(spread: Spread, by: Weighed) -> str:
    return fmt.percent(spread.mid) if by is Weighed.OVER else fmt.wait(spread.mid)


def hover(played: Played) -> str:
    """The policy in words, then its numbers with their ranges."""
    lines = [f"<b>{escape(line)}</b>" for line in textwrap.wrap(played.candidate.words, _LINE)]
    type_ = played.candidate.machine.instance_type
    if type_:
        lines.append(escape(type_))
    lines.append(f"{cost_words(played)} a month{_dollars(played)}")
    if played.never.mid > MANY:
        lines.append(waits_words(played, played.p95_s))
    else:
        lines.append(f"95 of 100 wait under {fmt.wait(played.p95_s.mid)}{_range(played.p95_s)}")
        lines.append(f"longest wait {fmt.wait(played.max_s.mid)}{_range(played.max_s)}")
    over = played.over
    lines.append(f"over the promise {fmt.percent(over.mid)}{_percents(over)}")
    lines.append(f"{fmt.count(played.cold_starts_month.mid)} cold starts a month")
    kept, seeds = sum(played.kept), len(played.kept)
    lines.append(f"keeps the promise in {kept} of {seeds} replays")
    return "<br>".join(lines)


def _range(spread: Spread) -> str:
    low, high = fmt.wait(spread.low), fmt.wait(spread.high)
    return f" ({low} to {high})" if low != high else ""


def _percents(spread: Spread) -> str:
    low, high = fmt.percent(spread.low), fmt.percent(spread.high)
    return f" ({low} to {high})" if low != high else ""


def _dollars(played: Played) -> str:
    usd = played.usd_month
    if usd is None:
        return ", no price is known"
    low, high = (words.usd(end, Basis.ESTIMATED) for end in (usd.low, usd.high))
    return f", estimated ({low} to {high})" if low != high else ", estimated"


def _paid_now(view: PlanView, money: bool) -> float | None:
    """What a real-time endpoint costs a month as it is, on the axis of cost; None of others."""
    if view.realtime is None or (money and view.realtime.usd_month is None):
        return None
    return float(view.realtime.usd_month or 0) if money else view.realtime.hours_month


def _as_realtime(cost: float, across: Scale, up: Scale) -> dict[str, Any]:
    """A point without a wait: a real-time endpoint has no queue."""
    return trace(
        "scatter",
        x=[across.at(cost)],
        y=[up.at(0.0)],
        mode="markers",
        name="today",
        marker={
            "size": 14,
            "color": NOTHING,
            "symbol": "diamond",
            "line": {"width": 1.8, "color": colour("text")},
        },
        text=["<b>today, as a real-time endpoint</b><br>no queue: it answers at once, or refuses"],
        hovertemplate="%{text}<extra></extra>",
        cliponaxis=False,
    )


def _named(said: str, x: float, y: float) -> dict[str, Any]:
    return {
        "text": f"<b>{said}</b>",
        "x": x,
        "y": y,
        "ax": -_AWAY[0],
        "ay": -_AWAY[1],
        "xanchor": "right",
        "showarrow": True,
        "arrowhead": 0,
        "arrowwidth": 1,
        "arrowcolor": colour("text"),
        "standoff": 11,
        "bgcolor": colour("ground"),
        "font": {"color": colour("text"), "size": 13},
    }


def _scales(
    view: PlanView, by: Weighed, drawn: Sequence[Point], money: bool, now: float | None
) -> tuple[Scale, Scale]:
    x = np.array([*(p.x for p in drawn), *([] if now is None else [now])])
    y = np.array([*(p.y for p in drawn), *([] if now is None else [0.0])])
    title = "cost a month, USD, estimated" if money else "paid instance-hours a month (no price is known)"
    across = plan_axes.amounts(title, x, "$" if money else "")
    values = [value for value, _ in limits(view.promise, by)]
    if by is Weighed.OVER:
        return across, plan_axes.shares(WEIGHED_WORDS[by], y, *values)
    return across, plan_axes.waits(WEIGHED_WORDS[by], y, *values)


def size(played: Played, most: float) -> float:
    """Pixels: the area follows the cold starts; NaN has the least."""
    share = played.cold_starts_month.mid / most if most > 0 else 0.0
    return LEAST_PX + MORE_PX * math.sqrt(share) if share > 0 else LEAST_PX


def _markers(
    name: str, group: Sequence[Point], across: Scale, up: Scale, most: float, sure: float
) -> dict[str, Any]:
    tone = "backlog" if name == "on the front" else "muted"
    full, hollow = (colour(tone) if tone == "backlog" else tint(tone, 0.35)), colour("ground")
    kept = [keeps(p.played, sure) for p in group]
    return trace(
        "scatter",
        x=[across.at(p.x) for p in group],
        y=[up.at(p.y) for p in group],
        mode="markers",
        name=name,
        marker={
            "size": [size(p.played, most) for p in group],
            "color": [full if k else hollow for k in kept],
            "line": {"width": 1.6, "color": full},
            "opacity": 1,
        },
        customdata=[p.played.number for p in group],
        text=[hover(p.played) for p in group],
        hovertemplate="%{text}<extra></extra>",
        cliponaxis=False,
    )


def _ranges(point: Point, by: Weighed, across: Scale, up: Scale, money: bool) -> dict[str, Any]:
    """From the least to the most over the replays, in both directions."""
    played, spread = point.played, weighed(point.played, by)
    usd = played.usd_month
    low, high = (
        (float(usd.low), float(usd.high))
        if money and usd is not None
        else (played.hours_month.low, played.hours_month.high)
    )
    x, y = across.at(point.x), up.at(point.y)
    bar = {"type": "data", "symmetric": False, "color": tint("text", 0.60), "thickness": 1.4, "width": 4}
    return trace(
        "scatter",
        x=[x],
        y=[y],
        mode="markers",
        marker={"size": 1, "color": colour("text")},
        error_x=bar | {"array": [across.at(high) - x], "arrayminus": [x - across.at(low)]},
        error_y=bar | {"array": [up.at(spread.high) - y], "arrayminus": [y - up.at(spread.low)]},
        hoverinfo="skip",
        name="range",
    )


def _labels(
    view: PlanView,
    selected: int | None,
    known: dict[int, Point],
    across: Scale,
    up: Scale,
    most: float,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rings around those that are named, and their names beside them."""
    names: dict[int, list[str]] = {}
    for number, word in ((view.today, "today"), (view.advice.chosen, "advised"), (selected, "selected")):
        if number is not None and number in known:
            names.setdefault(number, []).append(word)
    for each in view.played:
        if each.role is Role.OWN and each.number in known:
            names.setdefault(each.number, []).insert(0, "yours")
    rings, notes = [], []
    for number, said in names.items():
        point = known[number]
        tone = "fine" if "advised" in said else "text"
        x = across.at(point.x)
        low, high = across.axis()["range"]
        side = -1 if x > low + 0.72 * (high - low) else 1
        y, px = up.at(point.y), size(point.played, most) + 8
        rings.append(
            trace(
                "scatter",
                x=[x],
                y=[y],
                mode="markers",
                name=said[-1],
                marker={
                    "size": px,
                    "color": NOTHING,
                    "symbol": "diamond" if "today" in said else "circle",
                    "line": {"width": 2.4 if selected == number else 1.8, "color": colour(tone)},
                },
                customdata=[number],
                text=[hover(point.played)],
                hovertemplate="%{text}<extra></extra>",
                cliponaxis=False,
            )
        )
        notes.append(
            {
                "text": f"<b>{' · '.join(said)}</b>",
                "x": x,
                "y": y,
                "ax": side * _AWAY[0],
                "ay": _AWAY[1] if "advised" in said or up.at(up.top) - y < 0.2 * up.at(up.top) else -_AWAY[1],
                "xanchor": "left" if side > 0 else "right",
                "showarrow": True,
                "arrowhead": 0,
                "arrowwidth": 1,
                "arrowcolor": colour(tone),
                "standoff": px / 2,
                "bgcolor": colour("ground"),
                "font": {"color": colour(tone), "size": 13},
            }
        )
    return rings, notes


def key(view: PlanView, by: Weighed) -> str:
    """How to read the points, in a line."""
    missing = len(view.played) - len(points(view, by))
    unseen = f" · {missing} without a wait to show, as too few requests start" if missing else ""
    return f"● keeps the promise  ○ breaks it · larger: more cold starts · click one to compare it{unseen}"

"""The signature chart: backlog as water over instances as a staircase, with the scaling record over both. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo

import numpy as np
import plotly.graph_objects as go

from components import format as fmt
from components.charts import changed, lines, marks
from components.charts.grid import Floats, Spread, spread
from components.charts.panels import Panel, empty, provisional, speak, stack
from components.charts.sentences import told, wrapped
from components.charts.story import Waking, desired, edges, events, in_service, record_from, top_of, wakings
from components.theme import colour, tint
from ops.core import metrics
from ops.core.types import Bounds
from ops.core.views import EndpointView

BACKLOG, INSTANCES = 1, 2
HEIGHTS = {BACKLOG: 210, INSTANCES: 110}
MOST_MOVES = 120
"""With more changes of the desired capacity than this, its line would hide the one in service."""


def signature_chart(view: EndpointView, zone: tzinfo) -> go.Figure:
    """Backlog over instances of `view.window` in two panels on one time axis; gaps are gaps."""
    window = view.window
    backlog = view.metrics.get(metrics.BACKLOG.key).values
    serving = in_service(view)
    bounds = view.target.bounds if view.target is not None else view.row.bounds
    moves, cold = desired(view), wakings(view)
    asked = 0 < len(moves) <= MOST_MOVES
    tops = (
        top_of(backlog, least=4.0),
        top_of(serving, _near(bounds, serving), _most_asked(view), least=1.0, room=1.3),
    )
    failed = sum(a.status == "Failed" for a, _ in events(view))
    chart = stack(
        (
            Panel("Backlog · waiting or in work", HEIGHTS[BACKLOG], tops[0], note=_cold(cold, view, zone)),
            Panel(
                f"Instances · {_key('━', 'in service')}{_key('┄', 'desired') if asked else ''}",
                HEIGHTS[INSTANCES],
                tops[1],
                note=_failed(failed),
            ),
        ),
        window,
        zone,
    )
    provisional(chart, tops, view.provisional_from, window, zone)
    marks.bounds_band(chart, INSTANCES, bounds, tops[1])
    marks.cold_starts(chart, cold, tops, view, zone)
    ran = edges(view)
    marks.schedule_edges(chart, INSTANCES, ran, view, zone)
    changed.mark_changes(chart, view.changes, window, zone, lined={edge.at for edge in ran})
    days = (window.end - window.start).total_seconds() / 86_400
    lines.line(
        chart,
        BACKLOG,
        "backlog",
        "backlog",
        window.epochs(),
        backlog,
        zone,
        water=True,
        width=_thick(days, 1.8),
    )
    if asked:
        until = min(window.end, max(view.as_of, moves[-1][0]))
        at = np.array([*(when.timestamp() for when, _ in moves), until.timestamp()])
        wanted = np.array([*(float(n) for _, n in moves), float(moves[-1][1])])
        lines.stair(chart, INSTANCES, "desired", at, wanted, zone, tint("warm", 0.60), 1.4, "dot")
    lines.steps(chart, INSTANCES, "instances", serving, window, zone, width=_thick(days, 2.4))
    marks.scaling_marks(chart, INSTANCES, view, zone)
    if np.isnan(backlog).all():
        empty(chart, BACKLOG, "AWS published no backlog in this range")
    if np.isnan(serving).all():
        empty(chart, INSTANCES, "No instance reported in this range")
    queue, count = (spread(window.epochs(), v, window.period) for v in (backlog, serving))
    speak(chart, BACKLOG, queue.at, words(queue, "waiting", count, told(view), cold, view), zone)
    return chart.figure()


def words(
    first: Spread,
    noun: str,
    count: Spread,
    events: list[tuple[datetime, str]],
    cold: list[Waking],
    view: EndpointView,
) -> list[str]:
    """For each step: the value and the instances in it, what happened, and what is not final."""
    happened: dict[int, list[str]] = {}
    for when, sentence in events:
        index = int(np.searchsorted(first.at, when.timestamp(), side="right")) - 1
        happened.setdefault(index, []).append(sentence)
    waking = _during(first, cold)
    told_already = {edge.at for edge in edges(view)}
    changes = changed.changes_at([m for m in view.changes if m.at not in told_already], first.at)
    final = view.provisional_from.timestamp()
    found = []
    for i, at in enumerate(first.at.tolist()):
        parts = [
            f"{between(first.low[i], first.high[i])} {noun}",
            f"{between(count.low[i], count.high[i])} in service",
        ]
        here = happened.get(i, [])
        parts += [wrapped(text) for text in here] if len(here) <= 2 else [f"{len(here)} scaling events"]
        parts += changes.get(i, [])
        if i in waking:
            parts.append(waking[i])
        if at + first.step > final:
            parts.append("not final yet")
        found.append("<br>".join(parts))
    return found


def between(low: float, high: float) -> str:
    """43, 0 to 43 where a step holds several datapoints, a dash where it holds none."""
    one, other = fmt.count(low), fmt.count(high)
    return one if one == other else f"{one} to {other}"


def _during(grid: Spread, cold: list[Waking]) -> dict[int, str]:
    found: dict[int, str] = {}
    for waking in cold:
        first = int(np.searchsorted(grid.at, waking.start.timestamp(), side="right")) - 1
        last = int(np.searchsorted(grid.at, waking.end.timestamp(), side="left"))
        word = "took" if waking.done else "lasts"
        for index in range(max(0, first), max(first + 1, last)):
            found[index] = f"cold start, {word} {fmt.age(waking.seconds)}"
    return found


def _cold(cold: list[Waking], view: EndpointView, zone: tzinfo) -> str:
    if not cold:
        return ""
    count = f"{len(cold)} cold {'start' if len(cold) == 1 else 'starts'}"
    since = record_from(view)
    if since is not None:
        local = since.astimezone(zone)
        count += f" since {local.day} {local:%b}"
    return f'<span style="color:{colour("waking")}">◔ {count}</span>'


def _failed(count: int) -> str:
    if not count:
        return ""
    word = "attempt" if count == 1 else "attempts"
    return f'<span style="color:{colour("stuck")}">✕ {count} failed {word}</span>'


def _key(sign: str, word: str) -> str:
    return f'<span style="color:{colour("warm")}">{sign}</span> {word}  '


def _thick(days: float, width: float) -> float:
    return width if days <= 2 else width * 0.6


def _near(bounds: Bounds | None, instances: Floats) -> float | None:
    """The upper bound, unless it would press the line flat."""
    if bounds is None:
        return None
    peak = float(np.nanmax(instances)) if not np.isnan(instances).all() else 0.0
    return float(bounds.max) if bounds.max <= max(12.0, 4 * peak) else None


def _most_asked(view: EndpointView) -> float | None:
    return max((float(a.desired or 0) for a, _ in events(view)), default=None)

"""The signature chart: backlog as water over instances as steps, failures and age below. Pure."""

from __future__ import annotations

from datetime import tzinfo
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from components import format as fmt
from components.charts.grid import Floats, lonely, summed, thin, wall, wall_ms
from components.charts.panels import Panel, axis, hatch, stack
from components.charts.story import Waking, events, top_of, wakings
from components.theme import colour, tint
from ops.core.types import Activity, Bounds
from ops.core.views import EndpointView

BACKLOG, INSTANCES, FAILURES, AGE = 1, 2, 3, 4
MOST_TICKS = 60


def endpoint_chart(view: EndpointView, zone: tzinfo) -> go.Figure:
    """Backlog, instances, failures and age of `view.window` as stacked panels; gaps are gaps."""
    metrics, window = view.metrics, view.window
    backlog = metrics.get("ApproximateBacklogSize").values
    failures = metrics.get("InvocationFailures").values
    oldest, unit = _in_unit(metrics.get("ApproximateAgeOfOldestRequest").values)
    instances = view.instances.values
    bounds = view.target.bounds if view.target is not None else view.row.bounds
    epochs = window.epochs()
    failed_at, failed = summed(epochs, failures)
    each = fmt.duration(failed_at[1] - failed_at[0]) if len(failed_at) > 1 else fmt.duration(window.period)
    tops = {
        BACKLOG: top_of(backlog, least=4.0),
        INSTANCES: top_of(instances, _near(bounds, instances), _most_desired(view), least=1.0),
        FAILURES: top_of(failed, least=4.0),
        AGE: top_of(oldest, least=4.0 if unit != "h" else 1.0),
    }
    figure = stack(
        (
            Panel("Backlog · requests waiting or in work", 250, tops[BACKLOG]),
            Panel("Instances in service", 120, tops[INSTANCES]),
            Panel(f"Failed requests · each {each}", 64, tops[FAILURES]),
            Panel(f"Age of the oldest request · {unit}", 64, tops[AGE], whole=False),
        ),
        window,
        zone,
    )
    for number, top in tops.items():
        if view.provisional_from < window.end:
            start = max(view.provisional_from, window.start)
            figure.add_trace(hatch(number, top, start, window.end, zone))
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    _bounds(shapes, notes, bounds, tops[INSTANCES])
    _water(figure, view, epochs, backlog, zone)
    steps(figure, INSTANCES, days(view), epochs, instances, zone)
    bars(figure, FAILURES, "failures", "failed", "stuck", failed_at, failed, zone)
    _age(figure, epochs, oldest, unit, zone)
    for panel, values in {BACKLOG: backlog, INSTANCES: instances, FAILURES: failed, AGE: oldest}.items():
        if np.isnan(values).all():
            silent(notes, panel)
    for waking in wakings(view):
        _band(shapes, notes, waking, view, zone)
    _ticks(figure, shapes, view, zone)
    figure.layout.shapes = shapes
    figure.layout.annotations = [*figure.layout.annotations, *notes]
    return figure


def days(view: EndpointView) -> float:
    return (view.window.end - view.window.start).total_seconds() / 86_400


def _in_unit(seconds: Floats) -> tuple[Floats, str]:
    known = seconds[~np.isnan(seconds)]
    greatest = float(known.max()) if known.size else 0.0
    if greatest > 3 * 3600:
        return seconds / 3600.0, "h"
    return (seconds / 60.0, "min") if greatest > 120 else (seconds, "s")


def _near(bounds: Bounds | None, instances: Floats) -> float | None:
    """The upper bound, unless it would press the line flat."""
    if bounds is None:
        return None
    peak = np.nanmax(instances) if not np.isnan(instances).all() else 0.0
    return float(bounds.max) if bounds.max <= max(12.0, 4 * float(peak)) else None


def _most_desired(view: EndpointView) -> float | None:
    return max((float(a.desired or 0) for a, _ in events(view)), default=None)


def _gappy(epochs: Floats, values: Floats, zone: tzinfo) -> dict[str, Any]:
    """x, y and markers of a line: a datapoint alone between gaps shows as a dot."""
    x, y = thin(epochs, values)
    alone = lonely(y)
    style: dict[str, Any] = {"x": wall_ms(x, zone), "y": y, "connectgaps": False, "mode": "lines"}
    if alone.any():
        style |= {
            "mode": "lines+markers",
            "marker": {"size": np.where(alone, 3.5, 0.0), "line": {"width": 0}},
        }
    return style


def _water(figure: go.Figure, view: EndpointView, epochs: Floats, values: Floats, zone: tzinfo) -> None:
    trace = _gappy(epochs, values, zone)
    final = wall(view.provisional_from, zone)
    figure.add_trace(
        go.Scatter(
            **trace,
            yaxis=axis(BACKLOG),
            name="backlog",
            line={"color": colour("backlog"), "width": 1.8 if days(view) <= 2 else 1.0},
            fill="tozeroy",
            fillcolor=tint("backlog", 0.22),
            customdata=np.where(trace["x"] >= final, " · not final", "").tolist(),
            hovertemplate="%{y:,.0f} waiting%{customdata}<extra></extra>",
        )
    )


def steps(figure: go.Figure, panel: int, days: float, epochs: Floats, values: Floats, zone: tzinfo) -> None:
    """Instances in service, as steps."""
    figure.add_trace(
        go.Scatter(
            **_gappy(epochs, values, zone),
            yaxis=axis(panel),
            name="instances",
            line={"color": colour("warm"), "width": 2.4 if days <= 2 else 1.4, "shape": "hv"},
            hovertemplate="%{y:,.0f} in service<extra></extra>",
        )
    )


def bars(
    figure: go.Figure,
    panel: int,
    name: str,
    word: str,
    tone: str,
    epochs: Floats,
    values: Floats,
    zone: tzinfo,
) -> None:
    """Counts by step; a gap has no bar."""
    figure.add_trace(
        go.Bar(
            x=wall_ms(epochs, zone),
            y=values,
            yaxis=axis(panel),
            name=name,
            offset=0,
            width=(epochs[1] - epochs[0]) * 1000.0 if len(epochs) > 1 else 60_000.0,
            marker={"color": colour(tone), "line": {"width": 0}},
            hovertemplate=f"%{{y:,.0f}} {word}<extra></extra>",
        )
    )


def _age(figure: go.Figure, epochs: Floats, values: Floats, unit: str, zone: tzinfo) -> None:
    figure.add_trace(
        go.Scatter(
            **_gappy(epochs, values, zone),
            yaxis=axis(AGE),
            name="age of oldest",
            line={"color": colour("muted"), "width": 1.6},
            hovertemplate=f"oldest %{{y:,.1f}} {unit}<extra></extra>",
        )
    )


def _bounds(
    shapes: list[dict[str, Any]], notes: list[dict[str, Any]], bounds: Bounds | None, top: float
) -> None:
    if bounds is None:
        return
    shown = min(float(bounds.max), top)
    shapes.append(
        {
            "type": "rect",
            "xref": "paper",
            "yref": axis(INSTANCES),
            "x0": 0,
            "x1": 1,
            "y0": bounds.min,
            "y1": shown,
            "fillcolor": tint("warm", 0.08),
            "line": {"width": 0},
            "layer": "below",
        }
    )
    edges = [e for e in (bounds.min, bounds.max) if 0 < e <= top]
    for edge in edges:
        shapes.append(
            {
                "type": "line",
                "xref": "paper",
                "yref": axis(INSTANCES),
                "x0": 0,
                "x1": 1,
                "y0": edge,
                "y1": edge,
                "line": {"color": colour("warm"), "width": 1, "dash": "dot"},
                "layer": "below",
            }
        )
    above = "" if bounds.max <= top else " (above this axis)"
    labels = [(shown, f"max {bounds.max}{above}", "bottom" if shown < top * 0.8 else "top")]
    if 0 < bounds.min < bounds.max:
        labels.append((float(bounds.min), f"min {bounds.min}", "top"))
    for height, text, side in labels:
        notes.append(
            {
                "text": text,
                "xref": "paper",
                "yref": axis(INSTANCES),
                "x": 0,
                "y": height,
                "xanchor": "left",
                "yanchor": side,
                "xshift": 4,
                "showarrow": False,
                "font": {"size": 13, "color": colour("warm")},
            }
        )


def silent(notes: list[dict[str, Any]], panel: int) -> None:
    notes.append(
        {
            "text": "no datapoint in this range",
            "xref": "paper",
            "yref": f"{axis(panel)} domain",
            "x": 0.5,
            "y": 0.5,
            "showarrow": False,
            "font": {"size": 13, "color": colour("muted")},
        }
    )


def _band(
    shapes: list[dict[str, Any]],
    notes: list[dict[str, Any]],
    waking: Waking,
    view: EndpointView,
    zone: tzinfo,
) -> None:
    window = view.window
    start, end = max(waking.start, window.start), min(waking.end, window.end)
    for panel in (BACKLOG, INSTANCES):
        shapes.append(
            {
                "type": "rect",
                "xref": "x",
                "yref": f"{axis(panel)} domain",
                "x0": wall(start, zone),
                "x1": wall(end, zone),
                "y0": 0,
                "y1": 1,
                "fillcolor": tint("waking", 0.18),
                "line": {"color": tint("waking", 0.35), "width": 1},
                "layer": "below",
            }
        )
    share = (end - start) / (window.end - window.start)
    if share >= 0.03:
        word = "" if waking.done else " so far"
        notes.append(
            {
                "text": f"◔ {fmt.age(waking.seconds)}{word}",
                "xref": "x",
                "yref": "paper",
                "x": wall(start, zone),
                "y": 1,
                "xanchor": "left",
                "yanchor": "top",
                "xshift": 3,
                "yshift": -2,
                "showarrow": False,
                "font": {"size": 13, "color": colour("waking")},
            }
        )


def _ticks(figure: go.Figure, shapes: list[dict[str, Any]], view: EndpointView, zone: tzinfo) -> None:
    found = events(view)
    if not found:
        return
    done = [activity for activity, _ in found if activity.status != "Failed"]
    for activity in done if len(done) <= MOST_TICKS else []:
        at = wall(activity.start, zone)
        for panel in (BACKLOG, INSTANCES):
            shapes.append(
                {
                    "type": "line",
                    "xref": "x",
                    "yref": f"{axis(panel)} domain",
                    "x0": at,
                    "x1": at,
                    "y0": 0,
                    "y1": 1,
                    "line": {"color": tint("muted", 0.35), "width": 1, "dash": "dot"},
                    "layer": "below",
                }
            )
    marks = [_mark(activity, before) for activity, before in found]
    figure.add_trace(
        go.Scatter(
            x=wall_ms(np.array([a.start.timestamp() for a, _ in found]), zone),
            y=[float(a.desired or 0) for a, _ in found],
            yaxis=axis(INSTANCES),
            name="scaling",
            mode="markers",
            marker={
                "symbol": [m[0] for m in marks],
                "color": [m[1] for m in marks],
                "size": 9 if len(found) <= MOST_TICKS else 5,
                "line": {"width": 1, "color": colour("ground")},
            },
            text=[m[2] for m in marks],
            hovertemplate="%{text}<extra></extra>",
            cliponaxis=False,
        )
    )


def _mark(activity: Activity, before: int | None) -> tuple[str, str, str]:
    """Symbol, colour and hover sentence of one scaling activity."""
    change = f"{'' if before is None else f'{before} → '}{activity.desired}"
    text = f"scaling {change}: {_short(activity.cause or activity.description)}"
    if activity.status == "Failed":
        return "x", colour("stuck"), f"failed {text}"
    up = before is None or (activity.desired or 0) > before
    return ("triangle-up", colour("warm"), text) if up else ("triangle-down", colour("muted"), text)


def _short(text: str, most: int = 90) -> str:
    return escape(text if len(text) <= most else text[: most - 1].rstrip() + "…")

"""The frame that every stacked chart shares: panels on one time axis, same margins, same type. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

import numpy as np
import plotly.graph_objects as go

from components import format as fmt
from components.charts.grid import BUCKETS, Floats, step_of, wall, wall_ms
from components.theme import colour, tint
from ops.core.types import Window

GAP_PX = 34
TICK_PX = 36
SILENT_PX = 40
CLOSE_PX = 22
"""Ticks of an axis that must reach its data stand no closer than this."""
SEEN = 1 / 450
"""A hatch narrower than this share of the range is not seen, and not explained."""
TOP_PX, BOTTOM_PX, LEFT_PX, RIGHT_PX = 26, 56, 46, 14


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: what it shows (with its unit), its height in pixels, and the top of its axis (from zero)."""

    title: str
    height: int
    top: float
    whole: bool = True
    """Counts: no decimals on the axis."""
    note: str = ""
    """A few words at the right end of the title's line."""
    silent: str = ""
    """Why there is nothing to draw: such a panel is low and holds only these words."""
    tick: float = 0.0
    """The distance between ticks, where `reach` chose it; 0: a round one is found."""

    @property
    def px(self) -> int:
        return min(self.height, SILENT_PX) if self.silent else self.height


@dataclass(frozen=True, slots=True)
class Draft:
    """A figure in the making. Plotly checks each part when it is made into a figure: once, not at every step."""

    layout: dict[str, Any]
    traces: list[dict[str, Any]] = field(default_factory=list)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)

    def figure(self) -> go.Figure:
        layout = self.layout | {"shapes": self.shapes, "annotations": self.notes}
        return go.Figure({"data": self.traces, "layout": layout})


def trace(kind: str, **parts: Any) -> dict[str, Any]:
    """One trace of a chart, in plotly's words."""
    return {"type": kind} | parts


def stack(panels: tuple[Panel, ...], window: Window, zone: tzinfo, *, together: bool = True) -> Draft:
    """An empty chart with the panels from top to bottom as y, y2, y3 … over one shared x axis.

    On hover all panels speak in one box (`together`), or only the one under the pointer.
    """
    inner = sum(p.px for p in panels) + GAP_PX * (len(panels) - 1)
    notes: list[dict[str, Any]] = [
        {
            "text": f"time, {fmt.zone_between(zone, window.start, window.end)}",
            "xref": "paper",
            "yref": "paper",
            "x": 1,
            "y": 0,
            "xanchor": "right",
            "yanchor": "top",
            "yshift": -36,
            "showarrow": False,
            "font": {"size": 13, "color": colour("muted")},
        }
    ]
    layout: dict[str, Any] = {
        "template": "none",
        "height": inner + TOP_PX + BOTTOM_PX,
        "margin": {"l": LEFT_PX, "r": RIGHT_PX, "t": TOP_PX, "b": BOTTOM_PX},
        "font": {"color": colour("text"), "size": 13},
        "paper_bgcolor": colour("ground"),
        "plot_bgcolor": colour("ground"),
        "hovermode": "x unified",
        "hoversubplots": "axis" if together else "overlaying",
        "hoverdistance": -1,
        "hoverlabel": {
            "bgcolor": colour("card"),
            "bordercolor": colour("muted"),
            "font": {"color": colour("text"), "size": 13},
        },
        "modebar": {
            "bgcolor": colour("ground"),
            "color": colour("muted"),
            "activecolor": colour("text"),
            "orientation": "h",
        },
        "showlegend": False,
        "dragmode": "zoom",
        "bargap": 0,
        "barmode": "stack",
        "xaxis": {
            "type": "date",
            "range": [wall(window.start, zone), wall(window.end, zone)],
            "anchor": "y" if len(panels) == 1 else f"y{len(panels)}",
            "gridcolor": colour("grid"),
            "linecolor": colour("grid"),
            "zeroline": False,
            "showspikes": True,
            "spikemode": "across",
            "spikethickness": 1,
            "spikedash": "dot",
            "spikecolor": colour("muted"),
            "spikesnap": "cursor",
            "hoverformat": _heading(window),
            "tickfont": {"color": colour("muted")},
            "nticks": 8,
            "tickangle": 0,
            "tickformatstops": [
                {"dtickrange": [None, 86_399_999], "value": "%H:%M\n%a %-d %b"},
                {"dtickrange": [86_400_000, "M1"], "value": "%-d %b"},
                {"dtickrange": ["M1", None], "value": "%b %Y"},
            ],
        },
    }
    upper = float(inner)
    for number, panel in enumerate(panels, start=1):
        name = "yaxis" if number == 1 else f"yaxis{number}"
        top, bottom = upper / inner, (upper - panel.px) / inner
        layout[name] = {
            "domain": [max(0.0, bottom), min(1.0, top)],
            "range": [0, panel.top],
            "fixedrange": True,
            "gridcolor": colour("grid"),
            "zeroline": True,
            "zerolinecolor": colour("muted"),
            "zerolinewidth": 1,
            "tickfont": {"color": colour("muted")},
            "tick0": 0,
            "dtick": _tick(panel),
            "tickformat": "~s" if panel.top >= 10_000 else (",.0f" if panel.whole else ",~g"),
            "rangemode": "tozero",
        }
        if panel.silent:
            layout[name] |= {"showticklabels": False, "showgrid": False}
            notes.append(_words(number, panel.silent))
        notes.append(
            {
                "text": panel.title,
                "xref": "paper",
                "yref": "paper",
                "x": 0,
                "y": min(1.0, top),
                "xanchor": "left",
                "yanchor": "bottom",
                "showarrow": False,
                "yshift": 4,
                "xshift": -LEFT_PX,
                "font": {"size": 13, "color": colour("muted")},
            }
        )
        if panel.note and not panel.silent:
            notes.append(
                {
                    "text": panel.note,
                    "xref": "paper",
                    "yref": "paper",
                    "x": 1,
                    "y": min(1.0, top),
                    "xanchor": "right",
                    "yanchor": "bottom",
                    "showarrow": False,
                    "yshift": 4,
                    "font": {"size": 13, "color": colour("muted")},
                }
            )
        upper -= panel.px + GAP_PX
    return Draft(layout, notes=notes)


def _heading(window: Window) -> str:
    """How the box on hover begins: the minute, or the step that it speaks of."""
    span = (window.end - window.start).total_seconds()
    step = step_of(span, window.period, BUCKETS - 2)
    return "%a %-d %b %H:%M" if step <= 60 else f"%a %-d %b, {fmt.age(step)} from %H:%M"


def _tick(panel: Panel) -> float:
    """A round distance between ticks, so that a panel has two to five of them."""
    if panel.tick:
        return panel.tick
    least = panel.top * TICK_PX / panel.height
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * n for n in (1.0, 2.0, 5.0, 10.0) if power * n >= least)
    return max(1.0, step) if panel.whole else step


def reach(greatest: float, px: int) -> tuple[float, float]:
    """The top of an axis whose last tick is at or above `greatest`, and the distance of its ticks."""
    most = max(2, px // CLOSE_PX)
    power = 10.0 ** math.floor(math.log10(greatest))
    steps = [power * n for n in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0)]
    fits = [(step * math.ceil(greatest / step - 1e-9), -step) for step in steps if greatest / step <= most]
    top, step = min(fits)
    return top, -step


def axis(number: int) -> str:
    """The y axis of the n-th panel from the top, as traces name it."""
    return "y" if number == 1 else f"y{number}"


def provisional(
    chart: Draft,
    tops: tuple[float, ...],
    since: datetime | Sequence[datetime],
    window: Window,
    zone: tzinfo,
) -> None:
    """Hatch what may still change or was not read yet (from `since` on, for all panels or for each), and say so."""
    begins = since if isinstance(since, Sequence) else [since] * len(tops)
    if min(begins) >= window.end:
        return
    for number, (top, begin) in enumerate(zip(tops, begins, strict=True), start=1):
        if begin < window.end:
            chart.traces.append(hatch(number, top, max(begin, window.start), window.end, zone))
    if (window.end - min(begins)) / (window.end - window.start) < SEEN:
        return
    text = {
        "text": "▨ not final or not read yet",
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": 0,
        "xanchor": "left",
        "yanchor": "top",
        "yshift": -36,
        "xshift": -LEFT_PX,
        "showarrow": False,
        "font": {"size": 13, "color": colour("muted")},
    }
    chart.notes.append(text)


def speak(chart: Draft, number: int, at: Floats, lines: Sequence[str], zone: tzinfo) -> None:
    """The words on hover of one panel: one text for each moment of `at` (epoch seconds), nothing drawn.

    Only this speaks; what is drawn is silent. So a box holds each value once, whatever was thinned out.
    """
    chart.traces.append(
        trace(
            "scatter",
            x=wall_ms(at, zone),
            y=np.zeros(len(at), dtype=np.int8),
            yaxis=axis(number),
            name="words",
            mode="markers",
            marker={"opacity": 0, "size": 1},
            text=list(lines),
            hovertemplate="%{text}<extra></extra>",
        )
    )


def empty(chart: Draft, number: int, words: str) -> None:
    """Say in the middle of a panel why it shows nothing."""
    chart.notes.append(_words(number, words))


def _words(number: int, words: str) -> dict[str, Any]:
    return {
        "text": words,
        "xref": "paper",
        "yref": f"{axis(number)} domain",
        "x": 0.5,
        "y": 0.5,
        "showarrow": False,
        "bgcolor": colour("ground"),
        "font": {"size": 13, "color": colour("muted")},
    }


def hatch(number: int, top: float, start: datetime, end: datetime, zone: tzinfo) -> dict[str, Any]:
    """The provisional minutes of one panel: shaded and hatched, silent on hover."""
    left, right = wall(start, zone), wall(end, zone)
    return trace(
        "scatter",
        x=[left, left, right, right, left],
        y=[0.0, top, top, 0.0, 0.0],
        yaxis=axis(number),
        name="not final",
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=tint("muted", 0.10),
        fillpattern={"shape": "/", "fgcolor": tint("muted", 0.35), "bgcolor": tint("muted", 0.10), "size": 7},
        hoverinfo="skip",
    )

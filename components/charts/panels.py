"""The frame that every stacked chart shares: panels on one time axis, same margins, same type. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import plotly.graph_objects as go

from components import format as fmt
from components.charts.grid import wall
from components.theme import colour, tint
from ops.core.types import Window

GAP_PX = 40
TOP_PX, BOTTOM_PX, LEFT_PX, RIGHT_PX = 30, 60, 46, 14


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: what it shows (with its unit), its height in pixels, and the top of its axis (from zero)."""

    title: str
    height: int
    top: float
    whole: bool = True
    """Counts: no decimals on the axis."""


def stack(panels: tuple[Panel, ...], window: Window, zone: tzinfo) -> go.Figure:
    """An empty figure with the panels from top to bottom as y, y2, y3 … over one shared x axis."""
    inner = sum(p.height for p in panels) + GAP_PX * (len(panels) - 1)
    layout: dict[str, Any] = {
        "template": "none",
        "height": inner + TOP_PX + BOTTOM_PX,
        "margin": {"l": LEFT_PX, "r": RIGHT_PX, "t": TOP_PX, "b": BOTTOM_PX},
        "font": {"color": colour("text"), "size": 13},
        "paper_bgcolor": colour("ground"),
        "plot_bgcolor": colour("ground"),
        "hovermode": "x unified",
        "hoversubplots": "axis",
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
        "annotations": [
            {
                "text": f"time, {fmt.zone_name(zone, window.end)}",
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
        ],
        "shapes": [],
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
            "hoverformat": "%a %-d %b %H:%M",
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
        top, bottom = upper / inner, (upper - panel.height) / inner
        layout[name] = {
            "domain": [max(0.0, bottom), min(1.0, top)],
            "range": [0, panel.top],
            "fixedrange": True,
            "gridcolor": colour("grid"),
            "zeroline": True,
            "zerolinecolor": colour("muted"),
            "zerolinewidth": 1,
            "tickfont": {"color": colour("muted")},
            "nticks": max(2, panel.height // 36),
            "tickformat": "~s" if panel.top >= 10_000 else (",.0f" if panel.whole else ",~g"),
            "rangemode": "tozero",
        }
        if panel.whole and panel.top <= 6:
            layout[name]["dtick"] = max(1, math.ceil(panel.top / (panel.height / 24)))
        layout["annotations"].append(
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
        upper -= panel.height + GAP_PX
    return go.Figure(layout=layout)


def axis(number: int) -> str:
    """The y axis of the n-th panel from the top, as traces name it."""
    return "y" if number == 1 else f"y{number}"


def hatch(number: int, top: float, start: datetime, end: datetime, zone: tzinfo) -> go.Scatter:
    """The provisional minutes of one panel: shaded and hatched, silent on hover."""
    left, right = wall(start, zone), wall(end, zone)
    return go.Scatter(
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

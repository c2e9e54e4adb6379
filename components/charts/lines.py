"""How values are drawn: lines with their gaps, stairs, bars. All of it silent on hover (see panels.speak). Pure."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

import numpy as np

from components.charts.grid import BUCKETS, Floats, lonely, plain, stairs, summed, thin, wall_ms
from components.charts.panels import Draft, axis, trace
from components.theme import colour, tint
from ops.core.types import Window

BARS = BUCKETS
SHORT = 3
"""In runs of up to this many datapoints between gaps each one is a dot."""


def line(
    chart: Draft,
    panel: int,
    name: str,
    tone: str,
    epochs: Floats,
    values: Floats,
    zone: tzinfo,
    *,
    width: float = 1.6,
    dash: str = "solid",
    water: bool = False,
) -> None:
    """A line through `values` at `epochs`; gaps stay, and a dot shows what a line would not."""
    x, y = plain(*thin(epochs, values))
    at = wall_ms(x, zone)
    style: dict[str, Any] = {"fill": "tozeroy", "fillcolor": tint(tone, 0.22)} if water else {}
    chart.traces.append(
        trace(
            "scatter",
            x=at,
            y=y.astype(np.float32),
            yaxis=axis(panel),
            name=name,
            mode="lines",
            connectgaps=False,
            line={"color": colour(tone), "width": width, "dash": dash},
            hoverinfo="skip",
            **style,
        )
    )
    alone = lonely(y, 1 if water else SHORT)
    if alone.any():
        chart.traces.append(
            trace(
                "scatter",
                x=at[alone],
                y=y[alone].astype(np.float32),
                yaxis=axis(panel),
                name=f"{name}, dots",
                mode="markers",
                marker={"color": colour(tone), "size": 3.5},
                hoverinfo="skip",
            )
        )


def steps(
    chart: Draft,
    panel: int,
    name: str,
    values: Floats,
    window: Window,
    zone: tzinfo,
    *,
    width: float = 2.4,
) -> None:
    """A staircase: each datapoint holds for its whole period."""
    x, y = stairs(*thin(window.epochs(), values), float(window.period))
    stair(chart, panel, name, x, y, zone, colour("warm"), width)


def stair(
    chart: Draft,
    panel: int,
    name: str,
    x: Floats,
    y: Floats,
    zone: tzinfo,
    paint: str,
    width: float,
    dash: str = "solid",
) -> None:
    """A staircase through its corners (epoch seconds)."""
    chart.traces.append(
        trace(
            "scatter",
            x=wall_ms(x, zone),
            y=y.astype(np.float32),
            yaxis=axis(panel),
            name=name,
            mode="lines",
            connectgaps=False,
            line={"color": paint, "width": width, "shape": "hv", "dash": dash},
            hoverinfo="skip",
        )
    )


def bars(
    chart: Draft,
    panel: int,
    name: str,
    paint: str,
    values: Floats,
    window: Window,
    zone: tzinfo,
    *,
    pattern: str = "",
) -> None:
    """Counts by step, stacked on what the panel already holds; a step without any has no bar."""
    at, totals = summed(window.epochs(), values, BARS)
    ends = np.append(at[1:], window.end.timestamp())
    some = np.nan_to_num(totals) > 0
    marker: dict[str, Any] = {"color": paint, "line": {"width": 0}}
    if pattern:
        marker["pattern"] = {
            "shape": pattern,
            "fgcolor": paint,
            "bgcolor": colour("ground"),
            "size": 5,
            "fillmode": "replace",
            "solidity": 0.5,
        }
    chart.traces.append(
        trace(
            "bar",
            x=wall_ms(((at + ends) / 2)[some], zone),
            y=totals[some].astype(np.float32),
            yaxis=axis(panel),
            name=name,
            width=((ends - at)[some] * 1000.0).astype(np.float32),
            marker=marker,
            hoverinfo="skip",
        )
    )

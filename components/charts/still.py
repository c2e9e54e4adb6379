"""The layout of charts that stand still: no zoom, and a box on hover for the thing under the pointer alone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.theme import colour

Margin = tuple[int, int, int, int]
"""Left, right, top, bottom, in pixels."""
FIELD_MARGIN: Margin = (46, 14, 8, 56)
"""Of a chart of fields: room for the hours on the left, for two lines below."""


def layout(height: int, margin: Margin, x: dict[str, Any], y: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What all of them share. `x` and `y`: their axes, in plotly's words; `more`: what one has besides, or instead."""
    return {
        "template": "none",
        "height": height,
        "margin": dict(zip("lrtb", margin, strict=True)),
        "font": {"color": colour("text"), "size": 13},
        "paper_bgcolor": colour("ground"),
        "plot_bgcolor": colour("ground"),
        "showlegend": False,
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": colour("card"),
            "bordercolor": colour("muted"),
            "align": "left",
            "font": {"color": colour("text"), "size": 13},
        },
        "dragmode": False,
        "xaxis": {"type": "linear", "fixedrange": True} | x,
        "yaxis": {"fixedrange": True} | y,
    } | more


def fields(begin: float, end: float, ticks: Sequence[tuple[int, str]]) -> dict[str, Any]:
    """An axis of a chart of fields, each a whole number from 0 on; it runs from `begin` to `end`."""
    return {
        "ticks": "",
        "showgrid": False,
        "zeroline": False,
        "tickfont": {"color": colour("muted")},
        "range": [begin, end],
        "tickmode": "array",
        "tickvals": [at for at, _ in ticks],
        "ticktext": [text for _, text in ticks],
    }


def hours(apart: int) -> list[tuple[int, str]]:
    """Ticks of an axis of the 24 hours of a day: 00:00, 06:00 …"""
    return [(hour, f"{hour:02d}:00") for hour in range(0, 24, apart)]


def title(text: str, size: int = 13) -> dict[str, Any]:
    """The words along an axis."""
    return {"text": text, "font": {"size": size, "color": colour("muted")}, "standoff": 8}

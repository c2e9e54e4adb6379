"""A Plotly figure that is updated in place: zoom stays, nothing flickers (stock charts are rebuilt).

Times on date axes are wall-clock milliseconds (see charts.grid.wall_ms); the browser writes them as dates
without a zone. Colours are those of the light theme; the browser puts in the dark ones.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import plotly.graph_objects as go
import plotly.io as pio
import streamlit as st

from components import scope, zoom
from components.theme import DARK

_JS = (Path(__file__).parent / "live_plot.js").read_text(encoding="utf-8")
_CSS = """
.ebb-plot { width: 100%; position: relative; }
.ebb-plot .hoverlayer text { font-variant-numeric: tabular-nums; }
.ebb-plot .ebb-cursor {
  position: absolute; width: 0; border-left: 1px dotted currentColor; opacity: 0.6; pointer-events: none;
}
.ebb-plot.led .spikeline { display: none; }
"""
_component = st.components.v2.component(
    "ebb_live_plot", js=_JS, css=_CSS, html="<div class='ebb-plot' role='img'></div>\n", isolate_styles=False
)


def live_plot(figure: go.Figure, *, key: str, view: str, alt: str, group: str = "") -> None:
    """Draw `figure`; `alt` is for screen readers.

    Plots of one `group` share zoom and hover, and a zoom becomes the page's own part of time (zoom.show).
    Without a group the zoom stays with the plot for as long as `view` is the same.
    """
    spec = figure.to_dict()
    spec["layout"].pop("template", None)
    spec["layout"]["uirevision"] = view
    _component(
        key=key,
        data={
            "figure": json.loads(pio.to_json(spec, validate=False)),
            "dark": dict(DARK),
            "alt": alt,
            "height": spec["layout"]["height"],
            "group": group,
            "zoomed": bool(group) and zoom.shown().window is not None,
        },
        height=spec["layout"]["height"],
        on_zoom_change=partial(_zoomed, key),
    )


def _zoomed(key: str) -> None:
    """What was dragged over, as [first, last] in wall-clock milliseconds; None leads back."""
    part = st.session_state[key].zoom
    if not isinstance(part, list) or not all(isinstance(end, int | float) for end in part):
        zoom.clear()
        return
    first, last = part
    zoom.show(zoom.of_wall(first, last, scope.zone().info))

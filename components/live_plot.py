"""A Plotly figure that is updated in place: zoom stays, nothing flickers (stock charts are rebuilt).

Times on date axes are wall-clock milliseconds (see charts.grid.wall_ms); the browser writes them as dates
without a zone. Colours are those of the light theme; the browser puts in the dark ones.
"""

from __future__ import annotations

import json
from pathlib import Path

import plotly.graph_objects as go
import plotly.io as pio
import streamlit as st

from components.theme import DARK

_JS = (Path(__file__).parent / "live_plot.js").read_text(encoding="utf-8")
_CSS = ".ebb-plot { width: 100%; }\n.ebb-plot .hoverlayer text { font-variant-numeric: tabular-nums; }\n"
_component = st.components.v2.component(
    "ebb_live_plot", js=_JS, css=_CSS, html="<div class='ebb-plot' role='img'></div>\n", isolate_styles=False
)


def live_plot(figure: go.Figure, *, key: str, view: str, alt: str) -> None:
    """Draw `figure`. While `view` stays the same, zoom and pan are kept; `alt` is for screen readers."""
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
        },
        height=spec["layout"]["height"],
    )

"""A Plotly figure that is updated in place: zoom stays, nothing flickers (stock charts are rebuilt).

Times on date axes are wall-clock milliseconds (see charts.grid.wall_ms); the browser writes them as dates
without a zone. Colours are those of the light theme; the browser puts in the dark ones.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import plotly.io as pio
import streamlit as st
from cachetools import LRUCache

from components import scope, zoom
from components.theme import DARK

_JS = (Path(__file__).parent / "live_plot.js").read_text(encoding="utf-8")
_CSS = """
.ebb-plot { width: 100%; position: relative; }
.ebb-plot .hoverlayer text { font-variant-numeric: tabular-nums; }
.ebb-plot .ebb-cursor {
  position: absolute; width: 0; border-left: 1px dotted currentColor; opacity: 0.6; pointer-events: none;
}
.ebb-plot .modebar-container { top: var(--ebb-row, 0px) !important; } /* the icons of changes stay free */
.ebb-plot.led .spikeline { display: none; }
.ebb-plot.on-point .nsewdrag { cursor: pointer !important; }
"""
_component = st.components.v2.component(
    "ebb_live_plot", js=_JS, css=_CSS, html="<div class='ebb-plot' role='img'></div>\n", isolate_styles=False
)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """A figure ready for the wire. `of` is what it shows."""

    of: object
    figure: dict[str, Any]
    height: int
    alt: str


_drawings: LRUCache[tuple[int, str, str], _Drawing] = LRUCache(64)
_lock = threading.Lock()


def live_plot(
    draw: Callable[[], tuple[go.Figure, str]],
    *,
    of: object,
    key: str,
    view: str,
    group: str = "",
    picks: Callable[[int], None] | None = None,
) -> None:
    """Draw a figure of `of`, something immutable; `draw` gives it, with words for screen readers.

    It is drawn once for all who look at the same `of` in the same `view`. Plots of one `group` share zoom and
    hover, and a zoom becomes the page's own part of time (zoom.show). Without a group the zoom stays with the
    plot for as long as `view` is the same. `picks` hears the `customdata` of a point that is clicked.
    """
    place = (id(of), key, view)
    with _lock:
        drawing = _drawings.get(place)
    if drawing is None or drawing.of is not of:
        drawing = _drawn(of, draw, view)
        with _lock:
            _drawings[place] = drawing
    _component(
        key=key,
        data={
            "figure": drawing.figure,
            "dark": dict(DARK),
            "alt": drawing.alt,
            "height": drawing.height,
            "group": group,
            "zoomed": bool(group) and zoom.shown().window is not None,
            "picks": picks is not None,
        },
        height=drawing.height,
        on_zoom_change=partial(_zoomed, key),
        on_pick_change=partial(_picked, key, picks),
    )


def _drawn(of: object, draw: Callable[[], tuple[go.Figure, str]], view: str) -> _Drawing:
    figure, alt = draw()
    spec = figure.to_dict()
    spec["layout"].pop("template", None)
    spec["layout"]["uirevision"] = view
    return _Drawing(of, json.loads(pio.to_json(spec, validate=False)), spec["layout"]["height"], alt)


def _picked(key: str, picks: Callable[[int], None] | None) -> None:
    number = st.session_state[key].pick
    if picks is not None and isinstance(number, int):
        picks(number)


def _zoomed(key: str) -> None:
    """What was dragged over, as [first, last] in wall-clock milliseconds; None leads back."""
    part = st.session_state[key].zoom
    if not isinstance(part, list) or not all(isinstance(end, int | float) for end in part):
        zoom.clear()
        return
    first, last = part
    zoom.show(zoom.of_wall(first, last, scope.zone().info))

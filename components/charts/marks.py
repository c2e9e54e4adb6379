"""What the scaling record draws over the metrics: bounds, cold starts, scaling events, schedules. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import Any

import numpy as np

from components import format as fmt
from components.charts.grid import wall, wall_ms
from components.charts.panels import Draft, axis, trace
from components.charts.story import Edge, Waking, events
from components.theme import colour, tint
from ops.core.types import Bounds
from ops.core.views import EndpointView

CLOSEST = 1 / 90
"""Marks of one kind stand no closer than this share of the range; the words on hover count them all."""
FAILED_CLOSEST = 1 / 34
"""The same for failed attempts: crosses that touch would be a bar on a phone. The panel's title counts them all."""
MOST_LABELLED = 12
MOST_BANDS = 60
"""With more cold starts than this their bands would hide the backlog: each is a tick at the upper edge."""
TICK_SHARE = 0.07
MOST_EDGES = 60
LABEL_APART = 0.19
"""Labels stand no closer than this share of the range: they fit beside each other also on a phone."""


def bounds_band(chart: Draft, panel: int, bounds: Bounds | None, top: float) -> None:
    """Where the count may move: a band with a dotted edge and its numbers."""
    if bounds is None:
        return
    shown = min(float(bounds.max), top)
    shapes = [_across(panel, bounds.min, shown, {"fillcolor": tint("warm", 0.08), "line": {"width": 0}})]
    edge = {"line": {"color": colour("warm"), "width": 1, "dash": "dot"}}
    shapes += [
        _across(panel, at, at, edge | {"type": "line"}) for at in (bounds.min, bounds.max) if 0 < at <= top
    ]
    above = "" if bounds.max <= top else " (above this axis)"
    labels = [(shown, f"max {bounds.max}{above}", "bottom" if bounds.max <= top else "top")]
    if 0 < bounds.min < bounds.max:
        labels.append((float(bounds.min), f"min {bounds.min}", "top"))
    if bounds.max == 0:
        labels = [(0.0, "max 0", "bottom")]
    notes = [_note(text, axis(panel), 0, height, side, "warm", xref="paper") for height, text, side in labels]
    chart.shapes.extend(shapes)
    chart.notes.extend(notes)


def _across(panel: int, low: float, high: float, style: dict[str, Any]) -> dict[str, Any]:
    where = {"xref": "paper", "yref": axis(panel), "x0": 0, "x1": 1, "y0": low, "y1": high}
    return {"type": "rect", "layer": "below"} | where | style


def _note(
    text: str, yref: str, x: float, y: float, side: str, tone: str, *, xref: str = "x", end: bool = False
) -> dict[str, Any]:
    return {
        "text": text,
        "xref": xref,
        "yref": yref,
        "x": x,
        "y": y,
        "xanchor": "right" if end else "left",
        "yanchor": side,
        "xshift": -4 if end else 4,
        "showarrow": False,
        "font": {"size": 13, "color": colour(tone)},
    }


def cold_starts(
    chart: Draft, found: list[Waking], tops: Iterable[float], view: EndpointView, zone: tzinfo
) -> None:
    """A band through every panel for each cold start, with its length where there is room for it; ticks for many."""
    if not found:
        return
    if len(found) > MOST_BANDS:
        _ticks(chart, found, tuple(tops), zone)
        return
    window = view.window
    spans = [(max(w.start, window.start), min(w.end, window.end)) for w in found]
    starts = np.array([start.timestamp() for start, _ in spans])
    lengths = np.array([(end - start).total_seconds() for start, end in spans])
    for panel, top in enumerate(tops, start=1):
        chart.traces.append(
            trace(
                "bar",
                x=wall_ms(starts + lengths / 2, zone),
                y=np.full(len(starts), top, dtype=np.float32),
                width=(lengths * 1000.0).astype(np.float32),
                yaxis=axis(panel),
                name="cold starts",
                marker={
                    "color": tint("waking", 0.18),
                    "line": {"width": 1, "color": tint("waking", 0.35)},
                },
                hoverinfo="skip",
            )
        )
    if len(found) > MOST_LABELLED:
        return
    span = (window.end - window.start).total_seconds()
    notes, free = [], 2.0
    for waking, (start, end) in reversed(list(zip(found, spans, strict=True))):
        share = (start - window.start).total_seconds() / span
        if free - share < LABEL_APART:
            continue
        late = share > 0.84
        free = share - LABEL_APART if late else share
        text = f"◔ {fmt.age(waking.seconds)}{'' if waking.done else ' so far'}"
        at = wall(end if late else start, zone)
        notes.append(_note(text, "y domain", at, 1, "top", "waking", end=late))
    chart.notes.extend(notes)


def _ticks(chart: Draft, found: list[Waking], tops: tuple[float, ...], zone: tzinfo) -> None:
    at = wall_ms(np.array([waking.start.timestamp() for waking in found]), zone)
    for panel, top in enumerate(tops, start=1):
        chart.traces.append(
            trace(
                "scatter",
                x=np.repeat(at, 3),
                y=np.tile(np.array([top * (1 - TICK_SHARE), top, np.nan], dtype=np.float32), len(at)),
                yaxis=axis(panel),
                name="cold starts",
                mode="lines",
                connectgaps=False,
                line={"color": tint("waking", 0.60), "width": 1},
                hoverinfo="skip",
            )
        )


def scaling_marks(chart: Draft, panel: int, view: EndpointView, zone: tzinfo) -> None:
    """▲ more, ▼ fewer, ✕ failed, each at the capacity it asked for."""
    span = (view.window.end - view.window.start).total_seconds()
    kinds: dict[str, list[tuple[float, float]]] = {"failed": [], "down": [], "up": []}
    for activity, before in events(view):
        wanted = activity.desired or 0
        kind = "up" if before is None or wanted >= before else "down"
        failed = activity.status == "Failed"
        marks = kinds["failed" if failed else kind]
        apart = span * (FAILED_CLOSEST if failed else CLOSEST)
        at = activity.start.timestamp()
        if not marks or at - marks[-1][0] >= apart:
            marks.append((at, float(wanted)))
    looks = {
        "failed": ("x", colour("stuck")),
        "down": ("triangle-down", colour("muted")),
        "up": ("triangle-up", colour("warm")),
    }
    many = sum(len(marks) for marks in kinds.values()) > 40
    for kind, marks in kinds.items():
        if not marks:
            continue
        at, wanted_at = np.array(marks).T
        chart.traces.append(
            trace(
                "scatter",
                x=wall_ms(at, zone),
                y=wanted_at.astype(np.float32),
                yaxis=axis(panel),
                name=f"scaling {kind}",
                mode="markers",
                marker={
                    "symbol": looks[kind][0],
                    "color": looks[kind][1],
                    "size": 6 if many else 9,
                    "line": {"width": 1, "color": colour("ground")},
                },
                hoverinfo="skip",
                cliponaxis=False,
            )
        )


def schedule_edges(chart: Draft, panels: int, found: list[Edge], view: EndpointView, zone: tzinfo) -> None:
    """A dotted line where a scheduled action ran, with what it set."""
    window = view.window
    span = (window.end - window.start).total_seconds()
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    free = 2.0
    for edge in reversed(found[-MOST_EDGES:]):
        at = wall(edge.at, zone)
        where = {"xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1}
        style = {"line": {"color": tint("muted", 0.60), "width": 1, "dash": "dot"}, "layer": "below"}
        shapes.append({"type": "line"} | where | style)
        share = (edge.at - window.start).total_seconds() / span
        if free - share >= LABEL_APART and len(found) <= 8:
            late = share > 0.84
            free = share - LABEL_APART if late else share
            notes.append(_note(edge.sets, axis(panels) + " domain", at, 1, "top", "muted", end=late))
    chart.shapes.extend(shapes)
    chart.notes.extend(notes)

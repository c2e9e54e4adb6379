"""What was changed, marked on a chart: an icon for each kind above the panels and a thin line through them. Pure.

Any chart made with `panels.stack` can carry the marks: `mark_changes(chart, marks, window, zone)`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, tzinfo
from html import escape
from types import MappingProxyType
from typing import Any

import numpy as np

from components import format as fmt
from components.charts.grid import Floats, wall
from components.charts.panels import RIGHT_PX, Draft
from components.charts.sentences import shortened, wrapped
from components.theme import colour, tint
from ops.core.marks import Mark, MarkKind
from ops.core.types import Window

ICONS: Mapping[MarkKind, tuple[str, str]] = MappingProxyType(
    {
        MarkKind.DEPLOY: ("◆", "deploy"),
        MarkKind.BOUNDS: ("↕", "bounds"),
        MarkKind.SCHEDULE: ("◷", "schedule"),
        MarkKind.POLICY: ("§", "policy"),
        MarkKind.ALARM: ("⚑", "alarm"),
        MarkKind.CAPACITY: ("±", "capacity"),
    }
)
"""By kind: the icon on the chart, and its word."""
ROW_PX = 20
"""Room above the panels for the icons, where there are any."""
CLOSEST = 1 / 22
"""Icons stand no closer than this share of the range, also on a phone: marks between them share one."""
MOST_LINES = 60
MOST_RUNS = 10
"""With more runs of schedules than this they have no icons of their own: their lines tell them, and the words."""
MOST_DOTTED = 20
"""With more of them than this not even lines: they would hide what is drawn."""
MOST_TOLD = 5
"""Sentences that one icon tells on hover."""


def drawn(marks: Sequence[Mark]) -> list[Mark]:
    """Those that a chart shows: what AWS refused changed nothing."""
    return [mark for mark in marks if not mark.refused]


def mark_changes(
    chart: Draft, marks: Sequence[Mark], window: Window, zone: tzinfo, *, lined: Collection[datetime] = ()
) -> None:
    """Mark what was changed in `window`. `lined`: moments that have their line already."""
    inside = [m for m in drawn(marks) if window.start <= m.at < window.end]
    if not inside:
        return
    runs = sum(mark.kind is MarkKind.SCHEDULE for mark in inside)
    lines = [
        m for m in inside if m.at not in lined and (m.kind is not MarkKind.SCHEDULE or runs <= MOST_DOTTED)
    ]
    for mark in lines[-MOST_LINES:]:
        at = wall(mark.at, zone)
        run = mark.kind is MarkKind.SCHEDULE
        stroke = {"color": tint("muted", 0.60), "width": 1, "dash": "dot" if run else "solid"}
        where = {"xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1}
        chart.shapes.append({"type": "line", "layer": "below", "line": stroke} | where)
    groups = _grouped(_with_icons(inside), window)
    if not groups:
        return
    chart.layout["height"] += ROW_PX
    chart.layout["meta"] = {"row": ROW_PX}
    chart.layout["margin"] = chart.layout["margin"] | {"t": chart.layout["margin"]["t"] + ROW_PX}
    chart.notes.extend(_icon(group, window, zone) for group in groups)


def key_of(marks: Sequence[Mark]) -> str:
    """The icons that a chart of these marks shows, with their words: "◆ deploy, ↕ bounds"; empty without any."""
    kinds = {mark.kind for mark in _with_icons(drawn(marks))}
    return ", ".join(f"{icon} {word}" for kind, (icon, word) in ICONS.items() if kind in kinds)


def changes_at(marks: Sequence[Mark], at: Floats) -> dict[int, list[str]]:
    """What was changed in each step that begins at `at` (epoch seconds), as lines for the box on hover."""
    found: dict[int, list[str]] = {}
    for mark in drawn(marks):
        index = int(np.searchsorted(at, mark.at.timestamp(), side="right")) - 1
        if index >= 0:
            found.setdefault(index, []).append(wrapped(f"{ICONS[mark.kind][0]} {shortened(mark.said)}"))
    return {
        index: lines
        if len(lines) <= MOST_TOLD
        else [*lines[: MOST_TOLD - 1], f"and {len(lines) - MOST_TOLD + 1} more"]
        for index, lines in found.items()
    }


def _with_icons(marks: Sequence[Mark]) -> list[Mark]:
    runs = sum(mark.kind is MarkKind.SCHEDULE for mark in marks)
    return [m for m in marks if m.kind is not MarkKind.SCHEDULE or runs <= MOST_RUNS]


def _grouped(marks: Sequence[Mark], window: Window) -> list[list[Mark]]:
    """Marks that are too close for icons of their own, together; oldest first."""
    apart = (window.end - window.start) * CLOSEST
    groups: list[list[Mark]] = []
    for mark in sorted(marks, key=lambda m: m.at):
        if groups and mark.at - groups[-1][0].at < apart:
            groups[-1].append(mark)
        else:
            groups.append([mark])
    return groups


def _icon(group: Sequence[Mark], window: Window, zone: tzinfo) -> dict[str, Any]:
    icons = list(dict.fromkeys(ICONS[mark.kind][0] for mark in group))
    text = icons[0] if len(group) == 1 else f"{''.join(icons[:2])}{len(group)}"
    told = [
        f"{fmt.moment(mark.at, zone, window.end)} · {wrapped(shortened(mark.said))}"
        for mark in group[:MOST_TOLD]
    ]
    if len(group) > MOST_TOLD:
        told.append(f"and {len(group) - MOST_TOLD} more")
    late = (window.end - group[0].at) / (window.end - window.start) < CLOSEST
    return {
        "text": escape(text),
        "hovertext": "<br>".join(told),
        "captureevents": True,
        "xref": "x",
        "yref": "paper",
        "x": wall(group[0].at, zone),
        "y": 1,
        "xanchor": "right" if late else "center",
        "xshift": RIGHT_PX // 2 if late else 0,
        "yanchor": "bottom",
        "yshift": 22,
        "showarrow": False,
        "font": {"size": 13, "color": colour("text")},
        "hoverlabel": {
            "bgcolor": colour("card"),
            "bordercolor": colour("muted"),
            "font": {"color": colour("text"), "size": 13},
        },
    }

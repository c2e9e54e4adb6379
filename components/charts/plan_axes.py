"""Axes of the planner's charts: waits from nothing to hours, shares and dollars, with ticks that are read. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from components import format as fmt
from components.charts import still
from components.charts.grid import Floats
from components.theme import colour
from ops.core.promise import Clause

WAITS_S = (0, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 43_200, 86_400, 604_800)
SHARES = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
WIDE = 12.0
"""With the greatest so many times the least, dollars stand on a logarithmic axis."""
MARGIN: still.Margin = (62, 18, 26, 52)
"""Room for the words of the ticks, and for the axis titles."""
APART = 0.055
"""Of an axis: ticks stand no closer."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a value stands on an axis, and its ticks. NaN stays NaN."""

    title: str
    place: Callable[[Floats], Floats]
    ticks: tuple[tuple[float, str], ...]
    top: float
    """The greatest value that has room."""
    bottom: float = 0.0

    def at(self, value: float) -> float:
        return float(self.place(np.array([value], dtype=np.float64))[0])

    def axis(self) -> dict[str, Any]:
        """For plotly; the ends leave a little room for markers."""
        low, high = self.at(self.bottom), self.at(self.top)
        room = (high - low) or 1.0
        shown, last = [], -math.inf
        for value, text in self.ticks:
            where = self.at(value)
            if low - 1e-9 <= where <= high + 1e-9 and where - last >= APART * room:
                shown.append((where, text))
                last = where
        return {
            "range": [low - 0.05 * room, high + 0.07 * room],
            "tickmode": "array",
            "tickvals": [where for where, _ in shown],
            "ticktext": [text for _, text in shown],
            "gridcolor": colour("grid"),
            "zeroline": False,
            "tickfont": {"color": colour("muted")},
        }


def waits(title: str, known: Floats, *limits: float) -> Scale:
    """From nothing on in even steps, beyond ten seconds in ratios: seconds and hours fit beside each other."""
    top = _greatest(known, 60.0, *limits)
    ticks = tuple((float(s), fmt.age(s)) for s in WAITS_S)
    return Scale(title, lambda v: np.log1p(v / 10.0), ticks, top)


def shares(title: str, known: Floats, *limits: float) -> Scale:
    """0-1 as per cent; small shares keep their room."""
    top = min(1.0, _greatest(known, 0.05, *limits))
    ticks = tuple((s, fmt.percent(s)) for s in SHARES)
    return Scale(title, lambda v: np.log1p(v / 0.005), ticks, top)


def amounts(title: str, known: Floats, sign: str = "") -> Scale:
    """Dollars or hours: from zero on, or in ratios where they are far apart."""
    some = known[~np.isnan(known)]
    if some.size and some.min() > 0 and some.max() / some.min() >= WIDE:
        powers = range(math.floor(math.log10(some.min())), math.ceil(math.log10(some.max())) + 1)
        ticks = tuple((n * 10.0**p, f"{sign}{n * 10.0**p:,.6g}") for p in powers for n in (1, 2, 5))
        return Scale(title, np.log10, ticks, float(some.max()), float(some.min()))
    top = _greatest(known, 1.0)
    step = _round(top / 6)
    ticks = tuple((n * step, f"{sign}{n * step:,.6g}") for n in range(int(top / step) + 2))
    return Scale(title, lambda v: v, ticks, top)


def _greatest(known: Floats, least: float, *others: float) -> float:
    return max([least, *(float(v) for v in known[~np.isnan(known)]), *others])


def _round(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * n for n in (1.0, 2.0, 2.5, 5.0, 10.0) if power * n >= step)


def frame(height: int, x: dict[str, Any], y: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The layout that the planner's still charts share."""
    return still.layout(
        height,
        MARGIN,
        {"linecolor": colour("grid"), **x},
        {"linecolor": colour("grid"), **y},
        modebar={"bgcolor": colour("ground"), "color": colour("muted"), "activecolor": colour("text")},
        **more,
    )


def headed(text: str, left: int = MARGIN[0]) -> dict[str, Any]:
    """The title of the y axis, lying above it."""
    return {
        "text": text,
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "bottom",
        "xshift": -left + 4,
        "yshift": 4,
        "showarrow": False,
        "font": {"size": 13, "color": colour("muted")},
    }


def promised(clause: Clause) -> str:
    """ "promised: 2 min, Mon-Fri 08:00-18:00": the zone stands on the page."""
    when = f", {clause.when.split(' (')[0]}" if clause.windows else ""
    return f"promised: {fmt.duration(clause.limit_s)}{when}"


def limit_lines(scale: Scale, limits: Sequence[tuple[float, str]]) -> tuple[list[Any], list[Any]]:
    """Shapes and notes: a dotted line across for each limit of the promise, its words at the right end."""
    shapes, notes = [], []
    for value, text in limits:
        y = scale.at(value)
        shapes.append(
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "yref": "y",
                "y0": y,
                "y1": y,
                "line": {"color": colour("waking"), "width": 1.2, "dash": "dot"},
                "layer": "below",
            }
        )
        notes.append(
            {
                "text": text.replace(", ", ",<br>", 1),
                "align": "right",
                "xref": "paper",
                "yref": "y",
                "x": 1,
                "y": y,
                "xanchor": "right",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 13, "color": colour("waking")},
            }
        )
    return shapes, notes

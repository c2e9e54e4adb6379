"""How long requests wait, as a curve: so many of a hundred wait no longer than this. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from components import format as fmt
from components.charts import plan_axes, still
from components.charts.grid import Floats
from components.charts.panels import trace
from components.charts.plan_course import Named
from components.theme import colour
from ops.core.promise import MEAN, Promise

HEIGHT = 300
TONES = ("muted", "backlog")
DASHES = ("dash", "solid")
SHARES = np.unique(np.concatenate([np.linspace(0, 1, 101), np.linspace(0.9, 1, 51)]))


def curve(waits_s: Floats, never: float) -> tuple[Floats, Floats]:
    """(share of all requests, the wait that it stays within). It ends where requests begin that never start."""
    if not waits_s.size:
        return np.empty(0), np.empty(0)
    started = 1 - (never if never == never else 0.0)
    return SHARES * started, np.quantile(waits_s, SHARES)


def waits_chart(courses: Sequence[Named], promise: Promise, *, started: bool = False) -> go.Figure:
    """A curve for each; limits of the promise as lines across. `started`: only of those that start."""
    curves = [curve(c.waits_s, _never(c)) for _, c in courses]
    known = np.concatenate([y for _, y in curves]) if curves else np.empty(0)
    marks = [(c.limit_s, plan_axes.promised(c)) for c in promise.clauses if c.measure != MEAN]
    up = plan_axes.waits("wait until work begins", known, *(value for value, _ in marks))
    shapes, notes = plan_axes.limit_lines(up, marks)
    for note in notes:
        note.update(x=0, xanchor="left", xshift=4)
    notes.append(plan_axes.headed(up.title))
    traces: list[dict[str, Any]] = []
    for n, ((name, course), (x, y)) in enumerate(zip(courses, curves, strict=True)):
        tone = colour(TONES[min(n, 1)] if len(courses) > 1 else "backlog")
        dash = DASHES[min(n, 1)] if len(courses) > 1 else "solid"
        traces.append(
            trace(
                "scatter",
                x=(x * 100).tolist(),
                y=up.place(y).tolist(),
                mode="lines",
                name=name,
                line={"color": tone, "width": 2.2, "dash": dash},
                text=[
                    f"{name}: {share * 100:.4g} of 100 wait at most {fmt.wait(wait)}"
                    for share, wait in zip(x, y, strict=True)
                ],
                hovertemplate="%{text}<extra></extra>",
            )
        )
        never = _never(course)
        if never > 0:
            notes.append(_said(f"{fmt.percent(never)} never start, {name}", n))
    key = "   ".join(
        f'<span style="color:{colour(TONES[min(n, 1)] if len(courses) > 1 else "backlog")}">'
        f"{'┅' if n == 0 and len(courses) > 1 else '━'}</span> {name}"
        for n, (name, _) in enumerate(courses)
    )
    notes.append(
        plan_axes.headed(key)
        | {"x": 1, "xanchor": "right", "xshift": 0, "font": {"size": 13, "color": colour("text")}}
    )
    x_axis = {
        "range": [0, 100.6],
        "tickmode": "array",
        "tickvals": [0, 25, 50, 75, 95],
        "ticktext": ["0", "25", "50", "75", "95"],
        "tickangle": 0,
        "gridcolor": colour("grid"),
        "zeroline": False,
        "tickfont": {"color": colour("muted")},
        "title": still.title(f"of 100 requests{' that start' if started else ''}, the quickest first"),
    }
    layout = plan_axes.frame(
        HEIGHT, x_axis, up.axis(), shapes=shapes, annotations=notes, hovermode="x unified"
    )
    return go.Figure({"data": traces, "layout": layout})


def described(courses: Sequence[Named]) -> str:
    said = []
    for name, course in courses:
        if not course.waits_s.size:
            said.append(f"{name}: no request started")
            continue
        half, most, longest = np.quantile(course.waits_s, (0.5, 0.95, 1.0))
        said.append(
            f"{name}: half within {fmt.wait(half)}, 95 of 100 within {fmt.wait(most)}, all within {fmt.wait(longest)}"
        )
    return f"Waits of the requests. {'; '.join(said)}."


def _never(course: Any) -> float:
    """The share that never started in the expansion that is drawn."""
    seeds = course.played.never.values
    return float(seeds[0]) if seeds and seeds[0] == seeds[0] else 0.0


def _said(text: str, n: int) -> dict[str, Any]:
    return plan_axes.headed(text) | {
        "x": 1,
        "xanchor": "right",
        "yanchor": "top",
        "xshift": -4,
        "yshift": -4 - 18 * n,
        "font": {"size": 13, "color": colour("stuck")},
    }

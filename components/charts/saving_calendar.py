"""When instances ran: instance-hours as a field for each day and hour, so that nights and weekends show empty. Pure."""

from __future__ import annotations

from datetime import date

import numpy as np
import plotly.graph_objects as go

from components import format as fmt
from components.charts import still
from components.charts.grid import runs
from components.charts.panels import trace
from components.theme import colour, tint
from ops.core.savings_parts import Calendar

HEIGHT = 24 * 11 + 64
MANY = 100
"""With more days, months are named below instead of Mondays."""


def calendar_chart(found: Calendar, zone_words: str) -> go.Figure:
    """A column for each day, a row for each hour. Asleep is the empty ground, what is not known is hatched."""
    shape = found.hours.shape
    there = found.hours[~np.isnan(found.hours)]
    most = float(there.max()) if there.size and there.max() > 0 else 1.0
    field = trace(
        "heatmap",
        x=list(range(shape[1])),
        y=list(range(24)),
        z=[[None if np.isnan(v) else float(v) for v in row] for row in found.hours],
        text=[[words(found, hour, day) for day in range(shape[1])] for hour in range(24)],
        zmin=0,
        zmax=most,
        xgap=1 if shape[1] <= MANY else 0,
        ygap=1,
        colorscale=[[0, colour("card")], [0.0001, tint("warm", 0.22)], [1, colour("warm")]],
        showscale=False,
        hoverongaps=False,
        hovertemplate="%{text}<extra></extra>",
        name="instance-hours",
    )
    layout = still.layout(
        HEIGHT,
        still.FIELD_MARGIN,
        still.fields(-0.5, shape[1] - 0.5, _ticks(found.days))
        | {"tickangle": 0, "title": still.title(f"day and hour, {zone_words}")},
        still.fields(23.5, -0.5, still.hours(6)),
    )
    return go.Figure({"data": [field, *_unknown(found)], "layout": layout})


def described(found: Calendar) -> str:
    """The same for those who do not see it."""
    there = ~np.isnan(found.hours)
    if not there.any():
        return "Nothing is known of when instances ran."
    weekend = np.array([day.weekday() >= 5 for day in found.days])

    def empty(columns: np.ndarray) -> str:
        part = found.hours[:, columns]
        known = ~np.isnan(part)
        return fmt.percent(float((part[known] == 0).mean())) if known.any() else fmt.DASH

    return (
        f"Instance-hours by day and hour. Without any instance: {empty(~weekend)} of the hours of working days, "
        f"{empty(weekend)} of those of weekends."
    )


def words(found: Calendar, hour: int, day: int) -> str:
    """What a field says on hover."""
    at = found.days[day]
    said = f"{at:%A} {at.day} {at:%b} {hour:02d}:00 – {hour:02d}:59"
    hours, share = found.hours[hour, day], found.known[hour, day]
    if np.isnan(share):
        return said
    if np.isnan(hours):
        return f"{said}<br>not known"
    told = "asleep" if hours == 0 else f"{hours:.2g} instance-hours"
    return f"{said}<br>{told}" + (
        f"<br>{fmt.percent(float(share))} of its minutes known" if share < 1 else ""
    )


def _unknown(found: Calendar) -> list[dict[str, object]]:
    """The fields of which nothing is known, as one hatched shape."""
    x: list[float | None] = []
    y: list[float | None] = []
    for day in range(found.hours.shape[1]):
        blind = np.isnan(found.hours[:, day]) & ~np.isnan(found.known[:, day])
        for first, last in runs(blind):
            left, right, top, bottom = day - 0.5, day + 0.5, first - 0.5, last - 0.5
            x += [left, right, right, left, left, None]
            y += [top, top, bottom, bottom, top, None]
    if not x:
        return []
    pattern = {
        "shape": "/",
        "fgcolor": tint("muted", 0.35),
        "bgcolor": tint("muted", 0.10),
        "size": 6,
    }
    return [
        trace(
            "scatter",
            x=x,
            y=y,
            name="not known",
            mode="lines",
            line={"width": 0},
            fill="toself",
            fillpattern=pattern,
            hoverinfo="skip",
        )
    ]


def _ticks(days: tuple[date, ...]) -> list[tuple[int, str]]:
    """Where the axis is written on, and what: Mondays, or the first days of months."""
    if len(days) > MANY:
        firsts = [i for i, day in enumerate(days) if day.day == 1]
        apart = -(-len(firsts) // 4)
        chosen = firsts[::apart]
        return [(i, f"{days[i]:%b %Y}") for i in chosen]
    mondays = [i for i, day in enumerate(days) if day.weekday() == 0] or [0]
    chosen = mondays[:: -(-len(mondays) // 5)]
    return [(i, f"{days[i]:%a} {days[i].day} {days[i]:%b}") for i in chosen]

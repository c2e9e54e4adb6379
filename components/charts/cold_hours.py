"""When in the week cold starts happen: weekday by hour, in the reader's zone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

import plotly.graph_objects as go

from components import format as fmt
from components.charts import still
from components.charts.panels import trace
from components.format import took
from components.theme import colour
from ops.core.cold_start_stats import HourOfWeek

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HEIGHT = 7 * 26 + 70


def hours_chart(hours: Sequence[HourOfWeek], zone: tzinfo, now: datetime, most: int = 1) -> go.Figure:
    """`hours`: all 168. Each field holds its number; an empty one had none. `most`: of a chart to compare with."""
    most = max(1, most, *(h.count for h in hours))
    rows = [[h for h in hours if h.weekday == day] for day in range(7)]
    field = trace(
        "heatmap",
        x=list(range(24)),
        y=list(range(7)),
        z=[[h.count or None for h in row] for row in rows],
        text=[[_words(h) for h in row] for row in rows],
        zmin=0,
        zmax=most,
        xgap=2,
        ygap=2,
        colorscale=[[0, colour("card")], [1, colour("waking")]],
        showscale=False,
        texttemplate="%{z}",
        textfont={"size": 11},
        hoverongaps=False,
        hovertemplate="%{text}<extra></extra>",
        name="cold starts",
    )
    layout = still.layout(
        HEIGHT,
        still.FIELD_MARGIN,
        still.fields(-0.5, 23.5, still.hours(3))
        | {"title": still.title(f"hour of the day, {fmt.zone_name(zone, now)}")},
        still.fields(6.5, -0.5, list(enumerate(DAYS))),
        plot_bgcolor=colour("card"),
    )
    return go.Figure({"data": [field], "layout": layout})


def described(hours: Sequence[HourOfWeek]) -> str:
    """The busiest hours for those who do not see it."""
    busiest = sorted((h for h in hours if h.count), key=lambda h: -h.count)[:5]
    if not busiest:
        return "No cold start by hour of the week."
    return f"Cold starts by hour of the week. Most: {'; '.join(_words(h).replace('<br>', ', ') for h in busiest)}."


def _words(hour: HourOfWeek) -> str:
    said = f"{_LONG[hour.weekday]} {hour.hour:02d}:00 – {hour.hour:02d}:59<br>{fmt.plural(hour.count, 'cold start')}"
    return said if hour.median_s is None else f"{said}<br>half of the waits under {took(hour.median_s)}"

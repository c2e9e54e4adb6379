"""Two candidates over the same traffic: the backlog of each, then the instances of each, on common axes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

import numpy as np
import plotly.graph_objects as go

from components import format as fmt
from components.charts import lines
from components.charts.grid import Floats, spread
from components.charts.panels import Panel, empty, reach, speak, stack
from components.charts.signature import between
from ops.core.types import Window
from ops.core.views_planner import Course

BACKLOG_PX, INSTANCES_PX = 120, 70
Named = tuple[str, Course]
"""What a candidate is called, and its course."""


def whole(courses: Sequence[Named]) -> Window:
    """The time that all of the courses cover together."""
    first = min(course.first for _, course in courses)
    last = max(course.first + timedelta(minutes=len(course.backlog)) for _, course in courses)
    start = first.replace(second=0, microsecond=0)
    return Window(start, max(last.replace(second=0, microsecond=0), start + timedelta(minutes=1)), 60)


def on_grid(values: Floats, first: datetime, window: Window) -> Floats:
    """One value for each minute of `window`; NaN where the course has none."""
    found = np.full(window.size, np.nan)
    shift = round((first - window.start).total_seconds() / 60)
    begin, end = max(0, shift), min(window.size, shift + len(values))
    if end > begin:
        found[begin:end] = values[begin - shift : end - shift]
    return found


def course_chart(courses: Sequence[Named], zone: tzinfo, part: Window | None = None) -> go.Figure:
    """`part`: what of the time is shown; None: all of it."""
    window = whole(courses) if part is None else Window(part.start, part.end, 60)
    queues = [on_grid(c.backlog, c.first, window) for _, c in courses]
    counts = [on_grid(c.instances, c.first, window) for _, c in courses]
    deep, deep_step = _reach(queues, BACKLOG_PX)
    many, many_step = _reach(counts, INSTANCES_PX)
    panels = [
        *(
            Panel(f"Backlog, {name}", BACKLOG_PX, deep * 1.02, tick=max(1.0, deep_step), note=_peak(values))
            for (name, _), values in zip(courses, queues, strict=True)
        ),
        *(
            Panel(f"Instances, {name}", INSTANCES_PX, many * 1.1, tick=max(1.0, many_step))
            for name, _ in courses
        ),
    ]
    chart = stack(tuple(panels), window, zone)
    thick = 1.8 if window.size <= 2 * 1440 else 1.1
    for number, values in enumerate(queues, start=1):
        lines.line(
            chart, number, "backlog", "backlog", window.epochs(), values, zone, water=True, width=thick
        )
    for number, values in enumerate(counts, start=len(courses) + 1):
        lines.steps(chart, number, "instances", values, window, zone, width=thick)
    for number, (values, noun) in enumerate(
        [*((v, "waiting or in work") for v in queues), *((v, "in service") for v in counts)], start=1
    ):
        if np.isnan(values).all():
            empty(chart, number, "The replay does not reach this time")
            continue
        steps = spread(window.epochs(), values, 60)
        name = courses[(number - 1) % len(courses)][0]
        said = [
            f"{name}: {between(low, high)} {noun}" for low, high in zip(steps.low, steps.high, strict=True)
        ]
        speak(chart, number, steps.at, said, zone)
    return chart.figure()


def described(courses: Sequence[Named], zone: tzinfo) -> str:
    """The peaks, for those who do not see them."""
    window = whole(courses)
    days = (window.end - window.start).total_seconds() / 86_400
    said = "; ".join(
        f"{name}: at most {fmt.count(_most(c.backlog))} waiting or in work, "
        f"{fmt.plural(_most(c.instances), 'instance')}"
        for name, c in courses
    )
    return f"Backlog and instances over {days:.0f} days until {fmt.moment(window.end, zone)}. {said}."


def _most(values: Floats) -> float:
    return float(np.nanmax(values)) if values.size and not np.isnan(values).all() else 0.0


def _peak(values: Floats) -> str:
    if np.isnan(values).all():
        return ""
    return f"peak {fmt.count(float(np.nanmax(values)))}"


def _reach(series: Sequence[Floats], px: int) -> tuple[float, float]:
    greatest = max([1.0, *(_most(v) for v in series)])
    return reach(greatest, px)

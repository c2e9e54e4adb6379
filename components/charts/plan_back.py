"""Instances that were in service against those of a replay, minute by minute. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

import numpy as np
import plotly.graph_objects as go

from components import format as fmt
from components.charts import lines
from components.charts.grid import Floats, spread
from components.charts.panels import Panel, empty, reach, speak, stack
from components.charts.signature import between
from ops.core.types import Window

PANEL_PX = 90


def back_chart(first: datetime, actual: Floats, replayed: Floats, zone: tzinfo) -> go.Figure:
    """Both by the minute from `first` on; NaN: not known. Two panels on common axes."""
    window = Window(first, first + timedelta(minutes=max(1, len(actual))), 60)
    greatest = max(1.0, _most(actual), _most(replayed))
    top, step = reach(greatest, PANEL_PX)
    named = (("happened", actual), ("replayed", replayed))
    panels = tuple(Panel(f"Instances, {n}", PANEL_PX, top * 1.1, tick=max(1.0, step)) for n, _ in named)
    chart = stack(panels, window, zone)
    thick = 1.8 if window.size <= 2 * 1440 else 1.1
    for number, (name, values) in enumerate(named, start=1):
        whole = np.full(window.size, np.nan)
        whole[: len(values)] = values[: window.size]
        if np.isnan(whole).all():
            empty(chart, number, "Not known")
            continue
        lines.steps(chart, number, name, whole, window, zone, width=thick)
        steps = spread(window.epochs(), whole, 60)
        said = [
            f"{name}: {between(low, high)} in service"
            for low, high in zip(steps.low, steps.high, strict=True)
        ]
        speak(chart, number, steps.at, said, zone)
    return chart.figure()


def described(actual: Floats, replayed: Floats) -> str:
    known = ~(np.isnan(actual) | np.isnan(replayed[: len(actual)]))
    if not known.any():
        return "Instances that were in service against those of the replay: nothing is known."
    same = float((actual[known] == replayed[: len(actual)][known]).mean())
    return f"Instances that were in service against those of the replay: alike in {fmt.percent(same)} of minutes."


def _most(values: Floats) -> float:
    return float(np.nanmax(values)) if values.size and not np.isnan(values).all() else 0.0

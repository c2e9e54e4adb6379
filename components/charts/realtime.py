"""The chart of a real-time endpoint: requests, instances, model errors. It has no queue. Pure."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

import numpy as np
import plotly.graph_objects as go

from components import format as fmt
from components.charts.endpoint import bars, days, silent, steps
from components.charts.grid import summed
from components.charts.panels import Panel, hatch, stack
from components.charts.story import top_of
from ops.core.views import EndpointView

REQUESTS, INSTANCES, ERRORS = 1, 2, 3


def realtime_chart(view: EndpointView, zone: tzinfo) -> go.Figure:
    """Requests, instances and 5xx answers of `view.window` as stacked panels; gaps are gaps."""
    epochs = view.window.epochs()
    at, asked = summed(epochs, view.metrics.get("Invocations").values)
    _, errors = summed(epochs, view.metrics.get("Invocation5XXErrors").values)
    instances = view.instances.values
    each = fmt.duration(at[1] - at[0]) if len(at) > 1 else fmt.duration(view.window.period)
    tops = {
        REQUESTS: top_of(asked, least=4.0),
        INSTANCES: top_of(instances),
        ERRORS: top_of(errors, least=4.0),
    }
    figure = stack(
        (
            Panel(f"Requests · each {each}", 180, tops[REQUESTS]),
            Panel("Instances in service", 120, tops[INSTANCES]),
            Panel(f"Model errors (5xx) · each {each}", 64, tops[ERRORS]),
        ),
        view.window,
        zone,
    )
    if view.provisional_from < view.window.end:
        start = max(view.provisional_from, view.window.start)
        for panel, top in tops.items():
            figure.add_trace(hatch(panel, top, start, view.window.end, zone))
    bars(figure, REQUESTS, "requests", "requests", "backlog", at, asked, zone)
    steps(figure, INSTANCES, days(view), epochs, instances, zone)
    bars(figure, ERRORS, "errors", "answered with 5xx", "stuck", at, errors, zone)
    notes: list[dict[str, Any]] = []
    for panel, values in {REQUESTS: asked, INSTANCES: instances, ERRORS: errors}.items():
        if np.isnan(values).all():
            silent(notes, panel)
    figure.layout.annotations = [*figure.layout.annotations, *notes]
    return figure

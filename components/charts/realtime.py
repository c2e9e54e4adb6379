"""The chart of a real-time endpoint: requests, instances, model errors, CPU. It has no queue. Pure."""

from __future__ import annotations

from datetime import tzinfo

import numpy as np
import plotly.graph_objects as go

from components import format as fmt
from components.charts import changed, lines
from components.charts.details import each_step, peaks
from components.charts.grid import spread, summed
from components.charts.panels import Panel, empty, provisional, speak, stack
from components.charts.signature import between
from components.charts.story import in_service, top_of
from components.theme import colour, tint
from ops.core import metrics
from ops.core.views import EndpointView

REQUESTS, INSTANCES, ERRORS, HOST = range(1, 5)


def realtime_chart(view: EndpointView, zone: tzinfo) -> go.Figure:
    """Requests, instances, 5xx answers and CPU of `view.window` as stacked panels; gaps are gaps."""
    window = view.window
    epochs = window.epochs()
    asked = view.metrics.get(metrics.INVOCATIONS.key).values
    wrong = view.metrics.get(metrics.ERRORS_5XX.key).values
    cpu = view.metrics.get(metrics.CPU.key).values
    instances = in_service(view)
    at, requests = summed(epochs, asked, lines.BARS)
    _, errors = summed(epochs, wrong, lines.BARS)
    each = each_step(view)
    tops = (
        top_of(requests, least=4.0),
        top_of(instances, room=1.3),
        top_of(errors, least=4.0),
        top_of(cpu, least=100.0),
    )
    chart = stack(
        (
            Panel(f"Requests · each {each}", 150, tops[0]),
            Panel("Instances in service", 84, tops[1]),
            Panel(f"Model errors (5xx) · each {each}", 64, tops[2]),
            Panel("CPU · % (100 a core)" if tops[3] > 120 else "CPU · %", 64, tops[3], whole=False),
        ),
        window,
        zone,
    )
    provisional(chart, tops, view.provisional_from, window, zone)
    lines.bars(chart, REQUESTS, "requests", tint("backlog", 0.60), asked, window, zone)
    lines.steps(chart, INSTANCES, "instances", instances, window, zone)
    lines.bars(chart, ERRORS, "errors", colour("stuck"), wrong, window, zone)
    lines.line(chart, HOST, "CPU", "warm", *peaks(window, cpu), zone)
    texts = {
        REQUESTS: (asked, "No request came in this range"),
        INSTANCES: (instances, "No instance reported in this range"),
        ERRORS: (wrong, "No error was published in this range"),
        HOST: (cpu, "No host metric was published in this range"),
    }
    denied = any(problem.part == "metrics" for problem in view.problems)
    for panel, (values, text) in texts.items():
        if np.isnan(values).all():
            empty(chart, panel, "The metrics could not be read" if denied else text)
    count, load = (spread(epochs, v, window.period) for v in (instances, cpu))
    changed.mark_changes(chart, view.changes, window, zone)
    changes = changed.changes_at(view.changes, at)
    final = view.provisional_from.timestamp()
    words = [
        f"{fmt.count(requests[i])} requests<br>{fmt.count(errors[i])} answered with 5xx<br>"
        f"{between(count.low[i], count.high[i])} in service<br>CPU {between(load.low[i], load.high[i])} %"
        + "".join(f"<br>{line}" for line in changes.get(i, ()))
        + ("<br>not final yet" if start + count.step > final else "")
        for i, start in enumerate(at.tolist())
    ]
    speak(chart, REQUESTS, at, words, zone)
    return chart.figure()

"""The Endpoint page's figures: bytes and server time by range, and against every minute drawn as it is.

    python -m bench.charts

One endpoint that is busy in three of four quarters of the range, with noise in every metric: the worst case for
thinning. All times are the best of several runs of one process, so that the ratios hold on other machines.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, timedelta, tzinfo
from time import perf_counter
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import plotly.io as pio

from components.charts.details import detail_chart
from components.charts.signature import signature_chart
from ops.core.views import EndpointView
from tests.components.samples import busy_view

RUNS = 7
RANGES = (
    ("1 h", timedelta(hours=1), 60),
    ("3 h", timedelta(hours=3), 60),
    ("1 d", timedelta(days=1), 60),
    ("7 d", timedelta(days=7), 300),
    ("30 d", timedelta(days=30), 300),
    ("455 d", timedelta(days=455), 3600),
)
QUEUE = ("ApproximateBacklogSize",)
Drawing = Callable[[EndpointView, tzinfo], go.Figure]


def main() -> None:
    zone = ZoneInfo("Europe/Berlin")
    print(f"{'range':8}{'signature':>22}{'details':>22}")
    for name, span, period in RANGES:
        view = busy_view(span, period=period)
        cells = [measured(draw, view, zone) for draw in (signature_chart, detail_chart)]
        print(f"{name:8}" + "".join(f"{size / 1e3:>10.0f} kB {took * 1e3:>5.0f} ms" for size, took in cells))
    minutes = busy_view(timedelta(days=30), period=60)
    print("\n30 days of minutes (43,200 for each metric), bytes on the wire and time from view to JSON")
    total = [0.0, 0.0, 0.0, 0.0]
    pairs: tuple[tuple[str, Drawing, Drawing], ...] = (
        ("signature", signature_chart, plain_queue),
        ("details", detail_chart, plain_details),
    )
    for name, thinned, plain in pairs:
        small, quick = measured(thinned, minutes, zone)
        big, slow = measured(plain, minutes, UTC)
        total = [a + b for a, b in zip(total, (small, quick, big, slow), strict=True)]
        print(row(name, small, quick, big, slow))
    print(row("both", *total))


def row(name: str, small: float, quick: float, big: float, slow: float) -> str:
    return (
        f"{name:10} {small / 1e3:>5.0f} kB, {quick * 1e3:>4.0f} ms   every minute {big / 1e3:>6,.0f} kB, "
        f"{slow * 1e3:>4.0f} ms   bytes 1/{big / small:.0f}, time {quick / slow:.2f}"
    )


def measured(draw: Drawing, view: EndpointView, zone: tzinfo) -> tuple[int, float]:
    """(bytes of the figure as the browser gets it, seconds to make them)."""
    best, size = float("inf"), 0
    for _ in range(RUNS):
        began = perf_counter()
        spec = draw(view, zone).to_dict()
        spec["layout"].pop("template", None)
        text = pio.to_json(spec, validate=False)
        best = min(best, perf_counter() - began)
        size = len(json.dumps(json.loads(text), separators=(",", ":")))
    return size, best


def plain_queue(view: EndpointView, zone: tzinfo) -> go.Figure:
    return plain(view, lambda key: key in QUEUE)


def plain_details(view: EndpointView, zone: tzinfo) -> go.Figure:
    return plain(view, lambda key: key not in QUEUE)


def plain(view: EndpointView, wanted: Callable[[str], bool]) -> go.Figure:
    """Every datapoint of the chosen metrics as one trace each: no thinning, no words, no marks, UTC."""
    x = view.window.epochs() * 1000.0
    series = [s for key, s in view.metrics.series.items() if wanted(key)]
    if wanted(QUEUE[0]):
        series.append(view.instances)
    return go.Figure(
        {
            "data": [
                {"type": "scatter", "mode": "lines", "x": x, "y": s.values, "name": s.name} for s in series
            ]
        }
    )


if __name__ == "__main__":
    main()

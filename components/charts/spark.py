"""A sparkline as SVG: the last 24 hours of one endpoint in the width of a table cell. Pure."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from components import format as fmt
from components.charts.grid import runs
from ops.core.types import Series

WIDTH, HEIGHT = 132, 30


def sparkline(series: Series, label: str) -> str:
    """An SVG area of the series; a gap stays a gap; drawn in `currentColor`."""
    values = series.values
    known = values[~np.isnan(values)]
    if known.size == 0:
        return '<span class="none">no data</span>'
    peak = float(known.max())
    columns = min(len(values), WIDTH)
    edges = np.linspace(0, len(values), columns + 1).astype(int)
    tops = np.array(
        [
            np.nan if np.isnan(part).all() else np.nanmax(part)
            for part in (values[a:b] for a, b in pairwise(edges))
        ]
    )
    step = WIDTH / columns
    scale = (HEIGHT - 4) / max(peak, 1.0)
    shapes = []
    for start, stop in runs(~np.isnan(tops)):
        points = [(i * step, HEIGHT - 1 - tops[i] * scale) for i in range(start, stop)]
        points.append((stop * step, points[-1][1]))
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in _corners(points))
        floor = f"{points[0][0]:.1f},{HEIGHT - 1} {line} {points[-1][0]:.1f},{HEIGHT - 1}"
        shapes.append(f'<polygon points="{floor}" fill="currentColor" fill-opacity=".22"/>')
        shapes.append(
            f'<polyline points="{line}" fill="none" stroke="currentColor" stroke-width="1.4" '
            'stroke-linejoin="round"/>'
        )
    title = f"{label}: peak {fmt.count(peak)}"
    return (
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{title}" preserveAspectRatio="none">{"".join(shapes)}</svg>'
    )


def _corners(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points without those inside a level stretch: most of a quiet day is one."""
    last = len(points) - 1
    return [
        (x, y)
        for i, (x, y) in enumerate(points)
        if i in (0, last) or not points[i - 1][1] == y == points[i + 1][1]
    ]

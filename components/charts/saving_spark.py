"""A sparkline of bars: instance-hours or dollars of one endpoint by day, in the width of a table cell. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ops.core.savings import SavedDay

WIDTH, HEIGHT = 132, 30


def day_bars(days: Sequence[SavedDay], label: str) -> str:
    """An SVG with a bar for each day's instance-hours in `currentColor`; a day that is not known is a dotted gap."""
    known = [float(day.hours) for day in days if day.hours is not None and day.known]
    if not known:
        return '<span class="none">no data</span>'
    peak = max(known)
    each = WIDTH / len(days)
    shapes = []
    for i, day in enumerate(days):
        left, width = i * each, max(0.5, each * 0.8)
        if day.hours is None or not day.known:
            shapes.append(
                f'<line x1="{left:.1f}" x2="{left + width:.1f}" y1="{HEIGHT - 4}" y2="{HEIGHT - 4}" '
                'stroke="currentColor" stroke-dasharray="1 2" stroke-opacity=".6"/>'
            )
            continue
        tall = (HEIGHT - 4) * float(day.hours) / peak if peak else 0.0
        if tall:
            shapes.append(
                f'<rect x="{left:.1f}" y="{HEIGHT - 1 - tall:.1f}" width="{width:.1f}" height="{tall:.1f}" '
                'fill="currentColor" fill-opacity=".75"/>'
            )
    shapes.append(
        f'<line x1="0" x2="{WIDTH}" y1="{HEIGHT - 0.5}" y2="{HEIGHT - 0.5}" stroke="currentColor" '
        'stroke-opacity=".35"/>'
    )
    return (
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(label)}" preserveAspectRatio="none">{"".join(shapes)}</svg>'
    )

"""The two charts of a printed summary as SVG text: cost by day, and instance-hours by day and hour. Pure.

Light colours alone: it is made for paper. They are those of the console's light theme; a test compares them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import numpy as np

from ops.core.savings import SavedDay
from ops.core.savings_parts import Calendar

TEXT, MUTED, GRID, CARD, MONEY, FINE, WARM = (
    "#1F2A37",
    "#5B6776",
    "#E6EAEF",
    "#F6F8FA",
    "#6741D9",
    "#237A34",
    "#0B6E6E",
)
WIDTH = 720
LEFT, RIGHT = 44, 6
HATCH = (
    '<pattern id="{id}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line x1="0" y1="0" x2="0" y2="5" stroke="{colour}" stroke-width="1.6" stroke-opacity="0.5"/></pattern>'
)


def days_svg(days: Sequence[SavedDay], before: Sequence[SavedDay | None] = (), *, height: int = 122) -> str:
    """Cost of each day (filled) under its baseline (outlined); unknown days hatched.

    `before`: for each day the one that it is compared with, drawn as a line; None: there is none.
    """
    tops = [
        *(d.usd for d in days),
        *(d.baseline_usd for d in days),
        *(d.usd for d in before if d is not None),
    ]
    step = tick(max((float(each) for each in tops if each is not None), default=0.0))
    top = step * max(1, math.ceil(max((float(t) for t in tops if t is not None), default=1.0) / step - 1e-9))
    low, high = height - 18, 6
    each = (WIDTH - LEFT - RIGHT) / max(1, len(days))

    def y(value: Decimal | float) -> float:
        return low - (low - high) * float(value) / top

    out = [f"<defs>{HATCH.format(id='unknown-day', colour=MUTED)}</defs>"]
    for n in range(round(top / step) + 1):
        at = y(n * step)
        out.append(_line(LEFT, at, WIDTH - RIGHT, at, GRID if n else MUTED))
        out.append(_text(LEFT - 5, at + 3, f"${n * step:,g}", "end"))
    for i, day in enumerate(days):
        x, width = LEFT + i * each + each * 0.1, each * 0.8
        if not day.known or day.usd is None or day.baseline_usd is None:
            out.append(_rect(x, high, width, low - high, "url(#unknown-day)"))
            continue
        out.append(_rect(x, y(day.baseline_usd), width, low - y(day.baseline_usd), FINE, 0.16))
        out.append(_rect(x, y(day.usd), width, low - y(day.usd), MONEY))
        if day.known < 1:
            out.append(_rect(x, high, width, (low - high) * (1 - day.known), "url(#unknown-day)"))
    points = [
        f"{LEFT + (i + 0.5) * each:.1f},{y(day.usd):.1f}"
        for i, day in enumerate(before[: len(days)])
        if day is not None and day.usd is not None
    ]
    if len(points) > 1:
        out.append(
            f'<polyline points="{" ".join(points)}" fill="none" stroke="{MUTED}" stroke-width="1" '
            'stroke-dasharray="2 3"/>'
        )
    out += _day_words([d.day for d in days], each, height - 5)
    return _svg(height, "Cost by day", out)


def calendar_svg(found: Calendar, *, row: float = 3.9) -> str:
    """Instance-hours as colour, a column a day and a row an hour: unknown fields hatched, asleep ones empty."""
    height = round(24 * row + 24)
    each = (WIDTH - LEFT - RIGHT) / max(1, len(found.days))
    there = found.hours[~np.isnan(found.hours)]
    most = float(there.max()) if there.size else 0.0
    out = [f"<defs>{HATCH.format(id='unknown-hour', colour=MUTED)}</defs>"]
    out.append(_rect(LEFT, 4, WIDTH - LEFT - RIGHT, 24 * row, CARD))
    for hour in range(24):
        for day in range(len(found.days)):
            share, hours = found.known[hour, day], found.hours[hour, day]
            if np.isnan(share) or (share and not hours):
                continue
            fill, strength = ("url(#unknown-hour)", 1.0) if not share else (WARM, 0.18 + 0.82 * hours / most)
            out.append(_rect(LEFT + day * each, 4 + hour * row, each - 0.5, row - 0.5, fill, float(strength)))
    out += [_text(LEFT - 5, 4 + (h + 0.9) * row, f"{h:02d}:00", "end") for h in range(0, 24, 6)]
    out += _day_words(list(found.days), each, height - 5)
    return _svg(height, "Instance-hours by day and hour", out)


def tick(most: float) -> float:
    """A round distance between ticks, so that an axis up to `most` has two to four of them."""
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return next(power * n for n in (0.25, 0.5, 1.0, 2.0, 2.5, 5.0) if most / (power * n) <= 4)


def _day_words(days: Sequence[date], each: float, y: float) -> list[str]:
    """Mondays, or the first of months where there are many days."""
    out, last = [], -99.0
    for i, day in enumerate(days):
        weekday, first = day.weekday() == 0, day.day == 1
        at = LEFT + (i + 0.5) * each
        if (first if len(days) > 100 else weekday) and at - last > 44:
            said = f"{day:%b %Y}" if len(days) > 100 else f"Mon {day.day} {day:%b}"
            out.append(_text(min(at, WIDTH - 30), y, said, "middle"))
            last = at
    return out


def _svg(height: float, title: str, inner: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="100%" role="img" '
        f'aria-label="{title}" font-size="9" fill="{MUTED}">{"".join(inner)}</svg>'
    )


def _rect(x: float, y: float, width: float, height: float, fill: str, strength: float = 1.0) -> str:
    faint = f' fill-opacity="{strength:.2f}"' if strength < 1 else ""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{max(0.0, height):.1f}" fill="{fill}"{faint}/>'


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" stroke-width="0.7"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'

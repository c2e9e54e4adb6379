"""Two weeks of an alarm as a strip: high where it rang, low where all was well, dotted where it had no data. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from ops.core.alarm_past import Span, times

WIDTH, HEIGHT = 336, 24
"""One unit for each hour of two weeks."""
NARROWEST = 2.0
"""An alarm that rang for a minute is seen as well."""
_LOOKS = {"OK": ("fine", 4.0), "INSUFFICIENT_DATA": ("muted", 4.0)}


def alarm_strip(found: Sequence[Span], start: datetime, end: datetime, rang: str = "stuck") -> str:
    """An SVG of the spans in [start, end); what is not known stays empty. `rang`: the tone of what rang."""
    if not found:
        return '<span class="none">not known</span>'
    length = (end - start).total_seconds()
    parts = []
    for span in sorted(found, key=lambda s: s.state == "ALARM"):  # what rang lies above
        tone, tall = (rang, 20.0) if span.state == "ALARM" else _LOOKS.get(span.state, ("muted", 4.0))
        x = (span.start - start).total_seconds() / length * WIDTH
        wide = (span.end - span.start).total_seconds() / length * WIDTH
        if span.state == "ALARM":
            wide = max(wide, NARROWEST)
            x = min(x, WIDTH - wide)
        style = ' stroke-dasharray="3 3"' if span.state not in ("ALARM", "OK") else ""
        y = HEIGHT - 2 - tall / 2
        parts.append(
            f'<line class="{tone}" x1="{x:.1f}" x2="{x + wide:.1f}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="currentColor" stroke-width="{tall:.0f}"{style}/>'
        )
    return (
        f'<svg class="spark strip" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH // 2}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(spoken(found))}" preserveAspectRatio="none">{"".join(parts)}</svg>'
    )


def spoken(found: Sequence[Span]) -> str:
    """ "in alarm 3 times", "never in alarm"."""
    rang = times(found, "ALARM")
    if not rang:
        return "never in alarm"
    return "in alarm once" if rang == 1 else f"in alarm {rang} times"

"""The next two weeks of the minimum, hour by hour, as a grid of numbers and shades. Draws nothing."""

from __future__ import annotations

from collections.abc import Sequence

from components.markup import Html, html, joined
from ops.core.warm_calendar import Calendar, CalendarDay, Cell

SHADES = (0.0, 0.45, 0.65, 0.85)
"""How strong the shade of 0, 1, 2 and more instances is; the number stands in the cell as well."""

MOST_OF_IT = 0.5
"""Held for less of the hour than this, a minimum stands as "<1"."""


def heat_map(found: Calendar, heading: str) -> Html:
    """A row for each day, a column for each hour of its clock; the largest minimum of the hour, and the day's cost."""
    hours = joined(
        html('<span role="columnheader" class="hour">{h}</span>', h=f"{h:02d}" if h % 3 == 0 else "")
        for h in range(24)
    )
    rows = joined(_row(day) for day in found.days)
    changed = [d for d in found.days if d.clocks_change]
    notes = [
        f"{_name(d)} has {d.hours:.0f} hours: the clocks change. Times follow the local clock."
        for d in changed
    ]
    notes += found.ahead.unread
    return html(
        '<div class="stack"><h2>{heading}</h2><p class="muted small">Minimum in each hour, {zone}; '
        "&lt;1: for less than half of it. {total}</p>"
        '<div class="calendar" role="table" aria-label="{heading}"><div role="row" class="line">'
        '<span role="columnheader" class="day">day</span>{hours}'
        '<span role="columnheader" class="cost">cost</span></div>'
        "{rows}</div>{notes}</div>",
        heading=heading,
        zone=found.zone,
        total=total(found),
        hours=hours,
        rows=rows,
        notes=joined(html('<p class="muted small">{n}</p>', n=n) for n in notes),
    )


def total(found: Calendar) -> str:
    """What the minimum costs in all, where there is a price."""
    costs = [d.cost.usd for d in found.days if d.cost is not None]
    hours = sum((d.instance_hours for d in found.days), start=found.instance_hours * 0)
    said = f"{hours:,.0f} instance-hours in {len(found.days)} days"
    if not costs:
        return f"{said}; no price is known."
    return f"{said}, about ${sum(costs):,.0f}, estimate at list price of the minimum alone."


def _row(day: CalendarDay) -> Html:
    by_hour: dict[int, list[Cell]] = {}
    for cell in day.cells:
        by_hour.setdefault(cell.hour, []).append(cell)
    cells = joined(_cell(day, hour, by_hour.get(hour, ())) for hour in range(24))
    cost = f"${day.cost.usd:,.2f}" if day.cost is not None and day.cost.usd else "–"
    mark = html(' <span class="waking" title="the clocks change">↻</span>') if day.clocks_change else Html("")
    return html(
        '<div role="row" class="line"><span role="rowheader" class="day nowrap">{day}{mark}</span>{cells}'
        '<span role="cell" class="cost">{cost}</span></div>',
        day=_name(day),
        mark=mark,
        cells=cells,
        cost=cost,
    )


def _cell(day: CalendarDay, hour: int, cells: Sequence[Cell]) -> Html:
    at = f"{_name(day)} {hour:02d}:00"
    known = [c for c in cells if c.minimum is not None]
    if not cells:
        return html(
            '<span role="cell" class="skip" title="{t}"></span>', t=f"{at}: the clock skips this hour"
        )
    if not known:
        return html('<span role="cell" class="over" title="{t}"></span>', t=f"{at}: over")
    minimum = max(c.minimum or 0 for c in known)
    share = max((c.share for c in known if c.minimum == minimum), default=0.0)
    said = f"{at}: at least {minimum}"
    if minimum and share < 1:
        said += f" for {round(share * 60)} min of it"
    if len(cells) > 1:
        said += "; this hour comes twice"
    strength = SHADES[min(minimum, 3)] * (0.5 + 0.5 * share if minimum else 0)
    return html(
        '<span role="cell" class="cell" style="--strength:{s}%" title="{t}">{n}</span>',
        s=f"{strength * 100:.0f}",
        t=said,
        n=f"<{minimum}" if minimum and share < MOST_OF_IT else minimum,
    )


def _name(day: CalendarDay) -> str:
    return f"{day.day:%a} {day.day.day} {day.day:%b}"

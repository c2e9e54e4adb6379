"""Actual against baseline, day by day: money, or instance-hours where no price is known. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from decimal import Decimal

import numpy as np
import plotly.graph_objects as go

from components import format as fmt
from components.charts.grid import Floats, wall, wall_ms
from components.charts.panels import Panel, empty, hatch, reach, speak, stack, trace
from components.theme import colour, tint
from ops.core.cost import Basis
from ops.core.periods import Period
from ops.core.savings import SavedDay
from ops.core.savings_earlier import beside
from ops.core.savings_earlier import words as earlier
from ops.core.types import Window, utc

_TALL = 240
_SHARE = 0.84
"""A bar's share of its day."""


def days_chart(
    days: Sequence[SavedDay], period: Period, basis: Basis, zone: tzinfo, before: Sequence[SavedDay] = ()
) -> go.Figure:
    """Each day's actual as a bar in front of its baseline; what is not known is hatched, never a low bar.

    `before`: the days of the period before, drawn as a faint line, each over the day that it is compared with.
    """
    old = beside(days, before, period)
    paid = priced(days)
    edges = _edges(days, period)
    begins = np.array([begin for begin, _ in edges])
    ends = np.array([end for _, end in edges])
    actual, based = _values(days, paid, "actual"), _values(days, paid, "baseline")
    known = np.concatenate([actual, based, _values(old, paid, "actual")])
    known = known[~np.isnan(known)]
    greatest = float(known.max()) if known.size and known.max() > 0 else 1.0
    top, step = reach(greatest, _TALL)
    unit = f"USD, {basis.value}" if paid else "instance-hours"
    note = "▮ actual  ▔ baseline" + (f"  ┄ {earlier(period)}" if _line(old, paid).size > 1 else "")
    panel = Panel(unit, _TALL, top * 1.04, False, note, tick=step)
    window = Window(period.start, period.end, 900)
    chart = stack((panel,), window, zone)
    middles = (begins + ends) / 2
    _bars(chart.traces, middles, ends - begins, based, zone, "baseline")
    _bars(chart.traces, middles, ends - begins, actual, zone, "actual")
    chart.traces.append(_edge(begins, ends, based, zone))
    _before(chart.traces, begins, ends, _values(old, paid, "actual"), zone)
    for day, (begin, end) in zip(days, edges, strict=True):
        if day.known < 1:
            chart.traces.append(_unknown(day, begin, end, top, zone))
    if any(day.known < 1 for day in days):
        chart.notes.append(_hatched())
    if not known.size:
        empty(chart, 1, "Nothing is known of these days")
    said = [
        words(day, paid, then).partition("<br>")[2] for day, then in zip(days, old, strict=True)
    ]  # the box names the day
    speak(chart, 1, middles, said, zone)
    chart.layout["barmode"] = "overlay"
    chart.layout["xaxis"] |= {"hoverformat": "%a %-d %b"}
    return chart.figure()


def described(days: Sequence[SavedDay], basis: Basis) -> str:
    """The same for those who do not see it."""
    known = [day for day in days if day.usd is not None and day.baseline_usd is not None]
    if not known:
        return "No cost by day is known."
    most = max(known, key=lambda day: day.usd or Decimal(0))
    least = min(known, key=lambda day: day.usd or Decimal(0))
    return (
        f"Cost by day, {basis.value}. {len(known)} of {len(days)} days known; the most on {_day(most)} with "
        f"{fmt.money(most.usd)}, the least on {_day(least)} with {fmt.money(least.usd)}."
    )


def priced(days: Sequence[SavedDay]) -> bool:
    """Whether money is known of any day; without, hours are drawn."""
    return any(day.usd is not None and day.baseline_usd is not None for day in days) or not any(
        day.hours is not None for day in days
    )


def words(day: SavedDay, paid: bool, then: SavedDay | None = None) -> str:
    """What a day says on hover. `then`: the day that it is compared with."""
    if not day.known:
        return f"{_day(day)}<br>nothing is known of it"
    lines = [_day(day)]
    if paid and day.usd is not None and day.baseline_usd is not None:
        saved = day.baseline_usd - day.usd
        lines += [f"actual {fmt.money(day.usd)}", f"baseline {fmt.money(day.baseline_usd)}"]
        lines.append(
            f"saved {fmt.money(saved)}" if saved >= 0 else f"{fmt.money(-saved)} more than the baseline"
        )
    if day.hours is not None:
        based = "" if day.baseline_hours is None else f" of {day.baseline_hours:,.1f}"
        lines.append(f"{day.hours:,.1f}{based} instance-hours")
    if day.known < 1:
        lines.append(f"{fmt.percent(day.known)} of its minutes known")
    if then is not None and then.usd is not None and paid:
        lines.append(f"{_day(then)}: {fmt.money(then.usd)}")
    return "<br>".join(lines)


def _day(day: SavedDay) -> str:
    return f"{day.day:%a} {day.day.day} {day.day:%b}"


def _edges(days: Sequence[SavedDay], period: Period) -> list[tuple[float, float]]:
    """The begin and end of each day in epoch seconds, as far as it belongs to the period."""
    spans = {day: (begin.timestamp(), end.timestamp()) for day, begin, end in period.days()}
    return [spans[day.day] for day in days]


def _values(days: Sequence[SavedDay | None], paid: bool, which: str) -> Floats:
    """Money or hours of each day; NaN where not known."""
    found = []
    for day in days:
        if day is None:
            found.append(np.nan)
            continue
        money, hours = (day.usd, day.hours) if which == "actual" else (day.baseline_usd, day.baseline_hours)
        value = money if paid else hours
        found.append(np.nan if value is None or not day.known else float(value))
    return np.array(found, dtype=np.float64)


def _line(days: Sequence[SavedDay | None], paid: bool) -> Floats:
    values = _values(days, paid, "actual")
    return values[~np.isnan(values)]


def _bars(
    traces: list[dict[str, object]], middles: Floats, widths: Floats, values: Floats, zone: tzinfo, which: str
) -> None:
    some = ~np.isnan(values)
    paint = tint("fine", 0.18) if which == "baseline" else colour("money")
    traces.append(
        trace(
            "bar",
            x=wall_ms(middles[some], zone),
            y=values[some],
            name=which,
            width=widths[some] * 1000.0 * _SHARE,
            offset=-widths[some] * 500.0 * _SHARE,
            marker={"color": paint, "line": {"width": 0}},
            hoverinfo="skip",
        )
    )


def _edge(begins: Floats, ends: Floats, values: Floats, zone: tzinfo) -> dict[str, object]:
    """The top of each baseline as a line of its own, so that it is seen in front of an actual above it."""
    some = ~np.isnan(values)
    apart = (ends - begins) * (1 - _SHARE) / 2
    left, right = wall_ms((begins + apart)[some], zone), wall_ms((ends - apart)[some], zone)
    return trace(
        "scatter",
        x=[x for pair in zip(left.tolist(), right.tolist(), strict=True) for x in (*pair, None)],
        y=[y for value in values[some].tolist() for y in (value, value, None)],
        name="baseline, its top",
        mode="lines",
        line={"color": colour("text"), "width": 1.6},
        connectgaps=False,
        hoverinfo="skip",
    )


def _before(
    traces: list[dict[str, object]], begins: Floats, ends: Floats, values: Floats, zone: tzinfo
) -> None:
    if (~np.isnan(values)).sum() < 2:
        return
    traces.append(
        trace(
            "scatter",
            x=wall_ms((begins + ends) / 2, zone),
            y=values,
            name="the period before",
            mode="lines",
            line={"color": colour("muted"), "width": 1.4, "dash": "dot"},
            connectgaps=False,
            hoverinfo="skip",
        )
    )


def _unknown(day: SavedDay, begin: float, end: float, top: float, zone: tzinfo) -> dict[str, object]:
    """The unknown share of a day, hatched from the top down."""
    shape = hatch(1, top, utc(begin), utc(end), zone)
    low = top * day.known
    left, right = wall(utc(begin), zone), wall(utc(end), zone)
    return shape | {
        "x": [left, left, right, right, left],
        "y": [low, top, top, low, low],
        "name": "not known",
    }


def _hatched() -> dict[str, object]:
    return {
        "text": "▨ not known",
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": 0,
        "xanchor": "left",
        "yanchor": "top",
        "yshift": -36,
        "xshift": -46,
        "showarrow": False,
        "font": {"size": 13, "color": colour("muted")},
    }

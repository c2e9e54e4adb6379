"""Where the month ends: what was spent so far, what is expected, how sure that is, and the budget. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo

import numpy as np
import plotly.graph_objects as go

from components import format as fmt
from components.charts.grid import Floats, wall_ms
from components.charts.panels import Panel, reach, speak, stack, trace
from components.theme import colour, tint
from ops.core.savings import SavedDay
from ops.core.types import Window, utc
from ops.core.views_savings import Forecast

_TALL = 200
_DOT = {"mode": "markers", "marker": {"color": colour("money"), "size": 9}}


def forecast_chart(found: Forecast, days: Sequence[SavedDay], zone: tzinfo) -> go.Figure:
    """Running sums to the end of the month. `days`: those that were lived through; drawn where they begin the month.

    Where they do not (another period, days of a bill), what was spent so far is one point, from which the rest leads.
    """
    first = date(int(found.month[:4]), int(found.month[5:7]), 1)
    after = (first + timedelta(days=32)).replace(day=1)
    begin, end = _midnight(first, zone), _midnight(after, zone)
    past_at, past = spent_by(found, days, zone)
    ahead_at = np.array([_midnight(day + timedelta(days=1), zone).timestamp() for day, *_ in found.by_day])
    ahead = np.array([[float(v) for v in values] for _, *values in found.by_day]).reshape(-1, 3)
    drawn = past_at.size > 0
    if not drawn and found.spent is not None:
        at = begin.timestamp() + _lived(found, first, zone)
        past_at, past = np.array([at]), np.array([float(found.spent)])
    if past_at.size and ahead_at.size:
        ahead_at = np.concatenate([past_at[-1:], ahead_at])
        ahead = np.vstack([np.repeat(past[-1], 3), ahead])
    greatest = max([1.0, *past.tolist(), *ahead.flatten().tolist(), float(found.budget or 0)])
    top, step = reach(greatest, _TALL)
    note = "— spent" if drawn else "● spent" if past_at.size else ""
    note = "  ".join(
        part for part in (note, "┄ expected", "▬ budget" if found.budget is not None else "") if part
    )
    panel = Panel("Sum of the month · US dollars, estimated", _TALL, top * 1.06, True, note, tick=step)
    chart = stack((panel,), Window(begin, end, 900), zone)
    chart.traces.append(_band(ahead_at, ahead, zone))
    chart.traces.append(_line(ahead_at, ahead[:, 0] if ahead.size else np.empty(0), "expected", zone, "dash"))
    spent = _line(past_at, past, "spent", zone, "solid")
    chart.traces.append(spent if drawn else spent | _DOT)
    if found.budget is not None:
        ends = np.array([begin.timestamp(), end.timestamp()])
        chart.traces.append(_line(ends, np.repeat(float(found.budget), 2), "budget", zone, "solid", "stuck"))
    said = [f"spent {fmt.money(v)}" for v in past.tolist()]
    for value, low, high in ahead[1:].tolist() if past_at.size else ahead.tolist():
        said.append(f"expected about ${value:,.0f}<br>${low:,.0f} to ${high:,.0f}")
    at = np.concatenate([past_at, ahead_at[1:] if past_at.size else ahead_at])
    speak(chart, 1, at, said, zone)
    chart.layout["xaxis"] |= {"hoverformat": "%a %-d %b %H:%M"}
    return chart.figure()


def spent_by(found: Forecast, days: Sequence[SavedDay], zone: tzinfo) -> tuple[Floats, Floats]:
    """(epoch seconds, running sums) at the ends of the days of the month so far; empty where one is not known."""
    first = date(int(found.month[:4]), int(found.month[5:7]), 1)
    mine = [day for day in days if day.day >= first]
    if not mine or mine[0].day != first or any(day.usd is None for day in mine) or found.spent is None:
        return np.empty(0), np.empty(0)
    if abs(sum(float(day.usd or 0) for day in mine) - float(found.spent)) > 0.01 * float(found.spent) + 0.01:
        return np.empty(0), np.empty(0)  # other endpoints, or a month that is cut: not the same money
    at = [_midnight(first, zone).timestamp()]
    sums = [0.0]
    for day in mine:
        at.append(_midnight(day.day + timedelta(days=1), zone).timestamp())
        sums.append(sums[-1] + float(day.usd or 0))
    at[-1] = min(at[-1], _midnight(first, zone).timestamp() + _lived(found, first, zone))
    return np.array(at), np.array(sums)


def described(found: Forecast) -> str:
    """The same for those who do not see it."""
    if found.expected is None:
        return "No forecast."
    budget = "" if found.budget is None else f" The budget is {fmt.money(found.budget)}."
    return f"The month ends at about ${found.expected:,.0f}, between ${found.low:,.0f} and ${found.high:,.0f}.{budget}"


def _lived(found: Forecast, first: date, zone: tzinfo) -> float:
    after = (first + timedelta(days=32)).replace(day=1)
    whole = (_midnight(after, zone) - _midnight(first, zone)).total_seconds()
    return whole - found.days_left * 86_400


def _midnight(day: date, zone: tzinfo) -> datetime:
    return utc(datetime.combine(day, time(), zone).timestamp())


def _line(
    at: Floats, values: Floats, name: str, zone: tzinfo, dash: str, tone: str = "money"
) -> dict[str, object]:
    return trace(
        "scatter",
        x=wall_ms(at, zone),
        y=values,
        name=name,
        mode="lines",
        line={"color": colour(tone), "width": 2, "dash": dash},
        hoverinfo="skip",
    )


def _band(at: Floats, ahead: Floats, zone: tzinfo) -> dict[str, object]:
    """From the low to the high end of what is expected."""
    there = ahead.size > 0
    x = wall_ms(np.concatenate([at, at[::-1]]), zone) if there else np.empty(0)
    y = np.concatenate([ahead[:, 1], ahead[::-1, 2]]) if there else np.empty(0)
    return trace(
        "scatter",
        x=x,
        y=y,
        name="between",
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=tint("money", 0.18),
        hoverinfo="skip",
    )

"""Cold starts by week: how long requests waited for a first result, and how many there were. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta, tzinfo

import numpy as np
import plotly.graph_objects as go

from components import format as fmt
from components.charts.changed import changes_at, mark_changes
from components.charts.grid import Floats, wall_ms
from components.charts.panels import Draft, Panel, axis, empty, reach, speak, stack, trace
from components.format import took
from components.theme import colour, tint
from ops.core.cold_start_stats import Week
from ops.core.marks import Mark
from ops.core.types import Window, utc

WAITS, COUNTS = 1, 2
_TALL, _LOW = 150, 70
FAR = 2.0
"""A worst wait beyond so many times the greatest p90 stands at the upper edge, with its length."""


def weeks_chart(weeks: Sequence[Week], zone: tzinfo, changes: Sequence[Mark] = ()) -> go.Figure:
    """Half and nine of ten waits and the worst one of each week, over the number of cold starts.

    `changes`: what was changed on the endpoint, where it is one.
    """
    begins = [datetime.combine(w.monday, time(), zone) for w in weeks]
    last = datetime.combine(weeks[-1].monday + timedelta(days=7), time(), zone)
    window = Window(_hour(begins[0]), _hour(last), 3600)
    middles = np.array([(b + timedelta(days=3.5)).timestamp() for b in begins])
    lengths = {name: _minutes(weeks, name) for name in ("p50", "p90", "worst")}
    known = lengths["worst"][~np.isnan(lengths["worst"])]
    usual = lengths["p90"][~np.isnan(lengths["p90"])]
    highest = min(float(known.max()), FAR * float(usual.max())) if known.size else 5.0
    top, _ = reach(highest, _TALL)
    most = max([1, *(w.starts + w.failed for w in weeks)])
    high, _ = reach(float(most), _LOW)
    chart = stack(
        (
            Panel(
                "Wait for a first result · min",
                _TALL,
                top * 1.08,
                note="— half  ┄ 9 of 10  ✕ worst",
            ),
            Panel(
                "Cold starts · each week",
                _LOW,
                high * 1.15,
                note="▨ brought no instance",
            ),
        ),
        window,
        zone,
    )
    _line(chart, middles, lengths["p90"], "9 of 10", zone, dash="dot", size=5)
    _line(chart, middles, lengths["p50"], "half", zone, dash="solid", size=7)
    worst = lengths["worst"]
    chart.traces.append(
        trace(
            "scatter",
            x=wall_ms(middles, zone),
            y=np.minimum(worst, top),
            yaxis=axis(WAITS),
            name="worst",
            mode="markers+text",
            text=[f"{took(60 * w)} ▴" if w > top else "" for w in worst.tolist()],
            textposition="bottom center",
            textfont={"size": 11, "color": colour("stuck")},
            cliponaxis=False,
            marker={"symbol": "x-thin", "size": 8, "line": {"color": colour("stuck"), "width": 2}},
            hoverinfo="skip",
        )
    )
    _bars(chart, middles, np.array([w.starts for w in weeks], dtype=float), "served", zone, hatched=False)
    _bars(chart, middles, np.array([w.failed for w in weeks], dtype=float), "failed", zone, hatched=True)
    if not known.size:
        empty(chart, WAITS, "Nobody waited in these weeks")
    mark_changes(chart, changes, window, zone)
    changed = changes_at(changes, np.array([begin.timestamp() for begin in begins]))
    words = ["<br>".join([_words(week), *changed.get(i, ())]) for i, week in enumerate(weeks)]
    speak(chart, WAITS, middles, words, zone)
    return chart.figure()


def described(weeks: Sequence[Week]) -> str:
    """The same for those who do not see it."""
    if not weeks:
        return "No cold start by week."
    said = "; ".join(f"week of {w.monday:%d %B}: {_words(w).replace('<br>', ', ')}" for w in weeks[-6:])
    return f"Cold starts of the last {min(6, len(weeks))} weeks. {said}."


def _hour(when: datetime) -> datetime:
    return utc(when.timestamp() // 3600 * 3600)


def _minutes(weeks: Sequence[Week], name: str) -> Floats:
    return np.array([np.nan if w.waits is None else getattr(w.waits, name) / 60 for w in weeks])


def _line(chart: Draft, at: Floats, values: Floats, name: str, zone: tzinfo, *, dash: str, size: int) -> None:
    chart.traces.append(
        trace(
            "scatter",
            x=wall_ms(at, zone),
            y=values,
            yaxis=axis(WAITS),
            name=name,
            mode="lines+markers",
            connectgaps=False,
            line={"color": colour("waking"), "width": 2, "dash": dash},
            marker={"color": colour("waking"), "size": size},
            hoverinfo="skip",
        )
    )


def _bars(chart: Draft, at: Floats, counts: Floats, name: str, zone: tzinfo, *, hatched: bool) -> None:
    some = counts > 0
    paint = colour("stuck") if hatched else tint("waking", 0.35)
    marker = {"color": paint, "line": {"width": 0}}
    if hatched:
        marker["pattern"] = {"shape": "/", "fgcolor": paint, "bgcolor": colour("ground"), "size": 5}
    chart.traces.append(
        trace(
            "bar",
            x=wall_ms(at[some], zone),
            y=counts[some],
            yaxis=axis(COUNTS),
            name=name,
            width=np.full(int(some.sum()), 5 * 86_400_000.0),
            marker=marker,
            hoverinfo="skip",
        )
    )


def _words(week: Week) -> str:
    said = [f"week of {week.monday.day} {week.monday:%b}", fmt.plural(week.starts, "cold start")]
    if week.waits is not None:
        said.append(f"waits: half under {took(week.waits.p50)}, 9 of 10 under {took(week.waits.p90)}")
        said.append(f"worst {took(week.waits.worst)}, of {fmt.plural(week.waits.count, 'wait')}")
    if week.failed:
        said.append(f"{week.failed} brought no instance")
    return "<br>".join(said)

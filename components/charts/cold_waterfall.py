"""The phases of single cold starts as bars from left to right, striped where the edge of two lies within bounds only.

Pure. Minutes count from the first waiting request, or from the order where nobody waited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go

from components import format as fmt
from components.charts import still
from components.charts.panels import trace
from components.format import took
from components.theme import NOTHING, colour, tint
from ops.core.cold_start import ColdStart, Kind, Step
from ops.core.cold_starts import Outcome

MOST = 15
ROW_PX, LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 34, 118, 66, 8, 64
LONG = 3.0
"""A bar longer than so many medians is cut, so that the others can be read; its length stands beside it."""

_PARTS: tuple[tuple[str, str, Step, Step], ...] = (
    ("noticed", "muted", Step.QUEUED, Step.SIGNAL),
    ("alarm and order", "backlog", Step.SIGNAL, Step.ORDERED),
    ("instance", "waking", Step.ORDERED, Step.UP),
    ("model", "warm", Step.UP, Step.SERVICE),
    ("first result", "fine", Step.SERVICE, Step.RESULT),
)


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of a bar: seconds from its begin, and what it is."""

    name: str
    tone: str
    begin: float
    end: float
    bounded: bool
    """Whether one of its ends lies within bounds only."""
    source: str = ""
    """How its end is known."""


def parts(start: ColdStart, now: datetime) -> tuple[Part, ...]:
    """The stretches of a cold start, one after the other. A moment that is not known joins two of them."""
    zero = start.began
    found: list[Part] = []
    known = [
        (p.step, p.at, p.kind, p.source)
        for p in start.phases
        if p.at is not None and p.step is not Step.EMPTY
    ]
    known = [k for k in known if k[0] is not Step.ALARM]
    for (step, at, kind, _), (after, then, its, source) in pairwise(known):
        name, tone = _meaning(step, after)
        if after is Step.ORDERED and start.failed_attempts:
            name, tone = "attempts that failed", "stuck"
        begin = max((at - zero).total_seconds(), found[-1].end if found else 0.0)
        end = (then - zero).total_seconds()
        if end > begin:
            bounded = Kind.BOUNDED in (kind, its)
            found.append(Part(name, tone, begin, end, bounded, source))
    reached = found[-1].end if found else 0.0
    if start.outcome is Outcome.RUNNING:
        refused = start.failed_attempts > 0 and start.at(Step.ORDERED) is None
        name, tone = ("attempts so far", "stuck") if refused else ("so far", "waking")
        found.append(Part(name, tone, reached, max(reached, (now - zero).total_seconds()), True))
    elif start.outcome is not Outcome.SERVED and start.total_s:
        found.append(Part("attempts", "stuck", reached, reached + start.total_s, False, start.why_failed))
    return tuple(found)


def doubts(start: ColdStart) -> tuple[tuple[float, float], ...]:
    """Where edges may lie that are not measured: seconds from its begin, inside the bar."""
    zero, found = start.began, []
    last = max([p.at for p in start.phases if p.at is not None and p.step is not Step.EMPTY], default=zero)
    for phase in start.phases:
        if phase.kind is Kind.MEASURED or phase.step in (Step.EMPTY, Step.ALARM) or phase.at is None:
            continue
        if phase.earliest is not None and phase.latest is not None:
            begin, end = max(phase.earliest, zero), min(phase.latest, last)
            if end > begin:
                found.append(((begin - zero).total_seconds(), (end - zero).total_seconds()))
    return tuple(found)


def _meaning(step: Step, after: Step) -> tuple[str, str]:
    for name, tone, begin, end in _PARTS:
        if step is begin and after is end:
            return name, tone
    if step is Step.QUEUED:
        return "alarm and order", "backlog"
    if after is Step.RESULT:
        return "first result", "fine"
    return "instance and model", "waking"


def waterfall(starts: Sequence[ColdStart], zone: tzinfo, now: datetime, *, named: bool) -> go.Figure:
    """The newest of `starts`, the newest on top. `named`: each with its endpoint."""
    shown = starts[:MOST]
    bars = [parts(s, now) for s in shown]
    lengths = [b[-1].end if b else 0.0 for b in bars]
    usual = float(np.median([n for n in lengths if n > 0] or [60.0]))
    top = min(max([60.0, *lengths]), max(LONG * usual, 600.0))
    traces = []
    for name in dict.fromkeys(p.name for bar in bars for p in bar):
        rows = [(i, p) for i, bar in enumerate(bars) for p in bar if p.name == name and p.begin < top]
        if rows:
            traces.append(_bar(name, rows, top))
    traces.append(_stripes([(i, d) for i, s in enumerate(shown) for d in doubts(s) if d[0] < top], top))
    traces.append(_totals(shown, lengths, top))
    return go.Figure({"data": traces, "layout": _layout(shown, top, zone, now, named)})


def _bar(name: str, rows: Sequence[tuple[int, Part]], top: float) -> dict[str, Any]:
    said = [
        f"{name}: {took(p.end - p.begin)}<br>{'its ends lie within bounds' if p.bounded else 'both ends measured'}"
        + (f"<br>{_wrapped(p.source)}" if p.source else "")
        for _, p in rows
    ]
    return trace(
        "bar",
        orientation="h",
        x=[(min(p.end, top) - p.begin) / 60 for _, p in rows],
        base=[p.begin / 60 for _, p in rows],
        y=[i for i, _ in rows],
        name=name,
        width=0.62,
        marker={"color": _paint(rows[0][1]), "line": {"width": 0}},
        text=said,
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
    )


def _paint(part: Part) -> str:
    """What is not over yet is pale."""
    return tint(part.tone, 0.35) if part.name.endswith("so far") else colour(part.tone)


def _stripes(rows: Sequence[tuple[int, tuple[float, float]]], top: float) -> dict[str, Any]:
    """Stripes of the ground over what is only bounded; silent."""
    ground = colour("ground")
    return trace(
        "bar",
        orientation="h",
        x=[(min(end, top) - begin) / 60 for _, (begin, end) in rows],
        base=[begin / 60 for _, (begin, _) in rows],
        y=[i for i, _ in rows],
        name="bounded",
        width=0.62,
        marker={
            "color": NOTHING,
            "line": {"width": 0},
            "pattern": {
                "shape": "/",
                "fgcolor": ground,
                "fgopacity": 1,
                "bgcolor": NOTHING,
                "size": 7,
                "fillmode": "replace",
                "solidity": 0.42,
            },
        },
        hoverinfo="skip",
    )


def _totals(shown: Sequence[ColdStart], lengths: Sequence[float], top: float) -> dict[str, Any]:
    """Each length beside its bar."""
    return trace(
        "scatter",
        x=[min(length, top) / 60 for length in lengths],
        y=list(range(len(shown))),
        mode="text",
        text=[f" {'▸ ' if length > top else ''}{took(length)}" for length in lengths],
        textposition="middle right",
        textfont={"color": colour("text"), "size": 12},
        cliponaxis=False,
        hoverinfo="skip",
        showlegend=False,
        name="lengths",
    )


def _wrapped(text: str, width: int = 46) -> str:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + len(word) >= width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "<br>".join([*lines, line])


def _layout(
    shown: Sequence[ColdStart], top: float, zone: tzinfo, now: datetime, named: bool
) -> dict[str, Any]:
    labels = []
    for start in shown:
        when = fmt.moment(start.began, zone, now)
        name = start.endpoint if len(start.endpoint) <= 16 else f"{start.endpoint[:15]}…"
        labels.append(f"{when}<br>{name}" if named else when)
    return still.layout(
        ROW_PX * max(1, len(shown)) + TOP_PX + BOTTOM_PX,
        (LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX),
        {
            "range": [0, top / 60],
            "gridcolor": colour("grid"),
            "zeroline": True,
            "zerolinecolor": colour("muted"),
            "tickfont": {"color": colour("muted")},
            "title": still.title(f"minutes since it began; times in {fmt.zone_name(zone, now)}", 12),
        },
        {
            "range": [len(shown) - 0.4, -0.6],
            "ticks": "outside",
            "ticklen": 6,
            "tickcolor": colour("ground"),
            "tickmode": "array",
            "tickvals": list(range(len(shown))),
            "ticktext": labels,
            "showgrid": False,
            "zeroline": False,
        },
        barmode="overlay",
        font={"color": colour("text"), "size": 12},
    )


def described(starts: Sequence[ColdStart], zone: tzinfo, now: datetime) -> str:
    """The newest few for those who do not see it."""
    said = []
    for start in starts[:5]:
        of = ", ".join(f"{p.name} {took(p.end - p.begin)}" for p in parts(start, now))
        said.append(f"{start.endpoint} {fmt.moment(start.began, zone, now)}: {of or 'nothing known'}")
    return f"Phases of the newest cold starts. {'; '.join(said)}."

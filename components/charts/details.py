"""The details under the signature chart: requests, age, waits, model time and hosts on the same minutes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

import numpy as np
import plotly.graph_objects as go

from components import format as fmt
from components.charts import changed, lines
from components.charts.grid import Floats, spread, step_of, summed
from components.charts.panels import Draft, Panel, axis, provisional, reach, speak, stack
from components.charts.story import top_of
from components.theme import colour, tint
from ops.core import metrics
from ops.core.types import Series, Window
from ops.core.views import EndpointView

REQUESTS, AGE, WAIT, MODEL, HOST = range(1, 6)
HEIGHT = 92
EDGE = 1.04
"""Room above the last tick, so that a line on it is drawn whole."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One metric of a panel: its word, its tone and its stroke, so that no two are told apart by colour alone."""

    key: str
    word: str
    tone: str
    dash: str = "solid"
    width: float = 1.6


COUNTS = (
    (metrics.PROCESSED.key, "processed", tint("fine", 0.35), ""),
    (metrics.FAILURES.key, "failed", colour("stuck"), ""),
    (metrics.EXPIRED.key, "expired", colour("stuck"), "/"),
)
"""Metric, word, paint and pattern of the bars, from the ground up."""
WAITS = (
    Drawn(metrics.TIME_IN_BACKLOG_MAX.key, "max", "backlog", "dot", 1.2),
    Drawn(metrics.TIME_IN_BACKLOG.key, "average", "backlog"),
)
TIMES = (
    Drawn(metrics.MODEL_LATENCY_P90.key, "p90", "money", "dot", 1.2),
    Drawn(metrics.MODEL_LATENCY.key, "average", "money"),
)
HOSTS = (
    Drawn(metrics.CPU.key, "CPU", "warm"),
    Drawn(metrics.MEMORY.key, "memory", "warm", "dot", 1.4),
    Drawn(metrics.GPU.key, "GPU", "money"),
    Drawn(metrics.GPU_MEMORY.key, "GPU mem.", "money", "dot", 1.4),
)


def detail_chart(view: EndpointView, zone: tzinfo) -> go.Figure:
    """What happened to requests and hosts in `view.window`, in panels that line up with the signature chart.

    Units come from the series; a panel with nothing published says why in words.
    """
    window = view.window
    ages, age_unit = _in_time((view.metrics.get(metrics.OLDEST.key),))
    waits, wait_unit = _in_time(tuple(view.metrics.get(d.key) for d in WAITS))
    times, time_unit = _in_time(tuple(view.metrics.get(d.key) for d in TIMES))
    hosts = [view.metrics.get(d.key).values for d in HOSTS]
    counts = [view.metrics.get(key).values for key, *_ in COUNTS]
    sums = [summed(window.epochs(), values, lines.BARS)[1] for values in counts]
    ttl = _ttl(view, ages[0], age_unit)
    age_top, age_tick = reach(
        top_of(ages[0], None if ttl is None else ttl * 1.15, least=_least(age_unit), room=1.0), HEIGHT
    )
    wait_top, wait_tick = reach(top_of(*waits, least=_least(wait_unit), room=1.0), HEIGHT)
    time_top, time_tick = reach(top_of(*times, least=_least(time_unit), room=1.0), HEIGHT)
    tops = (
        top_of(np.nan_to_num(np.array(sums)).sum(axis=0), least=4.0),
        age_top * EDGE,
        wait_top * EDGE,
        time_top * EDGE,
        top_of(*hosts, least=100.0),
    )
    each = each_step(view)
    coarse = "" if window.size <= lines.BARS else f"peaks of {each}"
    present = [one for one, values in zip(HOSTS, hosts, strict=True) if not np.isnan(values).all()]
    lost = f"lost after {fmt.age(view.row.ttl_s)}" if ttl is None else ""
    why = _silent(view, {REQUESTS: counts, AGE: ages, WAIT: waits, MODEL: times, HOST: hosts})
    chart = stack(
        (
            _panel(f"Requests · each {each}", _counts_key(view), tops[0], why[REQUESTS], whole=True),
            _panel(
                f"Age of the oldest request · {age_unit}", "", tops[1], why[AGE], note=lost, tick=age_tick
            ),
            _panel(
                f"Time in backlog · {wait_unit}", _key(WAITS), tops[2], why[WAIT], note=coarse, tick=wait_tick
            ),
            _panel(
                f"Model time · {time_unit}", _key(TIMES), tops[3], why[MODEL], note=coarse, tick=time_tick
            ),
            _panel("Hosts · %", _key(present), tops[4], why[HOST]),
        ),
        window,
        zone,
        together=False,
    )
    provisional(chart, tops, [_settled(view, keys) for keys in _KEYS.values()], window, zone)
    for (_, word, paint, pattern), values in zip(COUNTS, counts, strict=True):
        lines.bars(chart, REQUESTS, word, paint, values, window, zone, pattern=pattern)
    lines.line(chart, AGE, "age of oldest", "muted", *peaks(window, ages[0]), zone)
    if ttl is not None:
        _ttl_line(chart, ttl, view.row.ttl_s)
    for panel, drawn, found in ((WAIT, WAITS, waits), (MODEL, TIMES, times), (HOST, HOSTS, hosts)):
        for one, values in zip(drawn, found, strict=True):
            at, peak = peaks(window, values)
            lines.line(chart, panel, one.word, one.tone, at, peak, zone, width=one.width, dash=one.dash)
    changed.mark_changes(chart, view.changes, window, zone)
    _speak(chart, view, counts, zone)
    return chart.figure()


def _in_time(series: tuple[Series, ...]) -> tuple[list[Floats], str]:
    """The values of several series in the one unit that suits the greatest of them, and that unit."""
    published = [s for s in series if not np.isnan(s.values).all()]
    odd = next((s.unit for s in published if fmt.in_seconds(s.unit) is None), None)
    if odd is not None:
        return [s.values for s in series], odd.lower()
    seconds = [s.values * (fmt.in_seconds(s.unit) or 1.0) for s in series]
    greatest = [float(np.nanmax(v)) for v in seconds if not np.isnan(v).all()]
    unit, length = fmt.time_unit(max(greatest)) if greatest else ("s", 1.0)
    return [v / length for v in seconds], unit


def _least(unit: str) -> float:
    return {"h": 1.0, "min": 2.0, "s": 2.0, "ms": 10.0}.get(unit, 1.0)


def _ttl(view: EndpointView, ages: Floats, unit: str) -> float | None:
    """The age at which a request is lost, in the axis's unit; None while it is far above anything seen."""
    length = {"h": 3600.0, "min": 60.0, "s": 1.0, "ms": 0.001}.get(unit)
    if length is None or np.isnan(ages).all():
        return None
    limit = view.row.ttl_s / length
    return limit if float(np.nanmax(ages)) >= limit / 3 else None


def _ttl_line(chart: Draft, at: float, ttl_s: float) -> None:
    where = {"xref": "paper", "yref": axis(AGE), "x0": 0, "x1": 1, "y0": at, "y1": at}
    shape = {"type": "line", "line": {"color": colour("stuck"), "width": 1.2, "dash": "dash"}} | where
    note = {
        "text": f"lost after {fmt.age(ttl_s)}",
        "xref": "paper",
        "yref": axis(AGE),
        "x": 0,
        "y": at,
        "xanchor": "left",
        "yanchor": "bottom",
        "xshift": 4,
        "showarrow": False,
        "font": {"size": 13, "color": colour("stuck")},
    }
    chart.shapes.append(shape)
    chart.notes.append(note)


def each_step(view: EndpointView) -> str:
    """The step into which counts are gathered, as one says it: minute, 5 min, 2 h."""
    step = view.window.period
    if view.window.size > lines.BARS:
        span = (view.window.end - view.window.start).total_seconds()
        step = int(step_of(span, view.window.period, lines.BARS - 2))
    return {60: "minute", 3600: "hour", 86400: "day"}.get(step) or fmt.duration(step)


def _counts_key(view: EndpointView) -> str:
    """The words of the bars that the range holds, in their colours."""
    signs = {"processed": "■", "failed": "■", "expired": "▨"}
    return "  ".join(
        f'<span style="color:{_ink(word)}">{signs[word]}</span> {word}'
        for key, word, *_ in COUNTS
        if word != "expired" or np.nan_to_num(view.metrics.get(key).values).any()
    )


def _ink(word: str) -> str:
    return colour("fine" if word == "processed" else "stuck")


def _key(drawn: Sequence[Drawn]) -> str:
    """The strokes of a panel and their words."""
    return "  ".join(
        f'<span style="color:{colour(one.tone)}">{"━" if one.dash == "solid" else "┄"}</span> {one.word}'
        for one in drawn
    )


def peaks(window: Window, values: Floats) -> tuple[Floats, Floats]:
    """The greatest datapoint of each step, and when the step begins."""
    found = spread(window.epochs(), values, window.period)
    return found.at, found.high


def _panel(
    title: str, key: str, top: float, silent: str, *, note: str = "", whole: bool = False, tick: float = 0.0
) -> Panel:
    """A panel with the key of its strokes; a silent one needs neither key nor unit."""
    words = title.partition(" · ")[0] if silent else f"{title}: {key}" if key else title
    return Panel(words, HEIGHT, top, whole=whole, note=note, silent=silent, tick=tick)


UNREAD = "The metrics could not be read"
_KEYS = {
    REQUESTS: tuple(key for key, *_ in COUNTS),
    AGE: (metrics.OLDEST.key,),
    WAIT: tuple(d.key for d in WAITS),
    MODEL: tuple(d.key for d in TIMES),
    HOST: tuple(d.key for d in HOSTS),
}
"""The metrics of each panel."""


def _settled(view: EndpointView, keys: tuple[str, ...]) -> datetime:
    """From when on a panel is not final: some of its metrics are read more rarely than others."""
    return min((view.settled[key] for key in keys if key in view.settled), default=view.provisional_from)


def _silent(view: EndpointView, panels: Mapping[int, list[Floats]]) -> dict[int, str]:
    """Why each panel shows nothing; empty where it shows something."""
    served = np.nan_to_num(view.instances.values).any()
    nobody = "No instance served in this range"
    quiet = "No request finished in this range" if served else nobody
    texts = {
        REQUESTS: "No request finished, failed or expired in this range",
        AGE: "Nothing waited in this range",
        WAIT: quiet,
        MODEL: quiet,
        HOST: "No host metric was published in this range" if served else nobody,
    }
    denied = any(problem.part == "metrics" for problem in view.problems)
    return {
        panel: (UNREAD if denied or view.unread.issuperset(_KEYS[panel]) else texts[panel])
        if all(np.isnan(values).all() for values in found)
        else ""
        for panel, found in panels.items()
    }


def _speak(chart: Draft, view: EndpointView, counts: list[Floats], zone: tzinfo) -> None:
    window, epochs = view.window, view.window.epochs()
    at, _ = summed(epochs, counts[0], lines.BARS)
    sums = [summed(epochs, values, lines.BARS)[1] for values in counts]
    final = view.provisional_from.timestamp()
    step = step_of(window.period * len(epochs), window.period, lines.BARS - 2)
    changes = changed.changes_at(view.changes, at)
    late = [" · not final yet" if start + step > final else "" for start in at.tolist()]
    rows = []
    for i, end in enumerate(late):
        parts = [
            f"{fmt.count(s[i])} {word}" for s, (_, word, *_) in zip(sums, COUNTS, strict=True) if s[i] > 0
        ]
        known = any(not np.isnan(s[i]) for s in sums)
        quiet = "none" if known else "nothing published"
        rows.append("<br>".join([("<br>".join(parts) or quiet) + end, *changes.get(i, ())]))
    speak(chart, REQUESTS, at, rows, zone)
    age = Drawn(metrics.OLDEST.key, "oldest", "muted")
    for panel, drawn in ((AGE, (age,)), (WAIT, WAITS), (MODEL, TIMES), (HOST, HOSTS)):
        texts = [_said(view.metrics.get(one.key), fmt.age if panel == AGE else fmt.wait) for one in drawn]
        rows = []
        for i, end in enumerate(late):
            parts = [f"{one.word} {text[i]}" for one, text in zip(drawn, texts, strict=True) if text[i]]
            rows.append(("<br>".join(parts) or "nothing published") + end)
        speak(chart, panel, at, rows, zone)


def _said(series: Series, say: Callable[[float], str] = fmt.wait) -> list[str]:
    """The greatest value of each step with its unit; empty where nothing was published."""
    found = spread(series.window.epochs(), series.values, series.window.period).high
    scale = fmt.in_seconds(series.unit)
    if scale is not None:
        return ["" if np.isnan(v) else say(v * scale) for v in found.tolist()]
    unit = "%" if series.unit == "Percent" else ("" if series.unit == "None" else series.unit.lower())
    if series.name == metrics.CPU.key and (found > 100).any():
        unit += " (100 a core)"  # AWS adds up the cores
    return ["" if np.isnan(v) else f"{v:.0f} {unit}".rstrip() for v in found.tolist()]

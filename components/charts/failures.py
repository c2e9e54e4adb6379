"""Failures by cause over time, stacked; beside them what went well, and messages that could not be sent. Pure."""

from __future__ import annotations

from datetime import tzinfo
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from components import format as fmt
from components.charts import lines
from components.charts.changed import changes_at, mark_changes
from components.charts.grid import Floats, step_of, summed
from components.charts.panels import Draft, Panel, provisional, speak, stack
from components.charts.story import top_of
from components.theme import colour, tint
from ops.core.failures import FAILED, Cause
from ops.core.types import Window
from ops.core.views_failures import FailuresView

HEIGHT, LOW = 168, 84
UNREAD = "The metrics could not be read"


class Look(NamedTuple):
    """How the bars of one cause look: a word, a tone and a pattern, so that none is told by colour alone."""

    word: str
    tone: str
    pattern: str
    sign: str


LOOKS = {
    Cause.MODEL_5XX: Look("model 5xx", "stuck", "", "■"),
    Cause.MODEL_4XX: Look("model 4xx", "stuck", "x", "▩"),
    Cause.DOWNLOAD: Look("input not read", "backlog", "\\", "▧"),
    Cause.UPLOAD: Look("result not written", "money", "|", "▥"),
    Cause.OTHER: Look("other", "muted", "-", "▤"),
    Cause.EXPIRED: Look("expired", "waking", "/", "▨"),
    Cause.NOTIFICATION: Look("not sent", "waking", "+", "▦"),
}
LOST = (*FAILED, Cause.EXPIRED)
"""What the first panel stacks, from the ground up."""


def failures_chart(view: FailuresView, zone: tzinfo) -> go.Figure:
    """What was lost in each step of the range, by cause; what was processed; and messages not sent, where any."""
    split, window = view.split, view.split.window
    each = each_step(window)
    lost = {cause: split.steps[cause] for cause in LOST}
    shown = [cause for cause in LOST if (split.totals[cause] or 0.0) > 0]
    sums = [_sums(window, lost[cause]) for cause in LOST]
    untold = split.steps[Cause.NOTIFICATION]
    some_untold = bool(split.totals[Cause.NOTIFICATION])
    nothing = "" if shown else _why_nothing(view)
    went = "" if np.nan_to_num(split.processed).any() else "No request went well in this range"
    if split.finished is None and went:
        went = UNREAD
    tops = [
        top_of(np.nan_to_num(np.array(sums)).sum(axis=0), least=4.0),
        top_of(_sums(window, split.processed), least=4.0),
    ]
    panels = [
        Panel(
            f"Failed or expired · each {each}: {_key(shown)}" if shown else "Failed or expired",
            HEIGHT,
            tops[0],
            silent=nothing,
        ),
        Panel("Processed" if went else f"Processed · each {each}", LOW, tops[1], silent=went),
    ]
    if some_untold:
        tops.append(top_of(_sums(window, untold), least=4.0))
        panels.append(Panel(f"Messages to SNS not sent · each {each}", LOW, tops[2]))
    chart = stack(tuple(panels), window, zone, together=False)
    provisional(chart, tuple(tops), view.provisional_from, window, zone)
    for cause in shown:
        _bars(chart, 1, cause, lost[cause], window, zone)
    lines.bars(chart, 2, "processed", tint("fine", 0.35), split.processed, window, zone)
    if some_untold:
        _bars(chart, 3, Cause.NOTIFICATION, untold, window, zone)
    mark_changes(chart, view.changes, window, zone)
    _speak(chart, view, zone, shown, some_untold)
    return chart.figure()


def described(view: FailuresView, zone: tzinfo) -> str:
    """The chart in a sentence, for screen readers."""
    split = view.split
    parts = [f"{fmt.count(split.totals[c])} {LOOKS[c].word}" for c in split.some]
    unknown = [LOOKS[c].word for c in split.unknown]
    length = fmt.duration((split.window.end - split.window.start).total_seconds())
    until = f"{fmt.moment(split.window.end, zone, view.as_of)} {fmt.zone_name(zone, split.window.end)}"
    said = ", ".join(parts) or "none"
    rest = f"; not known: {', '.join(unknown)}" if unknown else ""
    return f"Failures of {view.endpoint.ref.name} by cause, {length} until {until}: {said}{rest}."


def each_step(window: Window) -> str:
    """The step into which counts are gathered, as one says it."""
    step = window.period
    if window.size > lines.BARS:
        step = int(step_of((window.end - window.start).total_seconds(), window.period, lines.BARS - 2))
    return {60: "minute", 3600: "hour", 86400: "day"}.get(step) or fmt.duration(step)


def _sums(window: Window, values: Floats) -> Floats:
    return summed(window.epochs(), values, lines.BARS)[1]


def _why_nothing(view: FailuresView) -> str:
    if view.split.failed is None or Cause.EXPIRED in view.split.unknown:
        return UNREAD
    return (
        "Why requests failed is not known"
        if view.split.failed
        else "No request failed or expired in this range"
    )


def _key(shown: list[Cause]) -> str:
    return "  ".join(
        f'<span style="color:{colour(LOOKS[c].tone)}">{LOOKS[c].sign}</span> {LOOKS[c].word}' for c in shown
    )


def _bars(chart: Draft, panel: int, cause: Cause, values: Floats, window: Window, zone: tzinfo) -> None:
    look = LOOKS[cause]
    lines.bars(chart, panel, look.word, colour(look.tone), values, window, zone, pattern=look.pattern)


def _speak(chart: Draft, view: FailuresView, zone: tzinfo, shown: list[Cause], untold: bool) -> None:
    split, window = view.split, view.split.window
    at, processed = summed(window.epochs(), split.processed, lines.BARS)
    step = step_of(window.period * window.size, window.period, lines.BARS - 2)
    final = view.provisional_from.timestamp()
    late = [" · not final yet" if start + step > final else "" for start in at.tolist()]
    changes = changes_at(view.changes, at)
    changed = [end + "".join(f"<br>{c}" for c in changes.get(i, ())) for i, end in enumerate(late)]
    sums = {cause: _sums(window, split.steps[cause]) for cause in (*shown, Cause.NOTIFICATION)}

    def said(causes: list[Cause], number: int) -> str:
        parts = [f"{fmt.count(sums[c][number])} {LOOKS[c].word}" for c in causes if sums[c][number] > 0]
        return "<br>".join(parts) or "none published"

    if shown:
        speak(chart, 1, at, [said(shown, i) + end for i, end in enumerate(changed)], zone)
    words = ["nothing published" if np.isnan(n) else f"{fmt.count(n)} processed" for n in processed.tolist()]
    speak(
        chart, 2, at, [word + end for word, end in zip(words, late if shown else changed, strict=True)], zone
    )
    if untold:
        speak(chart, 3, at, [said([Cause.NOTIFICATION], i) + end for i, end in enumerate(late)], zone)

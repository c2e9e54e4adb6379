"""How far the replay can be trusted: today's policy over its own past, beside what happened."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

import streamlit as st

from components import format as fmt
from components import notices, planner_door
from components.charts import plan_back
from components.live_plot import live_plot
from components.markup import Html, html, joined, show
from components.tables import cell, line, table

_TRUSTED = {
    "good": ("✓", "close", "fine"),
    "fair": ("▲", "fair", "waking"),
    "poor": ("✕", "off", "stuck"),
    "unknown": ("?", "not judged", "muted"),
}


def section(name: str, days: int, as_of: datetime, zone: tzinfo) -> None:
    """Folded; it is made only for those who look."""
    fold = st.expander(
        "Back-test: what this replay says of the past, against what happened",
        key="planner-back",
        icon=":material/fact_check:",
        on_change="rerun",
    )
    if not fold.open:
        return
    with fold, notices.guard("the back-test"):
        with st.spinner("Replaying today's policy over its own past …"):
            found = planner_door.backtest(name, days, as_of).value
        show(told(found), key="planner-back-says")
        at = datetime.fromtimestamp(found.actual.first_s, UTC)
        live_plot(
            lambda: (
                plan_back.back_chart(at, found.actual.instances, found.instances, zone),
                plan_back.described(found.actual.instances, found.instances),
            ),
            of=found,
            key="planner-back-chart",
            view=str(zone),
            group="planner",
        )


def none() -> None:
    """That there is none, and why."""
    said = (
        "No back-test: this traffic was given, it did not happen here, so there is nothing to compare a replay with. "
        "That of an endpoint's own traffic stands on this page once that is chosen."
    )
    show(html('<p class="muted small">{said}</p>', said=said), key="planner-back-none")


def told(found: planner_door.Backtest) -> Html:
    """The verdict in words, then each figure on both sides."""
    rows = [
        line(
            cell(each.name, "", "name"),
            cell(_value(each.actual, each.unit), "happened", "num"),
            cell(
                html(
                    '{mid}<div class="small muted">{span}</div>',
                    mid=_value(each.replayed.mid, each.unit),
                    span=_span(each.replayed.low, each.replayed.high, each.unit),
                ),
                "replayed",
                "num",
            ),
            cell(_trusted(each.trust.value), "agreement"),
        )
        for each in found.figures
    ]
    heads = (("", ""), ("happened", "num"), ("replayed", "num"), ("agreement", ""))
    first, *rest = found.sentences
    return html(
        '<div class="stack"><p><b>{first}</b></p>{rest}{table}<p class="muted small">Replayed {seeds} times; the '
        "range is over these. In {same} of the known minutes both have the same number of instances.</p></div>",
        first=first,
        rest=joined(html("<p>{t}</p>", t=t) for t in rest),
        table=table(heads, rows, "Actual against replayed"),
        seeds=found.seeds,
        same=fmt.percent(found.same.mid),
    )


def _value(value: float, unit: str) -> str:
    if unit == "s":
        return fmt.wait(value)
    if unit == "h":
        return f"{value:,.1f} h" if value == value else fmt.DASH
    return fmt.count(value)


def _span(low: float, high: float, unit: str) -> str:
    first, last = _value(low, unit), _value(high, unit)
    return "" if first == last else f"{first} – {last}"


def _trusted(trust: str) -> Html:
    icon, word, tone = _TRUSTED[trust]
    return html(
        '<span class="{t} nowrap"><span aria-hidden="true">{i}</span> {w}</span>', t=tone, i=icon, w=word
    )

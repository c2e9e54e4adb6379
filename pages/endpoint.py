"""Endpoint: what is going on here, since when, and why?"""

import streamlit as st

from components import cards, notices, rules, scope, session, tables
from components.access import require
from components.charts.details import detail_chart
from components.charts.realtime import realtime_chart
from components.charts.sentences import described
from components.charts.signature import signature_chart
from components.live import live_panel
from components.live_plot import live_plot
from components.markup import html, joined, show
from ops.core.views import EndpointView

require("viewer")
zone = scope.zone()

with st.container(horizontal=True, vertical_alignment="center", key="scope"):
    name = scope.pick_endpoint(session.names())
    span = scope.pick_range()
if span.refused:
    notices.bad_range(span.refused, span.key)

HATCHED = "Hatched: the newest minutes, not final yet. A gap is a gap: AWS published nothing there."
LEGEND = (
    "Amber: from the order of the first instance until it served. "
    f"Triangles: scaling; ✕: an attempt that failed. {HATCHED}"
)


def chart(view: EndpointView) -> None:
    queued = view.row.endpoint.is_async or not view.row.endpoint.described
    on_show = f"{name}|{span.key}|{zone.key}"
    live_plot(
        signature_chart(view, zone.info) if queued else realtime_chart(view, zone.info),
        key="endpoint-chart",
        view=on_show,
        alt=described(view, zone.info),
    )
    if queued:
        live_plot(
            detail_chart(view, zone.info),
            key="endpoint-details",
            view=on_show,
            alt=f"Requests, age of the oldest, waits, model time and hosts of {name}, on the same minutes.",
        )
    notes = [
        html('<p class="muted small">{n}</p>', n=n) for n in (*view.notes, LEGEND if queued else HATCHED)
    ]
    show(html("{a}", a=joined(notes)), key="chart-notes")


def details(view: EndpointView) -> None:
    activity, settings, config = st.tabs(["Scaling activity", "Policies and alarms", "Configuration"])
    with activity:
        show(tables.activity_table(view, zone.info), key="activity")
    with settings:
        show(rules.rules(view, zone.info), key="rules")
    with config:
        show(rules.configuration(view, zone.info), key="configuration")


def body() -> None:
    if not name:
        notices.choose_endpoint()
        return
    view = session.source().endpoint(name, span.span)
    notices.problems(view.problems)
    show(cards.headline(view.row, zone.info, view.as_of), key="headline")
    show(cards.numbers(view.row), key="numbers")
    chart(view)
    details(view)


live_panel(
    body, key="endpoint-panel", part=f"the endpoint {name}" if name else "the endpoint", at_least=span.calm_s
)

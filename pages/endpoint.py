"""Endpoint: what is going on here, since when, and why?"""

import streamlit as st

from components import (
    capacity_words,
    cards,
    changes,
    custom_range,
    failure_cards,
    findings,
    handover,
    notices,
    rules,
    scope,
    session,
    tables,
    unread,
    waking,
    zoom,
)
from components import format as fmt
from components.access import require
from components.charts.changed import key_of
from components.charts.details import detail_chart
from components.charts.realtime import realtime_chart
from components.charts.sentences import described
from components.charts.signature import signature_chart
from components.header import as_of
from components.live import live_panel
from components.live_plot import live_plot
from components.markup import Html, html, joined, show
from components.request_words import requests_link
from ops.core.views import EndpointView

require("viewer")
zone = scope.zone()
zoom.read()

HATCHED = "Hatched: not final or not read yet. A gap before that is a gap: AWS published nothing there."
LEGEND = (
    "Amber: from the order of the first instance until it served. "
    f"Triangles: scaling; ✕: an attempt that failed. {HATCHED}"
)


def charts(view: EndpointView, shown: scope.Range) -> None:
    name, queued = view.row.endpoint.ref.name, view.row.endpoint.is_async or not view.row.endpoint.described
    on_show = f"{name}|{shown.view}|{zone.info}"
    chart = signature_chart if queued else realtime_chart
    live_plot(
        lambda: (chart(view, zone.info), described(view, zone.info)),
        of=view,
        key="endpoint-chart",
        view=on_show,
        group="endpoint",
    )
    if queued:
        said = f"Requests, age of the oldest, waits, model time and hosts of {name}, on the same minutes."
        live_plot(
            lambda: (detail_chart(view, zone.info), said),
            of=view,
            key="endpoint-details",
            view=on_show,
            group="endpoint",
        )
    key = key_of(view.changes)
    marked = (f"Changed: {key}; who and what on hover, and below.",) if key else ()
    notes = [
        html('<p class="muted small">{n}</p>', n=n)
        for n in (*view.notes, *marked, LEGEND if queued else HATCHED)
    ]
    show(html("{a}", a=joined(notes)), key="chart-notes")


def details(view: EndpointView) -> None:
    activity, changed, settings, config = st.tabs(
        ["Scaling activity", "What was changed", "Policies and alarms", "Configuration"]
    )
    with activity:
        show(tables.activity_table(view, zone.info), key="activity")
    with changed:
        show(changes.changes_table(view, zone.info), key="changes")
    with settings:
        show(rules.rules(view, zone.info), key="rules")
    with config:
        show(rules.configuration(view, zone.info), key="configuration")


def every_endpoint() -> Html:
    """What to choose from while no endpoint is named. Old numbers are said to be old."""
    view = session.source().fleet()
    older, missing = unread.split(view.problems)
    notices.problems(older, fmt.clock(view.as_of, zone.info, seconds=True))
    notices.problems(missing)
    items = joined(
        html(
            "<li>{link} {pill}</li>",
            link=cards.endpoint_link(r.endpoint.ref.name, html("{n}", n=r.endpoint.ref.name), focus="each"),
            pill=cards.pill(r.verdict),
        )
        for r in (*view.rows, *view.realtime)
    )
    return html(
        '<div class="stack"><h1 tabindex="-1">Which endpoint?</h1>'
        '<p class="muted">{headline}</p><ul class="plain each">{items}</ul></div>',
        headline=view.headline,
        items=items,
    )


def body() -> None:
    verdict = st.container()
    pickers = st.container(horizontal=True, vertical_alignment="center", key="scope")
    rest = st.container()
    with pickers:
        name = scope.pick_endpoint(session.names())
    if not name:
        with verdict:
            show(every_endpoint(), key="each")
        return
    st.set_page_config(page_title=f"{name[:63]} · Ebb")
    with pickers:
        shown = scope.pick_range()
        custom_range.pick(shown, zone)
    with verdict:
        view, age_s = session.endpoint(name, shown.asked)
        older, missing = unread.split(view.problems)
        notices.problems(older, fmt.clock(view.as_of, zone.info, seconds=True))
        show(cards.headline(view.row, zone.info, view.as_of), key="headline")
        show(capacity_words.of_endpoint(view, zone.info), key="suspended")
        show(findings.ask(name), key="ask-the-doctor")
        notices.problems(missing)
        show(cards.numbers(view.row, view.problems), key="numbers")
        waking.waking(view, zone.info)
        show(failure_cards.why_link(view), key="why-failed")
        show(requests_link(view.row), key="to-requests")
        fresh = as_of(view.as_of, age_s, zone.info, session.interval_s())
        show(html('<p class="small">{fresh}</p>', fresh=fresh), key="as-of")
        summary = st.container()
    with rest:
        if shown.refused:
            notices.bad_range(shown.refused, shown.key)
        if shown.part.refused:
            notices.bad_part(shown.part.refused, shown.words(zone))
        charts(view, shown)
        details(view)
    with summary:
        handover.copy_summary(view)


live_panel(body, key="endpoint-panel", part="the endpoint", at_least=scope.calm_s)

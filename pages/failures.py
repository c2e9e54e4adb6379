"""Failures: which requests failed, why, since when, and what does the log say of them?"""

import streamlit as st

from components import (
    custom_range,
    failure_cards,
    failure_door,
    failure_parts,
    notices,
    scope,
    session,
    unread,
    zoom,
)
from components import format as fmt
from components.access import require
from components.charts.changed import key_of
from components.charts.failures import described, failures_chart
from components.header import as_of
from components.live import live_panel
from components.live_plot import live_plot
from components.markup import html, joined, show
from components.request_words import requests_link
from ops.core.views_failures import failures_of

require("viewer")
zone = scope.zone()
zoom.read()
HATCHED = "Hatched: not final or not read yet. Where there is no bar, AWS published no failure."
whole_run = [True]
"""Emptied when the page has been run once: what runs the panel after that is its own refresh."""


def choose() -> None:
    """What to choose from while no endpoint is named."""
    view = session.source().fleet()
    older, missing = unread.split(view.problems)
    notices.problems(older, fmt.clock(view.as_of, zone.info, seconds=True))
    notices.problems(missing)
    show(failure_cards.choose(view.rows), key="each")


def body() -> None:
    verdict = st.container()
    pickers = st.container(horizontal=True, vertical_alignment="center", key="scope")
    rest = st.container()
    with pickers:
        name = scope.pick_endpoint(session.names())
    if whole_run:
        st.session_state[failure_door.FAILURES_OF] = None
    if not name:
        with verdict:
            choose()
        return
    st.set_page_config(page_title=f"Failures of {name[:50]} · Ebb")
    with pickers:
        shown = scope.pick_range()
        custom_range.pick(shown, zone)
    with verdict:
        view, age_s = session.endpoint(name, shown.asked)
        older, missing = unread.split(view.problems)
        notices.problems(older, fmt.clock(view.as_of, zone.info, seconds=True))
        notices.problems(missing)
        if not view.row.endpoint.is_async and view.row.endpoint.described:
            st.info(
                "A real-time endpoint answers its callers itself: it has no queue, no failure objects and no "
                "log of failed requests.",
                icon=":material/bolt:",
            )
            return
        found = failures_of(view)
        show(failure_cards.headline(found, view.row, zone.info), key="headline")
        if found.split.some or found.split.unknown:
            show(failure_cards.causes(found), key="causes")
        show(requests_link(view.row), key="to-requests")
        fresh = as_of(view.as_of, age_s, zone.info, session.interval_s())
        show(html('<p class="small">{fresh}</p>', fresh=fresh), key="as-of")
    with rest:
        if shown.refused:
            notices.bad_range(shown.refused, shown.key)
        if shown.part.refused:
            notices.bad_part(shown.part.refused, shown.words(zone))
        live_plot(
            lambda: (failures_chart(found, zone.info), described(found, zone.info)),
            of=view,
            key="failures-chart",
            view=f"{name}|{shown.view}|{zone.info}",
            group="failures",
        )
        key = key_of(found.changes)
        marked = (f"Changed: {key}; who and what on hover.",) if key else ()
        notes = [html('<p class="muted small">{n}</p>', n=n) for n in (*found.notes, *marked, HATCHED)]
        show(html("{a}", a=joined(notes)), key="chart-notes")
    st.session_state[failure_door.FAILURES_OF] = (name, shown, found.split.failed)


def panel() -> None:
    """The live part. Another endpoint or range chosen in it runs the whole page: the parts below follow."""
    before = st.session_state.get(failure_door.FAILURES_OF)
    body()
    after = st.session_state.get(failure_door.FAILURES_OF)
    if whole_run:
        whole_run.clear()
    elif _view(before) != _view(after):
        st.rerun()


def _view(chosen: tuple[str, scope.Range, float | None] | None) -> tuple[str, str] | None:
    return (chosen[0], chosen[1].view) if chosen is not None else None


live_panel(panel, key="failures-panel", part="failures", at_least=scope.calm_s)
chosen = st.session_state.get(failure_door.FAILURES_OF)
if chosen is not None:
    failure_parts.pick(*chosen, zone)

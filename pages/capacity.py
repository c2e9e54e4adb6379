"""Capacity: what holds, what would a change of it lead to, and what does it cost?"""

from datetime import timedelta

import streamlit as st

from components import (
    capacity_drift,
    capacity_forms,
    capacity_words,
    cards,
    change_panel,
    notices,
    scope,
    session,
    unread,
    warm_editor,
    warm_forms,
)
from components import format as fmt
from components.access import require
from components.header import as_of
from components.live import live_panel
from components.markup import html, joined, show
from ops.core.errors import UnknownEndpoint
from ops.core.types import Problem
from ops.core.views_capacity import CapacityView

require("viewer")
zone = scope.zone()
SPAN = timedelta(hours=1)


def choose() -> None:
    """What to choose from while no endpoint is named."""
    view = session.source().fleet()
    older, missing = unread.split(view.problems)
    notices.problems(older, fmt.clock(view.as_of, zone.info, seconds=True))
    notices.problems(missing)
    items = joined(
        html(
            "<li>{link} {pill} <span class='muted'>{bounds}</span></li>",
            link=capacity_words.capacity_link(
                r.endpoint.ref.name, html("{n}", n=r.endpoint.ref.name), focus="each"
            ),
            pill=cards.pill(r.verdict),
            bounds=f"{r.bounds.min}–{r.bounds.max}" if r.bounds else "no bounds",
        )
        for r in (*view.rows, *view.realtime)
    )
    head = html('<h1 tabindex="-1">Capacity of which endpoint?</h1>')
    body = '<div class="stack">{head}<ul class="plain each">{items}</ul></div>'
    show(html(body, head=head, items=items), key="each")


def now(name: str) -> None:
    """What holds, from what is in memory anyway; it refreshes by itself."""
    view, age_s = session.endpoint(name, SPAN)
    older, missing = unread.split(view.problems)
    notices.problems(older, fmt.clock(view.as_of, zone.info, seconds=True))
    show(capacity_words.holds(view, zone.info), key="holds")
    capacity_drift.moved(view)
    notices.problems([p for p in missing if p.part in (unread.TARGETS, unread.POLICIES, unread.SCHEDULES)])
    fresh = as_of(view.as_of, age_s, zone.info, session.interval_s())
    show(html('<p class="small">{fresh}</p>', fresh=fresh), key="as-of")


def about(view: CapacityView) -> None:
    """What makes changes impossible or unwise just now."""
    endpoint, known = view.around.endpoint, view.connection
    if view.setup.target is not None:
        off = capacity_words.suspended(
            view.setup.target.suspended, view.suspended_since, view.suspended_by, view.around.now, zone.info
        )
        show(off, key="suspended")
    if not known.writable:
        why = known.why_read_only or "changes are off"
        said = f"Read-only: {why}. Every change can be reviewed and its commands copied; none can be applied here."
        st.info(notices.plain(said), icon=":material/visibility:")
    elif not change_panel.operates():
        st.info(
            "You may look: every change can be reviewed and its commands copied. Applying one needs the role operator.",
            icon=":material/visibility:",
        )
    if endpoint.status != "InService" and endpoint.described:
        said = f"The endpoint is {endpoint.status}: AWS may refuse changes until it is in service."
        st.warning(notices.plain(said), icon=":material/hourglass_top:")


def forms(name: str) -> None:
    try:
        told = capacity_drift.newest(name)
    except UnknownEndpoint:
        return  # what holds now, above, has said so
    view = told.value
    if told.error is not None:
        older = Problem(unread.OLDER, told.error.what, told.error.hint, retryable=told.error.retryable)
        notices.problems([older], fmt.clock(view.around.now, zone.info, seconds=True))
    about(view)
    capacity_drift.drifted(name, view.connection, zone.info)
    parts = ["Bounds", "Keep warm", "Policies", "Suspend"]
    bounds, warm, policies, suspend = st.tabs(parts, key=session.DO, bind="query-params", on_change="rerun")
    with bounds:
        capacity_forms.bounds(view)
    if warm.open or warm_editor.is_open(
        name
    ):  # it reads a month: only for those who look, or have typed there
        with warm, notices.guard("what keeps it warm"):
            warm_forms.keep_warm(name, zone.info)
    with policies:
        capacity_forms.policies(view)
    with suspend:
        capacity_forms.suspension(view)


top = st.container()
with st.container(horizontal=True, vertical_alignment="center", key="scope"):
    chosen = scope.pick_endpoint(session.names())
if chosen:
    st.set_page_config(page_title=f"Capacity of {chosen[:50]} · Ebb")
    capacity_drift.begin()
    with top:
        live_panel(lambda: now(chosen), key="capacity-now", part="what holds now", at_least=15.0)
    with notices.guard("the forms"):
        forms(chosen)
else:
    with top:
        live_panel(choose, key="capacity-each", part="the endpoints", at_least=15.0)
change_panel.show("capacity")

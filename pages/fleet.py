"""Fleet: does anything need attention, and what does every endpoint do right now?"""

import streamlit as st

from components import cards, notices, session, tables
from components.access import require
from components.live import live_panel
from components.markup import Html, html, show
from ops.core.views import FleetView

require("viewer")


def story(view: FleetView) -> Html:
    return html(
        '<div class="stack"><h1>{headline}</h1>{attention}</div>',
        headline=view.headline,
        attention=cards.attention((*view.rows, *view.realtime)),
    )


def body() -> None:
    view = session.source().fleet()
    if not view.rows and not view.realtime:
        show(html("<h1>{headline}</h1>", headline=view.headline), key="fleet-story")
        notices.problems(view.problems)
        notices.empty_account(view.connection.region)
        return
    notices.problems(view.problems)
    show(story(view), key="fleet-story")
    if view.rows:
        st.space("small")
        show(tables.fleet_table(view.rows, "Asynchronous endpoints, trouble first"), key="fleet-table")
    if view.realtime:
        st.space("small")
        realtime = html(
            '<div class="stack"><h2>Real-time endpoints</h2>'
            '<p class="muted small">No queue and no sleep: here only to be complete.</p>{table}</div>',
            table=tables.realtime_table(view.realtime),
        )
        show(realtime, key="fleet-realtime")


live_panel(body, key="fleet", part="the fleet")

"""Fleet: does anything need attention, and what does every endpoint do right now?"""

import streamlit as st

from components import attention, fleet_controls, notices, place, places_list, scope, session, unread
from components import format as fmt
from components.access import require
from components.fleet_list import NEEDS_YOU, TROUBLE_FIRST, shown
from components.fleet_table import fleet_table, realtime_table
from components.live import live_panel
from components.markup import html, show
from components.since_line import since_line

user = require("viewer")
zone = scope.zone()


def story() -> None:
    """Whether anything needs someone, and what. Old numbers are said above it, parts that are missing below."""
    if session.newest() is None and session.problem():
        show(html('<h1 tabindex="-1">Fleet</h1>'), key="fleet-story")  # and why there is none, below it
    view = session.source().fleet()
    everyone = (*view.rows, *view.realtime)
    older, missing = unread.split((*view.problems, *unread.of_rows(everyone)))
    notices.problems(older, fmt.clock(view.as_of, zone.info, seconds=True))
    body = html(
        '<div class="stack"><h1 tabindex="-1">{headline}</h1>{attention}{since}</div>',
        headline=view.headline,
        attention=attention.attention(everyone, zone.info),
        since=since_line(session.since(user.name, view), zone.info, view.as_of),
    )
    show(body, key="fleet-story")
    notices.problems(missing)
    if not everyone:
        notices.empty_account(view.connection.region)
    elif attention.untold(everyone) or fleet_controls.choice().state == NEEDS_YOU:
        fleet_controls.show_trouble(attention.in_trouble(everyone))


def elsewhere() -> None:
    """What needs someone in the other accounts and regions of this console."""
    others = [each for each in session.all_places() if each.name != place.here()]
    show(places_list.elsewhere(others, zone.info), key="fleet-elsewhere")


def endpoints() -> None:
    """Every endpoint that the viewer asks for. While nothing can be read the story above says why."""
    newest = session.newest()
    if newest is None:
        return
    view, _ = newest
    chosen = fleet_controls.choice()
    rows, realtime = chosen.of_rows(view.rows), chosen.of_rows(view.realtime)
    most = fleet_controls.most(chosen)
    untold = attention.untold((*view.rows, *view.realtime))
    total, matching = len(view.rows) + len(view.realtime), len(rows) + len(realtime)
    said = shown(min(len(rows), most) + len(realtime), matching, total)
    if total and not matching:
        fleet_controls.nothing_matches(total)
        return
    if said:
        show(html('<p class="muted small" role="status">{said}</p>', said=said), key="fleet-shown")
    if rows:
        order = chosen.sort if chosen.sort == TROUBLE_FIRST else f"by {chosen.sort}"
        caption = f"Asynchronous endpoints, {order}"
        table = fleet_table(rows[:most], caption, zone.info, view.as_of, view.problems, untold)
        show(table, key="fleet-table")
        if len(rows) > most:
            fleet_controls.show_more(chosen, len(rows) - most)
    if realtime:
        st.space("small")
        body = html(
            '<div class="stack"><h2>Real-time endpoints</h2>'
            '<p class="muted small">No queue and no sleep: here only to be complete.</p>{table}</div>',
            table=realtime_table(realtime, view.as_of, zone.info, untold),
        )
        show(body, key="fleet-realtime")


top = st.container(key="fleet-top")
if fleet_controls.wanted():
    fleet_controls.pick()
with top:
    live_panel(story, key="fleet", part="the fleet")
    if place.several():
        live_panel(elsewhere, key="fleet-places", part="the other accounts and regions")
live_panel(endpoints, key="fleet-endpoints")

"""The line above every page."""

from __future__ import annotations

from datetime import datetime, tzinfo

import streamlit as st

from components import access, cards, live, notices, place, readers, scope, session
from components import format as fmt
from components.markup import Html, html, show


def header(*, ages: bool = True) -> None:
    """Which AWS this is; zone and refresh rate to choose.

    `ages`: also how fresh the fleet is, on a page that does not show the age of its own numbers.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="header"):
        strip = st.container(width="stretch", key="strip")
        if place.several():
            live.pick_place(tuple(readers.places()), place.here())
        zone = scope.pick_zone()
        live.pick_rate(5 if session.wanted().kind == "embedded" else 15)
    unknown = scope.refused_zone()
    if unknown:
        notices.bad_zone(unknown)

    def body() -> None:
        known, user = session.connection(), access.current_user()
        looks = user is not None and not access.may(user, "operator")
        if known is None:
            wanted = session.wanted()
            show(cards.nowhere(wanted.kind, wanted.region, wanted.writable, looks=looks), key="where")
            return
        newest = session.newest()
        fresh = (
            Html("")
            if newest is None or not ages
            else as_of(newest[0].as_of, newest[1], zone.info, session.interval_s())
        )
        show(cards.where(known, fresh, away=bool(session.problem()), looks=looks), key="where")

    with strip:
        live.live_panel(body, key="header-panel", part="which AWS this is", at_least=15.0)


def as_of(moment: datetime, age_s: float, zone: tzinfo, usual_s: float = 0.0) -> Html:
    """“as of 14:02:10 UTC · 8 s ago”; the browser counts on, also when the server has gone silent.

    `age_s`: real seconds since the reading; `usual_s`: seconds between two readings of AWS. Amber when much older.
    """
    return html(
        '<span class="muted asof" data-asof="{stamp}" data-age="{age}" data-usual="{usual}">as of {time}'
        " · <span data-words>just now</span></span>",
        stamp=moment.isoformat(),
        age=f"{age_s:.0f}",
        usual=f"{usual_s:.0f}",
        time=fmt.clock(moment, zone, seconds=True),
    )

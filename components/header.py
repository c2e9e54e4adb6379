"""The line above every page."""

from __future__ import annotations

import streamlit as st

from components import cards, live, scope, session
from components.markup import Html, show


def header() -> None:
    """Which AWS this is and how fresh the page is; zone and refresh rate to choose."""
    with st.container(horizontal=True, vertical_alignment="center", key="header"):
        strip = st.container(width="stretch", key="strip")
        zone = scope.pick_zone()
        live.pick_rate("5 s" if session.wanted().kind == "embedded" else "15 s")

    def body() -> None:
        known = session.connection()
        if known is None:
            wanted = session.wanted()
            show(cards.nowhere(wanted.kind, wanted.region, wanted.writable), key="where")
            return
        newest = session.newest()
        fresh = (
            Html("")
            if newest is None
            else cards.freshness(newest[0].as_of, newest[1], zone.info, live.every())
        )
        show(cards.where(known, fresh, away=bool(session.problem())), key="where")

    with strip:
        live.live_panel(body, key="header-panel", part="which AWS this is")

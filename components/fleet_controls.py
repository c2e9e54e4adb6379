"""Search, state and order of the fleet: widgets bound to the URL, outside what refreshes by itself."""

from __future__ import annotations

import streamlit as st

from components import fleet_list, notices, refused, session
from components import format as fmt
from components.fleet_list import ALL_STATES, NEEDS_YOU, TROUBLE_FIRST, Choice
from components.markup import html, show

PAGE = 50
"""Rows shown at once, and added with each “Show more”."""


def wanted() -> bool:
    """Whether there may be something to choose from: not in an account that is known to be empty, or not known."""
    newest = session.newest()
    if newest is None:
        return not session.problem()
    return bool(newest[0].rows or newest[0].realtime)


def pick() -> Choice:
    """The pickers. What a link asks for and is not offered is said, and the default is shown."""
    for key, value in st.session_state.pop(session.FLEET_WISH, {}).items():
        st.session_state[key] = value
    for key, offered, word in (
        (session.STATE, fleet_list.STATES, "state"),
        (session.SORT, fleet_list.SORTS, "order"),
    ):
        asked = st.query_params.get(key)
        if asked and asked not in offered:
            refused.note(key, asked)
        elif asked:
            refused.forget(key)
        if refused.said(key):
            notices.bad_choice(word, refused.said(key), offered)
    with st.container(horizontal=True, vertical_alignment="center", key="fleet-controls"):
        st.text_input(
            "Search the fleet",
            key=session.QUERY,
            type="search",
            placeholder="Search name, instance type, state",
            label_visibility="collapsed",
            max_chars=100,
            live="300ms",
            bind="query-params",
            persist_state="session",
            width=340,
        )
        st.selectbox(
            "State",
            fleet_list.STATES,
            key=session.STATE,
            on_change=refused.forget,
            args=(session.STATE,),
            required=True,
            label_visibility="collapsed",
            bind="query-params",
            persist_state="session",
            width=150,
        )
        st.selectbox(
            "Order",
            fleet_list.SORTS,
            key=session.SORT,
            on_change=refused.forget,
            args=(session.SORT,),
            required=True,
            label_visibility="collapsed",
            bind="query-params",
            persist_state="session",
            width=170,
        )
    return choice()


def choice() -> Choice:
    """What the pickers of this page say."""
    kept = st.session_state
    return Choice.of(
        str(kept.get(session.QUERY) or ""),
        str(kept.get(session.STATE) or ALL_STATES),
        str(kept.get(session.SORT) or TROUBLE_FIRST),
    )


def most(chosen: Choice) -> int:
    """How many rows to show: one page more with each “Show more”; another choice starts anew."""
    kept = st.session_state.get(session.FLEET_ROWS)
    return kept[1] if kept is not None and kept[0] == chosen else PAGE


def show_more(chosen: Choice, hidden: int) -> None:
    """The button below a table that is cut."""

    def add() -> None:
        st.session_state[session.FLEET_ROWS] = (chosen, most(chosen) + PAGE)

    st.button(f"Show {min(PAGE, hidden)} more", key="fleet-more", on_click=add)


def nothing_matches(total: int) -> None:
    """No endpoint is as asked for: what was asked, and the way out."""

    asked = choice()
    parts = [f"“{' '.join(asked.words)}”"] if asked.words else []
    parts += [f"the state “{asked.state}”"] if asked.state != ALL_STATES else []
    said = html(
        '<p role="status">None of {total} matches {asked}.</p>',
        total=fmt.plural(total, "endpoint"),
        asked=" and ".join(parts),
    )
    show(said, key="fleet-nothing")
    if st.button("Show all endpoints", key="fleet-clear"):
        _wish("", ALL_STATES)


def show_trouble(count: int) -> None:
    """Narrows the table to what needs someone; while it is narrowed, the way back stands beside."""
    on = choice().state == NEEDS_YOU
    with st.container(horizontal=True, vertical_alignment="center", key="fleet-narrow"):
        if st.button(
            f"Showing only the {count} that need you" if on else f"Show only the {count} that need you",
            key="fleet-trouble",
            icon=":material/filter_alt:",
            disabled=on,
        ):
            _wish("", NEEDS_YOU)
        if on and st.button("Show all", key="fleet-all"):
            _wish("", ALL_STATES)


def _wish(text: str, state: str) -> None:
    """Set the pickers, which the next run of the page does: what the browser holds would win otherwise."""
    st.session_state[session.FLEET_WISH] = {session.QUERY: text, session.STATE: state}
    st.rerun()

"""The pickers of the Activity page: endpoint, range, kind, person and words. All live in the URL."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import notices, refused, scope, session
from components.scope import Range
from ops.core.timeline import Kind, Wanted

ALL_KINDS = "all kinds"
KINDS = (ALL_KINDS, *(kind.value for kind in Kind))
ROWS = 50
"""Lines listed at once, and added with each “Show more”."""


def pick_scope() -> tuple[str | None, Range]:
    """The endpoint (None: all) and the range."""
    scope.take_endpoint()
    with st.container(horizontal=True, vertical_alignment="center", key="scope"):
        st.selectbox(
            "Endpoint",
            _names(),
            index=None,
            placeholder="All endpoints",
            key=session.OF,
            bind="query-params",
            persist_state="session",
            label_visibility="collapsed",
            width=260,
        )
        chosen = scope.pick_range()
    return st.session_state.get(session.OF) or None, chosen


def pick_wanted(people: Sequence[str]) -> Wanted:
    """What of it is shown. A kind that a link asks for and that is not offered is said; all are shown then."""
    if st.session_state.pop(session.ACTIVITY_WISH, False):
        st.session_state.update({session.FIND: "", session.KIND: ALL_KINDS, session.WHO: None})
    asked = st.query_params.get(session.KIND)
    if asked and asked not in KINDS:
        refused.note(session.KIND, asked)
    elif asked:
        refused.forget(session.KIND)
    if refused.said(session.KIND):
        notices.bad_choice("kind", refused.said(session.KIND), KINDS)
    who = st.query_params.get(session.WHO) or st.session_state.get(session.WHO)
    offered = [*people, who] if who and who not in people else list(people)
    with st.container(horizontal=True, vertical_alignment="center", key="activity-controls"):
        st.text_input(
            "Search the activity",
            key=session.FIND,
            type="search",
            placeholder="Search what, who, endpoint",
            label_visibility="collapsed",
            max_chars=100,
            live="300ms",
            bind="query-params",
            persist_state="session",
            width=300,
        )
        st.selectbox(
            "Kind",
            KINDS,
            key=session.KIND,
            on_change=refused.forget,
            args=(session.KIND,),
            required=True,
            label_visibility="collapsed",
            bind="query-params",
            persist_state="session",
            width=150,
        )
        st.selectbox(
            "Who",
            offered,
            index=None,
            placeholder="Everybody",
            key=session.WHO,
            label_visibility="collapsed",
            bind="query-params",
            persist_state="session",
            width=220,
        )
    return wanted()


def wanted() -> Wanted:
    """What the pickers of this page say."""
    kept = st.session_state
    kind = str(kept.get(session.KIND) or ALL_KINDS)
    return Wanted(
        "" if kind == ALL_KINDS else kind, str(kept.get(session.WHO) or ""), str(kept.get(session.FIND) or "")
    )


def most(of: object) -> int:
    """How many lines are listed: more with each “Show more”; another choice starts anew."""
    kept = st.session_state.get(session.ACTIVITY_ROWS)
    return kept[1] if kept is not None and kept[0] == of else ROWS


def show_more(of: object, hidden: int) -> None:
    """The button below a list that is cut."""

    def add() -> None:
        st.session_state[session.ACTIVITY_ROWS] = (of, most(of) + ROWS)

    st.button(f"Show {min(ROWS, hidden)} more", key="activity-more", on_click=add)


def show_all() -> None:
    """The way out where nothing matches."""
    if st.button("Show all lines", key="activity-clear"):
        st.session_state[session.ACTIVITY_WISH] = True
        st.rerun()


def _names() -> list[str]:
    """Every endpoint, and one that a link asks for although it is not known: it may be gone."""
    found = list(session.names())
    asked = st.query_params.get(session.OF) or st.session_state.get(session.OF)
    return [*found, asked] if asked and asked not in found else found

"""The pickers of the Cold starts page: which endpoint, and how far back. Both live in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

import streamlit as st

from components import cold_door, notices, refused, scope, session

SPANS: Mapping[str, timedelta | None] = MappingProxyType(
    {"30d": timedelta(days=30), "7d": timedelta(days=7), "90d": timedelta(days=90), "all": None}
)
"""What a link may ask for; the first is the default."""
_SHOWN = ("7d", "30d", "90d", "all")
ROWS = 15
"""Cold starts listed at once, and added with each “Show more”."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the page shows. `name` None: all endpoints; `span` None: all that is kept."""

    name: str | None
    key: str

    @property
    def span(self) -> timedelta | None:
        return SPANS[self.key]

    @property
    def words(self) -> str:
        """ "the last 30 days", for a sentence."""
        return f"the last {self.key[:-1]} days" if self.span is not None else "all that is kept"


def pick() -> Chosen:
    """The pickers. A span that a link asks for and that is not offered is said, and the default is shown."""
    asked = st.query_params.get(cold_door.BACK)
    if asked and asked not in SPANS:
        refused.note(cold_door.BACK, asked)
    elif asked:
        refused.forget(cold_door.BACK)
    if refused.said(cold_door.BACK):
        notices.bad_choice("range", refused.said(cold_door.BACK), tuple(SPANS))
    scope.take_endpoint()
    with st.container(horizontal=True, vertical_alignment="center", key="cold-controls"):
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
        st.segmented_control(
            "Range",
            _SHOWN,
            default="30d",
            key=cold_door.BACK,
            bind="query-params",
            persist_state="session",
            required=True,
            on_change=refused.forget,
            args=(cold_door.BACK,),
            label_visibility="collapsed",
        )
    return chosen()


def chosen() -> Chosen:
    """What the pickers of this page say."""
    key = st.session_state.get(cold_door.BACK)
    return Chosen(st.session_state.get(session.OF) or None, key if key in SPANS else "30d")


def _names() -> list[str]:
    """Every asynchronous endpoint, and one that a link asks for although it is not known."""
    newest = session.newest()
    found = sorted(row.endpoint.ref.name for row in newest[0].rows) if newest is not None else []
    asked = st.query_params.get(session.OF) or st.session_state.get(session.OF)
    return [*found, asked] if asked and asked not in found else found


def most(of: Chosen) -> int:
    """How many are listed: more with each “Show more”; another choice starts anew."""
    kept = st.session_state.get(cold_door.COLD_ROWS)
    return kept[1] if kept is not None and kept[0] == of else ROWS


def show_more(of: Chosen, hidden: int) -> None:
    """The button below a list that is cut."""

    def add() -> None:
        st.session_state[cold_door.COLD_ROWS] = (of, most(of) + ROWS)

    st.button(f"Show {min(ROWS, hidden)} more", key="cold-more", on_click=add)

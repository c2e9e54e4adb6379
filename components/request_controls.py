"""What the Requests page is asked to show: all of it lives in the URL, so that a link reproduces the list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from urllib.parse import urlencode

import streamlit as st

from components import notices, refused, session
from components.request_door import UNDER_WAY
from ops.core.requests import RequestFilter, RequestState

PAGE = "./requests"
LIST, SUBMIT, FOLLOW = "Requests", "Submit", "How Ebb follows"
VIEWS = (LIST, SUBMIT, FOLLOW)
ANY = "Any state"
STATES: Mapping[str, tuple[RequestState, ...]] = MappingProxyType(
    {
        ANY: (),
        "Under way": UNDER_WAY,
        "Done": (RequestState.DONE,),
        "Failed": (RequestState.FAILED,),
        "Expired": (RequestState.EXPIRED,),
        "Unknown": (RequestState.UNKNOWN,),
        "Not sent": (RequestState.STOPPED,),
    }
)
"""What stands in the picker and in a link."""
SINCE: Mapping[str, timedelta | None] = MappingProxyType(
    {"all": None, "1h": timedelta(hours=1), "1d": timedelta(days=1), "7d": timedelta(days=7)}
)
ROWS = 25
_KEPT = (
    session.ENDPOINT,
    session.VIEW,
    session.ZONE,
    session.REQUEST_STATE,
    session.REQUEST_TEXT,
    session.SINCE,
    session.BATCH,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the controls say. `name` empty: all endpoints."""

    name: str
    state: str
    batch: str
    text: str
    since: str

    def wanted(self, page: int = 1) -> RequestFilter:
        """The filter of one page of rows; a span ends now, to the minute."""
        span, now = SINCE[self.since], session.now()
        begin = None if span is None or now is None else (now - span).replace(second=0, microsecond=0)
        return RequestFilter(
            self.name, STATES[self.state], self.batch, self.text, begin, ROWS, (page - 1) * ROWS
        )

    @property
    def narrowed(self) -> bool:
        """Whether less is asked for than everything of the endpoint."""
        return bool(self.batch or self.text or self.state != ANY or self.since != "all")


def pick_view() -> tuple[str, str]:
    """The endpoint (empty: all) and what is shown of it."""
    with st.container(horizontal=True, vertical_alignment="center", key="requests-scope"):
        name = st.selectbox(
            "Endpoint",
            _names(),
            index=None,
            placeholder="All endpoints",
            key=session.ENDPOINT,
            bind="query-params",
            persist_state="session",
            label_visibility="collapsed",
            width=260,
        )
        _check(session.VIEW, VIEWS, "part")
        view = st.segmented_control(
            "Part",
            VIEWS,
            default=LIST,
            key=session.VIEW,
            required=True,
            bind="query-params",
            persist_state="session",
            label_visibility="collapsed",
        )
    return str(name or ""), str(view or LIST)


def pick_filters(name: str) -> Asked:
    """The filters of the list."""
    _check(session.REQUEST_STATE, tuple(STATES), "state")
    _check(session.SINCE, tuple(SINCE), "range")
    with st.container(horizontal=True, vertical_alignment="center", key="requests-filters"):
        text = st.text_input(
            "Search",
            key=session.REQUEST_TEXT,
            type="search",
            placeholder="Part of an id, an address or an error",
            label_visibility="collapsed",
            max_chars=200,
            bind="query-params",
            width=300,
        )
        state = st.selectbox(
            "State",
            list(STATES),
            key=session.REQUEST_STATE,
            required=True,
            label_visibility="collapsed",
            bind="query-params",
            width=150,
        )
        since = st.segmented_control(
            "Range",
            list(SINCE),
            default="all",
            key=session.SINCE,
            required=True,
            bind="query-params",
            label_visibility="collapsed",
        )
    return Asked(
        name,
        state if state in STATES else ANY,
        str(st.query_params.get(session.BATCH, "")),
        str(text or ""),
        since if since in SINCE else "all",
    )


def link(**change: str) -> str:
    """The address of this page as it is now, with parts of the query changed; empty ones are left out."""
    kept = {key: str(st.query_params[key]) for key in _KEPT if key in st.query_params}
    return f"{PAGE}?{urlencode({key: value for key, value in {**kept, **change}.items() if value})}"


def remember() -> None:
    """Keep what the list is narrowed to: the pickers are not drawn beside a single request, and would forget it."""
    found = {key: str(st.query_params[key]) for key in _KEPT if st.query_params.get(key)}
    if found or not st.query_params.get(session.SENT):
        st.session_state[session.REQUESTS_KEPT] = found


def back() -> str:
    """The address of the list as it was before a request of it was opened."""
    kept: Mapping[str, str] = st.session_state.get(session.REQUESTS_KEPT, {})
    return link(**{session.SENT: "", **kept})


def batch_link(identity: str) -> str:
    """The address of all requests of a batch, whatever the list is narrowed to now."""
    cleared = {session.SENT: "", session.VIEW: "", session.REQUEST_STATE: "", session.REQUEST_TEXT: ""}
    return link(**cleared, **{session.SINCE: "", session.BATCH: identity})


def _names() -> list[str]:
    found = list(session.names())
    asked = st.query_params.get(session.ENDPOINT) or st.session_state.get(session.ENDPOINT)
    return [*found, asked] if asked and asked not in found else found


def _check(key: str, offered: tuple[str, ...], word: str) -> None:
    asked = st.query_params.get(key)
    if asked and asked not in offered:
        refused.note(key, asked)
        notices.bad_choice(word, asked, offered)

"""Which account and region a page is of, where the console reads several: in its link, its session and its header.

A link without a place leads to the first; one with a place that is not there shows nothing rather than another one.
What a session holds of one place - a plan under review, an endpoint, a draft - is forgotten with the place.
"""

from __future__ import annotations

import re
from html import escape
from urllib.parse import quote

import streamlit as st

from components import readers, session
from components.readers import HELD, PLACE

_STAYS = (session.ZONE, "tied-")
"""What the session holds for every place, by how its name begins."""
_HREF = re.compile(r'href="(\.?/?(?!/)[a-z-]*)(?:\?([^"#]*))?(#[^"]*)?"')
"""A link inside the app: to a page, with its parameters."""


def several() -> bool:
    """Whether there is anything to choose."""
    return "" not in readers.places() and bool(readers.places())


def settle() -> bool:
    """At the start of a run of a page: which place it is of; False where its link asks for one that is not there."""
    asked = st.query_params.get(PLACE)
    if not several():
        return asked is None or not readers.places()
    held = st.session_state.get(HELD)
    name = asked or held or readers.first()
    if name not in readers.places():
        return False
    if name != held:
        _forget(but=name)
    _keep_to_scope(name)
    if asked != name:
        st.query_params.update({PLACE: name})
    return True


def _keep_to_scope(name: str) -> None:
    """Forget what was held, too, where the name leads to another account or region than it did."""
    now, was = readers.scope(), st.session_state.get(readers.SCOPE)
    if now is None:  # not known yet: what is held stays
        return
    if was is not None and was != now:
        _forget(but=name)
    st.session_state[readers.SCOPE] = now


def _forget(but: str) -> None:
    """Keep nothing of another place; `but`: the one that the session is of from now on."""
    kept = {key: value for key, value in st.session_state.items() if str(key).startswith(_STAYS)}
    held = st.session_state.get(HELD)
    if held is not None:
        for key in list(st.session_state):
            if key not in kept:
                del st.session_state[key]
    st.session_state[HELD] = but


def here() -> str:
    """The place of this page; "" where there is only one."""
    return readers.place() if several() else ""


def query() -> dict[str, str]:
    """What a link to a page of this place carries; empty where there is only one."""
    return {PLACE: readers.place()} if several() else {}


def carried(body: str) -> str:
    """HTML whose links inside the app lead to the same place, where they name none."""
    name = st.session_state.get(HELD) if several() else None
    if name is None:  # also before a link has settled which place is meant
        return body
    own = f"{PLACE}={quote(name)}"

    def more(found: re.Match[str]) -> str:
        page, said, rest = found[1], found[2], found[3] or ""
        if said and re.search(rf"(^|&|&amp;){PLACE}=", said):
            return found[0]
        return f'href="{page}?{said + "&amp;" if said else ""}{escape(own)}{rest}"'

    return _HREF.sub(more, body)

"""What a link asked for and cannot have: said until the viewer picks something else or goes to another page.

The URL loses such a part at once, and Streamlit runs the page again; without this the notice would vanish.
"""

from __future__ import annotations

import streamlit as st

from components import session

_KEPT, _PAGE = "refused", "refused-page"


def turn(page: str) -> bool:
    """The page on show. What was refused on another one is forgotten; True when it is another one."""
    other = st.session_state.get(_PAGE) != page
    if other:
        st.session_state[_PAGE] = page
        for key in [
            k for k in st.session_state.get(_KEPT, {}) if k != session.ZONE
        ]:  # one zone for all pages
            forget(key)
    return other


def note(key: str, asked: str) -> None:
    """Keep what the link asked for as `key`."""
    st.session_state[_KEPT] = {**st.session_state.get(_KEPT, {}), key: asked}


def said(key: str) -> str:
    """What to tell of `key`; empty when nothing was refused."""
    return str(st.session_state.get(_KEPT, {}).get(key, ""))


def forget(key: str) -> None:
    """The viewer has chosen."""
    st.session_state[_KEPT] = {k: v for k, v in st.session_state.get(_KEPT, {}).items() if k != key}

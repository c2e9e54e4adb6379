"""Signing in and out: the page for those who are not signed in, and the menu of those who are.

Streamlit leads to its first page after a sign-in. The page that was wanted is kept by this browser meanwhile
(sign_in.js), in the tab that asked for it, and opened once.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from components import access, scope, session
from components import format as fmt
from components.access import Visitor
from components.markup import html, show
from ops.core import listening
from ops.core.roles import GROUPS, Standing
from ops.core.words import listed

_component = st.components.v2.component(
    "ebb_sign_in",
    js=(Path(__file__).parent / "sign_in.js").read_text(encoding="utf-8"),
    html="<div class='wanted'></div>\n",
)


def page(who: Visitor, *, home: bool) -> None:
    """For those who may not look: what Ebb is, why they see no more, and the way in. `home`: they asked for no page."""
    show(
        html(
            '<div class="stack"><h1 tabindex="-1">Ebb</h1><p class="lead">An operations console for Amazon SageMaker '
            "asynchronous inference endpoints that scale to zero.</p></div>"
        ),
        key="sign-in-title",
    )
    if st.session_state.get(session.LEAVING):
        st.info(
            "Signing you out, here and at your provider. Keep this page open until it offers to sign in again.",
            icon=":material/logout:",
        )
        st.button("Sign out again", key="sign-out", help="If nothing happens", on_click=_sign_out)
        return
    if who.standing is Standing.NOWHERE:
        st.info(
            "No sign-in is set up, and Ebb listens beyond this machine: it needs someone signed in and shows nothing.",
            icon=":material/lock:",
        )
        return
    if who.standing is Standing.NO_GROUP:
        st.info(
            f"You are signed in, but your account is in none of the groups {listed(GROUPS)}. "
            "Ask whoever runs Ebb to add you to one, then sign out and in again.",
            icon=":material/lock:",
        )
        show(html("<p>Signed in as <b>{name}</b>.</p>", name=who.name), key="sign-in-name")
        st.button("Sign out", key="sign-out", icon=":material/logout:", on_click=_sign_out)
        return
    if who.standing is Standing.EXPIRED:
        st.info(
            "Your sign-in has expired. Nothing can be seen or changed with it.", icon=":material/history:"
        )
    for name in _providers():
        words = f"Sign in with {name}" if name else "Sign in"
        if st.button(words, key=f"sign-in-{name}", type="primary", icon=":material/login:"):
            st.login(name or None)
    _component(key="wanted", data={"keep": True, "home": home}, height=1)


def user_menu(who: Visitor) -> None:
    """Who looks, with which role, until when, and the way out; below the menu of pages."""
    if who.user is None:
        return
    with st.sidebar.container(key="user-menu"):
        until = (
            html(" · until {t}", t=fmt.moment(who.until, scope.zone().info, session.this_machine_now()))
            if who.until is not None
            else ""
        )
        show(
            html(
                '<p><span class="who">{name}</span><br><span class="muted small">{role}{until}</span></p>',
                name=who.name,
                role=who.user.role,
                until=until,
            ),
            key="user",
        )
        if who.until is not None:
            st.button("Sign out", key="sign-out", icon=":material/logout:", on_click=_sign_out)
            _component(key="wanted", data={"keep": False}, height=1)


def _sign_out() -> None:
    """Send the browser on its way out.

    Streamlit forgets the user at once, but the cookie and the provider's session last until the browser has been
    at both addresses. Until then this page, which the next one replaces, must not look as if all were done.
    """
    st.session_state[session.LEAVING] = True
    st.logout()


def _providers() -> tuple[str, ...]:
    """The providers to choose from, "" for one without a name."""
    return listening.providers(access.auth_section() or {}) or ("",)

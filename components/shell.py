"""The frame around every page: title, menu, which AWS this is, and the page that the URL names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import streamlit as st
from streamlit.navigation.page import Page

from components import access, change_panel, no_place, place, refused, scope, session, sign_in, theme
from components.access import User
from components.footer import footer
from components.header import header

LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="92" height="28" viewBox="0 0 92 28">'
    f'<path d="M2 17c4-7 8-7 12 0s8 7 12 0" fill="none" stroke="{theme.LOGO}" stroke-width="3" '
    'stroke-linecap="round"/>'
    '<text x="34" y="21" font-family="sans-serif" font-size="20" font-weight="600" '
    f'fill="{theme.LOGO}">Ebb</text></svg>'
)
MenuPage = str | Path | Callable[[], None] | Page
OWN_AGE = ("doctor", "alarms")
"""Pages that say themselves how old their numbers are."""
OF_ONE = ("endpoint", "failures", "capacity")
"""Pages of one endpoint: with its name in their title, and the age of its own numbers."""
STYLE = (Path(__file__).parent / "shell.css").read_text(
    encoding="utf-8"
) + f"<style>{theme.css_variables(':root')}</style>"


def menu(user: User | None) -> Mapping[str, list[MenuPage]]:
    """Every page in its section; a page above the user's role is hidden and explains itself when opened."""
    sections: dict[str, list[MenuPage]] = {}
    for page in access.PAGES:
        sections.setdefault(page.section, []).append(
            st.Page(
                access.file_of(page),
                title=page.title,
                icon=page.icon,
                url_path=page.path or None,
                default=page.path == "",
                visibility="visible" if access.may(user, page.role) else "hidden",
            )
        )
    return sections


def main() -> None:
    """One run of the app."""
    st.set_page_config(page_title="Ebb", page_icon="🌊", layout="wide")
    st.logo(LOGO, size="large")
    st.html(STYLE)
    who = access.visitor()
    position: Literal["sidebar", "hidden"] = "sidebar" if who.user is not None else "hidden"
    page = st.navigation(menu(who.user), position=position, expanded=True)
    if who.user is None:
        sign_in.page(who, home=page.url_path == "")
        return
    settled = place.settle()
    sign_in.user_menu(who)
    if not settled:
        no_place.page()
        return
    shown = str(st.query_params.get(session.ENDPOINT, "")) if page.url_path in OF_ONE else ""
    st.set_page_config(page_title=f"{shown[:63] or page.title} · Ebb")
    change_panel.keep_to(page.url_path)
    if refused.turn(page.url_path):
        st.session_state.pop(session.ZOOM, None)
        scope.follow()
    header(ages=not shown and page.url_path not in OWN_AGE)
    page.run()
    footer()


main()

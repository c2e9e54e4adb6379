"""Pieces of page written as HTML: drawn in place without flicker, with links that stay inside the app.

`Html` is text that is safe to draw; `html()` fills a template and escapes every value that is not
`Html` itself, so that text from AWS can never become markup.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

import streamlit as st

from components import place
from components.theme import css_variables


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def html(template: str, **values: object) -> Html:
    """`template.format(...)` with every value escaped unless it is `Html`."""
    return Html(
        template.format(**{k: v if isinstance(v, Html) else escape(str(v)) for k, v in values.items()})
    )


def joined(parts: Iterable[Html]) -> Html:
    return Html("".join(parts))


_CSS = css_variables() + (Path(__file__).parent / "markup.css").read_text(encoding="utf-8")
_JS = (Path(__file__).parent / "markup.js").read_text(encoding="utf-8")
_component = st.components.v2.component("ebb_markup", css=_CSS, js=_JS, html="<div class='ebb'></div>\n")


def show(body: Html, *, key: str) -> None:
    """Draw `body`. A plain click on a link of class "go" changes the page without loading it anew.

    Links inside the app stay in the account and region of the page.
    """
    _component(key=key, data={"html": place.carried(str(body))})

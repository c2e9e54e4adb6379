"""Hand an incident over: one click copies its summary as Markdown, with a link to what is on show."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import streamlit as st

from components import place, scope, session
from components.theme import css_variables
from ops.core import incident
from ops.core.views import EndpointView

_FILES = Path(__file__).parent
_component = st.components.v2.component(
    "ebb_handover",
    js=(_FILES / "handover.js").read_text(encoding="utf-8"),
    css=css_variables() + (_FILES / "handover.css").read_text(encoding="utf-8"),
    html=(
        "<div class='handover'><div class='line'><button type='button'>Copy incident summary</button>"
        "<span class='said' role='status'></span>"
        "<details><summary>Read it first</summary><pre tabindex='0'></pre></details></div></div>\n"
    ),
)
_WRITTEN = "%Y-%m-%dT%H:%MZ"


def copy_summary(view: EndpointView) -> None:
    """The button for the endpoint on show; the summary leads to the minutes that `view` shows."""
    name, window = view.row.endpoint.ref.name, view.window
    words = incident.text(session.incident(view), scope.zone().info, link(name, window.start, window.end))
    _component(key="handover", data={"text": words})


def link(name: str, start: datetime, end: datetime) -> str:
    """The address at which a colleague sees the same minutes; empty where the browser's own is not known."""
    own = urlsplit(st.context.url or "")
    if not own.netloc:
        return ""
    query = {key: value for key, value in scope.link(name).items() if key != session.RANGE}
    query |= {session.FROM: f"{start:{_WRITTEN}}", session.TO: f"{end:{_WRITTEN}}"}
    query |= place.query()
    folder = own.path.rpartition("/")[0]
    return f"{own.scheme}://{own.netloc}{folder}/endpoint?{urlencode(query)}"

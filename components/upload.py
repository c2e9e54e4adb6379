"""The file picker of the Requests page: any file up to 1 GB, from the browser through a route into S3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from components import access, readers, request_door, session
from components.theme import css_variables
from components.uploads import desk
from ops.core.errors import OpsError
from ops.core.requests import MOST_PAYLOAD

_FILES = Path(__file__).parent
_component = st.components.v2.component(
    "ebb_upload",
    js=(_FILES / "upload.js").read_text(encoding="utf-8"),
    css=css_variables() + (_FILES / "upload.css").read_text(encoding="utf-8"),
    html=(
        "<div class='upload'><div class='drop' data-part='drop'>"
        "<input type='file' data-part='file' tabindex='-1' aria-hidden='true'>"
        "<button type='button' data-part='choose'>Choose a file</button>"
        "<span>or drop it here</span><span class='muted' data-part='limit'></span></div>"
        "<div class='going' data-part='going' hidden><div class='line'><span class='name' data-part='name'></span>"
        "<button type='button' data-part='cancel'>Cancel</button></div>"
        "<div class='bar' data-part='bar' role='progressbar' aria-label='Upload' aria-valuemin='0' "
        "aria-valuemax='100'><div class='fill' data-part='fill'></div></div>"
        "<div class='count' data-part='count'></div></div>"
        "<div class='said' data-part='said' role='status'></div></div>\n"
    ),
)
_LEAVE = "upload-leave"
"""Session: the answer to the newest file that was chosen: its number, and a token or why there is none."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """An input that was put into S3 from here."""

    uri: str
    name: str
    size: int
    endpoint: str


def pick(endpoint: str, told: Callable[[str], str], key: str = "upload") -> Uploaded | None:
    """The picker, and the newest file that was uploaded through it in this session.

    `told`: asked for the content type of a file by its name, when one is chosen.
    """
    found: Uploaded | None = st.session_state.get(session.UPLOADED)
    _component(
        key=key,
        data={"most": MOST_PAYLOAD, "has": found is not None, **st.session_state.get(_LEAVE, {})},
        on_wanted_change=partial(_wanted, key, endpoint, told),
        on_ended_change=partial(_ended, key),
    )
    return found


def _wanted(key: str, endpoint: str, told: Callable[[str], str]) -> None:
    """A file was chosen: leave for this one, or why there is none."""
    asked = st.session_state[key].wanted
    if not isinstance(asked, dict):
        return
    number, name, size = asked.get("number"), asked.get("name"), asked.get("size")
    if not isinstance(number, int | float) or not isinstance(name, str) or not isinstance(size, int | float):
        return
    answer: dict[str, object] = {"number": number}
    try:
        request_door.insist_on_writing()
        given = desk.grant(
            endpoint,
            access.actor(),
            name,
            int(size),
            told(name),
            readers.place(),
            readers.held_scope(),
        )
        answer["token"] = given.token
    except OpsError as error:
        answer["refused"] = f"{error.what} {error.hint}".strip()
    st.session_state[_LEAVE] = answer


def _ended(key: str) -> None:
    """The browser says that an upload ended: what became of it is known here."""
    told = st.session_state[key].ended
    token = told.get("token") if isinstance(told, dict) else None
    leave = st.session_state.pop(_LEAVE, {})
    if not isinstance(token, str) or token != leave.get("token"):
        return
    outcome = desk.outcome(token)
    if outcome is not None and outcome.error is not None:
        said = f"{outcome.error.what} {outcome.error.hint}".strip()
        st.session_state[_LEAVE] = {"told": {"token": token, "said": said}}
    elif outcome is not None:
        grant = outcome.grant
        st.session_state[session.UPLOADED] = Uploaded(outcome.uri, grant.filename, grant.size, grant.endpoint)

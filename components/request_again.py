"""Sending failed requests again: asked for in two steps, and done once however often the button is pressed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

import streamlit as st

from components import access, notices, request_door
from components.markup import html, show
from components.request_controls import batch_link
from ops.core.errors import OpsError

_TOKEN, _TOLD = "again-token", "again-told"


def send_again(of: str, what: str, ids: Callable[[], Sequence[str]]) -> None:
    """A button that opens the question, the question, and what came of it. `of`: the request or batch it is about."""
    token = st.session_state.setdefault(f"{_TOKEN}-{of}", secrets.token_hex(8))
    with st.popover(f"Send {what} again", icon=":material/replay:", key=f"again-open-{of}-{token}"):
        st.markdown(
            f"Sends {what} again with the input and the settings of the original. "
            "AWS takes each as a new request, and its time on an instance is paid again."
        )
        st.button(
            "Send again",
            key=f"again-{of}-{token}",
            type="primary",
            on_click=_again,
            args=(of, token, ids),
        )
    told = st.session_state.get(f"{_TOLD}-{of}")
    if isinstance(told, OpsError):
        refused(told)
    elif told:
        show(
            html(
                '<p role="status"><span class="fine" aria-hidden="true">✓</span> On its way again. '
                '<a class="go" href="{href}" data-focus="again">Follow it →</a></p>',
                href=batch_link(told[0].id),
            ),
            key=f"again-told-{of}",
        )


def refused(error: OpsError) -> None:
    """Why nothing was sent when a button was pressed: that is not tried again by itself."""
    if error.retryable:
        error = OpsError(f"Nothing was sent. {error.what}", f"{error.hint} Press again then.".strip())
    notices.show(error)


def _again(of: str, token: str, ids: Callable[[], Sequence[str]]) -> None:
    try:
        actor = access.actor()
        told: object = request_door.once.do(token, lambda: request_door.resubmit(ids(), actor, True))
        st.session_state[f"{_TOKEN}-{of}"] = secrets.token_hex(8)
    except OpsError as error:
        told = error
    st.session_state[f"{_TOLD}-{of}"] = told

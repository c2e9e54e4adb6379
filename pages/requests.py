"""Requests: send some to an endpoint, and what became of those that were sent?"""

import streamlit as st

from components import (
    request_controls,
    request_detail,
    request_form,
    request_list,
    request_queue,
    scope,
    session,
)
from components.access import require
from components.live import live_panel
from components.request_controls import FOLLOW, SUBMIT

require("viewer")
zone = scope.zone()
request_controls.remember()


def everything() -> None:
    """What is under way, above; below it the list, the form, or how Ebb follows."""
    above = st.container()
    name, view = request_controls.pick_view()
    with above:
        live_panel(
            lambda: request_list.story(name, zone),
            key="requests-panel",
            part="what is under way",
            at_least=2.0,
        )
    if view == SUBMIT:
        request_form.form(name)
    elif view == FOLLOW:
        request_queue.panel(name)
    else:
        asked = request_controls.pick_filters(name)
        live_panel(
            lambda: request_list.ledger(asked, zone), key="ledger-panel", part="the requests", at_least=2.0
        )


opened = str(st.query_params.get(session.SENT, ""))
if opened:
    live_panel(
        lambda: request_detail.detail(opened, zone), key="request-panel", part="the request", at_least=2.0
    )
else:
    everything()

"""What was changed elsewhere since it was last set or accepted through Ebb: who did it, put it back, or take it."""

from __future__ import annotations

from datetime import tzinfo

import streamlit as st

from components import access, change_panel, notices, session
from components.capacity_forms import PAGE
from components.change_parts import compared
from components.markup import Html, html, show
from ops.core.drift import Drift
from ops.core.errors import OpsError
from ops.core.moments import moment, written
from ops.core.types import Connection

_REFUSED = "drift-refused"


def drifted(name: str, known: Connection, zone: tzinfo) -> None:
    """Nothing while nothing differs; it is asked once for all who look, at most twice a minute."""
    found = session.drift(name)
    error = st.session_state.get(_REFUSED)
    if isinstance(error, OpsError):
        notices.show(error)
    if found is None:
        return
    with st.container(border=True, key="drift"):
        show(says(found, zone), key="drift-says")
        with st.container(horizontal=True):
            change_panel.review(
                "Restore what was set…",
                lambda console: console.plan_restore(name),
                page=PAGE,
                key=f"restore-{name}",
            )
            off = not change_panel.operates()
            st.button(
                "Accept it as it is",
                key=f"accept-{name}",
                on_click=_accept,
                args=(name,),
                disabled=off,
                help="It needs the role operator." if off else "Ebb takes what holds now for what is wanted.",
            )


def _accept(name: str) -> None:
    st.session_state.pop(_REFUSED, None)
    try:
        session.accept(name, access.actor())
    except OpsError as error:
        st.session_state[_REFUSED] = error


def says(found: Drift, zone: tzinfo) -> Html:
    """What differs, since when it counts, and who did it where that is known."""
    base = found.baseline
    by = f"set by {base.by}" if base.by else "found by Ebb"
    who = (
        written(found.who, zone)
        or "Who did it is not known yet: CloudTrail tells it up to a quarter of an hour later."
    )
    return html(
        '<div class="stack finding"><h2><span class="waking"><span aria-hidden="true">▲</span> Changed elsewhere:'
        "</span> it is not as it was {by}, {when}.</h2>{table}<p>{who}</p></div>",
        by=by,
        when=moment(base.begin, session.now() or base.begin, zone),
        table=compared(found.differences, ("as it was", "now")),
        who=who,
    )

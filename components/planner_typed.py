"""What is typed on the Planner page and cannot be asked: said under the fields, before anything is asked."""

from __future__ import annotations

import math
from collections.abc import Callable

import streamlit as st

from components import planner_source, session
from components.markup import html, show

LEAST_GROWTH = 0.01
_SAID = "planner-typed-said"
"""Session: (what, the way out, whether choosing an endpoint mends it)."""


def checked(ask: Callable[[], None], growth: str, most: float) -> None:
    """Ask, unless the growth that is typed (session key) cannot be; and remember what to say."""
    st.session_state.pop(_SAID, None)
    typed = st.session_state.get(growth)
    times = 1.0 if typed is None else float(typed)
    if not (math.isfinite(times) and LEAST_GROWTH <= times <= most):
        hint = f"Give a number from {LEAST_GROWTH:g} to {most:g}: 1 is as it was, 2 twice as much."
        st.session_state[_SAID] = (f"Traffic × {times:g} cannot be replayed.", hint, False)
        return
    if not st.session_state.get(session.ENDPOINT) and not planner_source.given():
        st.session_state[_SAID] = (
            "Choose an endpoint first.",
            "Or another traffic than its own. The promise is kept meanwhile.",
            True,
        )
    ask()


def told(endpoint: str | None) -> None:
    """What the last press of the button could not ask."""
    said = st.session_state.get(_SAID)
    if said is None:
        return
    what, hint, mended = said
    if mended and (endpoint or planner_source.given()):
        st.session_state.pop(_SAID, None)
        return
    body = html(
        '<p role="alert"><span class="stuck"><span aria-hidden="true">▲</span> {what}</span> {hint}</p>',
        what=what,
        hint=hint,
    )
    show(body, key="planner-typed-said")

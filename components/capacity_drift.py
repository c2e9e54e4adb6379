"""What was changed elsewhere: since the forms of an open page were drawn, and since it was set or accepted last."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import tzinfo

import streamlit as st

from components import access, change_panel, notices, session
from components.capacity_forms import PAGE
from components.change_parts import compared
from components.markup import Html, html, show
from components.unread import POLICIES, SCHEDULES, TARGETS, is_unread
from ops.core.drift import Drift
from ops.core.errors import OpsError
from ops.core.moments import moment, written
from ops.core.setup import Setup, parts
from ops.core.types import Connection
from ops.core.views import EndpointView
from ops.core.views_capacity import CapacityView

_REFUSED = "drift-refused"
_LIVE = "capacity-live"
"""Session: the endpoint, how it is set up in the live view, and as of when."""
_DRAWN = "capacity-drawn"
"""Session: the endpoint, and the set-ups that its forms were drawn from and beside."""
Parts = dict[str, object]


def begin() -> None:
    """The whole page is drawn anew, and its forms with it."""
    st.session_state.pop(_DRAWN, None)


def moved(view: EndpointView) -> None:
    """In the live panel: say so, with the way to newer forms, where the set-up is no longer that of the forms."""
    name, live = view.row.endpoint.ref.name, _live(view)
    st.session_state[_LIVE] = (name, live, view.as_of)
    of, known = st.session_state.get(_DRAWN, ("", ()))
    if live is None or of != name or live in known:
        return
    with st.container(border=True, key="moved"):
        said = "The set-up has changed since this page was loaded."
        show(
            html('<p class="waking" role="status"><span aria-hidden="true">▲</span> {s}</p>', s=said),
            key="moved-says",
        )
        if st.button("Reload", key=f"reload-{name}", help="What you typed stays."):
            st.rerun()


def newest(name: str) -> session.Told[CapacityView]:
    """What the forms start with, not older than what the live panel above them shows. Raises OpsError."""
    told = session.capacity(name)
    of, live, as_of = st.session_state.get(_LIVE, ("", None, None))
    beside = live if of == name else None
    if beside is not None and as_of > told.value.around.now and _parts(told.value) != beside:
        with suppress(OpsError):  # what was read a little before stays
            told = session.capacity(name, as_of)
    st.session_state[_DRAWN] = (name, (beside, _parts(told.value)) if beside is not None else ())
    return told


def _live(view: EndpointView) -> Parts | None:
    """None where a part could not be read."""
    if any(is_unread(part, view.problems) for part in (TARGETS, POLICIES, SCHEDULES)):
        return None
    return parts(Setup(view.target, view.policies, view.schedules), view.row.endpoint.ref)


def _parts(view: CapacityView) -> Parts:
    return parts(replace(view.setup, alarms=()), view.around.endpoint.ref)


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

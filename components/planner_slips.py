"""What cannot be had on the Planner page, said beside its way out."""

from __future__ import annotations

import streamlit as st

from components import format as fmt
from components import notices, planner_controls
from ops.core.views_planner import PlanQuery, PlanView


def left_out(view: PlanView, query: PlanQuery) -> None:
    """The hand-made candidates that could not be replayed, each with the way to take it out of the link."""
    for number, each in enumerate(each for each in view.left_out if each.candidate in query.own):
        with st.container(horizontal=True, vertical_alignment="center", key=f"planner-left-{number}"):
            said = f"Left out: {each.candidate.words}. {each.what} {each.hint}".strip()
            st.warning(notices.plain(said), icon=":material/block:", width="stretch")
            st.button(
                "Take it out",
                key=f"planner-left-out-{number}",
                icon=":material/close:",
                on_click=planner_controls.take_away,
                args=(each.candidate,),
            )


def other_question(view: PlanView, query: PlanQuery) -> None:
    """Above an answer that stays while the present question has none: which question it answers."""
    if view.query == query:
        return
    then, now = _asked(view.query, "then"), _asked(query, "now")
    parts = [name for name in now if getattr(view.query, name) != getattr(query, name)]
    had, has = ("; ".join(said[name] for name in parts) for said in (then, now))
    said = f"This is the answer to another question: {had}. Asked now: {has}. That one has no answer yet."
    st.warning(notices.plain(said), icon=":material/history:")


def _asked(query: PlanQuery, when: str) -> dict[str, str]:
    """The parts of a question, in words."""
    own = "; ".join(each.words for each in query.own)
    return {
        "promise": f"promise {query.promise}",
        "days": f"{fmt.plural(query.days, 'day')} of traffic",
        "growth": f"traffic × {query.growth:g}",
        "zone": f"hours of {query.zone}",
        "sure": f"kept in {fmt.percent(query.sure)} of the expansions",
        "source": "its own traffic"
        if query.source is None
        else f"{query.source.words} as it was given {when}",
        "space": f"what may change as it was set {when}"
        if query.space is not None
        else "around today's policy",
        "own": f"with the hand-made {own}" if own else "no hand-made candidate",
    }

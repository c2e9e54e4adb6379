"""What cannot be had on the Planner page, said beside its way out."""

from __future__ import annotations

import streamlit as st

from components import notices, planner_controls
from ops.core.views_planner import PlanView


def left_out(view: PlanView) -> None:
    """The hand-made candidates that could not be replayed, each with the way to take it out of the link."""
    for number, each in enumerate(view.left_out):
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

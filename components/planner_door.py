"""What the Planner page asks, through the door of session.py, and the names of what its session and URL keep."""

from __future__ import annotations

import secrets
from collections.abc import Hashable, Sequence
from dataclasses import replace

import streamlit as st

from components import session
from ops.core.candidate import Candidate
from ops.core.change import Actor
from ops.core.views_planner import Course, PlanQuery, PlanView, SavedScenario

PROMISE, DAYS, GROWTH = "promise", "days", "growth"
"""URL: the question. In the session the same names with TYPED before them hold what is typed so far."""
OWN, PICK, WEIGHED = "own", "pick", "against"
"""URL: hand-made candidates, the one that is compared with today, and what cost is weighed against."""
ORDER, SHOWN = "order", "show"
"""URL and session: the order of the table of candidates, and which of them it lists."""
ROWS = "planner-rows"
"""Session: how many candidates are listed at most."""
STOPPED = "planner-stopped"
"""Session: the search that was called off by hand."""
ASKED = "planner-asked"
"""Session: the question that the URL asked in the run before."""
_VIEWER = "planner-viewer"
COURSE_S = 600.0
SCENARIOS_S = 10.0


def key(query: PlanQuery) -> Hashable:
    """Under which a search is known: another AWS is another search."""
    known = session.connection()
    where = (known.kind, known.account, known.region, known.endpoint_url) if known is not None else ()
    return ("plan", where, query)


def viewer() -> str:
    """This session, for the searches that it waits for."""
    if _VIEWER not in st.session_state:
        st.session_state[_VIEWER] = secrets.token_hex(8)
    return str(st.session_state[_VIEWER])

"""A search on its way: how far it is, a way to stop it, and its answer when there is one."""

from __future__ import annotations

import streamlit as st

from components import change_panel, notices, planner_cards, planner_door, planner_source, session, unread
from components import format as fmt
from components.markup import show
from ops.core.errors import Denied
from ops.core.types import Problem
from ops.core.views_planner import PlanQuery, PlanView

BEAT_S = 0.8
"""Between two looks at a search that runs; only its own line is drawn anew."""
FRESH_S = 900.0
"""An older answer says how old it is."""
_LAST = "planner-last"
_CHANGED = "planner-changed"


def answer(query: PlanQuery) -> PlanView | None:
    """The answer, or the newest one of the same traffic while another is looked for; None while there is none."""
    if planner_door.stopped(query):
        return _stopped(query)
    progress = planner_door.search(query)
    told = progress.value
    if progress.running:
        before = told.value if told is not None else _before(query)
        if before is None:
            show(planner_cards.searching(query.of, _says(query)), key="planner-head")
        _bar(query, first=before is None)
        return before
    if progress.error is not None:
        notices.show(progress.error, "the advice")
        if progress.error.retryable or isinstance(progress.error, Denied):
            _retry(query)
    if told is None:
        before = _before(query) if progress.error is not None and progress.error.retryable else None
        if before is None:
            show(planner_cards.question(query.name, query.source is not None), key="planner-head")
        return before
    view = told.value
    if told.error is not None:
        older = Problem(unread.OLDER, told.error.what, told.error.hint, retryable=told.error.retryable)
        notices.problems([older], fmt.clock(view.as_of, seconds=True))
    lacks = any(problem.retryable for problem in view.problems)
    if changed(view) or lacks or progress.age_s > FRESH_S:
        said = f"Searched {fmt.age(progress.age_s)} ago, of the traffic until then."
        if changed(view):
            said = "Its policy has been changed since this search: what stands here as today's is the one before."
        with st.container(horizontal=True, vertical_alignment="center", key="planner-old"):
            st.caption(said, width="content")
            st.button(
                "Search again",
                key="planner-again",
                on_click=planner_door.again,
                args=(query,),
                type="tertiary",
            )
    st.session_state[_LAST] = view
    return view


def changed(view: PlanView) -> bool:
    """Whether a change of the endpoint was applied on this page since the search."""
    found = change_panel.opened()
    receipt = found.receipt if found is not None and found.plan.ref == view.ref else None
    if receipt is not None and receipt.entry.outcome in change_panel.UNDONE:
        st.session_state[_CHANGED] = (view.ref, session.now() or view.as_of)
    kept = st.session_state.get(_CHANGED)
    return isinstance(kept, tuple) and kept[0] == view.ref and kept[1] >= view.as_of


def _before(query: PlanQuery) -> PlanView | None:
    """What was on show before, where it is of the same endpoint and promise: it stays until the new one is there."""
    kept = st.session_state.get(_LAST)
    asked = (query.name, query.promise, query.source)
    same = isinstance(kept, PlanView) and (kept.query.name, kept.query.promise, kept.query.source) == asked
    return kept if same else None


def _says(query: PlanQuery) -> str:
    if query.source is not None:
        return f"{planner_source.span(query.source)} go through one policy after another."
    return f"{query.days} days of its traffic are replayed through one policy after another."


def _stopped(query: PlanQuery) -> PlanView | None:
    before = _before(query)
    if before is None:
        show(planner_cards.question(query.name, query.source is not None), key="planner-head")
    with st.container(horizontal=True, vertical_alignment="center", key="planner-stopped-line"):
        st.caption("The search was stopped before it had an answer.", width="content")
        st.button("Search again", key="planner-on", on_click=planner_door.again, args=(query,))
    return before


@st.fragment(run_every=BEAT_S)
def _bar(query: PlanQuery, first: bool) -> None:
    found = planner_door.searches().look(planner_door.key(query))
    if found is None or not found.running or planner_door.stopped(query):
        st.rerun()
    share = min(1.0, found.done / found.of) if found.of else 0.0
    with st.container(horizontal=True, vertical_alignment="center", key="planner-bar"):
        st.progress(
            share,
            text=said(found.done, found.of, found.waiting, planner_door.engine_ready()),
            width="stretch",
        )
        if st.button("Cancel", key="planner-cancel", on_click=planner_door.stop, args=(query,)):
            st.rerun()


def said(done: int, of: int, waiting: bool, ready: bool) -> str:
    """What a search is at, in words."""
    if waiting:
        return "Other searches run: this one is next."
    if of:
        return f"{fmt.count(done)} of {fmt.plural(of, 'replay')} done"
    if not ready:
        once = "The replay engine is being compiled, once after an installation: about half a minute."
        return f"{once} The search goes on by itself."
    return "Reading the traffic; the search begins by itself …"


@st.fragment(run_every=15.0)
def _retry(query: PlanQuery) -> None:
    """Looks again now and then while what failed may pass."""
    if planner_door.search(query).running:
        st.rerun()

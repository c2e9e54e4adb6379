"""Planner: which policy keeps a promise on waiting for the least money, by an endpoint's own traffic or another?"""

import streamlit as st

from components import (
    change_panel,
    notices,
    planner_backtest,
    planner_candidates,
    planner_cards,
    planner_compare,
    planner_controls,
    planner_door,
    planner_form,
    planner_saved,
    planner_search,
    planner_slips,
    planner_source,
    scope,
    session,
    zoom,
)
from components.access import require
from components.charts import plan_front
from components.live_plot import live_plot
from components.markup import html, show
from ops.core import candidate_text
from ops.core.views_planner import Answer, PlanQuery, PlanView

require("viewer")
zone = scope.zone()
zoom.read()


def advice(view: PlanView) -> None:
    show(planner_cards.advice(view, zone.info), key="planner-head")
    if session.is_realtime(view.ref.name):
        show(planner_cards.realtime(view.ref.name), key="planner-realtime")
    other = planner_cards.on_another_machine(view)
    if other:
        show(other, key="planner-machine")
    notices.problems(view.problems)
    if view.ref.name and not planner_door.past_is_read(view.ref.name):
        st.info(
            "Its past is still being read: this rests on what is known so far.",
            icon=":material/hourglass_top:",
        )
    chosen = view.advice.chosen
    if chosen is not None:
        called = "what comes closest" if view.advice.answer is Answer.NOTHING_KEEPS else ""
        show(planner_cards.numbers(view, view.played[chosen], called), key="planner-numbers")
    show(planner_cards.how_sure(view), key="planner-sure")
    show(planner_cards.savings(view.advice, view.price), key="planner-savings")


def front(view: PlanView, selected: int | None) -> None:
    by = planner_candidates.pick_weighed()
    show(html('<p class="muted small">{key}</p>', key=plan_front.key(view, by)), key="planner-front-key")
    live_plot(
        lambda: (plan_front.front_chart(view, by, selected), plan_front.described(view, by)),
        of=view,
        key="planner-front",
        view=f"{by.value}|{selected}",
        picks=lambda number: planner_candidates.clicked(view, number),
    )


def compared(view: PlanView, query: PlanQuery, present: bool) -> None:
    found = planner_candidates.selected(view)
    front(view, found.number)
    planner_candidates.select_box(view, found)
    if found.candidate is not None:
        if present:
            planner_saved.to_capacity(view, found.candidate, found.called)
        planner_compare.compare(view, query, found.candidate, found.called, zone.info)
    planner_form.hand_made(found.candidate or planner_form.DEFAULT, str(zone.info))
    with st.container(horizontal=True, vertical_alignment="center", key="planner-list-head"):
        show(html("<h2>Candidates</h2>"), key="planner-list-title")
        planner_candidates.pick_order()
        planner_saved.files(view)
    planner_candidates.listed(view, found.number, candidate_text.to_query)
    planner_saved.scenarios(query, found.candidate, zone.info)


def body() -> None:
    question, top = st.container(), st.container(key="planner-top")
    with top, st.container(key="planner-asks"):
        query = planner_controls.ask()
        planner_controls.told()
        planner_candidates.told()
    if query is None:
        with question:
            name, given = st.session_state.get(session.ENDPOINT), planner_source.given()
            show(planner_cards.question(name, given), key="planner-question")
        session.source().fleet()  # says why it cannot be read; the fields stay
        return
    with top, st.container(key="planner-verdict"):
        view = planner_search.answer(query)
        if view is not None:
            planner_slips.other_question(view, query)
            planner_slips.left_out(view, query)
            advice(view)
    if view is not None and view.played:
        compared(view, view.query, present=view.query == query)
    if view is not None and query.source is not None:
        planner_backtest.none()
    elif view is not None:
        planner_backtest.section(query.name, query.days, view.as_of, zone.info)


with notices.guard("the planner"):
    body()
change_panel.show(planner_saved.PAGE)

"""Which candidate is compared, what cost is weighed against, and what the table lists. All live in the URL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from components import format as fmt
from components import notices, planner_controls, planner_door, planner_table, refused, tied
from components.charts.plan_front import MANY, cost_words, waits_words
from components.markup import show
from ops.core.candidate import Candidate
from ops.core.views_planner import PlanView, Played, Weighed

WEIGHED = {"p95 wait": Weighed.P95, "longest wait": Weighed.MAX, "late": Weighed.OVER}
"""By the word in the link."""
_CHOOSE = "planner-choose"


@dataclass(frozen=True, slots=True)
class Selected:
    """The candidate that is compared with today. `number` None: the search did not try it."""

    candidate: Candidate | None
    number: int | None
    called: str


def selected(view: PlanView) -> Selected:
    """What the link names; else the advised one, or today's."""
    asked = planner_controls.picked()
    if asked is not None and asked not in {each.candidate for each in view.left_out}:
        number = next((p.number for p in view.played if p.candidate == asked), None)
        called = "selected" if number is None else _called(view, view.played[number])
        return Selected(asked, number, called)
    number = view.advice.chosen if view.advice.chosen is not None else view.today
    if number is None:
        return Selected(None, None, "")
    return Selected(view.played[number].candidate, number, _called(view, view.played[number]))


def _called(view: PlanView, played: Played) -> str:
    found = planner_table.called(view, played)
    return found[0] if found else "selected"


def clicked(view: PlanView, number: int) -> None:
    """A point of the front was clicked."""
    if 0 <= number < len(view.played):
        planner_controls.pick(view.played[number].candidate)


def pick_weighed() -> Weighed:
    """The switch above the front."""
    st.segmented_control(
        "Cost against",
        list(WEIGHED),
        default=next(iter(WEIGHED)),
        key=planner_door.WEIGHED,
        bind="query-params",
        persist_state="session",
        required=True,
        on_change=refused.forget,
        args=(planner_door.WEIGHED,),
    )
    return weighed()


def weighed() -> Weighed:
    return WEIGHED.get(str(st.session_state.get(planner_door.WEIGHED)), Weighed.P95)


def told() -> None:
    """What a link asks the pickers for and is not offered; to be called before they are drawn."""
    for key, offered, word in (
        (planner_door.WEIGHED, tuple(WEIGHED), "measure"),
        (planner_door.SHOWN, planner_table.SHOWS, "list"),
        (planner_door.ORDER, planner_table.ORDERS, "order"),
    ):
        asked = st.query_params.get(key)
        if asked and asked not in offered:
            refused.note(key, asked)
        elif asked:
            refused.forget(key)
        if refused.said(key):
            notices.bad_choice(word, refused.said(key), offered)


def select_box(view: PlanView, found: Selected) -> None:
    """The same choice by keyboard: those that are worth a look, the cheapest first."""
    rows = planner_table.chosen(view, planner_table.ORDERS[0], planner_table.FRONT, weighed())
    numbers = [p.number for p in rows]
    if found.number is not None and found.number not in numbers:
        numbers.append(found.number)
    st.selectbox(
        "Compare with today" if view.today is not None else "Show in detail",
        numbers,
        index=None if found.number is None else numbers.index(found.number),
        key=tied.key(_CHOOSE, found.number),
        required=True,
        format_func=lambda n: option(view, view.played[n]),
        placeholder="A point of the chart, a row of the table, or one of these",
        on_change=_chosen,
        args=(view,),
    )


def option(view: PlanView, played: Played) -> str:
    """ "advised: $305 a month, p95 1 min 20 s: min 0, max 4 …"."""
    marks = planner_table.called(view, played)
    head = f"{' · '.join(marks)}: " if marks else ""
    wait = waits_words(played, played.p95_s)
    wait = wait if played.never.mid > MANY else f"p95 {wait}"
    return f"{head}{cost_words(played)} a month, {wait}: {played.candidate.words}"


def _chosen(view: PlanView) -> None:
    picked = tied.picked(_CHOOSE)
    if picked is not None and isinstance(picked.value, int):
        clicked(view, picked.value)


def pick_order() -> None:
    """The pickers above the table."""
    for key, offered, label, width in (
        (planner_door.SHOWN, planner_table.SHOWS, "Which", 190),
        (planner_door.ORDER, planner_table.ORDERS, "Order", 240),
    ):
        st.selectbox(
            label,
            offered,
            key=key,
            bind="query-params",
            persist_state="session",
            required=True,
            on_change=refused.forget,
            args=(key,),
            label_visibility="collapsed",
            width=width,
        )


def listed(view: PlanView, number: int | None, text: Callable[[Candidate], str]) -> None:
    """The table, a page of it at once."""
    order = str(st.session_state.get(planner_door.ORDER) or planner_table.ORDERS[0])
    shows = str(st.session_state.get(planner_door.SHOWN) or planner_table.FRONT)
    rows = planner_table.chosen(view, order, shows, weighed())
    most = _most((order, shows))
    link = planner_controls.here()
    show(planner_table.candidates(view, rows[:most], number, link, text), key="planner-table")
    hidden = len(rows) - most
    if hidden > 0:
        st.button(
            f"Show {min(planner_table.PAGE, hidden)} more of {fmt.count(hidden)}",
            key="planner-more",
            on_click=_more,
            args=((order, shows), most),
        )


def _most(of: tuple[str, str]) -> int:
    kept = st.session_state.get(planner_door.ROWS)
    return int(kept[1]) if isinstance(kept, tuple) and kept[0] == of else planner_table.PAGE


def _more(of: tuple[str, str], most: int) -> None:
    st.session_state[planner_door.ROWS] = (of, most + planner_table.PAGE)

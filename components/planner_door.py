"""What the Planner page asks, through the door of session.py, and the names of what its session and URL keep."""

from __future__ import annotations

import secrets
from collections.abc import Hashable

import streamlit as st

from components import session
from ops.core.candidate import Candidate
from ops.core.change import Actor
from ops.core.types import Price
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


def search(query: PlanQuery) -> session.Progress[session.Told[PlanView]]:
    """How far the search is; it begins where nobody has asked for it yet. Raises OpsError where nobody can answer."""
    source = session.source()
    return session.searches().want(
        key(query),
        lambda tell: source.recall(("plan", query), lambda console: console.plan(query, tell), 0.0),
        viewer(),
    )


def again(query: PlanQuery) -> None:
    """Search anew, of what is known now."""
    st.session_state.pop(STOPPED, None)
    session.searches().again(key(query))


def stop(query: PlanQuery) -> None:
    """Call the search off: for this session, and for good where nobody else waits for it."""
    st.session_state[STOPPED] = key(query)
    session.searches().leave(key(query), viewer())


def stopped(query: PlanQuery) -> bool:
    return bool(st.session_state.get(STOPPED) == key(query))


def course(query: PlanQuery, candidate: Candidate) -> session.Told[Course]:
    """One candidate in detail. Raises OpsError."""
    asked = ("course", query, candidate)
    return session.source().recall(asked, lambda console: console.course(query, candidate), COURSE_S)


def scenarios(name: str) -> tuple[SavedScenario, ...]:
    """What was saved for an endpoint, the newest first. Raises OpsError."""
    asked = ("scenarios", name)
    return session.source().recall(asked, lambda console: tuple(console.scenarios(name)), SCENARIOS_S).value


def save(scenario: SavedScenario, actor: Actor) -> None:
    """Raises OpsError."""
    session.source().act(lambda console: console.save_scenario(scenario, actor))


def delete(identity: str, actor: Actor) -> None:
    """Raises OpsError."""
    session.source().act(lambda console: console.delete_scenario(identity, actor))


def price(instance_type: str) -> Price | None:
    """An instance-hour of a type; None where no price is known. Raises OpsError."""
    return (
        session.source()
        .ask(("price", instance_type), lambda console: console.price(instance_type), COURSE_S)
        .value
    )


def backtest(name: str, days: int) -> session.Told[session.Backtest]:
    """How the replay of the past compares with what happened. Raises OpsError."""
    return session.backtest(name, days, COURSE_S)

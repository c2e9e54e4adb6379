"""What the Planner page asks: of the console through the door of session.py, of the pure replay itself.

And the names of what its session and URL keep.
"""

from __future__ import annotations

import secrets
from collections.abc import Hashable
from datetime import datetime, timedelta

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from components import session
from components.background import Background
from components.session import Told
from ops import arrival_files, compiled
from ops.arrival_files import KEPT as KEPT_FILES  # noqa: F401
from ops.arrival_files import MOST_BYTES as MOST_BYTES
from ops.arrival_files import MOST_ROWS as MOST_ROWS
from ops.core.candidate import Candidate
from ops.core.change import Actor
from ops.core.errors import BadInput
from ops.core.plan_source import FileTraffic, Measured
from ops.core.promise import Promise
from ops.core.types import FloatArray, Price
from ops.core.views_planner import Course, FileRead, PlanQuery, PlanView, SavedScenario
from ops.core.warm import WarmPlan
from ops.core.warm_value import Lead
from ops.given_traffic import CONCURRENCY as CONCURRENCY
from ops.given_traffic import MONDAY as MONDAY
from ops.given_traffic import NO_SERVICE
from ops.given_traffic import PROVISION_S as PROVISION_S
from ops.planner_given import TYPE_IT, file_read
from ops.planner_given import check_source as check_source
from ops.replay.backtest import Backtest as Backtest
from ops.replay.promise import classes, parse
from ops.replay.sweep import Tell
from ops.replay.warm_events import warm_plan
from ops.searches import Progress, Searches, when

PROMISE, DAYS, GROWTH, SURE = "promise", "days", "growth", "sure"
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
PAST_S = 120.0
"""So long a search waits for the past that is still being read."""

_background = Background()


def searches() -> Searches:
    """The long searches of this place, for all who look. Raises OpsError where nobody can answer."""
    return _background.here()


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


def search(query: PlanQuery) -> Progress[Told[PlanView]]:
    """How far the search is; it begins where nobody has asked for it yet. Raises OpsError where nobody can answer."""
    source = session.source()  # of this page: the thread that searches has none

    def work(tell: Tell) -> Told[PlanView]:
        def read() -> bool:
            if not query.name:
                return True
            source.endpoint(query.name, timedelta(hours=1))  # somebody looks at it: its past is read first
            return past_is_read(query.name, source)

        when(read, tell, PAST_S)
        return source.recall(("plan", query), lambda console: console.plan(query, tell), 0.0)

    return searches().want(key(query), work, viewer())


def past_is_read(name: str, source: session.Source | None = None) -> bool:
    """Whether the past of an endpoint was read as far as it can be. `source`: who is asked outside a page. OpsError."""
    asked = ("past-is-read", name)
    return (source or session.source()).recall(asked, lambda console: console.past_is_read(name), 0.0).value


def measured(name: str) -> Measured | None:
    """What is taken of an endpoint where traffic is given; None where it is too young to say. Raises OpsError."""
    asked = ("measured", name)
    return session.source().recall(asked, lambda console: console.measured(name), COURSE_S).value


def keep_file(body: bytes) -> str:
    """Keep a file of arrivals; its digest. Raises BadInput for what is too large."""
    return arrival_files.files.keep(body)


def bring_file(digest: str) -> bool:
    """Whether a file is at hand, or was saved with a scenario. Raises OpsError."""
    if digest in arrival_files.files:
        return True
    asked = ("arrivals", digest)
    return session.source().recall(asked, lambda console: console.bring_arrivals(digest), 0.0).value


def file_columns(digest: str) -> tuple[str, ...]:
    """Raises BadInput."""
    return arrival_files.files.columns(digest)


def read_file(source: FileTraffic, service_known: bool) -> FileRead:
    """What is in a file. Raises BadInput for rows that cannot be read, OpsError."""
    return file_read(source, service_known, arrival_files.files)


def no_service() -> BadInput:
    """That nothing tells what requests take, and what would."""
    return BadInput(NO_SERVICE, TYPE_IT)


def forget_stop() -> None:
    """Another question is asked: what was called off before may begin again."""
    st.session_state.pop(STOPPED, None)


def engine_ready() -> bool:
    """Whether the replay's kernels are compiled; a search waits until they are."""
    return compiled.ready()


def promise(text: str, zone: str) -> Promise:
    """What a promise on waiting says, whose hours are of `zone` unless it names another. Raises BadInput."""
    return parse(text, zone)


def holds(promised: Promise, arrival_s: FloatArray) -> NDArray[np.int8]:
    """For each request the number of the clause that holds for it; -1: none."""
    return classes(promised, arrival_s)


def warm_window(text: str, floor: int) -> WarmPlan:
    """A warm window as it is typed, "mon-fri 08:00-18:00 Europe/Berlin". Raises BadInput."""
    return warm_plan(text, floor)


def lead(name: str) -> Lead:
    """How early a warm window of an endpoint should open, as Capacity and `ops warm` have it. Raises OpsError."""
    return session.source().ask(("lead", name), lambda console: console.lead(name), COURSE_S).value


def again(query: PlanQuery) -> None:
    """Search anew, of what is known now."""
    st.session_state.pop(STOPPED, None)
    searches().again(key(query))


def stop(query: PlanQuery) -> None:
    """Call the search off: for this session, and for good where nobody else waits for it."""
    st.session_state[STOPPED] = key(query)
    searches().leave(key(query), viewer())


def stopped(query: PlanQuery) -> bool:
    return bool(st.session_state.get(STOPPED) == key(query))


def course(query: PlanQuery, candidate: Candidate, as_of: datetime) -> Told[Course]:
    """One candidate in detail, over the span of the search of `as_of`; another search is another one. OpsError."""
    asked = ("course", query, candidate, as_of)
    return session.source().recall(asked, lambda console: console.course(query, candidate, as_of), COURSE_S)


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


def backtest(name: str, days: int, as_of: datetime) -> Told[Backtest]:
    """Today's policy over its own past as in the search of `as_of`, beside what happened. Raises OpsError."""
    asked = ("backtest", name, days, as_of)
    return session.source().recall(
        asked,
        lambda console: console.backtest(console.weeks_of_traffic(name, days, as_of)),
        COURSE_S,
    )

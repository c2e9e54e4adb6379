"""Doctor: what is wrong, how does Ebb know, and what mends it?"""

from datetime import timedelta

import streamlit as st

from components import change_panel, findings, notices, scope, session, unread
from components import format as fmt
from components.access import require
from components.header import as_of
from components.live import live_panel
from components.markup import html, show
from ops.core.errors import OpsError
from ops.core.findings import Examined
from ops.core.fixes import Calls
from ops.core.types import Problem
from ops.core.views import DoctorView

require("viewer")
zone = scope.zone()


def everyone() -> None:
    """Forget the endpoint that was chosen, and the finding that a link led to."""
    st.session_state[session.ENDPOINT] = None
    st.query_params.update({session.FINDING: []})


def unchecked(view: DoctorView) -> None:
    """What could not be read: rules that need it say nothing."""
    found = dict.fromkeys((*view.problems, *(p for e in view.examined for p in e.unchecked)))
    missing = [p for p in found if p.part != unread.OLDER]
    notices.problems(missing)
    if missing:
        said = "What depends on these parts was not examined: that nothing is said of it does not mean that it is fine."
        show(html('<p class="muted small">{said}</p>', said=said), key="unchecked")


def topics(name: str, examined: Examined) -> tuple[str, ...]:
    """Whom the endpoint's alarms tell already, where a fix has to name somebody."""
    if not any(isinstance(f.fix, Calls) and findings.needs_topic(f.fix) for f in examined.findings):
        return ()
    try:
        view, _ = session.endpoint(name, timedelta(hours=1))
    except OpsError:
        return ()
    return findings.topics_of(view.alarms)


def body() -> None:
    answer = st.container()
    with st.container(horizontal=True, vertical_alignment="center", key="scope"):
        name = scope.pick_endpoint(session.names())
        if name:
            st.button("All endpoints", key="everyone", on_click=everyone)
    rest = st.container()
    told = session.doctor(name)
    view, linked = told.value, str(st.query_params.get(session.FINDING) or "")
    with answer:
        if told.error is not None:
            older = Problem(unread.OLDER, told.error.what, told.error.hint, retryable=told.error.retryable)
            notices.problems([older], fmt.clock(view.as_of, zone.info, seconds=True))
        if name:
            show(findings.verdict(view.examined[0], zone.info), key="verdict")
            if linked:
                show(findings.gone(view.examined, linked), key="gone")
        else:
            show(findings.headline(view), key="headline")
        fresh = as_of(view.as_of, told.age_s, zone.info, session.DOCTOR_S)
        show(html('<p class="small">{fresh}</p>', fresh=fresh), key="as-of")
        unchecked(view)
    with rest:
        if not name:
            show(findings.overview(view, zone.info), key="overview")
        elif view.examined[0].findings:
            findings.findings(view.examined[0], view, zone.info, linked, topics(name, view.examined[0]))
            if any(isinstance(found.fix, Calls) for found in view.examined[0].findings):
                show(html('<p class="muted small">{said}</p>', said=findings.BY_HAND), key="by-hand")


live_panel(body, key="doctor-panel", part="what the doctor says", at_least=session.DOCTOR_S)
change_panel.show("doctor")

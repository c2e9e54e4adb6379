"""What goes out of the Planner page: files, named scenarios, and one candidate to the write gate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from urllib.parse import urlencode

import streamlit as st

from components import access, change_panel, notices, planner_door, session
from components import format as fmt
from components.markup import Html, html, show
from components.tables import cell, line, table
from ops.core import candidate_text
from ops.core.candidate import Candidate
from ops.core.errors import BadInput, OpsError
from ops.core.plan_source import FileTraffic, as_link, source_of
from ops.core.planner_files import as_csv, as_json
from ops.core.search_ranges import KEYS
from ops.core.views_planner import BECOME_ASYNC, PlanQuery, PlanView, SavedScenario

PAGE = "planner"
_NAME, _REFUSED = "planner-save-name", "planner-save-refused"
MOST_NAME = 80


def to_capacity(view: PlanView, candidate: Candidate, called: str) -> None:
    """Hands one candidate as one plan to the write gate; who may only look sees why not."""
    if not view.ref.name:
        said = "No endpoint is chosen, so there is nothing to take to Capacity: choose one above, or export this."
        show(html('<p class="muted small">{said}</p>', said=said), key="planner-gate-none")
        return
    today = None if view.today is None else view.played[view.today]
    same, realtime = today is not None and today.whole(candidate), session.is_realtime(view.ref.name)
    if realtime:
        show(html('<p class="muted small">{said}</p>', said=BECOME_ASYNC), key="planner-gate-realtime")
        return
    if same:
        said = "This is today's policy: there is nothing to change."
    elif not change_panel.operates():
        said = "You may look and plan: the change can be reviewed and copied. Applying it needs the role operator."
    else:
        said = "Opens the review with every call, its effect and its cost. Nothing is changed before you apply it."
    with st.container(horizontal=True, vertical_alignment="center", key="planner-gate"):
        change_panel.review(
            f"Take {'the advised one' if called == 'advised' else 'this one'} to Capacity…",
            lambda console: console.plan_candidate(view.ref.name, candidate, view),
            page=PAGE,
            key=f"planner-{view.ref.name}",
            primary=True,
            off=same,
        )
        show(html('<p class="muted small">{said}</p>', said=said), key="planner-gate-says")


def files(view: PlanView) -> None:
    """All candidates with their ranges; units, zone and basis stand above them."""
    stem = f"{view.query.stem}-plan-{view.as_of:%Y-%m-%d}"
    for label, make, kind, mime, icon in (
        ("CSV", as_csv, "csv", "text/csv", ":material/download:"),
        ("JSON", as_json, "json", "application/json", ":material/data_object:"),
    ):
        st.download_button(
            label,
            lambda make=make: make(view),
            file_name=f"{stem}.{kind}",
            mime=mime,
            icon=icon,
            on_click="ignore",
            key=f"planner-{kind}",
        )


def scenarios(query: PlanQuery, candidate: Candidate | None, zone: tzinfo) -> None:
    """Named scenarios of the endpoint: save this one, open, share, delete."""
    show(html("<h2>Saved scenarios</h2>"), key="planner-saved-head")
    if candidate is not None:
        with st.container(horizontal=True, vertical_alignment="bottom", key="planner-save"):
            st.text_input(
                "Save the compared one as",
                key=_NAME,
                max_chars=MOST_NAME,
                placeholder="for example: two warm from eight to six",
                width=320,
            )
            st.button("Save", key="planner-save-button", on_click=_save, args=(query, candidate))
        if isinstance(query.source, FileTraffic):
            said = "The file of arrivals is saved with it, so that its link opens for others, too, and after a restart."
            show(html('<p class="muted small">{said}</p>', said=said), key="planner-save-says")
    error = st.session_state.get(_REFUSED)
    if isinstance(error, OpsError):
        notices.show(error)
    with notices.guard("the saved scenarios"):
        found = planner_door.scenarios(query.name)
        if not found:
            show(
                html('<p class="muted">None is saved for {n} yet.</p>', n=query.name or "no endpoint"),
                key="planner-saved-none",
            )
            return
        show(listed(found, zone), key="planner-saved")
        user = access.current_user()
        own = [s for s in found if change_panel.operates() or (user is not None and s.who == user.name)]
        if own:
            _delete(own)


def listed(found: tuple[SavedScenario, ...], zone: tzinfo) -> Html:
    """Each with the link that asks the same anew: it opens here, and can be sent to others."""
    rows = []
    for each in found:
        rows.append(
            line(
                cell(
                    html(
                        '<a class="go" href="./planner?{q}" data-focus="saved:{id}">{name}</a>',
                        q=link(each),
                        id=each.id,
                        name=each.name,
                    ),
                    "",
                    "name",
                ),
                cell(each.candidate.words, "policy", "wide"),
                cell(_of(each), "traffic"),
                cell(each.promise or fmt.DASH, "promise"),
                cell(
                    html(
                        '{who}<div class="small muted">{when}</div>',
                        who=each.who,
                        when=_when(each.at, zone),
                    ),
                    "saved",
                ),
            )
        )
    return table(
        (("name", ""), ("policy", ""), ("traffic", ""), ("promise", ""), ("saved", "")),
        rows,
        "Saved scenarios",
    )


def _of(each: SavedScenario) -> str:
    source, _ = source_of(each.traffic)
    return source.words if source is not None else "its own"


def _when(at: datetime | None, zone: tzinfo) -> str:
    """With the zone; the day in full."""
    return fmt.DASH if at is None else f"{fmt.moment(at, zone)} {at.astimezone(zone):%Z}"


def link(each: SavedScenario) -> str:
    """The query of a link that reproduces a scenario."""
    text = candidate_text.to_query(each.candidate)
    query = {
        session.ENDPOINT: each.endpoint,
        planner_door.PROMISE: each.promise,
        **each.traffic,
        planner_door.OWN: text,
        planner_door.PICK: text,
    }
    return urlencode({key: value for key, value in query.items() if value})


def _save(query: PlanQuery, candidate: Candidate) -> None:
    st.session_state.pop(_REFUSED, None)
    name = str(st.session_state.get(_NAME) or "").strip()
    if not name:
        st.session_state[_REFUSED] = BadInput(
            "The scenario needs a name.", "Type one beside Save; nothing was saved."
        )
        return
    own = () if query.source is not None else (planner_door.DAYS,)
    keep = (*own, planner_door.GROWTH, planner_door.SURE, planner_door.WEIGHED, *KEYS)
    traffic = {key: st.query_params[key] for key in keep if key in st.query_params} | as_link(query.source)
    if session.ZONE in st.query_params:
        traffic[session.ZONE] = query.zone  # "browser" is another one for others
    try:
        actor = access.actor()
        promised = planner_door.promise(query.promise, query.zone).text
        planner_door.save(
            SavedScenario("", name, query.name, candidate, promised, traffic, actor.name), actor
        )
    except OpsError as error:
        st.session_state[_REFUSED] = error
    else:
        st.session_state[_NAME] = ""
        st.toast(notices.plain(f"Saved as “{name}”."), icon=":material/bookmark:")


def _delete(found: Sequence[SavedScenario]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="planner-delete"):
        chosen = st.selectbox(
            "Delete",
            [each.id for each in found],
            index=None,
            format_func={each.id: each.name for each in found}.get,
            placeholder="Choose one to delete",
            key="planner-delete-which",
            label_visibility="collapsed",
            width=320,
        )
        st.button(
            "Delete", key="planner-delete-button", disabled=chosen is None, on_click=_remove, args=(chosen,)
        )


def _remove(identity: str | None) -> None:
    st.session_state.pop(_REFUSED, None)
    if identity is None:
        return
    try:
        planner_door.delete(identity, access.actor())
    except OpsError as error:
        st.session_state[_REFUSED] = error

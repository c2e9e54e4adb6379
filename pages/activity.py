"""Activity: what happened, who did it, and what became of it, on one time line."""

import json

import streamlit as st

from components import access, activity_controls, activity_list, change_panel, notices, scope, session, unread
from components import format as fmt
from components.access import require
from components.live import live_panel
from components.markup import Html, show
from ops.core.timeline import Event, actors
from ops.core.timeline_text import as_csv, as_document
from ops.core.types import Problem

user = require("viewer")
zone = scope.zone()


def back(event: Event) -> Html:
    return change_panel.undo_link(event.entry, "activity")


undo = back if access.may(user, "operator") else None


def body() -> None:
    top, pickers, filters = st.container(), st.container(), st.container()
    with pickers:
        name, chosen = activity_controls.pick_scope()
    with top:
        if chosen.refused:
            notices.bad_range(chosen.refused, chosen.words(zone))
        told = session.timeline(name, chosen.asked)
    view = told.value
    with filters:
        wanted = activity_controls.pick_wanted(actors(view.events))
    found = [event for event in view.events if wanted.holds(event)]
    with top:
        if told.error is not None:
            error = told.error
            older = Problem(unread.OLDER, error.what, error.hint, retryable=error.retryable)
            notices.problems([older], fmt.clock(view.as_of, zone.info, seconds=True))
        show(activity_list.headline(view, found, chosen.words(zone)), key="activity-title")
    if found:
        key = (name, chosen.view, wanted)
        listed = found[: activity_controls.most(key)]
        show(activity_list.listing(view, listed, zone.info, undo), key="activity-list")
        if len(listed) < len(found):
            activity_controls.show_more(key, len(found) - len(listed))
        stem = f"activity-{name or 'all'}-{view.as_of:%Y-%m-%d}"
        with st.container(horizontal=True, key="activity-files"):
            st.download_button(
                "CSV",
                lambda: as_csv(found),
                file_name=f"{stem}.csv",
                mime="text/csv",
                icon=":material/download:",
                on_click="ignore",
                key="activity-csv",
                help="All lines that are chosen; times in UTC",
            )
            st.download_button(
                "JSON",
                lambda: json.dumps(as_document(view, found), ensure_ascii=False, indent=1),
                file_name=f"{stem}.json",
                mime="application/json",
                icon=":material/download:",
                on_click="ignore",
                key="activity-json",
                help="The same with how far back each source reaches",
            )
    else:
        show(activity_list.nothing(view), key="activity-nothing")
        if view.events:
            activity_controls.show_all()
    show(activity_list.reaches(view, zone.info), key="activity-reach")


live_panel(body, key="activity-panel", part="the activity", at_least=15.0)
change_panel.undo_asked("activity")
change_panel.show("activity")

"""Alarms: who is told of trouble, what rang lately, and which alarms are missing?"""

from datetime import timedelta

import streamlit as st

from components import alarm_list, change_panel, findings, notices, scope, session, unread
from components import format as fmt
from components.access import require
from components.header import as_of
from components.live import live_panel
from components.markup import html, show
from ops.core.alarm_past import AlarmPast
from ops.core.alarm_proposals import AlarmsThatMatter, Proposal, proposals
from ops.core.views import EndpointView

require("viewer")
zone = scope.zone()
SPAN = timedelta(hours=1)


def that_matter(view: EndpointView) -> AlarmsThatMatter | None:
    """Which exist and which are missing; None where that cannot be said, or makes no sense without a queue."""
    row = view.row
    if unread.is_unread(unread.ALARMS, view.problems) or not row.endpoint.is_async:
        return None
    started = row.last_cold_start
    return proposals(
        row.endpoint.ref, view.alarms, row.ttl_s, started.took_s if started is not None else None
    )


def past_of(name: str, view: EndpointView) -> AlarmPast | None:
    """The last two weeks; what cannot be read of them is said here."""
    if not view.alarms:
        return None
    with notices.guard("the history of the alarms"):
        told = session.alarm_history(name)
        notices.problems(told.value.problems)
        return told.value
    return None


def put(name: str, proposal: Proposal, topics: tuple[str, ...]) -> None:
    """The button that opens the review of a proposed alarm, with a field for whom to tell where that is open."""
    alarm = proposal.alarm
    topic = "" if proposal.topic_known else findings.pick_topic(topics, key=f"topic-{alarm.name}")
    change_panel.review(
        "Put this alarm…",
        lambda console: console.plan_alarm(name, alarm, topic),
        page="alarms",
        key=f"alarm-{alarm.name}",
    )


def missing(name: str, found: AlarmsThatMatter, view: EndpointView) -> None:
    region, topics = view.connection.region, findings.topics_of(view.alarms)
    show(alarm_list.matters(found), key="matters")
    for each in found.missing:
        with st.container(border=True, key=f"proposal-{each.alarm.name}"):
            show(alarm_list.proposal(each), key=f"proposal-says-{each.alarm.name}")
            findings.fix_text(each.fix, region, key=f"alarm-{each.alarm.name}")
            if change_panel.operates():
                put(name, each, topics)
    if found.missing:
        show(html('<p class="muted small">{said}</p>', said=alarm_list.BY_HAND), key="by-hand")


def body() -> None:
    answer = st.container()
    with st.container(horizontal=True, key="scope"):
        name = scope.pick_endpoint(session.names())
    rest = st.container()
    if not name:
        with answer:
            fleet = session.source().fleet()
            notices.problems(unread.split(fleet.problems)[0], fmt.clock(fleet.as_of, zone.info, seconds=True))
            show(alarm_list.every_endpoint(fleet), key="each")
            newest = session.newest()
            age_s = newest[1] if newest is not None else 0.0
            fresh = as_of(fleet.as_of, age_s, zone.info, session.interval_s())
            show(html('<p class="small">{fresh}</p>', fresh=fresh), key="each-as-of")
        return
    with answer:
        view, age_s = session.endpoint(name, SPAN)
        older, denied = unread.split(view.problems)
        notices.problems(older, fmt.clock(view.as_of, zone.info, seconds=True))
        found = that_matter(view)
        show(alarm_list.story(view, found), key="story")
        notices.problems([p for p in denied if p.part == unread.ALARMS])
        fresh = as_of(view.as_of, age_s, zone.info, session.interval_s())
        show(html('<p class="small">{fresh}</p>', fresh=fresh), key="as-of")
    with rest:
        past = past_of(name, view)
        show(alarm_list.alarm_tables(view, past, zone.info), key="alarms")
        if found is not None:
            missing(name, found, view)


live_panel(body, key="alarms-panel", part="the alarms", at_least=15.0)
change_panel.show("alarms")

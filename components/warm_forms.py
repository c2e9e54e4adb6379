"""Keep warm: now for a while, or in windows of the week; what Ebb keeps already, and what others have scheduled."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import streamlit as st

from components import access, change_panel, notices, session, warm_editor
from components.capacity_forms import PAGE
from components.markup import Html, html, joined, show
from components.tables import cell, line, table
from components.warm_calendar import heat_map
from ops.core.errors import OpsError
from ops.core.moments import moment, written
from ops.core.types import ScheduledAction
from ops.core.views_warm import PlanView, WarmView
from ops.core.warm import instant
from ops.core.warm_text import plan_text
from ops.core.warm_value import sentences

SPANS = {"1 h": 1, "2 h": 2, "4 h": 4, "8 h": 8, "until …": 0}
_FORGET = "warm-forget-refused"


def keep_warm(name: str, zone: tzinfo) -> None:
    """The whole part, from what is read once for all who look."""
    here = _zone(zone)
    with st.spinner("Reading what keeps it warm, and the last 30 days …"):
        view = session.warm(name, here).value
    if view.calendar is None:
        said = "A window moves the bounds, and there are none yet: set them first, under Bounds."
        show(html('<p class="muted">{said}</p>', said=said), key="warm-none")
        return
    warm_editor.shut_when_done()
    notices.problems(view.problems)
    _now(name, view, here)
    _plans(name, view)
    draft, edit = warm_editor.editor(name, view, here)
    _draft(name, view, here, draft, edit)
    _others(name, view)


def _zone(zone: tzinfo) -> ZoneInfo:
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")


def _now(name: str, view: WarmView, here: ZoneInfo) -> None:
    show(html("<h2>Now, for a while</h2>"), key="warm-now-head")
    if view.note:
        said = written(view.note, here)
        mark = '<p role="status"><span class="stuck"><span aria-hidden="true">▲</span> {s}</span></p>'
        show(html(mark, s=said), key="keep-note")
    keep = view.keep
    if keep is not None and keep.until is not None:
        said = f"Kept warm until {moment(keep.until, view.as_of, here)}. AWS ends it by itself, also while Ebb is off."
        show(
            html('<p><span class="warm"><span aria-hidden="true">◍</span> {s}</span></p>', s=said),
            key="keep-says",
        )
        change_panel.review(
            "End it now…",
            lambda console: console.plan_keep_warm_ended(name),
            page=PAGE,
            key=f"keep-end-{name}",
        )
    with st.container(horizontal=True, vertical_alignment="bottom", key="keep-fields"):
        span = st.segmented_control(
            "Keep it warm for", list(SPANS), default="2 h", key=f"keep-span-{name}", required=True
        )
        floor = st.number_input("Instances", step=1, value=1, key=f"keep-floor-{name}", width=140)
    until: datetime | None = None
    if not SPANS.get(span or "", 1):
        local = view.as_of.astimezone(here)
        with st.container(horizontal=True, key="keep-until"):
            day = st.date_input("Day", local.date(), key=f"keep-day-{name}", width=160)
            at = st.time_input(
                f"Time ({here.key})",
                time(min(23, local.hour + 1)),
                key=f"keep-time-{name}",
                width=160,
                step=300,
            )
        if isinstance(day, date) and at is not None:
            until = instant(datetime.combine(day, at), here)
    hours = SPANS.get(span or "", 0)
    change_panel.review(
        "Review keeping it warm…",
        lambda console: console.plan_keep_warm(
            name, until, None if until is not None or not hours else timedelta(hours=hours), int(floor or 0)
        ),
        page=PAGE,
        key=f"keep-{name}",
    )


def _plans(name: str, view: WarmView) -> None:
    show(html("<h2>Windows of the week</h2>"), key="warm-plans-head")
    if not view.plans:
        said = "No warm plan yet. AWS opens and closes the windows of one by itself, also while Ebb is not running."
        show(html('<p class="muted">{said}</p>', said=said), key="warm-plans-none")
    error = st.session_state.get(_FORGET)
    if isinstance(error, OpsError):
        notices.show(error)
    for each in view.plans:
        number = each.plan.id
        with st.container(border=True, key=f"warm-plan-{number}"):
            show(plan_says(each), key=f"warm-plan-says-{number}")
            with st.container(horizontal=True):
                st.button(
                    "Edit",
                    key=f"warm-edit-{name}-{number}",
                    on_click=warm_editor.begin,
                    args=(name, each.plan),
                )
                _running(name, each) if not each.paused else _paused(name, each)


def _running(name: str, each: PlanView) -> None:
    number = each.plan.id
    change_panel.review(
        "Pause…",
        lambda console: console.plan_warm_paused(name, number),
        page=PAGE,
        key=f"warm-pause-{name}-{number}",
    )
    change_panel.review(
        "Remove…",
        lambda console: console.plan_warm_removed(name, number),
        page=PAGE,
        key=f"warm-off-{name}-{number}",
    )


def _paused(name: str, each: PlanView) -> None:
    number = each.plan.id
    change_panel.review(
        "Resume…",
        lambda console: console.plan_warm_resumed(name, number),
        page=PAGE,
        key=f"warm-on-{name}-{number}",
    )
    st.button(
        "Forget",
        key=f"warm-forget-{name}-{number}",
        on_click=_forget,
        args=(name, number),
        disabled=not change_panel.operates(),
        help="Nothing of a paused plan is in AWS: this only forgets it.",
    )


def _forget(name: str, number: int) -> None:
    st.session_state.pop(_FORGET, None)
    try:
        session.forget_warm(name, number, access.actor())
    except OpsError as error:
        st.session_state[_FORGET] = error


def plan_says(each: PlanView) -> Html:
    """One plan: its windows, whether it is open now, what is wrong with it, and what it would have bought."""
    icon, word, tone = (
        ("▮▮", "paused: nothing of it is in AWS", "waking")
        if each.paused
        else ("◍", "open now", "warm")
        if each.open_now
        else ("☾", "closed now", "muted")
    )
    return html(
        '<div class="stack"><p><b>Warm plan {n}</b> <span class="pill {tone}"><span aria-hidden="true">{icon}</span>'
        "{word}</span></p><p>{text}</p>{faults}{past}</div>",
        n=each.plan.id,
        tone=tone,
        icon=icon,
        word=word,
        text=each.text,
        faults=joined(
            html('<p class="waking"><span aria-hidden="true">▲</span> {f}</p>', f=written(f))
            for f in each.faults
        ),
        past=past(each),
    )


def past(each: PlanView) -> Html:
    """What the plan would have bought over the last 30 days, without a promise."""
    if each.bought is None:
        return html(
            '<p class="muted small">What it would have bought is not known: the past could not be read.</p>'
        )
    return html('<p class="muted small">{said}</p>', said=" ".join(sentences(each.bought)))


def _draft(
    name: str, view: WarmView, here: ZoneInfo, wish: session.WarmWish | OpsError | None, edit: int | None
) -> None:
    """The calendar, as it is or as it would be with what is typed, before the button that reviews it."""
    shown, error = view, wish if isinstance(wish, OpsError) else None
    if wish is not None and not isinstance(wish, OpsError):
        try:
            shown = session.warm(name, here, wish, edit).value
        except OpsError as trouble:
            error = trouble
    if error is not None:
        said = html(
            '<p class="waking" role="alert"><span aria-hidden="true">▲</span> {what} {hint}</p>',
            what=written(error.what, here),
            hint=written(error.hint, here),
        )
        show(said, key="warm-draft-error")
    drafted = shown is not view
    if drafted:
        fresh = [p for p in shown.plans if p.plan not in [known.plan for known in view.plans]]
        for each in fresh:
            body = html('<div class="stack"><p><b>{t}</b></p>{p}</div>', t=plan_text(each.plan), p=past(each))
            show(body, key=f"warm-draft-{each.plan.id}")
    _calendar(name, view, shown, here, wish, edit, drafted=drafted)
    if isinstance(wish, session.WarmWish):
        change_panel.review(
            "Review this warm plan…",
            lambda console: console.plan_warm(name, wish, edit),
            page=PAGE,
            key=f"warm-put-{name}",
            primary=True,
            off=error is not None,
        )


def _calendar(
    name: str,
    view: WarmView,
    shown: WarmView,
    here: ZoneInfo,
    wish: session.WarmWish | OpsError | None,
    edit: int | None,
    *,
    drafted: bool,
) -> None:
    zones = [here.key, *(p.plan.zone for p in shown.plans)]
    choice = list(dict.fromkeys(zones))
    days = shown.calendar
    if len(choice) > 1:
        picked = st.segmented_control(
            "Calendar in", choice, default=choice[0], key=f"warm-in-{name}", required=True
        )
        if picked and picked != here.key:
            with notices.guard("the calendar"):
                given = wish if isinstance(wish, session.WarmWish) and drafted else None
                days = session.warm(name, ZoneInfo(picked), given, edit if given else None).value.calendar
    if days is not None:
        heading = "The next 14 days with this warm plan" if drafted else "The next 14 days"
        show(heat_map(days, heading), key="warm-calendar")


def _others(name: str, view: WarmView) -> None:
    if view.foreign:
        said = (
            "Made by others. Ebb shows them and never touches them; where they run they set the bounds, too."
        )
        body = html(
            '<div class="stack"><h2>Other scheduled actions</h2><p class="muted">{said}</p>{t}</div>',
            said=said,
            t=table(
                (("name", ""), ("when", ""), ("sets", "")),
                map(_foreign, view.foreign),
                "Other scheduled actions",
            ),
        )
        show(body, key="warm-foreign")
    if view.spent:
        said = f"{len(view.spent)} of Ebb's own scheduled actions will not run again."
        show(html('<p class="muted">{said}</p>', said=said), key="warm-spent")
        change_panel.review(
            "Clean up…", lambda console: console.plan_warm_clean(name), page=PAGE, key=f"warm-clean-{name}"
        )


def _foreign(action: ScheduledAction) -> Html:
    sets = [f"{w} {v}" for w, v in (("minimum", action.min), ("maximum", action.max)) if v is not None]
    return line(
        cell(html("<b>{n}</b>", n=action.name), css="wide"),
        cell(html("<code>{s}</code> {z}", s=action.schedule, z=action.timezone), "when", "wide"),
        cell(", ".join(sets) or "nothing", "sets", "wide"),
    )

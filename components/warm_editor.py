"""The editor of a warm plan: stretches of the week, zone, floor and ceiling, opening early, days off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from zoneinfo import ZoneInfo

import streamlit as st

from components import change_panel, scope, session
from components.markup import html, show
from ops.core.change import Outcome
from ops.core.errors import BadInput, OpsError
from ops.core.views_warm import WarmView
from ops.core.warm import WarmPlan, WarmWindow, zone_of
from ops.core.warm_holidays import countries, country_names, part_names

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
KINDS = ("At least", "At most", "Both")
NEW = 0
MOST = 6
"""Stretches of one plan."""
_EDIT = "warm-edit"


def begin(name: str, plan: WarmPlan | None) -> None:
    """Open the editor with a plan, or with a usual window."""
    st.session_state[_EDIT] = (name, NEW if plan is None else plan.id)
    windows = plan.windows if plan is not None else (WarmWindow(frozenset(range(5)), time(8), time(18)),)
    for n, window in enumerate(windows):
        st.session_state[f"warm-days-{n}"] = [DAYS[d] for d in sorted(window.weekdays)]
        st.session_state[f"warm-from-{n}"] = window.start
        st.session_state[f"warm-to-{n}"] = window.end
    st.session_state["warm-windows"] = len(windows)
    for key in (
        "warm-zone",
        "warm-kind",
        "warm-floor",
        "warm-ceiling",
        "warm-early",
        "warm-off",
        "warm-country",
    ):
        st.session_state.pop(key, None)
    if plan is not None:
        st.session_state["warm-zone"] = plan.zone
        st.session_state["warm-kind"] = {"floor": "At least", "ceiling": "At most"}.get(plan.kind, "Both")
        st.session_state["warm-floor"] = plan.floor or 1
        st.session_state["warm-ceiling"] = plan.ceiling or 1
        st.session_state["warm-early"] = plan.early
        st.session_state["warm-off"] = sorted(d.isoformat() for d in plan.off)
        st.session_state["warm-country"] = plan.holidays.partition("-")[0] or None
        st.session_state["warm-part"] = plan.holidays.partition("-")[2] or None
    st.session_state["warm-until"] = plan.until if plan is not None else None


def is_open(name: str) -> bool:
    """Whether somebody is at a plan of this endpoint: what they typed stays while its fields are drawn."""
    chosen = st.session_state.get(_EDIT)
    return isinstance(chosen, tuple) and chosen[0] == name


def shut_when_done() -> None:
    """What was typed is done once it is applied."""
    found = change_panel.opened()
    told = found.receipt if found is not None else None
    if told is not None and told.entry.kind == "warm" and told.entry.outcome is Outcome.DONE:
        _shut()


def _shut() -> None:
    st.session_state.pop(_EDIT, None)


def editor(
    name: str, view: WarmView, here: ZoneInfo
) -> tuple[session.WarmWish | OpsError | None, int | None]:
    """(what is typed, or why it makes no sense; the plan that it changes). (None, None) while the editor is shut."""
    if not is_open(name):
        st.button("New warm plan", key=f"warm-new-{name}", on_click=begin, args=(name, None))
        return None, None
    edit = int(st.session_state[_EDIT][1]) or None
    with st.container(border=True, key="warm-editor"):
        title = f"Change warm plan {edit}" if edit else "New warm plan"
        show(html('<div class="change"><h2>{t}</h2></div>', t=title), key="warm-editor-head")
        count = int(st.session_state.get("warm-windows", 1))
        typed = [_window(n) for n in range(count)]
        with st.container(horizontal=True):
            st.button("Add a stretch", key="warm-more", on_click=_stretch, args=(1,), disabled=count >= MOST)
            st.button(
                "Take the last away", key="warm-fewer", on_click=_stretch, args=(-1,), disabled=count <= 1
            )
        wish = _rest(view, here, typed)
        st.button("Leave it", key="warm-shut", on_click=_shut)
    return wish, edit


def _stretch(by: int) -> None:
    st.session_state["warm-windows"] = int(st.session_state.get("warm-windows", 1)) + by


def _window(n: int) -> tuple[Sequence[str], time | None, time | None]:
    st.session_state.setdefault(f"warm-days-{n}", list(DAYS[:5]))
    st.session_state.setdefault(f"warm-from-{n}", time(8))
    st.session_state.setdefault(f"warm-to-{n}", time(18))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        days = st.pills("Days", DAYS, selection_mode="multi", wrap=True, key=f"warm-days-{n}")
        begin = st.time_input("From", key=f"warm-from-{n}", width=130, step=300)
        end = st.time_input("To (earlier: next day)", key=f"warm-to-{n}", width=170, step=300)
    return days or (), begin, end


def _rest(
    view: WarmView, here: ZoneInfo, typed: Sequence[tuple[Sequence[str], time | None, time | None]]
) -> session.WarmWish | OpsError:
    """The fields besides the stretches, and all of it as a wish."""
    own = st.context.timezone or here.key
    for key, holds in (
        ("warm-zone", own),
        ("warm-kind", KINDS[0]),
        ("warm-floor", 1),
        ("warm-early", view.lead.minutes),
    ):
        st.session_state.setdefault(key, holds)
    target = view.setup.target
    st.session_state.setdefault("warm-ceiling", target.bounds.max if target is not None else 1)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        zone = st.selectbox("Time zone of the window", scope.zones(), key="warm-zone", width=240)
        kind = st.segmented_control("Keeps", KINDS, key="warm-kind", required=True)
        floor = ceiling = None
        if kind != "At most":
            floor = st.number_input("At least (instances)", step=1, key="warm-floor", width=150)
        if kind != "At least":
            ceiling = st.number_input("At most (instances)", step=1, key="warm-ceiling", width=150)
    early = 0
    if kind != "At most":
        early = st.number_input("Open early (min)", step=1, key="warm-early", width=150)
        lead = view.lead
        said = (
            f"So that an instance serves when the window begins: {lead.minutes} min proposed, {lead.basis}."
        )
        show(html('<p class="muted small">{said}</p>', said=said), key="warm-lead")
    known, called = countries(), country_names()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        country = st.selectbox(
            "Closed on public holidays of",
            list(called),
            index=None,
            key="warm-country",
            placeholder="none: choose a country",
            format_func=lambda code: f"{called.get(code, code)} ({code})",
            width=280,
        )
        part = None
        if country and known[country]:
            parts = part_names(country)
            part = st.selectbox(
                "Part of it",
                list(parts),
                index=None,
                key="warm-part",
                placeholder="all of it",
                format_func=lambda code: f"{parts.get(code, code)} ({code})",
                width=240,
            )
        until = st.date_input(
            "Last day (blank: none)" if not country else "Last day (blank: in a year)",
            key="warm-until",
            value=None,
            width=190,
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.date_input("Add an own day off", value=None, key="warm-add-off", on_change=_add_off, width=190)
        off = st.multiselect(
            "Own days off",
            st.session_state.get("warm-off", []),
            key="warm-off",
            placeholder="none",
            width=420,
        )
    try:
        windows = tuple(_made(days, begin, end) for days, begin, end in typed)
        zone_of(zone or "UTC")
        holidays = f"{country}-{part}" if country and part else country or ""
        return session.WarmWish(
            windows,
            zone or "UTC",
            None if floor is None else int(floor),
            None if ceiling is None else int(ceiling),
            int(early or 0),
            holidays,
            frozenset(date.fromisoformat(d) for d in off),
            until if isinstance(until, date) else None,
        )
    except OpsError as error:
        return error


def _add_off() -> None:
    day = st.session_state.get("warm-add-off")
    if isinstance(day, date):
        st.session_state["warm-off"] = sorted({*st.session_state.get("warm-off", []), day.isoformat()})
    st.session_state["warm-add-off"] = None


def _made(days: Sequence[str], begin: time | None, end: time | None) -> WarmWindow:
    if begin is None or end is None:
        raise BadInput("A stretch has no time.", "Say from when to when.")
    return WarmWindow(frozenset(DAYS.index(d) for d in days), begin, end)

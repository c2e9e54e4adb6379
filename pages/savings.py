"""Savings: what did scale-to-zero save, against what, and what did it cost those who waited?"""

from zoneinfo import ZoneInfo

import streamlit as st

from components import format as fmt
from components import (
    notices,
    savings_bill,
    savings_cards,
    savings_controls,
    savings_door,
    savings_files,
    savings_links,
    savings_more,
    savings_table,
    scope,
    session,
    unread,
)
from components.access import require
from components.charts import saving_calendar, saving_days, saving_forecast, saving_steps
from components.live import live_panel
from components.live_plot import live_plot
from components.markup import html, show
from ops.core import savings_aside as aside
from ops.core import savings_story as story
from ops.core import savings_words as words
from ops.core.savings_parts import calendar, shown_days, spent, together
from ops.core.types import Problem
from ops.core.views_savings import SavingsView

require("viewer")
zone = scope.zone()


def by_day(view: SavingsView, on_show: str) -> None:
    show(html("<h2>Actual against baseline, day by day</h2>"), key="savings-h-days")
    days, before = shown_days(view), view.before.days if view.before is not None else ()
    live_plot(
        lambda: (
            saving_days.days_chart(
                days, view.query.period, view.total.basis, ZoneInfo(view.query.period.zone), before
            ),
            saving_days.described(days, view.total.basis),
        ),
        of=view,
        key="savings-days",
        view=on_show,
    )


def when(view: SavingsView, on_show: str) -> None:
    metrics = ", from metrics: also of days that are not billed" if story.billed_days(view) else ""
    known = html('<span class="muted small">empty: asleep · ▨ not known{metrics}</span>', metrics=metrics)
    show(html("<h2>When instances ran</h2>{known}", known=known), key="savings-h-when")
    found = calendar(view.rows, view.query.period)
    period = view.query.period
    live_plot(
        lambda: (
            saving_calendar.calendar_chart(
                found, fmt.zone_between(ZoneInfo(period.zone), period.start, period.until)
            ),
            saving_calendar.described(found),
        ),
        of=view,
        key="savings-when",
        view=on_show,
    )


def why(view: SavingsView, on_show: str) -> None:
    whole = view.total
    if whole.usd is None or whole.baseline_usd is None:
        return
    counted = [row for row in view.rows if row.key in whole.counted]
    parts = together(counted, view.query.period)
    left = spent(counted, view.details)
    rows = saving_steps.bars(
        whole.baseline_usd, parts, whole.usd, left, f"baseline: {words.short(view.query.baseline)}"
    )
    show(html("<h2>From the baseline to the actual</h2>"), key="savings-h-why")
    live_plot(
        lambda: (saving_steps.steps_chart(rows), saving_steps.described(rows)),
        of=view,
        key="savings-why",
        view=on_show,
    )


def month_end(view: SavingsView, on_show: str) -> None:
    found = view.forecast
    if found is None or not aside.has_end(view):
        return
    show(savings_more.month_end(found, view.total.basis), key="savings-month-end")
    if found.by_day:
        live_plot(
            lambda: (
                saving_forecast.forecast_chart(found, view.total.days, ZoneInfo(view.query.period.zone)),
                saving_forecast.described(found),
            ),
            of=view,
            key="savings-forecast",
            view=on_show,
        )


def endpoints(view: SavingsView) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="savings-list-head"):
        show(html("<h2>By endpoint</h2>"), key="savings-h-list")
        savings_files.buttons(view)
    if story.billed_days(view):
        told = "Saved, cost, baseline and hours are of the days that are billed; the rest is by metrics, of all days."
        show(html('<p class="muted small">{told}</p>', told=told), key="savings-list-of")
    show(savings_table.savings_table(view, savings_controls.here()), key="savings-table")


def body() -> None:
    verdict, pickers = st.container(), savings_controls.row()
    chosen = savings_controls.pick(session.now(), pickers)
    with verdict:
        savings_links.said()
    if chosen is None:
        session.source().fleet()  # says why it cannot be read; the pickers stay
        return
    waiting = st.session_state.get(savings_door.MOVE) == savings_door.EMPTY
    told = savings_door.savings(chosen.query, savings_door.FIRST_S if waiting else savings_door.SAVINGS_S)
    view = told.value
    reads = bool(story.reading(view))
    moves = reads or bool(view.waits is not None and view.waits.left_out)
    st.session_state[savings_door.MOVE] = savings_door.EMPTY if reads and view.total.usd is None else moves
    savings_controls.pick_rest(view, pickers)
    with verdict:
        if told.error is not None:
            error = told.error
            older = Problem(unread.OLDER, error.what, error.hint, retryable=error.retryable)
            notices.problems([older], fmt.clock(view.as_of, zone.info, seconds=True))
        show(savings_cards.story(view), key="savings-story")
        if story.reading(view):
            st.info(notices.plain(story.reading(view)), icon=":material/hourglass_top:")
        notices.problems(view.problems)
    on_show = f"{chosen.key}|{zone.info}"
    if view.rows:
        show(savings_cards.numbers(view), key="savings-numbers")
        show(savings_cards.counting(view), key="savings-counting")
        by_day(view, on_show)
        left, right = st.columns([3, 2], gap="large")
        with left:
            when(view, on_show)
        with right:
            why(view, on_show)
        endpoints(view)
        show(savings_more.ranked(view), key="savings-ranked")
    month_end(view, on_show)
    show(savings_more.candidates(view.candidates), key="savings-candidates")
    show(savings_bill.beside_the_bill(view), key="savings-bill")


live_panel(body, key="savings-panel", part="the savings", at_least=savings_controls.calm_s)

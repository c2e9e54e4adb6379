"""Cold starts: how long do requests wait for an endpoint that sleeps, and why?"""

import streamlit as st

from components import cold_controls, cold_door, cold_table, cold_words, notices, scope, unread
from components import format as fmt
from components.access import require
from components.charts import cold_hours, cold_waterfall, cold_weeks
from components.live import live_panel
from components.live_plot import live_plot
from components.markup import html, show
from ops.core.cold_start_stats import by_hour, by_week
from ops.core.types import Problem
from ops.core.views_cold import ColdStartsView

require("viewer")
zone = scope.zone()


def charts(view: ColdStartsView, chosen: cold_controls.Chosen) -> None:
    on_show = f"{chosen.name}|{chosen.key}|{zone.info}"
    show(html("<h2>The newest, phase by phase</h2>{k}", k=cold_table.key()), key="cold-h-phases")
    starts, now = view.starts, view.as_of
    named = chosen.name is None
    live_plot(
        lambda: (
            cold_waterfall.waterfall(starts, zone.info, now, named=named),
            cold_waterfall.described(starts, zone.info, now),
        ),
        of=view,
        key="cold-waterfall",
        view=on_show,
    )
    weeks, hours = by_week(starts, zone.info), by_hour(starts, zone.info)
    left, right = st.columns(2, gap="large")
    with left:
        show(html("<h2>Week by week</h2>"), key="cold-h-weeks")
        live_plot(
            lambda: (cold_weeks.weeks_chart(weeks, zone.info, view.changes), cold_weeks.described(weeks)),
            of=view,
            key="cold-weeks",
            view=on_show,
        )
    with right:
        show(html("<h2>Hour by hour</h2>"), key="cold-h-hours")
        live_plot(
            lambda: (cold_hours.hours_chart(hours, zone.info, now), cold_hours.described(hours)),
            of=view,
            key="cold-hours",
            view=on_show,
        )


def listing(view: ColdStartsView, chosen: cold_controls.Chosen) -> None:
    total = len(view.starts)
    listed = min(total, cold_controls.most(chosen))
    with st.container(horizontal=True, vertical_alignment="center", key="cold-list-head"):
        said = cold_table.shown(total, listed, view)
        show(html('<h2>One by one</h2><p class="muted small">{said}</p>', said=said), key="cold-h-list")
        st.download_button(
            "CSV",
            lambda: cold_words.as_csv(view),
            file_name=f"cold-starts-{view.as_of:%Y-%m-%d}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="cold-csv",
            help="All of this range: times in UTC, lengths in seconds, every phase with its kind and source",
        )
    table = cold_table.cold_table(view, view.starts[:listed], "Cold starts, the newest first", zone.info)
    show(table, key="cold-table")
    if listed < total:
        cold_controls.show_more(chosen, total - listed)


def body() -> None:
    verdict, pickers = st.container(), st.container()
    with pickers:
        chosen = cold_controls.pick()
    told = cold_door.cold_starts(chosen.name, chosen.span)
    view = told.value
    with verdict:
        if told.error is not None:
            error = told.error
            older = Problem(unread.OLDER, error.what, error.hint, retryable=error.retryable)
            notices.problems([older], fmt.clock(view.as_of, zone.info, seconds=True))
        said, more = cold_words.sentence(view, zone.info, chosen.words)
        story = html(
            '<div class="stack"><h1 tabindex="-1">{said}</h1><p class="lead">{more}</p></div>',
            said=said,
            more=more,
        )
        show(story, key="cold-story")
        notices.problems(view.problems)
    if not view.starts:
        return
    show(cold_table.numbers(view), key="cold-numbers")
    charts(view, chosen)
    listing(view, chosen)


live_panel(body, key="cold-panel", part="the cold starts", at_least=15.0)

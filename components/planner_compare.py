"""One candidate beside today's policy: what differs, then both over the same traffic."""

from __future__ import annotations

from dataclasses import replace
from datetime import tzinfo

import streamlit as st

from components import format as fmt
from components import notices, planner_door, zoom
from components.charts import cold_hours, plan_cold, plan_course, plan_waits
from components.charts.plan_front import waits_words
from components.live_plot import live_plot
from components.markup import Html, html, joined, show
from components.planner_cards import late, money
from ops.core.candidate import Candidate
from ops.core.plan_source import SyntheticTraffic
from ops.core.promise import Promise
from ops.core.views_planner import Course, PlanQuery, PlanView, Played, Spread
from ops.core.warm_text import plan_text
from ops.core.words import duration


def compare(
    view: PlanView, query: PlanQuery, candidate: Candidate, called: str, zone: tzinfo
) -> Played | None:
    """The comparison; None where it could not be made, which is said."""
    now = None if view.today is None else view.played[view.today]
    same = now is not None and now.candidate == candidate
    with notices.guard("the comparison"):
        with st.spinner("Replaying it in detail …"):
            then = planner_door.course(query, candidate, view.as_of).value
            before = (
                planner_door.course(query, now.candidate, view.as_of).value
                if now is not None and not same
                else None
            )
        courses = [("today", before)] if before is not None else []
        named = [*courses, ("today" if same else called, then)]
        head = "Today's policy in detail" if same else f"Today → {called}"
        if now is None:
            head = f"The {called} one in detail"
        show(html("<h2>{head}</h2>", head=head), key="planner-compare-head")
        show(differences(None if same else now, then.played, called), key="planner-differences")
        _over_time(named, then, zone, view)
        left, right = st.columns([1, 1], gap="large")
        with left:
            _waits(named, then, view)
        with right:
            _cold(named, zone, view)
        return then.played
    return None


def differences(now: Played | None, then: Played, called: str) -> Html:
    """What differs, today's beside the candidate's; what is alike in a line below. Without `now`, all of it."""
    mine = facts(then)
    if now is None:
        rows = [_row(name, value) for name, value in mine.items()]
        return html(
            '<div class="diff two" role="table" aria-label="Today\'s policy">{rows}</div>', rows=joined(rows)
        )
    other = facts(now)
    head = _row("", "today", called, "muted small")
    names = dict.fromkeys((*mine, *other))
    both = {name: (other.get(name, "none"), mine.get(name, "none")) for name in names}
    rows = [_row(name, was, value) for name, (was, value) in both.items() if was != value]
    same = [f"{name} {value}" for name, (was, value) in both.items() if was == value]
    alike = html('<p class="muted small">Alike: {same}.</p>', same="; ".join(same)) if same else Html("")
    return html(
        '<div class="stack"><div class="diff" role="table" aria-label="Differences">{head}{rows}</div>{alike}</div>',
        head=head,
        rows=joined(rows),
        alike=alike,
    )


def _row(name: str, *values: str) -> Html:
    css = "muted small" if values[-1] == "muted small" else ""
    cells = [value for value in values if value != "muted small"]
    return html(
        '<div role="row"><span role="rowheader" class="muted">{name}</span>{cells}</div>',
        name=name,
        cells=joined(html('<span role="cell" class="{css}">{v}</span>', css=css, v=v) for v in cells),
    )


def facts(played: Played) -> dict[str, str]:
    """What a policy sets, and what came of it, in words."""
    asked, machine = played.candidate, played.candidate.machine
    tracked = asked.target is not None and asked.fixed is None
    return {
        "bounds": f"{asked.low} – {asked.high}" if asked.fixed is None else f"always {asked.fixed}",
        "target for each instance": f"{asked.target:g}" if tracked else "none",
        "cooldowns out, in": f"{duration(asked.out_cooldown_s)}, {duration(asked.in_cooldown_s)}"
        if tracked
        else "none",
        "wakes": "never sleeps"
        if not asked.sleeps
        else f"after {fmt.plural(asked.wake, 'minute')}"
        if asked.wake is not None
        else "no wake policy",
        "kept warm": "; ".join(plan_text(plan) for plan in asked.warm) or "never",
        "instance": f"{machine.instance_type or fmt.DASH}"
        + (f", {machine.speed:g} × as fast" if machine.speed != 1 else ""),
        "at once on an instance": fmt.count(machine.concurrency),
        "cost a month, estimated": money(played),
        "95 of 100 waits under": waits_words(played, played.p95_s),
        "longest wait": waits_words(played, played.max_s),
        "late, by the promise": late(played.over),
        "cold starts a month": fmt.count(played.cold_starts_month.mid),
        "most instances": fmt.count(played.peak_instances.high),
        "expire or never start": fmt.percent(played.never.mid),
        **({"openings while it was being updated": _busy(played)} if played.failed_openings.high > 0 else {}),
    }


def _busy(played: Played) -> str:
    low, high = fmt.count(played.failed_openings.low), fmt.count(played.failed_openings.high)
    return f"{low if low == high else f'{low} – {high}'} of {fmt.count(played.openings)}"


def _over_time(named: list[plan_course.Named], of: Course, zone: tzinfo, view: PlanView) -> None:
    window = plan_course.whole(named)
    part = zoom.shown().window
    if part is not None and (part.end <= window.start or part.start >= window.end):
        part = None
    show(html("<h2>Backlog and instances</h2>"), key="planner-course-head")
    if isinstance(view.query.source, SyntheticTraffic) or not view.dated:
        day = planner_door.MONDAY
        said = f"Its days are of no calendar: they are drawn from Monday, {day.day} {day:%b %Y}, on."
        show(html('<p class="muted small">{said}</p>', said=said), key="planner-course-days")
    live_plot(
        lambda: (plan_course.course_chart(named, zone, part), plan_course.described(named, zone)),
        of=of,
        key="planner-course",
        view=f"{zone}|{part}|{len(named)}|{named[0][1].played.candidate.words}",
        group="planner",
    )
    if part is not None:
        st.button("Show all of the time", key="planner-all-time", on_click=zoom.clear)


def _waits(named: list[plan_course.Named], of: Course, view: PlanView) -> None:
    show(html("<h2>How long requests wait</h2>"), key="planner-waits-head")
    clause = _clause(view.promise)
    shown, promise = named, view.promise
    if clause is not None:
        shown = [(name, _of_clause(course, promise, clause[0])) for name, course in named]
        promise = replace(promise, clauses=tuple(promise.clauses[n] for n in clause))
    live_plot(
        lambda: (
            plan_waits.waits_chart(shown, promise, started=clause is not None),
            plan_waits.described(shown),
        ),
        of=of,
        key="planner-waits",
        view=f"{view.promise.text}|{clause}|{len(named)}|{named[0][1].played.candidate.words}",
    )


def _clause(promise: Promise) -> tuple[int, ...] | None:
    """The clauses of whose requests the curve is; None: of all."""
    groups = promise.groups
    if len(groups) < 2:
        return None
    firsts = [promise.clauses[group[0]] for group in groups]
    names = ["all", *(clause.when if clause.windows else "other times" for clause in firsts)]
    chosen = st.segmented_control(
        "Of which requests", names, default=names[0], key="planner-waits-of", required=True
    )
    return groups[names.index(chosen) - 1] if chosen in names[1:] else None


def _of_clause(course: Course, promise: Promise, clause: int) -> Course:
    """The same course with the waits of one clause's requests; how many never start is known of all alone."""
    mine = planner_door.holds(promise, course.arrival_s) == clause
    never = Spread(tuple(0.0 for _ in course.played.never.values))
    return replace(
        course,
        waits_s=course.waits_s[mine],
        arrival_s=course.arrival_s[mine],
        played=replace(course.played, never=never),
    )


def _cold(named: list[plan_course.Named], zone: tzinfo, view: PlanView) -> None:
    show(html("<h2>When it would wake cold</h2>"), key="planner-cold-head")
    if not view.dated:
        said = "There is no calendar: the arrivals are seconds from somewhere, of no day and hour."
        show(html('<p class="muted">{said}</p>', said=said), key="planner-cold-none")
        return
    found = [(name, course, plan_cold.hours_of_week(course.cold_starts, zone)) for name, course in named]
    most = max((h.count for _, _, hours in found for h in hours), default=1)
    for number, (name, course, hours) in enumerate(found):
        total = sum(h.count for h in hours)
        said = f"{name}: {fmt.plural(total, 'cold start')} {_whose(course, view)}"
        show(html('<p class="small">{said}</p>', said=said), key=f"planner-cold-says-{number}")
        if total:
            live_plot(
                lambda hours=hours: (
                    cold_hours.hours_chart(hours, zone, view.as_of, most),
                    cold_hours.described(hours),
                ),
                of=course,
                key=f"planner-cold-{number}",
                view=f"{zone}|{most}",
            )


def _whose(course: Course, view: PlanView) -> str:
    """Of which replays the calendar is, against the figures a month."""
    if len(view.seeds) < 2:
        return "in the traffic that was replayed"
    if view.query.source is not None:
        return (
            f"in the first of {len(view.seeds)} ways in which this traffic may come; the figures a month are means "
            "over all of them"
        )
    return (
        f"in one of the {len(view.seeds)} expansions of the traffic (seed {course.seed}); "
        "the figures a month are means over all of them"
    )

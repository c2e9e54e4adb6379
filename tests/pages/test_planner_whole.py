"""The Planner page where a row is not all of today's set-up, and with two measures for the same hours."""

from __future__ import annotations

from dataclasses import replace

from ops.core.candidate import Machine
from ops.core.candidate_text import to_query
from ops.core.views_planner import PlanView
from ops.replay.promise import parse
from tests.components.plan_samples import QUERY, TODAY, view
from tests.pages.conftest import Open
from tests.pages.living_pages import words
from tests.pages.test_planner import Planning, opened
from tests.replay.played_samples import sample

SAME = "This is today's policy: there is nothing to change."


def locked(open_page: Open, found: PlanView, pick: str) -> bool:
    app = opened(open_page, Planning(found), pick=pick)
    off = next(b for b in app.button if b.label.startswith("Take ")).disabled
    assert (SAME in words(app)) == off
    return off


def test_a_candidate_that_names_no_machine_is_todays_too(open_page: Open) -> None:
    assert locked(open_page, view(), to_query(replace(TODAY, machine=Machine())))


def test_what_is_not_all_of_todays_set_up_can_be_taken_to_capacity(open_page: Open) -> None:
    found = view()
    assert found.today is not None
    rows = list(found.played)
    rows[found.today] = replace(rows[found.today], left=("Scaling is suspended in part.",))
    assert not locked(open_page, replace(found, played=tuple(rows)), to_query(TODAY))


def test_two_measures_of_the_same_hours_are_one_choice(open_page: Open) -> None:
    asked = replace(QUERY, promise="p95<=2min and max<=10min mon-fri 8-18; p95<=15min")
    promise = parse(asked.promise)
    rows = tuple(
        sample(p.number, p.candidate, p.hours_month.mid, role=p.role, promise=promise) for p in view().played
    )
    app = opened(open_page, Planning(view(asked, rows)), asked)
    choice = app.segmented_control(key="planner-waits-of")
    assert choice.options == ["all", "Mon-Fri 08:00-18:00 (UTC)", "other times"]
    choice.set_value(choice.options[1]).run()
    assert not app.exception
    both = replace(asked, promise="p95<=2min; max<=10min")
    rows = tuple(replace(p, clauses=p.clauses[:2]) for p in rows)
    app = opened(open_page, Planning(view(both, rows)), both)
    assert not app.exception
    assert "planner-waits-of" not in [c.key for c in app.segmented_control]

"""The Planner page: happy, by a link, empty, failing, stale, read-only, partial, a bad promise, stopped."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from components import access, session
from ops.answers import Told
from ops.core.candidate import Candidate
from ops.core.candidate_text import from_query, to_query
from ops.core.errors import BadInput, Denied, OpsError, Unreachable
from ops.core.types import Problem
from ops.core.views_planner import PlanQuery, PlanView
from tests.components.plan_samples import BEST, CHEAP, NAME, QUERY, SAVED, TODAY, TYPED, course, view
from tests.components.samples import REAL, SampleSource, fleet
from tests.pages.conftest import Open, figures, markup, notices
from tests.pages.living_pages import table_lines, words

LONG_S = 30.0


class Planning(SampleSource):
    """A source that knows searches, the course of every candidate, and what was saved."""

    def __init__(self, *views: PlanView, error: OpsError | None = None, **more: Any) -> None:
        super().__init__(**more)
        self.views = {each.query: each for each in views}
        self.error = error
        self.asked: list[Hashable] = []
        self.saved: tuple[Any, ...] = ()

    def ask(self, key, work, keep_s):  # type: ignore[no-untyped-def]
        self.asked.append(key)
        kind = key[0] if isinstance(key, tuple) else key
        if kind == "plan":
            if key[1] not in self.views:
                raise self.error or Unreachable("The sample has no answer.", "Put one in.")
            return Told(self.views[key[1]], 0.0, self.error)
        if kind == "course":
            found = self.views[key[1]]
            return Told(course(next(p for p in found.played if p.candidate == key[2])), 0.0)
        if kind == "scenarios":
            return Told(self.saved, 0.0)
        return super().ask(key, work, keep_s)


def opened(open_page: Open, source: SampleSource, query: PlanQuery | None = QUERY, **link: Any) -> AppTest:
    """The page after its search has ended."""
    asked = {"endpoint": query.name, "promise": query.promise} if query is not None else {}
    app = open_page(source, "planner", **{**asked, **link})
    if query is not None:
        finish(app, query)
    return app


def finish(app: AppTest, query: PlanQuery) -> AppTest:
    known = session.connection()
    assert known is not None
    place = (known.kind, known.account, known.region, known.endpoint_url)
    session.searches().wait(("plan", place, query), LONG_S)
    app.run()
    assert [e.message for e in app.exception] == []
    return app


def test_the_advice_comes_first_then_numbers_the_front_the_comparison_and_the_table(open_page: Open) -> None:
    app = opened(open_page, Planning(view()))
    said = words(app)
    order = (
        "Read as: 95 % of requests start within 2 min",
        "How far to trust this:",
        "The cheapest policy that keeps the promise is",
        "An estimate: 12,000 requests",
        "The next cheaper one",
        "cost a month, estimated",
        "How sure this is",
        "Against the baselines of Savings",
        "Today → advised",
        "Backlog and instances",
        "How long requests wait",
        "When it would wake cold",
        "Candidates",
        "Saved scenarios",
    )
    places = [said.index(each) for each in order]
    assert places == sorted(places)
    assert notices(app) == ""
    assert len(figures(app)) == 5
    assert markup(app).count('class="card"') == 4

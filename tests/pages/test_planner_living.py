"""The Planner page on the embedded AWS itself: a search, the comparison, a kept scenario, the review, the back-test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from components import planner_door, session
from ops import compiled
from ops.core.candidate import Candidate
from ops.core.candidate_text import to_query
from ops.core.views_planner import PlanQuery
from tests.pages.changing_pages import looked_at, on_page, one_endpoint, press
from tests.pages.conftest import figures, notices
from tests.pages.living_pages import Sky, words
from tests.small_worlds import NAME

LONG_S = 120.0
QUERY = PlanQuery(NAME, "p95<=5min", days=7)


@pytest.fixture(scope="module")
def sky() -> Iterator[Sky]:
    compiled.warm()
    with one_endpoint() as found:
        yield found


def answered(query: PlanQuery = QUERY, **link: str) -> AppTest:
    """The page once its search has ended."""
    app = on_page("planner", endpoint=NAME, promise=query.promise, days=str(query.days), **link)
    planner_door.searches().wait(planner_door.key(query), LONG_S)
    app.run()
    assert [e.message for e in app.exception] == []
    return app


def test_the_advice_rests_on_the_endpoints_own_traffic(sky: Sky) -> None:
    with looked_at(sky) as reader:
        while reader.close_gap() or reader.keep_cold_starts():
            pass
        app = answered()
        said = " ".join(words(app).split())
        assert "An estimate: " in said
        assert "How far to trust this:" in said
        assert "Saved scenarios" in said
        assert len(figures(app)) >= 3


def test_a_scenario_is_kept_opened_and_deleted(sky: Sky) -> None:
    with looked_at(sky) as reader:
        while reader.close_gap() or reader.keep_cold_starts():
            pass
        app = answered()
        app.text_input(key="planner-save-name").set_value("as it is")
        press(app, "Save")
        app.run()
        assert "as it is" in words(app)
        (kept,) = planner_door.scenarios(NAME)
        assert (kept.name, kept.promise, kept.traffic) == ("as it is", "p95<=300s", {"days": "7"})
        app.selectbox(key="planner-delete-which").set_value(kept.id).run()
        press(app, "Delete")
        app.run()
        assert "None is saved" in words(app)


def test_a_chosen_candidate_is_reviewed_as_one_plan(sky: Sky) -> None:
    with looked_at(sky) as reader:
        while reader.close_gap() or reader.keep_cold_starts():
            pass
        chosen = Candidate(0, 2, 3.0)
        app = answered(pick=to_query(chosen))
        press(app, "Take this one to Capacity…")
        said = " ".join(words(app).split())
        assert f"Scale {NAME} as planned: min 0, max 2, target 3" in said
        assert "Apply" in [b.label for b in app.button]


def test_the_back_test_is_made_for_who_unfolds_it(sky: Sky) -> None:
    with looked_at(sky) as reader:
        while reader.close_gap() or reader.keep_cold_starts():
            pass
        asked = session.now()
        assert asked is not None
        told = planner_door.backtest(NAME, 7, asked).value
        assert told.sentences
        assert session.is_realtime(NAME) is False
        assert notices(answered()) == ""

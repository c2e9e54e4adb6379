"""The list of existing endpoints, as the page Deploy shows it: what is there, and each way as a plan."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from components import session
from ops.collector import Collector
from ops.console import Console
from ops.core.attaching import Attachment
from ops.core.change import Actor
from tests.living import error
from tests.pages.changing_pages import button, labels, looked_at, one_endpoint, press
from tests.pages.conftest import notices
from tests.pages.living_pages import Sky, sky_over, table_lines, words
from tests.small_worlds import NAME

SCRIPT = """
from components import access, change_panel, life_list
life_list.show(access.current_user())
change_panel.show("deploy")
"""


UNFINISHED = """
from components import change_panel, deploy_run
deploy_run.open_ends()
change_panel.show("deploy")
"""
BOSS = Actor("boss", "admin")


@pytest.fixture
def sky() -> Iterator[Sky]:
    with one_endpoint() as found:
        yield found


def drawn() -> AppTest:
    app = AppTest.from_string(SCRIPT, default_timeout=60).run()
    assert [e.message for e in app.exception] == []
    return app


def opened(app: AppTest, name: str = NAME) -> AppTest:
    """With the panel of an endpoint open."""
    app.session_state[f"life-{name}"] = True
    app.run()
    assert [e.message for e in app.exception] == []
    return app


def way(app: AppTest, word: str) -> AppTest:
    app.button_group(key=f"life-way-{NAME}").set_value(word).run()
    assert [e.message for e in app.exception] == []
    return app


def test_an_endpoint_with_all_that_belongs_to_it(sky: Sky) -> None:
    with looked_at(sky):
        app = drawn()
        assert [e.label for e in app.expander] == [f"{NAME} · asynchronous · scales 0–3 · 2 instances now"]
        parts = {(row[0], row[3]) for row in table_lines(opened(app))}
        assert ("scalable target", "− goes") in parts
        assert ("endpoint", "− goes") in parts
        assert ("model", "· stays unless asked for") in parts
        assert ("log group", "= stays") in parts


def test_each_way_opens_the_review_of_its_plan(sky: Sky) -> None:
    with looked_at(sky):
        app = press(way(opened(drawn()), "Delete"), "Review the deletion…")
        assert f"Delete {NAME}" in words(app)
        assert button(app, "Apply").disabled  # its name is not typed
        press(app, "Close")
        app = press(way(app, "Detach"), "Review detaching…")
        assert "Nothing scales this endpoint any more" in words(app)
        press(app, "Close")
        app = press(way(app, "Attach"), "Review attaching…")
        assert f"Let {NAME} sleep and wake" in words(app)


def half_attached(sky: Sky, console: Console) -> None:
    plan = console.plan_detach(NAME)
    console.apply(plan, BOSS, typed=plan.confirm)
    sky.gate.shut["PutMetricAlarm"] = error("AccessDeniedException", "not authorized", 403)
    console.apply(console.plan_attach(NAME, Attachment(3)), BOSS)
    sky.gate.shut.clear()


def test_an_attachment_that_ended_on_the_way_is_unfinished_and_gone_on_with(sky: Sky) -> None:
    with looked_at(sky):
        session.source().act(lambda console: half_attached(sky, console))
        app = AppTest.from_string(UNFINISHED, default_timeout=60).run()
        assert f"Unfinished: Let {NAME} sleep and wake" in words(app)
        assert "Missing, or not as wanted" in words(app)
        assert "Clean up…" in labels(app)
        app = press(app, "Continue…")
        assert f"Continue: Let {NAME} sleep and wake" in words(app)


def test_a_viewer_sees_every_plan_and_applies_none(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EBB_ROLE", "viewer")
    with looked_at(sky):
        app = press(way(opened(drawn()), "Delete"), "Review the deletion…")
        assert "Applying one needs the role admin" in words(app)
        assert "needs the role admin; you hold viewer" in notices(app)
        assert button(app, "Apply").disabled


def test_an_account_without_endpoints_says_so() -> None:
    with sky_over(empty=True) as sky, looked_at(sky):
        app = drawn()
        assert "no endpoint here yet" in words(app)
        assert labels(app) == []


def test_what_cannot_be_read_is_said(sky: Sky) -> None:
    with looked_at(sky):
        sky.gate.shut["ListEndpointConfigs"] = error("AccessDeniedException", "no", 403)
        app = way(opened(drawn()), "Delete")
        assert "sagemaker:ListEndpointConfigs" in notices(app)
        rows = {row[0]: row for row in table_lines(app)}
        assert rows["model"][3] == "= stays"
        assert "not known" in rows["model"][2]


def test_an_aws_that_is_away_is_a_notice_and_no_empty_list(sky: Sky) -> None:
    def away(reader: Collector) -> None:
        sky.gate.shut["*"] = error("InternalFailure", "down", 500)
        reader.read_once()

    with looked_at(sky) as reader:
        away(reader)
        app = drawn()
        assert "no endpoint here yet" not in words(app)
        assert "Not shown: the existing endpoints." in notices(app)

"""The Settings page: values and where they came from, secrets masked, notices, and the test button."""

from __future__ import annotations

from datetime import UTC

import pytest

from components import session
from ops.config import Settings
from ops.core.errors import OpsError
from ops.core.notices import Rules
from ops.core.quiet import parse
from ops.notifier import Notifier, Place, of
from tests.components.samples import SampleSource
from tests.living import Hand
from tests.pages.conftest import markup
from tests.pages.living_pages import table_lines, words
from tests.test_webhook import SECRET, receiving


@pytest.fixture
def open_settings(open_page):
    """`open_settings(notifier)` → the page with notices sent by it."""

    def opened(telling=None):
        app = open_page(SampleSource(), "settings")
        session.connect(SampleSource(), telling=telling)
        return app.run()

    return opened


def test_values_where_they_came_from_and_what_they_mean(open_settings, monkeypatch):
    monkeypatch.setenv("EBB_NOTIFY_WEBHOOK", f"https://hooks.example.com/{SECRET}")
    monkeypatch.setenv("EBB_HISTORY_URL", f"postgresql://ebb:{SECRET}@db.example.com/ebb")
    app = open_settings()
    rows = {line[0]: line[1:] for line in table_lines(app)}
    assert set(rows) == {row.variable for row in session.settings()}
    assert rows["EBB_NOTIFY_WEBHOOK"][:2] == ["https://hooks.example.com/…", "environment"]
    assert rows["EBB_HISTORY_URL"][0] == "postgresql://…@db.example.com/ebb"
    assert rows["EBB_NOTIFY_ZONE"][:2] == ["UTC", "default"]
    assert all(row[-1] for row in rows.values())
    assert SECRET not in markup(app)


def test_without_a_place_it_says_how_to_set_one_up(open_settings):
    app = open_settings()
    assert "No notices are sent. Set EBB_NOTIFY_TOPIC" in words(app)
    assert not [b for b in app.button if b.key == "test-notice"]


def test_a_test_notice_arrives_and_a_double_click_sends_one(open_settings):
    with receiving() as receiver:
        notifier = of(Settings(notify_webhook=receiver.url))
        app = open_settings(notifier)
        assert "Nothing was told yet." in words(app)
        for _ in range(2):
            app.button(key="test-notice").click().run()
        assert any("a moment ago" in caption.value for caption in app.caption)
        notifier.deliver()
        said = words(app.run())
        assert "✓ taken" in said
        assert SECRET not in markup(app)
    assert len(receiver.bodies) == 1


def test_what_did_not_arrive_is_said_with_its_reason(open_settings):
    def refuse(console, notice):
        raise OpsError("hooks.example.com answered 404.")

    quiet = Rules(quiet=parse("22:00-07:00", UTC))
    notifier = Notifier([Place("webhook https://hooks.example.com/…", refuse)], quiet, Hand())
    notifier.test()
    notifier.deliver()
    said = words(open_settings(notifier))
    assert "✕ not taken after 1 attempt: hooks.example.com answered 404." in said
    assert "Quiet from 22:00–07:00 UTC" in said
    assert "when it is calm again" in said

"""The Settings page: values and where they came from, secrets masked, notices, and the test button."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from components import session
from ops.config import Settings
from ops.core.errors import OpsError
from ops.core.notices import Rules
from ops.core.own_budget import Rate, Slowing, Why
from ops.core.own_spending import Counted, Spending
from ops.core.quiet import parse
from ops.notifier import Notifier, Place, of
from tests.components.samples import REAL, SampleSource, fleet
from tests.living import Hand
from tests.pages.conftest import markup
from tests.pages.living_pages import table_lines, words
from tests.test_webhook import SECRET, receiving

AT = datetime(2026, 11, 10, tzinfo=UTC)
CALLS = {"cloudwatch:GetMetricData": 90, "s3:ListObjectsV2": 9, "sts:GetCallerIdentity": 9}
SPENDING = Spending(
    Counted(AT, AT, 9.0, CALLS, 100_000, Rate(0.01, 0.02, 1.0)),
    Slowing(2.0, Why.SLOWED),
    Decimal(5),
    kept=False,
)


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
    assert rows["EBB_NOTIFY_ZONE"][0] == "UTC"
    folded = markup(app).partition('data-focus="defaults"')[2]
    assert f"{len(rows) - 2} settings at their default" in folded
    assert "EBB_NOTIFY_ZONE" in folded
    assert "EBB_NOTIFY_WEBHOOK" not in folded.partition("</details>")[0]
    assert "AWS_DEFAULT_REGION sets it, too." in rows["AWS_REGION"][-1]
    assert all(row[-1] for row in rows.values())
    assert SECRET not in markup(app)


def test_the_default_stands_beside_what_was_set(open_settings, monkeypatch):
    monkeypatch.setenv("EBB_NOTIFY_ZONE", "Europe/Berlin")
    monkeypatch.setenv("EBB_OWN_BUDGET_USD", "7.50")
    rows = {line[0]: line[1:] for line in table_lines(open_settings())}
    assert rows["EBB_NOTIFY_ZONE"][:3] == ["Europe/Berlin", "environment", "UTC"]
    assert rows["EBB_OWN_BUDGET_USD"][:3] == ["7.50", "environment", "not set"]
    assert rows["EBB_WRITE"][0] == "0"


def test_it_says_which_aws_who_asks_and_why_changes_are_not_possible(open_page, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "ops-eu")
    source = SampleSource(fleet(replace(REAL, caller=f"arn:aws:sts::{REAL.account}:assumed-role/Ebb/kim")))
    said = " ".join(words(open_page(source, "settings")).split())
    assert f"AWS real AWS account {REAL.account} region eu-central-1" in said
    assert "IAM role Ebb, an assumed role credentials profile ops-eu (AWS_PROFILE)" in said
    assert "changes of this AWS cannot be made: EBB_WRITE is not set" in said


def test_what_ebb_asks_is_listed_by_operation_with_its_price_and_the_month(open_page):
    source = SampleSource()
    said = words(open_page(source, "settings"))
    assert "Not known yet: AWS has not been read." in said
    source.spending = SPENDING
    app = open_page(source, "settings")
    said = words(app)
    assert "About $1.00 this month so far; comes to about $6.04 by its end" in said
    assert "It is not kept: counting begins again" in said
    lines = {line[0]: line[1:] for line in table_lines(app)}
    assert lines["cloudwatch GetMetricData"] == ["90", "10", "100,000", "about $1.00", "about $6.04"]
    assert lines["s3 ListObjectsV2"][3:] == ["not counted", "–"]
    assert lines["sts GetCallerIdentity"] == ["9", "1.0"]
    assert "1 operation without a price" in said
    assert lines["this month"] == ["108", "12", "100,000", "about $1.00", "about $6.04"]


def test_slowed_the_page_and_the_foot_say_so_and_why_and_what_stays(open_page):
    source = SampleSource()
    source.spending = SPENDING
    said = words(open_page(source, "settings"))
    why = "Metrics are read 2.0 times less often, to stay within the budget for Ebb's own asking"
    assert said.count(why) == 2
    assert "Never slowed: the state of every endpoint" in said
    source.spending = replace(SPENDING, slowing=Slowing(), budget=None)
    said = words(open_page(source, "settings"))
    assert why not in said
    assert "set EBB_OWN_BUDGET_USD and start it again" in said


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

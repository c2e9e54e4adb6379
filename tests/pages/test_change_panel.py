"""The panel that reviews and applies a change: once, with what is said before and after, and never by accident."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from components import session
from ops.config import Settings
from tests.living import console_at, error
from tests.pages.changing_pages import (
    button,
    capacity,
    elsewhere,
    labels,
    looked_at,
    on_page,
    one_endpoint,
    press,
    set_bounds,
)
from tests.pages.conftest import markup, notices
from tests.pages.living_pages import Sky, words
from tests.small_worlds import NAME


@pytest.fixture
def sky() -> Iterator[Sky]:
    with one_endpoint() as made:
        yield made


def bounds(sky: Sky) -> tuple[int, int]:
    target = console_at(sky.url).setup(NAME).target
    assert target is not None
    return target.bounds.min, target.bounds.max


def why(app: AppTest) -> Any:
    return next(t for t in app.text_input if t.label.startswith("Why"))


def test_review_apply_and_undo(sky):
    with looked_at(sky) as reader:
        app = set_bounds(capacity(), 1, 3)
        said = words(app)
        assert f"Set the bounds of {NAME} to 1–3" in said
        assert "0–3 instances" in said
        assert "1–3 instances" in said
        assert "Estimate, at most, were it asleep otherwise" in said
        assert bounds(sky) == (0, 3)
        api, shell, script, terraform, template = (block.value for block in app.code)
        assert json.loads(api)[0]["operation"] == "RegisterScalableTarget"
        assert json.loads(api)[0]["parameters"]["MinCapacity"] == 1
        assert "register-scalable-target" in shell
        assert "scaling.register_scalable_target(" in script
        assert "aws_appautoscaling_target" in terraform
        assert "AWS::ApplicationAutoScaling::ScalableTarget" in template
        why(app).set_value("month end").run()
        press(app, "Apply")
        assert bounds(sky) == (1, 3)
        assert "✓ Done." in words(app)
        assert "Read back from AWS just now:" in words(app)
        (entry,) = reader.act(lambda console: console.journal(NAME), changes=False)
        assert entry.why == "month end"
        assert f"On record as {entry.id[:8]}" in words(app)
        assert {n.label: n.value for n in app.number_input}["Minimum"] == 1
        press(app, "Undo…")
        assert f"Undo: Set the bounds of {NAME} to 1–3" in words(app)
        press(app, "Apply")
        assert bounds(sky) == (0, 3)
        press(app, "Close")
        assert "Apply" not in labels(app)
        assert "Close" not in labels(app)


def test_two_presses_of_one_plan_write_once(sky):
    with looked_at(sky) as reader:
        app = set_bounds(capacity(), 0, 2)
        plan = app.session_state[session.CHANGE].plan
        press(app, "Apply")
        app.session_state[session.CHANGE].receipt = None
        app.run()
        press(app, "Apply")
        assert "this plan had been applied before, and nothing was done now" in words(app)
        entries = reader.act(lambda console: console.journal(NAME), changes=False)
        assert [e.id for e in entries] == [plan.id]


def test_a_plan_that_can_hurt_waits_for_the_word(sky):
    with looked_at(sky):
        app = set_bounds(capacity(), 0, 0)
        assert "danger:" in words(app)
        assert button(app, "Apply").disabled
        confirm = next(t for t in app.text_input if t.label.startswith("This can hurt production"))
        confirm.set_value("dok").run()
        assert button(app, "Apply").disabled
        confirm = next(t for t in app.text_input if t.label.startswith("This can hurt production"))
        confirm.set_value(NAME).run()
        assert bounds(sky) == (0, 3)
        assert not button(app, "Apply").disabled
        press(app, "Apply")
        assert bounds(sky) == (0, 0)


def test_what_changed_since_the_review_is_told_and_planned_anew(sky):
    with looked_at(sky):
        app = set_bounds(capacity(), 1, 3)
        elsewhere(sky, lambda other: other.plan_bounds(NAME, 0, 2))
        press(app, "Apply")
        assert bounds(sky) == (0, 2)
        assert "Nothing was done: this was changed since the plan was made" in notices(app)
        assert "Apply" not in labels(app)
        press(app, "Plan anew")
        assert "0–2 instances" in words(app)
        press(app, "Apply")
        assert bounds(sky) == (1, 3)


def test_what_aws_refuses_is_told_with_the_action_that_is_missing(sky):
    with looked_at(sky):
        app = set_bounds(capacity(), 1, 3)
        sky.gate.shut["RegisterScalableTarget"] = error("AccessDeniedException", "not allowed")
        press(app, "Apply")
        said = words(app)
        assert "Failed: nothing was changed" in said
        assert "application-autoscaling:RegisterScalableTarget" in said
        assert "Undo…" not in labels(app)
        sky.gate.shut.clear()
        press(app, "Plan anew")
        press(app, "Apply")
        assert bounds(sky) == (1, 3)


def test_while_aws_is_away_nothing_typed_is_lost(sky):
    with looked_at(sky):
        app = set_bounds(capacity(), 1, 3)
        why(app).set_value("for the demo").run()
        sky.gate.shut["*"] = error("ServiceUnavailable", "away", 503)
        press(app, "Apply")
        assert notices(app)
        assert "Apply" in labels(app)
        assert why(app).value == "for the demo"
        sky.gate.shut.clear()
        assert bounds(sky) == (0, 3)


def test_a_viewer_sees_the_plan_and_cannot_apply_it(sky, monkeypatch):
    monkeypatch.setenv("EBB_ROLE", "viewer")
    with looked_at(sky):
        app = set_bounds(capacity(), 1, 3)
        assert "register-scalable-target" in app.code[1].value
        assert button(app, "Apply").disabled
        assert "needs the role operator; you hold viewer" in notices(app)
    monkeypatch.setenv("EBB_ROLE", "operator")
    with looked_at(sky):
        app = press(capacity(), "Remove this policy…")
        assert "needs the role admin; you hold operator" in notices(app)
        assert button(app, "Apply").disabled


def test_a_read_only_aws_shows_the_plan_and_applies_nothing(sky, monkeypatch):
    monkeypatch.setenv("EBB_ROLE", "admin")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with looked_at(sky, Settings(endpoint_url=sky.url, mode="aws", region="us-east-1")):
        app = set_bounds(capacity(), 1, 3)
        said = notices(app)
        assert "Read-only:" in said
        assert "EBB_WRITE" in said
        assert "This AWS is read-only here" in said
        assert any("register-scalable-target" in block.value for block in app.code)
        assert button(app, "Apply").disabled
    assert bounds(sky) == (0, 3)


def test_another_page_forgets_the_review_and_a_new_load_writes_nothing(sky):
    with looked_at(sky):
        app = set_bounds(capacity(), 1, 3)
        app.switch_page("../pages/fleet.py").run()
        app.switch_page("../pages/capacity.py").run()
        assert "Apply" not in labels(app)
        assert "Apply" not in labels(capacity())
        assert bounds(sky) == (0, 3)


def test_nothing_to_change_says_so(sky):
    with looked_at(sky):
        app = capacity()
        fields = {n.label: n for n in app.number_input}
        fields["Minimum"].set_value(1)
        fields["Maximum"].set_value(3).run()
        elsewhere(sky, lambda other: other.plan_bounds(NAME, 1, 3))
        press(app, "Review these bounds…")
        assert "There is nothing to change: it is like this already." in notices(app)
        assert "Apply" not in labels(app)


def test_an_alarm_is_put_with_the_topic_that_was_chosen(sky):
    with looked_at(sky) as reader:
        app = on_page("alarms", endpoint=NAME)
        press(app, "Put this alarm…")
        assert "needs somebody to tell" in notices(app)
        topic = f"arn:aws:sns:us-east-1:{reader.connection().account}:on-call"
        next(t for t in reversed(app.text_input) if t.label.startswith("SNS topic")).set_value(topic).run()
        press(app, "Put this alarm…")
        assert any(topic in block.value for block in app.code)
        press(app, "Apply")
        assert "✓ Done." in words(app)


def test_the_activity_page_takes_a_change_back(sky):
    with looked_at(sky) as reader:
        press(set_bounds(capacity(), 0, 2), "Apply")
        (entry,) = reader.act(lambda console: console.journal(NAME), changes=False)
        app = on_page("activity", endpoint=NAME, undo=entry.id)
        assert f"undo={entry.id}" in markup(app)
        assert f"Undo: Set the bounds of {NAME} to 0–2" in words(app)
        assert bounds(sky) == (0, 2)
        press(app, "Apply")
        assert bounds(sky) == (0, 3)
        app = on_page("activity", endpoint=NAME, undo=entry.id)
        assert "This was undone already" in notices(app)
        assert "Apply" not in labels(app)


def test_the_doctors_fix_is_applied(sky):
    with looked_at(sky) as reader:
        policy = "HasBacklogWithoutCapacity-ScalingPolicy"
        elsewhere(sky, lambda other: other.plan_policy_removed(NAME, policy), NAME)
        reader.act(lambda console: console.fleet())
        app = on_page("doctor", endpoint=NAME)
        assert "wake-alarm-other-policy" in markup(app)
        press(app, "Apply this fix…")
        assert "Mend wake-alarm-other-policy" in words(app)
        press(app, "Apply")
        assert "✓ Done." in words(app)
        policies = reader.act(lambda console: console.setup(NAME).policies, changes=False)
        assert len(policies) == 2

"""The Capacity page: what holds, forms that begin with it and answer bad input, suspension, drift, other states."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest
from streamlit.testing.v1 import AppTest

from ops.console import Console
from ops.core.change import Actor, ChangePlan
from ops.core.fixes import DeregisterTarget
from ops.core.types import Suspended
from tests.components.samples import REAL, SampleSource, fleet
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
)
from tests.pages.conftest import markup, notices
from tests.pages.living_pages import Sky, sky_over, words
from tests.small_worlds import NAME


@pytest.fixture
def sky() -> Iterator[Sky]:
    with one_endpoint() as made:
        yield made


@pytest.fixture(scope="module")
def fleet_sky() -> Iterator[Sky]:
    with sky_over() as made:
        yield made


def fields(app, low=None, high=None):
    """Types bounds without asking for the review."""
    found = {n.label: n for n in app.number_input}
    found["Minimum"].set_value(low)
    found["Maximum"].set_value(high).run()
    return words(app)


def test_without_an_endpoint_there_is_a_list(open_page):
    app = open_page(SampleSource(), "capacity")
    assert "Capacity of which endpoint?" in words(app)
    assert 'href="./capacity?endpoint=doc-async"' in markup(app)
    assert labels(app) == []


def test_an_endpoint_that_is_not_there(open_page):
    app = open_page(SampleSource(), "capacity", endpoint="nowhere")
    assert "no endpoint named 'nowhere'" in notices(app)


def test_while_aws_is_away_from_the_start(open_page):
    app = open_page(SampleSource(fleet(REAL)), "capacity", endpoint="doc-async")
    assert "Not shown: the forms." in notices(app)
    assert labels(app) == []


def test_what_holds_and_the_hint_under_the_bounds(sky):
    with looked_at(sky):
        app = capacity()
        said = words(app)
        assert f"Capacity of {NAME}" in said
        assert "Scaling moves it between 0 and 3 instances." in said
        assert "No scheduled action changes the bounds." in said
        assert "This is what holds now." in said
        said = fields(app, 1, 3)
        assert "0–3 → 1–3" in said
        assert "estimate" in said.lower()
        assert "a day more" in said
        assert "With a maximum of 0" in fields(app, 0, 0)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (
            3,
            2,
            "The minimum (3) is above the maximum (2). Lower the minimum to 2, or raise the maximum to 3.",
        ),
        (-1, 3, "The minimum cannot be negative (-1). 0 lets the endpoint sleep."),
        (0, 99, "The maximum (99) is above the account's quota: 8 × ml.g5.xlarge"),
    ],
)
def test_bad_bounds_are_answered_in_place_and_stay_typed(sky, low, high, said):
    with looked_at(sky):
        app = capacity()
        assert said in fields(app, low, high)
        press(app, "Review these bounds…")
        assert "Apply" not in labels(app)
        assert notices(app)
        assert {n.label: n.value for n in app.number_input}["Maximum"] == high


def test_typed_bounds_outlive_a_change_elsewhere_and_untouched_ones_follow(sky):
    with looked_at(sky) as reader:
        app = capacity()
        fields(app, 0, 2)
        elsewhere(sky, lambda other: other.plan_bounds(NAME, 1, 3))
        reader.act(lambda console: None)
        app.run()
        assert {n.label: n.value for n in app.number_input if n.label in ("Minimum", "Maximum")} == {
            "Minimum": 1,
            "Maximum": 2,
        }


def test_suspending_shows_a_banner_with_its_age_also_on_the_endpoint_page(sky):
    with looked_at(sky):
        app = capacity()
        assert button(app, "Review this…").disabled
        next(t for t in app.toggle if "scaling out" in t.label).set_value(True).run()
        press(app, "Review this…")
        assert "a sleeping endpoint does not wake for any request" in words(app)
        next(t for t in app.text_input if t.label.startswith("This can hurt")).set_value(NAME).run()
        press(app, "Apply")
        press(app, "Close")
        said = words(app)
        assert "Scaling out is suspended." in said
        assert "by this machine" in said
        assert "ago." in said
        app.switch_page("../pages/endpoint.py").run()
        assert "Scaling out is suspended." in words(app)
        assert "Resume it on the Capacity page →" in words(app)


def test_a_policy_is_changed_as_a_whole(sky):
    with looked_at(sky) as reader:
        app = capacity()
        next(n for n in app.number_input if n.label == "Target for each instance").set_value(-2.0).run()
        app.button(key=f"review-policy-{NAME}-backlog-scaling").click().run()
        assert "The target must be above 0, not -2." in notices(app)
        next(n for n in app.number_input if n.label == "Target for each instance").set_value(7.5).run()
        app.button(key=f"review-policy-{NAME}-backlog-scaling").click().run()
        assert "tracks ApproximateBacklogSizePerInstance at 7.5" in words(app)
        press(app, "Apply")
        policies = reader.act(lambda console: console.setup(NAME).policies, changes=False)
        assert any(getattr(p, "target", None) == 7.5 for p in policies)


def test_what_holds_already_is_not_reviewed(sky):
    with looked_at(sky):
        app = capacity()
        policies = [b.key for b in app.button if b.label == "Review this policy…"]
        assert [b.disabled for b in app.button if b.label.startswith("Review")] == [True] * 4
        fields(app, 1, 3)
        assert not button(app, "Review these bounds…").disabled
        fields(app, 0, 3)
        assert button(app, "Review these bounds…").disabled
        next(n for n in app.number_input if n.label == "Target for each instance").set_value(7.5).run()
        assert sorted(app.button(key=key).disabled for key in policies) == [False, True]


def test_steps_that_cannot_be_are_told(sky):
    with looked_at(sky):
        app = capacity()
        press(app, "Add a step")
        press(app, button_of_steps(app))
        assert "The steps overlap" in notices(app) or "no number" in notices(app)
        next(t for t in app.text_input if t.label.startswith("Up to")).set_value("ten").run()
        press(app, button_of_steps(app))
        assert "Up to is no number: 'ten'." in notices(app)


def button_of_steps(app) -> str:
    """The review of the step policy is the last of its label."""
    assert [b.label for b in app.button].count("Review this policy…") == 2
    return "Review this policy…"


def test_what_was_changed_elsewhere_can_be_restored_or_accepted(sky):
    with looked_at(sky) as reader:
        app = capacity()
        assert "Changed elsewhere" not in words(app)
        elsewhere(sky, lambda other: other.plan_suspended(NAME, Suspended(scheduled=True)))
        reader.act(lambda console: None)
        app.run()
        said = words(app)
        assert "Changed elsewhere: it is not as it was" in said
        assert "schedules suspended" in said
        press(app, "Restore what was set…")
        press(app, "Apply")
        press(app, "Close")
        assert "Changed elsewhere" not in words(app)
        elsewhere(sky, lambda other: other.plan_bounds(NAME, 0, 2))
        reader.act(lambda console: None)
        app.run()
        press(app, "Accept it as it is")
        assert "Changed elsewhere" not in words(app)


def beside_its_forms() -> None:
    """The live panel of a page and its forms; without the forms, as the panel refreshes by itself."""
    from datetime import timedelta

    import streamlit as st

    from components import capacity_drift, session

    drawn = st.toggle("forms", True)
    if drawn:
        capacity_drift.begin()
    capacity_drift.moved(session.endpoint("doc", timedelta(hours=1))[0])
    if drawn:
        st.text(capacity_drift.newest("doc").value.setup.target.bounds.min)


def test_an_open_page_says_that_the_setup_has_changed(sky):
    hint = "The set-up has changed since this page was loaded."
    with looked_at(sky) as reader:
        app = AppTest.from_function(beside_its_forms, default_timeout=60).run()
        app.toggle[0].set_value(False).run()
        assert hint not in words(app)
        elsewhere(sky, lambda other: other.plan_bounds(NAME, 1, 3))
        sky.clock.jump(60)
        reader.read_once()
        reader.act(lambda console: None)
        app.run()
        assert hint in words(app)
        press(app, "Reload")
        assert hint in words(app)  # the forms were not drawn here
        app.toggle[0].set_value(True).run()
        assert hint not in words(app)
        assert app.text[0].value == "1"
        app.toggle[0].set_value(False).run()
        assert hint not in words(app)
        for change in (
            lambda console: console.plan_keep_warm(NAME, span=timedelta(hours=1), floor=2),
            lambda console: console.plan_policy_removed(NAME, "backlog-scaling"),
            lambda console: console.plan_suspended(NAME, Suspended(scale_in=True)),
        ):
            reader.act(
                lambda console, plan=change: console.apply(plan(console), Actor("bo", "admin"), "", NAME)
            )
            app.run()
            assert hint in words(app)
            app.toggle[0].set_value(True).run()
            app.toggle[0].set_value(False).run()
            assert hint not in words(app)


def test_a_denied_reading_names_the_action(sky):
    sky.gate.shut["DescribeScalingPolicies"] = error("AccessDeniedException")
    with looked_at(sky):
        app = capacity()
        assert "application-autoscaling:DescribeScalingPolicies" in notices(app)
        assert "Review these bounds…" not in labels(app)


def test_while_aws_is_away_the_last_numbers_stay_and_nothing_is_planned(sky):
    with looked_at(sky):
        app = capacity()
        fields(app, 1, 3)
        sky.gate.shut["*"] = error("ServiceUnavailable", "away", 503)
        press(app, "Review these bounds…")
        assert notices(app)
        assert "Apply" not in labels(app)
        assert {n.label: n.value for n in app.number_input}["Minimum"] == 1


def test_a_viewer_may_look(sky, monkeypatch):
    monkeypatch.setenv("EBB_ROLE", "viewer")
    with looked_at(sky):
        assert "Applying one needs the role operator." in notices(capacity())


def test_a_realtime_endpoint_never_sleeps(fleet_sky):
    with looked_at(fleet_sky) as reader:
        names = [r.endpoint.ref.name for r in reader.fleet().realtime]
        app = on_page("capacity", endpoint=names[0])
        assert "give its first bounds" in words(app)
        assert {n.label: n.value for n in app.number_input} == {"Minimum": 1, "Maximum": 1}
        said = fields(app, 0, 2)
        assert "is a real-time endpoint: AWS keeps at least 1 instance of it." in said


def test_every_endpoint_of_the_fleet_has_its_page(fleet_sky):
    with looked_at(fleet_sky) as reader:
        view = reader.fleet()
        for row in (*view.rows, *view.realtime):
            app = on_page("capacity", endpoint=row.endpoint.ref.name)
            assert f"Capacity of {row.endpoint.ref.name}" in words(app)


def test_an_endpoint_that_is_gone_is_said_once(sky):
    with looked_at(sky):
        app = on_page("capacity", endpoint="nowhere")
        assert notices(app).count("There is no endpoint named 'nowhere'") == 1
        assert "Review these bounds…" not in labels(app)


def test_an_endpoint_without_bounds_is_offered_its_first(sky):
    def gone(other: Console) -> ChangePlan:
        ref = other.endpoint(NAME).row.endpoint.ref
        return other.plan_changes(NAME, "fix", "Deregister", (DeregisterTarget(ref),))

    elsewhere(sky, gone, NAME)
    with looked_at(sky):
        app = capacity()
        said = words(app)
        assert "It is not registered with Application Auto Scaling: nothing scales it." in said
        assert "give its first bounds" in said
        assert "Nothing can be suspended" in said
        assert "A policy needs bounds to move between: set them first." in said
        fields(app, 0, 2)
        press(app, "Review these bounds…")
        assert "not registered" in words(app)
        press(app, "Apply")
        with console_at(sky.url) as console:
            target = console.setup(NAME).target
            assert target is not None
            assert (target.bounds.min, target.bounds.max) == (0, 2)


def test_a_policy_on_an_expression_can_only_be_removed(sky):
    client = boto3.client(
        "application-autoscaling",
        "us-east-1",
        endpoint_url=sky.url,
        aws_access_key_id="x",
        aws_secret_access_key="y",
    )
    metric = {"Namespace": "AWS/SageMaker", "MetricName": "ApproximateBacklogSize"}
    stat = {
        "Metric": metric | {"Dimensions": [{"Name": "EndpointName", "Value": NAME}]},
        "Stat": "Sum",
    }
    client.put_scaling_policy(
        PolicyName="mixed",
        ServiceNamespace="sagemaker",
        ResourceId=f"endpoint/{NAME}/variant/AllTraffic",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 5.0,
            "CustomizedMetricSpecification": {
                "Metrics": [
                    {"Id": "m1", "MetricStat": stat, "ReturnData": False},
                    {"Id": "e1", "Expression": "m1 / 2", "ReturnData": True},
                ]
            },
        },
    )
    with looked_at(sky):
        app = capacity()
        assert "It tracks an expression over several metrics." in words(app)
        assert labels(app).count("Review this policy…") == 2
        assert labels(app).count("Remove this policy…") == 3

"""The Deploy page: form, fit, review, steps, what exists of one that failed, continue, clean up, who only looks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from components import deploy_door
from ops.config import Settings
from tests.components.samples import REAL, SampleSource, fleet
from tests.living import Gate, error, gated, hurrying
from tests.pages.changing_pages import button, labels, looked_at, on_page, one_endpoint, press
from tests.pages.conftest import markup, notices
from tests.pages.living_pages import Sky, words
from tests.small_worlds import NAME
from tests.test_deploying import IMAGE, ROLE, client, inventory

DENIED = error("AccessDeniedException", "not authorized to perform: sagemaker:x", 403)
GOOD = {
    "deploy-name": "doc-new",
    "deploy-model": "m",
    "deploy-type": "ml.g5.xlarge",
    "deploy-output": "s3://results/",
}
ENDED_S = 30.0


@contextmanager
def world(speed: float = 3600.0) -> Iterator[tuple[str, Gate]]:
    """The pages of this process on an empty embedded AWS with one model."""
    with hurrying(speed) as behind, gated(behind) as (url, gate):
        client(behind, "sagemaker").create_model(
            ModelName="m", PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE
        )
        sky = Sky(url, gate, _Still())  # type: ignore[arg-type]
        chosen = Settings(endpoint_url=url)
        with looked_at(sky, chosen):
            yield behind, gate


class _Still:
    """Nobody moves this clock: it runs by itself."""

    def jump(self, seconds: float) -> None:
        assert not seconds


def run_of(app: AppTest) -> str:
    """The change whose steps the page shows."""
    found = app.query_params[deploy_door.RUN]
    return found if isinstance(found, str) else found[0]


def applied(app: AppTest, typed: str = "") -> AppTest:
    """Presses Apply in the open review, and waits for the end of what it began."""
    if typed:
        field = next(t for t in app.text_input if t.label.startswith("This can hurt production"))
        field.set_value(typed).run()
    press(app, "Apply")
    assert deploy_door.ended(run_of(app), ENDED_S)
    app.run()
    assert [e.message for e in app.exception] == []
    return app


def deployed(app: AppTest) -> AppTest:
    return applied(press(app, "Review this deployment…"))


def test_an_empty_account_says_that_there_is_no_model_yet(tmp_path: Path) -> None:
    with hurrying() as url, gated(url) as (front, gate), looked_at(Sky(front, gate, _Still())):  # type: ignore[arg-type]
        app = on_page("deploy")
        assert "From a model to an asynchronous endpoint" in words(app)
        chosen = next(s for s in app.selectbox if s.label == "Model")
        assert (chosen.options, chosen.proto.placeholder) == ([], "There is no model yet: make a new one")
        assert "Not known yet" in words(app)
        press(app, "Review this deployment…")
        said = words(app)
        for missing in ("No model is chosen.", "The endpoint needs a name.", "The instance type is missing."):
            assert missing in said
        assert "The place for results is missing." in said


def test_a_whole_deployment_from_its_link_to_the_way_to_a_test_payload() -> None:
    with world() as (url, _):
        app = on_page("deploy", **GOOD, **{"deploy-max": "3"})
        said = words(app)
        assert "$1.4084 an hour for each instance in service" in said
        assert "about $1,028 a month" in said
        press(app, "Review this deployment…")
        assert "Deploy doc-new: up to 3 instances of ml.g5.xlarge" in words(app)
        assert inventory(url) == ["model m"]
        applied(app)
        said = words(app)
        assert "✓ Done." in said
        assert "✓ done Wait until doc-new is in service" in said
        assert 'href="./requests?endpoint=doc-new&amp;view=Submit"' in markup(app)
        assert 'href="./endpoint?endpoint=doc-new"' in markup(app)
        assert "endpoint doc-new InService" in inventory(url)
        assert "target 0-3" in inventory(url)


def test_alarms_ring_later_than_an_ordinary_start_and_their_cost_counts_all_of_them() -> None:
    with world():
        app = on_page("deploy", **GOOD, **{"deploy-wake-minutes": "10"})
        boxes = [box.label for box in app.checkbox]
        assert any("for 24 min with no instance" in label for label in boxes)
        assert "has 3 alarms: at most $0.30 a month at list price" in words(app)
        app.text_input(key="deploy-error-topic").set_value("arn:aws:sns:us-east-1:123456789012:t").run()
        assert "has 7 alarms: at most $0.70 a month" in words(app)
        app.checkbox(key="deploy-alarm-expired").uncheck().run()
        assert "has 6 alarms" in words(app)
        assert "the first 10 of the account cost nothing" in words(app)


def test_what_is_wrong_with_a_field_of_a_row_is_told_below_it_by_its_label() -> None:
    with world():
        typed = {"deploy-max": "1000000000", "deploy-in-cooldown": "-1", "deploy-concurrency": "5000"}
        said = words(on_page("deploy", **GOOD, **typed, **{"deploy-tags": "a=b;c"}))
        assert "Most instances: 1,000,000,000 is too much: 1 to 10,000 instances." in said
        assert "Cooldown in (s): -1 is too little: 0 to 86,400 seconds." in said
        assert "Requests at once on an instance: 5,000 is too much: 1 to 1,000 requests at once." in said
        assert "AWS takes no ';' in a tag: 'a'." in said


def test_names_that_exist_are_refused_beside_the_field() -> None:
    with world() as (url, _):
        client(url, "sagemaker").create_endpoint_config(
            EndpointConfigName="doc-new",
            ProductionVariants=[
                {
                    "VariantName": "a",
                    "ModelName": "m",
                    "InitialInstanceCount": 1,
                    "InstanceType": "ml.g5.xlarge",
                }
            ],
        )
        app = on_page("deploy", **GOOD)
        assert "There is already an endpoint configuration doc-new. Choose another name." in words(app)
        assert button(app, "Review this deployment…").disabled
        app.text_input(key="deploy-config").set_value("doc-new-2").run()
        assert "There is already" not in words(app)
        assert not button(app, "Review this deployment…").disabled


def test_bad_input_is_said_of_its_field_and_gone_when_it_is_mended() -> None:
    with world():
        app = on_page(
            "deploy", **GOOD, **{"deploy-max": "zwei", "deploy-hours": "25", "deploy-takes": "long"}
        )
        said = words(app)
        assert "'zwei' is not a whole number. The default is 2." in said
        assert "A day has no 25 hours." in said
        assert "“Takes (s)” is no number: 'long'." in said
        press(app, "Review this deployment…")
        assert "'zwei' is not a whole number" in notices(app)
        app.text_input(key="deploy-max").set_value("2").run()
        assert "'zwei'" not in words(app) + notices(app)
        app = on_page("deploy", **{**GOOD, "deploy-type": "ml.g5.xl"})
        assert "SageMaker knows no instance type 'ml.g5.xl'. Did you mean ml.g5" in words(app)


def test_the_fit_is_said_with_its_own_numbers_before_anything_is_deployed() -> None:
    with world():
        typed = {"payload": "40", "takes": "180", "waits": "30", "requests": "40", "hours": "10"}
        app = on_page("deploy", **GOOD, **{f"deploy-{key}": value for key, value in typed.items()})
        said = words(app)
        assert "✓ Good fit: payloads of 40 MB are too large for a real-time endpoint." in said
        assert "✕ does not fit: 6.3 MB at most" in said
        assert "63–91 % of the time" in said
        assert "as of November 2026" in said


def test_a_viewer_may_plan_and_copy_but_not_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EBB_ROLE", "viewer")
    with world() as (url, _):
        app = on_page("deploy", **GOOD)
        assert "Applying one needs the role admin." in notices(app)
        press(app, "Review this deployment…")
        assert button(app, "Apply").disabled
        assert "you hold viewer" in notices(app)
        assert "create-endpoint" in "\n".join(str(c.value) for c in app.code)
        assert inventory(url) == ["model m"]


@pytest.mark.parametrize("way", ["Continue…", "Clean up…"])
def test_a_step_that_failed_says_what_exists_and_how_to_go_on(way: str) -> None:
    with world() as (url, gate):
        gate.shut["CreateEndpoint"] = DENIED
        app = deployed(on_page("deploy", **GOOD))
        gate.shut.clear()
        said = words(app)
        assert "Ended on the way: 1 of 7 steps done." in said
        assert "Exists now: endpoint configuration doc-new." in said
        assert "✕ failed Create the endpoint doc-new" in said
        other = on_page("deploy")  # somebody else, later
        assert "Unfinished: Deploy doc-new" in words(other)
        assert labels(other)[:2] == ["Continue…", "Clean up…"]
        applied(press(other, way))
        assert "✓ Done." in words(other)
        left = inventory(url)
        assert ("endpoint doc-new InService" in left) == (way == "Continue…")
        if way == "Clean up…":
            assert left == ["model m"]
        assert "Unfinished" not in words(on_page("deploy"))


def test_others_see_what_is_under_way_and_it_can_be_stopped() -> None:
    with world(speed=20.0) as (url, _):
        app = on_page("deploy", **GOOD)
        press(app, "Review this deployment…")
        press(app, "Apply")
        run = run_of(app)
        other = on_page("deploy")
        assert "◔ under way Deploy doc-new" in words(other)
        seen = on_page("deploy", run=run)
        assert "of 7 steps done" in words(seen)
        press(seen, "Stop")
        assert deploy_door.ended(run, ENDED_S)
        seen.run()
        said = words(seen)
        assert "It was stopped here by this machine." in said
        assert "Exists now: endpoint configuration doc-new" in said
        assert {"Continue…", "Clean up…"} <= set(labels(seen))
        assert "target" not in " ".join(inventory(url))


def test_an_unknown_run_is_said_calmly() -> None:
    with world():
        app = on_page("deploy", run="nowhere")
        assert "The journal has no entry" in notices(app)


def test_while_aws_is_away(open_page: Any) -> None:
    app = open_page(SampleSource(fleet(REAL)), "deploy")
    assert "From a model to an asynchronous endpoint" in words(app)
    assert "Not shown: the models of this account." in notices(app)


def test_the_environment_comes_from_no_link() -> None:
    with world():
        app = on_page("deploy", **{"deploy-from": "A new model", "deploy-env": "TOKEN=secret"})
        assert app.text_area(key="deploy-env").value == ""


def test_the_fit_takes_the_measured_numbers_of_an_endpoint() -> None:
    with one_endpoint() as sky, looked_at(sky):
        app = on_page("deploy", **{"deploy-like": NAME, "deploy-waits": "60"})
        said = words(app)
        assert f"requests of {NAME} in " in said
        assert "Its largest payload cannot be seen from outside." in said
        assert "1 h at most" in said


def test_taken_back_from_the_activity_page_it_goes_on_in_the_background() -> None:
    with world() as (url, _):
        run = run_of(deployed(on_page("deploy", **GOOD)))
        app = on_page("activity", undo=run)
        field = next(t for t in app.text_input if t.label.startswith("This can hurt production"))
        field.set_value("doc-new").run()
        press(app, "Apply")
        assert "Under way. It goes on in the background." in words(app)
        link = re.search(r'href="\./deploy\?run=(\w+)"', markup(app))
        assert link is not None
        assert deploy_door.ended(link[1], ENDED_S)
        assert inventory(url) == ["model m"]
        assert "✓ Done." in words(on_page("deploy", run=link[1]))

"""Rights of AWS and the pages: a viewer's policy suffices for all of them, one denied action breaks none, and Settings
shows which."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from components import permissions_door, session
from components.access import PAGES
from ops.core.permissions import READS, Scope, of_role
from ops.core.permissions.places import Places
from ops.core.permissions.policy import actions, policy
from tests.limited import denied, deny, under
from tests.living import Gate
from tests.local_aws.deploying import BUCKET
from tests.pages.conftest import notices
from tests.pages.living_pages import Sky, Viewer, table_lines, words
from tests.test_failed import Desk

FILES = [page.file.removeprefix("pages/").removesuffix(".py") for page in PAGES]
PAGE_OF = {
    "application-autoscaling": "capacity",
    "cloudtrail": "activity",
    "cloudwatch": "alarms",
    "logs": "failures",
    "pricing": "savings",
    "s3": "failures",
    "sagemaker": "endpoint",
    "servicequotas": "doctor",
    "sns": "doctor",
    "sqs": "requests",
    "tag": "savings",
}
"""The page that wants actions of a service most."""
ACTIONS = sorted(
    {
        r.action
        for r in of_role("viewer")
        if r.scope not in (Scope.NOTHING, Scope.ROLES) and not r.writes  # no place here names a role
    }
    - {"sqs:GetQueueAttributes"}  # there is no queue here to ask: tests/test_permissions_living.py has one
)


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    found = Desk()
    yield found
    found.console.close()
    found.aws.server.stop()


@pytest.fixture
def viewer(desk: Desk) -> Iterator[Viewer]:
    made = Viewer(Sky(url_of(desk), Gate(url_of(desk)), desk.aws.clock))
    yield made
    made.reader.stop()
    deny(url_of(desk))
    session.connect(None)


def url_of(desk: Desk) -> str:
    return str(desk.aws.server.url)


@pytest.mark.parametrize("page", FILES)
def test_under_a_viewers_policy_no_page_lacks_anything(
    open_page, desk: Desk, viewer: Viewer, page: str
) -> None:
    places = Places(desk.aws.world.account, desk.aws.world.region, (BUCKET,))
    with under(url_of(desk), policy("viewer", places)):
        app = open_page(viewer.after().reader, page, endpoint="doc")
        assert "denied" not in notices(app)
        assert denied(url_of(desk)) == {}


@pytest.mark.parametrize("action", ACTIONS)
def test_one_denied_action_breaks_no_page_and_preflight_names_it(
    open_page, desk: Desk, viewer: Viewer, action: str
) -> None:
    deny(url_of(desk), action)
    if action != "sagemaker:ListEndpoints":  # without it there is nothing to show but that
        viewer.after()
    app = open_page(viewer.reader, PAGE_OF[action.partition(":")[0]], endpoint="doc")
    assert words(app)
    app = open_page(viewer.reader, "settings")
    app.button(key="preflight").click().run()
    permissions_door.wait("viewer", False, 30)
    app.run()
    assert [e.message for e in app.exception] == []
    (row,) = [line for line in table_lines(app) if line[0].replace(": ", ":") == action]  # it may part there
    assert row[2] == "✕ denied"
    assert row[3]
    assert f"Denied of what the role viewer needs: {action}." in words(app)


def test_settings_shows_the_policy_of_each_role_for_this_account(
    open_page, desk: Desk, viewer: Viewer
) -> None:
    viewer.after()
    for role in READS:
        app = open_page(viewer.reader, "settings", rights=role)
        document = json.loads(app.code[0].value)
        assert actions(document) == {
            r.action for r in of_role(role) if r.scope not in (Scope.NOTHING, Scope.ROLES)
        }
        assert f":{desk.aws.world.account}:" in app.code[0].value
        if role != "billing":
            assert f"arn:aws:s3:::{BUCKET}/*" in app.code[0].value
        assert any(f"python -m ops policy --role {role}" in caption.value for caption in app.caption)


def test_a_preflight_that_finds_nothing_denied_says_so_and_what_it_did_not_try(
    open_page, viewer: Viewer
) -> None:
    app = open_page(viewer.after().reader, "settings", rights="operator")
    assert "AWS is asked" not in words(app)
    app.button(key="preflight").click().run()
    permissions_door.wait("operator", False, 30)
    said = words(app.run())
    assert "✓ Everything that was tried for the role operator is allowed." in said
    assert "It changes something. sns:Publish" in said
    assert "application-autoscaling: DeleteScheduledAction" in said  # it may part there
    assert "not tried, and why" in said


def test_calls_that_cost_money_are_for_operators_and_only_when_asked_for(open_page, viewer: Viewer) -> None:
    app = open_page(viewer.after().reader, "settings", rights="billing")
    app.button(key="preflight").click().run()
    permissions_door.wait("billing", False, 30)
    assert "AWS bills it ($0.01 a call)" in words(app.run())
    app.checkbox(key="rights-paid").check().run()
    app.button(key="preflight").click().run()
    permissions_door.wait("billing", True, 30)
    app.run()
    rows = {line[0]: line[2] for line in table_lines(app)}
    assert rows["ce:GetCostAndUsage"] == "✓ allowed"


def test_a_role_that_is_none_in_a_link_is_not_taken(open_page, viewer: Viewer) -> None:
    app = open_page(viewer.after().reader, "settings", rights="boss")
    assert "sagemaker:ListEndpoints" in app.code[0].value

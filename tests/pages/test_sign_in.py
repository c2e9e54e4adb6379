"""Signed in, not signed in, without a group, expired: what the frame shows, and whom the write gate meets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from components import session
from tests.components.samples import REAL, SampleSource, fleet
from tests.pages.conftest import ROOT, markup, notices

LATER = datetime(2100, 1, 1, tzinfo=UTC).timestamp()


@pytest.fixture
def signed():
    """`signed(groups, page, **claims)` → the app as somebody with that token sees it."""

    def opened(groups=("ebb-viewer",), *, source=None, **claims):
        session.connect(source or SampleSource())
        app = AppTest.from_file(str(ROOT / "components" / "shell.py"), default_timeout=30)
        app.user = {
            "is_logged_in": True,
            "email": "nina@example.com",
            "groups": list(groups),
            "exp": LATER,
        } | claims
        app.run()
        assert [e.message for e in app.exception] == []
        return app

    yield opened
    session.connect(None)


def buttons(app):
    return {button.key for button in app.button}


def test_nobody_sees_what_ebb_is_and_a_button_and_nothing_else(signed):
    app = signed(is_logged_in=False)
    assert "An operations console for Amazon SageMaker" in markup(app)
    assert "doc-async" not in markup(app)
    assert buttons(app) == {"sign-in-"}
    app.switch_page("../pages/endpoint.py").run()
    assert buttons(app) == {"sign-in-"}
    assert "doc-async" not in markup(app)


def test_who_holds_a_group_sees_the_pages_and_their_own_name(signed):
    app = signed(["ebb-operator"])
    assert "doc-async" in markup(app)
    assert "nina@example.com" in markup(app)
    assert "operator · until" in markup(app)
    assert "sign-out" in buttons(app)


def test_without_a_group_it_is_said_and_the_way_out_is_there(signed):
    app = signed(["staff"])
    assert "none of the groups ebb-viewer, ebb-operator and ebb-admin" in notices(app)
    assert "nina@example.com" in markup(app)
    assert "doc-async" not in markup(app)
    assert buttons(app) == {"sign-out"}


@pytest.mark.parametrize("groups", [["ebb-operator"], ["staff"]])
def test_nobody_is_told_to_be_signed_out_while_the_browser_has_yet_to_leave(signed, groups):
    app = signed(groups)
    app.button(key="sign-out").click().run()
    assert "Keep this page open until it offers to sign in again" in notices(app)
    assert buttons(app) == {"sign-out"}
    assert "doc-async" not in markup(app)


def test_a_name_from_outside_is_escaped(signed):
    app = signed(["staff"], email="<img src=x>")
    assert "&lt;img src=x&gt;" in markup(app)


@pytest.mark.parametrize("exp", [1_000_000_000, None, "soon"])
def test_an_expired_sign_in_is_none(signed, exp):
    app = signed(["ebb-admin"], exp=exp)
    assert "has expired" in notices(app)
    assert "doc-async" not in markup(app)
    assert buttons(app) == {"sign-in-"}


def test_the_setting_wins_for_those_who_are_signed_in(signed, monkeypatch):
    monkeypatch.setenv("EBB_ROLE", "viewer")
    assert "viewer · until" in markup(signed(["ebb-admin"]))
    assert "doc-async" not in markup(signed(["ebb-admin"], is_logged_in=False))


def test_settings_that_make_no_sense_give_the_least_role(signed, monkeypatch):
    monkeypatch.setenv("EBB_ROLE", "boss")
    assert "viewer · until" in markup(signed(["ebb-admin"]))


def test_without_sign_in_the_kind_of_aws_decides(open_page):
    assert "this machine" in markup(open_page(SampleSource()))
    assert ">admin</span>" in markup(open_page(SampleSource()))
    real = open_page(SampleSource(fleet(connection=REAL)))
    assert ">viewer</span>" in markup(real)
    assert "sign-out" not in buttons(real)


def pressing():
    """A page with one button that asks for the actor at the press."""
    import streamlit as st

    from components import access
    from ops.core.errors import OpsError

    if st.button("Press"):
        try:
            actor = access.actor()
        except OpsError as error:
            st.text(f"{error.exit_code} {error.what}")
        else:
            st.text(f"{actor.name} {actor.role} {actor.via}")


def test_a_press_after_the_sign_in_expired_is_nobodys():
    session.connect(SampleSource())
    app = AppTest.from_function(pressing)
    claims = {"is_logged_in": True, "email": "nina@example.com", "groups": ["ebb-operator"]}
    said = []
    for token in (
        claims | {"exp": LATER},
        claims | {"exp": 1_000_000_000},
        claims | {"exp": LATER, "groups": ["staff"]},
        {"is_logged_in": False},
    ):
        app.user = token
        app.run()
        app.button[0].click().run()
        assert not app.exception
        said.append(app.text[0].value)
    session.connect(None)
    assert said == [
        "nina@example.com operator browser",
        "3 Your sign-in has expired, so nothing was changed.",
        "3 Your account holds no role here, so nothing was changed.",
        "3 Nobody is signed in, so nothing was changed.",
    ]

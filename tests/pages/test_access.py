"""Nobody sees a page without a user; every page asks first; every page of the table exists."""

from __future__ import annotations

import pytest
import streamlit as st

from components import access
from tests.components.samples import SampleSource
from tests.pages.conftest import ROOT, markup, notices


@pytest.fixture
def everywhere():
    """The server listens beyond this machine for the length of a test."""
    before = st.get_option("server.address")
    st.config.set_option("server.address", "0.0.0.0")
    yield
    st.config.set_option("server.address", before)


@pytest.mark.parametrize("page", ["", "endpoint"])
def test_beyond_loopback_without_sign_in_there_is_no_page(open_page, everywhere, page):
    app = open_page(SampleSource(), page)
    assert "someone signed in" in notices(app)
    assert "doc-async" not in markup(app)


def test_the_table_of_pages_is_the_folder_and_each_asks_first():
    files = {p.name for p in (ROOT / "pages").glob("*.py")} - {"__init__.py"}
    assert {p.file.removeprefix("pages/") for p in access.PAGES} == files
    for page in access.PAGES:
        code = (ROOT / page.file).read_text(encoding="utf-8")
        after_imports = [
            line
            for line in code.split('"""', 2)[2].splitlines()
            if line and not line.startswith(("import ", "from ", " ", ")"))
        ]
        assert after_imports[0].endswith(f'require("{page.role}")')


def test_roles_are_ordered_and_nobody_may_nothing():
    viewer, admin = access.User("a", "viewer"), access.User("b", "admin")
    assert access.may(admin, "operator")
    assert not access.may(viewer, "operator")
    assert not access.may(None, "viewer")


def test_an_unknown_path_is_no_page():
    assert access.entry("secret") is None
    assert access.entry("endpoint") is not None

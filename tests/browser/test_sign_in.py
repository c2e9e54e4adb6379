"""Signing in by a real provider in a real browser: the link that was wanted, roles, expiry, the way out."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests import oidc_provider
from tests.browser.conftest import console, settled, unused_port
from tests.oidc_provider import Person

NINA = Person("nina@example.com", ("staff", "ebb-operator"))
VERA = Person("vera@example.com", ("ebb-viewer",))
OTTO = Person("otto@example.com", ("staff",))
LATE = Person("late@example.com", ("ebb-admin",), good_s=-30)
"""Their token has just ended: Streamlit, which allows for clocks that differ, still takes it."""
WANTED = "ebb-wanted"


@pytest.fixture(scope="module")
def provider():
    with oidc_provider.running(NINA, VERA, OTTO, LATE) as running:
        yield running
    assert running.problems == []


@pytest.fixture(scope="module")
def guarded(aws, provider, tmp_path_factory):
    """A console with sign-in that listens on every address."""
    folder, port = tmp_path_factory.mktemp("guarded"), unused_port()
    file = folder / "secrets.toml"
    file.write_text(oidc_provider.secrets_file(provider, f"http://127.0.0.1:{port}/oauth2callback"))
    options = ("--secrets.files", str(file), "--server.address", "0.0.0.0")
    with console(aws.state_dir, folder, *options, port=port) as url:
        yield url


def sign_in(page: Page, person: Person) -> None:
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=f"Continue as {person.name}").click()


def menu(page: Page):
    return page.locator(".st-key-user-menu")


def test_the_link_that_was_wanted_opens_after_the_sign_in(guarded, open_page):
    page = open_page()
    page.goto(f"{guarded}/endpoint?endpoint=doc-async&range=1d&zone=Europe%2FBerlin")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_text("doc-async")).to_have_count(0)
    expect(page.locator('[data-testid="stSidebarNavLink"]').locator("visible=true")).to_have_count(0)
    sign_in(page, NINA)
    expect(page.get_by_role("heading", level=1, name="doc-async")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/endpoint\?endpoint=doc-async&range=1d&zone=Europe%2FBerlin$"))
    expect(page.get_by_role("radio", name="1d")).to_be_checked()
    expect(menu(page)).to_contain_text("nina@example.com")
    expect(menu(page)).to_contain_text("operator · until")
    page.goto(guarded)
    expect(page.get_by_role("heading", level=1, name=re.compile("need you"))).to_be_visible()
    settled(page)
    expect(page).to_have_url(f"{guarded}/")


def test_signing_out_ends_the_session_here_and_at_the_provider(guarded, provider, open_page):
    page = open_page()
    page.goto(f"{guarded}/settings")
    sign_in(page, VERA)
    expect(menu(page)).to_contain_text("viewer · until")
    ended = provider.ended
    with page.expect_response(re.compile(rf"^{re.escape(provider.url)}/logout\?")):
        menu(page).get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert provider.ended == ended + 1
    page.goto(f"{guarded}/settings")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_text("EBB_MODE")).to_have_count(0)


def test_without_a_group_it_is_said(guarded, open_page):
    page = open_page("dark", 390, 844)
    page.goto(f"{guarded}/endpoint?endpoint=doc-async")
    sign_in(page, OTTO)
    expect(page.get_by_text("none of the groups")).to_be_visible()
    expect(page.get_by_text("otto@example.com")).to_be_visible()
    expect(page.get_by_text("doc-async")).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_sign_in_that_has_ended_shows_nothing_and_the_link_is_kept(guarded, provider, open_page):
    page = open_page()
    page.goto(f"{guarded}/endpoint?endpoint=doc-async")
    sign_in(page, LATE)
    expect(page.get_by_text("Your sign-in has expired")).to_be_visible()
    assert provider.signed_in[-1] == LATE.name
    expect(page.get_by_text("doc-async")).to_have_count(0)
    sign_in(page, VERA)
    expect(page.get_by_role("heading", level=1, name="doc-async")).to_be_visible()


def wish(page: Page, path: str, age_s: float = 0) -> None:
    """Put a wanted page into the browser's keeping by hand."""
    page.evaluate(
        "([key, path, age]) => sessionStorage.setItem(key, JSON.stringify({ path, at: Date.now() - age * 1000 }))",
        [WANTED, path, age_s],
    )


@pytest.mark.parametrize(
    ("path", "age_s"),
    [
        ("https://elsewhere.example.com/", 0),
        ("//elsewhere.example.com/x", 0),
        ("/\\elsewhere.example.com/x", 0),
        ("javascript:document.title='taken'", 0),
        ("/settings", 16 * 60),
    ],
)
def test_only_a_fresh_path_of_this_server_is_followed(guarded, open_page, path, age_s):
    page = open_page()
    page.goto(guarded)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    wish(page, path, age_s)
    sign_in(page, VERA)
    expect(menu(page)).to_contain_text("vera@example.com")
    page.wait_for_function(f"sessionStorage.getItem('{WANTED}') === null")
    settled(page)
    expect(page).to_have_url(f"{guarded}/")


def test_a_link_that_looks_like_a_path_leads_nowhere_else(guarded, open_page):
    page = open_page()
    page.goto(f"{guarded}//elsewhere.example.com/x")
    assert page.url.startswith(f"{guarded}/")
    page.goto(guarded)
    sign_in(page, VERA)
    expect(menu(page)).to_contain_text("vera@example.com")
    settled(page)
    assert page.url.startswith(f"{guarded}/")

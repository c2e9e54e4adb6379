"""Two accounts in one console, in a real browser: choose, go back, share a link; one that is gone hides nothing."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NOW, ROOT, Aws, console, process, settled

THERE = ("222222222222", "eu-west-1")


@dataclass(frozen=True)
class Site:
    url: str
    doc: str = "doc-async"


@pytest.fixture(scope="module")
def site(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The default fleet here, the same names in another account and region there, and one that nobody answers for."""
    folder = tmp_path_factory.mktemp("there")
    command = [sys.executable, "-m", "ops", "local-aws", "--port", "0", "--seed", "8", "--now", NOW]
    command += ["--account", THERE[0], "--region", THERE[1], "--past-days", "0"]
    with process(command, folder / "log", folder, ROOT) as child:
        assert child.stdout is not None
        there = json.loads(child.stdout.readline())["endpoint_url"]
        file = folder / "places.toml"
        file.write_text(
            "[[place]]\nname = 'here'\n"
            f"[[place]]\nname = 'there'\nendpoint_url = '{there}'\nregion = '{THERE[1]}'\n"
            "[[place]]\nname = 'dark'\nendpoint_url = 'http://127.0.0.1:9'\nregion = 'us-east-2'\n",
            encoding="utf-8",
        )
        more = {"EBB_PLACES": str(file)}
        with console(aws.state_dir, tmp_path_factory.mktemp("console"), more=more) as url:
            yield Site(url)


def strip(page: Page, account: str) -> None:
    """The line above the page says which account it is of."""
    expect(page.locator(".where")).to_contain_text(f"account {account}", timeout=40_000)


def choose(page: Page, name: str) -> None:
    page.get_by_role("combobox", name="Place").select_option(name)
    settled(page)


def test_each_link_says_which_account_it_is_of(site: Site, open_page) -> None:
    page = open_page()
    page.goto(site.url)
    strip(page, "123456789012")
    expect(page).to_have_url(re.compile(r"[?]place=here$"))
    others = page.locator(".elsewhere")
    expect(others).to_contain_text("dark us-east-2: Cannot be read", timeout=40_000)
    expect(others.get_by_role("link", name="there")).to_be_visible()
    page.locator("table").get_by_role("link", name=site.doc).first.click()
    expect(page).to_have_url(re.compile(r"/endpoint[?]endpoint=doc-async&place=here$"))
    expect(page.get_by_role("heading", name=site.doc)).to_be_visible()

    choose(page, "there")
    strip(page, THERE[0])
    expect(page).to_have_url(re.compile(r"/endpoint[?]place=there$"))
    expect(page.get_by_role("heading", name=site.doc)).to_have_count(0)

    page.go_back()
    strip(page, "123456789012")
    expect(page.get_by_role("heading", name=site.doc)).to_be_visible()

    page.get_by_role("link", name="Fleet").click()
    expect(page).to_have_url(re.compile(r"/[?]place=here$"))
    others.get_by_role("link", name="there").click()
    strip(page, THERE[0])
    link = page.locator("table").get_by_role("link", name=site.doc).first
    shared = link.evaluate("a => a.href")
    colleague = open_page()
    colleague.goto(shared)
    strip(colleague, THERE[0])
    expect(colleague.get_by_role("heading", name=site.doc)).to_be_visible()


def test_an_account_that_cannot_be_read_says_so_and_leads_back(site: Site, open_page) -> None:
    page = open_page("dark", 390)
    page.goto(f"{site.url}/?place=dark")
    expect(page.get_by_text("cannot be reached").first).to_be_visible(timeout=60_000)
    page.locator(".elsewhere").get_by_role("link", name="there").click()
    strip(page, THERE[0])
    page.goto(f"{site.url}/capacity?place=gone&endpoint=doc-async")
    expect(page.get_by_text("There is no place named 'gone' in this console.")).to_be_visible()
    expect(page.get_by_text(site.doc)).to_have_count(0)
    page.get_by_role("button", name="Go to here").click()
    strip(page, "123456789012")

"""A whole deployment in a real browser, on an embedded AWS that was empty: form, review, steps, endpoint, clean up."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import ROOT, console, process, settled
from tests.browser.test_capacity import reach

NEW = {
    "Container image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/doc:3",
    "Model data in S3": "s3://models/doc.tar.gz",
    "Execution role": "arn:aws:iam::123456789012:role/sagemaker-execution",
}


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A console beside an empty embedded AWS in which a quarter of a minute passes in a second."""
    folder = tmp_path_factory.mktemp("empty")
    command = [sys.executable, "-m", "ops.local_aws", "--empty", "--port", "0", "--speed", "15"]
    with process(command, folder / "log", folder, ROOT) as child:
        assert child.stdout is not None
        assert json.loads(child.stdout.readline())["endpoints"] == 0
        with console(folder, tmp_path_factory.mktemp("console")) as url:
            yield url


def field(page: Page, label: str) -> Locator:
    return page.get_by_label(label, exact=True)


def typed(page: Page, label: str, text: str) -> None:
    reach(page, field(page, label), 60)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)
    page.keyboard.press("Tab")
    settled(page)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_from_an_empty_account_to_an_endpoint_by_keyboard(site, open_page, theme, width):
    page = open_page(theme, width)
    page.goto(f"{site}/deploy?deploy-from=A+new+model")
    expect(field(page, "Container image")).to_be_visible()
    settled(page)
    field(page, "Container image").focus()
    for label, text in NEW.items():
        typed(page, label, text)
    typed(page, "Environment", "TOKEN=secret")
    typed(page, "Name", "doc new")
    expect(page.get_by_text("'doc new' is no name for the endpoint.")).to_be_visible()
    field(page, "Name").focus()
    typed(page, "Name", "doc-new")
    expect(page.get_by_text("is no name for the endpoint")).to_have_count(0)
    kind = page.get_by_role("combobox", name="Instance type")
    reach(page, kind)
    page.keyboard.type("ml.g5.xlarge")
    expect(page.get_by_role("option", name="ml.g5.xlarge").first).to_be_visible()
    page.keyboard.press("Enter")
    settled(page)
    expect(page.get_by_text("$1.4084 an hour for each")).to_be_visible()
    typed(page, "Results to", "s3://results/out/")
    expect(page).to_have_url(re.compile("deploy-output="))
    assert "secret" not in page.url

    page.reload()
    expect(field(page, "Name")).to_have_value("doc-new")
    expect(field(page, "Execution role")).to_have_value(NEW["Execution role"])
    settled(page)
    review = page.get_by_role("button", name="Review this deployment")
    review.focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog")
    expect(panel.get_by_text("Deploy doc-new: up to 2 instances of ml.g5.xlarge")).to_be_visible()
    reach(page, panel.get_by_role("button", name="Apply"))
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("run="))
    expect(page.get_by_text(re.compile("of 8 steps done"))).to_be_visible()
    expect(page.get_by_text(re.compile("doc-new is still Creating"))).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    assert page.evaluate("document.querySelector('.stMain').scrollWidth <= innerWidth")
    other = open_page("light", 1440)
    other.goto(page.url)
    expect(other.get_by_text(re.compile("of 8 steps done|Done."))).to_be_visible()

    expect(page.get_by_text("Done.", exact=False).first).to_be_visible(timeout=90_000)
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    page.get_by_role("link", name="Send a test payload").click()
    expect(page).to_have_url(re.compile("/requests.*endpoint=doc-new"))
    page.go_back()
    expect(page).to_have_url(re.compile("run="))
    settled(page)
    expect(page.get_by_text("Done.", exact=False).first).to_be_visible()
    page.get_by_role("link", name="Deploy another").click()
    expect(page).to_have_url(re.compile("/deploy$"))
    expect(field(page, "Name")).to_have_value("")

    page.goto(f"{site}/endpoint?endpoint=doc-new")
    expect(page.get_by_role("heading", name="doc-new")).to_be_visible()

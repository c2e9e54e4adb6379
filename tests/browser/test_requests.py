"""Requests in a real browser: pasted and sent once, followed to the result; a file on its way into S3 with progress."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import get, settled

MB = 1_000_000


def test_what_is_pasted_is_sent_once_and_followed_to_its_result(app, aws, open_page):
    page = open_page()
    page.goto(f"{app}/requests?endpoint=forms-berlin&view=Submit")
    settled(page)
    page.get_by_role("textbox", name="The input").fill('{"document": "a.pdf"}')
    page.get_by_role("button", name="Send", exact=True).dblclick()
    expect(page.get_by_text("On record and on its way: 1 request to forms-berlin.")).to_be_visible(
        timeout=15_000
    )
    expect(page.get_by_role("textbox", name="The input")).to_have_value('{"document": "a.pdf"}')
    page.get_by_role("link", name="Follow →").click()
    rows = page.locator("table tbody tr")
    expect(rows).to_have_count(1, timeout=15_000)
    expect(rows).not_to_contain_text("not sent", timeout=20_000)
    aws.jump(300)
    expect(rows.locator(".pill")).to_contain_text("done", timeout=30_000)
    rows.locator("a.go code").click()
    expect(page.get_by_role("heading", name=re.compile("^ebb-"))).to_be_visible(timeout=15_000)
    settled(page)
    expect(page.locator("pre.object")).to_contain_text('"endpoint": "forms-berlin"')
    address = page.get_by_role("link", name="Download all of it").get_attribute("href")
    assert "forms-berlin" in get(address)[1]


def test_a_file_is_uploaded_with_progress_and_can_be_cancelled(app, open_page, tmp_path: Path):
    file = tmp_path / "scan of today.json"
    file.write_bytes(b"[" + b"1," * (4 * MB) + b"1]")
    page = open_page("dark", 390)
    page.goto(f"{app}/requests?endpoint=forms-berlin&view=Submit")
    settled(page)
    page.get_by_text("Upload", exact=True).click()
    settled(page)
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2 * MB},
    )
    bar = page.get_by_role("progressbar", name="Upload")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").press("Enter")
    chooser.value.set_files(file)
    expect(bar).to_have_attribute("aria-valuetext", re.compile(r"of 8 MB · [1-9]\d? %"), timeout=20_000)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. Nothing was kept of it.")).to_be_visible(timeout=15_000)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(file)
    expect(page.get_by_text(re.compile("is at s3://.*scan-of-today.json"))).to_be_visible(timeout=30_000)
    expect(page.get_by_text("It comes to 1 request")).to_be_visible(timeout=15_000)
    expect(bar).to_be_hidden()

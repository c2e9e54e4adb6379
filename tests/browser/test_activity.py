"""The Activity page in a browser: a filter that the link keeps, and the file that holds what is chosen."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import settled


def test_a_filter_is_in_the_link_and_in_the_file(app, open_page, tmp_path: Path):
    page = open_page()
    page.goto(f"{app}/activity?range=7d")
    lines = page.get_by_role("table").get_by_role("row")
    expect(lines.nth(5)).to_be_visible()
    page.get_by_placeholder("Search what, who, endpoint").fill("archive-reocr asked")
    expect(page).to_have_url(re.compile("find=archive-reocr"))
    expect(page.get_by_role("table").get_by_text("doc-async")).to_have_count(0)
    settled(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV").click()
    file = tmp_path / "activity.csv"
    waiting.value.save_as(file)
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert rows
    assert {row["endpoint"] for row in rows} == {"archive-reocr"}
    assert {row["kind"] for row in rows} == {"scaling"}


def test_on_a_phone_nothing_sticks_out(app, open_page):
    page = open_page("dark", 390, 844)
    page.goto(f"{app}/activity?range=1d")
    expect(page.get_by_role("table").get_by_role("row").nth(2)).to_be_visible()
    settled(page)
    assert page.evaluate("document.querySelector('.stMain').scrollWidth <= innerWidth")

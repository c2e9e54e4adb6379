"""Bounds changed in a real browser, by keyboard alone: form, review, the word that is asked for, applied, undone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import settled

NAME = "ocr-legacy"


def reach(page: Page, what: Locator, most: int = 40) -> None:
    """Tab until something has the focus."""
    expect(what).to_be_visible()
    for _ in range(most):
        if what.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("it cannot be reached by the Tab key")


def typed(page: Page, field: Locator, text: str) -> None:
    reach(page, field)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_bounds_are_changed_and_undone_by_keyboard(app, open_page, theme, width):
    page = open_page(theme, width)
    page.goto(f"{app}/capacity?endpoint={NAME}")
    low, high = page.get_by_label("Minimum", exact=True), page.get_by_label("Maximum", exact=True)
    expect(high).to_be_visible()
    before = high.input_value()
    settled(page)
    low.focus()
    typed(page, high, "-1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The maximum cannot be negative (-1).")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("With a maximum of 0")).first).to_be_visible()
    reach(page, page.get_by_role("button", name="Review these bounds"))
    page.keyboard.press("Enter")

    panel = page.get_by_role("dialog")
    apply = panel.get_by_role("button", name="Apply")
    expect(apply).to_be_disabled()
    expect(panel.get_by_text("danger:").first).to_be_visible()
    typed(page, panel.get_by_label("Why (goes on record)"), "a trial")
    typed(page, panel.get_by_label(re.compile("This can hurt production")), NAME)
    expect(apply).to_be_enabled()
    page.keyboard.press("Enter")
    settled(page)
    expect(panel.get_by_text("On record as")).to_have_count(0)
    reach(page, apply)
    page.keyboard.press("Enter")
    expect(panel.get_by_role("status").filter(has_text="Done.")).to_be_visible()
    expect(panel.get_by_text("On record as")).to_be_visible()
    expect(apply).to_have_count(0)

    reach(page, panel.get_by_role("button", name="Undo"))
    page.keyboard.press("Enter")
    expect(panel.get_by_text(f"Undo: Set the bounds of {NAME}")).to_be_visible()
    reach(page, apply)
    page.keyboard.press("Enter")
    expect(panel.get_by_text("On record as")).to_be_visible()
    reach(page, panel.get_by_role("button", name="Close", exact=True).last)
    page.keyboard.press("Enter")
    expect(panel).to_have_count(0)
    expect(high).to_have_value(before)
    assert page.evaluate("document.querySelector('.stMain').scrollWidth <= innerWidth")


def test_a_new_warm_plan_stays_typed_while_another_part_is_looked_at(app, open_page):
    page = open_page("light", 1440)
    page.goto(f"{app}/capacity?endpoint={NAME}&do=Keep+warm")
    page.get_by_role("button", name="New warm plan").click()
    saturday = page.get_by_role("button", name="Sat", exact=True)
    saturday.click()
    drafted = page.get_by_text("Mon-Sat 08:00-18:00").first
    expect(drafted).to_be_visible()
    for part in ("Bounds", "Keep warm"):
        page.get_by_role("tab", name=part).click()
        settled(page)
    expect(drafted).to_be_visible()
    expect(page.get_by_text("Mon-Fri 08:00-18:00")).to_have_count(0)

"""The Planner page in a real browser, on the embedded AWS: ask, stop, click on the front, a link that reproduces it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import chart_drawn, settled

PROMISE = "p95<=5min"
FOUND_MS = 180_000
"""Kernels may have to be compiled first."""
POINTS = ".st-key-planner-front .scatterlayer .point"


def answered(page: Page) -> None:
    """The advice and all that is drawn below it are there."""
    expect(page.locator("h1.said")).to_be_visible(timeout=FOUND_MS)
    expect(page.get_by_role("heading", name="Saved scenarios")).to_be_visible(timeout=60_000)
    chart_drawn(page)
    settled(page)


def compared(page: Page) -> str:
    return page.get_by_role("combobox", name="Compare with today").input_value()


def test_a_promise_that_is_typed_is_answered_and_can_be_stopped(app, open_page):
    page = open_page()
    page.goto(f"{app}/planner?endpoint=doc-async&days=7")
    field = page.get_by_role("textbox", name="Promise on waiting")
    field.fill("p95 2 bananas")
    page.get_by_role("button", name="Find the cheapest policy").click()
    expect(page.get_by_role("alert").filter(has_text="2 of what")).to_be_visible()
    field.fill(PROMISE)
    field.press("Enter")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("The search was stopped before it had an answer.")).to_be_visible()
    page.get_by_role("button", name="Search again").click()
    answered(page)
    assert "days=7" in page.url
    page.go_back()
    expect(page.get_by_role("alert").filter(has_text="2 of what")).to_be_visible()
    expect(field).to_have_value("p95 2 bananas")


def test_a_click_on_the_front_compares_that_policy_and_its_link_shows_the_same(app, open_page):
    page = open_page()
    page.goto(f"{app}/planner?endpoint=receipt-scan&promise={PROMISE}&days=7&zone=Europe/Berlin")
    answered(page)
    before = compared(page)
    points = page.locator(POINTS)
    page.locator(".st-key-planner-front").scroll_into_view_if_needed()
    for number in range(points.count()):
        box = points.nth(number).bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        settled(page)
        if "pick=" in page.url and compared(page) != before:
            break
    expect(page).to_have_url(re.compile("pick="))
    chosen = compared(page)
    assert chosen != before
    settled(page)
    second = open_page("dark")
    second.goto(page.url)
    answered(second)
    expect(second.get_by_role("combobox", name="Compare with today")).to_have_value(chosen)
    expect(second.get_by_role("textbox", name="Promise on waiting")).to_have_value(PROMISE)


def test_on_a_phone_the_advice_comes_before_the_fields_and_nothing_is_wider(app, open_page):
    page = open_page("dark", 390, 844)
    page.goto(f"{app}/planner?endpoint=receipt-scan&promise={PROMISE}&days=7")
    answered(page)
    head, field = page.locator("h1.said"), page.get_by_role("textbox", name="Promise on waiting")
    above, below = head.bounding_box(), field.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] < below["y"]
    wide = page.evaluate(
        "[...document.querySelectorAll('.stMain *')].filter(e => e.checkVisibility() && "
        "e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('svg, thead')).length"
    )
    assert wide == 0
    plot = page.locator(".st-key-planner-front .ebb-plot").bounding_box()
    assert plot is not None
    assert plot["width"] > 340

"""The Planner page in a real browser, on the embedded AWS: ask, stop, click on the front, a link that reproduces it."""

from __future__ import annotations

import math
import re

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import chart_drawn, settled

PROMISE = "p95<=5min"
FOUND_MS = 180_000
"""Kernels may have to be compiled first."""


def answered(page: Page) -> None:
    """The advice and all that is drawn below it are there."""
    expect(page.locator("h1.said")).to_be_visible(timeout=FOUND_MS)
    expect(page.get_by_role("heading", name="Saved scenarios")).to_be_visible(timeout=60_000)
    chart_drawn(page)
    settled(page)


def centres(page: Page) -> list[tuple[float, float]]:
    """The middle of each point of the front, from the chart's own corner."""
    found = page.evaluate(
        """() => {
          const plot = document.querySelector('.st-key-planner-front .ebb-plot').getBoundingClientRect();
          return [...document.querySelectorAll('.st-key-planner-front .scatterlayer .point')].map(e => {
            const box = e.getBoundingClientRect();
            return [box.x + box.width / 2 - plot.x, box.y + box.height / 2 - plot.y];
          });
        }"""
    )
    return [(float(x), float(y)) for x, y in found]


def apart(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points of which no other one lies near, the loneliest first: a click there means that one."""
    near = {p: min(math.dist(p, q) for q in points if q != p) for p in set(points)}
    return sorted(near, key=lambda p: -near[p])


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
    front = page.locator(".st-key-planner-front .ebb-plot")
    front.scroll_into_view_if_needed()
    place = front.bounding_box()
    assert place is not None
    for x, y in apart(centres(page)):
        link = page.url
        page.mouse.click(place["x"] + x, place["y"] + y)
        page.wait_for_url(lambda url, link=link: url != link)
        settled(page)
        if compared(page) != before:
            break
    chosen, link = compared(page), page.url
    assert chosen != before
    assert "pick=" in link
    second = open_page("dark")
    second.goto(link)
    answered(second)
    expect(second).to_have_url(link)
    told = page.get_by_role("heading", name=re.compile("^Today → ")).text_content() or ""
    assert "advised" not in told
    expect(second.get_by_role("heading", name=told, exact=True)).to_be_visible()
    expect(second.get_by_role("combobox", name="Compare with today")).to_have_value(chosen)
    expect(second.get_by_role("textbox", name="Promise on waiting")).to_have_value(PROMISE)


def test_what_a_link_selects_is_in_the_box_though_its_script_comes_late(app, open_page):
    page = open_page()
    asked = f"{app}/planner?endpoint=receipt-scan&promise={PROMISE}&days=7"
    page.goto(asked)
    answered(page)
    link = page.locator(".st-key-planner-table a[href*='pick=']").last.get_attribute("href") or ""
    second = open_page()
    late: list[Route] = []
    second.route(re.compile(r"/Selectbox\."), lambda route: late.append(route))
    second.goto(f"{app}/{link.removeprefix('./')}")
    answered(second)
    second.get_by_role("radio", name="longest wait").click()
    second.wait_for_url(re.compile("against="))
    settled(second)
    assert late
    for route in late:
        route.continue_()
    page.goto(f"{app}/{link.removeprefix('./')}")
    answered(page)
    box = page.get_by_role("combobox", name="Compare with today")
    expect(box).not_to_have_value(re.compile("^(today|advised)"))
    expect(second.get_by_role("combobox", name="Compare with today")).to_have_value(compared(page))


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


def test_a_file_that_is_uploaded_is_searched_and_its_link_opens_elsewhere(app, open_page, tmp_path):
    file = tmp_path / "week.csv"
    lines = [f"2026-11-{2 + n // 40:02}T{n % 40 // 2:02}:{n % 2 * 30:02}:05Z,{4 + n % 9}" for n in range(280)]
    file.write_text("\n".join(["timestamp,duration", *lines, "teatime,5"]), encoding="utf-8")
    page = open_page()
    page.goto(f"{app}/planner?promise={PROMISE}")
    page.get_by_role("radio", name="A file of arrivals").click()
    page.set_input_files("input[type=file]", file)
    expect(page.get_by_role("alert").filter(has_text="line 282: 'teatime' is no time")).to_be_visible()
    file.write_text("\n".join(["timestamp,duration", *lines]), encoding="utf-8")
    page.get_by_role("button", name="Choose another file").click()
    page.set_input_files("input[type=file]", file)
    expect(page.get_by_text("280 requests, 2 Nov 2026 00:00")).to_be_visible()
    answered(page)
    head = page.locator("h1.said").inner_text()
    assert "file=" in page.url
    other = open_page(theme="dark", width=390)
    other.goto(page.url)
    answered(other)
    assert other.locator("h1.said").inner_text() == head
    expect(
        other.get_by_text("No endpoint is chosen, so there is nothing to take to Capacity")
    ).to_be_visible()

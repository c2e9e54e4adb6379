"""What a page that is kept open does by itself, and what it must leave alone. Time passes on the browser's clock."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import chart_drawn, clock_of, drag, next_tick, ranges, settled

ENDPOINT = "/endpoint?endpoint=doc-async"


def kept_open(open_page, url: str) -> Page:
    page = open_page()
    page.clock.install()
    page.goto(url)
    chart_drawn(page)
    settled(page)
    return page


def seen_hidden(page: Page, hidden: bool) -> None:
    """What the browser does when another tab comes to the front, and back."""
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def asks(page: Page, panel: str) -> int:
    return int(clock_of(page, panel).get_attribute("data-asks") or 0)


def hour_of(page: Page) -> Locator:
    return page.get_by_role("spinbutton", name=re.compile("hour", re.I)).first


def test_ten_refreshes_leave_zoom_tab_scroll_and_a_half_typed_form_alone(aws, app, open_page):
    page = kept_open(open_page, app + ENDPOINT)
    drag(page)
    page.wait_for_url(re.compile("from="))
    expect(page.get_by_role("button", name="back to 3h")).to_be_visible()
    settled(page)
    zoomed = ranges(page)
    tab = page.get_by_role("tab", name="Configuration")
    tab.click()
    page.get_by_role("button", name="from – to").click()
    hour = hour_of(page)
    hour.press("1")
    typed = hour.text_content()
    page.evaluate("document.querySelectorAll('.ebb-plot').forEach(e => (e.same = true))")
    scrolled = page.evaluate("document.querySelector('.stMain').scrollTop")
    read = page.locator("[data-asof]").first.get_attribute("data-asof") or ""
    for _ in range(10):
        aws.jump(20)
        next_tick(page, "endpoint-panel")
    assert ranges(page) == zoomed
    expect(tab).to_have_attribute("aria-selected", "true")
    expect(hour).to_have_text(typed or "")
    expect(hour).to_be_focused()
    assert page.evaluate("[...document.querySelectorAll('.ebb-plot')].every(e => e.same)")
    assert page.evaluate("document.querySelector('.stMain').scrollTop") == scrolled
    expect(page.locator("[data-asof]").first).not_to_have_attribute("data-asof", read)
    assert asks(page, "endpoint-panel") >= 10


def test_a_hidden_tab_asks_nothing_and_asks_at_once_when_seen_again(app, open_page):
    page = kept_open(open_page, app + ENDPOINT)
    next_tick(page, "endpoint-panel")
    seen_hidden(page, True)
    before = {panel: asks(page, panel) for panel in ("header-panel", "endpoint-panel")}
    page.clock.run_for(120_000)
    assert {panel: asks(page, panel) for panel in before} == before
    answered = clock_of(page, "endpoint-panel").get_attribute("data-answers") or ""
    seen_hidden(page, False)
    expect(clock_of(page, "endpoint-panel")).not_to_have_attribute("data-answers", answered)
    expect(clock_of(page, "header-panel")).to_have_attribute("data-asks", str(before["header-panel"] + 1))


def test_the_rate_is_kept_in_the_browser_and_off_is_off(app, open_page):
    page = kept_open(open_page, app + ENDPOINT)
    rate = page.get_by_role("combobox", name="Refresh")
    expect(rate).to_have_value("5")
    url, before = page.url, asks(page, "endpoint-panel")
    rate.select_option("0")
    page.clock.run_for(60_000)
    assert asks(page, "endpoint-panel") == before
    expect(page.get_by_text("refresh is off").first).to_be_visible()
    page.reload()
    chart_drawn(page)
    expect(page.get_by_role("combobox", name="Refresh")).to_have_value("0")
    assert page.url == url
    page.get_by_role("combobox", name="Refresh").select_option("15")
    next_tick(page, "endpoint-panel", 15_000)


def test_a_silent_server_is_said_in_place_and_never_asked_twice(app, open_page):
    page = open_page()
    page.clock.install()
    held: list[object] = []
    silent = {"now": False}

    def between(route):
        server = route.connect_to_server()

        def to_server(message):
            if silent["now"]:
                held.append(message)
            else:
                server.send(message)

        route.on_message(to_server)

    page.route_web_socket(re.compile("_stcore/stream"), between)
    page.goto(app + ENDPOINT)
    chart_drawn(page)
    settled(page)
    before = {panel: asks(page, panel) for panel in ("header-panel", "endpoint-panel")}  # a slow start asks
    silent["now"] = True
    page.clock.run_for(30_000)
    fresh = page.locator("[data-asof]").first
    expect(fresh).to_contain_text("no answer from Ebb")
    expect(fresh).to_have_class(re.compile("late"))
    for panel, asked in before.items():
        assert 1 <= asks(page, panel) <= asked + 1


@pytest.mark.parametrize("rate", ["5", "60"])
def test_the_clock_stops_with_its_panel(app, open_page, rate):
    page = kept_open(open_page, app + ENDPOINT)
    page.get_by_role("combobox", name="Refresh").select_option(rate)
    page.locator('[data-testid="stSidebarNav"]').get_by_text("Fleet").click()
    expect(page.get_by_role("searchbox")).to_be_visible()
    settled(page)
    expect(clock_of(page, "endpoint-panel")).to_have_count(0)
    next_tick(page, "header-panel", max(15, int(rate)) * 1000)


def test_a_chart_that_leaves_the_page_while_it_is_drawn_under_the_mouse_throws_nothing(app, open_page):
    """Its drawing waits, as for a font: the chart is taken apart when that has had its time."""
    page = kept_open(open_page, app + ENDPOINT)
    area = page.locator(".ebb-plot .nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    page.evaluate(
        """document.querySelectorAll(".ebb-plot").forEach((e) =>
          e._promises.push(new Promise((done) => document.addEventListener("drawn", done))))"""
    )
    for step in range(4):
        page.mouse.move(box["x"] + box["width"] * (0.3 + 0.1 * step), box["y"] + 40)
        next_tick(page, "endpoint-panel")
    chart = page.evaluate_handle("document.querySelector('.ebb-plot')")
    page.locator('[data-testid="stSidebarNav"]').get_by_text("Fleet").click()
    expect(page.get_by_role("searchbox")).to_be_visible()
    settled(page)
    assert not chart.evaluate("e => e.isConnected")
    page.evaluate("document.dispatchEvent(new Event('drawn'))")
    page.wait_for_timeout(300)
    page.clock.run_for(5000)
    page.wait_for_function("e => e.data === undefined", arg=chart)

"""Links, the browser's history, zoom in the URL, and the keyboard."""

from __future__ import annotations

import re
import threading

from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.conftest import chart_drawn, console, drag, ranges, settled

ENDPOINT = "/endpoint?endpoint=doc-async"
FOCUSED = """() => {
  let e = document.activeElement;
  while (e && e.shadowRoot && e.shadowRoot.activeElement) e = e.shadowRoot.activeElement;
  return e ? `${e.tagName} ${(e.getAttribute("aria-label") || e.textContent || "").trim()}` : "";
}"""


FIRST_RANGE = "document.querySelector('.ebb-plot').layout.xaxis.range.join()"


def heading(page: Page, text: str | re.Pattern[str]):
    return page.get_by_role("heading", level=1, name=text)


def entries(page: Page) -> int:
    return page.evaluate("history.length")


def test_a_drag_on_one_chart_moves_all_and_the_link_shows_the_same_elsewhere(aws, app, open_page, tmp_path):
    page = open_page()
    page.goto(f"{app}{ENDPOINT}&range=30d")
    chart_drawn(page)
    settled(page)
    whole = ranges(page)
    assert len(whole) == 2
    assert whole[0] == whole[1]
    drag(page, 0, 0.4, 0.5)
    page.wait_for_function(
        "a => document.querySelector('.ebb-plot').layout.xaxis.range.join() !== a", arg=whole[0]
    )
    assert len(set(ranges(page))) == 1
    page.wait_for_url(re.compile(r"from=\d{4}-\d\d-\d\dT\d\d%3A\d\dZ&to=\d{4}-\d\d-\d\dT\d\d%3A\d\dZ"))
    expect(page.get_by_role("button", name="back to 30d")).to_be_visible()
    settled(page)
    zoomed = ranges(page)
    with console(aws.state_dir, tmp_path) as elsewhere:
        second = open_page("dark")
        second.goto(page.url.replace(app, elsewhere))
        chart_drawn(second)
        settled(second)
        assert ranges(second) == zoomed
        expect(second.get_by_role("button", name="back to 30d")).to_be_visible()
    page.go_back()
    page.wait_for_function(
        "a => document.querySelector('.ebb-plot').layout.xaxis.range.join() === a", arg=whole[0]
    )
    page.go_forward()
    page.wait_for_function(
        "a => document.querySelector('.ebb-plot').layout.xaxis.range.join() === a", arg=zoomed[0]
    )
    drag(page, 1, 0.2, 0.8)
    page.wait_for_function(
        "a => document.querySelector('.ebb-plot').layout.xaxis.range.join() !== a", arg=zoomed[0]
    )
    page.get_by_role("button", name="back to 30d").click()
    page.wait_for_function(
        "a => document.querySelector('.ebb-plot').layout.xaxis.range.join() === a", arg=whole[0]
    )
    expect(page).not_to_have_url(re.compile("from="))


def test_a_double_click_leads_back_from_a_zoom(app, open_page):
    page = open_page()
    page.goto(f"{app}{ENDPOINT}&from=2026-11-18T12:00Z&to=2026-11-18T12:40Z")
    chart_drawn(page)
    settled(page)
    page.locator(".ebb-plot .nsewdrag").first.dblclick()
    expect(page).not_to_have_url(re.compile("from="))


def test_each_page_is_one_entry_of_the_history_and_keeps_its_link(app, open_page):
    page = open_page()
    page.goto(f"{app}/?zone=Europe/Berlin")
    expect(heading(page, re.compile("need"))).to_be_visible()
    settled(page)
    before = entries(page)
    page.get_by_role("table").first.get_by_role("link", name="doc-async").click()
    expect(heading(page, "doc-async")).to_be_visible()
    chart_drawn(page)
    settled(page)
    assert entries(page) == before + 1
    page.get_by_role("radio", name="12h").click()
    expect(page).to_have_url(re.compile("endpoint=doc-async&range=12h&zone=Europe%2FBerlin"))
    settled(page)
    page.locator('[data-testid="stSidebarNav"]').get_by_text("Fleet").click()
    expect(heading(page, re.compile("need"))).to_be_visible()
    expect(page).to_have_url(re.compile(r"/\?zone=Europe%2FBerlin$"))
    settled(page)
    assert entries(page) == before + 2
    page.go_back()
    expect(heading(page, "doc-async")).to_be_visible()
    expect(page.get_by_role("radio", name="12h")).to_be_checked()
    page.go_back()
    expect(heading(page, re.compile("need"))).to_be_visible()


def test_a_zone_stays_in_the_link_though_its_picker_comes_late(app, open_page):
    """The script of the picker is still on its way when the next page is opened."""
    page = open_page()
    late: list[Route] = []
    page.route(re.compile(r"/Selectbox\."), lambda route: late.append(route))
    page.goto(f"{app}/?zone=Europe/Berlin")
    expect(heading(page, re.compile("need"))).to_be_visible()
    settled(page)
    page.get_by_role("table").first.get_by_role("link", name="doc-async").click()
    expect(heading(page, "doc-async")).to_be_visible()
    settled(page)
    assert late
    for route in late:
        route.continue_()
    expect(page.get_by_role("combobox", name="Zone")).to_have_value("Europe/Berlin")
    page.get_by_role("radio", name="12h").click()
    expect(page).to_have_url(re.compile("endpoint=doc-async&range=12h&zone=Europe%2FBerlin"))


def test_what_the_browser_sends_before_it_knows_of_a_new_zone_does_not_undo_it(app, open_page):
    """The link asks for another zone; a click comes with the old one before the answer has arrived."""
    page = open_page()
    held: list[tuple[WebSocketRoute, str | bytes]] = []
    holds = threading.Event()

    def between(browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()
        server.on_message(lambda said: held.append((browser, said)) if holds.is_set() else browser.send(said))

    page.route_web_socket(re.compile("/_stcore/stream"), between)
    page.goto(f"{app}{ENDPOINT}")
    chart_drawn(page)
    settled(page)
    holds.set()
    page.evaluate(
        """zone => {
          history.pushState({}, "", `${location.search}&zone=${zone}`);
          dispatchEvent(new PopStateEvent("popstate", { state: {} }));
        }""",
        "Europe/Berlin",
    )
    while not any(b"CET" in said for _, said in held if isinstance(said, bytes)):
        page.wait_for_timeout(50)
    page.get_by_role("radio", name="12h").click()
    before, shown = ranges(page), []
    page.on("framenavigated", lambda frame: shown.append(frame.url))
    holds.clear()
    for browser, said in held:
        browser.send(said)
    page.wait_for_function(f"a => {FIRST_RANGE} !== a", arg=before[0])
    settled(page)
    expect(page.get_by_role("combobox", name="Zone")).to_have_value("Europe/Berlin")
    assert not [url for url in (*shown, page.url) if "zone=Europe" not in url]


def test_without_a_name_the_endpoint_page_lists_all_of_them(app, open_page):
    page = open_page()
    page.goto(f"{app}/endpoint")
    expect(heading(page, "Which endpoint?")).to_be_visible()
    page.get_by_role("link", name="doc-async").click()
    expect(heading(page, "doc-async")).to_be_visible()
    expect(page).to_have_title("doc-async · Ebb")


def test_a_range_is_typed(app, open_page):
    page = open_page()
    page.goto(f"{app}{ENDPOINT}")
    chart_drawn(page)
    settled(page)
    page.get_by_role("button", name="from – to").click()
    page.get_by_role("spinbutton", name=re.compile("hour", re.I)).first.press_sequentially("09")
    page.get_by_role("button", name="Show", exact=True).press("Enter")
    page.wait_for_url(re.compile("from=2026-11-18T09%3A"))
    expect(page.get_by_role("button", name="back to 3h")).to_be_visible()


def press_until(page: Page, words: str, key: str = "Tab", most: int = 60) -> None:
    for _ in range(most):
        page.keyboard.press(key)
        if words in page.evaluate(FOCUSED):
            return
    raise AssertionError(f"{words} was not reached in {most} steps")


def test_by_keyboard_alone_from_the_start_to_an_endpoint_and_back(app, open_page):
    page = open_page()
    page.goto(app)
    expect(heading(page, re.compile("need"))).to_be_visible()
    settled(page)
    press_until(page, "See why")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/endpoint"))
    chart_drawn(page)
    settled(page)
    press_until(page, "Fleet", "Shift+Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(heading(page, re.compile("need"))).to_be_visible()


def test_a_followed_link_puts_the_focus_on_the_heading(app, open_page):
    page = open_page()
    page.goto(app)
    expect(heading(page, re.compile("need"))).to_be_visible()
    settled(page)
    link = page.get_by_role("link", name="See why").first
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/endpoint"))
    chart_drawn(page)
    page.wait_for_function(f"({FOCUSED})().startsWith('H1 ')")


def test_show_can_be_clicked_while_the_calendar_is_open_and_no_span_stays_marked(app, open_page):
    page = open_page()
    page.goto(f"{app}{ENDPOINT}")
    chart_drawn(page)
    settled(page)
    page.get_by_role("button", name="from – to").click()
    fields = page.get_by_test_id("stPopoverBody").get_by_test_id("stDateTimeInput")
    fields.nth(1).click()
    expect(page.get_by_test_id("stDateTimeInputCalendar")).to_be_visible()
    page.get_by_role("spinbutton", name=re.compile("hour", re.I)).first.press_sequentially("09")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url(re.compile("from=2026-11-18T09%3A"))
    expect(page.get_by_role("button", name="back to 3h")).to_be_visible()
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    page.get_by_role("radio", name="12h").click()
    expect(page).to_have_url(re.compile(r"endpoint=doc-async&range=12h$"))


def test_a_failed_request_leads_to_its_log_lines_in_one_click(app, open_page):
    """From the endpoint to its failures, in the same range, as one entry of the history; then to the lines."""
    page = open_page()
    page.goto(f"{app}/endpoint?endpoint=invoice-parse&range=12h")
    chart_drawn(page)
    settled(page)
    before = entries(page)
    page.get_by_role("link", name=re.compile("Why requests failed")).click()
    expect(heading(page, "Failures of invoice-parse")).to_be_visible()
    expect(page.get_by_role("radio", name="12h")).to_be_checked()
    expect(page).to_have_url(re.compile("endpoint=invoice-parse&range=12h"))
    expect(page.get_by_role("link", name="Log lines →").first).to_be_visible()
    assert entries(page) == before + 1
    page.get_by_role("link", name="Log lines →").nth(2).click()
    expect(page.get_by_text("names this request")).to_be_visible()
    expect(page.get_by_role("link", name="Close ✕")).to_have_count(1)
    expect(page).to_have_url(re.compile("request=[0-9a-f-]{36}&at=[0-9]{13}$"))

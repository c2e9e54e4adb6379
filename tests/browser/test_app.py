"""Fleet and Endpoint as someone with a browser meets them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from components import theme as ebb_theme
from tests.browser.conftest import chart_drawn, console, get, settled

THEMES = ("light", "dark")


def heading(page: Page, text: str | re.Pattern[str]):
    return page.get_by_role("heading", level=1, name=text)


def test_streamlit_answers_our_routes(app):
    assert get(f"{app}/healthz") == (200, '{"ok":true,"problem":""}')
    status, script = get(f"{app}/assets/plotly.min.js")
    assert status == 200
    assert "plotly.js v" in script[:400]


@pytest.mark.parametrize("theme", THEMES)
def test_fleet_then_endpoint_then_reload(app, open_page, theme):
    page = open_page(theme)
    page.goto(app)
    expect(heading(page, re.compile("need you"))).to_be_visible()
    table = page.get_by_role("table", name="Asynchronous endpoints, trouble first")
    expect(table.get_by_role("row")).to_have_count(8)
    expect(page.get_by_text("simulated AWS")).to_be_visible()
    expect(page.get_by_text("changes possible")).to_be_visible()
    table.get_by_role("link", name="doc-async").click()
    expect(heading(page, "doc-async")).to_be_visible()
    chart_drawn(page)
    expect(page).to_have_url(re.compile(r"/endpoint\?endpoint=doc-async$"))
    line = page.evaluate(
        "document.querySelector('.ebb-plot').data.find(t => t.name === 'backlog').line.color"
    )
    tone = ebb_theme.TONES["backlog"]
    assert line == (tone.dark if theme == "dark" else tone.light)
    page.reload()
    expect(heading(page, "doc-async")).to_be_visible()
    chart_drawn(page)
    expect(page).to_have_url(re.compile(r"/endpoint\?endpoint=doc-async$"))


def test_a_link_reproduces_the_view_in_a_fresh_browser(app, open_page):
    first = open_page()
    first.goto(f"{app}/endpoint?endpoint=archive-reocr")
    chart_drawn(first)
    first.get_by_role("radio", name="12h").click()
    expect(first).to_have_url(re.compile("range=12h"))
    zone = first.get_by_role("combobox", name="Zone")
    zone.fill("Berlin")
    zone.press("Enter")
    expect(first).to_have_url(re.compile("zone=Europe%2FBerlin"))
    second = open_page()
    second.goto(first.url)
    expect(heading(second, "archive-reocr")).to_be_visible()
    chart_drawn(second)
    expect(second.get_by_role("radio", name="12h")).to_be_checked()
    assert "time, Europe/Berlin (UTC+1)" in (second.locator(".ebb-plot").first.text_content() or "")
    hours = second.evaluate(
        "(() => { const r = document.querySelector('.ebb-plot').layout.xaxis.range;"
        " return (new Date(r[1]) - new Date(r[0])) / 3600000; })()"
    )
    assert hours == 12
    second.locator('[data-testid="stSidebarNav"]').get_by_text("Fleet").click()
    expect(heading(second, re.compile("need you"))).to_be_visible()
    expect(second).to_have_url(re.compile("zone=Europe%2FBerlin"))
    link = second.get_by_role("table").first.get_by_role("link", name="doc-async")
    assert "range=12h" in (link.get_attribute("href") or "")


LAST = "document.querySelector('.ebb-plot').data.find(t => t.name === 'backlog').x.at(-1)"
RANGE = "document.querySelector('.ebb-plot').layout.xaxis.range.join()"


def test_zoom_and_what_is_open_survive_a_live_tick(aws, app, open_page):
    page = open_page()
    page.goto(f"{app}/endpoint?endpoint=doc-async")
    chart_drawn(page)
    settled(page)
    tab = page.get_by_role("tab", name="Configuration")
    tab.click()
    panel = page.locator(".ebb-plot .nsewdrag").first
    panel.scroll_into_view_if_needed()
    box = panel.bounding_box()
    assert box is not None
    before = page.evaluate(RANGE)
    y = box["y"] + 60
    page.mouse.move(box["x"] + 200, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, y, steps=8)
    page.mouse.up()
    page.wait_for_function(f"{RANGE} !== {before!r}")
    zoomed, newest = page.evaluate(RANGE), page.evaluate(LAST)
    page.evaluate("document.querySelector('.ebb-plot').seen = true")
    aws.jump(180)
    page.wait_for_function(f"{LAST} !== {newest!r}")
    assert page.evaluate(RANGE) == zoomed
    assert page.evaluate("document.querySelector('.ebb-plot').seen") is True
    expect(tab).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize("path", ["/", "/endpoint?endpoint=contract-extract"])
def test_on_a_phone_nothing_sticks_out(app, open_page, path):
    page = open_page("dark", 390, 844)
    page.goto(app + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if "endpoint" in path:
        chart_drawn(page)
    settled(page)
    wide = page.evaluate(
        "[...document.querySelectorAll('.stMain *')].filter(e => e.checkVisibility() && "
        "e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('svg, [role=tablist], thead')).length"
    )
    assert wide == 0
    row = page.locator("tbody tr").locator("visible=true").first
    assert row.evaluate("e => getComputedStyle(e).display") == "grid"


def test_by_keyboard_from_the_fleet_to_an_endpoint(app, open_page):
    page = open_page()
    page.goto(app)
    link = page.get_by_role("link", name="See why").first
    expect(link).to_be_visible()
    name = page.locator(".attention li a b").first.text_content()
    link.focus()
    assert link.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(heading(page, name or "")).to_be_visible()


def test_an_unknown_endpoint_offers_the_nearest_as_a_link(app, open_page):
    page = open_page()
    page.goto(f"{app}/endpoint?endpoint=doc-asyn&range=7d")
    expect(page.get_by_text("There is no endpoint named")).to_be_visible()
    page.get_by_role("link", name="doc-async").click()
    expect(heading(page, "doc-async")).to_be_visible()
    expect(page).to_have_url(re.compile(r"endpoint=doc-async&range=7d"))


def test_without_an_aws_a_cold_deep_link_names_the_command(open_page, tmp_path):
    with console(tmp_path, tmp_path) as url:
        page = open_page()
        page.goto(f"{url}/endpoint?endpoint=doc-async")
        expect(page.get_by_text("python -m ops local-aws").first).to_be_visible()
        expect(page.get_by_text("no connection")).to_be_visible()
        assert get(f"{url}/healthz")[0] == 503

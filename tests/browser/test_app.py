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
    expect(page.locator(".where").get_by_text("simulated AWS")).to_be_visible()
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
    assert page.evaluate("document.querySelector('.stMain').scrollWidth <= innerWidth")
    row = page.locator("tbody tr").locator("visible=true").first
    assert row.evaluate("e => getComputedStyle(e).display") == "grid"


@pytest.mark.parametrize("theme", THEMES)
def test_on_a_phone_the_verdict_and_the_pickers_come_before_the_fold(app, open_page, theme):
    page = open_page(theme, 390, 844)
    page.goto(f"{app}/endpoint?endpoint=doc-async")
    chart_drawn(page)
    verdict, picker = page.locator(".lead").bounding_box(), page.locator(".st-key-scope").bounding_box()
    assert verdict is not None
    assert picker is not None
    assert verdict["y"] < 400
    assert picker["y"] + picker["height"] < 844
    assert picker["height"] < 120


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

"""Three o'clock at night: from the loudest sentence to its cause, the summary handed over, and who changed what."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import chart_drawn, settled

MOST_CLICKS = 3
REFUSE = """
navigator.clipboard.writeText = () => Promise.reject(new Error("no"));
document.execCommand = () => false;
"""
MARKED = "() => getSelection().toString()"


class Finger:
    """Clicks, and counts them."""

    def __init__(self) -> None:
        self.clicks = 0

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_from_the_loudest_sentence_to_its_cause_in_three_clicks(app, open_page, theme, width):
    page, finger = open_page(theme, width), Finger()
    page.goto(app)
    loudest = page.locator(".attention li").first
    name = loudest.get_by_role("link").first.text_content()
    expect(loudest.get_by_label("needs you now")).to_be_visible()
    finger.click(loudest.get_by_role("link", name="See why"))
    expect(page.get_by_role("heading", level=1, name=name, exact=True)).to_be_visible()
    chart_drawn(page)
    finger.click(page.get_by_role("link", name=re.compile("Ask the doctor: [1-9]")))
    expect(page).to_have_url(re.compile(f"/doctor\\?.*endpoint={name}"))
    cause = page.locator(".finding").first
    expect(cause.get_by_role("heading", level=2)).to_contain_text("needs you now:")
    expect(cause.get_by_text("Why it matters:")).to_be_visible()
    expect(cause.get_by_text(re.compile("With this fix:|What a person can do:"))).to_be_visible()
    assert finger.clicks <= MOST_CLICKS
    settled(page)
    assert page.evaluate("document.querySelector('.stMain').scrollWidth <= innerWidth")


def button(page: Page) -> Locator:
    return page.get_by_role("button", name="Copy incident summary")


@pytest.mark.parametrize("by", ["click", "keyboard"])
def test_one_click_copies_the_summary_with_a_link_to_the_same_view(app, open_page, by):
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=app)
    page.goto(f"{app}/endpoint?endpoint=invoice-parse&range=12h&zone=Europe%2FBerlin")
    chart_drawn(page)
    settled(page)
    if by == "click":
        button(page).click()
    else:
        button(page).focus()
        page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="✓ copied")).to_be_visible()
    text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith("# invoice-parse: failing\n")
    for part in ("## Who is hurt", "## What the doctor finds", "deploy of invoice-parse-12", " CET)"):
        assert part in text
    (link,) = re.findall(r"\[Open the same view in Ebb\]\(<(.*)>\)", text)
    assert link.startswith(f"{app}/endpoint?endpoint=invoice-parse&zone=Europe%2FBerlin&from=")
    colleague = open_page("dark")
    colleague.goto(link)
    expect(colleague.get_by_role("heading", level=1, name="invoice-parse")).to_be_visible()
    chart_drawn(colleague)
    hours = colleague.evaluate(
        "(() => { const r = document.querySelector('.ebb-plot').layout.xaxis.range;"
        " return (new Date(r[1]) - new Date(r[0])) / 3600000; })()"
    )
    assert hours == 12


def test_where_the_browser_forbids_it_the_text_is_shown_and_marked(app, open_page):
    page = open_page()
    page.add_init_script(REFUSE)
    page.goto(f"{app}/endpoint?endpoint=invoice-parse")
    chart_drawn(page)
    button(page).click()
    expect(page.get_by_text("The browser does not let Ebb copy")).to_be_visible()
    shown = page.locator(".handover pre")
    expect(shown).to_be_visible()
    expect(shown).to_contain_text("## Who is hurt")
    assert page.evaluate(MARKED).startswith("# invoice-parse")


def test_a_deploy_is_marked_on_every_chart_with_who_did_it(app, open_page):
    page = open_page()
    page.goto(f"{app}/endpoint?endpoint=invoice-parse&range=12h")
    chart_drawn(page)
    icons = page.locator(".ebb-plot .annotation-text-g").filter(has_text=re.compile("^◆$"))
    expect(icons).to_have_count(2)
    settled(page)
    for number in range(2):
        icons.nth(number).scroll_into_view_if_needed()
        icons.nth(number).hover()
        box = page.locator(".ebb-plot").nth(number).locator(".hoverlayer .hovertext")
        expect(box.first).to_contain_text("deploy of invoice-parse-12 by jane")
        page.mouse.move(0, 0)
    page.get_by_role("tab", name="What was changed").click()
    row = page.get_by_role("table", name="What was changed").get_by_role("row").nth(1)
    expect(row).to_contain_text("deploy of invoice-parse-12")
    expect(row).to_contain_text("jane")


def test_the_icons_stay_clear_of_the_charts_own_buttons(app, open_page):
    page = open_page()
    page.goto(f"{app}/endpoint?endpoint=invoice-parse&range=12h")
    chart_drawn(page)
    icon = page.locator(".ebb-plot .annotation-text-g").filter(has_text=re.compile("^◆$")).first
    expect(icon).to_be_visible()
    bar = page.locator(".ebb-plot .modebar").first.bounding_box()
    mark = icon.bounding_box()
    assert bar is not None
    assert mark is not None
    assert mark["y"] + mark["height"] <= bar["y"] + 4

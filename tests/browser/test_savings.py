"""The Savings page and its printed summary in a real browser."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from components import theme as ebb_theme
from ops.core.savings_report import report
from ops.core.types import Price, Problem
from ops.core.views_savings import SavingsView
from tests.browser.conftest import chart_drawn, settled
from tests.browser.test_links import press_until
from tests.components.savings_samples import DETAILS, DOC, LOST, billed, lost, one, row, view

HEADLINE = re.compile("cost about")


def shown(page: Page, url: str, text: str | re.Pattern[str] = HEADLINE) -> None:
    page.goto(url)
    expect(page.get_by_role("heading", level=1, name=text)).to_be_visible(timeout=60_000)
    chart_drawn(page)
    settled(page)


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_a_link_reproduces_the_view_in_a_fresh_browser(app, open_page):
    first = open_page()
    first.goto(f"{app}/savings?of=doc-async&zone=Europe/Berlin")  # the pickers wait for no number
    period = first.get_by_role("combobox", name="Period")
    period.fill("November")
    period.press("Enter")
    expect(first).to_have_url(re.compile("period=2026-11"))
    expect(first.get_by_role("heading", level=1)).to_contain_text("so far in November 2026")
    baseline = first.get_by_role("combobox", name="Compared with")
    baseline.fill("number of")
    baseline.press("Enter")
    expect(first).to_have_url(re.compile("baseline=1(&|$)"))
    number = first.get_by_role("spinbutton", name="Instances")
    number.fill("3")
    number.press("Enter")
    expect(first).to_have_url(re.compile("baseline=3(&|$)"))
    told = re.compile(
        r"doc-async cost about \$[\d,.]+ so far in November 2026; always on at 3 instances it would have"
    )
    expect(first.get_by_role("heading", level=1, name=told)).to_be_visible(timeout=60_000)
    settled(first)
    second = open_page("dark")
    shown(second, first.url, told)
    expect(second.get_by_role("spinbutton", name="Instances")).to_have_value("3")
    axis = second.evaluate("document.querySelector('.ebb-plot').layout.xaxis.range.join()")
    assert axis == first.evaluate("document.querySelector('.ebb-plot').layout.xaxis.range.join()")
    second.go_back()
    first.go_back()
    expect(first).to_have_url(re.compile("baseline=1(&|$)"))
    expect(first.get_by_role("heading", level=1)).to_contain_text("always on at 1 instance it would have")


def test_the_whole_page_on_a_phone_in_the_dark(app, open_page):
    page = open_page("dark", 390, 844)
    shown(page, f"{app}/savings")
    wide = page.evaluate(
        "[...document.querySelectorAll('.stMain *')].filter(e => e.checkVisibility() && "
        "e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('svg, thead')).length"
    )
    assert wide == 0
    assert page.evaluate("document.querySelector('.stMain').scrollWidth <= innerWidth")
    cards = page.locator(".card").last.bounding_box()
    assert cards is not None
    assert page.locator("tbody tr").first.evaluate("e => getComputedStyle(e).display") == "grid"
    bars = page.evaluate(
        "document.querySelector('.ebb-plot').data.find(t => t.name === 'actual').marker.color"
    )
    assert bars == ebb_theme.TONES["money"].dark
    ground = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    for selector in (".card .value", ".card .note", "h1 span", ".num"):
        ink = page.locator(selector).first.evaluate("e => getComputedStyle(e).color")
        assert ebb_theme.contrast(_hex(ink), _hex(ground)) >= 4.5, selector


def _hex(colour: str) -> str:
    red, green, blue = (int(float(part)) for part in re.findall(r"[\d.]+", colour)[:3])
    return f"#{red:02X}{green:02X}{blue:02X}"


def test_by_keyboard_to_how_it_was_counted_and_to_an_endpoint(app, open_page):
    page = open_page()
    shown(page, f"{app}/savings")
    press_until(page, "How this was counted")
    page.keyboard.press("Enter")
    expect(
        page.get_by_text("in every known minute").or_(page.get_by_text("99 of 100 known minutes")).first
    ).to_be_visible()
    expect(page.get_by_text("AWS Price List").first).to_be_visible()
    page.locator("tbody a").first.focus()
    name = page.locator("tbody a").first.text_content()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/savings\\?of={name}$"))
    expect(page.get_by_role("heading", level=1, name=re.compile(f"^{name} cost about"))).to_be_visible()


def test_the_summary_is_a_file_that_prints_on_one_page(app, open_page, browser, tmp_path):
    page = open_page()
    shown(page, f"{app}/savings")
    with page.expect_download() as found:
        page.get_by_role("button", name="Summary").click()
    file = tmp_path / found.value.suggested_filename
    found.value.save_as(file)
    assert re.fullmatch(r"savings-\d{4}-\d\d-\d\d\.html", file.name)
    printed = browser.new_page(viewport={"width": 390, "height": 844})
    asked: list[str] = []
    printed.on("request", lambda sent: asked.append(sent.url))
    printed.goto(file.as_uri())
    assert len(asked) == 1, "it asks for nothing but itself"
    assert printed.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it can be read on a phone"
    name = printed.locator(".wide td").first.bounding_box()
    assert name is not None
    assert name["height"] < 40, "a name is no column of letters"
    assert "would have cost about" in (printed.locator("h1").text_content() or "")
    assert printed.locator("svg").count() == 2
    assert pages_of(printed.pdf(prefer_css_page_size=True)) == 1
    printed.close()


def crowded() -> SavingsView:
    """More than fits: long names, many prices, problems, endpoints without a price or half unknown."""
    level = one().rows[0]
    names = [f"{n:02}-{'very-long-name-' * 4}"[:63] for n in range(40)]
    known = tuple(replace(row(LOST, lost), name=name) for name in names[:30])
    blind = tuple(
        replace(level, name=f"blind-{name}"[:63], usd=None, missing="no price is known")
        for name in names[30:]
    )
    found = view(
        (*known, *blind), problems=tuple(Problem(f"part {n}", "It is long. " * 12) for n in range(5))
    )
    prices = tuple(
        Price(
            f"ml.g6e.{n}xlarge",
            "us-east-1",
            Decimal(n),
            f"AWS Price List (USE1-AsyncInf:ml.g6e.{n}xlarge)",
            datetime(2026, 9, 1, tzinfo=UTC),
            note="AWS lists no price for asynchronous inference of this type; this is its price for hosting.",
        )
        for n in range(1, 15)
    )
    details = dict.fromkeys(names, DETAILS[DOC])
    return replace(found, prices=prices, details=details)


@pytest.mark.parametrize(
    "found",
    [view(), one(), billed(view()), view(()), view((row(DOC, lambda at: float("nan")),)), crowded()],
    ids=["several", "one", "billed", "none", "unknown", "crowded"],
)
def test_every_summary_prints_on_one_page(browser, tmp_path: Path, found: SavingsView):
    file = tmp_path / "summary.html"
    file.write_text(report(found), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    pdf = page.pdf(prefer_css_page_size=True)
    assert pages_of(pdf) == 1
    page.close()


def test_what_a_link_says_twice_or_cannot_have_is_told(app, open_page):
    page = open_page()
    page.goto(
        f"{app}/savings?month=2026-10&period=2026-11&of=doc-async&of=invoice-parse&tag=foo&tag=team=nobody"
    )
    for told in (
        "The link asks for several periods: “2026-10” and “2026-11”. Only the last one counts.",
        "The link asks for several endpoints: “doc-async” and “invoice-parse”. Only the last one counts.",
        "The link asks for the tag “foo”. A tag is written as key=value.",
    ):
        expect(page.get_by_text(told)).to_be_visible(timeout=60_000)
    expect(page).to_have_url(re.compile(r"\?(?!.*(foo|month=|doc-async)).*of=invoice-parse"))
    expect(page.get_by_text("team=nobody", exact=True)).to_be_visible()
    expect(page.get_by_text("foo", exact=True)).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_contain_text("has the tag team=nobody.")

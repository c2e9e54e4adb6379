"""The texts of a plan in a real browser: every language by keyboard, legible on both grounds, copied as it stands."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from components import theme as ebb_theme
from tests.browser.conftest import settled
from tests.browser.test_capacity import reach

NAME = "ocr-legacy"
BEGINS = {
    "API calls": "[",
    "AWS CLI": "aws application-autoscaling register-scalable-target",
    "boto3": "import boto3",
    "Terraform": "# Set these lines",
    "CloudFormation": "# CloudFormation has nothing to make",
}
INKS = """code => {
  const under = element => {
    const ground = getComputedStyle(element).backgroundColor;
    return ground === 'rgba(0, 0, 0, 0)' ? under(element.parentElement) : ground;
  };
  return [under(code), ...new Set([...code.querySelectorAll('span')].map(e => getComputedStyle(e).color))];
}"""


def as_hex(colour: str) -> str:
    return "#" + "".join(f"{int(part):02X}" for part in re.findall(r"\d+", colour)[:3])


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_each_language_is_reached_read_and_copied(app, open_page, theme, width):
    page = open_page(theme, width)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=app)
    page.goto(f"{app}/capacity?endpoint={NAME}")
    high = page.get_by_label("Maximum", exact=True)
    expect(high).to_be_visible()
    settled(page)
    high.fill(str(int(high.input_value()) + 2))
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Review these bounds").click()
    panel = page.get_by_role("dialog")
    tabs = panel.get_by_role("tab")
    expect(tabs).to_have_text(list(BEGINS))
    reach(page, tabs.first)
    for number, (name, begins) in enumerate(BEGINS.items()):
        if number:
            page.keyboard.press("ArrowRight")
        expect(panel.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
        shown = panel.get_by_role("tabpanel", name=name).get_by_test_id("stCode")
        expect(shown.locator("code")).to_contain_text(begins)
        ground, *inks = map(as_hex, shown.locator("code").evaluate(INKS))
        assert inks
        assert [ink for ink in inks if ebb_theme.contrast(ink, ground) < 4.5] == []
        shown.hover()
        shown.get_by_role("button", name="Copy to clipboard").click()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert begins in copied
        assert copied.rstrip() == shown.locator("code").inner_text().rstrip()
        panel.get_by_role("tab", name=name).focus()
    assert page.evaluate("document.querySelector('.stMain').scrollWidth <= innerWidth")
    assert panel.evaluate("element => element.scrollWidth <= element.clientWidth")

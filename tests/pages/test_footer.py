"""The footer stands on every page and says what Ebb's own asking costs."""

from __future__ import annotations

import re

import pytest

from ops.core.errors import Unreachable
from tests.components.samples import REAL, SampleSource, fleet
from tests.pages.conftest import markup


@pytest.mark.parametrize("page", ["", "endpoint"])
def test_every_page_ends_with_it(open_page, page):
    shown = markup(open_page(SampleSource(), page))
    assert "Nothing is billed; it would cost about $0.0031 on AWS." in shown
    assert shown.rindex('class="usage') > shown.rindex("<h1 " if not page else 'class="row where"')


def test_on_real_aws_it_names_the_list_price_and_no_clock_that_may_not_be_the_pages(open_page):
    shown = markup(open_page(SampleSource(fleet(REAL)), zone="Europe/Berlin"))
    assert re.search(r"Since this console was started, [^:]+ ago: 1,204 calls to AWS", shown)


def test_it_stays_while_aws_is_away(open_page):
    assert 'class="usage' in markup(open_page(SampleSource(failure=Unreachable("No answer.", "Start it."))))


def test_before_anything_is_connected_there_is_none(open_page):
    assert 'class="usage' not in markup(open_page(None))

"""The Failures page on the embedded AWS itself: requests and lines as they are, hostile text, denied, AWS away."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

import pytest

from tests.living import error, gated
from tests.pages.conftest import figures, markup, notices
from tests.pages.living_pages import Sky, Viewer, table_lines, words
from tests.test_failed import Desk

GROUP = "/aws/sagemaker/Endpoints/doc"
EVIL = '\x1b[2J<img src=x onerror="alert(1)"> [x](javascript:1) \u202e'


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    found = Desk()
    line = f'[sagemaker logs] [evil-5] Received server error (500) from primary with message "{EVIL}"'
    found.aws.world.logs.put(GROUP, "AllTraffic/i-0ff/data-log", found.aws.now() - 30, line)
    yield found
    found.console.close()
    found.aws.server.stop()


@pytest.fixture
def viewer(desk: Desk) -> Iterator[tuple[Viewer, Sky]]:
    with gated(desk.aws.server.url) as (url, gate):
        sky = Sky(url, gate, desk.aws.clock)
        made = Viewer(sky).after()
        yield made, sky
        made.reader.stop()


def test_what_failed_and_hostile_text_is_only_text(open_page, viewer):
    app = open_page(viewer[0].reader, "failures", endpoint="doc", range="1h")
    assert "3 of 3 requests failed" in words(app)
    rows = [line for line in table_lines(app) if len(line) == 5]
    assert rows[0][1] == "evil-5"
    assert "first-1" in [row[1] for row in rows]
    assert "<img" not in markup(app)
    assert "␛[2J<img src=x" in words(app)
    assert "⟨U+202E⟩" in words(app)
    assert len(figures(app)) == 1


def test_the_log_search_takes_what_would_break_a_pattern(open_page, viewer):
    app = open_page(
        viewer[0].reader, "failures", endpoint="doc", range="1h", part="Log", text='onerror="alert(1)"> [x]'
    )
    assert "1 line, newest first" in words(app)
    assert "<img" not in markup(app)


def test_denied_logs_leave_the_rest(open_page, viewer):
    made, sky = viewer
    sky.gate.shut["FilterLogEvents"] = error("AccessDeniedException")
    app = open_page(made.reader, "failures", endpoint="doc", range="1h")
    assert "logs:FilterLogEvents" in notices(app)
    assert "3 of 3 requests failed" in words(app)


def test_while_aws_is_away_the_last_good_lines_stay_and_are_said_to_be_old(open_page, viewer):
    made, sky = viewer
    app = open_page(made.reader, "failures", endpoint="doc", range="1h")
    assert "Log lines →" in unescape(markup(app))
    sky.gate.shut["*"] = error("ThrottlingException")
    made.after(30.0)
    app.run()
    assert "Older numbers" in notices(app)
    assert "Log lines →" in unescape(markup(app))

"""The pages on every story of the embedded AWS, and on links that cannot be followed: always a way out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.config import Settings
from ops.local_aws.build import STORIES
from ops.local_aws.doctor_stories import FOR_THE_DOCTOR
from tests.pages.conftest import figures, markup, notices
from tests.pages.living_pages import (
    Sky,
    Viewer,
    calm,
    points,
    sky_over,
    table_lines,
    words,
)

SAYS = {
    "doc-async": "doc-async",
    "ocr-legacy": "no policy starts the first instance",
    "forms-berlin": "forms-berlin",
    "receipt-scan": "its minimum is 1",
    "invoice-parse": "the model answers with 5xx errors",
    "layout-detect": "A real-time endpoint",
    "contract-extract": "the account's quota",
    "archive-reocr": "in the queue",
    "suspended": "scaling out is suspended",
    "wrong-dimensions": "looks at the wrong dimensions",
    "actions-off": "are switched off",
    "max-zero": "its maximum is 0",
    "no-capacity": "Starting its first instance",
    "pooled": "3 instances in service",
    "no-scale-in": "scaling in is switched off",
    "always-on": "no scaling is registered for it",
    "slow": "1 instance in service",
    "expiring": "no policy starts the first instance",
    "failed-deploy": "The container did not pass the ping health check.",
}
"""What the page of each story says at the end of its history."""


@pytest.fixture(scope="module")
def stories() -> Iterator[tuple[Sky, Viewer]]:
    """All stories at the end of their history, read once; nobody moves time or the gate here."""
    with sky_over(*(name for name in SAYS if name in STORIES)) as sky:
        viewer = Viewer(sky).after()
        yield sky, viewer
        viewer.reader.stop()


def test_every_story_has_its_line_here():
    doctors = {story.name for story in FOR_THE_DOCTOR}  # theirs are in tests/test_doctor.py
    assert SAYS.keys() | doctors | {"crowd"} == STORIES.keys()


def test_the_fleet_tells_every_story(open_page, stories):
    app = open_page(stories[1].reader)
    assert calm(app), notices(app)
    shown = words(app)
    for name in SAYS:
        assert name in shown
    assert "and 8 more" in shown
    assert len(table_lines(app)) == len(SAYS)


@pytest.mark.parametrize("span", ["3h", "30d"])
@pytest.mark.parametrize("name", SAYS)
def test_each_story_on_its_own_page(open_page, stories, name, span):
    app = open_page(stories[1].reader, "endpoint", endpoint=name, range=span)
    assert calm(app), notices(app)
    assert SAYS[name] in words(app)
    assert len(figures(app)) == (1 if name == "layout-detect" else 2)
    assert points(app) > 0
    assert ("In steps of five minutes" in words(app)) == (span == "30d")


def test_nobody_claims_a_zero_that_aws_did_not_say(open_page, stories):
    """The endpoint that never came up has no queue: dashes, not zeros."""
    app = open_page(stories[1].reader, "endpoint", endpoint="failed-deploy")
    assert words(app).splitlines().count("–") >= 2
    (line,) = [cells for cells in table_lines(open_page(stories[1].reader)) if "failed-deploy" in cells[0]]
    assert line[3:5] == ["–", "–"]


@pytest.mark.parametrize(
    ("asks", "says", "instead"),
    [
        ({"endpoint": "doc-asynk"}, "no endpoint named 'doc-asynk'", 'href="./endpoint?endpoint=doc-async"'),
        ({"endpoint": "a b/ü<i>"}, "no endpoint named 'a b/ü<i>'", "See all endpoints"),
        ({"endpoint": "doc-async", "range": "99y"}, "Choose one of 1h, 3h", "doc-async"),
        ({"endpoint": "doc-async", "zone": "Mars/X"}, "Times are shown in UTC", "14:00:00 UTC"),
        ({"endpoint": "doc-async", "from": "bogus", "to": "x"}, "“bogus” is not a time", "doc-async"),
        (
            {"endpoint": "doc-async", "from": "2024-01-01T00:00Z", "to": "2024-01-02T00:00Z"},
            "AWS keeps metrics for 455 days",
            "doc-async",
        ),
    ],
)
def test_a_link_that_cannot_be_followed_on_the_endpoint_page(open_page, stories, asks, says, instead):
    app = open_page(stories[1].reader, "endpoint", **asks)
    assert says in notices(app)
    assert instead in markup(app)
    assert ("Not shown" in notices(app)) is False
    assert bool(figures(app)) == (asks["endpoint"] == "doc-async")


@pytest.mark.parametrize(
    ("asks", "says"),
    [
        ({"sort": "x"}, "Shown: trouble first."),
        ({"state": "x"}, "warm · idle, paid · updating"),
        ({"zone": "Mars/X"}, "Zones have names like Europe/Berlin."),
    ],
)
def test_a_link_that_cannot_be_followed_on_the_fleet_page(open_page, stories, asks, says):
    app = open_page(stories[1].reader, **asks)
    assert says in notices(app)
    assert len(table_lines(app)) == len(SAYS)


def test_a_search_that_finds_nothing_leads_back(open_page, stories):
    app = open_page(stories[1].reader, q="zzz")
    assert f"None of {len(SAYS)} endpoints matches “zzz”." in words(app)
    app.button(key="fleet-clear").click().run()
    assert len(table_lines(app)) == len(SAYS)


def test_without_a_name_the_endpoint_page_offers_them_all(open_page, stories):
    shown = markup(open_page(stories[1].reader, "endpoint"))
    assert all(f'href="./endpoint?endpoint={name}"' in shown for name in SAYS)


def test_real_aws_is_read_only_and_says_why(open_page, stories):
    viewer = Viewer(stories[0], Settings(mode="aws", endpoint_url=stories[0].url)).after()
    for page, asks in (("", {}), ("endpoint", {"endpoint": "doc-async"})):
        app = open_page(viewer.reader, page, **asks)
        assert "real AWS" in words(app)
        assert 'title="Real AWS is read-only here unless EBB_WRITE=1 is set.">read-only<' in markup(app)
        assert "at list price" in words(app)
        assert "simulated" not in words(app)
    viewer.reader.stop()


def test_a_history_that_cannot_be_kept_is_said_and_the_pages_go_on(open_page, stories, tmp_path: Path):
    no_folder = tmp_path / "file"
    no_folder.write_text("in the way")
    settings = Settings(endpoint_url=stories[0].url, state_dir=no_folder)
    viewer = Viewer(stories[0], settings, keep=True).after()
    assert len(table_lines(open_page(viewer.reader))) == len(SAYS)
    app = open_page(viewer.reader, "endpoint", endpoint="doc-async")
    assert "Give Ebb a folder that it may write to." in notices(app)
    assert len(figures(app)) == 2
    viewer.reader.stop()

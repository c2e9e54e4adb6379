"""The Fleet page: trouble first, every endpoint with a word and a sentence, and calm words when something is off."""

from __future__ import annotations

import pytest

from components import session
from ops.core.errors import CredentialsProblem, Denied, Throttled, Unreachable
from ops.core.types import Problem
from tests.components.samples import REAL, SampleSource, empty_fleet, fleet
from tests.pages.conftest import markup, notices


def test_the_headline_comes_first_then_trouble_then_everything(open_page):
    shown = markup(open_page(SampleSource()))
    places = [
        shown.index(text)
        for text in (
            "2 of 5 endpoints need you.",
            'class="attention"',
            'aria-label="Asynchronous',
            "Real-time endpoints",
        )
    ]
    assert places == sorted(places)
    for row in fleet().rows:
        assert row.verdict.sentence in shown
        assert f"endpoint={row.endpoint.ref.name}" in shown
    assert "cannot wake" in shown
    assert "21 min" in shown
    assert "0 → 2" in shown
    assert "0–8" in shown


def test_the_strip_says_which_aws(open_page):
    assert "simulated AWS" in markup(open_page(SampleSource()))
    shown = markup(open_page(SampleSource(fleet(REAL))))
    assert "real AWS" in shown
    assert "eu-central-1" in shown
    assert "read-only" in shown


def test_an_empty_account_says_where_it_looked(open_page):
    app = open_page(SampleSource(empty_fleet()))
    assert "No endpoints in this account and region yet." in markup(app)
    assert "us-east-1" in notices(app)


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (
            Unreachable("The embedded AWS does not answer.", "Start it with `python -m ops local-aws`."),
            "ops local-aws",
        ),
        (Denied("sagemaker:ListEndpoints", "AWS refused to list the endpoints."), "sagemaker:ListEndpoints"),
        (CredentialsProblem("The credentials have expired.", "Sign in again."), "Sign in again"),
        (Throttled("AWS asks to slow down."), "tries again by itself"),
    ],
)
def test_a_failure_is_one_calm_notice_with_the_way_out(open_page, failure, says):
    app = open_page(SampleSource(failure=failure))
    assert len(app.warning) == 1
    assert says in notices(app)
    assert failure.what in notices(app)
    assert "simulated AWS" in markup(app)


def test_before_anything_is_connected_the_page_names_the_command(open_page):
    assert "make run" in notices(open_page(None))


def test_what_could_not_be_read_hides_nothing_else(open_page):
    gone = Problem("alarms", "AWS refused the call.", "", "cloudwatch:DescribeAlarms")
    app = open_page(SampleSource(fleet(problems=(gone,))))
    assert "cloudwatch:DescribeAlarms" in notices(app)
    assert "doc-async" in markup(app)


def test_links_keep_range_and_zone(open_page):
    shown = markup(open_page(SampleSource(), range="7d", zone="Europe/Berlin"))
    assert "endpoint=doc-async&amp;range=7d&amp;zone=Europe%2FBerlin" in shown
    assert "15:02:10 CET" in shown


def test_an_unknown_zone_reads_as_utc(open_page):
    app = open_page(SampleSource(), zone="Mars/Olympus")
    assert "14:02:10 UTC" in markup(app)
    assert app.session_state[session.ZONE] == "UTC"


def test_a_pause_is_said(open_page):
    app = open_page(SampleSource())
    app.selectbox(key=session.RATE).set_value("paused").run()
    assert "paused" in markup(app)

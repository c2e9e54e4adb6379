"""The Fleet page: trouble first, every endpoint with a word and a sentence, and calm words when something is off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components import fleet_controls, session
from ops.core.errors import CredentialsProblem, Denied, Throttled, Unreachable
from ops.core.types import EndpointRef, Problem
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
    assert markup(app).count('<h1 tabindex="-1">Fleet</h1>') == 1
    assert not app.text_input  # there is nothing to search
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


def test_an_unknown_zone_reads_as_utc_and_is_said(open_page):
    app = open_page(SampleSource(), zone="Mars/Olympus")
    assert "14:02:10 UTC" in markup(app)
    assert app.selectbox(key=session.ZONE).value == "UTC"
    assert "Mars/Olympus" in notices(app)


def test_a_zone_is_known_whatever_its_case(open_page):
    app = open_page(SampleSource(), zone="europe/berlin")
    assert "15:02:10 CET" in markup(app)
    assert notices(app) == ""


def test_the_zone_picker_puts_itself_into_the_url(open_page):
    app = open_page(SampleSource())
    app.selectbox(key=session.ZONE).set_value("Asia/Kolkata").run()
    assert app.query_params["zone"] == "Asia/Kolkata"
    assert "19:32:10 IST" in markup(app)
    app.selectbox(key=session.ZONE).set_value("UTC").run()
    assert not app.query_params.get("zone")
    assert "14:02:10 UTC" in markup(app)


def crowd(calm: int, stuck: int = 0):
    """A fleet of `stuck` endpoints that cannot wake, each for a reason of its own, and `calm` asleep."""
    view = fleet()

    def named(row, name, sentence):
        ref = EndpointRef("123456789012", "us-east-1", name)
        verdict = replace(row.verdict, sentence=sentence)
        return replace(row, endpoint=replace(row.endpoint, ref=ref), verdict=verdict)

    rows = [named(view.rows[0], f"stuck-{n:03}", f"Cannot wake: {n} requests wait.") for n in range(stuck)]
    rows += [named(view.rows[-1], f"calm-{n:03}", "Asleep; nothing waits.") for n in range(calm)]
    return replace(view, rows=tuple(rows), realtime=())


def table_rows(app) -> int:
    return markup(app).count('<tr role="row"><td')


def test_two_hundred_endpoints_come_fifty_at_a_time(open_page):
    app = open_page(SampleSource(crowd(200)))
    assert table_rows(app) == 50
    assert "50 of 200 shown" in markup(app)
    app.button(key="fleet-more").click().run()
    assert table_rows(app) == 100
    assert "100 of 200 shown" in markup(app)


def test_a_search_from_a_link_finds_rows_beyond_the_first_fifty(open_page):
    app = open_page(SampleSource(crowd(200)), q="CALM-19 g5")
    assert table_rows(app) == 10
    assert "10 of 200 shown" in markup(app)
    app.text_input(key=session.QUERY).set_value("calm-199").run()
    assert table_rows(app) == 1


def test_another_search_starts_with_the_first_page_of_rows(open_page):
    app = open_page(SampleSource(crowd(200)))
    app.button(key="fleet-more").click().run()
    app.text_input(key=session.QUERY).set_value("calm").run()
    assert table_rows(app) == fleet_controls.PAGE


def test_state_and_order_come_from_the_link(open_page):
    app = open_page(SampleSource(), state="asleep", sort="name")
    assert table_rows(app) == 1
    app.selectbox(key=session.STATE).set_value("all states").run()
    shown = markup(app)
    table = shown[shown.index('aria-label="Asynchronous endpoints, by name"') :]
    assert table.index("doc-async") < table.index("invoice-parse") < table.index("ocr-legacy")


@pytest.mark.parametrize(("key", "word"), [("state", "state"), ("sort", "order")])
def test_a_link_that_asks_for_something_else_is_said_and_shows_all(open_page, key, word):
    app = open_page(SampleSource(), **{key: "[bogus](x)"})
    assert f"The link asks for the {word} “[bogus](x)”, which is not offered." in notices(app)
    assert table_rows(app) == 6


def test_nothing_found_says_what_was_asked_and_shows_the_way_out(open_page):
    app = open_page(SampleSource(), q="<b>nobody", state="asleep")
    shown = markup(app)
    assert "None of 6 endpoints matches “&lt;b&gt;nobody” and the state “asleep”." in shown
    assert table_rows(app) == 0
    app.button(key="fleet-clear").click().run()
    assert table_rows(app) == 6
    assert app.text_input(key=session.QUERY).value == ""
    assert app.selectbox(key=session.STATE).value == "all states"


def test_thirty_in_trouble_are_a_few_sentences_and_a_way_to_see_only_them(open_page):
    app = open_page(SampleSource(crowd(170, stuck=30)))
    assert "and 25 more</a>" in markup(app)
    assert "state=needs+you" in markup(app)
    assert markup(app).count("Cannot wake: ") == 30
    app.button(key="fleet-trouble").click().run()
    assert app.selectbox(key=session.STATE).value == "needs you"
    assert table_rows(app) == 30
    assert "30 of 200 shown" in markup(app)
    app.button(key="fleet-all").click().run()
    assert app.selectbox(key=session.STATE).value == "all states"
    assert table_rows(app) == 50


def test_an_empty_account_has_nothing_to_search(open_page):
    app = open_page(SampleSource(empty_fleet()))
    assert len(app.text_input) == 0


def test_what_a_link_cannot_have_leaves_the_url_and_stays_said(open_page):
    app = open_page(SampleSource(), zone="Mars/Olympus", sort="zzz")
    assert not app.query_params.get("zone")
    app.query_params.pop("sort", None)
    app.run()
    assert "Mars/Olympus" in notices(app)
    assert "“zzz”" in notices(app)
    app.selectbox(key=session.SORT).set_value("name").run()
    assert "zzz" not in notices(app)
    app.selectbox(key=session.ZONE).set_value("Asia/Kolkata").run()
    assert notices(app) == ""

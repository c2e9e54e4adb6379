"""The Endpoint page: sentence, four numbers, the chart, why; and a link reproduces it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from components import scope, session
from components.unread import OLDER
from ops.core.errors import Unreachable
from ops.core.types import Problem
from tests.components.samples import NOW, REAL, SampleSource, fleet
from tests.pages.conftest import figures, markup, notices


def test_sentence_numbers_chart_and_why(open_page):
    app = open_page(SampleSource(), "endpoint", endpoint="doc-async")
    shown = markup(app)
    assert ">doc-async</h1>" in shown
    assert "the first result is expected about 14:06" in shown
    assert shown.count('<div class="card">') == 4
    assert "wake-doc-async" in shown
    assert "backlog-scaling" in shown
    assert "ml.g5.xlarge" in shown
    figure, details = figures(app)
    assert figure["layout"]["xaxis"]["range"] == details["layout"]["xaxis"]["range"]
    assert [t["name"] for t in figure["data"] if t["name"] == "backlog"] == ["backlog"]
    assert "time, UTC" in str(figure["layout"]["annotations"])


@pytest.mark.parametrize("key", list(scope.RANGES))
def test_a_link_reproduces_endpoint_range_and_zone(open_page, key):
    app = open_page(SampleSource(), "endpoint", endpoint="night-batch", range=key, zone="Asia/Kolkata")
    figure, _ = figures(app)
    start, end = figure["layout"]["xaxis"]["range"]
    assert timedelta(milliseconds=end - start) == scope.RANGES[key]
    assert 0 <= end - (NOW.timestamp() + 5.5 * 3600) * 1000 <= 300_000
    assert "Asia/Kolkata" in str(figure["layout"]["annotations"])
    assert figure["layout"]["uirevision"] == f"night-batch|{key}|Asia/Kolkata"
    assert app.selectbox(key=session.ENDPOINT).value == "night-batch"


def test_an_unknown_endpoint_offers_the_nearest(open_page):
    app = open_page(SampleSource(), "endpoint", endpoint="doc-asynk")
    assert "doc-asynk" in notices(app)
    assert 'href="./endpoint?endpoint=doc-async"' in markup(app)
    assert "See all endpoints" in markup(app)
    assert figures(app) == []


def test_an_unknown_range_is_refused_in_words(open_page):
    app = open_page(SampleSource(), "endpoint", endpoint="doc-async", range="99d")
    assert "99d" in notices(app)
    assert len(figures(app)) == 2


def test_without_an_endpoint_it_lists_them_all_as_links(open_page):
    app = open_page(SampleSource(), "endpoint")
    shown = markup(app)
    assert "Which endpoint?" in shown
    for row in (*fleet().rows, *fleet().realtime):
        assert f'href="./endpoint?endpoint={row.endpoint.ref.name}"' in shown
    assert figures(app) == []


def test_a_part_of_time_in_a_link_is_what_all_charts_show(open_page):
    ends = {"from": "2026-11-20T12:00Z", "to": "2026-11-20T12:40Z"}
    app = open_page(SampleSource(), "endpoint", endpoint="doc-async", zone="Asia/Kolkata", **ends)
    for figure in figures(app):
        start, end = figure["layout"]["xaxis"]["range"]
        assert end - start == 40 * 60_000
        assert start == (datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp() + 5.5 * 3600) * 1000
    back = app.button(key="back")
    assert back.label == "today 17:30 – 18:10 · back to 3h ✕"
    back.click().run()
    assert not app.query_params.get("from")
    (start, end) = figures(app)[0]["layout"]["xaxis"]["range"]
    assert end - start == 3 * 3600 * 1000


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ({"from": "yesterday", "to": "2026-11-20T12:40Z"}, "“yesterday” is not a time"),
        ({"from": "2026-11-20T12:40Z"}, "Only one end"),
        ({"from": "2026-11-20T12:40Z", "to": "2026-11-20T12:00Z"}, "ends before it starts"),
        ({"from": "2026-11-21T12:00Z", "to": "2026-11-21T13:00Z"}, "lies in the future"),
        ({"from": "2024-11-20T12:00Z", "to": "2026-11-20T12:00Z"}, "455 days"),
        ({"from": "0001-01-01", "to": "9999-12-31T23:59:30+00:00"}, "cannot be shown"),
    ],
)
def test_a_part_of_time_that_makes_no_sense_is_said_and_the_default_shown(open_page, ends, says):
    app = open_page(SampleSource(), "endpoint", endpoint="doc-async", **ends)
    assert says in notices(app)
    assert "Shown: last 3h" in notices(app)
    (start, end) = figures(app)[0]["layout"]["xaxis"]["range"]
    assert end - start == 3 * 3600 * 1000


def typed(app, first, last):
    fields = {field.label: field for field in app.get("datetime_input")}
    fields["From"].set_value(first)
    fields["To"].set_value(last)
    next(b for b in app.button if b.label == "Show").click().run()
    return app


def test_a_range_is_typed_in_the_zone_of_the_page(open_page):
    app = open_page(SampleSource(), "endpoint", endpoint="doc-async", zone="Europe/Berlin")
    typed(app, datetime(2026, 11, 20, 10, 0), datetime(2026, 11, 20, 11, 30))  # noqa: DTZ001
    assert app.query_params["from"] == "2026-11-20T09:00Z"
    assert app.query_params["to"] == "2026-11-20T10:30Z"
    (start, end) = figures(app)[0]["layout"]["xaxis"]["range"]
    assert end - start == 90 * 60_000


def test_a_typed_range_in_the_wrong_order_is_said_and_nothing_moves(open_page):
    app = open_page(SampleSource(), "endpoint", endpoint="doc-async")
    typed(app, datetime(2026, 11, 20, 11, 0), datetime(2026, 11, 20, 10, 0))  # noqa: DTZ001
    assert "ends before it starts" in notices(app)
    (start, end) = figures(app)[0]["layout"]["xaxis"]["range"]
    assert end - start == 3 * 3600 * 1000


def test_an_empty_account_has_no_endpoint_to_show(open_page):
    source = SampleSource(fleet())
    assert "nothing-here" in notices(open_page(source, "endpoint", endpoint="nothing-here"))


def test_an_aws_that_does_not_answer_is_said_once_and_the_name_stays(open_page):
    failure = Unreachable("No answer.", "Start it with `make run`.")
    app = open_page(SampleSource(failure=failure), "endpoint", endpoint="doc-async")
    assert len(app.warning) == 1
    assert "make run" in notices(app)
    assert app.selectbox(key=session.ENDPOINT).value == "doc-async"


def test_a_denied_part_names_the_action_and_hides_only_itself(open_page):
    gone = Problem(
        "scaling activities", "AWS refused the call.", "", "application-autoscaling:DescribeScalingActivities"
    )
    app = open_page(SampleSource(fleet(problems=(gone,))), "endpoint", endpoint="doc-async")
    assert "application-autoscaling:DescribeScalingActivities" in notices(app)
    assert len(figures(app)) == 2


def test_read_only_is_visible(open_page):
    assert "read-only" in markup(open_page(SampleSource(fleet(REAL)), "endpoint", endpoint="doc-async"))


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "[x](javascript:1)", "**bold**"])
def test_a_name_from_a_link_is_only_text(open_page, name):
    app = open_page(SampleSource(), "endpoint", endpoint=name)
    assert name in notices(app)
    assert "<script>" not in markup(app)
    assert "[x](" not in app.warning[0].value


def test_a_real_time_endpoint_shows_no_queue(open_page):
    app = open_page(SampleSource(), "endpoint", endpoint="chat-live")
    shown = markup(app)
    assert shown.count('<div class="card">') == 2
    assert "expires after" not in shown
    (figure,) = figures(app)
    names = [t.get("name") for t in figure["data"]]
    assert "instances" in names
    assert "backlog" not in names
    assert "Requests · each" in str(figure["layout"]["annotations"])


def test_a_part_that_cannot_be_shown_leaves_the_url_and_stays_said(open_page):
    app = open_page(SampleSource(), "endpoint", **{"endpoint": "doc-async", "from": "xx", "to": "yy"})
    app.run()
    assert not app.query_params.get("from")
    assert "“xx” is not a time" in notices(app)


def test_old_numbers_are_said_to_be_old_where_endpoints_are_chosen(open_page):
    old = Problem(OLDER, "AWS does not answer.", "", retryable=True)
    app = open_page(SampleSource(fleet(problems=(old,))), "endpoint")
    assert "Older numbers, as of 14:02:10 UTC" in notices(app)

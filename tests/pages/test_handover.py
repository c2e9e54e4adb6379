"""Handed over, and told: the incident summary and the changes of an endpoint, and what changed since the last visit."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from streamlit.testing.v1 import AppTest

from components import session
from ops.core.errors import Unreachable
from ops.core.incident import Incident
from ops.core.marks import Audit, Mark, MarkKind
from ops.core.moments import mark
from ops.core.since import News, Since
from ops.core.types import Problem, Window
from ops.core.views import EndpointView
from tests.components.samples import NOW, SampleSource, endpoint_view, fleet
from tests.living import error, gated
from tests.pages.conftest import figures, markup, notices
from tests.pages.living_pages import Sky, Viewer, words
from tests.small_worlds import NAME, small

VISITOR = "this machine"
DEPLOY = Mark(NOW - timedelta(minutes=30), MarkKind.DEPLOY, "deploy of doc-12", "jane")


class Changed(SampleSource):
    """Every endpoint was deployed half an hour ago."""

    def endpoint(self, name: str, span: timedelta | Window) -> EndpointView:
        return replace(super().endpoint(name, span), changes=(DEPLOY,), audit=Audit(NOW - timedelta(days=90)))


def summaries(app: AppTest) -> list[str]:
    """The texts that a button of the page copies."""
    data = [json.loads(c.proto.json) for c in app.get("bidi_component")]
    return [d["text"] for d in data if "text" in d]


def told(since: Since | None) -> SampleSource:
    source = SampleSource()
    source.answers[("since", VISITOR)] = since
    return source


def test_fleet_says_what_changed_since_the_last_visit_with_links_and_in_the_zone(open_page):
    begun = NOW - timedelta(hours=20)
    news = (News(f"cannot wake since {mark(NOW, NOW)}", "ocr-legacy"), News("1 deploy by <b>jane</b>"))
    shown = markup(open_page(told(Since(begun, news)), zone="Asia/Kolkata"))
    line = shown[shown.index('<p class="since"') :].split("</p>")[0]
    assert "Since your last visit (yesterday 23:32)" in line
    assert "endpoint=ocr-legacy&amp;zone=Asia%2FKolkata" in line
    assert "cannot wake since 19:32 IST; 1 deploy by &lt;b&gt;jane&lt;/b&gt;." in line
    assert (
        shown.index("2 of 5 endpoints need you.")
        < shown.index(line)
        < shown.index('aria-label="Asynchronous')
    )


def test_nothing_changed_is_said_and_a_first_visit_says_nothing(open_page):
    assert "nothing changed" in markup(open_page(told(Since(NOW, ()))))
    assert "last visit" not in markup(open_page(told(None)))
    assert "last visit" not in markup(open_page(SampleSource()))


def test_while_the_numbers_are_old_nobody_was_there_to_see(open_page):
    source = told(Since(NOW, ()))
    source.view = fleet(problems=(Problem("Older numbers", "AWS is away."),))
    assert "last visit" not in markup(open_page(source))


def test_the_endpoint_page_lists_and_marks_what_was_changed(open_page):
    app = open_page(Changed(), "endpoint", endpoint="doc-async")
    assert "What was changed" in [tab.label for tab in app.tabs]
    shown = words(app)
    for word in ("deploy of doc-12", "jane", "Changed: ◆ deploy; who and what on hover, and below."):
        assert word in shown
    for figure in figures(app):
        assert "deploy of doc-12 by jane" in json.dumps(figure["layout"]["annotations"])


def test_the_summary_of_the_endpoint_on_show_is_at_hand(open_page):
    source = Changed()
    view = endpoint_view("invoice-parse")
    problem = Problem("quotas", "AWS denied them.")
    source.answers[("incident", "invoice-parse")] = Incident(view, (DEPLOY,), NOW, (), (), (problem,))
    (text,) = summaries(open_page(source, "endpoint", endpoint="invoice-parse", zone="Europe/Berlin"))
    assert text.startswith("# invoice-parse: failing\n")
    for part in ("14:02 UTC (15:02 CET)", "deploy of doc-12 by jane", "quotas: AWS denied them."):
        assert part in text


def test_without_an_answer_the_summary_tells_what_the_page_shows(open_page):
    (text,) = summaries(open_page(Changed(), "endpoint", endpoint="doc-async"))
    assert "deploy of doc-12 by jane" in text
    assert "What the doctor finds" not in text
    (text,) = summaries(open_page(Changed(failure=None), "endpoint", endpoint="chat-live"))
    assert "5xx" in text


def test_without_the_fleet_there_is_no_summary_and_one_notice(open_page):
    app = open_page(
        SampleSource(failure=Unreachable("AWS is away.", "Wait.")), "endpoint", endpoint="doc-async"
    )
    assert summaries(app) == []
    assert "AWS is away." in notices(app)


def test_a_denied_cloudtrail_hides_who_and_nothing_else(open_page):
    with small(0.25) as (server, clock), gated(server.url) as (url, gate):
        viewer = Viewer(Sky(url, gate, clock))
        gate.shut["LookupEvents"] = error("AccessDeniedException")
        viewer.after()
        viewer.reader.look_up()
        app = open_page(viewer.reader, "endpoint", endpoint=NAME, range="1d")
        shown = words(app)
        assert "Who changed what is not known: AWS denied cloudtrail:LookupEvents." in shown
        assert "creation of the endpoint" in shown
        assert notices(app) == ""
        assert "cloudtrail:LookupEvents" in summaries(app)[0]
        gate.shut.clear()
        session.connect(None)
        viewer.reader.stop()

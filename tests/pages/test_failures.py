"""The Failures page: the sentence, causes, requests and their lines in one click, the log, objects, what is denied."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from streamlit.testing.v1 import AppTest

from components import failure_door, failure_parts
from ops.core.failures import Cause
from ops.core.log_lines import FailedRequest
from ops.core.plain_text import readable
from ops.core.records import LogLine
from ops.core.types import Problem
from ops.core.views_failures import (
    ContextLine,
    FailedRequests,
    FailureObject,
    FailureObjects,
    LogQuery,
    LogSearch,
    ObjectText,
    ProbableObject,
    RequestLog,
    Streams,
)
from tests.components.samples import NOW, SampleSource, fleet
from tests.pages.conftest import figures, markup, notices
from tests.pages.living_pages import words

NAME, SPAN = "invoice-parse", timedelta(hours=3)
EVIL = "<script>alert(1)</script>\x1b[31m"
DATA = "AllTraffic/i-0aa/data-log"
SEARCHED = LogSearch(NOW - SPAN, NOW)
OBJECT = FailureObject("bkt", f"{NAME}/fail/0001-error.out", 122, NOW - timedelta(minutes=9))
PATH = f"s3://bkt/{NAME}/fail/"


def request(number: int, said: str = "boom") -> FailedRequest:
    at = NOW - timedelta(minutes=number)
    return FailedRequest(at, f"id-{number}", 500, Cause.MODEL_5XX, said, DATA)


def query(text: str = "", streams: Streams = Streams.ALL) -> LogQuery:
    return LogQuery(SPAN, text, streams, failure_parts.LINES)


def source(
    *requests: FailedRequest, search: LogSearch = SEARCHED, problems: tuple[Problem, ...] = ()
) -> SampleSource:
    found = SampleSource()
    found.answers[("failed-requests", NAME, SPAN)] = FailedRequests(requests, search, NOW, problems)
    return found


def opened(request: FailedRequest) -> dict[str, str]:
    return {
        failure_door.REQUEST: request.inference_id,
        failure_door.AT: str(round(request.at.timestamp() * 1000)),
    }


def log_of(found: FailedRequest, **more: object) -> RequestLog:
    lines = (
        ContextLine(LogLine(found.at, "AllTraffic/i-0aa", "Traceback: of the container"), False),
        ContextLine(LogLine(found.at, DATA, f"[sagemaker logs] [{found.inference_id}] {EVIL}"), True),
    )
    return RequestLog(found.inference_id, lines, SEARCHED, found, **more)  # type: ignore[arg-type]


def show(open_page, found: SampleSource, **query: str) -> AppTest:
    return open_page(found, "failures", endpoint=NAME, **query)


def test_the_sentence_the_causes_the_chart_and_the_requests(open_page):
    app = show(open_page, source(request(4), request(9)))
    said = words(app)
    assert "requests failed, the first at" in said
    assert "no metric says why" in said  # the sample publishes InvocationFailures alone
    assert "other failures" in said
    assert "Log lines →" in said
    assert "All 2 say: “boom”." in said
    assert "the log names 2" in said
    assert "Searched: today 11:02 – today 14:02, all of it." in said
    (figure,) = figures(app)
    assert [t["name"] for t in figure["data"] if t["type"] == "bar"] == ["other", "processed"]
    assert notices(app) == ""


def test_one_click_leads_to_the_lines_and_the_link_keeps_them(open_page):
    found, chosen = source(request(4), request(9)), request(9)
    probable = ProbableObject(ObjectText(OBJECT, readable(EVIL.encode(), 122)), False, 0.4, 2)
    found.answers[("request-log", NAME, "id-9", chosen.at)] = log_of(chosen, object=probable)
    href = unescape(markup(show(open_page, found)))
    assert f"request=id-9&at={round(chosen.at.timestamp() * 1000)}" in href
    app = show(open_page, found, **opened(chosen))
    said = words(app)
    assert "1 line that names it, and what its instance wrote around that time" in said
    assert "Traceback: of the container" in said
    assert "Probably its failure object" in said
    assert "so only the time connects them" in said
    assert "2 others within a minute and a half" in said
    assert "Close ✕" in said
    assert "<script>" not in markup(app)
    assert "<script>alert(1)</script>␛[31m" in said


def test_a_certain_object_is_not_called_probable(open_page):
    found, chosen = source(request(4)), request(4)
    sure = ProbableObject(ObjectText(OBJECT, readable(b"id-4", 4)), True, 3.0, 0)
    found.answers[("request-log", NAME, "id-4", chosen.at)] = log_of(chosen, object=sure)
    said = words(show(open_page, found, **opened(chosen)))
    assert "Its failure object" in said
    assert "It names the inference id." in said


def test_a_linked_request_outside_of_the_range_is_shown_all_the_same(open_page):
    found, old = source(request(4)), request(9000)
    found.answers[("request-log", NAME, old.inference_id, old.at)] = log_of(
        old, without_object="The endpoint has no failure path (S3FailurePath): its failures leave no object."
    )
    said = words(show(open_page, found, **opened(old)))
    assert "Traceback: of the container" in said
    assert "its failures leave no object" in said


@pytest.mark.parametrize("at", ["", "yesterday", "-5", "9" * 40, "1e9"])
def test_a_link_without_a_time_that_makes_sense_opens_nothing(open_page, at):
    said = words(show(open_page, source(request(4)), request="id-4", at=at))
    assert "Log lines →" in said
    assert "Close ✕" not in said


def test_many_requests_are_folded_and_the_opened_one_is_seen(open_page):
    many = [request(n) for n in range(1, 41)]
    found = source(*many)
    assert '<details data-focus="older"><summary' in markup(show(open_page, found))
    found.answers[("request-log", NAME, "id-39", many[38].at)] = log_of(many[38])
    assert '<details data-focus="older" open>' in markup(show(open_page, found, **opened(many[38])))


def test_no_failed_request_in_the_log(open_page):
    assert "and the log names none: its lines may be gone" in words(show(open_page, source()))


def test_a_missing_group_and_a_part_not_searched_are_said(open_page):
    gone = LogSearch(NOW - SPAN, NOW, missing=True)
    said = words(show(open_page, source(search=gone)))
    assert f"There is no log group /aws/sagemaker/Endpoints/{NAME}" in said
    part = LogSearch(NOW - SPAN, NOW, (), ((NOW - SPAN, NOW - timedelta(hours=1)),), "AWS was asked 40 times")
    said = words(show(open_page, source(request(4), search=part)))
    assert "Not searched: today 11:02 – today 13:02 , because AWS was asked 40 times" in said


def test_denied_logs_name_the_action_and_hide_nothing_else(open_page):
    denied = Problem("log lines", "AWS denied logs:FilterLogEvents.", "", "logs:FilterLogEvents")
    app = show(open_page, source(problems=(denied,)))
    assert "logs:FilterLogEvents" in notices(app)
    assert len(figures(app)) == 1
    assert "names no failed request" not in words(app)


def test_the_log_is_searched_for_what_the_link_says(open_page):
    found = source()
    line = LogLine(NOW - timedelta(minutes=1), DATA, f"{EVIL} " + "x" * 10_000)
    found.answers[("logs", NAME, query("[x] -y", Streams.CONTAINERS))] = LogSearch(NOW - SPAN, NOW, (line,))
    app = show(open_page, found, part="Log", text="[x] -y", streams="containers")
    said = words(app)
    assert "1 line, newest first" in said
    assert "more characters" in said
    assert "<script>" not in markup(app)
    found.answers[("logs", NAME, query("nothing"))] = SEARCHED
    assert "No line in this range holds “nothing”." in words(
        show(open_page, found, part="Log", text="nothing")
    )


def test_a_part_that_is_not_offered_is_said(open_page):
    assert "which is not offered" in notices(show(open_page, source(), part="Everything"))


def test_failure_objects_are_listed_and_shown(open_page):
    found = source()
    found.answers[("failure-objects", NAME)] = FailureObjects(PATH, (OBJECT,), 12, True)
    found.answers[("failure-object", NAME, OBJECT.key)] = ObjectText(
        OBJECT, readable(bytes(range(256)), 5_000_000)
    )
    said = words(show(open_page, found, part="Failure objects"))
    assert "there are more, and newer ones may be among them" in said
    assert "122 bytes" in said
    said = words(show(open_page, found, part="Failure objects", object=OBJECT.key))
    assert "not text: its first bytes in hexadecimal" in said
    assert "0000 00 01 02" in said


def test_no_failure_path_and_denied_objects(open_page):
    found = source()
    found.answers[("failure-objects", NAME)] = FailureObjects(None)
    assert "has no failure path" in words(show(open_page, found, part="Failure objects"))
    denied = Problem("failure objects", "AWS denied s3:ListBucket.", "", "s3:ListBucket")
    found.answers[("failure-objects", NAME)] = FailureObjects(PATH, problems=(denied,))
    assert "s3:ListBucket" in notices(show(open_page, found, part="Failure objects"))


def test_unread_metrics_are_not_known_rather_than_none(open_page):
    gone = Problem("metrics", "AWS denied it.", "", "cloudwatch:GetMetricData")
    found = SampleSource(fleet(problems=(gone,)))
    found.answers = source(request(4)).answers
    said = words(show(open_page, found))
    assert "why is not known" in said
    assert "not known" in said


def test_without_an_endpoint_those_that_failed_come_first(open_page):
    app = open_page(SampleSource(), "failures")
    assert "Failures of which endpoint?" in markup(app)
    assert 'href="./failures?endpoint=invoice-parse"' in markup(app)
    assert "chat-live" not in markup(app)


def test_a_real_time_endpoint_and_an_unknown_one(open_page):
    assert "real-time endpoint" in notices(open_page(SampleSource(), "failures", endpoint="chat-live"))
    assert "doc-asynk" in notices(open_page(SampleSource(), "failures", endpoint="doc-asynk"))


def test_the_endpoint_page_leads_here_where_requests_failed(open_page):
    view = fleet()
    assert "Why requests failed" not in markup(open_page(SampleSource(), "endpoint", endpoint=NAME))
    found = SampleSource(view)
    whole = found.endpoint

    def failing(name, span):
        seen = whole(name, span)
        return replace(seen, row=replace(seen.row, failures_1h=3.0))

    found.endpoint = failing
    shown = unescape(markup(open_page(found, "endpoint", endpoint=NAME, range="1d")))
    assert "./failures?endpoint=invoice-parse&range=1d" in shown

"""The Cold starts page and the panel on the Endpoint page: happy, empty, partial, stale and failing."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from ops.answers import Told
from ops.core.errors import Denied, OpsError, Throttled, Unreachable
from ops.core.types import EndpointState, Problem
from ops.core.views_cold import ColdStartsView, WakingView
from tests.components.cold_samples import ALL, DOC, PAST, cold_view, waited, waking_view
from tests.components.samples import SampleSource
from tests.living import Gate
from tests.pages.conftest import Open, figures, markup, notices
from tests.pages.living_pages import Sky, Viewer, table_lines, words
from tests.small_worlds import NAME, small

KEY = ("cold-starts", None, timedelta(days=30))


class Answering(SampleSource):
    """A source that has an answer about cold starts, good or old."""

    def __init__(
        self, view: ColdStartsView | OpsError, key: Hashable = KEY, error: OpsError | None = None
    ) -> None:
        super().__init__()
        self.answers[key] = view
        self.error = error

    def ask(self, key, work, keep_s):  # type: ignore[no-untyped-def]
        if isinstance(self.answers.get(key), OpsError):
            raise self.answers[key]
        told = super().ask(key, work, keep_s)
        return replace(told, error=self.error) if isinstance(told, Told) else told


def opened(open_page: Open, source: SampleSource, **query: str) -> AppTest:
    return open_page(source, "cold_starts", **query)


def test_the_sentence_comes_first_then_numbers_charts_and_the_list(open_page: Open) -> None:
    app = opened(open_page, Answering(cold_view()))
    said = words(app)
    assert "9 cold starts in the last 30 days" in said
    assert said.index("9 cold starts") < said.index("half took under") < said.index("One by one")
    assert len(figures(app)) == 3
    assert notices(app) == ""
    rows = table_lines(app)
    assert len(rows) == len(ALL)
    slow = next(r for r in rows if any("2.4 × slower than usual" in c for c in r))
    assert any("about $1.26" in cell for cell in slow)
    assert any("4 or more" in cell for cell in slow)
    assert any("the schedule warm-open" in cell for r in rows for cell in r)
    assert any("nobody" in cell for r in rows for cell in r)
    assert any("3 attempts failed" in cell for r in rows for cell in r)


def test_each_leads_to_the_endpoint_at_its_time(open_page: Open) -> None:
    html = markup(opened(open_page, Answering(cold_view())))
    assert "./endpoint?endpoint=doc-async&amp;from=" in html
    assert "%3A" in html


def test_phases_unfold_with_kind_and_source(open_page: Open) -> None:
    said = words(opened(open_page, Answering(cold_view())))
    assert "measured; the scaling activity's StartTime" in said
    assert "bounded; first InvocationsProcessed, in one-minute datapoints" in said


def test_one_endpoint_and_a_span_from_the_link(open_page: Open) -> None:
    key = ("cold-starts", DOC, timedelta(days=7))
    app = opened(open_page, Answering(cold_view(PAST), key), of=DOC, back="7d")
    assert markup(opened(open_page, Answering(cold_view(PAST), key), endpoint=DOC, back="7d")) == markup(app)
    assert "7 cold starts in the last 7 days" in words(app)


def test_all_that_is_kept(open_page: Open) -> None:
    app = opened(open_page, Answering(cold_view(PAST), ("cold-starts", None, None)), back="all")
    assert "7 cold starts in all that is kept" in words(app)


def test_a_span_that_is_not_offered_is_said(open_page: Open) -> None:
    app = opened(open_page, Answering(cold_view()), back="5y")
    assert "5y" in notices(app)
    assert "9 cold starts in the last 30 days" in words(app)


def test_long_lists_are_cut_and_grow(open_page: Open) -> None:
    many = tuple(waited(n / 10) for n in range(40))
    app = opened(open_page, Answering(cold_view(many)))
    assert len(table_lines(app)) == 15
    assert "The newest 15 of 40." in words(app)
    app.button(key="cold-more").click().run()
    assert len(table_lines(app)) == 30


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (cold_view(()), "None is on record"),
        (cold_view((), usual=PAST), "The newest was doc-async"),
        (cold_view((), whole=0), "Cold starts are still being looked for."),
    ],
)
def test_nothing_to_show_says_why_and_draws_no_empty_chart(
    open_page: Open, view: ColdStartsView, said: str
) -> None:
    app = opened(open_page, Answering(view))
    assert said in words(app)
    assert figures(app) == []


def test_what_was_denied_is_named_and_the_rest_stays(open_page: Open) -> None:
    problem = Problem("log streams", "AWS denied it.", action="logs:DescribeLogStreams")
    app = opened(open_page, Answering(cold_view(problems=(problem,))))
    assert "logs:DescribeLogStreams" in notices(app)
    assert len(figures(app)) == 3


def test_without_a_price_the_cost_is_not_known(open_page: Open) -> None:
    rows = table_lines(opened(open_page, Answering(cold_view(price=None))))
    assert any("cost not known" in cell for r in rows for cell in r)
    assert not any("$" in cell for r in rows for cell in r)


def test_old_answers_say_that_they_are(open_page: Open) -> None:
    app = opened(open_page, Answering(cold_view(), error=Unreachable("AWS cannot be reached.", "Wait.")))
    assert "Older numbers" in notices(app)
    assert "9 cold starts" in words(app)


@pytest.mark.parametrize(
    "error", [Unreachable("AWS cannot be reached.", "Wait."), Throttled("slow down"), Denied("a:B", "no")]
)
def test_without_an_answer_the_page_says_why(open_page: Open, error: OpsError) -> None:
    app = opened(open_page, Answering(error))
    assert "Not shown: the cold starts." in notices(app)


# -- the panel on the Endpoint page


def endpoint_page(
    open_page: Open, view: WakingView | None, state: EndpointState = EndpointState.WAKING
) -> str:
    source = SampleSource()
    row = next(r for r in source.view.rows if r.verdict.state is state)
    if view is not None:
        source.answers["waking", row.endpoint.ref.name] = view
    return words(open_page(source, "endpoint", endpoint=row.endpoint.ref.name))


def test_while_waking_it_says_how_far_and_what_is_expected(open_page: Open) -> None:
    said = endpoint_page(open_page, waking_view())
    assert "first request 12:00" in " ".join(said.split())
    assert "in service to come" in " ".join(said.split())
    assert (
        "First result expected about 12:08, in 9 of 10 by 12:08 (told by its 7 earlier cold starts)." in said
    )
    assert "Empty queue expected about 12:10" in said
    assert "No request expires before that" in said


def test_late_is_said(open_page: Open) -> None:
    assert "First result: later than usual" in endpoint_page(open_page, waking_view(now=14))
    soon = endpoint_page(open_page, waking_view(now=11))
    assert "First result: not seen yet, and AWS tells it two to three minutes late" in soon


def test_with_too_little_past_it_says_so(open_page: Open) -> None:
    said = endpoint_page(open_page, waking_view(PAST[:2]))
    assert "2 earlier cold starts of it is too few, 5 are needed" in said
    assert "The oldest request expires at 18:00" in said


def test_after_a_wake_one_line_on_the_last(open_page: Open) -> None:
    view = replace(waking_view(), outlook=None)
    said = endpoint_page(open_page, view, EndpointState.BUSY)
    assert "Last cold start:" in said
    assert "8.0 min from the first waiting request to the first result" in said


def test_nothing_known_draws_nothing(open_page: Open) -> None:
    said = endpoint_page(open_page, None, EndpointState.BUSY)
    assert "cold start" not in said.lower().replace("last cold start", "x")


def test_where_nothing_starts_it_no_wake_is_promised(open_page: Open) -> None:
    said = endpoint_page(open_page, waking_view(), EndpointState.WAKE_STUCK)
    assert "expected about" not in said


# -- the real reader on the embedded AWS


def test_what_the_collector_found_is_on_the_page_and_on_the_endpoint(open_page: Open) -> None:
    with small(1.0) as (server, clock):
        viewer = Viewer(Sky(server.url, Gate(server.url), clock)).after()
        looking = opened(open_page, viewer.reader)  # type: ignore[arg-type]
        assert "Cold starts are still being looked for." in words(looking)
        while viewer.reader.close_gap() or viewer.reader.keep_cold_starts():
            pass
        viewer.after(30.0)
        app = opened(open_page, viewer.reader)  # type: ignore[arg-type]
        count = len(server.world.fleet.wakes(NAME))
        assert f"{count} cold starts in the last 30 days" in words(app)
        assert len(figures(app)) == 3
        assert notices(app) == ""
        said = words(open_page(viewer.reader, "endpoint", endpoint=NAME))  # type: ignore[arg-type]
        assert "Last cold start: today" in said
        viewer.reader.stop()

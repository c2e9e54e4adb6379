"""The Planner page on traffic of a file and of rates: with an endpoint, in an account without any, and by a link."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from components import planner_door, planner_saved
from ops import arrival_files, compiled
from ops.core.plan_source import FileTraffic, Given, Source, SyntheticTraffic, as_link
from ops.core.views_planner import PlanQuery
from tests.pages.changing_pages import labels, looked_at, on_page, one_endpoint, press
from tests.pages.conftest import figures, markup, notices
from tests.pages.living_pages import Sky, sky_over, words
from tests.small_worlds import NAME

LONG_S = 120.0
PROMISE = "p95<=15min"
RATES = SyntheticTraffic(
    "mon-fri 08-18 20/h; else 2/h", days=2, given=Given("31.6", 2, "180", "ml.g5.xlarge")
)
HEAD = b"timestamp,service\n"
WEEK = HEAD + b"\n".join(
    b"2026-11-%02dT%02d:05:00Z,%d" % (2 + n // 20, n % 20, 4 + n % 9) for n in range(140)
)
BAD = WEEK.replace(b"2026-11-02T03:05:00Z", b"teatime").replace(
    b"2026-11-02T05:05:00Z,9", b"2026-11-02T05:05:00Z,-"
)


@pytest.fixture(scope="module", autouse=True)
def kernels() -> None:
    compiled.warm()


@pytest.fixture(scope="module")
def sky() -> Iterator[Sky]:
    with one_endpoint() as found:
        yield found


@pytest.fixture(scope="module")
def nothing() -> Iterator[Sky]:
    """An account without a single endpoint."""
    with sky_over(empty=True) as found:
        yield found


def finished(app: AppTest, query: PlanQuery) -> AppTest:
    planner_door.searches().wait(planner_door.key(query), LONG_S)
    app.run()
    assert [e.message for e in app.exception] == []
    return app


def query(source: Source, name: str = "") -> PlanQuery:
    return PlanQuery(name, PROMISE, source=source)


def answered(source: Source, name: str = "", **link: str) -> AppTest:
    """The page by a link, once its search has ended."""
    asked = {"endpoint": name} if name else {}
    app = on_page("planner", **asked, promise=PROMISE, **as_link(source), **link)
    return finished(app, query(source, name))


def said(app: AppTest) -> str:
    return " ".join(words(app).split())


def typed(app: AppTest, **parts: str) -> AppTest:
    for key, text in parts.items():
        app.text_input(key=f"typed-{key}").set_value(text).run()
    assert [e.message for e in app.exception] == []
    return app


def uploaded(app: AppTest, body: bytes, name: str = "week.csv") -> AppTest:
    app.file_uploader[0].set_value((name, body, "text/csv")).run()
    assert [e.message for e in app.exception] == []
    return app


def test_rates_are_typed_in_an_account_without_endpoints(nothing: Sky) -> None:
    with looked_at(nothing):
        app = on_page("planner")
        assert "an endpoint's own traffic" in said(app)
        app.segmented_control(key="typed-traffic").set_value("synthetic").run()
        assert app.query_params["traffic"] == "synthetic"
        assert "Type the rates first" in said(app)
        assert "there is no endpoint to measure" in said(app)
        assert app.text_input(key="typed-slots").placeholder == "assumed: 1"
        assert app.text_input(key="typed-provision").placeholder == "assumed: 300"
        typed(
            app, rates=RATES.rates, long="2", service="31.6", slots="2", provision="180", type="ml.g5.xlarge"
        )
        app.text_input(key="typed-promise").set_value(PROMISE)
        press(app, "Find the cheapest policy")
        finished(app, query(RATES))
        text = said(app)
        assert "Not tested against what happened" in text
        assert "The cheapest policy that keeps the promise is" in text or "is the answer" in text
        assert "requests of synthetic traffic, 2 d 1 h" in text
        assert "list price $1.4084 an hour for ml.g5.xlarge" in text
        assert "A new instance takes 180 s (as typed)." in text
        assert "No back-test: this traffic was given" in text
        assert "No endpoint is chosen, so there is nothing to take to Capacity" in text
        assert not [label for label in labels(app) if "to Capacity" in label]
        assert "None is saved for no endpoint yet." in text
        assert "Against the baselines" not in text
        assert len(figures(app)) >= 3
        assert notices(app) == ""


def test_a_link_of_rates_asks_the_same(nothing: Sky) -> None:
    with looked_at(nothing):
        app = answered(RATES)
        assert app.segmented_control(key="typed-traffic").value == "synthetic"
        assert app.text_input(key="typed-rates").value == RATES.rates
        assert app.text_input(key="typed-long").value == "2"
        assert app.text_input(key="typed-service").value == "31.6"
        assert "requests of synthetic traffic" in said(app)
        assert "?promise=p95%3C%3D15min&amp;traffic=synthetic&amp;rates=mon-fri" in markup(
            app
        )  # of each candidate


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ({"rates": "120 bananas"}, "'120 bananas' has no rate. A rate is 120/h"),
        ({"rates": "120/h", "bursts": "4,25"}, "'4,25' is no burst. Give PER_DAY,SIZE,SECONDS"),
        ({"rates": "120/h", "long": "-3"}, "'-3' is no number of days. Give a number above 0"),
        ({"rates": "120/h", "seed": "x"}, "'x' is no seed. Give a whole number"),
        ({"rates": "120/h", "slots": "0"}, "'0' is no number of requests at once."),
        ({"rates": "120/h", "service": "soon"}, "'soon' is no processing time. Give seconds such as 31.6"),
        ({"rates": "120/h", "service": "5", "price": "cheap"}, "'cheap' is no price."),
        ({"traffic": "dice"}, "'dice' is no kind of traffic."),
    ],
)
def test_what_is_typed_and_makes_no_sense_is_answered_below(
    nothing: Sky, link: dict[str, str], told: str
) -> None:
    with looked_at(nothing):
        app = on_page("planner", **{"traffic": "synthetic", "promise": PROMISE} | link)
        assert told in said(app)
        assert figures(app) == []


def test_rates_without_a_processing_time_say_what_is_lacking(nothing: Sky) -> None:
    with looked_at(nothing):
        app = on_page("planner", promise=PROMISE, **as_link(SyntheticTraffic("60/h", days=1)))
        assert "Nothing tells how long a request takes. Type what a request takes" in said(app)
        app = uploaded(
            on_page("planner", traffic="file", promise=PROMISE), b"timestamp\n2026-11-02T08:00:00Z\n"
        )
        assert "Nothing tells how long a request takes. Type what a request takes" in said(app)
        assert figures(app) == []


def test_a_file_is_uploaded_read_and_searched_without_an_endpoint(nothing: Sky) -> None:
    with looked_at(nothing):
        app = uploaded(on_page("planner", traffic="file", promise=PROMISE), WEEK)
        digest = arrival_files.digest_of(WEEK)
        assert (app.query_params["file"], app.query_params["called"]) == (digest, "week.csv")
        assert "✓ 140 requests, 2 Nov 2026 00:05 – 8 Nov 2026 19:05 UTC" in said(app)
        assert "No row is left out." in said(app)
        assert app.selectbox(key="typed-column").options == ["guessed", "timestamp", "service"]
        finished(app, query(FileTraffic(digest, "week.csv")))
        text = said(app)
        assert "140 requests of the file week.csv" in text
        assert "cost is in instance-hours" in text
        assert "so there are no ranges" in text
        app.selectbox(key="typed-took").set_value("service").run()
        assert app.query_params["took"] == "service"


def test_a_bad_file_names_its_lines_and_nothing_is_searched(nothing: Sky) -> None:
    with looked_at(nothing):
        app = uploaded(on_page("planner", traffic="file", promise=PROMISE), BAD, "bad.csv")
        text = said(app)
        assert "2 of 140 rows cannot be read: line 5: 'teatime' is no time; line 7: '-' is no number." in text
        assert "Mend or remove them: no row is left out silently." in text
        assert figures(app) == []
        app.selectbox(key="typed-column").set_value("service").run()
        assert "cannot be read" in said(app)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"\n\n", "The file is empty."),
        (b"\x00\x01\n" * 9, "This is no text file."),
        (HEAD, "There is no row below the header."),
        (
            b"timestamp\n" + b"1\n" * 1_000_002,
            "The file has 1,000,003 lines; up to 1,000,000 requests are read.",
        ),
    ],
)
def test_what_is_no_file_of_arrivals_is_refused(nothing: Sky, body: bytes, told: str) -> None:
    with looked_at(nothing):
        app = uploaded(on_page("planner", traffic="file", promise=PROMISE), body)
        assert told in notices(app) + said(app)
        assert figures(app) == []


def test_with_an_endpoint_what_it_measured_is_the_default_and_its_policy_is_compared(sky: Sky) -> None:
    with looked_at(sky) as reader:
        while reader.close_gap() or reader.keep_cold_starts():
            pass
        source = FileTraffic(arrival_files.files.keep(WEEK), "week.csv")
        app = answered(source, NAME)
        text = said(app)
        assert app.text_input(key="typed-slots").placeholder == "the endpoint's: 2"
        assert app.text_input(key="typed-type").placeholder == "ml.g5.xlarge"
        assert "Today → " in text or "Today's policy in detail" in text
        assert [label for label in labels(app) if label.endswith("to Capacity…")]
        assert f"{NAME}: MaxConcurrentInvocationsPerInstance" in text
        assert "No back-test" in text


def test_a_link_to_a_file_that_is_not_here_says_so_and_another_file_never_stands_in(nothing: Sky) -> None:
    with looked_at(nothing):
        gone = "0" * 32
        app = on_page("planner", traffic="file", file=gone, called="gone.csv", promise=PROMISE)
        told = "This link is of the file gone.csv, which is not here: a link cannot carry a file. Upload the same file"
        assert told in said(app)
        assert figures(app) == []
        uploaded(app, WEEK, "other.csv")
        assert (
            "another file than the link asked for (gone.csv): all that is shown is of other.csv."
            in notices(app)
        )
        assert app.query_params["file"] == arrival_files.digest_of(WEEK)


def test_a_scenario_is_saved_with_its_file_and_its_link_opens_where_the_file_is_forgotten(
    nothing: Sky,
) -> None:
    with looked_at(nothing):
        body = WEEK + b"\n2026-11-09T08:00:00Z,5"
        source = FileTraffic(arrival_files.files.keep(body), "week.csv")
        app = answered(source)
        app.text_input(key="planner-save-name").set_value("the week")
        press(app, "Save")
        app.run()
        assert "the week" in words(app)
        (kept,) = planner_door.scenarios("")
        assert kept.traffic == as_link(source)
        for n in range(arrival_files.KEPT):
            arrival_files.files.keep(b"timestamp\n%d\n" % n)
        assert source.digest not in arrival_files.files
        link = {key: values[0] for key, values in parse_qs(planner_saved.link(kept)).items()}
        opened = on_page("planner", **link)
        assert "✓ 141 requests" in said(opened)


def test_choosing_another_kind_of_traffic_shows_nothing_of_the_one_before(nothing: Sky) -> None:
    with looked_at(nothing):
        app = answered(RATES)
        assert figures(app)
        app.segmented_control(key="typed-traffic").set_value("file").run()
        assert figures(app) == []
        assert "Upload a file first" in said(app)
        app.segmented_control(key="typed-traffic").set_value("").run()
        assert "traffic" not in app.query_params
        press(app, "Find the cheapest policy")
        assert "Choose an endpoint first. Or another traffic than its own." in said(app)
        app.segmented_control(key="typed-traffic").set_value("synthetic").run()
        assert app.text_input(key="typed-rates").value == RATES.rates

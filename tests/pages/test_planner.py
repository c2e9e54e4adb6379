"""The Planner page: happy, by a link, empty, failing, stale, read-only, partial, a bad promise, stopped."""

from __future__ import annotations

import re
import threading
from collections.abc import Hashable
from dataclasses import replace
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from components import planner_door, planner_search, session
from ops.answers import Told
from ops.core.candidate import Candidate
from ops.core.candidate_text import from_query, to_query
from ops.core.errors import Denied, OpsError, UnknownEndpoint, Unreachable
from ops.core.search_ranges import ranges
from ops.core.types import Problem
from ops.core.views_planner import LeftOut, PlanQuery, PlanView, Role, SavedScenario
from ops.planner_facts import cold_starts_unread
from ops.replay.promise import parse as promise_of
from ops.replay.sweep import Stopped
from tests.components.plan_samples import BEST, CHEAP, NAME, QUERY, SAVED, TODAY, TYPED, course, view
from tests.components.samples import SampleSource
from tests.pages.conftest import Open, figures, markup, notices
from tests.pages.living_pages import table_lines, words
from tests.replay.played_samples import sample

LONG_S = 30.0


class Planning(SampleSource):
    """A source that knows searches, the course of every candidate, and what was saved."""

    def __init__(self, *views: PlanView, error: OpsError | None = None, **more: Any) -> None:
        super().__init__(**more)
        self.views = {each.query: each for each in views}
        self.error = error
        self.asked: list[Hashable] = []
        self.saved: tuple[Any, ...] = ()
        self.kept: list[SavedScenario] = []

    def ask(self, key, work, keep_s):  # type: ignore[no-untyped-def]
        self.asked.append(key)
        kind = key[0] if isinstance(key, tuple) else key
        if kind == "past-is-read":
            return Told(True, 0.0)
        if kind == "plan":
            if key[1] not in self.views:
                raise self.error or Unreachable("The sample has no answer.", "Put one in.")
            return Told(self.views[key[1]], 0.0, self.error)
        if kind == "course":
            tried = {p.candidate: p for p in self.views[key[1]].played}
            return Told(course(tried.get(key[2]) or sample(99, key[2], 280, 0.04)), 0.0)
        if kind == "scenarios":
            return Told(self.saved, 0.0)
        return super().ask(key, work, keep_s)

    def act(self, work, *, changes=True, meant=None):  # type: ignore[no-untyped-def]
        return work(self)

    def save_scenario(self, wanted: SavedScenario, actor: object) -> SavedScenario:
        self.kept.append(wanted)
        return wanted


class Slow(Planning):
    """A search that waits for the test when it is at 600 of 1,500."""

    def __init__(self, *views: PlanView) -> None:
        super().__init__(*views)
        self.half, self.go = threading.Event(), threading.Event()

    def recall(self, key, work, keep_s):  # type: ignore[no-untyped-def]
        if key[0] == "plan" and not self.go.is_set():
            work(self)
        return self.ask(key, work, keep_s)

    def plan(self, query: PlanQuery, tell) -> None:  # type: ignore[no-untyped-def]
        tell(600, 1500)
        self.half.set()
        assert self.go.wait(LONG_S)
        if not tell(601, 1500):
            raise Stopped


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert [e.message for e in app.exception] == []
    return app


def opened(open_page: Open, source: SampleSource, query: PlanQuery | None = QUERY, **link: Any) -> AppTest:
    """The page after its search has ended."""
    asked = {"endpoint": query.name, "promise": query.promise} if query is not None else {}
    app = open_page(source, "planner", **{**asked, **link})
    if query is not None:
        finish(app, query)
    return app


def finish(app: AppTest, query: PlanQuery) -> AppTest:
    known = session.connection()
    assert known is not None
    place = (known.kind, known.account, known.region, known.endpoint_url)
    planner_door.searches().wait(("plan", place, query), LONG_S)
    app.run()
    assert [e.message for e in app.exception] == []
    return app


def test_the_advice_comes_first_then_numbers_the_front_the_comparison_and_the_table(open_page: Open) -> None:
    app = opened(open_page, Planning(view()))
    said = words(app)
    order = (
        "Read as: 95 % of requests start within 2 min",
        "How far to trust this:",
        "The cheapest policy that keeps the promise is",
        "An estimate: 12,000 requests",
        "The next cheaper one",
        "cost a month, estimated",
        "How sure this is",
        "Against the baselines of Savings",
        "Today → advised",
        "Backlog and instances",
        "How long requests wait",
        "When it would wake cold",
        "Candidates",
        "Saved scenarios",
    )
    places = [said.index(each) for each in order]
    assert places == sorted(places)
    assert notices(app) == ""
    assert len(figures(app)) == 5
    assert markup(app).count('class="card"') == 4


def test_an_answer_from_before_its_cold_starts_were_read_says_so_and_can_be_asked_anew(
    open_page: Open,
) -> None:
    unread = cold_starts_unread(NAME)
    app = opened(open_page, Planning(replace(view(), problems=(unread,))))
    assert f"All cold starts: {unread.what}" in notices(app)
    assert app.button(key="planner-again").label == "Search again"


def test_a_link_reproduces_question_choice_and_weighing(open_page: Open) -> None:
    asked = PlanQuery(NAME, TYPED, "Europe/Berlin", 15, growth=2.0)
    app = opened(
        open_page,
        Planning(view(asked)),
        asked,
        days="15",
        growth="2",
        zone="Europe/Berlin",
        pick=to_query(CHEAP),
        against="late",
    )
    assert app.text_input(key="typed-promise").value == TYPED
    assert app.number_input(key="typed-growth").value == 2.0
    assert "Today → next cheaper" in words(app)
    assert "share of requests over the promise" in str(figures(app)[0])
    assert app.selectbox(key="planner-choose").value == 3
    assert notices(app) == ""


def test_what_is_typed_becomes_the_link_when_the_button_is_pressed(open_page: Open) -> None:
    asked = replace(QUERY, promise="max<=10min", days=7)
    app = opened(open_page, Planning(view(), view(asked)), None, endpoint=NAME)
    assert f"Which policy of {NAME} keeps your promise for the least money?" in words(app)
    app.text_input(key="typed-promise").set_value("max<=10min")
    app.segmented_control(key="typed-days").set_value(7)
    press(app, "planner-find")
    assert app.query_params["promise"] == "max<=10min"
    assert app.query_params["days"] == "7"
    assert "growth" not in app.query_params
    assert "Read as: every request starts within 10 min." in words(finish(app, asked))


@pytest.mark.parametrize("times", [0.0, 1000.0, -2.0])
def test_a_growth_that_cannot_be_is_answered_in_words(open_page: Open, times: float) -> None:
    app = opened(open_page, Planning(view()))
    app.number_input(key="typed-growth").set_value(times)
    press(app, "planner-find")
    assert f"Traffic × {times:g} cannot be replayed. Give a number from 0.01 to 100" in " ".join(
        words(app).split()
    )
    assert "growth" not in app.query_params
    app.number_input(key="typed-growth").set_value(1.0)
    press(app, "planner-find")
    assert "cannot be replayed" not in words(app)


def test_without_an_endpoint_the_button_says_what_is_first(open_page: Open) -> None:
    app = opened(open_page, Planning(view()), None)
    app.text_input(key="typed-promise").set_value(TYPED)
    press(app, "planner-find")
    assert "Choose an endpoint first." in words(app)
    assert app.query_params["promise"] == TYPED
    app.selectbox(key="endpoint").set_value(NAME).run()
    assert "Choose an endpoint first." not in words(finish(app, QUERY))


def test_a_suggestion_asks_at_once(open_page: Open) -> None:
    asked = replace(QUERY, promise="p95<=2min")
    app = opened(open_page, Planning(view(asked)), None, endpoint=NAME)
    press(app, "planner-suggest-0")
    assert app.query_params["promise"] == "p95<=2min"
    assert "How far to trust this" in words(finish(app, asked))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("p95 2 bananas", "2 of what, in 'p95 2 bananas'? Write 2s or 2min for a limit."),
        ("at least 3 min", "says how long at least"),
        ("p95", "'p95' has no limit. Write it like"),
    ],
)
def test_a_bad_promise_is_answered_under_the_field(open_page: Open, typed: str, said: str) -> None:
    source = Planning(view())
    app = opened(open_page, source, None, endpoint=NAME, promise=typed)
    assert said in words(app)
    assert app.text_input(key="typed-promise").value == typed
    assert not [key for key in source.asked if key[0] == "plan"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (
            {"days": "400"},
            "The link asks for the days of traffic “400”, which are not offered. Shown: 30 days.",
        ),
        ({"growth": "nan"}, "The link asks for the growth “nan”"),
        ({"growth": "-2"}, "no number above 0"),
        ({"sure": "0.3"}, "The link asks for the share of expansions “0.3”, which is not offered."),
        ({"own": "min=5&max=2&target=1"}, "The link asks for a candidate of its own"),
        (
            {"against": "money"},
            "The link asks for the measure “money”, which is not offered. Shown: p95 wait.",
        ),
        ({"pick": "rm -rf"}, "The link asks for the candidate “rm -rf”."),
    ],
)
def test_a_link_that_makes_no_sense_is_said_and_the_rest_is_shown(
    open_page: Open, link: dict[str, str], said: str
) -> None:
    app = opened(open_page, Planning(view()), **link)
    assert said in notices(app)
    assert "The cheapest policy that keeps the promise is" in words(app)


def test_what_may_change_is_typed_and_becomes_the_link(open_page: Open) -> None:
    typed = {"max": "1-8", "target": "0.5, 2", "wake": "no"}
    asked = replace(QUERY, space=ranges(typed), sure=0.8)
    app = opened(open_page, Planning(view(), view(asked)))
    for key in ("max", "target"):
        app.text_input(key=f"typed-{key}").set_value(typed[key])
    app.selectbox(key="typed-wake").set_value("no")
    app.selectbox(key="typed-sure").set_value(0.8)
    press(app, "planner-find")
    assert {key: app.query_params[key] for key in (*typed, "sure")} == {**typed, "sure": "0.8"}
    assert not {"min", "in", "out", "warm"} & set(app.query_params)
    finish(app, asked)
    assert "What may change: max 1-8, target 0.5, 2, wake no, kept in 4 of 5" in [
        e.label for e in app.expander
    ]
    assert notices(app) == ""
    app.selectbox(key="show").set_value("keeps the promise").run()
    assert "▲ kept in 4 of 5" in [line[6] for line in table_lines(app) if len(line) == 7]


def test_a_link_says_what_may_change(open_page: Open) -> None:
    typed = {"min": "0", "max": "1-4", "in": "60", "out": "60, 300", "warm": "yes"}
    asked = replace(QUERY, space=ranges(typed))
    app = opened(open_page, Planning(view(asked)), asked, **typed)
    assert [app.text_input(key=f"typed-{key}").value for key in ("min", "max", "in", "out")] == [
        "0", "1-4", "60", "60, 300",
    ]  # fmt: skip
    assert app.selectbox(key="typed-warm").value == "yes"
    assert "&amp;max=1-4" in markup(app)


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ({"max": "8-1"}, "Maximum: '8-1' runs backwards. Write 1-8."),
        ({"min": "some", "wake": "maybe"}, "Wake policy: 'maybe' is not offered. Use yes, no or either."),
        ({"min": "5", "max": "1-4"}, "Every minimum that is asked for lies above every maximum."),
    ],
)
def test_ranges_that_make_no_sense_are_answered_under_the_fields(
    open_page: Open, link: dict[str, str], said: str
) -> None:
    source = Planning(view())
    app = opened(open_page, source, None, endpoint=NAME, promise=TYPED, **link)
    assert said in words(app)
    assert not [key for key in source.asked if key[0] == "plan"]  # type: ignore[index]


def test_without_an_endpoint_or_with_one_that_is_gone_it_says_what_to_do(open_page: Open) -> None:
    app = opened(open_page, Planning(view()), None)
    assert "Which policy keeps your promise for the least money?" in words(app)
    gone = PlanQuery("gone-away", TYPED)
    app = opened(open_page, Planning(error=UnknownEndpoint("gone-away", (NAME,))), gone)
    assert "gone-away" in notices(app)
    assert f"Open {NAME}" in words(app)


def test_no_traffic_is_said_and_nothing_is_drawn(open_page: Open) -> None:
    empty = view(found=(), requests=0.0, trust="")
    app = opened(open_page, Planning(empty))
    assert "No request came in the 30 days" in words(app)
    assert "Nothing was replayed." in words(app)
    assert figures(app) == []


@pytest.mark.parametrize("typed", ["p95<=1s", "p95<=0s"])
def test_every_answer_has_its_mark(open_page: Open, typed: str) -> None:
    """Where nothing that sleeps keeps it, or nothing at all does."""
    asked = replace(QUERY, promise=typed)
    late = tuple(
        sample(p.number, p.candidate, 300, 0.5, role=p.role, promise=promise_of(typed)) for p in view().played
    )
    found = view(asked, late if typed == "p95<=0s" else None)
    app = opened(open_page, Planning(found), asked)
    assert found.advice.sentence in " ".join(words(app).split())
    assert ("With what comes closest:" in words(app)) == (typed == "p95<=0s")


def test_a_denied_call_names_its_iam_action_and_the_rest_stays(open_page: Open) -> None:
    missing = Problem("quotas", "AWS denied it.", "", action="servicequotas:ListServiceQuotas")
    app = opened(open_page, Planning(replace(view(), problems=(missing,))))
    assert "servicequotas:ListServiceQuotas" in notices(app)
    assert "The cheapest policy that keeps the promise is" in words(app)
    error = Denied("AWS denied reading metrics.", "cloudwatch:GetMetricData")
    app = opened(open_page, Planning(error=error))
    assert "cloudwatch:GetMetricData" in notices(app)
    assert figures(app) == []


def test_while_aws_is_away_the_answer_says_that_it_is_old(open_page: Open) -> None:
    away = Unreachable("AWS does not answer.", "Ebb tries again by itself.")
    app = opened(open_page, Planning(view(), error=away))
    assert "AWS does not answer." in notices(app)
    assert "The cheapest policy that keeps the promise is" in words(app)


def test_the_answer_before_stays_while_a_newer_search_fails(open_page: Open) -> None:
    app = opened(open_page, Planning(view()))
    app.segmented_control(key="typed-days").set_value(15)
    press(app, "planner-find")
    finish(app, replace(QUERY, days=15))
    assert "The sample has no answer." in notices(app)
    assert "the answer to another question: 30 days of traffic. Asked now: 15 days" in notices(app)
    assert not [b.label for b in app.button if b.label.endswith("to Capacity…")]
    assert "The cheapest policy that keeps the promise is" in words(app)


def test_who_may_only_look_sees_why_nothing_can_be_applied(open_page: Open, monkeypatch: Any) -> None:
    monkeypatch.setenv("EBB_ROLE", "viewer")
    app = opened(open_page, Planning(view()))
    assert "Applying it needs the role operator" in words(app)
    assert "Take the advised one to Capacity…" in [b.label for b in app.button]


def test_todays_policy_has_nothing_to_take_to_capacity(open_page: Open) -> None:
    app = opened(open_page, Planning(view()), pick=to_query(TODAY))
    assert "This is today's policy: there is nothing to change." in words(app)
    assert "Today's policy in detail" in words(app)
    assert next(b for b in app.button if b.label.startswith("Take ")).disabled


def test_a_hand_made_candidate_goes_into_the_link_and_is_compared(open_page: Open) -> None:
    app = opened(open_page, Planning(view()))
    app.number_input(key="planner-own-low").set_value(1)
    app.text_input(key="planner-own-warm").set_value("mon-fri 08:00-18:00")
    app.number_input(key="planner-own-floor").set_value(2)
    press(app, "planner-own-add")
    text = str(app.query_params["own"])
    made = from_query(text)
    assert (made.low, made.high, made.target, made.wake) == (1, 4, 2.0, 1)
    assert made.words.endswith("Mon-Fri 08:00-18:00 UTC: at least 2 instances")
    assert app.query_params["pick"] == text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("target", "many", "The target is no number: 'many'."),
        ("low", 9, "Bounds of 9-4 cannot be."),
        ("warm", "always", "'always UTC' is no warm window."),
        ("price", "cheap", "'cheap' is no price."),
        ("price", "1,000", "'1,000' can be read in two ways."),
        ("wake", "0", "The wake alarm looks at 1 to 60 minutes."),
    ],
)
def test_what_makes_no_sense_in_the_form_is_answered_there(
    open_page: Open, field: str, value: str | int, said: str
) -> None:
    app = opened(open_page, Planning(view()))
    kind = app.number_input if isinstance(value, int) else app.text_input
    kind(key=f"planner-own-{field}").set_value(value)
    press(app, "planner-own-add")
    assert said in notices(app)
    assert "own" not in app.query_params


def test_a_decimal_comma_is_one_and_the_price_stands_beside_the_candidate(open_page: Open) -> None:
    app = opened(open_page, Planning(view()))
    app.text_input(key="planner-own-price").set_value("1,10")
    press(app, "planner-own-add")
    made = from_query(str(app.query_params["own"]))
    assert made.machine.usd_per_hour == Decimal("1.10")
    assert any("$1.1 an hour" in button.label for button in app.button)


def test_a_scenario_without_a_name_is_not_saved(open_page: Open) -> None:
    source = Planning(view())
    app = opened(open_page, source)
    press(app, "planner-save-button")
    assert "The scenario needs a name." in notices(app)
    assert source.kept == []


def test_more_kept_warm_than_the_maximum_is_refused_at_the_form(open_page: Open) -> None:
    app = opened(open_page, Planning(view()))
    app.text_input(key="planner-own-warm").set_value("mon-fri 08:00-18:00")
    app.number_input(key="planner-own-floor").set_value(5)
    press(app, "planner-own-add")
    assert "5 instances kept warm are above the maximum of 4." in notices(app)
    assert "Raise the maximum to 5, or keep at most 4 warm." in notices(app)
    assert "own" not in app.query_params
    assert "The cheapest policy that keeps the promise is" in words(app)


def test_a_candidate_of_the_link_that_cannot_be_is_told_once_and_can_be_taken_out(open_page: Open) -> None:
    text = "max=4&min=0&target=2&warm=12345.0800.1800,zEurope~Berlin,e8,f5,b0"
    bad = from_query(text)
    asked = replace(QUERY, own=(bad,), machines=(bad.machine,))
    left = LeftOut(bad, "5 instances kept warm are above the maximum of 4.", "Raise the maximum to 5.")
    app = opened(
        open_page, Planning(replace(view(asked), left_out=(left,)), view()), asked, own=text, pick=text
    )
    assert notices(app).count("5 instances kept warm are above the maximum of 4.") == 1
    assert "Today → advised" in words(app)
    press(app, "planner-left-out-0")
    assert "own" not in app.query_params
    assert "pick" not in app.query_params
    finish(app, QUERY)
    assert notices(app) == ""


def test_an_advised_one_on_another_machine_says_so(open_page: Open) -> None:
    found = view()
    fast = replace(found.played[2], candidate=replace(BEST, machine=replace(BEST.machine, speed=2.0)))
    app = opened(open_page, Planning(replace(found, played=(*found.played[:2], fast, *found.played[3:]))))
    assert "It runs on ml.g5.xlarge, 2 × as fast as today's ml.g5.xlarge" in " ".join(words(app).split())


def test_hand_made_ones_can_be_taken_out_again(open_page: Open) -> None:
    own = Candidate(0, 3, 1.0, machine=BEST.machine)
    asked = replace(QUERY, own=(own,), machines=(own.machine,))
    found = view(asked, (*view().played, sample(7, own, 380, 0.04, role=Role.OWN)))
    app = opened(open_page, Planning(found, view()), asked, own=to_query(own), pick=to_query(own))
    assert "Today → yours" in words(app)
    press(app, "planner-own-out-0")
    assert "own" not in app.query_params
    assert "pick" not in app.query_params


def test_the_table_is_sorted_and_cut_as_asked(open_page: Open) -> None:
    app = opened(open_page, Planning(view()))
    rows = [line for line in table_lines(app) if len(line) == 7]
    assert [line[1].split()[0] for line in rows] == ["$310", "$306", "$790", "$1,460", "$190"]
    app.selectbox(key="show").set_value("keeps the promise").run()
    rows = [line for line in table_lines(app) if len(line) == 7]
    assert [line[6] for line in rows] == ["✓ kept"] * 3
    app.selectbox(key="show").set_value("all").run()
    app.selectbox(key="order").set_value("the shortest p95 wait").run()
    rows = [line for line in table_lines(app) if len(line) == 7]
    assert [line[2].split()[0] for line in rows] == ["0", "4.0", "1", "1", "4", "31", "30"]
    assert "▲ kept in 4 of 5" in [line[6] for line in rows]


def test_the_first_order_has_today_the_advised_what_keeps_it_and_then_what_nearly_does(
    open_page: Open,
) -> None:
    app = opened(open_page, Planning(view()))
    app.selectbox(key="show").set_value("all").run()
    rows = [line for line in table_lines(app) if len(line) == 7]
    assert [line[1].split()[0] for line in rows] == [
        "$310", "$306", "$790", "$1,460", "$420", "$190", "$170",
    ]  # fmt: skip
    app.selectbox(key="order").set_value("the cheapest first").run()
    assert next(line for line in table_lines(app) if len(line) == 7)[1].startswith("$170")


def test_the_calendar_says_which_of_the_expansions_it_counts(open_page: Open) -> None:
    said = words(opened(open_page, Planning(view())))
    assert "today: 30 cold starts in one of the 5 expansions of the traffic (seed 1)" in said


def test_a_scenario_says_when_it_was_saved_with_the_zone(open_page: Open) -> None:
    source = Planning(view())
    source.saved = (SAVED,)
    assert re.search(r"\d{4} \d\d:\d\d UTC", words(opened(open_page, source)).split("Saved scenarios")[1])


def test_saved_scenarios_open_by_a_link_that_reproduces_them(open_page: Open) -> None:
    source = Planning(view())
    source.saved = (SAVED,)
    said = markup(opened(open_page, source))
    address = re.search(r'href="\./planner\?([^"]+)" data-focus="saved:a1"', said)
    assert address is not None
    query = {key: values[0] for key, values in parse_qs(unescape(address[1])).items()}
    assert query == {
        "endpoint": NAME,
        "promise": TYPED,
        "days": "15",
        "zone": "Europe/Berlin",
        "own": to_query(BEST),
        "pick": to_query(BEST),
    }


def test_a_kept_scenario_holds_its_zone_and_what_cost_is_against(open_page: Open) -> None:
    typed = "p95<=2min mon-fri 08-18; p95<=15min"
    asked = PlanQuery(NAME, typed, "Europe/Berlin", sure=0.8, space=ranges({"max": "1-8"}))
    source = Planning(view(asked))
    link = {"zone": "Europe/Berlin", "against": "late", "sure": "0.8", "max": "1-8"}
    app = opened(open_page, source, asked, **link)
    app.text_input(key="planner-save-name").set_value("as it is")
    press(app, "planner-save-button")
    (kept,) = source.kept
    assert kept.promise == "p95<=120s mon-fri 08:00-18:00 Europe/Berlin; p95<=900s"
    assert kept.traffic == link


def test_where_many_never_start_it_says_so_instead_of_a_wait(open_page: Open) -> None:
    found = view()
    lost = replace(found.played[2], never=found.played[6].never)
    app = opened(open_page, Planning(replace(found, played=(*found.played[:2], lost, *found.played[3:]))))
    said = words(app)
    assert "requests that never start" in said
    assert "30 % never start" in said
    assert "1 min 24 s" not in [line[2] for line in table_lines(app) if len(line) == 7]


def test_a_long_policy_stands_apart_in_the_same_sentence(open_page: Open) -> None:
    found = view()
    said = markup(opened(open_page, Planning(found)))
    head = re.search(r'<h1[^>]*class="said">(.*?)</h1>', said)
    assert head is not None
    assert f'<span class="policy">{BEST.words},</span>' in head[1]
    assert found.advice.sentence in unescape(re.sub("<[^>]+>", "", head[1]))


def test_a_search_shows_how_far_it_is_and_can_be_stopped(open_page: Open) -> None:
    source = Slow(view())
    app = opened(open_page, source, None, endpoint=NAME, promise=TYPED)
    assert source.half.wait(LONG_S)
    app.run()
    assert f"Looking for the cheapest policy of {NAME}" in words(app)
    assert app.get("progress")[0].proto.text == "600 of 1,500 replays done"
    press(app, "planner-cancel")
    source.go.set()
    finish(app, QUERY)
    assert "The search was stopped before it had an answer." in [c.value for c in app.caption]
    press(app, "planner-on")
    finish(app, QUERY)
    assert "The cheapest policy that keeps the promise is" in words(app)


class SlowFor15(Slow):
    """Only the search over 15 days waits."""

    def recall(self, key, work, keep_s):  # type: ignore[no-untyped-def]
        if key[0] == "plan" and key[1].days != 15:
            return self.ask(key, work, keep_s)
        return super().recall(key, work, keep_s)


def test_an_answer_that_stays_after_cancel_says_which_question_it_answers(open_page: Open) -> None:
    other = replace(QUERY, days=15, growth=2.0)
    source = SlowFor15(view(), view(other))
    app = opened(open_page, source)
    assert "Take the advised one to Capacity…" in [b.label for b in app.button]
    app.segmented_control(key="typed-days").set_value(15)
    app.number_input(key="typed-growth").set_value(2.0)
    press(app, "planner-find")
    assert source.half.wait(LONG_S)
    app.run()
    press(app, "planner-cancel")
    source.go.set()
    finish(app, other)
    said = (
        "the answer to another question: 30 days of traffic; traffic × 1. "
        "Asked now: 15 days of traffic; traffic × 2."
    )
    assert said in notices(app)
    assert "The cheapest policy that keeps the promise is" in words(app)
    assert not [b.label for b in app.button if b.label.endswith("to Capacity…")]
    press(app, "planner-on")
    finish(app, other)
    assert "another question" not in notices(app)
    assert "Take the advised one to Capacity…" in [b.label for b in app.button]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ((0, 0, True, True), "Other searches run: this one is next."),
        ((0, 0, False, True), "Reading the traffic"),
        ((0, 0, False, False), "The replay engine is being compiled, once after an installation"),
        ((3, 1500, False, True), "3 of 1,500 replays done"),
    ],
)
def test_what_a_search_is_at_is_said_in_words(state: tuple[int, int, bool, bool], said: str) -> None:
    assert planner_search.said(*state).startswith(said)

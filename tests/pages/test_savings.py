"""The Savings page: happy, by a link, empty, partial, unknown, stale, failing, billed; and on a real reader."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from components import access
from ops.answers import Told
from ops.core.baselines import parse
from ops.core.cost import Basis
from ops.core.errors import BadInput, Denied, OpsError, Throttled, Unreachable
from ops.core.periods import last_days, month
from ops.core.savings import total
from ops.core.savings_files import as_days, as_json
from ops.core.savings_report import report
from ops.core.types import Problem
from ops.core.views_savings import Elsewhere, SavingsQuery, SavingsView
from tests.components.samples import NOW, REAL, SampleSource, fleet
from tests.components.savings_samples import DEAR, DOC, FORECAST, LOST, NIGHT, PERIOD, billed, one, row, view
from tests.living import Gate
from tests.pages.conftest import Open, figures, markup, notices
from tests.pages.living_pages import Sky, Viewer, table_lines, words
from tests.small_worlds import NAME, small

QUERY = SavingsQuery(PERIOD)


class Answering(SampleSource):
    """A source that has an answer about savings, good or old."""

    def __init__(
        self, found: SavingsView | OpsError, query: SavingsQuery = QUERY, error: OpsError | None = None
    ) -> None:
        super().__init__()
        self.answers[("savings", query)] = found
        self.error = error
        self.asked: list[Hashable] = []

    def recall(self, key, work, keep_s):  # type: ignore[no-untyped-def]
        self.asked.append(("recall", key))
        return self._told(key, work, keep_s)

    def ask(self, key, work, keep_s):  # type: ignore[no-untyped-def]
        self.asked.append(("ask", key))
        return self._told(key, work, keep_s)

    def _told(self, key, work, keep_s):  # type: ignore[no-untyped-def]
        if isinstance(self.answers.get(key), OpsError):
            raise self.answers[key]
        told = super().ask(key, work, keep_s)
        return replace(told, error=self.error) if isinstance(told, Told) else told


def opened(open_page: Open, source: SampleSource, **query: str) -> AppTest:
    return open_page(source, "savings", **query)


def test_the_sentence_comes_first_then_four_numbers_then_charts_and_endpoints(open_page: Open) -> None:
    app = opened(open_page, Answering(view()))
    said = words(app)
    order = (
        "3 endpoints cost about $",
        "Saved about $",
        "asleep",
        "How this was counted",
        "Actual against baseline",
    )
    order += ("When instances ran", "From the baseline to the actual", "By endpoint", "Paid for nothing")
    order += ("Where the month ends", "What real-time endpoints could save", "Beside the bill")
    places = [said.index(each) for each in order]
    assert places == sorted(places)
    assert len(figures(app)) == 4
    assert notices(app) == ""
    assert markup(app).count('class="card"') == 4


def test_the_numbers_of_the_page_are_those_of_the_view(open_page: Open) -> None:
    found = one()
    query = replace(QUERY, names=(DOC,))
    said = " ".join(words(opened(open_page, Answering(found, query), of=DOC)).split())
    assert (
        "doc-async cost about $961 in the last 30 days; always on at its peak it would have cost about $4,056."
        in said
    )
    assert "saved $3,095 76 % of $4,056" in said
    assert "cost, estimated $961 682 instance-hours" in said
    assert "asleep 69 % of the known time without an instance" in said
    assert (
        "95 of 100 waits under 7.4 min 42 cold starts, 11 min on Mondays; about 950 request-minutes" in said
    )
    assert "0 instances for 69 % of the time, 3 for 28 %, 4 for 3 %" in said
    assert "ml.g5.xlarge $1.4084 an hour: the list, as of 28 Sep 2026" in said


def test_each_endpoint_with_what_it_saved_and_who_waited_for_it(open_page: Open) -> None:
    app = opened(open_page, Answering(view()))
    by_name = {line[0].split()[0]: line for line in table_lines(app)[:4]}
    assert list(by_name) == [DOC, NIGHT, LOST, DEAR]
    doc = by_name[DOC]
    assert doc[1].startswith("$3,095.66") or doc[1].startswith("$3,095.")
    assert "4 instances" in doc[3]
    assert doc[4] == "69 %"
    assert "whole period" not in words(app)
    assert "42 cold starts p95 wait 7.4 min, 11 min on Mondays about 950 request-minutes 2 expired" in doc[7]
    assert by_name[NIGHT][5] == "too few requests"
    assert "92 % known" in by_name[LOST][2]
    assert by_name[LOST][7] == "not known yet"
    assert by_name[DEAR][1] == "not known: no price is known for ml.new.xlarge"
    assert "0" not in by_name[DEAR][2] + by_name[DEAR][3], "what is not known is no zero"


def test_what_is_paid_for_nothing_is_ranked_with_those_that_never_sleep_first(open_page: Open) -> None:
    lines = table_lines(opened(open_page, Answering(view())))
    waste = [line for line in lines if len(line) == 5]
    assert [line[0] for line in waste] == [LOST, DOC, NIGHT]
    assert "Never slept" in waste[0][4]
    assert "Warm windows cost $28.17 beyond what requests needed, and avoided 12 cold starts." in waste[1][4]


def test_candidates_say_how_well_they_fit_and_why(open_page: Open) -> None:
    said = " ".join(words(opened(open_page, Answering(view()))).split())
    assert "✕ poor fit $1,013.70 $300.10 $713.60 asleep 70 %" in said
    assert "It answers within a second, and a cold start takes minutes." in said


def test_bill_and_estimate_stand_side_by_side_and_are_never_added(open_page: Open) -> None:
    said = " ".join(words(opened(open_page, Answering(view()))).split())
    assert (
        "Over 1 day of endpoints with both, the bill says $43.94 and the estimate $43.66, under 1 % apart."
        in said
    )
    assert "1 line of the bill may still change." in said
    assert "not final doc-async $43.66 31.0 h – – it may still change" in said


def test_a_link_says_everything(open_page: Open) -> None:
    period = month("2026-11", NOW, "Europe/Berlin")
    asked = SavingsQuery(period, parse("hours"), names=(NIGHT,), tags=(("team", "docs"),))
    found = view(
        (row(NIGHT, lambda at: 1.0, "hours", period=period),), "hours", period=period, names=(NIGHT,)
    )
    app = opened(
        open_page,
        Answering(replace(found, query=asked), asked),
        period="2026-11",
        baseline="hours",
        of=NIGHT,
        tag="team=docs",
        zone="Europe/Berlin",
    )
    assert "so far in November 2026; on at its peak from 08:00 to 18:00 on weekdays only it would" in words(
        app
    )
    assert app.selectbox(key="period").value == "2026-11"
    assert app.selectbox(key="baseline").value == "hours"
    assert app.multiselect(key="tag").value == ["team=docs"]
    assert notices(app) == ""


@pytest.mark.parametrize(("typed", "shown"), [("2.5", "own"), ("hours:7-20", "hours:7-20"), ("max", "max")])
def test_every_baseline_of_the_command_line_can_stand_in_a_link(
    open_page: Open, typed: str, shown: str
) -> None:
    asked = replace(QUERY, baseline=parse(typed))
    app = opened(open_page, Answering(view(baseline=typed), asked), baseline=typed)
    assert "3 endpoints cost about" in words(app)
    assert app.selectbox(key="baseline").value == shown
    if shown == "own":
        assert app.number_input(key="instances").value == 2.5


def test_the_pickers_write_the_link(open_page: Open) -> None:
    source = Answering(view())
    app = opened(open_page, source)
    source.answers[("savings", replace(QUERY, baseline=parse("max")))] = view(baseline="max")
    app.selectbox(key="baseline").set_value("max").run()
    assert app.query_params["baseline"] == "max"
    assert "each always on at its maximum, they would have cost" in words(app)
    source.answers[("savings", replace(QUERY, baseline=parse("1")))] = view(baseline="1")
    app.selectbox(key="baseline").set_value("own").run()
    assert app.query_params["baseline"] == "1"
    source.answers[("savings", replace(QUERY, baseline=parse("3")))] = view(baseline="3")
    app.number_input(key="instances").set_value(3.0).run()
    assert app.query_params["baseline"] == "3"
    source.answers[("savings", SavingsQuery(last_days(7, NOW), parse("3")))] = view(baseline="3")
    app.selectbox(key="period").set_value("7d").run()
    assert app.query_params["period"] == "7d"
    app.selectbox(key="period").set_value("30d").run()
    assert "period" not in app.query_params, "what holds anyway is not written"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            {"period": "2029-01"},
            "2029-01 has not begun. The newest month is 2026-11. Shown: the last 30 days.",
        ),
        ({"period": "9999d"}, "'9999d' is not a month."),
        ({"period": "0d"}, "A period of 0 days is not possible."),
        ({"baseline": "cheap"}, "'cheap' is not a baseline."),
        ({"baseline": "-3"}, "'-3' is not a baseline."),
        ({"tag": "foo"}, "The link asks for the tag “foo”. A tag is written as key=value."),
        ({"tag": "=foo"}, "The link asks for the tag “=foo”."),
    ],
)
def test_a_link_that_makes_no_sense_is_said_and_the_default_is_shown(
    open_page: Open, query: dict[str, str], said: str
) -> None:
    app = opened(open_page, Answering(view()), **query)
    assert said in notices(app)
    assert "3 endpoints cost about" in words(app)


def test_a_tag_that_is_none_leaves_the_picker_and_the_url(open_page: Open) -> None:
    app = opened(open_page, Answering(view()), tag="foo")
    assert app.multiselect(key="tag").value == []
    assert "tag" not in app.query_params
    assert "any of them" not in words(app)


def test_a_link_may_say_the_period_as_the_command_does(open_page: Open) -> None:
    query = SavingsQuery(month("2026-10", NOW))
    found = replace(view(period=query.period), query=query)
    app = opened(open_page, Answering(found, query), month="2026-10")
    assert app.selectbox(key="period").value == "2026-10"
    assert (app.query_params["period"], "month" in app.query_params) == ("2026-10", False)
    assert notices(app) == ""
    both = opened(open_page, Answering(found, query), month="2026-11", period="2026-10")
    assert both.selectbox(key="period").value == "2026-10"
    said = "The link asks for several periods: “2026-11” and “2026-10”. Only the last one counts."
    assert said in notices(both)


def test_an_endpoint_that_a_link_gives_twice_is_told(open_page: Open) -> None:
    query = replace(QUERY, names=(DOC,))
    app = opened(open_page, Answering(one(), query), of=[NIGHT, DOC])  # type: ignore[arg-type]
    assert app.selectbox(key="of").value == DOC
    assert f"several endpoints: “{NIGHT}” and “{DOC}”. Only the last one counts." in notices(app)


def test_how_several_tags_are_meant_is_said(open_page: Open) -> None:
    tags = (("team", "docs"), ("team", "ocr"))
    asked = replace(QUERY, tags=tags)
    source = Answering(view())
    source.answers[("savings", asked)] = replace(view(), query=asked)
    app = opened(open_page, source)
    app.multiselect(key="tag").set_value([f"{key}={value}" for key, value in tags]).run()
    assert "Several values of one key: endpoints with any of them." in words(app)


def test_nothing_that_fits_draws_nothing_and_leaves_the_pickers(open_page: Open) -> None:
    app = opened(open_page, Answering(replace(view(()), forecast=None, candidates=(), reconciled=())))
    assert "In the last 30 days no asynchronous endpoint was there." in words(app)
    assert figures(app) == []
    assert app.selectbox(key="period").value == "30d"


def test_an_account_without_asynchronous_endpoints_still_sees_what_it_could_save(open_page: Open) -> None:
    chat = Elsewhere(("chat-live",), Decimal(31), Decimal("43.94"))
    app = opened(open_page, Answering(replace(view(()), reconciled=(), bill_others=chat)))
    said = " ".join(words(app).split())
    assert "In the last 30 days no asynchronous endpoint was there: nothing sleeps yet." in said
    assert "What real-time endpoints could save" in said
    assert "Where the month ends" in said
    assert "Beside the bill Billed besides, in none of these sums: $43.94" in said
    assert "By endpoint" not in said


def test_periods_of_unequal_length_are_compared_by_the_hour(open_page: Open) -> None:
    period = month("2026-10", NOW)
    found = view((row(DOC, lambda at: 1.0, period=period),), period=period, names=(DOC,))
    steady = (row(DOC, lambda at: 1.0, period=period.previous()),)
    query = SavingsQuery(period, names=(DOC,))
    told = replace(found, query=query, before=total(steady))
    app = opened(open_page, Answering(told, query), period="2026-10", of=DOC)
    assert "744 instance-hours, as before by the hour" in words(app), "31 days and 30 at the same pace"


def test_what_is_not_on_record_and_what_is_gone_is_said(open_page: Open) -> None:
    found = view()
    note = "Which instance type it had before 2 Nov is not on record."
    rows = tuple(
        replace(r, notes=(note,))
        if r.name in (DOC, LOST)
        else replace(r, gone=NOW - timedelta(days=3))
        if r.name == NIGHT
        else r
        for r in found.rows
    )
    app = opened(open_page, Answering(replace(found, rows=rows)))
    said = " ".join(words(app).split())
    assert f"not on record {DOC} and {LOST}: {note}" in said
    by_name = {line[0].split()[0]: line[0] for line in table_lines(app)[:4]}
    assert by_name[NIGHT].endswith("gone, until 17 Nov")
    assert f"of={NIGHT}" not in markup(app), "what is gone cannot be asked for by itself"


def test_a_cost_that_is_not_known_is_not_ranked_as_paid_for_nothing(open_page: Open) -> None:
    found = view()
    odd = {**found.details, DEAR: replace(found.details[LOST])}
    lines = table_lines(opened(open_page, Answering(replace(found, details=odd, never_slept=(DEAR, LOST)))))
    assert [line[0] for line in lines if len(line) == 5] == [LOST, DOC, NIGHT]


def test_how_long_one_has_not_slept_and_what_its_windows_rest_on_are_said(open_page: Open) -> None:
    found = view()
    doc = found.details[DOC]
    assert doc.idle is not None
    assert doc.warm is not None
    idle = replace(doc.idle, awake_h=267.0)
    warm = replace(doc.warm, assumed=("The schedule is taken to have been so all the time.",))
    told = replace(found, details={**found.details, DOC: replace(doc, idle=idle, warm=warm)})
    (line,) = [
        each for each in table_lines(opened(open_page, Answering(told))) if len(each) == 5 and each[0] == DOC
    ]
    assert "Has not slept for 11 d 3 h." in line[4]
    assert line[4].endswith("The schedule is taken to have been so all the time.")


def test_on_a_bill_idle_money_is_no_share_of_it_and_metrics_are_named(open_page: Open) -> None:
    known = billed(view())
    rows = tuple(replace(r, days_known=12, days_lived=30) for r in known.rows)
    found = replace(known, rows=rows, total=total(rows, Basis.BILLED))
    app = opened(open_page, Answering(found, replace(QUERY, basis=Basis.BILLED)), basis="billed")
    said = " ".join(words(app).split())
    assert "in the 12 of their first 30 days that are billed; each always on" in said
    assert "from metrics: also of days that are not billed" in said
    assert "estimated here, also beside a bill" in said
    assert "for 1,000 requests (estimate, whole period)" in said
    assert "Estimates, of the whole period, whatever is billed." in said
    assert "of its cost" not in said, "no estimate is measured by a bill"
    assert [line[0] for line in table_lines(app) if len(line) == 4] == [LOST, DOC, NIGHT]


def test_a_forecast_that_is_not_there_says_why_and_draws_nothing(open_page: Open) -> None:
    why = "No forecast yet: the past of doc-async is not read far enough."
    none = replace(FORECAST, spent=None, expected=None, low=None, high=None, basis=why, by_day=())
    app = opened(open_page, Answering(replace(view(), forecast=none)))
    said = " ".join(words(app).split())
    assert f"Where the month ends Where November 2026 ends is not known yet. {why}" in said
    assert len(figures(app)) == 3


def test_the_pickers_stay_while_the_fleet_cannot_be_read(open_page: Open) -> None:
    source = Answering(view())
    source.failure = Unreachable("AWS cannot be reached.", "Wait.")
    app = opened(open_page, source, period="2026-10", baseline="max", of=DOC, basis="billed")
    assert "AWS cannot be reached." in notices(app)
    assert app.selectbox(key="period").value == "2026-10"
    assert app.selectbox(key="baseline").value == "max"
    assert app.selectbox(key="of").value == DOC
    assert app.query_params["period"] == "2026-10", "what a link asks for is not taken out of it"
    assert app.segmented_control(key="basis").value == "billed"


def test_nothing_known_yet_is_not_zero(open_page: Open) -> None:
    found = view((row(DOC, lambda at: float("nan")),), before=False, history=(0, 4))
    app = opened(
        open_page, Answering(replace(found, waits=None, forecast=None, candidates=(), reconciled=()))
    )
    said = words(app)
    assert "What was saved in the last 30 days is not known." in said
    assert "The past is still being read: 0 of 4 endpoints done, 0 % of the minutes" in notices(app)
    assert app.session_state["savings-move"] == "empty", "the first number is asked for sooner than others"
    assert "$0" not in said.split("Since")[0]
    assert 'class="card"' not in markup(app)
    drawn = [trace for figure in figures(app) for trace in figure["data"]]  # type: ignore[attr-defined]
    assert not any(trace.get("name") == "actual" and trace["y"] for trace in drawn)


def test_while_the_past_is_read_it_says_how_much_is_known(open_page: Open) -> None:
    app = opened(open_page, Answering(view(history=(1, 4))))
    assert (
        "1 of 4 endpoints done, 98 % of the minutes of this choice known. The numbers will move."
        in notices(app)
    )
    assert len(figures(app)) == 4


def test_what_was_denied_is_named_and_the_rest_stays(open_page: Open) -> None:
    problem = Problem("tags", "AWS denied it.", action="sagemaker:ListTags")
    app = opened(open_page, Answering(view(problems=(problem,))))
    assert "sagemaker:ListTags" in notices(app)
    assert len(figures(app)) == 4


def test_old_answers_say_that_they_are(open_page: Open) -> None:
    app = opened(open_page, Answering(view(), error=Unreachable("AWS cannot be reached.", "Wait.")))
    assert "Older numbers" in notices(app)
    assert "3 endpoints cost about" in words(app)


@pytest.mark.parametrize(
    "error", [Unreachable("AWS cannot be reached.", "Wait."), Throttled("slow down"), Denied("a:B", "no")]
)
def test_without_an_answer_the_page_says_why(open_page: Open, error: OpsError) -> None:
    app = opened(open_page, Answering(error))
    assert "Not shown: the savings." in notices(app)
    assert figures(app) == []


def test_read_only_and_real_changes_nothing_about_it(open_page: Open) -> None:
    source = Answering(view(connection=REAL))
    source.view = fleet(REAL) if source.view.connection is not REAL else source.view
    app = opened(open_page, source)
    assert "Account 123456789012, eu-central-1." in words(app)
    assert len(figures(app)) == 4


def test_a_bill_is_asked_for_only_when_it_is_chosen(open_page: Open) -> None:
    named = replace(view(), bill_source="Cost Explorer")
    source = Answering(named)
    app = opened(open_page, source)
    assert "billed: by Cost Explorer, $0.01 a call" in words(app)
    assert [how for how, key in source.asked if key[0] == "savings"] == ["recall"]  # type: ignore[index]
    asked = replace(QUERY, basis=Basis.BILLED)
    source.answers[("savings", asked)] = billed(view())
    app.segmented_control(key="basis").set_value("billed").run()
    assert ("ask", ("savings", asked)) in source.asked
    said = words(app)
    assert "From AWS's bill (Cost Explorer), in UTC days, not final." in said
    assert "The bill was read with 2 calls to Cost Explorer, for which AWS bills $0.02." in said
    assert "about" not in said.split("How this was counted")[0].split("Saved")[0].split("endpoints cost")[1]


def test_where_no_bill_is_read_none_is_offered_and_a_link_to_one_is_refused(open_page: Open) -> None:
    app = opened(open_page, Answering(view()))
    assert not app.get("segmented_control")
    assert not app.get("button_group")
    refusal = BadInput("No bill is set.", "Set EBB_BILL_EXPORT.")
    app = opened(open_page, Answering(refusal, replace(QUERY, basis=Basis.BILLED)), basis="billed")
    assert "No bill is set.  \nSet EBB_BILL_EXPORT." in notices(app)
    assert app.segmented_control(key="basis").value == "billed", "the way back stays"


def test_the_files_are_those_of_the_command_line(open_page: Open) -> None:
    from ops.cli_savings import WRITERS

    found = view()
    assert {ending: write(found) for ending, write in WRITERS.items()} == {
        ".csv": as_days(found),
        ".html": report(found),
        ".json": as_json(found),
    }
    app = opened(open_page, Answering(found))
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels == ["Summary", "CSV", "JSON"]


def test_it_stands_in_the_menu_for_everybody_who_looks() -> None:
    page = access.entry("savings")
    assert page is not None
    assert (page.section, page.title, page.role) == ("Save", "Savings", "viewer")


# -- the real reader on the embedded AWS


def test_what_was_read_of_a_real_endpoint_is_on_the_page(open_page: Open) -> None:
    with small(2.0) as (server, clock):
        viewer = Viewer(Sky(server.url, Gate(server.url), clock)).after()
        while viewer.reader.close_gap():
            pass
        viewer.after(30.0)
        app = opened(open_page, viewer.reader, period="7d")  # type: ignore[arg-type]
        said = words(app)
        found = viewer.reader.recall(
            ("x",), lambda console: console.savings(SavingsQuery(last_days(7, console.fleet().as_of))), 1.0
        ).value
        assert found.total.usd is not None
        assert f"{NAME} cost about ${found.total.usd:,.0f} in the last 7 days" in said
        assert f"{found.total.saved:,.2f}" in said
        assert len(figures(app)) >= 3
        assert notices(app) == ""
        viewer.reader.stop()


def test_the_bill_beside_is_of_the_endpoints_on_show_and_long_ones_are_folded(open_page: Open) -> None:
    found = view()
    many = tuple(
        replace(found.reconciled[0], day=found.reconciled[0].day - timedelta(days=n), endpoint=name)
        for n in range(40)
        for name in (DOC, "chat-live")
    )
    app = opened(open_page, Answering(replace(found, reconciled=many)))
    said = words(app)
    assert "Over 40 days of endpoints with both" in said
    assert "Day by day: 40 days" in said
    lines = [line for line in table_lines(app) if line[0] == DOC and len(line) == 6]
    assert [line[:4] for line in lines] == [[DOC, "40", "$1,757.60", "$1,746.40"]], (
        "one line, its days are folded"
    )
    assert not any(
        line[0] == "chat-live" or "chat-live" in line[1] for line in table_lines(app) if len(line) > 1
    )
    inside = markup(app).split('data-focus="billed-days"')[1].split("</details>")[0]
    assert inside.count('<tr role="row">') == 40 + 1, "every day is in the fold"


def test_cold_starts_that_are_not_known_yet_are_said_to_be(open_page: Open) -> None:
    found = view()
    assert found.waits is not None
    app = opened(open_page, Answering(replace(found, waits=replace(found.waits, left_out=2))))
    assert "42 cold starts (of 2 endpoints not known yet), 11 min on Mondays" in words(app)
    assert "95 of 100 known waits under 7.4 min" in " ".join(words(app).split())
    assert app.session_state["savings-move"] is True, "asked again as soon as while the past is read"

"""The planner on an embedded AWS: the search with its advice, one candidate in detail, kept scenarios, and `plan`."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from ops import compiled
from ops.__main__ import main
from ops.cli_plan import text
from ops.config import Settings
from ops.console import Console
from ops.core.candidate import Candidate, Machine, always_on
from ops.core.candidate_text import from_query
from ops.core.change import Actor
from ops.core.errors import BadInput, ReadOnly, UnknownEndpoint
from ops.core.planner_files import as_csv, as_json
from ops.core.search_ranges import ranges
from ops.core.types import Severity
from ops.core.views_planner import Answer, PlanQuery, PlanView, Role, SavedScenario
from ops.local_aws.story_kit import HOUR, Kit
from ops.local_aws.traffic import Batch, Traffic, quiet
from ops.planner_facts import crowded
from ops.replay.advice_words import dollars
from ops.replay.sweep import Stopped
from tests.living import living
from tests.replay.played_samples import sample
from tests.small_worlds import NAME, small, told

SLOW = "p95<=15min"
QUICK = "p95<=60s"
QUERY = PlanQuery(NAME, SLOW, "Europe/Berlin", 2, 30)
MACHINE = Machine("ml.g5.xlarge", Decimal("1.4084"), 1.0, 2)
ANNA, BEN = Actor("anna", "viewer"), Actor("ben", "viewer")


@pytest.fixture(scope="module", autouse=True)
def kernels() -> None:
    compiled.warm()


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """An endpoint that wakes for 12 requests every 90 minutes."""
    with small(2.0) as (server, _):
        settings = Settings(endpoint_url=server.url, state_dir=tmp_path_factory.mktemp("state"))
        with Console.open(settings) as opened:
            yield opened


@pytest.fixture(scope="module")
def view(console: Console) -> PlanView:
    return console.find_plan(replace(QUERY, own=(Candidate(0, 2, 3.0, machine=MACHINE),)))


def test_the_search_tells_of_today_of_always_on_and_of_what_it_found(view: PlanView) -> None:
    assert view.today == 0
    assert view.played[0].candidate == Candidate(0, 3, 5.0, 300, 60, 2, (), MACHINE)
    assert view.played[1].role is Role.OWN
    assert {p.candidate.fixed for p in view.played if p.role is Role.FIXED} >= {1}
    assert 20 < len(view.played) <= 30
    assert view.seeds == (1, 2, 3, 4, 5)
    assert view.requests == pytest.approx(12 * 32, abs=24)
    assert view.price is not None
    one = next(p for p in view.played if p.candidate.fixed == 1)
    assert one.usd_month is not None
    assert one.usd_month.mid == Decimal("1.4084") * 730
    assert set(view.fronts) == {"p95", "max", "over"}
    assert view.trust.startswith("The replay")
    assert "Replayed against actual, over 5 seeds: instance-hours" in view.trust
    assert any("An instance works on 2 at once" in note for note in view.notes)
    assert view.problems == ()


def test_costs_are_billed_as_savings_counts_and_the_other_end_is_told(
    console: Console, view: PlanView
) -> None:
    ordered = console.plan(replace(view.query, billed_from="ordered"))
    today, dearer = view.played[0].hours_month.mid, ordered.played[0].hours_month.mid
    assert dearer > 1.1 * today
    start_s = view.cold_start_s * view.played[0].launches_month.mid
    assert dearer - today == pytest.approx(
        start_s / 3600, rel=0.25
    )  # starts are drawn, this is the middle one
    assert any(n.startswith("An instance is billed from when it is in service: AWS") for n in view.notes)
    assert any(n.startswith("An instance is billed from when it is ordered: AWS") for n in ordered.notes)
    assert any(n.startswith("A request expires after 6 h in the queue") for n in view.notes)
    other = next(n for n in view.notes if n.startswith("If AWS bills an instance from its order on: about $"))
    assert view.notes[view.notes.index(other) - 1].startswith(
        "An instance is billed from when it is in service"
    )
    assert view.advice.chosen == 0 or "today's policy about $" in other
    same = ordered.played[view.advice.chosen or 0].usd_month
    assert same is not None
    assert f": about {dollars(same.mid)} a month" in other


def test_how_long_requests_may_wait_is_asked(console: Console) -> None:
    found = console.plan(replace(QUERY, most=3, ttl_s=60.0))
    assert found.played[0].never.mid > 0.5  # it sleeps, and a cold start takes longer
    assert any(note.startswith("A request expires after 1 min in the queue") for note in found.notes)


def test_asked_before_its_cold_starts_are_read_the_answer_says_so(tmp_path: Path) -> None:
    unread = "Not all cold starts of doc were read"
    with (
        small(1.0) as (server, _),
        Console.open(Settings(endpoint_url=server.url, state_dir=tmp_path)) as console,
    ):
        console.read((NAME,), anybody=True)
        while console.close_gap():
            pass
        assert not console.past_is_read(NAME), "metrics alone are not its past"
        early = console.plan(QUERY)
        (said,) = [p for p in early.problems if p.what.startswith(unread)]
        assert "how early windows open" in said.what
        assert any(unread in text for text in json.loads(as_json(early))["problems"])
        while console.keep_cold_starts():
            pass
        assert console.past_is_read(NAME)
        assert not [p for p in console.plan(QUERY).problems if p.what.startswith(unread)]


def pair(kit: Kit, born: float) -> None:
    """Two endpoints that wake every six hours."""
    kit.quota("ml.g5.xlarge", 8)
    for name in ("a-first", NAME):
        kit.config(name, f"{name}-1", "ml.g5.xlarge", concurrency=2)
        batches = (Batch(born + HOUR, 6 * HOUR, 5, 120.0),)
        kit.endpoint(name, f"{name}-1", Traffic(name, kit.seed, (20.0, 40.0), quiet, batches=batches))
        kit.bounds(name, 0, 3)
        kit.track(name)
        kit.wake(name)


def test_cold_starts_of_who_is_looked_at_are_found_before_the_past_of_others_is_read(tmp_path: Path) -> None:
    with (
        told(pair, 1.0) as (server, _),
        Console.open(Settings(endpoint_url=server.url, state_dir=tmp_path)) as console,
    ):
        console.read((NAME,), anybody=True)
        while not console.past_is_read(NAME) and console.close_gap((NAME,)):
            pass
        assert console.past_is_read(NAME)
        assert console.cold_starts((NAME,)).starts
        assert not console.past_is_read("a-first")


def test_a_promise_above_the_cold_start_lets_it_sleep(view: PlanView) -> None:
    advice = view.advice
    assert advice.answer in (Answer.CHANGE, Answer.STAY)
    assert advice.chosen is not None
    chosen = view.played[advice.chosen]
    assert chosen.candidate.sleeps
    assert all(chosen.kept)
    assert advice.cheaper is None or not all(view.played[advice.cheaper].kept)
    names = [each.against.baseline.text for each in advice.savings]
    assert names == ["peak", "one", "max", "hours"]
    ones = advice.savings[1]
    assert ones.against.formula == "one instance in every known minute"
    assert ones.usd_month == Decimal("1.4084") * 730
    assert ones.saved_month is not None
    assert ones.saved_month > 0


def test_a_promise_below_the_cold_start_at_any_hour_is_for_instances_that_never_sleep(
    console: Console,
) -> None:
    found = console.plan(replace(QUERY, promise=QUICK))
    assert found.advice.answer is Answer.ALWAYS_ON
    assert "the promise (1 min) is shorter than a cold start" in found.advice.sentence
    assert found.advice.sentence.endswith("and requests come at any hour.")
    chosen = found.played[found.advice.chosen or 0]
    assert not chosen.candidate.sleeps


def test_a_space_that_somebody_gives_is_not_left(console: Console) -> None:
    asked = ranges({"min": "0", "max": "1-2", "target": "4-6", "wake": "yes", "warm": "no"})
    found = console.plan(replace(QUERY, space=asked))
    made = [p.candidate for p in found.played if p.role is Role.FOUND]
    assert made
    assert all(c.low == 0 and 1 <= c.high <= 2 and 4 <= (c.target or 0) <= 6 and c.wake for c in made)
    assert not any(c.warm for c in made)
    assert not any(p.role is Role.FIXED for p in found.played)


def test_twice_the_traffic_is_twice_the_requests(console: Console, view: PlanView) -> None:
    found = console.plan(replace(QUERY, growth=2.0, most=3))
    assert found.requests == pytest.approx(2 * view.requests, abs=1)
    assert "The traffic was multiplied by 2." in found.advice.sure


def test_one_candidate_in_detail(console: Console, view: PlanView) -> None:
    found = console.course(QUERY, always_on(1, MACHINE))
    assert set(found.instances.tolist()) == {1.0}
    assert found.cold_starts == ()
    assert len(found.waits_s) == len(found.arrival_s)
    assert found.first == view.first
    today = console.course(QUERY, view.played[0].candidate)
    assert today.played.role is Role.TODAY
    assert today.played.hours_month == view.played[0].hours_month
    assert len(today.cold_starts) == pytest.approx(32, abs=2)
    assert np.quantile(today.waits_s, 0.95) == pytest.approx(today.played.p95_s.values[0])


def test_other_instance_types_are_searched_at_their_list_price(console: Console) -> None:
    other = Machine("ml.g5.2xlarge", None, 2.0, 2)
    found = console.plan(replace(QUERY, machines=(other,), most=40))
    quick = [p for p in found.played if p.candidate.machine.instance_type == other.instance_type]
    assert {p.role for p in quick} == {Role.FIXED, Role.FOUND}
    assert all(p.candidate.machine.usd_per_hour == Decimal("1.515") for p in quick)
    slow = next(p for p in found.played if p.candidate.fixed == 1 and p not in quick)
    fast = next(p for p in quick if p.candidate.fixed == 1)
    assert fast.mean_s.mid < slow.mean_s.mid


def test_a_candidate_that_names_no_machine_runs_on_todays(console: Console, view: PlanView) -> None:
    own = Candidate(0, 3, 5.0, 300, 60)
    found = console.plan(replace(QUERY, own=(own,), most=1))
    assert [p.role for p in found.played] == [Role.TODAY]  # it is today's
    assert console.course(QUERY, own).played.candidate == view.played[0].candidate
    made = console.plan_candidate(NAME, replace(own, wake=3), view)
    assert not any("new endpoint configuration" in c.sentence for c in made.cautions)


def test_what_a_search_costs_is_in_the_plan(console: Console, view: PlanView) -> None:
    assert view.advice.chosen is not None
    chosen = next(p.candidate for p in view.played if p.candidate.fixed == 1)
    made = console.plan_candidate(NAME, chosen, view)
    assert made.cost is not None
    assert made.cost.basis.startswith("Estimate: $1,030 a month instead of $")
    assert made.cost.usd_per_month is not None
    assert made.cost.usd_per_month > 0
    assert "always on at 1 instance" in made.title


def test_scenarios_are_kept_listed_and_forgotten(console: Console) -> None:
    wanted = SavedScenario(
        "", "  Max 4,\n warm ", NAME, Candidate(0, 4, machine=MACHINE), SLOW, {"days": "30"}
    )
    kept = console.save_scenario(wanted, ANNA)
    assert (kept.name, kept.who) == ("Max 4, warm", "anna")
    assert kept.id
    assert kept.at == console.warm_now(NAME)
    assert console.scenarios(NAME) == (kept,)
    assert console.scenarios("other") == ()
    with pytest.raises(ReadOnly):
        console.delete_scenario(kept.id, BEN)
    with pytest.raises(ReadOnly):
        console.save_scenario(replace(kept, name="Mine now"), BEN)
    renamed = console.save_scenario(replace(kept, name="Max 4"), replace(BEN, role="operator"))
    assert console.scenarios() == (renamed,)
    assert console.delete_scenario(kept.id, replace(ANNA, role="operator"))
    assert console.scenarios() == ()
    assert not console.delete_scenario(kept.id, ANNA)
    for name in (" ", "x" * 81):
        with pytest.raises(BadInput):
            console.save_scenario(replace(wanted, name=name), ANNA)


def test_two_scenarios_of_an_endpoint_have_two_names(console: Console, view: PlanView) -> None:
    wanted = SavedScenario("", "Two warm", NAME, always_on(2, MACHINE), SLOW, {}, "")
    kept = console.save_scenario(wanted, ANNA)
    with pytest.raises(BadInput, match="saved as “two WARM” already"):
        console.save_scenario(replace(wanted, name=" two  WARM"), BEN)
    assert console.save_scenario(replace(kept, promise=QUICK), ANNA).id == kept.id
    assert len(console.scenarios(NAME)) == 1
    assert console.delete_scenario(kept.id, ANNA)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        (replace(QUERY, promise="soon"), BadInput),
        (replace(QUERY, most=0), BadInput),
        (replace(QUERY, growth=0.0), BadInput),
        (replace(QUERY, sure=0.0), BadInput),
        (replace(QUERY, zone="Mars"), BadInput),
        (replace(QUERY, name="nobody"), UnknownEndpoint),
    ],
)
def test_what_cannot_be_asked(
    console: Console, view: PlanView, query: PlanQuery, error: type[Exception]
) -> None:
    with pytest.raises(error):
        console.plan(query)


@pytest.mark.parametrize(
    ("own", "what"),
    [
        (always_on(1, Machine("ml.none.large")), "No price is known of ml.none.large here"),
        (
            from_query("min=0&max=4&target=2&warm=12345.0800.1800,zEurope~Berlin,e8,f5,b0"),
            "5 instances kept warm are above the maximum of 4.",
        ),
    ],
)
def test_a_hand_made_one_that_cannot_be_replayed_is_left_out_and_the_rest_searched(
    console: Console, view: PlanView, own: Candidate, what: str
) -> None:
    good = Candidate(0, 2, 3.0, machine=MACHINE)
    asked = replace(QUERY, own=(own, good), machines=(own.machine, MACHINE))
    found = console.plan(asked)
    assert [each.candidate for each in found.left_out] == [own]
    assert found.left_out[0].what.startswith(what)
    assert [p.candidate for p in found.played if p.role is Role.OWN] == [good]
    assert found.advice.chosen is not None
    with pytest.raises(BadInput, match=what):
        console.find_plan(asked)
    with pytest.raises(BadInput, match=what):
        console.course(QUERY, own)


def test_a_search_can_be_called_off(console: Console, view: PlanView) -> None:
    with pytest.raises(Stopped):
        console.plan(QUERY, lambda done, of: done < 10)


def test_a_real_time_endpoint_is_looked_at_as_an_asynchronous_one(tmp_path: Path) -> None:
    with (
        living() as (server, _),
        Console.open(Settings(endpoint_url=server.url, state_dir=tmp_path)) as opened,
    ):
        found = opened.find_plan(PlanQuery("layout-detect", "p95<=15min", "UTC", 3, 20))
    assert found.today is None
    assert found.advice.sentence.startswith("The cheapest policy that keeps the promise is min 0")
    assert (
        found.advice.sure[-1] == "layout-detect is a real-time endpoint: there is no policy to compare with."
    )
    assert found.notes[0].endswith("this is what it would be as an asynchronous one.")
    assert found.realtime is not None
    assert 700 < found.realtime.hours_month <= 2 * 730
    assert found.realtime.usd_month is not None
    assert f"Now, as a real-time endpoint, it costs about {dollars(found.realtime.usd_month)} a month" in (
        found.advice.sentence
    )
    assert any("make an endpoint configuration with an AsyncInferenceConfig" in s for s in found.advice.sure)


def planned(
    console: Console,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    *options: str,
) -> tuple[int, str, str]:
    url = console.connection().endpoint_url
    assert url is not None
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("EBB_STATE_DIR", str(folder))
    code = main(["plan", "--endpoint", NAME, "--days", "2", "--max-candidates", "12", *options])
    out, err = capsys.readouterr()
    return code, out, err


def test_plan_as_json(
    console: Console, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = "min=0&max=2&target=4&wake=1&usd=1.4084"
    code, out, err = planned(
        console, capsys, monkeypatch, tmp_path, "--promise", SLOW, "--candidate", own, "--json"
    )
    assert code == 0
    found = json.loads(out)
    assert "Reading 2 days of doc." in err
    assert "Replaying: 50 %" in err
    assert found["promise"] == "p95<=900s"
    assert found["basis"].startswith("estimate")
    assert "730 hours" in found["units"]
    assert found["advice"]["sentence"]
    chosen = found["advice"]["chosen"]
    assert from_query(chosen["candidate"]).sleeps
    assert chosen["clauses"][0]["kept"] == [True] * 5
    assert chosen["kept_fresh"] == [True] * 20
    assert found["candidates"][found["today"]]["role"] == "today"
    assert found["candidates"][1]["role"] == "own"
    assert len(found["candidates"]) <= 12
    assert {s["baseline"] for s in found["advice"]["savings"]} == {"peak", "one", "max", "hours"}


def test_plan_for_people(
    console: Console, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = ("--candidate", "min=0&max=2&target=4")
    code, out, _ = planned(console, capsys, monkeypatch, tmp_path, "--promise", QUICK, *own)
    assert code == 0
    text = " ".join(out.split())
    assert "min 0, max 2, target 4, wakes after 2 min (yours)" in text
    assert "is the answer, about $" in text
    assert "the promise (1 min) is shorter than a cold start" in text
    assert "Promise: 95 % of requests start within 1 min. (p95<=60s)" in text
    assert "Estimates:" in text
    assert "always on at one instance, $1,030" in text
    assert "(today)" in text
    assert "(advised)" in text
    assert all(len(line) <= 140 for line in out.splitlines())


def test_an_own_rate_is_never_called_a_list_price(console: Console, tmp_path: Path) -> None:
    url = console.connection().endpoint_url
    own = Settings(endpoint_url=url, state_dir=tmp_path, rates="ml.g5.xlarge=1.10")
    with Console.open(own) as opened:
        found = opened.find_plan(replace(QUERY, most=6))
        assert found.price is not None
        assert found.price.usd_per_hour == Decimal("1.10")
        made = opened.plan_candidate(NAME, always_on(1, MACHINE), found)
    assert made.cost is not None
    for said in (text(found), as_json(found), as_csv(found), made.cost.basis):
        assert "the account's own rate" in said
        assert "list price" not in said


def test_plan_inside_ranges(
    console: Console, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ranges = (
        "--min",
        "0",
        "--max",
        "1-2",
        "--target",
        "1,2,5",
        "--scale-in-cooldown",
        "60",
        "--wake-policy",
        "no",
    )
    code, out, _ = planned(console, capsys, monkeypatch, tmp_path, "--promise", SLOW, *ranges, "--json")
    assert code == 0
    found = [from_query(c["candidate"]) for c in json.loads(out)["candidates"] if c["role"] == "found"]
    assert found
    assert all(c.low == 0 and c.high <= 2 and c.target in (1, 2, 5) and c.wake is None for c in found)
    assert {c.in_cooldown_s for c in found if c.fixed is None} == {60}


def test_plan_as_csv(
    console: Console, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, out, _ = planned(
        console, capsys, monkeypatch, tmp_path, "--promise", SLOW, "--csv", "--zone", "Asia/Tokyo"
    )
    assert code == 0
    above = [line for line in out.splitlines() if line.startswith("# ")]
    assert {line[2:].partition(":")[0] for line in above} >= {
        "zone",
        "basis",
        "units",
        "price",
        "promised",
        "period",
    }
    assert "# zone: Asia/Tokyo" in above
    rows = list(csv.DictReader(line for line in out.splitlines() if not line.startswith("# ")))
    assert rows[0]["role"] == "today"
    assert float(rows[0]["usd_month_mid"]) > 0
    assert {row["on_front"] for row in rows} <= {"yes", "no"}
    assert from_query(rows[0]["candidate"]).high == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--promise", "soon"), "'soon' was not understood"),
        (("--promise", SLOW, "--candidate", "max=4"), "needs min"),
        (("--promise", SLOW, "--json", "--csv"), "Give --json or --csv"),
        (("--promise", SLOW, "--zone", "Mars"), "no time zone 'Mars'"),
        (("--promise", SLOW, "--days", "0"), "0 days cannot be replayed"),
        (("--promise", SLOW, "--growth", "-1"), "cannot be replayed"),
        (("--promise", SLOW, "--max", "8-1"), "Write 1-8."),
        (("--promise", SLOW, "--warm", "maybe"), "Use yes or no."),
        (("--promise", SLOW, "--warm", "yes"), "tells hours"),
        ((), "--promise"),
    ],
)
def test_bad_input_has_exit_code_2(
    console: Console,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    options: tuple[str, ...],
    said: str,
) -> None:
    code, out, err = planned(console, capsys, monkeypatch, tmp_path, *options)
    assert code == 2
    assert said in (out + err)


def test_the_review_says_first_that_a_candidate_breaks_the_promise_and_how_long_requests_wait(
    console: Console,
) -> None:
    asked = replace(QUERY, promise=QUICK)
    found = console.find_plan(asked)
    tried = next(p.candidate for p in found.played if p.role is Role.FOUND and not any(p.kept))
    plan = console.plan_candidate(NAME, tried, found)
    assert plan.cautions[0].severity is Severity.WARNING
    assert plan.cautions[0].sentence.startswith("This breaks the promise (p95<=60s): ")
    assert "of requests wait longer than 1 min" in plan.cautions[0].sentence
    assert plan.cautions[1].sentence.startswith("Waits now: p95 wait ")
    assert " After this, by the replay p95 wait " in plan.cautions[1].sentence


def test_a_candidate_that_the_search_did_not_try_is_replayed_for_its_review(console: Console) -> None:
    found = console.find_plan(replace(QUERY, most=2))
    odd = Candidate(0, 7, 17.0, 480, 60, 3, (), MACHINE)
    assert odd not in {p.candidate for p in found.played}
    plan = console.plan_candidate(NAME, odd, found)
    assert any("Waits now: " in each.sentence for each in plan.cautions)
    assert plan.cost is not None


def test_a_review_of_what_keeps_the_promise_warns_of_no_broken_one(view: PlanView, console: Console) -> None:
    kept = next(p.candidate for p in view.played if p.role is Role.FOUND and all(p.kept))
    said = [each.sentence for each in console.plan_candidate(NAME, kept, view).cautions]
    assert not any("breaks the promise" in each for each in said)


def test_a_quota_that_other_endpoints_use_up_is_said_beside_the_advice() -> None:
    one = sample(0, Candidate(0, 3, 5.0, machine=MACHINE), 300)
    assert crowded(one, {"ocr": 2, "batch": 4}, 8) == (
        "The account may run 8 instances of ml.g5.xlarge in all, and other endpoints run 6 now (batch 4 and ocr 2): "
        "the advised maximum of 3 may not be had while they do."
    )
    assert crowded(one, {"ocr": 2, "batch": 3}, 8) == ""
    assert crowded(one, {}, 2) == ""
    assert crowded(one, {"ocr": 2}, None) == ""


def test_what_others_run_counts_against_the_quota(tmp_path: Path) -> None:
    """A second endpoint holds all but one instance of the quota."""

    def two(kit: Kit, born: float) -> None:
        kit.quota("ml.g5.xlarge", 3)
        for name in (NAME, "other"):
            batches = (Batch(born + 1800, 3 * HOUR, 12, 60.0),) if name == NAME else ()
            kit.config(name, f"{name}-1", "ml.g5.xlarge", concurrency=2)
            kit.endpoint(name, f"{name}-1", Traffic(name, 1, (20.0, 40.0), quiet, batches=batches))
            kit.bounds(name, 0 if name == NAME else 2, 3)
        kit.track(NAME)
        kit.wake(NAME)

    with (
        told(two, 2.0) as (server, _),
        Console.open(Settings(endpoint_url=server.url, state_dir=tmp_path)) as opened,
    ):
        found = opened.find_plan(PlanQuery(NAME, SLOW, days=2, most=1))
        assert any(
            "The account may run 3 instances of ml.g5.xlarge in all, and other endpoints run 2 now (other 2)"
            in line
            for line in found.advice.evidence
        ), found.advice.evidence

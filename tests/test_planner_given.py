"""The planner on traffic that is given: a file or rates, with an endpoint and without; as the command replays it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ops import compiled
from ops.__main__ import main
from ops.arrival_files import files
from ops.config import Settings
from ops.console import Console
from ops.core.candidate import Candidate
from ops.core.change import Actor
from ops.core.errors import BadInput, UnknownEndpoint
from ops.core.plan_source import FileTraffic, Given, Source, SyntheticTraffic, as_link
from ops.core.planner_files import as_csv, as_json
from ops.core.search_ranges import ranges
from ops.core.views_planner import PlanQuery, PlanView, Played, SavedScenario
from ops.given_traffic import MONDAY
from ops.planner_kept import MOST_FILES
from tests.living import living
from tests.small_worlds import NAME, small

SLOW = "p95<=15min"
USUAL = Candidate(0, 5, 5.0)
"""What the command replays where nothing is said."""
ANNA = Actor("anna", "viewer")


@pytest.fixture(scope="module", autouse=True)
def kernels() -> None:
    compiled.warm()


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """An endpoint that wakes for 12 requests every 90 minutes; a new instance works on 2 at once."""
    with small(2.0) as (server, _):
        settings = Settings(endpoint_url=server.url, state_dir=tmp_path_factory.mktemp("state"))
        with Console.open(settings) as opened:
            opened.find_traffic(NAME)
            yield opened


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """An account without a single endpoint."""
    with living(empty=True) as (server, _):
        settings = Settings(endpoint_url=server.url, state_dir=tmp_path_factory.mktemp("state"))
        with Console.open(settings) as opened:
            opened.fleet()
            yield opened


def rows(size: int = 400, service: bool = True) -> bytes:
    """Requests of a Monday and a Tuesday, in clumps, to the millisecond."""
    lines = ["timestamp,service" if service else "timestamp"]
    for i in range(size):
        at = (i // 8) * 2400 + (i % 8) * 0.731
        day, rest = divmod(int(at), 86_400)
        stamp = f"2026-11-{23 + day}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}.{int(at % 1 * 1000):03}Z"
        lines.append(f"{stamp},{5 + i % 37}.25" if service else stamp)
    return "\n".join(lines).encode()


def asked(source: Source, name: str = "", **more: Any) -> PlanQuery:
    return PlanQuery(name, SLOW, source=source, most=12, own=(USUAL,), **more)


def own(view: PlanView, candidate: Candidate = USUAL) -> Played:
    """Of the hand-made one, on the machine of the plan."""
    return next(p for p in view.played if replace(p.candidate, machine=candidate.machine) == candidate)


def commanded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *options: str
) -> dict[str, Any]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert main(["replay", *options, "--bill-from", "in-service", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def agrees(view: PlanView, one: Played, told: dict[str, Any]) -> None:
    """The page's figures are the command's: of the only way in which requests come, or the median and the range."""
    month = 730 / ((view.last - view.first).total_seconds() / 3600)
    assert len(one.kept) == told.get("expansions", 1)
    for spread, key, factor in (
        (one.p95_s, "p95_wait_s", 1),
        (one.max_s, "max_wait_s", 1),
        (one.mean_s, "mean_wait_s", 1),
        (one.cold_starts_month, "cold_starts", month),
        (one.launches_month, "launches", month),
        (one.peak_instances, "peak_instances", 1),
        (one.hours_month, "instance_hours", month),
    ):
        values = [value / factor for value in sorted(spread.values)]
        assert values[(len(values) - 1) // 2] == pytest.approx(told[key], rel=1e-6, abs=1e-5), key
        if key in told.get("range", {}):
            assert [values[0], values[-1]] == pytest.approx(told["range"][key], rel=1e-6, abs=1e-5), key
    assert set(one.never.values) == {0}


def test_a_file_comes_to_what_the_command_says(
    nowhere: Console, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "arrivals.csv").write_bytes(rows())
    given = Given(concurrency=2, provision="180", price="1.5", instance_type="ml.g5.xlarge")
    view = nowhere.plan(asked(FileTraffic(files.keep(rows()), "arrivals.csv", given=given)))
    told = commanded(
        capsys, monkeypatch, "--arrivals", str(tmp_path / "arrivals.csv"), "--concurrency", "2",
        "--provision-s", "180", "--price", "1.5",
    )  # fmt: skip
    one = own(view)
    agrees(view, one, told)
    assert view.requests == told["requests"] == 400
    assert one.usd_month is not None
    hours = (view.last - view.first).total_seconds() / 3600
    assert float(one.usd_month.mid) == pytest.approx(told["cost_usd"] * 730 / hours, rel=1e-5)
    assert view.price is not None
    assert (view.price.usd_per_hour, view.price.source) == (Decimal("1.5"), "as typed")
    assert view.today is None
    assert view.ref.name == ""
    file = json.loads(as_json(view))
    assert file["endpoint"] is None
    assert "file=" in file["traffic"]
    assert "arrivals.csv" in file["basis"]
    assert "# traffic: the file arrivals.csv (" in as_csv(view)
    assert view.advice.savings == ()


def test_a_file_that_grows_comes_to_what_the_command_says(
    nowhere: Console, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = rows(service=False)
    (tmp_path / "arrivals.csv").write_bytes(body)
    given = Given("lognormal:21,0.35")
    view = nowhere.plan(asked(FileTraffic(files.keep(body), given=given), growth=2.0))
    told = commanded(
        capsys, monkeypatch, "--arrivals", str(tmp_path / "arrivals.csv"), "--service", "lognormal:21,0.35",
        "--growth", "2",
    )  # fmt: skip
    agrees(view, own(view), told)


def test_rates_come_to_what_the_command_says(
    nowhere: Console, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "mon-fri 08-18 20/h Europe/Berlin; else 2/h"
    source = SyntheticTraffic(text, ("2,20,60",), 3, 7, Given("31.6"))
    view = nowhere.plan(asked(source, growth=1.5))
    told = commanded(
        capsys, monkeypatch, "--synthetic", text, "--bursts", "2,20,60", "--days", "3", "--seed", "7",
        "--service-s", "31.6", "--growth", "1.5",
    )  # fmt: skip
    agrees(view, own(view), told)
    assert view.first.astimezone().date().isoformat() <= MONDAY.isoformat()
    assert any("seed 7" in note for note in view.notes)
    assert any("assumed" in note and "at once" in note for note in view.notes)
    assert "Not tested against what happened" in view.trust
    assert view.advice.sure[0].startswith("Estimates: ")
    assert "synthetic traffic, 1.5 times as many as are given" in view.advice.sure[0]
    assert not any("baselines" in each for each in view.advice.sure)
    assert any(f"{view.requests:,.0f}" in each for each in view.advice.sure)


def test_with_an_endpoint_its_measured_values_are_the_default_and_its_policy_is_todays(
    console: Console,
) -> None:
    source = FileTraffic(files.keep(rows(service=False)), "a.csv")
    view = console.plan(asked(source, NAME))
    assert view.today == 0
    assert view.played[0].candidate.high == 3
    assert view.played[0].candidate.machine.concurrency == 2
    assert any(note.startswith("A request takes") and f"measured of {NAME}" in note for note in view.notes)
    assert view.ref.name == NAME
    typed = replace(source, given=Given("7", 3, "60"))
    other = console.plan(asked(typed, NAME))
    assert other.played[0].candidate.machine.concurrency == 3
    assert "A request takes 7.0 s on average (as typed)." in other.notes
    assert "A new instance takes 60 s (as typed)." in other.notes


def test_one_candidate_in_detail_is_over_the_same_traffic(nowhere: Console) -> None:
    query = asked(FileTraffic(files.keep(rows())))
    view = nowhere.plan(query)
    chosen = own(view).candidate
    course = nowhere.course(query, chosen)
    assert course.played.p95_s == own(view).p95_s
    assert len(course.waits_s) == 400
    assert course.first.date().isoformat() == "2026-11-23"


def test_seconds_from_somewhere_have_no_hours(nowhere: Console) -> None:
    body = b"seconds\n" + b"\n".join(b"%d" % (n * 700) for n in range(200))
    source = FileTraffic(files.keep(body), given=Given("20"))
    view = nowhere.plan(asked(source))
    assert not any(p.candidate.warm for p in view.played)
    assert any("The file counts seconds from somewhere." in note for note in view.notes)
    for more in ({"promise": "p95<=2min mon-fri 08-18"}, {"space": ranges({"warm": "yes"})}):
        with pytest.raises(BadInput, match="these arrivals are seconds from somewhere"):
            nowhere.plan(replace(asked(source), **more))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (SyntheticTraffic("120 bananas", given=Given("5")), "has no rate"),
        (SyntheticTraffic("120/h", ("4,25",), given=Given("5")), "is no burst"),
        (SyntheticTraffic("120/h"), "Nothing tells how long a request takes"),
        (SyntheticTraffic("120/h", days=4000, given=Given("5")), "4000 days are more"),
        (SyntheticTraffic("2000/s", given=Given("5")), "up to 1,000,000 are searched"),
        (SyntheticTraffic("120/h", given=Given("soon")), "is no processing time"),
        (SyntheticTraffic("120/h", given=Given("5", provision="-1")), "is no provisioning time"),
        (SyntheticTraffic("120/h", given=Given("5", price="cheap")), "'cheap' is no price"),
        (FileTraffic("0" * 32, given=Given("5")), "is not here"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_way_out(nowhere: Console, source: Source, said: str) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        nowhere.plan(asked(source))
    assert refused.value.hint


def test_dates_that_are_decades_apart_are_refused(nowhere: Console) -> None:
    body = b"timestamp\n1970-01-01T00:00:00Z\n2026-11-23T08:00:00Z\n"
    with pytest.raises(BadInput, match="The arrivals span 20,780 days"):
        nowhere.plan(asked(FileTraffic(files.keep(body), given=Given("5"))))


def test_errors_of_a_file_name_its_lines_and_what_the_page_calls_its_fields(nowhere: Console) -> None:
    bad = files.keep(b"timestamp\n2026-11-23T08:00:00Z\nsoon\n")
    with pytest.raises(BadInput, match="line 3: 'soon' is no time"):
        nowhere.plan(asked(FileTraffic(bad, given=Given("5"))))
    ends = files.keep(b"id,done\n1,2026-11-23T08:00:00Z\n")
    with pytest.raises(BadInput) as refused:
        nowhere.plan(asked(FileTraffic(ends, end_column="done")))
    assert "--" not in refused.value.hint
    assert "Choose the column of processing times, or type what a request takes." in refused.value.hint


def test_an_endpoint_that_is_not_there_is_said_and_without_any_traffic_too(nowhere: Console) -> None:
    with pytest.raises(UnknownEndpoint):
        nowhere.plan(asked(SyntheticTraffic("60/h", given=Given("5")), "gone"))
    with pytest.raises(BadInput, match="no traffic to replay"):
        nowhere.plan(PlanQuery("", SLOW))


def test_a_scenario_is_saved_with_its_file_and_brings_it_back(nowhere: Console) -> None:
    body = rows(64)
    source = FileTraffic(files.keep(body), "week.csv")
    kept = nowhere.save_scenario(SavedScenario("", "week", "", USUAL, SLOW, as_link(source), ANNA.name), ANNA)
    stored = nowhere.records().scenarios()
    assert stored.arrivals(source.digest) == body
    for n in range(9):  # others push it out of this process
        files.keep(b"timestamp\n%d\n" % n)
    assert source.digest not in files
    assert nowhere.bring_arrivals(source.digest)
    assert nowhere.plan(asked(source)).requests == 64
    assert not nowhere.bring_arrivals("f" * 32)
    nowhere.delete_scenario(kept.id, ANNA)
    assert stored.arrivals(source.digest) is None


def test_a_type_without_a_price_is_said_and_a_hand_made_one_on_it_is_searched_all_the_same(
    nowhere: Console,
) -> None:
    source = SyntheticTraffic("20/h", days=1, given=Given("5", instance_type="ml.none.large"))
    first = nowhere.plan(asked(source))
    assert [p.what for p in first.problems] == [
        "No list price of ml.none.large is known here, so cost is in instance-hours."
    ]
    made = replace(own(first).candidate, high=2)
    view = nowhere.plan(replace(asked(source), own=(made,), machines=(made.machine,)))
    assert made in [p.candidate for p in view.played]
    assert view.left_out == ()


def test_no_more_files_are_kept_than_there_is_room_for(nowhere: Console) -> None:
    def save(n: int) -> SavedScenario:
        source = FileTraffic(files.keep(b"timestamp\n%d\n" % n), given=Given("5"))
        return nowhere.save_scenario(SavedScenario("", f"no {n}", "", USUAL, SLOW, as_link(source)), ANNA)

    kept = [save(n) for n in range(MOST_FILES)]
    with pytest.raises(BadInput, match="20 files of arrivals are kept"):
        save(MOST_FILES)
    nowhere.delete_scenario(kept[0].id, ANNA)
    save(MOST_FILES)

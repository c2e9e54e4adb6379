"""Savings of more accounts and regions: read beside the console's own, and on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops import which_aws
from ops.__main__ import main
from ops.aws import profiles
from ops.config import Settings
from ops.console import Console
from ops.core.errors import BadInput, UnknownEndpoint
from ops.core.periods import last_days
from ops.core.places import Place, PlaceChoice
from ops.core.views_savings import SavingsQuery, SavingsView
from ops.places_given import PlaceGiven
from ops.savings_places import KEEP_FAILURE_S, KEEP_S, SavingsPlaces
from ops.savings_sources import Lead, PlaceLead, named
from tests.living import Hand, error
from tests.small_worlds import NAME
from tests.two_worlds import HERE, THERE, Two, two

SOON_S = 60.0


@pytest.fixture(scope="module")
def both() -> Iterator[Two]:
    with two(1.0) as found:
        yield found


@pytest.fixture(scope="module")
def own(both: Two) -> Iterator[Console]:
    """The console itself, which has read its own AWS."""
    with Console.open(Settings(endpoint_url=both.url)) as console:
        console.find_savings(SavingsQuery(last_days(1, console.fleet().as_of)))
        yield console


@pytest.fixture(autouse=True)
def configured(both: Two, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(both.profiles(tmp_path / "config")))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    yield
    both.gate.shut.clear()


class Desk:
    """The places beside a console, with a clock moved by the test."""

    def __init__(self, own: Console, *names: str) -> None:
        self.hand = Hand()
        self.console = own
        self.query = SavingsQuery(last_days(1, own.fleet().as_of))
        self.opened = 0

        def open_beside(lead: Lead) -> Console:
            self.opened += 1
            return Console(lead.where())

        self.places = SavingsPlaces(
            [named(name) for name in names], open_beside, lambda: self.console, self.hand
        )

    def view(self, query: SavingsQuery | None = None) -> SavingsView:
        return self.places.together(self.console, query or self.query)

    def settled(self, query: SavingsQuery | None = None) -> SavingsView:
        """Once the background is done with what this question starts."""
        self.view(query)
        assert self.places.quiet(SOON_S)
        return self.view(query)

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self.places.close()


def test_a_place_is_awaited_then_added_and_one_that_is_there_twice_counts_once(own: Console) -> None:
    with Desk(own, "eu", "again") as desk:
        first = desk.view()
        assert first.awaited_places == ("profile eu (eu-west-1)", "profile again (us-east-1)")
        assert first.total.usd == desk.console.savings(desk.query).total.usd
        assert not first.total.final
        found = desk.settled()
        assert found.places == (Place(*HERE), Place(*THERE))
        assert (found.awaited_places, found.missing_places, found.problems) == ((), (), ())
        assert [(row.name, row.place) for row in found.rows] == [(NAME, Place(*HERE)), (NAME, Place(*THERE))]
        assert found.total.usd == sum(row.usd or 0 for row in found.rows)
        assert found.place_notes == (
            "Profile again leads to us-east-1 of 123456789012 like the console itself: it counts once.",
        )
        assert {price.region for price in found.prices} == {HERE[1], THERE[1]}
        assert desk.places.names() == (NAME,)


def test_it_is_read_once_for_all_who_ask_and_kept_for_minutes(own: Console, both: Two) -> None:
    with Desk(own, "eu") as desk:
        desk.settled()
        passed = both.gate.passed
        desk.settled(SavingsQuery(desk.query.period, names=(NAME,), tags=(("team", "x"),)))
        desk.hand.at += KEEP_S - 1
        desk.settled()
        assert (desk.opened, both.gate.passed) == (1, passed)
        desk.hand.at += 1
        desk.settled()
        assert desk.opened == 1
        assert both.gate.passed > passed


def test_one_that_fails_is_stated_and_not_zero_and_comes_back_by_itself(own: Console, both: Two) -> None:
    both.gate.shut["*"] = error("ExpiredToken")
    with Desk(own, "eu", "dark", "nobody") as desk:
        found = desk.settled()
        assert found.total.usd == own.savings(desk.query).total.usd
        assert found.missing_places == (
            "profile eu (eu-west-1)",
            "us-east-2 of 333333333333",
            "profile nobody",
        )
        told = {problem.part: f"{problem.what} {problem.hint}" for problem in found.problems}
        assert told["savings of profile eu (eu-west-1)"].startswith("The AWS credentials have expired.")
        assert told["savings of us-east-2 of 333333333333"].startswith(
            "http://127.0.0.1:9 cannot be reached."
        )
        assert told["savings of profile nobody"].startswith("There is no AWS profile named nobody.")
        assert all(text.endswith("Its endpoints are missing from all sums.") for text in told.values())
        both.gate.shut.clear()
        desk.hand.at += KEEP_FAILURE_S - 1
        assert "profile eu (eu-west-1)" in desk.settled().missing_places, "not asked again so soon"
        desk.hand.at += 1
        assert Place(*THERE) in desk.settled().places


def test_what_was_read_stays_while_it_cannot_be_read_anew_and_says_so(own: Console, both: Two) -> None:
    with Desk(own, "eu") as desk:
        whole = desk.settled()
        both.gate.shut["*"] = error("ExpiredToken")
        desk.hand.at += KEEP_S
        found = desk.settled()
        assert found.total.usd == whole.total.usd
        (problem,) = found.problems
        assert problem.what.startswith("eu-west-1 of 222222222222: The numbers are older")


def test_a_choice_of_places_leaves_out_the_others(own: Console) -> None:
    with Desk(own, "eu") as desk:
        desk.settled()
        there = SavingsQuery(desk.query.period, places=PlaceChoice((THERE[0],)))
        found = desk.settled(there)
        assert (found.query, found.connection.account, found.connection.region) == (there, *THERE)
        assert [row.key for row in found.rows] == [NAME]
        assert found.known_places == (Place(*HERE), Place(*THERE))
        here = desk.view(SavingsQuery(desk.query.period, places=PlaceChoice((), (HERE[1],))))
        assert here.connection.account == HERE[0]
        assert desk.view(SavingsQuery(desk.query.period, places=PlaceChoice(("9",)))).empty


def test_an_endpoint_that_one_place_has_is_enough(own: Console) -> None:
    with Desk(own, "eu") as desk:
        desk.settled()
        named = desk.settled(SavingsQuery(desk.query.period, names=(NAME,)))
        assert len(named.rows) == 2
        with pytest.raises(UnknownEndpoint):
            desk.settled(SavingsQuery(desk.query.period, names=("nope",)))


def test_simulated_and_real_money_are_never_added(own: Console, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[profile real]\nregion = eu-west-1\nsso_account_id = 222222222222\n")
    with Desk(own, "real") as desk:
        found = desk.settled()
        assert desk.opened == 0
        assert found.missing_places == ("eu-west-1 of 222222222222",)
        assert found.problems[0].what == "It is the real AWS, and this console shows the simulated one."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no AWS profile named one"),
        ("[profile one]\noutput = json\n", "The AWS profile one names no region."),
        ("[profile one\n", "cannot be read"),
    ],
)
def test_a_profile_that_makes_no_sense_says_why(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "config").write_text(text)
    with pytest.raises(BadInput, match=says):
        profiles.read("one")


def test_a_profile_tells_region_account_and_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(
        "[profile role]\nregion = eu-west-1\nrole_arn = arn:aws:iam::444444444444:role/ebb\nsource_profile = x\n"
    )
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4600")
    found = profiles.read("role")
    assert (found.region, found.account, found.endpoint_url) == ("eu-west-1", "444444444444", None)
    where = found.where()
    assert (where.kind, where.profile, where.writable, where.own_endpoints) == ("aws", "role", False, True)


# -- the command line


@pytest.fixture
def at(both: Two, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", both.url)
    monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("EBB_SAVINGS_PROFILES", "eu, dark")
    monkeypatch.delenv("EBB_MODE", raising=False)


@pytest.mark.usefixtures("at")
def test_the_command_counts_every_place_and_rows_say_which(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["savings", "--days", "1", "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert {(r["name"], r["account"], r["region"]) for r in found["endpoints"]} == {
        (NAME, *HERE),
        (NAME, *THERE),
    }
    assert found["total"]["actual_usd"] == pytest.approx(
        sum(r["actual_usd"] for r in found["endpoints"]), abs=1e-3
    )
    assert found["places_missing"] == ["us-east-2 of 333333333333"]
    assert found["total"]["final"] is False
    assert f"{NAME} in profile eu (eu-west-1)" in err


@pytest.mark.usefixtures("at")
def test_the_command_takes_accounts_and_regions_and_refuses_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["savings", "--days", "1", "--account", THERE[0], "--region", THERE[1], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(r["account"], r["region"]) for r in found["endpoints"]] == [THERE]
    assert (found["account"], found["places_missing"]) == (THERE[0], [])
    assert main(["savings", "--region", "eu-west-9"]) == 2
    err = capsys.readouterr().err
    assert "Ebb knows no region eu-west-9." in err
    assert "us-east-1 of 123456789012" in err
    assert "profile eu (eu-west-1)" in err
    assert main(["savings", "--account", "999999999999"]) == 2
    err = capsys.readouterr().err
    assert "Ebb knows no account 999999999999." in err
    for account, region in (HERE, THERE):
        assert f"{region} of {account}" in err


def test_the_places_of_a_console_are_counted_together_and_one_alone_where_it_is_named(
    both: Two, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "places.toml"
    file.write_text(
        f"[[place]]\nname = 'here'\nendpoint_url = '{both.url}'\nregion = '{HERE[1]}'\n"
        f"[[place]]\nname = 'there'\nendpoint_url = '{both.beside}'\nregion = '{THERE[1]}'\n"
        "[[place]]\nname = 'dark'\nendpoint_url = 'http://127.0.0.1:9'\nregion = 'us-east-2'\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("EBB_PLACES", str(file))
    monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path / "state"))
    assert main(["savings", "--days", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {(r["account"], r["region"]) for r in found["endpoints"]} == {HERE, THERE}
    assert found["places_missing"] == ["place dark (us-east-2)"]
    assert not any("counts once" in note for note in found["place_notes"])
    assert main(["savings", "--days", "1", "--json", "--place", "there"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {(r["account"], r["region"]) for r in found["endpoints"]} == {THERE}
    assert found["places_missing"] == []


def test_a_place_that_is_read_anyway_is_asked_through_its_own_console(both: Two) -> None:
    here = Settings(endpoint_url=both.url)
    given = PlaceGiven("there", THERE[1], endpoint_url=both.beside)
    with Console.open(here) as own, Console(which_aws.at_place(here, given)) as beside:
        own.find_savings(SavingsQuery(last_days(1, own.fleet().as_of)))
        query = SavingsQuery(last_days(1, own.fleet().as_of))

        def never(lead: Lead) -> Console:
            raise AssertionError("a second console of the same place")

        def asked(present: Console | None) -> SavingsView:
            lead = PlaceLead(here, given, THERE[1])
            with SavingsPlaces([(lead, None)], never, lambda: own, present=lambda name: present) as places:
                found = places.now(own, query, lambda name, done, of: None)
                assert places.usage(None) is None
            return found

        assert asked(None).missing_places == ("place there (eu-west-1)",)
        found = asked(beside)
        assert set(found.of_places) == {Place(*HERE), Place(*THERE)}
        assert found.missing_places == ()
        assert beside.names()  # it was not closed

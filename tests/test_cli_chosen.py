"""A change on the command line with several places: each plan says for which it is, and none is changed by a guess."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main
from tests.small_worlds import NAME
from tests.two_worlds import HERE, THERE, Two, two

Out = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def both() -> Iterator[Two]:
    with two(0.5) as found:
        yield found


@pytest.fixture(autouse=True)
def places(both: Two, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / "places.toml"
    file.write_text(
        f"[[place]]\nname = 'here'\nendpoint_url = '{both.url}'\nregion = '{HERE[1]}'\n"
        f"[[place]]\nname = 'there'\nendpoint_url = '{both.beside}'\nregion = '{THERE[1]}'\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("EBB_PLACES", str(file))
    monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path / "state"))
    for name in ("AWS_ENDPOINT_URL", "EBB_MODE", "EBB_PLACE", "EBB_ROLE"):
        monkeypatch.delenv(name, raising=False)
    return file


def said(capsys: Out) -> str:
    return " ".join(capsys.readouterr().out.split())


def asked(capsys: Out, *arguments: str) -> Any:
    main([*arguments, "--json"])
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "words",
    [
        ["bounds", NAME, "--max", "4"],
        ["undo", "1234"],
        ["delete", NAME, "--confirm", NAME],
        ["detach", NAME, "--confirm", NAME],
        ["attach", NAME, "--max", "4"],
        ["move", NAME],
        ["warm", NAME, "--for", "2h"],
        ["deploy", "--continue", "1234"],
        ["deploy", "doc", "--model", "m", "--type", "ml.g5.xlarge", "--output", "s3://results/out/"],
    ],
)
def test_where_to_write_is_never_guessed(words: list[str], capsys: Out) -> None:
    assert main([*words, "--yes"]) == 2
    told = capsys.readouterr()
    assert "several places: here and there" in told.err
    assert "Name the place: --place NAME, or set EBB_PLACE. Nothing was changed." in told.err
    assert told.out == ""
    assert asked(capsys, "bounds", NAME)["max"] == 3


def test_a_plan_says_for_which_place_it_is_and_so_do_the_commands_to_go_on(
    capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, (account, region) in (("here", HERE), ("there", THERE)):
        head = f"Account {account}, region {region}, place {place}."
        assert main(["bounds", NAME, "--max", "4", *(["--place", place] if place == "there" else [])]) == 0
        shown = said(capsys)
        assert head in shown.partition(" - Bounds")[0]
        assert f"repeat the command with --yes --place {place}." in shown
        document = asked(capsys, "bounds", NAME, "--max", "4", "--place", place)
        for part in (document, document["plan"]):
            assert (part["place"], part["account"], part["region"]) == (place, account, region)
    repeated = ["bounds", NAME, "--max", "4", "--place", "there", "--yes", "--place", "there"]
    assert main(repeated) == 0
    shown = said(capsys)
    done = shown.partition("Done, and read back.")[2]
    assert f"Account {THERE[0]}, region {THERE[1]}, place there. In the journal as" in done
    command = done.partition("To take it back: python -m ops ")[2].split()
    assert command[0] == "undo"
    assert command[2:] == ["--place", "there"]
    assert asked(capsys, "bounds", NAME, "--place", "there")["max"] == 4
    assert asked(capsys, "bounds", NAME)["max"] == 3
    monkeypatch.setenv("EBB_PLACE", "there")
    assert main([*command[:2], "--yes"]) == 0
    capsys.readouterr()
    assert asked(capsys, "bounds", NAME)["max"] == 3


def test_one_place_or_none_is_no_choice(
    both: Two, places: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.write_text(places.read_text(encoding="utf-8").rpartition("[[place]]")[0], encoding="utf-8")
    for _ in range(2):
        assert main(["bounds", NAME, "--max", "5"]) == 0
        shown = said(capsys)
        assert f"Account {HERE[0]}, region {HERE[1]}." in shown
        assert "repeat the command with --yes." in shown
        assert asked(capsys, "bounds", NAME, "--max", "5")["place"] is None
        monkeypatch.delenv("EBB_PLACES", raising=False)
        monkeypatch.setenv("AWS_ENDPOINT_URL", both.url)
    assert main(["bounds", NAME, "--max", "5", "--yes"]) == 0
    assert "--place" not in said(capsys)

"""`ops places` and `--place`: every account and region on the command line, and commands that ask one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from ops.__main__ import main
from ops.config import Settings
from tests.living import error
from tests.roles import make, trusting
from tests.two_worlds import HERE, THERE, Two, two

DENIED = error("AccessDeniedException", "not authorized to perform: sagemaker:ListEndpoints", 403)


@pytest.fixture(scope="module")
def both() -> Iterator[Two]:
    with two(0.5) as found:
        iam = boto3.client(
            "iam",
            endpoint_url=found.beside,
            region_name=THERE[1],
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )
        make(iam, trusting(THERE[0], "ebb-1234"))
        yield found


@pytest.fixture(autouse=True)
def places(both: Two, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The file of places."""
    file = tmp_path / "places.toml"
    file.write_text(
        f"[[place]]\nname = 'here'\nendpoint_url = '{both.url}'\nregion = '{HERE[1]}'\n"
        f"[[place]]\nname = 'there'\nendpoint_url = '{both.beside}'\nregion = '{THERE[1]}'\n"
        "role_arn = 'arn:aws:iam::222222222222:role/ebb'\nexternal_id = 'ebb-1234'\nwrite = false\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("EBB_PLACES", str(file))
    monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path / "state"))
    for name in ("AWS_ENDPOINT_URL", "EBB_MODE", "EBB_PLACE"):
        monkeypatch.delenv(name, raising=False)
    yield file
    both.gate.shut.clear()


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_a_command_asks_the_first_or_the_one_that_is_named_wherever_that_stands(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for words, (account, region) in (
        (["fleet", "--json"], HERE),
        (["--place", "there", "fleet", "--json"], THERE),
        (["fleet", "--json", "--place=there"], THERE),
    ):
        main(words)
        connection = told(capsys)["connection"]
        assert isinstance(connection, dict)
        assert (connection["account"], connection["region"]) == (account, region)
    monkeypatch.setenv("EBB_PLACE", "there")
    main(["fleet", "--json"])
    assert THERE[0] in capsys.readouterr().out
    main(["fleet", "--place", "here"])
    assert HERE[0] in capsys.readouterr().out
    assert Settings.load().place == "there"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fleet", "--place", "ther"], "no place named 'ther'. Did you mean there?"),
        (["fleet", "--place"], "--place names no place"),
        (["fleet", "--place", "--json"], "--place names no place"),
        (["--place", "here", "fleet", "--place", "there"], "given more than once"),
    ],
)
def test_a_place_that_makes_no_sense_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert said in capsys.readouterr().err
    assert main([*words, "--json"] if words[-1] != "--place" else ["--json", *words]) == 2
    assert told(capsys)["error"]


def test_all_of_them_at_once_and_one_that_is_denied_hides_no_other(
    both: Two, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["places", "--json"]) in (0, 1)
    found = told(capsys)
    assert isinstance(found["places"], list)
    assert [(p["name"], p["connection"]["account"], p["connection"]["region"]) for p in found["places"]] == [
        ("here", *HERE),
        ("there", *THERE),
    ]
    assert found["places"][1]["connection"]["caller"].endswith(":assumed-role/ebb/ebb")
    assert "ebb-1234" not in json.dumps(found)
    both.gate.shut["ListEndpoints"] = DENIED
    assert main(["places", "--json"]) == 2
    here, there = told(capsys)["places"]  # type: ignore[misc]
    assert (here["error"], here["endpoints"]) == (None, 1)
    assert there["error"]["action"] == "sagemaker:ListEndpoints"
    assert there["endpoints"] is None
    assert main(["places"]) == 2
    text = capsys.readouterr().out
    assert text.startswith(("there needs you; 1 is fine.", "here and there need you"))
    assert "Allow the IAM action sagemaker:ListEndpoints." in " ".join(text.split())
    assert "role ebb of 222222222222" in text


def test_a_wrong_external_id_is_told_by_the_role_and_hides_no_other_place(
    places: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places.write_text(places.read_text(encoding="utf-8").replace("ebb-1234", "ebb-9999"), encoding="utf-8")
    assert main(["places", "--json"]) == 2
    here, there = told(capsys)["places"]  # type: ignore[misc]
    assert (here["error"], there["error"]["action"]) == (None, "sts:AssumeRole")
    assert "arn:aws:iam::222222222222:role/ebb" in there["error"]["what"]
    assert "external id" in there["error"]["hint"]


def test_what_is_read_only_there_is_changeable_here(capsys: pytest.CaptureFixture[str]) -> None:
    main(["places", "--json"])
    here, there = told(capsys)["places"]  # type: ignore[misc]
    assert (here["connection"]["writable"], there["connection"]["writable"]) == (True, False)


def test_without_any_it_says_how_to_name_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("EBB_PLACES")
    assert main(["places"]) == 2
    assert "EBB_PLACES names no places. Set it (docs/places.md)" in capsys.readouterr().err

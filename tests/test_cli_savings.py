"""`python -m ops savings` on a small embedded AWS: the keys of the issue, files, refusals, and what a person reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.__main__ import main
from ops.cli_savings import Progress, split
from ops.core.errors import BadInput
from ops.core.savings_files import KEYS
from tests.small_worlds import NAME, small


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with small(3.0) as (server, _):
        yield server.url


@pytest.fixture
def at(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("EBB_MODE", raising=False)
    return tmp_path


def test_json_is_one_document_with_every_key(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["savings", "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert [each["name"] for each in found["endpoints"]] == [NAME]
    assert all(set(KEYS) <= set(each) for each in (*found["endpoints"], found["total"]))
    doc = found["endpoints"][0]
    assert 0 < doc["actual_usd"] < doc["baseline_usd"]
    assert doc["saved_usd"] == pytest.approx(doc["baseline_usd"] - doc["actual_usd"], abs=2e-4)
    assert doc["saved_ratio"] == pytest.approx(doc["saved_usd"] / doc["baseline_usd"], abs=1e-4)
    assert (doc["basis"], doc["currency"], found["baseline"]) == ("estimated", "USD", "peak")
    assert doc["baseline_formula"].startswith("p99 of ")
    assert doc["coverage"] > 0.99
    assert f"Reading endpoint 1 of 1: {NAME}" in err


def test_text_is_a_sentence_then_a_table_then_how_it_was_counted(
    at: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["savings", NAME, "--days", "2", "--baseline", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    assert " ".join(lines[:2]).startswith(f"{NAME} cost about $")
    assert "always on at 3 instances it would have cost about $" in " ".join(lines)
    table = next(i for i, line in enumerate(lines) if line.startswith("endpoint"))
    assert lines[table + 1].endswith("3 instances")
    assert any(line.startswith("formula: 3 instances in every known minute") for line in lines[table:])
    assert any(
        line.startswith("price: ml.g5.xlarge $1.4084 an hour: AWS Price List") for line in lines[table:]
    )


def test_csv_has_a_line_for_each_and_the_total(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["savings", "--csv", "--month", "2026-10", "--zone", "Europe/Berlin"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == ",".join(KEYS)
    assert [line.split(",")[0] for line in lines[1:]] == [NAME, "total"]
    assert ",2026-09-30T22:00:00+00:00," in lines[1]


def test_files_by_their_endings_and_nothing_is_replaced_silently(
    at: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [at / "saved.csv", at / "saved.html", at / "saved.JSON"]
    command = ["savings", NAME, "--export", *map(str, files)]
    assert main(command) == 0
    err = capsys.readouterr().err
    for file in files:
        assert f"Written: {file}" in err
    assert files[0].read_text().startswith("# what: savings of scale-to-zero by day and endpoint\n")
    assert files[1].read_text().startswith("<!DOCTYPE html>")
    assert json.loads(files[2].read_text())["endpoints"][0]["name"] == NAME
    files[0].write_text("mine")
    assert main(command) == 2
    assert "is there already, and stays as it is. Add --force to replace it." in capsys.readouterr().err
    assert files[0].read_text() == "mine"
    assert main([*command, "--force"]) == 0
    assert files[0].read_text() != "mine"
    assert sorted(p.name for p in at.iterdir() if p.is_file()) == sorted(p.name for p in files)


def test_each_export_option_adds_a_file(at: Path) -> None:
    assert main(["savings", "--export", str(at / "a.csv"), "--export", str(at / "b.html"), "--json"]) == 0
    assert (at / "a.csv").exists()
    assert (at / "b.html").exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["--export", "saved.pdf"], "'saved.pdf' has no ending that Ebb can write."),
        (["--export", "/no/such/folder/saved.csv"], "There is no folder '/no/such/folder'."),
        (["--baseline", "cheap"], "'cheap' is not a baseline."),
        (["--basis", "guessed"], "'guessed' is not a basis."),
        (["--month", "2027-01"], "2027-01 has not begun."),
        (["--month", "10/2026"], "'10/2026' is not a month."),
        (["--month", "2026-10", "--days", "3"], "A month and a number of days cannot both be the period."),
        (["--days", "0"], "A period of 0 days is not possible."),
        (["--zone", "Nowhere"], "'Nowhere' is not a time zone."),
        (["--tag", "team"], "'team' is not a tag."),
        (["a", "b"], "Give one endpoint, or none for all."),
        (["doc.csv"], "'doc.csv' is not the name of an endpoint."),
        (["dok"], "There is no endpoint named 'dok'"),
        (["--json", "--csv"], "stdout cannot be both JSON and CSV."),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    at: Path, capsys: pytest.CaptureFixture[str], typed: list[str], said: str
) -> None:
    assert main(["savings", *typed]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_a_bill_where_none_may_be_asked_for_is_refused_with_what_to_set(
    at: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EBB_COST_EXPLORER", "0")
    assert main(["savings", "--basis", "billed", "--json"]) == 2
    out, err = capsys.readouterr()
    assert "Set EBB_BILL_EXPORT or EBB_BILL_TABLE, or unset EBB_COST_EXPLORER." in err
    assert "Reading endpoint" not in err, "it is refused before anything is read"
    assert json.loads(out)["error"]["what"].startswith("No bill is set")


def test_names_and_files_cannot_be_mixed_up() -> None:
    assert split(["doc", "a.html"], ["b.csv"]) == ("doc", ["b.csv", "a.html"])
    assert split(["out/a"], ["b.csv"]) == (None, ["b.csv", "out/a"])
    assert split([], []) == (None, [])
    with pytest.raises(BadInput):
        split(["a.html"], [])


def test_progress_of_many_endpoints_is_some_lines_where_no_terminal_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tell = Progress()
    for n in range(200):
        tell(f"doc-{n}", n, 200)
    tell.done()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[0] == "Reading endpoint 1 of 200: doc-0"

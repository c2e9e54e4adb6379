"""`python -m ops bill`: words for people, one document for scripts, exit codes. No AWS is needed."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from ops.__main__ import main
from tests.billing import exports
from tests.billing.exports import COST, HOURS, TOTAL, account_bill

D = Decimal


def test_a_bill_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = exports.cur2_parquet(tmp_path / "november.parquet", account_bill())
    assert main(["bill", str(path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("november.parquet · CUR 2.0 · 28 lines · 2026-11-03 to 2026-11-04 · USD\n")
    assert "Hosting: 10.500 hours, USD 9.49; at effective rates USD 9.33" in out
    assert "ml.g5.xlarge  asynchronous  6.000  8.45" in out
    assert "ml.m5.xlarge  real-time     4.500  1.0" in out
    assert "doc-async  asynchronous  6.000  8.45" in out
    assert "chat       real-time     4.500  1.0" in out
    assert "left out: HyperPod clusters" in out
    table = out[out.index("what ") :].split("\n\n")[0].splitlines()[1:]
    amounts = [D(line.rsplit(maxsplit=1)[1].replace(",", "")) for line in table]
    assert sum(amounts[:-1]) == amounts[-1] == TOTAL.quantize(D("0.01"))


def test_a_bill_as_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = exports.legacy_csv(tmp_path / "november.csv.gz", account_bill())
    assert main(["bill", str(path), "--format", "cur", "--json"]) == 0
    said = json.loads(capsys.readouterr().out, parse_float=Decimal)
    assert (said["file_total"], said["currency"], said["check_difference"]) == (TOTAL, "USD", 0)
    assert (said["hosting_hours"], said["hosting_cost"]) == (HOURS, COST)
    assert (said["storage_cost"], said["data_cost"]) == (D("0.03"), D("0.024"))
    assert {
        "instance_type": "ml.m5.xlarge",
        "hours": D("4.5"),
        "cost": D("1.035"),
        "effective_cost": D("0.875"),
    } in said["by_type"]
    assert {"reason": "tax", "lines": 1, "cost": D("12.3456789012")} in said["excluded"]
    parts = said["hosting_cost"] + said["storage_cost"] + said["data_cost"]
    assert parts + sum(each["cost"] for each in said["excluded"]) == said["file_total"]
    assert [e["endpoint"] for e in said["by_endpoint"]] == ["doc-async", "chat"]


def test_errors_in_words_and_as_a_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = exports.plain(tmp_path / "page.csv", "<html></html>")
    assert main(["bill", str(page), "--json"]) == 2
    got = capsys.readouterr()
    assert "page.csv is a web page" in got.err
    assert json.loads(got.out)["error"]["code"] == "BadInput"
    assert main(["bill"]) == 2
    assert "Missing argument 'files'" in capsys.readouterr().err

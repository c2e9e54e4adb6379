"""`python -m ops`: one JSON document, exit codes, sentences instead of tracebacks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from ops.__main__ import main
from ops.cli_show import endpoint_text
from ops.core.types import Activity, MetricSet, Series
from tests.components.samples import endpoint_view
from tests.living import answering, living


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with living(days=3) as (server, _):
        yield server.url


@pytest.fixture
def at(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.delenv("EBB_MODE", raising=False)
    return url


def test_fleet_json_is_one_document_and_a_finding(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["connection"]["kind"] == "embedded"
    states = {e["name"]: e["state"] for e in document["endpoints"]}
    assert states["ocr-legacy"] == "wake_stuck"
    assert [e["name"] for e in document["realtime"]] == ["layout-detect"]
    assert document["endpoints"][0]["severity"] == "critical"


def test_fleet_text_fits_and_starts_with_trouble(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    assert not any("\x1b" in line for line in lines)
    table = [line for line in lines if "–" in line and line[:1] in "▲!· "]
    assert table[0].startswith("▲")
    assert any("ocr-legacy: Cannot wake" in line for line in lines)


@pytest.mark.parametrize(("name", "code"), [("doc-async", 0), ("ocr-legacy", 1), ("layout-detect", 0)])
def test_endpoint(at: str, capsys: pytest.CaptureFixture[str], name: str, code: int) -> None:
    assert main(["endpoint", name]) == code
    text = capsys.readouterr().out
    assert name in text
    assert max(map(len, text.splitlines())) <= 100
    assert main(["endpoint", name, "--json", "--hours", "12"]) == code
    document = json.loads(capsys.readouterr().out)
    assert document["endpoint"]["name"] == name
    assert {len(s["values"]) for s in document["series"].values()} == {720}


def test_absent_values_are_null_not_zero(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["endpoint", "ocr-legacy", "--json"])
    series = json.loads(capsys.readouterr().out)["series"]
    assert set(series["InvocationsProcessed"]["values"]) == {None}
    assert 1 in series["HasBacklogWithoutCapacity"]["values"]


@pytest.mark.parametrize("hours", ["0", "-3", "1e9", "nan", "inf", "three", "10921"])
def test_bad_hours(at: str, capsys: pytest.CaptureFixture[str], hours: str) -> None:
    assert main(["endpoint", "doc-async", "--hours", hours, "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["what"]
    assert err.strip().endswith((".", ")."))
    assert "Traceback" not in err


def test_unknown_endpoint_offers_the_nearest(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["endpoint", "doc-asinc", "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["nearest"] == ["doc-async"]
    assert "Did you mean doc-async?" in err


def test_an_unknown_name_leads_to_the_list(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["endpoint", "zzz"]) == 2
    assert "See python -m ops fleet for all endpoints." in capsys.readouterr().err


def test_a_fleet_shows_what_expired(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Requests that ran out of time are as lost as those that failed."""
    main(["fleet", "--json"])
    sentences = {e["name"]: e["sentence"] for e in json.loads(capsys.readouterr().out)["endpoints"]}
    assert " expired in the last hour" in sentences["ocr-legacy"]
    main(["fleet"])
    line = next(x for x in capsys.readouterr().out.splitlines() if "ocr-legacy" in x)
    assert re.search(r"0 \+\d+ exp\.$", line)


def test_a_long_range_ends_now_and_dates_both_ends(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["endpoint", "doc-async", "--hours", "9999", "--json"])
    as_of = datetime.fromisoformat(json.loads(capsys.readouterr().out)["as_of"])
    main(["endpoint", "doc-async", "--hours", "9999"])
    said = re.search(r"From \d+ \w+ \d{4} [\d:]+ to (\d+ \w+ \d{4} [\d:]+) UTC", capsys.readouterr().out)
    assert said is not None
    end = datetime.strptime(f"{said[1]} +0000", "%d %b %Y %H:%M %z")
    assert timedelta(minutes=-3) < end - as_of < timedelta(minutes=1)


def test_an_old_newest_value_says_its_time() -> None:
    """Of an endpoint that sleeps, the last value of its busy time is not shown as of now."""
    view = endpoint_view()
    old, now = np.full(view.window.size, np.nan), np.zeros(view.window.size)
    old[5] = 7.0
    series = {
        "InvocationsProcessed": Series("InvocationsProcessed", view.window, old),
        "ApproximateBacklogSize": Series("ApproximateBacklogSize", view.window, now),
    }
    text = endpoint_text(replace(view, metrics=MetricSet(view.window, series)))
    rows = {x.split()[0]: x for x in text.splitlines() if x.strip()}
    assert re.search(r" 7 \([\w ]*\d\d:\d\d\) ", rows["InvocationsProcessed"])
    assert "(" not in rows["ApproximateBacklogSize"]


def test_what_did_not_scale_says_that_nothing_changed() -> None:
    view = endpoint_view()
    why = ("AlreadyAtMinCapacity",)
    refused = Activity("a", view.as_of, view.as_of, "Failed", "Setting…", "alarm", "", None, why)
    text = endpoint_text(replace(view, activities=(refused,)))
    assert "nothing changed: already at the lower bound" in text
    assert "Failed in" not in text


@pytest.mark.parametrize("arguments", [["nope"], ["fleet", "--jsn"], ["endpoint"], ["endpoint", "a", "b"]])
def test_bad_usage(at: str, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main([*arguments, "--json"] if arguments != ["fleet", "--jsn"] else arguments) == 2
    out, err = capsys.readouterr()
    assert "See python -m ops --help." in err
    assert "--json" in arguments or not out or "error" in json.loads(out)


def test_no_arguments_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    for command in ("fleet", "endpoint", "local-aws"):
        assert command in out


def test_empty_account_is_fine(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with living(empty=True) as (server, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        assert main(["fleet"]) == 0
        assert "no endpoints in this account" in capsys.readouterr().out


def test_nobody_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path))
    assert main(["fleet", "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["code"] == "NotRunning"
    assert "python -m ops local-aws" in err


def test_an_address_that_does_not_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(lambda target, body: (200, {}, b"")) as gone:
        pass
    monkeypatch.setenv("AWS_ENDPOINT_URL", gone)
    assert main(["fleet", "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["retryable"] is True
    assert "cannot be reached" in err


def test_local_aws_passes_its_options_through(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["local-aws", "--scenarios"]) == 0
    assert "doc-async" in capsys.readouterr().out


def test_as_a_program(at: str) -> None:
    """A real process: stdout is the document alone, no colour in a pipe."""
    done = subprocess.run(
        [sys.executable, "-m", "ops", "fleet", "--json"],
        capture_output=True,
        text=True,
        env={**os.environ, "AWS_ENDPOINT_URL": at},
        cwd=Path(__file__).parent.parent,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["headline"]
    assert done.stderr == ""


@pytest.mark.parametrize(("name", "code"), [("invoice-parse", 1), ("receipt-scan", 0)])
def test_incident_is_markdown_and_one_document(
    at: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str, code: int
) -> None:
    monkeypatch.setenv("EBB_URL", "https://ebb.example/console")
    assert main(["incident", name]) == code
    text = capsys.readouterr().out
    assert text.startswith(f"# {name}: ")
    assert "## What the doctor finds" in text
    assert main(["incident", name, "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    assert document["name"] == name
    assert document["markdown"].startswith(f"# {name}: ")
    assert document["link"] in document["markdown"]
    assert re.match(
        rf"https://ebb.example/console/endpoint\?endpoint={name}&from=[-0-9T:]+Z&to=[-0-9T:]+Z$",
        document["link"],
    )
    if name == "invoice-parse":
        assert "CUDA out of memory while decoding page" in text
        (deploy,) = [c for c in document["changes"] if c["kind"] == "deploy"]
        assert (deploy["who"], deploy["what"]) == ("jane", "deploy of invoice-parse-12")
    else:
        assert re.search(r"Before that, [-0-9: ]+ UTC: bounds to 1–4 by sam", text)


def test_an_incident_of_nobody_offers_the_nearest(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["incident", "doc-asinc", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["nearest"] == ["doc-async"]


def test_cold_starts_of_one_endpoint(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cold-starts", "doc-async", "--days", "2"]) == 0
    text = capsys.readouterr().out
    assert "cold starts in the last 2 days" in text
    assert "Waits for a first result" in text
    assert max(map(len, text.splitlines())) <= 120
    assert main(["cold-starts", "doc-async", "--days", "2", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["endpoints"] == ["doc-async"]
    first = document["cold_starts"][0]
    assert first["endpoint"] == "doc-async"
    assert {p["kind"] for p in first["phases"]} == {"measured", "bounded"}
    assert all(p["source"] for p in first["phases"])
    assert document["waits"]["count"] == len(document["cold_starts"])


@pytest.mark.parametrize("days", ["0", "-1", "nan", "64", "two"])
def test_bad_days(at: str, capsys: pytest.CaptureFixture[str], days: str) -> None:
    assert main(["cold-starts", "--days", days, "--json"]) == 2
    out, err = capsys.readouterr()
    assert "days" in json.loads(out)["error"]["what"]
    assert "Give a number" in err


def test_cold_starts_of_an_endpoint_that_does_not_exist(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cold-starts", "doc-asinc", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["nearest"] == ["doc-async"]

"""`python -m ops failures` and `logs`: words for people, one document for scripts, exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from ops.__main__ import main
from tests.living import error, gated
from tests.test_failed import Desk


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    found = Desk()
    yield found
    found.console.close()
    found.aws.server.stop()


@pytest.fixture(autouse=True)
def _at(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", desk.aws.server.url)
    monkeypatch.delenv("EBB_MODE", raising=False)


def test_failures_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["failures", "doc", "--hours", "1"]) == 1  # three of three fail: critical
    text = capsys.readouterr().out
    assert text.startswith("doc: 3 of 3 requests failed, the first at ")
    assert "2  model errors (5xx): The container answered with a server error." in text
    assert "1  inputs not read:" in text
    assert "first-1  model error (5xx)" in text
    assert "CUDA out of memory while decoding page" in text


def test_failures_as_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["failures", "doc", "--hours", "1", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert {c: v["total"] for c, v in document["causes"].items() if v["total"]} == {
        "model_5xx": 2,
        "download": 1,
    }
    assert set(document["causes"]["model_4xx"]["values"]) <= {None, 0}
    assert {r["inference_id"] for r in document["requests"]} == {"first-1", "second-2", "missing-3"}
    assert document["searched"]["complete"] is True
    assert document["problems"] == []


def test_denied_logs_leave_the_counts(desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    with gated(desk.aws.server.url) as (url, gate):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        gate.shut["FilterLogEvents"] = error("AccessDeniedException")
        assert main(["failures", "doc", "--hours", "1"]) == 1
        out = capsys.readouterr().out
        assert "3 of 3 requests failed" in out
        assert "Allow the IAM action logs:FilterLogEvents." in out
        assert main(["logs", "doc"]) == 2
        assert "logs:FilterLogEvents" in capsys.readouterr().err


def test_logs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "doc", "--hours", "1", "--search", "first-1"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert "/data-log" in line
    assert "[first-1]" in line
    assert main(["logs", "doc", "--hours", "1", "--search", '[x" -y']) == 0
    assert capsys.readouterr().out == 'No line that holds “[x" -y” in the last 1 h.\n'
    assert main(["logs", "doc", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    times = [line["at"] for line in document["lines"]]
    assert times == sorted(times)
    assert document["log_group"] == "/aws/sagemaker/Endpoints/doc"


def test_hostile_lines_do_nothing_to_a_terminal(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    group = "/aws/sagemaker/Endpoints/doc"
    desk.aws.world.logs.put(group, "AllTraffic/i-0ff", desk.aws.now() - 1, "\x1b]0;owned\x07 needle")
    main(["logs", "doc", "--search", "needle"])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "␛]0;owned␇" in out


@pytest.mark.parametrize("command", ["failures", "logs"])
def test_an_unknown_name_and_bad_hours(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "dok"]) == 2
    assert "Did you mean doc?" in capsys.readouterr().err
    assert main([command, "doc", "--hours", "-1", "--json"]) == 2
    assert "error" in json.loads(capsys.readouterr().out)

"""`inventory`, `delete`, `attach`, `detach` and `move` as somebody types them, on an embedded AWS that hurries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main
from ops.config import Settings
from ops.console import Console
from tests.living import error, gated, hurrying
from tests.test_deploying import ALL, BOSS, WISH, inventory
from tests.test_moving import NEW, real_time

Out = pytest.CaptureFixture[str]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    with hurrying() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path))
        monkeypatch.delenv("EBB_MODE", raising=False)
        monkeypatch.delenv("EBB_ROLE", raising=False)
        yield url


def deployed(url: str, folder: Path) -> None:
    with Console.open(Settings(endpoint_url=url, state_dir=folder)) as console:
        console.apply(console.plan_deploy(WISH), BOSS)


def asked(capsys: Out, *arguments: str) -> tuple[int, Any]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_inventory_then_delete_by_typing_its_name(at: str, capsys: Out, tmp_path: Path) -> None:
    deployed(at, tmp_path)
    assert main(["inventory", "doc-new"]) == 0
    shown = capsys.readouterr().out
    assert "- configuration doc-new: no other endpoint runs it" in shown
    assert "· model doc-model" in shown
    assert "= log group /aws/sagemaker/Endpoints/doc-new" in shown
    assert "Tags: team=documents" in shown
    assert main(["delete", "doc-new"]) == 0
    shown = capsys.readouterr().out
    assert "repeat the command with --yes --confirm doc-new." in shown
    assert "delete-endpoint-config" in shown
    assert main(["delete", "doc-new", "--yes", "doc-new", "--dry-run"]) == 0
    assert inventory(at) == ALL
    for typed in ([], ["doc-old"], ["--confirm", "doc-old"], ["doc-new", "--confirm", "doc-old"]):
        assert main(["delete", "doc-new", "--yes", *typed]) == 3
    assert inventory(at) == ALL
    capsys.readouterr()
    code, done = asked(capsys, "delete", "doc-new", "--with-model", "--yes", "doc-new", "--why", "demo")
    assert (code, done["entry"]["outcome"], done["entry"]["why"]) == (0, "done", "demo")
    assert inventory(at) == []
    code, found = asked(capsys, "inventory", "doc-new")
    assert (code, found[0]["exists"], found[0]["parts"]) == (0, False, [])
    assert asked(capsys, "inventory") == (0, [])
    assert main(["delete", "doc-new"]) == 2
    assert main(["undo", done["entry"]["id"], "--yes"]) == 0
    assert inventory(at) == ALL


@pytest.mark.parametrize("words", ["doc-new --yes --confirm doc-new", "--confirm doc-new --yes doc-new"])
def test_a_deletion_is_confirmed_as_everything_else(words: str, at: str, capsys: Out, tmp_path: Path) -> None:
    deployed(at, tmp_path)
    assert main(["delete", *words.split(), "--with-model"]) == 0
    assert inventory(at) == []
    assert main(["delete", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "--confirm" in shown
    assert "typed" not in shown.lower()


def test_detach_and_attach(at: str, capsys: Out, tmp_path: Path) -> None:
    deployed(at, tmp_path)
    assert main(["detach", "doc-new", "--yes"]) == 3  # its name is not typed
    assert main(["detach", "doc-new", "--yes", "--confirm", "doc-new"]) == 0
    assert inventory(at) == ALL[:3]
    assert main(["attach", "doc-new", "--max", "0"]) == 2
    assert main(["attach", "doc-new", "--max", "3", "--yes"]) == 0
    assert inventory(at) == ALL
    capsys.readouterr()
    assert main(["attach", "doc-new", "--max", "3"]) == 0
    assert "there is nothing to change" in capsys.readouterr().out


def test_an_attachment_that_ended_on_the_way_is_listed_and_finished(
    monkeypatch: pytest.MonkeyPatch, capsys: Out, tmp_path: Path
) -> None:
    with hurrying() as behind, gated(behind) as (url, gate):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path))
        deployed(url, tmp_path)
        assert main(["detach", "doc-new", "--yes", "--confirm", "doc-new"]) == 0
        gate.shut["PutMetricAlarm"] = error("AccessDeniedException", "not authorized", 403)
        capsys.readouterr()
        assert main(["attach", "doc-new", "--max", "3", "--yes"]) == 2
        assert "To finish it: python -m ops deploy --continue" in capsys.readouterr().out.replace("\n", " ")
        assert not any(line.startswith("policy Backlog") for line in inventory(url))
        gate.shut.clear()
        code, found = asked(capsys, "deploy")
        (left,) = found["unfinished"]
        assert (code, left["missing"]) == (
            1,
            ["policy Backlog-ScalingPolicy", "alarm HasBacklogWithoutCapacity-doc-new"],
        )
        assert main(["deploy", "--continue", left["id"][:8], "--yes"]) == 0
        assert inventory(url) == ALL
        capsys.readouterr()
        assert asked(capsys, "deploy")[1]["unfinished"] == []


def test_a_move_is_gone_on_with_by_the_same_command(at: str, capsys: Out, tmp_path: Path) -> None:
    real_time(at)
    page = tmp_path / "page.json"
    page.write_text("{}")
    assert main(["move", "doc"]) == 2  # where results go is not known
    assert main(["move", "doc", "--output", "s3://results/out/"]) == 0
    shown = capsys.readouterr().out
    assert "→ 1. Make the asynchronous endpoint" in shown
    assert sorted(inventory(at)) == [NEW[0], NEW[2], NEW[4]]
    for bad, why in ((tmp_path / "none.json", "There is no file"), (tmp_path / "empty.json", "is empty")):
        if why == "is empty":
            bad.touch()
        move = ["move", "doc", "--output", "s3://results/out/", "--test-payload", str(bad), "--yes"]
        assert main(move) == 2
        assert why in capsys.readouterr().err
        assert sorted(inventory(at)) == [NEW[0], NEW[2], NEW[4]]
    assert main(["move", "doc", "--output", "s3://results/out/", "--yes"]) == 2  # no payload
    assert sorted(inventory(at)) == NEW
    code, told = asked(capsys_after(capsys), "move", "doc", "--test-payload", str(page), "--yes")
    assert code == 0
    assert [step["state"] for step in told["move"]["steps"]] == ["done", "done", "done", "now"]
    assert "endpoint doc InService" in inventory(at)
    assert main(["move", "doc", "--yes", "--confirm", "doc"]) == 0
    assert "endpoint doc InService" not in inventory(at)
    capsys.readouterr()
    code, told = asked(capsys, "move", "doc")
    assert (code, told["move"]["next"]) == (0, "over")


def capsys_after(capsys: Out) -> Out:
    """With what was written so far thrown away."""
    capsys.readouterr()
    return capsys

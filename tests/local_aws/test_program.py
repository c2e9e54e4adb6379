"""`python -m ops.local_aws`: what it refuses, and the note that it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops.local_aws.__main__ import main
from ops.local_aws.state_file import StateFile
from tests.local_aws.conftest import SteppedAws


def test_a_taken_port_is_said_and_ends_with_2(
    aws: SteppedAws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = aws.server.url.rpartition(":")[2]
    assert main(["--port", port, "--empty", "--state", str(tmp_path / "s.json")]) == 2
    told = capsys.readouterr()
    assert f"Port {port} cannot be used" in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (["--port", "70000"], "port"),
        (["--speed", "-1"], "speed"),
        (["--speed", "4000"], "speed"),
        (["--seed", "x"], "seed"),
        (["--past-days", "500"], "days"),
        (["--region", "mars-1"], "eu-west-1"),
        (["--account", "12"], "twelve digits"),
        (["--now", "yesterday"], "ISO 8601"),
        (["--sped", "2"], "--sped"),
    ],
)
def test_a_bad_option_is_one_sentence_and_2(
    argv: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert word in told
    assert len(told.strip().splitlines()) == 1


def test_an_unknown_scenario_points_to_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--scenario", "nonsense"]) == 2
    assert "--scenarios" in capsys.readouterr().err


def test_the_list_of_scenarios_needs_no_server(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--scenarios"]) == 0
    assert "wrong-dimensions" in capsys.readouterr().out


def test_the_note_of_a_living_server_is_not_taken_over(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "state.json")
    state.write({"pid": os.getppid(), "endpoint_url": "http://127.0.0.1:1"})
    assert state.taken() == "http://127.0.0.1:1"
    state.remove(os.getpid())
    assert state.path.exists()


def test_the_note_of_a_dead_server_is_free(tmp_path: Path) -> None:
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    state = StateFile(tmp_path / "state.json")
    state.write({"pid": int(dead.stdout), "endpoint_url": "http://127.0.0.1:1"})
    assert state.taken() is None
    state.path.write_text("not JSON")
    assert state.taken() is None
    state.write({"pid": os.getpid(), "endpoint_url": "http://127.0.0.1:2"})
    assert json.loads(state.path.read_text())["endpoint_url"] == "http://127.0.0.1:2"
    state.remove(os.getpid())
    assert not state.path.exists()

"""`make run` from Python: the real launcher with a real embedded AWS and a real console.

Nobody survives: standard error, which every process of the family inherits, reaches its end only when the
last of them is gone, and `communicate` returns only then.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ops.core.errors import BadInput
from ops.launch import Embedded, environment_for, free_port, is_free, number, pace

ROOT = Path(__file__).resolve().parent.parent
OUR_NAMES = ("AWS_", "EBB_", "SPEED", "PORT")


@contextmanager
def launcher(tmp_path: Path, *args: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(OUR_NAMES)}
    env |= {"EBB_STATE_DIR": str(tmp_path), **variables}
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "ops.launch", *args]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def ready(process: subprocess.Popen[str]) -> str:
    """Everything the launcher says up to the line that names what it shows."""
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if "Ctrl-C" in line:
            return said
    process.wait(timeout=20)
    pytest.fail(f"the launcher ended early:\n{said}\n{process.stderr.read() if process.stderr else ''}")


def address(said: str, words: str) -> tuple[str, int]:
    found = re.search(rf"{words}\s+(http://127\.0\.0\.1:(\d+))", said)
    assert found, said
    return found[1], int(found[2])


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("number_", [signal.SIGINT, signal.SIGTERM])
def test_it_starts_both_parts_and_a_signal_ends_both(tmp_path: Path, number_: signal.Signals) -> None:
    port = unused_port()
    with launcher(tmp_path, "--empty", PORT=str(port), SPEED="60") as process:
        said = ready(process)
        console, console_port = address(said, "Ebb is ready:")
        _, aws_port = address(said, "the embedded AWS at")
        assert console_port == port
        assert "60 times as fast as real time" in said
        assert f"export AWS_ENDPOINT_URL=http://127.0.0.1:{aws_port} AWS_DEFAULT_REGION=us-east-1 " in said
        with urllib.request.urlopen(console, timeout=10) as page:
            assert b"<html" in page.read().lower()
        process.send_signal(number_)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Everything has ended." in out
    assert "Traceback" not in err
    assert is_free(port)
    assert is_free(aws_port)


def test_a_taken_port_is_said_and_another_one_used(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        launcher(tmp_path, "--empty", PORT=str(taken.getsockname()[1])) as process,
    ):
        said = ready(process)
        port = taken.getsockname()[1]
        assert f"Port {port} is taken; using {address(said, 'Ebb is ready:')[1]}." in said
        assert address(said, "Ebb is ready:")[1] != port


def test_an_endpoint_url_of_the_users_own_is_obeyed(tmp_path: Path) -> None:
    port = str(unused_port())
    with launcher(
        tmp_path, PORT=port, AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_REGION="eu-west-1"
    ) as process:
        said = ready(process)
    assert "Starting the embedded AWS" not in said
    assert "the AWS at http://127.0.0.1:9 (AWS_ENDPOINT_URL)" in said


def test_it_ends_in_order_when_nobody_reads_its_words_any_more(tmp_path: Path) -> None:
    with launcher(tmp_path, "--empty", PORT=str(unused_port())) as process:
        ready(process)
        assert process.stdout is not None
        process.stdout.close()
        process.terminate()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(timeout=30) == 0


def test_when_one_part_ends_the_other_ends_too(tmp_path: Path) -> None:
    with launcher(tmp_path, "--empty", PORT=str(unused_port())) as process:
        ready(process)
        state = (tmp_path / "local-aws.json").read_text()
        pid = int(re.search(r'"pid": (\d+)', state)[1])  # type: ignore[index]
        os.kill(pid, signal.SIGKILL)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "The embedded AWS ended by itself (signal 9)." in err


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"SPEED": "fast"}, "SPEED=fast is not a number. Give one from 0 to 3600."),
        ({"SPEED": "-1"}, "SPEED=-1 is out of range. Give one from 0 to 3600."),
        ({"PORT": "70000"}, "PORT=70000 is out of range. Give one from 1 to 65535."),
        ({"EBB_MOD": "aws"}, "There is no setting EBB_MOD. Did you mean EBB_MODE?"),
        (
            {"EBB_MODE": "aws", "SPEED": "60"},
            "SPEED and ARGS are for the embedded AWS, not for EBB_MODE=aws.",
        ),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    tmp_path: Path, variables: dict[str, str], sentence: str
) -> None:
    with launcher(tmp_path, **variables) as process:
        out, err = process.communicate(timeout=30)
    assert sentence in err
    assert process.returncode == 2
    assert "Traceback" not in err
    assert "ready" not in out


def test_an_unknown_scenario_is_a_usage_error(tmp_path: Path) -> None:
    with launcher(tmp_path, "--scenario", "no-such-story") as process:
        _, err = process.communicate(timeout=30)
    assert "no-such-story" in err
    assert process.returncode == 2


def test_the_console_is_led_to_the_embedded_aws_and_nowhere_else() -> None:
    embedded = Embedded("http://127.0.0.1:4600", "us-east-1", "123456789012")
    mine = {
        "AWS_PROFILE": "prod",
        "AWS_ENDPOINT_URL_S3": "https://s3.example",
        "AWS_REGION": "eu-west-1",
        "HOME": "/h",
    }
    env = environment_for(embedded, {**mine, "NO_PROXY": "intranet"})
    assert "AWS_PROFILE" not in env
    assert "AWS_ENDPOINT_URL_S3" not in env
    assert env["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4600"
    assert env["AWS_REGION"] == env["AWS_DEFAULT_REGION"] == "us-east-1"
    assert env["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert env["HOME"] == "/h"


def test_ports() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert free_port(port) != port
    assert is_free(port)


@pytest.mark.parametrize(
    ("given", "value"), [(None, 1.0), ("", 1.0), ("0", 0.0), ("3600", 3600.0), ("2.5", 2.5)]
)
def test_numbers_from_the_environment(given: str | None, value: float) -> None:
    environ = {} if given is None else {"SPEED": given}
    assert number(environ, "SPEED", 1.0, 0.0, 3600.0) == value


@pytest.mark.parametrize("given", ["x", "1e9", "-0.1", "nan", "inf"])
def test_numbers_that_make_no_sense(given: str) -> None:
    with pytest.raises(BadInput):
        number({"SPEED": given}, "SPEED", 1.0, 0.0, 3600.0)


def test_pace_in_words() -> None:
    assert [pace(0), pace(1), pace(60)] == ["paused", "in real time", "60 times as fast as real time"]

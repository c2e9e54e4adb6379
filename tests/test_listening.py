"""The console ends at once where it would be reached from afar without sign-in; nobody from afar gets an answer."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import app
from tests.test_launch import launcher, unused_port

ROOT = Path(__file__).resolve().parent.parent
AUTH = '[auth]\nredirect_uri = "http://127.0.0.1/oauth2callback"\nclient_id = "ebb"\n'


def start(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "EBB_", "STREAMLIT_"))}
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(ROOT / "app.py"),
        "--server.port",
        str(unused_port()),
    ]
    return subprocess.run(
        [*command, *options],
        cwd=folder,
        env=kept | {"EBB_STATE_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("address", ["0.0.0.0", "::", ""])
def test_beyond_this_machine_without_sign_in_it_ends_at_once(tmp_path: Path, address: str) -> None:
    ended = start(tmp_path, f"--server.address={address}")
    assert ended.returncode == 2
    assert "without sign-in" in ended.stderr
    assert "docs/sign-in.md" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_sign_in_in_part_ends_it_too(tmp_path: Path) -> None:
    file = tmp_path / "secrets.toml"
    file.write_text(AUTH)
    ended = start(tmp_path, "--server.address=0.0.0.0", f"--secrets.files={file}")
    assert ended.returncode == 2
    assert "lacks cookie_secret" in ended.stderr


def test_the_launcher_ends_with_the_console_and_its_words(tmp_path: Path) -> None:
    with launcher(tmp_path, "--empty", PORT=str(unused_port()), LISTEN="0.0.0.0") as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "without sign-in" in err
    assert "Ebb is ready" not in out


def answer(kind: str, host: str | None, *asked: str) -> list[dict[str, Any]]:
    """What a server that was reached at `host` sends; None: by a socket file. `asked`: the Host headers."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": f"{kind}.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "in"})

    scope = {
        "type": kind,
        "server": (host, 8501) if host else None,
        "method": "GET",
        "path": "/",
        "headers": [(b"host", each.encode()) for each in asked],
    }
    with ThreadPoolExecutor(1) as own:  # this thread may hold the loop of a browser test
        own.submit(lambda: asyncio.run(app.NearOnly(inner)(scope, receive, send))).result(timeout=20)
    return sent


def is_turned_away(sent: list[dict[str, Any]]) -> bool:
    return sent[0].get("status") == 403 or sent[0]["type"] == "websocket.close"


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_however_it_was_started_nobody_from_afar_gets_an_answer(kind: str) -> None:
    assert answer(kind, "127.0.0.1", "localhost") == answer(kind, "::1", "[::1]:8501") == [{"type": "in"}]
    for far in ("192.0.2.7", None):
        assert is_turned_away(answer(kind, far, "localhost"))


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_page_from_afar_under_a_name_of_its_own_gets_no_answer(kind: str) -> None:
    for asked in (["evil.example:8501"], ["localhost", "evil.example"], [], ["localhost@evil.example"]):
        assert is_turned_away(answer(kind, "127.0.0.1", *asked))

"""One worker process, and a conversation with it: a line of JSON each way."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent.parent
MOST_S = 60.0
"""A statement that takes longer fails, and its process ends."""


class Died(Exception):
    """The worker ended in the middle of a statement."""


class TookTooLong(Died):
    """It was ended, for it took more than its time."""


class WorkerProcess:
    """Started with the first statement; ends with `end`, or when this process ends."""

    def __init__(self, folder: Path, most_s: float = MOST_S) -> None:
        self._folder = folder
        self._most_s = most_s
        self._process: subprocess.Popen[str] | None = None
        self._late = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def run(
        self, asked: dict[str, Any], on_question: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> dict[str, Any]:
        """The worker's last word. Raises Died."""
        self._late = False
        process = self._started()
        timer = threading.Timer(self._most_s, self._too_late, [process])
        timer.daemon = True
        timer.start()
        try:
            _say(process, asked)
            while True:
                said = _heard(process)
                if "need" not in said:
                    return said
                _say(process, on_question(said))
        except (OSError, ValueError) as error:
            self.end()
            if self._late:
                raise TookTooLong(f"no answer within {self._most_s:g} s") from error
            raise Died(f"exit code {process.poll()}") from error
        finally:
            timer.cancel()

    def kill(self) -> None:
        """From another thread: whoever waits in `run` gets Died."""
        process = self._process
        if process is not None:
            process.kill()

    def end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            _say(process, "bye")
        except OSError as error:
            log.debug("worker: %s", error)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _too_late(self, process: subprocess.Popen[str]) -> None:
        self._late = True
        process.kill()

    def _started(self) -> subprocess.Popen[str]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.end()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ops.local_aws.athena_worker", str(self._folder)],
            cwd=ROOT,
            env={name: os.environ[name] for name in _KEPT if name in os.environ} | {"TZ": "UTC"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        return self._process


_KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "SYSTEMROOT",
    "TMPDIR",
)
"""What a worker sees of this process's environment: no keys, no settings."""


def _say(process: subprocess.Popen[str], said: dict[str, Any] | str) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(said) + "\n")
    process.stdin.flush()


def _heard(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Raises ValueError at the end of its output."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise ValueError("nothing more")
    heard: dict[str, Any] = json.loads(line)
    return heard

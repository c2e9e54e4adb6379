"""The embedded AWS as a process of its own, the real AWS CLI, and the console's façade beside them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import boto3
import pytest
from botocore.config import Config

from ops import clock
from ops.config import Settings
from ops.console import Console
from ops.core.types import Verdict
from tests.e2e.aws_cli import INSTALLED, at_hand

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent.parent
SPEED = 600.0
LOOK_S = 0.05
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


class Account:
    """What someone with nothing but an endpoint URL can do."""

    def __init__(self, ready: dict[str, Any], aws_folder: Path) -> None:
        self.ready = ready
        self._aws_folder = aws_folder
        self.url: str = ready["endpoint_url"]
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": ready["region"],
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            **CREDENTIALS,
        }
        self.console = Console.open(Settings.load(endpoint_url=self.url))

    def aws(self, command: str, *more: str, **documents: Any) -> Any:
        """Run the installed AWS CLI; keyword arguments are options whose value is a JSON document. Its JSON answer."""
        options = [part for name, value in documents.items() for part in (_option(name), json.dumps(value))]
        done = subprocess.run(
            [str(INSTALLED), *command.split(), *more, *options, "--output", "json"],
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"aws {command}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.lstrip().startswith(("{", "[")) else done.stdout

    def ops(self, *command: str) -> Any:
        """Run Ebb's own command line with --json; its document."""
        done = subprocess.run(
            [sys.executable, "-m", "ops", *command, "--json"],
            env=self._environ,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    def bash(self, text: str, **environ: str) -> None:
        """Run a text as it stands, with the real AWS CLI within reach."""
        path = f"{self._aws_folder}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", text],
            env=self._environ | {"PATH": path} | environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stderr}"

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=self.ready["region"],
            endpoint_url=self.url,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"max_attempts": 0}),
        )

    def verdict(self, name: str) -> Verdict:
        """What the console says about the endpoint."""
        return self.console.endpoint(name).row.verdict

    def speed(self, speed: float) -> None:
        """Simulated seconds per second; 0 pauses."""
        self._control("clock", {"speed": speed})

    def jump(self, seconds: float) -> None:
        """Simulated time passes at once."""
        self._control("clock", {"jump_seconds": seconds})

    def now(self) -> float:
        """Simulated time, seconds since the epoch."""
        return float(self._control("state")["epoch_s"])

    def _control(self, path: str, order: dict[str, Any] | None = None) -> dict[str, Any]:
        body = None if order is None else json.dumps(order).encode()
        request = urllib.request.Request(
            f"{self.url}/_ebb/{path}", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(json.load(answer))


def until(what: str, condition: Callable[[], T], seconds: float = 40.0) -> T:
    """The first true answer of `condition`, asked twenty times a second; an error after `seconds` of wall time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds:.0f} s still not: {what} (last answer: {answer!r})")
        clock.pause(LOOK_S)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


@contextmanager
def running(state: Path, aws_folder: Path, *options: str) -> Iterator[Account]:
    """An embedded AWS as a process of its own; it must end well."""
    command = [sys.executable, "-m", "ops", "local-aws", "--port", "0", "--empty", *options]
    server = subprocess.Popen([*command, "--state", str(state)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        account = Account(json.loads(server.stdout.readline()), aws_folder)
        with account.console:
            yield account
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=20) == 0


@pytest.fixture(scope="session")
def aws_folder() -> Iterator[Path]:
    """Where an `aws` lies that is the real one and needs no time to start."""
    with at_hand() as folder:
        yield folder


@pytest.fixture
def account(tmp_path: Path, aws_folder: Path) -> Iterator[Account]:
    with running(tmp_path / "state.json", aws_folder, "--speed", str(SPEED)) as account:
        yield account

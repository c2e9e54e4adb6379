"""The real AWS CLI without its start: a process that has it loaded forks for every `aws` that a shell runs.

`at_hand()` yields a folder for $PATH. The `aws` in it hands its arguments, environment, folder and standard streams
to that process; the fork runs `awscli.clidriver.main` as the installed script does, and ends with its exit code.
Nothing of one run is left for the next; only the half minute between two looks of a waiter is shorter here.
test_aws_cli.py holds it against the installed script.
"""

from __future__ import annotations

import gc
import json
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ops import clock

ROOT = Path(__file__).resolve().parent.parent.parent
INSTALLED = Path(sys.executable).parent / "aws"
LOOK_S = 0.2
"""Seconds between two looks of a waiter."""
SERVICES = ("sagemaker", "application-autoscaling", "cloudwatch", "sns", "s3")
"""Described by megabytes of JSON, which are read before the first fork."""
NO_ANSWER = 70

ASKS = '''"""Started as `python -IS ask.py <socket> <arguments of aws>`."""
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect(sys.argv[1])
    asked = json.dumps([sys.argv[2:], dict(os.environ), os.getcwd()]).encode()
    socket.send_fds(line, [len(asked).to_bytes(4, "big")], [0, 1, 2])
    line.sendall(asked)
    said = line.recv(1)
sys.exit(said[0] if said else 70)
'''


@contextmanager
def at_hand() -> Iterator[Path]:
    """A folder with an `aws` of no start-up time, as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="aws-") as name:
        folder = Path(name)
        door, asks, aws = folder / "door", folder / "ask.py", folder / "aws"
        asks.write_text(ASKS)
        words = shlex.join((sys.executable, "-IS", str(asks), str(door)))
        aws.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        aws.chmod(0o755)
        environ = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        command = [sys.executable, "-m", "tests.e2e.aws_cli", str(door)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=ROOT, env=environ, stdin=pipe, stdout=pipe) as server:
            assert server.stdout is not None
            assert server.stdout.readline(), "the AWS CLI could not be loaded"
            yield folder
            server.communicate(timeout=20)  # its input ends, and it with it


def serve(door: str) -> None:
    """Fork for whoever comes, until standard input ends."""
    import awscli.botocore.session as sessions
    import awscli.botocore.waiter
    from awscli.botocore.loaders import create_loader
    from awscli.clidriver import create_clidriver

    sessions.create_loader = cache(create_loader)
    awscli.botocore.waiter.time = SimpleNamespace(sleep=lambda _: clock.pause(LOOK_S))
    session = create_clidriver().session
    for service in SERVICES:
        session.create_client(
            service, "us-east-1", aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="-"
        )
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a fork but who asked for it
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(door)
        listening.listen(64)
        print("ready", flush=True)
        while sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:
            line, _ = listening.accept()
            with line:
                if os.fork() == 0:
                    listening.close()
                    _answer(line)


def _answer(line: socket.socket) -> None:
    """In the fork: become the `aws` that was asked for."""
    head, streams, _, _ = socket.recv_fds(line, 4, 3)
    body = line.makefile("rb").read(int.from_bytes(head, "big"))
    words, environ, folder = json.loads(body)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    code = NO_ANSWER
    try:
        code = _run(words, environ, folder)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        line.sendall(bytes([code & 255]))
        os._exit(code)


def _run(words: list[str], environ: Mapping[str, str], folder: str) -> int:
    from awscli.clidriver import main

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    descriptions = os.environ["AWS_DATA_PATH"]  # awscli puts its own behind what is given
    os.environ.clear()
    os.environ.update(environ)
    given = environ.get("AWS_DATA_PATH")
    os.environ["AWS_DATA_PATH"] = os.pathsep.join((given, descriptions)) if given else descriptions
    time.tzset()
    os.chdir(folder)
    sys.argv = ["aws", *words]
    try:
        code: Any = main()
    except SystemExit as end:
        code = end.code
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return 1


if __name__ == "__main__":
    serve(sys.argv[1])

"""The console as a process of its own, to measure: `streamlit run app.py` against a running embedded AWS."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

from bench.measured import ROOT

READY_S = 60.0
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Served:
    """A running console. `ready_s` is from the start of Python to the first healthy answer."""

    url: str
    pid: int
    ready_s: float


@contextmanager
def console(aws_url: str) -> Iterator[Served]:
    """The console on a free port, with a history of its own that starts empty."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
    with tempfile.TemporaryDirectory() as folder:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "EBB_", "STREAMLIT_"))}
        env |= {"AWS_ENDPOINT_URL": aws_url, "EBB_STATE_DIR": folder}
        log = Path(folder) / "log"
        began = perf_counter()
        with (
            log.open("w") as words,
            subprocess.Popen(command, cwd=folder, env=env, stdout=words, stderr=words) as process,
        ):
            try:
                while not _healthy(url):
                    if process.poll() is not None or perf_counter() - began > READY_S:
                        raise SystemExit(f"The console did not start.\n{log.read_text()}")
                    sleep(0.02)
                yield Served(url, process.pid, perf_counter() - began)
            finally:
                process.terminate()
        if "Traceback" in log.read_text():
            raise SystemExit(f"The console had a fault.\n{log.read_text()}")


def _healthy(url: str) -> bool:
    try:
        with _direct.open(f"{url}/_stcore/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False

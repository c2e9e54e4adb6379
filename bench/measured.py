"""What one process costs, and a running embedded AWS to measure."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    region: str
    pid: int
    ready_s: float


@contextmanager
def embedded_aws(*args: str) -> Iterator[Server]:
    """The embedded AWS as a process of its own; `ready_s` is from the start of Python to the ready line."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "ops.local_aws",
            "--port",
            "0",
            "--state",
            f"{folder}/state.json",
            *args,
        ]
        began = perf_counter()
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                took = perf_counter() - began
                if not line:
                    raise SystemExit("The embedded AWS did not start; the lines above say why.")
                said = json.loads(line)
                yield Server(said["endpoint_url"], said["region"], said["pid"], took)
            finally:
                process.terminate()


def rss_mb(pid: int) -> float:
    """Resident memory, in 10^6 bytes."""
    return float(_ps(pid, "rss")) * 1024 / 1e6


def peak_mb() -> float:
    """The most memory that this process ever held, in 10^6 bytes; on Linux not that of the one it came from."""
    status = Path("/proc/self/status")
    if status.exists():
        said = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(said.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def cpu_s(pid: int) -> float:
    """Processor time used so far, in seconds (Linux: 10 ms steps)."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    seconds = 0.0
    for part in _ps(pid, "time").replace("-", ":").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def _ps(pid: int, column: str) -> str:
    return subprocess.run(
        ["ps", "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True
    ).stdout.strip()

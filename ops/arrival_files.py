"""Files of arrivals that were uploaded: kept by the digest of their bytes, and read in a process of their own.

A file of a million rows takes half a gigabyte and a dozen seconds to read; the other process gives both back, and no
viewer waits for it but those who asked. What is kept here ends with this process; see `ops.store` for what stays.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np
from cachetools import LRUCache

from ops.core.errors import BadInput, OpsError
from ops.core.types import FloatArray
from ops.replay.arrivals_file import Columns, FileArrivals, column_names

MOST_BYTES = 50 * 2**20
MOST_ROWS = 1_000_000
TIMEOUT_S = 120.0
KEPT, READ = 8, 4
"""Files on disk, and readings of them in memory, sixteen megabytes each at most; the longest unused goes first."""
HEAD_BYTES = 64 * 1024
"""In which the names of the columns are looked for."""
_ROOT = Path(__file__).resolve().parent.parent


class ArrivalFiles:
    """Thread-safe. `timeout_s`: for one reading."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        """One file is read at a time: that bounds the memory of all."""
        self._there: OrderedDict[str, IO[bytes]] = OrderedDict()
        """Without names on disk: however this process ends, nothing of them stays."""
        self._read: LRUCache[tuple[str, Columns], FileArrivals] = LRUCache(READ)

    def keep(self, body: bytes) -> str:
        """Its digest, by which it is found again. Raises BadInput for what is too large."""
        check(body)
        digest = digest_of(body)
        with self._lock:
            if digest not in self._there:
                self._there[digest] = _written(body)
            self._there.move_to_end(digest)
            while len(self._there) > KEPT:
                self._there.popitem(last=False)[1].close()
        return digest

    def __contains__(self, digest: str) -> bool:
        with self._lock:
            return digest in self._there

    def body(self, digest: str) -> bytes:
        """The bytes of a file. Raises BadInput where it is not here."""
        with self._opened(digest) as file:
            return whole(file)

    def columns(self, digest: str) -> tuple[str, ...]:
        """The names of its columns. Raises BadInput."""
        with self._opened(digest) as file:
            head = os.pread(file, HEAD_BYTES, 0)
        if len(head) == HEAD_BYTES:
            head = head[: head.rfind(b"\n") + 1] or head
        return column_names(head)

    def read(self, digest: str, columns: Columns) -> FileArrivals:
        """The requests of a file. Raises BadInput for rows that cannot be read, OpsError."""
        key = (digest, columns)
        found = self._known(key)
        if found is None:
            with self._turn:
                found = self._known(key)  # somebody may have asked for the same meanwhile
                if found is None:
                    with self._opened(digest) as file:
                        found = _asked(file, columns, self._timeout_s)
                    with self._lock:
                        self._read[key] = found
        return found

    def _known(self, key: tuple[str, Columns]) -> FileArrivals | None:
        with self._lock:
            return self._read.get(key)

    @contextmanager
    def _opened(self, digest: str) -> Iterator[int]:
        """A descriptor of its own, which stays when the file goes meanwhile. Raises BadInput."""
        with self._lock:
            file = self._there.get(digest)
            if file is None:
                raise BadInput("That file of arrivals is not here.", "Upload it again.")
            self._there.move_to_end(digest)
            own = os.dup(file.fileno())
        try:
            yield own
        finally:
            os.close(own)


def _written(body: bytes) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as it is kept
    file.write(body)
    file.flush()
    return file


def whole(file: int) -> bytes:
    """All bytes of an open file, wherever others stand in it."""
    parts, at = list[bytes](), 0
    while part := os.pread(file, MOST_BYTES, at):
        parts.append(part)
        at += len(part)
    return b"".join(parts)


def digest_of(body: bytes) -> str:
    """128 bits in hex."""
    return hashlib.sha256(body).hexdigest()[:32]


def check(body: bytes) -> None:
    """Raises BadInput for a file that is empty, or larger than what is read here."""
    if not body.strip():
        raise BadInput("The file is empty.", "Give a CSV file with a row for each request.")
    if len(body) > MOST_BYTES:
        raise BadInput(
            f"The file has {len(body) / 2**20:,.0f} MB; up to {MOST_BYTES / 2**20:.0f} MB are read.", _SMALLER
        )
    lines = body.count(b"\n") or body.count(b"\r")
    if lines > MOST_ROWS + 1:
        raise BadInput(f"The file has {lines:,} lines; up to {MOST_ROWS:,} requests are read.", _SMALLER)


_SMALLER = "Give a part of it, such as one week; the command `ops replay --arrivals` takes larger ones."


def _asked(file: int, columns: Columns, timeout_s: float) -> FileArrivals:
    """Raises BadInput, OpsError."""
    command = [sys.executable, "-m", "ops.arrivals_reader", json.dumps(asdict(columns))]
    try:
        run = subprocess.run(command, cwd=_ROOT, stdin=file, capture_output=True, timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise OpsError(f"The file was not read within {timeout_s:.0f} seconds.", _SMALLER) from error
    head, _, rest = run.stdout.partition(b"\n")
    try:
        said = json.loads(head)
    except ValueError as error:
        lines = run.stderr.decode(errors="replace").strip().splitlines()
        last = lines[-1] if lines else f"it ended with code {run.returncode}"
        raise OpsError(f"The process that reads files of arrivals failed: {last}", _SMALLER) from error
    if "error" in said:
        raise BadInput(said["error"]["what"], said["error"]["hint"])
    return _found(said, rest)


def _found(said: dict[str, Any], rest: bytes) -> FileArrivals:
    size = int(said["rows"])
    values: FloatArray = np.frombuffer(rest, "<f8")
    service = values[size:] if said["service"] else None
    return FileArrivals(values[:size], service, said["zero_s"], tuple(said["notes"]), bool(said["ends"]))


def answered(read: Callable[[], FileArrivals]) -> tuple[dict[str, Any], bytes]:
    """What the other process says of a reading: a head, and float64 arrays, arrivals first. See `_found`."""
    try:
        found = read()
    except BadInput as error:
        return {"error": {"what": error.what, "hint": error.hint}}, b""
    parts = [found.arrival_s] if found.service_s is None else [found.arrival_s, found.service_s]
    head = {
        "rows": len(found),
        "service": found.service_s is not None,
        "zero_s": found.zero_s,
        "notes": found.notes,
        "ends": found.ends,
    }
    return head, b"".join(part.astype("<f8").tobytes() for part in parts)


files = ArrivalFiles()
"""Those of this process, for all who look."""

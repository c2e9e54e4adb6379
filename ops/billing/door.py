"""The way to a bill for processes that serve: each reading runs in a process of its own, `python -m ops.billing`.

This module loads neither DuckDB nor Ibis nor PyAthena. The other process ends with its reading, so that its memory
is given back, and it is ended when it takes too long.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from ops.billing.lake import Lake
from ops.core import errors
from ops.core.bill import Bill
from ops.core.errors import OpsError

FILES_TIMEOUT_S, LAKE_TIMEOUT_S = 600.0, 300.0
MEMORY_MB = 1024
"""What DuckDB may hold; the process takes some 200 MB besides."""
_ROOT = Path(__file__).resolve().parent.parent.parent
_PATIENCE_S = 5.0
_TYPES: dict[str, type[OpsError]] = {
    "BadInput": errors.BadInput,
    "CredentialsProblem": errors.CredentialsProblem,
}

__all__ = ["Lake", "read_bill", "read_lake"]


def read_bill(
    files: Sequence[str | Path],
    format: str = "auto",
    *,
    timeout_s: float = FILES_TIMEOUT_S,
    memory_mb: int = MEMORY_MB,
) -> Bill:
    """The bill in these files and folders (of one format). Raises BadInput, or OpsError."""
    named = [str(Path(each).absolute()) for each in files]
    return _asked({"files": named, "format": format, "memory_mb": memory_mb}, timeout_s)


def read_lake(
    lake: Lake,
    first: date,
    last: date,
    *,
    timeout_s: float = LAKE_TIMEOUT_S,
    environment: Mapping[str, str] | None = None,
) -> Bill:
    """The bill of these UTC days (both included), by Athena with the environment's credentials. Raises OpsError.

    `environment`: variables that the reading process gets besides those of this one; empty: it does not get it.
    """
    request = {"lake": asdict(lake), "first": first.isoformat(), "last": last.isoformat()}
    return _asked(request, timeout_s, environment)


def _asked(request: dict[str, Any], timeout_s: float, environment: Mapping[str, str] | None = None) -> Bill:
    command = [sys.executable, "-m", "ops.billing"]
    with subprocess.Popen(
        command,
        cwd=_ROOT,
        env=_surroundings(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as reader:
        try:
            out, err = reader.communicate(json.dumps(request), timeout_s)
        except subprocess.TimeoutExpired as error:
            raise OpsError(
                f"The bill was not read within {timeout_s:.0f} seconds.", "Read fewer files or days at once."
            ) from error
        finally:
            _end(reader)
    return _told(out, err, reader.returncode)


def _surroundings(more: Mapping[str, str] | None) -> dict[str, str] | None:
    if more is None:
        return None
    return {k: v for k, v in {**os.environ, **more}.items() if v or k not in more}


def _end(reader: subprocess.Popen[str]) -> None:
    """An interrupt first: PyAthena then stops the query that still runs."""
    if reader.poll() is not None:
        return
    reader.send_signal(signal.SIGINT)
    try:
        reader.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        reader.kill()


def _told(out: str, err: str, code: int) -> Bill:
    try:
        said = json.loads(out)
    except ValueError as error:
        last = err.strip().splitlines()[-1] if err.strip() else f"it ended with code {code}"
        raise OpsError(
            f"The process that reads bills failed: {last}", "Its memory may have been too small."
        ) from error
    if "error" in said:
        raise _error(said["error"])
    return Bill.from_json(said["bill"])


def _error(said: dict[str, Any]) -> OpsError:
    """The error of the other process, as the same type."""
    name, what, hint = said["type"], said["what"], said["hint"]
    if name == "Denied":
        return errors.Denied(said["action"], what)
    if name == "Throttled":
        return errors.Throttled(what, hint)
    if name == "Unreachable":
        return errors.Unreachable(what, hint)
    kind = _TYPES.get(name, OpsError)
    return kind(what, hint, retryable=said["retryable"], code=said["code"])

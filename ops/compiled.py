"""Where the planner's kernels are kept once compiled, and how they come to be there without anybody waiting.

Below the state directory, under a hash of all that goes into them: Numba itself notices neither a change in what a
kernel calls nor another NumPy. `python -m ops.compiled` compiles them; the launcher starts it in the background.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ops.config import PROJECT, Settings
from ops.core.errors import OpsError
from ops.core.names import STATE_DIR

ABOUT_S = 30
"""How long compiling takes on a machine that has other things to do, too."""
FOLDER, DONE, LOCK = "compiled", "done", "lock"
KEPT_S = 30 * 86_400.0
"""Kernels of another version are removed when nobody has loaded them for so long."""
POLITE = 10
_one_at_a_time = threading.Lock()
_state = {"loaded": False}


@cache
def key() -> str:
    """Names all that goes into the kernels, and the files' places and times, by which Numba finds them again."""
    made = hashlib.sha256()
    for path in [PROJECT / "ops/core/scaling_rules.py", *sorted((PROJECT / "ops/replay").glob("*.py"))]:
        made.update(f"{path} {path.stat().st_mtime_ns}\0".encode() + path.read_bytes())
    for about in (version("numba"), version("llvmlite"), version("numpy"), sys.version, platform.machine()):
        made.update(about.encode() + b"\0")
    return made.hexdigest()[:16]


def folder(state_dir: Path | None = None) -> Path:
    """Where the kernels are kept: where they are already, else below the state directory, else in a temporary place.

    Only where nobody but us can write: what is read from there is run.
    """
    first = Settings.load().state_dir if state_dir is None else state_dir
    bases = (first, PROJECT / STATE_DIR, Path(tempfile.gettempdir()) / f"ebb-{os.getuid()}")
    places = [(base / FOLDER / key()).resolve() for base in bases]
    with suppress(OSError):
        bases[-1].mkdir(exist_ok=True, mode=0o700)
    if not bases[-1].is_dir() or not _is_ours(bases[-1]):
        places.pop()
    for place in places:
        if (place / DONE).exists() and _is_ours(place):
            return place
    for place in (places[0], *places[2:]):
        with suppress(OSError):
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            if _is_ours(place):
                return place
    raise OpsError("Nothing can be written, neither to EBB_STATE_DIR nor to the system's temporary files.")


def _is_ours(place: Path) -> bool:
    about = place.stat()
    return os.access(place, os.W_OK) and about.st_uid == os.getuid() and not about.st_mode & 0o022


def ready(state_dir: Path | None = None) -> bool:
    """Whether a question can be answered by the kernels within a second."""
    if _state["loaded"]:
        return True
    try:
        return (folder(state_dir) / DONE).exists()
    except OpsError:
        return False


def warm(state_dir: Path | None = None) -> None:
    """Load the kernels into this process, compiling what is missing. Takes some ABOUT_S where all is missing."""
    with _one_at_a_time:
        if _state["loaded"]:
            return
        try:
            place = folder(state_dir)
        except OpsError:
            _try_out(None)
        else:
            with _alone(place):
                _try_out(place)
                (place / DONE).touch()
                _clear(place)
        _state["loaded"] = True


def command(state_dir: Path | None = None) -> list[str]:
    """What compiles the kernels in a process of its own."""
    return [sys.executable, "-m", "ops.compiled", *([] if state_dir is None else [str(state_dir)])]


def _try_out(place: Path | None) -> None:
    """Every kernel once. Another thread may import them at the same time; what it compiles is its own loss."""
    import numba

    config: Any = numba.config
    jit, trial = import_module("ops.replay.jit"), import_module("ops.replay.trial")
    if place is not None:
        config.CACHE_DIR = str(place)
        for kernel in jit.KERNELS:
            kernel.enable_caching()
    trial.run()


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """One process at a time compiles; who comes later finds it done."""
    with (place / LOCK).open("w") as file:
        if not (place / DONE).exists():
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _clear(place: Path) -> None:
    """Remove what other versions have left."""
    for other in place.parent.iterdir():
        with suppress(OSError):
            if (place / DONE).stat().st_mtime - (other / DONE).stat().st_mtime > KEPT_S:
                shutil.rmtree(other)


if __name__ == "__main__":
    os.nice(POLITE)
    warm(Path(sys.argv[1]) if len(sys.argv) > 1 else None)

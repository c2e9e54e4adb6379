"""The note that tells the console where the embedded AWS runs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ops.core.names import STATE_DIR, STATE_FILE

PROJECT = Path(__file__).resolve().parents[2]


class StateFile:
    """A small JSON file, replaced in one step. No `path`: EBB_STATE_DIR, or the project's own folder."""

    def __init__(self, path: Path | None = None) -> None:
        folder = os.environ.get("EBB_STATE_DIR")
        self.path = path or (Path(folder) if folder else PROJECT / STATE_DIR) / STATE_FILE

    def taken(self) -> str | None:
        """The address of another embedded AWS that is noted here and still runs."""
        try:
            noted = json.loads(self.path.read_text())
            pid, url = int(noted["pid"]), str(noted["endpoint_url"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return url if pid != os.getpid() and _runs(pid) else None

    def write(self, state: Mapping[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(dict(state)))
        fresh.replace(self.path)

    def remove(self, pid: int) -> None:
        """Take the note away, unless another server has written its own meanwhile."""
        try:
            noted = json.loads(self.path.read_text()).get("pid")
        except (OSError, ValueError):
            return
        if noted == pid:
            self.path.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

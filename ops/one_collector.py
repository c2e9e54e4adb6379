"""The one collector of this process."""

from __future__ import annotations

import threading

from ops.collector import Collector
from ops.config import Settings
from ops.console import Console

_only_lock = threading.Lock()
_only: Collector | None = None


def start(settings: Settings) -> Collector:
    """The collector of this process, started when there is none yet. Does not need AWS to be there."""
    global _only
    with _only_lock:
        if _only is None:
            _only = Collector(lambda: Console.open(settings, keep=True), settings.refresh_for).start()
        return _only


def stop() -> None:
    """End the collector of this process, if there is one."""
    global _only
    with _only_lock:
        running, _only = _only, None
    if running is not None:
        running.stop()

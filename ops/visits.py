"""Who looked at the fleet when, and what it was like: kept in the history, so that a restart is no new visit."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from cachetools import LRUCache

from ops import clock
from ops.core import since
from ops.core.since import Summary, Visit
from ops.held import Held

KEEP_EVERY = timedelta(minutes=1)
"""A visit that goes on is written down so often."""
MOST = 500
"""Viewers in memory."""


class Visits:
    """Thread-safe. `wall` is this machine's clock: a visit lasts in real time, however fast AWS's time runs."""

    def __init__(self, history: Held, wall: Callable[[], datetime] = clock.now) -> None:
        self._history = history
        self._wall = wall
        self._lock = threading.Lock()
        self._visits: LRUCache[str, Visit] = LRUCache(MOST)
        self._kept: LRUCache[str, datetime] = LRUCache(MOST)

    def looked(self, viewer: str, seen: Summary) -> Visit:
        """`viewer` looks at the fleet as it is in `seen`: the visit that goes on or begins now."""
        key, now = _key(viewer), self._wall()
        with self._lock:
            older = self._visits.get(key)
            told = self._history.memo(key) if older is None else ""
            older = older or since.loaded(told)
            visit = self._visits[key] = since.looked(older, seen, now)
            begun = older is None or visit.before is not older.before
            due = begun or now - self._kept.get(key, now - KEEP_EVERY) >= KEEP_EVERY
            if due:
                self._kept[key] = now
        if due and told is not None:  # else the visit before this one may be in the database
            self._history.remember(key, since.dumped(visit))
        return visit


def _key(viewer: str) -> str:
    """The name itself is not kept."""
    return f"visit:{hashlib.sha256(viewer.encode()).hexdigest()[:32]}"

"""Long questions, each in a thread of its own: progress for all who wait for the same one, and a way to stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from cachetools import LRUCache

from ops import clock
from ops.core.errors import OpsError
from ops.replay.sweep import Stopped, Tell

T = TypeVar("T")
AT_ONCE = 4
"""Searches that run at the same time; more wait for their turn."""
KEPT = 24
KEPT_S = 3600.0
"""An answer older than this is found anew when somebody asks, and serves until then."""
PAUSE_S = 0.3
RETRY_S = 15.0
"""So long a failure stands before whoever asks begins anew."""


@dataclass(frozen=True, slots=True)
class Progress(Generic[T]):
    """How far a search is. `of` 0: it has not said how much there is to do."""

    running: bool
    done: int = 0
    of: int = 0
    waiting: bool = False
    """It has not begun: others run."""
    value: T | None = None
    """The newest good answer, also while a newer one is looked for; None: there is none yet."""
    age_s: float = 0.0
    """Real seconds since `value` was found."""
    error: OpsError | None = None
    """Why the newest search failed."""


@dataclass(slots=True, eq=False)
class _Search:
    wanted: set[str] = field(default_factory=set)
    """Who wants the answer."""
    future: Future[Any] | None = None
    done: int = 0
    of: int = 0
    begun: bool = False
    value: Any = None
    found_at: float = 0.0
    outdated: bool = True
    ended_at: float = 0.0


def when(ready: Callable[[], bool], tell: Tell, most_s: float) -> None:
    """Wait, in the thread of a search, until something is ready, or so long. Raises Stopped once `tell` says so."""
    until, pause = clock.monotonic() + most_s, threading.Event()
    while not ready() and clock.monotonic() < until:
        if not tell(0, 0):
            raise Stopped
        pause.wait(PAUSE_S)


class Searches:
    """Thread-safe. `monotonic` is this machine's clock in seconds."""

    def __init__(self, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._all: LRUCache[Hashable, _Search] = LRUCache(KEPT)
        self._pool = ThreadPoolExecutor(AT_ONCE, "search")

    def want(self, key: Hashable, work: Callable[[Tell], T], who: str) -> Progress[T]:
        """How far the search under `key` is. It begins where none runs and no answer is young enough.

        `work` gets a `Tell`; it returns the answer, or raises OpsError, or Stopped once it was told to stop. `who`
        wants this one alone from now on: searches that nobody wants any more are stopped.
        """
        with self._lock:
            for other, each in list(self._all.items()):
                if other != key:
                    each.wanted.discard(who)
            search = self._all.get(key)
            if search is None:
                search = self._all[key] = _Search()
            search.wanted.add(who)
            told = self._told(search)
            if told.error is not None and self._monotonic() - search.ended_at >= RETRY_S:
                search.future = None
            if search.future is None and not self._young(search):
                self._begin(search, work)
                told = self._told(search)
            return told

    def look(self, key: Hashable) -> Progress[Any] | None:
        """How far the search under `key` is; None where there is none. Begins nothing."""
        with self._lock:
            search = self._all.get(key)
            return None if search is None else self._told(search)

    def again(self, key: Hashable) -> None:
        """The answer is to be found anew the next time it is wanted; until then the old one serves."""
        with self._lock:
            search = self._all.get(key)
            if search is not None:
                self._told(search)
                search.outdated = True
                if search.future is not None and search.future.done():
                    search.future = None

    def leave(self, key: Hashable, who: str) -> None:
        """`who` does not want the answer any more; where nobody else does, the search stops."""
        with self._lock:
            search = self._all.get(key)
            if search is not None:
                search.wanted.discard(who)

    def wait(self, key: Hashable, timeout_s: float) -> None:
        """Until the search under `key` has ended, or so long."""
        with self._lock:
            search = self._all.get(key)
            future = None if search is None else search.future
        if future is not None:
            wait([future], timeout_s)

    def close(self) -> None:
        """Stop all of them; those who wait get no answer."""
        with self._lock:
            for search in self._all.values():
                search.wanted.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _young(self, search: _Search) -> bool:
        return not search.outdated and self._monotonic() - search.found_at < KEPT_S

    def _begin(self, search: _Search, work: Callable[[Tell], Any]) -> None:
        """The caller holds the lock."""
        search.done = search.of = 0
        search.begun = False

        def tell(done: int, of: int) -> bool:
            with self._lock:
                search.done, search.of = done, of
                return bool(search.wanted)

        def run() -> Any:
            with self._lock:
                if not search.wanted:
                    raise Stopped
                search.begun = True
            try:
                return work(tell)
            finally:
                search.ended_at = self._monotonic()

        search.future = self._pool.submit(run)

    def _told(self, search: _Search) -> Progress[Any]:
        """The caller holds the lock. Raises what the work raised and nobody expected, once."""
        error: OpsError | None = None
        future = search.future
        if future is not None and future.done():
            failure = future.exception() if not future.cancelled() else Stopped()
            if failure is None:
                search.future = None
                search.value, search.found_at = future.result(), search.ended_at
                search.outdated = False
            elif isinstance(failure, OpsError):
                error = failure
            else:
                search.future = None
                if not isinstance(failure, Stopped):
                    raise failure
        running = search.future is not None and error is None
        age = 0.0 if search.value is None else self._monotonic() - search.found_at
        return Progress(
            running,
            search.done,
            search.of,
            running and not search.begun,
            search.value,
            age,
            error,
        )

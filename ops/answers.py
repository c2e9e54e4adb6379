"""Answers that are asked of AWS on demand: once for all who ask the same, and the last good one while AWS is away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from cachetools import TTLCache

from ops import clock
from ops.core.errors import CredentialsProblem, OpsError

T = TypeVar("T")
MOST = 128
"""Answers kept."""
LARGE = {"savings": 6, "course": 12}
"""Kinds of answers that take megabytes each (a key is a tuple that begins with its kind): so many are kept."""
KEPT_S = 3600.0
"""How long an answer may stand in for a newer one while AWS is away; then it is forgotten."""


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """An answer, how many real seconds old it is, and why it is not newer where AWS was asked again in vain."""

    value: T
    age_s: float
    error: OpsError | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Any
    at: float
    outdated: bool = False


class Answers:
    """Thread-safe. `monotonic` is this machine's clock in seconds."""

    def __init__(self, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: TTLCache[Hashable, _Kept] = TTLCache(MOST, KEPT_S, monotonic)
        self._large = {
            kind: TTLCache[Hashable, _Kept](most, KEPT_S, monotonic) for kind, most in LARGE.items()
        }
        self._flights: dict[Hashable, Future[_Kept]] = {}

    def ask(self, key: Hashable, work: Callable[[], T], keep_s: float) -> Told[T]:
        """The answer under `key`, at most `keep_s` old, else that of `work`; who asks meanwhile waits for the same.

        Where `work` fails in a way that may pass, the last good answer, however old. Raises OpsError without one.
        """
        with self._lock:
            kept = self._of(key).get(key)
            if kept is not None and not kept.outdated and self._monotonic() - kept.at < keep_s:
                return self._told(kept)
            flight = self._flights.get(key)
            mine = flight is None
            if flight is None:
                flight = self._flights[key] = Future()
        try:
            return self._told(self._fly(key, work, flight) if mine else flight.result())
        except OpsError as error:
            if kept is None or not (error.retryable or isinstance(error, CredentialsProblem)):
                raise
            return self._told(kept, error)

    def clear(self) -> None:
        """Forget all answers: they were another AWS's."""
        with self._lock:
            for cache in (self._kept, *self._large.values()):
                cache.clear()
            self._flights.clear()

    def outdate(self) -> None:
        """Something was changed: everything is asked anew; an older answer serves only while AWS is away."""
        with self._lock:
            for cache in (self._kept, *self._large.values()):
                for key, kept in list(cache.items()):
                    cache[key] = replace(kept, outdated=True)
            self._flights.clear()

    def drop(self, key: Hashable) -> None:
        """Forget one answer: it is asked anew next time."""
        with self._lock:
            self._of(key).pop(key, None)

    def _fly(self, key: Hashable, work: Callable[[], T], flight: Future[_Kept]) -> _Kept:
        try:
            answer = _Kept(work(), self._monotonic())
        except BaseException as error:
            self._land(key, flight, None)
            flight.set_exception(error)
            raise
        self._land(key, flight, answer)
        flight.set_result(answer)
        return answer

    def _land(self, key: Hashable, flight: Future[_Kept], answer: _Kept | None) -> None:
        with self._lock:
            if self._flights.get(key) is flight:  # else they were cleared meanwhile
                del self._flights[key]
                if answer is not None:
                    self._of(key)[key] = answer

    def _of(self, key: Hashable) -> TTLCache[Hashable, _Kept]:
        """Where the answer under a key is kept. The caller holds the lock."""
        kind = str(key[0]) if isinstance(key, tuple) and key else ""
        return self._large.get(kind, self._kept)

    def _told(self, kept: _Kept, error: OpsError | None = None) -> Told[Any]:
        return Told(kept.value, self._monotonic() - kept.at, error)

"""One piece of work for all who want the same thing at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, Future[T]] = {}

    def share(
        self, key: Hashable, work: Callable[[], T], kept: Callable[[], T | None], *, wait: bool = True
    ) -> T:
        """What is kept, else what `work` comes to, in the caller's thread; who wants it meanwhile gets the same.

        `kept`: what earlier work has left, looked up before it begins. Without `wait` nobody waits for the work of
        another thread, but does it, too. Raises what the work raises.
        """
        with self._lock:
            found = kept()
            if found is not None:
                return found
            flight = self._under_way.get(key)
            mine = flight is None
            if flight is None:
                flight = self._under_way[key] = Future()
        if not mine:
            return flight.result() if wait else work()
        try:
            done = work()
        except BaseException as error:
            flight.set_exception(error)
            raise
        else:
            flight.set_result(done)
            return done
        finally:
            with self._lock:
                self._under_way.pop(key, None)

"""The console that reads now, and what the ones before it have asked of AWS. Each is opened in place of the last."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence

from ops.console import Console
from ops.core import cost
from ops.core.views import Usage


def added(found: Sequence[Usage]) -> Usage | None:
    """All of them together; None for none."""
    if not found:
        return None
    calls: Counter[str] = Counter()
    for usage in found:
        calls.update(usage.calls)
    metrics = sum(usage.metrics for usage in found)
    return Usage(min(u.since for u in found), dict(calls), metrics, cost.of_asking(calls, metrics))


class Consoles:
    """One console at a time, made by `open_console`. Thread-safe, but `open_anew` is for one thread at a time."""

    def __init__(self, open_console: Callable[[], Console]) -> None:
        self._open = open_console
        self._lock = threading.Lock()
        self._present: Console | None = None
        self._older: Console | None = None
        self._spent: list[Usage] = []

    @property
    def present(self) -> Console | None:
        return self._present

    def open_anew(self) -> tuple[Console, bool]:
        """A new console in place of the present one, with its memory where both read the same AWS, and whether so.

        Raises OpsError when there is no AWS; the present one stays then.
        """
        older, fresh = self._present, self._open()
        try:
            fresh.connection()
            same = older is not None and fresh.adopt(older)
        except BaseException:
            fresh.close()
            raise
        with self._lock:
            if self._older is not None:
                self._spent.append(self._older.usage())
                self._older.close()
            self._present, self._older = fresh, older  # viewers may still be reading with the older one
        return fresh, same

    def usage(self) -> Usage | None:
        """All consoles of this process together; None before the first."""
        with self._lock:
            found = [*self._spent, *(c.usage() for c in (self._present, self._older) if c is not None)]
        return added(found)

    def history(self) -> tuple[int, int]:
        """How many endpoints have all of their history with the present console, of how many."""
        present = self._present
        return (0, 0) if present is None else present.history_progress()

    def close(self) -> None:
        """End all connections. A second call does nothing."""
        with self._lock:
            for console in (self._present, self._older):
                if console is not None:
                    console.close()

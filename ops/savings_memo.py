"""What was worked out for savings, kept while nothing that it was made of changed: a picker asks for little anew."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar, cast

from cachetools import TTLCache

from ops import clock
from ops.core import spans
from ops.core.metrics import Metric
from ops.past import Past

T = TypeVar("T")
KEPT = 1_000
KEPT_S = 300.0
"""What the coverage does not tell of (a cold start that was finished) shows after so long at the latest."""


class Memo:
    """Thread-safe. `timer` counts seconds and is replaced in tests."""

    def __init__(self, timer: Callable[[], float] = clock.monotonic) -> None:
        self._lock = threading.Lock()
        self._kept: TTLCache[Hashable, object] = TTLCache(KEPT, KEPT_S, timer)

    def get(self, key: Hashable, work: Callable[[], T]) -> T:
        """What `work` found under this key before, else now. Two who ask at once may both work."""
        with self._lock:
            kept = self._kept.get(key)
        if kept is None:
            kept = work()
            with self._lock:
                self._kept[key] = kept
        return cast(T, kept)


def read_so_far(
    past: Past, name: str, wanted: Iterable[Metric], first: int, last: int
) -> tuple[tuple[spans.Span, ...], ...]:
    """What was read of [first, last), by resolution: it changes when a gap is closed. Settled values never do."""
    keys = [metric.key for metric in wanted]
    return tuple(spans.both(past.read_in(name, keys, step), [(first, last)]) for step in spans.RESOLUTIONS)

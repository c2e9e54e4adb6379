"""What was worked out for savings, kept while nothing that it was made of changed: a picker asks for little anew."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar, cast

from cachetools import TTLCache

from ops import clock
from ops.core import spans
from ops.core.instance_time import InstanceTime
from ops.core.metrics import Metric
from ops.instance_past import Asked, times_of, wanted
from ops.past import Past

T = TypeVar("T")
KEPT = 1_000
KEPT_S = 300.0
"""What the keys do not tell of (a cold start that another process finished) shows after so long at the latest."""


MOST_BYTES = 32_000_000
"""Of instance time, which the views of one period share."""


class Memo:
    """Thread-safe. `timer` counts seconds and is replaced in tests."""

    def __init__(self, timer: Callable[[], float] = clock.monotonic) -> None:
        self._lock = threading.Lock()
        self._kept: TTLCache[Hashable, object] = TTLCache(KEPT, KEPT_S, timer)
        self._times: TTLCache[Hashable, InstanceTime] = TTLCache(MOST_BYTES, KEPT_S, timer, _bytes)

    def get(self, key: Hashable, work: Callable[[], T]) -> T:
        """What `work` found under this key before, else now. Two who ask at once may both work."""
        with self._lock:
            kept = self._kept.get(key)
        if kept is None:
            kept = work()
            with self._lock:
                self._kept[key] = kept
        return cast(T, kept)

    def times(
        self, keys: Sequence[Hashable], work: Callable[[Sequence[int]], Sequence[InstanceTime]]
    ) -> tuple[InstanceTime, ...]:
        """What `work` found under each key before; it is asked at once for those that are missing, by their place."""
        with self._lock:
            kept = [self._times.get(key) for key in keys]
        missing = [place for place, each in enumerate(kept) if each is None]
        found = dict(zip(missing, work(missing) if missing else (), strict=True))
        with self._lock:
            for place, each in found.items():
                if _bytes(each) <= MOST_BYTES:
                    self._times[keys[place]] = each
        return tuple(found[place] if each is None else each for place, each in enumerate(kept))


def _bytes(time: InstanceTime) -> int:
    return time.minutes.nbytes + time.known.nbytes + 16 * len(time.levels) + 200


def read_so_far(
    past: Past, name: str, wanted: Iterable[Metric], first: int, last: int
) -> tuple[tuple[spans.Span, ...], ...]:
    """What was read of [first, last), by resolution: it changes when a gap is closed. Settled values never do."""
    keys = [metric.key for metric in wanted]
    return tuple(spans.both(past.read_in(name, keys, step), [(first, last)]) for step in spans.RESOLUTIONS)


def shared_times(past: Past, memo: Memo, asked: Sequence[Asked]) -> tuple[InstanceTime, ...]:
    """As `times_of`; views of one period share what was counted."""
    past.history.recall_coverage({each.endpoint.ref.name for each in asked})
    keys = []
    for each in asked:
        endpoint, span = each.endpoint, each.span
        read = read_so_far(past, endpoint.ref.name, wanted(endpoint), *span)
        of = (endpoint.ref.name, endpoint.created, endpoint.publish_interval, each.intervals, each.earlier)
        keys.append((*of, span, read))
    return memo.times(keys, lambda places: times_of(past, [asked[place] for place in places]))

"""A history that ends no round: while its database is away, what was read is held in memory and shown from there.

A busy database gets at the next reading what it missed. One that is damaged or gone is given up: the history
goes on in memory until Ebb is started again.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from typing import TypeVar

import numpy as np

from ops import clock
from ops.core import spans
from ops.core.cold_start import ColdStart
from ops.core.errors import OpsError
from ops.core.spans import Span
from ops.core.types import Activity, FloatArray, Problem
from ops.store.history import Grid, History
from ops.store.sums import DAY_S, KEYS, MINUTE, DaySums

T = TypeVar("T")
IN_MEMORY = "sqlite://"
MOST_WAITING = 4_000_000
"""Cells that wait for a busy database at most (32 MB); with more of them the database is given up."""
REST_S = 5.0
"""After it failed, a database is left alone for so long: nobody else waits for it."""
_READ, _WRITE = "read", "write"

log = logging.getLogger(__name__)


class Held:
    """A `History` as the console uses it. Thread-safe; no method raises OpsError but those that tidy up."""

    def __init__(self, history: History, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._history = history
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._grids: list[tuple[str, Grid]] = []
        """What the database does not have yet, as it came."""
        self._activities: dict[str, dict[str, Activity]] = {}
        self._episodes: dict[str, dict[str, ColdStart]] = {}
        self._episode_news: Counter[str] = Counter()
        self._coverage: dict[tuple[str, int], Mapping[str, tuple[Span, ...]]] = {}
        self._changes = 0
        """Counts what changes the coverage: what was read before a change is not stored after it."""
        self._failing: dict[str, Problem] = {}
        self._given_up: Problem | None = None
        self._failed_at: dict[str, float] = {}
        self.returned: Callable[[], None] = lambda: None
        """Called when the database can be read again."""

    @property
    def problem(self) -> Problem | None:
        """What is wrong with the database now."""
        with self._lock:
            return self._given_up or next(iter(self._failing.values()), None)

    def write(self, items: Iterable[tuple[str, Grid]]) -> None:
        """As `History.write`; what is still waiting is tried again, also where there is nothing new."""
        with self._lock:
            self._grids += [item for item in items if item[1].size]
        self._flush()

    def read(
        self, endpoint: str, resolution: int, keys: Sequence[str], start: int, end: int
    ) -> dict[str, FloatArray]:
        """The values of [start, end), widened to whole cells; NaN where nothing was published or read."""
        with self._lock:
            waiting = [
                grid for name, grid in self._grids if (name, grid.resolution) == (endpoint, resolution)
            ]
        grid = self._ask(lambda history: history.read(endpoint, resolution, keys, start, end))
        first = start // resolution
        if grid is not None:
            values = dict(grid.values)
        else:
            values = {key: np.full(max(0, -(-end // resolution) - first), np.nan) for key in keys}
        for each in waiting:
            for key in values.keys() & each.values.keys():
                begin = max(first, each.first_cell)
                last = min(first + len(values[key]), each.first_cell + each.size)
                if last > begin:
                    there = each.values[key][begin - each.first_cell : last - each.first_cell]
                    values[key][begin - first : last - first] = there
        return values

    def sums(self, endpoints: Collection[str], start: int, end: int) -> dict[str, DaySums]:
        """As `History.sums`, without the days that something waits to be written of; empty where none can be told."""
        with self._lock:
            waiting = [
                (name, grid)
                for name, grid in self._grids
                if grid.resolution == MINUTE and not grid.values.keys().isdisjoint(KEYS)
            ]
        found = self._ask(lambda history: history.sums(endpoints, start, end)) or {}
        for name, grid in waiting:
            if name in found:
                days = found[name].days
                found[name] = found[name].only((days >= grid.end) | (days + DAY_S <= grid.start))
        return found

    def coverage(self, endpoint: str, resolution: int) -> Mapping[str, tuple[Span, ...]] | None:
        """As `History.coverage`; None where that cannot be told now."""
        with self._lock:
            waiting = [
                grid for name, grid in self._grids if (name, grid.resolution) == (endpoint, resolution)
            ]
            found, changes = self._coverage.get((endpoint, resolution)), self._changes
        if found is None:
            found = self._ask(lambda history: history.coverage(endpoint, resolution))
            if found is None:
                return None
            with self._lock:
                if changes == self._changes:
                    self._coverage[(endpoint, resolution)] = found
        if not waiting:
            return found
        out = {key: list(covered) for key, covered in found.items()}
        for grid in waiting:
            for key in grid.values:
                out.setdefault(key, []).append((grid.start, grid.end))
        return {key: spans.union(covered) for key, covered in out.items()}

    def recall_coverage(self, endpoints: Collection[str]) -> None:
        """Have the coverage of many endpoints at hand, asked for at once."""
        with self._lock:
            missing = {n for n in endpoints if any((n, r) not in self._coverage for r in spans.RESOLUTIONS)}
            changes = self._changes
        found = self._ask(lambda history: history.coverages(missing)) if missing else None
        if found is None:
            return
        with self._lock:
            if changes == self._changes:
                for place in ((name, resolution) for name in missing for resolution in spans.RESOLUTIONS):
                    self._coverage[place] = found.get(place, {})

    def endpoints(self) -> tuple[str, ...]:
        """As `History.endpoints`, as far as they can be told now."""
        return self._ask(lambda history: history.endpoints()) or ()

    @contextmanager
    def together(self) -> Iterator[None]:
        """As `History.together`, where the database can be read."""
        with self._lock:
            history, resting = self._history, self._rests(_READ)
        with ExitStack() as stack:
            if not resting:
                with suppress(OpsError):  # whoever reads in there is told why
                    stack.enter_context(history.together())
            yield

    def keep_activities(self, endpoint: str, activities: Iterable[Activity]) -> None:
        """As `History.keep_activities`."""
        given = {activity.id: activity for activity in activities}
        if not given:
            return
        with self._lock:
            self._activities.setdefault(endpoint, {}).update(given)
        self._flush()

    def activities(self, endpoint: str, since: datetime) -> tuple[Activity, ...]:
        """Those that began at or after `since`, newest first, as far as they can be told now."""
        with self._lock:
            waiting = dict(self._activities.get(endpoint, {}))
        found = {a.id: a for a in self._ask(lambda history: history.activities(endpoint, since)) or ()}
        found |= {a.id: a for a in waiting.values() if a.start >= since}
        return tuple(sorted(found.values(), key=lambda a: a.start, reverse=True))

    def memo(self, key: str) -> str | None:
        """As `History.memo`, but empty where nothing was remembered, and None where that cannot be told now."""
        return self._ask(lambda history: history.memo(key) or "")

    def remember(self, key: str, value: str) -> bool:
        """As `History.remember`; whether the database took it. While it is away it is left alone."""
        with self._lock:
            history, resting = self._history, self._rests(_WRITE)
        if resting:
            return False
        try:
            history.remember(key, value)
        except OpsError as error:
            self._failed(_WRITE, history, error)
            return False
        return True

    def keep_episodes(self, endpoint: str, episodes: Iterable[ColdStart]) -> None:
        """As `History.keep_episodes`."""
        given = tuple(episodes)
        if not given:
            return
        with self._lock:
            self._episode_news[endpoint] += 1
            waiting = self._episodes.setdefault(endpoint, {})
            for each in given:
                if each.final or each.id not in waiting or not waiting[each.id].final:
                    waiting[each.id] = each
        self._flush()

    def episodes(self, endpoint: str, since: datetime) -> tuple[ColdStart, ...]:
        """Those ordered at or after `since`, newest first, as far as they can be told now."""
        with self._lock:
            waiting = dict(self._episodes.get(endpoint, {}))
        found = {e.id: e for e in self._ask(lambda history: history.episodes(endpoint, since)) or ()}
        for each in waiting.values():
            if each.ordered >= since and (each.final or each.id not in found or not found[each.id].final):
                found[each.id] = each
        return tuple(sorted(found.values(), key=lambda e: e.ordered, reverse=True))

    def episode_news(self, endpoint: str) -> int:
        """Another number after each time that cold starts of an endpoint were kept, by this process."""
        with self._lock:
            return self._episode_news[endpoint]

    def forget(self, endpoint: str) -> None:
        """Drop what is in memory of its coverage."""
        with self._lock:
            self._changes += 1
            for place in [place for place in self._coverage if place[0] == endpoint]:
                del self._coverage[place]

    def fold(self, now: int) -> int:
        """As `History.fold`. Raises OpsError where another process is in the way."""
        return self._tend(lambda history: history.fold(now))

    def prune(self, before: int, resolution: int | None = None) -> int:
        """As `History.prune`. Raises OpsError where another process is in the way."""
        gone = self._tend(lambda history: history.prune(before, resolution))
        with self._lock:
            self._changes += 1
            self._coverage.clear()
        return gone

    def forget_worlds(self, keep: int) -> int:
        """As `History.forget_worlds`. Raises OpsError where another process is in the way."""
        return self._tend(lambda history: history.forget_worlds(keep))

    def _flush(self) -> None:
        """Write what waits. One thread does; what comes in meanwhile it takes along."""
        if not self._flushing.acquire(blocking=False):
            return
        try:
            while self._flush_once():
                pass
        finally:
            self._flushing.release()

    def _flush_once(self) -> bool:
        """Whether there may be more to write now."""
        with self._lock:
            history, grids = self._history, tuple(self._grids)
            activities = {name: tuple(known.values()) for name, known in self._activities.items()}
            episodes = {name: tuple(known.values()) for name, known in self._episodes.items()}
            if self._rests(_WRITE) or not (grids or activities or episodes):
                return False
        try:
            history.write(grids)
            for name, given in activities.items():
                history.keep_activities(name, given)
            for name, kept in episodes.items():
                history.keep_episodes(name, kept)
        except OpsError as error:
            return self._failed(_WRITE, history, error)
        with self._lock:
            self._changes += 1
            for name, grid in grids:
                self._coverage.pop((name, grid.resolution), None)
            del self._grids[: len(grids)]
            for name, given in activities.items():
                left = {a.id: a for a in self._activities.pop(name).values() if a not in given}
                if left:
                    self._activities[name] = left
            for name, kept in episodes.items():
                newer = {e.id: e for e in self._episodes.pop(name).values() if e not in kept}
                if newer:
                    self._episodes[name] = newer
            self._failing.pop(_WRITE, None)
        return True

    def _ask(self, ask: Callable[[History], T]) -> T | None:
        """An answer of the database; None where it cannot answer now."""
        while True:
            with self._lock:
                history, resting = self._history, self._rests(_READ)
            if resting:
                return None
            try:
                found = ask(history)
            except OpsError as error:
                if self._failed(_READ, history, error):
                    continue
                return None
            with self._lock:
                again = self._failing.pop(_READ, None) is not None
            if again:
                self.returned()
            return found

    def _rests(self, what: str) -> bool:
        """The caller holds the lock."""
        failed_at = self._failed_at.get(what)
        return failed_at is not None and self._monotonic() - failed_at < REST_S

    def _tend(self, work: Callable[[History], int]) -> int:
        history = self._history
        try:
            return work(history)
        except OpsError as error:
            if error.retryable:
                raise
            self._failed(_WRITE, history, error)
            return 0

    def _failed(self, what: str, history: History, error: OpsError) -> bool:
        """Take note of an error; whether there is another history now to try."""
        with self._lock:
            if history is not self._history:
                return True
            crowded = sum(grid.size * len(grid.values) for _, grid in self._grids) > MOST_WAITING
            if error.retryable and not crowded:
                hint = f"{error.hint} Until then, what is read is held in memory."
                self._failing[what] = Problem("the history", error.what, hint, retryable=True)
                self._failed_at[what] = self._monotonic()
                return False
            hint = f"{error.hint} Until Ebb is started again, it keeps what it reads in memory only."
            self._given_up = Problem("the history", error.what, hint)
            self._history = History.open(IN_MEMORY, history.scope)
            self._failing.clear()
            self._failed_at.clear()
            self._coverage.clear()
            self._changes += 1
        log.warning("%s %s", error.what, hint)
        return True

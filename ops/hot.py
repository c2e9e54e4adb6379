"""The newest cells in memory: what a verdict on every endpoint needs each round, without asking the database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ops.core import metrics, rollup
from ops.core.metrics import Metric
from ops.core.types import FloatArray, MetricSet, Series, Window, utc

MINUTES, STEPS = 180, 312
"""Cells kept: three hours of minutes, 26 hours of five-minute steps."""
STEP = 300
_KEPT = {m.key: m for m in (*metrics.RECENT, *metrics.SERVING)}
_BY_STEP = {m.key: m for m in metrics.DAY}
_Put = tuple[int, int, Mapping[str, FloatArray]]
"""(resolution, start, values by key)"""


class Tail:
    """The newest `cells` cells of several metrics on one grid; it moves on with what is put in."""

    def __init__(self, resolution: int, cells: int, end: int) -> None:
        self._resolution = resolution
        self._cells = cells
        self._start = end - cells * resolution
        self._values: dict[str, FloatArray] = {}

    def put(self, key: str, start: int, values: FloatArray) -> None:
        """Cells from `start` (epoch seconds) on; what is older than the tail is dropped."""
        self._move(start + len(values) * self._resolution)
        held = self._values.setdefault(key, np.full(self._cells, np.nan))
        at = (start - self._start) // self._resolution
        if at < 0:
            values, at = values[-at:], 0
        held[at : at + len(values)] = values

    def get(self, key: str, start: int, end: int) -> FloatArray:
        """The cells of [start, end); NaN outside the tail."""
        out = np.full((end - start) // self._resolution, np.nan)
        held = self._values.get(key)
        if held is None:
            return out
        first = max(start, self._start)
        last = min(end, self._start + self._cells * self._resolution)
        if last > first:
            to, at = (first - start) // self._resolution, (first - self._start) // self._resolution
            count = (last - first) // self._resolution
            out[to : to + count] = held[at : at + count]
        return out

    def reaches(self, start: int) -> bool:
        """Whether the tail holds cells from `start` on."""
        return start >= self._start

    def _move(self, end: int) -> None:
        by = (end - self._start) // self._resolution - self._cells
        if by <= 0:
            return
        self._start += by * self._resolution
        for key, held in self._values.items():
            kept = held[by:] if by < self._cells else held[:0]
            self._values[key] = np.concatenate([kept, np.full(self._cells - len(kept), np.nan)])


class Hot:
    """The tails of all endpoints. `load` reads a window from the history when an endpoint is first asked for."""

    def __init__(self, load: Callable[[str, Sequence[Metric], Window], MetricSet]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._tails: dict[str, tuple[Tail, Tail]] = {}
        self._loading: dict[str, list[_Put]] = {}
        """What came in while an endpoint is being loaded."""

    def put(self, name: str, resolution: int, start: int, values: Mapping[str, FloatArray]) -> None:
        """What was just written to the history; of an endpoint that nobody asked for yet, nothing."""
        with self._lock:
            tails = self._tails.get(name)
            if tails is not None:
                self._put(tails, (resolution, start, values))
            elif name in self._loading:
                self._loading[name].append((resolution, start, values))

    def recent(self, name: str, wanted: Sequence[Metric], window: Window) -> MetricSet:
        """The minutes of `window`, which ends at about now."""
        return self._read(0, name, wanted, window)

    def day(self, name: str, wanted: Sequence[Metric], window: Window) -> MetricSet:
        """The five-minute steps of `window`, which ends at about now."""
        return self._read(1, name, wanted, window)

    def forget(self, name: str) -> None:
        """The endpoint is gone, or another one has its name."""
        with self._lock:
            self._tails.pop(name, None)
            self._loading.pop(name, None)

    def clear(self) -> None:
        """Load every endpoint anew."""
        with self._lock:
            self._tails.clear()
            self._loading.clear()

    def _read(self, which: int, name: str, wanted: Sequence[Metric], window: Window) -> MetricSet:
        begin, end = int(window.start.timestamp()), int(window.end.timestamp())
        tail = self._tails_of(name, end)[which]
        with self._lock:
            found = {m.key: Series(m.key, window, tail.get(m.key, begin, end), m.unit) for m in wanted}
        return MetricSet(window, found)

    def _tails_of(self, name: str, end: int) -> tuple[Tail, Tail]:
        with self._lock:
            found = self._tails.get(name)
            if found is not None:
                return found
            late = self._loading.setdefault(name, [])
        whole = -(-end // STEP) * STEP
        made = (Tail(60, MINUTES, whole), Tail(STEP, STEPS, whole))
        for tail, kept, resolution, cells in zip(
            made, (_KEPT, _BY_STEP), (60, STEP), (MINUTES, STEPS), strict=True
        ):
            window = Window(utc(whole - cells * resolution), utc(whole), resolution)
            for key, series in self._load(name, tuple(kept.values()), window).series.items():
                tail.put(key, whole - cells * resolution, series.values)
        with self._lock:
            if self._loading.get(name) is not late:  # another thread was first, or it was forgotten meanwhile
                return self._tails.get(name, made)
            for put in self._loading.pop(name):
                self._put(made, put)
            self._tails[name] = made
            return made

    def _put(self, tails: tuple[Tail, Tail], put: _Put) -> None:
        minutes, steps = tails
        resolution, start, values = put
        if resolution == STEP:
            for key in values.keys() & _BY_STEP.keys():
                steps.put(key, start, values[key])
        if resolution != 60:
            return
        for key in values.keys() & _KEPT.keys():
            minutes.put(key, start, values[key])
        for key in values.keys() & _BY_STEP.keys():
            self._roll(tails, key, start, start + 60 * len(values[key]))

    def _roll(self, tails: tuple[Tail, Tail], key: str, start: int, end: int) -> None:
        """The steps that hold new minutes, from the minutes in memory; a step that began before them stays."""
        minutes, steps = tails
        first, last = start // STEP * STEP, -(-end // STEP) * STEP
        while first < last and not minutes.reaches(first):
            first += STEP
        if first < last:
            fine = {key: minutes.get(key, first, last)}
            steps.put(key, first, rollup.rolled(_BY_STEP[key], fine, STEP // 60))

"""What has been read so far: which spans are missing, and any window put together from what is there.

Metrics lie in the history at three resolutions; a window is read at its own and wherever finer values are
known from those, so that the newest minutes and the oldest hours stand in one series.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ops.aws.metrics import Answer
from ops.core import rollup, spans
from ops.core.metrics import Metric
from ops.core.spans import Span
from ops.core.types import FloatArray, MetricSet, Series, Window
from ops.store.history import Grid, History

RESOLUTIONS = (60, 300, 3600)


@dataclass(frozen=True, slots=True)
class Hole:
    """A span of one endpoint's history that was never read, and the metrics it lacks."""

    name: str
    metrics: tuple[Metric, ...]
    span: Span


class Past:
    """The history of one account and region, with its coverage at hand. Thread-safe."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._lock = threading.Lock()
        self._coverage: dict[tuple[str, int], Mapping[str, tuple[Span, ...]]] = {}

    def keep(self, answer: Answer, window: Window, *, retry: bool = False) -> None:
        """Write what AWS answered for `window`.

        Of an incomplete answer the datapoints are kept and nothing is taken away; with `retry` it is left out,
        so that the span stays missing and is asked for again.
        """
        start = int(window.start.timestamp())
        items = []
        for name, found in answer.found.items():
            values = {}
            for key, series in found.series.items():
                new = series.values
                if (name, key) in answer.incomplete:
                    if retry:
                        continue
                    old = self._grid(name, window.period, (key,), start, int(window.end.timestamp()))
                    new = np.where(np.isnan(new), old[key], new)
                values[key] = new
            if values:
                items.append((name, Grid(window.period, start, values)))
        if items:
            self.history.write(items)
        with self._lock:
            for name, _ in items:
                self._coverage.pop((name, window.period), None)

    def covered(self, name: str, key: str, coarsest: int = 3600) -> tuple[Span, ...]:
        """The spans in which a metric was read in steps of at most `coarsest` seconds."""
        found: list[Span] = []
        for resolution in RESOLUTIONS:
            if resolution <= coarsest:
                found += self._spans(name, resolution).get(key, ())
        return spans.union(found)

    def holes(self, name: str, metrics: Iterable[Metric], span: Span, period: int) -> tuple[Hole, ...]:
        """What is missing of `span` in steps of at most `period`, metrics with the same gaps together."""
        groups: dict[Span, list[Metric]] = {}
        for metric in metrics:
            for missing in spans.without(span, self.covered(name, metric.key, period)):
                groups.setdefault(missing, []).append(metric)
        return tuple(Hole(name, tuple(found), missing) for missing, found in groups.items())

    def read(self, name: str, metrics: Sequence[Metric], window: Window) -> MetricSet:
        """The series of `window`; NaN where AWS published nothing, and where nothing was read yet."""
        keys = {m.key for m in metrics} | {w.key for m in metrics for w in rollup.weights_of(m)}
        begin, end = int(window.start.timestamp()), int(window.end.timestamp())
        own = self._grid(name, window.period, sorted(keys), begin, end)
        out = {m.key: own[m.key] for m in metrics}
        for resolution in reversed([r for r in RESOLUTIONS if r < window.period]):
            read = {key: spans.union(s) for key, s in self._spans(name, resolution).items() if key in keys}
            near = [s for covered in read.values() for s in covered if s[1] > begin and s[0] < end]
            if not near:
                continue
            start, stop = _cells(near, begin, end, window.period)
            fine = self._grid(name, resolution, sorted(keys), start, stop)
            factor = window.period // resolution
            cells = slice((start - begin) // window.period, (stop - begin) // window.period)
            for metric in metrics:
                known = _mask(read.get(metric.key, ()), start, stop, resolution).reshape(-1, factor)
                if known.any():
                    steps = rollup.rolled(metric, fine, factor)
                    whole, some = np.asarray(known.all(axis=1)), np.asarray(known.any(axis=1))
                    values = out[metric.key].copy()
                    values[cells] = rollup.merged(values[cells], steps, whole, some)
                    out[metric.key] = values
        return MetricSet(window, {m.key: Series(m.key, window, out[m.key], m.unit) for m in metrics})

    def _spans(self, name: str, resolution: int) -> Mapping[str, tuple[Span, ...]]:
        with self._lock:
            found = self._coverage.get((name, resolution))
        if found is None:
            found = self.history.coverage(name, resolution)
            with self._lock:
                self._coverage[(name, resolution)] = found
        return found

    def _grid(
        self, name: str, resolution: int, keys: Sequence[str], start: int, end: int
    ) -> Mapping[str, FloatArray]:
        return self.history.read(name, resolution, keys, start, end).values


def _cells(near: Sequence[Span], begin: int, end: int, period: int) -> Span:
    """The whole steps of the window that hold all of `near`."""
    first = max(begin, min(s[0] for s in near))
    last = min(end, max(s[1] for s in near))
    return begin + (first - begin) // period * period, begin - (begin - last) // period * period


def _mask(covered: Sequence[Span], start: int, end: int, resolution: int) -> NDArray[np.bool_]:
    """Which cells of [start, end) lie in one of the covered spans."""
    mask = np.zeros((end - start) // resolution, dtype=np.bool_)
    for first, last in covered:
        a = max(0, -((start - first) // resolution)) if first > start else 0
        b = (min(last, end) - start) // resolution
        if b > a:
            mask[a:b] = True
    return mask

"""What has been read so far: which spans are missing, and any window put together from what is there.

Metrics lie in the history at three resolutions; a window is read at its own and wherever finer values are
known from those, so that the newest minutes and the oldest hours stand in one series.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ops.aws.metrics import Answer
from ops.core import rollup, spans
from ops.core.metrics import Metric
from ops.core.pacing import GAP_S
from ops.core.spans import RESOLUTIONS, Span
from ops.core.types import FloatArray, MetricSet, Problem, Series, Window, utc
from ops.core.window import KEPT_DAYS
from ops.held import Held
from ops.hot import Hot
from ops.store.history import Grid, History
from ops.store.sums import DAY_S, KEYS, MINUTE, DaySums

OVERLAP_S = 900
"""Younger datapoints may still change or come in: they are shown, but not kept, and are read again."""
EDGE_S = 120
"""Kept clear of where AWS forgets values of a period: its answer may be empty there without saying anything."""
_EVER = float("-inf")


@dataclass(frozen=True, slots=True)
class _Fresh:
    """Cells that are shown and not kept: the newest ones, and those of an incomplete answer."""

    start: int
    values: FloatArray
    period: int
    whole: bool
    """Whether AWS answered in full, so that a missing datapoint says that there is none."""

    @property
    def end(self) -> int:
        return self.start + len(self.values) * self.period

    def over(self, first: int, values: FloatArray) -> FloatArray:
        """`values` from the epoch second `first` on, with these cells where it has none."""
        begin, end = max(first, self.start), min(first + len(values) * self.period, self.end)
        if end <= begin:
            return values
        out = values.copy()
        at = slice((begin - first) // self.period, (end - first) // self.period)
        mine = self.values[(begin - self.start) // self.period : (end - self.start) // self.period]
        out[at] = np.where(np.isnan(out[at]), mine, out[at])
        return out


@dataclass(frozen=True, slots=True)
class Hole:
    """A span of one endpoint's history that was never read, and the metrics it lacks."""

    name: str
    metrics: tuple[Metric, ...]
    span: Span


class Past:
    """The history of one account and region, with its coverage at hand. Thread-safe."""

    def __init__(self, history: History | Held) -> None:
        self.history = history if isinstance(history, Held) else Held(history)
        self._lock = threading.Lock()
        self.hot = Hot(self.read)
        self._fresh: dict[tuple[str, int, str], _Fresh] = {}
        self._born: dict[str, float] = {}
        self.history.returned = self.hot.clear

    @property
    def problem(self) -> Problem | None:
        """What is wrong with the history now; views are made from memory meanwhile."""
        return self.history.problem

    def keep(self, answer: Answer, window: Window, now: float) -> None:
        """Take in what AWS answered for `window` at `now` (its epoch seconds).

        What is settled goes into the history. Younger cells, and all of an answer that is incomplete, are shown
        until something better is read; their span stays missing, so that it is asked for again. Where AWS no
        longer keeps values of this period, nothing but datapoints says anything, and nothing else is kept.
        """
        start, period = int(window.start.timestamp()), window.period
        cut = min(window.size, max(0, (int(now) - OVERLAP_S - start) // period))
        kept_from = int(now) - KEPT_DAYS[period] * 86_400 + EDGE_S
        low = min(cut, max(0, -((start - kept_from) // period)))
        items: list[tuple[str, Grid]] = []
        for name, found in answer.found.items():
            settled, fresh = {}, {}
            for key, series in found.series.items():
                if (name, key) in answer.incomplete:
                    fresh[key] = _Fresh(start, series.values, period, False)
                    continue
                settled[key] = series.values[low:cut]
                for first, last in _runs(series.values[:low]):
                    old = {key: series.values[first:last]}
                    items.append((name, Grid(period, start + first * period, old)))
                fresh[key] = _Fresh(start + cut * period, series.values[cut:], period, True)
            self._show(name, fresh)
            if settled and cut > low:
                items.append((name, Grid(period, start + low * period, settled)))
        self.history.write(items)
        for name, found in answer.found.items():
            whole = {k: s.values for k, s in found.series.items() if (name, k) not in answer.incomplete}
            partly = sorted(found.series.keys() - whole.keys())
            end = int(window.end.timestamp())
            self.hot.put(name, period, start, {**whole, **self._grid(name, period, partly, start, end)})

    def forget(self, name: str) -> None:
        """The endpoint is gone, or another one has its name: nothing of it stays in memory."""
        with self._lock:
            self._born.pop(name, None)
            for place in [place for place in self._fresh if place[0] == name]:
                del self._fresh[place]
        self.history.forget(name)
        self.hot.forget(name)

    def began(self, name: str, at: float) -> None:
        """The endpoint was created at `at` (epoch seconds): what is older belongs to an earlier one of its name."""
        with self._lock:
            before = self._born.get(name)
        if before == at:
            return
        self.forget(name)
        with self._lock:
            self._born[name] = at

    def _show(self, name: str, fresh: Mapping[str, _Fresh]) -> None:
        with self._lock:
            for key, new in fresh.items():
                place = (name, new.period, key)
                old = self._fresh.get(place)
                if old is not None and not new.whole:
                    new = _Fresh(new.start, old.over(new.start, new.values), new.period, False)
                if new.whole and old is not None and (old.end > new.end or not len(new.values)):
                    continue  # an older stretch was read: what is shown of the newest minutes stays
                self._fresh[place] = new

    def covered(self, name: str, key: str, coarsest: int = 3600) -> tuple[Span, ...]:
        """The spans in which a metric was read in steps of at most `coarsest` seconds."""
        found: list[Span] = []
        for resolution in RESOLUTIONS:
            if resolution <= coarsest:
                found += self._spans(name, resolution).get(key, ())
        return spans.union(found)

    def read_in(self, name: str, keys: Sequence[str], resolution: int) -> tuple[Span, ...]:
        """The spans in which all of `keys` were read in steps of `resolution` seconds, the newest cells included."""
        found = [self._shown(name, resolution, (key,))[key] for key in keys]
        both = found[0] if found else ()
        for other in found[1:]:
            both = spans.both(both, other)
        return both

    def kept(self, name: str, keys: str | Sequence[str], now: datetime) -> Mapping[int, datetime]:
        """From when on all of `keys` are known without a gap until about `now`, in steps of at most each resolution."""
        asked = (keys,) if isinstance(keys, str) else tuple(keys)
        found = {}
        for resolution in RESOLUTIONS[:-1]:
            newest = [self.covered(name, key, resolution)[-1:] for key in asked]
            if asked and all(last and last[0][1] >= now.timestamp() - 2 * GAP_S for last in newest):
                found[resolution] = utc(max(last[0][0] for last in newest))
        return found

    def holes(self, name: str, metrics: Iterable[Metric], span: Span, period: int) -> tuple[Hole, ...]:
        """What is missing of `span` in steps of at most `period`, metrics with the same gaps together.

        Nothing while the history cannot tell: all of it would be asked for again, and AWS bills that.
        """
        if any(r <= period and self.history.coverage(name, r) is None for r in RESOLUTIONS):
            return ()
        groups: dict[Span, list[Metric]] = {}
        for metric in metrics:
            for missing in spans.without(span, self.covered(name, metric.key, period)):
                groups.setdefault(missing, []).append(metric)
        return tuple(Hole(name, tuple(found), missing) for missing, found in groups.items())

    def read(
        self,
        name: str,
        metrics: Sequence[Metric],
        window: Window,
        *,
        born: float = _EVER,
        earlier: bool = False,
    ) -> MetricSet:
        """The series of `window`; NaN where AWS published nothing, and where nothing was read yet.

        Of an endpoint created at `born` (epoch seconds; see also `began`) nothing older is shown, but where an
        `earlier` one of its name is asked for.
        """
        with self._lock:
            born = max(born, _EVER if earlier else self._born.get(name, _EVER))
        keys = {m.key for m in metrics} | {w.key for m in metrics for w in rollup.weights_of(m)}
        begin, end = int(window.start.timestamp()), int(window.end.timestamp())
        own = self._grid(name, window.period, sorted(keys), begin, end, born)
        out = {m.key: own[m.key] for m in metrics}
        for resolution in reversed([r for r in RESOLUTIONS if r < window.period]):
            read = self._shown(name, resolution, keys)
            near = [s for covered in read.values() for s in covered if s[1] > begin and s[0] < end]
            if not near:
                continue
            start, stop = _cells(near, begin, end, window.period)
            fine = self._grid(name, resolution, sorted(keys), start, stop, born)
            factor = window.period // resolution
            cells = slice((start - begin) // window.period, (stop - begin) // window.period)
            for metric in metrics:
                known = _mask(read.get(metric.key, ()), start, stop, resolution).reshape(-1, factor)
                if known.any():
                    steps = rollup.rolled(metric, fine, factor)
                    whole, some = np.asarray(known.all(axis=1)), np.asarray(known.any(axis=1))
                    values = out[metric.key].copy()
                    steps = rollup.merged(values[cells], steps, whole, some)
                    values[cells] = np.where(np.isnan(steps), values[cells], steps)
                    out[metric.key] = values
        return MetricSet(window, {m.key: Series(m.key, window, out[m.key], m.unit) for m in metrics})

    def day_sums(
        self, names: Collection[str], start: int, end: int, *, earlier: bool = False
    ) -> Mapping[str, DaySums]:
        """By endpoint, what whole days of [start, end) come to: those of which `read` would say nothing else.

        Whether they were read in full is for `read_in` to say, which has its answer at hand after this.
        """
        self.history.recall_coverage(names)
        found = self.history.sums(names, start, end)
        out = {}
        for name, sums in found.items():
            with self._lock:
                fresh = [self._fresh.get((name, MINUTE, key)) for key in KEYS]
                born = _EVER if earlier else self._born.get(name, _EVER)
            use = sums.days >= born
            for cells in fresh:
                if cells is not None and len(cells.values):
                    use &= (sums.days >= cells.end) | (sums.days + DAY_S <= cells.start)
            out[name] = sums.only(use)
        return out

    def _spans(self, name: str, resolution: int) -> Mapping[str, tuple[Span, ...]]:
        return self.history.coverage(name, resolution) or {}

    def _shown(self, name: str, resolution: int, keys: Iterable[str]) -> dict[str, tuple[Span, ...]]:
        """Where each of `keys` was read, kept or not."""
        kept = self._spans(name, resolution)
        out = {}
        for key in keys:
            with self._lock:
                fresh = self._fresh.get((name, resolution, key))
            newest = [(fresh.start, fresh.end)] if fresh is not None and fresh.whole else []
            out[key] = spans.union([*kept.get(key, ()), *newest])
        return out

    def _grid(
        self, name: str, resolution: int, keys: Sequence[str], start: int, end: int, born: float = _EVER
    ) -> Mapping[str, FloatArray]:
        found = self.history.read(name, resolution, keys, start, end)
        for key in keys:
            with self._lock:
                fresh = self._fresh.get((name, resolution, key))
            if fresh is not None:
                found[key] = fresh.over(start, found[key])
        if born > start:  # a cell that holds the moment of creation is this endpoint's
            for values in found.values():
                values[: int(born - start) // resolution] = np.nan
        return found


def _runs(values: FloatArray) -> Iterator[Span]:
    """Where datapoints are, as half-open pairs of cells."""
    there = np.flatnonzero(~np.isnan(values))
    for run in np.split(there, np.flatnonzero(np.diff(there) > 1) + 1):
        if len(run):
            yield int(run[0]), int(run[-1]) + 1


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

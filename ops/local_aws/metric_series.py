"""Columns of one metric each, on a grid of epoch minutes. NaN, or absence, is "no datapoint"."""

from __future__ import annotations

import math
import operator
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from ops.local_aws.metric_reduce import PLAIN, Floats, grouped, of_parts, percentile_of, reduced, spread

if TYPE_CHECKING:
    from ops.local_aws.long_past import Older

DAY = 1440

_PARTS = ("SampleCount", "Sum", "Minimum", "Maximum")
_JOINS: tuple[Callable[[float, float], float], ...] = (operator.add, operator.add, min, max)
Reader = Callable[[int], float | None]
Days = dict[int, npt.NDArray[Any]]
_EMPTY = np.empty(0)


def _floats(block: npt.NDArray[Any]) -> memoryview[float]:
    """The numbers of a block one after another; reading and writing one costs much less than in numpy."""
    return cast("memoryview[float]", memoryview(block.reshape(-1)))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Grid:
    """`n` periods of `period` seconds from `start` (epoch seconds, a multiple of the period)."""

    start: int
    period: int
    n: int

    @property
    def end(self) -> int:
        return self.start + self.period * self.n


class Series:
    """What every kind of series shares: the identity that CloudWatch knows it by."""

    __slots__ = ("dims", "immediate", "name", "namespace", "older", "unit")

    def __init__(self, namespace: str, name: str, dims: tuple[tuple[str, str], ...], unit: str) -> None:
        self.namespace = namespace
        self.name = name
        self.dims = dims
        self.unit = unit
        self.immediate = False
        """Whether datapoints are visible as soon as they are written (custom metrics)."""
        self.older: Older | None = None
        """What is known of the time before the fine history."""

    def units(self) -> list[str]:
        """The units in which there are datapoints."""
        return [self.unit]

    def reader(self, statistic: str) -> Reader:
        """A function minute -> value of that minute, or None; for any statistic."""
        return lambda minute: self.stat(minute, statistic)

    def stat(self, minute: int, statistic: str) -> float | None:
        """The datapoint of one minute, whether it is published yet or not."""
        value = float(self.buckets(Grid(minute * 60, 60, 1), statistic, minute + 1)[0])
        return None if value != value else value

    def buckets(self, grid: Grid, statistic: str, until: int, unit: str | None = None) -> Floats:
        """One value a period, shape (n,), NaN where there is none. Only minutes before `until` count.

        `unit` asks for datapoints of that unit only.
        """
        if grid.period < 60 or (unit is not None and unit != self.unit):
            return np.full(grid.n, np.nan)
        first, step = grid.start // 60, grid.period // 60
        values = self._minutes(first, step, grid.n, statistic, until)
        older = self.older
        if older is None or first >= older.until or step % 5 or not grid.n:
            return values
        return self._with_older(older, values, first, step, statistic, until)

    def _with_older(
        self, older: Older, values: Floats, first: int, step: int, statistic: str, until: int
    ) -> Floats:
        """`values` with the periods that begin before the fine history; one that it cuts is put together."""
        n = min(len(values), -((first - older.until) // step))
        parts = older.parts(first, step, n)
        end = first + step * n
        if end > older.until:
            for name, part, join in zip(_PARTS, parts, _JOINS, strict=True):
                found = float(self._minutes(older.until, end - older.until, 1, name, until)[0])
                if found == found:
                    part[-1] = join(float(part[-1]), found)
        values[:n] = of_parts(*parts, statistic)
        return values

    def _minutes(self, first: int, step: int, n: int, statistic: str, until: int) -> Floats:
        raise NotImplementedError

    def newest(self, before: int) -> int | None:
        """The newest minute before `before` that has a datapoint."""
        raise NotImplementedError


class GaugeSeries(Series):
    """One sample a minute."""

    __slots__ = ("_base", "_cells", "_days")

    def __init__(self, namespace: str, name: str, dims: tuple[tuple[str, str], ...], unit: str) -> None:
        super().__init__(namespace, name, dims, unit)
        self._days: Days = {}
        self._base = -DAY
        self._cells: memoryview[float] = _floats(_EMPTY)

    def put(self, minute: int, value: float) -> None:
        i = minute - self._base
        if not 0 <= i < DAY:
            i = self._turn(minute)
        self._cells[i] = value

    def fill(self, m0: int, m1: int, value: float) -> None:
        """The same value for every minute of [m0, m1)."""
        for lo, hi, cells in self._spans(m0, m1):
            cells[lo % DAY : lo % DAY + hi - lo] = value

    def ramp(self, m0: int, m1: int, value: float, step: float) -> None:
        """`value`, `value + step`, … for the minutes of [m0, m1)."""
        for lo, hi, cells in self._spans(m0, m1):
            cells[lo % DAY : lo % DAY + hi - lo] = value + step * np.arange(lo - m0, hi - m0)

    def reader(self, statistic: str) -> Reader:
        days = self._days
        count = statistic == "SampleCount"
        base, cells = -DAY, _floats(_EMPTY)

        def read(minute: int) -> float | None:
            nonlocal base, cells
            i = minute - base
            if not 0 <= i < DAY:
                day, i = divmod(minute, DAY)
                block = days.get(day)
                if block is None:
                    return None
                base, cells = day * DAY, _floats(block)
            value = cells[i]
            if value != value:
                return None
            return 1.0 if count else value

        return read

    def stat(self, minute: int, statistic: str) -> float | None:
        block = self._days.get(minute // DAY)
        value = math.nan if block is None else float(block[minute % DAY])
        if value != value:
            return None
        return 1.0 if statistic == "SampleCount" else value

    def _turn(self, minute: int) -> int:
        day, i = divmod(minute, DAY)
        self._base, self._cells = day * DAY, _floats(self._day(day))
        return i

    def _day(self, day: int) -> npt.NDArray[Any]:
        block = self._days.get(day)
        if block is None:
            block = self._days[day] = np.full(DAY, np.nan)
        return block

    def _spans(self, m0: int, m1: int) -> Iterator[tuple[int, int, npt.NDArray[Any]]]:
        while m0 < m1:
            end = min(m1, (m0 // DAY + 1) * DAY)
            yield m0, end, self._day(m0 // DAY)
            m0 = end

    def _minutes(self, first: int, step: int, n: int, statistic: str, until: int) -> Floats:
        cells = _slice(self._days, np.full(step * n, np.nan), first, until)
        if step == 1 and statistic != "SampleCount":
            return cells
        return reduced(cells.reshape(n, step), statistic)

    def newest(self, before: int) -> int | None:
        return _newest(self._days, before, lambda block: block)


class StatsSeries(Series):
    """N samples a minute, kept as their count, sum, smallest and largest value."""

    __slots__ = ("_base", "_cells", "_days")

    def __init__(self, namespace: str, name: str, dims: tuple[tuple[str, str], ...], unit: str) -> None:
        super().__init__(namespace, name, dims, unit)
        self._days: Days = {}
        self._base = -DAY
        self._cells: memoryview[float] = _floats(_EMPTY)

    def put(self, minute: int, count: int, total: float, low: float, high: float) -> None:
        i = minute - self._base
        if not 0 <= i < DAY:
            day, i = divmod(minute, DAY)
            self._base, self._cells = day * DAY, _floats(self._day(day))
        cells = self._cells
        i *= 4
        cells[i] = count
        cells[i + 1] = total
        cells[i + 2] = low
        cells[i + 3] = high

    def fill(self, m0: int, m1: int, count: int, total: float, low: float, high: float) -> None:
        """The same samples for every minute of [m0, m1)."""
        while m0 < m1:
            end = min(m1, (m0 // DAY + 1) * DAY)
            self._day(m0 // DAY)[m0 % DAY : m0 % DAY + end - m0] = (count, total, low, high)
            m0 = end

    def stat(self, minute: int, statistic: str) -> float | None:
        block = self._days.get(minute // DAY)
        if block is None:
            return None
        count, total, low, high = block[minute % DAY].tolist()
        if not count:
            return None
        if statistic == "Average":
            return float(min(max(total / count, low), high))
        if statistic in PLAIN:
            return float({"SampleCount": count, "Sum": total, "Minimum": low, "Maximum": high}[statistic])
        return super().stat(minute, statistic)

    def _day(self, day: int) -> npt.NDArray[Any]:
        block = self._days.get(day)
        if block is None:
            block = self._days[day] = np.zeros((DAY, 4), np.float32)
        return block

    def _minutes(self, first: int, step: int, n: int, statistic: str, until: int) -> Floats:
        cells = _slice(self._days, np.zeros((step * n, 4), np.float32), first, until)
        count, total, low, high = (cells[:, i].reshape(n, step) for i in range(4))
        rank = percentile_of(statistic)
        if rank is not None:
            return spread(count, total, low, high, rank)
        counts = count.sum(axis=1, dtype=np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            if statistic == "SampleCount":
                return np.where(counts > 0, counts, np.nan)
            if statistic == "Sum":
                return np.where(counts > 0, total.sum(axis=1, dtype=np.float64), np.nan)
            lows: Floats = np.fmin.reduce(np.where(count > 0, low, np.nan), axis=1)
            if statistic == "Minimum":
                return lows
            highs: Floats = np.fmax.reduce(np.where(count > 0, high, np.nan), axis=1)
            if statistic == "Maximum":
                return highs
            average: Floats = np.clip(total.sum(axis=1, dtype=np.float64) / counts, lows, highs)
            return average

    def newest(self, before: int) -> int | None:
        return _newest(self._days, before, lambda block: np.where(block[:, 0] > 0, 1.0, np.nan))


class EventSeries(Series):
    """Single values, several a minute or none: kept raw, so that percentiles are exact."""

    __slots__ = ("_minutes_of", "_values")

    def __init__(self, namespace: str, name: str, dims: tuple[tuple[str, str], ...], unit: str) -> None:
        super().__init__(namespace, name, dims, unit)
        self._minutes_of = array("i")
        self._values = array("f")

    def __len__(self) -> int:
        return len(self._values)

    def add(self, minute: int, value: float) -> None:
        minutes = self._minutes_of
        if minutes and minute < minutes[-1]:
            at = bisect_right(minutes, minute)
            minutes.insert(at, minute)
            self._values.insert(at, value)
        else:
            minutes.append(minute)
            self._values.append(value)

    def stat(self, minute: int, statistic: str) -> float | None:
        minutes = self._minutes_of
        if not minutes or minutes[-1] < minute:
            return None
        lo = bisect_left(minutes, minute)
        hi = bisect_right(minutes, minute, lo)
        if lo == hi:
            return None
        values = self._values[lo:hi]
        if statistic == "Sum":
            return math.fsum(values)
        if statistic == "SampleCount":
            return float(hi - lo)
        if statistic == "Average":
            return math.fsum(values) / (hi - lo)
        if statistic == "Maximum":
            return max(values)
        if statistic == "Minimum":
            return min(values)
        return super().stat(minute, statistic)

    def _minutes(self, first: int, step: int, n: int, statistic: str, until: int) -> Floats:
        lo = bisect_left(self._minutes_of, first)
        hi = bisect_left(self._minutes_of, min(first + step * n, until))
        out = np.full(n, np.nan)
        if lo >= hi:
            return out
        bucket = (np.frombuffer(self._minutes_of[lo:hi], np.int32) - first) // step
        return grouped(out, bucket, np.frombuffer(self._values[lo:hi], np.float32), statistic)

    def newest(self, before: int) -> int | None:
        at = bisect_left(self._minutes_of, before)
        return self._minutes_of[at - 1] if at else None


def _slice(days: Days, out: npt.NDArray[Any], m0: int, until: int) -> npt.NDArray[Any]:
    """`out` with the minutes from `m0` on, unchanged where nothing is kept and from `until` on."""
    end = min(m0 + len(out), until)
    at = m0
    while at < end:
        day, i = divmod(at, DAY)
        stop = min(end, (day + 1) * DAY)
        block = days.get(day)
        if block is not None:
            out[at - m0 : stop - m0] = block[i : i + stop - at]
        at = stop
    return out


def _newest(days: Days, before: int, known: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> int | None:
    for day in sorted(days, reverse=True):
        if day * DAY >= before:
            continue
        at = np.flatnonzero(~np.isnan(known(days[day])[: before - day * DAY]))
        if len(at):
            return day * DAY + int(at[-1])
    return None

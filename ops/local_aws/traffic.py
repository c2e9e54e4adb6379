"""Arrivals of the fleet's own stories: seeded by day, so that any stepping sees the same requests."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DAY_S = 86_400
Shape = Callable[[Floats, int], Floats]
"""(local hour of the day, weekday 0 = Monday) -> requests an hour."""


def quiet(hours: Floats, weekday: int) -> Floats:
    return np.zeros_like(hours)


def office(
    low: float, high: float, first: float, last: float, weekend: float = 0.0, steep: float = 0.6
) -> Shape:
    """`low` an hour outside `first`-`last` on weekdays, a hump up to `high` inside, `weekend` all weekend.

    The smaller `steep`, the flatter the hump's top.
    """

    def shape(hours: Floats, weekday: int) -> Floats:
        if weekday >= 5:
            return np.full_like(hours, weekend)
        inside = (hours >= first) & (hours < last)
        hump = np.sin(np.pi * np.clip((hours - first) / (last - first), 0, 1)) ** steep
        return np.where(inside, np.maximum(low, high * hump), low)

    return shape


def steady(rate: float) -> Shape:
    return lambda hours, weekday: np.full_like(hours, rate)


@dataclass(frozen=True, slots=True)
class Batch:
    """`size` requests within `spread_s`, every `every_s` from `first` until `last` (epoch seconds)."""

    first: float
    every_s: float
    size: int
    spread_s: float = 60.0
    last: float = float("inf")


@dataclass(frozen=True, slots=True)
class Traffic:
    """Single requests at `singles` an hour (Poisson), bursts at `bursts` an hour (evenly spread), and batches.

    `service_s` is the container's time (uniform between the two). `error_rate` holds from `errors_from` on.
    """

    name: str
    seed: int
    service_s: tuple[float, float]
    singles: Shape = quiet
    bursts: Shape = quiet
    burst_size: tuple[int, int] = (20, 60)
    burst_spread_s: float = 30.0
    batches: tuple[Batch, ...] = ()
    zone: str = "UTC"
    error_rate: float = 0.0
    errors_from: float = float("inf")
    start: float = float("-inf")
    stop: float = float("inf")
    background_error_rate: float = field(default=0.0)
    ttl_s: float = 21_600.0
    """How long a request may wait in the queue."""

    def day(self, day: int) -> tuple[list[float], list[float], list[bool]]:
        """Arrivals of one UTC day (days since the epoch): times, container seconds, whether they fail."""
        rng = np.random.default_rng([self.seed, zlib.crc32(self.name.encode()), day])
        begin = float(day * DAY_S)
        parts = [_poisson(rng, self._expected(self.singles, day), begin)]
        for at in _spread(rng, self._expected(self.bursts, day), begin):
            size = int(rng.integers(self.burst_size[0], self.burst_size[1] + 1))
            parts.append(at + np.sort(rng.uniform(0, self.burst_spread_s, size)))
        for batch in self.batches:
            k = max(0, int(np.ceil((begin - batch.first) / batch.every_s)))
            at = batch.first + k * batch.every_s
            while at < begin + DAY_S and at < batch.last:
                if at >= begin:
                    parts.append(at + np.sort(rng.uniform(0, batch.spread_s, batch.size)))
                at += batch.every_s
        times = np.sort(np.concatenate(parts))
        times = times[(times >= self.start) & (times < self.stop)]
        service = rng.uniform(self.service_s[0], self.service_s[1], times.size)
        share = np.where(times >= self.errors_from, self.error_rate, self.background_error_rate)
        return times.tolist(), service.tolist(), (rng.random(times.size) < share).tolist()

    def minutes(self, first_day: int, last_day: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """How many requests come in each minute of the UTC days [first, last): the same traffic, drawn coarsely.

        And which part of the minute is left when the first of them comes. Shape (days * 1440,) each. Bursts and
        batches keep their length; what lies beyond the last day is left out.
        """
        out = np.zeros((last_day - first_day) * MINUTES + SPILL, np.int32)
        begin, crc = float(first_day * DAY_S), zlib.crc32(self.name.encode())
        seed = [self.seed, crc, first_day, COARSE]
        late = np.random.default_rng(seed).random(len(out), dtype=np.float32)
        expected = lru_cache(maxsize=32)(self._cells)
        for day in range(first_day, last_day):
            rng = np.random.default_rng([self.seed, crc, day, COARSE])
            at, key = (day - first_day) * MINUTES, self._key(day)
            singles = expected(self.singles, *key)
            if singles.any():
                cells = np.repeat(np.arange(CELLS), rng.poisson(singles))
                _count(out, at + cells * (MINUTES // CELLS) + rng.integers(0, MINUTES // CELLS, cells.size))
            bursts = expected(self.bursts, *key)
            if bursts.any():
                places = _spread(rng, bursts, 0.0)
                sizes = rng.integers(self.burst_size[0], self.burst_size[1] + 1, places.size)
                whole = np.floor(places / 60)
                left = (whole + 1) * 60 - places
                inside = np.clip(left / max(self.burst_spread_s, 1e-9), 0, 1)
                first = np.rint(sizes * inside).astype(np.int64)
                place = at + whole.astype(np.int64)
                np.add.at(out, place, first)
                np.add.at(out, place + 1, sizes - first)
                late[place + 1], late[place] = 1.0, left / 60
        for batch in self.batches:
            k, end = max(0, math.ceil((begin - batch.first) / batch.every_s)), last_day * DAY_S
            while (at_s := batch.first + k * batch.every_s) < min(end, batch.last):
                rng = np.random.default_rng([self.seed, crc, int(at_s), COARSE])
                times = at_s - begin + rng.uniform(0, batch.spread_s, batch.size)
                _count(out, (times[times < len(out) * 60.0] // 60).astype(np.int64))
                k += 1
        low, high = ((edge - begin) / 60 for edge in (self.start, self.stop))
        out[: int(np.clip(low, 0, len(out)))] = 0
        out[int(np.clip(high, 0, len(out))) :] = 0
        return out[:-SPILL], late[:-SPILL]

    def failing(self, minutes: NDArray[np.int64]) -> Floats:
        """The share of the requests of each epoch minute that fail."""
        return np.where(minutes * 60.0 >= self.errors_from, self.error_rate, self.background_error_rate)

    def _expected(self, shape: Shape, day: int) -> Floats:
        """Expected arrivals in each cell of the UTC day, in the story's own zone."""
        return self._cells(shape, *self._key(day))

    def _key(self, day: int) -> tuple[int, float]:
        """(weekday, hours of the zone ahead of UTC): what decides the day's course."""
        noon = datetime.fromtimestamp(day * DAY_S + DAY_S / 2, UTC)
        shift = noon.astimezone(ZoneInfo(self.zone)).utcoffset()
        weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
        return weekday, shift.total_seconds() / 3600 if shift else 0.0

    def _cells(self, shape: Shape, weekday: int, shift: float) -> Floats:
        local = np.arange(CELLS) * (24 / CELLS) + shift
        rate = np.zeros(CELLS)
        for moved in (-1, 0, 1):
            inside = np.floor(local / 24) == moved
            rate[inside] = shape(local[inside] % 24, (weekday + moved) % 7)
        return rate * 24 / CELLS


CELLS = 288
CELL_S = DAY_S / CELLS
MINUTES = 1440
SPILL = 24 * 60
"""Minutes past the last day that a batch may reach into."""
COARSE = 2
"""Marks the draws of the coarse course, so that they are not those of the fine one."""


def _count(out: NDArray[np.int32], minutes: NDArray[np.int64]) -> None:
    """One more in each of `minutes`."""
    if minutes.size:
        low = int(minutes.min())
        found = np.bincount(minutes - low)
        out[low : low + len(found)] += found.astype(np.int32)


def _poisson(rng: np.random.Generator, expected: Floats, begin: float) -> Floats:
    """Arrivals that know nothing of each other."""
    starts = np.repeat(begin + np.arange(CELLS) * CELL_S, rng.poisson(expected))
    return np.sort(starts + rng.uniform(0, CELL_S, starts.size))


def _spread(rng: np.random.Generator, expected: Floats, begin: float) -> Floats:
    """As many arrivals as expected, each at random within its own share: people who keep working."""
    total = np.concatenate([[0.0], np.cumsum(expected)])
    count = int(total[-1]) + int(rng.random() < total[-1] % 1)
    if count == 0:
        return np.empty(0)
    places = (np.arange(count) + rng.random(count)) * total[-1] / count
    times: Floats = np.interp(places, total, begin + np.arange(CELLS + 1) * CELL_S)
    return times

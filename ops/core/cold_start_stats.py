"""Cold starts counted: percentiles, weeks, hours of the week, and how one compares with the usual. Pure.

Durations counted differently (see `Counted`) are never put together: waits for a result stay apart from starts
that nobody waited for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

import numpy as np

from ops.core.cold_start import ColdStart, Counted, served

FEW = 5
"""With fewer than so many nothing is called usual."""
_ALIKE = (0.8, 1.25)
"""Between these shares of the usual a cold start is as usual."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds. With fewer than `FEW` the percentiles say little, and `few` says so."""

    count: int
    p50: float
    p90: float
    p99: float
    worst: float

    @property
    def few(self) -> bool:
        return self.count < FEW


@dataclass(frozen=True, slots=True)
class Week:
    """A week from Monday on, in the reader's zone."""

    monday: date
    waits: Spread | None
    starts: int
    """All cold starts of the week that brought an instance."""
    failed: int
    """Those that came to nothing or failed."""


@dataclass(frozen=True, slots=True)
class HourOfWeek:
    """`count` cold starts began in this hour; `median_s` of those that were waited for. Monday is 0."""

    weekday: int
    hour: int
    count: int
    median_s: float | None


@dataclass(frozen=True, slots=True)
class Compared:
    """One cold start against the median of the others; `times` None: there are too few to say."""

    times: float | None
    usual_s: float | None
    others: int

    @property
    def words(self) -> str:
        """ "2.4 × slower than usual"."""
        if self.times is None:
            return f"too few to compare ({self.others} other{'' if self.others == 1 else 's'})"
        if _ALIKE[0] <= self.times <= _ALIKE[1]:
            return "as usual"
        if self.times > 1:
            return f"{self.times:.2g} × slower than usual"
        return f"{1 / self.times:.2g} × faster than usual"


def spread(seconds: Iterable[float | None]) -> Spread | None:
    """Percentiles of what is known; None where nothing is."""
    known = np.array([s for s in seconds if s is not None], dtype=np.float64)
    if not known.size:
        return None
    p50, p90, p99 = (float(v) for v in np.percentile(known, [50, 90, 99]))
    return Spread(int(known.size), p50, p90, p99, float(known.max()))


def waits(starts: Iterable[ColdStart]) -> tuple[ColdStart, ...]:
    """Those that somebody waited for, with a known wait."""
    return tuple(s for s in served(starts) if s.counted is Counted.WAIT and s.total_s is not None)


def compared(start: ColdStart, starts: Iterable[ColdStart]) -> Compared:
    """`start` against all others of its endpoint that are final and counted in the same way."""
    others = [
        s.total_s
        for s in served(starts)
        if s.endpoint == start.endpoint
        and s.id != start.id
        and s.final
        and s.counted is start.counted
        and s.total_s is not None
    ]
    if start.total_s is None or len(others) < FEW:
        return Compared(None, None, len(others))
    usual = float(np.median(others))
    return Compared(start.total_s / usual if usual > 0 else None, usual, len(others))


def by_week(starts: Sequence[ColdStart], zone: tzinfo) -> tuple[Week, ...]:
    """Every week from the first cold start to the last, those without any included; oldest first."""
    if not starts:
        return ()
    of: dict[date, list[ColdStart]] = {}
    for start in starts:
        of.setdefault(_monday(start.ordered, zone), []).append(start)
    found = []
    monday, last = min(of), max(of)
    while monday <= last:
        own = of.get(monday, [])
        good = served(own)
        lengths = spread(s.total_s for s in waits(own))
        failed = sum(s.outcome.value in ("failed", "came to nothing") for s in own)
        found.append(Week(monday, lengths, len(good), failed))
        monday += timedelta(days=7)
    return tuple(found)


def by_hour(starts: Iterable[ColdStart], zone: tzinfo) -> tuple[HourOfWeek, ...]:
    """All 168 hours of the week in `zone`, by when a cold start began there; Monday 0:00 first."""
    of: dict[tuple[int, int], list[ColdStart]] = {}
    for start in starts:
        local = start.began.astimezone(zone)
        of.setdefault((local.weekday(), local.hour), []).append(start)
    found = []
    for weekday in range(7):
        for hour in range(24):
            own = of.get((weekday, hour), [])
            lengths = spread(s.total_s for s in waits(own))
            found.append(HourOfWeek(weekday, hour, len(own), lengths.p50 if lengths is not None else None))
    return tuple(found)


def waited_s(starts: Iterable[ColdStart]) -> float:
    """Seconds of waiting for a first result in all."""
    return sum(s.total_s for s in waits(starts) if s.total_s is not None)


def _monday(when: datetime, zone: tzinfo) -> date:
    local = when.astimezone(zone).date()
    return local - timedelta(days=local.weekday())

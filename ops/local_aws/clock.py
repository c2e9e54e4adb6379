"""Simulated time: now = anchor + elapsed wall time x speed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

MAX_SPEED = 3600.0


class SimClock:
    """A clock that can be paused, sped up and set. Seconds since the epoch, UTC.

    `monotonic` and the starting instant are passed in, so that a test can step it by hand.
    """

    def __init__(self, start: float, speed: float, monotonic: Callable[[], float]) -> None:
        self._lock = threading.Lock()
        self._monotonic = monotonic
        self._anchor = start
        self._mark = monotonic()
        self._speed = _checked(speed)

    @property
    def speed(self) -> float:
        return self._speed

    def now(self) -> float:
        with self._lock:
            return self._anchor + (self._monotonic() - self._mark) * self._speed

    def datetime(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    def set_speed(self, speed: float) -> None:
        """0 pauses. Time goes on from the present instant."""
        speed = _checked(speed)
        with self._lock:
            mark = self._monotonic()
            self._anchor += (mark - self._mark) * self._speed
            self._mark, self._speed = mark, speed

    def set_now(self, now: float) -> None:
        """Go on from `now`."""
        with self._lock:
            self._anchor, self._mark = now, self._monotonic()

    def jump(self, seconds: float) -> None:
        """Move ahead by `seconds` of simulated time."""
        if seconds < 0:
            raise ValueError("time only moves forward")
        with self._lock:
            self._anchor += seconds


def _checked(speed: float) -> float:
    if not 0 <= speed <= MAX_SPEED:
        raise ValueError(f"speed must lie between 0 (paused) and {MAX_SPEED:.0f}, not {speed}")
    return float(speed)

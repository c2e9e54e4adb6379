"""The only place that reads the wall clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The wall clock, aware, UTC."""
    return datetime.now(UTC)


def timestamp() -> float:
    """The wall clock in seconds since the epoch."""
    return time.time()


def monotonic() -> float:
    return time.monotonic()


def pause(seconds: float) -> None:
    """Let so much real time pass."""
    time.sleep(seconds)

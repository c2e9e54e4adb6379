"""What the console tells of its notices and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice on its way to one place."""

    title: str
    at: datetime
    """AWS's time of what it tells."""
    place: str
    attempts: int = 0
    arrived: bool = False
    error: str = ""
    """Why it has not arrived, as of the newest attempt."""
    given_up: bool = False


@dataclass(frozen=True, slots=True)
class NoticesView:
    """Where notices go, when, and what became of the newest. `places` empty: nowhere."""

    places: tuple[str, ...] = ()
    told: str = ""
    """What is told, as a sentence."""
    quiet: str = ""
    """The quiet hours with their zone; empty without."""
    deliveries: tuple[Delivery, ...] = ()
    """Newest first."""
    trouble: str = ""
    """Why what was told may not be remembered beyond this process."""


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting: its variable, its value as it may be shown, where that came from, and what it means."""

    variable: str
    value: str
    origin: str
    meaning: str
    default: str = ""
    """The value where nobody sets it; empty: none."""

"""Durations and counts in the words of a sentence; for times see ops.core.moments."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from ops.core.types import EndpointState


def duration(seconds: float) -> str:
    """A span in full units, rounded as in tables and cards: "40 s", "5 min", "2 h 10 min", "2 d 4 h"."""
    total = max(0, round(seconds))
    if total < 60:
        return f"{total} s"
    minutes = total // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def took(seconds: float) -> str:
    """A length that is known to half a minute or so: "45 s", "1 min 24 s", "7.4 min", "23 min", "1 h 49 min"."""
    if 60 < round(seconds) < 90:
        return f"1 min {round(seconds) - 60} s"
    if 90 <= seconds < 595:
        return f"{seconds / 60:.1f} min"
    return duration(seconds if seconds < 90 else round(seconds / 60) * 60)


def at_least(seconds: float) -> str:
    """What a range that is full to its start shows: "24 h" for a day, whose grid starts some minutes late."""
    hours = round(seconds / 3600)
    return f"{hours} h" if hours >= 6 else duration(seconds)


def count(number: float, noun: str) -> str:
    """ "1 request", "1,204 requests"."""
    return f"{number:,.0f} {noun}" + ("" if round(number) == 1 else "s")


def percent(share: float) -> str:
    """A share of 1 in whole percent; never "0 %" for something, nor "100 %" for less than all."""
    if 0 < share < 0.01:
        return "under 1 %"
    if 0.99 < share < 1:
        return "99 %"
    return f"{share * 100:.0f} %"


def about_usd(dollars: Decimal) -> str:
    """A small estimate in two significant digits: about $0.0031, about $12; under $0.01 below a tenth of a cent."""
    if dollars <= 0:
        return "nothing"
    if dollars < Decimal("0.001"):
        return "under $0.01"
    if dollars >= 10:
        return f"about ${Decimal(f'{dollars:.1e}'):,.0f}"
    if dollars >= 1:
        return f"about ${dollars:.2f}"
    return f"about ${Decimal(f'{dollars:.1e}'):f}"


def rate(dollars: Decimal) -> str:
    """A price without the noughts that the price list ends it with: "1.4084"."""
    return f"{dollars.normalize():f}"


def listed(words: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


STATE_WORDS: Mapping[EndpointState, str] = MappingProxyType(
    {
        EndpointState.ASLEEP: "asleep",
        EndpointState.QUEUED: "about to wake",
        EndpointState.WAKING: "waking",
        EndpointState.WAKE_STUCK: "cannot wake",
        EndpointState.WAKE_FAILING: "wake fails",
        EndpointState.BUSY: "busy",
        EndpointState.SLOW: "slow",
        EndpointState.FAILING: "failing",
        EndpointState.WARM: "warm",
        EndpointState.IDLE_PAID: "idle, paid",
        EndpointState.UPDATING: "updating",
        EndpointState.BROKEN: "broken",
        EndpointState.MISSING: "missing",
        EndpointState.UNKNOWN: "unknown",
    }
)
"""A state in a word, the same on pages and on the command line."""

"""Ranges and sizes in the words of the question whether asynchronous inference fits. Pure."""

from __future__ import annotations

from decimal import Decimal

from ops.core import words
from ops.core.words import about_usd, percent


def taking(seconds: float) -> str:
    """As `words.took`, and short times in their own unit."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2g} s" if seconds < 10 else words.took(seconds).replace(".0 ", " ")


def megabytes(mb: float) -> str:
    return f"{mb / 1000:.2g} GB" if mb >= 1000 else f"{mb:.3g} MB"


def span(low: float, high: float) -> str:
    """Two lengths of time as a range: "5–11 min"."""
    a, b = taking(low), taking(high)
    if a == b:
        return f"about {a}"
    first, last = round(low / 60), round(high / 60)
    return f"{first}–{last} min" if low >= 60 and first < last else f"{a} to {b}"


def shares(low: float, high: float) -> str:
    """Two shares of 1 as a range: "63–91 %"."""
    a, b = percent(max(0.0, low)), percent(max(0.0, high))
    if a == b:
        return a
    return f"{a} to {b}" if a.startswith("under") else f"{a.removesuffix(' %')}–{b}"


def numbers(low: float, high: float) -> str:
    a, b = rounded(low), rounded(high)
    return a if a == b else f"{a}–{b}"


def rounded(number: float) -> str:
    return f"{number:.1f}" if 0 < number < 1 else f"{round(number):,}"


def dollars(low: float, high: float) -> str:
    a, b = about_usd(decimal(low)), about_usd(decimal(high))
    if high > 0 and low < high / 100:
        return f"up to {b}"
    return a if a == b else f"{a} to {b.removeprefix('about ')}"


def decimal(number: float) -> Decimal:
    return Decimal(str(round(number, 6)))

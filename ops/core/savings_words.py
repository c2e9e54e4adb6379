"""Numbers of a saving in words: the same on the page, in the report and on the command line. Pure.

Estimates from $100 on are said in whole dollars, and the three of a sentence agree with each other; bills are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from ops.core.baselines import Baseline, Kind
from ops.core.cost import Basis
from ops.core.savings import Saving, Total
from ops.core.words import listed, percent

DASH = "–"
WHOLE_FROM = Decimal(100)
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
NAMED = 4
"""So many names stand in a sentence; of more, the number of the others."""


@dataclass(frozen=True, slots=True)
class Said:
    """The three numbers of a sentence, rounded so that they agree."""

    actual: Decimal
    baseline: Decimal
    saved: Decimal
    ratio: Decimal | None
    about: str
    """ "about " before an estimate."""


def said(row: Saving | Total) -> Said | None:
    """None where they are not known."""
    if row.usd is None or row.baseline_usd is None:
        return None
    estimated = row.basis is Basis.ESTIMATED
    unit = Decimal(1) if estimated and max(row.usd, row.baseline_usd) >= WHOLE_FROM else Decimal("0.01")
    actual, baseline = row.usd.quantize(unit), row.baseline_usd.quantize(unit)
    return Said(actual, baseline, baseline - actual, row.ratio, "about " if estimated else "")


def usd(amount: Decimal | None, basis: Basis = Basis.BILLED) -> str:
    """$1,031 for an estimate from $100 on, else $12.40; a dash where not known."""
    if amount is None:
        return DASH
    whole = basis is Basis.ESTIMATED and abs(amount) >= WHOLE_FROM
    return dollars(amount.quantize(Decimal(1) if whole else Decimal("0.01")))


def dollars(amount: Decimal) -> str:
    """As it is rounded: $1,031, $12.40, −$3."""
    return f"{'−' if amount < 0 else ''}${abs(amount):,}"


def share(ratio: Decimal | float | None) -> str:
    """61 %; never 0 % for something, nor 100 % for less than all."""
    if ratio is None:
        return DASH
    value = float(ratio)
    return percent(value) if value >= 0 else f"−{percent(-value)}"


def short(baseline: Baseline) -> str:
    """A baseline in the fewest words."""
    if baseline.kind is Kind.NUMBER:
        return f"always on at {baseline.number:f}"
    if baseline.kind is Kind.HOURS:
        return "business hours only"
    return f"always on at {baseline.kind.value}"


def month_words(month: str) -> str:
    """ "2026-11" → "November 2026"."""
    return f"{date(int(month[:4]), int(month[5:7]), 1):%B %Y}"


def stamp(at: datetime, zone: ZoneInfo) -> str:
    """ "1 Oct 2026 00:00"."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y %H:%M}"


def hours(amount: Decimal | float) -> str:
    """1,204 or 12.4."""
    return f"{amount:,.0f}" if abs(float(amount)) >= 100 else f"{amount:,.1f}"


def named(names: Sequence[str]) -> str:
    """ "a, b and c"; of many, the first ones and how many more."""
    if len(names) <= NAMED:
        return listed(list(names))
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"


def rough(amount: float) -> str:
    """An estimate in two significant digits: 950, 1,200, 7.4; "under 1" for something below that."""
    if 0 < amount < 1:
        return "under 1"
    if amount < 10:
        return f"{amount:.1f}".removesuffix(".0")
    digits = len(str(round(amount)))
    return f"{round(amount, 2 - digits):,.0f}"


def plural_s(number: float) -> str:
    """What "endpoint" takes for so many of them."""
    return "" if number == 1 else "s"

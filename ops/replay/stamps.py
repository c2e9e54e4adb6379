"""Times as files write them: dates in their common forms, seconds since the epoch in any unit, plain seconds.

No precision of the file is lost: whole seconds stay integers and fractions stay text until a whole minute near the
first one has been taken off. Times without a zone are UTC. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

import numpy as np

from ops.core.types import FloatArray

PLAIN_BELOW = 1e8
"""Numbers below are plain seconds (three years); above, seconds since the epoch, or smaller units of it."""
UNITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
"""Powers of ten that make a second of a unit."""
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*([AaPp][Mm])?"
_ZONE = r"\s*(?:([+-]\d{2}:?\d{2}|[+-]\d{2})|Z|z|UTC|GMT)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}})[Tt\s]\s*{_CLOCK}{_ZONE}")
_COMPACT = re.compile(rf"(\d{{4}})(\d\d)(\d\d)[Tt](\d\d)(\d\d)(?:(\d\d)(?:[.,](\d+))?)?(){_ZONE}")
_DENSE = re.compile(
    r"((?:19[7-9]|20\d)\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])([0-5]\d)([0-5]\d)?(?:[.,](\d+))?()()"
)
"""20261024100130: as a number of anything since 1970 it would lie before 1977 or beyond 2600."""
_DAY_FIRST = re.compile(rf"(\d{{1,2}})\.(\d{{1,2}})\.(\d{{4}}),?[Tt\s]\s*{_CLOCK}{_ZONE}")
_SLASHES = re.compile(rf"(\d{{1,2}})/(\d{{1,2}})/(\d{{4}}),?[Tt\s]\s*{_CLOCK}{_ZONE}")
_NAMED = re.compile(
    rf"(?:[A-Za-z]{{3}},\s*)?\[?(\d{{1,2}})[-/\s]([A-Za-z]{{3}})[a-z]*[-/\s](\d{{4}})[:\s]\s*{_CLOCK}{_ZONE}\]?"
)
_MONTH_NAMED = re.compile(rf"([A-Za-z]{{3}})[a-z]*\s(\d{{1,2}}),?\s(\d{{4}})(?:,|\s@)?\s*{_CLOCK}{_ZONE}")
_LIKE_A_DATE = re.compile(
    r"\[?(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{8}[Tt]\d"
    r"|\d{1,2}[-/ ][A-Za-z]{3}[a-z]*[-/ ]\d{4}|[A-Za-z]{3},? \d{1,2} [A-Za-z]{3}|[A-Za-z]{3} \d{1,2},? \d{4})"
)
_NO_CLOCK = re.compile(rf"(?:{_LIKE_A_DATE.pattern})\]?")
_NAMED_ZONE = re.compile(r"^(.*\d(?:\s*[AaPp][Mm])?)\s*([A-Za-z]{2,5})\]?$")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


class Unclear(ValueError):
    """A time that can be read in two ways, with why."""


@dataclass(frozen=True, slots=True, eq=False)
class Stamps:
    """`seconds` from `zero_s`, which is a whole minute since the epoch, or None for plain seconds. Shape (n,).

    `bad`: by index why a text is no time; its seconds are NaN.
    """

    seconds: FloatArray
    zero_s: int | None
    bad: dict[int, str]
    unit: str = "s"
    """Of numbers."""
    zoned: bool = True
    """False: at least one date came without a zone, and was taken as UTC."""


def is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text.strip()) is not None


def is_date(text: str) -> bool:
    """Whether it is a date with a time of day."""
    stripped = text.strip()
    return any(form.fullmatch(stripped) for form, _ in _FORMS)


def looks_dated(text: str) -> bool:
    """Whether it begins like a date, readable or not."""
    return _LIKE_A_DATE.match(text.strip()) is not None


def read_stamps(texts: Sequence[str], unit: str | None = None, day_first: bool | None = None) -> Stamps:
    """All of one column. `unit`: of numbers, where it is known; else it is told from their size. `day_first`: whether
    01/02 is the first of February; None: it is told from days above 12. Raises Unclear.

    What most of the texts are decides whether the column holds numbers or dates; the first one, where both are as many.
    """
    told = [t.strip() for t in texts if t.strip()]
    if unit is None and told and all(map(_DENSE.fullmatch, told)):
        return _dates(texts, day_first)
    numbers = sum(map(is_number, told))
    dates = 0 if numbers * 2 > len(told) else sum(map(is_date, told))
    plain = is_number(told[0]) if told and numbers == dates else numbers > dates
    return _numbers(texts, unit) if plain or not told else _dates(texts, day_first)


def read_seconds(texts: Sequence[str], unit: str | None = None) -> tuple[FloatArray, dict[int, str]]:
    """Durations in seconds, and by index why a text is none (NaN there)."""
    values, bad = _floats(texts, "number")
    seconds = values / 10.0 ** UNITS[unit or "s"] if unit not in (None, "s") else values
    for i in np.flatnonzero(seconds < 0).tolist():
        bad[i] = f"{texts[i]!r} is below zero"
    return seconds, bad


def _floats(texts: Sequence[str], what: str) -> tuple[FloatArray, dict[int, str]]:
    bad: dict[int, str] = {}
    try:
        values = np.array(texts, dtype=np.float64)
    except ValueError:
        values = np.full(len(texts), np.nan)
        for i, text in enumerate(texts):
            if is_number(text):
                values[i] = float(text)
    for i in np.flatnonzero(~np.isfinite(values)).tolist():
        values[i] = np.nan
        bad[i] = f"{texts[i]!r} is no {what}" if texts[i].strip() else f"the {what} is missing"
    return values, bad


def _numbers(texts: Sequence[str], unit: str | None) -> Stamps:
    values, bad = _floats(texts, "time")
    known = np.abs(values[~np.isnan(values)])
    largest = float(known.max()) if known.size else 0.0
    chosen = unit or _unit_of(largest)
    if largest / 10.0 ** UNITS[chosen] < PLAIN_BELOW:
        scaled = values / 10.0 ** UNITS[chosen] if UNITS[chosen] else values
        return Stamps(scaled, None, bad, chosen)
    for i in np.flatnonzero(values / 10.0 ** UNITS[chosen] < PLAIN_BELOW).tolist():
        values[i], bad[i] = np.nan, f"{texts[i]!r} is no time since 1970 in {chosen}, as others are"
    good = np.flatnonzero(~np.isnan(values)).tolist()
    parts = [_split(texts[i].strip(), UNITS[chosen]) for i in good]
    return _shifted(values, good, parts, bad, chosen)


def _unit_of(largest: float) -> str:
    for unit, below in (("s", 1e11), ("ms", 1e14), ("us", 1e17)):
        if largest < below:
            return unit
    return "ns"


def _split(text: str, power: int) -> tuple[int, str]:
    """A number in a unit as whole seconds and the digits of the fraction."""
    if "e" in text or "E" in text:
        text = f"{Decimal(text):f}"
    whole, _, fraction = text.partition(".")
    if not power:
        return int(whole), fraction
    seconds, rest = divmod(int(whole), 10**power)
    return seconds, f"{rest:0{power}d}{fraction}"


def _shifted(
    values: FloatArray,
    good: Sequence[int],
    parts: Sequence[tuple[int, str]],
    bad: dict[int, str],
    unit: str = "s",
    zoned: bool = True,
) -> Stamps:
    zero = min((whole for whole, _ in parts), default=0) // 60 * 60
    values[good] = [float(f"{whole - zero}.{fraction}") for whole, fraction in parts]
    return Stamps(values, zero, bad, unit, zoned)


def _dates(texts: Sequence[str], day_first: bool | None = None) -> Stamps:
    values = np.full(len(texts), np.nan)
    bad: dict[int, str] = {}
    good: list[int] = []
    parts: list[tuple[int, str]] = []
    read = _reader(texts, day_first)
    known: dict[tuple[str, ...], int] = {}
    zoned = True
    for i, text in enumerate(texts):
        stripped = text.strip()
        try:
            whole, fraction, has_zone = read(stripped, known)
        except (ValueError, InvalidOperation):
            bad[i] = _why(text)
            continue
        zoned = zoned and has_zone
        good.append(i)
        parts.append((whole, fraction))
    return _shifted(values, good, parts, bad, zoned=zoned)


_Days = dict[tuple[str, ...], int]
_Read = Callable[[str, _Days], tuple[int, str, bool]]


def _reader(texts: Sequence[str], day_first: bool | None) -> _Read:
    """How the texts of one column are read. Raises Unclear."""
    month_first = _month_first(texts) if day_first is None else not day_first

    def read(text: str, known: _Days) -> tuple[int, str, bool]:
        order, found = next(((o, f) for form, o in _FORMS if (f := form.fullmatch(text))), ("", None))
        if found is None:
            raise ValueError
        date_parts = found.group(1, 2, 3)
        day = known.get(date_parts)
        if day is None:
            named = dict(
                zip(order if order != "?" else ("mdy" if month_first else "dmy"), date_parts, strict=True)
            )
            day = known[date_parts] = _day(named["y"], named["m"], named["d"])
        hour, minute, second, fraction, half, zone = found.group(4, 5, 6, 7, 8, 9)
        h, m, s = int(hour), int(minute), int(second or 0)
        if half:
            if not 1 <= h <= 12:
                raise ValueError
            h = h % 12 + (12 if half in ("PM", "pm", "Pm", "pM") else 0)
        if h > 23 or m > 59 or s > 60:
            raise ValueError
        offset = 0
        if zone:
            digits = zone[1:].replace(":", "").ljust(4, "0")
            offset = (int(digits[:2]) * 3600 + int(digits[2:]) * 60) * (-1 if zone[0] == "-" else 1)
        has_zone = bool(zone) or text.rstrip("]")[-1:] in "ZzCT"
        return day + h * 3600 + m * 60 + s - offset, fraction or "", has_zone

    return read


def _why(text: str) -> str:
    """Why a text is no time."""
    stripped = text.strip()
    if not stripped:
        return "the time is missing"
    if _NO_CLOCK.fullmatch(stripped):
        return f"{text!r} is a day without a time of day"
    zone = _NAMED_ZONE.fullmatch(stripped)
    if zone is not None and is_date(zone[1]):
        return f"{text!r} has the zone {zone[2]}, which is not clear (write +01:00)"
    return f"{text!r} is no time"


_FORMS = (
    (_YEAR_FIRST, "ymd"),
    (_COMPACT, "ymd"),
    (_DENSE, "ymd"),
    (_DAY_FIRST, "dmy"),
    (_NAMED, "dmy"),
    (_MONTH_NAMED, "mdy"),
    (_SLASHES, "?"),
)


def _day(year: str, month: str, day: str) -> int:
    """Seconds since the epoch of a day's beginning. Raises ValueError."""
    number = int(month) if month.isdigit() else _MONTHS.index(month.lower()) + 1
    return (date(int(year), number, int(day)).toordinal() - _EPOCH_DAY) * 86400


def _month_first(texts: Sequence[str]) -> bool:
    """Whether dates with slashes are month/day/year: where a number above 12 tells. Raises Unclear."""
    pairs = {found.group(1, 2) for found in map(_SLASHES.fullmatch, (t.strip() for t in texts)) if found}
    if not pairs:
        return False
    first, second = max(int(a) for a, _ in pairs), max(int(b) for _, b in pairs)
    if first <= 12 and second <= 12 and any(a != b for a, b in pairs):
        a, b = sorted(pairs)[0]
        raise Unclear(f"Nobody can tell the day from the month in dates such as {a}/{b}")
    return second > 12

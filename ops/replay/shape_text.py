"""The rates and bursts of traffic that nobody has seen yet, from the words that people type. Pure.

mon-fri 08-18 120/h; else 5/h
mon-fri 08-12 2/min Europe/Berlin; sat,sun 1/h; else 20/day
"""

from __future__ import annotations

import math
import re

from ops.core import warm_text
from ops.core.errors import BadInput
from ops.replay.synthetic import DAYS, HOURS, Bursts, Shape

EXAMPLE = (
    'Write it like "mon-fri 08-18 120/h; else 5/h", with a zone such as Europe/Berlin where it is not UTC.'
)
BURSTS = "Give PER_DAY,SIZE,SECONDS, such as 4,25,120: four a day, each of 25 requests within 120 s."
_PER_HOUR = {"s": 3600.0, "min": 60.0, "m": 60.0, "h": 1.0, "hour": 1.0, "d": 1 / 24, "day": 1 / 24}
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(hour|h|min|m|s|day|d)\b")
_SPAN = re.compile(r"(?<![\d.:/])(\d{1,2}(?:[:.]\d{2})?)\s*-\s*(\d{1,2}(?:[:.]\d{2})?)(?![\d.:/])")
_ZONE = re.compile(r"(?<!\S)(?:[A-Za-z_]+(?:/[A-Za-z0-9_+\-]+)+|UTC|utc|GMT|gmt)(?![^\s;])")


def shape(text: str, bursts: tuple[Bursts, ...] = ()) -> Shape:
    """Rates by hour of the week. Where several clauses hold, the first one does; where none does, no request comes.

    Raises BadInput with the clause that was not understood.
    """
    zones = list(dict.fromkeys(_ZONE.findall(text)))
    if len(zones) > 1:
        raise BadInput(f"{text!r} names two time zones.", "Give one for all of it.")
    zone = str(warm_text.zone(zones[0])) if zones else "UTC"
    clauses = [part.strip() for part in re.split(r"[;\n]", _ZONE.sub("", text)) if part.strip()]
    if not clauses:
        raise BadInput("There is no rate.", EXAMPLE)
    rates: list[list[float | None]] = [[None] * HOURS for _ in range(DAYS)]
    for clause in clauses:
        places, rate = _clause(clause)
        for day, hour in places:
            if rates[day][hour] is None:
                rates[day][hour] = rate
    return Shape(tuple(tuple(rate or 0.0 for rate in row) for row in rates), zone, bursts)


def burst(text: str) -> Bursts:
    """ "4,25,120": how many a day, requests of each, seconds that they come in. Raises BadInput."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if len(found) != 3 or not all(math.isfinite(value) and value >= 0 for value in found):
        raise BadInput(f"{text!r} is no burst.", BURSTS)
    return Bursts(*found)


def _clause(text: str) -> tuple[list[tuple[int, int]], float]:
    """(hours of the week, requests an hour)."""
    rates = _RATE.findall(text.lower())
    if len(rates) != 1:
        found = "has no rate" if not rates else "has more than one rate"
        raise BadInput(f"{text!r} {found}.", f"A rate is 120/h, 2/min, 0.5/s or 40/day. {EXAMPLE}")
    rest = _RATE.sub(" ", text.lower())
    spans = _SPAN.findall(rest)
    days = " ".join(_SPAN.sub(" ", rest).split())
    if days in ("else", "otherwise") and not spans:
        days = ""
    try:
        weekdays = warm_text.weekdays(days) if days else frozenset(range(DAYS))
    except BadInput as error:
        raise BadInput(f"{text!r} is not understood: {error.what}", EXAMPLE) from error
    places = [place for first, last in spans or [("0", "24")] for place in _hours(weekdays, first, last)]
    return places, float(rates[0][0]) * _PER_HOUR[rates[0][1]]


def _hours(weekdays: frozenset[int], first: str, last: str) -> list[tuple[int, int]]:
    """Those from one time of day to another; an end at or before the start is on the next day."""
    begin, end = warm_text.clock(first), warm_text.clock(last)
    if begin.minute or end.minute:
        raise BadInput(f"{first}-{last} does not lie on whole hours.", "A rate holds for whole hours.")
    if begin == end and begin.hour:
        raise BadInput(f"{first}-{last} is nothing, or a whole day.", "Write 0-24 for a whole day.")
    length = (end.hour - begin.hour) % HOURS or HOURS
    return [
        ((day + (begin.hour + more) // HOURS) % DAYS, (begin.hour + more) % HOURS)
        for day in sorted(weekdays)
        for more in range(length)
    ]

"""A promise on waiting from the words that people type, and which of its clauses holds for which request. Pure.

p95<=120s mon-fri 08-18; p95<=900s
p95 wait ≤ 2 min on weekdays 8-18, else ≤ 15 min
99% within 5 min; max<=10min; mean<=1m30s sat,sun Europe/Berlin
p95<=2min and max<=10min mon-fri 08-18; p95<=15min
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import time, timedelta

import numpy as np
from numpy.typing import NDArray

from ops.core.errors import BadInput
from ops.core.promise import MEAN, SHARE, Clause, Promise, hours
from ops.core.types import FloatArray, utc
from ops.core.warm import WarmWindow, zone_of
from ops.core.warm_text import clock, days_text, weekdays
from ops.core.warm_week import changes_of
from ops.replay.numbers import Classes

EXAMPLE = (
    'Write it like "p95<=120s mon-fri 08-18; p95<=900s", "99% within 5 min" or "p95<=2min and max<=10min".'
)
WEEK = 7 * 1440
MOST_CLAUSES = 12
MOST_LIMIT_S = 30 * 86_400
_MARGIN = timedelta(days=2)

_UNIT_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_LENGTH = r"(\d+(?:\.\d+)?)\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])"
_DAY = r"(?:mon|tues?|wed|thu(?:rs?)?|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?"
_HOUR = r"(\d{1,2}(?:[:.]\d{2})?)\s*(am|pm|h)?"
_ZONE = re.compile(r"\b(?:[A-Za-z_]+(?:/[A-Za-z0-9_+\-]+)+|UTC|utc|GMT|gmt)(?![\w/])")
_CLAUSES = re.compile(
    r"[;\n]|,?\s*\b(?:else|otherwise)\b,?|,(?=\s*(?:p\d|max|mean|average|avg|median|every(?!\s*day)|\d+(?:\.\d+)?\s*%))"
)
_ALSO = re.compile(
    r",?\s*\band\b(?=\s*(?:p\s?\d|max|mean|average|avg|median|every(?!\s*day)|\d+(?:\.\d+)?\s*%))"
)
_TOKENS = re.compile(
    rf"(?P<percentile>p\s?(?P<rank>\d{{1,3}}(?:\.\d+)?)(?![\d.]))"
    r"|(?P<percent>(?P<of>\d+(?:\.\d+)?)\s*(?:%|percent\b))"
    r"|(?P<all>\b(?:max(?:imum)?|every(?!\s?day)|all)\b)"
    r"|(?P<mean>\b(?:mean|average|avg)\b)"
    r"|(?P<median>\bmedian\b)"
    rf"|(?P<days>\b(?:{_DAY})(?:\s*-\s*{_DAY})?\b|\b(?:weekdays?|workdays?|weekends?|daily|every\s?day)\b)"
    rf"|(?P<hours>(?<![\d.]){_HOUR}\s*(?:-|to|until|till|and)\s*{_HOUR}(?![\d.%]))"
    rf"|(?P<length>{_LENGTH}(?:\s*(?:and\s*)?{_LENGTH})*)"
    r"|(?P<most><=|=<|<|=|:|\b(?:within|under|below|at most|(?:no|not) (?:more|longer) than|less than|up to)\b)"
    r"|(?P<least>>=?|\b(?:at least|more than|over|above)\b)"
    r"|(?P<fill>[,\s]+|\b(?:waits?|waiting|waited|times?|of|the|an?|requests?|jobs?|on|in|at|from|between|and|also|is|"
    r"are|be|must|should|may|for|during|starts?|started|hours|o'clock)\b)"
)


def parse(text: str, zone: str = "UTC") -> Promise:
    """What a text promises. `zone`: of hours that it names without one. Raises BadInput with what was not understood.

    A zone that the text names once holds for all of its hours. A clause without a measure has that of the one before.
    Measures that "and" joins hold at the same times, as do clauses that name the very same ones.
    """
    zone_of(zone)
    if not text.strip():
        raise BadInput("There is no promise.", EXAMPLE)
    parts = [
        part.strip() for part in _CLAUSES.split(text.replace("≤", "<=").replace("–", "-")) if part.strip()
    ]
    if not parts:
        raise BadInput(f"{text.strip()!r} promises nothing.", EXAMPLE)
    if len(parts) > MOST_CLAUSES:
        raise BadInput(f"{len(parts)} clauses are too many.", f"A promise has {MOST_CLAUSES} at most.")
    named = [_zone(part) for part in parts]
    only = {name for name in named if name}
    usual = only.pop() if len(only) == 1 else zone
    clauses: list[Clause] = []
    for part, own in zip(parts, named, strict=True):
        clauses += _joined(part, own or usual, clauses[-1] if clauses else None)
    if len(clauses) > MOST_CLAUSES:
        raise BadInput(f"{len(clauses)} clauses are too many.", f"A promise has {MOST_CLAUSES} at most.")
    _check_order(clauses)
    return Promise(tuple(clauses), "; ".join(map(written, clauses)))


def written(clause: Clause) -> str:
    """One clause as `parse` reads it back alike."""
    rank = "max" if clause.share == 1 else f"p{_n(clause.share * 100)}"
    said = [f"{'mean' if clause.measure == MEAN else rank}<={_n(clause.limit_s)}s"]
    for i, window in enumerate(clause.windows):
        days = days_text(window.weekdays).lower().replace(", ", ",").replace("every day", "daily")
        said.append(" ".join(filter(None, ("and" if i else "", days, hours(window) or "00:00-24:00"))))
    return " ".join([*said, *([clause.zone] if clause.windows else [])])


def layers(promise: Promise) -> int:
    """How many clauses hold at once, at most."""
    return max(map(len, promise.groups), default=1)


def classes(promise: Promise, arrival_s: FloatArray, layer: int = 0) -> Classes:
    """For each request (its arrival in seconds since the epoch) the number of the clause that holds; -1: none does.

    `layer`: of those that hold at the same times the first, the second ... (from 0 on).
    The wall clock of the clause's zone counts: an hour that comes twice is inside twice, one that is skipped never.
    Shape (n,).
    """
    found = np.full(len(arrival_s), -1, np.int8)
    minutes: dict[str, NDArray[np.int64]] = {}
    for group in reversed(promise.groups):
        clause = promise.clauses[group[0]]
        number = group[layer] if layer < len(group) else -1
        if not clause.windows:
            found[:] = number
            continue
        if clause.zone not in minutes:
            minutes[clause.zone] = minutes_of_week(arrival_s, clause.zone)
        found[_inside(clause)[minutes[clause.zone]]] = number
    return found


def judged(promise: Promise, held: Classes, arrival_s: FloatArray, until_s: float) -> Classes:
    """`held` without the requests that came too late to be judged: the course ends before their limit is up."""
    limits = np.array([*promise.limits_s, np.inf])  # -1 is the last
    late: NDArray[np.bool_] = arrival_s + limits[held] > until_s
    return np.where(late, np.int8(-1), held)


def _joined(part: str, zone: str, before: Clause | None) -> list[Clause]:
    """Measures for the same hours, whichever of them names these."""
    found: list[Clause] = []
    for each in _ALSO.split(part):
        found.append(_clause(each.strip() or part, zone, found[-1] if found else before))
    named = {clause.held: clause for clause in found if clause.windows}
    if len(named) != 1:
        return found
    (hours_of,) = named.values()
    return [replace(clause, windows=hours_of.windows, zone=hours_of.zone) for clause in found]


def _clause(part: str, zone: str, before: Clause | None) -> Clause:
    measure: tuple[str, float] | None = None
    limit: float | None = None
    groups: list[tuple[set[int], list[tuple[time, time]]]] = [(set(), [])]
    at, typed = 0, _ZONE.sub(" ", part).lower()
    while at < len(typed):
        token = _TOKENS.match(typed, at)
        if token is None:
            raise _unread(typed[at:].strip(), part)
        at = token.end()
        kind = next(name for name in _KINDS if token[name] is not None)
        if kind in ("percentile", "percent", "all", "mean", "median"):
            if measure is not None:
                raise BadInput(
                    f"{part!r} measures twice.", f'Put "and" or a semicolon between two measures. {EXAMPLE}'
                )
            measure = _measure(kind, token, part)
        elif kind == "length":
            if limit is not None:
                raise BadInput(f"{part!r} has two limits.", f"Put a semicolon between two clauses. {EXAMPLE}")
            limit = sum(float(n) * _UNIT_S[unit[0]] for n, unit in re.findall(_LENGTH, token["length"]))
        elif kind == "least":
            raise BadInput(f"{part!r} says how long at least.", f"A promise says how long at most. {EXAMPLE}")
        elif kind == "days":
            if groups[-1][0] and groups[-1][1]:
                groups.append((set(), []))
            groups[-1][0].update(_days(token["days"]))
        elif kind == "hours":
            groups[-1][1].append(_hours(token["hours"], part))
    if limit is None:
        raise BadInput(f"{part!r} has no limit.", EXAMPLE)
    if measure is None and before is None:
        raise BadInput(f"{part!r} does not say of how many requests.", EXAMPLE)
    if limit > MOST_LIMIT_S:
        raise BadInput(f"A limit of {limit / 86_400:.0f} days is no promise.", EXAMPLE)
    kind, share = (
        measure if measure is not None else (before.measure, before.share) if before else (SHARE, 1.0)
    )
    windows = tuple(
        WarmWindow(frozenset(days or range(7)), *each)
        for days, spans in groups
        if days or spans
        for each in (spans or [(time(0), time(0))])
    )
    return Clause(limit, share, kind, windows, zone if windows else "UTC")


def _unread(rest: str, part: str) -> BadInput:
    number = re.match(r"\d+(?:\.\d+)?(?![\d.:%-])", rest)
    if number is not None:
        return BadInput(
            f"{number[0]} of what, in {part!r}?",
            f"Write {number[0]}s or {number[0]}min for a limit. {EXAMPLE}",
        )
    return BadInput(f"{rest!r} was not understood in {part!r}.", EXAMPLE)


_KINDS = (
    "percentile", "percent", "all", "mean", "median", "days", "hours", "length", "most", "least", "fill",
)  # fmt: skip


def _measure(kind: str, token: re.Match[str], part: str) -> tuple[str, float]:
    if kind == "mean":
        return MEAN, 1.0
    if kind == "all":
        return SHARE, 1.0
    if kind == "median":
        return SHARE, 0.5
    of = float(token["rank"] or token["of"])
    if not 0 < of <= 100:
        raise BadInput(
            f"{of:g} % of requests in {part!r} cannot be.", "Give a share above 0 and up to 100 %."
        )
    return SHARE, round(of / 100, 10)


def _days(text: str) -> frozenset[int]:
    typed = re.sub(r"\s+", "", text)
    if typed in ("weekday", "weekdays", "workday", "workdays"):
        return frozenset(range(5))
    if typed in ("weekend", "weekends"):
        return frozenset((5, 6))
    if typed in ("daily", "everyday"):
        return frozenset(range(7))
    return weekdays("-".join(day[:3] for day in typed.split("-")))


def _hours(text: str, part: str) -> tuple[time, time]:
    found = re.fullmatch(rf"{_HOUR}\s*(?:-|to|until|till|and)\s*{_HOUR}", text)
    assert found is not None
    first, first_half, last, last_half = found.groups()
    try:
        begin = _clock(first, first_half or (last_half if last_half == "am" else None))
        end = _clock(last, last_half)
        if begin == end and (begin.hour or begin.minute):
            raise BadInput("It is nothing, or a whole day.", "Leave the hours out for a whole day.")
        return begin, end
    except BadInput as error:
        raise BadInput(f"{text!r} in {part!r} are no hours of a day.", error.hint) from error


def _clock(text: str, half: str | None) -> time:
    at = clock(text)
    if half in ("am", "pm"):
        if not 1 <= at.hour <= 12:
            raise BadInput(f"{text} {half} is no time of day.", "Write it like 8am or 08:00.")
        return at.replace(hour=at.hour % 12 + (12 if half == "pm" else 0))
    return at


def _zone(part: str) -> str:
    found = list(dict.fromkeys(_ZONE.findall(part)))
    if len(found) > 1:
        raise BadInput(
            f"{part!r} names two time zones.", "Give each its own clause, with a semicolon between."
        )
    if not found:
        return ""
    name = str(found[0])
    name = "UTC" if name.upper() in ("UTC", "GMT") else name
    zone_of(name)
    return name


def _check_order(clauses: list[Clause]) -> None:
    """Raises BadInput for a clause that never holds, because those before it always do, and for one that is twice."""
    seen: dict[tuple[object, ...], set[tuple[str, float]]] = {}
    taken: dict[str, NDArray[np.bool_]] = {}
    always = False
    for clause in clauses:
        there = seen.setdefault(clause.held, set())
        if (clause.measure, clause.share) in there:
            raise BadInput(
                f"{written(clause)!r} gives a measure a second limit at the same times.",
                "Give one limit for each measure and hour, such as "
                '"p95<=2min and max<=10min mon-fri 08-18; p95<=15min".',
            )
        there.add((clause.measure, clause.share))
        if len(there) > 1:
            continue
        inside = _inside(clause)
        held = taken.setdefault(clause.zone, np.zeros(WEEK, np.bool_))
        if always or (clause.windows and not (inside & ~held).any()):
            raise BadInput(
                f"{written(clause)!r} never holds: what stands before it holds at all of its times.",
                "For each request the first clause that fits counts, and no other: put special hours first, and what "
                "holds at all other times last. Two measures of the same hours are joined, as in "
                '"p95<=2min and max<=10min".',
            )
        held |= inside
        always = always or not clause.windows or bool(held.all())


def _inside(clause: Clause) -> NDArray[np.bool_]:
    """Which minutes of the local week lie in its windows; shape (10080,), from Monday 00:00 on."""
    found = np.zeros(WEEK, np.bool_)
    for window in clause.windows:
        for day in window.weekdays:
            first = day * 1440 + window.start.hour * 60 + window.start.minute
            found[np.arange(first, first + window.minutes) % WEEK] = True
    return found if clause.windows else ~found


def minutes_of_week(arrival_s: FloatArray, zone: str) -> NDArray[np.int64]:
    """The minute of the local week of each moment, 0 = Monday 00:00."""
    if not len(arrival_s):
        return np.zeros(0, np.int64)
    info = zone_of(zone)
    first, last = utc(float(arrival_s.min())) - _MARGIN, utc(float(arrival_s.max())) + _MARGIN
    edges = [moment.timestamp() for moment in changes_of(info, first, last)]
    offsets = [
        (moment.astimezone(info).utcoffset() or timedelta()).total_seconds()
        for moment in (first, *(utc(edge) for edge in edges))
    ]
    local = arrival_s + np.array(offsets)[np.searchsorted(np.array(edges), arrival_s, "right")]
    week: NDArray[np.int64] = (
        np.floor(local / 60).astype(np.int64) + 3 * 1440
    ) % WEEK  # the epoch began on a Thursday
    return week


def _n(number: float) -> str:
    return f"{number:.10g}"

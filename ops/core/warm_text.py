"""Warm windows as people type them, and as sentences say them. Pure.

Every parser raises BadInput with a sentence that shows what was typed and how to write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ops.core.errors import BadInput
from ops.core.warm import DAY, WarmPlan, WarmWindow, instant, zone_of
from ops.core.warm_holidays import check
from ops.core.words import count, listed

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EVERY = {"daily": "mon-sun", "all": "mon-sun", "weekdays": "mon-fri", "weekend": "sat-sun"}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(min|d|h|m)")
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "min": 60.0}
_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})")
_MOST_DAYS = 400


def duration(text: str) -> timedelta:
    """ "2h", "90m", "1h30m", "1.5h", "1d", in whole minutes. Raises BadInput."""
    typed = text.strip().lower()
    parts = _PART.findall(typed)
    if not parts or _PART.sub("", typed).strip():
        raise BadInput(f"{text!r} is no length of time.", "Write it like 2h, 90m or 1h30m.")
    units = ["m" if unit == "min" else unit for _, unit in parts]
    if len(set(units)) != len(units):
        raise BadInput(f"{text!r} names a unit twice.", "Write it like 2h, 90m or 1h30m.")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    found = timedelta(minutes=round(seconds / 60))
    if found < timedelta(minutes=1) or found > timedelta(days=_MOST_DAYS):
        raise BadInput(f"{text!r} is not a length that makes sense here.", "Write it like 2h, 90m or 1h30m.")
    return found


def weekdays(text: str) -> frozenset[int]:
    """ "mon-fri", "mon,wed,sat-sun", "fri-mon" (over Sunday), "daily". Raises BadInput."""
    typed = _EVERY.get(text.strip().lower(), text.strip().lower())
    found: set[int] = set()
    for term in re.split(r"[,\s]+", typed):
        first, dash, last = term.partition("-")
        start = _day(first, text)
        end = _day(last, text) if dash else start
        found |= {day % 7 for day in range(start, end + 1 if end >= start else end + 8)}
    return frozenset(found)


def clock(text: str) -> time:
    """ "08:00", "8:00", "8"; "24:00" is midnight at the end of a day. Raises BadInput."""
    typed = text.strip()
    found = _CLOCK.fullmatch(typed)
    if found is None and not re.fullmatch(r"\d{1,2}", typed):
        raise BadInput(f"{text!r} is no time of day.", "Write it like 08:00 or 18:30.")
    hour, minute = (int(found[1]), int(found[2])) if found else (int(typed), 0)
    if (hour, minute) == (24, 0):
        return time(0, 0)
    if hour > 23 or minute > 59:
        raise BadInput(f"{text!r} is no time of day.", "Hours go from 00 to 23, minutes from 00 to 59.")
    return time(hour, minute)


def moment(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """ "18:00" (the next one), "2026-11-27 18:00", "2026-11-27T18:00Z", as local times of `zone`. Raises BadInput."""
    typed = text.strip()
    if re.fullmatch(r"\d{1,2}([:.]\d{2})?", typed):
        at, today = clock(typed), now.astimezone(zone).date()
        for day in (today, today + DAY):
            found = instant(datetime.combine(day, at), zone)
            if found > now:
                return found
    try:
        read = datetime.fromisoformat(typed.replace("Z", "+00:00"))
    except ValueError as error:
        hint = "Write 18:00, or a day and a time such as 2026-11-27 18:00."
        raise BadInput(f"{text!r} is no time.", hint) from error
    if len(typed) <= 10:
        raise BadInput(f"{text!r} has no time of day.", f"Write it like {typed} 18:00.")
    return read.astimezone(UTC) if read.tzinfo is not None else instant(read, zone)


def day(text: str) -> date:
    """ "2026-12-24". Raises BadInput."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise BadInput(f"{text!r} is no day.", "Write it like 2026-12-24.") from error


def dates(text: str) -> frozenset[date]:
    """ "2026-12-24", "2026-12-24..2027-01-03", several with commas. Raises BadInput."""
    found: set[date] = set()
    for term in filter(None, re.split(r"[,\s]+", text.strip())):
        first, dots, last = term.partition("..")
        start = day(first)
        end = day(last) if dots else start
        if end < start or (end - start).days > 366:
            raise BadInput(
                f"{term!r} does not end within a year after it begins.", "Write 2026-12-24..2027-01-03."
            )
        found |= {start + n * DAY for n in range((end - start).days + 1)}
    return frozenset(found)


def holidays(text: str) -> str:
    """ "DE", "de-by" as the code that is meant; empty for "none". Raises BadInput."""
    typed = text.strip()
    if typed.lower() in ("", "none", "off"):
        return ""
    country, dash, part = typed.partition("-")
    code = country.upper() + dash + part
    try:
        check(code)
    except BadInput:
        if not dash:
            raise
        check(code := f"{country.upper()}-{part.upper()}")
    return code


def number(text: str, what: str) -> int:
    """A whole number from 0 on. Raises BadInput."""
    if not re.fullmatch(r"\d{1,6}", text.strip()):
        raise BadInput(f"{text!r} is no {what}.", "Give a whole number such as 1.")
    return int(text)


def zone(text: str) -> ZoneInfo:
    """Raises BadInput."""
    return zone_of(text.strip())


# --- said ---


def days_text(days: Iterable[int]) -> str:
    """ "Mon-Fri", "Mon, Wed, Sat-Sun", "every day"."""
    chosen = sorted(set(days))
    if len(chosen) == 7:
        return "every day"
    runs: list[list[int]] = []
    for each in chosen:
        if runs and runs[-1][-1] == each - 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    names = [DAYS[d].capitalize() for d in range(7)]
    return ", ".join(
        names[r[0]] if len(r) == 1 else f"{names[r[0]]}{'-' if len(r) > 2 else ', '}{names[r[-1]]}"
        for r in runs
    )


def window_text(window: WarmWindow) -> str:
    """ "Mon-Fri 08:00-18:00", "Fri 22:00-06:00 (next day)"."""
    whole_day = window.start == window.end == time(0, 0)
    end = "24:00" if window.end == time(0, 0) else f"{window.end:%H:%M}"
    hours = "all day" if whole_day else f"{window.start:%H:%M}-{end}"
    return f"{days_text(window.weekdays)} {hours}" + (" (next day)" if window.over_midnight else "")


def plan_text(plan: WarmPlan) -> str:
    """One plan in one line."""
    keeps = []
    if plan.floor is not None:
        keeps.append(f"at least {count(plan.floor, 'instance')}")
    if plan.ceiling is not None:
        keeps.append(f"at most {count(plan.ceiling, 'instance')}")
    parts = [f"{listed([window_text(w) for w in plan.windows])} {plan.zone}: {' and '.join(keeps)}"]
    if plan.early:
        parts.append(f"opens {plan.early} min early")
    if plan.holidays:
        parts.append(f"closed on public holidays of {plan.holidays}")
    if plan.off:
        parts.append(f"{count(len(plan.off), 'own day')} off")
    if plan.until is not None:
        parts.append(f"until {plan.until:%d %b %Y}")
    return ", ".join(parts)


def _day(text: str, typed: str) -> int:
    name = text.strip().lower()
    for i in range(7):
        if name in (DAYS[i], _LONG[i]):
            return i
    raise BadInput(
        f"{text.strip() or typed!r} is no day of the week.", "Write mon-fri, or mon,wed,sat-sun, or daily."
    )

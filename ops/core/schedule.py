"""Schedule expressions of Application Auto Scaling: at(...), rate(...), cron(...), with time zones.

Source: facts B.6. Cron matching is cronsim's; this module translates AWS's dialect for it.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from ops.core.errors import BadInput

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_SHAPE = re.compile(r"^\s*(at|rate|cron)\((.*)\)\s*$", re.DOTALL)
_RATE = re.compile(r"^(\d+)\s+(minute|hour|day)(s?)$")
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_NEAREST = re.compile(r"^(\d{1,2})W$")
_YEARS = re.compile(r"^(\*|\d{4})(?:-(\d{4}))?(?:/(\d{1,3}))?$")
_FORMS = "Use at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(minutes hours day month weekday year)."


@dataclass(frozen=True, slots=True)
class Schedule:
    """A parsed expression. Exactly one of `once`, `every` and `cron` (cronsim's five fields) is set.

    `start` and `end` are aware; with a start the schedule also runs at that instant, after `end` no more.
    """

    text: str
    zone: tzinfo = UTC
    start: datetime | None = None
    end: datetime | None = None
    once: datetime | None = None
    every: timedelta | None = None
    cron: str | None = None
    years: frozenset[int] | None = None
    """None is every year."""
    nearest: int | None = None
    """Day-of-month `nW`: run on the weekday nearest to this day only."""


def parse(
    text: str, zone: str | None = None, start: datetime | None = None, end: datetime | None = None
) -> Schedule:
    """Read an expression. `zone` is an IANA name (at and cron only). Raises BadInput with a sentence."""
    if start is not None and end is not None and end <= start:
        raise BadInput("The end time of the schedule is not after its start time.")
    found = _SHAPE.match(text)
    if not found:
        raise BadInput(f"{text!r} is not a schedule expression.", _FORMS)
    kind, body = found.group(1), found.group(2).strip()
    place = _zone(zone)
    if kind == "at":
        return Schedule(text, place, start, end, once=_at(text, body, place))
    if kind == "rate":
        return Schedule(text, UTC, start, end, every=_rate(text, body))
    cron, years, nearest = _cron(text, body)
    return Schedule(text, place, start, end, cron=cron, years=years, nearest=nearest)


def next_run(schedule: Schedule, after: datetime, created: datetime | None = None) -> datetime | None:
    """The first run later than `after` (aware), in UTC; None when there is none left.

    `created` is where a rate without a start time counts from.
    """
    begin = schedule.start
    if begin is not None and begin > after:
        found: datetime | None = begin.astimezone(UTC)
    else:
        found = _recurrence(schedule, after, created)
    if found is not None and schedule.end is not None and found > schedule.end:
        return None
    return found


def runs(
    schedule: Schedule, after: datetime, until: datetime, created: datetime | None = None
) -> Iterator[datetime]:
    """Every run in (after, until], in UTC."""
    moment = next_run(schedule, after, created)
    while moment is not None and moment <= until:
        yield moment
        moment = next_run(schedule, moment, created)


def _recurrence(schedule: Schedule, after: datetime, created: datetime | None) -> datetime | None:
    if schedule.once is not None:
        moment = schedule.once.astimezone(UTC)
        return moment if moment > after else None
    if schedule.every is not None:
        origin = (schedule.start or created or after).astimezone(UTC)
        passed = max(0, (after - origin) // schedule.every)
        return origin + (passed + 1) * schedule.every
    for tick in _ticks(schedule, after.astimezone(schedule.zone)):
        moment = tick.astimezone(UTC)
        if moment > after:  # a local time that comes twice is found twice, and runs the first time
            return moment
    return None


def _ticks(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Matching local times from `after` (aware, local) on, in order."""
    assert schedule.cron is not None
    if schedule.years is None:
        found: Iterator[datetime] = CronSim(schedule.cron, after)
    else:
        found = _in_years(schedule.cron, after, schedule.years)
    for tick in found:
        if schedule.nearest is None or tick.day == _nearest_weekday(tick, schedule.nearest):
            yield tick


def _in_years(cron: str, after: datetime, years: frozenset[int]) -> Iterator[datetime]:
    for year in sorted(y for y in years if y >= after.year):
        begin = max(after, datetime(year, 1, 1, tzinfo=after.tzinfo) - timedelta(seconds=1))
        for tick in CronSim(cron, begin):
            if tick.year > year:
                break
            yield tick


def _nearest_weekday(month: datetime, day: int) -> int | None:
    """The weekday (Monday to Friday) of that month nearest to `day`; None where the month is too short."""
    length = monthrange(month.year, month.month)[1]
    if day > length:
        return None
    weekday = date(month.year, month.month, day).weekday()
    if weekday == 5:
        return day - 1 if day > 1 else day + 2
    if weekday == 6:
        return day + 1 if day < length else day - 2
    return day


def _zone(name: str | None) -> tzinfo:
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput(
            f"There is no time zone {name!r}.", "Use an IANA name such as Europe/Berlin."
        ) from error


def _at(text: str, body: str, zone: tzinfo) -> datetime:
    """A local time that a clock change skips keeps the offset before the change."""
    try:
        return datetime.strptime(body, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone)
    except ValueError as error:
        raise BadInput(f"{text!r} has no valid date and time.", "Use at(yyyy-mm-ddThh:mm:ss).") from error


def _rate(text: str, body: str) -> timedelta:
    found = _RATE.match(body)
    if not found or int(found.group(1)) < 1:
        raise BadInput(f"{text!r} is not a rate.", "Use rate(5 minutes), rate(1 hour) or rate(2 days).")
    value, unit, plural = int(found.group(1)), found.group(2), found.group(3)
    if (value == 1) == bool(plural):
        raise BadInput(f"{text!r}: write 1 {unit}, and {unit}s for more than one.")
    return timedelta(seconds=value * _UNITS[unit])


def _cron(text: str, body: str) -> tuple[str, frozenset[int] | None, int | None]:
    """(expression for cronsim, years, day whose nearest weekday is meant)."""
    fields = body.upper().split()
    if len(fields) != 6:
        raise BadInput(f"{text!r} has {len(fields)} fields, and a cron expression here has six.", _FORMS)
    minute, hour, day, month, weekday, year = fields
    if (day == "?") == (weekday == "?"):
        raise BadInput(f"{text!r}: exactly one of day-of-month and day-of-week must be '?'.")
    nearest = None
    if day == "?":
        day = "*"
    elif found := _NEAREST.match(day):
        nearest = int(found.group(1))
        day = f"{max(1, nearest - 2)}-{min(31, nearest + 2)}"
    try:
        translated = f"{minute} {hour} {day} {month} {_weekdays(weekday)}"
        CronSim(translated, datetime(2000, 1, 1, tzinfo=UTC))
        years = None if year == "*" else frozenset(_years(year))
        if nearest is not None and not 1 <= nearest <= 31:
            raise CronSimError("Bad day-of-month")
    except (CronSimError, ValueError) as error:
        said = str(error).lower()
        field = said.removeprefix("bad ") if said.startswith("bad ") else "a field"
        raise BadInput(
            f"{text!r} is not a valid cron expression: {field} is out of range or malformed."
        ) from error
    return translated, years, nearest


def _weekdays(field: str) -> str:
    """AWS counts 1-7 from Sunday; cronsim counts 0-6. A lone L is Saturday."""
    if field in ("?", "*"):
        return "*"
    found: list[str] = []
    for term in field.split(","):
        if term == "L":
            found.append("6")
        elif term.endswith("L"):
            found.append(f"{_day(term[:-1])}L")
        elif "#" in term:
            day, _, nth = term.partition("#")
            found.append(f"{_day(day)}#{nth}")
        else:
            found += [str(day) for day in _span(term)]
    return ",".join(found)


def _span(term: str) -> list[int]:
    """Days of `a`, `a-b` (also across Saturday) and either with `/step`."""
    body, slash, step = term.partition("/")
    first, dash, last = body.partition("-")
    if slash and not (step.isdecimal() and int(step)):
        raise CronSimError("Bad day-of-week")
    if body == "*":
        days = list(range(7))
    elif dash:
        start, end = _day(first), _day(last)
        days = [d % 7 for d in range(start, end + 1 if end >= start else end + 8)]
    else:
        start = _day(first)
        days = list(range(start, 7)) if slash else [start]
    return days[:: int(step) if slash else 1]


def _day(value: str) -> int:
    if value in _DAYS:
        return _DAYS.index(value)
    if len(value) == 1 and value in "1234567":
        return int(value) - 1
    raise CronSimError("Bad day-of-week")


def _years(field: str) -> Iterator[int]:
    for term in field.split(","):
        found = _YEARS.match(term)
        if not found:
            raise CronSimError("Bad year")
        first, last, step = found.groups()
        low = _FIRST_YEAR if first == "*" else int(first)
        high = int(last) if last else (_LAST_YEAR if first == "*" or step else low)
        if not _FIRST_YEAR <= low <= high <= _LAST_YEAR or step == "0":
            raise CronSimError("Bad year")
        yield from range(low, high + 1, int(step or 1))

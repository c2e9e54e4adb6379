"""Schedule expressions of Application Auto Scaling: at(...), rate(...), cron(...), with time zones.

Source: facts B.6. Cron matching is cronsim's; this module translates AWS's dialect for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from ops.core.errors import BadInput

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_SHAPE = re.compile(r"^\s*(at|rate|cron)\((.*)\)\s*$", re.DOTALL)
_RATE = re.compile(r"^(\d+)\s+(minute|hour|day)(s?)$")
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_FORMS = "Use at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(minutes hours day-of-month month day-of-week year)."


@dataclass(frozen=True, slots=True)
class Schedule:
    """A parsed expression. Exactly one of `once` (local time), `every` and `cron` is set.

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
        return Schedule(text, place, start, end, once=_at(text, body))
    if kind == "rate":
        return Schedule(text, UTC, start, end, every=_rate(text, body))
    cron, years = _cron(text, body)
    return Schedule(text, place, start, end, cron=cron, years=years)


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
        moment = _instant(schedule.once, schedule.zone)
        return moment if moment > after else None
    if schedule.every is not None:
        origin = (schedule.start or created or after).astimezone(UTC)
        passed = max(0, (after - origin) // schedule.every)
        return origin + (passed + 1) * schedule.every
    return _next_cron(schedule, after)


def _next_cron(schedule: Schedule, after: datetime) -> datetime | None:
    """A local time that a clock change skips runs at the change; one that comes twice runs the first time."""
    local = after.astimezone(schedule.zone)
    for tick in _ticks(schedule, local.replace(tzinfo=None) - timedelta(hours=3)):
        moment = _instant(tick, schedule.zone)
        if moment > after:
            return moment
    return None


def _ticks(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Matching local (naive) times later than `after`, in order."""
    assert schedule.cron is not None
    years = schedule.years
    if years is None:
        yield from CronSim(schedule.cron, after)
        return
    for year in sorted(y for y in years if y >= after.year):
        begin = max(after, datetime(year, 1, 1) - timedelta(minutes=1))
        for tick in CronSim(schedule.cron, begin):
            if tick.year != year:
                break
            yield tick


def _instant(local: datetime, zone: tzinfo) -> datetime:
    """The instant of a local time; one inside the gap of a clock change is the end of the gap."""
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local:
        return moment
    low, high = moment - timedelta(hours=3), moment
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high.replace(second=0, microsecond=0)


def _zone(name: str | None) -> tzinfo:
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput(
            f"There is no time zone {name!r}.", "Use an IANA name such as Europe/Berlin."
        ) from error


def _at(text: str, body: str) -> datetime:
    try:
        return datetime.strptime(body, "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007  (local time of the schedule's zone)
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


def _cron(text: str, body: str) -> tuple[str, frozenset[int] | None]:
    fields = body.upper().split()
    if len(fields) != 6:
        raise BadInput(f"{text!r} has {len(fields)} fields, and a cron expression here has six.", _FORMS)
    minute, hour, day, month, weekday, year = fields
    if (day == "?") == (weekday == "?"):
        raise BadInput(f"{text!r}: exactly one of day-of-month and day-of-week is '?'.")
    for value in (minute, hour, month, year):
        if "?" in value:
            raise BadInput(f"{text!r}: '?' stands only for day-of-month or day-of-week.")
    translated = f"{minute} {hour} {'*' if day == '?' else day} {month} {_weekday(text, weekday)}"
    try:
        CronSim(translated, datetime(2000, 1, 1))
    except (CronSimError, ValueError) as error:
        raise BadInput(f"{text!r} is not a valid cron expression: {str(error).lower()}.") from error
    return translated, _years(text, year)


def _weekday(text: str, value: str) -> str:
    return "*" if value == "?" else value


def _years(text: str, value: str) -> frozenset[int] | None:
    return None

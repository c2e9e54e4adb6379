"""The windows of a plan put together: as stretches of the week, and as stretches of time. Pure.

Windows that touch or overlap become one: else the end of one would put the endpoint to sleep inside another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ops.core.errors import BadInput
from ops.core.warm import DAY, Span, WarmPlan, WarmWindow, instant, whole_minute, zone_of
from ops.core.warm_holidays import holidays_of
from ops.core.words import count, listed

WEEK = 7 * 1440
_CLOCK_CHANGES = timedelta(days=800)

NAMED = 8
"""Days off that a sentence names."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Minutes of the week from Monday 00:00, local: `opens` may be below 0, `closes` above a week.

    `parts`: the windows in it, each with its day (0 Monday; 7 and more in the next week).
    """

    opens: int
    closes: int
    parts: tuple[tuple[int, WarmWindow], ...]

    def span(self, monday: date, zone: ZoneInfo) -> Span:
        """In the week from `monday` on."""
        first = min(_minutes(day, window) for day, window in self.parts)
        return Span(
            instant(wall(monday, self.opens), zone),
            instant(wall(monday, self.closes), zone),
            instant(wall(monday, first), zone),
        )


def wall(monday: date, minutes: int) -> datetime:
    """A local time, naive."""
    return datetime(monday.year, monday.month, monday.day) + timedelta(minutes=minutes)  # noqa: DTZ001


def stretches(plan: WarmPlan) -> tuple[Stretch, ...]:
    """The week of a plan, without days off. Raises BadInput where the windows leave nothing out."""
    found: list[Stretch] = []
    single = (
        Stretch(_minutes(day, window) - plan.early, _minutes(day, window) + window.minutes, ((day, window),))
        for window in plan.windows
        for day in window.weekdays
    )
    for each in sorted(single, key=lambda s: (s.opens, s.closes)):
        if found and found[-1].closes >= each.opens:
            found[-1] = _joined(found[-1], each)
        else:
            found.append(each)
    while len(found) > 1 and found[-1].closes >= found[0].opens + WEEK:
        found[-1] = _joined(found[-1], _later(found[0]))
        del found[0]
    if found[0].closes - found[0].opens >= WEEK:
        raise BadInput(
            "These windows leave no time out: the endpoint would never sleep.",
            "Set the minimum itself instead, or leave some hours out.",
        )
    return tuple(found)


def days_off(plan: WarmPlan, first: date, last: date) -> dict[date, str]:
    """The days from `first` to `last` that are off, each with why."""
    found: dict[date, str] = {}
    if plan.holidays:
        named = holidays_of(plan.holidays, range(first.year, last.year + 1))
        found = {day: name for day, name in named.items() if first <= day <= last}
    return found | {day: found.get(day, "day off") for day in plan.off if first <= day <= last}


def shut_says(plan: WarmPlan, now: datetime) -> str:
    """The next days on which a window would open and does not, in a sentence; empty where there is none.

    They are looked for up to the last day, or for a year.
    """
    today = now.astimezone(zone_of(plan.zone)).date()
    weekdays = frozenset[int]().union(*(w.weekdays for w in plan.windows))
    last = plan.until or today + 365 * DAY
    shut = [day for day in sorted(days_off(plan, today, last)) if day.weekday() in weekdays]
    if not shut:
        return ""
    named = [f"{d.day} {d:%b}" + (f" {d.year}" if d.year > today.year + 1 else "") for d in shut[:NAMED]]
    more = f" and {count(len(shut) - NAMED, 'more day')}" if len(shut) > NAMED else ""
    return f"Shut on {', '.join(named)}{more}." if more else f"Shut on {listed(named)}."


def spans(plan: WarmPlan, after: datetime, until: datetime) -> tuple[Span, ...]:
    """Every stretch of time that is not over at `after` and opens before `until`, in order."""
    zone = zone_of(plan.zone)
    week = stretches(plan)
    begin = after.astimezone(zone).date() - 9 * DAY
    end = until.astimezone(zone).date() + 2 * DAY
    off = days_off(plan, begin, end + 14 * DAY)
    found: list[Span] = []
    for monday in mondays(begin, end):
        for stretch in week:
            found += remaining(plan, stretch, monday, off, zone)
    return tuple(s for s in sorted(found, key=lambda s: s.opens) if s.closes > after and s.opens < until)


def remaining(
    plan: WarmPlan, stretch: Stretch, monday: date, off: Iterable[date], zone: ZoneInfo
) -> tuple[Span, ...]:
    """What is left of a stretch in one week once its days off, and those after the last day, are taken out."""
    gone = frozenset(off)
    kept = [(day, w) for day, w in stretch.parts if not _is_off(plan, monday + timedelta(days=day), gone)]
    if len(kept) == len(stretch.parts):
        return (stretch.span(monday, zone),)
    found: list[Span] = []
    for day, window in sorted(kept, key=lambda p: _minutes(*p)):
        first = _minutes(day, window)
        span = Stretch(first - plan.early, first + window.minutes, ((day, window),)).span(monday, zone)
        if found and found[-1].closes >= span.opens:
            found[-1] = Span(found[-1].opens, max(found[-1].closes, span.closes), found[-1].begins)
        elif span.opens < span.closes:
            found.append(span)
    return tuple(found)


def whole(plan: WarmPlan, stretch: Stretch, monday: date, off: Iterable[date]) -> bool:
    """Whether nothing of a stretch falls out in that week."""
    gone = frozenset(off)
    return not any(_is_off(plan, monday + timedelta(days=day), gone) for day, _ in stretch.parts)


def check_clock_changes(plan: WarmPlan, now: datetime) -> None:
    """Raises BadInput where a clock change makes one window end when it, or another, opens.

    Two scheduled actions in the same minute run in no known order: the endpoint might stay warm.
    """
    zone = zone_of(plan.zone)
    week = stretches(plan)
    for change in changes_of(zone, now, now + _CLOCK_CHANGES):
        local = change.astimezone(zone).date()
        here = [s.span(m, zone) for m in mondays(local - 9 * DAY, local + 2 * DAY) for s in week]
        opens = {s.opens for s in here}
        if any(s.closes <= s.opens or s.closes in opens for s in here):
            raise BadInput(
                f"On {local:%d %B %Y} the clocks of {plan.zone} change, and a window would end in the minute in "
                "which one opens.",
                "Begin the window before the change, or end it an hour later.",
            )


def changes_of(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[datetime]:
    """The instants between two times at which the clocks change, to the minute, in UTC."""
    step, moment = timedelta(days=1), first
    while moment < last:
        following = moment + step
        if moment.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
            early, late = moment, following
            while late - early > timedelta(seconds=1):
                middle = early + (late - early) / 2
                same = middle.astimezone(zone).utcoffset() == following.astimezone(zone).utcoffset()
                early, late = (early, middle) if same else (middle, late)
            yield whole_minute(late)
        moment = following


def mondays(first: date, last: date) -> Iterator[date]:
    """Every Monday whose week holds a day of [first, last]."""
    monday = first - timedelta(days=first.weekday())
    while monday <= last:
        yield monday
        monday += timedelta(days=7)


def _is_off(plan: WarmPlan, day: date, off: frozenset[date]) -> bool:
    return day in off or (plan.until is not None and day > plan.until)


def _minutes(day: int, window: WarmWindow) -> int:
    return day * 1440 + window.start.hour * 60 + window.start.minute


def _joined(one: Stretch, other: Stretch) -> Stretch:
    return Stretch(one.opens, max(one.closes, other.closes), one.parts + other.parts)


def _later(one: Stretch) -> Stretch:
    parts = tuple((day + 7, window) for day, window in one.parts)
    return Stretch(one.opens + WEEK, one.closes + WEEK, parts)

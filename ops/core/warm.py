"""Warm windows: when an endpoint is kept warm (or held small), as somebody wishes it. Pure.

A `WarmPlan` is one wish: windows of the week in one time zone, a floor and/or a ceiling, opened early, with days off
and a last day. `ops.core.warm_week` puts its windows together, `ops.core.warm_actions` makes scheduled actions of it,
`ops.core.warm_names` writes it into their names and reads it back.
Source: facts B.6. Local times follow `ops.core.schedule`: a time that a clock change skips means the moment of the
change, a time that comes twice means the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ops.core.errors import BadInput
from ops.core.warm_holidays import check

MOST_WINDOWS = 6
MOST_EARLY = 120
"""Minutes that a window may open early, at most."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WarmWindow:
    """From `start` to `end` (local, whole minutes) on days of the week (Monday is 0).

    An `end` at or before `start` is on the next day; the two alike are a whole day.
    """

    weekdays: frozenset[int]
    start: time
    end: time

    def __post_init__(self) -> None:
        if not self.weekdays:
            raise BadInput("The window has no day of the week.", "Name at least one, such as mon-fri.")
        if not self.weekdays <= frozenset(range(7)):
            raise BadInput("Days of the week count from 0 (Monday) to 6 (Sunday).")
        if any(t.second or t.microsecond or t.tzinfo for t in (self.start, self.end)):
            raise BadInput("A window begins and ends on a whole minute.")

    @property
    def minutes(self) -> int:
        """Its length on a day without a clock change."""
        return (_minute(self.end) - _minute(self.start) - 1) % 1440 + 1

    @property
    def over_midnight(self) -> bool:
        return _minute(self.start) + self.minutes > 1440


@dataclass(frozen=True, slots=True)
class WarmPlan:
    """Within the windows the minimum is `floor` and the maximum is `ceiling`; None leaves that bound alone.

    When a window ends they become `back_min` and `back_max` again, which are None where the bound is left alone.
    """

    id: int
    windows: tuple[WarmWindow, ...]
    zone: str
    """IANA name."""
    floor: int | None = 1
    ceiling: int | None = None
    back_min: int | None = 0
    back_max: int | None = None
    early: int = 0
    """Minutes before a window at which it opens, so that an instance is in service when the window begins."""
    holidays: str = ""
    """A country or country-part whose public holidays are days off: "DE", "DE-BY"."""
    off: frozenset[date] = frozenset()
    """Own days off."""
    until: date | None = None
    """The last day on which a window may begin; with `holidays` it must be given."""

    def __post_init__(self) -> None:
        if self.id < 1:
            raise BadInput("Warm plans are numbered from 1 on.")
        if not self.windows:
            raise BadInput("There is no window.", "Say on which days, from when to when.")
        if len(self.windows) > MOST_WINDOWS:
            raise BadInput(
                f"{len(self.windows)} windows are too many for one plan.",
                f"A plan holds {MOST_WINDOWS}: make a second plan.",
            )
        zone_of(self.zone)
        self._check_bounds()
        if not 0 <= self.early <= MOST_EARLY:
            raise BadInput(
                f"A window cannot open {self.early} minutes early.",
                f"Choose 0 to {MOST_EARLY} minutes; to be warm for longer, begin the window earlier.",
            )
        if self.holidays:
            check(self.holidays)
            if self.until is None:
                raise BadInput(
                    "A plan with public holidays needs a last day.",
                    "AWS knows no holidays: they are written into the schedule up to that day.",
                )

    def _check_bounds(self) -> None:
        if self.floor is None and self.ceiling is None:
            raise BadInput(
                "The windows set nothing.",
                "Give a floor (keep at least so many) or a ceiling (at most so many).",
            )
        for value, back, what in (
            (self.floor, self.back_min, "minimum"),
            (self.ceiling, self.back_max, "maximum"),
        ):
            if value is not None and value < 0:
                raise BadInput(f"The {what} cannot be negative.")
            if (value is None) != (back is None):
                raise BadInput(f"It must be known what the {what} is outside the windows.")
        if self.floor is not None and self.ceiling is not None and self.floor > self.ceiling:
            raise BadInput(
                f"The floor ({self.floor}) is above the ceiling ({self.ceiling}).",
                "Choose a ceiling that is at least the floor.",
            )

    @property
    def kind(self) -> str:
        """floor, ceiling or both."""
        return "floor" if self.ceiling is None else "ceiling" if self.floor is None else "both"


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of time, in UTC, [opens, closes). `begins` is when its first window begins: opened early or not."""

    opens: datetime
    closes: datetime
    begins: datetime

    def holds(self, moment: datetime) -> bool:
        return self.opens <= moment < self.closes


def zone_of(name: str) -> ZoneInfo:
    """Raises BadInput for what is no IANA name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput(
            f"There is no time zone {name!r}.", "Use an IANA name such as Europe/Berlin."
        ) from error


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """When a local time (naive) is, in UTC, by the rules of scheduled actions."""
    found = local.replace(tzinfo=zone).astimezone(UTC)
    seen = found.astimezone(zone).replace(tzinfo=None)
    if seen == local:
        return found
    offset, early, late = found.astimezone(zone).utcoffset(), found - (seen - local), found
    while late - early > timedelta(seconds=1):  # the change lies in (early, late]
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            late = middle
        else:
            early = middle
    return whole_minute(late)


def whole_minute(moment: datetime) -> datetime:
    """The whole minute that is nearest: clocks change on one, and bisection finds them to the second."""
    return (moment + timedelta(seconds=30)).replace(second=0, microsecond=0)


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute

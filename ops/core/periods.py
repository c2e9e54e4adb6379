"""Periods that money is counted over: a month of a zone, or the last days. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ops.core.errors import BadInput
from ops.core.instance_time import QUARTER_S
from ops.core.types import utc
from ops.core.warm import zone_of

KEPT_DAYS = 455
"""AWS keeps hours of a metric for so long (facts F.3)."""
DEFAULT_DAYS = 30
SETTLED_S = 900
"""Minutes younger than this may still come in."""
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open, UTC, on quarter hours. `until`: how far it has been lived through; the rest lies ahead."""

    start: datetime
    end: datetime
    until: datetime
    zone: str
    label: str
    """In a sentence: "in October 2026", "in the last 30 days"."""
    month: str = ""
    """ "2026-11" where it is a month."""

    @property
    def over(self) -> bool:
        """Whether no more of it is to come."""
        return self.until >= self.end

    @property
    def hours(self) -> float:
        """Hours from the start until now or the end."""
        return (self.until - self.start) / timedelta(hours=1)

    def days(self) -> tuple[tuple[date, datetime, datetime], ...]:
        """(local day, begin, end) of each day lived through, the first and last cut at the edges."""
        info = ZoneInfo(self.zone)
        out = []
        at = self.start
        while at < self.until:
            day = at.astimezone(info).date()
            end = min(self.until, midnight(day + timedelta(days=1), info))
            out.append((day, at, end))
            at = end
        return tuple(out)

    def previous(self) -> Period:
        """The month before, or as many days before; as far into it as this one has been lived through.

        A month that is shorter than that is whole: `savings_before.compared` compares by the hour.
        """
        if self.month:
            info = ZoneInfo(self.zone)
            local = self.start.astimezone(info).date()
            before = month_of(local - timedelta(days=1))
            found = _month(before, self.zone, self.start)
            if self.over:
                return found
            lived = self.until.astimezone(info).replace(tzinfo=None)
            same = datetime.combine(found.start.astimezone(info).date(), time(), info) + (
                lived - datetime.combine(local, time())
            )
            until = _floor(min(found.end, utc(same.timestamp())))
            return Period(found.start, found.end, until, self.zone, found.label, before)
        length = self.end - self.start
        days = round(length / timedelta(days=1))
        label = "in the day before" if days == 1 else f"in the {days} days before"
        return Period(self.start - length, self.start, self.start, self.zone, label)


def last_days(days: int, now: datetime, zone: str = "UTC") -> Period:
    """The last days until now, but for the newest minutes, which may still come in. Raises BadInput."""
    zone_of(zone)
    if not 1 <= days <= KEPT_DAYS - 1:
        raise BadInput(
            f"A period of {days} days is not possible.",
            f"Give 1 to {KEPT_DAYS - 1} days: AWS keeps hours of a metric for {KEPT_DAYS} days.",
        )
    end = _settled(now)
    label = "in the last day" if days == 1 else f"in the last {days} days"
    return Period(end - timedelta(days=days), end, end, zone, label)


def month(text: str, now: datetime, zone: str = "UTC") -> Period:
    """A month of the zone, written "2026-11". Raises BadInput for what is none, ahead, or older than AWS keeps."""
    newest = months(now, now, zone)[0]
    found = _MONTH.fullmatch(text)
    if found is None or not 1 <= int(found[2]) <= 12 or int(found[1]) < 2000:
        raise BadInput(f"{text!r} is not a month.", f"Write it like {newest}.")
    if text > newest:
        raise BadInput(f"{text} has not begun.", f"The newest month is {newest}.")
    period = _month(text, zone, _settled(now))
    if period.end <= now - timedelta(days=KEPT_DAYS):
        raise BadInput(
            f"{text} is longer ago than AWS keeps metrics.",
            f"Choose a month after {now - timedelta(days=KEPT_DAYS):%B %Y}, or read a bill of that month.",
        )
    return period


def months(now: datetime, since: datetime, zone: str = "UTC") -> tuple[str, ...]:
    """The months that may be chosen, the newest first: from `since` on, as far back as AWS keeps hours.

    The newest is the one that some settled minutes are known of. Raises BadInput for a zone that is none.
    """
    info = zone_of(zone)
    oldest = max(since, now - timedelta(days=KEPT_DAYS - 1)).astimezone(info).date()
    at = (_settled(now) - timedelta(microseconds=1)).astimezone(info).date()
    out = [month_of(at)]
    while month_of(at) > month_of(oldest):
        at = at.replace(day=1) - timedelta(days=1)
        out.append(month_of(at))
    return tuple(out)


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def local_year(text: str) -> int:
    return int(text[:4])


def local_month(text: str) -> int:
    return int(text[5:])


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, in UTC: where midnight is skipped by a clock change, the moment after it."""
    return utc(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def _month(text: str, zone: str, until: datetime) -> Period:
    info = ZoneInfo(zone)
    first = date(local_year(text), local_month(text), 1)
    start = midnight(first, info)
    end = midnight((first + timedelta(days=32)).replace(day=1), info)
    return Period(start, end, max(start, min(until, end)), zone, f"in {first:%B %Y}", text)


def _settled(now: datetime) -> datetime:
    """Until when the minutes no longer change."""
    return _floor(now - timedelta(seconds=SETTLED_S))


def _floor(at: datetime) -> datetime:
    return utc(int(at.timestamp()) // QUARTER_S * QUARTER_S)

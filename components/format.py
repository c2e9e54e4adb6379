"""Numbers and times as text. Pure. None and NaN print as a dash: not known is not zero."""

from __future__ import annotations

import math
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from ops.core import words

DASH = "–"


def _known(value: float | None) -> bool:
    return value is not None and not math.isnan(value)


def count(value: float | None) -> str:
    """A count, without decimals: 1,234."""
    if value is None or not _known(value):
        return DASH
    return f"{round(value):,}"


def duration(seconds: float | None) -> str:
    """An exact span: 12 s, 4 min 12 s, 1 h 5 min, 2 d 3 h."""
    if seconds is None or not _known(seconds):
        return DASH
    total = max(0, round(seconds))
    if total < 60:
        return f"{total} s"
    if total < 3600:
        minutes, rest = divmod(total, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return age(total)


def age(seconds: float | None) -> str:
    """A span in the unit one would say it: 45 s, 21 min, 3 h 10 min, 2 d 4 h."""
    if seconds is None or not _known(seconds):
        return DASH
    total = max(0, round(seconds))
    if total < 60:
        return f"{total} s"
    minutes = total // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def about(seconds: float | None) -> str:
    """An estimate with at most two significant digits: about 5 min."""
    if seconds is None or not _known(seconds):
        return DASH
    if seconds < 60:
        return f"about {max(1, round(seconds))} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    if seconds < 86400:
        return f"about {seconds / 3600:.2g} h"
    return f"about {seconds / 86400:.2g} d"


def money(dollars: Decimal | float | None) -> str:
    """$12.40; exact to the cent."""
    if dollars is None or not _known(float(dollars)):
        return DASH
    sign = "-" if dollars < 0 else ""
    return f"{sign}${abs(dollars):,.2f}"


def percent(share: float | None) -> str:
    """0.61 → 61 %; below one per cent with one digit."""
    if share is None or not _known(share):
        return DASH
    value = share * 100
    return f"{value:.1f} %" if 0 < abs(value) < 1 else f"{value:.0f} %"


def plain(value: float | None) -> str:
    """A setting as typed: 5, 0.9, 1,500."""
    if value is None or not _known(value):
        return DASH
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.6g}"


def plural(number: float, one: str, many: str | None = None) -> str:
    """1 request, 3 requests."""
    return f"{count(number)} {one if round(number) == 1 else many or one + 's'}"


def clock(moment: datetime, zone: tzinfo = UTC, *, seconds: bool = False) -> str:
    """14:02 UTC: the time of day with its zone."""
    local = moment.astimezone(zone)
    return f"{local:%H:%M:%S}" + f" {local:%Z}" if seconds else f"{local:%H:%M} {local:%Z}"


def moment(when: datetime | None, zone: tzinfo = UTC, now: datetime | None = None) -> str:
    """today 14:02, yesterday 18:10, Tue 09:02, 12 Nov 09:02, 3 Jan 2025 09:02; without the zone's name."""
    if when is None:
        return DASH
    local = when.astimezone(zone)
    time = f"{local:%H:%M}"
    if now is None:
        return f"{local.day} {local:%b %Y} {time}"
    today = now.astimezone(zone)
    days = (today.date() - local.date()).days
    if days == 0:
        return f"today {time}"
    if days == 1:
        return f"yesterday {time}"
    if 1 < days < 7:
        return f"{local:%a} {time}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {local:%b}{year} {time}"


def zone_name(zone: tzinfo, at: datetime) -> str:
    """The zone for an axis: UTC, or Europe/Berlin (UTC+1)."""
    name = str(zone)
    offset = at.astimezone(zone).utcoffset()
    minutes = 0 if offset is None else int(offset.total_seconds() // 60)
    if name == "UTC":
        return "UTC"
    sign = "+" if minutes >= 0 else "-"
    hours, rest = divmod(abs(minutes), 60)
    return f"{name} (UTC{sign}{hours}{f':{rest:02d}' if rest else ''})"


def zone_between(zone: tzinfo, start: datetime, end: datetime) -> str:
    """The zone of a range: Europe/Berlin (UTC+1), or Europe/Berlin, CEST/CET where its clocks change within."""
    days = max(1, (end - start).days)
    moments = [start + (end - start) * n / days for n in range(days + 1)]
    names = dict.fromkeys(m.astimezone(zone).tzname() or "" for m in moments)
    offsets = {m.astimezone(zone).utcoffset() for m in moments}
    if len(offsets) < 2:
        return zone_name(zone, end)
    return f"{zone}, {'/'.join(n if n[:1].isalpha() else f'UTC{n}' for n in names)}"


def instances(current: int | None, desired: int | None) -> str:
    """2, 0 → 1 while it changes, a dash when not known."""
    if current is None:
        return DASH
    if desired is None or desired == current:
        return count(current)
    return f"{current} → {desired}"


def took(seconds: float | None) -> str:
    """A length that is known to half a minute or so: 45 s, 7.4 min, 23 min, 1 h 49 min."""
    if seconds is None or not _known(seconds) or seconds < 90:
        return duration(seconds)
    return words.took(seconds)


def wait(seconds: float | None) -> str:
    """A measured time, short ones included: 850 ms, 1.2 s, 45 s, 4 min 12 s."""
    if seconds is None or not _known(seconds):
        return DASH
    if 0 < seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    return f"{seconds:.1f} s" if 0 < seconds < 10 else duration(seconds)


def time_unit(greatest: float) -> tuple[str, float]:
    """The unit in which an axis up to `greatest` seconds is read, and its length in seconds."""
    for unit, length, least in (("h", 3600.0, 3 * 3600.0), ("min", 60.0, 180.0), ("s", 1.0, 2.0)):
        if greatest >= least:
            return unit, length
    return "ms", 0.001


_UNIT_S = {"Seconds": 1.0, "Milliseconds": 1e-3, "Microseconds": 1e-6}


def in_seconds(unit: str) -> float | None:
    """How many seconds one of CloudWatch's `unit` is; None where it is not a time."""
    return _UNIT_S.get(unit)

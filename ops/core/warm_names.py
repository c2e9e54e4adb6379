"""The names of Ebb's scheduled actions: a whole warm plan is written into each, and read back from any.

Scheduled actions carry no tags and no description, and AWS has no field for how early a window opens or whose
holidays it leaves out. So the name holds all of the plan, and what AWS would run is checked against it
(`ops.core.warm_actions.faults`). No memory of Ebb's own is needed: another Ebb, or one that lost its history, reads
the same. Names: 1-256 characters, without ":", "/" and "|" (facts B.6).

    ebb-warm-1-open0,12345.0800.1800,zEurope~Berlin,e5,f1,b0,hDE.BY,u5bk
    ebb-keep-1-back,f1,b0,m9f3k2a
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from ops.core.errors import BadInput
from ops.core.types import utc
from ops.core.warm import WarmPlan, WarmWindow

LONGEST = 256
OURS = ("ebb-warm-", "ebb-keep-")
_HEAD = re.compile(r"ebb-(warm|keep)-(\d{1,6})-(open|close|back|again)(\w*)")
_WINDOW = re.compile(r"([1-7]{1,7})\.(\d\d)(\d\d)\.(\d\d)(\d\d)")
_EPOCH = date(2020, 1, 1)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class WarmName:
    plan: WarmPlan
    opens: bool
    part: str
    """Tells the actions of one plan apart."""


@dataclass(frozen=True, slots=True)
class KeepName:
    """Of "keep warm until": one action puts the minimum back, others set it again after somebody else's."""

    id: int
    floor: int
    base: int
    """The minimum that there was when it was made."""
    made: datetime
    back: bool
    part: str = ""


def warm_name(plan: WarmPlan, opens: bool, part: str) -> str:
    """Raises BadInput where a plan has more own days off than a name holds."""
    fields = [
        f"ebb-warm-{plan.id}-{'open' if opens else 'close'}{part}",
        "+".join(map(_window, plan.windows)),
        f"z{plan.zone.replace('/', '~')}",
        f"e{plan.early}",
    ]
    numbers = (("f", plan.floor), ("b", plan.back_min), ("c", plan.ceiling), ("t", plan.back_max))
    fields += [f"{letter}{number}" for letter, number in numbers if number is not None]
    if plan.holidays:
        fields.append(f"h{plan.holidays.replace('-', '.', 1)}")
    if plan.off:
        fields.append(f"o{_days(plan.off)}")
    if plan.until is not None:
        fields.append(f"u{_day(plan.until)}")
    name = ",".join(fields)
    if len(name) > LONGEST:
        raise BadInput(
            "The plan is too long: it is written into the names of its scheduled actions, which hold "
            f"{LONGEST} characters.",
            "Leave out own days off that are far away and add them later, or spread the windows over two plans.",
        )
    return name


def keep_name(keep: KeepName) -> str:
    made = based(int(keep.made.timestamp()) // 60)
    return (
        f"ebb-keep-{keep.id}-{'back' if keep.back else 'again'}{keep.part},f{keep.floor},b{keep.base},m{made}"
    )


def read_name(name: str) -> WarmName | KeepName | None:
    """None for a name that is not Ebb's, or that somebody else made up."""
    head, *fields = name.split(",")
    found = _HEAD.fullmatch(head)
    if found is None:
        return None
    family, number, role, part = found.groups()
    try:
        if family == "keep" and role in ("back", "again"):
            known = {f[0]: f[1:] for f in fields}
            made = utc(int(known["m"], 36) * 60)
            return KeepName(int(number), int(known["f"]), int(known["b"]), made, role == "back", part)
        if family == "warm" and role in ("open", "close"):
            return WarmName(_plan(int(number), fields), role == "open", part)
    except (ValueError, KeyError, IndexError, OverflowError, OSError, BadInput):
        return None
    return None


def spoken(name: str) -> str:
    """What to call a scheduled action in a sentence: Ebb's own by what they do, others by their names."""
    known = read_name(name)
    if isinstance(known, KeepName):
        return f"Ebb's keep-warm-until {known.id}"
    if isinstance(known, WarmName):
        return f"Ebb's warm plan {known.plan.id}"
    return name


def _plan(number: int, fields: list[str]) -> WarmPlan:
    known = {f[0]: f[1:] for f in fields[1:]}

    def count(letter: str) -> int | None:
        return int(known[letter]) if letter in known else None

    return WarmPlan(
        number,
        tuple(_read_window(w) for w in fields[0].split("+")),
        known["z"].replace("~", "/"),
        count("f"),
        count("c"),
        count("b"),
        count("t"),
        int(known["e"]),
        known.get("h", "").replace(".", "-", 1),
        _read_days(known.get("o", "")),
        _read_day(known["u"]) if "u" in known else None,
    )


def _window(window: WarmWindow) -> str:
    days = "".join(str(day + 1) for day in sorted(window.weekdays))
    return f"{days}.{window.start:%H%M}.{window.end:%H%M}"


def _read_window(text: str) -> WarmWindow:
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise ValueError(text)
    days, *clock = found.groups()
    first, second, third, fourth = map(int, clock)
    return WarmWindow(frozenset(int(d) - 1 for d in days), time(first, second), time(third, fourth))


def _days(days: frozenset[date]) -> str:
    """Runs of days: three characters for the first, one for how many (up to 35)."""
    found = []
    numbers = sorted((day - _EPOCH).days for day in days)
    for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        members = [n for _, n in run]
        found += [(members[i], min(35, len(members) - i)) for i in range(0, len(members), 35)]
    return "".join(f"{based(first):0>3}{based(length)}" for first, length in found)


def _read_days(text: str) -> frozenset[date]:
    found: set[date] = set()
    for i in range(0, len(text), 4):
        first, length = _read_day(text[i : i + 3]), int(text[i + 3], 36)
        found |= {first + timedelta(days=n) for n in range(length)}
    return frozenset(found)


def _day(day: date) -> str:
    return f"{based((day - _EPOCH).days):0>3}"


def _read_day(text: str) -> date:
    return _EPOCH + timedelta(days=int(text, 36))


def minutes_of(moment: datetime) -> str:
    """A moment as a part of a name."""
    return based(int(moment.astimezone(UTC).timestamp()) // 60)


def based(number: int) -> str:
    """A number from 0 on in base 36."""
    if number < 0:
        raise BadInput("A day before 2020 cannot be off.")
    found = ""
    while True:
        number, rest = divmod(number, 36)
        found = _DIGITS[rest] + found
        if not number:
            return found

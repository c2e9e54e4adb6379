"""A promise on waiting: how long requests may wait before they are worked on, and when that holds. Pure.

`ops.replay.promise` reads one from text and tells which clause holds for which request.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ops.core.errors import BadInput
from ops.core.warm import WarmWindow, zone_of
from ops.core.warm_text import days_text
from ops.core.words import listed

MEAN = "mean"
SHARE = "share"
OTHERWISE = "at other times"


@dataclass(frozen=True, slots=True)
class Clause:
    """`share` of the requests (0-1; 1: all) wait no longer than `limit_s`; or, for MEAN, they do on average.

    A wait is the time from arrival to start. `windows` empty: at all times.
    """

    limit_s: float
    share: float = 0.95
    measure: str = SHARE
    windows: tuple[WarmWindow, ...] = ()
    zone: str = "UTC"
    """IANA name, of the windows; "UTC" where there is none."""

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise BadInput("A share of requests lies above 0 and is at most 100 %.")
        if self.limit_s < 0:
            raise BadInput("A wait cannot be below 0.")
        zone_of(self.zone)

    @property
    def allowed(self) -> float:
        """The share of the requests that may wait longer."""
        return 1 - self.share

    @property
    def held(self) -> tuple[object, ...]:
        """When it holds: clauses of the same hold for the same requests."""
        return self.windows, self.zone

    @property
    def when(self) -> str:
        """ "Mon-Fri 08:00-18:00 (Europe/Berlin)"; "at all times"."""
        if not self.windows:
            return "at all times"
        said = [f"{days_text(w.weekdays)} {hours(w)}".strip() for w in self.windows]
        return f"{listed(said)} ({self.zone})"

    @property
    def what(self) -> str:
        """ "95 % of requests start within 2 min"."""
        if self.measure == MEAN:
            return f"requests wait at most {exactly(self.limit_s)} on average"
        who = "every request starts" if self.share == 1 else f"{self.share * 100:.6g} % of requests start"
        return f"{who} {'at once' if self.limit_s == 0 else f'within {exactly(self.limit_s)}'}"


def when(clause: Clause, among: Iterable[Clause]) -> str:
    """When one of several clauses holds: `Clause.when`, but "at other times" for one without hours beside some with."""
    if not clause.windows and any(other.windows for other in among):
        return OTHERWISE
    return clause.when


@dataclass(frozen=True, slots=True)
class Promise:
    """Clauses in order: for each request the first one whose windows hold its arrival, and all others of the very
    same windows. None: nothing is promised."""

    clauses: tuple[Clause, ...]
    text: str
    """As it is written shortest and read back alike."""

    @property
    def limits_s(self) -> tuple[float, ...]:
        return tuple(clause.limit_s for clause in self.clauses)

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The numbers of the clauses that hold at the very same times, in the order in which these times come."""
        found: dict[tuple[object, ...], list[int]] = {}
        for number, clause in enumerate(self.clauses):
            found.setdefault(clause.held, []).append(number)
        return tuple(map(tuple, found.values()))

    @property
    def words(self) -> str:
        """In a sentence, without its full stop."""
        said = []
        for group in self.groups:
            mine = [self.clauses[number] for number in group]
            when = mine[0].when if mine[0].windows else "at other times" if len(self.groups) > 1 else ""
            earlier = [w for n in range(group[0]) for w in self.clauses[n].windows]
            if mine[0].windows and _overlap(earlier, mine[0].windows):
                when += ", where nothing before it holds"
            said.append(f"{', and '.join(c.what for c in mine)} {when}".strip())
        return "; ".join(said)


def _overlap(some: Iterable[WarmWindow], others: Iterable[WarmWindow]) -> bool:
    return not _minutes(some).isdisjoint(_minutes(others))


def _minutes(windows: Iterable[WarmWindow]) -> set[int]:
    """Of the week."""
    return {
        (day * 1440 + window.start.hour * 60 + window.start.minute + n) % (7 * 1440)
        for window in windows
        for day in window.weekdays
        for n in range(window.minutes)
    }


def hours(window: WarmWindow) -> str:
    """ "08:00-18:00"; empty for whole days."""
    if window.start == window.end and window.start.hour == window.start.minute == 0:
        return ""
    end = "24:00" if window.end.hour == window.end.minute == 0 else f"{window.end:%H:%M}"
    return f"{window.start:%H:%M}-{end}"


def exactly(seconds: float) -> str:
    """A limit as it was given: "2 min", "1 h 30 min", "90.5 s" as "1 min 30.5 s"."""
    whole, rest = divmod(seconds, 60)
    hours_, minutes = divmod(int(whole), 60)
    parts = [f"{n} {unit}" for n, unit in ((hours_, "h"), (minutes, "min")) if n]
    if rest or not parts:
        parts.append(f"{rest:.6g} s")
    return " ".join(parts)

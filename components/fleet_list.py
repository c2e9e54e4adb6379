"""Which endpoints of the fleet are shown, and in which order. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ops.core.types import EndpointState, Severity
from ops.core.views import FleetRow
from ops.core.words import STATE_WORDS

TROUBLE = (Severity.CRITICAL, Severity.WARNING)
TROUBLE_FIRST = "trouble first"
ALL_STATES = "all states"
NEEDS_YOU = "needs you"
STATES = (
    ALL_STATES,
    NEEDS_YOU,
    *(STATE_WORDS[state] for state in EndpointState if state is not EndpointState.MISSING),
)
"""What the state picker offers, in the words of the pills."""


def _failed(row: FleetRow) -> float | None:
    known = [n for n in (row.failures_1h, row.expired_1h) if n is not None]
    return sum(known) if known else None


def _woken(row: FleetRow) -> float | None:
    return row.last_cold_start.at.timestamp() if row.last_cold_start is not None else None


def hurt(*rows: FleetRow) -> tuple[float, ...]:
    """What the worst sorts by, ascending: needless cost after all that loses requests, then how grave it is;
    then how many were lost, how long the waiting have waited, how many wait."""
    worst = min(
        (n for n, severity in enumerate(TROUBLE) for row in rows if row.verdict.severity is severity),
        default=len(TROUBLE),
    )
    waited = sum((row.backlog or 0.0) * (row.oldest_s or 0.0) for row in rows)
    return (
        float(worst == len(TROUBLE)),
        float(all(row.verdict.state is EndpointState.IDLE_PAID for row in rows)),
        float(worst),
        -sum(_failed(row) or 0.0 for row in rows),
        -waited,
        -sum(row.backlog or 0.0 for row in rows),
    )


_GREATEST_FIRST: Mapping[str, Callable[[FleetRow], float | None]] = MappingProxyType(
    {
        "backlog": lambda row: row.backlog,
        "oldest": lambda row: row.oldest_s,
        "instances": lambda row: row.endpoint.current,
        "failures": _failed,
        "last cold start": _woken,
    }
)
SORTS = (TROUBLE_FIRST, "name", *_GREATEST_FIRST)
"""What the sort picker offers. Everything but the name: greatest or newest first, not known last."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the viewer asks to see. `state` is one of STATES, `sort` one of SORTS."""

    words: tuple[str, ...] = ()
    state: str = ALL_STATES
    sort: str = TROUBLE_FIRST

    @classmethod
    def of(cls, text: str, state: str, sort: str) -> Choice:
        return cls(tuple(text.casefold().split()), state, sort)

    @property
    def narrows(self) -> bool:
        return bool(self.words) or self.state != ALL_STATES

    def matches(self, row: FleetRow) -> bool:
        """Every word occurs in the name, the instance type or the state word; and the state fits."""
        word = STATE_WORDS[row.verdict.state]
        trouble = row.verdict.severity in TROUBLE
        if self.state not in (ALL_STATES, word) and not (self.state == NEEDS_YOU and trouble):
            return False
        text = f"{row.endpoint.ref.name} {row.endpoint.type_words} {word}".casefold()
        return all(w in text for w in self.words)

    def of_rows(self, rows: Sequence[FleetRow]) -> tuple[FleetRow, ...]:
        """The rows that match, in the order asked for; trouble first: the worst of it as in `hurt`."""
        found = [row for row in rows if self.matches(row)]
        if self.sort == TROUBLE_FIRST:
            found.sort(key=lambda r: hurt(r) if r.verdict.severity in TROUBLE else (1.0,))
        if self.sort == "name":
            found.sort(key=lambda r: r.endpoint.ref.name)
        elif self.sort in _GREATEST_FIRST:
            key = _GREATEST_FIRST[self.sort]
            found.sort(key=lambda r: (_descending(key(r)), r.endpoint.ref.name))
        return tuple(found)


def _descending(value: float | None) -> float:
    return math.inf if value is None or math.isnan(value) else -value


def shown(now: int, matching: int, total: int) -> str:
    """ "12 of 207 shown"; nothing where all are on show."""
    if now == total:
        return ""
    if matching in (now, total):
        return f"{now:,} of {total:,} shown"
    return f"{now:,} of {matching:,} that match shown, {total:,} in all"

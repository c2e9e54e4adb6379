"""What the alarms of an endpoint went through, and the spans in which each was in which state. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ops.core.records import AlarmChange
from ops.core.types import Alarm, Problem

STATE, DEFINITION = "StateUpdate", "ConfigurationUpdate"


@dataclass(frozen=True, slots=True)
class AlarmPast:
    """The history of an endpoint's alarms since `start`, by name, newest first; `cut`: of these there is more."""

    start: datetime
    end: datetime
    changes: Mapping[str, tuple[AlarmChange, ...]]
    cut: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """One state of an alarm, from when until when."""

    state: str
    start: datetime
    end: datetime


def spans(
    alarm: Alarm, changes: Sequence[AlarmChange], start: datetime, end: datetime, *, cut: bool = False
) -> tuple[Span, ...]:
    """The states of an alarm in [start, end), oldest first. What is not known is left out.

    `changes`: newest first, in any mixture of kinds; `cut`: older ones exist that were not read.
    """
    moves = sorted((c for c in changes if c.kind == STATE and c.after), key=lambda c: c.at)
    moves = [c for c in moves if start <= c.at < end]
    born = min((c.at for c in changes if c.kind == DEFINITION and " created" in c.summary), default=start)
    found: list[Span] = []
    if moves:
        first = moves[0]
        if first.before and not cut and born < first.at:
            found.append(Span(first.before, max(start, born), first.at))
        for move, later in zip(moves, [*moves[1:], None], strict=True):
            found.append(Span(move.after or "", move.at, later.at if later is not None else end))
    elif not cut and alarm.state and (alarm.updated is None or alarm.updated < end):
        begin = max(start, born, alarm.updated or start)
        found.append(Span(alarm.state, begin, end))
    return _joined(span for span in found if span.start < span.end)


def _joined(found: Iterable[Span]) -> tuple[Span, ...]:
    out: list[Span] = []
    for span in found:
        if out and out[-1].state == span.state and out[-1].end == span.start:
            out[-1] = Span(span.state, out[-1].start, span.end)
        else:
            out.append(span)
    return tuple(out)


def times(found: Sequence[Span], state: str) -> int:
    """How often the alarm came into a state."""
    return sum(span.state == state for span in found)

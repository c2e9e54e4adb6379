"""Which turns of an endpoint's state are worth a notice, and when: once each, not while it flaps, not in quiet hours.

Pure: what was told is a value, and each new reading of the fleet makes the next one of it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from ops.core import moments
from ops.core.quiet import QuietHours
from ops.core.types import EndpointState, Severity, Verdict
from ops.core.views import FleetRow
from ops.core.words import STATE_WORDS, listed

CALM = ""
"""The key of a state that is not loud."""
HOLD_S = 300.0
"""A turn for the better, or to another loud state, must hold for so long before it is told."""
AGAIN_S = 600.0
"""The same loud state so soon after its calm was told must last as long before it is told again."""
_RANK = {Severity.WARNING: 1, Severity.CRITICAL: 2}
MOST_NAMED = 3
MOST_TEXT = 20
"""Endpoints whose sentences stand in one notice."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is loud, and when nobody wants to hear of it."""

    warnings: bool = False
    quiet: QuietHours | None = None
    critical_always: bool = False
    """Critical turns are told in quiet hours too."""
    place: str = ""
    """What the account and region are called where one console reads several."""

    def key(self, verdict: Verdict) -> str:
        """What is told of a verdict once: its severity and state; CALM where it is not loud."""
        rank = _RANK.get(verdict.severity, 0)
        loud = rank == 2 or (rank == 1 and self.warnings)
        return f"{verdict.severity.value}:{verdict.state.value}" if loud else CALM


@dataclass(frozen=True, slots=True)
class Told:
    """Of one endpoint: what was told last and when, and what holds now and since when. Epoch seconds of AWS."""

    key: str = CALM
    at: float = -math.inf
    now: str = CALM
    since: float = -math.inf
    before: str = CALM
    """The loud key that was told before the last calm."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What was told of the fleet. `hushed`: quiet hours held something back."""

    endpoints: Mapping[str, Told] = field(default_factory=dict)
    hushed: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One endpoint that turned loud or calm."""

    name: str
    loud: bool
    state: str
    """In a word."""
    severity: str
    sentence: str
    """With marks for its times."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message: what turned. `summary`: held back by quiet hours until their end."""

    at: datetime
    turns: tuple[Turn, ...]
    summary: bool = False
    test: bool = False
    place: str = ""
    """Where the endpoints are, where one console reads several accounts and regions."""


def step(
    memory: Memory, rows: Iterable[FleetRow], now: datetime, rules: Rules
) -> tuple[Memory, Notice | None]:
    """What is to be told of a new reading of the fleet, and what was told after it.

    An endpoint of which nothing is known keeps what was told of it: unknown is neither loud nor calm.
    """
    at, quiet = now.timestamp(), rules.quiet is not None and rules.quiet.holds(now)
    endpoints, turns, held = dict(memory.endpoints), [], False
    found = {row.endpoint.ref.name: row.verdict for row in rows}
    for name in sorted({*found, *endpoints}):
        verdict = found.get(name)
        if verdict is not None and verdict.state is EndpointState.UNKNOWN:
            continue
        key = CALM if verdict is None else rules.key(verdict)
        before = endpoints.get(name, Told())
        told = before if before.now == key and name in endpoints else replace(before, now=key, since=at)
        if _due(told, at):
            if quiet and not (rules.critical_always and _rank(key) == 2):
                held = True
            else:
                turns.append(_turn(name, verdict, key))
                told = _after(told, at)
        if verdict is None and told.key == CALM:
            endpoints.pop(name, None)
        else:
            endpoints[name] = told
    notice = (
        Notice(now, tuple(turns), summary=memory.hushed and not quiet, place=rules.place) if turns else None
    )
    return Memory(endpoints, hushed=quiet and (held or memory.hushed)), notice


def _due(told: Told, at: float) -> bool:
    """Whether what holds now is to be told."""
    if told.now == told.key:
        return False
    lasted = at - told.since
    if _rank(told.now) <= _rank(told.key):
        return lasted >= HOLD_S
    repeated = told.now == told.before and at - told.at < AGAIN_S
    return not repeated or lasted >= AGAIN_S


def _after(told: Told, at: float) -> Told:
    return replace(told, key=told.now, at=at, before=told.key or told.before)


def _rank(key: str) -> int:
    return {"critical": 2, "warning": 1}.get(key.partition(":")[0], 0)


def _turn(name: str, verdict: Verdict | None, key: str) -> Turn:
    if verdict is None:
        return Turn(name, False, "gone", Severity.OK.value, "It no longer exists.")
    sentence = verdict.marked or verdict.sentence
    return Turn(name, key != CALM, STATE_WORDS[verdict.state], verdict.severity.value, sentence)


def title(notice: Notice) -> str:
    """The subject: which endpoints turned, in a few words."""
    return f"{notice.place}: {_title(notice)}" if notice.place else _title(notice)


def _title(notice: Notice) -> str:
    if notice.test:
        return "Ebb: a test notice"
    loud, calm = ([t for t in notice.turns if t.loud is which] for which in (True, False))
    if len(notice.turns) == 1:
        turn = notice.turns[0]
        better = "no longer critical" if turn.severity == Severity.WARNING.value else "calm again"
        return f"{turn.name}: {turn.state}" if turn.loud else f"{turn.name} is {better}: {turn.state}"
    parts = [f"{_names(loud)} {'needs' if len(loud) == 1 else 'need'} you"] if loud else []
    parts += [f"{_names(calm)} {'is' if len(calm) == 1 else 'are'} calm again"] if calm else []
    return "; ".join(parts)


def _names(turns: Sequence[Turn]) -> str:
    names = [t.name for t in turns]
    return listed(names) if len(names) <= MOST_NAMED else f"{', '.join(names[:2])} and {len(names) - 2} more"


def text(notice: Notice, base: str | None = None, zone: tzinfo = UTC) -> str:
    """The body: a sentence for each endpoint with a link to its page, where Ebb's own address is known."""
    if notice.test:
        lines = ["This is a test: notices of Ebb arrive here."]
        return "\n".join([*lines, *([base] if base else [])])
    parts = ["What turned during quiet hours and still holds:"] if notice.summary else []
    for turn in notice.turns[:MOST_TEXT]:
        said = f"{turn.name} ({turn.state}): {moments.written(turn.sentence, zone)}"
        parts.append(f"{said}\n{link(base, turn.name, notice.place)}" if base else said)
    if len(notice.turns) > MOST_TEXT:
        parts.append(f"And {len(notice.turns) - MOST_TEXT} more.")
    return "\n\n".join(parts)


def link(base: str, name: str, place: str = "") -> str:
    """The page of one endpoint under Ebb's own address. Names of endpoints hold letters, digits and - alone, those of
    places dots and _ besides.
    """
    return f"{base.rstrip('/')}/endpoint?endpoint={name}" + (f"&place={place}" if place else "")


def document(notice: Notice, base: str | None = None, zone: tzinfo = UTC) -> dict[str, Any]:
    """What a webhook gets: `text` for chat tools, and the same in parts for programs."""
    return {
        "text": f"{title(notice)}\n{text(notice, base, zone)}",
        "title": title(notice),
        "at": notice.at.isoformat().replace("+00:00", "Z"),
        "test": notice.test,
        "summary": notice.summary,
        **({"place": notice.place} if notice.place else {}),
        "endpoints": [
            {
                "name": turn.name,
                "loud": turn.loud,
                "state": turn.state,
                "severity": turn.severity,
                "sentence": moments.written(turn.sentence, zone),
                **({"link": link(base, turn.name, notice.place)} if base else {}),
            }
            for turn in notice.turns
        ],
    }


def written(memory: Memory) -> str:
    """As JSON, to be remembered beyond the process."""
    each = {
        name: [t.key, _plain(t.at), t.now, _plain(t.since), t.before] for name, t in memory.endpoints.items()
    }
    return json.dumps({"hushed": memory.hushed, "endpoints": each})


def _plain(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) else None


def parsed(text: str | None) -> Memory:
    """What `written` wrote; nothing of what cannot be read."""
    try:
        found = json.loads(text or "{}")
        each = {
            str(name): Told(str(t[0]), _time(t[1]), str(t[2]), _time(t[3]), str(t[4]))
            for name, t in found.get("endpoints", {}).items()
        }
        return Memory(each, bool(found.get("hushed", False)))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return Memory()


def _time(value: object) -> float:
    return float(value) if isinstance(value, int | float) else -math.inf

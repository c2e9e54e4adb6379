"""What changed on the fleet since somebody's last visit. Pure.

A visit ends when nobody looked for half an hour; a reload is not a new one. The first visit has nothing to compare.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ops.core.marks import KINDS, MarkKind
from ops.core.moments import mark
from ops.core.records import Change
from ops.core.types import EndpointState, Severity, utc
from ops.core.views import FleetRow
from ops.core.words import STATE_WORDS, count

GAP = timedelta(minutes=30)
"""Nobody looked for so long: the visit is over."""
MOST_NAMED = 3
"""Endpoints named for one kind of news; of the rest the number is told."""
_LOUD = (Severity.CRITICAL, Severity.WARNING)


@dataclass(frozen=True, slots=True)
class Summary:
    """The fleet as somebody saw it: when (AWS's time), all names, and the states of those that needed someone."""

    at: datetime
    names: frozenset[str] = frozenset()
    loud: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Visit:
    """`looked`: this machine's clock at the last look. `before`: what the visit before this one ended with."""

    looked: datetime
    now: Summary
    before: Summary | None = None


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened: a clause (times are marks), and the endpoint that it follows, where it is about one."""

    text: str
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Since:
    """What happened since the last visit ended, the worst first."""

    at: datetime
    news: tuple[News, ...]


def summary(rows: Iterable[FleetRow], at: datetime) -> Summary:
    """The fleet in few words, for the next visit."""
    found = tuple(rows)
    loud = {r.endpoint.ref.name: r.verdict.state.value for r in found if r.verdict.severity in _LOUD}
    return Summary(at, frozenset(r.endpoint.ref.name for r in found), loud)


def looked(visit: Visit | None, seen: Summary, clock: datetime) -> Visit:
    """Somebody looks at `clock`: the same visit goes on, or a new one begins."""
    if visit is None:
        return Visit(clock, seen)
    if clock - visit.looked > GAP:
        return Visit(clock, seen, visit.now)
    return replace(visit, looked=max(clock, visit.looked), now=seen)


def happened(
    before: Summary,
    rows: Sequence[FleetRow],
    changes: Iterable[Change],
    woken: int,
    now: datetime,
    *,
    whole: bool = True,
) -> Since:
    """The news since `before`. `woken`: cold starts since then, of which there may be more unless `whole`."""
    later = [c for c in changes if before.at < c.at <= now and not c.error and not c.by_service]
    starts = count(woken, "cold start")
    news = (
        *_turned(before, rows, now),
        *_calm(before, rows),
        *_come_and_gone(before, rows),
        *_changed(later),
        *([News(starts if whole else f"at least {starts}")] if woken else []),
    )
    return Since(before.at, news)


def _turned(before: Summary, rows: Sequence[FleetRow], now: datetime) -> Iterator[News]:
    """Those that need someone now and did not, or for another reason."""
    found = []
    for row in rows:
        name, verdict = row.endpoint.ref.name, row.verdict
        if verdict.severity in _LOUD and before.loud.get(name) != verdict.state.value:
            since = verdict.since
            when = f" since {mark(since, now)}" if since is not None and since > before.at else ""
            found.append(News(f"{STATE_WORDS[verdict.state]}{when}", name))
    yield from found[:MOST_NAMED]
    if len(found) > MOST_NAMED:
        yield News(f"{count(len(found) - MOST_NAMED, 'more endpoint')} in trouble")


def _calm(before: Summary, rows: Sequence[FleetRow]) -> Iterator[News]:
    found = [
        News(f"calm again, {STATE_WORDS[row.verdict.state]}", row.endpoint.ref.name)
        for row in rows
        if row.endpoint.ref.name in before.loud
        and row.verdict.severity not in _LOUD
        and row.verdict.state is not EndpointState.UNKNOWN
    ]
    yield from found[:MOST_NAMED]
    if len(found) > MOST_NAMED:
        yield News(f"{count(len(found) - MOST_NAMED, 'more endpoint')} calm again")


def _come_and_gone(before: Summary, rows: Sequence[FleetRow]) -> Iterator[News]:
    names = {row.endpoint.ref.name for row in rows}
    for words, found in (("new", sorted(names - before.names)), ("gone", sorted(before.names - names))):
        if len(found) == 1:
            yield News(words, found[0]) if words == "new" else News(f"{found[0]} is gone")
        elif found:
            yield News(f"{count(len(found), 'endpoint')} {words}")


def _changed(changes: Sequence[Change]) -> Iterator[News]:
    """Deploys and bounds by who made them, and how many other changes there were."""
    kinds = [(KINDS.get(c.operation, MarkKind.ALARM), c) for c in changes]
    for kind, noun in ((MarkKind.DEPLOY, "deploy"), (MarkKind.BOUNDS, "change")):
        by = Counter(c.who for k, c in kinds if k is kind)
        for who, n in by.most_common(MOST_NAMED):
            of = sorted({c.endpoint for k, c in kinds if k is kind and c.who == who})
            where = f" ({of[0]})" if len(of) == 1 else f" ({len(of)} endpoints)"
            bounds = " of bounds" if kind is MarkKind.BOUNDS else ""
            yield News(f"{count(n, noun)}{bounds} by {who}{where}")
        if len(by) > MOST_NAMED:
            rest = sum(by.values()) - sum(n for _, n in by.most_common(MOST_NAMED))
            yield News(f"{count(rest, f'more {noun}')}{' of bounds' if kind is MarkKind.BOUNDS else ''}")
    others = sum(kind not in (MarkKind.DEPLOY, MarkKind.BOUNDS) for kind, _ in kinds)
    if others:
        yield News(count(others, "other change"))


def dumped(visit: Visit) -> str:
    """A visit as JSON."""
    return json.dumps(
        {
            "looked": visit.looked.timestamp(),
            "now": _plain(visit.now),
            "before": None if visit.before is None else _plain(visit.before),
        }
    )


def loaded(text: str | None) -> Visit | None:
    """A visit from JSON; None where there is none, or something else."""
    try:
        found = json.loads(text or "null")
        if found is None:
            return None
        before = found["before"]
        return Visit(
            utc(found["looked"]), _summary(found["now"]), None if before is None else _summary(before)
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None


def _plain(seen: Summary) -> dict[str, object]:
    return {"at": seen.at.timestamp(), "names": sorted(seen.names), "loud": dict(seen.loud)}


def _summary(found: Mapping[str, object]) -> Summary:
    at, names, loud = found["at"], found["names"], found["loud"]
    if not isinstance(at, int | float) or not isinstance(names, list) or not isinstance(loud, dict):
        raise ValueError("no summary")
    return Summary(utc(at), frozenset(map(str, names)), {str(k): str(v) for k, v in loud.items()})

"""Which instance type each endpoint had when, remembered: what was seen of it, and deploys that CloudTrail tells of.

Descriptions come with every round, deploys from the log of changes; a configuration that is not in use any more
is looked up once, one at a time, in the collector's spare time. What is asked later asks AWS for nothing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from ops.aws import audit
from ops.aws.calls import Reading
from ops.aws.endpoints import described_config
from ops.changes import ChangeLog
from ops.core.errors import CredentialsProblem, OpsError, Throttled, Unreachable
from ops.core.instance_types import Configured, Deploy, Sighting, types_from
from ops.core.savings import TypeFrom
from ops.core.types import Endpoint, utc
from ops.core.window import KEPT_DAYS
from ops.held import Held
from ops.known import State

MEMO = "instance types"
"""Under this name the history keeps them."""
SAVE_S = 3600.0
"""How often it is written down until when a description still said the same."""
SETTLED = "InService"
"""While an endpoint is being updated, its description may name either configuration."""
MOST_DEPLOYS = 500
"""Of one endpoint, the newest."""
KEPT = timedelta(days=KEPT_DAYS[3600])
"""As long as AWS keeps hours: what is older is nobody's period."""


@dataclass(frozen=True, slots=True)
class _Life:
    """What is remembered of one endpoint, from its creation on."""

    created: datetime
    seen: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True)
class Remembered:
    """All that is remembered of the types of one account and region."""

    lives: Mapping[str, _Life] = field(default_factory=dict)
    deploys: Mapping[str, tuple[Deploy, ...]] = field(default_factory=dict)
    configs: Mapping[str, Configured] = field(default_factory=dict)
    complete: datetime | None = None
    """From when on all deploys are known."""

    def of(self, endpoint: Endpoint, now: datetime) -> tuple[TypeFrom, ...]:
        """The types of an endpoint that is described as it is now."""
        life = self._life(endpoint)
        present = _sighting(endpoint, now)
        seen = _seen(life.seen, present) if present is not None else life.seen
        if present is None and not (seen and seen[-1].config == endpoint.config_name):
            return (TypeFrom(endpoint.created, endpoint.instance_type),)
        deploys = self.deploys.get(endpoint.ref.name, ())
        return types_from(endpoint.created, seen, deploys, self.configs, self.complete)

    def _life(self, endpoint: Endpoint) -> _Life:
        known = self.lives.get(endpoint.ref.name)
        same = known is not None and abs(known.created - endpoint.created) < timedelta(seconds=1)
        return known if known is not None and same else _Life(endpoint.created)

    def noted(self, endpoint: Endpoint, now: datetime) -> Remembered:
        """With what a description says at `now`; the same object where that is nothing."""
        present = _sighting(endpoint, now)
        if present is None:
            return self
        life = self._life(endpoint)
        fresh = replace(life, seen=_seen(life.seen, present))
        return replace(self, lives={**self.lives, endpoint.ref.name: fresh})

    def wanted(self) -> Iterator[str]:
        """The configurations that a deploy names and nothing is known of yet, the newest deploys first."""
        seen = {s.config for life in self.lives.values() for s in life.seen}
        every = sorted(
            (d for known in self.deploys.values() for d in known), key=lambda d: d.at, reverse=True
        )
        for config in dict.fromkeys(d.config for d in every):
            if config not in self.configs and config not in seen:
                yield config


class TypeLog:
    """Remembers the types of one account and region. Thread-safe."""

    def __init__(self, history: Held) -> None:
        self._history = history
        self._lock = threading.Lock()
        self._known: Remembered | None = None
        self._saved_at = float("-inf")
        self._changed = False
        self._refused: set[str] = set()
        """Configurations that AWS does not let us look up; asked for again by the next process."""

    def note(self, endpoints: Iterable[Endpoint], now: datetime) -> None:
        """What was described at `now` (AWS's time)."""
        with self._lock:
            before = self._recalled()
            if before is None:
                return
            known = before
            for endpoint in endpoints:
                known = known.noted(endpoint, now)
            news = {name: _facts(life) for name, life in known.lives.items()}
            self._changed |= news != {name: _facts(life) for name, life in before.lives.items()}
            self._known = known
        self._save(now)

    def learn(self, log: ChangeLog, now: datetime) -> None:
        """The deploys that CloudTrail told of so far."""
        found: dict[str, list[Deploy]] = {}
        for change in log.since(now - KEPT):
            if change.operation in audit.DEPLOYS and change.config and not change.error:
                deploy = Deploy(change.at, change.config, change.operation == "CreateEndpoint")
                found.setdefault(change.endpoint, []).append(deploy)
        complete = log.known_since(audit.DEPLOYS)
        with self._lock:
            known = self._recalled()
            if known is None:
                return
            deploys = dict(known.deploys)
            for name, fresh in found.items():
                every = sorted({*deploys.get(name, ()), *fresh}, key=lambda d: d.at)[-MOST_DEPLOYS:]
                deploys[name] = tuple(every)
            if complete is None or (known.complete is not None and known.complete < complete):
                complete = known.complete
            if deploys != known.deploys or complete != known.complete:
                self._known = replace(known, deploys=deploys, complete=complete)
                self._changed = True
        self._save(now)

    def look_up_one(self, reading: Reading) -> bool:
        """Look up one configuration that an old deploy names, in the caller's thread; False where none is left.

        Raises CredentialsProblem, Unreachable, Throttled.
        """
        with self._lock:
            known = self._recalled()
            wanted = known.wanted() if known is not None else ()
            name = next((config for config in wanted if config not in self._refused), None)
        if name is None:
            return False
        try:
            found = described_config(reading, name)
        except (CredentialsProblem, Unreachable, Throttled):
            raise
        except OpsError:
            self._refused.add(name)
            return True
        with self._lock:
            known = self._known or known
            assert known is not None
            self._known = replace(known, configs={**known.configs, name: found})
            self._changed = True
        self._save(reading.now)
        return True

    def catch_up(
        self, log: ChangeLog, reading: Reading, alarms: Mapping[str, str], wait: Callable[[float], object]
    ) -> None:
        """Read all of it now, for who cannot wait for the background: the newest deploys, and their configurations.

        What AWS does not let us read stays unknown. Raises CredentialsProblem, Unreachable, Throttled.
        """
        log.catch_up(reading, reading.now, alarms, wait, audit.DEPLOYS)
        self.learn(log, reading.now)
        while self.look_up_one(reading):
            pass

    def _recalled(self) -> Remembered | None:
        """What is known; read from the history when first needed. The caller holds the lock.

        None where it cannot be told now: nothing is built upon that.
        """
        if self._known is None:
            text = self._history.memo(MEMO)
            if text is None:
                return None
            self._known = from_text(text)
        return self._known

    def _save(self, now: datetime) -> None:
        with self._lock:
            due = self._changed or now.timestamp() - self._saved_at >= SAVE_S
            if self._known is None or not due:
                return
            text = to_text(_young(self._known, now))
            self._saved_at, self._changed = now.timestamp(), False
        if not self._history.remember(MEMO, text):
            with self._lock:
                self._changed = True


def types_of(state: State, endpoint: Endpoint) -> tuple[TypeFrom, ...]:
    """The types of an endpoint, ascending, from what is remembered; asks AWS for nothing.

    The first is taken to hold before its own time as well, where nothing is known.
    """
    return from_text(state.past.history.memo(MEMO) or "").of(endpoint, state.now)


def _sighting(endpoint: Endpoint, now: datetime) -> Sighting | None:
    """What a description says; None where it names no single type, or may be about to change."""
    if not endpoint.described or endpoint.status != SETTLED or not endpoint.config_name:
        return None
    if endpoint.instance_type is None:
        return None
    return Sighting(now, now, endpoint.config_name, endpoint.instance_type, endpoint.config_created)


def _seen(seen: tuple[Sighting, ...], present: Sighting) -> tuple[Sighting, ...]:
    last = seen[-1] if seen else None
    if last is None or (last.config, last.instance_type) != (present.config, present.instance_type):
        return (*seen, present)
    return (*seen[:-1], replace(last, until=max(last.until, present.until)))


def _facts(life: _Life) -> tuple[object, ...]:
    """All but until when the newest was seen."""
    return (life.created, *((s.at, s.config, s.instance_type) for s in life.seen))


def _young(known: Remembered, now: datetime) -> Remembered:
    """Without endpoints that nobody saw for as long as AWS keeps hours, and what only they need."""
    edge = now - KEPT
    lives = {name: life for name, life in known.lives.items() if life.seen and life.seen[-1].until >= edge}
    deploys = {
        name: kept
        for name, found in known.deploys.items()
        if (kept := tuple(d for d in found if d.at >= edge or name in lives))
    }
    named = {d.config for found in deploys.values() for d in found}
    configs = {name: each for name, each in known.configs.items() if name in named}
    return Remembered(lives, deploys, configs, known.complete)


def to_text(known: Remembered) -> str:
    """As JSON; times in epoch seconds."""
    return json.dumps(
        {
            "lives": {
                name: [
                    _number(life.created),
                    [
                        [_number(s.at), _number(s.until), s.config, s.instance_type, _number(s.made)]
                        for s in life.seen
                    ],
                ]
                for name, life in known.lives.items()
            },
            "deploys": {
                name: [[_number(d.at), d.config, d.first] for d in found]
                for name, found in known.deploys.items()
            },
            "configs": {name: [c.instance_type, _number(c.made)] for name, c in known.configs.items()},
            "complete": _number(known.complete),
        },
        separators=(",", ":"),
    )


@lru_cache(8)
def from_text(text: str) -> Remembered:
    """What was written down; nothing where that cannot be read."""
    try:
        body = json.loads(text or "{}")
        return Remembered(
            {
                name: _Life(utc(at), tuple(map(_a_sighting, seen)))
                for name, (at, seen) in body.get("lives", {}).items()
            },
            {
                name: tuple(Deploy(utc(at), str(config), bool(first)) for at, config, first in found)
                for name, found in body.get("deploys", {}).items()
            },
            {
                name: Configured(None if kind is None else str(kind), _time(made))
                for name, (kind, made) in body.get("configs", {}).items()
            },
            _time(body.get("complete")),
        )
    except (ValueError, TypeError, AttributeError):
        return Remembered()


def _a_sighting(row: Any) -> Sighting:
    at, until, config, kind, made = row
    return Sighting(utc(at), utc(until), str(config), str(kind), _time(made))


def _number(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _time(at: float | None) -> datetime | None:
    return None if at is None else utc(at)

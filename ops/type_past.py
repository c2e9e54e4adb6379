"""Which instance type each endpoint had when, and how often its hosts published metrics, remembered: what was seen of
it, and deploys that CloudTrail tells of. Endpoints that are gone stay remembered.

Descriptions come with every round, deploys from the log of changes; a configuration that is not in use any more
is looked up once, one at a time, in the collector's spare time. What is asked later asks AWS for nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from ops.aws import audit
from ops.aws.calls import Reading
from ops.aws.endpoints import described_config
from ops.changes import ChangeLog
from ops.core.errors import CredentialsProblem, OpsError, Throttled, Unreachable
from ops.core.instance_types import Deploy
from ops.core.types import Endpoint
from ops.held import Held
from ops.known import State
from ops.type_memory import KEPT, Gone, Remembered, facts, from_text, to_text, young

MEMO = "instance types"
"""Under this name the history keeps them."""
SAVE_S = 3600.0
"""How often it is written down until when a description still said the same."""
MOST_DEPLOYS = 500
"""Of one endpoint, the newest."""


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

    def note(
        self, endpoints: Iterable[Endpoint], now: datetime, listed: Collection[str] | None = None
    ) -> None:
        """What was described at `now` (AWS's time). `listed`: the names of all endpoints, where all were listed."""
        with self._lock:
            before = self._recalled()
            if before is None:
                return
            self._known = before.noted(endpoints, now, listed)
            news = {name: facts(life) for name, life in self._known.lives.items()}
            self._changed |= news != {name: facts(life) for name, life in before.lives.items()}
        self._save(now)

    def gone(self, present: Mapping[str, Endpoint], now: datetime) -> tuple[Gone, ...]:
        """Endpoints that are not there any more, see `Remembered.gone`."""
        with self._lock:
            known = self._recalled()
        return tuple(known.gone(present, now)) if known is not None else ()

    def recall(self, text: str) -> None:
        """Go on from what another history keeps, in place of what is known here; empty: nothing."""
        if text:
            with self._lock:
                self._known, self._changed = from_text(text), True

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
            if name in known.configs and found.instance_type is None and not found.pool:
                self._refused.add(name)  # its type is known, and it is gone meanwhile
                return True
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
            text = to_text(young(self._known, now))
            self._saved_at, self._changed = now.timestamp(), False
        if not self._history.remember(MEMO, text):
            with self._lock:
                self._changed = True


def recalled(state: State) -> Remembered:
    """What is remembered, for a whole view; asks AWS for nothing."""
    return from_text(state.past.history.memo(MEMO) or "")

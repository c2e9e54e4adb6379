"""Who changed what, as CloudTrail tells it: looked up one page at a time, gently, and remembered."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops import clock
from ops.aws import audit
from ops.aws.audit import Page
from ops.aws.calls import Reading
from ops.core.errors import CredentialsProblem, Denied, OpsError
from ops.core.marks import Audit
from ops.core.records import Change
from ops.core.types import Problem, utc
from ops.held import Held

MEMO = "changes"
"""Under this name the history keeps them."""
APART_S = 1.0
"""Between two look-ups; AWS allows two a second for all that ask in an account."""
AGAIN_S = {"aws": 300.0}
"""Until a name is looked up again while somebody looks; by the kind of AWS."""
AGAIN_EMBEDDED_S = 20.0
IDLE_AGAIN_S = 3600.0
LATE = timedelta(minutes=20)
"""Looked up again behind the newest known event: AWS delivers some about a quarter of an hour late."""
MOST_PAGES = 10
"""Pages of one name in one go; what lies further back is not read."""
MOST_KEPT = 5000
NAMES = audit.NAMES
CAPACITY = "UpdateEndpointWeightsAndCapacities"


@dataclass(frozen=True, slots=True)
class _Reach:
    """From when until when the events of one name are known."""

    since: datetime
    until: datetime


@dataclass(slots=True)
class _Sweep:
    """A look-up of one name that takes several pages."""

    name: str
    start: datetime
    end: datetime
    pages: int = 0
    token: str | None = None
    oldest: datetime | None = None
    """Of the events that were read."""


class ChangeLog:
    """The changes of one account and region. Thread-safe; one thread looks up.

    `kind` is "embedded" or "aws": an embedded AWS has no limit of two look-ups a second.
    """

    def __init__(self, kind: str, history: Held, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._history = history
        self._monotonic = monotonic
        self._again_s = AGAIN_S.get(kind, AGAIN_EMBEDDED_S)
        self._apart_s = APART_S if kind == "aws" else 0.0
        self._lock = threading.Lock()
        self._changes: dict[tuple[str, str], Change] = {}
        self._reach: dict[str, _Reach] = {}
        self._tried: dict[str, float] = {}
        self._sweep: _Sweep | None = None
        self._problem: Problem | None = None
        self._next_at = float("-inf")
        self._news = False
        self._recall()

    def of(self, endpoint: str) -> tuple[Change, ...]:
        """What was changed on one endpoint, in no order."""
        with self._lock:
            return tuple(c for c in self._changes.values() if c.endpoint == endpoint)

    def since(self, when: datetime) -> tuple[Change, ...]:
        """What was changed on all endpoints from `when` on, oldest first."""
        with self._lock:
            found = [c for c in self._changes.values() if c.at >= when]
        return tuple(sorted(found, key=lambda c: c.at))

    def known_since(self, names: Iterable[str]) -> datetime | None:
        """From when on all events of these names are known; None where those of one were not looked up yet."""
        with self._lock:
            found = [self._reach.get(name) for name in names]
        return max((r.since for r in found if r is not None), default=None) if all(found) else None

    def audit(self) -> Audit:
        """From when on all is known, and why some is not."""
        with self._lock:
            reach = {name: known.since for name, known in self._reach.items()}
            capacity = reach.pop(CAPACITY, None)
            whole = len(reach) == len(audit.NAMES) - 1
            return Audit(max(reach.values()) if whole else None, capacity, self._problem)

    def look_up(
        self, reading: Reading, now: datetime, alarms: Mapping[str, str], *, anybody: bool = True
    ) -> float:
        """Look up one page if one is due at `now` (AWS's time); the seconds until the next may be asked for.

        An error is kept as a problem. `alarms`: the endpoint of each alarm.
        """
        at = self._monotonic()
        if at < self._next_at:
            return self._next_at - at
        sweep = self._sweep or self._begin(at, now, self._again_s if anybody else IDLE_AGAIN_S)
        if sweep is None:
            return self._again_s
        self._sweep = None
        try:
            page = audit.look_up(
                reading, sweep.name, sweep.start, sweep.end, self._owners(alarms), sweep.token
            )
        except OpsError as error:
            return self._failed(error, at)
        with self._lock:
            self._take(sweep, page)
        self._next_at = at + self._apart_s
        if self._sweep is None and not self._unread():
            self._keep()
        return self._apart_s

    def catch_up(
        self,
        reading: Reading,
        now: datetime,
        alarms: Mapping[str, str],
        wait: Callable[[float], object],
        names: Iterable[str] = NAMES,
    ) -> None:
        """Look up the newest page of every name, for who cannot wait for the background."""
        start = now - timedelta(days=audit.KEPT_DAYS)
        for name in names:
            try:
                page = audit.look_up(reading, name, start, now, self._owners(alarms))
            except OpsError as error:
                self._failed(error, self._monotonic())
                return
            with self._lock:
                self._note(page.changes)
                self._reached(name, (page.oldest or now) if page.token else start, now)
            if self._apart_s:
                wait(self._apart_s)

    def _owners(self, alarms: Mapping[str, str]) -> dict[str, str]:
        """The endpoint of each alarm, also of those that are gone, as far as it was told when they were set."""
        with self._lock:
            told = {c.alarm: c.endpoint for c in self._changes.values() if c.alarm}
        return told | dict(alarms)

    def _begin(self, at: float, now: datetime, again_s: float) -> _Sweep | None:
        """The name that was not looked up for longest, if its time has come."""
        name = min(audit.NAMES, key=lambda n: self._tried.get(n, float("-inf")))
        if at - self._tried.get(name, float("-inf")) < again_s:
            return None
        self._tried[name] = at
        known = self._reach.get(name)
        start = now - timedelta(days=audit.KEPT_DAYS) if known is None else min(known.until, now) - LATE
        return _Sweep(name, start, now)

    def _take(self, sweep: _Sweep, page: Page) -> None:
        """The caller holds the lock."""
        self._problem = None
        self._note(page.changes)
        sweep.pages += 1
        sweep.oldest = page.oldest or sweep.oldest
        if page.token and sweep.pages < MOST_PAGES:
            sweep.token = page.token
            self._sweep = sweep
            return
        self._reached(sweep.name, (sweep.oldest or sweep.end) if page.token else sweep.start, sweep.end)

    def _reached(self, name: str, since: datetime, until: datetime) -> None:
        """All of a name is known from `since` until `until`; what was known before counts where it joins."""
        known = self._reach.get(name)
        joins = known is not None and since <= known.until
        self._reach[name] = _Reach(min(known.since, since) if known is not None and joins else since, until)

    def _note(self, changes: tuple[Change, ...]) -> None:
        """What a service did on its own is not kept. The caller holds the lock."""
        for change in changes:
            key = (change.id, change.endpoint)
            if not change.by_service and key not in self._changes:
                self._changes[key] = change
                self._news = True
        if len(self._changes) > MOST_KEPT:
            newest = sorted(self._changes.items(), key=lambda item: item[1].at)[-MOST_KEPT:]
            self._changes = dict(newest)

    def _unread(self) -> bool:
        """Whether the first look-up of some name is still to come."""
        return len(self._reach) < len(audit.NAMES)

    def _failed(self, error: OpsError, at: float) -> float:
        """Nothing is asked for a while."""
        action = error.action if isinstance(error, Denied) else ""
        retryable = error.retryable or isinstance(error, CredentialsProblem)
        with self._lock:
            self._problem = Problem("who changed what", error.what, error.hint, action, retryable)
        self._next_at = at + self._again_s
        self._tried = {}
        return self._again_s

    def _keep(self) -> None:
        with self._lock:
            if not self._news:
                return
            self._news = False
            kept = [
                [
                    c.id,
                    c.at.timestamp(),
                    c.operation,
                    c.who,
                    c.endpoint,
                    c.what,
                    c.error,
                    c.alarm,
                    c.request_id,
                    c.config,
                ]
                for c in self._changes.values()
            ]
            reach = {n: [r.since.timestamp(), r.until.timestamp()] for n, r in self._reach.items()}
        self._history.remember(MEMO, json.dumps({"reach": reach, "changes": kept}, ensure_ascii=False))

    def _recall(self) -> None:
        """What an earlier process kept; what cannot be read is looked up again."""
        try:
            kept = json.loads(self._history.memo(MEMO) or "{}")
            rows = kept.get("changes", ())
            # kept by an older Ebb, without what is asked of them now: looked up again
            older = {row[2] for row in rows if row[2] in audit.DEPLOYS and len(row) < 10}
            changes = [
                Change(
                    str(i),
                    utc(at),
                    str(op),
                    str(who),
                    str(name),
                    str(what),
                    str(error),
                    alarm=str(alarm),
                    request_id=str(more[0]) if more else "",
                    config=str(more[1]) if len(more) > 1 else "",
                )
                for i, at, op, who, name, what, error, alarm, *more in rows
                if op not in older
            ]
            reach = {
                name: _Reach(utc(since), utc(until))
                for name, (since, until) in kept.get("reach", {}).items()
                if name in audit.NAMES and name not in older
            }
        except (ValueError, TypeError, AttributeError, IndexError):
            return
        self._changes = {(c.id, c.endpoint): c for c in changes}
        self._reach = reach

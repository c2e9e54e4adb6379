"""The one background reader of AWS in this process: however many viewers, AWS is asked like by one.

It publishes immutable snapshots of the fleet, reads only what is due, slows down when AWS asks for it, and keeps
the last good snapshot, with what went wrong, when AWS is away. Between two readings it closes the gaps of the
history; when nobody has asked for a while, it does that alone, once an hour.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta

from cachetools import TTLCache

from ops import clock
from ops.config import Settings
from ops.console import Console
from ops.core import cost
from ops.core.errors import OpsError, Unreachable
from ops.core.pacing import GAP_S
from ops.core.types import Connection, Problem, Window
from ops.core.views import EndpointView, FleetView, Usage
from ops.pace import IDLE_S, Pace, Snapshot

log = logging.getLogger(__name__)

FAULT = "Ebb's reader of AWS has ended because of a fault in Ebb."
FIRST_WAIT_S = 30.0
"""How long a viewer waits for the first snapshot, or for a fresh one after a pause."""


class Collector:
    """Reads with `open_console` in a thread of its own after `start()`. Thread-safe."""

    def __init__(
        self,
        open_console: Callable[[], Console],
        interval_s: Callable[[str], float],
        monotonic: Callable[[], float] = clock.monotonic,
    ) -> None:
        self._open = open_console
        self._interval_s = interval_s
        self._monotonic = monotonic
        self._change = threading.Condition()
        self._opening = threading.Lock()
        self._console: Console | None = None
        self._last: Console | None = None
        self._spent: list[Usage] = []
        self._looked: dict[str, float] = {}
        self._tidied_at: float | None = None
        self._known: Connection | None = None
        self._fleet: FleetView | None = None
        self._error: OpsError | None = None
        self._number = 0
        self._read_at: float | None = None
        self._good_at: float | None = None
        self._asked_at: float | None = None
        self._pace = Pace(interval_s("aws"))
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._views: TTLCache[Hashable, EndpointView] = TTLCache(64, self._pace.base, timer=monotonic)
        self._flights: dict[Hashable, Future[EndpointView]] = {}

    def start(self) -> Collector:
        self._thread = threading.Thread(target=self._run, name="collector", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End the thread and the connections. A second call does nothing."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=5)
        for console in (self._console, self._last):
            if console is not None:
                console.close()

    def snapshot(self) -> Snapshot:
        """What is known now; never waits. Counts as asking."""
        with self._change:
            self._ask()
            age = None if self._good_at is None else self._monotonic() - self._good_at
            console = self._console or self._last
            history = console.history_progress() if console is not None else (0, 0)
            return Snapshot(
                self._fleet, self._error, self._number, self._pace.interval, age, self._usage(), history
            )

    def health(self) -> str:
        """Why the newest reading failed; empty when it did not. Does not count as asking."""
        with self._change:
            return self._error.what if self._error is not None else ""

    def connection(self) -> Connection:
        """Which AWS this is; the last that answered while none does. OpsError when it was never told."""
        try:
            known = self._at_hand().connection()
        except OpsError:
            if self._known is None:
                raise
            return self._known
        self._known = known
        return known

    def fleet(self) -> FleetView:
        """The newest good fleet; after a pause, or at first, a fresh one.

        Where the newest attempt failed, the reason is among the problems. OpsError without any good one.
        """
        with self._change:
            patience = max(IDLE_S, 2 * self._pace.interval)
            stale = self._read_at is None or self._monotonic() - self._read_at > patience
            before = self._number
            self._ask()
            if stale and self._thread is not None:
                self._change.wait_for(lambda: self._number > before or self._stopping, FIRST_WAIT_S)
            fleet, error = self._fleet, self._error
        if fleet is None:
            raise error or Unreachable(
                "AWS has not answered yet.", "Ebb keeps trying; look again in a moment."
            )
        return fleet if error is None else replace(fleet, problems=(*fleet.problems, _stale(error)))

    def endpoint(self, name: str, span: timedelta | Window = timedelta(hours=3)) -> EndpointView:
        """One endpoint, at most one interval old; several viewers of the same share one reading.

        When AWS is away, what is known, with the reason among its problems. Raises OpsError.
        """
        key = (name, span)
        with self._change:
            self._ask()
            self._looked[name] = self._monotonic()
            cached = self._views.get(key)
            if cached is not None:
                return cached
            flight = self._flights.get(key)
            mine = flight is None
            if flight is None:
                flight = self._flights[key] = Future()
        if not mine:
            return flight.result()
        try:
            view = self._read_endpoint(name, span)
        except BaseException as error:
            flight.set_exception(error)
            raise
        else:
            flight.set_result(view)
            return view
        finally:
            with self._change:
                self._flights.pop(key, None)

    def read_once(self) -> None:
        """One attempt to read the fleet, in the caller's thread."""
        fleet: FleetView | None = None
        failure: OpsError | None = None
        looked_at, anybody = self._audience()
        try:
            fleet = self._at_hand().read(looked_at, anybody=anybody)
        except OpsError as error:
            failure = error
            log.warning("%s %s", error.what, error.hint)
        with self._change:
            self._number += 1
            self._read_at = self._monotonic()
            self._error = failure
            if fleet is not None:
                self._fleet, self._good_at = fleet, self._read_at
                self._pace.succeeded()
            elif failure is not None:
                self._pace.failed(failure)
                if isinstance(failure, Unreachable) and self._console is not None:
                    # opened anew: the embedded AWS may be back at another address; views come from the old one
                    self._console, self._last = None, self._console
            self._change.notify_all()

    def close_gap(self) -> bool:
        """Read one missing piece of the history, in the caller's thread; False when nothing is missing."""
        with self._change:
            console, good = self._console, self._error is None
        if console is None or not good:
            return False
        try:
            more = console.close_gap(sorted(self._audience()[0]))
            if not more and self._fleet is not None and self._tidy_is_due():
                console.tidy(self._fleet.as_of)
        except OpsError as error:
            log.warning("%s %s", error.what, error.hint)
            return False
        return more

    def _tidy_is_due(self) -> bool:
        now = self._monotonic()
        if self._tidied_at is not None and now - self._tidied_at < GAP_S:
            return False
        self._tidied_at = now
        return True

    def _audience(self) -> tuple[frozenset[str], bool]:
        """The endpoints that somebody looks at, and whether anybody looks at anything."""
        with self._change:
            now = self._monotonic()
            self._looked = {name: at for name, at in self._looked.items() if now - at <= IDLE_S}
            return frozenset(self._looked), self._asked_at is not None and now - self._asked_at <= IDLE_S

    def _usage(self) -> Usage | None:
        """All consoles of this process together. The caller holds the lock."""
        found = [*self._spent, *([self._console.usage()] if self._console is not None else [])]
        if self._last is not None:
            found.append(self._last.usage())
        if not found:
            return None
        calls: Counter[str] = Counter()
        for usage in found:
            calls.update(usage.calls)
        metrics = sum(usage.metrics for usage in found)
        return Usage(min(u.since for u in found), dict(calls), metrics, cost.of_asking(calls, metrics))

    def _run(self) -> None:
        try:
            self._keep_reading()
        finally:
            with self._change:
                if not self._stopping:  # a fault of Ebb's own is on its way to the log: say so on the pages
                    self._error = OpsError(FAULT, "Start Ebb again; its log has the details.")
                    self._number += 1
                    self._thread = None
                    self._change.notify_all()

    def _keep_reading(self) -> None:
        while True:
            with self._change:
                if self._stopping:
                    return
                wait = self._pace_of_now()
            if wait == 0:
                self.read_once()
            elif not self.close_gap():
                with self._change:
                    if not self._stopping and self._pace_of_now() > 0:
                        self._change.wait(self._pace_of_now())

    def _pace_of_now(self) -> float:
        return self._pace.wait(self._monotonic(), self._read_at, self._asked_at)

    def _ask(self) -> None:
        """Note that somebody looks. The caller holds the lock."""
        now = self._monotonic()
        paused = self._asked_at is None or now - self._asked_at > IDLE_S
        self._asked_at = now
        if paused:
            self._change.notify_all()

    def _at_hand(self) -> Console:
        """The console, opened when first needed. Raises OpsError when its AWS is not there."""
        with self._opening:
            console = self._console
            if console is None:
                console = self._open()
                interval = self._interval_s(console.connection().kind)
                with self._change:
                    self._console = console
                    if self._last is not None:
                        self._spent.append(self._last.usage())
                        self._last.close()
                        self._last = None
                    self._pace = Pace(interval)
                    self._views = TTLCache(64, interval, timer=self._monotonic)
            return console

    def _read_endpoint(self, name: str, span: timedelta | Window) -> EndpointView:
        error: OpsError | None
        try:
            console = self._at_hand()
            error = console.look(name, span)
        except OpsError as away:
            last = self._last
            if last is None or not away.retryable:
                raise
            console, error = last, away
        view = console.view(name, span)
        problem = console.history_problem
        if problem is not None:
            view = replace(view, problems=(*view.problems, problem))
        with self._change:
            error = error or self._error
            if error is None:
                self._views[(name, span)] = view
        return view if error is None else replace(view, problems=(*view.problems, _stale(error)))


def _stale(error: OpsError) -> Problem:
    return Problem(
        "Older numbers", error.what, error.hint, str(getattr(error, "action", "")), error.retryable
    )


_only_lock = threading.Lock()
_only: Collector | None = None


def start(settings: Settings | None = None) -> Collector:
    """The collector of this process, started when there is none yet. Does not need AWS to be there."""
    global _only
    with _only_lock:
        if _only is None:
            chosen = settings if settings is not None else Settings.load()
            _only = Collector(lambda: Console.open(chosen, keep=True), chosen.refresh_for).start()
        return _only


def current() -> Collector:
    """The collector of this process; started from the environment when nobody has."""
    return start()


def stop() -> None:
    """End the collector of this process, if there is one."""
    global _only
    with _only_lock:
        running, _only = _only, None
    if running is not None:
        running.stop()

"""The sender and the follower of this process, each in a thread of its own beside the collector.

Both ask the console that the collector reads with. They wait while there is none, and while AWS is away.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ops import clock
from ops.console import Console
from ops.core.errors import CredentialsProblem, OpsError, Throttled, Unreachable

log = logging.getLogger(__name__)

IDLE_S = 1.0
"""The ledger is looked at so often for what was submitted: by this process, or by one that ended half-way."""
FOLLOW_S = 2.0
AWAY_S = 15.0
"""The pause after an error that may pass."""
FAULT_S = 60.0
"""The pause after any other."""
STOP_S = 5.0
"""So long the end of both threads is waited for."""
FAULT = "A fault in Ebb keeps requests from being sent or followed; it tries again each minute. See its log."


class RequestsLoop:
    """Thread-safe. `console` gives the one in use, None while there is none."""

    def __init__(self, console: Callable[[], Console | None], fault_s: float = FAULT_S) -> None:
        self._console = console
        self._fault_s = fault_s
        self._faults: set[str] = set()
        """Names of the threads whose last look ended in a fault of Ebb's own."""
        self._change = threading.Condition()
        self._stopping = False
        self._said = ""
        self._threads: list[threading.Thread] = []

    def start(self) -> RequestsLoop:
        for name, work in (("requests sent", self.send), ("requests followed", self.follow)):
            thread = threading.Thread(target=self._run, args=(work,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    @property
    def problem(self) -> str:
        """That a thread does not get on because of a fault in Ebb; empty: both do."""
        with self._change:
            return FAULT if self._faults else ""

    def signal(self) -> None:
        """Have both threads end; they are waited for by `stop`."""
        with self._change:
            self._stopping = True
            self._change.notify_all()

    def stop(self, until: float | None = None) -> None:
        """End both threads; a call that was begun is finished and put on record, `until` then (monotonic) at most."""
        self.signal()
        last = clock.monotonic() + STOP_S if until is None else until
        for thread in self._threads:
            thread.join(timeout=max(0.0, last - clock.monotonic()))

    def send(self) -> float:
        """Send what is due, in the caller's thread; seconds until it should be asked again."""

        def work(console: Console) -> float:
            wait = console.send_step()
            return IDLE_S if wait is None else min(wait, IDLE_S)

        return self._guarded(work)

    def follow(self) -> float:
        """Look for ends once, in the caller's thread; seconds until it should be asked again."""

        def work(console: Console) -> float:
            console.follow_step()
            return FOLLOW_S

        return self._guarded(work)

    def _guarded(self, work: Callable[[Console], float]) -> float:
        console = self._console()
        if console is None:
            return IDLE_S
        try:
            wait = work(console)
            self._said = ""
            return wait
        except OpsError as error:
            if error.what != self._said:  # once, not at every look
                log.warning("Requests: %s %s", error.what, error.hint)
            self._said = error.what
            passes = error.retryable or isinstance(error, CredentialsProblem | Unreachable | Throttled)
            return AWAY_S if passes else FAULT_S

    def _run(self, work: Callable[[], float]) -> None:
        name = threading.current_thread().name
        while True:
            with self._change:
                if self._stopping:
                    return
            try:
                wait, fault = work(), False
            except Exception:
                # the one place: of a thread that has ended nobody hears, and what was submitted would wait for ever
                log.exception("A fault in Ebb: %s", name)
                wait, fault = self._fault_s, True
            with self._change:
                (self._faults.add if fault else self._faults.discard)(name)
                self._change.wait_for(lambda: self._stopping, wait)

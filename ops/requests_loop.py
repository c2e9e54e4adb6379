"""The sender and the follower of this process, each in a thread of its own beside the collector.

Both ask the console that the collector reads with. They wait while there is none, and while AWS is away.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

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


class RequestsLoop:
    """Thread-safe. `console` gives the one in use, None while there is none."""

    def __init__(self, console: Callable[[], Console | None]) -> None:
        self._console = console
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

    def stop(self) -> None:
        """End both threads; a call that was begun is finished and put on record."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
        for thread in self._threads:
            thread.join(timeout=5)

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
        while True:
            with self._change:
                if self._stopping:
                    return
            wait = work()
            with self._change:
                self._change.wait_for(lambda: self._stopping, wait)

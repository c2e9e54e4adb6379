"""Changes that take minutes, each in a thread of its own: watched in the journal, stopped by anybody."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from ops import clock
from ops.at_work import StopSign
from ops.core.change import Actor, ChangePlan, Receipt
from ops.core.errors import BadInput, OpsError, ReadOnly, Stale, Unconfirmed

log = logging.getLogger(__name__)
REFUSALS = (ReadOnly, Stale, Unconfirmed, BadInput)
Apply = Callable[[ChangePlan, Actor, str, str, StopSign], Receipt]


@dataclass(slots=True)
class _Run:
    stop: StopSign = field(default_factory=StopSign)
    ended: threading.Event = field(default_factory=threading.Event)
    receipt: Receipt | None = None
    error: OpsError | None = None


class Deployments:
    """Those of one process. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, _Run] = {}

    def begin(self, apply: Apply, plan: ChangePlan, actor: Actor, why: str = "", typed: str = "") -> None:
        """Carry out a plan in the background; nothing happens where that was begun before."""
        with self._lock:
            if plan.id in self._runs:
                return
            run = self._runs[plan.id] = _Run()

        def work() -> None:
            try:
                run.receipt = apply(plan, actor, why, typed, run.stop)
            except OpsError as error:
                run.error = error
                # a refusal is no fault: it is on record, and told to whoever asks for the outcome
                level = logging.INFO if isinstance(error, REFUSALS) else logging.WARNING
                log.log(level, "%s %s", error.what, error.hint)
            except Exception as error:
                run.error = OpsError(
                    f"Ebb itself failed on the way. ({type(error).__name__})",
                    "Its log has the details; what was made so far is there.",
                )
                log.exception("%s failed on the way", plan.title)
            finally:
                run.ended.set()

        threading.Thread(target=work, name=f"change-{plan.id[:8]}", daemon=True).start()

    def stop(self, identity: str, by: str = "") -> bool:
        """Ask a change to end before its next step; False where it does not run in this process. `by`: who asks."""
        with self._lock:
            run = self._runs.get(identity)
        if run is None or run.ended.is_set():
            return False
        run.stop.by = by
        run.stop.set()
        return True

    def close(self, timeout_s: float = 5.0) -> None:
        """Ask all to end before their next step, and wait for them together up to `timeout_s`."""
        with self._lock:
            runs = list(self._runs.values())
        for run in runs:
            run.stop.by = run.stop.by or "the end of Ebb"
            run.stop.set()
        until = clock.monotonic() + timeout_s
        for run in runs:
            run.ended.wait(max(0.0, until - clock.monotonic()))

    def ended(self, identity: str, timeout_s: float = 0.0) -> bool:
        """Whether a change has ended; waits for it up to `timeout_s`. One that was never begun has ended."""
        with self._lock:
            run = self._runs.get(identity)
        return run is None or run.ended.wait(timeout_s)

    def outcome(self, identity: str) -> Receipt | OpsError | None:
        """What became of a change; None while it runs, or where it was never begun here."""
        with self._lock:
            run = self._runs.get(identity)
        if run is None or not run.ended.is_set():
            return None
        return run.receipt if run.receipt is not None else run.error

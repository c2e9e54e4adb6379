"""A sweep over scenarios on several threads: the kernels hold no lock, so threads are enough."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from ops import compiled
from ops.replay.engine import Prepared, prepare
from ops.replay.numbers import Classes, Numbers
from ops.replay.scenario import Requests, Scenario
from ops.replay.shapes import Notes
from ops.replay.sweep import Stopped, Tell, go_on
from ops.replay.sweep import sweep as sweep_here

THREADS = max(1, min(4, os.cpu_count() or 1))
CHUNK = 8
"""Scenarios that a thread takes at a time."""
TELL_S = 0.1
"""So often `tell` hears, at least."""


def sweep(
    requests: Requests | Prepared,
    scenarios: Sequence[Scenario],
    *,
    classes: Classes | None = None,
    limits_s: tuple[float | None, ...] = (),
    tell: Tell = go_on,
    threads: int = THREADS,
) -> list[Numbers]:
    """`ops.replay.sweep.sweep`, faster: the same numbers in the same order. Any number of callers at a time.

    `tell` is called on the caller's thread. Raises Stopped when it says so, soon after. Waits for the
    kernels where they are not compiled yet.
    """
    compiled.warm()
    prepared = requests if isinstance(requests, Prepared) else prepare(requests)
    stop, done = threading.Event(), [0]
    notes: queue.SimpleQueue[Notes] = queue.SimpleQueue()
    for _ in range(max(1, threads)):
        notes.put(Notes(prepared))

    def heard(number: int, of: int) -> bool:
        done[0] += number > 0  # a count that is a little behind harms nobody
        return not stop.is_set()

    def some(first: int) -> list[Numbers]:
        chunk, mine = scenarios[first : first + CHUNK], notes.get()
        try:
            found = sweep_here(prepared, chunk, classes=classes, limits_s=limits_s, tell=heard, notes=mine)
        finally:
            notes.put(mine)
        done[0] += 1
        return found

    with ThreadPoolExecutor(max(1, threads), "sweep") as pool:
        futures: list[Future[list[Numbers]]] = []
        try:
            if not tell(0, len(scenarios)):
                raise Stopped
            futures = [pool.submit(some, first) for first in range(0, len(scenarios), CHUNK)]
            pending = set(futures)
            while pending:
                _, pending = wait(pending, TELL_S, FIRST_COMPLETED)
                if not tell(min(done[0], len(scenarios)), len(scenarios)):
                    raise Stopped
            return [found for future in futures for found in future.result()]
        finally:
            stop.set()
            for future in futures:
                future.cancel()

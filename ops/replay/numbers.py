"""A replay in numbers: what the command line prints, and what candidates are compared by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ops.core.types import FloatArray
from ops.replay.outcome import Replayed
from ops.replay.scenario import Requests

Classes = NDArray[np.int8]
"""For each request the clause of a promise that holds for it, from 0; -1: none. Shape (n,)."""
QUANTILES = (0.5, 0.95, 0.99)
DUST_S = 1e-9
"""A wait up to this is none: sums of decimal fractions are off by less."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds from arrival to start over the started requests of one class, or of all; NaN where there is none."""

    started: int
    waited: int
    """Those that did not start at once: later by more than DUST_S."""
    mean_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float
    over: int
    """Requests of the class that waited longer than the clause's limit, or never started; 0 without a limit."""
    requests: int
    """All of the class, whatever became of them."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """One replay. Seconds from the first arrival where a moment is meant; NaN: it never came."""

    requests: int
    completed: int
    expired: int
    waits: Waits
    by_class: tuple[Waits, ...]
    mean_processing_s: float
    cold_starts: int
    launches: int
    peak_instances: int
    peak_backlog: int
    billed_s: float
    """Instance-seconds."""
    first_full_s: float
    drained_s: float
    horizon_s: float
    failed_openings: int = 0
    """Scheduled actions that could not move the capacity because the endpoint was Updating: those that raise the
    minimum, and the others."""
    failed_closings: int = 0

    @property
    def unfinished(self) -> int:
        """Neither completed nor expired when the course ended."""
        return self.requests - self.completed - self.expired


def waits_of(waits: FloatArray, requests: int, limit_s: float | None = None) -> Waits:
    """`waits`: seconds, of the started ones alone; `requests`: how many there were in all."""
    return waits_from(waits[waits > 0], len(waits), requests, limit_s)


def waits_from(waiting: FloatArray, started: int, requests: int, limit_s: float | None = None) -> Waits:
    """`waiting`: the waits above zero, in seconds, in the order of arrival; `started`: those and all without one.

    Leaves `waiting` in another order: a copy of so many waits is memory.
    """
    never = requests - started
    over = 0 if limit_s is None else int((waiting > limit_s).sum()) + never
    if not started:
        nan = float("nan")
        return Waits(0, 0, nan, nan, nan, nan, nan, over, requests)
    mean, longest = float(waiting.sum()) / started, float(waiting.max(initial=0.0))
    waited = int((waiting > DUST_S).sum())
    p50, p95, p99 = quantiles_of(waiting, started)
    return Waits(started, waited, mean, p50, p95, p99, longest, over, requests)


def quantiles_of(waiting: FloatArray, started: int) -> list[float]:
    """QUANTILES over `started` waits of which all but `waiting` are zero: what np.quantile says, to the bit.

    Linear between the ranks. Only the ranks that matter are put in order, within `waiting` itself.
    """
    zeros = started - len(waiting)
    places = [quantile * (started - 1) for quantile in QUANTILES]
    ranks = sorted({r for at in places for r in (int(at), min(int(at) + 1, started - 1)) if r >= zeros})
    if ranks:
        waiting.partition([r - zeros for r in ranks])

    def ranked(rank: int) -> float:
        return float(waiting[rank - zeros]) if rank >= zeros else 0.0

    found = []
    for at in places:
        low, high = ranked(int(at)), ranked(min(int(at) + 1, started - 1))
        share = at - int(at)
        found.append(high - (high - low) * (1 - share) if share >= 0.5 else low + (high - low) * share)
    return found


def processing_s(total_s: float, unfinished_s: FloatArray, completed: int) -> float:
    """The mean holding time of the completed. `total_s`: of all together; `unfinished_s`: those of the others."""
    return (total_s - float(unfinished_s.sum())) / completed if completed else float("nan")


def numbers(
    requests: Requests,
    replayed: Replayed,
    classes: Classes | None = None,
    limits_s: tuple[float | None, ...] = (),
) -> Numbers:
    """What a whole replay comes to. `limits_s`: of each class the wait that its clause allows."""
    first = float(requests.arrival_s[0]) if len(requests) else replayed.start_s
    started = ~np.isnan(replayed.started_s)
    waits = replayed.started_s - requests.arrival_s
    done = ~np.isnan(replayed.ended_s)
    parts = []
    for number, limit in enumerate(limits_s):
        mine = classes == number if classes is not None else np.ones(len(requests), np.bool_)
        parts.append(waits_of(waits[mine & started], int(mine.sum()), limit))
    return Numbers(
        len(requests),
        int(done.sum()),
        replayed.expired,
        waits_of(waits[started], len(requests)),
        tuple(parts),
        processing_s(float(requests.hold_s.sum()), requests.hold_s[~done], int(done.sum())),
        replayed.cold_starts,
        replayed.launches,
        replayed.peak_instances,
        replayed.peak_backlog,
        replayed.billed_s,
        replayed.first_full_s - first,
        replayed.drained_s - first,
        replayed.end_s - first,
        replayed.failed_openings,
        replayed.failed_closings,
    )

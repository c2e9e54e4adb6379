"""When the collector reads next, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass

from ops.core.errors import CredentialsProblem, OpsError, Throttled, Unreachable
from ops.core.own_spending import Spending
from ops.core.pacing import GAP_S
from ops.core.types import Problem
from ops.core.views import FleetView, Usage

IDLE_S = 60.0
"""Nobody asked for this long: the reader closes gaps once an hour and does nothing else."""
NOTICES_S = 60.0
"""Seconds between two readings that nobody but the notices waits for."""
GLANCED_S = 60.0
"""Seconds between two readings of a place that is looked at from another one only."""
SLOWEST_S = 300.0
AWAY_S = 10.0
AWAY = (Unreachable, Throttled, CredentialsProblem)
"""Errors after which AWS as a whole is left alone for a while."""


class Pace:
    """When to read next: the interval, doubled while AWS throttles, longer while it is away.

    `alone_s`: seconds between two readings while nobody looks.
    """

    def __init__(self, interval_s: float, alone_s: float = GAP_S) -> None:
        self.base = interval_s
        self.interval = interval_s
        self.alone = alone_s

    def succeeded(self) -> None:
        self.interval = max(self.base, self.interval / 2)

    def failed(self, error: OpsError) -> None:
        if isinstance(error, Throttled):
            self.interval = min(SLOWEST_S, self.interval * 2)
        else:
            self.interval = min(max(AWAY_S, self.base), self.interval * 1.5)

    def wait(
        self,
        now: float,
        last_read: float | None,
        last_asked: float | None,
        last_glanced: float | None = None,
        not_before: float = 0.0,
    ) -> float:
        """Seconds until the next read; 0 is now. All times monotonic. Nobody looks: once an hour, or `alone_s`.

        `last_glanced`: somebody looked at all accounts and regions, this one among them: once a minute will do,
        `not_before` then: not all of them are read at the same moment.
        """
        if last_read is None:
            return 0.0
        if last_asked is not None and now - last_asked <= IDLE_S:
            every = self.interval
        elif last_glanced is not None and now - last_glanced <= IDLE_S:
            every = max(self.interval, min(self.alone, GLANCED_S))
            return max(0.0, last_read + every - now, not_before - now)
        else:
            every = max(self.interval, self.alone)
        return max(0.0, last_read + every - now)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the collector knows: the last good fleet, the newest attempt's error, and how it goes about it."""

    fleet: FleetView | None
    error: OpsError | None
    number: int
    """Counts attempts, so that a viewer sees whether there is news."""
    interval_s: float
    age_s: float | None
    """Real seconds since the fleet was read."""
    usage: Usage | None = None
    """What Ebb has asked of AWS since it started; None before it asked for anything."""
    history: tuple[int, int] = (0, 0)
    """How many endpoints have all of their history, of how many."""
    spending: Spending | None = None
    """What Ebb has asked of AWS this month, and how its budget slows it; None before the first reading."""


def not_yet() -> OpsError:
    """Nothing is known of AWS yet."""
    return Unreachable("AWS has not answered yet.", "Ebb keeps trying; look again in a moment.")


def stale(error: OpsError) -> Problem:
    """What a view says whose numbers are from before `error`."""
    return Problem(
        "Older numbers", error.what, error.hint, str(getattr(error, "action", "")), error.retryable
    )

"""One cold start as a record: its phases, each measured or bounded, who waited, and what came after. Pure.

Source: facts section D. What is not known is None, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from ops.core import cost
from ops.core.cold_starts import SEEN, Outcome, WokenBy
from ops.core.cost import CostLine
from ops.core.types import Price
from ops.core.views import LastColdStart

_NEAR = timedelta(minutes=20)


class Step(StrEnum):
    """The moments of a cold start, in their order."""

    QUEUED = "first queued"
    SIGNAL = "wake signal"
    ALARM = "alarm"
    ORDERED = "scaling activity"
    UP = "instance up"
    SERVICE = "in service"
    RESULT = "first result"
    EMPTY = "queue empty"


class Kind(StrEnum):
    MEASURED = "measured"
    BOUNDED = "bounded"


@dataclass(frozen=True, slots=True)
class Phase:
    """When one moment was. `at` is the best single time, None where the bounds alone are known.

    Measured: AWS names the instant. Bounded: it lies between `earliest` and `latest`; None is an open end.
    """

    step: Step
    kind: Kind
    at: datetime | None
    earliest: datetime | None
    latest: datetime | None
    source: str

    @classmethod
    def measured(cls, step: Step, at: datetime, source: str) -> Phase:
        return cls(step, Kind.MEASURED, at, at, at, source)

    @classmethod
    def bounded(
        cls,
        step: Step,
        earliest: datetime | None,
        latest: datetime | None,
        source: str,
        at: datetime | None = None,
    ) -> Phase:
        """`at` is moved inside the bounds."""
        if at is not None and earliest is not None:
            at = max(at, earliest)
        if at is not None and latest is not None:
            at = min(at, latest)
        return cls(step, Kind.BOUNDED, at, earliest, latest, source)


class Counted(StrEnum):
    """From when to when a duration is counted: two kinds that are never compared with each other."""

    WAIT = "from the first waiting request to the first result"
    START = "from the order to in service"
    ATTEMPT = "from the first attempt to the end of the last"


@dataclass(frozen=True, slots=True)
class ColdStart:
    """One 0 → 1 of one endpoint. `final`: nothing of the phases will change any more."""

    id: str
    endpoint: str
    instance_type: str | None
    ordered: datetime
    """When the first instance was ordered; where nobody's order is on record, the first sign of the wake."""
    phases: tuple[Phase, ...]
    """In the order of `Step`; a step that does not belong to this wake is not among them."""
    outcome: Outcome
    woken_by: WokenBy
    who: str
    counted: Counted
    total_s: float | None
    start_s: float | None
    """Seconds from the order until it was in service."""
    waited: int | None
    """Requests that were seen to wait for it, at least; 0 where nobody did, None where no metrics are known."""
    expired: int | None
    """Of these, requests whose time to live ran out while they waited."""
    longest_wait_s: float | None
    longest_wait_source: str
    peak_backlog: int | None
    failed_attempts: int
    why_failed: str
    warm_until: datetime | None
    """When the last instance was gone again; None while it is there, or where that is not known."""
    warm_hours: float | None
    """Instance-hours from in service on, until then or so far: a lower bound (facts E.3)."""
    final: bool

    def phase(self, step: Step) -> Phase | None:
        return next((p for p in self.phases if p.step is step), None)

    def at(self, step: Step) -> datetime | None:
        """The best single time of a step."""
        found = self.phase(step)
        return found.at if found is not None else None

    @property
    def began(self) -> datetime:
        """From when on it is counted."""
        queued = self.at(Step.QUEUED)
        return min(queued, self.ordered) if queued is not None else self.ordered

    @property
    def ended(self) -> datetime | None:
        """The newest moment that is known of the wake itself, the emptying of the queue left out."""
        times = [p.at for p in self.phases if p.at is not None and p.step is not Step.EMPTY]
        return max(times, default=None)

    @property
    def closed(self) -> bool:
        """Whether nothing at all will change any more, its warm period included."""
        return self.final and (self.outcome is not Outcome.SERVED or self.warm_until is not None)


def warm_cost(start: ColdStart, price: Price | None) -> CostLine | None:
    """What the warm period after it cost so far, at the list price; None where hours or price are not known."""
    if start.warm_hours is None:
        return None
    return cost.estimate(Decimal(str(round(start.warm_hours, 4))), price)


def without_doubles(starts: Iterable[ColdStart]) -> tuple[ColdStart, ...]:
    """Without those that metrics alone told of where an order of the same wake is on record after all."""
    given = tuple(starts)
    ordered = [s for s in given if not s.id.startswith(SEEN)]

    def told(seen: ColdStart) -> bool:
        served_at = seen.at(Step.SERVICE) or seen.ordered
        for other in ordered:
            end = other.at(Step.SERVICE)
            near = end is not None and other.ordered - _NEAR <= served_at <= end + _NEAR
            if near and other.endpoint == seen.endpoint:
                return True
        return False

    return tuple(s for s in given if not s.id.startswith(SEEN) or not told(s))


def served(starts: Iterable[ColdStart]) -> tuple[ColdStart, ...]:
    """Those that brought an instance into service."""
    return tuple(s for s in starts if s.outcome is Outcome.SERVED)


def newest(starts: Iterable[ColdStart]) -> LastColdStart | None:
    """The newest that brought an instance into service; None where none did."""
    found = max(served(without_doubles(starts)), key=lambda start: start.ordered, default=None)
    return None if found is None else LastColdStart(found.ordered, found.start_s, found.start_s is None)

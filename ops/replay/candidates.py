"""Candidates as scenarios of a replay. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from ops.core.candidate import Candidate
from ops.core.candidate import fitted as fitted
from ops.core.types import Bounds, utc
from ops.core.warm import Span, WarmPlan
from ops.core.warm_week import spans
from ops.replay.scenario import TTL_S, Event, Kind, Model, Requests, Scaling, Scenario, Tracking, wake_policy


@dataclass(frozen=True, slots=True)
class Ground:
    """What all candidates share besides the requests. Times in seconds since the epoch.

    All courses last from `start_s` to `until_s`, so that their costs compare.
    """

    start_s: float
    until_s: float
    provision_s: tuple[float, ...] = (300.0,)
    """Seconds from an order to in service, in the order of the orders, again from the first when used up."""
    ttl_s: float = TTL_S
    quota: int | None = None
    model: Model = field(default_factory=lambda: Model(billed_from="in_service"))

    @property
    def hours(self) -> float:
        return (self.until_s - self.start_s) / 3600

    @property
    def cold_start_s(self) -> float:
        """The middle one of the provisioning times."""
        ordered = sorted(self.provision_s)
        return ordered[len(ordered) // 2]


def scenario(candidate: Candidate, ground: Ground) -> Scenario:
    """What is replayed for a candidate: as many in service at the start as must be. Raises BadInput."""
    bounds, events = _windows(candidate, ground)
    policies: list[Scaling] = []
    if candidate.target is not None:
        policies.append(
            Tracking(candidate.target, float(candidate.in_cooldown_s), float(candidate.out_cooldown_s))
        )
    if candidate.wake is not None:
        policies.append(wake_policy(candidate.wake))
    return Scenario(
        bounds,
        bounds.min,
        candidate.machine.concurrency,
        tuple(policies),
        events,
        provision_s=ground.provision_s,
        ttl_s=ground.ttl_s,
        quota=ground.quota,
        start_s=ground.start_s,
        until_s=ground.until_s,
        model=ground.model,
    )


def openings(played: Scenario) -> int:
    """How many of its scheduled actions raise the minimum."""
    low, found = played.bounds.min, 0
    for event in played.events:
        if event.kind is Kind.SCHEDULED and event.low is not None:
            found += event.low > low
            low = event.low
    return found


def worked(requests: Requests, speed: float) -> Requests:
    """The same arrivals on instances that are so much faster."""
    return requests if speed == 1 else Requests(requests.arrival_s, requests.hold_s / speed)


def _windows(candidate: Candidate, ground: Ground) -> tuple[Bounds, tuple[Event, ...]]:
    """The bounds at the start, and the runs of the scheduled actions that the warm windows are."""
    low, high = candidate.low, candidate.high
    first, last = utc(ground.start_s), utc(ground.until_s)
    events: list[Event] = []
    for plan in candidate.warm:
        back_low = None if plan.floor is None else candidate.low
        back_high = None if plan.ceiling is None else candidate.high
        for span in _spans(
            replace(plan, id=1, floor=1, ceiling=None, back_min=0, back_max=None), first, last
        ):
            if span.opens > first:
                events.append(Event(span.opens.timestamp(), Kind.SCHEDULED, plan.floor, plan.ceiling))
            else:
                low = low if plan.floor is None else max(low, plan.floor)
                high = high if plan.ceiling is None else min(high, plan.ceiling)
            if span.closes < last:
                events.append(Event(span.closes.timestamp(), Kind.SCHEDULED, back_low, back_high))
    return Bounds(low, high), tuple(sorted(events, key=lambda e: e.at_s))


@lru_cache(256)
def _spans(plan: WarmPlan, first: datetime, last: datetime) -> tuple[Span, ...]:
    """When a plan's windows are open: many candidates share them."""
    return spans(plan, first, last)


def unlike(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Each once, in the order in which they first come."""
    return tuple(dict.fromkeys(map(fitted, candidates)))

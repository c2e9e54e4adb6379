"""Which scenarios the leap kernel takes, and what it leaves to be worked out of what it notes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ops.core.autoscaling import AlarmRule
from ops.core.types import FloatArray, Suspended
from ops.replay.layout import Ints, laid_out, start_of
from ops.replay.leap import leap
from ops.replay.outcome import Replayed
from ops.replay.prepared import Prepared
from ops.replay.scenario import Kind, Scaling, Scenario, Stepping, Tracking, Watched

MOST_SLOTS = 1 << 16


def most_instances(scenario: Scenario) -> int:
    """As many as the scenario can ever come to."""
    return max(
        scenario.initial, scenario.bounds.max, *(max(e.low or 0, e.high or 0) for e in scenario.events), 0
    )


def fits(prepared: Prepared, scenario: Scenario) -> bool:
    """Whether the leap kernel can replay it."""
    model, most = scenario.model, most_instances(scenario)
    return (
        prepared.flow is not None
        and start_of(prepared.requests, scenario) <= prepared.requests.arrival_s[0]
        and model.drain == "finish"
        and model.in_flight == "counted"
        and scenario.suspended == Suspended()
        and (scenario.quota is None or scenario.quota >= most)
        and most * scenario.concurrency <= MOST_SLOTS
        and all(event.kind in (Kind.SCHEDULED, Kind.BOUNDS) for event in scenario.events)
        and _common(scenario.policies)
    )


def _common(policies: tuple[Scaling, ...]) -> bool:
    tracking = [policy for policy in policies if isinstance(policy, Tracking)]
    stepping = [policy for policy in policies if isinstance(policy, Stepping)]
    return (
        len(tracking) <= 1
        and len(stepping) <= 1
        and all(
            policy.watched is Watched.PER_INSTANCE and all(_strict(alarm.rule) for alarm in policy.alarms)
            for policy in tracking
        )
        and all(_wakes(policy) for policy in stepping)
    )


def _strict(rule: AlarmRule) -> bool:
    return rule.datapoints == rule.periods and rule.missing == "missing"


def _wakes(policy: Stepping) -> bool:
    if len(policy.alarms) != 1 or policy.adjustment == "ExactCapacity" or policy.direction != 1:
        return False
    alarm = policy.alarms[0]
    rule = alarm.rule
    return (
        alarm.watched is Watched.WITHOUT_CAPACITY
        and _strict(rule)
        and rule.comparison in ("GreaterThanOrEqualToThreshold", "GreaterThanThreshold")
        and rule.breaches(1.0)
        and not rule.breaches(0.0)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Leapt:
    """What the leap kernel found. `head`: so many requests have started or expired; `state`: a STATE record."""

    state: np.void
    head: int
    request: Ints
    """Those that left the queue later than they came, in order; ~number: expired."""
    left_s: FloatArray
    late_end_s: float
    """When the last of those ended that started late, or would have ended that expired."""
    start_s: float
    until_s: float

    @property
    def expired(self) -> NDArray[np.bool_]:
        expired: NDArray[np.bool_] = self.request < 0
        return expired


class Notes:
    """Room for what the kernel notes, to be used again and again, by one thread at a time."""

    def __init__(self, prepared: Prepared) -> None:
        self.request = np.empty(len(prepared.requests), np.int64)
        self.left_s = np.empty(len(prepared.requests), np.float64)


def leapt(prepared: Prepared, scenario: Scenario, notes: Notes) -> Leapt:
    """Replay a scenario that fits. What it answers shares its arrays with `notes`."""
    requests, flow = prepared.requests, prepared.flow
    if flow is None:
        raise ValueError("these requests have no free flow")
    states, leaps = leap(
        requests.arrival_s,
        requests.hold_s,
        laid_out(requests, scenario, prepared.longest_s),
        flow,
        prepared.first_minute,
        most_instances(scenario),
        notes.request,
        notes.left_s,
    )
    noted = int(leaps[0]["left"])
    until = math.inf if scenario.until_s is None else scenario.until_s
    return Leapt(
        states[0],
        int(states[0]["head"]),
        notes.request[:noted],
        notes.left_s[:noted],
        float(leaps[0]["late_end"]),
        start_of(requests, scenario),
        until,
    )


def counted(s: np.void) -> tuple[int, int, int, int, int]:
    """What a final STATE has counted, in the order of `Replayed`: expired, cold starts, launches, and the peaks."""
    return (
        int(s["expired"]),
        int(s["cold_starts"]),
        int(s["launches"]),
        int(s["peak_instances"]),
        int(s["peak_backlog"]),
    )


def replayed(prepared: Prepared, found: Leapt) -> Replayed:
    """The course in full, without a timeline."""
    requests, s = prepared.requests, found.state
    started, expired = requests.arrival_s.copy(), found.expired
    started[found.head :] = math.nan
    started[found.request[~expired]] = found.left_s[~expired]
    started[~found.request[expired]] = math.nan
    ended = started + requests.hold_s
    ended[ended >= found.until_s] = math.nan
    last = max(
        float(np.nanmax(ended, initial=found.start_s)),
        float(found.left_s[expired].max(initial=found.start_s)),
    )
    done = int((~np.isnan(ended)).sum()) + int(s["expired"]) == len(requests)
    return Replayed(
        started,
        ended,
        *counted(s),
        billed_s(s, end := end_s(prepared, found, last)),
        float(s["full"]),
        last if done else math.nan,
        found.start_s,
        end,
        failed_openings=int(s["failed_openings"]),
        failed_closings=int(s["failed_closings"]),
    )


def end_s(prepared: Prepared, found: Leapt, last_s: float) -> float:
    """When the course ended. `last_s`: when the last request was done or expired."""
    if found.until_s < math.inf:
        return found.until_s
    came = int(found.state["next"])
    arrived = float(prepared.requests.arrival_s[came - 1]) if came else found.start_s
    return max(float(found.state["changed"]), last_s, arrived)


def billed_s(s: np.void, end: float) -> float:
    """Instance-seconds up to the end."""
    there = int(s["staying"]) + int(s["leaving_busy"]) + int(s["leaving_idle"]) + int(s["on_order"])
    return float(s["billed"]) + there * (max(end, float(s["billed_at"])) - float(s["billed_at"]))

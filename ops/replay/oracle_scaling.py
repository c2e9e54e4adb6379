"""The slow, obvious replay: what alarms, policies and plans make of an endpoint's capacity.

Alarms are looked at in the order of their names, each acting at once.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from ops.core import scaling_rules as rules
from ops.core.autoscaling import (
    ALARM,
    INSUFFICIENT,
    alarm_state,
    clamp,
    scale_in_allowed,
    scale_out_allowed,
    step_scaling,
    target_tracking,
)
from ops.core.types import Bounds
from ops.replay.oracle_endpoint import INF, Endpoint
from ops.replay.scenario import FAILS, AlarmSpec, Event, Kind, Requests, Scaling, Scenario, Stepping, Tracking

RETRY_S = 60.0
"""A change of bounds that could not move the capacity is tried again after this."""


@dataclass(slots=True)
class _Watch:
    """An alarm with the policy that it runs."""

    spec: AlarmSpec
    policy: Scaling
    low: bool = False
    """The low alarm of target tracking."""
    state: str = INSUFFICIENT
    window: deque[float | None] = field(default_factory=deque)

    def look(self, value: float | None) -> None:
        self.window.append(value)
        self.state = alarm_state(list(self.window), self.spec.rule, self.state)

    def recent(self) -> list[float]:
        """The datapoints that decide: the newest N known ones of the evaluation range, oldest first."""
        return [v for v in self.window if v is not None][-self.spec.rule.periods :]


@dataclass(slots=True)
class _Want:
    watch: _Watch
    capacity: int
    held: bool = False


class Scaled(Endpoint):
    """An endpoint whose capacity is moved."""

    def __init__(self, requests: Requests, scenario: Scenario) -> None:
        super().__init__(requests, scenario)
        self.watches = sorted(
            (
                _Watch(alarm, policy, isinstance(policy, Tracking) and i == 1)
                for policy in scenario.policies
                for i, alarm in enumerate(policy.alarms)
            ),
            key=lambda watch: watch.spec.name,
        )
        for watch in self.watches:
            watch.window = deque(maxlen=watch.spec.rule.range)

    def alarms(self, minute: int, boundary: float) -> None:
        """Look at what is visible at the end of minute number `minute` (0 = the first of the course)."""
        at = minute - math.ceil(self.s.model.metric_delay_s / 60)
        for watch in self.watches:
            value = self.points[at][watch.spec.watched] if at >= 0 else math.nan
            watch.look(None if math.isnan(value) else value)
            if watch.state == ALARM:
                self._run(watch, boundary)

    def _run(self, watch: _Watch, now: float) -> None:
        """Act on one alarm that is in ALARM."""
        if self.updating:
            return
        policy, desired = watch.policy, self.desired
        direction = policy.direction if isinstance(policy, Stepping) else (-1 if watch.low else 1)
        if direction > 0 and (desired >= self.bounds.max or self.suspended.scale_out):
            return
        if direction < 0:
            cooldown = policy.cooldown_s if isinstance(policy, Stepping) else policy.in_cooldown_s
            if desired <= self.bounds.min or self.suspended.scale_in or now < self.in_ended + cooldown:
                return
            if isinstance(policy, Tracking):
                recent = watch.recent()
                if not policy.scales_in or (recent and rules.keeps(max(recent), desired, policy.target)):
                    return
        own = self._want(watch, desired, now)
        if own is None or own.held or own.capacity == desired:
            return
        wants = [w for w in [own, *self._others(watch, desired, now)] if self._counts(w, desired)]
        if not wants:
            return
        best = max(wants, key=lambda want: want.capacity)
        capacity = clamp(best.capacity, self.bounds)
        if capacity == desired or (capacity > desired) != (best.capacity > desired):
            return
        if self._may(best, capacity, desired, now):
            self._move(capacity, desired, now)

    def _want(self, watch: _Watch, desired: int, now: float) -> _Want | None:
        """What the alarm's policy asks for, before bounds."""
        recent = watch.recent()
        if not recent:
            return None
        policy, latest = watch.policy, recent[-1]
        if isinstance(policy, Tracking):
            metric = max(recent) if watch.low else latest
            return _Want(watch, target_tracking(desired, metric, policy.target, scale_in=watch.low).capacity)
        base = rules.step_base(
            desired, self.out_reached, self.out_base, self.out_ended, policy.cooldown_s, now
        )
        step = _step(policy, watch, base, latest)
        if step is None:
            return None
        if base == desired:
            return _Want(watch, step)
        if step > base:
            return _Want(watch, max(step, desired), held=step <= desired)
        step = _step(policy, watch, desired, latest)  # a step that removes counts from what is there
        return None if step is None else _Want(watch, step)

    def _others(self, watch: _Watch, desired: int, now: float) -> list[_Want]:
        """What the other alarms in ALARM want, by policy."""
        found = []
        for policy in self.s.policies:
            mine = [w for w in self.watches if w.policy is policy and w is not watch]
            if isinstance(policy, Tracking):
                mine.sort(key=lambda w: w.low)
            for other in mine:
                usable = other.state == ALARM and not (
                    isinstance(policy, Tracking) and other.low and not policy.scales_in
                )
                want = self._want(other, desired, now) if usable else None
                if want is not None and want.capacity != desired:
                    found.append(want)
        return found

    def _counts(self, want: _Want, desired: int) -> bool:
        """Target tracking scales in only if every target-tracking policy that may scale in wants to."""
        if want.capacity >= desired or not isinstance(want.watch.policy, Tracking):
            return True
        return all(
            watch.state == ALARM
            for watch in self.watches
            if watch.low and isinstance(watch.policy, Tracking) and watch.policy.scales_in
        )

    def _may(self, want: _Want, capacity: int, desired: int, now: float) -> bool:
        policy = want.watch.policy
        if capacity > desired:
            cooldown = policy.cooldown_s if isinstance(policy, Stepping) else policy.out_cooldown_s
            ended = None if self.out_ended == -INF else self.out_ended
            return not self.suspended.scale_out and scale_out_allowed(
                capacity, self.out_reached, ended, cooldown, now
            )
        cooldown = policy.cooldown_s if isinstance(policy, Stepping) else policy.in_cooldown_s
        ended = None if self.in_ended == -INF else self.in_ended
        return not self.suspended.scale_in and scale_in_allowed(ended, cooldown, now)

    def _move(self, capacity: int, desired: int, now: float) -> bool:
        if capacity > desired:
            self.in_ended = -INF
        self.changed = now
        if self.set_desired(capacity, now, scaling=True):
            return True
        if self.clamp_at < INF:
            self.clamp_at = now
        return False

    # -- what is planned -------------------------------------------------------------------------------

    def planned(self, now: float) -> None:
        """Changes of bounds that had to wait, then every event that is due."""
        if self.clamp_at <= now:
            self._clamp(now)
        while self.events and self.events[0].at_s <= now:
            self._happen(self.events.popleft(), now)

    def _happen(self, event: Event, now: float) -> None:
        self.changed = max(self.changed, now)
        match event.kind:
            case Kind.SUSPEND:
                self.suspended = event.suspended
                self._clamp(now)  # RegisterScalableTarget, too
            case Kind.SHORTAGE:
                self.short_until = now + event.lasts_s
            case Kind.MANUAL:
                if event.low is not None:
                    self.set_desired(event.low, now, scaling=False)
            case Kind.UPDATE:
                if not self.updating:
                    count = self.current if event.low is None else event.low
                    self.bill(now)
                    self.on_order = count if self.s.model.billed_from == "ordered" else 0
                    self.under_way("update", self.desired, count, now + event.lasts_s, False)
            case Kind.SCHEDULED | Kind.BOUNDS:
                if event.kind is Kind.SCHEDULED and self.suspended.scheduled:
                    return
                low = self.bounds.min if event.low is None else event.low
                high = self.bounds.max if event.high is None else event.high
                if low > high or (event.kind is Kind.SCHEDULED and self._fails(Bounds(low, high))):
                    return
                self.bounds = Bounds(low, high)
                self._clamp(now)
                self.note_full(now)

    def _fails(self, bounds: Bounds) -> bool:
        """Whether a scheduled action changes nothing because the endpoint is Updating; one that cannot move the
        capacity is counted."""
        if not self.updating:
            return False
        fails = self.s.model.busy_action == FAILS
        if fails or clamp(self.desired, bounds) != self.desired:
            if bounds.min > self.bounds.min:
                self.failed_openings += 1
            else:
                self.failed_closings += 1
        return fails

    def _clamp(self, now: float) -> None:
        """Move the capacity inside the bounds, or try again later."""
        self.clamp_at = INF
        capacity = clamp(self.desired, self.bounds)
        if capacity == self.desired:
            if self.updating and self.scaling:
                self.clamp_at = now + RETRY_S  # it may fall back to where it was
            return
        if not self.updating and self._move(capacity, self.desired, now):
            return
        self.clamp_at = now + RETRY_S


def _step(policy: Stepping, watch: _Watch, base: int, metric: float) -> int | None:
    rule = watch.spec.rule
    decision = step_scaling(base, metric, rule.threshold, policy.steps, policy.adjustment, policy.least)
    return None if decision is None else decision.capacity

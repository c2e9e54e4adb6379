"""Acting on an alarm: which policy's wish wins, and when there is nothing to do (facts B.4, B.8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ops.core.autoscaling import ALARM, Outcome, clamp
from ops.core.scaling_rules import keeps
from ops.core.types import Bounds
from ops.local_aws.scaling_log import reason
from ops.local_aws.scaling_moves import Mover
from ops.local_aws.scaling_policies import Want, decide, may
from ops.local_aws.scaling_records import TARGET_TRACKING, Activity, AlarmLike, Policy

if TYPE_CHECKING:
    from ops.local_aws.world import World

NOTHING, BLOCKED = Outcome.NOTHING, Outcome.BLOCKED


class Actor:
    def __init__(self, world: World, mover: Mover) -> None:
        self._world = world
        self._mover = mover

    def run(self, policy: Policy, alarm: AlarmLike, now: float) -> Outcome:
        """Called each minute while the alarm is in ALARM, so the usual refusals come first and cheap."""
        target = policy.target
        try:
            _, desired, updating = self._world.fleet.capacity(target.resource)
        except KeyError:
            return NOTHING
        if updating:
            if target.running is None:
                self._note(policy, alarm, now, reason("TargetServicePutResourceAsUnscalable"))
            return BLOCKED
        bounds = target.bounds
        direction = policy.direction
        if direction is None:
            direction = -1 if alarm.name == policy.low else 1
        if direction > 0:
            if desired >= bounds.max:
                if policy.noted.get(alarm.name) != alarm.updated:
                    self._note(policy, alarm, now, _at_max(bounds, desired))
                return NOTHING
            if target.suspended.scale_out:
                return BLOCKED
        if direction < 0:
            if desired <= bounds.min:
                if policy.noted.get(alarm.name) != alarm.updated:
                    self._note(policy, alarm, now, _at_min(bounds, desired))
                return NOTHING
            if target.suspended.scale_in or now < target.in_ended + policy.in_cooldown:
                return BLOCKED
            if policy.direction is None and _keeps(policy, alarm.recent(), desired):
                if policy.noted.get(alarm.name) != alarm.updated:
                    self._note(policy, alarm, now, reason("AutoScalingAnticipatedFlapping", current=desired))
                return NOTHING
        return self._weigh(policy, alarm, desired, now)

    def _weigh(self, policy: Policy, alarm: AlarmLike, desired: int, now: float) -> Outcome:
        """Of all policies of the target that are in ALARM now, the one that wants most wins."""
        target = policy.target
        own = decide(policy, alarm, desired, now)
        if own is None:
            return NOTHING
        if own.held:
            return BLOCKED
        if own.capacity == desired:
            self._note(policy, alarm, now, _why_not(own, target.bounds, desired))
            return NOTHING
        wants = [w for w in [own, *self._others(policy, alarm, desired, now)] if self._counts(w, desired)]
        if not wants:
            return BLOCKED  # another target-tracking policy does not agree
        best = max(wants, key=lambda want: want.capacity)
        capacity = clamp(best.capacity, target.bounds)
        if capacity == desired or (capacity > desired) != (best.capacity > desired):
            self._note(policy, alarm, now, _why_not(best, target.bounds, desired))
            return NOTHING
        if not may(best, target, capacity, desired, now):
            return BLOCKED
        cause = _cause(best.policy, best.alarm)
        self._mover.move(target, capacity, desired, cause, now)
        return Outcome.ACTED

    def _others(self, policy: Policy, alarm: AlarmLike, desired: int, now: float) -> list[Want]:
        """What the target's other policies and alarms want at this moment."""
        found = []
        for other in policy.target.policies.values():
            for seen in self.alarms_of(other):
                if seen.name == other.low and not other.scales_in:
                    continue  # a policy that may not scale in has no say in it
                if seen.name != alarm.name and seen.machine.state == ALARM and seen.actions_enabled:
                    want = decide(other, seen, desired, now)
                    if want is not None and want.capacity != desired:
                        found.append(want)
        return found

    def alarms_of(self, policy: Policy) -> list[AlarmLike]:
        """The alarms that run `policy`: its own two, or those whose actions name it."""
        book = self._world.alarms
        if policy.kind == TARGET_TRACKING:
            return [a for a in (book.get(name) for name in (policy.high, policy.low)) if a is not None]
        return [a for a in book.all() if policy.arn in a.actions]

    def _counts(self, want: Want, desired: int) -> bool:
        """Target tracking scales in only if every target-tracking policy that may scale in wants to."""
        if want.capacity >= desired or want.policy.kind != TARGET_TRACKING:
            return True
        for policy in want.policy.target.policies.values():
            if policy.kind == TARGET_TRACKING and policy.scales_in:
                low = self._world.alarms.get(policy.low)
                if low is None or low.machine.state != ALARM:
                    return False
        return True

    def _note(self, policy: Policy, alarm: AlarmLike, now: float, why: dict[str, Any]) -> None:
        """Record once per transition of the alarm that, and why, nothing was scaled."""
        if policy.noted.get(alarm.name) == alarm.updated:
            return
        policy.noted[alarm.name] = alarm.updated
        cause = _cause(policy, alarm)
        text = "Attempting to scale due to alarm triggered"
        activity = Activity(self._mover.new_id(), policy.target.resource, text, cause, now)
        activity.end, activity.status, activity.not_scaled = now, "Failed", (why,)
        self._mover.activities.add(activity)


def _cause(policy: Policy, alarm: AlarmLike) -> str:
    return f"monitor alarm {alarm.name} in state {alarm.machine.state} triggered policy {policy.name}"


def _keeps(policy: Policy, known: Sequence[float], desired: int) -> bool:
    """Whether the largest of the values needs all `desired` instances: the usual end of a scale-in."""
    return bool(known) and keeps(max(known), desired, policy.tracking)


def _why_not(want: Want, bounds: Bounds, desired: int) -> dict[str, Any]:
    if want.capacity > desired:
        return _at_max(bounds, desired)
    if want.capacity < desired:
        return _at_min(bounds, desired)
    if want.scale_in:
        return reason("AutoScalingAnticipatedFlapping", current=desired)
    return reason("AlreadyAtDesiredCapacity", current=desired)


def _at_max(bounds: Bounds, desired: int) -> dict[str, Any]:
    return reason("AlreadyAtMaxCapacity", maximum=bounds.max, current=desired)


def _at_min(bounds: Bounds, desired: int) -> dict[str, Any]:
    return reason("AlreadyAtMinCapacity", minimum=bounds.min, current=desired)

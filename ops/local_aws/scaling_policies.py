"""What one policy wants while one of its alarms is in ALARM, and whether it may have it now (facts B.4)."""

from __future__ import annotations

from dataclasses import dataclass

from ops.core.autoscaling import scale_in_allowed, scale_out_allowed, step_scaling, target_tracking
from ops.core.scaling_rules import step_base
from ops.core.types import Step
from ops.local_aws.scaling_records import COOLDOWN_S, NEVER, TARGET_TRACKING, AlarmLike, Policy, Target


@dataclass(frozen=True, slots=True)
class Want:
    """The capacity that `policy` asks for because of `alarm`, before bounds."""

    policy: Policy
    alarm: AlarmLike
    capacity: int
    scale_in: bool
    held: bool = False
    """A step that adds no more than what was just added: the cooldown swallows it."""


def configure(policy: Policy) -> None:
    """Read the policy's configuration into the fields that acting on it needs."""
    config = policy.config
    if policy.kind == TARGET_TRACKING:
        policy.tracking = float(config["TargetValue"])
        policy.out_cooldown = int(config.get("ScaleOutCooldown", COOLDOWN_S))
        policy.in_cooldown = int(config.get("ScaleInCooldown", COOLDOWN_S))
        policy.scales_in = not config.get("DisableScaleIn", False)
        return
    policy.out_cooldown = policy.in_cooldown = int(config.get("Cooldown", COOLDOWN_S))
    policy.adjustment = config["AdjustmentType"]
    policy.least = config.get("MinAdjustmentMagnitude")
    policy.steps = tuple(
        Step(s.get("MetricIntervalLowerBound"), s.get("MetricIntervalUpperBound"), s["ScalingAdjustment"])
        for s in config["StepAdjustments"]
    )
    signs = {1 if step.adjustment > 0 else -1 for step in policy.steps if step.adjustment}
    policy.direction = signs.pop() if len(signs) == 1 and policy.adjustment != "ExactCapacity" else 0


def decide(policy: Policy, alarm: AlarmLike, desired: int, now: float) -> Want | None:
    """None where the policy has no opinion: no datapoint, no step that covers the breach, a foreign alarm.

    Scale-in by target tracking looks at the largest value of the evaluation range: the cautious reading.
    """
    latest = alarm.latest
    if policy.kind == TARGET_TRACKING:
        if alarm.name not in (policy.high, policy.low):
            return None
        scale_in = alarm.name == policy.low
        known = [v for v in alarm.recent() if v is not None] if scale_in else [latest]
        if not known or latest is None:
            return None
        metric = max(v for v in known if v is not None)
        wanted = target_tracking(desired, metric, policy.tracking, scale_in=scale_in)
        return Want(policy, alarm, wanted.capacity, scale_in)
    if latest is None:
        return None
    base = _base(policy, desired, now)
    step = step_scaling(base, latest, alarm.threshold, policy.steps, policy.adjustment, policy.least)
    if step is None:
        return None
    if base == desired:
        return Want(policy, alarm, step.capacity, step.capacity < desired)
    if step.capacity > base:
        return Want(policy, alarm, max(step.capacity, desired), False, held=step.capacity <= desired)
    # A step that removes counts from what is there.
    step = step_scaling(desired, latest, alarm.threshold, policy.steps, policy.adjustment, policy.least)
    return None if step is None else Want(policy, alarm, step.capacity, step.capacity < desired)


def may(want: Want, target: Target, capacity: int, desired: int, now: float) -> bool:
    """Suspended flags and cooldowns. A larger scale-out than the last one passes the scale-out cooldown."""
    policy = want.policy
    if capacity > desired:
        ended = None if target.out_ended == NEVER else target.out_ended
        cooled = scale_out_allowed(capacity, target.out_reached, ended, policy.out_cooldown, now)
        return not target.suspended.scale_out and cooled
    ended = None if target.in_ended == NEVER else target.in_ended
    return not target.suspended.scale_in and scale_in_allowed(ended, policy.in_cooldown, now)


def _base(policy: Policy, desired: int, now: float) -> int:
    """What a step adds to. During a scale-out cooldown the instances just added are part of the next step."""
    target = policy.target
    return step_base(desired, target.out_reached, target.out_base, target.out_ended, policy.out_cooldown, now)

"""Application Auto Scaling: what is registered, and acting on it (facts B).

The API on top is services/autoscaling.py. A resource is "endpoint/<endpoint>/variant/<variant>", every `now` is
epoch seconds, and a resource has one activity at a time.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.core.autoscaling import ALARM, Outcome, clamp
from ops.core.schedule import Schedule, next_run
from ops.core.types import Bounds, Suspended
from ops.local_aws.errors import AwsError
from ops.local_aws.scaling_alarms import owned_alarms
from ops.local_aws.scaling_log import ActivityLog, reason
from ops.local_aws.scaling_policies import Want, configure, decide, may
from ops.local_aws.scaling_records import (
    NEVER,
    PRINCIPAL,
    ROLE,
    TARGET_TRACKING,
    Action,
    Activity,
    AlarmLike,
    Policy,
    Target,
)

if TYPE_CHECKING:
    from ops.local_aws.world import World

RETRY_S = 60.0
"""A change of bounds that could not move the capacity is tried again after this."""


class ScalingEngine:
    def __init__(self, world: World) -> None:
        self._world = world
        self._random = random.Random(f"{world.options.seed}/scaling")
        self.targets: dict[str, Target] = {}
        """By resource."""
        self.activities = ActivityLog()
        self._policies: dict[str, Policy] = {}
        self._due: float | None = None

    # -- what is registered ---------------------------------------------------------------------------------

    def register(
        self,
        resource: str,
        now: float,
        *,
        min_capacity: int | None = None,
        max_capacity: int | None = None,
        suspended: Mapping[str, bool] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Target:
        """Upsert: only what is given changes. The capacity moves inside the bounds at once."""
        target = self.targets.get(resource)
        if target is None:
            if min_capacity is None or max_capacity is None:
                raise ValueError("a new target needs both bounds")
            arn = self._world.arn(
                "application-autoscaling", f"scalable-target/{self._random.getrandbits(144):036x}"
            )
            target = self.targets[resource] = Target(resource, arn, Bounds(min_capacity, max_capacity), now)
        self._set_bounds(target, min_capacity, max_capacity)
        if suspended:
            target.suspended = _merged(target.suspended, suspended)
        target.tags.update(tags or {})
        self._clamp(target, now)
        return target

    def deregister(self, resource: str) -> None:
        """Raises KeyError. Policies, their owned alarms and scheduled actions go with the target."""
        target = self.targets.pop(resource)
        for policy in list(target.policies.values()):
            self._forget(policy)
        target.actions.clear()
        self._plan()

    def endpoint_deleted(self, name: str) -> None:
        """DeleteEndpoint takes the endpoint's targets with it."""
        for resource in [r for r, t in self.targets.items() if t.endpoint == name]:
            self.deregister(resource)

    def put_policy(
        self, resource: str, name: str, kind: str, config: Mapping[str, Any], now: float
    ) -> Policy:
        """Create or replace; target tracking makes its two alarms anew. Raises KeyError (no such target)."""
        target = self.targets[resource]
        old = target.policies.get(name)
        if old is not None and old.kind == TARGET_TRACKING:
            self._world.alarms.delete([old.high, old.low])
        policy = Policy(
            name,
            old.arn if old is not None else self._arn("scalingPolicy", resource, f"policyName/{name}"),
            kind,
            dict(config),
            target,
            old.created if old is not None else now,
        )
        configure(policy)
        target.policies[name] = self._policies[policy.arn] = policy
        if kind == TARGET_TRACKING:
            prefix = f"TargetTracking-{resource}"
            policy.high, policy.low = f"{prefix}-AlarmHigh-{self._id()}", f"{prefix}-AlarmLow-{self._id()}"
            for alarm in owned_alarms(policy):
                self._world.alarms.put_owned(alarm)
        return policy

    def delete_policy(self, resource: str, name: str) -> None:
        """Raises KeyError. A step policy leaves its alarms behind; target tracking takes its two with it."""
        self._forget(self.targets[resource].policies[name])

    def policy(self, arn: str) -> Policy | None:
        return self._policies.get(arn)

    def put_action(
        self,
        resource: str,
        name: str,
        schedule: Schedule,
        now: float,
        *,
        min_capacity: int | None = None,
        max_capacity: int | None = None,
        timezone: str | None = None,
    ) -> Action:
        """Create or replace. Raises KeyError for an unknown target."""
        target = self.targets[resource]
        old = target.actions.get(name)
        arn = (
            old.arn
            if old is not None
            else self._arn("scheduledAction", resource, f"scheduledActionName/{name}")
        )
        created = old.created if old is not None else now
        action = Action(name, arn, target, schedule, created, timezone, min_capacity, max_capacity)
        target.actions[name] = action
        self._next(action, now)
        self._plan()
        return action

    def delete_action(self, resource: str, name: str) -> None:
        """Raises KeyError."""
        del self.targets[resource].actions[name]
        self._plan()

    # -- acting on alarms -----------------------------------------------------------------------------------

    def on_alarm(self, policy_arn: str, alarm: AlarmLike, now: float) -> Outcome:
        """Run a policy because `alarm` is in ALARM; called again each minute as long as it is."""
        policy = self._policies.get(policy_arn)
        if policy is None:
            return Outcome.NOTHING
        target = policy.target
        try:
            _, desired, updating = self._world.fleet.capacity(target.resource)
        except KeyError:
            return Outcome.NOTHING
        if updating:
            if target.running is None:
                self._note(policy, alarm, now, reason("TargetServicePutResourceAsUnscalable"))
            return Outcome.BLOCKED
        bounds = target.bounds
        if policy.kind == TARGET_TRACKING:
            if alarm.name == policy.low:
                if desired <= bounds.min:
                    self._note(
                        policy,
                        alarm,
                        now,
                        reason("AlreadyAtMinCapacity", minimum=bounds.min, current=desired),
                    )
                    return Outcome.NOTHING
                latest = alarm.latest
                if latest is not None and latest * desired > policy.tracking * (desired - 1):
                    self._note(policy, alarm, now, reason("AutoScalingAnticipatedFlapping", current=desired))
                    return Outcome.NOTHING
                if target.suspended.scale_in or now < target.in_ended + policy.in_cooldown:
                    return Outcome.BLOCKED
            elif desired >= bounds.max:
                self._note(
                    policy, alarm, now, reason("AlreadyAtMaxCapacity", maximum=bounds.max, current=desired)
                )
                return Outcome.NOTHING
        return self._weigh(policy, alarm, desired, now)

    def _weigh(self, policy: Policy, alarm: AlarmLike, desired: int, now: float) -> Outcome:
        """Of all policies of the target that are in ALARM now, the one that wants most wins (facts B.4)."""
        target = policy.target
        own = decide(policy, alarm, desired, now)
        if own is None:
            return Outcome.NOTHING
        wants = [own]
        for other in target.policies.values():
            for seen in self._alarms_of(other):
                if (other is not policy or seen.name != alarm.name) and seen.machine.state == ALARM:
                    want = decide(other, seen, desired, now)
                    if want is not None:
                        wants.append(want)
        wants = [
            w
            for w in wants
            if w.capacity >= desired or w.policy.kind != TARGET_TRACKING or self._all_agree(target)
        ]
        if not wants:
            return Outcome.BLOCKED
        best = max(wants, key=lambda w: w.capacity)
        capacity = clamp(best.capacity, target.bounds)
        if capacity == desired:
            if best is own:
                self._note(policy, alarm, now, _why_not(best, target.bounds, desired))
            return Outcome.NOTHING
        if (capacity > desired) != (best.capacity > desired):
            return (
                Outcome.NOTHING
            )  # a scale-in never lifts to the minimum, nor a scale-out lowers to the maximum
        if not may(best, target, capacity, desired, now):
            return Outcome.BLOCKED
        cause = f"monitor alarm {best.alarm.name} in state ALARM triggered policy {best.policy.name}"
        self._move(target, capacity, desired, cause, now)
        return Outcome.ACTED

    def _alarms_of(self, policy: Policy) -> list[AlarmLike]:
        if policy.kind == TARGET_TRACKING:
            names = [policy.high] + ([policy.low] if policy.scales_in else [])
            return [
                a for a in (self._world.alarms.get(n) for n in names) if a is not None and a.actions_enabled
            ]
        return [a for a in self._world.alarms.all() if policy.arn in a.actions and a.actions_enabled]

    def _all_agree(self, target: Target) -> bool:
        """Target tracking scales in only if every target-tracking policy that may scale in wants to."""
        for policy in target.policies.values():
            if policy.kind == TARGET_TRACKING and policy.scales_in:
                low = self._world.alarms.get(policy.low)
                if low is None or low.machine.state != ALARM:
                    return False
        return True

    def _note(self, policy: Policy, alarm: AlarmLike, now: float, why: dict[str, Any]) -> None:
        """Record once per transition of the alarm that nothing was scaled."""
        noted = policy.noted.get(alarm.name)
        if noted is not None and noted[0] == alarm.updated and noted[1] == why["Code"]:
            return
        policy.noted[alarm.name] = (alarm.updated, why["Code"])
        cause = f"monitor alarm {alarm.name} in state ALARM triggered policy {policy.name}"
        text = "Attempting to scale due to alarm triggered"
        self.activities.add(
            Activity(
                self._id(),
                policy.target.resource,
                text,
                cause,
                now,
                end=now,
                status="Failed",
                not_scaled=(why,),
            )
        )

    # -- moving the capacity --------------------------------------------------------------------------------

    def activity_finished(self, activity: Activity, now: float, ok: bool, message: str = "") -> None:
        """The fleet says that the capacity is there, or why it is not. Cooldowns start here."""
        activity.end = now
        count = f"desired instance count to {activity.capacity}."
        if ok:
            activity.status = "Successful"
            activity.message = f"Successfully set {count} Change successfully fulfilled by sagemaker."
        else:
            activity.status = "Failed"
            activity.message = (
                message if message.startswith("Failed") else f"Failed to set {count} Reason: {message}"
            )
        target = self.targets.get(activity.resource)
        if target is None or target.running is not activity:
            return
        target.running = None
        if ok and activity.capacity is not None:
            if activity.scales_out:
                target.out_ended, target.out_base, target.out_reached = (
                    now,
                    activity.before,
                    activity.capacity,
                )
            else:
                target.in_ended = now
        if target.clamp_at is not None:
            target.clamp_at = now
            self._plan()

    def _move(self, target: Target, capacity: int, desired: int, cause: str, now: float) -> Activity:
        activity = Activity(
            self._id(),
            target.resource,
            f"Setting desired instance count to {capacity}.",
            cause,
            now,
            capacity,
            desired,
        )
        self.activities.add(activity)
        target.running = activity
        if capacity > desired:
            target.in_ended = NEVER
        request = {
            "endpointName": target.endpoint,
            "desiredWeightsAndCapacities": [
                {"variantName": target.resource.split("/")[3], "desiredInstanceCount": capacity}
            ],
        }
        response = {"endpointArn": self._world.arn("sagemaker", f"endpoint/{target.endpoint.lower()}")}
        self._world.trail.add(
            "UpdateEndpointWeightsAndCapacities", "sagemaker.amazonaws.com", now, ROLE, request, response
        )
        try:
            self._world.fleet.set_desired(target.resource, capacity, now, activity)
        except AwsError as error:
            self.activity_finished(activity, now, False, error.message)
        return activity

    def _clamp(self, target: Target, now: float) -> None:
        """Move the capacity inside the bounds, now or as soon as the endpoint can be changed."""
        try:
            _, desired, updating = self._world.fleet.capacity(target.resource)
        except KeyError:
            return
        target.clamp_at = None
        capacity = clamp(desired, target.bounds)
        if capacity != desired:
            if updating:
                target.clamp_at = now + RETRY_S
            else:
                bound = "minimum" if capacity > desired else "maximum"
                activity = self._move(
                    target, capacity, desired, f"{bound} capacity was set to {capacity}", now
                )
                if activity.status == "Failed":
                    target.clamp_at = now + RETRY_S
        self._plan()

    # -- what is due ----------------------------------------------------------------------------------------

    def due(self, now: float) -> float | None:
        """When `run_due` is to be called next; None when nothing is planned."""
        return self._due

    def run_due(self, now: float) -> None:
        """Run every scheduled action that is due by `now`, and clamps that had to wait."""
        while self._due is not None and self._due <= now:
            waiting = [t for t in self.targets.values() if t.clamp_at is not None and t.clamp_at <= now]
            for target in waiting:
                self._clamp(target, now)
            ready = [a for t in self.targets.values() for a in t.actions.values() if a.due is not None]
            for action in sorted((a for a in ready if a.due is not None and a.due <= now), key=_when):
                self._run(action, now)
                self._next(action, now)
            self._plan()

    def _run(self, action: Action, now: float) -> None:
        target = action.target
        if target.suspended.scheduled:
            return
        try:
            _, _, updating = self._world.fleet.capacity(target.resource)
        except KeyError:
            return
        parts = [f"min capacity to {action.min}"] if action.min is not None else []
        parts += [f"max capacity to {action.max}"] if action.max is not None else []
        text = " and ".join(parts)
        activity = Activity(
            self._id(),
            target.resource,
            f"Setting {text}",
            f"scheduled action name {action.name} was triggered",
            now,
            end=now,
        )
        self.activities.add(activity)
        low = target.bounds.min if action.min is None else action.min
        high = target.bounds.max if action.max is None else action.max
        if updating or low > high:
            arn = self._world.arn("sagemaker", f"endpoint/{target.endpoint.lower()}")
            why = f'Cannot update in-progress endpoint "{arn}".' if updating else _crossed(low, high)
            activity.status, activity.message = "Failed", f"Failed to set {text}. Reason: {why}"
            return
        activity.status, activity.message = "Successful", f"Successfully set {text}"
        target.bounds = Bounds(low, high)
        self._clamp(target, now)

    def _next(self, action: Action, now: float) -> None:
        created = datetime.fromtimestamp(action.created, UTC)
        moment = next_run(action.schedule, datetime.fromtimestamp(now, UTC), created)
        action.due = None if moment is None else moment.timestamp()

    def _plan(self) -> None:
        times = [a.due for t in self.targets.values() for a in t.actions.values() if a.due is not None]
        times += [t.clamp_at for t in self.targets.values() if t.clamp_at is not None]
        self._due = min(times, default=None)

    # -- odds and ends --------------------------------------------------------------------------------------

    def _set_bounds(self, target: Target, low: int | None, high: int | None) -> None:
        bounds = target.bounds
        target.bounds = Bounds(bounds.min if low is None else low, bounds.max if high is None else high)

    def _forget(self, policy: Policy) -> None:
        if policy.kind == TARGET_TRACKING:
            self._world.alarms.delete([policy.high, policy.low])
        del policy.target.policies[policy.name]
        del self._policies[policy.arn]

    def _id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _arn(self, what: str, resource: str, rest: str) -> str:
        return self._world.arn("autoscaling", f"{what}:{self._id()}:resource/sagemaker/{resource}:{rest}")

    @property
    def role_arn(self) -> str:
        return f"arn:aws:iam::{self._world.account}:role/aws-service-role/{PRINCIPAL}/{ROLE}"


def _merged(old: Suspended, given: Mapping[str, bool]) -> Suspended:
    names = {
        "DynamicScalingInSuspended": "scale_in",
        "DynamicScalingOutSuspended": "scale_out",
        "ScheduledScalingSuspended": "scheduled",
    }
    return replace(old, **{names[k]: bool(v) for k, v in given.items()})


def _why_not(want: Want, bounds: Bounds, desired: int) -> dict[str, Any]:
    if want.capacity > desired:
        return reason("AlreadyAtMaxCapacity", maximum=bounds.max, current=desired)
    if want.capacity < desired:
        return reason("AlreadyAtMinCapacity", minimum=bounds.min, current=desired)
    if want.scale_in:
        return reason("AutoScalingAnticipatedFlapping", current=desired)
    return reason("AlreadyAtDesiredCapacity", current=desired)


def _crossed(low: int, high: int) -> str:
    return f"Maximum capacity ({high}) cannot be less than minimum capacity ({low})."


def _when(action: Action) -> float:
    return action.due or 0.0

"""Application Auto Scaling: what is registered, and acting on it (facts B).

The API on top is services/autoscaling.py. A resource is "endpoint/<endpoint>/variant/<variant>", every `now`
is epoch seconds, and a resource has one activity at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.core.autoscaling import Outcome
from ops.core.schedule import Schedule, next_run
from ops.core.types import Bounds, Suspended
from ops.local_aws.scaling_acting import Actor
from ops.local_aws.scaling_alarms import owned_alarms
from ops.local_aws.scaling_moves import Mover
from ops.local_aws.scaling_policies import configure
from ops.local_aws.scaling_records import (
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


class ScalingEngine:
    def __init__(self, world: World) -> None:
        self._world = world
        self._mover = Mover(world)
        self._actor = Actor(world, self._mover)
        self.targets: dict[str, Target] = {}
        """By resource."""
        self.activities = self._mover.activities
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
            arn = self._world.arn("application-autoscaling", f"scalable-target/{self._mover.short_id()}")
            target = self.targets[resource] = Target(resource, arn, Bounds(min_capacity, max_capacity), now)
        self._set_bounds(target, min_capacity, max_capacity)
        if suspended:
            target.suspended = _merged(target.suspended, suspended)
        target.tags.update(tags or {})
        self._mover.clamp(target, now)
        self._plan()
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
            self._world.alarms.discard([old.high, old.low], now)
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
            policy.high, policy.low = (
                f"{prefix}-AlarmHigh-{self._mover.new_id()}",
                f"{prefix}-AlarmLow-{self._mover.new_id()}",
            )
            for alarm in owned_alarms(policy):
                self._world.alarms.put_owned(alarm, now)
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
        action = Action(name, arn, target, schedule, created, now, timezone, min_capacity, max_capacity)
        target.actions[name] = action
        self._next(action, now)
        self._plan()
        return action

    def delete_action(self, resource: str, name: str) -> None:
        """Raises KeyError."""
        del self.targets[resource].actions[name]
        self._plan()

    def backdate(self, at: float) -> None:
        """Targets, policies and scheduled actions that there are were created at `at` (epoch seconds)."""
        for target in self.targets.values():
            target.created = at
            for policy in target.policies.values():
                policy.created = at
            for action in target.actions.values():
                action.created = at

    # -- acting ---------------------------------------------------------------------------------------------

    def on_alarm(self, policy_arn: str, alarm: AlarmLike, now: float) -> Outcome:
        """Run a policy because `alarm` is in ALARM; called again each minute as long as it is."""
        policy = self._policies.get(policy_arn)
        return Outcome.NOTHING if policy is None else self._actor.run(policy, alarm, now)

    def activity_finished(self, activity: Activity, now: float, ok: bool, message: str = "") -> None:
        """The fleet says that the capacity is there, or why it is not. Cooldowns start here."""
        target = self.targets.get(activity.resource)
        self._mover.finished(activity, target, now, ok, message)
        if target is not None and target.clamp_at is not None:
            self._plan()

    def alarms_of(self, policy: Policy) -> list[AlarmLike]:
        """The alarms that run `policy`."""
        return self._actor.alarms_of(policy)

    # -- what is due ----------------------------------------------------------------------------------------

    def due(self, now: float) -> float | None:
        """When `run_due` is to be called next; None when nothing is planned."""
        return self._due

    def run_due(self, now: float) -> None:
        """Run every scheduled action that is due by `now`, and changes of bounds that had to wait."""
        if self._due is None or self._due > now:
            return
        for target in self.targets.values():
            if target.clamp_at is not None and target.clamp_at <= now:
                self._mover.clamp(target, now)
        actions = [a for t in self.targets.values() for a in t.actions.values()]
        for due, action in sorted(((a.due, a) for a in actions if a.due is not None), key=lambda p: p[0]):
            if due <= now:
                self._run(action, now)
                self._next(action, now)
        self._plan()

    def _run(self, action: Action, now: float) -> None:
        """Overwrite the bounds for good. A run missed while suspended is not made up for.

        The capacity follows at once, or when the endpoint is no longer updating."""
        target = action.target
        if target.suspended.scheduled:
            return
        try:
            _, _, updating = self._world.fleet.capacity(target.resource)
        except KeyError:
            return
        parts = [
            f"{n} capacity to {v}" for n, v in (("min", action.min), ("max", action.max)) if v is not None
        ]
        text = " and ".join(parts)
        cause = f"scheduled action name {action.name} was triggered"
        activity = Activity(self._mover.new_id(), target.resource, f"Setting {text}", cause, now, end=now)
        self.activities.add(activity)
        low = target.bounds.min if action.min is None else action.min
        high = target.bounds.max if action.max is None else action.max
        why = ""
        if updating and self._world.options.assumptions.busy_action == "fails":
            arn = self._world.arn("sagemaker", f"endpoint/{target.endpoint}")
            why = f'Cannot update in-progress endpoint "{arn}".'
        elif low > high:
            why = f"Maximum capacity ({high}) cannot be less than minimum capacity ({low})."
        if why:
            activity.status, activity.message = "Failed", f"Failed to set {text}. Reason: {why}"
            return
        activity.status, activity.message = "Successful", f"Successfully set {text}"
        target.bounds = Bounds(low, high)
        self._mover.clamp(target, now)

    def _next(self, action: Action, now: float) -> None:
        since = datetime.fromtimestamp(action.since, UTC)
        moment = next_run(action.schedule, datetime.fromtimestamp(now, UTC), since)
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
            self._world.alarms.discard([policy.high, policy.low])
        del policy.target.policies[policy.name]
        del self._policies[policy.arn]

    def _arn(self, what: str, resource: str, rest: str) -> str:
        return self._world.arn(
            "autoscaling", f"{what}:{self._mover.new_id()}:resource/sagemaker/{resource}:{rest}"
        )

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

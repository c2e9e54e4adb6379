"""Application Auto Scaling on the wire: validation, paging shapes of answers; acting is ScalingEngine's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.utils import parse_to_aware_datetime

from ops.core.errors import BadInput
from ops.core.schedule import Schedule, next_run, parse
from ops.core.types import Suspended
from ops.local_aws.errors import AwsError, validation
from ops.local_aws.scaling_records import DIMENSION, NAMESPACE, Action, Activity, Policy, Target
from ops.local_aws.services import autoscaling_checks as check
from ops.local_aws.services.autoscaling_pages import page

if TYPE_CHECKING:
    from ops.local_aws.world import World

MOST_TARGETS = 500
MOST_POLICIES = 50
MOST_ACTIONS = 200

Params = Mapping[str, Any]
Answer = dict[str, Any]


class AutoScaling:
    def __init__(self, world: World) -> None:
        self._world = world

    # -- targets --------------------------------------------------------------------------------------------

    def register_scalable_target(self, params: Params) -> Answer:
        check.where(params)
        resource, engine = params["ResourceId"], self._world.scaling
        low, high, given = params.get("MinCapacity"), params.get("MaxCapacity"), params.get("Tags", {})
        real_time = self._is_real_time(resource)
        target = engine.targets.get(resource)
        if target is None:
            if low is None or high is None:
                raise validation(
                    "MinCapacity and MaxCapacity must be specified to register a new scalable target"
                )
            if len(engine.targets) >= MOST_TARGETS:
                raise _limit(f"{MOST_TARGETS} scalable targets in this region")
        check.bounds(low, high, real_time=real_time)
        if target is not None:
            check.bounds(
                target.bounds.min if low is None else low,
                target.bounds.max if high is None else high,
                real_time=real_time,
            )
        check.tags(given, {} if target is None else target.tags, "" if target is None else target.arn)
        target = engine.register(
            resource,
            self._world.now(),
            min_capacity=low,
            max_capacity=high,
            suspended=params.get("SuspendedState"),
            tags=given,
        )
        return {"ScalableTargetARN": target.arn}

    def deregister_scalable_target(self, params: Params) -> Answer:
        check.where(params)
        self._target(params)
        self._world.scaling.deregister(params["ResourceId"])
        return {}

    def describe_scalable_targets(self, params: Params) -> Answer:
        check.where(params)
        wanted = params.get("ResourceIds")
        targets = [t for t in self._world.scaling.targets.values() if not wanted or t.resource in wanted]
        found, more = page(targets, lambda t: t.resource, params)
        role = self._world.scaling.role_arn
        return {"ScalableTargets": [_target(t, role) for t in found]} | more

    # -- policies -------------------------------------------------------------------------------------------

    def put_scaling_policy(self, params: Params) -> Answer:
        check.where(params)
        target = self._target(params)
        old = target.policies.get(params["PolicyName"])
        kind = params.get("PolicyType") or (old.kind if old is not None else None)
        if kind is None:
            raise validation("PolicyType must be specified to create a scaling policy")
        check.enum("policyType", kind, "PolicyType")
        if kind not in check.CONFIG:
            raise validation(f"Policy type {kind} is not supported for service namespace {NAMESPACE}")
        if old is not None and old.kind != kind:
            raise validation(
                f"The type of an existing scaling policy cannot be changed from {old.kind} to {kind}"
            )
        config = check.policy(kind, params)
        if old is None and len(target.policies) >= MOST_POLICIES:
            raise _limit(f"{MOST_POLICIES} scaling policies per scalable target")
        engine = self._world.scaling
        policy = engine.put_policy(target.resource, params["PolicyName"], kind, config, self._world.now())
        return {"PolicyARN": policy.arn, "Alarms": self._owned(policy)}

    def describe_scaling_policies(self, params: Params) -> Answer:
        check.where(params)
        names, resource = params.get("PolicyNames"), params.get("ResourceId")
        policies = [
            policy
            for target in self._world.scaling.targets.values()
            if resource in (None, target.resource)
            for policy in target.policies.values()
            if not names or policy.name in names
        ]
        found, more = page(policies, lambda p: p.arn, params)
        return {"ScalingPolicies": [self._policy(p) for p in found]} | more

    def delete_scaling_policy(self, params: Params) -> Answer:
        check.where(params)
        target = self._world.scaling.targets.get(params["ResourceId"])
        if target is None or params["PolicyName"] not in target.policies:
            raise _missing("scaling policy", params, params["PolicyName"])
        self._world.scaling.delete_policy(target.resource, params["PolicyName"])
        return {}

    # -- scheduled actions ----------------------------------------------------------------------------------

    def put_scheduled_action(self, params: Params) -> Answer:
        check.where(params)
        name = params["ScheduledActionName"]
        check.action_name(name)
        target = self._target(params)
        old = target.actions.get(name)
        text = params.get("Schedule") or (old.schedule.text if old is not None else None)
        if text is None:
            raise validation("Schedule must be specified to create a scheduled action")
        zone = params.get("Timezone") or (old.timezone if old is not None else None)
        schedule = _schedule(text, zone, _moment(params, "StartTime"), _moment(params, "EndTime"))
        now = self._world.now()
        at = datetime.fromtimestamp(now, UTC)
        if next_run(schedule, at, at) is None:
            raise validation("The schedule of the scheduled action has no run in the future")
        low, high = _change(params, old)
        check.bounds(low, high, real_time=self._is_real_time(target.resource))
        if old is None and len(target.actions) >= MOST_ACTIONS:
            raise _limit(f"{MOST_ACTIONS} scheduled actions per scalable target")
        self._world.scaling.put_action(
            target.resource, name, schedule, now, min_capacity=low, max_capacity=high, timezone=zone
        )
        return {}

    def describe_scheduled_actions(self, params: Params) -> Answer:
        check.where(params)
        names, resource = params.get("ScheduledActionNames"), params.get("ResourceId")
        actions = [
            action
            for target in self._world.scaling.targets.values()
            if resource in (None, target.resource)
            for action in target.actions.values()
            if not names or action.name in names
        ]
        found, more = page(actions, lambda a: a.arn, params)
        return {"ScheduledActions": [_action(a) for a in found]} | more

    def delete_scheduled_action(self, params: Params) -> Answer:
        check.where(params)
        target = self._world.scaling.targets.get(params["ResourceId"])
        if target is None or params["ScheduledActionName"] not in target.actions:
            raise _missing("scheduled action", params, params["ScheduledActionName"])
        self._world.scaling.delete_action(target.resource, params["ScheduledActionName"])
        return {}

    # -- activities and tags --------------------------------------------------------------------------------

    def describe_scaling_activities(self, params: Params) -> Answer:
        check.where(params)
        book, now = self._world.scaling.activities, self._world.now()
        not_scaled = params.get("IncludeNotScaledActivities", False)
        activities = book.list(now, params.get("ResourceId"), not_scaled=not_scaled)
        found, more = page(activities, lambda a: a.id, params)
        return {"ScalingActivities": [_activity(a) for a in found]} | more

    def tag_resource(self, params: Params) -> Answer:
        target = self._by_arn(params["ResourceARN"])
        check.tags(params["Tags"], target.tags, target.arn)
        target.tags.update(params["Tags"])
        return {}

    def untag_resource(self, params: Params) -> Answer:
        target = self._by_arn(params["ResourceARN"])
        for key in params["TagKeys"]:
            target.tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, params: Params) -> Answer:
        return {"Tags": dict(self._by_arn(params["ResourceARN"]).tags)}

    # -- inside ---------------------------------------------------------------------------------------------

    def _is_real_time(self, resource: str) -> bool:
        """Raises AwsError where the endpoint or its variant does not exist."""
        _, endpoint, _, variant = resource.split("/")
        status = self._world.fleet.describe(endpoint)
        if status is None:
            arn = self._world.arn("sagemaker", f"endpoint/{endpoint}")
            raise validation(f'Could not find endpoint "{arn}".')
        if status.spec.variant != variant:
            raise validation(f'Could not find variant "{variant}" of endpoint "{endpoint}".')
        return status.spec.async_settings is None

    def _target(self, params: Params) -> Target:
        target = self._world.scaling.targets.get(params["ResourceId"])
        if target is None:
            raise _missing("scalable target", params)
        return target

    def _by_arn(self, arn: str) -> Target:
        for target in self._world.scaling.targets.values():
            if target.arn == arn:
                return target
        text = f"The resource {arn} does not exist."
        raise AwsError("ResourceNotFoundException", text, ResourceName=arn)

    def _owned(self, policy: Policy) -> list[Answer]:
        alarms = self._world.scaling.alarms_of(policy)
        return [{"AlarmName": alarm.name, "AlarmARN": alarm.arn} for alarm in alarms]

    def _policy(self, policy: Policy) -> Answer:
        return _place(policy.target) | {
            "PolicyARN": policy.arn,
            "PolicyName": policy.name,
            "PolicyType": policy.kind,
            check.CONFIG[policy.kind]: policy.config,
            "Alarms": self._owned(policy),
            "CreationTime": policy.created,
        }


def _schedule(text: str, zone: str | None, start: datetime | None, end: datetime | None) -> Schedule:
    if zone is not None and text.strip().startswith("rate"):
        raise validation("Timezone is not supported for rate expressions")
    try:
        return parse(text, zone, start, end)
    except BadInput as error:
        raise validation(f"{error.what} {error.hint}".strip()) from error


def _change(params: Params, old: Action | None) -> tuple[int | None, int | None]:
    change = params.get("ScalableTargetAction")
    if change is None and old is not None:
        return old.min, old.max
    low, high = (change or {}).get("MinCapacity"), (change or {}).get("MaxCapacity")
    if low is None and high is None:
        raise validation("ScalableTargetAction must specify MinCapacity, MaxCapacity, or both")
    return low, high


def _moment(params: Params, name: str) -> datetime | None:
    return parse_to_aware_datetime(params[name]).astimezone(UTC) if name in params else None


def _place(target: Target) -> Answer:
    return {"ServiceNamespace": NAMESPACE, "ResourceId": target.resource, "ScalableDimension": DIMENSION}


def _target(target: Target, role: str) -> Answer:
    return _place(target) | {
        "MinCapacity": target.bounds.min,
        "MaxCapacity": target.bounds.max,
        "RoleARN": role,
        "CreationTime": target.created,
        "SuspendedState": _suspended(target.suspended),
        "ScalableTargetARN": target.arn,
    }


def _suspended(state: Suspended) -> Answer:
    return {
        "DynamicScalingInSuspended": state.scale_in,
        "DynamicScalingOutSuspended": state.scale_out,
        "ScheduledScalingSuspended": state.scheduled,
    }


def _action(action: Action) -> Answer:
    change = {"MinCapacity": action.min, "MaxCapacity": action.max}
    answer = _place(action.target) | {
        "ScheduledActionName": action.name,
        "ScheduledActionARN": action.arn,
        "Schedule": action.schedule.text,
        "ScalableTargetAction": {k: v for k, v in change.items() if v is not None},
        "CreationTime": action.created,
    }
    if action.timezone is not None:
        answer["Timezone"] = action.timezone
    for name, moment in (("StartTime", action.schedule.start), ("EndTime", action.schedule.end)):
        if moment is not None:
            answer[name] = moment.timestamp()
    return answer


def _activity(activity: Activity) -> Answer:
    answer = {
        "ActivityId": activity.id,
        "ServiceNamespace": NAMESPACE,
        "ResourceId": activity.resource,
        "ScalableDimension": DIMENSION,
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": activity.start,
        "StatusCode": activity.status,
    }
    if activity.end is not None:
        answer["EndTime"] = activity.end
    if activity.message:
        answer["StatusMessage"] = activity.message
    if activity.not_scaled:
        answer["NotScaledReasons"] = list(activity.not_scaled)
    return answer


def _missing(what: str, params: Params, name: str = "") -> AwsError:
    place = (
        f"service namespace: {params['ServiceNamespace']}, resource ID: {params['ResourceId']}, "
        f"scalable dimension: {params['ScalableDimension']}"
    )
    found = "registered" if what == "scalable target" else "found"
    text = f"No {what} {found} for {place}" + (f": {name}" if name else "")
    return AwsError("ObjectNotFoundException", text)


def _limit(what: str) -> AwsError:
    return AwsError("LimitExceededException", f"The limit of {what} is exceeded.")

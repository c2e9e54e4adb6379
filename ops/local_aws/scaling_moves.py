"""Moving a target's capacity: one activity at a time, its texts, and the cooldowns that its end starts."""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING

from ops.core.autoscaling import clamp
from ops.local_aws.errors import AwsError
from ops.local_aws.scaling_log import ActivityLog
from ops.local_aws.scaling_records import NEVER, ROLE, Activity, Target

if TYPE_CHECKING:
    from ops.local_aws.world import World

WAITING = "Waiting for change to be fulfilled by sagemaker."
FULFILLED = "Change successfully fulfilled by sagemaker."
RETRY_S = 60.0
"""A change of bounds that could not move the capacity is tried again after this."""


class Mover:
    def __init__(self, world: World) -> None:
        self._world = world
        self._random = random.Random(f"{world.options.seed}/scaling")
        self.activities = ActivityLog()

    def new_id(self) -> str:
        """A UUID that the same seed gives again."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def short_id(self) -> str:
        return f"{self._random.getrandbits(144):036x}"

    def move(self, target: Target, capacity: int, desired: int, cause: str, now: float) -> Activity:
        """Order `capacity` from the fleet. What the fleet refuses at once is a failed activity."""
        text = f"Setting desired instance count to {capacity}."
        activity = Activity(self.new_id(), target.resource, text, cause, now, capacity, desired)
        activity.message = f"Successfully set desired instance count to {capacity}. {WAITING}"
        self.activities.add(activity)
        target.running = activity
        if capacity > desired:
            target.in_ended = NEVER
        wanted = [{"variantName": target.variant, "desiredInstanceCount": capacity}]
        self._world.trail.add(
            "UpdateEndpointWeightsAndCapacities",
            "sagemaker.amazonaws.com",
            now,
            ROLE,
            {"endpointName": target.endpoint, "desiredWeightsAndCapacities": wanted},
            {"endpointArn": self._world.arn("sagemaker", f"endpoint/{target.endpoint}")},
        )
        try:
            self._world.fleet.set_desired(target.resource, capacity, now, activity)
        except AwsError as error:
            self.finished(activity, target, now, False, error.message)
        return activity

    def finished(self, activity: Activity, target: Target | None, now: float, ok: bool, message: str) -> None:
        """Close the activity; its target, if still registered, is free again and its cooldown starts."""
        if activity.end is not None:
            return
        count = f"desired instance count to {activity.capacity}."
        activity.end = now
        activity.status = "Successful" if ok else "Failed"
        if ok:
            activity.message = f"Successfully set {count} {FULFILLED}"
        else:
            activity.message = f"Failed to set {count} Reason: {message}"
        if target is None or target.running is not activity:
            return
        target.running = None
        if ok and activity.capacity is not None:
            if activity.capacity > activity.before:
                target.out_ended = now
                target.out_base, target.out_reached = activity.before, activity.capacity
            else:
                target.in_ended = now
        if target.clamp_at is not None:
            target.clamp_at = now

    def clamp(self, target: Target, now: float) -> None:
        """Move the capacity inside the bounds, or set `clamp_at` where the endpoint cannot be changed now."""
        target.clamp_at = None
        try:
            _, desired, updating = self._world.fleet.capacity(target.resource)
        except KeyError:
            return
        capacity = clamp(desired, target.bounds)
        if capacity == desired:
            if updating and target.running is not None:
                target.clamp_at = now + RETRY_S  # it may fall back to where it was
            return
        if not updating:
            bound = "minimum" if capacity > desired else "maximum"
            cause = f"{bound} capacity was set to {capacity}"
            if self.move(target, capacity, desired, cause, now).status != "Failed":
                return
        target.clamp_at = now + RETRY_S

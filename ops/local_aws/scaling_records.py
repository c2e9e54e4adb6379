"""Records of Application Auto Scaling: targets, policies, actions, activities. Times are epoch seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ops.core.autoscaling import AlarmMachine
from ops.core.schedule import Schedule
from ops.core.types import Bounds, Step, Suspended

NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
PRINCIPAL = "sagemaker.application-autoscaling.amazonaws.com"
TARGET_TRACKING, STEP = "TargetTrackingScaling", "StepScaling"
COOLDOWN_S = 300
"""What AWS takes for an endpoint's variant where a policy names no cooldown (facts B.4)."""
NEVER = float("-inf")


class AlarmLike(Protocol):
    """What the engine reads of an alarm."""

    @property
    def name(self) -> str: ...
    @property
    def arn(self) -> str: ...
    @property
    def machine(self) -> AlarmMachine: ...
    @property
    def actions(self) -> Sequence[str]: ...
    @property
    def actions_enabled(self) -> bool: ...
    @property
    def threshold(self) -> float: ...
    @property
    def latest(self) -> float | None: ...
    @property
    def updated(self) -> float:
        """When its state changed last."""
        ...

    def recent(self) -> Sequence[float]:
        """The known values of its evaluation range, oldest first."""
        ...


@dataclass(slots=True)
class Activity:
    """One scaling activity. `capacity` is the desired count it sets (None: it sets bounds, or nothing)."""

    id: str
    resource: str
    description: str
    cause: str
    start: float
    capacity: int | None = None
    before: int = 0
    """The desired count when it began."""
    end: float | None = None
    status: str = "InProgress"
    message: str = ""
    not_scaled: tuple[dict[str, Any], ...] = ()


@dataclass(slots=True)
class Target:
    """A scalable target, with what acting on it has to remember."""

    resource: str
    arn: str
    bounds: Bounds
    created: float
    suspended: Suspended = field(default_factory=Suspended)
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    out_ended: float = NEVER
    """When the last scale-out completed."""
    out_base: int = 0
    """The desired count before that scale-out …"""
    out_reached: int = 0
    """… and after it."""
    in_ended: float = NEVER
    """When the last scale-in completed; a scale-out clears it."""
    running: Activity | None = None
    clamp_at: float | None = None
    """When to move the capacity inside the bounds, where that could not be done at once."""

    @property
    def endpoint(self) -> str:
        return self.resource.split("/")[1]

    @property
    def variant(self) -> str:
        return self.resource.split("/")[3]


@dataclass(slots=True)
class Policy:
    """A scaling policy. `config` is AWS's own structure, given back as it came."""

    name: str
    arn: str
    kind: str
    config: dict[str, Any]
    target: Target
    created: float
    tracking: float = 0.0
    """Target tracking: the target value."""
    out_cooldown: int = COOLDOWN_S
    in_cooldown: int = COOLDOWN_S
    scales_in: bool = True
    high: str = ""
    low: str = ""
    """Names of the owned alarms of target tracking."""
    steps: tuple[Step, ...] = ()
    adjustment: str = ""
    least: int | None = None
    """MinAdjustmentMagnitude."""
    direction: int | None = None
    """Step scaling: 1 only adds, -1 only removes, 0 both or exact. None for target tracking."""
    noted: dict[str, float] = field(default_factory=dict)
    """By alarm: the transition for which it was last noted that nothing was scaled."""


@dataclass(slots=True)
class Action:
    """A scheduled action. `due` is its next run, None once there is none left."""

    name: str
    arn: str
    target: Target
    schedule: Schedule
    created: float
    since: float
    """When it was last put; a rate counts from here."""
    timezone: str | None = None
    min: int | None = None
    max: int | None = None
    due: float | None = None

"""What would mend a finding, as typed values: the calls that change AWS, or the step that only a person can do.

Nothing here is carried out. `ops.core.fix_calls` says which calls a fix is; `ops.core.fix_texts` has
the languages that it is written in.
Source: facts B.2 (bounds), B.3 (policies), B.6 (schedules), F.5 and F.6 (alarms).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ops.core.resources import Resource
from ops.core.types import EndpointRef, MetricRef, StepPolicy, Suspended, TargetTrackingPolicy


@dataclass(frozen=True, slots=True)
class PolicyArn:
    """Stands for the ARN of a policy that an earlier change of the same fix makes, by its name."""

    policy: str


@dataclass(frozen=True, slots=True)
class ChosenTopic:
    """Stands for the ARN of an SNS topic that only the reader can name: who is to be told."""


@dataclass(frozen=True, slots=True)
class PutAlarm:
    """PutMetricAlarm: the whole definition, which replaces one of the same name. Times in seconds."""

    name: str
    metric: MetricRef | None
    threshold: float
    comparison: str
    period: int
    evaluation_periods: int
    datapoints_to_alarm: int
    missing: str
    actions: tuple[str | PolicyArn | ChosenTopic, ...]
    actions_enabled: bool = True
    description: str = ""
    ok_actions: tuple[str, ...] = ()
    no_data_actions: tuple[str, ...] = ()
    """InsufficientDataActions."""
    expression: Mapping[str, Any] | None = field(default=None, hash=False)
    """Without a `metric`: Metrics and ThresholdMetricId as AWS takes them."""


@dataclass(frozen=True, slots=True)
class EnableAlarmActions:
    name: str


@dataclass(frozen=True, slots=True)
class DeleteAlarms:
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegisterTarget:
    """RegisterScalableTarget. None leaves a part as it is; a first registration needs both bounds."""

    ref: EndpointRef
    min: int | None = None
    max: int | None = None
    suspended: Suspended | None = None


@dataclass(frozen=True, slots=True)
class DeregisterTarget:
    """Also removes the policies and scheduled actions of the target."""

    ref: EndpointRef


@dataclass(frozen=True, slots=True)
class PutPolicy:
    """PutScalingPolicy: the whole definition. The `arn` and `alarm_names` of `policy` do not count."""

    ref: EndpointRef
    policy: TargetTrackingPolicy | StepPolicy


@dataclass(frozen=True, slots=True)
class DeletePolicy:
    ref: EndpointRef
    name: str


@dataclass(frozen=True, slots=True)
class PutSchedule:
    """PutScheduledAction; `min` or `max` None is not set by it. `start` and `end` are kept by the caller."""

    ref: EndpointRef
    name: str
    schedule: str
    timezone: str
    min: int | None = None
    max: int | None = None
    start: str | None = None
    end: str | None = None
    """ISO 8601 in UTC."""


@dataclass(frozen=True, slots=True)
class DeleteSchedule:
    ref: EndpointRef
    name: str


@dataclass(frozen=True, slots=True)
class Create:
    """CreateModel, CreateEndpointConfig or CreateEndpoint."""

    resource: Resource


@dataclass(frozen=True, slots=True)
class Delete:
    """DeleteModel, DeleteEndpointConfig or DeleteEndpoint. What hangs on it stays: see ops.core.inventory."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Await:
    """To wait until an endpoint is in service, or gone: nothing changes by it, and what follows needs it.

    `serving`: in service with an instance at least; one that sleeps is in service without. `settled`: until AWS is
    not at work on it, in service or failed: only then it can be deleted.
    """

    name: str
    gone: bool = False
    serving: bool = False
    settled: bool = False


Change = (
    PutAlarm
    | EnableAlarmActions
    | DeleteAlarms
    | RegisterTarget
    | DeregisterTarget
    | PutPolicy
    | DeletePolicy
    | PutSchedule
    | DeleteSchedule
    | Create
    | Delete
    | Await
)


@dataclass(frozen=True, slots=True)
class Calls:
    """Changes to make one after the other. `effect`: what happens then, in a plain sentence."""

    changes: tuple[Change, ...]
    effect: str


@dataclass(frozen=True, slots=True)
class HumanStep:
    """What no call of Ebb's can do: a quota, capacity, a subscriber, a new deploy. One plain sentence."""

    step: str


Fix = Calls | HumanStep

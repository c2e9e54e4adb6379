"""How one endpoint is set up to scale: target, policies, scheduled actions, alarms; and where two set-ups differ.

Parts are compared as AWS takes them (`ops.core.fix_calls`), so that two spellings of one thing are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from ops.core import withheld
from ops.core.errors import BadInput
from ops.core.fix_calls import call
from ops.core.fix_left_out import MAPS
from ops.core.fixes import (
    Await,
    Change,
    Create,
    Delete,
    DeleteAlarms,
    DeletePolicy,
    DeleteSchedule,
    DeregisterTarget,
    EnableAlarmActions,
    PutAlarm,
    PutPolicy,
    PutSchedule,
    RegisterTarget,
)
from ops.core.resources import Resource
from ops.core.types import (
    Alarm,
    EndpointRef,
    MetricRef,
    Policy,
    ScalableTarget,
    ScheduledAction,
)

BOUNDS, SUSPENDED = "bounds", "suspended"
OWNED = "TargetTracking-"
"""Alarms that target tracking makes and removes by itself begin so."""
Parts = Mapping[str, Any]


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


@dataclass(frozen=True, slots=True)
class Setup:
    """Parts by their names. `target` None: the variant is not registered."""

    target: ScalableTarget | None = None
    policies: tuple[Policy, ...] = ()
    schedules: tuple[ScheduledAction, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    resources: tuple[Resource, ...] = ()
    """What SageMaker holds of it, where a change is about that."""

    def only(self, keys: Iterable[str]) -> Setup:
        """Without the parts that are not named; the target always stays."""
        wanted = set(keys)
        return Setup(
            self.target,
            tuple(p for p in self.policies if f"policy {p.name}" in wanted),
            tuple(s for s in self.schedules if f"schedule {s.name}" in wanted),
            tuple(a for a in self.alarms if f"alarm {a.name}" in wanted),
            tuple(r for r in self.resources if r.key in wanted),
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that two set-ups do not share. None: it is not there. Values as AWS's API spells them."""

    part: str
    """"bounds", "suspended", "policy NAME", "schedule NAME", "alarm NAME", or a resource: "endpoint NAME"."""
    before: Any
    after: Any


def parts(setup: Setup, ref: EndpointRef) -> Parts:
    """Every part by its name, as plain values that can be compared and shown."""
    found: dict[str, Any] = {BOUNDS: None, SUSPENDED: None}
    if setup.target is not None:
        bounds = setup.target.bounds
        found[BOUNDS] = {"MinCapacity": bounds.min, "MaxCapacity": bounds.max}
        found[SUSPENDED] = call(RegisterTarget(ref, suspended=setup.target.suspended)).parameters[
            "SuspendedState"
        ]
    for policy in setup.policies:
        found[f"policy {policy.name}"] = _plain(_policy(ref, policy))
    for schedule in setup.schedules:
        found[f"schedule {schedule.name}"] = _plain(call(put_schedule(ref, schedule)).parameters)
    for alarm in setup.alarms:
        found[f"alarm {alarm.name}"] = _plain(_alarm(alarm))
    for resource in setup.resources:
        found[resource.key] = _plain(resource.compared)
    return found


def touched(changes: Iterable[Change], before: Setup) -> tuple[str, ...]:
    """The names of the parts that changes are about, sorted."""
    found: set[str] = set()
    for change in changes:
        match change:
            case RegisterTarget():
                if change.min is not None or change.max is not None:
                    found.add(BOUNDS)
                if change.suspended is not None or before.target is None:
                    found.add(SUSPENDED)
            case DeregisterTarget():
                found |= {BOUNDS, SUSPENDED}
                found |= {f"policy {p.name}" for p in before.policies}
                found |= {f"schedule {s.name}" for s in before.schedules}
                found |= {
                    f"alarm {a.name}"
                    for a in before.alarms
                    if any(_runs(a, p.name, before) for p in before.policies)
                }
            case PutPolicy(policy=policy):
                found.add(f"policy {policy.name}")
            case DeletePolicy(name=name):
                found.add(f"policy {name}")
                found |= {f"alarm {a.name}" for a in before.alarms if _runs(a, name, before)}
            case PutSchedule(name=name) | DeleteSchedule(name=name):
                found.add(f"schedule {name}")
            case PutAlarm(name=name) | EnableAlarmActions(name=name):
                found.add(f"alarm {name}")
            case DeleteAlarms(names=names):
                found |= {f"alarm {name}" for name in names}
            case Create(resource):
                found.add(resource.key)
            case Delete(kind, name):
                found.add(f"{kind} {name}")
            case Await():
                pass
    return tuple(sorted(found))


def differences(before: Setup, after: Setup, ref: EndpointRef) -> tuple[Difference, ...]:
    """Where two set-ups differ, by the name of the part."""
    left, right = parts(before, ref), parts(after, ref)
    return tuple(
        Difference(key, left.get(key), right.get(key))
        for key in sorted(left.keys() | right.keys())
        if not _same(left.get(key), right.get(key))
    )


def replaced(present: Setup, other: Setup, keys: Iterable[str]) -> Setup:
    """The present set-up with the named parts as they are in another one, also where they are not there."""
    named = set(keys)
    target = present.target
    if other.target is None or target is None:
        target = other.target if named & {BOUNDS, SUSPENDED} else target
    else:
        bounds = other.target.bounds if BOUNDS in named else target.bounds
        off = other.target.suspended if SUSPENDED in named else target.suspended
        target = replace(target, bounds=bounds, suspended=off)
    return Setup(
        target,
        _swapped(present.policies, other.policies, "policy", named),
        _swapped(present.schedules, other.schedules, "schedule", named),
        _swapped(present.alarms, other.alarms, "alarm", named),
        _replaced(present.resources, other.resources, named),
    )


def _swapped(present: tuple[N, ...], other: tuple[N, ...], kind: str, named: set[str]) -> tuple[N, ...]:
    """Those of `other` where they are named, else those of `present`, in its order."""
    wanted: dict[str, N] = {item.name: item for item in other if f"{kind} {item.name}" in named}
    kept: list[N] = []
    for item in present:
        if f"{kind} {item.name}" not in named:
            kept.append(item)
        elif item.name in wanted:
            kept.append(wanted.pop(item.name))
    return (*kept, *wanted.values())


def _replaced(
    present: tuple[Resource, ...], other: tuple[Resource, ...], named: set[str]
) -> tuple[Resource, ...]:
    kept = tuple(r for r in present if r.key not in named)
    return (*kept, *(r for r in other if r.key in named))


def _runs(alarm: Alarm, policy: str, setup: Setup) -> bool:
    """Whether an alarm runs a policy, or belongs to it."""
    found = next((p for p in setup.policies if p.name == policy), None)
    return found is not None and (found.arn in alarm.actions or alarm.name in found.alarm_names)


def put_schedule(ref: EndpointRef, action: ScheduledAction) -> PutSchedule:
    """The change that makes a scheduled action as it is."""
    return PutSchedule(
        ref,
        action.name,
        action.schedule,
        action.timezone,
        action.min,
        action.max,
        _iso(action.start),
        _iso(action.end),
    )


def put_alarm(alarm: Alarm, metric: MetricRef | None = None) -> PutAlarm:
    """The change that makes an alarm as it is, or on another metric.

    Raises BadInput for an expression of which nothing is on record: an older Ebb kept none.
    """
    looks_at = metric or alarm.metric
    if looks_at is None and not alarm.expression:
        raise BadInput(
            f"The alarm {alarm.name} looks at an expression over several metrics.",
            "Ebb cannot write it anew: change it where it was made.",
        )
    return PutAlarm(
        alarm.name,
        looks_at,
        alarm.threshold,
        alarm.comparison,
        alarm.period,
        alarm.evaluation_periods,
        alarm.datapoints_to_alarm,
        alarm.missing,
        alarm.actions,
        alarm.actions_enabled,
        alarm.description,
        alarm.ok_actions,
        alarm.no_data_actions,
        alarm.expression if looks_at is None else None,
    )


def _policy(ref: EndpointRef, policy: Policy) -> Any:
    try:
        return call(PutPolicy(ref, policy)).parameters
    except ValueError:  # an expression: what is known of it is compared
        return {"PolicyName": policy.name, "PolicyType": "TargetTrackingScaling", "Expression": True}


def _alarm(alarm: Alarm) -> Any:
    if alarm.metric is None and not alarm.expression:
        return {"AlarmName": alarm.name, "Expression": True, "ActionsEnabled": alarm.actions_enabled}
    return call(put_alarm(alarm)).parameters


def _plain(value: Any) -> Any:
    """Values without the names of the resource, numbers as they compare, lists of actions in one order."""
    if isinstance(value, Mapping):
        drop = ("ServiceNamespace", "ResourceId", "ScalableDimension")
        return {k: _plain(v) for k, v in value.items() if k not in drop}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


def _same(one: Any, other: Any) -> bool:
    """An ARN that is not known before it is made matches any, and so does a value that is withheld."""
    if isinstance(one, str) and isinstance(other, str):
        return one == other or _stands_for(one, other) or _stands_for(other, one)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(
            withheld.same(one[k], other[k])
            if k in MAPS and isinstance(one[k], Mapping) and isinstance(other[k], Mapping)
            else _same(one[k], other[k])
            for k in one
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _stands_for(name: str, arn: str) -> bool:
    return name.startswith("policy ") and arn.endswith(f":policyName/{name.removeprefix('policy ')}")


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

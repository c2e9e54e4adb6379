"""How one endpoint is set up to scale: target, policies, scheduled actions, alarms. What changes make of it, and back.

`after` is what changes lead to, `steps` the changes that lead from one set-up to another: undo and restore are
`steps` back. Parts are compared as AWS takes them (`ops.core.fix_calls`), so that two spellings of one thing are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ops.core.errors import BadInput
from ops.core.fix_calls import call
from ops.core.fixes import (
    Change,
    ChosenTopic,
    DeleteAlarms,
    DeletePolicy,
    DeleteSchedule,
    DeregisterTarget,
    EnableAlarmActions,
    PolicyArn,
    PutAlarm,
    PutPolicy,
    PutSchedule,
    RegisterTarget,
)
from ops.core.types import (
    Alarm,
    Bounds,
    EndpointRef,
    Policy,
    ScalableTarget,
    ScheduledAction,
    StepPolicy,
    Suspended,
)

BOUNDS, SUSPENDED = "bounds", "suspended"
OWNED = "TargetTracking-"
"""Alarms that target tracking makes and removes by itself begin so."""
Parts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Setup:
    """Parts by their names. `target` None: the variant is not registered."""

    target: ScalableTarget | None = None
    policies: tuple[Policy, ...] = ()
    schedules: tuple[ScheduledAction, ...] = ()
    alarms: tuple[Alarm, ...] = ()

    def only(self, keys: Iterable[str]) -> Setup:
        """Without the parts that are not named; the target always stays."""
        wanted = set(keys)
        return Setup(
            self.target,
            tuple(p for p in self.policies if f"policy {p.name}" in wanted),
            tuple(s for s in self.schedules if f"schedule {s.name}" in wanted),
            tuple(a for a in self.alarms if f"alarm {a.name}" in wanted),
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that two set-ups do not share. None: it is not there. Values as AWS's API spells them."""

    part: str
    """"bounds", "suspended", "policy NAME", "schedule NAME" or "alarm NAME"."""
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
    return found


def touched(changes: Iterable[Change], before: Setup) -> tuple[str, ...]:
    """The names of the parts that changes are about, sorted."""
    found: set[str] = set()
    for change in changes:
        match change:
            case RegisterTarget():
                if change.min is not None or change.max is not None:
                    found.add(BOUNDS)
                if change.suspended is not None:
                    found.add(SUSPENDED)
            case DeregisterTarget():
                found |= {BOUNDS, SUSPENDED}
                found |= {f"policy {p.name}" for p in before.policies}
                found |= {f"schedule {s.name}" for s in before.schedules}
            case PutPolicy(policy=policy):
                found.add(f"policy {policy.name}")
            case DeletePolicy(name=name):
                found.add(f"policy {name}")
            case PutSchedule(name=name) | DeleteSchedule(name=name):
                found.add(f"schedule {name}")
            case PutAlarm(name=name) | EnableAlarmActions(name=name):
                found.add(f"alarm {name}")
            case DeleteAlarms(names=names):
                found |= {f"alarm {name}" for name in names}
    return tuple(sorted(found))


def differences(before: Setup, after: Setup, ref: EndpointRef) -> tuple[Difference, ...]:
    """Where two set-ups differ, by the name of the part."""
    left, right = parts(before, ref), parts(after, ref)
    return tuple(
        Difference(key, left.get(key), right.get(key))
        for key in sorted(left.keys() | right.keys())
        if not _same(left.get(key), right.get(key))
    )


def after(before: Setup, changes: Iterable[Change]) -> Setup:
    """What changes make of a set-up. Raises BadInput where AWS would refuse one for what is not there."""
    found = before
    for change in changes:
        found = _after(found, change)
    return found


def steps(present: Setup, wanted: Setup, ref: EndpointRef) -> tuple[Change, ...]:
    """The changes that lead from one set-up to another, in an order that AWS takes.

    Alarms that target tracking owns come and go with their policy. A policy that is made anew has another ARN, so
    alarms that named the old one are put with the new one.
    """
    keys = {d.part for d in differences(present, wanted, ref)}
    if wanted.target is None and present.target is not None:
        gone = (DeregisterTarget(ref),)
        kept = {a.name for a in wanted.alarms}
        lost = tuple(a.name for a in present.alarms if a.name not in kept and not a.name.startswith(OWNED))
        return (*gone, *((DeleteAlarms(lost),) if lost else ()))
    found: list[Change] = []
    if wanted.target is not None and keys & {BOUNDS, SUSPENDED}:
        new = present.target is None
        bounds, off = wanted.target.bounds, wanted.target.suspended
        moved = BOUNDS in keys
        found.append(
            RegisterTarget(
                ref,
                bounds.min if moved else None,
                bounds.max if moved else None,
                off if SUSPENDED in keys and (not new or off.any()) else None,
            )
        )
    there = {p.name for p in present.policies}
    renewed = {p.arn: p.name for p in wanted.policies if p.name not in there}
    for policy in wanted.policies:
        if f"policy {policy.name}" in keys or policy.name not in there:
            found.append(PutPolicy(ref, policy))
    names = {p.name for p in wanted.policies}
    found += [DeletePolicy(ref, p.name) for p in present.policies if p.name not in names]
    for schedule in wanted.schedules:
        if f"schedule {schedule.name}" in keys:
            found.append(put_schedule(ref, schedule))
    names = {s.name for s in wanted.schedules}
    found += [DeleteSchedule(ref, s.name) for s in present.schedules if s.name not in names]
    for alarm in wanted.alarms:
        stale = renewed.keys() & set(alarm.actions)
        if not alarm.name.startswith(OWNED) and (f"alarm {alarm.name}" in keys or stale):
            again = put_alarm(alarm)
            actions = tuple(
                PolicyArn(renewed[a]) if isinstance(a, str) and a in renewed else a for a in again.actions
            )
            found.append(replace(again, actions=actions))
    names = {a.name for a in wanted.alarms}
    gone_alarms = tuple(
        a.name for a in present.alarms if a.name not in names and not a.name.startswith(OWNED)
    )
    if gone_alarms:
        found.append(DeleteAlarms(gone_alarms))
    return tuple(found)


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


def put_alarm(alarm: Alarm) -> PutAlarm:
    """The change that makes an alarm as it is. Raises BadInput for an expression, of which Ebb knows no parts."""
    if alarm.metric is None:
        raise BadInput(
            f"The alarm {alarm.name} looks at an expression over several metrics.",
            "Ebb cannot write it anew: change it where it was made.",
        )
    return PutAlarm(
        alarm.name,
        alarm.metric,
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
    )


def _after(before: Setup, change: Change) -> Setup:
    match change:
        case RegisterTarget():
            return replace(before, target=_registered(before.target, change))
        case DeregisterTarget():
            return Setup(alarms=tuple(a for a in before.alarms if not a.name.startswith(OWNED)))
        case PutPolicy(policy=policy):
            old = next((p for p in before.policies if p.name == policy.name), None)
            arn = old.arn if old is not None else ""
            alarms = old.alarm_names if old is not None else ()
            return replace(
                before, policies=_with(before.policies, replace(policy, arn=arn, alarm_names=alarms))
            )
        case DeletePolicy(name=name):
            old = next((p for p in before.policies if p.name == name), None)
            taken = () if old is None or isinstance(old, StepPolicy) else old.alarm_names
            return replace(
                before,
                policies=tuple(p for p in before.policies if p.name != name),
                alarms=tuple(a for a in before.alarms if a.name not in taken),
            )
        case PutSchedule():
            return replace(before, schedules=_with(before.schedules, _action(change)))
        case DeleteSchedule(name=name):
            return replace(before, schedules=tuple(s for s in before.schedules if s.name != name))
        case PutAlarm():
            return replace(before, alarms=_with(before.alarms, _made(change, before.policies)))
        case EnableAlarmActions(name=name):
            on = tuple(replace(a, actions_enabled=True) if a.name == name else a for a in before.alarms)
            return replace(before, alarms=on)
        case DeleteAlarms(names=names):
            return replace(before, alarms=tuple(a for a in before.alarms if a.name not in names))


def _registered(target: ScalableTarget | None, change: RegisterTarget) -> ScalableTarget:
    if target is None:
        if change.min is None or change.max is None:
            raise BadInput(
                "This variant is not registered with Application Auto Scaling yet.",
                "Give both a minimum and a maximum.",
            )
        return ScalableTarget(Bounds(change.min, change.max), change.suspended or Suspended())
    low = target.bounds.min if change.min is None else change.min
    high = target.bounds.max if change.max is None else change.max
    off = target.suspended if change.suspended is None else change.suspended
    return replace(target, bounds=Bounds(low, high), suspended=off)


def _action(change: PutSchedule) -> ScheduledAction:
    return ScheduledAction(
        change.name,
        change.schedule,
        change.timezone,
        change.min,
        change.max,
        _time(change.start),
        _time(change.end),
    )


def _made(change: PutAlarm, policies: tuple[Policy, ...]) -> Alarm:
    arns = {p.name: p.arn for p in policies}
    actions = tuple(
        arns.get(a.policy) or f"policy {a.policy}"
        if isinstance(a, PolicyArn)
        else "the chosen topic"
        if isinstance(a, ChosenTopic)
        else a
        for a in change.actions
    )
    return Alarm(
        change.name,
        "INSUFFICIENT_DATA",
        "",
        None,
        change.metric,
        change.threshold,
        change.comparison,
        change.period,
        change.evaluation_periods,
        change.datapoints_to_alarm,
        change.missing,
        actions,
        change.actions_enabled,
        change.ok_actions,
        change.no_data_actions,
        change.description,
    )


def _with(items: tuple[Any, ...], item: Any) -> tuple[Any, ...]:
    """One item put in the place of that with its name, or behind all."""
    if any(each.name == item.name for each in items):
        return tuple(item if each.name == item.name else each for each in items)
    return (*items, item)


def _policy(ref: EndpointRef, policy: Policy) -> Any:
    try:
        return call(PutPolicy(ref, policy)).parameters
    except ValueError:  # an expression: what is known of it is compared
        return {"PolicyName": policy.name, "PolicyType": "TargetTrackingScaling", "Expression": True}


def _alarm(alarm: Alarm) -> Any:
    if alarm.metric is None:
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
    """An ARN that is not known before it is made matches any."""
    if isinstance(one, str) and isinstance(other, str):
        return one == other or _stands_for(one, other) or _stands_for(other, one)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _stands_for(name: str, arn: str) -> bool:
    return name.startswith("policy ") and arn.endswith(f":policyName/{name.removeprefix('policy ')}")


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00"))

"""What changes make of a set-up, and the changes that lead from one to another: undo and restore are steps back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from ops.core.errors import BadInput
from ops.core.fixes import (
    Await,
    Change,
    ChosenTopic,
    Create,
    Delete,
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
from ops.core.resources import CONFIG, ENDPOINT, KINDS, UNSETTLED, Resource
from ops.core.setup import (
    BOUNDS,
    OWNED,
    SUSPENDED,
    Difference,
    Setup,
    differences,
    put_alarm,
    put_schedule,
    replaced,
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

YET = "policy "
"""Begins what stands for the ARN of a policy that is not made yet."""


def after(before: Setup, changes: Iterable[Change]) -> Setup:
    """What changes make of a set-up. Raises BadInput where AWS would refuse one for what is not there."""
    found = before
    for change in changes:
        found = _after(found, change)
    return found


def steps(present: Setup, wanted: Setup, ref: EndpointRef) -> tuple[Change, ...]:
    """The changes that lead from one set-up to another, in an order that AWS takes.

    What an endpoint needs is made before it, and it is waited for before it is scaled; what goes, goes the other way.
    Alarms that target tracking owns come and go with their policy. A policy that is made anew has another ARN, so
    alarms that named the old one are put with the new one. What is made anew takes along what runs it. Raises BadInput
    where a configuration would go that an endpoint runs which stays: AWS forbids that.
    """
    keys = {d.part for d in differences(present, wanted, ref)}
    keys |= _dragged(present, wanted, keys)
    scaling = _scaling_steps(present, wanted, keys, ref)
    made, gone = _resource_steps(present, wanted, keys)
    if wanted.target is None and present.target is not None:
        return (*scaling, *gone, *made)
    return (*gone, *made, *scaling)


def _resource_steps(
    present: Setup, wanted: Setup, keys: Collection[str]
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """(what is made, what goes). Nothing of these can be changed in place: one that differs goes and is made anew."""
    there = {r.key for r in present.resources}
    new = sorted((r for r in wanted.resources if r.key in keys), key=_order)
    old = sorted((r for r in present.resources if r.key in keys), key=_order, reverse=True)
    made: list[Change] = [Create(r) for r in new]
    for each in wanted.resources:
        settled = each.key in there and not any(
            r.key == each.key and r.status in UNSETTLED for r in present.resources
        )
        if each.kind == ENDPOINT and (each.key in keys or not settled):
            made.append(Await(each.name))
    gone: list[Change] = []
    for each in old:
        if (
            each.kind == ENDPOINT
        ):  # it may fall asleep or wake before its turn comes: it cannot be deleted then
            gone.append(
                Await(each.name, gone=True) if each.status == "Deleting" else Await(each.name, settled=True)
            )
        if not (each.kind == ENDPOINT and each.status == "Deleting"):
            gone.append(Delete(each.kind, each.name))
        if each.kind == ENDPOINT and (any(r.kind == CONFIG for r in old) or each.key in {r.key for r in new}):
            gone.append(Await(each.name, gone=True))
    return tuple(made), tuple(gone)


def _dragged(present: Setup, wanted: Setup, keys: Collection[str]) -> set[str]:
    """The endpoints that have to be made anew because their configuration is. Raises BadInput."""
    there = {r.key for r in present.resources}
    stays = {r.key for r in wanted.resources}
    found = set()
    for each in wanted.resources:
        if each.kind != ENDPOINT or each.key in keys or each.key not in there:
            continue
        config = f"{CONFIG} {each.parameters.get('EndpointConfigName', '')}"
        if config not in keys or config not in there:
            continue
        if config not in stays:
            raise BadInput(
                f"The endpoint {each.name} runs the configuration {config.partition(' ')[2]}: it cannot go before it.",
                "Delete the endpoint, or let it run another configuration first.",
            )
        found.add(each.key)
    return found


def _order(resource: Resource) -> int:
    return KINDS.index(resource.kind)


def _scaling_steps(present: Setup, wanted: Setup, keys: set[str], ref: EndpointRef) -> tuple[Change, ...]:
    if wanted.target is None and present.target is not None:
        return (DeregisterTarget(ref), *_of_alarms(present, wanted, keys, {}))
    found: list[Change] = []
    registered = _registration(present, wanted, keys, ref)
    old, new = present.target, wanted.target
    if old is None or new is None or new.bounds.min <= old.bounds.min:
        found += registered
        registered = ()  # else last: what closes is there before what opens
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
    return (*found, *_of_alarms(present, wanted, keys, renewed), *registered)


def _registration(
    present: Setup, wanted: Setup, keys: set[str], ref: EndpointRef
) -> tuple[RegisterTarget, ...]:
    """What is sent of bounds and suspension."""
    if wanted.target is None or keys.isdisjoint((BOUNDS, SUSPENDED)):
        return ()
    bounds, off, moved = wanted.target.bounds, wanted.target.suspended, BOUNDS in keys
    tell = SUSPENDED in keys and (present.target is not None or off.any())
    return (
        RegisterTarget(
            ref, bounds.min if moved else None, bounds.max if moved else None, off if tell else None
        ),
    )


def _of_alarms(
    present: Setup, wanted: Setup, keys: Collection[str], renewed: Mapping[str, str]
) -> Iterable[Change]:
    """`renewed`: the policies that are made anew, by the ARN that they had."""
    there = {p.name: p.arn for p in present.policies if p.arn}
    for alarm in wanted.alarms:
        stale = renewed.keys() & set(alarm.actions)
        if not alarm.name.startswith(OWNED) and (f"alarm {alarm.name}" in keys or stale):
            actions = tuple(_run(action, renewed, there) for action in alarm.actions)
            yield replace(put_alarm(alarm), actions=actions)
    names = {a.name for a in wanted.alarms}
    gone = tuple(a.name for a in present.alarms if a.name not in names and not a.name.startswith(OWNED))
    if gone:
        yield DeleteAlarms(gone)


def _run(action: str, renewed: Mapping[str, str], there: Mapping[str, str]) -> str | PolicyArn:
    """An action with a stand-in where its policy has another ARN by then, or has had none yet (`_made`).

    `there`: the ARNs of the policies that exist: no step makes those, so that nothing stands for them.
    """
    if action.startswith(YET):
        name = action.removeprefix(YET)
        return there.get(name) or PolicyArn(name)
    return PolicyArn(renewed[action]) if action in renewed else action


def way_back(
    present: Setup, before: Setup, after: Setup, ref: EndpointRef
) -> tuple[Setup, tuple[Difference, ...]]:
    """(what taking a change back would lead to, what was changed since and would be lost by it).

    Of bounds and suspension only what the change moved goes back: a schedule may have moved the rest meanwhile.
    """
    keys = {d.part for d in differences(before, after, ref)}
    wanted = replaced(present, before, keys)
    old, new, now = before.target, after.target, present.target
    lost = {d.part for d in differences(after, present, ref)} & keys
    if old is not None and new is not None and now is not None and wanted.target is not None:
        low = old.bounds.min if old.bounds.min != new.bounds.min else now.bounds.min
        high = old.bounds.max if old.bounds.max != new.bounds.max else now.bounds.max
        if low <= high:  # else both go back: no bound can stand alone
            wanted = replace(wanted, target=replace(wanted.target, bounds=Bounds(low, high)))
            moved = (old.bounds.min != new.bounds.min and now.bounds.min != new.bounds.min) or (
                old.bounds.max != new.bounds.max and now.bounds.max != new.bounds.max
            )
            if not moved:
                lost.discard(BOUNDS)
        bounds = wanted.target.bounds if wanted.target is not None else old.bounds
        wanted = replace(wanted, target=replace(now, bounds=bounds, suspended=_off(old, new, now)))
    return wanted, tuple(d for d in differences(after, present, ref) if d.part in lost)


def _off(old: ScalableTarget, new: ScalableTarget, now: ScalableTarget) -> Suspended:
    """What is suspended now, with what a change moved put back."""
    moved = {
        f.name: getattr(old.suspended, f.name)
        for f in fields(Suspended)
        if getattr(old.suspended, f.name) != getattr(new.suspended, f.name)
    }
    return replace(now.suspended, **moved)


def _after(before: Setup, change: Change) -> Setup:
    match change:
        case RegisterTarget():
            return replace(before, target=_registered(before.target, change))
        case DeregisterTarget():
            kept = tuple(a for a in before.alarms if not a.name.startswith(OWNED))
            return Setup(alarms=kept, resources=before.resources)
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
        case Create(made):
            others = tuple(r for r in before.resources if r.key != made.key)
            return replace(before, resources=(*others, made))
        case Delete(kind, name):
            gone = f"{kind} {name}"
            return replace(before, resources=tuple(r for r in before.resources if r.key != gone))
        case Await():
            return before


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
        arns.get(a.policy) or f"{YET}{a.policy}"
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
        expression=change.expression,
    )


def _with(items: tuple[Any, ...], item: Any) -> tuple[Any, ...]:
    """One item put in the place of that with its name, or behind all."""
    if any(each.name == item.name for each in items):
        return tuple(item if each.name == item.name else each for each in items)
    return (*items, item)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00"))

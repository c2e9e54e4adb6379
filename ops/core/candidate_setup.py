"""A candidate as a set-up of scaling, and a set-up as a candidate, with what a candidate cannot hold. Pure.

Source: facts B.3 (the guide's two policies), B.6 (scheduled actions overwrite bounds).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ops.core import metrics
from ops.core.candidate import COOLDOWN_S, WAKE_PERIODS, Candidate, Machine, always_on
from ops.core.candidate_windows import reached, windowed
from ops.core.doctor.mending import TRACK_NAME, WAKE_NAME, tracking_policy, wake_alarm, wake_policy
from ops.core.setup import OWNED, Setup
from ops.core.types import (
    Alarm,
    Bounds,
    EndpointRef,
    Policy,
    ScalableTarget,
    ScheduledAction,
    Step,
    StepPolicy,
    Suspended,
    TargetTrackingPolicy,
)
from ops.core.warm_actions import open_at, recognised
from ops.core.warm_keep import active, outside_now

NEW = "new policy "
"""Stands for the ARN of a policy that is still to be made."""
_FIRES = (("GreaterThanOrEqualToThreshold", 1.0), ("GreaterThanThreshold", 0.0))
"""Alarms that fire at a signal of 1 and not at 0."""


@dataclass(frozen=True, slots=True)
class AsCandidate:
    """`left`: what of the set-up the candidate does not hold, in sentences."""

    candidate: Candidate
    left: tuple[str, ...] = ()


def read(setup: Setup, machine: Machine, now: datetime, instances: int | None = None) -> AsCandidate:
    """What a set-up is as a candidate, the same at whatever moment of the week. `instances`: how many there are, where
    nothing scales them.

    Bounds are those outside all scheduled actions. Those of others that open and close windows are warm windows; what
    else others run is left out, and the bounds are the widest that it leads to.
    """
    if setup.target is None:
        n = 1 if instances is None else instances
        return AsCandidate(always_on(n, machine), ("Nothing scales this endpoint: it keeps what it has.",))
    left: list[str] = []
    known = recognised(setup.schedules)
    bounds = outside_now(setup.target.bounds, setup.schedules, now)
    plans = tuple(dict.fromkeys(replace(g.plan, id=1) for g in known.plans))
    plans = tuple(replace(plan, id=number) for number, plan in enumerate(plans, 1))
    asleep = setup.target.suspended.scheduled
    theirs = None if plans or asleep else windowed(known.foreign)
    if theirs is not None:
        floor, back = theirs.plan.floor or 0, theirs.plan.back_min or 0
        meant = back if open_at(theirs.plan, now) is None else floor
        if bounds.min != meant:
            left.append(f"The minimum is {bounds.min} now, where the scheduled actions have set {meant}.")
        high = bounds.max if theirs.high is None else theirs.high
        if high < floor:
            left.append(
                f"{_names(a.name for a in known.foreign)}: its minimum is above the maximum of {high}."
            )
        bounds, plans = Bounds(min(back, high), high), (theirs.plan,) if high >= floor else ()
    elif known.foreign:
        bounds = reached(bounds, known.foreign, now, suspended=asleep)
        left.append(f"Scheduled actions that Ebb did not make: {_names(a.name for a in known.foreign)}.")
    if active(setup.schedules, now) is not None:
        left.append("It is kept warm until some time.")
    if setup.target.suspended.any():
        left.append("Scaling is suspended in part.")
    if bounds.min == bounds.max and not plans:
        return AsCandidate(always_on(bounds.min, machine), tuple(left))
    tracking = _tracking(setup.policies)
    wake = _wake(setup)
    rest = [p for p in setup.policies if p is not tracking and (wake is None or p is not wake[0])]
    if rest:
        left.append(f"Policies besides target tracking and waking: {_names(p.name for p in rest)}.")
    if tracking is not None and tracking.disable_scale_in:
        left.append(f"{tracking.name} never scales in.")
    if wake is not None and not _adds_one(wake[0]):
        left.append(f"{wake[0].name} adds something else than one instance.")
    periods = None if wake is None else wake[1].evaluation_periods
    return AsCandidate(
        Candidate(
            bounds.min,
            bounds.max,
            None if tracking is None else tracking.target,
            COOLDOWN_S if tracking is None else tracking.scale_in_cooldown,
            COOLDOWN_S if tracking is None else tracking.scale_out_cooldown,
            WAKE_PERIODS if bounds.min > 0 else None if periods is None else min(60, max(1, periods)),
            plans,
            machine,
        ),
        tuple(left),
    )


def scaled(
    present: Setup,
    candidate: Candidate,
    ref: EndpointRef,
    now: Bounds,
    keep: Collection[ScheduledAction] = (),
) -> Setup:
    """The set-up with policies, alarms and bounds as a candidate has them, and Ebb's own scheduled actions as they are.

    `now`: the bounds that hold at this moment, inside a warm window or not. What contradicts goes: other policies
    with the alarms that run them alone, scheduled actions of others but those to `keep`, suspension. Always on needs
    no policy to go.
    """
    own = [a for a in recognised(present.schedules).foreign if a not in keep]
    target = ScalableTarget(now, Suspended(), None if present.target is None else present.target.created)
    kept = replace(present, target=target, schedules=tuple(s for s in present.schedules if s not in own))
    if candidate.fixed is not None:
        return kept
    policies: list[Policy] = []
    if candidate.target is not None:
        policies.append(_tracking_for(present, candidate, ref))
    alarms = [a for a in present.alarms if not _runs_policy(a, present.policies)]
    wake = _wake(present)
    if candidate.wake is not None and (candidate.low == 0 or wake is not None):
        policy, alarm = _wake_for(present, candidate, ref, wake)
        policies.append(policy)
        alarms.append(alarm)
    stay = {p.arn for p in policies}
    for alarm in present.alarms:
        if alarm not in alarms and alarm.name not in {a.name for a in alarms}:
            alarms += _without(alarm, {p.arn for p in present.policies} - stay)
    return replace(kept, policies=tuple(policies), alarms=tuple(alarms))


def gone(present: Setup, wanted: Setup) -> tuple[str, ...]:
    """What a set-up has that another one has not: policies, alarms of users, scheduled actions; by their names."""
    found = [f"policy {p.name}" for p in present.policies if p.name not in {w.name for w in wanted.policies}]
    found += [
        f"alarm {a.name}"
        for a in present.alarms
        if a.name not in {w.name for w in wanted.alarms} and not a.name.startswith(OWNED)
    ]
    found += [
        f"scheduled action {s.name}"
        for s in recognised(present.schedules).foreign
        if s.name not in {w.name for w in wanted.schedules}
    ]
    return tuple(found)


def _tracking(policies: Iterable[Policy]) -> TargetTrackingPolicy | None:
    """The one that tracks the backlog per instance."""
    for policy in policies:
        if not isinstance(policy, TargetTrackingPolicy) or policy.metric is None:
            continue
        if policy.metric.name == metrics.PER_INSTANCE.name and policy.target > 0:
            return policy
    return None


def _wake(setup: Setup) -> tuple[StepPolicy, Alarm] | None:
    """The step policy that an alarm on requests without an instance runs."""
    for policy in setup.policies:
        if not isinstance(policy, StepPolicy):
            continue
        for alarm in setup.alarms:
            listens = alarm.metric is not None and alarm.metric.name == metrics.NO_CAPACITY.name
            if listens and alarm.actions_enabled and (policy.arn in alarm.actions):
                return policy, alarm
    return None


def _adds_one(policy: StepPolicy) -> bool:
    return policy.adjustment_type == "ChangeInCapacity" and [s.adjustment for s in policy.steps] == [1]


def _tracking_for(present: Setup, candidate: Candidate, ref: EndpointRef) -> TargetTrackingPolicy:
    assert candidate.target is not None
    there = _tracking(present.policies)
    if there is None:
        name = _free(TRACK_NAME, (p.name for p in present.policies))
        made = tracking_policy(ref, name).policy
        assert isinstance(made, TargetTrackingPolicy)
        there = replace(made, arn=f"{NEW}{name}")
    return replace(
        there,
        target=candidate.target,
        scale_in_cooldown=candidate.in_cooldown_s,
        scale_out_cooldown=candidate.out_cooldown_s,
        disable_scale_in=False,
    )


def _wake_for(
    present: Setup, candidate: Candidate, ref: EndpointRef, there: tuple[StepPolicy, Alarm] | None
) -> tuple[StepPolicy, Alarm]:
    """What is there and works stays as it is, but for how many minutes it takes."""
    periods = candidate.wake or WAKE_PERIODS
    if there is not None:
        policy, alarm = there
        if not _adds_one(policy):
            policy = replace(
                policy, adjustment_type="ChangeInCapacity", steps=(Step(0.0, None, 1),), min_adjustment=None
            )
        if (alarm.comparison, alarm.threshold) not in _FIRES:
            alarm = replace(alarm, comparison=_FIRES[0][0], threshold=_FIRES[0][1])
        if candidate.low == 0:
            alarm = replace(alarm, period=60, evaluation_periods=periods, datapoints_to_alarm=periods)
        return policy, alarm
    name = _free(WAKE_NAME, (p.name for p in present.policies))
    made = wake_policy(ref, name).policy
    assert isinstance(made, StepPolicy)
    put = wake_alarm(
        ref,
        (f"{NEW}{name}",),
        _free(f"{metrics.NO_CAPACITY.name}-{ref.name}", (a.name for a in present.alarms)),
    )
    alarm = Alarm(
        put.name,
        "INSUFFICIENT_DATA",
        "",
        None,
        put.metric,
        put.threshold,
        put.comparison,
        put.period,
        periods,
        periods,
        put.missing,
        (f"{NEW}{name}",),
        True,
    )
    return replace(made, arn=f"{NEW}{name}"), alarm


def _runs_policy(alarm: Alarm, policies: Iterable[Policy]) -> bool:
    return any(p.arn in alarm.actions or alarm.name in p.alarm_names for p in policies)


def _without(alarm: Alarm, arns: Collection[str]) -> list[Alarm]:
    """An alarm without the policies that go; nothing where it did nothing else. Owned ones go with their policy."""
    if alarm.name.startswith(OWNED):
        return [alarm]
    actions = tuple(a for a in alarm.actions if a not in arns)
    others = actions or alarm.ok_actions or alarm.no_data_actions
    return [replace(alarm, actions=actions)] if others else []


def _free(name: str, taken: Iterable[str]) -> str:
    used = set(taken)
    return next(n for n in (name, *(f"{name}-{k}" for k in range(2, 1000))) if n not in used)


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)

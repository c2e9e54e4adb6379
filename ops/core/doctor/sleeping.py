"""Rules on the way to sleep: why instances stay that nothing needs. Source: facts B.3-B.5, B.7, D.1, H.1 (3, 6, 7).

What stands in the way is found once, by ops.core.sleep: verdict and doctor cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from ops.core.awake import next_of
from ops.core.doctor import mending
from ops.core.doctor.case import Case
from ops.core.doctor.rule import Rule, needs
from ops.core.doctor.words import alarm_line, bounds_line, policies_line, steps_line
from ops.core.findings import Finding
from ops.core.fixes import Calls, Change, EnableAlarmActions, Fix, HumanStep, PutPolicy
from ops.core.sleep import low_alarms, no_way_down, sleep_after, why_not_asleep
from ops.core.types import (
    Activity,
    EndpointState,
    ScalableTarget,
    ScheduledAction,
    Severity,
    Step,
    StepPolicy,
    TargetTrackingPolicy,
)
from ops.core.wake import Obstacle
from ops.core.warm_actions import recognised
from ops.core.words import count, duration, listed

_PAID = "Instances are paid for by the hour as long as they are in service, whether requests come or not."
_WHY: Mapping[str, str] = MappingProxyType(
    {
        "scale-in-suspended": f"While scaling in is suspended, nothing takes an instance away. {_PAID}",
        "scale-in-disabled": f"A policy with DisableScaleIn only adds instances. {_PAID}",
        "no-scale-in-policy": f"The policies only add instances. {_PAID}",
        "scale-in-step-no-match": (
            "Steps are counted from the threshold of the alarm: below it, a step that begins at 0 is never met."
        ),
        "scale-in-alarm-off": f"The alarm fires, and with its actions switched off nobody hears. {_PAID}",
        "tracking-alarm-missing": (
            f"Target tracking acts through two alarms of its own, and without them sees nothing. {_PAID}"
        ),
    }
)
_SLEEPS = "It sleeps some time after its last request, and a request then waits for a start"


def rules() -> tuple[Rule, ...]:
    hearing = needs("scaling", "alarms")
    found = [Rule("minimum-above-zero", needs("scaling", "schedules"), minimum_above_zero)]
    found += [Rule(code, hearing, _stands(code)) for code in _WHY]
    found.append(Rule("scheduled-scaling-suspended", needs("scaling", "schedules"), scheduled_suspended))
    found.append(Rule("idle-not-sleeping", needs("scaling", "alarms", "metrics"), idle_not_sleeping))
    return tuple(found)


def minimum_above_zero(case: Case) -> Finding | None:
    """A minimum of 1 or more that no schedule has set, and none will lower."""
    seen, target = case.seen, case.seen.target
    if target is None or target.bounds.min < 1:
        return None
    holding = [g for g in recognised(seen.schedules).plans if g.plan.floor and (g.plan.back_min or 0) >= 1]
    own = {s.name for group in holding for s in group.actions}
    running = [s for s in seen.schedules if s.name not in own and next_of(s, seen.now) is not None]
    if any(s.min is not None for s in running):
        return None  # a warm window, or half of one: see unpaired-schedule
    low, raised = target.bounds.min, _raised(seen.moves)
    if holding:
        plan = holding[0].plan
        return Finding(
            "minimum-above-zero",
            Severity.WARNING,
            f"It never sleeps: Ebb's warm plan {plan.id} puts the minimum back to {plan.back_min} when it closes.",
            (bounds_line(target), f"{seen.endpoint.current} in service"),
            _PAID,
            HumanStep(
                f"Remove warm plan {plan.id} on the Capacity page, set the minimum to 0, and make the plan again."
            ),
        )
    past = [s for s in seen.schedules if s.min]
    shown = [bounds_line(target), f"{seen.endpoint.current} in service"]
    shown += [f"Activity: {raised.cause}, started by it"] if raised is not None else []
    shown += [_ended(past[0])] if past else ["No scheduled action sets the minimum"]
    return Finding(
        "minimum-above-zero",
        Severity.WARNING,
        f"It never sleeps: its minimum is {low}, and no schedule lowers it.",
        tuple(shown),
        _PAID,
        _mended(case, (mending.bounds(case, low=0),), f"{_SLEEPS}."),
        raised.start if raised is not None else None,
    )


def scheduled_suspended(case: Case) -> Finding | None:
    """Scheduled scaling is suspended: warm windows neither open nor close."""
    target, schedules = case.seen.target, case.seen.schedules
    if target is None or not target.suspended.scheduled:
        return None
    names = listed([s.name for s in schedules[:3]]) + (" and others" if len(schedules) > 3 else "")
    what = f"Scheduled scaling is suspended: {names} {'does' if len(schedules) == 1 else 'do'} not run."
    if not schedules:
        what = "Scheduled scaling is suspended; there is no scheduled action now."
    return Finding(
        "scheduled-scaling-suspended",
        Severity.WARNING if schedules else Severity.INFO,
        what,
        ("ScheduledScalingSuspended is true; since when is not on record", bounds_line(target)),
        "Runs that are missed while it is suspended are not made up for: the bounds stay as the last run left them.",
        Calls(
            (mending.resumed(case, scheduled=False),), "Scheduled actions run again, from their next time on."
        ),
    )


def idle_not_sleeping(case: Case) -> Finding | None:
    """Idle for longer than going to sleep takes, and nothing in the set-up says why."""
    seen = case.seen
    if case.verdict.state is not EndpointState.IDLE_PAID or why_not_asleep(seen) is not None:
        return None
    low = low_alarms(seen)
    which = f"the alarm {low[0].name}" if low else "the alarms of its policies"
    return Finding(
        "idle-not-sleeping",
        Severity.WARNING,
        f"It is idle and does not go to sleep, although the usual {duration(sleep_after(seen))} for that have passed.",
        (*(alarm_line(a, seen.now) for a in low), policies_line(seen.policies)),
        _PAID,
        HumanStep(
            f"Look at {which} in CloudWatch: whether the metric that it follows is published, and below its threshold."
        ),
        case.verdict.since,
    )


def _stands(code: str) -> Callable[[Case], Finding | None]:
    """The rule that one obstacle of ops.core.sleep keeps instances from leaving."""

    def look(case: Case) -> Finding | None:
        target = case.seen.target
        if target is None or not case.seen.policies:
            return None
        found = no_way_down(case.seen, target)
        if found is None or found.code != code:
            return None
        fix = _lifted(case, found)
        return Finding(
            code,
            Severity.WARNING,
            f"{'Once awake it' if case.at_zero else 'It'} does not go to sleep: {found.clause}.",
            _shown(case, target, found),
            _WHY[code],
            fix,
        )

    return look


def _lifted(case: Case, found: Obstacle) -> Fix:
    """What takes the obstacle away."""
    ref, policy, alarm = case.seen.endpoint.ref, found.policy, found.alarm
    if found.code == "scale-in-suspended":
        effect = f"{_SLEEPS}. If it protects a long request, wait until that has ended."
        return _mended(case, (mending.resumed(case, scale_in=False),), effect)
    if found.code == "scale-in-alarm-off" and alarm is not None:
        return _mended(case, (EnableAlarmActions(alarm.name),), f"{_SLEEPS}.")
    if isinstance(policy, StepPolicy):
        return _mended(case, (PutPolicy(ref, replace(policy, steps=(_downward(policy),))),), f"{_SLEEPS}.")
    if isinstance(policy, TargetTrackingPolicy):
        if policy.metric is None:
            return HumanStep(
                f"Put the policy {policy.name} anew with DisableScaleIn false; it follows an expression."
            )
        return _mended(case, (PutPolicy(ref, replace(policy, disable_scale_in=False)),), f"{_SLEEPS}.")
    return _mended(case, (mending.tracking_policy(ref),), f"{_SLEEPS}.")


def _downward(policy: StepPolicy) -> Step:
    """The step that takes most away, from the threshold down."""
    return Step(None, 0.0, min(s.adjustment for s in policy.steps))


def _mended(case: Case, changes: tuple[Change, ...], effect: str) -> Calls:
    """Its way to wake is mended first, where it has a fault too."""
    back = mending.way_back(case)
    return Calls((*back, *changes), f"First its way to wake is mended. {effect}" if back else effect)


def _shown(case: Case, target: ScalableTarget, found: Obstacle) -> tuple[str, ...]:
    shown = [bounds_line(target), f"{case.seen.endpoint.current} in service"]
    if found.code == "scale-in-suspended":
        shown.append("DynamicScalingInSuspended is true; since when is not on record")
    elif found.alarm is not None:
        shown.append(alarm_line(found.alarm, case.seen.now))
    if isinstance(found.policy, StepPolicy):
        shown.append(steps_line(found.policy))
    elif isinstance(found.policy, TargetTrackingPolicy) and found.policy.alarm_names:
        shown.append(
            f"Alarms of {found.policy.name}: {count(len(found.policy.alarm_names), 'name')} on its list"
        )
    return *shown, policies_line(case.seen.policies)


def _raised(moves: tuple[Activity, ...]) -> Activity | None:
    """The newest activity that a minimum of its own began."""
    return next((a for a in moves if "minimum capacity was set" in a.cause and a.desired), None)


def _ended(action: ScheduledAction) -> str:
    return f"{action.name} ({action.schedule}) once set the minimum to {action.min}, and does not run again"

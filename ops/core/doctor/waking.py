"""Rules on the way from a waiting request to the first instance. Source: facts B.3, B.5, D.1, H.1 (2, 4, 5, 6, 8).

What stands in the way is found once, by ops.core.wake: verdict and doctor cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ops.core import wake
from ops.core.doctor import mending
from ops.core.doctor.case import Case
from ops.core.doctor.rule import Rule, needs
from ops.core.doctor.words import actions_line, alarm_line, bounds_line, policies_line, steps_line
from ops.core.findings import Finding
from ops.core.fixes import Calls, HumanStep
from ops.core.moments import mark
from ops.core.types import EndpointState, Policy, Severity, StepPolicy, TargetTrackingPolicy
from ops.core.wake import Obstacle

_NO_DATA = "The alarm never gets a datapoint, stays in INSUFFICIENT_DATA and never fires."
_UNHEARD = (
    "Requests wait, and nothing is told to start an instance; they expire unseen after their time to live."
)
_WHY: Mapping[str, str] = MappingProxyType(
    {
        "maximum-zero": "Scaling keeps the count within its bounds: with a maximum of 0 nothing may start.",
        "scale-out-suspended": "While scaling out is suspended, alarms fire and nothing is started.",
        "no-scaling-policy": _UNHEARD,
        "no-wake-policy": (
            "The backlog per instance has no datapoint at zero instances, so that tracking it does not start the first "
            "one reliably; a step policy has to."
        ),
        "wake-alarm-no-action": _UNHEARD,
        "wake-alarm-off": "The alarm fires, and with its actions switched off it tells nobody.",
        "wake-alarm-other-policy": "The alarm fires, and no policy of this endpoint hears of it.",
        "wake-alarm-dimensions": f"The signal is published for EndpointName alone. {_NO_DATA}",
        "wake-alarm-unit": f"CloudWatch keeps each unit as a series of its own. {_NO_DATA}",
        "wake-alarm-comparison": "The alarm fires while nothing waits, and falls silent when something does.",
        "wake-alarm-threshold": "The signal is 1 while requests wait without an instance, and never more.",
        "wake-step-adds-nothing": "The alarm fires and the policy runs, but the count stays at 0.",
        "wake-step-no-match": (
            "Steps are counted from the threshold of the alarm: a breach that no step covers changes nothing."
        ),
    }
)


def rules() -> tuple[Rule, ...]:
    """The rules on waking, the plainest cause first."""
    hearing = needs("scaling", "alarms")
    bounded = {"maximum-zero", "scale-out-suspended", "no-scaling-policy"}
    found = [Rule("no-scaling-target", needs("scaling"), no_scaling_target)]
    found += [Rule(code, needs("scaling") if code in bounded else hearing, _stands(code)) for code in _WHY]
    found.append(Rule("unpublished-metric", hearing, unpublished_metric))
    found.append(Rule(wake.SILENT, needs("scaling", "alarms", "activities", "metrics"), nothing_starts))
    return tuple(found)


def no_scaling_target(case: Case) -> Finding | None:
    """Nothing registered: no instance ever starts or leaves by itself."""
    if case.seen.target is not None:
        return None
    current = case.seen.endpoint.current or 0
    says = "It cannot wake: no scaling is registered for it."
    why = _UNHEARD
    if not case.at_zero:
        says = "It never sleeps: no scaling is registered for it."
        why = "Its instances are paid for day and night, whether requests come or not."
    obstacle = Obstacle("no-scaling-target", "", "")
    return Finding(
        "no-scaling-target",
        case.urgency(),
        says,
        ("No scalable target for this variant", f"{current} in service", *case.harm()),
        why,
        Calls(
            mending.unblocked(case, obstacle),
            f"It sleeps when nothing is left to do and a request wakes it; at most {max(1, current)} in service.",
        ),
    )


def unpublished_metric(case: Case) -> Finding | None:
    """A policy follows a metric that only real-time endpoints publish."""
    seen = case.seen
    idle = [p for p in seen.policies if wake.unpublished(p)]
    if seen.target is None or not idle:
        return None
    name = idle[0].name
    blocked = [o for o in wake.obstacles(seen) if o.code == "unpublished-metric"]
    says = f"The policy {name} follows a metric that asynchronous endpoints never publish"
    says += ": it neither wakes nor sleeps by it." if blocked else ": it never acts."
    changes = mending.unblocked(case, blocked[0]) if blocked else mending.way_down(case)
    return Finding(
        "unpublished-metric",
        case.urgency() if blocked else Severity.WARNING,
        says,
        (policies_line(seen.policies), *case.harm()),
        "Without datapoints its alarms stay in INSUFFICIENT_DATA, and scaling does nothing in that state.",
        Calls(changes, _by_backlog(seen.policies)),
    )


def _by_backlog(policies: tuple[Policy, ...]) -> str:
    tracking = [p for p in policies if isinstance(p, TargetTrackingPolicy)]
    if all(wake.unpublished(p) for p in tracking):
        return f"{tracking[0].name} follows the backlog per instance: instances come and go with the queue."
    return "Only policies that can act are left."


def nothing_starts(case: Case) -> Finding | None:
    """The path looks whole, requests wait, and nothing starts all the same."""
    if case.verdict.state is not EndpointState.WAKE_STUCK or wake.blocked(case.seen) is not None:
        return None
    silent = wake.silent(case.seen)
    shown = (alarm_line(silent.alarm, case.seen.now),) if silent.alarm is not None else ()
    return Finding(
        wake.SILENT,
        Severity.CRITICAL,
        f"It does not wake: {silent.clause}.",
        (
            *shown,
            *(f"Refused at {mark(a.start, case.seen.now)}: {a.not_scaled[0]}" for a in case.refusals[:1]),
            *case.harm(),
        ),
        _UNHEARD,
        HumanStep(f"{silent.step[:1].upper()}{silent.step[1:]}.{wake.by_hand(case.seen)}"),
        case.verdict.since,
    )


def _refused(case: Case) -> tuple[str, ...]:
    """Why scaling last did nothing, where that is on record."""
    now = case.seen.now
    return tuple(f"Scaling did nothing at {mark(a.start, now)}: {a.not_scaled[0]}" for a in case.refusals[:1])


def _stands(code: str) -> Callable[[Case], Finding | None]:
    """The rule that one obstacle of ops.core.wake stands in the way."""

    def look(case: Case) -> Finding | None:
        found = next((o for o in wake.obstacles(case.seen) if o.code == code), None)
        if found is None or not (_sleeps(case) or code == "scale-out-suspended"):
            return None
        return Finding(
            code,
            _severity(case, code),
            _sentence(case, found),
            (*_shown(case, found), *case.harm()),
            _WHY[code],
            Calls(mending.unblocked(case, found), _effect(case)),
            found.alarm.updated if found.alarm is not None and case.harm() else None,
        )

    return look


def _severity(case: Case, code: str) -> Severity:
    """What tracking alone does at zero is not settled: that it will not wake is certain only where requests wait."""
    return Severity.WARNING if code == "no-wake-policy" and not case.harm() else case.urgency()


def _effect(case: Case) -> str:
    if case.harm():
        return "The requests that wait start the first instance, once the alarm has seen them."
    return "The next request starts the first instance."


def _sleeps(case: Case) -> bool:
    """Whether it is asleep, or may come to be: else nothing has to wake it."""
    target = case.seen.target
    lowered = any(s.min == 0 for s in case.seen.schedules)
    return case.at_zero or target is None or target.bounds.min == 0 or lowered


def _sentence(case: Case, found: Obstacle) -> str:
    if case.harm():
        return f"It cannot wake: {found.clause}."
    if case.at_zero:
        return f"A request would not wake it: {found.clause}."
    if found.code == "scale-out-suspended":
        return f"It cannot grow, nor wake once it sleeps: {found.clause}."
    return f"Once asleep it would not wake: {found.clause}."


def _shown(case: Case, found: Obstacle) -> tuple[str, ...]:
    seen = case.seen
    if found.alarm is not None:
        more: tuple[str, ...] = (steps_line(found.policy),) if isinstance(found.policy, StepPolicy) else ()
        if found.code == "wake-alarm-other-policy":
            more = tuple(_policy_there(case, a) for a in found.alarm.actions if mending.is_policy(a))
        return alarm_line(found.alarm, seen.now), actions_line(found.alarm), *more
    shown = (bounds_line(seen.target),) if seen.target is not None else ()
    if found.code == "scale-out-suspended":
        return *shown, "DynamicScalingOutSuspended is true; since when is not on record"
    if found.code == "maximum-zero":
        return shown
    remark = wake.tracked_per_instance(seen.policies)
    return policies_line(seen.policies), *((remark,) if remark else ())


def _policy_there(case: Case, arn: str) -> str:
    if arn in case.policy_arns:
        return "That policy belongs to another endpoint"
    return "That policy does not exist (any more)"

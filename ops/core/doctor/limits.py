"""Rules on growth: refused, short of capacity, late, at a limit. Source: facts B.8, D.1, E.7, H.1 (9, 12)."""

from __future__ import annotations

from datetime import datetime

from ops.core import metrics
from ops.core.doctor import mending
from ops.core.doctor.case import Case, Quota
from ops.core.doctor.rule import Rule, needs
from ops.core.doctor.words import alarm_line, bounds_line, policies_line
from ops.core.failing import log_group
from ops.core.findings import Finding
from ops.core.fixes import Calls, Fix, HumanStep
from ops.core.moments import mark
from ops.core.seen import over_quota, why_failed
from ops.core.starting import STILL_TRYING, short_of_capacity
from ops.core.types import Activity, EndpointState, Severity, TargetTrackingPolicy
from ops.core.words import count, duration, listed

LATE_S = 1200.0
"""A change that takes longer than this is late where no usual time is known."""
_LATE = (
    "What takes much longer than usual often ends without an instance: for lack of capacity, or in a container that "
    "does not answer.",
    "whether a container started; if none did, wait, or deploy another instance type",
)
_LINGERS = (
    "Instances that are on their way out are paid for until they are gone; whether AWS waits for a request that one of "
    "them still works on is not known.",
    "whether a request still runs, and wait for its end",
)
"""Why a count that is not reached matters, and what to look at: on the way up, and down."""
_STARVED = "Requests wait until an instance comes; they expire unseen after their time to live."


def rules() -> tuple[Rule, ...]:
    trying = needs("scaling", "activities")
    slow = needs("scaling", "metrics", "activities")
    return (
        Rule("quota-refused", trying, quota_refused),
        Rule("no-capacity", trying, no_capacity),
        Rule("start-fails", trying, start_fails),
        Rule("count-not-reached", trying, count_not_reached),
        Rule("at-maximum", slow, at_maximum),
        Rule("does-not-grow", slow | needs("alarms"), does_not_grow),
        Rule("maximum-above-quota", needs("scaling", "quotas"), maximum_above_quota),
    )


def quota_refused(case: Case) -> Finding | None:
    """The account's quota refuses the instance that was asked for."""
    failed = _failed(case)
    if failed is None or not over_quota(failed):
        return None
    kind = case.seen.endpoint.any_type
    return Finding(
        "quota-refused",
        _severity(case),
        f"{_cannot(case)}: {why_failed(failed, kind)}.",
        (*_attempt(case, failed), *_quota_lines(case), *case.harm()),
        _STARVED,
        HumanStep(
            f"Ask for a higher quota “{kind} for endpoint usage” in Service Quotas, or free an instance of this type "
            "elsewhere."
        ),
        _since(case, failed),
    )


def no_capacity(case: Case) -> Finding | None:
    """AWS has no instance to give, as it says itself or as the time it takes lets suppose."""
    failed, running = _failed(case), case.seen.running
    kind = case.seen.endpoint.any_type or "this type"
    if failed is not None and short_of_capacity(failed):
        says, told = f"{_cannot(case)}: AWS has no capacity for {kind} right now.", failed
    elif running is not None and case.verdict.state is EndpointState.WAKE_FAILING and failed is None:
        took = duration((case.seen.now - running.start).total_seconds())
        short = "AWS gives no instance, possibly for lack of capacity"
        if short_of_capacity(running):
            short = f"AWS has no capacity for {kind} right now"
        says, told = f"{_cannot(case)} for {took} already: {short}.", running
    else:
        return None
    usual = case.usual_wake_s
    known = (f"A start usually takes {duration(usual)}",) if usual is not None else ()
    return Finding(
        "no-capacity",
        _severity(case),
        says,
        (*_attempt(case, told), *known, *case.harm()),
        _STARVED,
        HumanStep(
            "Wait, or deploy a configuration with a further type in its InstancePools."
            if case.seen.endpoint.pools
            else "Wait, or deploy a configuration with another instance type, or with InstancePools to fall back on."
        ),
        told.start,
    )


def start_fails(case: Case) -> Finding | None:
    """An attempt to start ends in an error that is neither quota nor capacity."""
    failed = _failed(case)
    if failed is None or over_quota(failed) or short_of_capacity(failed):
        return None
    endpoint = case.seen.endpoint
    return Finding(
        "start-fails",
        _severity(case),
        f"{_cannot(case)}: {why_failed(failed, endpoint.any_type)}.",
        (*_attempt(case, failed), *case.harm()),
        _STARVED,
        HumanStep(
            f"Mend what the activity names; what a container says is in the log group {log_group(endpoint)}."
        ),
        _since(case, failed),
    )


def count_not_reached(case: Case) -> Finding | None:
    """The count in service is not the wanted one for longer than a start usually takes."""
    endpoint, now = case.seen.endpoint, case.seen.now
    if endpoint.current is None or endpoint.desired is None or endpoint.current == endpoint.desired:
        return None
    if case.verdict.state is EndpointState.WAKE_FAILING or _failed(case) is not None:
        return None  # said with its cause
    running, usual = case.seen.running, case.usual_wake_s
    since = running.start if running is not None else endpoint.modified
    took = (now - since).total_seconds()
    if took <= (max(2 * usual, usual + 300.0) if usual is not None else LATE_S):
        return None
    than = "How long a start takes is not on record"
    if usual is not None:
        than = f"A start usually takes {duration(usual)}"
    grows = endpoint.desired > endpoint.current
    why, step = _LATE if grows else _LINGERS
    return Finding(
        "count-not-reached",
        Severity.WARNING,
        f"It has {count(endpoint.current, 'instance')} instead of {endpoint.desired} for {duration(took)} already.",
        (than, *(_attempt(case, running) if running is not None else ()), *case.harm()),
        why,
        HumanStep(f"See in the log group {log_group(endpoint)} {step}."),
        since,
    )


def at_maximum(case: Case) -> Finding | None:
    """It does not keep up, and scaling may not add more."""
    endpoint, target = case.seen.endpoint, case.seen.target
    if target is None or case.verdict.state is not EndpointState.SLOW:
        return None
    most = target.bounds.max
    if (endpoint.current or 0) < most or (endpoint.desired or 0) > (endpoint.current or 0):
        return None
    return Finding(
        "at-maximum",
        case.verdict.severity,
        f"It does not keep up, and is at its maximum of {most}.",
        (bounds_line(target), *_queue(case), *_at_max(case), *_quota_lines(case)),
        "The queue grows older than instances can work it off; requests expire after their time to live.",
        _more(case, most),
    )


def does_not_grow(case: Case) -> Finding | None:
    """It does not keep up, and could have more instances, and does not ask for them."""
    endpoint, target = case.seen.endpoint, case.seen.target
    if target is None or case.verdict.state is not EndpointState.SLOW or target.suspended.scale_out:
        return None
    if (endpoint.desired or 0) != (endpoint.current or 0) or (endpoint.current or 0) >= target.bounds.max:
        return None
    if _failed(case) is not None:
        return None
    high = [a for a in case.seen.alarms if a.comparison.startswith("Greater") and a.metric is not None]
    grows = [a for a in high if a.metric is not None and a.metric.name != metrics.NO_CAPACITY.name]
    tracking = [p for p in case.seen.policies if isinstance(p, TargetTrackingPolicy)]
    aims = [f"the policy {p.name} aims at {p.target:g} for each instance" for p in tracking]
    step = f"Lower the target: {aims[0]}." if aims else "Add target tracking of the backlog per instance."
    return Finding(
        "does-not-grow",
        case.verdict.severity,
        f"It does not keep up, and does not grow, although its maximum is {target.bounds.max}.",
        (*_queue(case), policies_line(case.seen.policies), *(alarm_line(a, case.seen.now) for a in grows)),
        "A policy adds instances only above its target: what lies below is left to those that are there.",
        HumanStep(step),
    )


def maximum_above_quota(case: Case) -> Finding | None:
    """The account's quota leaves less than the maximum."""
    target, quota = case.seen.target, case.quota
    if target is None or quota is None or target.bounds.max <= quota.left or quota_refused(case) is not None:
        return None
    others = listed([f"{name} ({number})" for name, number in quota.held])
    held = f", and others keep {sum(n for _, n in quota.held)} of it" if quota.held else ""
    says = f"It can never have its maximum of {target.bounds.max}: the quota is {quota.limit}{held}."
    none = quota.left == 0
    if none:
        says = f"It cannot {'wake' if case.at_zero else 'wake again'}: the quota of its type is {quota.limit}{held}."
    return Finding(
        "maximum-above-quota",
        case.urgency() if none else Severity.WARNING,
        says,
        (bounds_line(target), *_quota_lines(case), *((f"Kept by others: {others}",) if others else ())),
        "AWS refuses what goes above the quota of the account: attempts fail while requests wait.",
        _within(case, quota),
    )


def _within(case: Case, quota: Quota) -> Fix:
    """The maximum as high as the quota leaves room for, unless more than that runs or is to run at some time."""
    target, running = case.seen.target, case.seen.endpoint.current or 0
    lows = [s.min for s in case.seen.schedules if s.min is not None]
    least = max(1, running, *lows, target.bounds.min if target is not None else 0)
    if least <= quota.left:
        effect = (
            f"At most {quota.left} may run, as the quota allows. For more, ask for a higher “{quota.name}”."
        )
        return Calls((mending.bounds(case, high=quota.left),), effect)
    other = f"lower the maximum to {quota.left}" if quota.left else "free an instance of this type elsewhere"
    return HumanStep(f"Ask for a higher quota “{quota.name}” in Service Quotas, or {other}.")


def _failed(case: Case) -> Activity | None:
    """The newest attempt, where it failed a short while ago and somebody waits for it."""
    failed = case.seen.failed
    waited = case.verdict.state in (EndpointState.WAKE_FAILING, EndpointState.WAKING) or bool(case.waiting)
    recent = failed and waited and case.seen.now - failed[0].start < STILL_TRYING
    return failed[0] if recent else None


def _severity(case: Case) -> Severity:
    stuck = case.verdict.severity is Severity.CRITICAL and not case.seen.endpoint.current
    return Severity.CRITICAL if stuck else Severity.WARNING


def _since(case: Case, failed: Activity) -> datetime | None:
    return case.verdict.since if case.verdict.state is EndpointState.WAKE_FAILING else failed.start


def _cannot(case: Case) -> str:
    return "It cannot grow" if case.seen.endpoint.current else "It cannot start its first instance"


def _attempt(case: Case, activity: Activity) -> tuple[str, ...]:
    tries = len(case.seen.failed)
    more = (f"{count(tries, 'attempt')} failed since the last success",) if tries > 1 else ()
    when = mark(activity.start, case.seen.now)
    return f"Activity of {when}, {activity.status}: {activity.message}", f"Cause: {activity.cause}", *more


def _quota_lines(case: Case) -> tuple[str, ...]:
    quota = case.quota
    if quota is None:
        return ()
    wanted = f"; all endpoints of this type together could ask for {quota.wanted}" if quota.wanted else ""
    return (f"Quota “{quota.name}”: {quota.limit}{wanted}",)


def _queue(case: Case) -> tuple[str, ...]:
    oldest = case.seen.latest(metrics.OLDEST)
    age = f", the oldest {duration(oldest)} old" if oldest is not None else ""
    return (f"{count(case.waiting or 0, 'request')} in the queue{age}",)


def _at_max(case: Case) -> tuple[str, ...]:
    refused = [a for a in case.refusals if "AlreadyAtMaxCapacity" in a.not_scaled]
    if not refused:
        return ()
    return (f"Scaling refused to add more at {mark(refused[0].start, case.seen.now)}: AlreadyAtMaxCapacity",)


def _more(case: Case, most: int) -> Fix:
    """Twice the maximum, as far as the quota is known to allow it."""
    room = case.quota.left if case.quota is not None else None
    if room is None or case.quota is None:
        return HumanStep("Raise the maximum, as far as the account's quota for this type allows.")
    if room <= most:
        return HumanStep(
            f"Ask for a higher quota “{case.quota.name}” in Service Quotas, then raise the maximum."
        )
    high = min(2 * most, room)
    return Calls((mending.bounds(case, high=high),), f"Up to {high} may run, which the quota allows.")

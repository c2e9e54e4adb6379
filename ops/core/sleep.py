"""Can it sleep? What takes the last instance away, what stands in the way, and what would mend that.

Source: facts B.3 (two-policy set-up), B.4, B.5, H.1.
"""

from __future__ import annotations

from ops.core import metrics, wake
from ops.core.seen import Seen
from ops.core.types import Alarm, ScalableTarget, StepPolicy, TargetTrackingPolicy
from ops.core.wake import Obstacle

SETTLE_S = 300


def why_not_asleep(seen: Seen) -> Obstacle | None:
    """Why nothing takes the last instance away; None where it seems possible or is not seen.

    The step names the way back first, where a sleeping endpoint would not wake again.
    """
    if "scaling" in seen.hidden:
        return None
    target = seen.target
    if target is None:
        step = (
            "register the variant as a scalable target, give it a wake policy, and only then a minimum of 0"
        )
        return Obstacle("no scaling is registered for it, so it never sleeps", step)
    found = _held(seen, target)
    if found is None:
        return None
    back = wake.blocked(seen)
    if back is not None:
        return Obstacle(
            found.clause, f"first mend its way to wake, which has a fault too: {back.step}; then {found.step}"
        )
    if "alarms" in seen.hidden:
        return Obstacle(found.clause, f"make sure that its wake policy works; then {found.step}")
    return found


def _held(seen: Seen, target: ScalableTarget) -> Obstacle | None:
    held = _no_way_down(seen, target)
    if target.bounds.min >= 1:
        more = f", and {held.step}" if held is not None else ""
        clause = f"its minimum is {target.bounds.min}, and no schedule lowers it"
        return Obstacle(clause, f"set the minimum to 0{more}; a request then waits for a start")
    return held


def _no_way_down(seen: Seen, target: ScalableTarget) -> Obstacle | None:
    if target.suspended.scale_in:
        return Obstacle("scaling in is suspended", "resume scaling in, unless it protects a long request")
    if any(isinstance(p, StepPolicy) and _takes_away(p) for p in seen.policies):
        return None
    tracking = [p for p in seen.policies if isinstance(p, TargetTrackingPolicy)]
    if not tracking:
        step = f"add target tracking of {metrics.PER_INSTANCE.name}, which takes instances away"
        return Obstacle("no policy takes instances away", step)
    name = tracking[0].name
    if all(p.disable_scale_in for p in tracking):
        return Obstacle(f"scaling in is switched off in the policy {name}", f"let the policy {name} scale in")
    if all(p.predefined is not None for p in tracking):
        step = f"let the policy {name} follow {metrics.PER_INSTANCE.name}"
        return Obstacle(f"the policy {name} follows a metric that asynchronous endpoints never publish", step)
    low = _low_alarms(seen)
    if low and not any(a.actions_enabled for a in low):
        off = f"the actions of the alarm {low[0].name}"
        return Obstacle(f"{off} are switched off", f"switch {off} on")
    return None


def scale_in_span(seen: Seen) -> float | None:
    """Seconds without work after which the scale-in alarm usually fires; None where none can fire or it is not seen."""
    target = seen.target
    if target is None or (seen.endpoint.current or 0) <= target.bounds.min or _no_way_down(seen, target):
        return None
    return max((float(a.period * a.evaluation_periods) for a in _low_alarms(seen)), default=None)


def _low_alarms(seen: Seen) -> list[Alarm]:
    """The alarms by which target tracking takes instances away."""
    arns = {p.arn for p in seen.policies if isinstance(p, TargetTrackingPolicy)}
    return [a for a in seen.alarms if a.comparison.startswith("LessThan") and set(a.actions) & arns]


def sleep_after(seen: Seen) -> float:
    """Seconds without work after which a healthy endpoint has gone to sleep: alarm, cooldown and a margin."""
    arns = {p.arn: p for p in seen.policies}
    spans = [
        a.period * a.evaluation_periods
        for a in seen.alarms
        if a.comparison.startswith("LessThan") and not arns.keys().isdisjoint(a.actions)
    ]
    cooldowns = [p.scale_in_cooldown for p in seen.policies if isinstance(p, TargetTrackingPolicy)]
    return max(spans, default=900) + max(cooldowns, default=300) + SETTLE_S


def _takes_away(policy: StepPolicy) -> bool:
    exact = policy.adjustment_type == "ExactCapacity"
    return any(s.adjustment == 0 if exact else s.adjustment < 0 for s in policy.steps)

"""Can it sleep? What takes the last instance away, what stands in the way, and what would mend that.

Source: facts B.3 (two-policy set-up), B.4, B.5, H.1.
"""

from __future__ import annotations

from dataclasses import replace

from ops.core import metrics, wake
from ops.core.autoscaling import step_scaling
from ops.core.seen import Seen
from ops.core.types import Alarm, ScalableTarget, StepPolicy, TargetTrackingPolicy
from ops.core.wake import Obstacle, unpublished

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
        return Obstacle("no-scaling-target", "no scaling is registered for it, so it never sleeps", step)
    found = _held(seen, target)
    if found is None:
        return None
    back = wake.blocked(seen)
    if back is not None:
        step = f"first mend its way to wake, which has a fault too: {back.step}; then {found.step}"
        return replace(found, step=step)
    if "alarms" in seen.hidden:
        return replace(found, step=f"make sure that its wake policy works; then {found.step}")
    return found


def _held(seen: Seen, target: ScalableTarget) -> Obstacle | None:
    held = no_way_down(seen, target)
    if target.bounds.min >= 1:
        more = f", and {held.step}" if held is not None else ""
        clause = f"its minimum is {target.bounds.min}, and no schedule lowers it"
        step = f"set the minimum to 0{more}; a request then waits for a start"
        return Obstacle("minimum-above-zero", clause, step)
    return held


def no_way_down(seen: Seen, target: ScalableTarget) -> Obstacle | None:
    """Why nothing would take the last instance away even at a minimum of 0."""
    if target.suspended.scale_in:
        step = "resume scaling in, unless it protects a long request"
        return Obstacle("scale-in-suspended", "scaling in is suspended", step)
    down = [p for p in seen.policies if isinstance(p, StepPolicy) and _takes_away(p)]
    if any(_covered(seen, p) for p in down):
        return None
    tracking = [p for p in seen.policies if isinstance(p, TargetTrackingPolicy)]
    if not tracking:
        return _unmatched(seen, down[0]) if down else _nothing_down()
    first = tracking[0]
    name = first.name
    if all(p.disable_scale_in for p in tracking):
        clause = f"scaling in is switched off in the policy {name}"
        return Obstacle("scale-in-disabled", clause, f"let the policy {name} scale in", policy=first)
    if all(unpublished(p) for p in tracking):
        step = f"let the policy {name} follow {metrics.PER_INSTANCE.name}"
        clause = f"the policy {name} follows a metric that asynchronous endpoints never publish"
        return Obstacle("unpublished-metric", clause, step, policy=first)
    if "alarms" in seen.hidden:
        return None
    low = low_alarms(seen)
    if not low and all(p.alarm_names for p in tracking):
        step = f"put the policy {name} anew, which makes its alarms again"
        return Obstacle("tracking-alarm-missing", f"the scale-in alarm of {name} is gone", step, policy=first)
    if low and not any(a.actions_enabled for a in low):
        off = f"the actions of the alarm {low[0].name}"
        return Obstacle("scale-in-alarm-off", f"{off} are switched off", f"switch {off} on", low[0])
    return None


def _nothing_down() -> Obstacle:
    step = f"add target tracking of {metrics.PER_INSTANCE.name}, which takes instances away"
    return Obstacle("no-scale-in-policy", "no policy takes instances away", step)


def _unmatched(seen: Seen, policy: StepPolicy) -> Obstacle:
    clause = f"no step of the policy {policy.name} covers what its alarm tells it"
    step = f"give the policy {policy.name} steps below the threshold (MetricIntervalUpperBound 0)"
    alarm = next(iter(_falling(seen, policy)), None)
    return Obstacle("scale-in-step-no-match", clause, step, alarm, policy)


def _falling(seen: Seen, policy: StepPolicy) -> list[Alarm]:
    """The alarms that run a policy when something falls."""
    return [a for a in seen.alarms if policy.arn in a.actions and a.comparison.startswith("LessThan")]


def _covered(seen: Seen, policy: StepPolicy) -> bool:
    """Whether a step matches when an alarm below its threshold runs the policy; other alarms are not judged."""
    falling = _falling(seen, policy)
    return not falling or any(
        step_scaling(1, a.threshold - 0.5, a.threshold, policy.steps, policy.adjustment_type) is not None
        for a in falling
    )


def scale_in_span(seen: Seen) -> float | None:
    """Seconds without work after which the scale-in alarm usually fires; None where none can fire or it is not seen."""
    target = seen.target
    if target is None or (seen.endpoint.current or 0) <= target.bounds.min or no_way_down(seen, target):
        return None
    return max((float(a.period * a.evaluation_periods) for a in low_alarms(seen)), default=None)


def low_alarms(seen: Seen) -> list[Alarm]:
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

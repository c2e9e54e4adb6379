"""Can it wake? The path from a waiting request to the first instance: metric, alarm, action, policy, bounds.

Source: facts B.3 (two-policy set-up), B.5, D.1, H.1. At zero instances only the queue metrics are published.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ops.core import metrics
from ops.core.seen import Seen
from ops.core.types import Alarm, Policy, StepPolicy, TargetTrackingPolicy

AT_ZERO = (metrics.NO_CAPACITY.name, metrics.BACKLOG.name, metrics.OLDEST.name)
"""Metrics that are published while there is no instance."""
JUST_FIRED = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands in the way of scaling, as a clause, and the step that would mend it, as a sentence without stop."""

    clause: str
    step: str


WAKE_POLICY = (
    "a step policy that adds 1 instance, run by an alarm on HasBacklogWithoutCapacity ≥ 1 "
    "(dimension EndpointName only)"
)


def blocked(seen: Seen) -> Obstacle | None:
    """Why the first instance cannot start; None where the path looks whole or cannot be seen."""
    if "scaling" in seen.hidden:
        return None
    target = seen.target
    if target is None:
        step = "register the variant as a scalable target with a minimum of 0, and give it a wake policy"
        return Obstacle("no scaling is registered for it", step)
    if target.bounds.max == 0:
        return Obstacle("its maximum is 0", "raise the maximum to 1 or more")
    if target.suspended.scale_out:
        return Obstacle("scaling out is suspended", "resume scaling out")
    if not seen.policies:
        return Obstacle("it has no scaling policy", f"add {WAKE_POLICY}")
    if "alarms" in seen.hidden or any(_leads_up(seen, a) for a in seen.alarms):
        return None
    flawed = [_flaw(seen, a) for a in _wake_alarms(seen)]
    if flawed:
        return flawed[0]
    if _only_unpublished(seen.policies):
        clause = "its policies follow a metric that asynchronous endpoints never publish"
        return Obstacle(clause, f"add {WAKE_POLICY}")
    return Obstacle("no policy starts the first instance", f"add {WAKE_POLICY}")


def path(seen: Seen) -> str:
    """What would start the first instance, as a line of evidence; says so where that could not be read."""
    unread = sorted(seen.hidden & {"scaling", "alarms"})
    if unread:
        return f"Whether a request would wake it is not known: {' and '.join(unread)} could not be read"
    for alarm in seen.alarms:
        if _leads_up(seen, alarm):
            return f"A request would wake it: the alarm {alarm.name} runs {_policies_run_by(seen, alarm)[0].name}"
    return "Whether a request would wake it is not known"


def by_hand(seen: Seen) -> str:
    """How to wake it now, where raising the minimum can do that; else nothing."""
    if seen.target is None or seen.target.bounds.max == 0 or seen.target.suspended.scale_out:
        return ""
    return " At once: set the minimum to 1, and back to 0 when it is awake."


def fires_now(seen: Seen) -> bool:
    """Whether an alarm of one of the policies began to ask for more a moment ago."""
    if seen.target is not None and seen.target.suspended.scale_out:
        return False
    return any(
        a.state == "ALARM"
        and _rises(a)
        and _policies_run_by(seen, a)
        and a.actions_enabled
        and _recent(seen, a)
        for a in seen.alarms
    )


def silent(seen: Seen) -> Obstacle:
    """What is known where the path looks whole and nothing starts all the same."""
    for alarm in seen.alarms:
        if _leads_up(seen, alarm):
            return _silent_alarm(seen, alarm)
    hidden = sorted(seen.hidden & {"scaling", "alarms", "activities"})
    if hidden:
        clause = f"the cause cannot be seen ({' and '.join(hidden)} could not be read)"
        return Obstacle(clause, "allow Ebb to read that part, or look at it in the AWS console")
    return Obstacle("nothing has started an instance", "look at the alarms and at the scaling activities")


def _silent_alarm(seen: Seen, alarm: Alarm) -> Obstacle:
    if alarm.state != "ALARM":
        step = f"look at the alarm {alarm.name} in CloudWatch: its history, threshold and datapoints"
        return Obstacle(f"the alarm {alarm.name} is {alarm.state} and has not fired", step)
    if "activities" in seen.hidden:
        clause = (
            f"the alarm {alarm.name} is in ALARM; what its policy did is not known, "
            "because the scaling activities could not be read"
        )
        return Obstacle(clause, "allow application-autoscaling:DescribeScalingActivities")
    clause = f"the alarm {alarm.name} is in ALARM, and its policy has not acted"
    return Obstacle(clause, f"look at the history of the alarm {alarm.name} in CloudWatch")


def tracked_per_instance(policies: tuple[Policy, ...]) -> str | None:
    """A remark on target tracking of the backlog per instance, which is not settled at zero instances."""
    for policy in policies:
        metric = policy.metric if isinstance(policy, TargetTrackingPolicy) else None
        if metric is not None and metric.name == metrics.PER_INSTANCE.name:
            return (
                f"{policy.name} tracks the backlog per instance with a target of {_target(policy):g}; "
                "what it does at zero instances is not settled, at best it acts above that target."
            )
    return None


def _target(policy: Policy) -> float:
    return policy.target if isinstance(policy, TargetTrackingPolicy) else 0.0


def _wake_alarms(seen: Seen) -> list[Alarm]:
    return [a for a in seen.alarms if a.metric is not None and a.metric.name == metrics.NO_CAPACITY.name]


def _leads_up(seen: Seen, alarm: Alarm) -> bool:
    """Whether this alarm can start the first instance."""
    if not alarm.actions_enabled or not any(_goes_up(p) for p in _policies_run_by(seen, alarm)):
        return False
    metric = alarm.metric
    if metric is None:
        return True  # an expression: cannot be judged, so not called broken
    if metric.namespace != metrics.AWS:
        return not metric.namespace.startswith(("AWS/", "/aws/"))  # somebody's own metric
    return metric.name in AT_ZERO and _rises(alarm) and _right_place(seen, alarm)


def _flaw(seen: Seen, alarm: Alarm) -> Obstacle:
    """What is wrong with an alarm on HasBacklogWithoutCapacity."""
    name, its = alarm.name, f"the alarm {alarm.name}"
    if not alarm.actions:
        return Obstacle(f"{its} has no action", f"let {its} run {_a_wake_policy(seen)}")
    if not alarm.actions_enabled:
        return Obstacle(f"the actions of {its} are switched off", f"switch the actions of {its} on")
    run = _policies_run_by(seen, alarm)
    if not run:
        return Obstacle(f"{its} runs no policy of this endpoint", f"let {its} run {_a_wake_policy(seen)}")
    if not _right_place(seen, alarm):
        return _misplaced(seen, alarm)
    if not _rises(alarm):
        step = f"let {its} fire at HasBacklogWithoutCapacity ≥ 1"
        return Obstacle(f"{its} fires when the signal falls, not when it rises", step)
    return Obstacle(
        f"the policy of the alarm {name} adds no instance", f"let the policy {run[0].name} add 1 instance"
    )


def _misplaced(seen: Seen, alarm: Alarm) -> Obstacle:
    metric, own = alarm.metric, seen.endpoint.ref.name
    assert metric is not None
    if metric.dimensions == (("EndpointName", own),):
        clause = f"the alarm {alarm.name} asks for the unit {metric.unit}, which is never published"
        return Obstacle(clause, f"remove the unit from the alarm {alarm.name}, or make it Count")
    step = f"give the alarm {alarm.name} one dimension alone: EndpointName = {own}"
    names = ", ".join(n for n, _ in metric.dimensions) or "none"
    if names == "EndpointName":
        return Obstacle(f"the alarm {alarm.name} watches the endpoint {metric.dimensions[0][1]}", step)
    return Obstacle(f"the alarm {alarm.name} looks at the wrong dimensions ({names})", step)


def _a_wake_policy(seen: Seen) -> str:
    """The step policy that would start the first instance, where there is one."""
    up = [p.name for p in seen.policies if isinstance(p, StepPolicy) and _goes_up(p)]
    return f"the policy {up[0]}" if up else "a step policy that adds 1 instance"


def _policies_run_by(seen: Seen, alarm: Alarm) -> list[Policy]:
    return [p for p in seen.policies if p.arn and p.arn in alarm.actions]


def _goes_up(policy: Policy) -> bool:
    return not isinstance(policy, StepPolicy) or any(s.adjustment > 0 for s in policy.steps)


def _rises(alarm: Alarm) -> bool:
    return alarm.comparison.startswith("GreaterThan")


def _right_place(seen: Seen, alarm: Alarm) -> bool:
    metric = alarm.metric
    if metric is None:
        return True
    return metric.dimensions == (("EndpointName", seen.endpoint.ref.name),) and metric.unit in (None, "Count")


def _only_unpublished(policies: tuple[Policy, ...]) -> bool:
    never = ("Invocations", "InvocationsPerInstance", "OverheadLatency")
    return all(
        isinstance(p, TargetTrackingPolicy)
        and (p.predefined is not None or (p.metric is not None and p.metric.name in never))
        for p in policies
    )


def _recent(seen: Seen, alarm: Alarm) -> bool:
    return alarm.updated is not None and seen.now - alarm.updated <= JUST_FIRED

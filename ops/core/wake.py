"""Can it wake? The path from a waiting request to the first instance: metric, alarm, action, policy, bounds.

Source: facts B.3 (two-policy set-up), B.5, D.1, H.1. At zero instances only the queue metrics are published.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from ops.core import metrics
from ops.core.autoscaling import COMPARISONS, AlarmRule, Decision, step_scaling
from ops.core.seen import Seen
from ops.core.types import Alarm, Policy, StepPolicy, TargetTrackingPolicy

AT_ZERO = (metrics.NO_CAPACITY.name, metrics.BACKLOG.name, metrics.OLDEST.name)
"""Metrics that are published while there is no instance."""
NEVER = ("Invocations", "InvocationsPerInstance", "OverheadLatency")
"""Metrics of real-time endpoints that asynchronous ones never publish."""
JUST_FIRED = timedelta(minutes=3)
SEEN_AFTER = timedelta(minutes=4)
"""So long after a minute its datapoint is there and was evaluated (facts F.3: two to three minutes)."""
SILENT, NOT_SEEN = "nothing-starts", "not-seen"
"""Codes of what is known where the path looks whole: nothing has started, or part of it cannot be seen."""
SIGNAL = 1.0
"""What HasBacklogWithoutCapacity is while requests wait without an instance; else it is 0."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands in the way of scaling, as a clause, and the step that would mend it, as a sentence without stop.

    `code` is the doctor's name for it, `alarm` and `policy` are what is at fault, where one is.
    """

    code: str
    clause: str
    step: str
    alarm: Alarm | None = None
    policy: Policy | None = None


WAKE_POLICY = (
    "a step policy that adds 1 instance, run by an alarm on HasBacklogWithoutCapacity ≥ 1 "
    "(dimension EndpointName only)"
)


def blocked(seen: Seen) -> Obstacle | None:
    """Why the first instance cannot start; None where the path looks whole or cannot be seen."""
    return next(obstacles(seen), None)


def obstacles(seen: Seen) -> Iterator[Obstacle]:
    """All that keeps the first instance from starting; nothing where the path looks whole or cannot be seen."""
    if "scaling" in seen.hidden:
        return
    target = seen.target
    if target is None:
        step = "register the variant as a scalable target with a minimum of 0, and give it a wake policy"
        yield Obstacle("no-scaling-target", "no scaling is registered for it", step)
        return
    if target.bounds.max == 0:
        yield Obstacle("maximum-zero", "its maximum is 0", "raise the maximum to 1 or more")
    if target.suspended.scale_out:
        yield Obstacle("scale-out-suspended", "scaling out is suspended", "resume scaling out")
    if not seen.policies:
        yield Obstacle("no-scaling-policy", "it has no scaling policy", f"add {WAKE_POLICY}")
        return
    if "alarms" in seen.hidden or any(_leads_up(seen, a) for a in seen.alarms):
        return
    flawed = [_flaw(seen, a) for a in _wake_alarms(seen)]
    if flawed:
        yield from flawed
    elif all(unpublished(p) for p in seen.policies):
        clause = "its policies follow a metric that asynchronous endpoints never publish"
        yield Obstacle("unpublished-metric", clause, f"add {WAKE_POLICY}", policy=seen.policies[0])
    else:
        yield Obstacle("no-wake-policy", "no policy starts the first instance", f"add {WAKE_POLICY}")


def path(seen: Seen) -> str:
    """What would start the first instance, as a line of evidence; says so where that could not be read."""
    unread = sorted(seen.hidden & {"scaling", "alarms"})
    if unread:
        return f"Whether a request would wake it is not known: {' and '.join(unread)} could not be read"
    for alarm in seen.alarms:
        if _leads_up(seen, alarm):
            return (
                f"A request would wake it: the alarm {alarm.name} runs {policies_run_by(seen, alarm)[0].name}"
            )
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
        and policies_run_by(seen, a)
        and a.actions_enabled
        and _recent(seen, a)
        for a in seen.alarms
    )


def set_up_now(seen: Seen) -> Alarm | None:
    """The alarm that would start the first instance, where it was set up too short a while ago to have fired."""
    for alarm in seen.alarms:
        if alarm.configured is not None and alarm.state != "ALARM" and _leads_up(seen, alarm):
            needs = timedelta(seconds=alarm.period * alarm.evaluation_periods) + SEEN_AFTER
            if seen.now - alarm.configured < needs:
                return alarm
    return None


def silent(seen: Seen) -> Obstacle:
    """What is known where the path looks whole and nothing starts all the same."""
    for alarm in seen.alarms:
        if _leads_up(seen, alarm):
            return _silent_alarm(seen, alarm)
    hidden = sorted(seen.hidden & {"scaling", "alarms", "activities"})
    if hidden:
        clause = f"the cause cannot be seen ({' and '.join(hidden)} could not be read)"
        return Obstacle(NOT_SEEN, clause, "allow Ebb to read that part, or look at it in the AWS console")
    step = "look at the alarms and at the scaling activities"
    return Obstacle(SILENT, "nothing has started an instance", step)


def _silent_alarm(seen: Seen, alarm: Alarm) -> Obstacle:
    if alarm.state != "ALARM":
        step = f"look at the alarm {alarm.name} in CloudWatch: its history, threshold and datapoints"
        return Obstacle(SILENT, f"the alarm {alarm.name} is {alarm.state} and has not fired", step, alarm)
    if "activities" in seen.hidden:
        clause = (
            f"the alarm {alarm.name} is in ALARM; what its policy did is not known, "
            "because the scaling activities could not be read"
        )
        return Obstacle(NOT_SEEN, clause, "allow application-autoscaling:DescribeScalingActivities", alarm)
    clause = f"the alarm {alarm.name} is in ALARM, and its policy has not acted"
    return Obstacle(SILENT, clause, f"look at the history of the alarm {alarm.name} in CloudWatch", alarm)


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
    """The alarms on the wake signal; not those that only tell somebody of it."""
    name = metrics.NO_CAPACITY.name
    return [
        a
        for a in seen.alarms
        if a.metric is not None and a.metric.name == name and not (a.actions and all(map(_tells, a.actions)))
    ]


def _tells(action: str) -> bool:
    return ":sns:" in action


def _leads_up(seen: Seen, alarm: Alarm) -> bool:
    """Whether this alarm can start the first instance."""
    run = policies_run_by(seen, alarm)
    if not alarm.actions_enabled or not any(_goes_up(p) for p in run):
        return False
    metric = alarm.metric
    if metric is None:
        return True  # an expression: cannot be judged, so not called broken
    if metric.namespace != metrics.AWS:
        return not metric.namespace.startswith(("AWS/", "/aws/"))  # somebody's own metric
    if metric.name not in AT_ZERO or not _rises(alarm) or not _right_place(seen, alarm):
        return False
    if metric.name != metrics.NO_CAPACITY.name:
        return True
    return _fires_at_signal(alarm) and any(_starts(p, alarm) for p in run)


def _flaw(seen: Seen, alarm: Alarm) -> Obstacle:
    """What is wrong with an alarm on HasBacklogWithoutCapacity."""
    its = f"the alarm {alarm.name}"
    let_run = f"let {its} run {_a_wake_policy(seen)}"
    if not alarm.actions:
        return Obstacle("wake-alarm-no-action", f"{its} has no action", let_run, alarm)
    if not alarm.actions_enabled:
        step = f"switch the actions of {its} on"
        return Obstacle("wake-alarm-off", f"the actions of {its} are switched off", step, alarm)
    run = policies_run_by(seen, alarm)
    if not run:
        return Obstacle("wake-alarm-other-policy", f"{its} runs no policy of this endpoint", let_run, alarm)
    if not _right_place(seen, alarm):
        return _misplaced(seen, alarm)
    fire = f"let {its} fire at HasBacklogWithoutCapacity ≥ 1"
    if not _rises(alarm):
        clause = f"{its} fires when the signal falls, not when it rises"
        return Obstacle("wake-alarm-comparison", clause, fire, alarm)
    if not _fires_at_signal(alarm):
        clause = f"{its} waits for more than the signal ever shows, which is 0 or 1"
        return Obstacle("wake-alarm-threshold", clause, fire, alarm)
    step = f"let the policy {run[0].name} add 1 instance"
    if any(_goes_up(p) for p in run) and not any(_matches(p, alarm.threshold) for p in run):
        clause = f"no step of the policy {run[0].name} covers what {its} tells it"
        return Obstacle("wake-step-no-match", clause, step, alarm, run[0])
    return Obstacle("wake-step-adds-nothing", f"the policy of {its} adds no instance", step, alarm, run[0])


def _misplaced(seen: Seen, alarm: Alarm) -> Obstacle:
    metric, own = alarm.metric, seen.endpoint.ref.name
    assert metric is not None
    if metric.dimensions == (("EndpointName", own),):
        clause = f"the alarm {alarm.name} asks for the unit {metric.unit}, which is never published"
        step = f"remove the unit from the alarm {alarm.name}, or make it Count"
        return Obstacle("wake-alarm-unit", clause, step, alarm)
    step = f"give the alarm {alarm.name} one dimension alone: EndpointName = {own}"
    names = ", ".join(n for n, _ in metric.dimensions) or "none"
    clause = f"the alarm {alarm.name} looks at the wrong dimensions ({names})"
    if names == "EndpointName":
        clause = f"the alarm {alarm.name} watches the endpoint {metric.dimensions[0][1]}"
    return Obstacle("wake-alarm-dimensions", clause, step, alarm)


def _a_wake_policy(seen: Seen) -> str:
    """The step policy that would start the first instance, where there is one."""
    up = starters(seen)
    return f"the policy {up[0].name}" if up else "a step policy that adds 1 instance"


def starters(seen: Seen) -> list[StepPolicy]:
    """The step policies that can start the first instance, whatever runs them."""
    return [p for p in seen.policies if isinstance(p, StepPolicy) and _goes_up(p)]


def policies_run_by(seen: Seen, alarm: Alarm) -> list[Policy]:
    """The policies of this endpoint that an alarm runs."""
    return [p for p in seen.policies if p.arn and p.arn in alarm.actions]


def _goes_up(policy: Policy) -> bool:
    return not isinstance(policy, StepPolicy) or any(s.adjustment > 0 for s in policy.steps)


def _starts(policy: Policy, alarm: Alarm) -> bool:
    """Whether the policy asks for an instance when this alarm on the signal fires."""
    return not isinstance(policy, StepPolicy) or starts_at(policy, alarm.threshold)


def starts_at(policy: StepPolicy, threshold: float) -> bool:
    """Whether the policy adds an instance when the signal is up, run by an alarm with this threshold."""
    wanted = _asked(policy, threshold)
    return wanted is not None and wanted.capacity > 0


def _matches(policy: Policy, threshold: float) -> bool:
    return not isinstance(policy, StepPolicy) or _asked(policy, threshold) is not None


def _asked(policy: StepPolicy, threshold: float) -> Decision | None:
    """What the policy asks for at no instance and the signal up; None where no step covers that."""
    kind, least = policy.adjustment_type, policy.min_adjustment
    return step_scaling(0, SIGNAL, threshold, policy.steps, kind, least)


def _fires_at_signal(alarm: Alarm) -> bool:
    rule = AlarmRule(alarm.comparison, alarm.threshold, 1, 1)
    return alarm.comparison in COMPARISONS and rule.breaches(SIGNAL)


def _rises(alarm: Alarm) -> bool:
    return alarm.comparison.startswith("GreaterThan")


def _right_place(seen: Seen, alarm: Alarm) -> bool:
    metric = alarm.metric
    if metric is None:
        return True
    return metric.dimensions == (("EndpointName", seen.endpoint.ref.name),) and metric.unit in (None, "Count")


def unpublished(policy: Policy) -> bool:
    """Whether a policy follows a metric that asynchronous endpoints never publish (facts A.1)."""
    if not isinstance(policy, TargetTrackingPolicy):
        return False
    return policy.predefined is not None or (policy.metric is not None and policy.metric.name in NEVER)


def _recent(seen: Seen, alarm: Alarm) -> bool:
    return alarm.updated is not None and seen.now - alarm.updated <= JUST_FIRED

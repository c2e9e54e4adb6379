"""Can it wake? The path from a waiting request to the first instance: metric, alarm, action, policy, bounds.

Source: facts B.3 (two-policy set-up), B.5, D.1, H.1. At zero instances only the queue metrics are published.
"""

from __future__ import annotations

from datetime import timedelta

from ops.core import metrics
from ops.core.seen import Seen
from ops.core.types import Alarm, Policy, StepPolicy, TargetTrackingPolicy

AT_ZERO = (metrics.NO_CAPACITY.name, metrics.BACKLOG.name, metrics.OLDEST.name)
"""Metrics that are published while there is no instance."""
JUST_FIRED = timedelta(minutes=3)


def blocked(seen: Seen) -> str | None:
    """Why the first instance cannot start, as a clause; None where the path looks whole or cannot be seen."""
    if "scaling" in seen.hidden:
        return None
    target = seen.target
    if target is None:
        return "no scaling is registered for it"
    if target.bounds.max == 0:
        return "its maximum is 0"
    if target.suspended.scale_out:
        return "scaling out is suspended"
    if not seen.policies:
        return "it has no scaling policy"
    if "alarms" in seen.hidden or any(_leads_up(seen, a) for a in seen.alarms):
        return None
    flawed = [_flaw(seen, a) for a in _wake_alarms(seen)]
    found = next((f for f in flawed if f), None)
    if found:
        return found
    if _only_unpublished(seen.policies):
        return "its policies follow a metric that asynchronous endpoints never publish"
    return "no policy starts the first instance"


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


def silent(seen: Seen) -> str:
    """What is known where the path looks whole and nothing starts all the same."""
    for alarm in seen.alarms:
        if _leads_up(seen, alarm):
            if alarm.state == "ALARM":
                return f"the alarm {alarm.name} is in ALARM, and its policy has not acted"
            return f"the alarm {alarm.name} is {alarm.state} and has not fired"
    hidden = sorted(seen.hidden & {"scaling", "alarms", "activities"})
    if hidden:
        return f"the cause cannot be seen ({' and '.join(hidden)} could not be read)"
    return "nothing has started an instance"


def next_step(seen: Seen) -> str:
    """What would mend a wake-up that cannot happen."""
    target = seen.target
    if target is None:
        return (
            "Next: register the variant as a scalable target with a minimum of 0, and give it a wake policy."
        )
    if target.bounds.max == 0:
        return "Next: raise the maximum to 1 or more."
    if target.suspended.scale_out:
        return "Next: resume scaling out."
    return (
        "Next: a step policy that adds 1 instance, run by an alarm on HasBacklogWithoutCapacity ≥ 1 "
        "(dimension EndpointName only). At once: set the minimum to 1."
    )


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


def _flaw(seen: Seen, alarm: Alarm) -> str | None:
    """What is wrong with an alarm on HasBacklogWithoutCapacity."""
    if not alarm.actions:
        return f"the alarm {alarm.name} has no action"
    if not alarm.actions_enabled:
        return f"the actions of the alarm {alarm.name} are switched off"
    if not _policies_run_by(seen, alarm):
        return f"the alarm {alarm.name} runs no policy of this endpoint"
    if not _right_place(seen, alarm):
        assert alarm.metric is not None
        names = ", ".join(n for n, _ in alarm.metric.dimensions) or "none"
        if alarm.metric.unit not in (None, "Count"):
            return f"the alarm {alarm.name} asks for the unit {alarm.metric.unit}, which is never published"
        return f"the alarm {alarm.name} looks at the wrong dimensions ({names})"
    if not _rises(alarm):
        return f"the alarm {alarm.name} fires when the signal falls, not when it rises"
    return f"the policy of the alarm {alarm.name} adds no instance"


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

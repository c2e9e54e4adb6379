"""The order in which an endpoint is given scaling: what wakes it is there before anything may let it sleep. Pure.

A change may end between any two of its steps. Registered with a minimum of 0, an endpoint keeps its instances until
a policy takes them away (facts B.2); so the wake policy and its alarm are made before the first policy that does,
and a minimum that is lowered, or scaling in that is resumed, comes last.
"""

from __future__ import annotations

from collections.abc import Iterable

from ops.core.fixes import (
    Change,
    DeletePolicy,
    EnableAlarmActions,
    PolicyArn,
    PutAlarm,
    PutPolicy,
    RegisterTarget,
)
from ops.core.setup import Setup
from ops.core.types import Policy, StepPolicy


def takes_away(policy: Policy) -> bool:
    """Whether a policy may take instances away, as far as its definition tells."""
    if isinstance(policy, StepPolicy):
        return any(step.adjustment < 0 for step in policy.steps)
    return not policy.disable_scale_in


def wake_first(changes: Iterable[Change], before: Setup) -> tuple[Change, ...]:
    """The same changes, so ordered that an endpoint that may sleep can wake, wherever they end."""
    made = tuple(changes)
    down = {c.policy.name for c in made if isinstance(c, PutPolicy) and takes_away(c.policy)}
    last = max((n for n, change in enumerate(made) if _leads_up(change, down)), default=-1)
    late = [n for n, change in enumerate(made) if n < last and _leads_down(change, down)]
    lowered = [n for n, change in enumerate(made) if _opens(change, before)]
    if sum(isinstance(change, RegisterTarget) for change in made) > 1:
        lowered = []  # each builds upon the one before: their order says what holds at the end
    if last < 0 or not (late or lowered):
        return made
    found = [change for n, change in enumerate(made) if n <= last and n not in late and n not in lowered]
    found += [made[n] for n in late if n not in lowered]
    found += [change for n, change in enumerate(made) if n > last and n not in lowered]
    return (*found, *(made[n] for n in lowered))


def by_removal(policies: Iterable[Policy]) -> tuple[Policy, ...]:
    """Policies in the order in which they go: what takes instances away before what brings them."""
    return tuple(sorted(policies, key=lambda policy: not takes_away(policy)))


def _leads_up(change: Change, down: set[str]) -> bool:
    """Whether a change is part of the way to the first instance."""
    match change:
        case PutPolicy(policy=policy):
            return policy.name not in down
        case PutAlarm():
            return bool(_run(change)) and not _run(change) & down
        case EnableAlarmActions():
            return True
        case RegisterTarget(suspended=off):
            return off is not None and not off.scale_out
        case _:
            return False


def _leads_down(change: Change, down: set[str]) -> bool:
    """Whether a change is part of the way to no instance; what goes makes room for what was put in its place."""
    match change:
        case PutPolicy(policy=policy):
            return policy.name in down
        case PutAlarm():
            return bool(_run(change) & down)
        case DeletePolicy():
            return True
        case _:
            return False


def _opens(change: Change, before: Setup) -> bool:
    """Whether a change of a target that exists lets it sleep, or lets it scale in again."""
    held = before.target
    if held is None or not isinstance(change, RegisterTarget):
        return False
    lower = change.min is not None and change.min < held.bounds.min
    return lower or (
        change.suspended is not None and held.suspended.scale_in and not change.suspended.scale_in
    )


def _run(alarm: PutAlarm) -> set[str]:
    """The names of the policies that an alarm runs."""
    found = {a.policy for a in alarm.actions if isinstance(a, PolicyArn)}
    arns = (a for a in alarm.actions if isinstance(a, str) and ":scalingPolicy:" in a)
    return found | {arn.rpartition(":policyName/")[2] for arn in arns}

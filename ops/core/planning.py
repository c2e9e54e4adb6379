"""From a wish to a plan: what it changes, what happens next, what it costs, what to know before, and who may do it.

Sources: facts B.2 (bounds act at once), B.4, B.6 (schedules overwrite bounds), B.7 (suspension), B.9 (work in process
when an instance leaves: contradictory evidence, treated as unsafe). Money is always an estimate at list price.
"""

from __future__ import annotations

from collections.abc import Iterable

from ops.core import setup as parts
from ops.core.change import EVERY_SCHEDULE, Caution, ChangePlan, CostEffect
from ops.core.errors import BadInput
from ops.core.fixes import (
    Change,
    Create,
    Delete,
    DeleteAlarms,
    DeletePolicy,
    DeleteSchedule,
    DeregisterTarget,
    PolicyArn,
    PutAlarm,
    PutPolicy,
    PutSchedule,
    RegisterTarget,
)
from ops.core.plan_cautions import cautions as found_cautions
from ops.core.plan_effects import Around, cost_of, next_effect
from ops.core.setup import Setup
from ops.core.setup_steps import after
from ops.core.types import (
    Bounds,
    Policy,
    Severity,
    StepPolicy,
    Suspended,
    TargetTrackingPolicy,
)
from ops.core.wake_order import wake_first

MOST_INSTANCES = 10_000
"""No endpoint has so many; a larger number is a slip of the hand."""


def new_bounds(before: Setup, around: Around, low: int, high: int) -> tuple[Change, ...]:
    """The change to these bounds; none where they are like this. Raises BadInput with the way out."""
    endpoint = around.endpoint
    for word, value in (("minimum", low), ("maximum", high)):
        if value < 0:
            raise BadInput(f"The {word} cannot be negative ({value}).", "0 lets the endpoint sleep.")
        if value > MOST_INSTANCES:
            raise BadInput(f"A {word} of {value:,} instances is a slip.", "Give what you mean to pay for.")
    if low > high:
        raise BadInput(
            f"The minimum ({low}) is above the maximum ({high}).",
            f"Lower the minimum to {high}, or raise the maximum to {low}.",
        )
    if low == 0 and endpoint.described and not endpoint.is_async:
        raise BadInput(
            f"{endpoint.ref.name} is a real-time endpoint: AWS keeps at least 1 instance of it.",
            "Only asynchronous endpoints sleep. Give a minimum of 1 or more.",
        )
    if around.quota is not None and high > around.quota:
        raise BadInput(
            f"The maximum ({high}) is above the account's quota: {around.quota} × {endpoint.instance_type} "
            "for all endpoints together.",
            f"Give at most {around.quota}, or have the quota raised in Service Quotas first.",
        )
    present = before.target.bounds if before.target is not None else None
    if present == Bounds(low, high):
        return ()
    return (
        RegisterTarget(
            endpoint.ref,
            low if present is None or present.min != low else None,
            high if present is None or present.max != high else None,
        ),
    )


def suspension(before: Setup, around: Around, wanted: Suspended) -> tuple[Change, ...]:
    """The change of what is suspended. Raises BadInput where the endpoint is not registered."""
    if before.target is None:
        raise BadInput(
            f"{around.endpoint.ref.name} is not registered with Application Auto Scaling: there is nothing to suspend.",
            "Set its bounds first.",
        )
    if before.target.suspended == wanted:
        return ()
    return (RegisterTarget(around.endpoint.ref, suspended=wanted),)


def new_policy(before: Setup, around: Around, policy: Policy) -> tuple[Change, ...]:
    """The change of one policy. Raises BadInput for values that AWS would refuse, or that cannot work."""
    if before.target is None:
        raise BadInput("A policy needs bounds to move between.", "Set the bounds of this endpoint first.")
    cooldowns = (
        (policy.cooldown,)
        if isinstance(policy, StepPolicy)
        else (policy.scale_out_cooldown, policy.scale_in_cooldown)
    )
    if any(c < 0 or c > 86_400 for c in cooldowns):
        raise BadInput("A cooldown is a number of seconds from 0 to 86,400 (a day).")
    if isinstance(policy, TargetTrackingPolicy):
        if not policy.target > 0:
            raise BadInput(
                f"The target must be above 0, not {policy.target:g}.",
                "It is the number of waiting requests for each instance that scaling aims at.",
            )
    elif not policy.steps:
        raise BadInput("A step policy needs at least one step.")
    same = next((p for p in before.policies if p.name == policy.name), None)
    if same is not None and not parts.differences(
        Setup(policies=(same,)), Setup(policies=(policy,)), around.endpoint.ref
    ):
        return ()
    return (PutPolicy(around.endpoint.ref, policy),)


def make(
    identity: str,
    kind: str,
    title: str,
    changes: Iterable[Change],
    before: Setup,
    around: Around,
    *,
    effect: str = "",
    cost: CostEffect | None = None,
    cautions: Iterable[Caution] = (),
    undo_of: str = "",
) -> ChangePlan:
    """A plan of these changes on this set-up, in an order that is safe wherever it ends.

    `effect`, `cost`: what the caller knows better. Raises BadInput.
    """
    made = wake_first(changes, before)
    wanted = after(before, made)
    ref, rests_on = around.endpoint.ref, _rests_on(made)
    keys = {*parts.touched(made, before), *rests_on}
    if EVERY_SCHEDULE in keys:
        keys |= {f"schedule {s.name}" for s in (*before.schedules, *wanted.schedules)}
    all_cautions = (*cautions, *found_cautions(before, wanted, made, around))
    hurts = any(c.severity is Severity.CRITICAL for c in all_cautions)
    return ChangePlan(
        identity,
        ref,
        kind,
        title,
        made,
        before.only(keys),
        wanted.only(keys),
        parts.differences(before.only(keys), wanted.only(keys), ref),
        effect or next_effect(before, wanted, around),
        around.now,
        cost or cost_of(before, wanted, around),
        tuple(dict.fromkeys(all_cautions)),
        ref.name if hurts else "",
        needs(made),
        undo_of,
        rests_on,
    )


def needs(changes: Iterable[Change]) -> str:
    """The least role that may make these changes."""
    return "admin" if any(map(_for_admins, changes)) else "operator"


def _rests_on(changes: tuple[Change, ...]) -> tuple[str, ...]:
    """Scheduled actions work together, on the bounds; an alarm runs a policy that must be there."""
    found: list[str] = []
    if any(isinstance(change, PutSchedule | DeleteSchedule) for change in changes):
        found += [parts.BOUNDS, parts.SUSPENDED, EVERY_SCHEDULE]
    made = {change.policy.name for change in changes if isinstance(change, PutPolicy)}
    for change in changes:
        if isinstance(change, PutAlarm):
            run = {a.policy for a in change.actions if isinstance(a, PolicyArn)}
            found += [f"policy {name}" for name in sorted(run - made)]
    return tuple(found)


def _for_admins(change: Change) -> bool:
    """What makes or deletes; policies, alarms that vanish and registrations: they shape what others rely on."""
    return isinstance(change, PutPolicy | DeletePolicy | DeregisterTarget | DeleteAlarms | Create | Delete)

"""Taking scale-to-zero away from an endpoint that goes on serving: never so that it would sleep for ever. Pure.

Source: facts B.2 (a minimum starts instances at once), B.6 (schedules overwrite bounds), D.1 (zero without a policy).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from ops.core.change import CostEffect
from ops.core.errors import BadInput
from ops.core.fixes import (
    Await,
    Change,
    DeleteAlarms,
    DeletePolicy,
    DeleteSchedule,
    DeregisterTarget,
    RegisterTarget,
)
from ops.core.inventory import Part, part_of, trimmed
from ops.core.plan_effects import DAYS_PER_MONTH, HOURS_PER_DAY, Around
from ops.core.setup import Setup, put_alarm
from ops.core.words import count

EFFECT = (
    "Nothing scales this endpoint any more: it keeps the instances that it has, day and night. Before its scaling is "
    "taken away it is held at one instance or more, so that it does not sleep for ever."
)


def changes(before: Setup, around: Around) -> tuple[Change, ...]:
    """Schedules go first, then it is woken and waited for, then policies, target and alarms go.

    Raises BadInput where nothing is attached.
    """
    ref, target = around.endpoint.ref, before.target
    alarms = tuple(_alarms(before, around))
    if target is None and not alarms:
        raise BadInput(f"No scaling is attached to {ref.name}: there is nothing to detach.")
    made: list[Change] = [DeleteSchedule(ref, s.name) for s in before.schedules]
    if target is not None:
        if target.bounds.min < 1 or target.bounds.max < 1:
            made.append(RegisterTarget(ref, 1, 1 if target.bounds.max < 1 else None))
        if target.bounds.min < 1 or not around.endpoint.current:
            made.append(Await(ref.name, serving=True))
    made += [DeletePolicy(ref, p.name) for p in before.policies]
    if target is not None:
        made.append(DeregisterTarget(ref))
    return (*made, *alarms)


def _alarms(before: Setup, around: Around) -> Iterable[Change]:
    """Alarms that ran a policy and tell nobody go; those that tell somebody go on without the policy."""
    ref, arns = around.endpoint.ref, [p.arn for p in before.policies]
    gone = []
    for alarm in before.alarms:
        if part_of(alarm, before, ref) not in (Part.WAKES, Part.RUNS):
            continue
        here = [a for a in alarm.actions if f":resource/sagemaker/{ref.resource_id}:" in a]
        left = trimmed(alarm, (*arns, *here))
        if left and alarm.metric is not None:
            yield replace(put_alarm(alarm), actions=left)
        else:
            gone.append(alarm.name)
    if gone:
        yield DeleteAlarms(tuple(gone))


def cost(around: Around) -> CostEffect:
    """What the instances cost that then never leave, against one that would sleep otherwise."""
    number, kind = max(1, around.endpoint.current or 0), (around.endpoint.kinds or ("its type",))[0]
    if around.price is None:
        return CostEffect(None, None, f"No list price of {kind} is known.")
    day = around.price.usd_per_hour * number * HOURS_PER_DAY
    return CostEffect(
        Decimal(day),
        day * DAYS_PER_MONTH,
        f"Estimate at list price, at most, were it asleep otherwise: {count(number, 'instance')} of {kind}, day and "
        "night.",
    )

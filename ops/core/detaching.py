"""Taking scale-to-zero away from an endpoint that goes on serving: never so that it would sleep for ever. Pure.

Source: facts B.2 (a minimum starts instances at once), B.6 (schedules overwrite bounds), D.1 (zero without a policy).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ops.core.change import Caution, CostEffect
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
from ops.core.inventory import Part, own_actions, part_of, untied
from ops.core.plan_effects import DAYS_PER_MONTH, HOURS_PER_DAY, Around
from ops.core.setup import Setup
from ops.core.types import EndpointRef, Severity
from ops.core.wake_order import by_removal
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
    made += awake(before, around)
    made += [DeletePolicy(ref, p.name) for p in by_removal(before.policies)]
    if target is not None:
        made.append(DeregisterTarget(ref))
    return (*made, *alarms)


def awake(before: Setup, around: Around) -> tuple[Change, ...]:
    """What holds an endpoint at one instance or more before its scaling is taken away; nothing where it has none."""
    ref, target = around.endpoint.ref, before.target
    if target is None:
        return ()
    made: list[Change] = []
    if target.bounds.min < 1 or target.bounds.max < 1:
        made.append(RegisterTarget(ref, 1, 1 if target.bounds.max < 1 else None))
    if target.bounds.min < 1 or not around.endpoint.current:
        made.append(Await(ref.name, serving=True))
    return tuple(made)


def _alarms(before: Setup, around: Around) -> Iterable[Change]:
    """Alarms of this endpoint that ran a policy and tell nobody go; all others go on without the policy."""
    ref, gone = around.endpoint.ref, []
    for alarm in before.alarms:
        part, tied = part_of(alarm, before, ref), own_actions(alarm, before, ref)
        if part is Part.OWNED or not tied or alarm.metric is None:
            continue
        left = untied(alarm, tied)
        if part is Part.SHARED or left.actions or left.ok_actions or left.no_data_actions:
            yield left
        else:
            gone.append(alarm.name)
    if gone:
        yield DeleteAlarms(tuple(gone))


def cautions(before: Setup, around: Around) -> Iterable[Caution]:
    """What to know first: that it is woken, and which alarms keep an action that leads nowhere."""
    if before.target is not None and not around.endpoint.current:
        said = "It sleeps: it is woken first, which takes some minutes, and waited for."
        yield Caution(Severity.WARNING, said)
    yield from dangling(before, around.endpoint.ref)


def dangling(before: Setup, ref: EndpointRef) -> Iterable[Caution]:
    """Expressions that run a policy which goes: Ebb leaves them as they are."""
    for alarm in before.alarms:
        if (
            alarm.metric is None
            and part_of(alarm, before, ref) is Part.SHARED
            and own_actions(alarm, before, ref)
        ):
            yield Caution(
                Severity.WARNING,
                f"The alarm {alarm.name} looks at an expression, of which Ebb knows no parts: it stays as it is, and "
                "its action on a policy of this endpoint leads nowhere. Change it where it was made.",
            )


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

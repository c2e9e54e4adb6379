"""Deleting an endpoint with all that belongs to it, in an order that AWS takes: what goes, and what to know before.

Source: facts B.9 (work in process), B.10 (orphans), C.1 (the queue). What becomes of a queue when its endpoint is
deleted is in no document: it counts as lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from ops.core.change import Caution, CostEffect
from ops.core.detaching import dangling
from ops.core.fixes import (
    Await,
    Change,
    Create,
    Delete,
    DeleteAlarms,
    DeletePolicy,
    DeleteSchedule,
    DeregisterTarget,
    PutAlarm,
)
from ops.core.inventory import UNSEEN, Fate, Inventory, Part, goes, items, part_of, tied, untied
from ops.core.plan_cautions import guard
from ops.core.plan_effects import DAYS_PER_MONTH, HOURS_PER_DAY, Around, InFlight
from ops.core.resources import ENDPOINT, MODEL
from ops.core.setup import OWNED, Setup, differences
from ops.core.setup_steps import steps
from ops.core.types import Policy, Severity, TargetTrackingPolicy
from ops.core.wake_order import by_removal
from ops.core.words import count, listed

MOST_ALARMS = 100
"""Alarms that one DeleteAlarms takes."""
QUEUE = (
    "What becomes of the queue of an endpoint that is deleted is not documented; as far as known its requests are "
    "lost, and nobody is told. Their inputs stay in S3."
)


def changes(found: Inventory, *, with_model: bool = False) -> tuple[Change, ...]:
    """Policies, scheduled actions, target, alarms, endpoint, the wait for its end, configuration, models."""
    setup, gone = found.setup, goes(found, with_model=with_model)
    kept = tuple(r for r in setup.resources if r not in gone.resources)
    return (
        *unscaled(found),
        *steps(Setup(resources=setup.resources), Setup(resources=kept), found.ref),
    )


def unscaled(found: Inventory) -> tuple[Change, ...]:
    """What takes all of its scaling and its alarms away; alarms of others go on without its policies."""
    ref, setup, gone = found.ref, found.setup, goes(found)
    made: list[Change] = [DeletePolicy(ref, p.name) for p in by_removal(gone.policies)]
    made += [DeleteSchedule(ref, s.name) for s in gone.schedules]
    if gone.target is not None:
        made.append(DeregisterTarget(ref))
    for alarm in setup.alarms:
        if alarm.metric is not None and alarm not in gone.alarms and (own := tied(found, alarm)):
            made.append(untied(alarm, own))
    taken = {name for p in setup.policies for name in p.alarm_names}
    alarms = [a.name for a in gone.alarms if not (a.name in taken and part_of(a, setup, ref) is Part.OWNED)]
    for begin in range(0, len(alarms), MOST_ALARMS):
        made.append(DeleteAlarms(tuple(alarms[begin : begin + MOST_ALARMS])))
    return tuple(made)


def taken_back(found: Inventory, changes: Iterable[Change], made: Setup) -> tuple[Change, ...]:
    """The changes that take back what made an endpoint, by all that belongs to it now: no scaling of it stays.

    What others use by now stays. `changes`: the way back from what was `made`, as far as that is on record; unchanged
    where the endpoint stays.
    """
    wanted = tuple(changes)
    if not deletes(wanted, found.ref.name):
        return wanted
    gone = {r.key for r in goes(found, with_model=True).resources}
    there = {r.key for r in found.setup.resources}
    hosting = [
        c
        for c in wanted
        if isinstance(c, Await) or (isinstance(c, Delete) and f"{c.kind} {c.name}" not in there - gone)
    ]
    going = {a.name for a in goes(found).alarms}
    moved = {d.part for d in differences(made, found.setup, found.ref)}
    asked = [name for c in wanted if isinstance(c, DeleteAlarms) for name in c.names]
    own = tuple(name for name in asked if name not in going and f"alarm {name}" not in moved)
    scaling = [c for c in unscaled(found) if not (isinstance(c, PutAlarm) and c.name in own)]
    return (*scaling, *([DeleteAlarms(own)] if own else []), *hosting)


def made_since(found: Inventory, made: Setup) -> tuple[Caution, ...]:
    """What of the scaling and alarms of an endpoint was not there when it was made, and goes with it."""
    known = {f"policy {p.name}" for p in made.policies}
    known |= {f"schedule {s.name}" for s in made.schedules} | {f"alarm {a.name}" for a in made.alarms}
    gone = goes(found)
    now = [f"the policy {p.name}" for p in gone.policies if f"policy {p.name}" not in known]
    now += [f"the scheduled action {s.name}" for s in gone.schedules if f"schedule {s.name}" not in known]
    now += [
        f"the alarm {a.name}"
        for a in gone.alarms
        if f"alarm {a.name}" not in known and part_of(a, found.setup, found.ref) is not Part.OWNED
    ]
    now += ["its bounds"] if gone.target is not None and made.target is None else []
    if not now:
        return ()
    return (Caution(Severity.WARNING, f"Made since, and goes with the endpoint: {listed(now)}."),)


def deletes(changes: Iterable[Change], name: str) -> bool:
    """Whether changes delete an endpoint for good."""
    made = tuple(changes)
    anew = any(isinstance(c, Create) and c.resource.key == f"{ENDPOINT} {name}" for c in made)
    return Delete(ENDPOINT, name) in made and not anew


def cautions(found: Inventory, work: InFlight | None, *, with_model: bool = False) -> Iterable[Caution]:
    """What to know first. `work` None: nothing can be at work, or nothing is left that could work."""
    if work is not None and found.asynchronous is not None and not _in_the_making(found):
        yield from _queue(found, work)
    elif found.endpoint is not None and found.asynchronous is None:
        yield Caution(Severity.WARNING, "It answers in real time: from then on its callers get an error.")
    if found.other_variants:
        yield Caution(
            Severity.WARNING,
            f"The scaling of its other variants ({listed([*found.other_variants])}) is not looked at here: what is "
            "left of it afterwards the doctor names, with what removes it.",
        )
    for each in found.problems:
        yield Caution(Severity.WARNING, f"Not everything could be read: {each.what} {each.hint}".strip())
    stays = [i for i in items(found, with_model=with_model) if i.fate is not Fate.GOES]
    if stays:
        said = listed([f"{i.kind} {i.name}" for i in stays])
        yield Caution(Severity.INFO, f"What stays: {said}.")
    yield from dangling(found.setup, found.ref)
    if with_model and any(r.kind == MODEL for r in goes(found, with_model=True).resources):
        yield Caution(
            Severity.WARNING,
            f"Whether inference components use its models is not known: {UNSEEN}. One that does loses its model.",
        )
    if found.endpoint is not None:
        lost = [p.name for p in found.setup.policies if unwritable(p)]
        for name in lost:
            yield Caution(
                Severity.CRITICAL,
                f"{name} tracks an expression, of which Ebb knows no parts: once removed, Ebb cannot put it back.",
            )
        but = f", but for {listed(lost)}" if lost else ""
        yield Caution(
            Severity.INFO,
            f"An undo makes it anew from what is on record{but}. Requests in its queue do not come back, and its "
            "metrics have a gap.",
        )


def unwritable(policy: Policy) -> bool:
    """Whether a policy tracks what Ebb neither models nor has as AWS told it: removed, it cannot be put back."""
    return (
        isinstance(policy, TargetTrackingPolicy)
        and policy.metric is None
        and policy.predefined is None
        and policy.expression is None
    )


def writable(wanted: Setup, present: Setup) -> tuple[Setup, tuple[Caution, ...]]:
    """A set-up to come without what Ebb cannot put back, and what that is. What is there already stays."""
    policies = {p.name for p in present.policies}
    alarms = {a.name for a in present.alarms}
    left = [f"the policy {p.name}" for p in wanted.policies if unwritable(p) and p.name not in policies]
    left += [
        f"the alarm {a.name}"
        for a in wanted.alarms
        if a.metric is None and a.expression is None and a.name not in alarms and not a.name.startswith(OWNED)
    ]
    if not left:
        return wanted, ()
    found = replace(
        wanted,
        policies=tuple(p for p in wanted.policies if f"the policy {p.name}" not in left),
        alarms=tuple(a for a in wanted.alarms if f"the alarm {a.name}" not in left),
    )
    said = f"Not put back: {listed(left)}. It is an expression, of which Ebb knows no parts: make it where it was made."
    return found, (Caution(Severity.WARNING, said),)


def _in_the_making(found: Inventory) -> bool:
    """Whether it has never been in service: nothing can wait in its queue."""
    return found.endpoint is not None and found.endpoint.status == "Creating"


def _queue(found: Inventory, work: InFlight) -> Iterable[Caution]:
    if work.backlog == 0 and found.current == 0 and not work.unanswered:
        yield Caution(Severity.INFO, "It sleeps, and nothing waits in its queue as far as its metrics tell.")
        return
    yield guard(work, at_once=True)
    if not work.quiet:
        yield Caution(Severity.CRITICAL, QUEUE)


def cost(found: Inventory, around: Around | None) -> CostEffect:
    """What is not paid any more. `around` None: the endpoint is gone already."""
    if around is None:
        return CostEffect(Decimal(0), Decimal(0), "Nothing of it is paid by the hour.")
    if found.current is None or around.price is None:
        return CostEffect(None, None, "How many instances run, or what one costs, is not known.")
    if not found.current:
        return CostEffect(Decimal(0), Decimal(0), "It sleeps: no instance is paid now.")
    day = around.price.usd_per_hour * found.current * HOURS_PER_DAY
    kind = around.endpoint.type_words
    basis = f"Estimate at list price: {count(found.current, 'instance')} of {kind} in service now."
    return CostEffect(-day, -day * DAYS_PER_MONTH, basis)

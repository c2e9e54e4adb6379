"""Deleting an endpoint with all that belongs to it, in an order that AWS takes: what goes, and what to know before.

Source: facts B.9 (work in process), B.10 (orphans), C.1 (the queue). What becomes of a queue when its endpoint is
deleted is in no document: it counts as lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ops.core.change import Caution, CostEffect
from ops.core.fixes import Change, DeleteAlarms, DeletePolicy, DeleteSchedule, DeregisterTarget
from ops.core.inventory import Fate, Inventory, Part, goes, items, part_of
from ops.core.plan_cautions import guard
from ops.core.plan_effects import DAYS_PER_MONTH, HOURS_PER_DAY, Around, InFlight
from ops.core.setup import Setup
from ops.core.setup_steps import steps
from ops.core.types import Severity
from ops.core.words import count, listed

MOST_ALARMS = 100
"""Alarms that one DeleteAlarms takes."""
QUEUE = (
    "What becomes of the queue of an endpoint that is deleted is not documented; as far as known its requests are "
    "lost, and nobody is told. Their inputs stay in S3."
)


def changes(found: Inventory, *, with_model: bool = False) -> tuple[Change, ...]:
    """Policies, scheduled actions, target, alarms, endpoint, the wait for its end, configuration, models."""
    ref, setup, gone = found.ref, found.setup, goes(found, with_model=with_model)
    made: list[Change] = [DeletePolicy(ref, p.name) for p in gone.policies]
    made += [DeleteSchedule(ref, s.name) for s in gone.schedules]
    if gone.target is not None:
        made.append(DeregisterTarget(ref))
    taken = {name for p in setup.policies for name in p.alarm_names}
    alarms = [a.name for a in gone.alarms if not (a.name in taken and part_of(a, setup, ref) is Part.OWNED)]
    for begin in range(0, len(alarms), MOST_ALARMS):
        made.append(DeleteAlarms(tuple(alarms[begin : begin + MOST_ALARMS])))
    kept = tuple(r for r in setup.resources if r not in gone.resources)
    made += steps(Setup(resources=setup.resources), Setup(resources=kept), ref)
    return tuple(made)


def cautions(found: Inventory, work: InFlight | None, *, with_model: bool = False) -> Iterable[Caution]:
    """What to know first. `work` None: nothing can be at work, or nothing is left that could work."""
    if work is not None and found.asynchronous is not None:
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
    if found.endpoint is not None:
        yield Caution(
            Severity.INFO,
            "An undo makes it anew from what is on record. Requests in its queue do not come back, and its metrics "
            "have a gap.",
        )


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

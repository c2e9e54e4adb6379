"""From a candidate to one plan for the gate: bounds, policies, alarms and warm windows, and what contradicts goes.

No call to AWS and no clock here. Each part's own order is safe wherever it stops: see ops.core.setup_steps and
ops.warming.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ops.core import planning
from ops.core.candidate import Candidate, Machine
from ops.core.candidate_setup import gone, scaled
from ops.core.candidate_windows import windowed
from ops.core.change import Caution
from ops.core.fixes import Change
from ops.core.plan_effects import Around
from ops.core.setup import Setup
from ops.core.setup_steps import after, steps
from ops.core.types import Bounds, EndpointRef, ScheduledAction, Severity
from ops.core.warm import WarmPlan
from ops.core.warm_actions import faults, open_at, recognised
from ops.core.warm_keep import active
from ops.core.words import listed
from ops.replay.candidates import fitted
from ops.warming import paused, put_plan, remove
from ops.warming_checks import Warming
from ops.warming_until import end_keep


@dataclass(frozen=True, slots=True)
class Taken:
    """`effect`: what is set, in a sentence."""

    title: str
    changes: tuple[Change, ...]
    effect: str
    cautions: tuple[Caution, ...]


def take(before: Setup, around: Around, candidate: Candidate, memo: str) -> Taken:
    """The changes that lead from a set-up to a candidate. `memo`: paused warm plans. Raises BadInput."""
    ref, now = around.endpoint.ref, around.now
    candidate = fitted(candidate)
    planning.new_bounds(before, around, candidate.low, candidate.high)  # what AWS or the quota would refuse
    made = _Steps(before)
    if before.target is not None and active(before.schedules, now) is not None:
        made.warming(end_keep(made.setup, ref, now))
    kept = _kept(made.setup, candidate, ref, now)
    for number in dict.fromkeys(g.plan.id for g in recognised(made.setup.schedules).plans):
        if number not in kept:
            made.warming(remove(made.setup, ref, number, now, memo))
    theirs = _theirs(made.setup, candidate)
    if theirs is not None:
        kept[0] = theirs[0]
    inside = [plan for plan in kept.values() if open_at(plan, now) is not None]
    bounds = Bounds(
        max([candidate.low, *(p.floor for p in inside if p.floor is not None)]),
        min([candidate.high, *(p.ceiling for p in inside if p.ceiling is not None)]),
    )
    wanted = scaled(made.setup, candidate, ref, bounds, theirs[1] if theirs else ())
    lost = gone(made.setup, wanted)
    made.add(steps(made.setup, wanted, ref))
    there = {_alike(plan) for plan in kept.values()}
    for plan in candidate.warm:
        if _alike(plan) not in there:
            number = _free(made.setup, memo)
            made.warming(put_plan(made.setup, ref, replace(plan, id=number), now, memo))
    return Taken(
        f"Scale {ref.name} as planned: {candidate.words}",
        tuple(made.changes),
        f"{candidate.words[:1].upper()}{candidate.words[1:]}.",
        (*_lost(lost), *_machine(candidate, around), *made.cautions),
    )


class _Steps:
    """Changes one after the other, and what they make of the set-up."""

    def __init__(self, before: Setup) -> None:
        self.setup = before
        self.changes: list[Change] = []
        self.cautions: list[Caution] = []

    def add(self, changes: Iterable[Change]) -> None:
        more = tuple(changes)
        self.changes += more
        self.setup = after(self.setup, more)

    def warming(self, part: Warming) -> None:
        self.add(part.changes)
        self.cautions += part.cautions


def _kept(setup: Setup, candidate: Candidate, ref: EndpointRef, now: datetime) -> dict[int, WarmPlan]:
    """The warm plans that are there as the candidate has them, whole, by their numbers."""
    wanted = {_alike(plan) for plan in candidate.warm}
    return {
        g.plan.id: g.plan
        for g in recognised(setup.schedules).plans
        if _alike(g.plan) in wanted and not faults(g, ref, now)
    }


def _theirs(setup: Setup, candidate: Candidate) -> tuple[WarmPlan, tuple[ScheduledAction, ...]] | None:
    """Actions of others that are all of the warm windows of a candidate already, and stay."""
    known = recognised(setup.schedules)
    found = None if known.plans else windowed(known.foreign)
    if found is None or found.high not in (None, candidate.high):
        return None
    same = len(candidate.warm) == 1 and _alike(candidate.warm[0]) == _alike(found.plan)
    return (found.plan, known.foreign) if same else None


def _alike(plan: WarmPlan) -> WarmPlan:
    return replace(plan, id=1)


def _free(setup: Setup, memo: str) -> int:
    taken = {g.plan.id for g in recognised(setup.schedules).plans} | paused(memo).keys()
    return next(n for n in range(1, len(taken) + 2) if n not in taken)


def _lost(lost: tuple[str, ...]) -> Iterable[Caution]:
    if lost:
        said = f"What contradicts this goes: {listed(list(lost))}. Undo puts it back."
        yield Caution(Severity.WARNING, said)


def _machine(candidate: Candidate, around: Around) -> Iterable[Caution]:
    """What no plan of scaling can do."""
    endpoint, machine = around.endpoint, candidate.machine
    if machine == Machine():  # none is named
        return
    text = (
        "This plan does not change the {what} (now {now}, planned {planned}): that takes a new endpoint configuration "
        "and a deploy. Until then it scales {now}."
    )
    if machine.instance_type and endpoint.instance_type and machine.instance_type != endpoint.instance_type:
        yield Caution(
            Severity.WARNING,
            text.format(what="instance type", now=endpoint.instance_type, planned=machine.instance_type),
        )
    config = endpoint.async_config
    slots = None if config is None else config.max_concurrent
    if slots is not None and slots != machine.concurrency:
        yield Caution(
            Severity.WARNING,
            "This plan does not change how many requests an instance works on at once (now "
            f"{slots}, planned {machine.concurrency}): that takes a new endpoint configuration and a deploy.",
        )

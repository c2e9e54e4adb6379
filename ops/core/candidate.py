"""A policy that the planner looks at, as few numbers; and a space of them to search. Pure.

`ops.replay.candidates` replays one, `ops.core.candidate_text` writes one into a link, `ops.core.candidate_plan` into
a set-up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from decimal import Decimal

from ops.core.errors import BadInput
from ops.core.warm import WarmPlan
from ops.core.warm_text import plan_text
from ops.core.words import count, duration

WAKE_PERIODS = 2
COOLDOWN_S = 300
"""AWS's default for endpoints (facts B.4); sentences leave it out."""
MOST_INSTANCES = 10_000
MOST_USD = 100_000
"""For an hour of one instance: a larger number is a slip of the hand."""
MOST_COOLDOWN_S = 86_400


@dataclass(frozen=True, slots=True)
class Machine:
    """What one instance is. `usd_per_hour` None: no price is known."""

    instance_type: str = ""
    usd_per_hour: Decimal | None = None
    speed: float = 1.0
    """How fast it works, against the type that the traffic was measured on: times in work are divided by it."""
    concurrency: int = 1
    """Requests at once on one instance."""

    def __post_init__(self) -> None:
        if not (self.speed > 0 and math.isfinite(self.speed)):
            raise BadInput(
                f"A speed of {self.speed:g} makes no sense.", "1 is as fast as today, 2 twice as fast."
            )
        if not 1 <= self.concurrency <= 1_000:
            raise BadInput("An instance works on 1 to 1,000 requests at once.")
        if self.usd_per_hour is not None and not 0 <= self.usd_per_hour <= MOST_USD:
            raise BadInput(
                f"${self.usd_per_hour} an hour is no price of an instance.",
                f"Give dollars from 0 to {MOST_USD:,}.",
            )


@dataclass(frozen=True, slots=True)
class Candidate:
    """Bounds, target tracking of the backlog per instance, the wake policy, warm windows, and the machine."""

    low: int
    high: int
    target: float | None = 5.0
    """Waiting and running requests for each instance; None: no target tracking."""
    in_cooldown_s: int = COOLDOWN_S
    out_cooldown_s: int = COOLDOWN_S
    wake: int | None = WAKE_PERIODS
    """Minutes with a request and no instance until the wake policy starts one; None: there is no wake policy."""
    warm: tuple[WarmPlan, ...] = ()
    machine: Machine = field(default_factory=Machine)

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high <= MOST_INSTANCES:
            raise BadInput(
                f"Bounds of {self.low}-{self.high} cannot be.",
                "The minimum is at most the maximum, both from 0 on.",
            )
        if self.target is not None and not (self.target > 0 and math.isfinite(self.target)):
            raise BadInput(f"A target of {self.target:g} cannot be tracked.", "Use a number above zero.")
        if not all(0 <= c <= MOST_COOLDOWN_S for c in (self.in_cooldown_s, self.out_cooldown_s)):
            raise BadInput("A cooldown is a number of seconds from 0 to 86,400 (a day).")
        if self.wake is not None and not 1 <= self.wake <= 60:
            raise BadInput("The wake alarm looks at 1 to 60 minutes.")

    @property
    def fixed(self) -> int | None:
        """How many instances run day and night, where nothing ever changes that."""
        return self.low if self.low == self.high and not self.warm else None

    @property
    def sleeps(self) -> bool:
        """Whether it may come to have no instance."""
        return self.low == 0

    @property
    def words(self) -> str:
        """ "min 0, max 4, target 2, wakes after 2 min; Mon-Fri 08:00-18:00 Europe/Berlin: at least 1 instance"."""
        if self.fixed == 0:
            return "off: never an instance"
        if self.fixed is not None:
            return f"always on at {count(self.fixed, 'instance')}"
        said = [f"min {self.low}", f"max {self.high}"]
        said.append("no target tracking" if self.target is None else f"target {self.target:g}")
        if self.target is not None and (self.out_cooldown_s, self.in_cooldown_s) != (COOLDOWN_S, COOLDOWN_S):
            said.append(
                f"cooldowns {duration(self.out_cooldown_s)} out and {duration(self.in_cooldown_s)} in"
            )
        if self.sleeps:
            said.append("no wake policy" if self.wake is None else f"wakes after {self.wake} min")
        return "; ".join([", ".join(said), *(plan_text(plan) for plan in self.warm)])


def insist_on_room(candidate: Candidate) -> Candidate:
    """The same candidate. Raises BadInput where a warm window keeps more instances than the maximum lets run."""
    for plan in candidate.warm:
        most = candidate.high if plan.ceiling is None else plan.ceiling
        if plan.floor is not None and plan.floor > most:
            kept = f"{count(plan.floor, 'instance')} kept warm {'is' if plan.floor == 1 else 'are'}"
            raise BadInput(
                f"{kept} above the maximum of {most}.",
                f"Raise the maximum to {plan.floor}, or keep at most {most} warm.",
            )
    return candidate


def fitted(candidate: Candidate) -> Candidate:
    """With warm plans numbered from 1 on that put back its own bounds."""
    plans = tuple(
        replace(
            plan,
            id=number,
            back_min=None if plan.floor is None else candidate.low,
            back_max=None if plan.ceiling is None else candidate.high,
        )
        for number, plan in enumerate(candidate.warm, 1)
    )
    return replace(candidate, warm=plans)


def on_todays(candidate: Candidate, machine: Machine) -> Candidate:
    """One that names no machine runs on today's."""
    return replace(candidate, machine=machine) if candidate.machine == Machine() else candidate


def alike(one: Candidate, today: Candidate) -> bool:
    """Whether a candidate is today's, on its machine where it names none; prices do not count."""

    def bare(each: Candidate) -> Candidate:
        return replace(fitted(each), machine=replace(each.machine, usd_per_hour=None))

    return bare(on_todays(one, today.machine)) == bare(today)


def always_on(instances: int, machine: Machine) -> Candidate:
    """So many instances day and night, and nothing that scales."""
    return Candidate(instances, instances, None, wake=None, machine=machine)


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """The values that a search combines, of each the most important first. `fixed`: always on at so many."""

    lows: tuple[int, ...]
    highs: tuple[int, ...]
    targets: tuple[float | None, ...]
    in_cooldowns_s: tuple[int, ...]
    out_cooldowns_s: tuple[int, ...]
    wakes: tuple[int | None, ...]
    warms: tuple[tuple[WarmPlan, ...], ...]
    machines: tuple[Machine, ...]
    fixed: tuple[int, ...]

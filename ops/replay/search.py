"""The planner's search: candidates over the same expansions of the traffic, and what each comes to. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

import numpy as np

from ops.core.candidate import Candidate, Machine, SearchSpace, always_on
from ops.core.cost import HOURS_PER_MONTH
from ops.core.promise import MEAN, Clause, Promise
from ops.core.views_planner import ClausePlayed, Dollars, Played, Role, Spread, Weighed
from ops.replay.candidates import Ground, fitted, openings, scenario, unlike, worked
from ops.replay.engine import Prepared, prepare
from ops.replay.noise import front
from ops.replay.numbers import Classes, Numbers, Waits
from ops.replay.promise import classes, judged, layers
from ops.replay.scenario import Requests, Scenario
from ops.replay.space import GRID_SHARE, fixed, grid, neighbours, next_size, sizes, structural
from ops.replay.sweep import Tell, go_on, sweep

ROUNDS = 3
"""Of refinement, as long as there is room."""
MOST_BEST = 24
NEVER = 0.05
"""With a larger share of requests that never start, a percentile of those that do says nothing."""


class Sweep(Protocol):
    """`ops.replay.sweep.sweep`, or a faster one that equals it."""

    def __call__(
        self,
        requests: Requests | Prepared,
        scenarios: Sequence[Scenario],
        *,
        classes: Classes | None = None,
        limits_s: tuple[float | None, ...] = (),
        tell: Tell = go_on,
    ) -> list[Numbers]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """The same traffic several times: in each expansion requests come elsewhere in their minute. One for each seed."""

    expansions: tuple[Requests, ...]
    seeds: tuple[int, ...]
    provision_s: tuple[tuple[float, ...], ...] = ()
    """Provisioning times of each expansion; empty: those of the ground."""

    def ground(self, number: int, ground: Ground) -> Ground:
        """The ground of one expansion."""
        return replace(ground, provision_s=self.provision_s[number]) if self.provision_s else ground


@dataclass(frozen=True, slots=True)
class Today:
    """What is set up now. `exact`: with all that a candidate cannot hold; None: the candidate is all of it.

    `left`: what of it the candidate leaves out, in sentences; where there is any, it does not stand for today's.
    """

    candidate: Candidate
    exact: Scenario | None = None
    left: tuple[str, ...] = ()


def search(
    traffic: Traffic,
    ground: Ground,
    promise: Promise,
    space: SearchSpace,
    *,
    today: Today | None = None,
    own: Sequence[Candidate] = (),
    most: int = 300,
    sure: float = 1.0,
    inside: Callable[[Candidate], bool] | None = None,
    run: Sweep = sweep,
    tell: Tell = go_on,
) -> tuple[Played, ...]:
    """Every candidate that was tried: today's, hand-made ones, always on, a grid, and what lies around its best.

    `most`: candidates at most, on each machine; today's and hand-made ones are tried in any case. `inside`: nothing
    that it denies is looked at but these. `sure`: in which share of the expansions one has to keep the promise for the
    search to look around it. Raises Stopped when `tell` says so.
    """
    known = None if today is None or today.left else fitted(today.candidate)
    own = [each for each in unlike(own) if each != known]
    given = len(own) + (today is not None)
    table = _Table(traffic, ground, promise, run, tell, max(most * max(1, len(space.machines)), given), sure)
    if today is not None:
        table.play_today(today)
    table.play(Role.OWN, own)
    others = sum(each.machine not in space.machines for each in own)
    for machine in space.machines:
        room = most - others if machine == space.machines[0] else most
        _on_machine(table, replace(space, machines=(machine,)), room, ground.quota, inside)
    return tuple(table.played)


def _on_machine(
    table: _Table,
    space: SearchSpace,
    most: int,
    quota: int | None,
    inside: Callable[[Candidate], bool] | None,
) -> None:
    """All of the search on the one machine of a space, whatever was found on others: so that one more machine to look
    at never makes the answer dearer. `most`: candidates on it."""
    (machine,) = space.machines

    def room() -> int:
        return max(0, most - sum(p.candidate.machine == machine for p in table.played))

    def fits(each: Candidate) -> bool:
        return inside is None or inside(each)

    table.play_kinds(
        [each for each in structural(space) if fits(each) and fitted(each) not in table.seen][: room()]
    )
    table.play_kinds([each for each in fixed(space) if fitted(each) not in table.seen][: room()])
    table.fewest(machine, sizes(machine, quota, inside), room)
    first = grid(space, max(1, int(room() * GRID_SHARE)))
    table.play(
        Role.FOUND, [each for each in first if fits(each) and fitted(each) not in table.seen][: room()]
    )
    for left in range(ROUNDS, 0, -1):
        more = neighbours(table.best(machine), table.seen, room() // left, quota, inside)
        table.play(Role.FOUND, more)


class _Table:
    def __init__(
        self,
        traffic: Traffic,
        ground: Ground,
        promise: Promise,
        run: Sweep,
        tell: Tell,
        most: int,
        sure: float,
    ) -> None:
        self.traffic, self.ground, self.promise = traffic, ground, promise
        self.run, self.tell, self.most, self.sure = run, tell, most, sure
        self.played: list[Played] = []
        self.seen: set[Candidate] = set()
        self.ready: dict[tuple[int, float], Prepared] = {}
        self.done = 0
        self.layers = layers(promise)
        self.held = [
            [
                judged(promise, classes(promise, r.arrival_s, layer), r.arrival_s, ground.until_s)
                for layer in range(self.layers)
            ]
            for r in traffic.expansions
        ]
        for r, (first, *_) in zip(traffic.expansions, self.held, strict=True):
            if ground.ttl_s:
                first[(first < 0) & (r.arrival_s + ground.ttl_s <= ground.until_s)] = len(promise.clauses)

    def play(self, role: Role, candidates: Sequence[Candidate], exact: Scenario | None = None) -> None:
        fresh = [c for c in dict.fromkeys(map(fitted, candidates)) if c not in self.seen]
        self.seen.update(fresh)
        found: dict[Candidate, list[Numbers]] = {c: [] for c in fresh}
        for n, (requests, held) in enumerate(zip(self.traffic.expansions, self.held, strict=True)):
            ground = self.traffic.ground(n, self.ground)
            for speed in dict.fromkeys(c.machine.speed for c in fresh):
                mine = [c for c in fresh if c.machine.speed == speed]
                scenarios = [scenario(c, ground) if exact is None else on(exact, ground) for c in mine]
                by_layer = []
                for each in held:
                    by_layer.append(
                        self.run(
                            self._prepared(n, requests, speed),
                            scenarios,
                            classes=each,
                            limits_s=(*self.promise.limits_s, None),
                            tell=self._tell(self.done),
                        )
                    )
                    self.done += len(mine)
                for candidate, *told in zip(mine, *by_layer, strict=True):
                    found[candidate].append(_together(self.promise, told))
        for candidate in fresh:
            one = played(len(self.played), role, candidate, found[candidate], self.ground, self.promise)
            if any(one.failed_openings.values):
                what = scenario(candidate, self.ground) if exact is None else on(exact, self.ground)
                one = replace(one, openings=openings(what))
            self.played.append(one)

    def play_today(self, today: Today) -> None:
        """A candidate that is not all of the set-up may be tried by itself, too."""
        self.play(Role.TODAY, (today.candidate,), today.exact)
        if today.left:
            self.seen.discard(fitted(today.candidate))
            self.played[-1] = replace(self.played[-1], left=today.left)

    def play_kinds(self, candidates: Sequence[Candidate]) -> None:
        """Those that are always on, the fewest instances first, then the others."""
        always = [each for each in candidates if each.fixed is not None]
        self.play(Role.FIXED, sorted(always, key=lambda each: each.low))
        self.play(Role.FOUND, [each for each in candidates if each.fixed is None])

    def fewest(self, machine: Machine, allowed: Sequence[int], room: Callable[[], int]) -> None:
        """Close the ladder of those that are always on: the fewest instances that keep the promise are among them.

        At least half of the room is left to those that sleep.
        """
        left = room() // 2
        while room() > left:
            tried = {
                p.candidate.fixed: p.keeps(self.sure)
                for p in self.played
                if p.candidate.fixed is not None and p.candidate.machine == machine and not p.left
            }
            size = next_size(allowed, tried)
            if size is None:
                return
            self.play(Role.FIXED, (always_on(size, machine),))

    def _prepared(self, number: int, requests: Requests, speed: float) -> Prepared:
        """Once for all candidates of a speed."""
        if (number, speed) not in self.ready:
            self.ready[number, speed] = prepare(worked(requests, speed))
        return self.ready[number, speed]

    def _tell(self, before: int) -> Tell:
        of = self.most * len(self.traffic.expansions) * self.layers
        return lambda done, _: self.tell(min(before + done, of), of)

    def best(self, machine: Machine) -> tuple[tuple[Candidate, int], ...]:
        """Those to look around: the cheapest that keep the promise, then the fronts; with their most instances."""
        costs = [_mean(cost_of(p)) for p in self.played]
        mine = [p for p in self.played if p.candidate.machine == machine]
        keep = _one_of_each([p for p in mine if p.keeps(self.sure)])
        found = sorted(keep, key=lambda number: (costs[number], number))[: MOST_BEST // 3]
        for number in _in_turns(fronts(mine)):
            if len(found) < MOST_BEST and number not in found:
                found.append(number)
        return tuple((self.played[n].candidate, int(self.played[n].peak_instances.high)) for n in found)


def _together(promise: Promise, layered: Sequence[Numbers]) -> Numbers:
    """One replay with the waits of every clause, of numbers with those of one layer each."""
    if len(layered) == 1:
        return layered[0]
    parts = list(layered[0].by_class)
    for group in promise.groups:
        for layer, number in enumerate(group):
            parts[number] = layered[layer].by_class[number]
    return replace(layered[0], by_class=tuple(parts))


def on(exact: Scenario, ground: Ground) -> Scenario:
    """A scenario over the same span, and with the same provisioning times and rules, as all candidates."""
    return replace(
        exact,
        start_s=ground.start_s,
        until_s=ground.until_s,
        provision_s=ground.provision_s,
        ttl_s=ground.ttl_s,
        model=ground.model,
    )


def played(
    number: int,
    role: Role,
    candidate: Candidate,
    numbers: Sequence[Numbers],
    ground: Ground,
    promise: Promise,
) -> Played:
    """What the replays of one candidate come to, one for each expansion."""
    month = float(HOURS_PER_MONTH) / ground.hours
    hours = Spread(tuple(n.billed_s / 3600 * month for n in numbers))
    parts = tuple(
        _clause(clause, [n.by_class[i] for n in numbers]) for i, clause in enumerate(promise.clauses)
    )
    return Played(
        number,
        role,
        candidate,
        dollars(hours, candidate.machine.usd_per_hour),
        hours,
        Spread(tuple(n.cold_starts * month for n in numbers)),
        Spread(tuple(n.launches * month for n in numbers)),
        Spread(tuple(n.waits.p95_s for n in numbers)),
        Spread(tuple(n.waits.mean_s for n in numbers)),
        Spread(tuple(n.waits.max_s for n in numbers)),
        Spread(tuple(float(n.peak_instances) for n in numbers)),
        Spread(tuple(_never(n, promise) for n in numbers)),
        parts,
        tuple(all(part.kept[s] for part in parts) for s in range(len(numbers))),
        failed_openings=Spread(tuple(float(n.failed_openings) for n in numbers)),
        failed_closings=Spread(tuple(float(n.failed_closings) for n in numbers)),
    )


def _never(numbers: Numbers, promise: Promise) -> float:
    """The share of the requests that did not start although their limit, or their time in the queue, was up.

    One that came so late that neither was up when the replay ended is none of them. The class behind the clauses' holds
    those that no clause judges, and that would have expired.
    """
    once = (*(group[0] for group in promise.groups), len(promise.clauses))
    gone = sum(numbers.by_class[k].requests - numbers.by_class[k].started for k in once)
    return gone / numbers.requests if numbers.requests else float("nan")


def dollars(hours: Spread, usd_per_hour: Decimal | None) -> Dollars | None:
    """Instance-hours at a price; None where there is none."""
    if usd_per_hour is None:
        return None
    return Dollars(*(Decimal(str(round(n, 6))) * usd_per_hour for n in (hours.mid, hours.low, hours.high)))


def cost_of(one: Played) -> tuple[float, ...]:
    """What it costs a month in each expansion, to compare: dollars, or instance-hours where no price is known."""
    price = one.candidate.machine.usd_per_hour
    return tuple(h * float(price) if price is not None else h for h in one.hours_month.values)


def weighed(one: Played, by: Weighed) -> float:
    """What is set against the cost; NaN where too many requests never start for it to mean anything."""
    if by is Weighed.OVER:
        return one.over.mid
    if one.never.mid > NEVER:
        return float("nan")
    return one.p95_s.mid if by is Weighed.P95 else one.max_s.mid


def fronts(found: Sequence[Played]) -> Mapping[str, tuple[int, ...]]:
    """By `Weighed`, the numbers of those that no other one beats in both, the cheapest first.

    Of candidates that come to the very same the first stands for all.
    """
    single = [found[i] for i in sorted(_one_of_each(found, by_place=True))]
    costs = [_mean(cost_of(p)) for p in single]
    return {
        by.value: tuple(single[i].number for i in front(costs, [weighed(p, by) for p in single]))
        for by in Weighed
    }


def _one_of_each(found: Sequence[Played], *, by_place: bool = False) -> list[int]:
    """The numbers (or places) of the first ones of those that come to the very same in every expansion."""
    first: dict[tuple[object, ...], int] = {}
    for place, one in enumerate(found):
        parts = tuple((str(c.within.values), str(c.p95_s.values)) for c in one.clauses)
        key = (cost_of(one), str(one.p95_s.values), str(one.max_s.values), parts)
        first.setdefault(key, place if by_place else one.number)
    return list(first.values())


def _in_turns(found: Mapping[str, tuple[int, ...]]) -> list[int]:
    """The fronts taken in turns."""
    longest = max(map(len, found.values()), default=0)
    return list(dict.fromkeys(f[i] for i in range(longest) for f in found.values() if i < len(f)))


def _clause(clause: Clause, waits: Sequence[Waits]) -> ClausePlayed:
    return ClausePlayed(
        clause,
        float(np.mean([w.requests for w in waits])) if waits else 0.0,
        Spread(tuple(1 - w.over / w.requests if w.requests else float("nan") for w in waits)),
        Spread(tuple(w.mean_s for w in waits)),
        Spread(tuple(w.p95_s for w in waits)),
        Spread(tuple(w.max_s for w in waits)),
        tuple(_kept(clause, w) for w in waits),
    )


def _kept(clause: Clause, waits: Waits) -> bool:
    if not waits.requests:
        return True
    if clause.measure == MEAN:
        return waits.started == waits.requests and waits.mean_s <= clause.limit_s
    return waits.over <= int(clause.allowed * waits.requests + 1e-9)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")

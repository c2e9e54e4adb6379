"""Which candidates a search looks at: a grid around today's policy, then the neighbours of the best. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import time
from itertools import product, zip_longest
from typing import Any, TypeVar

import numpy as np

from ops.core.candidate import MOST_INSTANCES, WAKE_PERIODS, Candidate, Machine, SearchSpace, always_on
from ops.core.errors import BadInput
from ops.core.promise import Clause, Promise
from ops.core.types import FloatArray
from ops.core.warm import MOST_EARLY, MOST_WINDOWS, WarmPlan, WarmWindow
from ops.core.warm_week import stretches
from ops.replay.candidates import Ground, fitted, unlike
from ops.replay.promise import classes, minutes_of_week
from ops.replay.recurring import recurring
from ops.replay.scenario import Requests

GRID_SHARE = 0.55
"""Of the candidates that may be tried, so many are of the first round."""
MOST_FIXED = 8
CALM = 0.02
"""Hours at the edges of a day that hold no more than this share of its requests are not busy hours."""
WIDEST_H = 16
"""Busy hours that are longer than this are no window."""
SHORT = 180
"""Minutes: the ends of windows that are all shorter are moved by 10 minutes, of others by an hour."""
_QUOTA = 1_000
_AXES = ("machines", "warms", "lows", "targets", "wakes", "in_cooldowns_s", "out_cooldowns_s", "highs")
_WEIGHT = {"warms": 3.0}
"""How much longer than others an axis may be before it is shortened: when it is warm tells most."""
T = TypeVar("T")


def around(
    today: Candidate | None,
    requests: Requests,
    promise: Promise,
    ground: Ground,
    machine: Machine,
    zone: str,
    early: int | None = None,
) -> SearchSpace:
    """A space that holds today's values, and those that the traffic and the promise suggest.

    `machine`: today's. `zone`: of the busy hours that are found in the traffic.
    `early`: minutes that windows open early; None: the longest provisioning time and a minute more.
    """
    need = demands(requests, promise, ground, machine)
    most = ground.quota if ground.quota is not None else _QUOTA
    usual = [need[-1], need[len(need) // 2], 1, *reversed(need)]
    usual = usual if today is None else [today.high, *usual]
    highs = [min(max(1, n), most) for n in usual]
    c = machine.concurrency
    targets: list[float | None] = [today.target] if today is not None and today.fixed is None else []
    targets += [float(c), 2.0 * c, 4.0 * c, _queue(requests, promise, machine)]
    lows = [0, 1] if today is None else [today.low, 0, 1]
    wakes: list[int | None] = [] if today is None or today.fixed is not None else [today.wake]
    warms: list[tuple[WarmPlan, ...]] = [()]
    if today is not None and today.warm:
        warms.append(today.warm)
    if early is None:
        early = min(MOST_EARLY, math.ceil(max(ground.provision_s) / 60) + 1)
    promised = _warm(_promised(promise, ground), early, need)
    busy = _warm(busy_hours(requests, zone), early, need)
    often = recurring(requests, zone, early)
    warms += [plans for each in zip_longest(promised, often, busy) for plans in each if plans is not None]
    shape = today if today is not None and today.fixed is None else Candidate(0, 1)
    return SearchSpace(
        _once(n for n in lows if n <= most),
        _once(highs),
        _once(targets),
        (shape.in_cooldown_s,),
        (shape.out_cooldown_s,),
        _once([*wakes, WAKE_PERIODS, 1]),
        _once(warms),
        (machine,),
        _fixed(need, most),
    )


def demands(requests: Requests, promise: Promise, ground: Ground, machine: Machine) -> tuple[int, ...]:
    """How many instances keep up: in the usual and the worst hour, and burst; ascending.

    A burst is what comes within the shortest limit of the promise, and is worked on within it. One number in the
    middle is added.
    """
    if not len(requests):
        return (1,)
    found = []
    for width in (3600.0, max(60.0, min(promise.limits_s))):
        cells = np.floor((requests.arrival_s - ground.start_s) / width).astype(np.int64)
        work = np.bincount(cells - cells.min(), weights=requests.hold_s / machine.speed)
        busy = work[work > 0] / width / machine.concurrency
        if len(busy):
            found += [float(np.quantile(busy, q)) for q in (0.75, 0.95, 1.0)]
    needs = sorted(max(1, math.ceil(n - 1e-9)) for n in found) or [1]
    middle = math.ceil(math.sqrt(needs[0] * needs[-1]))
    return tuple(sorted({*needs, middle}))


def grid(space: SearchSpace, room: int) -> tuple[Candidate, ...]:
    """Combinations of the space, `room` at most; where there are too many, the longest list of values is shortened.

    Of the maxima so many are combined as are not below the floor.
    """
    lengths = {axis: len(getattr(space, axis)) for axis in _AXES}
    while True:
        found = unlike(tuple(_combined(space, lengths)))
        longest = max(_AXES, key=lambda axis: lengths[axis] / _WEIGHT.get(axis, 1))
        if len(found) <= room or lengths[longest] == 1:
            return found[:room]
        lengths[longest] -= 1


def structural(space: SearchSpace) -> tuple[Candidate, ...]:
    """One of each kind, with the usual values: asleep until a request comes, always on at the most and the fewest that
    may be needed, and each way to be warm. What a search tries first, however little it may try."""
    always = [always_on(n, m) for m in space.machines for n in (*space.fixed[-1:], *space.fixed[:1])]
    kinds: dict[tuple[object, ...], Candidate] = {}
    for warm in space.warms:
        one = replace(space, warms=(warm,), lows=tuple(sorted(space.lows)))
        found = next(_combined(one, dict.fromkeys(_AXES, 1)), None)
        if found is not None:
            kinds.setdefault(tuple((plan.windows, plan.zone) for plan in warm), found)
    first = [kinds.pop(())] if () in kinds else []
    warm_ones = list(kinds.values())
    return unlike([*first, *always[:1], *warm_ones, *always[1:]])


def fixed(space: SearchSpace) -> tuple[Candidate, ...]:
    """Always on, for comparison."""
    return unlike([always_on(n, machine) for machine in space.machines for n in space.fixed])


def sizes(
    machine: Machine, quota: int | None = None, inside: Callable[[Candidate], bool] | None = None
) -> tuple[int, ...]:
    """How many instances may be always on, ascending. `inside`: what it denies is left out."""
    if inside is None:
        return tuple(range(1, (_QUOTA if quota is None else quota) + 1))
    most = MOST_INSTANCES if quota is None else quota
    return tuple(n for n in range(1, most + 1) if inside(always_on(n, machine)))


def next_size(allowed: Sequence[int], tried: Mapping[int, bool]) -> int | None:
    """Which size to try next to find the smallest of the ascending `allowed` that keeps a promise; None: it is found,
    or even the largest does not.

    `tried`: whether a size keeps it. A larger one keeps what a smaller one does, so the gap between the largest that
    does not and the smallest that does is halved; where none does, each step is twice as far as the last.
    """
    enough = next((i for i, n in enumerate(allowed) if tried.get(n, False)), len(allowed))
    below = max((i for i in range(enough) if allowed[i] in tried), default=-1)
    if enough - below < 2:
        return None
    if enough == len(allowed):
        return allowed[min(enough - 1, max(0, 2 * below + 1))]
    return allowed[(enough + below) // 2]


def neighbours(
    best: Sequence[tuple[Candidate, int]],
    seen: Iterable[Candidate],
    room: int,
    quota: int | None = None,
    inside: Callable[[Candidate], bool] | None = None,
) -> tuple[Candidate, ...]:
    """New candidates, each one step from one of the best; those take turns. `room` at most.

    `best`: with the most instances that it came to, so that nobody looks at a maximum that is never reached.
    `inside`: what it denies is left out.
    """
    known, found = set(seen), list[Candidate]()
    for turn in zip_longest(*(_steps(candidate, peak, quota or _QUOTA) for candidate, peak in best)):
        for each in turn:
            if each is None or each in known or len(found) >= room:
                continue
            if inside is None or inside(each):
                known.add(each)
                found.append(each)
    return tuple(found)


def busy_hours(requests: Requests, zone: str) -> tuple[tuple[WarmWindow, ...], str] | None:
    """The hours of the local day that hold nearly all requests, of Monday to Friday and of the weekend; None where
    they come at any hour."""
    if not len(requests):
        return None
    minute = minutes_of_week(requests.arrival_s, zone)
    windows = []
    for days in (frozenset(range(5)), frozenset((5, 6))):
        mine = minute[np.isin(minute // 1440, list(days))]
        if len(mine) < CALM * len(minute):
            continue
        by_hour = np.bincount(mine % 1440 // 60, minlength=24)
        first, last = _edges(by_hour.astype(np.float64))
        if last - first > WIDEST_H:
            return None
        windows.append(WarmWindow(days, time(first), time(last % 24)))
    return (tuple(windows), zone) if windows else None


def at_any_hour(clause: Clause, requests: Requests) -> bool:
    """Whether requests come all through the hours of the local day that a clause holds in: no three in a row, over
    all days, are without one."""
    held = classes(Promise((clause,), ""), requests.arrival_s) == 0
    came = set((minutes_of_week(requests.arrival_s[held], clause.zone) % 1440 // 60).tolist())
    hours = {
        (window.start.hour * 60 + window.start.minute + k) // 60 % 24
        for window in clause.windows
        for k in range(window.minutes)
    } or set(range(24))
    return not any({hour % 24 for hour in range(h, h + 3)} <= hours - came for h in hours)


def _edges(by_hour: FloatArray) -> tuple[int, int]:
    """[first, last) hour once calm hours are cut off, the calmer edge first."""
    first, last, left = 0, 24, CALM * by_hour.sum()
    while last - first > 1:
        cut = min((first, last - 1), key=lambda hour: by_hour[hour])
        if by_hour[cut] > left:
            break
        left -= by_hour[cut]
        first, last = (first + 1, last) if cut == first else (first, last - 1)
    return first, last


def _promised(promise: Promise, ground: Ground) -> tuple[tuple[WarmWindow, ...], str] | None:
    """The hours for which less than a cold start is promised."""
    for clause in promise.clauses:
        if clause.windows and clause.limit_s < max(ground.provision_s) + 60 * WAKE_PERIODS:
            return clause.windows[:MOST_WINDOWS], clause.zone
    return None


def _warm(
    hours: tuple[tuple[WarmWindow, ...], str] | None, early: int, need: Sequence[int]
) -> list[tuple[WarmPlan, ...]]:
    if hours is None:
        return []
    floors = sorted({1, need[len(need) // 2], need[-1]})
    plans = [WarmPlan(1, hours[0], hours[1], floor, early=early) for floor in floors]
    try:
        stretches(plans[0])
    except BadInput:  # they leave no time out
        return []
    return [(plan,) for plan in plans]


def _queue(requests: Requests, promise: Promise, machine: Machine) -> float:
    """The backlog that one instance works off within the shortest limit."""
    hold = float(np.median(requests.hold_s)) / machine.speed if len(requests) else 0.0
    if hold <= 0:
        return 2.0 * machine.concurrency
    return float(min(1_000, max(1, round(machine.concurrency * min(promise.limits_s) / hold))))


def _fixed(need: Sequence[int], most: int) -> tuple[int, ...]:
    """1, 2, 3, 4, 6, 8, 12, 16 ... up to the worst need, no more than MOST_FIXED of them."""
    top = min(max(need), most)
    steps = [n for k in range(14) for n in (2**k, 3 * 2 ** (k - 1)) if k or n == 1]
    found = sorted({min(n, top) for n in (1, *need, *(int(s) for s in steps)) if n <= top})
    if len(found) > MOST_FIXED:
        picked = np.unique(np.linspace(0, len(found) - 1, MOST_FIXED).round().astype(int))
        found = [found[i] for i in picked]
    return tuple(found)


def _combined(space: SearchSpace, lengths: Mapping[str, int]) -> Iterator[Candidate]:
    """The first `lengths` values of each list, combined."""
    rest = [getattr(space, axis)[: lengths[axis]] for axis in _AXES if axis != "highs"]
    for machine, warm, low, target, wake, into, out in product(*rest):
        floor = max([1, low, *(plan.floor for plan in warm if plan.floor is not None)])
        for high in [high for high in space.highs if high >= floor][: lengths["highs"]]:
            found = Candidate(low, high, target, into, out, wake if low == 0 else WAKE_PERIODS, warm, machine)
            if _sensible(found):
                yield found


def _sensible(one: Candidate) -> bool:
    """Whether it can do anything, and is not another one in disguise."""
    floors = [plan.floor for plan in one.warm if plan.floor is not None]
    return one.high >= 1 and one.fixed is None and all(one.low < floor <= one.high for floor in floors)


def _steps(one: Candidate, peak: int, most: int) -> Iterator[Candidate]:
    """What lies one step away, the steps that tell most first."""
    if one.fixed is not None:
        yield from (always_on(n, one.machine) for n in (one.low - 1, one.low + 1) if 1 <= n <= most)
        return
    for changes in _changes(one, peak):
        try:
            found = fitted(replace(one, **changes))
        except BadInput:  # bounds that cross, a floor of none
            continue
        if _sensible(found) and found.high <= most and found != one:
            yield found if found.low == 0 else replace(found, wake=WAKE_PERIODS)


def _changes(one: Candidate, peak: int) -> Iterator[dict[str, Any]]:
    highs = (one.high - 1, one.high + 1, math.floor(one.high * 0.75), math.ceil(one.high * 1.25))
    yield from ({"high": high} for high in (_once(highs) if peak >= one.high else (peak,)))
    for plan in one.warm[:1]:
        yield from ({"warm": (each, *one.warm[1:])} for each in _plans(plan))
    if one.target is not None and one.high > 1:
        yield from ({"target": _round(one.target * factor)} for factor in (0.7, 1.4, 0.5, 2.0))
    if one.low == 0 and one.wake is not None:
        yield from ({"wake": wake} for wake in (one.wake - 1, one.wake + 1))
    yield from ({"in_cooldown_s": seconds} for seconds in (60, 300, 900))
    yield from ({"out_cooldown_s": seconds} for seconds in (60, 300) if one.high > 1)
    yield from ({"low": low} for low in (one.low + 1, one.low - 1))


def _plans(plan: WarmPlan) -> Iterator[WarmPlan]:
    """A warm plan with another floor, open earlier or later, or with longer windows."""
    if plan.floor is not None:
        yield replace(plan, floor=plan.floor + 1)
        if plan.floor > 1:
            yield replace(plan, floor=plan.floor - 1)
    for early in (plan.early + 5, plan.early - 3):
        if 0 <= early <= MOST_EARLY:
            yield replace(plan, early=early)
    unit = 60 if max((window.minutes for window in plan.windows), default=0) > SHORT else 10
    for before, behind in ((unit, 0), (0, unit), (unit, unit)):
        longer = tuple(_longer(window, before, behind) for window in plan.windows)
        if longer != plan.windows:
            yield replace(plan, windows=longer)


def _longer(window: WarmWindow, before: int, behind: int) -> WarmWindow:
    """With so many minutes more at its ends; as it is where it would go over midnight."""
    first = window.start.hour * 60 + window.start.minute - before
    last = window.end.hour * 60 + window.end.minute + behind
    if window.over_midnight or window.end <= window.start or first < 0 or last >= 1440:
        return window
    return replace(window, start=time(first // 60, first % 60), end=time(last // 60, last % 60))


def _round(target: float) -> float:
    """Two digits are enough; whole numbers from 3 on."""
    return float(max(0.1, round(target, 0 if target >= 3 else 1)))


def _once(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))

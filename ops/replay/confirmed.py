"""The finalists of a search, replayed over expansions that it has not seen: who is the best of a few may be lucky.

Pure. docs/planner-advice.md, "Fresh expansions".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ops.core.candidate import SearchSpace
from ops.core.promise import Promise
from ops.core.views_planner import Played, Role
from ops.replay.advice import Facts, decide, keeps, next_cheaper
from ops.replay.candidates import Ground
from ops.replay.noise import mean_of
from ops.replay.search import Sweep, Today, Traffic, cost_of, search
from ops.replay.sweep import Tell, go_on, sweep

FRESH = 20
"""Expansions besides those of the search."""
FIRST, AT_ONCE = 8, 16
"""Finalists that are replayed together: at first, and once one of them has fallen."""
MOST_FINALISTS = 96
"""When so many were replayed, the rest is not: what keeps the promise so narrowly is no candidate."""
MOST_HELD = 4_000_000
"""Requests of fresh expansions that are kept in memory; with more they are made anew for every few finalists."""
_NOTHING = SearchSpace((), (), (), (), (), (), (), (), ())


class Fresh:
    """Expansions that a search has not seen. `way`: makes the one of a number."""

    def __init__(self, way: Callable[[int], Traffic], first: int, size: int = FRESH) -> None:
        self._way, self._numbers = way, range(first, first + size)
        self._held: dict[int, Traffic] = {}

    def each(self) -> Sequence[Callable[[], Traffic]]:
        return [lambda number=number: self._of(number) for number in self._numbers]  # type: ignore[misc]

    def _of(self, number: int) -> Traffic:
        if number in self._held:
            return self._held[number]
        made = self._way(number)
        if len(made.expansions[0]) * len(self._numbers) <= MOST_HELD:
            self._held[number] = made
        return made


def confirmed(
    found: Sequence[Played],
    fresh: Fresh,
    ground: Ground,
    promise: Promise,
    facts: Facts,
    *,
    today: Today | None = None,
    run: Sweep = sweep,
    tell: Tell = go_on,
) -> tuple[Played, ...]:
    """The same candidates; those among which the advice is chosen know in which fresh expansions they keep the promise.

    It goes on until the one that would be advised has been tried. Raises Stopped when `tell` says so.
    """
    played = list(found)
    tried = 0
    while tried < MOST_FINALISTS:
        more = _finalists(played, facts)
        if not more:
            return tuple(played)
        kept: list[list[bool]] = [[] for _ in more]
        for way in fresh.each():
            for mine, again in zip(
                kept, _replayed(more, way(), ground, promise, today, run, tell), strict=True
            ):
                mine += again.kept
        for one, mine in zip(more, kept, strict=True):
            played[one.number] = replace(one, fresh=tuple(mine))
        tried += len(more)
    return tuple(played)


def _finalists(played: Sequence[Played], facts: Facts) -> list[Played]:
    """What has to be tried before the advice can be told; empty where all of it was."""
    made = decide(played, facts)
    if made.best is None or not keeps(made.best, facts.sure):
        return []
    needed = [
        made.best,
        made.sleeper,
        *([made.today] if made.today and keeps(made.today, facts.sure) else []),
    ]
    if all(one is None or one.fresh for one in needed):
        return []
    below = next_cheaper(played, made.best, facts.sure)
    others = sorted(
        (p for p in played if keeps(p, facts.sure)), key=lambda p: (mean_of(cost_of(p)), p.number)
    )
    wanted = {p.number: p for p in (*needed, *made.tied[: FIRST // 2], below, *others) if p and not p.fresh}
    return list(wanted.values())[: AT_ONCE if any(p.fresh for p in played) else FIRST]


def _replayed(
    more: Sequence[Played],
    traffic: Traffic,
    ground: Ground,
    promise: Promise,
    today: Today | None,
    run: Sweep,
    tell: Tell,
) -> list[Played]:
    """The same candidates over other traffic, in their order."""
    wanted = today if any(p.role is Role.TODAY for p in more) else None
    own = [p.candidate for p in more if p.role is not Role.TODAY]
    again = search(
        traffic, ground, promise, _NOTHING, today=wanted, own=own, most=len(more), run=run, tell=tell
    )
    by_role = {(p.role is Role.TODAY, p.candidate): p for p in again}
    return [by_role[p.role is Role.TODAY, p.candidate] for p in more]

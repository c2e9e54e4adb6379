"""A search that stays inside ranges somebody gave: its space, and whether a candidate lies inside. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from ops.core.candidate import WAKE_PERIODS, Candidate, SearchSpace
from ops.core.errors import BadInput
from ops.core.search_ranges import EITHER, NO, YES, Ranges, Spans

ALL_OF = 8
"""Of a range of so many whole numbers every one is tried at first, of a longer one so many."""
SOME_OF = 4
"""Of a range that is not of whole numbers."""
T = TypeVar("T")


def narrowed(space: SearchSpace, asked: Ranges, quota: int | None = None) -> SearchSpace:
    """What a space around today's policy becomes: its values inside the ranges, then those of the ranges.

    Raises BadInput where nothing is left to try.
    """
    highs = _whole(space.highs, asked.high)
    if quota is not None and asked.high:
        highs = tuple(n for n in highs if n <= quota)
        if not highs:
            raise BadInput(
                f"Every maximum that is asked for lies above the account's quota of {quota}.",
                "Give a lower one, or ask AWS for more.",
            )
    targets: tuple[float | None, ...] = space.targets
    if asked.target or asked.untracked:
        known = [t for t in space.targets if t is not None]
        targets = _once(
            [*_inside(known, asked.target), *_sampled(asked.target), *([None] if asked.untracked else ())]
        )
    wakes = space.wakes
    if asked.wake == YES:
        wakes = tuple(w for w in space.wakes if w is not None) or (WAKE_PERIODS,)
    elif asked.wake == NO:
        wakes = (None,)
    elif asked.wake == EITHER:
        wakes = _once([*space.wakes, None])
    warms = space.warms
    if asked.warm == NO:
        warms = ((),)
    elif asked.warm == YES:
        warms = tuple(plans for plans in space.warms if plans)
        if not warms:
            raise BadInput(
                "Neither the traffic nor the promise tells hours in which to keep instances warm.",
                "Promise less waiting in some hours, such as p95<=60s mon-fri 08-18, or make a candidate by hand.",
            )
    found = replace(
        space,
        lows=_whole(space.lows, asked.low),
        highs=highs,
        targets=targets,
        in_cooldowns_s=_whole(space.in_cooldowns_s, asked.in_cooldown_s),
        out_cooldowns_s=_whole(space.out_cooldowns_s, asked.out_cooldown_s),
        wakes=wakes,
        warms=warms,
    )
    fixed = () if asked.warm == YES else space.fixed
    return replace(found, fixed=tuple(n for n in fixed if _within(n, asked.low) and _within(n, asked.high)))


def allows(asked: Ranges, one: Candidate) -> bool:
    """Whether a candidate lies inside the ranges. What only says what happens without an instance counts where it may
    sleep; what belongs to target tracking, where it has that."""
    bounds = _within(one.low, asked.low) and _within(one.high, asked.high)
    warm = asked.warm is None or bool(one.warm) == (asked.warm == YES)
    if one.fixed is not None:
        return bounds and warm
    tracked = (
        asked.untracked or not asked.target
        if one.target is None
        else _within(one.target, asked.target)
        and (bool(asked.target) or not asked.untracked)
        and _within(one.in_cooldown_s, asked.in_cooldown_s)
        and _within(one.out_cooldown_s, asked.out_cooldown_s)
    )
    wake = one.low > 0 or asked.wake in (None, EITHER) or (one.wake is not None) == (asked.wake == YES)
    return bounds and warm and tracked and wake


def _whole(usual: Sequence[int], asked: Spans) -> tuple[int, ...]:
    if not asked:
        return tuple(usual)
    return _once(int(n) for n in [*_inside(usual, asked), *_sampled(asked, whole=True)])


def _inside(values: Sequence[float], asked: Spans) -> list[float]:
    return [value for value in values if asked and _within(value, asked)]


def _within(value: float, asked: Spans) -> bool:
    return not asked or any(first <= value <= last for first, last in asked)


def _sampled(asked: Spans, *, whole: bool = False) -> list[float]:
    """The ends of each range and some between them, in even ratios."""
    found = list[float]()
    for first, last in asked:
        if whole and last - first < ALL_OF:
            found += np.arange(first, last + 1).tolist()
        elif first == last:
            found.append(first)
        else:
            between = np.geomspace(max(first, 0.1), last, ALL_OF if whole else SOME_OF)[1:-1]
            found += [first, last, *between.round(0 if whole or first >= 3 else 1).clip(first, last).tolist()]
    return found


def _once(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))

"""How far a month's end may lie from what is expected: courses drawn from how far the same reckoning was off. Pure.

A course is off in three ways. Each day by what some day of the past was off, drawn in runs of seven in a row, so that a
good and a bad week stay together. Each weekday's mean by what it would have been, had other weeks been those that are
known: weeks are drawn whole. And all of that by how little a few weeks tell of how widely they vary, as Student's t has
it. Deterministic: the draws are seeded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from ops.core.types import FloatArray

DRAWS, RUN = 1000, 7
LOW, HIGH = 0.1, 0.9
SEED = 11


@dataclass(frozen=True, slots=True)
class Off:
    """By how many dollars a day was off: all of it, and what comes after the present time of day."""

    whole: float
    late: float


def band(
    begin: float,
    ahead: Sequence[date],
    steady: Sequence[float],
    young: Sequence[Sequence[float]],
    off: Mapping[date, Off],
) -> tuple[FloatArray, FloatArray]:
    """(low, high) running sums at the end of each day of `ahead`, each of shape (days,); 8 of 10 courses lie between.

    `begin`: dollars so far. `steady`: what is expected of each day, the first being the rest of today, of endpoints
    with weeks of their own; `young`: the same of each of the others, which may cost from nothing to twice that. No
    day costs less than nothing. `off`: at least one day.
    """
    rng = np.random.default_rng(SEED)
    known = sorted(off)
    whole = np.array([off[day].whole for day in known])
    late = np.array([off[day].late for day in known])
    runs = -(-len(ahead) // RUN)
    starts = rng.integers(0, len(known), (DRAWS, runs))
    places = (starts[:, :, None] + np.arange(RUN)).reshape(DRAWS, -1)[:, : len(ahead)] % len(known)
    errors = whole[places]
    errors[:, 0] = late[places[:, 0]]
    errors[:, 1:] += _means(rng, known, whole)[:, [day.weekday() for day in ahead[1:]]]
    days = np.maximum(0.0, np.asarray(steady) + errors * _wider(rng, len(known))[:, None])
    for each in young:
        days = days + rng.uniform(0.0, 2.0, DRAWS)[:, None] * np.asarray(each)
    courses = begin + np.cumsum(days, axis=1)
    low, high = np.quantile(courses, [LOW, HIGH], axis=0)
    return low, high


def _means(rng: np.random.Generator, known: Sequence[date], whole: FloatArray) -> FloatArray:
    """How far the mean of each weekday may be off, of shape (DRAWS, 7): weeks drawn whole, with replacement."""
    of: dict[int, int] = {}
    week = [of.setdefault((day.toordinal() - 1) // 7, len(of)) for day in known]
    sums, counts = np.zeros((len(of), 7)), np.zeros((len(of), 7))
    for place, day, value in zip(week, known, whole.tolist(), strict=True):
        sums[place, day.weekday()] += value
        counts[place, day.weekday()] += 1
    drawn = rng.integers(0, len(of), (DRAWS, len(of)))
    total, number = sums[drawn].sum(axis=1), counts[drawn].sum(axis=1)
    return np.where(number > 0, total / np.maximum(number, 1), 0.0)


def _wider(rng: np.random.Generator, days: int) -> FloatArray:
    """By how much more or less than seen a course varies, of shape (DRAWS,): of so many weeks one less is free."""
    free = max(1, days // 7 - 1)
    wider: FloatArray = np.sqrt(free / rng.chisquare(free, DRAWS))
    return wider

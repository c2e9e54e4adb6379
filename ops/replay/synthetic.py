"""Traffic that nobody has seen yet: rates by hour of the week, bursts, and more of what there is. Pure, seeded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from ops.core.errors import BadInput
from ops.core.types import FloatArray, utc
from ops.core.warm import zone_of
from ops.replay.draws import SERVICE, TRAFFIC, Times, generator
from ops.replay.scenario import Requests
from ops.replay.traffic import Arrivals

DAYS, HOURS = 7, 24
MOST = 5_000_000
"""Requests that are made at most."""
MOST_DAYS = 3650
HOUR = timedelta(hours=1)
MOST_FACTOR = 1000.0


@dataclass(frozen=True, slots=True)
class Bursts:
    """`per_day` on average, at any time; each brings `size` requests on average within `over_s` seconds."""

    per_day: float
    size: float
    over_s: float

    def __post_init__(self) -> None:
        for value, what in ((self.per_day, "number of bursts a day"), (self.size, "size of a burst")):
            _check(value, what)
        _check(self.over_s, "length of a burst")


@dataclass(frozen=True, slots=True)
class Shape:
    """Mean requests an hour by weekday (Monday first) and hour of the local clock: 7 rows of 24."""

    per_hour: tuple[tuple[float, ...], ...]
    zone: str = "UTC"
    bursts: tuple[Bursts, ...] = ()

    def __post_init__(self) -> None:
        if len(self.per_hour) != DAYS or any(len(row) != HOURS for row in self.per_hour):
            raise BadInput("A shape has 7 days of 24 hours.", "Give a rate for every hour of the week.")
        for row in self.per_hour:
            for rate in row:
                _check(rate, "rate")
        zone_of(self.zone)

    @property
    def per_week(self) -> float:
        """Mean requests a week, bursts included."""
        return sum(map(sum, self.per_hour)) + sum(DAYS * b.per_day * b.size for b in self.bursts)


def flat(per_hour: float, zone: str = "UTC", bursts: tuple[Bursts, ...] = ()) -> Shape:
    """The same rate all week."""
    return Shape(((per_hour,) * HOURS,) * DAYS, zone, bursts)


def office(
    per_hour: float,
    zone: str,
    weekdays: Sequence[int] = range(5),
    hours: Sequence[int] = range(8, 18),
    else_: float = 0.0,
) -> Shape:
    """One rate in some hours of some days, another in all others."""
    return Shape(
        tuple(
            tuple(per_hour if day in weekdays and hour in hours else else_ for hour in range(HOURS))
            for day in range(DAYS)
        ),
        zone,
    )


def shape_of(arrivals: Arrivals, zone: str) -> Shape:
    """The mean rates of what was seen, hour by hour of the week; 0 for hours of which nothing is known."""
    info = zone_of(zone)
    sums, seconds = np.zeros((DAYS, HOURS)), np.zeros((DAYS, HOURS))
    known = arrivals.known
    hours = arrivals.start_s[known] // 3600 * 3600
    for hour in np.unique(hours).tolist():
        local = utc(hour).astimezone(info)
        at = hours == hour
        sums[local.weekday(), local.hour] += arrivals.count[known][at].sum()
        seconds[local.weekday(), local.hour] += arrivals.length_s[known][at].sum()
    rates = np.divide(sums * 3600, seconds, out=np.zeros_like(sums), where=seconds > 0)
    return Shape(tuple(tuple(row) for row in rates.tolist()), zone)


def synthetic(
    shape: Shape,
    start: datetime,
    days: float,
    service: Times,
    seed: int,
    number: int = 0,
    growth: float = 1.0,
) -> Requests:
    """Poisson arrivals by the hour of the local clock, and bursts. Seconds since the epoch. Raises BadInput.

    `growth`: the factor on all rates; bursts become larger by it, not more.
    """
    _factor(growth)
    if not 0 < days <= MOST_DAYS:
        raise BadInput(f"{days:g} days hold no traffic.", f"Give a number above 0, at most {MOST_DAYS:,}.")
    if shape.per_week * growth * days / DAYS > MOST:
        raise BadInput("That would be more than five million requests.", "Give fewer days or a lower rate.")
    rng = generator(seed, TRAFFIC, number)
    parts = [*_singles(shape, start, days, growth, rng)]
    first, length = start.timestamp(), days * 86_400
    for bursts in shape.bursts:
        for begin in first + rng.random(rng.poisson(bursts.per_day * days)) * length:
            size = rng.poisson(bursts.size * growth)
            parts.append(begin + rng.random(size) * bursts.over_s)
    at = np.sort(np.concatenate(parts)) if parts else np.zeros(0)
    at = at[at < first + length]
    return Requests(at, service.draw(len(at), generator(seed, SERVICE, number)))


def _singles(
    shape: Shape, start: datetime, days: float, growth: float, rng: np.random.Generator
) -> list[FloatArray]:
    zone = zone_of(shape.zone)
    end = start + timedelta(days=days)
    out: list[FloatArray] = []
    moment = start
    while moment < end:
        local = moment.astimezone(zone)
        into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        until = min(end, moment + HOUR - into)
        seconds = (until - moment).total_seconds()
        mean = shape.per_hour[local.weekday()][local.hour] * growth * seconds / 3600
        out.append(moment.timestamp() + rng.random(rng.poisson(mean)) * seconds)
        moment = until
    return out


def grown(arrivals: Arrivals, factor: float, seed: int, number: int = 0) -> Arrivals:
    """More or less of the same: every request comes `factor` times on average, in its own cell. Raises BadInput."""
    _factor(factor)
    rng = generator(seed, TRAFFIC, number)
    wanted = np.nan_to_num(arrivals.count) * factor
    counts = np.floor(wanted) + (rng.random(len(wanted)) < wanted % 1)
    return replace(arrivals, count=np.where(arrivals.known, counts, np.nan))


def multiplied(requests: Requests, factor: float, seed: int, number: int = 0) -> Requests:
    """The same for single requests: the first of each stays where it is, more are placed in its minute at random.

    What these take is drawn from what all take. Raises BadInput.
    """
    _factor(factor)
    rng = generator(seed, TRAFFIC, number)
    size = len(requests)
    copies = np.floor(np.full(size, factor)).astype(np.int64) + (rng.random(size) < factor % 1)
    stays = copies > 0
    more = np.repeat(requests.arrival_s // 60 * 60, np.maximum(copies - 1, 0))
    at = np.concatenate([requests.arrival_s[stays], more + rng.random(len(more)) * 60])
    drawn = rng.choice(requests.hold_s, len(more)) if size else np.zeros(0)
    hold = np.concatenate([requests.hold_s[stays], drawn])
    order = np.argsort(at, kind="stable")
    return Requests(at[order], hold[order])


def _factor(factor: float) -> None:
    if not (0 < factor <= MOST_FACTOR):
        raise BadInput(
            f"Traffic cannot grow by {factor:g}.", f"Give a factor above 0, at most {MOST_FACTOR:g}."
        )


def _check(value: float, what: str) -> None:
    if not (value >= 0 and math.isfinite(value)):
        raise BadInput(f"{value:g} is no {what}.", "Give a number from 0 up.")

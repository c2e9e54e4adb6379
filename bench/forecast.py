"""Where months ended, beside what was forecast on five days of each: how many of them the band held.

Months of the embedded fleet, read through its API like any account's, by the hour: a forecast knows what had settled by
then. Several worlds, each with a seed of its own, so that one odd year does not decide.
`python -m bench.forecast [--seeds 7 8 ... 14] [--months 10]`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bench.goals import goal, row
from ops import savings_ahead
from ops.config import Settings
from ops.console import Console
from ops.core.cost import hours_of
from ops.core.forecast import DayCost
from ops.core.instance_time import QUARTER_S, InstanceTime
from ops.core.periods import SETTLED_S, last_days, month, months
from ops.core.savings import TypeFrom
from ops.core.types import Price
from ops.core.views_savings import SavingsQuery
from ops.local_aws.build import make_world
from ops.local_aws.clock import SimClock
from ops.local_aws.server import LocalAws
from ops.local_aws.world import WorldOptions

NOW = datetime(2026, 10, 20, 14, tzinfo=UTC)
DAYS = (3, 8, 13, 18, 24)
"""Days of a month on which its end is forecast, at noon."""
LIVED, PAST = 3, 420
"""Days of history lived minute by minute, and in all."""
READ = 380
BORN = NOW - timedelta(days=PAST)
HELD = 0.8
"""Of 10 bands so many are meant to hold where the month ended."""


@dataclass(frozen=True, slots=True)
class Lived:
    """One endpoint over all of the past that was read, and its price."""

    time: InstanceTime
    price: Price

    def between(self, start: datetime, until: datetime) -> InstanceTime:
        a, b = ((int(at.timestamp()) - self.time.first) // QUARTER_S for at in (start, until))
        if a < 0 or b > len(self.time.known):
            raise SystemExit("Not so much of the past was read.")
        return InstanceTime(int(start.timestamp()), self.time.minutes[a:b], self.time.known[a:b], ())

    def cost(self, start: datetime, until: datetime) -> Decimal:
        """All of it. Raises SystemExit where some of it is not known."""
        found = self.between(start, until)
        if found.coverage < 1:
            raise SystemExit(f"{start:%B %Y} is not wholly known.")
        return hours_of(float(found.minutes.sum())) * self.price.usd_per_hour

    def days(self, start: datetime, until: datetime) -> tuple[DayCost, ...] | None:
        types = (TypeFrom(BORN, self.price.instance_type),)
        prices = {self.price.instance_type: self.price}
        return savings_ahead.days_of(self.between(start, until), BORN, "UTC", types, prices)


Fleet = tuple[Lived, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """One forecast, and where that month ended."""

    expected: Decimal
    low: Decimal
    high: Decimal
    ended: Decimal

    @property
    def held(self) -> bool:
        return self.low <= self.ended <= self.high


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, nargs="+", default=[*range(7, 15)])
    options.add_argument("--months", type=int, default=10)
    given = options.parse_args()
    every: list[Tried] = []
    for seed in given.seeds:
        found = list(tried(fleet_of(seed), given.months))
        told(f"world {seed}: {given.months} months, {len(DAYS)} days each", found)
        every += found
    held = told("all", every)
    goal("the band holds 8 of 10", f"{held:.0%}", held >= HELD)


def told(what: str, found: Sequence[Tried]) -> float:
    held = sum(each.held for each in found)
    off = sorted(abs(each.expected / each.ended - 1) for each in found)[len(found) // 2]
    wide = sorted((each.high - each.low) / each.expected for each in found)[len(found) // 2]
    row(
        what,
        f"{held} of {len(found)}",
        f"held; half are off by under {off:.1%}, half of the bands under {wide:.0%}",
    )
    return held / len(found)


def fleet_of(seed: int) -> Fleet:
    """The asynchronous endpoints of the embedded fleet over all of their past."""
    options = WorldOptions(seed=seed, history_days=LIVED, past_days=PAST)
    server = LocalAws(make_world(SimClock(NOW.timestamp(), 1.0, lambda: 0.0), options), ticking=False).start()
    try:
        with Console.open(Settings(endpoint_url=server.url)) as console:
            return read(console)
    finally:
        server.stop()


def read(console: Console) -> Fleet:
    """Through the question that a page asks: the savings of as many days as the months and their past take."""
    now = console.fleet().as_of
    view = console.find_savings(SavingsQuery(last_days(READ, now)))
    return tuple(Lived(row.time, row.prices[0]) for row in view.rows)


def tried(fleet: Fleet, count: int) -> Iterator[Tried]:
    """Forecasts of the last whole months, each by what was known at noon of five of its days."""
    for text in months(NOW, NOW - timedelta(days=READ))[1 : count + 1]:
        whole = month(text, NOW)
        ended = sum((each.cost(whole.start, whole.end) for each in fleet), Decimal(0))
        for day in DAYS:
            now = whole.start + timedelta(days=day - 1, hours=12, seconds=SETTLED_S)
            start, until = savings_ahead.span(now, "UTC")
            found = savings_ahead.ahead(
                {str(n): each.days(start, until) for n, each in enumerate(fleet)}, now, "UTC", None
            )
            if found.expected is None or found.low is None or found.high is None:
                raise SystemExit(f"{text}, day {day}: {found.basis}")
            yield Tried(found.expected, found.low, found.high, ended)


if __name__ == "__main__":
    main()

"""What Ebb asks of AWS in an hour, and what that costs: for one viewer, for twenty, and for nobody.

Twenty endpoints, one simulated hour of a working afternoon in steps of five seconds, all audiences side by side in
the same hour. Back-fill (the first start) and the first reading of a process that starts again are counted apart.
`python -m bench.calls`.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from bench.goals import goal, row
from ops.collector import Collector
from ops.config import Settings
from ops.console import Console
from ops.core import cost
from ops.local_aws.build import STORIES, make_world
from ops.local_aws.clock import SimClock
from ops.local_aws.more_stories import crowd
from ops.local_aws.server import LocalAws
from ops.local_aws.stories import DEFAULT
from ops.local_aws.story_kit import Story
from ops.pace import Pace
from tests.living import TUESDAY

ENDPOINTS = 20
HOUR_S, STEP_S = 3600, 5
HALF_S = 1800
READ_S = 15.0
"""Seconds between two readings of real AWS."""
TICK_S = 15
"""How often one viewer's page refreshes."""
METRICS = 8
NAIVE = METRICS * ENDPOINTS * 60
"""Metrics an hour that asking for eight of every endpoint each minute takes."""
SHARE = 3
SPAN = timedelta(hours=3)
Look = Callable[[Collector], object]


@dataclass(frozen=True, slots=True)
class Asked:
    """Calls by operation, metrics asked for, and dollars at list prices."""

    calls: Counter[str]
    metrics: int

    @classmethod
    def of(cls, reader: Collector) -> Asked:
        usage = reader.snapshot().usage
        if usage is None:
            raise SystemExit("The collector asked for nothing.")
        return cls(Counter(usage.calls), usage.metrics)

    @property
    def usd(self) -> Decimal:
        return cost.of_asking(self.calls, self.metrics)

    def since(self, before: Asked, times: int = 1) -> Asked:
        """What came after `before`, so many times."""
        calls = self.calls - before.calls
        return Asked(
            Counter({k: n * times for k, n in calls.items()}), (self.metrics - before.metrics) * times
        )

    def says(self) -> str:
        return f"${self.usd:.4f}, {self.calls.total():,} calls"


class Hand:
    """A clock moved by this program."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Audience:
    """Some viewers and the collector that serves them. `viewers`: each what one viewer has open.

    Each refreshes every TICK_S; the second comes STEP_S after the first, the fourth with the first, and so on.
    """

    name: str
    viewers: Sequence[Sequence[Look]]
    collector: Collector
    lasts_s: int = HOUR_S
    last_read: float | None = None
    last_asked: float | None = None
    begin: Asked | None = None
    pace: Pace = field(default_factory=lambda: Pace(READ_S))

    def step(self, now: float, second: int) -> None:
        """What happens within five seconds: the collector reads if it is time to, then viewers look."""
        if second > self.lasts_s:
            return
        if self.pace.wait(now, self.last_read, self.last_asked) == 0:
            self.collector.read_once()
            self.last_read = now
        while self.collector.close_gap():
            pass
        if self.begin is None:
            self.begin = Asked.of(self.collector)
        for number, tabs in enumerate(self.viewers):
            if second % TICK_S == number * STEP_S % TICK_S:
                for look in tabs:
                    look(self.collector)
                self.last_asked = now

    def an_hour(self) -> Asked:
        """What an hour took, without the first reading."""
        assert self.begin is not None
        return Asked.of(self.collector).since(self.begin, HOUR_S // self.lasts_s)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(f"Calls to AWS in an hour, {ENDPOINTS} endpoints")
    STORIES["crowd-bench"] = Story("crowd-bench", "a few more endpoints", crowd(ENDPOINTS - len(DEFAULT)))
    hand = Hand()
    world = make_world(SimClock(TUESDAY, 1.0, hand), scenarios=("crowd-bench",))
    with LocalAws(world, ticking=False) as server, tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "first.db"
        names, start = first_start(server.url, first, hand)
        if len(names) != ENDPOINTS:
            raise SystemExit(f"The world has {len(names)} endpoints, not {ENDPOINTS}.")
        tabs = (fleet, page("doc-async"))

        def audience(name: str, viewers: Sequence[Sequence[Look]], lasts_s: int = HOUR_S) -> Audience:
            own = Path(folder) / f"{name}.db"
            shutil.copy(first, own)
            return Audience(name, viewers, opened(server.url, own, hand), lasts_s)

        one = audience("1 viewer of Fleet and one Endpoint page", [tabs])
        twenty = audience("20 viewers of Fleet and one Endpoint page", [tabs] * 20)
        spread = audience("20 viewers, each on another Endpoint page", [(page(n),) for n in names], HALF_S)
        nobody = audience("nobody looks", ())
        audiences = (one, twenty, spread, nobody)
        for second in range(0, HOUR_S + STEP_S, STEP_S):
            hand.at += STEP_S
            with world.lock:
                world.catch_up()
            for each in audiences:
                each.step(hand.at, second)
        report(start, audiences)
        for each in audiences:
            each.collector.stop()


def report(start: Asked, audiences: Sequence[Audience]) -> None:
    row(
        f"naive: {METRICS} metrics of every endpoint each minute",
        f"{NAIVE:,} metrics",
        f"${NAIVE * cost.METRIC_USD:.4f}",
    )
    for each in audiences:
        took = each.an_hour()
        note = ", half an hour times two" if each.lasts_s < HOUR_S else ""
        row(
            each.name,
            f"{took.metrics:,} metrics",
            f"{took.says()}, {took.metrics / NAIVE:.0%} of naive{note}",
        )
    row(
        "first start, once: 15 days of minutes, 15 months of hours",
        f"{start.metrics:,} metrics",
        start.says(),
    )
    again = audiences[0].begin
    assert again is not None
    row("each later start, once", f"{again.metrics:,} metrics", again.says())
    one, twenty = audiences[0].an_hour(), audiences[1].an_hour()
    pair = f"{twenty.metrics:,} and {one.metrics:,} metrics, {twenty.calls.total():,} and {one.calls.total():,} calls"
    goal("20 viewers of the same pages ask as much as 1", pair, one == twenty)
    goal(
        f"at most 1/{SHARE} of naive",
        f"1/{NAIVE / max(twenty.metrics, 1):.1f}",
        twenty.metrics * SHARE <= NAIVE,
    )


def fleet(collector: Collector) -> object:
    return collector.fleet()


def page(name: str) -> Look:
    return lambda collector: collector.endpoint(name, SPAN)


def first_start(url: str, history: Path, hand: Hand) -> tuple[list[str], Asked]:
    """The back-fill of an empty history: the names of all endpoints, and what it took."""
    reader = opened(url, history, hand)
    reader.read_once()
    while reader.close_gap():
        pass
    view = reader.fleet()
    names = sorted(r.endpoint.ref.name for r in (*view.rows, *view.realtime))
    took = Asked.of(reader)
    reader.stop()
    return names, took


def opened(url: str, history: Path, hand: Hand) -> Collector:
    settings = Settings(endpoint_url=url, history_url=f"sqlite:///{history}")
    return Collector(lambda: Console.open(settings, keep=True), lambda _kind: READ_S, hand)


if __name__ == "__main__":
    main()

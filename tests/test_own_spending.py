"""Ebb's own asking on the embedded AWS with a stepped clock: a budget makes it ask for less, trouble does not wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from ops.collector import Collector
from ops.config import Settings
from ops.console import Console
from ops.core.own_budget import MOST, Why
from ops.core.own_spending import DATA, Spending
from ops.core.types import Severity
from ops.local_aws.clock import SimClock
from ops.own_spending import KEY
from tests.living import Hand, living
from tests.small_worlds import NAME, small

TICK_S = 60.0


class Desk:
    """A collector with a budget whose rounds the test makes, while somebody looks at one endpoint."""

    def __init__(
        self, url: str, clock: SimClock, budget: str | None, looked_at: str, history: str | None = None
    ) -> None:
        self.clock, self.hand, self.looked_at = clock, Hand(), looked_at
        settings = Settings(endpoint_url=url, history_url=history)
        self.reader = Collector(
            lambda: Console.open(settings, keep=history is not None),
            lambda kind: TICK_S,
            self.hand,
            budget=Decimal(budget) if budget else None,
        )

    def hours(self, number: float) -> int:
        """Metrics that so many hours ask for."""
        before = self.metrics()
        for _ in range(round(number * 3600 / TICK_S)):
            self.reader.snapshot()
            if self.looked_at:
                self.reader.endpoint(self.looked_at)
            self.clock.jump(TICK_S)
            self.hand.at += TICK_S
            self.reader.read_once()
        return self.metrics() - before

    def metrics(self) -> int:
        usage = self.reader.snapshot().usage
        return usage.metrics if usage is not None else 0

    def spending(self) -> Spending:
        found = self.reader.snapshot().spending
        assert found is not None
        return found


@contextmanager
def desk(budget: str | None, looked_at: str = NAME) -> Iterator[Desk]:
    with small(1) as (server, clock):
        found = Desk(server.url, clock, budget, looked_at)
        found.reader.read_once()
        yield found
        found.reader.stop()


def test_a_budget_makes_the_paid_calls_fall_and_one_that_is_spent_leaves_the_hourly_reading() -> None:
    with desk(None) as free:
        free.hours(3)
        full = free.hours(3)
        spending = free.spending()
        assert (spending.slowing.stretch, spending.slowing.why) == (1.0, Why.NO_BUDGET)
        ahead = spending.projected
        assert ahead is not None
    with desk("0.000001") as spent:
        spent.hours(3)
        least = spent.hours(3)
        assert spent.spending().slowing.why is Why.SPENT
        assert spent.spending().slowing.stretch == MOST
        assert 0 < least < full * 0.4
    budget = (ahead / 3).quantize(Decimal("0.0001"))
    with desk(str(budget)) as bound:
        bound.hours(3)
        slow = bound.hours(3)
        spending = bound.spending()
        assert spending.slowing.why is Why.SLOWED
        assert spending.slowing.stretch > 1.5
        assert spending.counted.usd < budget / 2
        assert least < slow < full * 0.6
        assert spending.counted.calls[DATA] > 0
        projected = spending.projected
        assert projected is not None
        assert projected < ahead * Decimal("0.6")


@pytest.mark.parametrize("name", ["ocr-legacy"])
def test_an_endpoint_in_trouble_is_read_as_ever(name: str) -> None:
    """The fleet's stuck endpoint is critical: its backlog is no older with a spent budget than without one."""
    with living(days=1) as (server, clock):
        bound = Desk(server.url, clock, "0.000001", "")
        bound.reader.read_once()
        bound.hours(0.5)
        assert bound.spending().slowing.stretch == MOST
        fleet = bound.reader.fleet()
        ages = {
            r.endpoint.ref.name: (fleet.as_of - r.read_at).total_seconds() for r in fleet.rows if r.read_at
        }
        row = next(r for r in fleet.rows if r.endpoint.ref.name == name)
        assert row.verdict.severity is Severity.CRITICAL
        assert ages[name] <= 300.0
        assert max(ages.values()) > 900.0
        bound.reader.stop()


def test_a_restart_goes_on_with_the_month(tmp_path: Path) -> None:
    history = f"sqlite:///{tmp_path / 'history.db'}"
    with small(1) as (server, clock):
        first = Desk(server.url, clock, "5", NAME, history)
        first.reader.read_once()
        first.hours(0.5)
        before = first.spending()
        first.reader.stop()
        first.reader.stop()
        second = Desk(server.url, clock, "5", NAME, history)
        second.reader.read_once()
        after = second.spending()
        assert after.kept
        assert after.counted.since == before.counted.since
        own = second.reader.snapshot().usage
        assert own is not None
        assert after.counted.metrics == before.counted.metrics + own.metrics
        console = second.reader.console
        assert console is not None
        assert console.recall(KEY)
        second.reader.stop()


def test_without_a_history_it_says_that_it_ends_with_the_process() -> None:
    with desk(None) as free:
        assert not free.spending().kept

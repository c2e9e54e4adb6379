"""One collector for all: what viewers cost, how old a line may be, what is noticed of an unwatched endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from ops.collector import Collector
from ops.core import metrics
from ops.core.pacing import Interest, chosen
from ops.core.types import EndpointState
from ops.core.views import FleetRow, Usage
from ops.local_aws.clock import SimClock
from tests.living import Hand, console_at
from tests.small_worlds import NAME, small

TICK_S = 15.0


class Desk:
    """A collector whose rounds the test makes, at the pace of real AWS."""

    def __init__(self, url: str, clock: SimClock) -> None:
        self.clock, self.hand = clock, Hand()
        self.reader = Collector(lambda: console_at(url), lambda kind: TICK_S, self.hand)

    def tick(self, *, looks: bool = True, seconds: float = TICK_S) -> None:
        if looks:
            self.reader.snapshot()
        self.clock.jump(seconds)
        self.hand.at += seconds
        self.reader.read_once()

    def row(self) -> FleetRow:
        return self.reader.fleet().rows[0]

    def usage(self) -> Usage:
        found = self.reader.snapshot().usage
        assert found is not None
        return found


def spent(before: Usage, after: Usage) -> Mapping[str, int]:
    return {k: v - before.calls.get(k, 0) for k, v in after.calls.items() if v != before.calls.get(k, 0)}


def cost_of(viewers: int) -> tuple[Mapping[str, int], int]:
    """Calls and metrics of four minutes in which `viewers` keep the fleet and one endpoint open."""
    with small(1) as (server, clock):
        desk = Desk(server.url, clock)
        desk.tick()
        before = desk.usage()

        def look() -> None:
            desk.reader.fleet()
            desk.reader.endpoint(NAME)
            desk.reader.snapshot()

        with ThreadPoolExecutor(viewers) as pool:
            for _ in range(16):
                for future in [pool.submit(look) for _ in range(viewers)]:
                    future.result()
                desk.tick()
        after = desk.usage()
        desk.reader.stop()
        return spent(before, after), after.metrics - before.metrics


def test_ten_viewers_cost_the_calls_of_one() -> None:
    assert cost_of(10) == cost_of(1)


def asleep(desk: Desk) -> None:
    """Let time pass until the endpoint sleeps and is asked about rarely."""
    for _ in range(90):
        desk.tick(seconds=120.0)
        row = desk.row()
        quiet = row.endpoint.current == row.endpoint.desired == 0 and not row.backlog
        if quiet and row.verdict.state is EndpointState.ASLEEP:
            return
    pytest.fail("it never slept")


def test_a_sleeping_endpoint_that_nobody_looks_at_is_seen_to_wake_in_the_next_round() -> None:
    """Its counts and its status change, and listing the endpoints is free."""
    with small(1, every_s=4 * 3600.0) as (server, clock):
        desk = Desk(server.url, clock)
        desk.tick()
        asleep(desk)
        rounds_late = 0
        for _ in range(1200):
            desk.tick(seconds=30.0)
            status = server.world.fleet.describe(NAME)
            assert status is not None
            row = desk.row()
            if status.desired and status.status == "Updating":
                if row.endpoint.desired == status.desired:
                    break
                rounds_late += 1
        else:
            pytest.fail("it never woke")
        assert rounds_late <= 1
        assert row.verdict.state in (EndpointState.WAKING, EndpointState.QUEUED)
        assert row.backlog
        desk.reader.stop()


def test_a_line_is_never_older_than_its_interest_allows() -> None:
    with small(1) as (server, clock):
        desk = Desk(server.url, clock)
        desk.tick()
        for _ in range(120):
            desk.tick()
            row = desk.row()
            assert row.read_at is not None
            age = (desk.reader.fleet().as_of - row.read_at).total_seconds()
            slowest = max(
                chosen(row.endpoint, how)[metrics.BACKLOG] for how in (Interest.AWAKE, Interest.ASLEEP)
            )
            assert age <= slowest
        desk.reader.endpoint(NAME)
        for _ in range(40):
            desk.reader.endpoint(NAME)
            desk.tick()
            row = desk.row()
            assert row.read_at is not None
            age = (desk.reader.fleet().as_of - row.read_at).total_seconds()
            assert age <= chosen(row.endpoint, Interest.WATCHED)[metrics.BACKLOG]
        desk.reader.stop()


def test_an_hour_of_one_viewer_costs_a_third_of_eight_metrics_each_minute() -> None:
    with small(1) as (server, clock):
        desk = Desk(server.url, clock)
        desk.tick()
        before = desk.usage()
        for _ in range(240):
            desk.tick()
        assert desk.usage().metrics - before.metrics <= 8 * 60 / 3
        desk.reader.stop()

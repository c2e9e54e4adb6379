"""Savings of an endpoint with instance pools, whose second type takes over for hours: against the ledger's truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from ops.config import Settings
from ops.console import Console
from ops.core import baselines, periods, savings_files
from ops.core import savings_counted as counted
from ops.core.billed import in_utc
from ops.core.cost import Basis
from ops.core.periods import Period
from ops.core.savings import Saving
from ops.core.types import utc
from ops.core.views_savings import SavingsQuery, SavingsView
from ops.local_aws.clock import SimClock
from ops.local_aws.more_stories import POOL, pooled
from ops.local_aws.server import LocalAws
from ops.local_aws.story_kit import HOUR
from tests.living import TUESDAY
from tests.small_worlds import told

NAME = "pooled"
LOOK_S = 300.0
HOURS = 26
"""So long somebody watches."""


@dataclass(frozen=True, slots=True)
class Watched:
    server: LocalAws
    console: Console
    begin: datetime
    end: datetime

    def truth(self, begin: datetime, end: datetime) -> dict[str, float]:
        edges = np.array([begin.timestamp(), end.timestamp()])
        found = self.server.world.ledger.between(edges)
        return {key.instance_type: float(hours[0]) for key, hours in found.items()}

    def asked(self, begin: datetime, end: datetime, **more: object) -> SavingsView:
        period = Period(begin, end, end, "UTC", "in this time")
        query = SavingsQuery(period, baselines.parse("peak"))
        return self.console.savings(replace(query, **more))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    """Somebody looks every five minutes from the end of the told history on."""
    with told(lambda kit, born: pooled(kit, TUESDAY), 2.0) as (server, clock), at(server.url) as console:
        look(console, clock, 0.0)
        for _ in range(int(HOURS * HOUR / LOOK_S)):
            look(console, clock, LOOK_S)
        while console.close_gap() or console.keep_cold_starts():
            pass
        begin = utc(TUESDAY)
        yield Watched(server, console, begin, begin + timedelta(hours=HOURS - 1))


def at(url: str) -> Console:
    return Console.open(Settings(endpoint_url=url))


def look(console: Console, clock: SimClock, seconds: float) -> None:
    clock.jump(seconds)
    console.read((), anybody=True)


def row(view: SavingsView) -> Saving:
    (found,) = view.rows
    return found


def test_watched_all_the_time_it_is_the_ledgers_truth_within_one_per_cent(watched: Watched) -> None:
    truth = watched.truth(watched.begin, watched.end)
    assert min(truth[kind] for kind in POOL) > 2, "both types ran for hours"
    view = watched.asked(watched.begin, watched.end)
    found = row(view)
    assert found.unseen == ""
    rates = {price.instance_type: price.usd_per_hour for price in view.prices}
    usd = sum(hours * float(rates[kind]) for kind, hours in truth.items())
    assert float(found.usd or 0) == pytest.approx(usd, rel=0.01)
    by_type = {each.instance_type: float(each.hours) for each in found.by_type}
    assert by_type == pytest.approx(truth, rel=0.02)
    assert sum((each.usd or Decimal(0) for each in found.by_type), Decimal(0)) == found.usd


def test_the_baseline_is_at_the_first_types_price_and_says_so(watched: Watched) -> None:
    view = watched.asked(watched.begin, watched.end)
    found = row(view)
    (first,) = (price for price in view.prices if price.instance_type == POOL[0])
    assert found.baseline_usd == (found.baseline_hours or 0) * first.usd_per_hour
    assert dict(counted.counting(view))["formula"].endswith(
        f"at the price of {POOL[0]}, the first of its pool"
    )


def test_what_nobody_watched_has_two_ends_and_says_so(watched: Watched) -> None:
    begin = watched.begin - timedelta(days=1)
    truth = watched.truth(begin, watched.begin)
    view = watched.asked(begin, watched.begin)
    found = row(view)
    rates = {price.instance_type: float(price.usd_per_hour) for price in view.prices}
    usd = sum(hours * rates[kind] for kind, hours in truth.items())
    assert found.unseen_hours > 5
    assert float(found.usd or 0) < usd < float((found.usd or 0) + found.spread_usd)
    assert "was not seen for" in found.unseen
    assert found.unseen in dict(counted.counting(view)).values()
    told = json.loads(savings_files.as_json(view))["endpoints"][0]
    assert told["type_not_seen_hours"] == pytest.approx(float(found.unseen_hours), abs=1e-4)
    assert told["actual_usd"] < usd < told["actual_upper_usd"]
    assert found.unseen in told["notes"]
    assert found.unseen in savings_files.as_days(view)


def test_details_and_the_month_are_told_of_a_pool_too(watched: Watched) -> None:
    view = watched.asked(watched.begin, watched.end)
    found, detail = row(view), view.details[NAME]
    assert detail.idle is not None
    assert detail.idle.usd is not None
    assert found.usd is not None
    assert 0 < detail.idle.usd < found.usd
    assert detail.upper_usd is not None
    assert detail.upper_usd > found.usd
    assert detail.per_thousand is not None


def test_a_bill_tells_the_true_types(watched: Watched) -> None:
    period = in_utc(periods.last_days(3, watched.console.fleet().as_of))
    query = SavingsQuery(period, baselines.parse("peak"), basis=Basis.BILLED)
    found = row(watched.console.find_savings(query))
    (day,) = (datetime.combine(d.day, datetime.min.time(), UTC) for d in found.days if d.known and d.hours)
    truth = watched.truth(day, day + timedelta(days=1))
    assert len(truth) == 2
    assert found.basis is Basis.BILLED
    assert {each.instance_type: float(each.hours) for each in found.by_type} == pytest.approx(truth, rel=0.01)
    assert found.unseen == ""
    assert "the first of its pool, the rate of the bill" in found.against.formula


def test_what_was_seen_outlives_the_process(watched: Watched) -> None:
    before = row(watched.asked(watched.begin, watched.end))
    with at(watched.server.url) as bare:
        bare.read((), anybody=True)
        while bare.close_gap():
            pass
        query = SavingsQuery(watched.asked(watched.begin, watched.end).query.period, baselines.parse("peak"))
        fresh = row(bare.savings(query))
    assert fresh.hours == before.hours
    assert fresh.unseen_hours > 0, "another history saw nothing of it"

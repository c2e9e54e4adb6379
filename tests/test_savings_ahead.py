"""The month's end and who never sleeps, over a living embedded AWS: while it is read, of a choice, and of a new one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from ops.config import Settings
from ops.console import Console
from ops.core import periods
from ops.core.views_savings import Forecast, SavingsQuery
from ops.local_aws.story_kit import DAY, HOUR, Kit
from ops.local_aws.traffic import Batch, Traffic, quiet
from tests.living import console_at, living
from tests.small_worlds import told

DAYS = 9.0
NEW_H = 30.0
BIG, SMALL, NEW = "big", "small", "new"


def tell(kit: Kit, born: float) -> None:
    """A small one that sleeps, and two that never do: one as old, and one that was made thirty hours ago."""
    kit.quota("ml.g5.xlarge", 20)

    def endpoint(name: str, low: int, every: float, team: str) -> None:
        kit.config(name, f"{name}-1", "ml.g5.xlarge", concurrency=2)
        batches = (Batch(born + 2 * HOUR, every, 4, 60.0),)
        kit.endpoint(
            name, f"{name}-1", Traffic(name, kit.seed, (20.0, 40.0), quiet, batches=batches), team=team
        )
        kit.bounds(name, low, 3)
        kit.track(name)
        kit.wake(name)

    endpoint(BIG, 1, 6 * HOUR, "docs")
    endpoint(SMALL, 0, 12 * HOUR, "forms")
    kit.later(born + DAYS * DAY - NEW_H * HOUR, lambda: endpoint(NEW, 1, 6 * HOUR, "forms"))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with told(tell, DAYS) as (server, _):
        yield server.url


def ahead(console: Console, **more: object) -> Forecast:
    now = console.fleet_of_memory().as_of
    found = console.savings(replace(SavingsQuery(periods.last_days(7, now)), **more)).forecast  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.fixture(scope="module")
def seen(url: str) -> list[Forecast]:
    """The forecast after each piece of the past that was read."""
    with Console.open(Settings(endpoint_url=url, budget_usd=Decimal(900))) as console:
        console.read((), anybody=True)
        found = [ahead(console)]
        while console.close_gap():
            found.append(ahead(console))
    return found


@pytest.fixture(scope="module")
def console(url: str) -> Iterator[Console]:
    with Console.open(Settings(endpoint_url=url, budget_usd=Decimal(900))) as found:
        found.read((), anybody=True)
        while found.close_gap():
            pass
        yield found


def test_no_forecast_while_it_is_read_is_far_below_the_one_of_all_of_it(seen: list[Forecast]) -> None:
    assert seen[0].expected is None
    assert seen[0].basis.startswith("No forecast yet: the past of big")
    assert (seen[0].spent, seen[0].passes) == (None, "")
    assert seen[-1].expected is not None
    amounts = [found.expected for found in seen if found.expected is not None]
    assert min(amounts) > seen[-1].expected * Decimal("0.9")


def test_a_new_endpoint_is_counted_although_no_whole_day_of_it_is_known(console: Console) -> None:
    whole, old = ahead(console), ahead(console, names=(BIG, SMALL))
    assert whole.expected is not None
    assert old.expected is not None
    assert whole.spent is not None
    assert old.spent is not None
    left = Decimal(whole.days_left) * 24
    usd = Decimal("1.4084")
    assert whole.expected - old.expected - (whole.spent - old.spent) == pytest.approx(
        left * usd, rel=Decimal("0.03")
    )
    assert "Of new fewer than 7 days are known" in whole.basis
    assert whole.budget == 900
    assert whole.passes in ("likely", "yes"), "without the new one it would be enough"
    assert old.expected < 900


def test_a_choice_is_not_compared_with_the_budget_of_all(console: Console) -> None:
    for found in (ahead(console, names=(BIG,)), ahead(console, tags=(("team", "docs"),))):
        assert found.expected is not None
        assert (found.budget, found.passes, found.part) == (None, "", True)
        assert found.basis.endswith("this choice of them is not compared with it.")
    whole = ahead(console, names=(BIG, SMALL, NEW))
    assert (whole.budget, whole.part) == (900, False)
    assert "budget" not in whole.basis


def test_a_period_before_an_endpoint_was_made_does_not_take_it_from_the_months_end(console: Console) -> None:
    now = console.fleet_of_memory().as_of
    long_ago = periods.month("2026-09", now)
    assert ahead(console, period=long_ago).expected == ahead(console).expected


def test_a_forgotten_minimum_has_kept_it_awake_for_eleven_days() -> None:
    """The default fleet's: older days are known in five-minute steps."""
    with living() as (server, _), console_at(server.url) as console:
        now = console.fleet().as_of
        query = SavingsQuery(periods.last_days(30, now), names=("receipt-scan",))
        view = console.find_savings(query)
    idle = view.details["receipt-scan"].idle
    assert idle is not None
    assert idle.awake_h == pytest.approx(11 * 24, abs=0.5)
    assert idle.longest_awake_h == idle.awake_h
    assert idle.never_slept is False, "before that it did"
    assert view.never_slept == ("receipt-scan",)

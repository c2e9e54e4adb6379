"""What warm windows would have bought over the last 30 days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from ops.core.cold_start import ColdStart, Counted
from ops.core.cold_starts import Outcome, WokenBy
from ops.core.types import Price, Series, Window
from ops.core.warm_value import bought, lead_of, sentences
from tests.core.warm_samples import at, office

NOW = at("2026-11-27 20:00")
"""A Friday evening."""
BACK = timedelta(days=5)
PRICE = Price("ml.g5.xlarge", "eu-central-1", Decimal("1.50"), "a list", datetime(2026, 11, 1, tzinfo=UTC))


def start(
    ordered: str, start_s: float | None = 300.0, total_s: float | None = 420.0, waited: int | None = 3
) -> ColdStart:
    return ColdStart(
        ordered,
        "doc",
        "ml.g5.xlarge",
        at(ordered),
        (),
        Outcome.SERVED,
        WokenBy.REQUEST,
        "wake",
        Counted.WAIT,
        total_s,
        start_s,
        waited,
        0,
        total_s,
        "",
        None,
        0,
        "",
        None,
        None,
        True,
    )


def instances(value: float, hours: int = 120) -> Series:
    window = Window.last(timedelta(hours=hours), NOW, 300)
    return Series("instances", window, np.full(window.size, value))


def test_which_cold_starts_would_have_been_met() -> None:
    starts = [
        start("2026-11-25 09:00"),  # 10:00 in Berlin, a Wednesday
        start("2026-11-26 06:58"),  # the window had been open for three minutes only
        start("2026-11-26 20:00"),
        start("2026-11-22 09:00"),  # older than was looked at
        replace(start("2026-11-27 09:00"), woken_by=WokenBy.SCHEDULE),
        replace(start("2026-11-27 10:00"), outcome=Outcome.FAILED),
    ]
    found = bought(office(early=5), starts, instances(0.0), NOW, PRICE, BACK)
    assert [len(part) for part in (found.met, found.late, found.missed)] == [1, 1, 1]
    assert (found.requests, found.waited_s, found.longest_s) == (3, 420.0, 420.0)
    assert found.extra_hours == pytest.approx(5 * (10 + 1 / 12))
    assert found.unknown_hours == 0
    assert found.cost is not None
    assert found.cost.usd == pytest.approx(Decimal("75.625"), abs=Decimal("0.001"))
    assert sentences(found) == (
        "Would have met 1 of 3 cold starts in the last 5 days.",
        "1 more came while the window was opening: its wait would have been shorter.",
        "At least 3 requests waited for those, and their first results took 7.0 min in all.",
        "It would have taken 50 instance-hours more, about $75.63, estimate at list price.",
    )


def test_hours_in_which_instances_ran_anyway_cost_nothing_more() -> None:
    found = bought(office(floor=2), (), instances(1.0), NOW, PRICE, BACK)
    assert found.extra_hours == pytest.approx(50)
    assert bought(office(), (), instances(3.0), NOW, PRICE, BACK).extra_hours == 0


def test_what_is_not_known_is_said_and_costs_no_zero() -> None:
    found = bought(office(), (), instances(np.nan), NOW, PRICE, BACK)
    assert (found.extra_hours, found.unknown_hours, found.cost) == (0, pytest.approx(50), None)
    assert sentences(found) == (
        "No cold start that a request caused is known of the last 5 days.",
        "What the windows would have cost more is not known: 50 instance-hours are without data.",
    )
    partly = bought(office(), (), instances(0.0, hours=24), NOW, PRICE, BACK)
    assert (partly.extra_hours, partly.unknown_hours) == (pytest.approx(10), pytest.approx(40))
    assert sentences(partly)[-1].endswith("; up to 40 instance-hours besides are not known.")
    silent = bought(
        office(), [start("2026-11-25 09:00", total_s=None, waited=None)], instances(0.0), NOW, None, BACK
    )
    assert (silent.requests, silent.waited_s, silent.cost) == (None, None, None)
    assert "$" not in " ".join(sentences(silent))


def test_days_off_count_and_a_last_day_in_the_future_does_not() -> None:
    wish = office(off=frozenset({at("2026-11-25 00:00").date()}), until=at("2026-11-20 00:00").date())
    found = bought(wish, [start("2026-11-25 09:00")], instances(0.0), NOW, None, BACK)
    assert (len(found.met), found.extra_hours) == (0, pytest.approx(40))


def test_a_ceiling_alone_meets_no_cold_start() -> None:
    wish = office(floor=None, back_min=None, ceiling=2, back_max=4)
    found = bought(wish, [start("2026-11-25 09:00")], instances(0.0), NOW, PRICE, BACK)
    assert (found.met, found.extra_hours) == ((), 0)


def test_how_early_to_open() -> None:
    assert lead_of([start("2026-11-25 09:00", 290.0)] * 9 + [start("2026-11-25 09:00", 400.0)]).minutes == 7
    none = lead_of([start("2026-11-25 09:00", None)])
    assert none.minutes == 10
    assert "no cold start has been measured" in none.basis
    assert lead_of([start("2026-11-25 09:00", 40_000.0)]).minutes == 120

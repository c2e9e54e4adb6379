"""The heat map of the minimum: a row for each day, hours by the local clock, also where clocks change."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from components.warm_calendar import heat_map, total
from ops.core.types import Bounds, Price, ScalableTarget, ScheduledAction
from ops.core.warm_calendar import calendar

BERLIN = ZoneInfo("Europe/Berlin")
ACTIONS = (
    ScheduledAction("open", "cron(52 7 ? * MON-FRI *)", "Europe/Berlin", 1, None),
    ScheduledAction("close", "cron(0 18 ? * MON-FRI *)", "Europe/Berlin", 0, None),
)
PRICE = Price("ml.g5.xlarge", "us-east-1", Decimal("1.5"), "a list", datetime(2026, 3, 1, tzinfo=UTC))


def made(now: datetime, price: Price | None = PRICE):
    return calendar(ScalableTarget(Bounds(0, 4)), ACTIONS, BERLIN, now, price)


def rows(html: str) -> list[str]:
    return re.findall(r'<div role="row" class="line">(.*?)</div>', html, flags=re.DOTALL)


def test_fourteen_days_with_numbers_titles_and_cost():
    found = made(datetime(2026, 11, 18, 12, 30, tzinfo=UTC))
    drawn = heat_map(found, "The next 14 days")
    assert len(rows(drawn)) == 15
    assert "Europe/Berlin" in drawn
    assert 'title="Thu 19 Nov 09:00: at least 1">1<' in drawn
    assert 'title="Thu 19 Nov 07:00: at least 1 for 8 min of it">&lt;1<' in drawn
    assert 'title="Sat 21 Nov 09:00: at least 0">0<' in drawn
    assert 'title="Wed 18 Nov 09:00: over"' in drawn
    assert "$15.20" in rows(drawn)[2]
    assert "estimate at list price" in drawn
    assert "clocks change" not in drawn


def test_a_day_of_23_hours_skips_one_and_a_day_of_25_has_one_twice():
    spring = heat_map(made(datetime(2026, 3, 23, 12, tzinfo=UTC)), "x")
    assert "Sun 29 Mar has 23 hours: the clocks change." in spring
    assert 'title="Sun 29 Mar 02:00: the clock skips this hour"' in spring
    autumn = heat_map(made(datetime(2026, 10, 19, 12, tzinfo=UTC)), "x")
    assert "Sun 25 Oct has 25 hours" in autumn
    assert "Sun 25 Oct 02:00: at least 0; this hour comes twice" in autumn
    for drawn in (spring, autumn):
        assert all(row.count("<span") >= 26 for row in rows(drawn))


def test_without_a_price_hours_are_told_and_no_money():
    assert total(made(datetime(2026, 11, 18, 12, 30, tzinfo=UTC), None)).endswith("; no price is known.")
    assert "$" not in heat_map(made(datetime(2026, 11, 18, 12, 30, tzinfo=UTC), None), "x")

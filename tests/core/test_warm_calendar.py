"""The next 14 days hour by hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from ops.core.types import Bounds, Price, ScalableTarget, ScheduledAction, Suspended
from ops.core.warm_actions import expand
from ops.core.warm_calendar import calendar
from tests.core.warm_samples import REF, at, made, office, plan

BERLIN = ZoneInfo("Europe/Berlin")
TARGET = ScalableTarget(Bounds(0, 4))
PRICE = Price("ml.g5.xlarge", "eu-central-1", Decimal("1.50"), "a list", datetime(2026, 11, 1, tzinfo=UTC))
NOW = at("2026-11-27 10:30")
"""Friday, 11:30 in Berlin."""


def test_office_hours() -> None:
    actions = made(expand(office(), REF, NOW).actions)
    found = calendar(replace(TARGET, bounds=Bounds(1, 4)), actions, BERLIN, NOW, PRICE)
    assert len(found.days) == 14
    assert [d.day for d in found.days][:2] == [date(2026, 11, 27), date(2026, 11, 28)]
    today, saturday, _, monday = found.days[:4]
    assert [c.minimum for c in today.cells] == [None] * 11 + [1] * 7 + [0] * 6
    assert today.instance_hours == Decimal("6.5")
    assert today.cells[11].share == 0.5
    assert saturday.instance_hours == 0
    assert [c.minimum for c in monday.cells] == [0] * 8 + [1] * 10 + [0] * 6
    assert monday.cost is not None
    assert monday.cost.usd == Decimal("15.0")
    assert [r.action.min for r in monday.cells[8].runs] == [1]
    assert found.instance_hours == Decimal("6.5") + 9 * 10
    assert found.cost is not None
    assert found.cost.usd == Decimal("144.75")
    assert found.cost.basis == "estimated"
    assert calendar(TARGET, actions, BERLIN, NOW).cost is None


@pytest.mark.parametrize(
    ("zone", "now", "day", "hours", "again"),
    [
        ("Europe/Berlin", "2026-03-27 12:00", date(2026, 3, 29), 23, []),
        ("Europe/Berlin", "2026-10-23 12:00", date(2026, 10, 25), 25, [2]),
        ("America/New_York", "2026-03-06 12:00", date(2026, 3, 8), 23, []),
        ("America/New_York", "2026-10-30 12:00", date(2026, 11, 1), 25, [1]),
        ("America/Santiago", "2026-09-04 12:00", date(2026, 9, 6), 23, []),
        ("America/Santiago", "2026-04-03 12:00", date(2026, 4, 4), 25, [23]),
    ],
)
def test_days_on_which_the_clocks_change(
    zone: str, now: str, day: date, hours: int, again: list[int]
) -> None:
    found = calendar(TARGET, (), ZoneInfo(zone), at(now))
    (changed,) = [d for d in found.days if d.clocks_change]
    assert changed.day == day
    assert changed.hours == len(changed.cells) == hours
    assert [c.hour for c in changed.cells if c.again] == again


def test_an_hour_that_is_partly_warm() -> None:
    actions = made(expand(plan("sat 08:15-08:30", "sat 08:45-09:00"), REF, NOW).actions)
    cell = calendar(TARGET, actions, BERLIN, NOW).days[1].cells[8]
    assert (cell.minimum, cell.share, cell.instance_hours) == (1, 0.5, Decimal("0.5"))
    assert len(cell.runs) == 3


def test_what_cannot_be_foreseen_is_said() -> None:
    rate = ScheduledAction("often", "rate(1 minute)", "UTC", 1, None)
    odd = ScheduledAction("odd", "cron(nonsense)", "UTC", 1, None)
    found = calendar(TARGET, (rate, odd), BERLIN, NOW)
    assert [text.split(" ")[0] for text in found.ahead.unread] == ["often", "often", "When"]
    held = calendar(replace(TARGET, suspended=Suspended(scheduled=True)), (rate,), BERLIN, NOW)
    assert held.instance_hours == 0
    assert "suspended" in held.ahead.unread[0]


def test_runs_that_aws_would_refuse_and_runs_in_the_same_minute() -> None:
    many = ScheduledAction("many", "cron(0 9 ? * SAT *)", "UTC", 7, None)
    one = ScheduledAction("one", "cron(0 12 ? * SAT *)", "UTC", 1, None)
    none = ScheduledAction("none", "cron(0 12 ? * SAT *)", "UTC", 0, None)
    first, *tied = calendar(TARGET, (many, one, none), ZoneInfo("UTC"), NOW).runs[:3]
    assert first.failed == "its minimum (7) would be above the maximum (4)"
    assert first.before == first.after
    assert [run.tied for run in tied] == [True, True]

"""Where a month ends, by its own past weeks."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.forecast import Ahead, DayCost, month_end
from ops.core.views_savings import Forecast

TODAY = date(2026, 11, 18)
"""A Wednesday."""
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
LEFT_H = 12.0
"""Of today."""
OFFICE = (10, 12, 14, 12, 10, 1, 1)
"""Dollars from Monday to Sunday."""


def week(day: date) -> Decimal:
    return Decimal(OFFICE[day.weekday()])


def lived(days: int, *, known: float = 1.0, share: str = "0.5") -> list[DayCost]:
    """So many days before today, and today so far, at the costs of the week."""
    out = []
    for back in range(days, -1, -1):
        day = TODAY - timedelta(days=back)
        before = week(day) * Decimal(share)
        out.append(DayCost(day, before, Decimal(0) if not back else week(day) - before, known))
    return out


def ahead(**of: list[DayCost]) -> Ahead:
    found = month_end(of, TODAY, FIRST, LAST, LEFT_H)
    assert isinstance(found, Ahead), found
    return found


def none(reading: tuple[str, ...] = (), **of: list[DayCost]) -> str:
    found = month_end(of, TODAY, FIRST, LAST, LEFT_H, reading)
    assert isinstance(found, str), found
    return found


def test_weeks_that_are_alike_go_on_alike() -> None:
    found = ahead(doc=lived(56))
    month = [FIRST + timedelta(days=i) for i in range(30)]
    assert found.expected == found.low == found.high == sum(week(d) for d in month)
    assert found.spent == sum(week(d) for d in month if d < TODAY) + 7
    assert [d[0] for d in found.by_day] == [d for d in month if d >= TODAY]
    assert found.by_day[0][1] == found.spent + 7, (
        "the rest of today costs what it does after this time of day"
    )


def test_the_rest_of_today_is_that_of_this_time_of_day() -> None:
    """Late on a working day nearly nothing is left of it."""
    found = ahead(doc=lived(56, share="0.9"))
    assert found.by_day[0][1] - found.spent == Decimal("1.4")


def test_a_past_that_varies_makes_a_band() -> None:
    days = [
        DayCost(d.day, d.before * (1 + i % 3), d.after * (1 + i % 3), 1.0) for i, d in enumerate(lived(56))
    ]
    found = ahead(doc=days)
    assert found.low < found.expected < found.high
    widths = [high - low for _, _, low, high in found.by_day]
    assert widths[-1] > widths[1], "the farther away, the less is known"
    assert found == ahead(doc=days), "it is the same each time"


@pytest.mark.parametrize(("days", "there"), [(6, False), (7, True)])
def test_a_week_is_the_least(days: int, there: bool) -> None:
    found = month_end({"doc": lived(days)}, TODAY, FIRST, LAST, LEFT_H)
    assert isinstance(found, Ahead) is there
    if not there:
        assert found == "No forecast: 6 days before today are known, and it takes 7."


def test_days_that_are_not_known_do_not_count_as_cheap() -> None:
    days = lived(56)
    dark = [DayCost(d.day, Decimal(0), Decimal(0), 0.3) if i % 5 == 0 else d for i, d in enumerate(days)]
    whole, partly = ahead(doc=days), ahead(doc=dark)
    assert abs(partly.expected - whole.expected) < Decimal("0.01")
    assert partly.spent < whole.spent
    assert "days of this month are not wholly known" in partly.basis
    assert "not wholly known" not in whole.basis


def test_the_day_an_endpoint_was_made_is_no_measure() -> None:
    days = lived(12)
    days[0] = DayCost(days[0].day, Decimal(0), Decimal("0.2"), 0.0, cut=True)
    found = ahead(doc=days)
    assert "not wholly known" not in found.basis
    assert found.expected == ahead(doc=days[1:]).expected + Decimal("0.2")


def test_an_endpoint_made_lately_is_measured_by_its_own_days() -> None:
    found = ahead(old=lived(56), new=lived(9))
    alone = ahead(old=lived(56))
    left = sum(week(TODAY + timedelta(days=i)) for i in range(1, 13)) + 7
    assert found.expected - found.spent == 2 * left
    assert alone.expected - alone.spent == left


def made(hours_ago: int, usd_per_h: int = 1) -> list[DayCost]:
    """Awake all its life: made so many hours before noon of today."""
    out = []
    for back in range(hours_ago // 24 + 1, -1, -1):
        first = max(0, back * 24 + 12 - hours_ago)
        last = 24 if back else 12
        hours = list(range(first, last))
        if hours:
            early, late = sum(h < 12 for h in hours), sum(h >= 12 for h in hours)
            cut = len(hours) < (24 if back else 12)
            day = TODAY - timedelta(days=back)
            known = 0.0 if cut else 1.0
            out.append(
                DayCost(day, Decimal(early * usd_per_h), Decimal(late * usd_per_h), known, cut, len(hours))
            )
    return out


@pytest.mark.parametrize("hours", [24, 30, 60, 150])
def test_a_new_endpoint_goes_on_as_its_hours_did_whole_day_or_not(hours: int) -> None:
    old, found = ahead(old=lived(56)), ahead(old=lived(56), new=made(hours))
    left = 12 * 24 + 12
    assert found.spent - old.spent == hours
    assert found.expected - old.expected == pytest.approx(hours + left)
    assert found.low < found.expected - left // 2
    assert found.high > found.expected + left // 2
    assert (
        "Of new fewer than 7 days are known: every hour to come costs what the known ones did" in found.basis
    )


def test_while_less_than_a_day_of_what_costs_money_is_known_there_is_no_forecast() -> None:
    assert none(old=lived(56), new=made(23)) == (
        "No forecast: new costs money, and less than 24 hours of it are known."
    )
    asleep = ahead(old=lived(56), new=made(23, 0))
    assert asleep.expected == ahead(old=lived(56)).expected
    assert asleep.basis.endswith("Of new fewer than 7 days are known, in which nothing was paid.")


def dark(days: int) -> list[DayCost]:
    """Nothing is known of it."""
    return [
        DayCost(TODAY - timedelta(days=n), Decimal(0), Decimal(0), 0.0, hours=0.0)
        for n in range(days, -1, -1)
    ]


def test_while_the_past_is_read_a_low_number_is_no_forecast() -> None:
    said = none(("big",), small=lived(56), big=dark(56))
    assert said.startswith("No forecast yet: the past of big is not read far enough")
    some = dark(56)[:-4] + lived(56)[-4:]
    assert "the past of big" in none(("big",), small=lived(56), big=some)
    enough = dark(56)[:-8] + lived(56)[-8:]
    assert isinstance(
        month_end({"small": lived(56), "big": enough}, TODAY, FIRST, LAST, LEFT_H, ["big"]), Ahead
    )


def test_all_of_a_short_life_is_enough_although_older_time_is_read() -> None:
    found = month_end({"old": lived(56), "new": made(60)}, TODAY, FIRST, LAST, LEFT_H, ["new"])
    assert isinstance(found, Ahead)


def test_an_endpoint_that_aws_tells_nothing_of_is_named() -> None:
    found = ahead(doc=lived(56), failed=dark(56))
    assert found.expected == ahead(doc=lived(56)).expected
    assert found.basis.endswith("AWS tells nothing of failed: not counted.")
    assert "not wholly known" not in found.basis


def test_weeks_that_differ_as_a_whole_widen_the_band_more_than_days_that_do() -> None:
    """The same days in another order: where good days follow good ones, the mean itself is less sure."""
    days = lived(55)
    factor = [Decimal(1 + (i // 7) % 2) for i in range(56)]
    mixed = [Decimal(1 + (i // 7 + i) % 2) for i in range(56)]
    by_week = [DayCost(d.day, d.before * f, d.after * f, 1.0) for d, f in zip(days, factor, strict=True)]
    by_day = [DayCost(d.day, d.before * f, d.after * f, 1.0) for d, f in zip(days, mixed, strict=True)]
    weekly, daily = ahead(doc=by_week), ahead(doc=by_day)
    assert weekly.high - weekly.low > daily.high - daily.low


def test_few_weeks_say_less_of_how_widely_they_vary() -> None:
    def varied(days: int) -> list[DayCost]:
        return [
            DayCost(d.day, d.before * (1 + n % 3), d.after * (1 + n % 3), 1.0)
            for d in lived(days)
            for n in [(TODAY - d.day).days]
        ]

    wide, narrow = ahead(doc=varied(14)), ahead(doc=varied(55))
    assert (wide.high - wide.low) / wide.expected > Decimal("1.2") * (
        narrow.high - narrow.low
    ) / narrow.expected


def test_a_weekday_that_was_never_seen_costs_the_mean() -> None:
    working = [d for d in lived(14) if d.day.weekday() < 5]
    found = ahead(doc=working)
    rows = {day: end for day, end, _, _ in found.by_day}
    saturday = date(2026, 11, 21)
    mean = (rows[saturday] - rows[saturday - timedelta(days=1)]).quantize(Decimal("0.0001"))
    assert Decimal(10) < mean < Decimal(14)


def test_the_last_day_of_a_month() -> None:
    today = date(2026, 11, 30)
    days = [
        DayCost(today - timedelta(days=n), Decimal(5), Decimal(5) if n else Decimal(0), 1.0)
        for n in range(56, -1, -1)
    ]
    found = month_end({"doc": days}, today, FIRST, LAST, LEFT_H)
    assert isinstance(found, Ahead)
    assert (found.spent, found.expected, len(found.by_day)) == (295, 300, 1)


@given(
    st.lists(st.decimals("0", "500", places=2), min_size=57, max_size=57),
    st.floats(0, 1),
    st.integers(0, 29),
)
def test_laws(costs: list[Decimal], known: float, gap: int) -> None:
    days = [
        DayCost(
            TODAY - timedelta(days=56 - i),
            cost / 4,
            Decimal(0) if i == 56 else cost * 3 / 4,
            known if i == gap else 1.0,
        )
        for i, cost in enumerate(costs)
    ]
    found = ahead(doc=days)
    assert found.spent <= found.low <= found.expected <= found.high
    lows, highs = [d[2] for d in found.by_day], [d[3] for d in found.by_day]
    assert lows == sorted(lows)
    assert highs == sorted(highs)
    assert all(isinstance(amount, Decimal) for day in found.by_day for amount in day[1:])
    one, two = ahead(a=days, b=days), ahead(b=days, a=days)
    assert one == two


@pytest.mark.parametrize(
    ("budget", "said"), [("90", "yes"), ("105", "likely"), ("115", "possibly"), ("130", "no"), (None, "")]
)
def test_whether_the_budget_is_passed(budget: str | None, said: str) -> None:
    found = Forecast(
        "2026-11",
        Decimal(50),
        Decimal(110),
        Decimal(100),
        Decimal(120),
        Decimal(budget) if budget else None,
        12.0,
        "",
    )
    assert found.passes == said


def test_without_a_forecast_nobody_says_whether_the_budget_is_passed() -> None:
    assert Forecast("2026-11", Decimal(5), None, None, None, Decimal(1), 3.0, "why").passes == ""

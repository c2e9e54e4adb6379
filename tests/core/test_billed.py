"""Savings on the basis of a bill, in tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.billing import door
from ops.core import billed, periods
from ops.core.baselines import Baseline, Kind
from ops.core.bill import Bill, BilledDay, Charge, OtherCurrency
from ops.core.bill_days import bill_days
from ops.core.cost import Basis
from ops.core.instance_time import InstanceTime, Piece, instance_time
from ops.core.periods import Period
from ops.core.savings import Saving, total
from ops.core.savings_parts import Step, parts
from ops.core.types import Price
from tests.billing import exports

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
NOW = datetime(2026, 10, 4, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
TYPE = "ml.g5.xlarge"
LISTED = Price(TYPE, "us-east-1", Decimal("1.40"), "a list", BEGIN)


def line(
    day: int,
    hours: str,
    usd: str,
    *,
    name: str | None = "doc",
    charge: Charge = Charge.USAGE,
    effective: str | None = None,
    listed: str | None = None,
    final: bool = True,
    asynchronous: bool | None = True,
    days: int = 1,
) -> BilledDay:
    return BilledDay(
        date(2026, 10, day), "123456789012", "us-east-1", name, f"USE1-AsyncInf:{TYPE}", TYPE, asynchronous, charge,
        Decimal(hours), Decimal(usd), None if effective is None else Decimal(effective),
        None if listed is None else Decimal(listed), final, days,
    )  # fmt: skip


def bill(*lines: BilledDay, first: int = 1, last: int = 3) -> Bill:
    """A bill of these lines, those of the free tier apart; lines of other services reach from `first` to `last`."""
    total = sum((each.usd for each in lines), Decimal(0))
    free = tuple(each for each in lines if each.charge is Charge.FREE_TIER)
    return Bill(
        "a bill", "test", "USD", len(lines), total, tuple(each for each in lines if each not in free),
        hosting_lines=len(lines), free=free, first=date(2026, 10, first), last=date(2026, 10, last),
    )  # fmt: skip


def known(instances: float, hours: int = 72, begin: datetime = BEGIN) -> InstanceTime:
    start = int(begin.timestamp())
    cells = np.full(hours * 60, instances)
    return instance_time([Piece(start, 60, cells)], start, start + hours * 3600)


def saved(
    found: Bill,
    time: InstanceTime | None = None,
    baseline: Baseline | None = None,
    *,
    at: datetime = LATER,
    written: datetime | None = LATER,
    listed: Price | None = None,
    period: Period | None = None,
    name: str = "doc",
) -> Saving:
    days = bill_days(found, at, written)
    of = period or three_days()
    return billed.saving(name, days, time or known(1), of, baseline or Baseline(), most=8, listed=listed)


def three_days() -> periods.Period:
    return billed.in_utc(periods.month("2026-10", NOW))


def test_a_bill_against_always_on_at_its_own_rate() -> None:
    found = saved(bill(line(1, "6", "7.20"), line(3, "4", "4.80")), known(2))
    assert found.basis is Basis.BILLED
    assert (found.hours, found.usd) == (Decimal(10), Decimal("12.00"))
    assert found.baseline_hours == Decimal(2 * 72)
    assert found.baseline_usd == Decimal(2 * 72) * Decimal("1.20")
    assert "the rate of the bill" in found.against.formula
    assert [d.usd for d in found.days] == [Decimal("7.20"), Decimal(0), Decimal("4.80")]
    assert not found.missing


def test_a_day_that_is_not_billed_yet_is_not_zero() -> None:
    found = saved(bill(line(1, "6", "7.20"), last=2))
    assert [d.hours for d in found.days] == [Decimal(6), Decimal(0), None]
    assert found.baseline_hours == Decimal(48)
    assert not found.final


@pytest.mark.parametrize(
    ("lines", "usd", "said"),
    [
        ([line(1, "6", "0")], None, billed.FREE),
        ([line(1, "6", "0", charge=Charge.FREE_TIER)], None, billed.FREE),
        ([line(1, "6", "0", listed="8.40")], "8.40", ""),
        ([line(1, "6", "0", listed="8.40", charge=Charge.FREE_TIER)], "8.40", ""),
        ([line(1, "6", "8.40", charge=Charge.COVERED, effective="4.20")], "4.20", ""),
        ([line(1, "6", "8.40", effective="8.00")], "8.40", ""),
        ([line(n, "6", "7.20", name=None) for n in (1, 2, 3)], None, billed.NO_NAMES),
        ([line(1, "18", "25.20", days=3)], None, billed.NO_DAYS),
        ([line(1, "6", "7.20", name="other")], "0", "no rate is known"),
    ],
    ids=[
        "free and nothing else told", "free tier and nothing else told", "free, but listed", "free tier, but listed",
        "savings plan", "an effective cost without a plan", "no resource ids", "by month", "asleep",
    ],
)  # fmt: skip
def test_hours_that_cost_nothing_are_not_saved(lines: list[BilledDay], usd: str | None, said: str) -> None:
    found = saved(bill(*lines))
    assert found.usd == (None if usd is None else Decimal(usd))
    assert said in found.missing
    assert bool(found.missing) == bool(said)


def test_hours_of_the_free_tier_count_at_list_price_and_are_said() -> None:
    found = saved(bill(*(line(n, "24", "0", listed="33.60", charge=Charge.FREE_TIER) for n in (1, 2, 3))))
    assert (found.hours, found.usd, found.saved) == (Decimal(72), Decimal("100.80"), Decimal(0))
    assert found.free_hours == Decimal(72)
    assert "the free tier paid for 72.00 hours, counted at list price" in found.against.formula


def test_a_day_of_free_hours_without_a_list_price_is_not_known() -> None:
    found = saved(
        bill(line(1, "6", "7.20"), line(2, "6", "0", charge=Charge.FREE_TIER), line(3, "6", "7.20"))
    )
    assert [d.hours for d in found.days] == [Decimal(6), None, Decimal(6)]
    assert (found.days_known, found.days_lived) == (2, 3)
    assert found.baseline_hours == Decimal(48)
    assert "1 day with hours that cost nothing" in found.against.formula


@pytest.mark.parametrize("as_what", ["parquet", "csv"])
def test_a_bill_of_the_free_tier_is_no_saving(as_what: str, tmp_path: Path) -> None:
    """An endpoint that is always on, of which the free tier paid the first day: through the reader of exports."""
    free = exports.Line(
        cost=Decimal(0), description="$0.00 for hosting under monthly free tier", start=BEGIN, hours=24,
        quantity=Decimal(24), listed=Decimal("33.60"),
    )  # fmt: skip
    lines = [free] + [
        replace(free, cost=Decimal("33.60"), description="$1.40 per hour", start=BEGIN + timedelta(days=n))
        for n in (1, 2)
    ]
    write = exports.cur2_parquet if as_what == "parquet" else exports.legacy_csv
    read = door.read_bill([write(tmp_path / f"bill.{as_what}", lines)])
    assert read.free
    found = saved(read, name="doc-async")
    assert (found.hours, found.usd, found.saved) == (Decimal(72), Decimal("100.80"), Decimal(0))
    assert found.free_hours == Decimal(24)


@pytest.mark.parametrize(
    "off",
    [
        [line(n, "0", "-6.72", charge=Charge.DISCOUNT) for n in (1, 2, 3)],
        [line(1, "0", "-20.16", charge=Charge.DISCOUNT, days=31)],
        [line(1, "0", "-40.32", charge=Charge.DISCOUNT, days=31, name=None)],
    ],
    ids=["by day", "by month", "by month, of no endpoint by name"],
)
def test_a_discount_is_never_a_saving(off: list[BilledDay]) -> None:
    twins = [line(n, "24", "33.60", name=name) for n in (1, 2, 3) for name in ("doc", "twin")]
    found = saved(bill(*twins, *off))
    assert found.usd == pytest.approx(Decimal("80.64"))
    assert found.saved == pytest.approx(Decimal(0), abs=Decimal("1e-20"))
    assert (
        "at $1.1200 an hour for ml.g5.xlarge, the rate of the bill, discounts taken off"
        in found.against.formula
    )
    assert all(d.usd == pytest.approx(Decimal("26.88")) for d in found.days)


def test_an_effective_cost_that_was_rounded_is_not_the_money() -> None:
    """FOCUS may round EffectiveCost; only what a commitment covers costs another sum than is billed."""
    found = saved(bill(*(line(n, "0.01", "0.014084", effective="0.01") for n in (1, 2, 3))))
    assert found.usd == Decimal("0.042252")


def test_a_day_that_names_no_endpoint_is_not_known() -> None:
    """Cost Explorer tells endpoints apart for two weeks: what lies before is nobody's in particular."""
    found = saved(
        bill(line(1, "9", "10.80", name=None), line(2, "6", "7.20"), line(3, "4", "4.80")), known(2)
    )
    assert [d.hours for d in found.days] == [None, Decimal(6), Decimal(4)]
    assert found.baseline_hours == Decimal(2 * 48)
    assert found.usd == Decimal("12.00")


@pytest.mark.parametrize(
    ("at", "written", "hours"),
    [
        (NOW, None, [6, 0, None]),
        (LATER, None, [6, 0, 1]),
        (LATER, NOW, [6, 0, None]),
        (LATER + timedelta(days=30), datetime(2026, 10, 3, 18, tzinfo=UTC), [6, None, None]),
        (NOW, LATER, [6, 0, None]),
    ],
    ids=["read soon", "read late", "written soon", "written on the last day", "a clock that is ahead"],
)
def test_a_day_that_just_ended_is_not_billed_in_full(
    at: datetime, written: datetime | None, hours: list[int | None]
) -> None:
    """However late a bill is read: what counts is when it was written."""
    found = saved(bill(line(1, "6", "7.20"), line(3, "1", "1.20")), at=at, written=written)
    assert [d.hours for d in found.days] == hours


def test_lines_of_other_services_do_not_prove_that_hosting_is_billed() -> None:
    """Tax spans the month; the export itself begins on the second day, and nobody says when it was written."""
    found = saved(bill(line(2, "6", "7.20"), last=31), written=None)
    assert [d.hours for d in found.days] == [None, Decimal(6), None]
    asleep_since = saved(bill(line(2, "6", "7.20"), last=31))
    assert [d.hours for d in asleep_since.days] == [None, Decimal(6), Decimal(0)]


def test_cost_explorer_answers_for_all_its_days() -> None:
    days = bill_days(bill(line(2, "6", "7.20")), LATER, live=True)
    found = billed.saving("doc", days, known(1), three_days(), Baseline(), most=8)
    assert [d.hours for d in found.days] == [Decimal(0), Decimal(6), Decimal(0)]


def test_what_slept_all_the_time_is_compared_at_list_price() -> None:
    other = bill(line(1, "6", "7.20", name="other"))
    found = saved(other, known(0), listed=LISTED)
    assert (found.usd, found.baseline_usd) == (Decimal(0), Decimal(72) * Decimal("1.40"))
    assert "list price" in found.against.formula
    alone = saved(other, known(0))
    assert alone.baseline_usd is None
    assert alone.missing


HOURS = Baseline(Kind.HOURS, opens=8, closes=18)


def test_business_hours_count_on_weekdays_alone() -> None:
    # 1 October 2026 is a Thursday, the 3rd a Saturday
    found = saved(bill(line(1, "6", "6.00")), known(1), HOURS)
    assert [d.baseline_hours for d in found.days] == [Decimal(10), Decimal(10), Decimal(0)]
    assert "on weekdays from 08:00 to 18:00 UTC" in found.against.formula


@pytest.mark.parametrize(("born", "first"), [(5, 10), (12, 6), (20, 0)])
def test_business_hours_before_an_endpoint_was_made_are_not_its_own(born: int, first: int) -> None:
    begin = BEGIN + timedelta(hours=born)
    found = saved(bill(line(1, "4", "4.00")), known(1, 72 - born, begin), HOURS)
    assert [d.baseline_hours for d in found.days] == [Decimal(first), Decimal(10), Decimal(0)]


def test_coverage_on_a_bill_is_that_of_its_days() -> None:
    half = saved(bill(line(1, "6", "7.20"), line(2, "6", "7.20"), last=2))
    assert half.time.coverage == 1
    assert (half.days_known, half.days_lived, half.covered) == (2, 3, pytest.approx(2 / 3))
    late = saved(
        bill(line(1, "6", "7.20"), line(3, "1", "1"), name_too()), known(1, 24, three(3)), name="late"
    )
    assert (late.days_known, late.days_lived) == (1, 1)
    whole = total([half, late], Basis.BILLED)
    assert (whole.days_known, whole.days_lived) == (2, 3)
    assert whole.coverage == pytest.approx(3 / 4)


def name_too() -> BilledDay:
    return line(3, "2", "2.40", name="late")


def three(day: int) -> datetime:
    return datetime(2026, 10, day, tzinfo=UTC)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([Charge.USAGE, Charge.COVERED, Charge.FREE_TIER]),
            st.decimals("0", "0.9", places=2),
        ),
        min_size=3,
        max_size=3,
    )
)
def test_what_is_always_on_saves_nothing_whoever_pays(days: list[tuple[Charge, Decimal]]) -> None:
    """Whatever plan, free tier or discount there is: the baseline pays the same for its hours."""
    lines = []
    for n, (charge, off) in enumerate(days, 1):
        usd, effective = {
            Charge.COVERED: ("33.60", "20.16"), Charge.FREE_TIER: ("0", None), Charge.USAGE: ("33.60", None)
        }[charge]  # fmt: skip
        lines.append(line(n, "24", usd, charge=charge, effective=effective, listed="33.60"))
        if charge is Charge.USAGE and off:
            lines.append(line(n, "0", str(-off * Decimal("33.60")), charge=Charge.DISCOUNT))
    found = saved(bill(*lines), known(1), Baseline(Kind.ONE))
    assert found.saved is not None
    assert abs(found.saved) < Decimal("1e-18")


@given(
    st.lists(st.sampled_from([0.0, 1.0, 2.0, np.nan]), min_size=72, max_size=72), st.sets(st.integers(1, 3))
)
def test_parts_add_up_whatever_is_billed_and_known(hours: list[float], nameless: set[int]) -> None:
    start = int(BEGIN.timestamp())
    time = instance_time([Piece(start, 3600, np.array(hours))], start, start + 72 * 3600)
    lines = [line(n, "12", "16.80", name=None if n in nameless else "doc") for n in (1, 2, 3)]
    found = saved(bill(*lines), time, Baseline(Kind.NUMBER, Decimal(2)))
    steps = parts(found, three_days())
    if found.saved is None:
        assert len(nameless) == 3
        assert not steps
    else:
        assert abs(sum(p.usd for p in steps) - found.saved) < Decimal("0.000001")


@pytest.mark.parametrize("baseline", [Baseline(), HOURS], ids=["peak", "hours"])
def test_parts_of_a_bill_are_of_the_days_that_are_billed(baseline: Baseline) -> None:
    """Thirty days, of which Cost Explorer tells fourteen by endpoint: two instances for six hours a day."""
    period = Period(BEGIN, BEGIN + timedelta(days=30), BEGIN + timedelta(days=30), "UTC", "in 30 days")
    day = np.repeat([0.0, 2.0, 0.0], [9 * 60, 6 * 60, 9 * 60])
    start = int(BEGIN.timestamp())
    time = instance_time([Piece(start, 60, np.tile(day, 30))], start, start + 30 * 86_400)
    lines = [line(n, "12", "16.80", name=None if n <= 16 else "doc") for n in range(1, 31)]
    late = BEGIN + timedelta(days=40)
    found = saved(bill(*lines, last=30), time, baseline, at=late, written=late, period=period)
    assert (found.days_known, found.days_lived) == (14, 30)
    assert found.usd == Decimal("16.80") * 14
    by_step = {p.step: p.usd for p in parts(found, period)}
    assert sum(by_step.values()) == pytest.approx(found.saved)
    assert abs(by_step.get(Step.BILL, Decimal(0))) < Decimal("0.01")
    if baseline is not HOURS:
        assert by_step[Step.ASLEEP] == pytest.approx(Decimal(14 * 18 * 2) * Decimal("1.40"))


def test_money_of_endpoints_without_a_row_is_told() -> None:
    """One that is real-time, one that is gone, one that is gone and was real-time, and an earlier one of the name."""
    found = bill(
        line(1, "2", "2.80"),
        line(3, "4", "5.60"),
        line(1, "5", "7.00", name="chat", asynchronous=False),
        line(2, "1", "0", name="old", charge=Charge.FREE_TIER, listed="1.40"),
        line(2, "2", "2.80", name="older", asynchronous=False),
    )
    row = saved(found, known(1, 24, three(3)))
    days = bill_days(found, LATER, LATER)
    others, gone = billed.elsewhere(days, [row], {"doc", "chat"}, three_days())
    assert others is not None
    assert gone is not None
    assert (others.names, others.hours, others.usd) == (("chat", "older"), Decimal(7), Decimal("9.80"))
    assert (gone.names, gone.hours, gone.usd) == (("doc", "old"), Decimal(3), Decimal("4.20"))
    assert billed.elsewhere(bill_days(bill(line(3, "4", "5.60")), LATER), [row], {"doc"}, three_days()) == (
        None,
        None,
    )


@pytest.mark.parametrize(
    ("period", "first", "until"),
    [
        (periods.month("2026-10", NOW, "America/New_York"), "2026-10-01", "2026-10-04"),
        (periods.month("2026-09", NOW, "Europe/Berlin"), "2026-09-01", "2026-10-01"),
        (periods.last_days(3, NOW), "2026-09-30", "2026-10-03"),
    ],
)
def test_bills_are_by_utc_day(period: periods.Period, first: str, until: str) -> None:
    found = billed.in_utc(period)
    assert (found.start.date().isoformat(), found.until.date().isoformat()) == (first, until)
    assert found.zone == "UTC"


def test_quiet_days_among_nameless_ones_are_not_known() -> None:
    """Else only its days of sleep would count, and it would have "saved" 100 % (Cost Explorer, an older month)."""
    told = bill(line(1, "9", "10.80", name=None), line(3, "6", "7.20", name=None))
    found = saved(told)
    assert [d.hours for d in found.days] == [None, None, None]
    assert found.saved is None
    assert found.missing == billed.NO_NAMES


def test_one_nameless_day_takes_no_other_day_away() -> None:
    told = bill(line(1, "6", "7.20"), line(2, "2", "2.40", name=None), line(3, "6", "7.20"))
    assert [d.hours for d in saved(told).days] == [Decimal(6), None, Decimal(6)]


def test_hours_in_another_currency_are_not_nothing() -> None:
    told = replace(
        bill(line(1, "6", "7.20", name="other")),
        other_currencies=(OtherCurrency("EUR", 31, Decimal("243.50")),),
    )
    found = saved(told)
    assert (found.usd, found.saved) == (None, None)
    assert found.missing == billed.FOREIGN

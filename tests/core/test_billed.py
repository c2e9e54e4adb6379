"""Savings on the basis of a bill, and bill against estimate, in tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from ops.core import billed, periods
from ops.core.baselines import Baseline, Kind
from ops.core.bill import Bill, BilledDay, Charge
from ops.core.cost import Basis
from ops.core.instance_time import InstanceTime, Piece, instance_time
from ops.core.savings import TypeFrom
from ops.core.savings import saving as estimated
from ops.core.savings_upper import Moving
from ops.core.types import Price

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
) -> BilledDay:
    return BilledDay(
        date(2026, 10, day), "123456789012", "us-east-1", name, f"USE1-AsyncInf:{TYPE}", TYPE, True, charge,
        Decimal(hours), Decimal(usd), None if effective is None else Decimal(effective),
        None if listed is None else Decimal(listed), final,
    )  # fmt: skip


def bill(*lines: BilledDay, first: int = 1, last: int = 3) -> Bill:
    total = sum((each.usd for each in lines), Decimal(0))
    return Bill(
        "a bill", "test", "USD", len(lines), total, lines, hosting_lines=len(lines),
        first=date(2026, 10, first), last=date(2026, 10, last),
    )  # fmt: skip


def known(instances: float, hours: int = 72, begin: datetime = BEGIN) -> InstanceTime:
    start = int(begin.timestamp())
    cells = np.full(hours * 60, instances)
    return instance_time([Piece(start, 60, cells)], start, start + hours * 3600)


def three_days() -> periods.Period:
    return billed.in_utc(periods.month("2026-10", NOW))


def test_a_bill_against_always_on_at_its_own_rate() -> None:
    found = billed.saving(
        "doc",
        bill(line(1, "6", "7.20"), line(3, "4", "4.80")),
        known(2),
        three_days(),
        Baseline(),
        most=8,
        at=LATER,
    )
    assert found.basis is Basis.BILLED
    assert (found.hours, found.usd) == (Decimal(10), Decimal("12.00"))
    assert found.baseline_hours == Decimal(2 * 72)
    assert found.baseline_usd == Decimal(2 * 72) * Decimal("1.20")
    assert "the rate of the bill" in found.against.formula
    assert [d.usd for d in found.days] == [Decimal("7.20"), Decimal(0), Decimal("4.80")]
    assert not found.missing


def test_a_day_that_is_not_billed_yet_is_not_zero() -> None:
    found = billed.saving(
        "doc", bill(line(1, "6", "7.20"), last=2), known(1), three_days(), Baseline(), most=8, at=LATER
    )
    assert [d.hours for d in found.days] == [Decimal(6), Decimal(0), None]
    assert found.baseline_hours == Decimal(48)
    assert not found.final


@pytest.mark.parametrize(
    ("lines", "usd", "said"),
    [
        ([line(1, "6", "0")], None, "what they cost is not known"),
        ([line(1, "6", "0", listed="8.40")], "8.40", ""),
        ([line(1, "6", "8.40", charge=Charge.COVERED, effective="4.20")], "4.20", ""),
        ([line(n, "6", "7.20", name=None) for n in (1, 2, 3)], None, billed.NO_NAMES),
    ],
    ids=["free and nothing else told", "free, but listed", "savings plan", "no resource ids"],
)
def test_hours_that_cost_nothing_are_not_saved(lines: list[BilledDay], usd: str | None, said: str) -> None:
    found = billed.saving("doc", bill(*lines), known(1), three_days(), Baseline(), most=8, at=LATER)
    assert found.usd == (None if usd is None else Decimal(usd))
    assert said in found.missing
    assert bool(found.missing) == bool(said)


def test_a_day_that_names_no_endpoint_is_not_known() -> None:
    """Cost Explorer tells endpoints apart for two weeks: what lies before is nobody's in particular."""
    found = billed.saving(
        "doc",
        bill(line(1, "9", "10.80", name=None), line(2, "6", "7.20"), line(3, "4", "4.80")),
        known(2),
        three_days(),
        Baseline(),
        most=8,
        at=LATER,
    )
    assert [d.hours for d in found.days] == [None, Decimal(6), Decimal(4)]
    assert found.baseline_hours == Decimal(2 * 48)
    assert found.usd == Decimal("12.00")


def test_a_day_that_just_ended_is_not_billed_in_full() -> None:
    found = billed.saving(
        "doc",
        bill(line(1, "6", "7.20"), line(3, "1", "1.20")),
        known(1),
        three_days(),
        Baseline(),
        most=8,
        at=NOW,
    )
    assert [d.hours for d in found.days] == [Decimal(6), Decimal(0), None]


def test_what_slept_all_the_time_is_compared_at_list_price() -> None:
    found = billed.saving(
        "doc",
        bill(line(1, "6", "7.20", name="other")),
        known(0),
        three_days(),
        Baseline(),
        most=8,
        at=LATER,
        listed=LISTED,
    )
    assert (found.usd, found.baseline_usd) == (Decimal(0), Decimal(72) * Decimal("1.40"))
    assert "list price" in found.against.formula
    alone = billed.saving(
        "doc", bill(line(1, "6", "7.20", name="other")), known(0), three_days(), Baseline(), most=8, at=LATER
    )
    assert alone.baseline_usd is None
    assert alone.missing


def test_business_hours_count_on_weekdays_alone() -> None:
    # 1 October 2026 is a Thursday, the 3rd a Saturday
    hours = Baseline(Kind.HOURS, opens=8, closes=18)
    found = billed.saving("doc", bill(line(1, "6", "6.00")), known(1), three_days(), hours, most=8, at=LATER)
    assert [d.baseline_hours for d in found.days] == [Decimal(10), Decimal(10), Decimal(0)]


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


def estimate(instances: float, price: Price = LISTED) -> object:
    period = three_days()
    return estimated(
        "doc",
        known(instances),
        period,
        Baseline(),
        most=8,
        types=(TypeFrom(BEGIN, TYPE),),
        prices={TYPE: price},
    )


@pytest.mark.parametrize(
    ("lines", "extra", "moved", "said"),
    [
        ([line(1, "24", "33.60")], "0", 0, ()),
        (
            [line(1, "24.5", "34.30")],
            "0.6",
            0,
            ("instances take up to 0.60 h that day to start and to leave",),
        ),
        (
            [line(1, "25", "35.00")],
            "0.1",
            0,
            ("1.00 h more were billed than were seen in service: not explained",),
        ),
        ([line(1, "23.7", "33.18")], "0.1", 30, ("first and last minute",)),
        ([line(1, "20", "28.00")], "0", 0, ("4.00 h fewer were billed",)),
        ([line(1, "24", "28.80")], "0", 0, ("billed at $1.2000 an hour, listed at $1.40",)),
        ([line(1, "24", "33.60", final=False)], "0", 0, ("may still change",)),
        ([line(1, "24", "33.605")], "0", 0, ("rounding",)),
        (
            [line(1, "24", "33.60", charge=Charge.COVERED, effective="20")],
            "0",
            0,
            ("covered by a savings plan",),
        ),
    ],
    ids=["same", "provisioning", "more", "edges of minutes", "fewer", "discount", "late", "rounding", "plan"],
)
def test_why_bill_and_estimate_differ(
    lines: list[BilledDay], extra: str, moved: int, said: tuple[str, ...]
) -> None:
    upper = {("doc", date(2026, 10, 1)): Moving(Decimal(extra), moved)}
    (found,) = billed.reconciled(bill(*lines), [estimate(1)], upper, LATER)  # type: ignore[list-item]
    assert len(found.why) == len(said)
    for each, part in zip(found.why, said, strict=True):
        assert part in each


def test_days_of_which_nothing_is_known_are_told_and_not_compared() -> None:
    (found,) = billed.reconciled(bill(line(1, "5", "7.00")), [], {}, LATER)
    assert (found.estimated_hours, found.estimated_usd) == (None, None)
    assert "nothing is known" in found.why[-1]
    assert billed.agreement([found]) is None


def test_the_agreement_of_all_days() -> None:
    days = billed.reconciled(bill(line(1, "24", "33.60"), line(2, "25", "35.00")), [estimate(1)], {}, LATER)  # type: ignore[list-item]
    whole = billed.agreement(days)
    assert whole is not None
    assert (whole.days, whole.billed_hours, whole.estimated_hours) == (2, Decimal(49), Decimal(48))
    assert whole.apart == (Decimal("68.60") - Decimal("67.20")) / Decimal("68.60")


def test_the_newest_day_stands_first() -> None:
    days = billed.reconciled(bill(line(1, "1", "1"), line(3, "1", "1"), line(2, "1", "1")), [], {}, LATER)
    assert [each.day for each in days] == [date(2026, 10, 1) + timedelta(days=n) for n in (2, 1, 0)]

"""Savings as the façade hands them out, for tests of pages, charts and files: made by the core from made-up minutes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from ops.core.baselines import Baseline, parse
from ops.core.bill import Bill
from ops.core.cost import Basis
from ops.core.instance_time import InstanceTime, Piece, instance_time
from ops.core.periods import Period, last_days
from ops.core.savings import Saving, TypeFrom, saving, total
from ops.core.types import Connection, Price, Problem
from ops.core.views_savings import (
    Candidate,
    Details,
    Fit,
    Forecast,
    Idle,
    PerThousand,
    Reconciled,
    SavingsQuery,
    SavingsView,
    Waits,
    WarmAccount,
)
from tests.components.samples import EMBEDDED, NOW

Level = Callable[[datetime], float]
PERIOD = last_days(30, NOW)
PRICE = Price("ml.g5.xlarge", "us-east-1", Decimal("1.4084"), "the list", datetime(2026, 9, 28, tzinfo=UTC))
DOC, NIGHT, LOST, DEAR = "doc-async", "night-batch", "lost-half", "new-type"


def office(at: datetime) -> float:
    """Three instances in the hours of working days, four for one of them; asleep else."""
    if at.weekday() >= 5 or not 8 <= at.hour < 18:
        return 0.0
    return 4.0 if at.hour == 11 else 3.0


def nightly(at: datetime) -> float:
    return 1.0 if 1 <= at.hour < 3 else 0.0


def lost(at: datetime) -> float:
    """One instance always, of which two days and then some hours are not known."""
    since = at - PERIOD.start
    gone = timedelta(days=5) <= since < timedelta(days=7) or timedelta(days=9) <= since < timedelta(
        days=9, hours=6
    )
    return np.nan if gone else 1.0


def time_of(level: Level, period: Period = PERIOD) -> InstanceTime:
    first, last = int(period.start.timestamp()), int(period.until.timestamp())
    cells = [level(datetime.fromtimestamp(at, UTC)) for at in range(first, last, 900)]
    return instance_time([Piece(first, 900, np.array(cells))], first, last)


def row(
    name: str,
    level: Level,
    baseline: Baseline | str = "peak",
    *,
    price: Price | None = PRICE,
    period: Period = PERIOD,
    most: int | None = 8,
) -> Saving:
    against = parse(baseline) if isinstance(baseline, str) else baseline
    kind = price.instance_type if price is not None else "ml.new.xlarge"
    return saving(
        name,
        time_of(level, period),
        period,
        against,
        most=most,
        types=(TypeFrom(period.start, kind),),
        prices={} if price is None else {kind: price},
    )


def rows(baseline: str = "peak", period: Period = PERIOD) -> tuple[Saving, ...]:
    """Three with money, one of them known in part, and one without a price."""
    found = (
        row(DOC, office, baseline, period=period),
        row(NIGHT, nightly, baseline, period=period),
        row(LOST, lost, baseline, period=period),
        row(DEAR, office, baseline, price=None, period=period),
    )
    return tuple(sorted(found, key=lambda r: (r.saved is None, -(r.saved or 0), r.name)))


WAITS = Waits(42, 380, 950.0, 2, 444.0, 0, 684.0)
DETAILS = {
    DOC: Details(
        WAITS,
        Idle(Decimal(120), Decimal("169.01"), 10.0, 0.0, False, rule="Idle is a minute without work."),
        WarmAccount(Decimal(20), Decimal("28.17"), 12, 2),
        PerThousand(Decimal("4.31"), 210_000),
        Decimal("990"),
    ),
    NIGHT: Details(
        Waits(30, 90, 200.0, 0, 300.0),
        Idle(Decimal(5), Decimal("7.04"), 2.0, 0.0, False),
        None,
        PerThousand(None, 12, True),
        Decimal("90"),
    ),
    LOST: Details(
        None, Idle(Decimal(600), Decimal("845.04"), 600.0, 600.0, True), None, None, Decimal("1000")
    ),
}
FORECAST = Forecast(
    "2026-11",
    Decimal(800),
    Decimal(1240),
    Decimal(1100),
    Decimal(1380),
    Decimal(1300),
    10.4,
    "By 28 known days.",
    tuple(
        (
            date(2026, 11, 20) + timedelta(days=n),
            Decimal(840 + 40 * n),
            Decimal(830 + 27 * n),
            Decimal(850 + 53 * n),
        )
        for n in range(11)
    ),
)
CANDIDATE = Candidate(
    "layout-detect",
    "ml.g5.xlarge",
    Fit.POOR,
    ("It answers within a second, and a cold start takes minutes.",),
    Decimal("1013.70"),
    Decimal("300.10"),
    Decimal("713.60"),
    0.7,
    1.0,
    0.02,
)
BESIDE = (
    Reconciled(
        date(2026, 11, 18), DOC, Decimal("31.2"), Decimal("43.94"), Decimal(31), Decimal("43.66"), ("rounding",), True
    ),
    Reconciled(date(2026, 11, 19), DOC, Decimal("31"), Decimal("43.66"), None, None, ("it may still change",), False),
)  # fmt: skip


def view(
    found: tuple[Saving, ...] | None = None,
    baseline: str = "peak",
    *,
    period: Period = PERIOD,
    names: tuple[str, ...] | None = None,
    connection: Connection = EMBEDDED,
    before: bool = True,
    problems: tuple[Problem, ...] = (),
    history: tuple[int, int] = (4, 4),
) -> SavingsView:
    """All that can be known of four endpoints, two of which are known in part or without money."""
    listed = rows(baseline, period) if found is None else found
    earlier = period.previous()
    past = tuple(row(r.name, office, baseline, period=earlier) for r in listed if r.usd is not None)
    return SavingsView(
        connection,
        NOW,
        SavingsQuery(period, parse(baseline), names=names),
        listed,
        total(listed),
        total(past) if before and past else None,
        {name: more for name, more in DETAILS.items() if any(r.name == name for r in listed)},
        WAITS,
        (CANDIDATE,),
        FORECAST,
        BESIDE,
        (PRICE,),
        ("2026-11", "2026-10"),
        {"team": ("docs", "ocr")},
        history,
        (LOST,),
        problems=problems,
    )


def billed(found: SavingsView) -> SavingsView:
    """The same as if a bill said it."""
    listed = tuple(
        replace(r, basis=Basis.BILLED, prices=(), days_known=len(r.days), days_lived=len(r.days))
        for r in found.rows
    )
    return replace(
        found,
        query=replace(found.query, basis=Basis.BILLED),
        rows=listed,
        total=total(listed, Basis.BILLED),
        before=None,
        prices=(),
        bill=Bill("Cost Explorer", "Cost Explorer", "USD", 90, Decimal(900), notes=("two days are open",)),
        bill_at=NOW,
        bill_source="Cost Explorer",
        paid_calls=2,
    )


def one(name: str = DOC, baseline: str = "peak") -> SavingsView:
    level = {DOC: office, NIGHT: nightly, LOST: lost}[name]
    return view((row(name, level, baseline),), baseline, names=(name,))

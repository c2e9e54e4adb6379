"""Cold starts counted: percentiles, weeks and hours in a zone, and one beside the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ops.core.cold_start import ColdStart, Counted, Phase, Step
from ops.core.cold_start_stats import FEW, by_hour, by_week, compared, spread, waited_s, waits
from ops.core.cold_starts import Outcome
from tests.core.timelines import NOON, made, woken

BERLIN = ZoneInfo("Europe/Berlin")
USUAL = made(read=woken())


def start(
    at: datetime,
    total: float | None = 480.0,
    *,
    name: str = "doc",
    counted: Counted = Counted.WAIT,
    **more: object,
) -> ColdStart:
    """A cold start ordered at a time, with a length."""
    queued = Phase.measured(Step.QUEUED, at, "made")
    return replace(
        USUAL,
        id=f"{name}{at.isoformat()}",
        endpoint=name,
        ordered=at,
        total_s=total,
        counted=counted,
        phases=(queued,),
        **more,  # type: ignore[arg-type]
    )


def days(*lengths: float) -> list[ColdStart]:
    return [start(NOON + timedelta(days=n), length) for n, length in enumerate(lengths)]


def test_percentiles_of_what_is_known() -> None:
    found = spread([None, 60.0, 120.0, 180.0, 240.0, 300.0])
    assert found is not None
    assert (found.count, found.p50, found.worst, found.few) == (5, 180.0, 300.0, False)
    assert found.p90 == pytest.approx(276)
    assert found.p99 == pytest.approx(297.6)
    assert spread([]) is None
    assert spread([None]) is None
    few = spread([60.0] * (FEW - 1))
    assert few is not None
    assert few.few


def test_waits_and_starts_that_nobody_waited_for_stay_apart() -> None:
    unasked = start(NOON, 200.0, counted=Counted.START)
    failed = start(NOON, 900.0, outcome=Outcome.FAILED)
    open_end = start(NOON, None)
    some = days(60.0, 120.0)
    assert waits([unasked, failed, open_end, *some]) == tuple(some)
    assert waited_s([unasked, failed, open_end, *some]) == 180


@pytest.mark.parametrize(
    ("total", "words"),
    [
        (1152.0, "2.4 × slower than usual"),
        (480.0, "as usual"),
        (600.0, "as usual"),
        (610.0, "1.3 × slower than usual"),
        (200.0, "2.4 × faster than usual"),
    ],
)
def test_one_beside_the_others(total: float, words: str) -> None:
    others = days(480.0, 470.0, 490.0, 400.0, 500.0)
    one = start(NOON + timedelta(days=30), total)
    found = compared(one, [*others, one])
    assert (found.words, found.usual_s, found.others) == (words, 480.0, 5)


def test_with_too_few_others_nothing_is_usual() -> None:
    others = days(480.0, 470.0, 490.0, 400.0)
    aside = (
        start(NOON, 1.0, name="other"),
        start(NOON, 1.0, counted=Counted.START),
        start(NOON, 1.0, final=False),
        start(NOON, 1.0, outcome=Outcome.FAILED),
        start(NOON, None),
    )
    one = start(NOON + timedelta(days=30), 900.0)
    found = compared(one, [*others, *aside, one])
    assert (found.times, found.usual_s, found.others) == (None, None, 4)
    assert "too few" in found.words
    assert compared(replace(one, total_s=None), [*others, *days(1, 2, 3, 4, 5)]).times is None


def test_weeks_begin_on_monday_in_the_readers_zone_and_empty_ones_stay() -> None:
    sunday = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)  # Monday in Berlin
    found = by_week([start(sunday), start(sunday + timedelta(days=15), outcome=Outcome.FAILED)], BERLIN)
    assert [(w.monday, w.starts, w.failed) for w in found] == [
        (date(2026, 11, 2), 1, 0),
        (date(2026, 11, 9), 0, 0),
        (date(2026, 11, 16), 0, 1),
    ]
    assert found[0].waits is not None
    assert found[1].waits is None
    assert by_week([start(sunday)], UTC)[0].monday == date(2026, 10, 26)
    assert by_week([], UTC) == ()


def test_hours_of_the_week_follow_the_clocks_of_the_zone() -> None:
    """Berlin's clocks go back on 25 October: 6:30 UTC is 8:30 in summer and 7:30 in winter."""
    friday, week = datetime(2026, 10, 23, 6, 30, tzinfo=UTC), timedelta(days=7)
    found = by_hour([start(friday, 60.0), start(friday + week, 120.0)], BERLIN)
    assert len(found) == 168
    some = {(h.weekday, h.hour): (h.count, h.median_s) for h in found if h.count}
    assert some == {(4, 8): (1, 60.0), (4, 7): (1, 120.0)}


def test_the_hour_that_comes_twice_holds_both() -> None:
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    found = by_hour([start(first), start(second)], BERLIN)
    assert [(h.weekday, h.hour, h.count) for h in found if h.count] == [(6, 2, 2)]

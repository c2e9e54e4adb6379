"""What sleeping cost those who waited."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from ops.core.cold_start import ColdStart, Counted, Phase, Step
from ops.core.cold_starts import Outcome, WokenBy
from ops.core.savings_waits import heard, waits_of
from ops.core.worked import Steps
from tests.core.money_samples import DAY, days, level, only, steps

WEEK = days(7)


def start(
    at: datetime, total_s: float | None = 420.0, waited: int | None = 3, start_s: float = 300.0
) -> ColdStart:
    """Somebody waits from `at` on; the order comes two minutes later, the instance after `start_s` more."""
    ordered = at + timedelta(minutes=2)
    phases = (
        Phase.measured(Step.QUEUED, at, "queue"),
        Phase.measured(Step.SERVICE, ordered + timedelta(seconds=start_s), "record"),
    )
    return ColdStart(
        at.isoformat(),
        "doc",
        "ml.g5.xlarge",
        ordered,
        phases,
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


def queue(at: datetime, length: float, minutes: int) -> Steps:
    """A day of minutes with so many waiting from `at` on."""
    backlog = np.zeros(7 * 1440)
    begin = int((at - DAY).total_seconds()) // 60
    backlog[begin : begin + minutes] = length
    return steps(level(0, 168), backlog=backlog)


def test_cold_starts_that_requests_caused_alone() -> None:
    morning = DAY + timedelta(hours=8)
    starts = [
        start(morning),
        replace(start(morning + timedelta(days=1)), woken_by=WokenBy.SCHEDULE),
        replace(start(morning + timedelta(days=2)), woken_by=WokenBy.UNKNOWN),
        replace(start(morning + timedelta(days=3)), outcome=Outcome.FAILED),
        start(DAY - timedelta(minutes=1)),
        start(DAY + timedelta(days=7)),
    ]
    found = waits_of([heard(starts, (), DAY, WEEK)], WEEK)
    assert (found.cold_starts, found.requests, found.p95_s, found.since) == (1, 3, None, None)


def test_request_minutes_are_the_queue_until_an_instance_was_there() -> None:
    at = DAY + timedelta(hours=8)
    found = waits_of([heard([start(at)], [queue(at, 10.0, 30)], DAY, WEEK)], WEEK)
    assert found.request_minutes == pytest.approx(70.0), (
        "2 min until the order and 5 until service, 10 waiting"
    )


def test_a_wait_that_begins_within_a_minute_counts_from_there() -> None:
    at = DAY + timedelta(hours=8, seconds=30)
    found = waits_of([heard([start(at)], [queue(at, 4.0, 30)], DAY, WEEK)], WEEK)
    assert found.request_minutes == pytest.approx(28.0)


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [steps(level(0, 168, 3600), backlog=9.0, period=3600)],
        [steps(level(0, 168), backlog=np.nan)],
    ],
)
def test_what_is_not_known_in_fine_steps_is_not_added_up(pieces: list[Steps]) -> None:
    found = waits_of([heard([start(DAY + timedelta(hours=8))], pieces, DAY, WEEK)], WEEK)
    assert (found.cold_starts, found.request_minutes) == (1, None)


def test_without_a_cold_start_nobody_waited() -> None:
    found = waits_of([heard((), [queue(DAY, 0, 0)], DAY, WEEK)], WEEK)
    assert (found.cold_starts, found.requests, found.request_minutes, found.expired) == (0, 0, 0, 0)
    assert found.p95_s is None


def test_while_nothing_is_known_of_them_there_is_no_number() -> None:
    found = waits_of([heard([start(DAY + timedelta(hours=8))], (), None, WEEK)], WEEK)
    assert (found.cold_starts, found.requests, found.expired, found.left_out) == (None, None, None, 1)


def test_known_since_later_than_the_period_says_so_and_counts_from_there() -> None:
    since = DAY + timedelta(days=3)
    starts = [start(DAY + timedelta(days=n, hours=8)) for n in range(7)]
    found = waits_of([heard(starts, (), since, WEEK)], WEEK)
    assert (found.cold_starts, found.since) == (4, since)
    after = waits_of([heard(starts, (), DAY + timedelta(days=7), WEEK)], WEEK)
    assert after.cold_starts is None, "all of the period lies before what is known"


def test_the_95th_percentile_takes_five_of_them() -> None:
    starts = [start(DAY + timedelta(hours=n), 60.0 * n) for n in range(1, 5)]
    assert waits_of([heard(starts, (), DAY, WEEK)], WEEK).p95_s is None
    starts.append(start(DAY + timedelta(hours=9), 600.0))
    assert waits_of([heard(starts, (), DAY, WEEK)], WEEK).p95_s == pytest.approx(528.0)


def test_the_worst_weekday_is_that_of_the_zone() -> None:
    late = DAY + timedelta(hours=23, minutes=30)  # a Monday in UTC, a Tuesday in Berlin
    noon = DAY + timedelta(days=3, hours=12)
    starts = [start(late + timedelta(minutes=n), 900.0) for n in range(5)]
    starts += [start(noon + timedelta(minutes=n), 300.0) for n in range(5)]
    assert waits_of([heard(starts, (), DAY, WEEK)], WEEK).worst_day == 0
    berlin = days(7, zone="Europe/Berlin")
    found = waits_of([heard(starts, (), DAY, berlin)], berlin)
    assert (found.worst_day, found.worst_p95_s) == (1, 900.0)


def test_one_weekday_alone_is_not_the_worst() -> None:
    starts = [start(DAY + timedelta(hours=n), 900.0) for n in range(9)]
    assert waits_of([heard(starts, (), DAY, WEEK)], WEEK).worst_day is None


def test_expired_requests_are_those_of_all_the_known_time() -> None:
    one = steps(level(0, 1), expired=only(60, c3=4.0, c9=1.0))
    assert waits_of([heard((), [one], DAY, WEEK)], WEEK).expired == 5
    blind = steps(level(0, 1), expired=np.nan)
    assert waits_of([heard((), [blind], DAY, WEEK)], WEEK).expired is None


def test_several_endpoints_together() -> None:
    one = heard([start(DAY + timedelta(hours=n), 300.0) for n in range(3)], (), DAY, WEEK)
    other = heard(
        [start(DAY + timedelta(hours=n), 900.0) for n in range(3)], (), DAY + timedelta(hours=1), WEEK
    )
    dark = heard((), (), None, WEEK)
    found = waits_of([one, other, dark], WEEK)
    assert (found.cold_starts, found.requests, found.left_out) == (5, 15, 1)
    assert found.since == DAY + timedelta(hours=1)
    assert found.p95_s == pytest.approx(900.0)

"""What is idle by which witness, how long an endpoint was awake, and what 1,000 requests cost."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core import worked
from ops.core.cost import hours_of
from ops.core.savings_idle import idle_of, per_thousand
from ops.core.types import Price
from ops.core.worked import Steps
from tests.core.money_samples import DAY, level, only, price, steps

FIRST = int(DAY.timestamp())
NAN = float("nan")


def edges(*pieces: Steps) -> tuple[int, int]:
    return min(p.start for p in pieces), max(p.end for p in pieces)


def costs(at: int) -> Price | None:
    return price()


def unpriced(at: int) -> Price | None:
    return None


def test_nothing_in_work_is_idle() -> None:
    found = idle_of([one := steps(level(2, 1))], edges(one), costs)
    assert (found.hours, found.usd, found.unknown_hours) == (2, 3, 0)
    assert (found.longest_awake_h, found.awake_h) == (1, 1)


@pytest.mark.parametrize(
    "sign",
    [
        {"backlog": 3.0},
        {"succeeded": 1.0},
        {"failed": 1.0},
        {"load": 1.0},
        {"load": 7.0},
    ],
)
def test_any_sign_of_work_is_work(sign: dict[str, float]) -> None:
    found = idle_of([one := steps(level(2, 1), **sign)], edges(one), costs)  # type: ignore[arg-type]
    assert (found.hours, found.unknown_hours) == (0, 0)


def test_a_little_load_is_none() -> None:
    found = idle_of([one := steps(level(1, 1), load=0.99)], edges(one), costs)
    assert found.hours == 1


@pytest.mark.parametrize("blind", [{"backlog": NAN}, {"load": NAN}])
def test_without_both_witnesses_nobody_can_tell(blind: dict[str, float]) -> None:
    found = idle_of([one := steps(level(2, 1), **blind)], edges(one), costs)  # type: ignore[arg-type]
    assert (found.hours, found.usd, found.unknown_hours) == (None, None, 2)


def test_it_is_told_where_half_of_the_paid_time_can_be_told() -> None:
    dark = np.where(np.arange(60) < 30, NAN, 0.0)
    found = idle_of([one := steps(level(2, 1), load=dark)], edges(one), costs)
    assert (found.hours, found.unknown_hours) == (1, 1)
    dark[30] = NAN
    found = idle_of([one := steps(level(2, 1), load=dark)], edges(one), costs)
    assert (found.hours, found.usd) == (None, None)


def test_a_request_that_finishes_was_in_work_before_although_the_queue_was_empty() -> None:
    """A forty-minute job on a model that waits for something: no queue, no load, no completion until the end."""
    done = only(60, c50=1.0)
    found = idle_of([one := steps(level(1, 1), succeeded=done, took_s=done * 2400)], edges(one), costs)
    assert found.hours == hours_of(20)
    longer = only(60, c9=1.0)
    found = idle_of([one := steps(level(1, 1), succeeded=longer, took_s=longer * 2400)], edges(one), costs)
    assert found.hours == hours_of(50), "it may have begun before what is known"


def test_asleep_is_not_idle() -> None:
    found = idle_of([one := steps(level(0, 1))], edges(one), costs)
    assert (found.hours, found.usd, found.awake_h) == (0, 0, 0)


def test_an_hour_with_some_work_in_it_is_neither() -> None:
    busy = only(24, c3=5.0)
    found = idle_of([one := steps(level(2, 24, 3600), succeeded=busy, period=3600)], edges(one), costs)
    assert (found.hours, found.unknown_hours) == (46, 2)


def test_five_minutes_with_some_work_are_work() -> None:
    busy = only(12, c3=5.0)
    found = idle_of([one := steps(level(2, 1, 300), succeeded=busy, period=300)], edges(one), costs)
    assert (found.hours, found.unknown_hours) == (hours_of(110), 0)


def test_nothing_known_is_not_zero() -> None:
    assert idle_of([], (FIRST, FIRST + 3600), costs).hours is None
    found = idle_of([one := steps(level(NAN, 30))], edges(one), costs)
    assert (found.hours, found.usd, found.never_slept) == (None, None, None)


def test_without_a_price_hours_are_told_and_no_dollars() -> None:
    found = idle_of([one := steps(level(1, 1))], edges(one), unpriced)
    assert (found.hours, found.usd) == (1, None)
    asleep = idle_of([one := steps(level(0, 1))], edges(one), unpriced)
    assert (asleep.hours, asleep.usd) == (0, 0)


def test_the_price_of_the_type_at_the_time() -> None:
    one = steps(level(1, 2))
    change = FIRST + 3600
    found = idle_of(
        [one], (FIRST, change, one.end), lambda at: price(usd="1") if at < change else price(usd="5")
    )
    assert (found.hours, found.usd) == (2, 6)


@pytest.mark.parametrize(("hours", "never"), [(23.0, None), (24.0, True)])
def test_it_takes_a_day_to_say_that_it_never_sleeps(hours: float, never: bool | None) -> None:
    assert idle_of([one := steps(level(1, hours))], edges(one), costs).never_slept is never


def test_one_minute_of_sleep_is_sleep() -> None:
    values = level(1, 30)
    values[77] = 0
    found = idle_of([one := steps(values)], edges(one), costs)
    assert (found.never_slept, found.longest_awake_h) == (False, (1800 - 78) / 60)
    assert found.awake_h == found.longest_awake_h


def test_stretches_go_on_from_piece_to_piece_and_end_where_nothing_is_known() -> None:
    early = steps(level(1, 2))
    late = steps(np.concatenate([level(2, 1), level(0, 1)]), start=DAY + timedelta(hours=2))
    gap = steps(level(1, 1), start=DAY + timedelta(hours=5))
    found = list(worked.stretches([gap, late, early]))
    assert [(b - FIRST, e - FIRST) for b, e in found] == [(0, 3 * 3600), (5 * 3600, 6 * 3600)]
    unknown = steps(np.concatenate([level(1, 1), level(NAN, 1), level(1, 1)]))
    assert len(list(worked.stretches([unknown]))) == 2


@pytest.mark.parametrize("period", [300, 3600])
@pytest.mark.parametrize(
    ("mean", "never"), [(0.0, False), (0.4, False), (0.99, False), (1.0, None), (2.5, None)]
)
def test_a_longer_step_proves_sleep_below_one_and_tells_nothing_above(
    period: int, mean: float, never: bool | None
) -> None:
    """Two instances for half an hour, then none, are one on average."""
    found = idle_of([one := steps(level(mean, 48, period), period=period)], edges(one), costs)
    assert found.never_slept is never
    assert (found.longest_awake_h, found.awake_h) == ((None, None) if mean else (0, 0))


def test_one_long_step_with_less_than_one_among_full_ones_is_sleep() -> None:
    values = level(1, 48, 3600)
    values[30] = 0.9
    found = idle_of([one := steps(values, period=3600)], edges(one), costs)
    assert found.never_slept is False


def test_minutes_tell_how_long_it_has_been_awake_although_older_time_is_known_in_longer_steps() -> None:
    old = steps(level(1, 10 * 24, 300), period=300)
    new = steps(level(1, 11 * 24), start=DAY + timedelta(days=10))
    found = idle_of([old, new], edges(old, new), costs)
    assert (found.longest_awake_h, found.awake_h) == (264, 264)
    assert found.never_slept is None


def test_a_last_minute_that_is_not_known_is_no_sleep() -> None:
    values = np.concatenate([level(0, 1), level(1, 30), np.full(3, NAN)])
    found = idle_of([one := steps(values)], edges(one), costs)
    assert found.awake_h == 30
    later = steps(np.full(5, NAN), start=DAY + timedelta(seconds=len(values) * 60))
    assert idle_of([one, later], edges(one, later), costs).awake_h == 30


cells = st.lists(st.sampled_from([0.0, 1.0, 3.0, NAN]), min_size=24, max_size=24)
signs = st.lists(st.sampled_from([0.0, 0.0, 2.0]), min_size=24, max_size=24)


@given(cells, signs, st.lists(st.sampled_from([0.0, 1.5, NAN]), min_size=24, max_size=24))
def test_idle_unknown_and_work_make_up_all_that_was_paid(
    instances: list[float], done: list[float], load: list[float]
) -> None:
    one = steps(
        np.array(instances), succeeded=np.array(done), load=np.array(load), backlog=np.array(done), period=300
    )
    calm, dark = worked.idle(one)
    there = np.nan_to_num(one.instances) > 0
    assert not (calm & dark).any()
    assert ((calm | dark | worked.in_work(one)) & there == there).all()
    assert not (calm & worked.in_work(one)).any()


@given(cells, st.integers(1, 23))
def test_stretches_in_two_pieces_are_the_same(instances: list[float], at: int) -> None:
    values = np.array(instances)
    whole = list(worked.stretches([steps(values)]))
    parts = [steps(values[:at]), steps(values[at:], start=DAY + timedelta(minutes=at))]
    assert list(worked.stretches(parts)) == whole
    covered = sum(end - begin for begin, end in whole)
    assert covered == float((np.nan_to_num(values) > 0).sum()) * 60


# ---- 1,000 requests


def test_what_a_thousand_requests_cost() -> None:
    one = steps(level(1, 10), succeeded=1.0)
    found = per_thousand([one], edges(one), costs)
    assert (found.usd, found.requests, found.few) == (25, 600, False)


@pytest.mark.parametrize(("requests", "few"), [(99, True), (100, False)])
def test_with_few_of_them_there_is_no_number(requests: int, few: bool) -> None:
    one = steps(level(1, 1), succeeded=only(60, c3=float(requests)))
    found = per_thousand([one], edges(one), costs)
    assert (found.requests, found.few, found.usd is None) == (requests, few, few)


def test_failed_ones_do_not_count() -> None:
    one = steps(level(1, 10), succeeded=1.0, failed=5.0)
    assert per_thousand([one], edges(one), costs).requests == 600


def test_cost_and_requests_are_of_the_same_known_time() -> None:
    values = np.concatenate([level(1, 5), level(NAN, 5)])
    one = steps(values, succeeded=1.0)
    found = per_thousand([one], edges(one), costs)
    assert (found.usd, found.requests) == (25, 300)


def test_where_successes_are_not_known_nothing_is_told() -> None:
    one = steps(level(1, 10), succeeded=NAN)
    assert per_thousand([one], edges(one), costs).requests is None
    assert per_thousand([], (FIRST, FIRST + 3600), costs).requests is None


def test_without_a_price_the_requests_alone() -> None:
    one = steps(level(1, 10), succeeded=1.0)
    found = per_thousand([one], edges(one), unpriced)
    assert (found.usd, found.requests) == (None, 600)

"""What warm windows cost beyond need, and which cold starts they avoided."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from ops.core.cost import hours_of
from ops.core.savings_warm import Held, account, windows
from ops.core.types import Activity, Price, ScheduledAction
from tests.core.money_samples import DAY, level, price, steps

FIRST = int(DAY.timestamp())
WEEK = DAY + timedelta(days=7)
OPEN = ScheduledAction("warm-open", "cron(45 7 ? * MON-FRI *)", "Europe/Berlin", 1, None)
CLOSE = ScheduledAction("warm-close", "cron(0 19 ? * MON-FRI *)", "Europe/Berlin", 0, None)
BOTH = (OPEN, CLOSE)
HOLD_S = 1500.0


def costs(at: int) -> Price | None:
    return price()


def ran(name: str, floor: int, at: datetime, status: str = "Successful") -> Activity:
    return Activity(
        f"{name}{at}",
        at,
        at,
        status,
        f"Setting min capacity to {floor}",
        f"scheduled action name {name} was triggered",
    )


def moved(count: int, cause: str, at: datetime) -> Activity:
    text = f"Setting desired instance count to {count}."
    return Activity(f"m{at}", at, at + timedelta(minutes=5), "Successful", text, cause, desired=count)


def hours(found: tuple[Held, ...]) -> list[tuple[float, float, int]]:
    return [((w.opens - FIRST) / 3600, (w.closes - FIRST) / 3600, w.floor) for w in found]


# ---- which windows there were


def test_by_the_schedules_of_now_where_the_record_tells_nothing() -> None:
    found = windows((), BOTH, DAY, WEEK)
    assert hours(found) == [(24 * n + 6.75, 24 * n + 18, 1) for n in range(5)]


def test_by_the_record_where_it_tells() -> None:
    """On Tuesday it ran an hour later than now's schedule would: it was changed since."""
    record = [
        ran("warm-open", 1, DAY + timedelta(hours=31, minutes=45)),
        ran("warm-close", 0, DAY + timedelta(hours=42)),
    ]
    assert (31.75, 42.0, 1) in hours(windows(record, (), DAY, WEEK))
    assert len(windows(record, (), DAY, WEEK)) == 1


def test_a_run_on_record_and_the_schedule_are_one() -> None:
    record = [ran("warm-open", 1, DAY + timedelta(hours=6, minutes=45, seconds=20))]
    found = hours(windows(record, BOTH, DAY, WEEK))
    assert len(found) == 5
    assert found[0][0] == pytest.approx(6.7556, abs=0.001)


def test_a_run_that_failed_set_nothing() -> None:
    record = [ran("warm-open", 1, DAY + timedelta(hours=6), "Failed")]
    assert windows(record, (), DAY, WEEK) == ()


def test_a_window_over_the_edge_of_the_period_is_cut() -> None:
    found = windows((), BOTH, DAY + timedelta(hours=10), DAY + timedelta(hours=12))
    assert hours(found) == [(10, 12, 1)]


def test_a_minimum_that_somebody_raised_and_left_is_no_window() -> None:
    record = [moved(1, "minimum capacity was set to 1", DAY + timedelta(hours=9))]
    assert windows(record, (), DAY, WEEK) == ()


def test_one_that_a_schedule_takes_back_is() -> None:
    """Keep warm until a moment: the minimum is raised at once, and one action puts it back."""
    record = [
        moved(1, "minimum capacity was set to 1", DAY + timedelta(hours=9)),
        ran("until", 0, DAY + timedelta(hours=15)),
    ]
    assert hours(windows(record, (), DAY, WEEK)) == [(9, 15, 1)]


def test_the_echo_of_a_schedule_opens_nothing_of_its_own() -> None:
    record = [
        ran("warm-open", 2, DAY + timedelta(hours=7)),
        moved(2, "minimum capacity was set to 2", DAY + timedelta(hours=7, seconds=10)),
        ran("warm-close", 0, DAY + timedelta(hours=9)),
    ]
    assert hours(windows(record, (), DAY, WEEK)) == [(7, 9, 2)]


def test_a_schedule_that_sets_the_maximum_alone_opens_nothing() -> None:
    top = ScheduledAction("top", "cron(0 8 * * ? *)", "UTC", None, 4)
    assert windows((), (top,), DAY, WEEK) == ()


def test_what_cannot_be_read_is_left_alone() -> None:
    odd = ScheduledAction("odd", "cron(nonsense)", "UTC", 1, None)
    often = ScheduledAction("often", "rate(1 hour)", "UTC", 1, None)
    assert windows((), (odd, often), DAY, WEEK) == ()


# ---- what they cost

WINDOW = (Held(FIRST + 8 * 3600.0, FIRST + 18 * 3600.0, 1),)
EDGES = (FIRST, FIRST + 86_400)


def day(instances: float = 1.0, **requests: int) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """In service from 8 to 18; requests that finish in a minute of the day: h9_30=1."""
    count, done = np.zeros(1440), np.zeros(1440)
    count[480:1080] = instances
    for name, number in requests.items():
        hour, minute = name[1:].split("_")
        done[int(hour) * 60 + int(minute)] = number
    return count, done


def test_nobody_came() -> None:
    count, done = day()
    found = account(WINDOW, [steps(count, succeeded=done)], EDGES, costs, HOLD_S)
    assert found is not None
    assert (found.hours, found.usd, found.avoided, found.windows) == (10, 15, 0, 1)
    assert found.unknown_hours == 0
    assert "25 min" in " ".join(found.assumed)


def test_what_a_request_would_have_kept_awake_anyway_is_not_the_windows() -> None:
    count, done = day(h9_30=1)
    found = account(WINDOW, [steps(count, succeeded=done)], EDGES, costs, HOLD_S)
    assert found is not None
    assert found.hours == hours_of(600 - 26)
    assert found.avoided == 1, "it came after an hour and a half of rest"


def test_requests_close_together_avoid_one_cold_start() -> None:
    count, done = day(h9_30=1, h9_40=2, h9_55=1, h12_0=1)
    found = account(WINDOW, [steps(count, succeeded=done)], EDGES, costs, HOLD_S)
    assert found is not None
    assert found.avoided == 2


def test_more_instances_than_the_floor_are_not_the_windows_cost() -> None:
    count, done = day(3.0)
    found = account(WINDOW, [steps(count, succeeded=done)], EDGES, costs, HOLD_S)
    assert found is not None
    assert found.hours == 10


def test_a_request_to_a_sleeping_endpoint_was_not_avoided() -> None:
    count, done = day(h9_30=1)
    count[480:580] = 0
    found = account(WINDOW, [steps(count, succeeded=done)], EDGES, costs, HOLD_S)
    assert found is not None
    assert found.avoided == 0


def test_a_window_in_which_nothing_was_in_service_was_none() -> None:
    """The schedule of now did not hold then."""
    count = np.zeros(1440)
    assert account(WINDOW, [steps(count)], EDGES, costs, HOLD_S) is None
    assert account(WINDOW, [], EDGES, costs, HOLD_S) is None
    assert account((), [steps(count)], EDGES, costs, HOLD_S) is None


def test_what_cannot_be_told_is_said_apart() -> None:
    count, done = day()
    load = np.zeros(1440)
    load[480:600] = np.nan
    found = account(WINDOW, [steps(count, succeeded=done, load=load)], EDGES, costs, HOLD_S)
    assert found is not None
    assert (found.hours, found.unknown_hours) == (8, 2)


def test_where_most_of_a_window_cannot_be_told_nothing_is() -> None:
    count = np.zeros(24)
    count[8:18] = 1
    done = np.zeros(24)
    done[10:17] = 4
    found = account(WINDOW, [steps(count, succeeded=done, period=3600)], EDGES, costs, HOLD_S)
    assert found is not None
    assert (found.hours, found.usd, found.avoided, found.unknown_hours) == (None, None, None, 7)


def test_hours_alone_tell_of_no_avoided_start() -> None:
    count = np.zeros(24)
    count[8:18] = 1
    found = account(WINDOW, [steps(count, period=3600)], EDGES, costs, HOLD_S)
    assert found is not None
    assert (found.hours, found.avoided) == (10, None)


def test_without_a_price_there_are_hours_and_no_dollars() -> None:
    count, _ = day()
    found = account(WINDOW, [steps(count)], EDGES, lambda at: None, HOLD_S)
    assert found is not None
    assert (found.hours, found.usd) == (10, None)


def test_nothing_is_said_of_time_outside_windows() -> None:
    found = account(WINDOW, [steps(level(1, 24))], EDGES, costs, HOLD_S)
    assert found is not None
    assert found.hours == 10


def test_rest_before_what_is_known_is_not_a_long_one() -> None:
    """Known from 10:00 on, inside the window: a request may have come at 9:59."""
    count, done = day(h10_10=1, h12_0=1)
    late = steps(count[600:], succeeded=done[600:], start=DAY + timedelta(hours=10))
    found = account(WINDOW, [late], EDGES, costs, HOLD_S)
    assert found is not None
    assert found.avoided == 1, "that at noon"
    assert found.hours == hours_of(480 - 11 - 25 - 26)
    assert found.unknown_hours == hours_of(10)


def test_a_gap_in_the_queue_is_not_rest() -> None:
    count, done = day(h12_0=1)
    queue = np.zeros(1440)
    queue[500:710] = np.nan
    found = account(WINDOW, [steps(count, succeeded=done, backlog=queue)], EDGES, costs, HOLD_S)
    assert found is not None
    assert found.avoided == 0, "ten minutes before it nothing was known"
    assert found.unknown_hours == hours_of(210 + 10)

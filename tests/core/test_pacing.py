"""What is read how often, as a table of interest and kind of metric."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.core import metrics
from ops.core.pacing import (
    DESCRIBE_S,
    FULL_PACE,
    GAP_S,
    SETTLED_S,
    Interest,
    alarmed,
    chosen,
    due,
    every,
    interest,
    woke,
)
from ops.core.types import Alarm, AsyncConfig, Endpoint, EndpointRef, MetricRef

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
ASYNC = AsyncConfig(None, None, None, None, None)
ASLEEP = Endpoint(
    EndpointRef("1", "us-east-1", "doc"),
    "arn",
    "InService",
    "c",
    "ml.g5.xlarge",
    0,
    0,
    NOW - timedelta(days=9),
    NOW - timedelta(hours=2),
    ASYNC,
)
REALTIME = replace(ASLEEP, async_config=None, current=1, desired=1)


def watched(endpoint: Endpoint = ASLEEP, *, looked_at: bool = False, backlog: float | None = 0.0) -> Interest:
    return interest(endpoint, now=NOW.timestamp(), looked_at=looked_at, backlog=backlog, anybody=True)


@pytest.mark.parametrize(
    ("changes", "backlog", "expected"),
    [
        ({}, 0.0, Interest.ASLEEP),
        ({}, None, Interest.ASLEEP),
        ({}, 1.0, Interest.AWAKE),
        ({"desired": 1}, 0.0, Interest.AWAKE),
        ({"current": 1}, 0.0, Interest.AWAKE),
        ({"current": None}, 0.0, Interest.AWAKE),
        ({"status": "Updating"}, 0.0, Interest.AWAKE),
        ({"status": "Failed"}, 0.0, Interest.AWAKE),
        ({"modified": NOW - timedelta(seconds=SETTLED_S)}, 0.0, Interest.AWAKE),
        ({"modified": NOW - timedelta(seconds=SETTLED_S + 1)}, 0.0, Interest.ASLEEP),
    ],
)
def test_what_counts_as_asleep(changes: dict[str, object], backlog: float | None, expected: Interest) -> None:
    assert watched(replace(ASLEEP, **changes), backlog=backlog) is expected  # type: ignore[arg-type]


def test_looking_counts_more_than_sleep_and_nobody_more_than_all() -> None:
    assert watched(looked_at=True) is Interest.WATCHED
    assert interest(ASLEEP, now=0, looked_at=True, backlog=9.0, anybody=False) is Interest.NOBODY


@pytest.mark.parametrize(
    ("metric", "seconds"),
    [
        #                       watched awake  asleep nobody; None: left to the hourly closing of gaps
        (metrics.BACKLOG, (60, 120, 300, 3600)),
        (metrics.NO_CAPACITY, (60, 600, 300, 3600)),
        (metrics.OLDEST, (60, 120, 3600, 3600)),
        (metrics.FAILURES, (60, 120, 3600, 3600)),
        (metrics.PROCESSED, (60, 600, 3600, 3600)),
        (metrics.CPU, (60, 600, 3600, 3600)),
        (metrics.CPU_SAMPLES, (60, None, None, None)),
        (metrics.MODEL_LATENCY, (300, None, None, None)),
        (metrics.MEMORY, (300, None, None, None)),
        (metrics.PER_INSTANCE, (300, None, None, None)),
    ],
    ids=lambda value: value.key if isinstance(value, metrics.Metric) else None,
)
def test_ages_are_at_most(metric: metrics.Metric, seconds: tuple[float | None, ...]) -> None:
    order = (Interest.WATCHED, Interest.AWAKE, Interest.ASLEEP, Interest.NOBODY)
    for how, most in zip(order, seconds, strict=True):
        age = chosen(ASLEEP, how).get(metric)
        assert (age is None) is (most is None)
        assert most is None or age is None or 0 < age <= most


def test_the_closer_the_look_the_younger_the_numbers() -> None:
    for endpoint in (ASLEEP, REALTIME):
        for metric in every(endpoint):
            ages = [chosen(endpoint, how).get(metric, GAP_S) for how in Interest if how is not Interest.AWAKE]
            assert ages == sorted(ages), metric.key
    describe = [DESCRIBE_S[how] for how in Interest]
    assert describe == sorted(describe)


@pytest.mark.parametrize("how", Interest)
def test_a_verdict_has_all_it_needs_at_any_interest(how: Interest) -> None:
    assert set(metrics.wanted(metrics.RECENT, ASLEEP)) <= chosen(ASLEEP, how).keys()
    assert chosen(REALTIME, how).keys() == set(metrics.SERVING)
    assert max(chosen(ASLEEP, how).values()) <= GAP_S


def test_watching_reads_everything_that_is_kept() -> None:
    assert chosen(ASLEEP, Interest.WATCHED).keys() == set(every(ASLEEP))
    without_gpu = replace(ASLEEP, instance_type="ml.m5.large")
    assert not any(m.name.startswith("GPU") for how in Interest for m in chosen(without_gpu, how))


def test_due_is_what_is_old_enough_or_was_never_read() -> None:
    ages = {metrics.BACKLOG: 60.0, metrics.OLDEST: 60.0, metrics.CPU: 60.0}
    read_at = {metrics.BACKLOG.key: 940.0, metrics.OLDEST.key: 940.5}
    assert due(ages, read_at, 1000.0) == (metrics.BACKLOG, metrics.CPU)


def test_a_sleeping_fleet_costs_a_fraction_of_asking_each_minute() -> None:
    """Metrics an hour of one sleeping endpoint, against eight metrics of it each minute."""
    asked = sum(3600 / age for age in chosen(ASLEEP, Interest.ASLEEP).values())
    assert asked <= 8 * 60 / 3


def alarm(state: str, metric: str, comparison: str = "GreaterThanOrEqualToThreshold") -> Alarm:
    watches = MetricRef(metrics.AWS, metric, (("EndpointName", "doc"),))
    return Alarm("a", state, "", None, watches, 1.0, comparison, 60, 1, 1, "missing", (), True)


@pytest.mark.parametrize(
    ("found", "off"),
    [
        (alarm("ALARM", "HasBacklogWithoutCapacity"), True),
        (alarm("ALARM", "ApproximateBacklogSize", "GreaterThanThreshold"), True),
        (alarm("OK", "HasBacklogWithoutCapacity"), False),
        (alarm("INSUFFICIENT_DATA", "HasBacklogWithoutCapacity"), False),
        (alarm("ALARM", "ApproximateBacklogSizePerInstance", "LessThanThreshold"), False),  # scaling in
        (alarm("ALARM", "ApproximateBacklogSize", "LessThanThreshold"), False),
        (alarm("ALARM", "CPUUtilization"), False),
    ],
)
def test_an_alarm_on_the_queue_ends_the_rest(found: Alarm, off: bool) -> None:
    assert alarmed([found]) is off
    how = interest(ASLEEP, now=NOW.timestamp(), looked_at=False, backlog=0.0, anybody=True, alarmed=off)
    assert how is (Interest.AWAKE if off else Interest.ASLEEP)


def test_crossing_zero_is_waking_or_falling_asleep() -> None:
    ordered, serving = replace(ASLEEP, desired=1), replace(ASLEEP, desired=1, current=1)
    assert woke(ASLEEP, ordered)
    assert woke(ordered, serving)
    assert woke(serving, replace(serving, desired=0))
    assert not woke(serving, replace(serving, desired=4))
    assert not woke(ASLEEP, replace(ASLEEP, current=None))


@pytest.mark.parametrize("watched", [1, FULL_PACE, 7, 20, 60, 1000])
def test_many_watched_endpoints_share_a_price_and_none_is_read_less_for_being_looked_at(watched: int) -> None:
    awake = replace(ASLEEP, current=1, desired=1)
    ages, alone = chosen(awake, Interest.WATCHED, watched), chosen(awake, Interest.WATCHED)
    unwatched = chosen(awake, Interest.AWAKE)
    assert ages.keys() == alone.keys()
    assert all(ages[m] >= alone[m] for m in ages)
    assert all(ages[m] <= max(alone[m], unwatched.get(m, GAP_S)) for m in ages)
    if watched <= FULL_PACE:
        assert ages == alone
    elif watched >= 20:
        assert sum(3600 / age for age in ages.values()) < sum(3600 / age for age in alone.values()) / 3


@pytest.mark.parametrize("stretch", [1.0, 1.5, 4.0, 60.0])
@pytest.mark.parametrize("how", Interest)
def test_slowed_no_metric_is_read_more_often_or_less_than_once_an_hour(how: Interest, stretch: float) -> None:
    for endpoint in (ASLEEP, REALTIME):
        ages, slow = chosen(endpoint, how), chosen(endpoint, how, stretch=stretch)
        assert slow == {metric: min(GAP_S, age * stretch) for metric, age in ages.items()}
        assert stretch > 1 or slow == ages

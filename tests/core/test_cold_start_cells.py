"""Wakes that metrics alone tell of: what proves that there was no instance, and what does not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ops.core.cold_start import Step, without_doubles
from ops.core.cold_start_cells import first_served, last_served, unordered
from ops.core.cold_start_phases import Around, cold_start
from ops.core.cold_starts import Outcome, WokenBy, wakes
from ops.core.types import MetricSet
from tests.core.timelines import ASLEEP, BACKLOG, HOSTS, NAN, NOON, SIGNAL, at, grid, made, order


def hosts(
    served: Mapping[int, float],
    *,
    silent: range = range(0),
    waiting: range = range(0),
    step: int = 1,
    last: int = 120,
) -> MetricSet:
    """Two hours by the minute: instances in `served`, nothing published in `silent`, requests in `waiting`."""
    return grid(
        0,
        last,
        {
            HOSTS: served,
            BACKLOG: {**dict.fromkeys(waiting, 3.0), **dict.fromkeys(silent, NAN)},
            SIGNAL: {**dict.fromkeys(waiting, 1.0), **dict.fromkeys(silent, NAN)},
        },
        fill={BACKLOG: 0.0, SIGNAL: 0.0},
        step=step,
    )


def ones(*spans: range) -> dict[int, float]:
    return {minute: 1.0 for span in spans for minute in span}


FIRST = range(5)
"""Minutes of an instance at the beginning: what was before them is not known."""
CASES = {
    "asleep, then served": (hosts(ones(FIRST, range(40, 60))), 60, [40]),
    "twice": (hosts(ones(FIRST, range(40, 60), range(90, 120))), 60, [40, 90]),
    "the first that is known: a new endpoint begins so, and that is no cold start": (
        hosts(ones(range(40, 60))),
        60,
        [],
    ),
    "served from the beginning: what was before is not known": (hosts(ones(range(60))), 60, []),
    "a short gap of the hosts proves nothing": (hosts(ones(range(40), range(45, 60))), 60, []),
    "a gap in which nothing at all was published proves nothing": (
        hosts(ones(range(40), range(60, 80)), silent=range(40, 60)),
        60,
        [],
    ),
    "requests without capacity prove it, however short": (
        hosts(ones(range(40), range(45, 60)), waiting=range(42, 45)),
        60,
        [45],
    ),
    "hosts that publish every five minutes are not asleep in between": (
        hosts(ones(range(0, 100, 5))),
        300,
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_when_hosts_began_to_publish(case: str) -> None:
    read, interval, places = CASES[case]
    assert list(first_served(read, interval)) == places


def test_a_wake_without_an_order_is_bounded_and_nobody_is_said_to_have_done_it() -> None:
    read = hosts(ones(FIRST, range(40, 60)), waiting=range(30, 40))
    (wake,) = unordered(read, 60, ())
    assert (wake.ordered, wake.service_from, wake.service) == (None, at(39), at(41))
    assert (wake.outcome, wake.woken_by, wake.slept) == (Outcome.SERVED, WokenBy.UNKNOWN, at(60))
    start = cold_start(wake, Around("doc", None, at(120), 60, read, at(120)))
    service = start.phase(Step.SERVICE)
    assert service is not None
    assert (service.earliest, service.latest) == (at(39), at(41))
    assert start.start_s is None
    assert start.waited == 3


def test_what_an_order_explains_is_not_told_twice() -> None:
    read = hosts(ones(FIRST, range(40, 60)))
    explained = wakes((ASLEEP, order(34, 39.5, 1)), at(120))
    assert unordered(read, 60, explained) == ()
    running = wakes((ASLEEP, order(34, None, 1, "InProgress")), at(60))
    assert unordered(read, 60, running) == ()
    elsewhen = wakes((ASLEEP, order(90, 95, 1)), at(120))
    assert len(unordered(read, 60, elsewhen)) == 1


def test_a_double_gives_way_to_the_record() -> None:
    (seen,) = unordered(hosts(ones(range(1), range(7, 60)), waiting=range(1, 7)), 60, ())
    one = made(read=None)
    double = cold_start(seen, Around("doc", None, at(120), 60))
    other = cold_start(seen, Around("other", None, at(120), 60))
    assert without_doubles((double, one)) == (one,)
    assert without_doubles((other, one)) == (other, one)
    assert without_doubles((double,)) == (double,)


@pytest.mark.parametrize(
    ("served", "begin", "end"),
    [
        (ones(range(40, 60)), 41, 60),
        (ones(range(40, 60), range(63, 80)), 41, 80),
        (ones(range(40, 60), range(90, 120)), 41, 60),
        (ones(range(40, 120)), 41, None),
        (ones(range(40, 115)), 41, None),
        ({}, 41, None),
    ],
)
def test_the_end_of_a_warm_period_that_no_order_tells(
    served: dict[int, float], begin: int, end: int | None
) -> None:
    found = last_served(hosts(served), at(begin).timestamp(), 60)
    assert found == (None if end is None else at(end).timestamp())


def test_noon_is_the_zero_of_these_timelines() -> None:
    assert at(0) == NOON

"""The newest cold start, from scaling records as they really come: overlapping, failed, unordered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ops.core import cold_starts
from ops.core.types import Activity

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def order(
    start: float,
    end: float | None,
    desired: int | None,
    status: str = "Successful",
    *,
    not_scaled: tuple[str, ...] = (),
) -> Activity:
    description = f"Setting desired instance count to {desired}." if desired is not None else "Changed."
    return Activity(
        f"a{start}",
        at(start),
        None if end is None else at(end),
        status,
        description,
        "",
        desired=desired,
        not_scaled=not_scaled,
    )


ASLEEP = order(0, 1, 0)

CASES = {
    "no record": ((), None),
    "never more than asleep": ((ASLEEP,), None),
    "woken once": ((ASLEEP, order(10, 15, 1)), (10, 5)),
    "the newest of two": ((ASLEEP, order(10, 15, 1), order(40, 41, 0), order(60, 67, 2)), (60, 7)),
    "newest first, as AWS lists them": (
        (order(60, 67, 2), order(40, 41, 0), order(10, 15, 1), ASLEEP),
        (60, 7),
    ),
    "growing is no cold start": ((ASLEEP, order(10, 15, 1), order(20, 26, 3)), (10, 5)),
    "still under way": ((ASLEEP, order(10, None, 1, "InProgress")), (10, None)),
    "pending": ((ASLEEP, order(10, None, 1, "Pending")), (10, None)),
    "failed ones are none": ((ASLEEP, order(10, 11, 1, "Failed"), order(12, 13, 1, "Failed")), None),
    "unfulfilled is none": ((ASLEEP, order(10, 40, 1, "Unfulfilled")), None),
    "the attempt that succeeded, not the failed ones before it": (
        (ASLEEP, order(10, 11, 1, "Failed"), order(20, 26, 1)),
        (20, 6),
    ),
    "a failed one after a good one": (
        (ASLEEP, order(10, 15, 1), order(40, 41, 0), order(60, 61, 1, "Failed")),
        (10, 5),
    ),
    "two that overlap: the first counts": ((ASLEEP, order(10, 16, 1), order(13, 18, 3)), (10, 6)),
    "two that overlap, both under way": (
        (ASLEEP, order(10, None, 1, "InProgress"), order(13, None, 3, "InProgress")),
        (10, None),
    ),
    "overridden, the next one brought the instance": (
        (ASLEEP, order(10, 13, 1, "Overridden"), order(13, 18, 3)),
        (10, 8),
    ),
    "overridden, the next one still runs": (
        (ASLEEP, order(10, 13, 1, "Overridden"), order(13, None, 3, "InProgress")),
        (10, None),
    ),
    "overridden by going back to sleep": (
        (ASLEEP, order(10, 12, 1, "Overridden"), order(12, 13, 0)),
        None,
    ),
    "refusals say nothing of capacity": (
        (ASLEEP, order(5, 5, 4, not_scaled=("AlreadyAtMaxCapacity",)), order(10, 15, 1)),
        (10, 5),
    ),
    "capacity before not on record": ((order(10, 15, 1),), None),
    "an order that cannot be read leaves the capacity unknown": (
        (ASLEEP, order(5, 6, None), order(10, 15, 1)),
        None,
    ),
    "an order that cannot be read is none itself": ((ASLEEP, order(10, 15, None)), None),
    "what lies ahead does not count": (
        (ASLEEP, order(10, 15, 1), order(40, 41, 0), order(100, 105, 1)),
        (10, 5),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_newest_cold_start(case):
    activities, expected = CASES[case]
    found = cold_starts.last(activities, at(90))
    if expected is None:
        assert found is None
    else:
        minute, took = expected
        assert found is not None
        assert found.at == at(minute)
        assert found.took_s == (None if took is None else took * 60)


@pytest.mark.parametrize("served", [True, False])
def test_where_the_record_begins_what_was_served_decides(served):
    found = cold_starts.last((order(10, 15, 2),), at(90), nothing_served=lambda when: not served)
    assert (found is None) is served


def test_what_was_served_is_only_asked_where_the_record_does_not_tell():
    activities = (ASLEEP, order(10, 15, 1), order(20, 25, 3))
    found = cold_starts.last(activities, at(90), nothing_served=lambda when: True)
    assert found is not None
    assert found.at == at(10)


def test_the_order_of_the_record_does_not_matter():
    activities = [ASLEEP, order(10, 15, 1), order(40, 41, 0), order(60, 61, 1, "Failed"), order(70, 76, 1)]
    expected = cold_starts.last(activities, at(90))
    assert cold_starts.last(activities[::-1], at(90)) == expected
    assert cold_starts.last(iter(activities[2:] + activities[:2]), at(90)) == expected

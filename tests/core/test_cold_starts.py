"""Wakes, and the newest cold start, from scaling records as they really come: overlapping, failed, unordered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.core import cold_starts
from ops.core.cold_starts import Hints
from ops.core.records import Change
from ops.core.types import Activity, ScheduledAction

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


SCHEDULED = "scheduled action name warm-open was triggered"
BOUNDS = "minimum capacity was set to 1"


def caused(activity, cause, description=""):
    return replace(activity, cause=cause, description=description or activity.description)


WAKES = {
    "none without a record": ((), []),
    "woken twice": (
        (ASLEEP, order(10, 15, 1), order(40, 41, 0), order(60, 67, 2), order(80, 81, 0)),
        [(10, 15, None, "served", 0, 41), (60, 67, None, "served", 0, 81)],
    ),
    "growing on the way: the first that is done counts": (
        (ASLEEP, order(10, 16, 1), order(13, 15, 3)),
        [(10, 15, None, "served", 0, None)],
    ),
    "failed attempts before it": (
        (ASLEEP, order(10, 10, 1, "Failed"), order(11, 11, 1, "Failed"), order(12, 18, 1)),
        [(12, 18, None, "served", 2, None)],
    ),
    "no capacity for half an hour, then there was": (
        (ASLEEP, order(10, 44, 1, "Failed"), order(45, 51, 1)),
        [(45, 51, None, "served", 1, None)],
    ),
    "an attempt long after a failed one is another wake": (
        (ASLEEP, order(10, 10, 1, "Failed"), order(60, 66, 1)),
        [(None, None, 10, "failed", 1, None), (60, 66, None, "served", 0, None)],
    ),
    "a failed attempt that may be followed by another": (
        (ASLEEP, order(85, 85, 1, "Failed")),
        [(None, None, None, "still running", 1, None)],
    ),
    "unfulfilled": ((ASLEEP, order(10, 40, 1, "Unfulfilled")), [(None, None, 40, "failed", 1, None)]),
    "still under way": (
        (ASLEEP, order(80, None, 1, "InProgress")),
        [(80, None, None, "still running", 0, None)],
    ),
    "called back": (
        (ASLEEP, order(10, 12, 1, "Overridden"), order(12, 13, 0)),
        [(10, None, 12, "came to nothing", 0, None)],
    ),
    "overridden by a larger order": (
        (ASLEEP, order(10, 13, 1, "Overridden"), order(13, 18, 3)),
        [(10, 18, None, "served", 0, None)],
    ),
    "scaling in that failed left the instance": (
        (ASLEEP, order(10, 15, 1), order(30, 31, 0, "Failed"), order(50, 51, 0), order(60, 66, 1)),
        [(10, 15, None, "served", 0, 51), (60, 66, None, "served", 0, None)],
    ),
    "still scaling in": (
        (ASLEEP, order(10, 15, 1), order(88, None, 0, "InProgress")),
        [(10, 15, None, "served", 0, None)],
    ),
    "a change of bounds says nothing of the capacity": (
        (ASLEEP, caused(order(10, 10, None), SCHEDULED, "Setting min capacity to 1"), order(10, 15, 1)),
        [(10, 15, None, "served", 0, None)],
    ),
    "what is not scaled is no attempt": (
        (ASLEEP, order(10, 10, None, "Failed", not_scaled=("AlreadyAtMaxCapacity",))),
        [],
    ),
    "the initial instance is no cold start": ((order(10, 15, 2), order(40, 41, 0)), []),
}


@pytest.mark.parametrize("case", WAKES)
def test_every_wake_of_a_record(case):
    activities, expected = WAKES[case]

    def minute(moment):
        return None if moment is None else (moment - NOON).total_seconds() / 60

    for given in (activities, activities[::-1]):
        found = [
            (
                minute(w.ordered),
                minute(w.service),
                minute(w.ended),
                w.outcome.value,
                w.failed,
                minute(w.slept),
            )
            for w in cold_starts.wakes(given, at(90))
        ]
        assert found == expected


def test_a_wake_keeps_its_name_from_its_first_attempt_on():
    tries = (ASLEEP, order(80, 80, 1, "Failed"), order(81, None, 1, "InProgress"), order(81.5, 86, 1))
    names = {w.id for n in (2, 3) for w in cold_starts.wakes(tries[:n], at(90))}
    assert names == {w.id for w in cold_starts.wakes((*tries[:2], replace(tries[2], end=at(85))), at(90))}
    assert len(names) == 1


NOT_KNOWN = f"{BOUNDS}; by whom is not known"
WHO = {
    "an alarm": ("monitor alarm Has-doc in state ALARM triggered policy wake", "", "request", "Has-doc"),
    "an alarm with a telling name": (
        "monitor alarm on schedule in state ALARM triggered policy wake",
        "",
        "request",
        "on schedule",
    ),
    "a schedule, in the words of the order": (SCHEDULED, "", "schedule", "warm-open"),
    "in other words": ('Scheduled action "warm-open" has been triggered', "", "schedule", "warm-open"),
    "in words that name it somewhere": ("schedule warm-open began", "", "schedule", "warm-open"),
    "a schedule that nobody names": ("a scheduled action was triggered", "", "schedule", ""),
    "a schedule, by its change of bounds": (BOUNDS, SCHEDULED, "schedule", "warm-open"),
    "by its change of bounds in other words": (BOUNDS, "schedule warm-open ran", "schedule", "warm-open"),
    "bounds that nobody explains": (BOUNDS, "", "unknown", NOT_KNOWN),
    "words that nobody knows": ("a new reason", "", "unknown", "a new reason"),
}
WARM_OPEN = ScheduledAction("warm-open", "cron(0 3 * * ? *)", "UTC", 1, None)
"""Not due at the time of the order."""


@pytest.mark.parametrize("case", WHO)
def test_who_woke_it(case):
    cause, schedule, by, who = WHO[case]
    record = [ASLEEP, caused(order(10, 15, 1), cause)]
    if schedule:
        record.append(caused(order(9.5, 9.5, None), schedule, "Setting min capacity to 1"))
    (wake,) = cold_starts.wakes(record, at(90), hints=Hints((WARM_OPEN,)))
    assert (wake.woken_by.value, wake.who) == (by, who)


REGISTERED = Change("c", at(9.9), "RegisterScalableTarget", "jane", "doc", "bounds to 1–4")
DUE = ScheduledAction("open", "cron(9 12 * * ? *)", "UTC", 1, None)
HINTS = {
    "a schedule that was due": (Hints((WARM_OPEN, DUE)), "schedule", "open"),
    "in another zone": (
        Hints((replace(DUE, schedule="cron(9 13 ? * * *)", timezone="Europe/Berlin"),)),
        "schedule",
        "open",
    ),
    "once": (Hints((replace(DUE, schedule="at(2026-11-20T12:09:30)"),)), "schedule", "open"),
    "due with another minimum": (Hints((replace(DUE, min=2),)), "unknown", NOT_KNOWN),
    "due, but it sets the maximum": (Hints((replace(DUE, min=None, max=1),)), "unknown", NOT_KNOWN),
    "due long before": (Hints((replace(DUE, schedule="cron(5 12 * * ? *)"),)), "unknown", NOT_KNOWN),
    "due after": (Hints((replace(DUE, schedule="cron(12 12 * * ? *)"),)), "unknown", NOT_KNOWN),
    "that cannot be read": (Hints((replace(DUE, schedule="nonsense"),)), "unknown", NOT_KNOWN),
    "a rate from nobody knows when": (
        Hints((replace(DUE, schedule="rate(1 minute)"),)),
        "unknown",
        NOT_KNOWN,
    ),
    "somebody, as CloudTrail tells": (Hints((), (REGISTERED,)), "operator", BOUNDS),
    "somebody long before": (Hints((), (replace(REGISTERED, at=at(-6)),)), "unknown", NOT_KNOWN),
    "somebody who was refused": (Hints((), (replace(REGISTERED, error="Denied"),)), "unknown", NOT_KNOWN),
    "a service": (Hints((), (replace(REGISTERED, by_service=True),)), "unknown", NOT_KNOWN),
    "somebody who did something else": (
        Hints((), (replace(REGISTERED, operation="UpdateEndpoint"),)),
        "unknown",
        NOT_KNOWN,
    ),
}


@pytest.mark.parametrize("case", HINTS)
def test_who_set_the_bounds_that_woke_it(case):
    hints, by, who = HINTS[case]
    (wake,) = cold_starts.wakes((ASLEEP, caused(order(10, 15, 1), BOUNDS)), at(90), hints=hints)
    assert (wake.woken_by.value, wake.who) == (by, who)


@pytest.mark.parametrize(("minutes", "least"), [(20, 1), (5, 2)], ids=["long before", "other bounds"])
def test_another_schedule_did_not_do_it(minutes, least):
    schedule = order(30 - minutes, 30 - minutes, None)
    record = (
        caused(schedule, SCHEDULED, f"Setting min capacity to {least}"),
        ASLEEP,
        caused(order(30, 35, 1), BOUNDS),
    )
    assert cold_starts.wakes(record, at(90))[0].woken_by is cold_starts.WokenBy.UNKNOWN


def test_a_wake_by_schedule_is_the_newest_cold_start():
    record = (ASLEEP, caused(order(10, 10, None), SCHEDULED, "Setting min capacity to 1"), order(10, 15, 1))
    found = cold_starts.last(record, at(90))
    assert found is not None
    assert (found.at, found.took_s) == (at(10), 300)

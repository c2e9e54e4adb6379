"""What was changed, as marks: from CloudTrail, the scaling record, and what the endpoint and its schedules say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.core.marks import Mark, MarkKind, marks, newest
from ops.core.records import Change
from ops.core.types import Activity, Endpoint, EndpointRef, ScheduledAction, Window

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
DAY = Window(NOW - timedelta(days=1), NOW + timedelta(minutes=1), 60)
ENDPOINT = Endpoint(
    EndpointRef("123456789012", "us-east-1", "doc"),
    "arn",
    "InService",
    "doc-2",
    "ml.g5.xlarge",
    0,
    0,
    NOW - timedelta(days=40),
    NOW - timedelta(hours=2),
    None,
    config_created=NOW - timedelta(days=30),
)


def change(operation: str, hours: float, what: str = "x", who: str = "jane", **more: object) -> Change:
    found = Change(f"{operation}{hours}", NOW - timedelta(hours=hours), operation, who, "doc", what)
    return replace(found, **more)  # type: ignore[arg-type]


def activity(hours: float, cause: str, description: str = "", status: str = "Successful") -> Activity:
    at = NOW - timedelta(hours=hours)
    return Activity(f"a{hours}", at, at, status, description, cause)


def told(
    *changes: Change,
    activities: tuple[Activity, ...] = (),
    schedules: tuple[ScheduledAction, ...] = (),
    endpoint: Endpoint = ENDPOINT,
    window: Window = DAY,
    now: datetime = NOW,
) -> list[tuple[str, str, str]]:
    found = marks(endpoint, changes, schedules, activities, window, now)
    assert [m.at for m in found] == sorted(m.at for m in found)
    return [(m.kind.value, m.sentence, m.who) for m in found]


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("UpdateEndpoint", "deploy"),
        ("DeleteEndpoint", "deploy"),
        ("RegisterScalableTarget", "bounds"),
        ("PutScalingPolicy", "policy"),
        ("DeleteScheduledAction", "schedule"),
        ("SetAlarmState", "alarm"),
        ("UpdateEndpointWeightsAndCapacities", "capacity"),
    ],
)
def test_each_call_has_its_kind(operation: str, kind: str) -> None:
    assert told(change(operation, 2)) == [(kind, "x", "jane")]


def test_only_this_endpoint_this_window_and_people_count() -> None:
    assert (
        told(
            change("UpdateEndpoint", 2, endpoint="other"),
            change("UpdateEndpoint", 25),
            change("UpdateEndpoint", -0.5),
            change("UpdateEndpointWeightsAndCapacities", 2, by_service=True),
        )
        == []
    )


def test_a_refused_call_stays_and_says_so() -> None:
    (mark,) = marks(ENDPOINT, [change("UpdateEndpoint", 2, error="Denied")], (), (), DAY, NOW)
    assert mark.refused == "Denied"
    assert mark.said == "refused (Denied): x by jane"


def test_without_cloudtrail_the_configuration_tells_of_the_deploy_and_nobody_is_named() -> None:
    made = replace(ENDPOINT, config_created=NOW - timedelta(hours=3))
    assert told(endpoint=made) == [("deploy", "configuration doc-2 made, the one in use now", "")]
    assert told(change("UpdateEndpoint", 2.9, "deploy of doc-2"), endpoint=made) == [
        ("deploy", "deploy of doc-2", "jane")
    ]
    assert len(told(change("UpdateEndpoint", 2.9, error="Denied"), endpoint=made)) == 2
    born = replace(ENDPOINT, created=NOW - timedelta(hours=1), config_created=NOW - timedelta(hours=5))
    assert told(endpoint=born) == [("deploy", "creation of the endpoint", "")]


BOUND = "minimum capacity was set to 1"


@pytest.mark.parametrize(
    ("changes", "activities", "expected"),
    [
        ((), (activity(3, BOUND),), [("bounds", "minimum set to 1", "")]),
        (
            (change("RegisterScalableTarget", 3.01, "minimum to 1"),),
            (activity(3, BOUND),),
            [("bounds", "minimum to 1", "jane")],
        ),
        (
            (),
            (
                activity(3, "scheduled action name open was triggered", "Setting min capacity to 1"),
                activity(2.99, BOUND),
            ),
            [("schedule", "schedule open: minimum 1", "")],
        ),
        (
            (),
            (activity(3, "scheduled action name open was triggered", "Setting min capacity to 9", "Failed"),),
            [("schedule", "schedule open: minimum 9, which failed", "")],
        ),
        ((), (activity(3, "monitor alarm wake in state ALARM triggered policy wake"),), []),
    ],
)  # fmt: skip
def test_the_scaling_record_tells_of_bounds_and_schedules(
    changes: tuple[Change, ...], activities: tuple[Activity, ...], expected: list[tuple[str, str, str]]
) -> None:
    assert told(*changes, activities=activities) == expected


AT_THREE = ScheduledAction("open", "cron(59 10 * * ? *)", "UTC", 1, None)
"""Due a minute before the capacity moved, three hours ago."""


@pytest.mark.parametrize(
    ("schedule", "activities", "expected"),
    [
        (AT_THREE, (activity(3, BOUND),), "schedule open was due: minimum 1"),
        (replace(AT_THREE, min=2), (activity(3, BOUND),), "minimum set to 1"),
        (
            replace(AT_THREE, schedule="at(2026-01-01T01:00:00)"),
            (activity(3, "Schedule open ran", "Setting min capacity to 1"), activity(2.99, BOUND)),
            "schedule open: minimum 1",
        ),
        (
            replace(AT_THREE, schedule="at(2026-01-01T01:00:00)"),
            (activity(3, "a scheduled action ran", "Setting min capacity to 1"), activity(2.99, BOUND)),
            "a schedule: minimum 1",
        ),
    ],
)  # fmt: skip
def test_a_schedule_in_words_that_nobody_documents_is_no_change_by_hand(
    schedule: ScheduledAction, activities: tuple[Activity, ...], expected: str
) -> None:
    found = told(activities=activities, schedules=(schedule,))
    assert found == [("bounds" if "set to" in expected else "schedule", expected, "")]


PUT = "schedule open set: cron(45 7 * * ? *) Europe/Berlin, minimum 1"
OPEN = ScheduledAction("open", "cron(45 7 * * ? *)", "Europe/Berlin", 1, None)
SKIPPED = ScheduledAction("open", "cron(30 2 * * ? *)", "Europe/Berlin", 1, 4)


@pytest.mark.parametrize(
    ("action", "first", "days", "expected"),
    [
        (OPEN, "2026-10-24", 3, ["10-24 05:45", "10-25 06:45", "10-26 06:45"]),  # clocks go back on the 25th
        (OPEN, "2026-03-28", 2, ["03-28 06:45", "03-29 05:45"]),  # and forward on the 29th
        (
            SKIPPED,
            "2026-03-28",
            2,
            ["03-28 01:30", "03-29 01:00"],
        ),  # 02:30 does not exist: the end of the gap
        (SKIPPED, "2026-10-25", 1, ["10-25 00:30"]),  # 02:30 comes twice and runs once
        (replace(OPEN, schedule="nonsense"), "2026-03-28", 2, []),
    ],
)
def test_runs_that_are_not_on_record_are_worked_out_in_the_schedules_own_zone(
    action: ScheduledAction, first: str, days: int, expected: list[str]
) -> None:
    start = datetime.fromisoformat(first).replace(tzinfo=UTC)
    window = Window(start, start + timedelta(days=days), 60)
    put = replace(change("PutScheduledAction", 0, PUT), at=start - timedelta(days=3))
    found = marks(ENDPOINT, [put], (action,), (), window, window.end)
    assert [f"{m.at:%m-%d %H:%M}" for m in found] == expected
    bound = "minimum 1" if action.max is None else "minimum 1, maximum 4"
    assert {m.sentence for m in found} <= {f"schedule open was due: {bound}"}


def test_a_schedule_counts_from_when_it_is_known_to_exist_and_a_recorded_run_only_once() -> None:
    assert told(schedules=(OPEN,)) == []
    put = change("PutScheduledAction", 12, PUT)  # at 02:00, the run is at 06:45
    assert [kind for kind, *_ in told(put, schedules=(OPEN,))] == ["schedule", "schedule"]
    ran = activity(7.24, "scheduled action name open was triggered", "Setting min capacity to 1")
    assert [said for _, said, _ in told(put, schedules=(OPEN,), activities=(ran,))] == [
        PUT,
        "schedule open: minimum 1",
    ]
    late = change("PutScheduledAction", 1, PUT)
    assert [said for _, said, _ in told(late, schedules=(OPEN,))] == [PUT]


def test_the_newest_of_each_kind() -> None:
    found = [
        Mark(NOW - timedelta(hours=h), kind, f"{kind}{h}", refused=refused)
        for h, kind, refused in (
            (5, MarkKind.DEPLOY, ""),
            (4, MarkKind.BOUNDS, ""),
            (3, MarkKind.DEPLOY, ""),
            (2, MarkKind.DEPLOY, "Denied"),
            (1, MarkKind.ALARM, ""),
        )
    ]
    assert [m.sentence for m in newest(found, (MarkKind.DEPLOY, MarkKind.BOUNDS))] == ["bounds4", "deploy3"]

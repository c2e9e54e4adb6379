"""Three sources, one time line: echoes are joined once, repeats are one line, nothing is lost."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.change import Actor, Entry, Made, Outcome
from ops.core.records import Change
from ops.core.setup import Setup
from ops.core.timeline import Ended, Event, Kind, Reach, Source, Timeline, Wanted, actors, merged
from ops.core.timeline_text import COLUMNS, as_csv, as_document, as_text
from ops.core.types import Activity, Bounds, Connection, EndpointRef, Problem, ScalableTarget, Suspended

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
START, END = NOW - timedelta(hours=3), NOW + timedelta(minutes=1)
REF = EndpointRef("123456789012", "us-east-1", "doc-async")
REGISTER = "RegisterScalableTarget"
BOUNDED = Setup(ScalableTarget(Bounds(1, 8), Suspended()))
CONNECTION = Connection("embedded", REF.account, REF.region, "root", None, True)


def entry(minutes: float = 60, *, calls=((REGISTER, "r-1", ""),), outcome=Outcome.DONE, **more) -> Entry:
    at = NOW - timedelta(minutes=minutes)
    made = tuple(Made("application-autoscaling", op, {}, request, error) for op, request, error in calls)
    return Entry(
        **{
            "id": f"entry-{minutes:g}",
            "at": at,
            "actor": Actor("nina", "operator"),
            "ref": REF,
            "kind": "bounds",
            "title": "Set the bounds of doc-async to 1–8",
            "why": "month end",
            "before": Setup(None),
            "after": BOUNDED,
            "outcome": outcome,
            "made": made,
            "ended": at + timedelta(seconds=2),
            **more,
        }
    )


def change(minutes: float = 60, *, seconds: float = 1, operation=REGISTER, request="", **more) -> Change:
    at = NOW - timedelta(minutes=minutes) + timedelta(seconds=seconds)
    return Change(
        **{
            "id": f"c-{minutes}-{seconds}",
            "at": at,
            "operation": operation,
            "who": "ebb-role",
            "endpoint": "doc-async",
            "what": "bounds to 1–8",
            "request_id": request,
            **more,
        }
    )


def activity(minutes: float, **more) -> Activity:
    at = NOW - timedelta(minutes=minutes)
    return Activity(
        **{
            "id": f"a-{minutes}",
            "start": at,
            "end": at,
            "status": "Successful",
            "description": "Setting desired instance count to 3.",
            "cause": "monitor alarm wake in state ALARM triggered policy wake",
            "desired": 3,
            **more,
        }
    )


def line(journal=(), changes=(), activities=()) -> tuple[Event, ...]:
    return merged(journal, changes, {"doc-async": activities}, START, END)


@pytest.mark.parametrize(
    ("journal", "changes", "echoes", "left"),
    [
        ([entry()], [], [0], 0),
        ([], [change()], [], 1),
        ([entry()], [change(request="r-1")], [1], 0),
        ([entry()], [change()], [1], 0),
        ([entry()], [change(seconds=110)], [1], 0),
        ([entry()], [change(seconds=200)], [0], 1),
        ([entry()], [change(seconds=-30)], [0], 1),
        ([entry()], [change(request="r-2")], [0], 1),
        ([entry()], [change(seconds=3000, request="r-1")], [1], 0),
        ([entry()], [change(operation="PutScalingPolicy")], [0], 1),
        ([entry()], [change(endpoint="other")], [0], 1),
        ([entry()], [change(error="AccessDenied")], [0], 1),
        ([entry()], [change(seconds=1), change(seconds=20, who="sam")], [1], 1),
        ([entry(60), entry(59)], [change(60), change(59)], [1, 1], 0),
        ([entry(calls=((REGISTER, "", ""), ("PutScalingPolicy", "", "")))],
         [change(), change(operation="PutScalingPolicy")], [2], 0),
        ([entry(calls=((REGISTER, "", "AccessDenied"),), outcome=Outcome.FAILED)],
         [change(error="AccessDenied")], [1], 0),
        ([entry(calls=(), outcome=Outcome.REFUSED)], [change()], [0], 1),
        ([entry()], [change(by_service=True)], [0], 0),
    ],
)  # fmt: skip
def test_an_echo_is_joined_to_its_entry_and_told_once(journal, changes, echoes, left):
    found = line(journal, changes)
    assert sorted(e.echoes for e in found if e.source is Source.EBB) == sorted(echoes)
    assert sum(e.source is Source.CLOUDTRAIL for e in found) == left


def test_an_entry_says_who_why_and_whether_it_can_be_undone():
    (event,) = line([entry()], [change()])
    assert (event.who, event.as_who, event.kind, event.ended) == ("nina", "ebb-role", Kind.BOUNDS, Ended.DONE)
    assert event.what == "Set the bounds of doc-async to 1–8"
    assert event.said.startswith("Bounds: not registered → 1–8 instances")
    assert event.said.endswith(". month end")
    assert event.request_ids == ("r-1",)
    assert event.undoable


@pytest.mark.parametrize(
    ("outcome", "undone_by", "undoable"),
    [
        (Outcome.DONE, "", True),
        (Outcome.PARTLY, "", True),
        (Outcome.UNCLEAR, "", True),
        (Outcome.DONE, "other", False),
        (Outcome.FAILED, "", False),
        (Outcome.REFUSED, "", False),
        (Outcome.STALE, "", False),
        (Outcome.BEGUN, "", False),
    ],
)
def test_what_was_done_and_not_undone_can_be_undone(outcome, undone_by, undoable):
    (event,) = line([entry(outcome=outcome, undone_by=undone_by)])
    assert event.undoable == undoable


@pytest.mark.parametrize("kind", ["submit", "upload", "queue"])
def test_what_changed_no_setup_cannot_be_undone(kind):
    (event,) = line([entry(kind=kind, before=Setup(), after=Setup(), calls=())])
    assert not event.undoable


def test_repeats_are_one_line_also_where_two_policies_ask_in_turn():
    def asked(minutes: float, policy: str, **more) -> Activity:
        cause = f"monitor alarm {policy}-alarm in state ALARM triggered policy {policy}"
        return activity(minutes, cause=cause, status="Failed", message="No quota.", **more)

    moves = [asked(m, ("wake", "backlog")[m % 2]) for m in range(1, 7)]
    (found,) = line(activities=moves)
    assert (found.times, found.since, found.ended) == (6, NOW - timedelta(minutes=6), Ended.FAILED)
    assert found.said == (
        "No quota. Policy backlog, when the alarm backlog-alarm rang; Policy wake, when the alarm wake-alarm rang"
    )
    assert [e.times for e in line(activities=[*moves[:3], asked(3.5, "wake", desired=2), *moves[3:]])] == [
        3,
        1,
        3,
    ]
    bounds = [
        activity(m, cause="scheduled action name a was triggered", desired=None, description=d)
        for m, d in ((1, "Setting min capacity to 2"), (2, "Setting max capacity to 4"))
    ]
    assert len(line(activities=bounds)) == 2


def test_scaling_in_plain_words_and_repeats_as_one_line():
    at_most = [
        activity(m, not_scaled=("AlreadyAtMaxCapacity",), desired=None, description="Attempting to scale")
        for m in (3, 2, 1)
    ]
    schedule = activity(
        30, cause="scheduled action name morning was triggered", description="Setting min capacity to 2"
    )
    failed = activity(20, status="Failed", message="Insufficient capacity.")
    moved = activity(10)
    found = line(activities=[*at_most, schedule, failed, moved])
    assert [(e.kind, e.who, e.what, e.ended, e.times) for e in found] == [
        (Kind.SCALING, "auto scaling", "looked, and left the instances as they were", Ended.NOTHING, 3),
        (Kind.SCALING, "auto scaling", "asked for 3 instances", Ended.DONE, 1),
        (Kind.SCALING, "auto scaling", "asked for 3 instances", Ended.FAILED, 1),
        (Kind.SCHEDULE, "schedule morning", "minimum set to 2", Ended.DONE, 1),
    ]
    assert found[0].said.startswith("Already at the upper bound")
    assert found[0].since == NOW - timedelta(minutes=3)
    assert found[2].said.startswith("Insufficient capacity. Policy wake, when the alarm wake rang")


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (
            "monitor alarm TargetTracking-endpoint/doc/variant/A-AlarmLow-1-2 in state ALARM triggered policy p",
            "Policy p: below its target",
        ),
        ("monitor alarm a in state ALARM triggered policy wake.", "Policy wake, when the alarm a rang"),
        ("something new.", "something new"),
    ],
)
def test_causes_in_plain_words(cause, said):
    (event,) = line(activities=[activity(5, cause=cause)])
    assert event.said == said


@given(
    st.lists(st.integers(-10, 200), max_size=6),
    st.lists(st.integers(-10, 200), max_size=8),
    st.lists(st.integers(-10, 200), max_size=6, unique=True),
)
def test_nothing_is_lost_or_doubled_and_the_newest_comes_first(entries, changes, moves):
    journal = [entry(m, id=f"e{n}") for n, m in enumerate(entries)]
    calls = [change(m, id=f"c{n}") for n, m in enumerate(changes)]
    found = merged(
        journal,
        calls,
        {"doc-async": [activity(m) for m in moves]},
        NOW - timedelta(days=1),
        END + timedelta(days=1),
    )
    assert sum(e.source is Source.EBB for e in found) == len(journal)
    assert sum(e.echoes for e in found) + sum(e.source is Source.CLOUDTRAIL for e in found) == len(calls)
    assert sum(e.times for e in found if e.source is Source.SCALING) == len(moves)
    assert [e.at for e in found] == sorted((e.at for e in found), reverse=True)


def test_of_one_second_the_undo_stands_above_what_it_undoes_whatever_their_words():
    first = entry(60, id="b", title="Set the bounds of doc-async to 2–8", calls=())
    second = entry(60, id="a", title="Suspend the policies of doc-async", calls=(), kind="suspend")
    back = entry(60, id="c", title="Put back the bounds of doc-async", calls=(), kind="undo", undo_of="b")
    kept = [back, second, first]
    assert [e.entry for e in line(kept)] == ["c", "a", "b"], "as the journal has them, the newest first"
    jumbled = [entry(60, id="u", title="Back", undo_of="v"), entry(60, id="w"), entry(60, id="v", title="Zz")]
    assert [e.entry for e in line(jumbled[::-1]) if e.entry in "uv"] == ["u", "v"]
    moved = activity(60, description="A", cause="z")
    told = line(kept, [change(60, seconds=0, operation="PutScalingPolicy")], [moved])
    assert [e.source for e in told[:2]] == [Source.SCALING, Source.CLOUDTRAIL], "what came of it is above it"
    assert [e.entry for e in told[2:]] == ["c", "a", "b"]


def test_only_the_range_is_told():
    found = line([entry(181), entry(1)], [change(500)], [activity(400)])
    assert [e.entry for e in found] == ["entry-1"]


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Wanted(), 3),
        (Wanted(kind="bounds"), 2),
        (Wanted(kind="scaling"), 1),
        (Wanted(who="nina"), 1),
        (Wanted(who="ebb-role"), 1),
        (Wanted(who="sam"), 1),
        (Wanted(text="MONTH bounds"), 1),
        (Wanted(text="nowhere"), 0),
        (Wanted(kind="bounds", who="sam", text="1–8"), 1),
    ],
)
def test_filters(wanted, count):
    found = line([entry()], [change(), change(10, who="sam")], [activity(5)])
    assert sum(wanted.holds(e) for e in found) == count
    assert actors(found) == ("auto scaling", "ebb-role", "nina", "sam")


def view(events: tuple[Event, ...]) -> Timeline:
    denied = Problem("who changed what", "AWS denied it.", "Allow it.", "cloudtrail:LookupEvents")
    reaches = (Reach(Source.EBB), Reach(Source.CLOUDTRAIL, problem=denied), Reach(Source.SCALING, NOW))
    return Timeline(CONNECTION, NOW, "doc-async", START, END, events, reaches)


def test_csv_is_read_back_and_is_no_formula():
    events = line([entry(why='=1+1, "quoted"\nsecond', after=Setup(None))], [change(5, who="@sam")])
    rows = list(csv.DictReader(io.StringIO(as_csv(events))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["who"] for row in rows] == ["'@sam", "nina"]
    assert rows[1]["details"] == '\'=1+1, "quoted"\nsecond'
    assert rows[1]["at"] == "2026-11-20T13:00:00Z"


def test_the_document_says_what_is_missing():
    found = json.loads(json.dumps(as_document(view(line([entry()])), line([entry()]))))
    assert found["events"][0]["can_be_undone"] is True
    assert found["sources"][1] == {
        "source": "CloudTrail",
        "known_since": None,
        "missing": "AWS denied it.",
        "allow": "cloudtrail:LookupEvents",
        "note": None,
    }


def test_text_for_a_terminal():
    events = line([entry()], [], [activity(5)])
    said = as_text(view(events), events)
    assert "done: Set the bounds of doc-async to 1–8, by nina. Bounds: not registered → 1–8 inst" in said
    assert ". month end  [undo entry-60]" in said
    assert "CloudTrail: missing: AWS denied it. Allow it." in said
    assert "Nothing happened in this range." in as_text(view(()), ())

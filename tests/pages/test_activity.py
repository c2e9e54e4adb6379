"""The Activity page: who did what, filters, downloads, and what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.core.errors import Unreachable
from ops.core.timeline import Ended, Event, Kind, Reach, Source, Timeline
from ops.core.types import Problem
from tests.components.samples import EMBEDDED, NOW, SampleSource
from tests.living import error
from tests.pages.conftest import markup, notices
from tests.pages.living_pages import Viewer, sky_over, table_lines, words

SPAN = timedelta(hours=3)
REACHES = (Reach(Source.EBB), Reach(Source.CLOUDTRAIL), Reach(Source.SCALING))
DENIED = Problem("who changed what", "AWS denied it.", "", "cloudtrail:LookupEvents")


def event(minutes: float, kind: Kind, source: Source, who: str, what: str, **more) -> Event:
    return Event(
        NOW - timedelta(minutes=minutes), "doc-async", kind, source, who, what, **{"ended": Ended.DONE} | more
    )


EVENTS = (
    event(1, Kind.SCALING, Source.SCALING, "auto scaling", "looked", ended=Ended.NOTHING, times=30, since=NOW - SPAN),
    event(
        5, Kind.BOUNDS, Source.EBB, "nina@example.com", "Set the bounds to 1–8",
        said="<b>month end</b>", entry="0123456789ab", undoable=True, echoes=1, as_who="ebb-role", request_ids=("r-1",),
    ),
    event(9, Kind.DEPLOY, Source.CLOUDTRAIL, "ci", "deploy of doc-async-7", ended=Ended.REFUSED, said="AccessDenied"),
)  # fmt: skip


def source(events=EVENTS, reaches=REACHES, name=None, **more) -> SampleSource:
    found = SampleSource(**more)
    view = Timeline(EMBEDDED, NOW, name, NOW - SPAN, NOW, tuple(events), reaches)
    found.answers["timeline", name, SPAN] = view
    return found


def test_each_line_says_when_who_what_and_what_became_of_it(open_page):
    app = open_page(source(), "activity")
    lines = table_lines(app)
    assert [line[1:2] + line[4:] for line in lines] == [
        ["⇅ scaling", "– nothing changed"],
        ["↕ bounds", "✓ done"],
        ["◆ deploy", "✕ refused"],
    ]
    assert lines[0][0] == "today 14:01 30 times since today 11:02"
    assert "Undo…" in lines[1][2]
    assert "undo=0123456789ab" in markup(app)
    assert "r-1" in lines[1][2]
    assert lines[1][3] == "nina@example.com through Ebb, also in CloudTrail, as ebb-role"
    assert "&lt;b&gt;month end" in markup(app)
    assert "2 changes, 30 entries in the scaling record" in words(app)
    assert "up to about 15 minutes late" in words(app)


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({"kind": "deploy"}, ["◆ deploy"]),
        ({"who": "ebb-role"}, ["↕ bounds"]),
        ({"find": "month END"}, ["↕ bounds"]),
        ({"kind": "scaling", "who": "auto scaling"}, ["⇅ scaling"]),
        ({"find": "nowhere"}, []),
    ],
)
def test_filters_come_from_the_link(open_page, query, left):
    app = open_page(source(), "activity", **query)
    assert [line[1] for line in table_lines(app)] == left
    if not left:
        assert "None of 3 lines in this range matches." in words(app)
        app.button(key="activity-clear").click().run()
        assert len(table_lines(app)) == 3


@pytest.mark.parametrize("key", ["of", "endpoint"])
def test_an_endpoint_comes_from_the_link_under_either_name(open_page, key):
    app = open_page(source(name="doc-async"), "activity", **{key: "doc-async"})
    assert app.session_state["of"] == "doc-async"
    assert "endpoint" not in app.query_params
    assert app.query_params["of"] in ("doc-async", ["doc-async"])
    assert "doc-async, last 3h: 2 changes" in words(app)


def test_a_kind_that_is_not_offered_is_said(open_page):
    app = open_page(source(), "activity", kind="magic")
    assert "the kind “magic”, which is not offered" in notices(app)
    assert len(table_lines(app)) == 3


def test_a_viewer_reads_and_is_offered_no_undo(open_page, monkeypatch):
    monkeypatch.setenv("EBB_ROLE", "viewer")
    app = open_page(source(), "activity")
    assert len(table_lines(app)) == 3
    assert "Undo" not in words(app)


def test_nothing_happened_is_not_the_same_as_nothing_is_known(open_page):
    assert "Nothing happened in this range." in words(open_page(source(events=()), "activity"))
    partly = (Reach(Source.EBB), Reach(Source.CLOUDTRAIL, problem=DENIED), Reach(Source.SCALING))
    said = words(open_page(source((), partly), "activity"))
    assert "Nothing is known: CloudTrail could not be read." in said
    assert "Missing: AWS denied it. Allow cloudtrail:LookupEvents" in said


def test_how_far_back_is_said_where_it_is_not_all(open_page):
    late = (
        Reach(Source.EBB),
        Reach(Source.CLOUDTRAIL, NOW - timedelta(hours=1)),
        Reach(Source.SCALING, note="so far"),
    )
    said = words(open_page(source(reaches=late), "activity"))
    assert "Read back to today 13:02; older lines may be missing." in said
    assert "So far." in said


def test_a_long_list_is_cut_and_goes_on(open_page):
    many = [replace(EVENTS[1], at=NOW - timedelta(minutes=n), what=f"change {n}") for n in range(120)]
    app = open_page(source(many), "activity")
    assert len(table_lines(app)) == 50
    app.button(key="activity-more").click().run()
    assert len(table_lines(app)) == 100


def test_while_nobody_answers_the_reason_is_said(open_page):
    app = open_page(source(failure=Unreachable("No answer from AWS.", "Check the network.")), "activity")
    assert "No answer from AWS." in notices(app)
    assert "Not shown: the activity." in notices(app)


def test_on_a_living_fleet_denied_and_then_away(open_page):
    with sky_over() as sky:
        sky.gate.shut["LookupEvents"] = error("AccessDeniedException", "no")
        viewer = Viewer(sky).after()
        viewer.reader.look_up()
        app = open_page(viewer.reader, "activity", range="1d")
        before = table_lines(app)
        assert before
        assert all(line[3].startswith(("auto scaling", "schedule ")) for line in before)
        assert "Allow cloudtrail:LookupEvents" in words(app)
        sky.gate.shut["*"] = error("ThrottlingException")
        viewer.after(60)
        app.run()
        assert table_lines(app) == before
        assert "Older numbers" in notices(app)


def test_both_files_are_offered(open_page):
    app = open_page(source(), "activity")
    keys = [button.proto.id for button in app.get("download_button")]
    assert any("activity-csv" in key for key in keys)
    assert any("activity-json" in key for key in keys)

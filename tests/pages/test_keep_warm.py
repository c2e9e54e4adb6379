"""The Keep warm part of the Capacity page: for a while, in windows of the week, paused, resumed; what is foreign."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time

import pytest
from streamlit.testing.v1 import AppTest

from ops.console import Console
from ops.core.change import ChangePlan
from ops.core.fixes import PutSchedule
from tests.living import error
from tests.pages.changing_pages import button, elsewhere, labels, looked_at, on_page, one_endpoint, press
from tests.pages.conftest import markup, notices
from tests.pages.living_pages import Sky, words
from tests.small_worlds import NAME


@pytest.fixture
def sky() -> Iterator[Sky]:
    with one_endpoint() as made:
        yield made


def keep_warm() -> AppTest:
    return on_page("capacity", endpoint=NAME, do="Keep warm")


def test_for_a_while_and_its_early_end(sky):
    with looked_at(sky) as reader:
        app = keep_warm()
        assert "No warm plan yet." in words(app)
        press(app, "Review keeping it warm…")
        assert "What happens:" in words(app)
        assert "AWS itself puts it back to 0 at 16:00 UTC" in words(app)
        assert "once, an estimate. Estimate: 2.0 instance-hours more of minimum, once" in words(app)
        assert "a month" not in words(app)
        assert "⟦" not in markup(app) + "".join(block.value for block in app.code)
        press(app, "Apply")
        assert "⟦" not in markup(app)
        press(app, "Close")
        assert "Kept warm until 16:00 UTC. AWS ends it by itself, also while Ebb is off." in words(app)
        press(app, "End it now…")
        press(app, "Apply")
        press(app, "Close")
        assert "Kept warm until" not in words(app)
        setup = reader.act(lambda console: console.setup(NAME), changes=False)
        assert (setup.target.bounds.min, setup.schedules) == (0, ())


def test_a_plan_is_drafted_in_the_calendar_then_put_paused_resumed_and_removed(sky):
    with looked_at(sky) as reader:
        app = press(keep_warm(), "New warm plan")
        said = words(app)
        assert "Mon-Fri 08:00-18:00 UTC: at least 1 instance" in said
        assert "The next 14 days with this warm plan" in said
        assert 'title="Wed 21 Oct 09:00: at least 1"' in markup(app)
        assert "estimate at list price" in said
        press(app, "Review this warm plan…")
        press(app, "Apply")
        press(app, "Close")
        assert "New warm plan" in labels(app)
        assert "Warm plan 1 ◍ open now" in words(app)
        assert "warm plan 1 closes and sets the minimum to 0" in words(app)
        press(app, "Pause…")
        press(app, "Apply")
        press(app, "Close")
        assert "paused: nothing of it is in AWS" in words(app)
        assert reader.act(lambda console: console.setup(NAME), changes=False).schedules == ()
        press(app, "Resume…")
        press(app, "Apply")
        press(app, "Close")
        press(app, "Remove…")
        press(app, "Apply")
        press(app, "Close")
        assert "No warm plan yet." in words(app)


def test_a_minimum_that_was_left_behind_is_said(sky):
    with looked_at(sky) as reader:
        app = press(press(keep_warm(), "Review keeping it warm…"), "Apply")
        assert "Done" in words(app)
        sky.clock.jump(3 * 3600)
        reader.read_once()
        elsewhere(sky, lambda console: console.plan_bounds(NAME, 1, 3))
        reader.act(lambda console: console.names())  # what was told before is out of date
        assert "The minimum is still 1, though AWS should have put it back to 0 at 16:00 UTC" in words(
            keep_warm()
        )


def test_editing_begins_with_the_plan(sky):
    with looked_at(sky):
        app = press(keep_warm(), "New warm plan")
        press(app, "Review this warm plan…")
        press(app, "Apply")
        press(app, "Close")
        press(app, "Edit")
        assert "Change warm plan 1" in words(app)
        begin = next(t for t in app.time_input if t.label == "From")
        assert begin.value == time(8)
        begin.set_value(time(22)).run()
        assert "Mon-Fri 22:00-18:00" in words(app)
        press(app, "Leave it")
        assert "Change warm plan" not in words(app)


def test_what_makes_no_sense_is_answered_in_place(sky):
    with looked_at(sky):
        app = press(keep_warm(), "New warm plan")
        next(n for n in app.number_input if n.label == "At least (instances)").set_value(-1).run()
        assert "The minimum cannot be negative." in words(app)
        assert button(app, "Review this warm plan…").disabled
        next(n for n in app.number_input if n.label == "At least (instances)").set_value(1).run()
        next(n for n in app.number_input if n.label.startswith("Open early")).set_value(500).run()
        assert "A window cannot open 500 minutes early." in words(app)


def test_holidays_close_it_until_a_last_day(sky):
    with looked_at(sky):
        app = press(keep_warm(), "New warm plan")
        next(s for s in app.selectbox if s.label.startswith("Closed on public")).set_value("DE").run()
        assert "closed on public holidays of DE" in words(app)
        next(s for s in app.selectbox if s.label == "Part of it").set_value("BY").run()
        assert "closed on public holidays of DE-BY" in words(app)
        labelled = {s.label: s.options for s in app.selectbox}
        assert "Germany (DE)" in labelled["Closed on public holidays of"]
        assert "Berlin (BE)" in labelled["Part of it"]
        press(app, "Review this warm plan…")
        said = words(app)
        assert "Shut on 25 Dec, 1 Jan, 6 Jan" in said
        assert "Schedule ebb-warm-1-open0 …" in said
        assert 'title="Schedule ebb-warm-1-open0,12345.0800.1800' in markup(app)


def test_foreign_actions_are_shown_and_not_touched(sky):
    def nightly(other: Console) -> ChangePlan:
        ref = other.endpoint(NAME).row.endpoint.ref
        action = PutSchedule(ref, "nightly", "cron(0 22 * * ? *)", "UTC", 0)
        return other.plan_changes(NAME, "fix", "Sleep at night", (action,))

    with looked_at(sky):
        elsewhere(sky, nightly)
        said = words(keep_warm())
        assert "Other scheduled actions" in said
        assert "nightly" in said


def test_denied_reading_is_said(sky):
    sky.gate.shut["DescribeScheduledActions"] = error("AccessDeniedException")
    with looked_at(sky):
        assert "application-autoscaling:DescribeScheduledActions" in notices(keep_warm())

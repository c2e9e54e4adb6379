"""The Alarms page: what watches, what rang within two weeks, and the alarms that are missing as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from components.unread import ALARMS
from ops.core.alarm_past import STATE, AlarmPast
from ops.core.alarm_proposals import proposals
from ops.core.errors import Unreachable
from ops.core.fix_texts import Language, texts
from ops.core.records import AlarmChange
from ops.core.types import Alarm, MetricRef, Problem, Severity
from tests.components.samples import NOW, REGION, SampleSource, fleet
from tests.living import error
from tests.pages.conftest import markup, notices
from tests.pages.living_pages import Sky, Viewer, sky_over, table_lines, words

NAME = "doc-async"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:ops-alarms"
POLICY = f"arn:aws:autoscaling:{REGION}:1:scalingPolicy:u:resource/sagemaker/x:policyName/backlog-scaling"
START = NOW - timedelta(days=14)


def alarm(name: str, metric: str, state: str = "OK", *actions: str) -> Alarm:
    queue = metric in ("HasBacklogWithoutCapacity", "ApproximateBacklogSizePerInstance")
    both = (("EndpointName", NAME),) + (() if queue else (("VariantName", "AllTraffic"),))
    ref = MetricRef("AWS/SageMaker", metric, both, "Average" if queue else "Sum")
    return Alarm(
        name, state, "Threshold Crossed.", NOW - timedelta(hours=2), ref, 1.0, "GreaterThanOrEqualToThreshold",
        60, 3, 3, "missing", actions, True,
    )  # fmt: skip


LOW = alarm("tracking-low", "ApproximateBacklogSizePerInstance", "INSUFFICIENT_DATA", POLICY)
FAILURES = alarm("doc-failures", "InvocationFailures", "ALARM", TOPIC)


class Source(SampleSource):
    """Sample answers with these alarms, and their history."""

    def __init__(
        self, *alarms: Alarm, past: AlarmPast | None = None, problems: tuple[Problem, ...] = ()
    ) -> None:
        super().__init__(fleet(problems=problems))
        self.alarms = alarms
        self.answers["alarm-history", NAME] = past or AlarmPast(START, NOW, {})

    def endpoint(self, name, span):
        return replace(super().endpoint(name, span), alarms=self.alarms)


def moved(hours: float, before: str, after: str) -> AlarmChange:
    at = NOW - timedelta(hours=hours)
    return AlarmChange("doc-failures", at, STATE, "Alarm updated", before, after, "5 requests failed.")


def shown(app) -> list[str]:
    return [block.value for block in app.code]


def test_without_an_endpoint_it_offers_them_all(open_page):
    app = open_page(SampleSource(), "alarms")
    assert "No alarm rings now." in words(app)
    for row in fleet().rows:
        assert f'href="./alarms?endpoint={row.endpoint.ref.name}"' in markup(app)


def test_trouble_that_no_alarm_tells_of_is_said(open_page):
    view = fleet()
    bad = [r for r in view.rows if r.verdict.severity is Severity.CRITICAL]
    assert bad
    said = words(open_page(SampleSource(view), "alarms"))
    assert "someone now, and no alarm tells of it." in said
    assert "as of" in said
    heard = [replace(r, ringing=("rings",)) if r in bad else r for r in view.rows]
    everyone = replace(view, rows=tuple(heard))
    assert "no alarm tells of it" not in words(open_page(SampleSource(everyone), "alarms"))


def test_what_rings_stands_first(open_page):
    view = fleet()
    last = replace(view.rows[-1], ringing=("doc-failures",))
    app = open_page(SampleSource(replace(view, rows=(*view.rows[:-1], last))), "alarms")
    said = words(app)
    assert "1 alarm rings now." in said
    assert "▲ doc-failures rings" in said
    name = last.endpoint.ref.name
    listed = said.partition("are not counted here.")[2]
    assert listed.index(name) < min(listed.index(r.endpoint.ref.name) for r in view.rows[:-1])


def test_alarms_of_the_fleet_that_were_not_read_are_not_called_quiet(open_page):
    view = replace(fleet(), problems=(Problem(ALARMS, "AWS denied it.", action="cloudwatch:DescribeAlarms"),))
    assert "Whether an alarm rings is not known" in words(open_page(SampleSource(view), "alarms"))


def test_an_endpoint_without_alarms_gets_all_four_as_text(open_page):
    app = open_page(Source(), "alarms", endpoint=NAME)
    said = words(app)
    assert (
        "No alarm watches this endpoint. Nobody would be told of: wake stuck, oldest request, failures and"
        in said
    )
    assert (
        "set TOPIC_ARN (Terraform: var.alarm_topic_arn, CloudFormation: AlarmTopicArn) to an SNS topic"
        in said
    )
    row = fleet().rows[2]
    wanted = proposals(row.endpoint.ref, (), row.ttl_s).missing
    assert shown(app) == [text for p in wanted for text in texts(p.fix, REGION).values()]


def test_what_watches_stands_apart_from_what_moves_instances(open_page):
    app = open_page(Source(LOW, FAILURES), "alarms", endpoint=NAME)
    said = words(app)
    assert (
        "doc-failures rings. Nobody would be told of: wake stuck, oldest request and expired requests."
        in said
    )
    assert said.index("Alarms that watch") < said.index("Alarms that move instances")
    watching, moving = table_lines(app)
    assert watching[0].startswith("doc-failures Threshold Crossed.")
    assert watching[1] == "▲ in alarm since today 12:02"
    assert watching[2].endswith("tells the topic ops-alarms")
    assert moving[1] == "? no data (normal while asleep) since today 12:02"
    assert moving[2].endswith("runs the policy backlog-scaling")
    assert "That is normal" in said
    assert TOPIC in shown(app)[0]
    assert "Failures: doc-failures" in said


def test_the_last_two_weeks_of_an_alarm(open_page):
    changes = (moved(2, "OK", "ALARM"), moved(30, "ALARM", "OK"), moved(31, "OK", "ALARM"))
    past = AlarmPast(START, NOW, {"doc-failures": changes})
    app = open_page(Source(FAILURES, past=past), "alarms", endpoint=NAME)
    ((name, *_, strip),) = table_lines(app)
    assert strip == "in alarm 2 times"
    assert "3 changes" in name
    assert "today 12:02 OK → in alarm: 5 requests failed." in name
    assert 'aria-label="in alarm 2 times"' in markup(app)


def test_more_changes_than_are_shown_are_counted(open_page):
    changes = tuple(moved(n + 2, "OK", "ALARM") for n in range(20))
    past = AlarmPast(START, NOW, {"doc-failures": changes}, frozenset({"doc-failures"}))
    app = open_page(Source(FAILURES, past=past), "alarms", endpoint=NAME)
    ((name, *_, strip),) = table_lines(app)
    assert "and 8 older" in name
    assert "older changes were not read" in strip


def test_alarms_that_cannot_be_read_are_not_said_to_be_absent(open_page):
    denied = Problem(ALARMS, "AWS denied it.", "", "cloudwatch:DescribeAlarms")
    app = open_page(Source(problems=(denied,)), "alarms", endpoint=NAME)
    assert "The alarms could not be read, so nothing is known of them." in words(app)
    assert "cloudwatch:DescribeAlarms" in notices(app)
    assert shown(app) == []


def test_a_history_that_cannot_be_read_hides_only_itself(open_page):
    denied = Problem("the history of alarms", "AWS denied it.", "", "cloudwatch:DescribeAlarmHistory")
    past = AlarmPast(START, NOW, {}, frozenset({"doc-failures"}), (denied,))
    app = open_page(Source(FAILURES, past=past), "alarms", endpoint=NAME)
    assert "cloudwatch:DescribeAlarmHistory" in notices(app)
    assert table_lines(app)[0][-1] == "not known"
    assert len(shown(app)) == 3 * len(Language)


def test_a_real_time_endpoint_gets_no_proposal_for_a_queue(open_page):
    app = open_page(Source(), "alarms", endpoint="chat-live")
    assert "No alarm watches this endpoint." in words(app)
    assert "Alarms that matter" not in words(app)


def test_an_aws_that_does_not_answer_is_said_once(open_page):
    app = open_page(SampleSource(failure=Unreachable("No answer.", "")), "alarms", endpoint=NAME)
    assert len(app.warning) == 1
    assert "Not shown: the alarms." in notices(app)


def test_names_from_aws_are_only_text(open_page):
    app = open_page(Source(replace(FAILURES, name="<script>x</script>")), "alarms", endpoint=NAME)
    assert "<script>" not in markup(app)


# ---- on the embedded AWS


@pytest.fixture(scope="module")
def sky() -> Iterator[Sky]:
    with sky_over("alarm-fires-asleep", empty=True) as sky:
        yield sky


def test_the_history_is_read_on_demand_and_what_is_denied_names_its_action(open_page, sky):
    viewer = Viewer(sky).after()
    try:
        told = viewer.reader.ask("history", lambda c: c.alarm_history("alarm-fires-asleep"), 0.0).value
        assert told.end - told.start == timedelta(days=14)
        assert any(change.kind == STATE for changes in told.changes.values() for change in changes)
        app = open_page(viewer.reader, "alarms", endpoint="alarm-fires-asleep")
        assert any("in alarm" in line[-1] for line in table_lines(app))
        sky.gate.shut["DescribeAlarmHistory"] = error("AccessDeniedException")
        told = viewer.reader.ask("denied", lambda c: c.alarm_history("alarm-fires-asleep"), 0.0).value
        assert [p.action for p in told.problems] == ["cloudwatch:DescribeAlarmHistory"]
    finally:
        sky.gate.shut.clear()
        viewer.reader.stop()

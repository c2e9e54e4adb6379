"""An alarm in words: what "no data" means, what happens when it rings, and its strip of two weeks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from components import alarm_words as words
from components.charts.alarm_strip import WIDTH, alarm_strip, spoken
from ops.core.alarm_past import Span
from ops.core.types import Alarm, MetricRef
from tests.components.samples import NOW

POLICY = "arn:aws:autoscaling:us-east-1:1:scalingPolicy:u:resource/sagemaker/a:policyName/wake:createdBy/x"
TOPIC = "arn:aws:sns:us-east-1:1:ops-alarms"


def alarm(
    metric: str | None = "InvocationFailures", state: str = "INSUFFICIENT_DATA", **changes: object
) -> Alarm:
    ref = MetricRef("AWS/SageMaker", metric, ()) if metric else None
    fresh = Alarm("a", state, "", None, ref, 5.0, "GreaterThanThreshold", 300, 2, 1, "missing", (), True)
    return replace(fresh, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("metric", "asleep", "says"),
    [
        ("InvocationFailures", True, "no data (normal while asleep)"),
        ("InvocationFailures", False, "no data"),
        ("ApproximateBacklogSizePerInstance", True, "no data (normal while asleep)"),
        ("HasBacklogWithoutCapacity", True, "no data"),
        ("ApproximateBacklogSize", True, "no data"),
        (None, True, "no data (normal while asleep)"),
    ],
)
def test_no_data_is_normal_only_for_what_vanishes(metric: str | None, asleep: bool, says: str) -> None:
    assert words.state(alarm(metric), asleep=asleep).word == says


def test_states_have_a_word_and_an_icon_each() -> None:
    marks = [words.state(alarm(state=state), asleep=False) for state in ("ALARM", "OK", "INSUFFICIENT_DATA")]
    assert len({m.icon for m in marks}) == len({m.word for m in marks}) == 3


@pytest.mark.parametrize(
    ("actions", "enabled", "says"),
    [
        ((), True, "does nothing and tells nobody"),
        ((TOPIC,), True, "tells the topic ops-alarms"),
        ((TOPIC,), False, "its actions are off (tells the topic ops-alarms)"),
        ((POLICY, TOPIC), True, "runs the policy wake; tells the topic ops-alarms"),
        (("arn:aws:lambda:us-east-1:1:function:page",), True, "calls the function page"),
        (("arn:aws:automate:us-east-1:ec2:reboot",), True, "arn:aws:automate:us-east-1:ec2:reboot"),
    ],
)
def test_what_happens_when_it_rings(actions: tuple[str, ...], enabled: bool, says: str) -> None:
    assert words.actions(alarm(actions=actions, actions_enabled=enabled)) == says


def test_an_alarm_that_only_runs_policies_belongs_to_the_scaling() -> None:
    assert words.moves_instances(alarm(actions=(POLICY,)))
    assert not words.moves_instances(alarm(actions=(POLICY, TOPIC)))
    assert not words.moves_instances(alarm())


def test_its_condition() -> None:
    assert words.condition(alarm()) == "InvocationFailures > 5 for 1 of 2 × 5 min; missing counts as missing"


START = NOW - timedelta(days=14)


def test_a_strip_shows_an_alarm_of_a_minute_and_leaves_out_what_is_not_known() -> None:
    rang = Span("ALARM", NOW - timedelta(minutes=1), NOW)
    svg = alarm_strip((Span("OK", NOW - timedelta(days=7), rang.start), rang), START, NOW)
    assert f'x1="{WIDTH - 2:.1f}" x2="{WIDTH:.1f}"' in svg
    assert f'x1="{WIDTH / 2:.1f}"' in svg
    assert 'aria-label="in alarm once"' in svg
    assert alarm_strip((), START, NOW) == '<span class="none">not known</span>'


def test_a_strip_tells_states_apart_without_colour() -> None:
    kinds = ("ALARM", "OK", "INSUFFICIENT_DATA")
    looks = {alarm_strip((Span(state, START, NOW),), START, NOW).split("stroke-width")[1] for state in kinds}
    assert len(looks) == 3


@pytest.mark.parametrize(
    ("rang", "says"), [(0, "never in alarm"), (1, "in alarm once"), (3, "in alarm 3 times")]
)
def test_a_strip_in_words(rang: int, says: str) -> None:
    assert spoken([Span("OK", START, NOW), *[Span("ALARM", START, NOW)] * rang]) == says

"""The Terraform text of a fix parses, and its blocks hold the same settings as the calls."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import hcl2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.core.fix_calls import call
from ops.core.fix_terraform import terraform
from ops.core.fixes import (
    Calls,
    Change,
    ChosenTopic,
    DeleteAlarms,
    DeletePolicy,
    DeleteSchedule,
    DeregisterTarget,
    EnableAlarmActions,
    PolicyArn,
    PutAlarm,
    PutPolicy,
    PutSchedule,
    RegisterTarget,
)
from ops.core.types import Suspended
from tests.core.fix_samples import HOSTILE, REF, TOPIC, alarm, every_kind, step, tracking, wake_metric

OTHER_NAMES = {
    "PolicyName": "name",
    "ScheduledActionName": "name",
    "OKActions": "ok_actions",
}


def parsed(text: str) -> dict[str, Any]:
    return hcl2.loads(text + "\n")


def plain(value: Any) -> Any:
    """A value of python-hcl2 without its quotes and markers."""
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items() if not str(k).startswith("__")}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, str) and value.startswith('"'):
        known_to_json = re.sub(r"\\(\\|U[0-9A-F]{8})", _long_escape, value)
        return json.loads(known_to_json).replace("$${", "${").replace("%%{", "%{")
    return value


def _long_escape(found: re.Match[str]) -> str:
    return found[0] if found[1] == "\\" else chr(int(found[1][1:], 16))


def resources(text: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(type, label, settings) of every resource block."""
    return [
        (plain(kind), plain(label), plain(body))
        for block in parsed(text).get("resource", [])
        for kind, labelled in block.items()
        for label, body in labelled.items()
    ]


def snake(name: str) -> str:
    return OTHER_NAMES.get(name) or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def as_terraform(value: Any) -> Any:
    """Parameters of a call in Terraform's spelling: each structure a block, which python-hcl2 gives as a list."""
    if not isinstance(value, dict):
        return value
    out: dict[str, Any] = {}
    for key, part in value.items():
        name = {"StepAdjustments": "step_adjustment"}.get(key, snake(key))
        if isinstance(part, dict):
            out[name] = [as_terraform(part)]
        elif isinstance(part, list) and part and isinstance(part[0], dict):
            out[name] = [as_terraform(p) for p in part]
        else:
            out[name] = part
    return out


PUTS: tuple[tuple[Change, str], ...] = (
    (RegisterTarget(REF, 0, 4, Suspended(scale_in=True)), "aws_appautoscaling_target"),
    (PutPolicy(REF, step("wake")), "aws_appautoscaling_policy"),
    (PutPolicy(REF, tracking("track")), "aws_appautoscaling_policy"),
    (
        PutSchedule(REF, "open", "cron(0 7 ? * MON-FRI *)", "Europe/Berlin", 1),
        "aws_appautoscaling_scheduled_action",
    ),
    (alarm("told", TOPIC), "aws_cloudwatch_metric_alarm"),
    (
        replace(alarm("all", TOPIC), ok_actions=(TOPIC,), no_data_actions=(TOPIC,)),
        "aws_cloudwatch_metric_alarm",
    ),
    (alarm("p90", TOPIC, statistic="p90"), "aws_cloudwatch_metric_alarm"),
)


@pytest.mark.parametrize(("change", "kind"), PUTS)
def test_a_block_holds_what_the_call_would_send(change: Change, kind: str) -> None:
    ((found, _, body),) = resources(terraform(Calls((change,), "")))
    wanted = as_terraform(dict(call(change).parameters))
    if kind == "aws_cloudwatch_metric_alarm":
        wanted["dimensions"] = {"EndpointName": "doc-async"}
    assert found == kind
    assert body == wanted


@pytest.mark.parametrize("name", ["wake-doc-async", *HOSTILE])
def test_any_name_stays_text(name: str) -> None:
    text = terraform(every_kind(name))
    found = resources(text)
    assert len(found) == 12
    assert len({(kind, label) for kind, label, _ in found}) == 9  # three are set twice
    names = [body.get("name", body.get("alarm_name")) for _, _, body in found]
    assert names.count(name) == 5
    assert [line for line in text.splitlines() if line.startswith("import")] == []


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{"), min_size=1))
def test_any_text_is_a_string_of_the_language(name: str) -> None:
    """Braces aside: python-hcl2 does not read an escaped one that nothing closes; HOSTILE has closed ones."""
    ((_, _, body),) = resources(terraform(Calls((EnableAlarmActions(name),), "")))
    assert body["alarm_name"] == name


def test_an_alarm_names_the_policy_block_that_it_runs() -> None:
    put = PutAlarm("a", wake_metric(), 1, ">=", 60, 1, 1, "missing", (PolicyArn("wake up"), ChosenTopic()))
    text = terraform(Calls((PutPolicy(REF, step("wake up")), put), ""))
    (_, label, _), (_, _, body) = resources(text)
    assert label == "wake_up"
    assert "alarm_actions       = [aws_appautoscaling_policy.wake_up.arn, var.alarm_topic_arn]" in text
    assert len(body["alarm_actions"]) == 2
    (variable,) = parsed(text)["variable"]
    assert list(plain(variable)) == ["alarm_topic_arn"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (DeleteAlarms(("old",)), 'aws_cloudwatch_metric_alarm block whose alarm_name is "old"'),
        (DeletePolicy(REF, "old"), 'aws_appautoscaling_policy block whose name is "old"'),
        (DeleteSchedule(REF, "old"), 'aws_appautoscaling_scheduled_action block whose name is "old"'),
        (DeregisterTarget(REF), "aws_appautoscaling_target block whose resource_id is"),
    ],
)
def test_a_deletion_says_which_block_goes(change: Change, says: str) -> None:
    text = terraform(Calls((change,), ""))
    assert says in text.replace("\n# ", " ")
    assert "use the AWS CLI" in text
    assert resources(text) == []


@pytest.mark.parametrize(
    ("change", "identity"),
    [
        (alarm("a b"), "a b"),
        (EnableAlarmActions("a b"), "a b"),
        (RegisterTarget(REF, 0, 1), f"sagemaker/{REF.resource_id}/sagemaker:variant:DesiredInstanceCount"),
        (PutPolicy(REF, step("w")), f"sagemaker/{REF.resource_id}/sagemaker:variant:DesiredInstanceCount/w"),
    ],
)
def test_what_exists_can_be_imported(change: Change, identity: str) -> None:
    text = terraform(Calls((change,), ""))
    hint = "\n".join(line[2:] for line in text.splitlines() if line.startswith("#   "))
    ((kind, label, _),) = resources(text)
    (found,) = parsed(hint)["import"]
    assert plain(found)["id"] == identity
    assert f"to = {kind}.{label}" in hint


def test_a_change_of_one_line_does_not_claim_the_rest() -> None:
    for change in (RegisterTarget(REF, min=0), EnableAlarmActions("a")):
        assert "its other lines stay as they are" in terraform(Calls((change,), "")).replace("\n# ", " ")
    assert "in place of the block" in terraform(Calls((RegisterTarget(REF, 0, 4),), "")).replace("\n# ", " ")

"""A deployment as flat text: what a form, a link, options and a file say, and what is off about it, field by field."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.core.deploy_form import ALARMS, MOST_CHARACTERS, known, read
from ops.core.deployment import Deployment, NewModel
from ops.core.errors import BadInput
from ops.core.resources import Container

TOPIC = "arn:aws:sns:us-east-1:123456789012:on-call"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
GOOD = {"name": "doc", "model": "doc-model", "type": "ml.g5.xlarge", "output": "s3://results/out/"}


def test_what_is_not_said_holds_its_default() -> None:
    assert read(GOOD).insist() == Deployment("doc", "doc-model", "ml.g5.xlarge", "s3://results/out/")


def test_every_field_arrives() -> None:
    typed = {
        "from": "new", "new-model": "m", "image": "registry/doc:3", "model-data": "s3://models/doc.tar.gz",
        "role": ROLE, "env": "BATCH=4\nURL=a=b,c", "name": "doc", "config": "doc-2", "type": "ml.g5.xlarge",
        "output": "s3://results/out/", "failures": "s3://results/failed/", "success-topic": TOPIC,
        "error-topic": TOPIC, "concurrency": "auto", "max": "3", "target": "2.5", "in-cooldown": "300",
        "out-cooldown": "60", "wake": "no", "wake-minutes": "1", "alarms": "none", "tags": "team=a, cost = b ",
    }  # fmt: skip
    model = NewModel(
        "m", Container("registry/doc:3", "s3://models/doc.tar.gz", (("BATCH", "4"), ("URL", "a=b,c"))), ROLE
    )
    wish = read(typed).insist()
    assert wish == Deployment(
        "doc", model, "ml.g5.xlarge", "s3://results/out/", "s3://results/failed/", TOPIC, TOPIC, None, 3, 2.5, 300, 60,
        False, 1, (), (("team", "a"), ("cost", "b")), "doc-2",
    )  # fmt: skip
    assert read({**typed, "new-model": ""}).insist().model == replace(model, name="doc")


def test_alarms_are_put_where_somebody_is_told() -> None:
    assert read(GOOD).insist().alarms == ()
    told = read({**GOOD, "error-topic": TOPIC}).insist().alarms
    assert [alarm.name for alarm in told] == [f"doc-{kind}" for kind in ALARMS]
    assert {alarm.actions for alarm in told} == {(TOPIC,)}
    few = read({**GOOD, "alarm-topic": TOPIC, "alarms": "expired, wake-stuck"}).insist().alarms
    assert {alarm.name for alarm in few} == {"doc-expired", "doc-wake-stuck"}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": "no name"}, "name"),
        ({"name": ""}, "name"),
        ({"config": "-"}, "config"),
        ({"model": ""}, "model"),
        ({"type": "g5"}, "type"),
        ({"output": "bucket"}, "output"),
        ({"failures": "https://x"}, "failures"),
        ({"success-topic": "on-call"}, "success-topic"),
        ({"error-topic": "on-call"}, "error-topic"),
        ({"alarm-topic": "on-call"}, "alarm-topic"),
        ({"alarms": "everything"}, "alarms"),
        ({"concurrency": "0"}, "concurrency"),
        ({"max": "two"}, "max"),
        ({"max": "0"}, "max"),
        ({"max": "1000000"}, "max"),
        ({"target": "nan"}, "target"),
        ({"target": "inf"}, "target"),
        ({"target": "many"}, "target"),
        ({"in-cooldown": "-1"}, "in-cooldown"),
        ({"out-cooldown": "90000"}, "out-cooldown"),
        ({"wake": "perhaps"}, "wake"),
        ({"wake-minutes": "61"}, "wake-minutes"),
        ({"tags": "team"}, "tags"),
        ({"tags": "aws:x=1"}, "tags"),
        ({"tags": "a=1,a=2"}, "tags"),
        ({"from": "new", "role": ROLE}, "image"),
        ({"from": "new", "image": "x", "role": "me"}, "role"),
        ({"from": "new", "image": "x", "role": ROLE, "env": "BATCH"}, "env"),
        ({"from": "new", "image": "x", "role": ROLE, "model-data": "x"}, "model-data"),
        ({"from": "thin air"}, "from"),
        ({"name": "x" * (MOST_CHARACTERS + 1)}, "name"),
    ],
)
def test_what_is_off_is_said_of_its_field_with_the_way_out(typed: dict[str, str], field: str) -> None:
    found = read({**GOOD, **typed})
    assert found.wish is None
    assert {name for name, _ in found.faults} == {field}
    error = found.of(field)
    assert error is not None
    with pytest.raises(BadInput) as refused:
        found.insist()
    assert refused.value is error


def test_all_faults_are_told_at_once() -> None:
    found = read({})
    assert [name for name, _ in found.faults] == ["model", "name", "type", "output"]


def test_a_file_may_say_numbers_lists_and_maps() -> None:
    typed = known(
        {
            **GOOD,
            "max": 3,
            "wake": False,
            "env": {"A": 1},
            "tags": {"team": "a"},
            "alarms": ["expired"],
            "role": None,
        }
    )
    assert (typed["max"], typed["wake"], typed["env"], typed["tags"]) == ("3", "no", "A=1", "team=a")
    assert (typed["alarms"], typed["role"]) == ("expired", "")
    with pytest.raises(BadInput, match="'size' is no field"):
        known({"size": 1})
    with pytest.raises(BadInput, match="max cannot be"):
        known({"max": [[1]]})

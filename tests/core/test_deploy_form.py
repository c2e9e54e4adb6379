"""A deployment as flat text: what a form, a link, options and a file say, and what is off about it, field by field."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.core.deploy_form import ALARMS, MOST_CHARACTERS, alarm_costs, known, proposed, read
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
    ("wake_minutes", "start_s", "minutes"), [("2", None, 16), ("10", None, 24), ("2", 1500.0, 30)]
)
def test_the_alarm_for_a_stuck_wake_leaves_an_ordinary_start_its_time(
    wake_minutes: str, start_s: float | None, minutes: int
) -> None:
    typed = {**GOOD, "error-topic": TOPIC, "wake-minutes": wake_minutes}
    stuck = read(typed, start_s).insist().alarms[0]
    assert (stuck.name, stuck.evaluation_periods, stuck.period) == ("doc-wake-stuck", minutes, 60)
    assert proposed("doc", int(wake_minutes), start_s)[0].alarm.evaluation_periods == minutes


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


@pytest.mark.parametrize(
    ("chosen", "wake", "says"),
    [
        (
            4,
            True,
            "With the wake alarm and the two of target tracking it has 7 alarms: at most $0.70 a month",
        ),
        (
            0,
            True,
            "With the wake alarm and the two of target tracking it has 3 alarms: at most $0.30 a month",
        ),
        (1, False, "With the two of target tracking it has 3 alarms: at most $0.30 a month"),
    ],
)
def test_what_alarms_cost_counts_all_of_them_and_is_dated(chosen: int, wake: bool, says: str) -> None:
    said = alarm_costs(chosen, wake=wake)
    assert says in said
    assert "first 10 of the account cost nothing" in said
    assert "$0.10 a month each" in said
    assert "November 2026" in said


NEW = {**GOOD, "from": "new", "image": "x", "role": ROLE}


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("max", "1000000000", "1,000,000,000 is too much: 1 to 10,000 instances"),
        ("max", "-3", "-3 is too little: 1 to 10,000 instances"),
        ("max", "9" * 900, "… is too much: 1 to 10,000 instances"),
        ("max", "", "A whole number is missing"),
        ("max", "1e9", "'1e9' is not a whole number"),
        ("concurrency", "1000000000", "1,000,000,000 is too much: 1 to 1,000 requests at once"),
        ("concurrency", "-1", "-1 is too little"),
        ("wake-minutes", "0", "0 is too little: 1 to 60 minutes"),
        ("in-cooldown", "1000000000", "1,000,000,000 is too much: 0 to 86,400 seconds"),
        ("out-cooldown", "-1", "-1 is too little: 0 to 86,400 seconds"),
        ("target", "-5", "-5 is too little"),
        ("target", "0", "0 is too little"),
        ("target", "1e12", "1e12 is too much: above 0, up to 1,000,000 requests for each instance"),
    ],
)
def test_a_number_out_of_range_is_told_with_the_range_and_whose_limit_it_is(
    field: str, typed: str, says: str
) -> None:
    found = read({**GOOD, field: typed}).of(field)
    assert found is not None
    assert says in found.what
    assert len(found.what) < 120
    assert found.hint


def test_the_quota_and_the_limit_of_aws_are_named() -> None:
    quota, limit = (
        read({**GOOD, "max": "20000"}).of("max"),
        read({**GOOD, "concurrency": "2000"}).of("concurrency"),
    )
    assert quota is not None
    assert "Service Quotas" in quota.hint
    assert limit is not None
    assert "AWS" in limit.hint


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        ("team=a;b", "';'"),
        ("te!am=a", "'!'"),
        ("team=\x07", "U+0007"),
        ("team=docs🙂", "'🙂'"),
        ("AWS:team=a", "aws:"),
        (f"{'k' * 129}=a", "128"),
        (f"k={'v' * 257}", "256"),
        (", ".join(f"k{n}=v" for n in range(51)), "50"),
        ("a=1, a=2", "once"),
    ],
)
def test_tags_that_aws_refuses_are_refused_before_anything_is_made(tags: str, says: str) -> None:
    found = read({**GOOD, "tags": tags}).of("tags")
    assert found is not None
    assert says in f"{found.what} {found.hint}"


def test_tags_that_aws_takes_are_taken() -> None:
    typed = f"Kostenstelle=Zürich 4, a.b:c/d+e-f@g_h=x=y, empty=, {'k' * 128}={'v' * 256}"
    assert read({**GOOD, "tags": typed}).insist().tags == (
        ("Kostenstelle", "Zürich 4"),
        ("a.b:c/d+e-f@g_h", "x=y"),
        ("empty", ""),
        ("k" * 128, "v" * 256),
    )
    assert len(read({**GOOD, "tags": ", ".join(f"k{n}=v" for n in range(50))}).insist().tags) == 50


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ("1A=x", "'1A'"),
        ("A-B=x", "'A-B'"),
        ("A=1\nA=2", "once"),
        (f"{'A' * 1025}=x", "1,024"),
        (f"A={'x' * 1025}", "1,024"),
        ("A=x\0y", "zero byte"),
        ("\n".join(f"A{n}=x" for n in range(101)), "100"),
    ],
)
def test_variables_that_aws_refuses_are_refused_without_showing_their_values(env: str, says: str) -> None:
    found = read({**NEW, "env": env}).of("env")
    assert found is not None
    assert says in f"{found.what} {found.hint}"
    assert "x" not in found.what


def test_a_line_of_the_environment_that_is_no_variable_is_not_repeated() -> None:
    """It may be a secret that was pasted without its name."""
    found = read({**NEW, "env": "A=1\nhunter2"}).of("env")
    assert found is not None
    assert "hunter2" not in f"{found.what} {found.hint}"
    assert "Line 2" in found.what


def test_a_variable_may_be_empty() -> None:
    model = read({**NEW, "env": "A=\nB=x=y"}).insist().model
    assert isinstance(model, NewModel)
    assert model.container.environment == (("A", ""), ("B", "x=y"))


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

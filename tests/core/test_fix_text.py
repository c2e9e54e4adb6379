"""The text of a fix is its calls: read back through bash, it gives AWS the very parameters, whatever the names."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from ops.core.fix_calls import Call, call, calls, filled
from ops.core.fix_text import cli
from ops.core.fixes import (
    Await,
    Calls,
    ChosenTopic,
    Delete,
    DeletePolicy,
    DeregisterTarget,
    PolicyArn,
    PutAlarm,
    PutPolicy,
    PutSchedule,
    RegisterTarget,
)
from ops.core.resources import CONFIG, ENDPOINT, MODEL
from ops.core.types import TargetTrackingPolicy
from tests.core.fix_samples import HOSTILE, REF, REGION, TOPIC, WISHES, alarm, deploy, every_kind, step

NAMES = ("wake-doc-async", *HOSTILE)
MODELS = botocore.session.get_session()
STUB = """#!/bin/sh
for word in "$@"; do printf '%s\\0' "$word"; done >> "$CALLS"
printf '\\0\\0' >> "$CALLS"
case "$*" in *put-scaling-policy*) echo "arn:of:policy:$(tr -cd '\\0' < "$CALLS" | wc -c)";; esac
"""


def shape_of(made: Call) -> Any:
    return MODELS.get_service_model(made.service).operation_model(made.operation).input_shape


def arns(fix: Calls) -> dict[str, str]:
    return {c.makes: f"arn:aws:autoscaling:{REGION}:1:scalingPolicy:{n}" for n, c in enumerate(calls(fix))}


@pytest.mark.parametrize("name", NAMES)
def test_the_calls_are_what_botocore_takes(name: str) -> None:
    fix = every_kind(name)
    for made in calls(fix):
        ready = filled(made, arns(fix), TOPIC)
        report = ParamValidator().validate(dict(ready.parameters), shape_of(made))
        assert not report.has_errors(), f"{made.operation}: {report.generate_report()}"


def ran(text: str, tmp_path: Path, **environ: str) -> list[list[str]]:
    """The arguments of every `aws` that bash runs for the text, in a directory that must stay empty."""
    place, log = tmp_path / "here", tmp_path / "calls"
    place.mkdir()
    (tmp_path / "bin").mkdir()
    stub = tmp_path / "bin" / "aws"
    stub.write_text(STUB)
    stub.chmod(0o755)
    path = f"{stub.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", text],
        cwd=place,
        env={"PATH": path, "CALLS": str(log), "HOME": "/nowhere", **environ},
        capture_output=True,
        text=True,
    )
    assert list(place.iterdir()) == []
    assert done.returncode == 0 or not environ, done.stderr
    if not log.exists():
        return []
    return [block.split("\0") for block in log.read_text().removesuffix("\0\0\0").split("\0\0\0")]


def understood(words: list[str]) -> tuple[str, str, dict[str, Any]]:
    """(service, operation, parameters) as the AWS CLI makes them of its arguments, by the types of the model."""
    service, command, *rest = words
    if command == "wait":
        waiter, *rest = rest
        waiters = MODELS.get_waiter_model(service)
        (name,) = (n for n in waiters.waiter_names if xform_name(n, "-") == waiter)
        command = xform_name(waiters.get_waiter(name).operation, "-")
    model = MODELS.get_service_model(service)
    operation = next(n for n in model.operation_names if xform_name(n, "-") == command)
    members = model.operation_model(operation).input_shape.members
    known = {xform_name(name, "-"): (name, shape) for name, shape in members.items()}
    parameters: dict[str, Any] = {}
    options: list[tuple[str, list[str]]] = []
    for word in rest:
        if word.startswith("--") or word[:1] == "-":
            assert word.startswith("--"), f"{word} would be an option"
            options.append((word[2:], []))
        else:
            options[-1][1].append(word)
    for option, values in options:
        if option in ("region", "query", "output"):
            continue
        if option == "cli-input-json":
            parameters |= json.loads(values[0])
            continue
        name, shape = known.get(option) or known[option.removeprefix("no-")]
        parameters[name] = value_of(shape, option, values)
    return service, operation, parameters


def value_of(shape: Any, option: str, values: list[str]) -> Any:
    kind = shape.type_name
    if kind == "boolean":
        assert values == []
        return not option.startswith("no-")
    assert not any(v.startswith(("file:", "http")) for v in values)
    if kind == "list" and shape.member.type_name == "string":
        assert not values[0].startswith(("[", "{"))
        return values
    (value,) = values
    if kind in ("list", "structure"):
        return json.loads(value)
    return {"integer": int, "double": float}.get(kind, str)(value)


@pytest.mark.parametrize("name", NAMES)
def test_bash_hands_the_very_parameters_to_the_aws_cli(name: str, tmp_path: Path) -> None:
    fix = every_kind(name)
    found = ran(cli(fix, REGION), tmp_path, TOPIC_ARN=TOPIC)
    wanted = calls(fix)
    assert len(found) == len(wanted)
    made: dict[str, str] = {}
    for words, expected in zip(found, wanted, strict=True):
        assert words[words.index("--region") + 1] == REGION
        service, operation, parameters = understood(words)
        actions = parameters.get("AlarmActions", [])
        made |= {
            stand_in.policy: arn
            for stand_in, arn in zip(expected.parameters.get("AlarmActions", []), actions, strict=True)
            if isinstance(stand_in, PolicyArn)
        }
        ready = filled(expected, made, TOPIC)
        assert (service, operation, parameters) == (ready.service, ready.operation, ready.parameters)
    assert len(set(made.values())) == 2
    assert all(arn.startswith("arn:of:policy:") for arn in made.values())


@pytest.mark.parametrize("wish", WISHES)
def test_bash_hands_a_deployment_and_its_waits_to_the_aws_cli(wish: str, tmp_path: Path) -> None:
    fix = deploy(WISHES[wish])
    gone = (
        Delete(ENDPOINT, "doc-async"),
        Await("doc-async", gone=True),
        Delete(CONFIG, "c"),
        Delete(MODEL, "m"),
    )
    whole = Calls((*fix.changes, DeregisterTarget(REF), *gone), "")
    found = ran(cli(whole, REGION), tmp_path, TOPIC_ARN=TOPIC)
    waited = [words[2] for words in found if words[1] == "wait"]
    assert waited == ["endpoint-in-service", "endpoint-deleted"]
    made: dict[str, str] = {}
    for words, expected in zip(found, calls(whole), strict=True):
        service, operation, parameters = understood(words)
        wanted = expected.parameters.get("AlarmActions", [])
        pairs = zip(wanted, parameters.get("AlarmActions", []), strict=True)
        made |= {stand_in.policy: arn for stand_in, arn in pairs if isinstance(stand_in, PolicyArn)}
        ready = filled(expected, made, TOPIC)
        assert (service, operation, parameters) == (ready.service, ready.operation, ready.parameters)


@pytest.mark.parametrize(
    ("gone", "patience", "goes_on"), [(False, 2, True), (False, 3, False), (True, 4, True), (True, 5, False)]
)
def test_what_the_aws_cli_waits_for_too_short_a_time_is_waited_for_again(
    gone: bool, patience: int, goes_on: bool, tmp_path: Path
) -> None:
    """Ebb waits for 2 h; the AWS CLI for 1 h until an endpoint is in service, and for 30 min until it is gone."""
    (tmp_path / "aws").write_text(
        '#!/bin/sh\necho "$2 $3" >> "$CALLS"\ntest "$2" != wait || test "$(wc -l < "$CALLS")" -ge "$PATIENCE"\n'
    )
    (tmp_path / "aws").chmod(0o755)
    log = tmp_path / "calls"
    text = cli(Calls((Await("doc-async", gone=gone), DeregisterTarget(REF)), ""), REGION)
    environ = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "CALLS": str(log),
        "PATIENCE": str(patience),
    }
    done = subprocess.run(["bash", "-c", text], env=environ, capture_output=True, text=True, timeout=20)
    said = log.read_text().splitlines()
    assert said.count(f"wait endpoint-{'deleted' if gone else 'in-service'}") == min(
        patience, 4 if gone else 2
    )
    assert ("deregister-scalable-target" in said[-1]) is goes_on
    assert (done.returncode == 0) is goes_on


SLEEPS = """#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in *describe-endpoint*) echo "${COUNTS%% *}"; test "$COUNTS" != denied || exit 255;; esac
"""


@pytest.mark.parametrize(("counts", "goes_on"), [("2", True), ("denied", False), ("None", False)])
def test_an_instance_is_waited_for_and_without_a_number_nothing_follows(
    counts: str, goes_on: bool, tmp_path: Path
) -> None:
    (tmp_path / "aws").write_text(SLEEPS)
    (tmp_path / "aws").chmod(0o755)
    text = cli(Calls((Await("doc-async", serving=True), DeregisterTarget(REF)), ""), REGION)
    log = tmp_path / "calls"
    environ = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "CALLS": str(log), "COUNTS": counts}
    done = subprocess.run(["bash", "-c", text], env=environ, capture_output=True, text=True, timeout=20)
    said = log.read_text().splitlines()
    assert said[0].startswith("sagemaker wait endpoint-in-service")
    assert ("deregister-scalable-target" in said[-1]) is goes_on
    assert (done.returncode == 0) is goes_on


def test_a_sleeping_endpoint_is_looked_at_again(tmp_path: Path) -> None:
    """The pause between two looks is the only `sleep`: here it is where the first instance comes from."""
    (tmp_path / "aws").write_text('#!/bin/sh\ncat "$COUNT"\n')
    (tmp_path / "sleep").write_text('#!/bin/sh\necho "slept $1" >> "$CALLS"\necho 1 > "$COUNT"\n')
    for name in ("aws", "sleep"):
        (tmp_path / name).chmod(0o755)
    (tmp_path / "count").write_text("0\n")
    text = cli(Calls((Await("doc-async", serving=True),), ""), REGION)
    environ = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "CALLS": str(tmp_path / "calls"),
        "COUNT": str(tmp_path / "count"),
    }
    subprocess.run(["bash", "-c", text], env=environ, check=True, timeout=20)
    assert (tmp_path / "calls").read_text() == "slept 15\n"


AT_WORK = """#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in *describe-endpoint*) cat "$STATUS_FILE" || exit 255;; esac
"""


@pytest.mark.parametrize(
    ("first", "then", "goes_on"),
    [
        ("InService", "", True),
        ("Failed", "", True),
        ("Updating", "InService", True),
        ("Creating", "Failed", True),
        ("Updating", "", False),
        ("", "", False),
    ],
)
def test_an_endpoint_at_work_is_looked_at_again_and_a_failed_one_is_settled(
    first: str, then: str, goes_on: bool, tmp_path: Path
) -> None:
    """An empty status: it is gone, and AWS says so. What comes next comes while it is paused."""
    status, log = tmp_path / "status", tmp_path / "calls"
    become = f'echo {then} > "$STATUS_FILE"' if then else 'rm "$STATUS_FILE"'
    (tmp_path / "aws").write_text(AT_WORK)
    (tmp_path / "sleep").write_text(f"#!/bin/sh\n{become}\n")
    for name in ("aws", "sleep"):
        (tmp_path / name).chmod(0o755)
    if first:
        status.write_text(f"{first}\n")
    text = cli(Calls((Await("doc-async", settled=True), DeregisterTarget(REF)), ""), REGION)
    environ = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "CALLS": str(log),
        "STATUS_FILE": str(status),
    }
    done = subprocess.run(["bash", "-c", text], env=environ, capture_output=True, text=True, timeout=20)
    said = log.read_text().splitlines()
    assert all("wait" not in line for line in said)
    assert ("deregister-scalable-target" in said[-1]) is goes_on
    assert (done.returncode == 0) is goes_on


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_any_text_is_one_argument_or_stands_in_the_json(name: str) -> None:
    words = shlex.split(cli(Calls((DeletePolicy(REF, name),), ""), REGION).replace(" \\\n", " "))
    _, _, parameters = understood(words[1:])
    assert parameters["PolicyName"] == name


def test_the_text_is_plain_words_for_a_quiet_name() -> None:
    text = cli(Calls((RegisterTarget(REF, 0, 4),), ""), REGION)
    assert shlex.split(text.replace("\\\n", "")) == [
        "aws", "application-autoscaling", "register-scalable-target", "--region", REGION,
        "--service-namespace", "sagemaker", "--resource-id", "endpoint/doc-async/variant/AllTraffic",
        "--scalable-dimension", "sagemaker:variant:DesiredInstanceCount",
        "--min-capacity", "0", "--max-capacity", "4",
    ]  # fmt: skip
    assert max(map(len, text.splitlines())) <= 100


def test_an_alarm_waits_for_the_policy_that_it_runs(tmp_path: Path) -> None:
    fix = Calls((PutPolicy(REF, step("wake")), alarm_of("wake")), "")
    text = cli(fix, REGION)
    assert re.search(r"^POLICY_ARN=\$\(aws application-autoscaling put-scaling-policy ", text, re.MULTILINE)
    assert "--query PolicyARN" in text
    assert '--alarm-actions "${POLICY_ARN:?}"' in text
    failing = text.replace("put-scaling-policy", "put-scaling-policy; false", 1)
    assert len(ran(failing, tmp_path)) == 1


def alarm_of(policy: str) -> PutAlarm:
    return alarm("wake-alarm", PolicyArn(policy))


def test_without_a_topic_nothing_is_sent(tmp_path: Path) -> None:
    text = cli(Calls((alarm("told", ChosenTopic()),), ""), REGION)
    assert text.startswith("# Set TOPIC_ARN first")
    assert ran(text, tmp_path) == []


def test_what_is_not_known_is_not_filled_with_nothing() -> None:
    made = call(alarm("told", ChosenTopic(), PolicyArn("wake")))
    with pytest.raises(KeyError):
        filled(made, {"wake": "arn"})
    with pytest.raises(KeyError):
        filled(made, {}, TOPIC)
    assert filled(made, {"wake": "arn"}, TOPIC).parameters["AlarmActions"] == [TOPIC, "arn"]


def test_a_rate_has_no_zone_and_absent_parts_stay_away() -> None:
    made = call(PutSchedule(REF, "each", "rate(1 day)", "Europe/Berlin", min=1))
    assert "Timezone" not in made.parameters
    assert made.parameters["ScalableTargetAction"] == {"MinCapacity": 1}
    assert set(call(RegisterTarget(REF, max=3)).parameters) == {
        "ServiceNamespace", "ResourceId", "ScalableDimension", "MaxCapacity",
    }  # fmt: skip


def test_a_policy_on_an_expression_cannot_be_written_anew() -> None:
    with pytest.raises(ValueError, match="expression"):
        call(PutPolicy(REF, TargetTrackingPolicy("t", "", 5.0, None)))


def test_an_instance_is_waited_for_in_a_loop_that_bash_reads() -> None:
    text = cli(Calls((Await("doc; rm", serving=True),), ""), "eu-central-1")
    assert "--endpoint-name 'doc; rm'" in text
    assert """'{"EndpointName": "doc; rm"}'""" in text
    assert "CurrentInstanceCount" in text
    assert subprocess.run(["bash", "-n", "-c", text], check=False).returncode == 0


@pytest.mark.parametrize(("held", "goes_on"), [("222222222222", True), ("123456789012", False), ("", False)])
def test_with_credentials_of_another_account_nothing_is_done_and_the_shell_stays(
    held: str, goes_on: bool, tmp_path: Path
) -> None:
    (tmp_path / "aws").write_text('#!/bin/sh\necho "$1 $2" >> "$CALLS"\ntest "$1" != sts || echo "$HELD"\n')
    (tmp_path / "aws").chmod(0o755)
    log = tmp_path / "calls"
    environ = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "CALLS": str(log), "HELD": held}
    text = cli(Calls((RegisterTarget(REF, 0, 4), DeregisterTarget(REF)), ""), REGION, "222222222222")
    assert text.startswith(f"# For account 222222222222, region {REGION}.\n")
    done = subprocess.run(
        ["bash", "-c", f"{text}\necho went on with $?"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=20,
    )
    said = log.read_text().splitlines()
    assert said[0] == "sts get-caller-identity"
    assert len(said) == (3 if goes_on else 1)
    assert ("not of account 222222222222: nothing was done" in done.stderr) != goes_on
    assert done.stdout == f"went on with {0 if goes_on else 1}\n"

"""The boto3 script of a fix is its calls: run as it stands, it gives boto3 the very parameters, whatever the names."""

from __future__ import annotations

import ast
import sys
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from hypothesis import given
from hypothesis import strategies as st

from ops.aws.deploy import LONGEST_S
from ops.core.fix_boto3 import WIDTH, boto3
from ops.core.fix_calls import GONE, IN_SERVICE, Call, calls, filled
from ops.core.fixes import Await, Calls, ChosenTopic, Create, Delete, DeletePolicy, PolicyArn, PutPolicy
from ops.core.resources import ENDPOINT, endpoint
from tests.core.fix_samples import (
    HOSTILE,
    REF,
    REGION,
    TOPIC,
    WISHES,
    alarm,
    deploy,
    every_kind,
    step,
)

MODELS = botocore.session.get_session()
Ran = list[tuple[str, str, dict[str, Any]]]


class Client:
    """Writes down what a script asks of boto3."""

    def __init__(self, service: str, region: str, ran: Ran) -> None:
        self.service, self.region, self.ran = service, region, ran

    def __getattr__(self, name: str) -> Any:
        def call(**parameters: Any) -> dict[str, str]:
            assert self.region == REGION
            self.ran.append((self.service, name, parameters))
            return {"PolicyARN": arn(parameters.get("PolicyName", ""))}

        return call

    def get_waiter(self, name: str) -> Any:
        return SimpleNamespace(wait=lambda **p: self.ran.append((self.service, f"wait {name}", p)))


def arn(policy: str) -> str:
    return f"arn of {policy}"


def ran(script: str) -> Ran:
    found: Ran = []
    stand_in = SimpleNamespace(client=lambda service, region_name: Client(service, region_name, found))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "boto3", stand_in)
        exec(compile(script, "plan.py", "exec"), {})
    return found


def with_topic(script: str) -> str:
    assert 'TOPIC_ARN = ""\n' in script
    return script.replace('TOPIC_ARN = ""', f"TOPIC_ARN = {TOPIC!r}")


def asked(made: Call) -> tuple[str, str, dict[str, Any]]:
    policies = {
        part.policy: arn(part.policy)
        for value in made.parameters.values()
        for part in (value if isinstance(value, list) else ())
        if isinstance(part, PolicyArn)
    }
    what = f"wait {made.waits}" if made.waits else xform_name(made.operation)
    longer = {"WaiterConfig": {"MaxAttempts": 240}} if made.waits else {}
    return made.service, what, dict(filled(made, policies, TOPIC).parameters) | longer


@pytest.mark.parametrize("name", ["wake-doc-async", *HOSTILE])
def test_python_hands_the_very_parameters_to_boto3(name: str) -> None:
    fix = every_kind(name)
    assert ran(with_topic(boto3(fix, REGION))) == [asked(made) for made in calls(fix)]


@pytest.mark.parametrize("wish", WISHES)
def test_a_deployment_is_made_and_waited_for(wish: str) -> None:
    fix = deploy(WISHES[wish])
    found = ran(with_topic(boto3(fix, REGION)))
    assert found == [asked(made) for made in calls(fix)]
    waited = {"EndpointName": "doc-async", "WaiterConfig": {"MaxAttempts": 240}}
    assert ("sagemaker", "wait endpoint_in_service", waited) in found


def test_boto3_waits_as_long_as_ebb() -> None:
    """Two hours: by itself boto3 waits for 1 h until an endpoint is in service, and for 30 min until it is gone."""
    for waiter in (IN_SERVICE, GONE):
        model = MODELS.get_waiter_model("sagemaker")
        (name,) = (n for n in model.waiter_names if xform_name(n) == waiter)
        assert model.get_waiter(name).delay * 240 == LONGEST_S


def test_what_is_deleted_is_waited_for_by_a_waiter_that_boto3_has() -> None:
    fix = Calls(
        (Delete(ENDPOINT, "doc"), Await("doc", gone=True), Create(endpoint("doc", "c")), Await("doc")), ""
    )
    assert [what for _, what, _ in ran(boto3(fix, REGION))] == [
        "delete_endpoint",
        f"wait {GONE}",
        "create_endpoint",
        f"wait {IN_SERVICE}",
    ]
    known = {xform_name(each) for each in MODELS.get_waiter_model("sagemaker").waiter_names}
    assert {GONE, IN_SERVICE} <= known


def test_an_instance_is_waited_for_by_looking_again() -> None:
    counts, slept = [0, 0, 2], []
    looked: list[str] = []

    class Sleeping(Client):
        def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
            looked.append(EndpointName)
            return {"ProductionVariants": [{"CurrentInstanceCount": counts[len(slept)]}]}

    found: Ran = []
    script = boto3(Calls((Await("doc", serving=True), Delete(ENDPOINT, "doc")), ""), REGION)
    with pytest.MonkeyPatch.context() as patch:
        made = SimpleNamespace(client=lambda service, region_name: Sleeping(service, region_name, found))
        patch.setitem(sys.modules, "boto3", made)
        patch.setitem(sys.modules, "time", SimpleNamespace(sleep=slept.append))
        exec(compile(script, "plan.py", "exec"), {})
    assert looked == ["doc"] * 3
    assert slept == [15, 15]
    assert [what for _, what, _ in found] == [f"wait {IN_SERVICE}", "delete_endpoint"]


def test_one_at_work_is_looked_at_again_and_a_failed_one_is_settled() -> None:
    states, slept = ["Updating", "Deleting", "Failed"], []

    class Working(Client):
        def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
            return {"EndpointStatus": states[len(slept)]}

    found: Ran = []
    script = boto3(Calls((Await("doc", settled=True), Delete(ENDPOINT, "doc")), ""), REGION)
    with pytest.MonkeyPatch.context() as patch:
        made = SimpleNamespace(client=lambda service, region_name: Working(service, region_name, found))
        patch.setitem(sys.modules, "boto3", made)
        patch.setitem(sys.modules, "time", SimpleNamespace(sleep=slept.append))
        exec(compile(script, "plan.py", "exec"), {})
    assert slept == [15, 15]
    assert [what for _, what, _ in found] == ["delete_endpoint"]


def test_without_a_topic_nothing_is_asked() -> None:
    script = boto3(Calls((PutPolicy(REF, step("wake")), alarm("told", ChosenTopic())), ""), REGION)
    found: Ran = []
    with pytest.raises(SystemExit, match="Set TOPIC_ARN"):
        found += ran(script)
    assert found == []


def test_a_policy_that_the_script_does_not_make_must_be_named_first() -> None:
    script = boto3(Calls((alarm("wakes", PolicyArn('the "old" one')),), ""), REGION)
    with pytest.raises(SystemExit, match="Set policy_arn"):
        ran(script)
    named = script.replace('policy_arn = ""', 'policy_arn = "arn"')
    assert ran(named)[0][2]["AlarmActions"] == ["arn"]


@given(st.text(min_size=1))
def test_any_text_is_a_string_of_the_language(name: str) -> None:
    script = boto3(Calls((DeletePolicy(REF, name),), ""), REGION)
    assert all(line.isprintable() for line in script.split("\n"))
    (call,) = (n for n in ast.walk(ast.parse(script)) if isinstance(n, ast.keyword) and n.arg == "PolicyName")
    assert ast.literal_eval(call.value) == name


def test_lines_are_short() -> None:
    for wish in WISHES.values():
        assert max(map(len, boto3(deploy(wish), REGION).splitlines())) <= WIDTH


@pytest.mark.parametrize("held", ["123456789012", "222222222222"])
def test_with_credentials_of_another_account_the_script_ends_before_its_first_call(held: str) -> None:
    class Identified(Client):
        def get_caller_identity(self) -> dict[str, str]:
            assert self.service == "sts"
            return {"Account": held}

    found: Ran = []
    script = boto3(Calls((DeletePolicy(REF, "old"),), ""), REGION, "222222222222")
    assert script.startswith(f"# For account 222222222222, region {REGION}.\n")
    with pytest.MonkeyPatch.context() as patch:
        made = SimpleNamespace(client=lambda service, region_name: Identified(service, region_name, found))
        patch.setitem(sys.modules, "boto3", made)
        if held == "222222222222":
            exec(compile(script, "plan.py", "exec"), {})
        else:
            with pytest.raises(SystemExit, match="not of account 222222222222: nothing was done"):
                exec(compile(script, "plan.py", "exec"), {})
    assert [what for _, what, _ in found] == (["delete_scaling_policy"] if held == "222222222222" else [])
    assert max(map(len, script.splitlines())) <= WIDTH

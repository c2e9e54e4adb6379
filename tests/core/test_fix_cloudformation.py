"""The template of a fix is sound to cfn-lint, and what it makes is what the calls would make, property by property."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.validate import ParamValidator
from cfnlint.decode import cfn_yaml
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from ops.core.fix_calls import calls, filled
from ops.core.fix_cloudformation import TYPES, UNKNOWN, cloudformation
from ops.core.fix_newness import missing
from ops.core.fix_terraform import terraform
from ops.core.fixes import (
    Await,
    Calls,
    Change,
    ChosenTopic,
    Create,
    Delete,
    DeleteAlarms,
    DeletePolicy,
    DeleteSchedule,
    DeregisterTarget,
    EnableAlarmActions,
    PolicyArn,
    PutPolicy,
    PutSchedule,
    RegisterTarget,
)
from ops.core.resources import CONFIG, ENDPOINT, MODEL, Resource, endpoint
from ops.core.setup import BOUNDS, Setup
from ops.core.types import Suspended
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
    tracking,
)
from tests.core.templates import OPERATIONS, made_by, mistakes, of_template, shape_of

FIRST = RegisterTarget(REF, 0, 4, Suspended(scale_in=True))
OPENS = PutSchedule(REF, "open", "cron(0 7 ? * MON-FRI *)", "Europe/Berlin", 1, None, "2026-11-20T08:00:00Z")
DAILY = PutSchedule(REF, "each", "rate(1 day)", "UTC", 0, 4)
FIXES = {
    **{f"deploy {name}": deploy(wish) for name, wish in WISHES.items()},
    "a first registration": Calls((FIRST,), ""),
    "with schedules": Calls((FIRST, OPENS, DAILY, replace(OPENS, min=2)), ""),
    "policies": Calls((PutPolicy(REF, step("wake")), PutPolicy(REF, tracking("track"))), ""),
    "a wake alarm": Calls((PutPolicy(REF, step("wake up")), alarm("wakes", PolicyArn("wake up"))), ""),
    "an alarm that tells": Calls((replace(alarm("a", ChosenTopic()), ok_actions=(TOPIC,)),), ""),
    "a percentile": Calls((alarm("p90", TOPIC, statistic="p90"),), ""),
}


@pytest.mark.parametrize("name", FIXES)
def test_a_template_makes_what_the_calls_make(name: str) -> None:
    fix = FIXES[name]
    new = missing(fix, Setup(), REF)
    text = cloudformation(fix, REGION, new)
    assert mistakes(text, REGION) == []
    found = of_template(text)
    assert found == made_by(calls(fix))
    for (operation, _), parameters in found.items():
        known = {
            p.policy: "arn:of:it" for p in parameters.get("AlarmActions", []) if isinstance(p, PolicyArn)
        }
        ready = filled(replace(calls(fix)[0], parameters=parameters), known, TOPIC).parameters
        report = ParamValidator().validate(dict(ready), shape_of(operation))
        assert not report.has_errors(), f"{operation}: {report.generate_report()}"
    assert "xists" not in text
    assert ("AlarmTopicArn=ARN" in text) == ("!Ref AlarmTopicArn" in text)


@pytest.mark.parametrize("name", ["wake-doc-async", *HOSTILE])
def test_any_name_stays_text(name: str) -> None:
    fix = every_kind(name)
    text = cloudformation(fix, REGION)
    assert mistakes(text, REGION) == [] or not name.isprintable()  # AWS takes no such name either
    wanted = made_by(calls(fix))
    resource = REF.resource_id
    wanted["RegisterScalableTarget", resource] = (
        dict(calls(fix)[4].parameters) | wanted["RegisterScalableTarget", resource]
    )  # two registrations are one
    assert of_template(text) == wanted


def test_what_one_template_makes_is_named_by_reference_and_in_order() -> None:
    text = cloudformation(deploy(WISHES["everything"]), REGION)
    for said in (
        "ModelName: !GetAtt DocModel.ModelName",
        "EndpointConfigName: !GetAtt DocConfig1EndpointConfig.EndpointConfigName",
        "DependsOn: DocAsyncEndpoint",
        "ScalingTargetId: !Ref DocAsyncScalableTarget",
        "- !GetAtt DocAsyncHasBacklogWithoutCapacityScalingPolicy.Arn",
    ):
        assert said in text
    there = cloudformation(deploy(WISHES["plain"]), REGION)
    assert "ModelName: there" in there
    assert "AWS::SageMaker::Model\n" not in there


def test_policies_of_two_endpoints_have_two_names() -> None:
    other = replace(REF, name="ocr-async")
    fix = Calls((PutPolicy(REF, step("wake")), PutPolicy(other, step("wake"))), "")
    read = cfn_yaml.loads(cloudformation(fix, REGION))["Resources"]
    assert list(read) == ["DocAsyncWakeScalingPolicy", "OcrAsyncWakeScalingPolicy"]


def test_it_says_for_which_account_it_is_where_that_is_known() -> None:
    fix = Calls((PutPolicy(REF, step("wake")),), "")
    text = cloudformation(fix, REGION, None, "222222222222")
    assert mistakes(text, REGION) == []
    assert text.startswith(f"# For account 222222222222, region {REGION}.\n")
    assert cfn_yaml.loads(text)["Description"] == f"For account 222222222222, region {REGION}."
    lines = text.splitlines()
    (deploys,) = (n for n, line in enumerate(lines) if "cloudformation deploy" in line)
    assert lines[deploys - 1].endswith('--output text)" = 222222222222 &&')
    assert "22222" not in cloudformation(fix, REGION)
    assert cloudformation(Calls((Await("doc"),), ""), REGION, None, "222222222222") == ""
    gone = cloudformation(Calls((DeletePolicy(REF, "old"),), ""), REGION, None, "222222222222")
    assert gone.startswith("# For account 222222222222")
    assert all(line.startswith("#") for line in gone.splitlines())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (DeleteAlarms(("old one",)), 'AWS::CloudWatch::Alarm whose AlarmName is "old one"'),
        (DeletePolicy(REF, "old"), 'AWS::ApplicationAutoScaling::ScalingPolicy whose PolicyName is "old"'),
        (DeleteSchedule(REF, "old"), 'entry whose ScheduledActionName is "old"'),
        (DeregisterTarget(REF), "AWS::ApplicationAutoScaling::ScalableTarget whose ResourceId is"),
        (Delete(MODEL, "old"), 'AWS::SageMaker::Model whose ModelName is "old"'),
        (Delete(CONFIG, "old"), 'AWS::SageMaker::EndpointConfig whose EndpointConfigName is "old"'),
        (Delete(ENDPOINT, "old"), 'AWS::SageMaker::Endpoint whose EndpointName is "old"'),
    ],
)
def test_a_deletion_says_what_goes(change: Change, says: str) -> None:
    text = cloudformation(Calls((change, Await("old", gone=True)), ""), REGION)
    said = text.replace("\n# ", " ")
    assert says in said
    assert "nothing to make" in said
    assert "use the AWS CLI" in said
    assert all(line.startswith("#") for line in text.splitlines())


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (RegisterTarget(REF, min=1), ["MinCapacity: 1"]),
        (EnableAlarmActions("a\nb"), ["ActionsEnabled: true"]),
        (OPENS, ["ScheduledActions:", "  - ScheduledActionName: open"]),
        (RegisterTarget(REF, suspended=Suspended(True)), ["SuspendedState:"]),
    ],
)
def test_lines_of_what_exists_stand_as_comments(change: Change, lines: list[str]) -> None:
    text = cloudformation(Calls((change,), ""), REGION)
    assert all(line.startswith("#") for line in text.splitlines())
    assert "its other lines stay as they are" in text.replace("\n# ", " ")
    for line in lines:
        assert f"#   {line}" in text.splitlines()


def test_an_instance_that_is_waited_for_is_said_to_be() -> None:
    fix = Calls((RegisterTarget(REF, 1), Await("doc", serving=True), DeregisterTarget(REF)), "")
    for text in (cloudformation(fix, REGION), terraform(fix)):
        assert 'wait until "doc" has an instance in service' in text.replace("\n# ", " ")
    quiet = Calls((Await("doc"), Await("doc", gone=True), Await("doc", settled=True)), "")
    assert cloudformation(quiet, REGION) == terraform(quiet) == ""


def test_known_bounds_are_lines_and_never_a_whole_target() -> None:
    """A whole one would take away the scheduled actions that the reader's own has."""
    change = RegisterTarget(REF, 1, 4)
    assert "Resources:" in cloudformation(Calls((change,), ""), REGION, {BOUNDS})
    known = cloudformation(Calls((change,), ""), REGION, ())
    assert "Resources:" not in known
    assert "#   MaxCapacity: 4" in known


def test_what_exists_is_not_claimed_to_be_made() -> None:
    fix = Calls((PutPolicy(REF, step("wake")),), "")
    assert "This exists: put it in the place" in cloudformation(fix, REGION, ()).replace("\n  # ", " ")
    assert "If this exists: put it" in cloudformation(fix, REGION).replace("\n  # ", " ")
    assert "xists" not in cloudformation(fix, REGION, {"policy wake"})
    again = Calls((Delete(ENDPOINT, "doc"), Create(endpoint("doc", "c-2"))), "")
    said = cloudformation(again, REGION, ()).replace("\n  # ", " ")
    assert "cannot replace what has a name of its own" in said
    assert "Remove" not in said


def test_what_cloudformation_has_no_property_for_is_said() -> None:
    sources = [{"ChannelName": "more", "S3DataSource": {"S3Uri": "s3://more/"}}]
    container = {"Image": "i", "AdditionalModelDataSources": sources}
    variant = {"VariantName": "v", "ModelName": "m", "AcceleratorType": "ml.eia2.medium"}
    for made, key in (
        (
            Resource(MODEL, "m", {"PrimaryContainer": container, "ExecutionRoleArn": TOPIC}),
            "AdditionalModelDataSources",
        ),
        (Resource(CONFIG, "c", {"ProductionVariants": [variant]}), "AcceleratorType"),
    ):
        text = cloudformation(Calls((Create(made),), ""), REGION)
        head, _, template = text.partition("AWSTemplateFormatVersion")
        assert f"no property for {key}" in head.replace("\n# ", " ")
        assert key not in template


def test_the_names_of_the_api_are_those_of_cloudformation() -> None:
    """But what is known to be missing: `UNKNOWN` holds all of it, and nothing else."""
    lacking: set[str] = set()
    for kind, (_, operation, _) in OPERATIONS.items():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
        lacking |= set(_lacking(shape_of(operation), schema, schema, top=kind))
    assert lacking == UNKNOWN
    assert set(TYPES.values()) < set(OPERATIONS)


ELSEWHERE = {
    ("AWS::SageMaker::Endpoint", "DeploymentConfig"),  # of an update, which Ebb does not make
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "PredictiveScalingPolicyConfiguration"),  # neither
    ("AWS::ApplicationAutoScaling::ScalableTarget", "RoleARN"),  # AWS takes its own role for SageMaker
    ("AWS::CloudWatch::Alarm", "Metrics"),  # expressions, which Ebb does not write
}


def _lacking(shape: Any, schema: dict[str, Any], whole: dict[str, Any], top: str = "") -> list[str]:
    """Members of a shape of the API, however deep, that a schema of CloudFormation does not have."""
    while "$ref" in schema:
        schema = whole["definitions"][schema["$ref"].rpartition("/")[2]]
    if shape.type_name == "list":
        return _lacking(shape.member, schema.get("items", {}), whole)
    if shape.type_name != "structure":
        return []
    found = []
    for name, member in shape.members.items():
        if (top, name) in ELSEWHERE:
            continue
        inner = schema.get("properties", {}).get(name)
        found += [name] if inner is None else _lacking(member, inner, whole)
    return found

"""The Terraform text of a fix parses, and its blocks hold the same settings as the calls."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import hcl2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.core.fix_calls import call, calls
from ops.core.fix_newness import missing
from ops.core.fix_terraform import terraform
from ops.core.fix_terraform_hosting import UNKNOWN, UNKNOWN_OF
from ops.core.fix_terraform_hosting import snake as spelt
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
    PutAlarm,
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
    TOPIC,
    WISHES,
    alarm,
    deploy,
    every_kind,
    step,
    tracking,
    wake_metric,
)
from tests.core.templates import made_by, of_code, plain, resources, shape_of

OTHER_NAMES = {
    "PolicyName": "name",
    "ScheduledActionName": "name",
    "OKActions": "ok_actions",
}


def parsed(text: str) -> dict[str, Any]:
    return hcl2.loads(text + "\n")


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
    assert label == "doc_async_wake_up"
    assert (
        "alarm_actions       = [aws_appautoscaling_policy.doc_async_wake_up.arn, var.alarm_topic_arn]" in text
    )
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


SCHEDULE = PutSchedule(REF, "open", "cron(0 7 ? * MON-FRI *)", "Europe/Berlin", 1)
NEW = {
    **{f"deploy {name}": deploy(wish) for name, wish in WISHES.items()},
    "with a schedule": Calls((RegisterTarget(REF, 0, 4, Suspended(scale_in=True)), SCHEDULE), ""),
    "wakes": Calls(
        (PutPolicy(REF, step("wake up")), alarm("wakes", PolicyArn("wake up"), ChosenTopic())), ""
    ),
    "tracks": Calls((RegisterTarget(REF, 0, 4), PutPolicy(REF, tracking("track"))), ""),
}


@pytest.mark.parametrize("name", NEW)
def test_what_is_new_is_made_as_the_calls_make_it_and_not_imported(name: str) -> None:
    fix = NEW[name]
    text = terraform(fix, missing(fix, Setup(), REF))
    assert of_code(text) == made_by(calls(fix))
    assert "import" not in text
    assert "#" not in text


def test_blocks_name_each_other_where_the_fix_makes_them() -> None:
    text = terraform(deploy(WISHES["everything"]))
    for said in (
        "model_name             = aws_sagemaker_model.doc_model.name",
        "endpoint_config_name = aws_sagemaker_endpoint_configuration.doc_config_1.name",
        "depends_on         = [aws_sagemaker_endpoint.doc_async]",
        "resource_id        = aws_appautoscaling_target.doc_async.resource_id",
        "[aws_appautoscaling_policy.doc_async_hasbacklogwithoutcapacity_scalingpolicy.arn]",
    ):
        assert said in text
    there = terraform(deploy(WISHES["plain"]))
    assert re.search(r'model_name += "there"', there)


def test_the_code_of_two_endpoints_can_stand_in_one_module() -> None:
    """Names of policies and scheduled actions hold for one endpoint; those of the others differ by themselves."""
    long = "x" * 62
    labels = []
    for name in ("doc-async", "ocr-async", f"{long}a", f"{long}b"):
        wish = replace(WISHES["plain"], name=name)
        ref = wish.ref(REF.account, REF.region)
        fix = Calls((*deploy(wish).changes[:-2], replace(SCHEDULE, ref=ref)), "")
        labels += [(kind, label) for kind, label, _ in resources(terraform(fix, missing(fix, Setup(), ref)))]
        assert all(name.replace("-", "_") in label for _, label in labels[-7:])
    assert len(labels) == len(set(labels)) == 28
    waker = PutAlarm("a", wake_metric(), 1, ">=", 60, 1, 1, "missing", (PolicyArn("wake up"),))
    assert "aws_appautoscaling_policy.doc_async_wake_up.arn" in terraform(Calls((waker,), ""))


def test_what_exists_is_named_as_it_is_called_in_aws() -> None:
    """Its block may have another name in the code of the reader."""
    fix = Calls((RegisterTarget(REF, 0, 4), PutPolicy(REF, tracking("track"))), "")
    for new in ((), None):
        text = terraform(fix, new)
        assert f'resource_id        = "{REF.resource_id}"' in text
        assert "aws_appautoscaling_target.doc_async.resource_id" not in text
        assert text.count("import {") == 2
    assert terraform(fix, {BOUNDS}).count("import {") == 1


@pytest.mark.parametrize("kind", [MODEL, CONFIG, ENDPOINT])
def test_a_deleted_resource_is_a_block_to_remove_unless_it_is_made_anew(kind: str) -> None:
    gone = terraform(Calls((Delete(kind, "old"), Await("old", gone=True)), ""))
    assert 'block whose name is "old"' in gone.replace("\n# ", " ")
    assert resources(gone) == []
    again = terraform(Calls((Delete(ENDPOINT, "doc"), Create(endpoint("doc", "c-2"))), ""), ())
    assert "Remove" not in again
    assert "in place of the block" in again.replace("\n# ", " ")


def test_what_the_provider_cannot_set_is_said() -> None:
    variant = {"VariantName": "v", "ModelName": "m", "InstancePools": [{"InstanceType": "ml.g5.xlarge"}]}
    config = {"ProductionVariants": [variant], "VpcConfig": {"Subnets": ["s"]}, "KmsKeyId": TOPIC}
    text = terraform(Calls((Create(Resource(CONFIG, "c", config)),), ""))
    said = text.replace("\n# ", " ")
    assert "has nothing for InstancePools of the endpoint-config c" in said
    assert "has nothing for VpcConfig of the endpoint-config c" in said
    ((_, _, body),) = resources(text)
    assert body == {
        "name": "c",
        "kms_key_arn": TOPIC,
        "production_variants": [{"variant_name": "v", "model_name": "m"}],
    }
    vpc = {"PrimaryContainer": {"Image": "i"}, "VpcConfig": {"Subnets": ["s"], "SecurityGroupIds": ["g"]}}
    whole = Calls((Create(Resource(MODEL, "m", {**vpc, "ExecutionRoleArn": TOPIC})),), "")
    assert of_code(terraform(whole, {"model m"})) == made_by(calls(whole))


DOCUMENTED = """
accelerator_type accept_eula additional_model_data_source async_inference_config capacity_reservation_config
capacity_reservation_preference capture_content_type_header capture_mode capture_options channel_name client_config
compression_type container container_hostname container_startup_health_check_timeout_in_seconds
cooldown_in_minutes core_dump_config csv_content_types data_capture_config destination_s3_uri enable_capture
enable_network_isolation enable_ssm_access endpoint_config_name environment error_topic execution_role_arn image
image_config include_inference_response_in inference_ami_version inference_execution_config
inference_specification_name initial_instance_count initial_sampling_percentage initial_variant_weight instance_type
json_content_types kms_key_arn kms_key_id managed_instance_scaling max_concurrency
max_concurrent_invocations_per_instance max_instance_count maximum_step_size memory_size_in_mb min_instance_count
ml_reservation_arn mode model_access_config model_cache_setting model_data_download_timeout_in_seconds
model_data_source model_data_url model_name model_package_name multi_model_config notification_config output_config
primary_container production_variants provisioned_concurrency repository_access_mode repository_auth_config
repository_credentials_provider_arn routing_config routing_strategy s3_data_source s3_data_type s3_failure_path
s3_output_path s3_uri scale_in_policy security_group_ids serverless_config shadow_production_variants status
strategy subnets success_topic tags variant_name volume_size_in_gb vpc_config
"""
"""Arguments of the provider, from its documentation in November 2026."""


def test_every_parameter_of_the_api_is_an_argument_of_the_provider_or_said_to_be_none() -> None:
    names: set[str] = set()
    for kind, operation in (
        (MODEL, "CreateModel"),
        (CONFIG, "CreateEndpointConfig"),
        (ENDPOINT, "CreateEndpoint"),
    ):
        names |= set(_members(shape_of(operation), UNKNOWN_OF.get(kind, UNKNOWN), kind))
    assert names - set(DOCUMENTED.split()) == set()


def _members(shape: Any, unknown: frozenset[str], top: str = "") -> list[str]:
    """Members of a shape, however deep, in the spelling of the text; names of resources and deployments aside."""
    if shape.type_name == "list":
        return _members(shape.member, unknown)
    if shape.type_name != "structure":
        return []
    own = {MODEL: "ModelName", CONFIG: "EndpointConfigName", ENDPOINT: "EndpointName"}.get(top)
    found = []
    for name, member in shape.members.items():
        if name not in unknown and name not in (own, "DeploymentConfig", "Tags"):
            found += [spelt(name), *_members(member, unknown)]
    return found

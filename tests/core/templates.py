"""Reads what a fix is written as back into the calls of the API: CloudFormation with cfn-lint's own reader, and
Terraform with python-hcl2; references are followed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.session
import hcl2
from cfnlint.config import ConfigMixIn
from cfnlint.decode import cfn_yaml
from cfnlint.decode.decode import decode_str
from cfnlint.runner import Runner

from ops.core.fix_calls import Call
from ops.core.fixes import ChosenTopic, PolicyArn

Wire = dict[str, Any]
MODELS = botocore.session.get_session()
OPERATIONS = {
    "AWS::SageMaker::Model": ("sagemaker", "CreateModel", "ModelName"),
    "AWS::SageMaker::EndpointConfig": ("sagemaker", "CreateEndpointConfig", "EndpointConfigName"),
    "AWS::SageMaker::Endpoint": ("sagemaker", "CreateEndpoint", "EndpointName"),
    "AWS::ApplicationAutoScaling::ScalableTarget": (
        "application-autoscaling", "RegisterScalableTarget", "ResourceId",
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": ("application-autoscaling", "PutScalingPolicy", "PolicyName"),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "PutMetricAlarm", "AlarmName"),
}  # fmt: skip
SCALED = ("ServiceNamespace", "ResourceId", "ScalableDimension")
Made = dict[tuple[str, str], Wire]
"""Parameters by operation and the name of what it makes."""


def made_by(calls: tuple[Call, ...]) -> Made:
    """What calls put, the last of each; without waiting and deleting."""
    names = {operation: name for _, operation, name in OPERATIONS.values()}
    names["PutScheduledAction"] = "ScheduledActionName"
    found: Made = {}
    for call in calls:
        if call.operation in names and not call.waits:
            key = (call.operation, call.parameters[names[call.operation]])
            found[key] = dict(call.parameters)
    return found


def shape_of(operation: str) -> Any:
    service = next((s for s, o, _ in OPERATIONS.values() if o == operation), "application-autoscaling")
    return MODELS.get_service_model(service).operation_model(operation).input_shape


# --- CloudFormation ---


def mistakes(template: str, region: str) -> list[str]:
    """What cfn-lint finds, warnings included."""
    read, unreadable = decode_str(template)
    return [str(found) for found in unreadable or linter(region).validate_template(read)]


@cache
def linter(region: str) -> Runner:
    """With all its rules, which take longer to load than most templates to check."""
    return Runner(ConfigMixIn(regions=[region]))


def of_template(template: str) -> Made:
    """What a template makes, as calls. KeyError where a reference leads nowhere."""
    read: Wire = json.loads(json.dumps(cfn_yaml.loads(template)))
    resources: dict[str, Wire] = read["Resources"]
    found: Made = {}
    for resource in resources.values():
        _, operation, name = OPERATIONS[resource["Type"]]
        needed = resource.get("DependsOn")
        assert needed is None or needed in resources
        properties: Wire = _resolved(resource["Properties"], resources, read.get("Parameters", {}))
        target = properties.pop("ScalingTargetId", None)
        if target is not None:
            properties |= {key: resources[target]["Properties"][key] for key in SCALED}
        for action in properties.pop("ScheduledActions", []):
            scaled = {key: properties[key] for key in SCALED}
            found["PutScheduledAction", action["ScheduledActionName"]] = action | scaled
        found[operation, properties[name]] = properties
    return found


def _resolved(value: Any, resources: Mapping[str, Wire], parameters: Mapping[str, Any]) -> Any:
    if isinstance(value, dict) and list(value) == ["Ref"]:
        to = value["Ref"]
        if to in parameters:
            return ChosenTopic()
        assert resources[to]["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget"
        return to
    if isinstance(value, dict) and list(value) == ["Fn::GetAtt"]:
        to, attribute = value["Fn::GetAtt"]
        if attribute == "Arn":
            return PolicyArn(resources[to]["Properties"]["PolicyName"])
        return resources[to]["Properties"][attribute]
    if isinstance(value, dict):
        return {key: _resolved(part, resources, parameters) for key, part in value.items()}
    return [_resolved(each, resources, parameters) for each in value] if isinstance(value, list) else value


# --- Terraform ---

BLOCKS = {
    "aws_sagemaker_model": "CreateModel",
    "aws_sagemaker_endpoint_configuration": "CreateEndpointConfig",
    "aws_sagemaker_endpoint": "CreateEndpoint",
    "aws_appautoscaling_target": "RegisterScalableTarget",
    "aws_appautoscaling_policy": "PutScalingPolicy",
    "aws_appautoscaling_scheduled_action": "PutScheduledAction",
    "aws_cloudwatch_metric_alarm": "PutMetricAlarm",
}
NAMED = {
    "CreateModel": "ModelName",
    "CreateEndpointConfig": "EndpointConfigName",
    "CreateEndpoint": "EndpointName",
    "RegisterScalableTarget": "ResourceId",
    "PutScalingPolicy": "PolicyName",
    "PutScheduledAction": "ScheduledActionName",
    "PutMetricAlarm": "AlarmName",
}
OTHERWISE = {
    ("CreateModel", "Containers"): "container",
    ("CreateEndpointConfig", "KmsKeyId"): "kms_key_arn",
    ("PutScalingPolicy", "StepAdjustments"): "step_adjustment",
    ("PutMetricAlarm", "OKActions"): "ok_actions",
}
"""What the provider calls by another name than the API, in that place."""


def of_code(text: str) -> Made:
    """What Terraform text makes, as calls."""
    blocks = {(kind, label): body for kind, label, body in resources(text)}
    found: Made = {}
    for (kind, _), body in blocks.items():
        operation = BLOCKS[kind]
        for needed in body.pop("depends_on", []):
            to = needed.removeprefix("${").removesuffix("}").split(".")
            assert (to[0], to[1]) in blocks
        settings = {key: _followed(value, blocks) for key, value in body.items()}
        if "name" in settings:
            settings[_provider(operation, NAMED[operation])] = settings.pop("name")
        parameters = _as_api(settings, shape_of(operation), operation)
        found[operation, parameters[NAMED[operation]]] = parameters
    return found


def resources(text: str) -> list[tuple[str, str, Wire]]:
    """(type, label, settings) of every resource block."""
    return [
        (plain(kind), plain(label), plain(body))
        for block in hcl2.loads(text + "\n").get("resource", [])
        for kind, labelled in block.items()
        for label, body in labelled.items()
    ]


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


def _followed(value: Any, blocks: Mapping[tuple[str, str], Wire]) -> Any:
    if isinstance(value, dict):
        return {key: _followed(part, blocks) for key, part in value.items()}
    if isinstance(value, list):
        return [_followed(each, blocks) for each in value]
    to = re.fullmatch(r"\$\{(\w+)\.(\w+)(?:\.(\w+))?\}", value) if isinstance(value, str) else None
    if to is None:
        return value
    if to[1] == "var":
        return ChosenTopic()
    body = blocks[to[1], to[2]]
    return PolicyArn(body["name"]) if to[3] == "arn" else body[to[3]]


def _provider(operation: str, name: str) -> str:
    """A parameter as the provider spells it."""
    return (
        OTHERWISE.get((operation, name))
        or re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    )


def _as_api(settings: Wire, shape: Any, operation: str, top: bool = True) -> Wire:
    """Settings of a block by the names and kinds of the API's own shapes; every one of them must be known."""
    left, found = dict(settings), {}
    for name, member in shape.members.items():
        spelt = _provider(operation if top or name != "KmsKeyId" else "", name)
        if spelt not in left:
            continue
        value = left.pop(spelt)
        if member.type_name == "structure":
            (inner,) = value
            found[name] = _as_api(inner, member, operation, False)
        elif name == "Tags":
            found[name] = [{"Key": key, "Value": part} for key, part in value.items()]
        elif name == "Dimensions" and isinstance(value, dict):
            found[name] = [{"Name": key, "Value": part} for key, part in value.items()]
        elif member.type_name == "list" and member.member.type_name == "structure":
            found[name] = [_as_api(each, member.member, operation, False) for each in value]
        else:
            found[name] = value
    assert not left, f"{operation} has no {sorted(left)}"
    return found

"""All that an account holds of what Ebb changes, described call by call, so that two accounts can be compared.

Left out is what no change asks for: times, the states of alarms, how many instances run; and what AWS chooses itself
within a name or an ARN stands as `*`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import boto3

REGION = "us-east-1"
PASSING = {
    "AlarmConfigurationUpdatedTimestamp", "CreationTime", "CurrentInstanceCount", "DesiredInstanceCount",
    "LastModifiedTime", "ResponseMetadata", "StateReason", "StateReasonData", "StateTransitionedTimestamp",
    "StateUpdatedTimestamp", "StateValue", "EvaluationState", "DeployedImages",
}  # fmt: skip
CHOSEN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=:scalable-target/)[\w-]+"
)


@lru_cache(maxsize=64)
def client(url: str, service: str) -> Any:
    return boto3.client(service, REGION, endpoint_url=url, aws_access_key_id="x", aws_secret_access_key="y")


def account(url: str) -> dict[str, Any]:
    """Everything by what it is and its name, sorted."""
    found: dict[str, Any] = {}
    for kind, each in (*_hosted(url), *_scaled(url), *_watched(url)):
        found[kind] = _lasting(each)
    return dict(sorted(found.items()))


def _hosted(url: str) -> list[tuple[str, Any]]:
    sagemaker = client(url, "sagemaker")
    found = []
    for kind in ("Model", "EndpointConfig", "Endpoint"):
        name, few = f"{kind}Name", re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()
        for page in sagemaker.get_paginator(f"list_{few}s").paginate():
            for each in page[f"{kind}s"]:
                described = getattr(sagemaker, f"describe_{few}")(**{name: each[name]})
                described["Tags"] = sagemaker.list_tags(ResourceArn=each[f"{kind}Arn"])["Tags"]
                found.append((f"{kind} {each[name]}", described))
    return found


def _scaled(url: str) -> list[tuple[str, Any]]:
    scaling = client(url, "application-autoscaling")
    found = []
    for operation, key, name in (
        ("describe_scalable_targets", "ScalableTargets", "ResourceId"),
        ("describe_scaling_policies", "ScalingPolicies", "PolicyName"),
        ("describe_scheduled_actions", "ScheduledActions", "ScheduledActionName"),
    ):
        for page in scaling.get_paginator(operation).paginate(ServiceNamespace="sagemaker"):
            found += [(f"{key} {each['ResourceId']} {each[name]}", each) for each in page[key]]
    return found


def _watched(url: str) -> list[tuple[str, Any]]:
    pages = client(url, "cloudwatch").get_paginator("describe_alarms").paginate()
    return [
        (f"alarm {CHOSEN.sub('*', each['AlarmName'])}", each)
        for page in pages
        for each in page["MetricAlarms"]
    ]


def _lasting(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _lasting(part) for key, part in value.items() if key not in PASSING}
    if isinstance(value, list):
        return [_lasting(part) for part in value]
    return CHOSEN.sub("*", value) if isinstance(value, str) else value

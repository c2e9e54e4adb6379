"""Models, endpoint configurations and endpoints as blocks of Terraform.

Source: the documentation of the AWS provider on aws_sagemaker_model, aws_sagemaker_endpoint_configuration and
aws_sagemaker_endpoint, looked at in November 2026; the provider waits until an endpoint is in service.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ops.core.fix_left_out import MAPS, kept, left_out
from ops.core.hcl import Attribute, Block, attribute
from ops.core.resources import CONFIG, ENDPOINT, MODEL, Resource

TYPES = {
    MODEL: "aws_sagemaker_model",
    CONFIG: "aws_sagemaker_endpoint_configuration",
    ENDPOINT: "aws_sagemaker_endpoint",
}
UNKNOWN = frozenset(
    {
        "AcceleratorPartitionLayouts",
        "ContainerMetricsConfig",
        "CrossRegionTrafficConfig",
        "ETag",
        "ExplainerConfig",
        "HubAccessConfig",
        "InstancePools",
        "ManifestEtag",
        "ManifestS3Uri",
        "MetricsConfig",
        "PrefixAwareRoutingConfig",
        "VariantInstanceProvisionTimeoutInSeconds",
    }
)
"""Parameters of the API that the provider's documentation does not name, wherever in a resource they stand."""
UNKNOWN_OF = {CONFIG: UNKNOWN | {"VpcConfig", "EnableNetworkIsolation"}}
"""The same where a kind of resource lacks more of them."""
_NAMES = {
    "Containers": "container",
    "AdditionalModelDataSources": "additional_model_data_source",
}
_KEY = "KmsKeyId"
"""Of a configuration itself the provider calls it kms_key_arn, everywhere else kms_key_id."""
_MAKES = {"ModelName": MODEL, "EndpointConfigName": CONFIG}
"""Parameters that name something which the same code may make."""
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
SERVING = "Before what follows, wait until {name} has an instance in service: Terraform does not."
Part = Attribute | Block | str
Named = Callable[[str, str], object]
"""From kind and name of a resource to its name in the code: text, or a reference to its block."""


def lines(resource: Resource, named: Named) -> list[Part]:
    """What stands in the block of a resource."""
    found: list[Part] = [attribute("name", resource.name)]
    attributes, blocks = _parts(kept(resource.parameters, _unknown(resource.kind)), named)
    if resource.kind == CONFIG and _KEY in resource.parameters:
        attributes = [a for a in attributes if not isinstance(a, Attribute) or a.name != snake(_KEY)]
        attributes.append(attribute("kms_key_arn", resource.parameters[_KEY]))
    found += attributes
    if resource.tags:
        found.append(attribute("tags", dict(resource.tags)))
    return [*found, *blocks]


def without(resource: Resource) -> list[str]:
    """What the provider cannot set, in sentences."""
    return [
        f"The AWS provider has nothing for {key} of the {resource.key}: without it this is not the same. Use the "
        "AWS CLI."
        for key in left_out(resource.parameters, _unknown(resource.kind))
    ]


def _unknown(kind: str) -> frozenset[str]:
    return UNKNOWN_OF.get(kind, UNKNOWN)


def _parts(values: Mapping[str, Any], named: Named) -> tuple[list[Part], list[Part]]:
    attributes: list[Part] = []
    blocks: list[Part] = []
    for key, value in values.items():
        name = snake(key)
        if isinstance(value, Mapping) and key not in MAPS:
            inner, deeper = _parts(value, named)
            blocks.append(Block(name, (*inner, *deeper)))
        elif isinstance(value, list | tuple) and any(isinstance(v, Mapping) for v in value):
            for each in value:
                inner, deeper = _parts(each, named)
                blocks.append(Block(name, (*inner, *deeper)))
        else:
            attributes.append(attribute(name, named(_MAKES[key], value) if key in _MAKES else value))
    return attributes, blocks


def snake(name: str) -> str:
    """S3OutputPath as Terraform spells it: s3_output_path."""
    if name in _NAMES:
        return _NAMES[name]
    if name.startswith("S3"):
        return "s3_" + snake(name[2:])
    return _CAPITAL.sub("_", name).lower()

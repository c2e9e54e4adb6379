"""Models, endpoint configurations and endpoints as blocks of Terraform. Source: the documentation of the AWS provider
on aws_sagemaker_model, aws_sagemaker_endpoint_configuration and aws_sagemaker_endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ops.core.hcl import Attribute, Block, attribute
from ops.core.resources import CONFIG, ENDPOINT, MODEL, Resource

TYPES = {
    MODEL: "aws_sagemaker_model",
    CONFIG: "aws_sagemaker_endpoint_configuration",
    ENDPOINT: "aws_sagemaker_endpoint",
}
_NAMES = {"Containers": "container", "ModelDataUrl": "model_data_url"}
_MAPS = frozenset({"Environment"})
"""What is a map of the reader's own keys, not a block."""
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
Part = Attribute | Block | str


def lines(resource: Resource) -> list[Part]:
    """What stands in the block of a resource."""
    found: list[Part] = [attribute("name", resource.name)]
    attributes, blocks = _parts(resource.parameters)
    found += attributes
    if resource.tags:
        found.append(attribute("tags", dict(resource.tags)))
    return [*found, *blocks]


def _parts(values: Mapping[str, Any]) -> tuple[list[Part], list[Part]]:
    attributes: list[Part] = []
    blocks: list[Part] = []
    for key, value in values.items():
        name = snake(key)
        if isinstance(value, Mapping) and key not in _MAPS:
            inner, deeper = _parts(value)
            blocks.append(Block(name, (*inner, *deeper)))
        elif isinstance(value, list) and any(isinstance(v, Mapping) for v in value):
            for each in value:
                inner, deeper = _parts(each)
                blocks.append(Block(name, (*inner, *deeper)))
        else:
            attributes.append(attribute(name, value))
    return attributes, blocks


def snake(name: str) -> str:
    """S3OutputPath as Terraform spells it: s3_output_path."""
    if name in _NAMES:
        return _NAMES[name]
    if name.startswith("S3"):
        return "s3_" + snake(name[2:])
    return _CAPITAL.sub("_", name).lower()

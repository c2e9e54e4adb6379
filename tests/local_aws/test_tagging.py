"""Resource tagging through a real client."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.conftest import SteppedAws


def make(aws: SteppedAws, name: str, **tags: str) -> str:
    """An endpoint with tags; its ARN."""
    sagemaker = aws.client("sagemaker")
    if not sagemaker.list_models()["Models"]:
        sagemaker.create_model(
            ModelName="m",
            PrimaryContainer={"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/doc:1"},
            ExecutionRoleArn="arn:aws:iam::123456789012:role/sagemaker",
            Tags=[{"Key": "team", "Value": "models"}],
        )
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": "m",
            "InstanceType": "ml.g5.xlarge",
            "InitialInstanceCount": 1,
        }
        sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    made = sagemaker.create_endpoint(
        EndpointName=name, EndpointConfigName="c", **({"Tags": listed} if listed else {})
    )
    return str(made["EndpointArn"])


def names(aws: SteppedAws, **params: Any) -> list[str]:
    pages = aws.client("resourcegroupstaggingapi").get_paginator("get_resources").paginate(**params)
    return [
        mapping["ResourceARN"].rpartition(":")[2]
        for page in pages
        for mapping in page["ResourceTagMappingList"]
    ]


ENDPOINTS = {"ResourceTypeFilters": ["sagemaker:endpoint"]}


def test_endpoints_by_type_and_by_tags(aws: SteppedAws) -> None:
    make(aws, "a", team="docs", stage="prod")
    make(aws, "b", team="docs", stage="test")
    make(aws, "c", team="speech")
    assert names(aws, **ENDPOINTS) == ["endpoint/a", "endpoint/b", "endpoint/c"]
    docs = {"Key": "team", "Values": ["docs"]}
    assert names(aws, **ENDPOINTS, TagFilters=[docs]) == ["endpoint/a", "endpoint/b"]
    both = [docs, {"Key": "stage", "Values": ["prod", "live"]}]
    assert names(aws, **ENDPOINTS, TagFilters=both) == ["endpoint/a"]
    assert names(aws, **ENDPOINTS, TagFilters=[{"Key": "stage"}]) == ["endpoint/a", "endpoint/b"]
    assert names(aws, ResourceTypeFilters=["sagemaker"])[-1] == "model/m"
    assert names(aws, ResourceTypeFilters=["sagemaker:model"]) == ["model/m"]


def test_tags_of_a_resource_and_what_was_never_tagged(aws: SteppedAws) -> None:
    make(aws, "plain")
    arn = make(aws, "tagged", team="docs")
    tagging = aws.client("resourcegroupstaggingapi")
    (mapping,) = tagging.get_resources(ResourceARNList=[arn])["ResourceTagMappingList"]
    assert mapping == {"ResourceARN": arn, "Tags": [{"Key": "team", "Value": "docs"}]}
    assert names(aws, **ENDPOINTS) == ["endpoint/tagged"]


def test_resources_come_in_pages(aws: SteppedAws) -> None:
    for name in "abcde":
        make(aws, name, team="docs")
    assert names(aws, **ENDPOINTS, ResourcesPerPage=2) == [f"endpoint/{name}" for name in "abcde"]


def test_keys_and_values(aws: SteppedAws) -> None:
    make(aws, "a", team="docs", stage="prod")
    tagging = aws.client("resourcegroupstaggingapi")
    assert tagging.get_tag_keys()["TagKeys"] == ["stage", "team"]
    assert tagging.get_tag_values(Key="team")["TagValues"] == ["docs", "models"]


def test_refusals_are_typed(aws: SteppedAws) -> None:
    tagging = aws.client("resourcegroupstaggingapi")
    wrong: list[dict[str, Any]] = [
        {"ResourceARNList": ["nonsense"]},
        {"ResourceARNList": ["arn:aws:sagemaker:us-east-1:123456789012:endpoint/a"], "ResourcesPerPage": 5},
        {"ResourceTypeFilters": ["sagemaker:"]},
        {"ResourcesPerPage": 101},
        {"PaginationToken": "nonsense"},
        {"TagFilters": [{"Values": ["x"]}]},
    ]
    for params in wrong:
        with pytest.raises(tagging.exceptions.InvalidParameterException):
            tagging.get_resources(**params)
    with pytest.raises(ClientError) as caught:
        tagging.get_resources(ResourceTypeFilters=["s3"])
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501

"""What botocore's own validator leaves to AWS: patterns, enumerations, upper bounds."""

from __future__ import annotations

from typing import Any

import pytest

from ops.local_aws.constraints import check_constraints
from ops.local_aws.errors import AwsError


def told(operation: str, **params: Any) -> str:
    with pytest.raises(AwsError) as caught:
        check_constraints("sagemaker", operation, params)
    assert caught.value.code == "ValidationException"
    return caught.value.message


def test_one_fault_in_the_words_of_aws() -> None:
    assert told("ListEndpoints", SortOrder="Sideways") == (
        "1 validation error detected: Value 'Sideways' at 'sortOrder' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Ascending, Descending]"
    )


def test_all_faults_are_counted() -> None:
    message = told("ListEndpoints", MaxResults=500, NameContains="a b")
    assert message.startswith("2 validation errors detected: ")
    assert "Value '500' at 'maxResults'" in message
    assert "Value 'a b' at 'nameContains'" in message


def test_a_fault_deep_inside_is_named_by_its_path() -> None:
    tags = [{"Key": "fine", "Value": "v"}, {"Key": "k" * 129, "Value": "v"}]
    assert "at 'tags.2.member.key'" in told(
        "AddTags", ResourceArn="arn:aws:sagemaker:r:123456789012:x", Tags=tags
    )


def test_letters_of_any_language_are_letters() -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model/m"
    check_constraints(
        "sagemaker", "AddTags", {"ResourceArn": arn, "Tags": [{"Key": "größe 大", "Value": "x/y=z"}]}
    )
    assert "tags.1.member.key" in told("AddTags", ResourceArn=arn, Tags=[{"Key": "no{braces}", "Value": ""}])


def test_a_pattern_holds_for_the_whole_value() -> None:
    check_constraints("sagemaker", "DescribeEndpoint", {"EndpointName": "doc-async"})
    assert told("DescribeEndpoint", EndpointName="doc-async!")
    assert told("DescribeEndpoint", EndpointName="doc-async\n")
    assert told("DescribeEndpoint", EndpointName="-doc")

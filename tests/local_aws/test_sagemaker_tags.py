"""AddTags, ListTags, DeleteTags."""

from __future__ import annotations

import pytest

from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import Account, refused

PREFIX = "arn:aws:sagemaker:us-east-1:123456789012:"


@pytest.fixture
def account(aws: SteppedAws) -> Account:
    return Account(aws)


def tags(account: Account, arn: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in account.sagemaker.list_tags(ResourceArn=arn)["Tags"]}


def test_a_key_has_one_value_the_newest(account: Account) -> None:
    arn = account.sagemaker.describe_model(ModelName="doc-model")["ModelArn"]
    account.sagemaker.add_tags(
        ResourceArn=arn, Tags=[{"Key": "team", "Value": "a"}, {"Key": "x", "Value": ""}]
    )
    told = account.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "b"}])["Tags"]
    assert told == [{"Key": "team", "Value": "b"}, {"Key": "x", "Value": ""}]
    assert tags(account, arn) == {"team": "b", "x": ""}


def test_tags_given_at_creation_and_taken_away(account: Account) -> None:
    account.config(Tags=[{"Key": "stage", "Value": "prod"}])
    account.sagemaker.create_endpoint(
        EndpointName="doc", EndpointConfigName="doc-config", Tags=[{"Key": "team", "Value": "documents"}]
    )
    assert tags(account, PREFIX + "endpoint-config/doc-config") == {"stage": "prod"}
    assert tags(account, PREFIX + "endpoint/doc") == {"team": "documents"}
    account.sagemaker.delete_tags(ResourceArn=PREFIX + "endpoint/doc", TagKeys=["team", "not there"])
    assert tags(account, PREFIX + "endpoint/doc") == {}


def test_tags_go_with_their_endpoint(account: Account) -> None:
    account.endpoint("doc", Tags=[{"Key": "team", "Value": "documents"}])
    account.sagemaker.delete_endpoint(EndpointName="doc")
    account.aws.advance(120)
    assert refused(account.sagemaker.list_tags, ResourceArn=PREFIX + "endpoint/doc")
    account.sagemaker.create_endpoint(EndpointName="doc", EndpointConfigName="doc-config")
    assert tags(account, PREFIX + "endpoint/doc") == {}


@pytest.mark.parametrize(
    "arn",
    [
        PREFIX + "endpoint/missing",
        PREFIX + "model/missing",
        PREFIX + "training-job/any",
        "arn:aws:sagemaker:eu-west-1:123456789012:model/doc-model",
        "not an arn",
    ],
)
def test_a_resource_that_is_not_there_has_no_tags(account: Account, arn: str) -> None:
    assert refused(account.sagemaker.list_tags, ResourceArn=arn)
    assert refused(account.sagemaker.add_tags, ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    assert refused(account.sagemaker.delete_tags, ResourceArn=arn, TagKeys=["a"])


def test_reserved_keys_and_more_than_fifty_are_refused(account: Account) -> None:
    arn = PREFIX + "model/doc-model"
    assert refused(account.sagemaker.add_tags, ResourceArn=arn, Tags=[{"Key": "aws:cloud", "Value": "x"}])
    account.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": f"k{i}", "Value": "v"} for i in range(50)])
    assert refused(account.sagemaker.add_tags, ResourceArn=arn, Tags=[{"Key": "one-more", "Value": "v"}])
    assert len(tags(account, arn)) == 50


def test_an_endpoint_with_bad_tags_is_not_created(account: Account) -> None:
    account.config()
    create = account.sagemaker.create_endpoint
    wrong = [{"Key": "aws:x", "Value": "y"}]
    assert refused(create, EndpointName="doc", EndpointConfigName="doc-config", Tags=wrong)
    assert account.sagemaker.list_endpoints()["Endpoints"] == []

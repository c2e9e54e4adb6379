"""Models and endpoint configurations."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import BUCKET, IMAGE, ROLE, Account, refused


@pytest.fixture
def account(aws: SteppedAws) -> Account:
    return Account(aws)


def variant(**changes: Any) -> dict[str, Any]:
    first = {
        "VariantName": "AllTraffic",
        "ModelName": "doc-model",
        "InstanceType": "ml.g5.xlarge",
        "InitialInstanceCount": 1,
    }
    return {name: value for name, value in (first | changes).items() if value is not None}


def test_a_model_comes_back_as_it_was_made(account: Account) -> None:
    made = account.sagemaker.create_model(
        ModelName="other", Containers=[{"Image": IMAGE, "Environment": {"A": "1"}}], ExecutionRoleArn=ROLE
    )
    told = account.sagemaker.describe_model(ModelName="other")
    assert made["ModelArn"] == told["ModelArn"] == "arn:aws:sagemaker:us-east-1:123456789012:model/other"
    assert told["Containers"] == [{"Image": IMAGE, "Environment": {"A": "1"}, "Mode": "SingleModel"}]
    assert told["CreationTime"].timestamp() == account.aws.now()


def test_a_model_is_made_once_and_gone_when_deleted(account: Account) -> None:
    call = account.sagemaker.create_model
    message = refused(call, ModelName="doc-model", PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE)
    assert message == (
        'Cannot create already existing model "arn:aws:sagemaker:us-east-1:123456789012:model/doc-model".'
    )
    account.sagemaker.delete_model(ModelName="doc-model")
    message = refused(account.sagemaker.describe_model, ModelName="doc-model")
    assert message.startswith('Could not find model "arn:aws:sagemaker:')
    assert refused(account.sagemaker.delete_model, ModelName="doc-model")


@pytest.mark.parametrize(
    "params",
    [
        {"PrimaryContainer": {"Image": IMAGE}},
        {"ExecutionRoleArn": ROLE},
        {"ExecutionRoleArn": ROLE, "PrimaryContainer": {}},
        {"ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": IMAGE}, "Containers": [{"Image": IMAGE}]},
        {"ExecutionRoleArn": "not-a-role-arn-but-long-enough", "PrimaryContainer": {"Image": IMAGE}},
    ],
)
def test_a_model_without_its_parts_is_refused(account: Account, params: dict[str, Any]) -> None:
    assert refused(account.sagemaker.create_model, ModelName="bad", **params)


def test_names_follow_the_pattern_of_aws(account: Account) -> None:
    message = refused(
        account.sagemaker.create_model,
        ModelName="no_underscores",
        PrimaryContainer={"Image": IMAGE},
        ExecutionRoleArn=ROLE,
    )
    assert "Value 'no_underscores' at 'modelName' failed to satisfy constraint" in message
    assert "regular expression pattern" in message


def test_a_configuration_comes_back_in_full(account: Account) -> None:
    output = account.output(IncludeInferenceResponseIn=["SUCCESS_NOTIFICATION_TOPIC"])
    account.config(output=output, MetricsConfig={"MetricPublishFrequencyInSeconds": 30})
    told = account.sagemaker.describe_endpoint_config(EndpointConfigName="doc-config")
    assert told["AsyncInferenceConfig"] == {
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
        "OutputConfig": output,
    }
    assert told["AsyncInferenceConfig"]["OutputConfig"]["S3FailurePath"] == f"s3://{BUCKET}/fail/"
    assert told["MetricsConfig"] == {"MetricPublishFrequencyInSeconds": 30}
    assert told["ProductionVariants"] == [variant(InitialVariantWeight=1.0)]
    assert told["EndpointConfigArn"].endswith(":endpoint-config/doc-config")


def test_a_configuration_is_made_once_and_gone_when_deleted(account: Account) -> None:
    account.config()
    call = account.sagemaker.create_endpoint_config
    message = refused(call, EndpointConfigName="doc-config", ProductionVariants=[variant()])
    assert message.startswith('Cannot create already existing endpoint configuration "arn:aws:sagemaker:')
    account.sagemaker.delete_endpoint_config(EndpointConfigName="doc-config")
    message = refused(account.sagemaker.describe_endpoint_config, EndpointConfigName="doc-config")
    assert message == (
        "Could not find endpoint configuration "
        '"arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/doc-config".'
    )


@pytest.mark.parametrize(
    "instance_type", ["ml.g5.48xlarge", "ml.g6.xlarge", "ml.inf2.xlarge", "ml.p5.48xlarge"]
)
def test_every_instance_type_that_aws_hosts_is_accepted(account: Account, instance_type: str) -> None:
    account.config(instance_type=instance_type)
    told = account.sagemaker.describe_endpoint_config(EndpointConfigName="doc-config")
    assert told["ProductionVariants"][0]["InstanceType"] == instance_type


@pytest.mark.parametrize(
    "wrong",
    [
        variant(InstanceType="ml.g5.tiny"),
        variant(InstanceType="g5.xlarge"),
        variant(ModelName="no-such-model"),
        variant(InstanceType=None),
        variant(InitialInstanceCount=None),
        variant(VariantName="a_b"),
    ],
)
def test_a_variant_that_cannot_run_is_refused(account: Account, wrong: dict[str, Any]) -> None:
    call = account.sagemaker.create_endpoint_config
    assert refused(call, EndpointConfigName="bad", ProductionVariants=[wrong])
    assert account.sagemaker.list_endpoint_configs()["EndpointConfigs"] == []


def test_an_unknown_instance_type_is_answered_with_the_set_of_those_known(account: Account) -> None:
    call = account.sagemaker.create_endpoint_config
    message = refused(call, EndpointConfigName="bad", ProductionVariants=[variant(InstanceType="ml.x1.huge")])
    assert "Value 'ml.x1.huge' at 'productionVariants.1.member.instanceType'" in message
    assert "ml.g5.xlarge" in message


@pytest.mark.parametrize("path", ["https://bucket/out/", "s3:///out", "bucket/out"])
def test_results_go_to_s3_and_nowhere_else(account: Account, path: str) -> None:
    output = account.output() | {"S3OutputPath": path}
    call = account.sagemaker.create_endpoint_config
    config = {"OutputConfig": output}
    assert refused(
        call, EndpointConfigName="bad", ProductionVariants=[variant()], AsyncInferenceConfig=config
    )


def test_metrics_are_published_at_the_intervals_that_aws_knows(account: Account) -> None:
    call = account.sagemaker.create_endpoint_config
    message = refused(
        call,
        EndpointConfigName="bad",
        ProductionVariants=[variant()],
        MetricsConfig={"MetricPublishFrequencyInSeconds": 45},
    )
    assert "45" in message


def test_inference_components_are_not_offered(account: Account) -> None:
    call = account.sagemaker.create_endpoint_config
    message = refused(
        call, "NotImplemented", EndpointConfigName="bad", ProductionVariants=[variant(ModelName=None)]
    )
    assert "inference components" in message

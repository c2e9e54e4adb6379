"""The usual deployment, through real boto3: bucket, topics with a queue behind them, model, configuration."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.conftest import SteppedAws

BUCKET = "ebb-test"
ROLE = "arn:aws:iam::123456789012:role/sagemaker-execution"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/doc:3"
PROVISIONED_S = 1800.0
"""Longer than any provisioning takes."""


class Account:
    """What lies ready before the first endpoint, and the hands to use it."""

    def __init__(self, aws: SteppedAws) -> None:
        self.aws = aws
        self.sagemaker = aws.client("sagemaker")
        self.runtime = aws.client("sagemaker-runtime")
        self.scaling = aws.client("application-autoscaling")
        self.s3 = aws.client("s3")
        self.sns = aws.client("sns")
        self.sqs = aws.client("sqs")
        self.s3.create_bucket(Bucket=BUCKET)
        self.success = self.sns.create_topic(Name="doc-success")["TopicArn"]
        self.error = self.sns.create_topic(Name="doc-error")["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName="results")["QueueUrl"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        for topic in (self.success, self.error):
            self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"])
        self.sagemaker.create_model(
            ModelName="doc-model", PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE
        )

    def config(
        self,
        name: str = "doc-config",
        *,
        instance_type: str = "ml.g5.xlarge",
        count: int = 1,
        concurrency: int = 4,
        asynchronous: bool = True,
        output: dict[str, Any] | None = None,
        **more: Any,
    ) -> str:
        """Create an endpoint configuration; `output` replaces the whole OutputConfig."""
        if asynchronous:
            more["AsyncInferenceConfig"] = {
                "ClientConfig": {"MaxConcurrentInvocationsPerInstance": concurrency},
                "OutputConfig": output or self.output(),
            }
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": "doc-model",
            "InstanceType": instance_type,
            "InitialInstanceCount": count,
        }
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], **more)
        return name

    def output(self, **notification: Any) -> dict[str, Any]:
        return {
            "S3OutputPath": f"s3://{BUCKET}/out/",
            "S3FailurePath": f"s3://{BUCKET}/fail/",
            "NotificationConfig": {"SuccessTopic": self.success, "ErrorTopic": self.error, **notification},
        }

    def endpoint(self, name: str = "doc", config: str | None = None, **more: Any) -> str:
        """Create an endpoint and wait until it is in service."""
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config or self.config(), **more)
        self.aws.advance(PROVISIONED_S)
        assert self.status(name) == "InService"
        return name

    def describe(self, name: str = "doc") -> dict[str, Any]:
        answer: dict[str, Any] = self.sagemaker.describe_endpoint(EndpointName=name)
        return answer

    def status(self, name: str = "doc") -> str:
        return str(self.describe(name)["EndpointStatus"])

    def counts(self, name: str = "doc") -> tuple[int, int]:
        """(current, desired)"""
        variant = self.describe(name)["ProductionVariants"][0]
        return variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]

    def put_input(self, key: str = "in/1.json") -> str:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=b'{"document": 1}')
        return f"s3://{BUCKET}/{key}"

    def invoke(self, name: str = "doc", **params: Any) -> dict[str, Any]:
        params.setdefault("InputLocation", f"s3://{BUCKET}/in/1.json")
        answer: dict[str, Any] = self.runtime.invoke_endpoint_async(EndpointName=name, **params)
        return answer

    def read(self, uri: str) -> str:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return str(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())

    def messages(self) -> list[dict[str, Any]]:
        """Everything in the queue behind the topics: the SNS messages' own bodies, taken out."""
        found = []
        while True:
            batch = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
            if not batch:
                return found
            for message in batch:
                found.append(json.loads(json.loads(message["Body"])["Message"]))
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])


def refused(call: Any, code: str = "ValidationException", /, **params: Any) -> str:
    """The message with which AWS refuses the call; the code must be the one given."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return str(caught.value.response["Error"]["Message"])

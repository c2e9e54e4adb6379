"""The usual deployment, typed with the real AWS CLI: an endpoint that sleeps, wakes for a crowd, and sleeps again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ops.core.types import EndpointState
from tests.e2e.conftest import SPEED, Account, until

pytestmark = pytest.mark.e2e

NAME = "doc-async"
BUCKET = "doc-async-results"
ROLE = "arn:aws:iam::123456789012:role/sagemaker-execution"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/doc-model:1"
RESOURCE = f"endpoint/{NAME}/variant/AllTraffic"
TARGET = (
    "--service-namespace", "sagemaker",
    "--resource-id", RESOURCE,
    "--scalable-dimension", "sagemaker:variant:DesiredInstanceCount",
)  # fmt: skip
HOUR = 3600.0


class Deployment:
    """The endpoint under test and the questions asked about it."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.sagemaker = account.client("sagemaker")
        self.runtime = account.client("sagemaker-runtime")
        self.scaling = account.client("application-autoscaling")
        self.cloudwatch = account.client("cloudwatch")
        self.s3 = account.client("s3")
        self.sqs = account.client("sqs")
        self.queue = ""
        self.results: list[dict[str, Any]] = []
        self.tests = 0
        """How many TestNotifications came."""

    def deploy(self) -> None:
        """Bucket, topics with a queue behind them, model, configuration, endpoint."""
        aws = self.account.aws
        aws(f"s3 mb s3://{BUCKET}")
        success = aws("sns create-topic --name doc-success")["TopicArn"]
        error = aws("sns create-topic --name doc-error")["TopicArn"]
        self._listen(success, error)
        aws(
            f"sagemaker create-model --model-name doc-model --execution-role-arn {ROLE}",
            "--primary-container",
            f"Image={IMAGE}",
        )
        aws(
            "sagemaker create-endpoint-config --endpoint-config-name doc-async-config",
            production_variants=[
                {
                    "VariantName": "AllTraffic",
                    "ModelName": "doc-model",
                    "InstanceType": "ml.g5.xlarge",
                    "InitialInstanceCount": 1,
                }
            ],
            async_inference_config={
                "OutputConfig": {
                    "S3OutputPath": f"s3://{BUCKET}/output/",
                    "S3FailurePath": f"s3://{BUCKET}/failure/",
                    "NotificationConfig": {"SuccessTopic": success, "ErrorTopic": error},
                },
                "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
            },
        )
        aws(f"sagemaker create-endpoint --endpoint-name {NAME} --endpoint-config-name doc-async-config")

    def _listen(self, *topics: str) -> None:
        """A queue behind the topics. By boto3: version 1 of the CLI sends SQS calls past AWS_ENDPOINT_URL."""
        self.queue = self.sqs.create_queue(QueueName="doc-results")["QueueUrl"]
        asked = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        for topic in topics:
            arn = asked["Attributes"]["QueueArn"]
            self.account.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def let_it_scale(self) -> None:
        """0 to 8 instances, five requests of backlog for each."""
        aws = self.account.aws
        aws("application-autoscaling register-scalable-target --min-capacity 0 --max-capacity 8", *TARGET)
        aws(
            "application-autoscaling put-scaling-policy --policy-name backlog-scaling",
            *TARGET,
            "--policy-type",
            "TargetTrackingScaling",
            target_tracking_scaling_policy_configuration={
                "TargetValue": 5.0,
                "CustomizedMetricSpecification": {
                    "MetricName": "ApproximateBacklogSizePerInstance",
                    "Namespace": "AWS/SageMaker",
                    "Dimensions": [{"Name": "EndpointName", "Value": NAME}],
                    "Statistic": "Average",
                },
                "ScaleInCooldown": 300,
                "ScaleOutCooldown": 60,
            },
        )

    def let_it_wake(self) -> None:
        """The step policy on HasBacklogWithoutCapacity, and its alarm."""
        policy = self.account.aws(
            "application-autoscaling put-scaling-policy --policy-name wake-up --policy-type StepScaling",
            *TARGET,
            step_scaling_policy_configuration={
                "AdjustmentType": "ChangeInCapacity",
                "MetricAggregationType": "Average",
                "Cooldown": 300,
                "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
            },
        )
        self.account.aws(
            "cloudwatch put-metric-alarm --alarm-name doc-async-wake-up --namespace AWS/SageMaker",
            *(
                "--metric-name",
                "HasBacklogWithoutCapacity",
                "--dimensions",
                f"Name=EndpointName,Value={NAME}",
            ),
            *("--statistic", "Average", "--period", "60"),
            *("--evaluation-periods", "2", "--datapoints-to-alarm", "2", "--threshold", "1"),
            *("--comparison-operator", "GreaterThanOrEqualToThreshold", "--treat-missing-data", "missing"),
            "--alarm-actions",
            policy["PolicyARN"],
        )

    # Requests and results

    def send(self, first: int, count: int) -> list[str]:
        """Requests r-<first> … with an input each; where their results will be."""
        places = []
        for number in range(first, first + count):
            key = f"input/{number}.json"
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps({"page": number}).encode())
            answer = self.runtime.invoke_endpoint_async(
                EndpointName=NAME,
                InputLocation=f"s3://{BUCKET}/{key}",
                InferenceId=f"r-{number}",
                ContentType="application/json",
            )
            places.append(answer["OutputLocation"])
        return places

    def read_queue(self) -> None:
        """Take what lies in the queue, telling results and test notifications apart."""
        batch = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in batch:
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
            told = json.loads(json.loads(message["Body"])["Message"])
            if told["eventName"] == "TestNotification":
                self.tests += 1
            else:
                self.results.append(told)

    def told(self, count: int) -> bool:
        self.read_queue()
        return len(self.results) >= count

    def objects(self, prefix: str) -> set[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return {f"s3://{BUCKET}/{item['Key']}" for item in found}

    # State

    def counts(self) -> tuple[int, int]:
        """(current, desired)"""
        variant = self.sagemaker.describe_endpoint(EndpointName=NAME)["ProductionVariants"][0]
        return variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]

    def asleep(self) -> bool:
        return self.counts() == (0, 0)

    def ordered(self) -> list[int]:
        """What scaling ordered so far, oldest first."""
        pages = self.scaling.get_paginator("describe_scaling_activities").paginate(
            ServiceNamespace="sagemaker", ResourceId=RESOURCE
        )
        activities = [activity for page in pages for activity in page["ScalingActivities"]]
        texts = [activity["Description"] for activity in reversed(activities)]
        return [int(text.removeprefix("Setting desired instance count to ").rstrip(".")) for text in texts]

    def backlog(self) -> float | None:
        """The newest datapoint of the backlog."""
        now = self.account.now()
        answer = self.cloudwatch.get_metric_data(
            StartTime=now - 900,
            EndTime=now,
            MetricDataQueries=[
                {
                    "Id": "backlog",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/SageMaker",
                            "MetricName": "ApproximateBacklogSize",
                            "Dimensions": [{"Name": "EndpointName", "Value": NAME}],
                        },
                        "Period": 60,
                        "Stat": "Maximum",
                    },
                }
            ],
        )
        values = answer["MetricDataResults"][0]["Values"]
        return values[0] if values else None

    def console_says_asleep(self) -> bool:
        return self.account.verdict(NAME).state is EndpointState.ASLEEP

    def pass_time(self, seconds: float) -> Iterator[float]:
        """Simulated instants until so many seconds have passed."""
        begin = now = self.account.now()
        while now < begin + seconds:
            yield now
            now = self.account.now()


@pytest.fixture
def deployment(account: Account) -> Deployment:
    return Deployment(account)


def test_a_document_endpoint_sleeps_wakes_and_sleeps_again(deployment: Deployment, account: Account) -> None:
    # Deployed: it starts with one instance, and falls asleep by itself.
    deployment.deploy()
    waiter = deployment.sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=NAME, WaiterConfig={"Delay": 0.05, "MaxAttempts": 400})
    deployment.let_it_scale()
    until("asleep", deployment.asleep)
    until("the console says asleep", deployment.console_says_asleep)

    # Three requests are below the target of five: they do not wake it, however long they wait.
    before = deployment.ordered()
    deployment.send(0, 3)
    for _ in deployment.pass_time(1.5 * HOUR):
        assert deployment.asleep()
    assert deployment.ordered() == before
    assert deployment.backlog() == 3.0
    assert account.verdict(NAME).state is EndpointState.WAKE_STUCK

    # A crowd wakes it.
    account.speed(0)
    deployment.send(3, 40)
    account.speed(120)
    until("ordered instances", lambda: deployment.counts()[1] > 0)
    account.speed(0)
    assert deployment.counts()[0] == 0
    assert account.verdict(NAME).state is EndpointState.WAKING
    account.speed(120)
    until("instances in service", lambda: deployment.counts()[0] > 0)
    account.speed(0)
    assert account.verdict(NAME).state is EndpointState.BUSY
    assert max(deployment.ordered()) == 8

    # Every result lies in S3 and is told to the queue once; then there is nothing left to do.
    account.speed(SPEED)
    until("43 results told", lambda: deployment.told(43))
    assert sorted(result["inferenceId"] for result in deployment.results) == sorted(
        f"r-{number}" for number in range(43)
    )
    assert {result["invocationStatus"] for result in deployment.results} == {"Completed"}
    places = {result["responseParameters"]["outputLocation"] for result in deployment.results}
    assert deployment.objects("output/") == places
    assert len(places) == 43
    assert deployment.tests >= 4
    until("backlog drained", lambda: deployment.backlog() == 0.0)

    # Back to sleep.
    until("asleep again", deployment.asleep)
    until("the console says asleep", deployment.console_says_asleep)
    assert deployment.ordered()[-1] == 0

    # With a step policy on HasBacklogWithoutCapacity a single request wakes it.
    deployment.let_it_wake()
    account.speed(120)
    (place,) = deployment.send(43, 1)
    until("an instance ordered", lambda: deployment.counts()[1] > 0)
    account.speed(0)
    assert account.verdict(NAME).state is EndpointState.WAKING
    account.speed(SPEED)
    until("the result told", lambda: deployment.told(44))
    assert deployment.results[-1]["responseParameters"]["outputLocation"] == place

    # A request whose input is missing fails in the open.
    failed = account.aws(
        f"sagemaker-runtime invoke-endpoint-async --endpoint-name {NAME}",
        "--input-location",
        f"s3://{BUCKET}/input/missing.json",
    )
    until("the failure told", lambda: deployment.told(45))
    assert deployment.results[-1]["invocationStatus"] == "Failed"
    until("asleep at the end", deployment.asleep)
    assert deployment.objects("failure/") == {failed["FailureLocation"]}
    until("the console says asleep", deployment.console_says_asleep)
    told = account.ops("endpoint", NAME, "--hours", "12")
    assert (told["endpoint"]["state"], told["endpoint"]["current"]) == ("asleep", 0)
    assert max(count or 0 for count in told["series"]["instances"]["values"]) == 8

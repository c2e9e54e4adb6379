"""Denials on demand: what each service answers to real boto3, and that nothing else is hit; a whole IAM policy."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import BUCKET, Account


def deny(aws: SteppedAws, order: dict[str, Any], path: str = "denied") -> int:
    headers = {"Content-Type": "application/json"}
    asked = urllib.request.Request(f"{aws.server.url}/_ebb/{path}", json.dumps(order).encode(), headers)
    try:
        with urllib.request.urlopen(asked) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


CALLS: list[tuple[str, str, Callable[[Account], object]]] = [
    ("s3:PutObject", "AccessDenied", lambda a: a.put_input()),
    ("s3:GetObject", "AccessDenied", lambda a: a.read(f"s3://{BUCKET}/in/1.json")),
    ("s3:GetObject", "403", lambda a: a.s3.head_object(Bucket=BUCKET, Key="in/1.json")),
    ("s3:ListBucket", "AccessDenied", lambda a: a.s3.list_objects_v2(Bucket=BUCKET)),
    ("sns:CreateTopic", "AuthorizationError", lambda a: a.sns.create_topic(Name="x")),
    ("sqs:CreateQueue", "AccessDeniedException", lambda a: a.sqs.create_queue(QueueName="x")),
    ("sagemaker:InvokeEndpointAsync", "AccessDeniedException", lambda a: a.invoke()),
    ("sagemaker:ListEndpoints", "AccessDeniedException", lambda a: a.sagemaker.list_endpoints()),
    ("cloudwatch:DescribeAlarms", "AccessDenied", lambda a: a.aws.client("cloudwatch").describe_alarms()),
    (
        "servicequotas:ListServiceQuotas",
        "AccessDeniedException",
        lambda a: a.aws.client("service-quotas").list_service_quotas(ServiceCode="sagemaker"),
    ),
]


@pytest.mark.parametrize(("action", "code", "call"), CALLS)
def test_a_denied_action_is_refused_as_the_service_does(
    aws: SteppedAws, action: str, code: str, call: Callable[[Account], object]
) -> None:
    account = Account(aws)
    account.endpoint()
    account.put_input()
    call(account)
    assert deny(aws, {"actions": [action]}) == 200
    with pytest.raises(ClientError) as caught:
        call(account)
    assert caught.value.response["Error"]["Code"] == code
    for other, _, passes in CALLS:
        if other != action:
            passes(account)
    assert deny(aws, {"actions": []}) == 200
    call(account)


@pytest.mark.parametrize("order", [{}, {"actions": "s3:PutObject"}, {"actions": ["s3:*"]}, {"other": []}])
def test_an_order_that_is_none(aws: SteppedAws, order: dict[str, Any]) -> None:
    assert deny(aws, order) == 400


def allowing(action: str, resource: str, condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    more = {"Condition": condition} if condition else {}
    return {"Version": "2012-10-17", "Statement": [statement | more]}


def test_under_a_policy_only_what_it_allows_passes(aws: SteppedAws) -> None:
    account = Account(aws)
    account.endpoint()
    account.put_input()
    assert deny(aws, allowing("s3:Get*", f"arn:aws:s3:::{BUCKET}/in/*"), "policy") == 200
    account.read(f"s3://{BUCKET}/in/1.json")
    for call in (account.put_input, account.invoke, account.sagemaker.list_endpoints):
        with pytest.raises(ClientError, match="AccessDenied"):
            call()
    with pytest.raises(ClientError, match="AccessDenied"):
        account.read(f"s3://{BUCKET}/out/1.json")
    aws.client("sts").get_caller_identity()
    assert deny(aws, {}, "policy") == 200
    account.put_input()


def test_conditions_and_what_aws_checks_beside_a_call(aws: SteppedAws) -> None:
    account = Account(aws)
    account.endpoint()
    scaling = aws.client("application-autoscaling")
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/doc/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    ours = {"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}}
    register = allowing("application-autoscaling:RegisterScalableTarget", "*", ours)
    assert deny(aws, register, "policy") == 200
    with pytest.raises(ClientError, match="perform: sagemaker:DescribeEndpoint"):
        scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=2)
    checked = ["DescribeEndpoint", "DescribeEndpointConfig", "UpdateEndpointWeightsAndCapacities"]
    register["Statement"] += [
        {"Effect": "Allow", "Action": [f"sagemaker:{name}" for name in checked], "Resource": ["*"]}
    ]
    assert deny(aws, register, "policy") == 200
    scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=2)
    theirs = {"StringEquals": {"application-autoscaling:service-namespace": "ecs"}}
    register["Statement"][0]["Condition"] = theirs
    assert deny(aws, register, "policy") == 200
    with pytest.raises(ClientError, match="perform: application-autoscaling:RegisterScalableTarget"):
        scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=2)


@pytest.mark.parametrize(
    "document",
    [
        {"Statement": []},
        {"Version": "2012-10-17", "Statement": []},
        {"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "NotAction": "*", "Resource": "*"}]},
        {"Version": "2012-10-17", "Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]},
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*"}]},
        allowing("s3:*", "*", {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
    ],
)
def test_what_is_no_policy_is_refused(aws: SteppedAws, document: dict[str, Any]) -> None:
    assert deny(aws, document, "policy") == 400
    Account(aws).sagemaker.list_endpoints()

"""Denials on demand: what S3, SNS, SQS and SageMaker's runtime answer to real boto3, and that nothing else is hit."""

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


def deny(aws: SteppedAws, order: dict[str, Any]) -> int:
    headers = {"Content-Type": "application/json"}
    asked = urllib.request.Request(f"{aws.server.url}/_ebb/denied", json.dumps(order).encode(), headers)
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

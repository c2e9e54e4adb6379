"""Objects in S3 and messages through SNS, seen by an ordinary client."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request as Asked
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from ops.local_aws.delivery import STORY_OBJECTS
from ops.local_aws.physics import AsyncSettings, EndpointSpec, Job, Request
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import BUCKET, Account


@pytest.fixture
def account(aws: SteppedAws) -> Account:
    return Account(aws)


def started(account: Account, **notification: Any) -> Account:
    account.endpoint("doc", account.config(output=account.output(**notification)))
    account.put_input()
    account.messages()
    return account


def results(account: Account) -> list[dict[str, Any]]:
    return [message for message in account.messages() if message["eventName"] == "InferenceResult"]


def test_a_result_lies_in_s3_and_the_success_topic_tells_it(account: Account) -> None:
    started(account)
    answer = account.invoke(InferenceId="r-1", ContentType="application/json", CustomAttributes="trace=1")
    sent = account.aws.now()
    account.aws.advance(120)
    body = json.loads(account.read(answer["OutputLocation"]))
    assert (body["inferenceId"], body["endpoint"]) == ("r-1", "doc")
    (message,) = results(account)
    finished = message.pop("eventTime")
    assert message == {
        "awsRegion": "us-east-1",
        "receivedTime": "2026-09-21T14:43:00.000Z",
        "invocationStatus": "Completed",
        "requestParameters": {
            "contentType": "application/json",
            "customAttributes": "trace=1",
            "endpointName": "doc",
            "inputLocation": f"s3://{BUCKET}/in/1.json",
        },
        "responseParameters": {"contentType": "application/json", "outputLocation": answer["OutputLocation"]},
        "inferenceId": "r-1",
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
    assert "2026-09-21T14:43:12" < finished < "2026-09-21T14:43:42"
    key = answer["OutputLocation"].split("/", 3)[3]
    modified = account.s3.head_object(Bucket=BUCKET, Key=key)["LastModified"].timestamp()
    assert sent + 12 <= modified <= sent + 42


def test_a_missing_input_becomes_a_failure_object_and_a_message(account: Account) -> None:
    started(account)
    answer = account.invoke(InferenceId="r-2", InputLocation=f"s3://{BUCKET}/in/none.json")
    account.aws.advance(120)
    (message,) = results(account)
    assert message["invocationStatus"] == "Failed"
    assert message["failureReason"].startswith("ClientError: Unable to download")
    assert message["inferenceId"] == "r-2"
    assert message["requestParameters"]["inputLocation"] == f"s3://{BUCKET}/in/none.json"
    assert "responseParameters" not in message
    assert account.read(answer["FailureLocation"]) == message["failureReason"]
    with pytest.raises(ClientError, match="NoSuchKey"):
        account.read(answer["OutputLocation"])


def test_a_missing_output_bucket_makes_the_request_fail(account: Account) -> None:
    output = account.output() | {"S3OutputPath": "s3://no-such-bucket/out"}
    account.endpoint("doc", account.config(output=output))
    account.put_input()
    account.messages()
    answer = account.invoke()
    account.aws.advance(120)
    (message,) = results(account)
    assert message["invocationStatus"] == "Failed"
    assert "no-such-bucket" in message["failureReason"]
    assert account.read(answer["FailureLocation"]) == message["failureReason"]


def test_the_response_is_included_where_it_was_asked_for(account: Account) -> None:
    started(account, IncludeInferenceResponseIn=["SUCCESS_NOTIFICATION_TOPIC"])
    answer = account.invoke()
    account.invoke(InputLocation=f"s3://{BUCKET}/in/none.json")
    account.aws.advance(120)
    by_status = {message["invocationStatus"]: message for message in results(account)}
    included = by_status["Completed"]["responseParameters"]["responseBody"]["content"]
    assert included == account.read(answer["OutputLocation"])
    assert "responseParameters" not in by_status["Failed"]


def test_the_models_own_error_is_included_where_it_was_asked_for(account: Account) -> None:
    started(account, IncludeInferenceResponseIn=["ERROR_NOTIFICATION_TOPIC"])
    account.invoke(InputLocation=f"s3://{BUCKET}/in/none.json")
    account.aws.advance(120)
    (message,) = results(account)
    assert "responseParameters" not in message
    account.aws.world.fleet.inject("doc", profile=(1.0, 2.0, 1.0))
    account.invoke()
    account.aws.advance(120)
    (message,) = results(account)
    body = json.loads(message["responseParameters"]["responseBody"]["content"])
    assert body["code"] == 500


def spec(account: Account, **settings: Any) -> EndpointSpec:
    chosen = AsyncSettings(output_path=f"s3://{BUCKET}/out", **settings)
    return EndpointSpec("doc", "doc-config", "AllTraffic", "ml.g5.xlarge", 1, 4, chosen)


def test_what_was_not_delivered_is_told(account: Account) -> None:
    delivery, now = account.aws.world.delivery, account.aws.now()
    request = Request("r", now - 30, 20.0, output_location=f"s3://{BUCKET}/out/r.out")
    fine = delivery.deliver(spec(account, success_topic=account.success), request, now, True)
    assert (fine.uploaded, fine.notified, fine.reason) == (True, True, "")
    gone = account.success + "-gone"
    unheard = delivery.deliver(spec(account, success_topic=gone), request, now, True)
    assert (unheard.uploaded, unheard.notified) == (True, False)
    request.output_location = "s3://no-such-bucket/r.out"
    lost = delivery.deliver(spec(account), request, now, True)
    assert (lost.uploaded, lost.notified) == (False, True)
    assert "no-such-bucket" in lost.reason


def test_input_is_read_from_the_bucket(account: Account) -> None:
    delivery = account.aws.world.delivery
    uri = account.put_input("in/deep/ö.json")
    assert delivery.input_exists(uri)
    assert delivery.get_input(uri) == b'{"document": 1}'
    for missing in (f"s3://{BUCKET}/in/other.json", "s3://no-such-bucket/x", "https://x/y", "s3://", ""):
        assert not delivery.input_exists(missing)
        assert delivery.get_input(missing) is None


def test_a_queue_that_is_gone_does_not_stop_the_others(account: Account) -> None:
    other = account.sqs.create_queue(QueueName="raw")["QueueUrl"]
    arn = account.sqs.get_queue_attributes(QueueUrl=other, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    account.sns.subscribe(
        TopicArn=account.success, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    account.sqs.delete_queue(QueueUrl=account.queue)
    assert account.aws.world.delivery.publish(account.success, None, "hello")
    (message,) = account.sqs.receive_message(QueueUrl=other)["Messages"]
    assert message["Body"] == "hello"


def test_a_filter_policy_is_honoured(account: Account) -> None:
    picky = account.sqs.create_queue(QueueName="picky")["QueueUrl"]
    arn = account.sqs.get_queue_attributes(QueueUrl=picky, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    account.sns.subscribe(
        TopicArn=account.success,
        Protocol="sqs",
        Endpoint=arn,
        Attributes={
            "FilterPolicyScope": "MessageBody",
            "FilterPolicy": json.dumps({"eventName": ["InferenceResult"]}),
        },
    )
    delivery = account.aws.world.delivery
    delivery.publish(account.success, None, json.dumps({"eventName": "TestNotification"}))
    delivery.publish(account.success, None, json.dumps({"eventName": "InferenceResult"}))
    (message,) = account.sqs.receive_message(QueueUrl=picky, MaxNumberOfMessages=10)["Messages"]
    assert "InferenceResult" in message["Body"]


def test_a_message_carries_simulated_time_and_its_subject(account: Account) -> None:
    account.aws.world.delivery.publish(account.error, "Alarm", "text")
    (message,) = account.sqs.receive_message(QueueUrl=account.queue)["Messages"]
    envelope = json.loads(message["Body"])
    assert (envelope["Subject"], envelope["Timestamp"]) == ("Alarm", "2026-09-21T14:13:00.000Z")
    assert envelope["TopicArn"] == account.error


def test_a_message_is_signed_as_aws_documents_it(account: Account) -> None:
    delivery = account.aws.world.delivery
    for subject in (None, "Alarm"):
        delivery.publish(account.error, subject, 'it says "ö"')
        account.aws.advance(60)
        (message,) = account.sqs.receive_message(QueueUrl=account.queue)["Messages"]
        told = json.loads(message["Body"])
        names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        text = "".join(f"{name}\n{told[name]}\n" for name in names if name in told)
        address = urlsplit(told["SigningCertURL"])
        assert address.hostname == "sns.us-east-1.amazonaws.com"
        scope = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261120/us-east-1/sns/aws4_request"
        request = Asked(f"{account.aws.server.url}{address.path}", headers={"Authorization": scope})
        certificate = x509.load_pem_x509_certificate(urlopen(request).read())
        certificate.public_key().verify(
            b64decode(told["Signature"]), text.encode(), PKCS1v15(), hashes.SHA256()
        )
        assert certificate.not_valid_before_utc.timestamp() < account.aws.now()
        assert certificate.not_valid_after_utc.timestamp() > account.aws.now()


def test_messages_leave_the_queue_after_its_retention(account: Account) -> None:
    queue = account.sqs.create_queue(QueueName="short", Attributes={"MessageRetentionPeriod": "60"})[
        "QueueUrl"
    ]
    arn = account.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    account.sns.subscribe(TopicArn=account.success, Protocol="sqs", Endpoint=arn)
    delivery = account.aws.world.delivery
    delivery.publish(account.success, None, "old")
    account.aws.advance(120)
    delivery.publish(account.success, None, "new")
    messages = account.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert [json.loads(message["Body"])["Message"] for message in messages] == ["new"]


def test_what_the_fleets_own_traffic_leaves_behind_is_bounded(account: Account) -> None:
    delivery = account.aws.world.delivery
    chosen = spec(account, failure_path=f"s3://{BUCKET}/fail")
    for number in range(STORY_OBJECTS // 2):
        job = Job(account.aws.now() + number, 20.0, number, 0.0)
        request = delivery.story_request(chosen, job, 7)
        assert delivery.deliver(chosen, request, job.received + 20, True).uploaded
    pages = account.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    found = [item for page in pages for item in page["Contents"]]
    assert STORY_OBJECTS // 3 < len(found) <= STORY_OBJECTS
    assert delivery.get_input(request.input_location)
    assert request.id in account.read(request.output_location)


def test_the_fleets_own_requests_are_the_same_for_the_same_seed(account: Account) -> None:
    delivery = account.aws.world.delivery
    job = Job(account.aws.now(), 20.0, 4, 0.0)
    first = delivery.story_request(spec(account), job, 7)
    assert delivery.story_request(spec(account), job, 7) == first
    assert delivery.story_request(spec(account), job, 8).id != first.id

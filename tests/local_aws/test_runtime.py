"""InvokeEndpointAsync: what is accepted, what is refused, where results will be."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ops.local_aws.world import WorldOptions
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import BUCKET, Account, refused


@pytest.fixture
def account(aws: SteppedAws) -> Account:
    made = Account(aws)
    made.endpoint()
    made.put_input()
    made.messages()
    return made


def test_a_request_is_accepted_with_202_and_told_where_its_result_will_be(account: Account) -> None:
    answer = account.invoke()
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert re.fullmatch(r"[0-9a-f-]{36}", answer["InferenceId"])
    assert re.fullmatch(rf"s3://{BUCKET}/out/[0-9a-f-]{{36}}\.out", answer["OutputLocation"])
    assert re.fullmatch(rf"s3://{BUCKET}/fail/[0-9a-f-]{{36}}-error\.out", answer["FailureLocation"])


def test_the_callers_own_id_comes_back(account: Account) -> None:
    assert account.invoke(InferenceId="order 4711")["InferenceId"] == "order 4711"


def test_path_and_file_name_can_be_chosen(account: Account) -> None:
    answer = account.invoke(S3OutputPathExtension="2026/11", Filename="invoice.json")
    assert answer["OutputLocation"] == f"s3://{BUCKET}/out/2026/11/invoice.json"
    account.aws.advance(120)
    assert '"endpoint": "doc"' in account.read(answer["OutputLocation"])


def test_without_a_failure_path_there_is_no_failure_location(account: Account) -> None:
    account.endpoint("bare", account.config("bare", output={"S3OutputPath": f"s3://{BUCKET}/bare"}))
    answer = account.invoke("bare")
    assert "FailureLocation" not in answer
    assert answer["OutputLocation"].startswith(f"s3://{BUCKET}/bare/")


@pytest.mark.parametrize(
    "params",
    [
        {"RequestTTLSeconds": 21601},
        {"InvocationTimeoutSeconds": 3601},
        {"InferenceId": "x" * 65},
        {"InputLocation": "in/1.json"},
        {"InputLocation": "ftp://bucket/in/1.json"},
        {"S3OutputPathExtension": "s3://elsewhere"},
        {"Filename": "a.b.c"},
        {"Filename": "x" * 33},
    ],
)
def test_what_aws_would_refuse(account: Account, params: dict[str, Any]) -> None:
    refused(account.invoke, "ValidationError", **params)
    assert account.aws.world.fleet.capacity("endpoint/doc/variant/AllTraffic")[0] == 1


def raw(account: Account, **headers: str) -> tuple[int, str]:
    """A request past boto3's own checks: (status, error code)."""
    import urllib.error
    import urllib.request

    sent = {f"X-Amzn-SageMaker-{name}": value for name, value in headers.items()}
    sent["Authorization"] = (
        "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260921/us-east-1/sagemaker/aws4_request"
    )
    url = f"{account.aws.server.url}/endpoints/doc/async-invocations"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, b"", sent, method="POST")) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as error:
        return error.code, error.headers["x-amzn-ErrorType"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"RequestTTLSeconds": "59"},
        {"RequestTTLSeconds": "soon"},
        {"InvocationTimeoutSeconds": "0"},
        {"Inference-Id": " "},
    ],
)
def test_headers_that_boto3_would_never_send(account: Account, headers: dict[str, str]) -> None:
    if headers:
        headers = {"InputLocation": f"s3://{BUCKET}/in/1.json"} | headers
    assert raw(account, **headers) == (400, "ValidationError")
    assert raw(account, InputLocation=f"s3://{BUCKET}/in/1.json") == (202, "")


def test_inline_input_and_input_elsewhere_are_not_offered(account: Account) -> None:
    refused(account.runtime.invoke_endpoint_async, "NotImplemented", EndpointName="doc", Body=b"{}")
    refused(account.invoke, "NotImplemented", InputLocation="https://example.com/in/1.json")


def test_only_an_asynchronous_endpoint_in_service_takes_requests(account: Account) -> None:
    assert "not found" in refused(account.invoke, "ValidationError", name="nobody")
    account.config("live", asynchronous=False)
    account.endpoint("live", "live")
    assert "asynchronous" in refused(account.invoke, "ValidationError", name="live")
    account.sagemaker.create_endpoint(EndpointName="young", EndpointConfigName="doc-config")
    assert "Creating" in refused(account.invoke, "ValidationError", name="young")


def test_an_endpoint_takes_requests_while_it_scales(account: Account) -> None:
    account.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="doc",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}],
    )
    assert account.status() == "Updating"
    assert account.invoke()["OutputLocation"]


def seconds_of(seed: int, ids: list[str]) -> list[float]:
    aws = SteppedAws(WorldOptions(seed=seed))
    try:
        account = Account(aws)
        account.endpoint()
        account.put_input()
        answers = [account.invoke(InferenceId=name) for name in ids]
        aws.advance(300)
        return [
            float(re.findall(r'"seconds": ([\d.]+)', account.read(a["OutputLocation"]))[0]) for a in answers
        ]
    finally:
        aws.server.stop()


def test_the_same_seed_and_id_take_the_same_time() -> None:
    ids = [f"r-{number}" for number in range(20)]
    first = seconds_of(7, ids)
    assert all(12 <= value <= 40 for value in first)
    assert len(set(first)) == len(ids)
    assert seconds_of(7, ids) == first
    assert seconds_of(8, ids) != first


def test_an_endpoint_with_a_profile_of_its_own(account: Account) -> None:
    account.aws.world.fleet.inject("doc", profile=(1.0, 2.0, 1.0))
    answer = account.invoke()
    account.aws.advance(60)
    assert "Received server error (500) from model" in account.read(answer["FailureLocation"])

"""What the front door does with calls that it does not answer itself."""

from __future__ import annotations

import botocore.parsers
import pytest
from botocore.exceptions import ClientError

from ops.local_aws.gateway import Gateway
from tests.local_aws.conftest import SteppedAws


def test_an_operation_that_is_not_offered_answers_501(aws: SteppedAws) -> None:
    with pytest.raises(ClientError) as caught:
        aws.client("sagemaker").list_training_jobs()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert caught.value.response["Error"]["Code"] == "NotImplemented"


def test_a_service_that_is_not_offered_answers_501(aws: SteppedAws) -> None:
    with pytest.raises(ClientError) as caught:
        aws.client("dynamodb").list_tables()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_the_date_header_tells_simulated_time(aws: SteppedAws) -> None:
    answer = aws.client("sts").get_caller_identity()
    assert answer["ResponseMetadata"]["HTTPHeaders"]["date"] == "Mon, 21 Sep 2026 14:13:00 GMT"
    assert answer["Account"] == "123456789012"


def test_moto_keeps_its_control_path_shut(aws: SteppedAws) -> None:
    import urllib.request

    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(aws.server.url + "/moto-api/reset", data=b"")
    assert caught.value.code == 404


@pytest.mark.parametrize(
    ("service", "call"), [("ec2", "describe_instances"), ("autoscaling", "describe_auto_scaling_groups")]
)
def test_clients_of_xml_services_can_read_the_501(aws: SteppedAws, service: str, call: str) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(aws.client(service), call)()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert service in caught.value.response["Error"]["Message"]


def test_a_synchronous_invocation_says_what_is_offered_instead(aws: SteppedAws) -> None:
    with pytest.raises(ClientError) as caught:
        aws.client("sagemaker-runtime").invoke_endpoint(EndpointName="x", Body=b"{}")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "InvokeEndpointAsync" in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize("form", [True, False])
def test_what_fails_inside_is_an_error_that_a_client_reads(
    aws: SteppedAws, form: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_environ: object, _start: object) -> list[bytes]:
        raise KeyError("us-east-1")

    scope = "AKIAEXAMPLE/20260921/us-east-1/sns/aws4_request"
    environ = {
        "PATH_INFO": "/",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host",
    }
    if form:
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded; charset=utf-8"
    told: list[str] = []
    answer = b"".join(Gateway(aws.world, fails)(environ, lambda status, _headers: told.append(status)))
    assert told == ["500 Internal Server Error"]
    parser = botocore.parsers.create_parser("query" if form else "json")
    error = parser.parse({"body": answer, "headers": {}, "status_code": 500}, None)["Error"]
    assert error["Code"] == "InternalFailure"
    assert "KeyError('us-east-1')" in error["Message"]
    assert "sns failed" in caplog.text

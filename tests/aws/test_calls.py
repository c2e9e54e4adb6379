"""Every way in which AWS says no, over the wire: bare servers that answer like AWS, or not at all."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Patience, Where
from ops.core.errors import CredentialsProblem, Denied, OpsError, Throttled, Unreachable
from tests.living import Answer, answering, error

QUICK = Patience(connect_s=2.0, read_s=0.4, attempts=1)


def reading(url: str, patience: Patience = QUICK) -> Reading:
    return Reading(AwsSession(Where("embedded", "us-east-1", url, loopback=True, patience=patience)))


def asked(
    answer: Answer, service: str = "sagemaker", operation: str = "ListEndpoints", **params: Any
) -> OpsError:
    with answering(lambda target, body: answer) as url, pytest.raises(OpsError) as caught:
        reading(url).ask(service, operation, **params)
    assert caught.value.__cause__ is not None
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("AccessDeniedException", Denied, "AWS denied sagemaker:ListEndpoints"),
        ("AccessDenied", Denied, "AWS denied sagemaker:ListEndpoints"),
        ("ExpiredTokenException", CredentialsProblem, "have expired"),
        ("ExpiredToken", CredentialsProblem, "have expired"),
        ("UnrecognizedClientException", CredentialsProblem, "does not know these credentials"),
        ("InvalidSignatureException", CredentialsProblem, "refuses the signature"),
        ("ThrottlingException", Throttled, "asks to slow down (ListEndpoints)"),
        ("TooManyRequestsException", Throttled, "asks to slow down"),
    ],
)
def test_what_aws_says_in_plain_words(code: str, kind: type[OpsError], words: str) -> None:
    found = asked(error(code))
    assert type(found) is kind
    assert words in found.what
    assert found.hint
    assert found.retryable is (kind is Throttled)


def test_denied_names_the_action_that_aws_names() -> None:
    message = "User: x is not authorized to perform: sagemaker:DescribeEndpoint on resource: y"
    found = asked(error("AccessDeniedException", message))
    assert isinstance(found, Denied)
    assert found.action == "sagemaker:DescribeEndpoint"
    assert "sagemaker:DescribeEndpoint" in found.hint


@pytest.mark.parametrize("code", ["ValidationException", "FailedResourceAccessException"])
def test_a_denial_of_what_aws_asks_in_our_name_is_one_too(code: str) -> None:
    action = "sagemaker:UpdateEndpointWeightsAndCapacities"
    read = ("application-autoscaling", "DescribeScalableTargets")
    message = f"Unable to use it: User: x is not authorized to perform: {action} on resource: y"
    found = asked(error(code, message), *read, ServiceNamespace="sagemaker")
    assert isinstance(found, Denied)
    assert found.action == action
    other = asked(error(code, "not authorized to perform this"), *read, ServiceNamespace="sagemaker")
    assert not isinstance(other, Denied)
    passing = asked(error("InternalFailure", message, 500))
    assert passing.retryable


def test_denied_by_cloudwatch() -> None:
    found = asked(error("AccessDenied", status=403), "cloudwatch", "DescribeAlarms")
    assert isinstance(found, Denied)
    assert found.action == "cloudwatch:DescribeAlarms"


def test_denied_by_sts_in_xml() -> None:
    payload = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
    found = asked((403, {"Content-Type": "text/xml"}, payload), "sts", "GetCallerIdentity")
    assert isinstance(found, Denied)


def test_a_clock_that_is_off_is_named() -> None:
    found = asked(error("InvalidSignatureException", "Signature expired: 20261120T1400Z is now earlier than"))
    assert "clock" in found.what
    assert "NTP" in found.hint


@pytest.mark.parametrize("status", [500, 503])
def test_trouble_at_aws_may_pass(status: int) -> None:
    found = asked(error("InternalFailure", status=status))
    assert found.retryable
    assert "internal problem" in found.what


def test_other_refusals_keep_code_and_message() -> None:
    found = asked(error("ValidationException", "Could not find endpoint"))
    assert (found.code, found.retryable) == ("ValidationException", False)
    assert "Could not find endpoint" in found.what


def test_an_answer_that_is_not_awss() -> None:
    found = asked((200, {"Content-Type": "text/html"}, b"<html>log in</html>"), "sts", "GetCallerIdentity")
    assert isinstance(found, Unreachable)
    assert "not like AWS" in found.what


def test_nobody_listens() -> None:
    with answering(lambda target, body: (200, {}, b"")) as gone:
        pass
    with pytest.raises(Unreachable) as caught:
        reading(gone).ask("sagemaker", "ListEndpoints")
    assert caught.value.retryable
    assert "cannot be reached" in caught.value.what


@pytest.fixture
def silent() -> Iterator[str]:
    """Accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []
        thread = threading.Thread(target=_hold, args=(server, held), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        for each in held:
            each.close()


def _hold(server: socket.socket, held: list[socket.socket]) -> None:
    try:
        while True:
            held.append(server.accept()[0])
    except OSError:
        return


def test_an_aws_that_hangs(silent: str) -> None:
    with pytest.raises(Unreachable, match="did not answer in time"):
        reading(silent).ask("sagemaker", "ListEndpoints")


def test_dns_that_finds_nothing() -> None:
    with pytest.raises(Unreachable, match="cannot be reached"):
        reading("http://nowhere.invalid:9").ask("sagemaker", "ListEndpoints")


def test_throttling_is_tried_again_and_counted() -> None:
    said: list[str] = []

    def answer(target: str, body: bytes) -> Answer:
        said.append(target)
        if len(said) == 1:
            return error("ThrottlingException")
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, b'{"Endpoints": []}'

    with answering(answer) as url:
        asking = reading(url, Patience(2.0, 2.0, 2))
        assert asking.ask("sagemaker", "ListEndpoints")["Endpoints"] == []
        assert asking.session.calls() == {"sagemaker:ListEndpoints": 2}


def test_pages_follow_the_token() -> None:
    def answer(target: str, body: bytes) -> Answer:
        token = json.loads(body).get("NextToken")
        page = (
            {"Endpoints": [endpoint("b")]} if token else {"Endpoints": [endpoint("a")], "NextToken": "more"}
        )
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(page).encode()

    def endpoint(name: str) -> dict[str, Any]:
        return {
            "EndpointName": name,
            "CreationTime": 1.0,
            "LastModifiedTime": 1.0,
            "EndpointStatus": "InService",
        }

    with answering(answer) as url:
        found = [e["EndpointName"] for e in reading(url).pages("sagemaker", "ListEndpoints", "Endpoints")]
    assert found == ["a", "b"]


def test_now_is_the_newest_date_of_the_answers() -> None:
    dates = iter(["Fri, 20 Nov 2026 14:00:05 GMT", "Fri, 20 Nov 2026 14:00:01 GMT", "nonsense"])

    class Dated:
        def __call__(self, target: str, body: bytes) -> Answer:
            return (
                200,
                {"Content-Type": "application/x-amz-json-1.1", "Date": next(dates)},
                b'{"Endpoints": []}',
            )

    with answering(Dated()) as url:
        asking = reading(url)
        with pytest.raises(OpsError, match="not answered yet"):
            _ = asking.now
        for _ in range(3):
            asking.ask("sagemaker", "ListEndpoints")
    assert asking.now == datetime(2026, 11, 20, 14, 0, 5, tzinfo=UTC)


def test_loopback_reads_no_credentials_and_no_shared_config(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    broken = tmp_path / "config"
    broken.write_text("[[[ not a config")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(broken))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(broken))
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    ok = (200, {"Content-Type": "application/x-amz-json-1.1"}, b'{"Endpoints": []}')
    with answering(lambda target, body: ok) as url:
        assert reading(url).ask("sagemaker", "ListEndpoints")["Endpoints"] == []


def test_real_aws_without_a_profile_or_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_REGION",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(CredentialsProblem, match="no AWS credentials"):
        Reading(AwsSession(Where("aws", "us-east-1"))).ask("sagemaker", "ListEndpoints")
    with pytest.raises(CredentialsProblem, match="no-such-profile"):
        Reading(AwsSession(Where("aws", "us-east-1", profile="no-such-profile"))).ask(
            "sts", "GetCallerIdentity"
        )
    with pytest.raises(OpsError, match="No AWS region"):
        Reading(AwsSession(Where("aws", None))).ask("sagemaker", "ListEndpoints")

"""A session that assumes a role: once for all its clients, and again before its credentials end."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops import clock
from ops.aws import objects
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.core.errors import CredentialsProblem, Denied, OpsError, Unreachable
from tests.living import Answer, answering, gated
from tests.living import error as refusing
from tests.local_aws.conftest import SteppedAws
from tests.roles import ROLE, make, trusting

HERE = "123456789012"
ME = f"arn:aws:sts::{HERE}:assumed-role/ebb/ebb"


@pytest.fixture
def aws() -> Iterator[SteppedAws]:
    stepped = SteppedAws()
    yield stepped
    stepped.server.stop()


@pytest.fixture
def trusted(aws: SteppedAws) -> SteppedAws:
    """With a role that asks for an external id."""
    make(aws.client("iam"), trusting(HERE, "e-1"))
    return aws


def reading(url: str, external_id: str | None = "e-1", role: str | None = ROLE) -> Reading:
    where = Where("embedded", "us-east-1", url, loopback=True, role_arn=role, external_id=external_id)
    return Reading(AwsSession(where))


def test_calls_are_made_as_the_role_and_without_one_as_before(trusted: SteppedAws) -> None:
    assert reading(trusted.server.url).ask("sts", "GetCallerIdentity")["Arn"] == ME
    before = reading(trusted.server.url, role=None)
    assert "assumed-role" not in before.ask("sts", "GetCallerIdentity")["Arn"]
    assert "sts:AssumeRole" not in before.session.calls()


def test_a_role_is_assumed_once_for_all_clients_and_threads(trusted: SteppedAws) -> None:
    asked = reading(trusted.server.url)
    calls = [("sagemaker", "ListEndpoints"), ("cloudwatch", "DescribeAlarms"), ("sts", "GetCallerIdentity")]
    asked.each(lambda call: asked.ask(*call), calls * 10)
    assert asked.session.calls() == {
        "sts:AssumeRole": 1,
        "sagemaker:ListEndpoints": 10,
        "cloudwatch:DescribeAlarms": 10,
        "sts:GetCallerIdentity": 10,
    }


def test_nothing_is_asked_before_something_is_wanted(trusted: SteppedAws) -> None:
    asked = reading(trusted.server.url)
    asked.session.client("sagemaker")
    assert asked.session.region() == "us-east-1"
    assert asked.session.calls() == {}


@pytest.mark.parametrize("external_id", [None, "e-2"])
def test_another_external_id_or_none_is_denied_in_words_that_help(
    trusted: SteppedAws, external_id: str | None
) -> None:
    with pytest.raises(Denied) as caught:
        reading(trusted.server.url, external_id).ask("sagemaker", "ListEndpoints")
    found = caught.value
    assert found.action == "sts:AssumeRole"
    assert ROLE in found.what
    assert "user/moto may not assume the role" in found.what
    assert "external id" in found.hint
    assert ("if it asks for" in found.hint) is (external_id is None)
    assert "ops policy --trust" in found.hint


def test_a_role_that_is_not_there_and_one_of_another_account(aws: SteppedAws) -> None:
    for role in (ROLE, "arn:aws:iam::210987654321:role/ebb"):
        with pytest.raises(Denied, match="may not assume the role") as caught:
            reading(aws.server.url, role=role).ask("sagemaker", "ListEndpoints")
        assert caught.value.what.endswith(f"{role}.")
        assert "the role exists" in caught.value.hint


def test_a_denial_is_asked_once_by_all_who_wait_and_leaves_no_traceback(
    trusted: SteppedAws, caplog: pytest.LogCaptureFixture
) -> None:
    asked = reading(trusted.server.url, "wrong")

    def denied(_: int) -> bool:
        with pytest.raises(Denied):
            asked.ask("sagemaker", "ListEndpoints")
        return True

    with caplog.at_level(logging.WARNING):
        assert all(asked.each(denied, range(24)))
    assert asked.session.calls() == {"sts:AssumeRole": 1}
    assert not caplog.records


def test_credentials_are_renewed_before_they_end(trusted: SteppedAws) -> None:
    asked = reading(trusted.server.url)
    times = []
    for _ in range(9):  # every ten minutes; of an hour, the last quarter is left
        asked.ask("sagemaker", "ListEndpoints")
        times.append(asked.session.calls()["sts:AssumeRole"])
        trusted.advance(600)
    assert times == [1, 1, 1, 1, 1, 1, 2, 2, 2]
    assert asked.session.calls()["sagemaker:ListEndpoints"] == 9  # none was refused on the way


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("sagemaker", "ListEndpoints", {}),
        ("cloudwatch", "DescribeAlarms", {}),
        ("sts", "GetCallerIdentity", {}),
        ("s3", "ListObjectsV2", {"Bucket": "results"}),
        ("s3", "HeadObject", {"Bucket": "results", "Key": "out"}),
        ("sns", "ListSubscriptionsByTopic", {"TopicArn": "arn:aws:sns:us-east-1:123456789012:done"}),
    ],
)
def test_credentials_that_ended_while_nobody_asked_are_renewed_by_who_asks_next(
    trusted: SteppedAws, service: str, operation: str, params: dict[str, Any]
) -> None:
    trusted.client("s3").create_bucket(Bucket="results")
    trusted.client("s3").put_object(Bucket="results", Key="out", Body=b"x")
    trusted.client("sns").create_topic(Name="done")
    asked = reading(trusted.server.url)
    asked.ask(service, operation, **params)
    trusted.advance(7_200)
    asked.ask(service, operation, **params)
    assert asked.session.calls() == {"sts:AssumeRole": 2, f"{service}:{operation}": 3}


def test_many_who_find_their_credentials_ended_renew_them_once(trusted: SteppedAws) -> None:
    asked = reading(trusted.server.url)
    asked.ask("sagemaker", "ListEndpoints")
    trusted.advance(7_200)
    asked.each(lambda _: asked.ask("sagemaker", "ListEndpoints"), range(24))
    assert asked.session.calls()["sts:AssumeRole"] == 2


def test_requests_that_are_never_sent_twice_are_sent_again_where_they_were_refused_unread(
    trusted: SteppedAws,
) -> None:
    asked = reading(trusted.server.url)
    given = {"EndpointName": "none", "InputLocation": "s3://results/in.json"}
    for _ in range(2):
        with pytest.raises(OpsError, match="none"):
            asked.ask("sagemaker-runtime", "InvokeEndpointAsync", **given)
        trusted.advance(7_200)
    assert asked.session.calls()["sagemaker-runtime:InvokeEndpointAsync"] == 3


def test_where_they_cannot_be_renewed_the_old_ones_serve_until_ten_minutes_before_their_end(
    trusted: SteppedAws,
) -> None:
    asked = reading(trusted.server.url)
    asked.ask("sagemaker", "ListEndpoints")
    trusted.client("iam").update_assume_role_policy(
        RoleName="ebb", PolicyDocument=json.dumps(trusting("210987654321"))
    )
    trusted.advance(2_800)
    asked.ask("sagemaker", "ListEndpoints")
    asked.ask("sagemaker", "ListEndpoints")
    trusted.advance(300)
    asked.ask("sagemaker", "ListEndpoints")  # signed before it could hear how late it is
    with pytest.raises(Denied, match="may not assume the role"):
        asked.ask("sagemaker", "ListEndpoints")


def test_an_address_is_signed_by_the_role_and_refused_where_it_may_not_be_assumed(
    trusted: SteppedAws,
) -> None:
    asked = reading(trusted.server.url)
    assert "X-Amz-Security-Token=" in objects.presign_get(asked, "s3://results/out.json")
    assert asked.session.calls() == {"sts:AssumeRole": 1}
    for wish in (objects.presign_get, objects.head, objects.read):
        with pytest.raises(Denied, match="may not assume the role"):
            wish(reading(trusted.server.url, "wrong"), "s3://results/out.json")


def test_the_environment_of_another_process_holds_the_roles_credentials(trusted: SteppedAws) -> None:
    found = reading(trusted.server.url).environment()
    assert found["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert found["AWS_SESSION_TOKEN"]
    assert found["AWS_PROFILE"] == ""
    assert reading(trusted.server.url, role=None).environment() == {}
    with pytest.raises(Denied, match="may not assume the role"):
        reading(trusted.server.url, "wrong").environment()
    of_profile = Reading(AwsSession(Where("aws", "us-east-1", profile="eu"))).environment()
    assert of_profile["AWS_PROFILE"] == "eu"
    assert of_profile["AWS_ACCESS_KEY_ID"] == ""


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            refusing("ExpiredToken", status=403),
            CredentialsProblem,
            f"that assume the role {ROLE} have expired",
        ),
        (refusing("InvalidClientTokenId", status=403), CredentialsProblem, f"that assume the role {ROLE}"),
        (refusing("RegionDisabledException", status=403), OpsError, "STS is off in this region"),
        (refusing("ValidationError"), OpsError, "STS refused AssumeRole"),
        (refusing("AccessDenied", status=403), Denied, f"the caller may not assume the role {ROLE}"),
    ],
)
def test_what_else_may_be_in_the_way(
    trusted: SteppedAws, answer: Answer, kind: type[OpsError], words: str
) -> None:
    with gated(trusted.server.url) as (url, gate):
        gate.shut["AssumeRole"] = answer
        with pytest.raises(OpsError) as caught:
            reading(url).ask("sagemaker", "ListEndpoints")
    assert type(caught.value) is kind
    assert words in caught.value.what


def test_no_answer_to_assuming_the_role_is_no_answer(trusted: SteppedAws) -> None:
    with answering(lambda target, body: (200, {}, b"")) as gone:
        pass
    with pytest.raises(Unreachable, match="cannot be reached"):
        reading(gone).ask("sagemaker", "ListEndpoints")


@pytest.mark.usefixtures("bare")
def test_without_credentials_nobody_can_assume_a_role() -> None:
    where = Where("aws", "us-east-1", role_arn=ROLE)
    with pytest.raises(CredentialsProblem, match=f"no AWS credentials here to assume the role {ROLE}"):
        Reading(AwsSession(where)).ask("sagemaker", "ListEndpoints")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials in the environment, nor in files."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture
def punctual() -> Iterator[SteppedAws]:
    """Of this machine's time, by which botocore itself judges the credentials of a profile."""
    stepped = SteppedAws(start=clock.timestamp())
    yield stepped
    stepped.server.stop()


def of_profile(aws: SteppedAws, monkeypatch: pytest.MonkeyPatch, folder: Path, more: str) -> None:
    """A profile `first` with a role, and its keys in another."""
    (folder / "config").write_text(
        "[profile base]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n"
        f"[profile first]\nregion = us-east-1\nsource_profile = base\n{more}\n"
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.server.url)


@pytest.mark.usefixtures("bare")
def test_a_profile_with_a_role_may_lead_to_another_one(
    punctual: SteppedAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, second = (f"arn:aws:iam::{HERE}:role/{name}" for name in ("first", "second"))
    iam = punctual.client("iam")
    make(iam, trusting(HERE, "e-0"), "first")
    make(iam, trusting(first), "second")
    of_profile(punctual, monkeypatch, tmp_path, f"role_arn = {first}\nexternal_id = e-0")
    asked = Reading(AwsSession(Where("aws", None, profile="first", role_arn=second)))
    assert asked.ask("sts", "GetCallerIdentity")["Arn"].endswith(":assumed-role/second/ebb")


@pytest.mark.usefixtures("bare")
def test_a_machine_whose_clock_is_far_ahead_is_told_to_set_it(
    trusted: SteppedAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Credentials of a profile that have ended when they come."""
    of_profile(trusted, monkeypatch, tmp_path, f"role_arn = {ROLE}\nexternal_id = e-1")
    with pytest.raises(CredentialsProblem, match="have ended already") as caught:
        Reading(AwsSession(Where("aws", None, profile="first"))).ask("sagemaker", "ListEndpoints")
    assert "clock" in caught.value.hint


@pytest.mark.usefixtures("bare")
def test_a_role_of_a_profile_that_may_not_be_assumed_is_named(
    trusted: SteppedAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    of_profile(trusted, monkeypatch, tmp_path, f"role_arn = {ROLE}")
    with pytest.raises(Denied) as caught:
        Reading(AwsSession(Where("aws", None, profile="first"))).ask("sagemaker", "ListEndpoints")
    assert caught.value.what.endswith(f"may not assume the role {ROLE}.")
    assert "external_id of the profile" in caught.value.hint


def test_closing_while_a_role_is_being_assumed_is_no_deadlock() -> None:
    held, go = threading.Event(), threading.Event()

    def answer(target: str, body: bytes) -> Answer:
        held.set()
        go.wait(10)
        return refusing("AccessDenied", status=403)

    with answering(answer) as url:
        asked = reading(url)
        asking = threading.Thread(target=lambda: _quietly(asked))
        asking.start()
        assert held.wait(10)
        assert asked.session.calls() == {"sts:AssumeRole": 1}
        asked.session.close()
        go.set()
        asking.join(10)
        assert not asking.is_alive()


def _quietly(asked: Reading) -> None:
    try:
        asked.ask("sagemaker", "ListEndpoints")
    except OpsError:
        return

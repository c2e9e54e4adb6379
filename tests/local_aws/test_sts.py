"""AssumeRole through real boto3: as the role's trust policy says, in AWS's own words, and until the credentials end."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import BUCKET, Account
from tests.local_aws.test_denials import allowing, deny
from tests.roles import ROLE, assumed, make, trusting

HERE, THERE = "123456789012", "210987654321"
ME = "arn:aws:sts::123456789012:user/moto"
"""Whoever comes with keys that no user and no role has."""
OTHER = f"arn:aws:iam::{HERE}:user/somebody-else"
SESSION = f"arn:aws:sts::{HERE}:assumed-role/ebb/night"


def client(aws: SteppedAws, service: str, credentials: dict[str, Any]) -> Any:
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=aws.server.url,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def refusal(call: Callable[[], object]) -> tuple[str, str, int]:
    """(code, message, status)"""
    with pytest.raises(ClientError) as caught:
        call()
    said = caught.value.response
    return said["Error"]["Code"], said["Error"]["Message"], said["ResponseMetadata"]["HTTPStatusCode"]


def test_with_the_right_external_id_the_credentials_are_the_roles(aws: SteppedAws) -> None:
    answer = assumed(aws, trusting(HERE, "e-1"), ExternalId="e-1")
    given = answer["Credentials"]
    assert answer["AssumedRoleUser"]["Arn"] == SESSION
    assert answer["AssumedRoleUser"]["AssumedRoleId"].endswith(":night")
    assert len(given["AccessKeyId"]) == 20
    assert given["AccessKeyId"].startswith("ASIA")
    assert given["Expiration"].timestamp() == aws.now() + 3_600
    assert client(aws, "sts", given).get_caller_identity()["Arn"] == SESSION
    assert aws.client("sts").get_caller_identity()["Arn"] == ME


@pytest.mark.parametrize("given", [{}, {"ExternalId": "e-2"}, {"ExternalId": "E-1"}])
def test_with_another_external_id_or_none_it_is_denied_as_aws_does(
    aws: SteppedAws, given: dict[str, str]
) -> None:
    code, message, status = refusal(lambda: assumed(aws, trusting(HERE, "e-1"), **given))
    assert (code, status) == ("AccessDenied", 403)
    assert message == f"User: {ME} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"


def test_an_external_id_that_nobody_asks_for_is_no_fault(aws: SteppedAws) -> None:
    assumed(aws, trusting(HERE), ExternalId="e-1")


@pytest.mark.parametrize(
    ("principal", "trusted"),
    [
        (HERE, True),
        (f"arn:aws:iam::{HERE}:root", True),
        (ME, True),
        ([OTHER, ME], True),
        ("*", True),
        ({"AWS": "*"}, True),
        (OTHER, False),
        (THERE, False),
        (f"arn:aws:iam::{THERE}:root", False),
        ({"Service": "sagemaker.amazonaws.com"}, False),
        ({"Federated": "accounts.google.com"}, False),
    ],
)
def test_whom_a_role_trusts(aws: SteppedAws, principal: Any, trusted: bool) -> None:
    trust = trusting(principal)
    if principal == "*":
        trust["Statement"][0]["Principal"] = "*"
    if trusted:
        assumed(aws, trust)
    else:
        assert refusal(lambda: assumed(aws, trust))[0] == "AccessDenied"


@pytest.mark.parametrize(
    ("more", "trusted"),
    [
        ({"Action": ["sts:TagSession", "sts:AssumeRole"]}, True),
        ({"Action": "sts:*"}, True),
        ({"Action": "sts:AssumeRoleWithSAML"}, False),
        ({"Effect": "Deny"}, False),
        ({"Condition": {"StringLike": {"sts:externalid": "e-*"}}}, True),
        ({"Condition": {"StringEquals": {"sts:ExternalId": ["x", "e-1"]}}}, True),
        ({"Condition": {"StringLike": {"aws:PrincipalTag/team": "*"}}}, False),
        ({"Condition": {"StringEquals": {"sts:RoleSessionName": "night", "aws:PrincipalArn": ME}}}, True),
        ({"Condition": {"StringEquals": {"sts:RoleSessionName": "day"}}}, False),
    ],
)
def test_actions_and_conditions(aws: SteppedAws, more: dict[str, Any], trusted: bool) -> None:
    if trusted:
        assumed(aws, trusting(HERE, **more), ExternalId="e-1")
    else:
        assert refusal(lambda: assumed(aws, trusting(HERE, **more), ExternalId="e-1"))[0] == "AccessDenied"


def test_one_statement_that_denies_is_stronger_than_those_that_allow(aws: SteppedAws) -> None:
    trust = trusting(HERE)
    trust["Statement"].append(trusting(ME, Effect="Deny")["Statement"][0])
    assert refusal(lambda: assumed(aws, trust))[0] == "AccessDenied"


def test_a_role_without_a_statement_trusts_nobody(aws: SteppedAws) -> None:
    assert refusal(lambda: assumed(aws, {}))[0] == "AccessDenied"


@pytest.mark.parametrize(
    "trust",
    [
        trusting(HERE, NotAction="sts:TagSession"),
        trusting(HERE, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        trusting(HERE, Condition="none"),
    ],
)
def test_what_it_does_not_understand_it_says(aws: SteppedAws, trust: dict[str, Any]) -> None:
    code, message, status = refusal(lambda: assumed(aws, trust))
    assert (code, status) == ("NotImplemented", 501)
    assert "trust policy" in message


def test_a_role_that_is_not_there_or_of_another_account_is_denied(aws: SteppedAws) -> None:
    sts = aws.client("sts")
    code, message, _ = refusal(lambda: sts.assume_role(RoleArn=ROLE, RoleSessionName="night"))
    assert code == "AccessDenied"
    assert message.endswith(f"on resource: {ROLE}")
    elsewhere = f"arn:aws:iam::{THERE}:role/ebb"
    code, message, _ = refusal(lambda: sts.assume_role(RoleArn=elsewhere, RoleSessionName="night"))
    assert code == "AccessDenied"
    assert message.endswith(f"on resource: {elsewhere}. The embedded AWS holds the account {HERE} alone.")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"RoleArn": "arn:aws:iam::123456789012:user/x"}, "is invalid"),
        ({"RoleSessionName": "my night"}, "roleSessionName"),
        ({"ExternalId": "e 1"}, "externalId"),
        ({"DurationSeconds": 3_601}, "MaxSessionDuration"),
        ({"DurationSeconds": 43_201}, "durationSeconds"),
    ],
)
def test_what_cannot_be_is_a_validation_error(aws: SteppedAws, given: dict[str, Any], said: str) -> None:
    arn = make(aws.client("iam"), trusting(HERE))
    asked = {"RoleArn": arn, "RoleSessionName": "night"} | given
    code, message, status = refusal(lambda: aws.client("sts").assume_role(**asked))
    assert (code, status) == ("ValidationError", 400)
    assert said.lower() in message.lower()


def test_a_session_policy_is_not_ignored(aws: SteppedAws) -> None:
    arn = make(aws.client("iam"), trusting(HERE))
    code, _, _ = refusal(
        lambda: aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="night", Policy="{}")
    )
    assert code == "NotImplemented"


def test_a_role_may_assume_another_for_an_hour(aws: SteppedAws) -> None:
    given = assumed(aws, trusting(HERE))["Credentials"]
    iam = aws.client("iam")
    make(iam, trusting(ROLE), "next", Path="/teams/", MaxSessionDuration=7_200)
    make(iam, trusting(SESSION), "by-session")
    make(iam, trusting(ME), "not-for-roles")
    sts = client(aws, "sts", given)
    arn = f"arn:aws:iam::{HERE}:role/teams/next"
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="dawn")
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{HERE}:assumed-role/next/dawn"
    sts.assume_role(RoleArn=f"arn:aws:iam::{HERE}:role/by-session", RoleSessionName="dawn")
    denied = f"arn:aws:iam::{HERE}:role/not-for-roles"
    _, message, _ = refusal(lambda: sts.assume_role(RoleArn=denied, RoleSessionName="dawn"))
    assert message.startswith(f"User: {SESSION} is not authorized")
    longer = {"RoleArn": arn, "RoleSessionName": "dawn", "DurationSeconds": 7_200}
    assert "1 hour session limit" in refusal(lambda: sts.assume_role(**longer))[1]
    aws.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="dusk")


def test_the_trail_tells_the_role_and_its_session(aws: SteppedAws) -> None:
    answer = assumed(aws, trusting(HERE))
    began = aws.now()
    aws.clock.jump(60)
    client(aws, "logs", answer["Credentials"]).create_log_group(logGroupName="/g")
    (event,) = aws.client("cloudtrail").lookup_events()["Events"]
    assert event["Username"] == "night"
    assert event["AccessKeyId"] == answer["Credentials"]["AccessKeyId"]
    identity = json.loads(event["CloudTrailEvent"])["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["arn"] == SESSION
    assert identity["principalId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    issuer = identity["sessionContext"]["sessionIssuer"]
    assert (issuer["type"], issuer["arn"], issuer["userName"]) == ("Role", ROLE, "ebb")
    made = answer["Credentials"]["Expiration"] - timedelta(hours=1)
    assert made.timestamp() == began
    created = identity["sessionContext"]["attributes"]["creationDate"]
    assert created == f"{made:%Y-%m-%dT%H:%M:%SZ}"


CALLS: list[tuple[str, str, int, Callable[[Any], object]]] = [
    ("sts", "ExpiredToken", 403, lambda c: c.get_caller_identity()),
    ("iam", "ExpiredToken", 403, lambda c: c.list_roles()),
    ("sns", "ExpiredToken", 403, lambda c: c.list_topics()),
    ("cloudwatch", "ExpiredTokenException", 400, lambda c: c.describe_alarms()),
    ("sqs", "ExpiredTokenException", 400, lambda c: c.list_queues()),
    ("sagemaker", "ExpiredTokenException", 400, lambda c: c.list_endpoints()),
    ("logs", "ExpiredTokenException", 400, lambda c: c.describe_log_groups()),
    ("s3", "ExpiredToken", 400, lambda c: c.list_objects_v2(Bucket=BUCKET)),
    ("s3", "400", 400, lambda c: c.head_object(Bucket=BUCKET, Key="in/1.json")),
    ("s3", "ExpiredToken", 400, lambda c: c.put_object(Bucket=BUCKET, Key="x", Body=b"1" * 100_000)),
    (
        "sagemaker-runtime",
        "ExpiredTokenException",
        403,
        lambda c: c.invoke_endpoint_async(EndpointName="doc", InputLocation=f"s3://{BUCKET}/in/1.json"),
    ),
]


def test_credentials_end_by_the_simulated_clock(aws: SteppedAws) -> None:
    account = Account(aws)
    account.endpoint()
    account.put_input()
    given = assumed(aws, trusting(HERE), DurationSeconds=900)["Credentials"]
    aws.advance(899)
    for service, _, _, call in CALLS:
        call(client(aws, service, given))
    aws.advance(1)
    for service, code, status, call in CALLS:
        told, _, said = refusal(lambda call=call, service=service: call(client(aws, service, given)))
        assert (service, told, said) == (service, code, status)
    aws.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="night")


def test_credentials_of_an_earlier_run_have_ended(aws: SteppedAws) -> None:
    given = assumed(aws, trusting(HERE))["Credentials"]
    later = SteppedAws()
    try:
        code, _, _ = refusal(client(later, "sagemaker", given).list_endpoints)
    finally:
        later.server.stop()
    assert code == "ExpiredTokenException"


def test_a_policy_decides_over_assuming_roles_and_nobody_is_denied_to_ask_who_they_are(
    aws: SteppedAws,
) -> None:
    make(aws.client("iam"), trusting(HERE))
    sts = aws.client("sts")
    asked = {"RoleArn": ROLE, "RoleSessionName": "night"}
    assert deny(aws, allowing("sts:AssumeRole", ROLE), "policy") == 200
    sts.assume_role(**asked)
    for other in (allowing("sts:AssumeRole", f"{ROLE}-other"), allowing("s3:GetObject", "*")):
        assert deny(aws, other, "policy") == 200
        code, message, _ = refusal(lambda: sts.assume_role(**asked))
        assert code == "AccessDenied"
        assert "perform: sts:AssumeRole" in message
        sts.get_caller_identity()
    assert deny(aws, {}, "policy") == 200
    assert deny(aws, {"actions": ["sts:AssumeRole"]}) == 200
    assert refusal(lambda: sts.assume_role(**asked))[0] == "AccessDenied"


def test_what_else_sts_can_do_is_still_there(aws: SteppedAws) -> None:
    assert aws.client("sts").get_session_token()["Credentials"]["AccessKeyId"]

"""Preflight on odd ground: nothing there, no clear answer, names that may not be read, and how little it asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ops.console import Console
from ops.core.errors import BadInput, CredentialsProblem
from ops.core.preflight import Answer, Preflight
from tests.limited import deny
from tests.living import Gate, console_at, error, gated, living

MOST_CALLS = 40


@pytest.fixture(scope="module")
def empty() -> Iterator[tuple[str, str, Gate]]:
    """The address of an AWS without anything in it, and a gate before it."""
    with living(empty=True) as (server, _), gated(server.url) as (url, gate):
        yield server.url, url, gate


@pytest.fixture
def console(empty: tuple[str, str, Gate]) -> Iterator[tuple[Console, Gate]]:
    behind, url, gate = empty
    with console_at(url) as found:
        found.connection()
        yield found, gate
    gate.shut.clear()
    deny(behind)


def answers(found: Preflight) -> dict[str, tuple[Answer, str]]:
    return {each.row.call or each.action: (each.answer, each.why) for each in found.tried}


def test_in_an_empty_account_reads_are_tried_on_what_is_not_there(console: tuple[Console, Gate]) -> None:
    found = console[0].preflight("viewer")
    assert found.fine, found.sentence
    told = answers(found)
    allowed = [
        "sagemaker:DescribeEndpoint",
        "sagemaker:DescribeModel",
        "logs:FilterLogEvents",
        "sqs:GetQueueUrl",
    ]
    assert {told[call][0] for call in allowed} == {Answer.ALLOWED}
    assert told["s3:ListObjectsV2"] == (Answer.NOT_TRIED, "No endpoint here names a bucket of results.")
    assert told["s3:GetObject"][0] is Answer.NOT_TRIED
    assert told["sts:AssumeRole"] == (
        Answer.NOT_TRIED,
        "No role is named here: the credentials are used as they are.",
    )
    assert told["sns:ListSubscriptionsByTopic"][0] is Answer.NOT_TRIED


def test_what_is_not_there_and_denied_is_denied(
    console: tuple[Console, Gate], empty: tuple[str, str, Gate]
) -> None:
    wanted = {"sagemaker:DescribeEndpoint", "logs:DescribeLogStreams", "sqs:GetQueueUrl"}
    deny(empty[0], *wanted)
    found = console[0].preflight("viewer")
    assert {each.action for each in found.lacking} == wanted
    assert {each.answer for each in found.lacking} == {Answer.DENIED}


def test_it_is_cheap(console: tuple[Console, Gate]) -> None:
    before = sum(console[0].usage().calls.values())
    console[0].preflight("admin")
    assert sum(console[0].usage().calls.values()) - before < MOST_CALLS
    assert console[0].usage().metrics == 1


@pytest.mark.parametrize("refusal", [error("InternalFailure", status=500), error("ThrottlingException")])
def test_a_fault_of_aws_is_no_clear_answer_and_the_others_are_tried(
    console: tuple[Console, Gate], refusal: tuple[int, dict[str, str], bytes]
) -> None:
    opened, gate = console
    gate.shut["LookupEvents"] = refusal
    found = opened.preflight("viewer")
    told = answers(found)
    assert told["cloudtrail:LookupEvents"][0] is Answer.UNCLEAR
    assert told["cloudtrail:LookupEvents"][1]
    assert told["pricing:GetProducts"][0] is Answer.ALLOWED
    assert not found.fine


def test_without_credentials_nothing_can_be_told(console: tuple[Console, Gate]) -> None:
    opened, gate = console
    gate.shut["*"] = error("ExpiredTokenException")
    with pytest.raises(CredentialsProblem):
        opened.preflight("viewer")


def test_another_action_that_aws_names_is_the_one_that_is_lacking(console: tuple[Console, Gate]) -> None:
    opened, gate = console
    said = "User x is not authorized to perform: kms:Decrypt on resource y"
    gate.shut["DescribeLogStreams"] = error("AccessDeniedException", said)
    (one,) = opened.preflight("viewer").lacking
    assert (one.action, one.row.action) == ("kms:Decrypt", "logs:DescribeLogStreams")


def test_a_role_that_is_none(console: tuple[Console, Gate]) -> None:
    with pytest.raises(BadInput, match="no role"):
        console[0].preflight("boss")
